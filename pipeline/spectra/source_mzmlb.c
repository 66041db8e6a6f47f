/*
 * The source of mzMLb: an HDF5 file with a document, the data set mzML, and data sets of the values of its
 * arrays, as one stream of frames (source.h, formats/spectra/outside.h).
 *
 *     MS:1002841 external HDF5 dataset   its name     MS:1002842 external offset   the first element
 *     MS:1002843 external array length   how many
 *
 * Elements of more than a byte are values as they are; HDF5 has packed them, whatever compression a term
 * names. Bytes are an array as it would stand in base64: numpress and the like. The indexes of the document
 * are of its text and are not needed.
 */
#include "pipeline/io/input_raw.h"
#include "pipeline/io/source.h"
#include "pipeline/spectra/outside_source.h"
#include "pipeline/store/foreign.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE = 1 << 20 };

typedef struct reading {
    char *path; /* owned */
    vl_foreign *file;
    int document;       /* data set */
    uint64_t done, all; /* bytes of it */
    vl_outside_source outside;
    vl_file_facts facts;
} reading;

static int probe(const vl_place *at)
{
    static const uint8_t magic[8] = { 0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n' };
    return at->nhead >= sizeof magic && !memcmp(at->head, magic, sizeof magic) ? 60 : 0;
}

static vl_code read_text(void *who, vl_buf *to, bool *end, vl_err *err)
{
    reading *const r = who;
    const uint64_t left = r->all - r->done, n = left < PIECE ? left : PIECE;
    if (n && vl_foreign_read(r->file, r->document, r->done, n, to, err)) return err->code;
    r->done += n;
    *end = r->done == r->all;
    return VL_OK;
}

static vl_code read_bytes(void *who, uint64_t number, uint64_t from, uint64_t n, vl_buf *to, vl_err *err)
{
    reading *const r = who;
    return vl_foreign_read(r->file, (int)number, from, n, to, err);
}

static vl_mz_number number_of(vl_type type)
{
    return type == VL_F64   ? VL_MZ_F8
           : type == VL_F32 ? VL_MZ_F4
           : type == VL_I32 ? VL_MZ_I4
           : type == VL_I64 ? VL_MZ_I8
                            : VL_MZ_UNTYPED;
}

static vl_code find_array(void *who, vl_placed *a, vl_err *err)
{
    const reading *const r = who;
    vl_xml_span name = a->set;
    if (!name.at) return vl_outside_source_bad(&r->outside, a, err, "no data set is named (MS:1002841)");
    if (name.n && *name.at == '/') name = (vl_xml_span){ name.at + 1, name.n - 1 };
    const int set = vl_foreign_find(r->file, (const char *)name.at, name.n);
    if (set < 0)
        return vl_outside_source_bad(&r->outside, a, err, "there is no data set '%.*s' of numbers",
                                     (int)(name.n < 60 ? name.n : 60), (const char *)name.at);
    const vl_foreign_set *const s = vl_foreign_set_of(r->file, set);
    const size_t width = vl_type_width(s->type);
    if (!a->has_at || a->is.nvalue == UINT64_MAX)
        return vl_outside_source_bad(
            &r->outside, a, err, "nothing says which elements of its data set it is (MS:1002842, 1002843)");
    if (a->at > s->nelem || a->is.nvalue > s->nelem - a->at)
        return vl_outside_source_bad(&r->outside, a, err,
                                     "%" PRIu64 " elements from %" PRIu64 " of %.40s, which has %" PRIu64,
                                     a->is.nvalue, a->at, s->name, s->nelem);
    a->number = (uint64_t)set;
    a->from = a->at * width;
    a->n = a->is.nvalue * width;
    a->plain = width > 1;
    a->type = number_of(s->type);
    return VL_OK;
}

/* The file as it is: its digest. */
static vl_code hash(reading *r, vl_err *err)
{
    vl_raw raw = VL_RAW_INIT;
    if (!vl_raw_open(&raw, r->path, err))
        while (!vl_raw_need(&raw, 1, err) && vl_raw_left(&raw))
            vl_raw_step(&raw, (ptrdiff_t)vl_raw_left(&raw));
    r->facts.bytes = raw.read;
    if (!err->code) vl_raw_finish(&raw, r->facts.sha256);
    vl_raw_free(&raw);
    return err->code;
}

static vl_code end(void *who, vl_err *err)
{
    reading *const r = who;
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(r->outside.hash));
    memcpy(r->facts.text_xxh3, canonical.digest, 16);
    r->facts.plain_bytes = r->done;
    return hash(r, err);
}

static void close_all(void *self)
{
    reading *const r = self;
    if (!r) return;
    vl_foreign_close(r->file);
    vl_outside_source_free(&r->outside);
    free(r->path);
    free(r);
}

static vl_code start(reading *r, const char *path, vl_err *err)
{
    static const char name[] = "mzML";
    if (!(r->path = strdup(path))) return vl_fail(err, VL_ENOMEM, "no memory for a file name");
    if (vl_foreign_open(&r->file, path, err)) return err->code;
    r->document = vl_foreign_find(r->file, name, strlen(name));
    if (r->document < 0 || vl_foreign_set_of(r->file, r->document)->type != VL_U8)
        return vl_fail(
            err, VL_EUNSUP,
            "HDF5 without a data set '%s' of text is no mzMLb; an mz5 is known by its name, in .mz5", name);
    r->all = vl_foreign_set_of(r->file, r->document)->nelem;
    r->facts = (vl_file_facts){ .name = r->path, .compression = "hdf5", .bytes = vl_foreign_bytes(r->file) };
    r->outside.who = r;
    r->outside.text = read_text;
    r->outside.find = find_array;
    r->outside.bytes = read_bytes;
    r->outside.ended = end;
    return vl_outside_source_open(&r->outside, err);
}

static vl_code open_all(void **self, const vl_inputs *inputs, vl_err *err)
{
    reading *const r = *self = calloc(1, sizeof *r);
    if (!r) return vl_fail(err, VL_ENOMEM, "no memory for the input");
    if (inputs->n != 1)
        return vl_fail(err, VL_EARG, "HDF5 is read one file at a time, %zu were given", inputs->n);
    return start(r, inputs->file[0].path, err) ? vl_err_file(err, inputs->file[0].path) : VL_OK;
}

static int nstream(const void *self) { return (void)self, 1; }

static vl_code peek(void *self, int stream, size_t want, const uint8_t **bytes, size_t *n, bool *whole,
                    vl_err *err)
{
    reading *const r = self;
    (void)stream;
    return vl_outside_source_peek(&r->outside, want, bytes, n, whole, err) ? vl_err_file(err, r->path)
                                                                           : VL_OK;
}

static vl_code take(void *self, int stream, size_t want, vl_packet *packet, vl_err *err)
{
    reading *const r = self;
    (void)stream;
    return vl_outside_source_take(&r->outside, want, packet, err) ? vl_err_file(err, r->path) : VL_OK;
}

static vl_code inflate(vl_packet *packet, vl_err *err) { return (void)packet, err->code; }
static int nfile(const void *self, int stream) { return (void)self, (void)stream, 1; }

static const vl_file_facts *file(const void *self, int stream, int n)
{
    (void)stream, (void)n;
    return &((const reading *)self)->facts;
}

/* By its text: arrays follow it. */
static void progress(const void *self, int stream, uint64_t *read, uint64_t *total)
{
    const reading *const r = self;
    (void)stream;
    *total = r->facts.bytes;
    *read = r->all ? (uint64_t)((double)r->done / (double)r->all * (double)*total) : 0;
}

const vl_source vl_source_mzmlb = { .name = "mzMLb",
                                    .doc = "one HDF5 file with a document mzML and its arrays",
                                    .woven = true,
                                    .probe = probe,
                                    .open = open_all,
                                    .nstream = nstream,
                                    .peek = peek,
                                    .take = take,
                                    .inflate = inflate,
                                    .nfile = nfile,
                                    .file = file,
                                    .progress = progress,
                                    .close = close_all };
