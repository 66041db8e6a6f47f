/*
 * The source of mz5: its tables are handed on as the mzML that they are of (source.h, mz5.h).
 *
 * What is promised of an mz5 is the document that its tables say, with all values, not the file: HDF5 lays a
 * file out in ways that nobody could make again. The facts name what made the document (decoder).
 */
#include "pipeline/io/made_text.h"
#include "pipeline/io/source.h"
#include "pipeline/spectra/mz5.h"

#include "formats/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { SPECTRA, CHROMATOGRAMS, TAIL, OVER }; /* parts of the document, in its order */

typedef struct reading {
    char *path; /* owned */
    vl_mz5 tables;
    int part;    /* what comes next */
    size_t next; /* of its records */
    bool within; /* its list has begun */
    vl_made_text made;
    char decoder[64];
    vl_file_facts facts;
} reading;

static int probe(const vl_place *at)
{
    static const uint8_t magic[8] = { 0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n' };
    const size_t n = strlen(at->path);
    const bool named = n > 4 && !strcasecmp(at->path + n - 4, ".mz5");
    return named && at->nhead >= sizeof magic && !memcmp(at->head, magic, sizeof magic) ? 100 : 0;
}

static void close_mz5(void *self)
{
    reading *const r = self;
    if (!r) return;
    vl_mz5_close(&r->tables);
    vl_buf_free(&r->made.text);
    free(r->path);
    free(r);
}

/* The end of what comes, and the next. */
static vl_code end_part(reading *r, vl_err *err)
{
    static const char *const ends[] = { "</spectrumList>\n", "</chromatogramList>\n", "</run>\n</mzML>\n" };
    if ((r->within || r->part == TAIL) && vl_text_add(&r->made.text, ends[r->part], err)) return err->code;
    r->part++;
    r->next = 0;
    r->within = false;
    return VL_OK;
}

static vl_code put_next(reading *r, vl_err *err)
{
    if (r->part == TAIL || r->next == r->tables.record[r->part].n) return end_part(r, err);
    if (!r->within && vl_mz5_put_list(&r->tables, r->part, &r->made.text, err)) return err->code;
    r->within = true;
    return vl_mz5_put_record(&r->tables, r->part, r->next++, &r->made.text, err);
}

/* Text until there are n bytes to come, or all. */
static vl_code fill(reading *r, size_t n, vl_err *err)
{
    vl_made_forget(&r->made);
    while (r->part != OVER && vl_made_left(&r->made) < n)
        if (put_next(r, err)) return vl_err_file(err, r->path);
    return VL_OK;
}

static vl_code start(reading *r, const char *path, vl_err *err)
{
    if (!(r->path = strdup(path))) return vl_fail(err, VL_ENOMEM, "no memory for a file name");
    r->facts = (vl_file_facts){ .name = r->path, .compression = "mz5", .decoder = r->decoder };
    if (vl_made_digest(path, &r->facts, err) || vl_mz5_open(&r->tables, path, err)) return err->code;
    snprintf(r->decoder, sizeof r->decoder, "vial %s, as mzML of mz5 %u.%u", VL_VERSION,
             (unsigned)r->tables.about.major, (unsigned)r->tables.about.minor);
    return vl_mz5_put_head(&r->tables, &r->made.text, err);
}

static vl_code open_mz5(void **self, const vl_inputs *inputs, vl_err *err)
{
    reading *const r = *self = calloc(1, sizeof *r);
    if (!r) return vl_fail(err, VL_ENOMEM, "no memory for the input");
    if (inputs->n != 1)
        return vl_fail(err, VL_EARG, "mz5 is read one file at a time, %zu were given", inputs->n);
    start(r, inputs->file[0].path, err);
    return vl_err_file(err, inputs->file[0].path);
}

static int nstream(const void *self) { return (void)self, 1; }

static vl_code peek(void *self, int stream, size_t want, const uint8_t **bytes, size_t *n, bool *whole,
                    vl_err *err)
{
    (void)stream;
    reading *const r = self;
    if (fill(r, want, err)) return err->code;
    *bytes = r->made.text.data + r->made.given;
    *n = vl_made_left(&r->made);
    *whole = r->part == OVER;
    return VL_OK;
}

static vl_code take(void *self, int stream, size_t want, vl_packet *packet, vl_err *err)
{
    (void)stream;
    reading *const r = self;
    if (fill(r, want, err)) return err->code;
    return vl_made_take(&r->made, want, r->part == OVER, packet, &r->facts, err);
}

static vl_code inflate(vl_packet *packet, vl_err *err) { return (void)packet, err->code; }
static int nfile(const void *self, int stream) { return (void)self, (void)stream, 1; }

static const vl_file_facts *file(const void *self, int stream, int n)
{
    (void)stream, (void)n;
    return &((const reading *)self)->facts;
}

static void progress(const void *self, int stream, uint64_t *read, uint64_t *total)
{
    (void)stream;
    const reading *const r = self;
    const size_t n = r->tables.record[SPECTRA].n;
    *total = r->facts.bytes;
    *read = r->part == SPECTRA && n ? r->facts.bytes / n * r->next : r->facts.bytes;
}

const vl_source vl_source_mz5 = { .name = "mz5",
                                  .doc = "one mz5: the mzML that its tables are of",
                                  .probe = probe,
                                  .open = open_mz5,
                                  .nstream = nstream,
                                  .peek = peek,
                                  .take = take,
                                  .inflate = inflate,
                                  .nfile = nfile,
                                  .file = file,
                                  .progress = progress,
                                  .close = close_mz5 };
