/*
 * imzML and mzMLb in the table of formats. imzML: images of mass spectra, an mzML document with a vocabulary
 * of its own, whose arrays lie in a file of bytes beside it, the .ibd. Who reads the two weaves them into one
 * stream of frames (outside.h); here each block of it is taken apart, and the text of its frames is read as
 * mzML.
 *
 * The skeleton is the whole document. The file beside it comes back from the rows of arrays in the document's
 * order: bytes that are no array's, then an array's, made by its recipe, and so on to the end.
 * Source: imzML 1.1.0, Schramm et al. 2012, doi:10.1016/j.jprot.2012.07.026.
 */
#include <stdlib.h>
#include <string.h>

#include "formats/spectra/outside.h"
#include "formats/spectra/xml_walk.h"

enum { BLOCK = 4 << 20, RECORD_MOST = VL_OUTSIDE_ARRAY + (1 << 28) };

typedef struct tail {
    vl_xml_walk_tail document;
    vl_facts facts; /* of who read the files */
} tail;

static int probe_beside(const uint8_t *bytes, size_t n)
{
    return vl_outside_is(bytes, n, VL_OUTSIDE_BESIDE) ? 100 : 0;
}

static int probe_around(const uint8_t *bytes, size_t n)
{
    return vl_outside_is(bytes, n, VL_OUTSIDE_AROUND) ? 100 : 0;
}

static vl_code open_head(void *head, const vl_ask *ask, const uint8_t *const *bytes, const size_t *n,
                         const bool *whole, bool *more, vl_err *err)
{
    vl_buf text = { 0 };
    (void)ask;
    if (!vl_outside_head(bytes[0], n[0], &text, err))
        vl_mz_open_head(head, (vl_xml_span){ text.data, text.len }, whole[0], true, more, err);
    vl_buf_free(&text);
    return err->code;
}

static vl_code cut(const void *head, const uint8_t *bytes, size_t n, bool last, uint64_t max_record,
                   vl_cut *out, vl_err *err)
{
    (void)head;
    *out = (vl_cut){ 0 };
    if (!max_record || vl_outside_cut(bytes, n, &out->used, err)) return err->code;
    if (last) out->used = n;
    out->nrecord = out->used > 0;
    return VL_OK;
}

/* The text of a block's frames, as a block of the document. */
static vl_block text_of(const vl_outside *o, const vl_block *in)
{
    return (vl_block){ .bytes = o->text, .file = in->file, .offset = o->offset, .last = in->last };
}

static vl_code parse(const void *head, const vl_block *in, vl_batch *out, vl_err *err)
{
    vl_xml_walk_extra *const e = out->extra ? out->extra : calloc(1, sizeof *e);
    out->extra = e;
    if (e && !e->outside) e->outside = calloc(1, sizeof *e->outside);
    if (!e || !e->outside) return vl_fail(err, VL_ENOMEM, "no memory for a parser");
    if (vl_outside_read(e->outside, in->bytes.data, in->bytes.len, err)) return vl_err_file(err, in->file);
    const vl_block text = text_of(e->outside, in);
    return vl_mz_parse_text(head, &text, e->outside, out, err);
}

static vl_code join(const void *head, void *state, const vl_block *in, vl_batch *batch, vl_err *err)
{
    tail *const t = state;
    const vl_outside *const o = ((const vl_xml_walk_extra *)batch->extra)->outside;
    const vl_block text = text_of(o, in);
    for (int i = 0; i < o->facts.n; i++)
        vl_fact_add(&t->facts, o->facts.fact[i].name, "%s", o->facts.fact[i].text);
    return vl_mz_join(head, &t->document, &text, batch, err);
}

static vl_code finish(const void *head, void *state, vl_facts *facts, vl_err *err)
{
    tail *const t = state;
    if (vl_mz_finish(head, &t->document, facts, err)) return err->code;
    for (int i = 0; i < t->facts.n; i++)
        vl_fact_add(facts, t->facts.fact[i].name, "%s", t->facts.fact[i].text);
    return VL_OK;
}

static void drop(vl_batch *batch)
{
    const vl_xml_walk_extra *const e = batch->extra;
    if (e) vl_outside_free(e->outside);
    if (e) free(e->outside);
    vl_xml_walk_drop(batch);
}

static void close_all(void *head, void *state)
{
    (void)state;
    vl_mz_head_free(head);
}

static vl_code unfinish_two(void *how, const vl_facts *facts, const uint64_t *counter, int ntext, vl_way *way,
                            vl_err *err)
{
    if (ntext != 2)
        return vl_fail(err, VL_EARG,
                       "imzML is two files: -o NAME.imzML writes NAME.ibd beside it, -1 and -2 name both");
    if (!vl_mz_unfinish(how, facts, counter, ntext, way, err)) way->loose = true; /* rows have no text */
    return err->code;
}

static vl_code print_document(const void *how, const vl_batch *b, bool last, vl_buf *out, vl_err *err)
{
    const vl_buf *const skeleton = &b->col[VL_SP_SKELETON].data;
    (void)how, (void)last;
    return vl_buf_append(out, skeleton->data, skeleton->len, err);
}

static vl_code print_two(const void *how, const vl_batch *b, bool last, vl_buf *out, vl_err *err)
{
    return print_document(how, b, last, out, err) ? err->code : vl_outside_print(b, &out[1], err);
}

const vl_format vl_imzml = {
    .name = "imzml",
    .title = "imzML",
    .doc = "images of mass spectra: mzML and its .ibd",
    .ending = { ".imzML" },
    .second = ".ibd",
    .woven = true,
    .example = "  vial ingest -o image3.h5 image3.imzML     its peaks are in image3.ibd\n",
    .example_back = "  vial export image3.h5 -o image3.imzML     and image3.ibd beside it\n",
    .schema = &vl_spectra_schema,
    .head_size = sizeof(vl_mz_head),
    .tail_size = sizeof(tail),
    .block = BLOCK,
    .max_record = RECORD_MOST,
    .max_stream = 2,
    .probe = probe_beside,
    .open = open_head,
    .cut = cut,
    .parse = parse,
    .join = join,
    .finish = finish,
    .drop = drop,
    .close = close_all,
    .unfinish = unfinish_two,
    .own_rows = true,
    .print = print_two,
};

/* mzMLb: the document and its arrays are data sets of one HDF5 file. What comes back is the document; the
 * file around it could not be made again byte for byte. Source: Bhamber et al. 2021,
 * doi:10.1021/acs.jproteome.0c00192. */
const vl_format vl_mzmlb = {
    .name = "mzmlb",
    .title = "mzMLb",
    .doc = "mass spectra, mzML whose arrays are HDF5 data sets",
    .ending = { ".mzMLb" },
    .woven = true,
    .example = "  vial ingest -o run7.h5 run7.mzMLb\n",
    .example_back = "  vial export run7.h5 > run7.xml     of an mzMLb: the document within it\n",
    .schema = &vl_spectra_schema,
    .head_size = sizeof(vl_mz_head),
    .tail_size = sizeof(tail),
    .block = BLOCK,
    .max_record = RECORD_MOST,
    .max_stream = 1,
    .probe = probe_around,
    .open = open_head,
    .cut = cut,
    .parse = parse,
    .join = join,
    .finish = finish,
    .drop = drop,
    .close = close_all,
    .unfinish = vl_mz_unfinish,
    .own_rows = true,
    .print = print_document,
};
