/*
 * Spectra of pixels as imzML, two files: a document, which is mzML with words of its own, and the .ibd with
 * the arrays, plain and little-endian.
 *
 *     .ibd      u8 [16] UUID, then of each spectrum its m/z and its intensities
 *
 * Where all spectra have the same m/z these stand there once, and the document says "continuous"; otherwise
 * each spectrum has its own but those that the first ones share, and it says "processed". That, the UUID and
 * the SHA-1 of the .ibd are known when all is written, and are put into the head then. The UUID is one of
 * version 8 made of the SHA-256 of what is behind it, so that the same spectra give the same files.
 *
 * Spectra are numbered, and their offsets found, in order, as their texts go out: marks say where in a text
 * a number is to be put.
 *
 * Source: imzML 1.1.0, Schramm et al. 2012, doi:10.1016/j.jprot.2012.07.026; RFC 9562, section 5.8.
 */
#include "pipeline/spectra/spectra_imzml.h"

#include "pipeline/spectra/spectra_mzml.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 1 << 15, PIECE = 1 << 16 };

/* A number to be put into the text of a load. */
typedef enum number_of { OF_SPECTRUM, OF_MZ, OF_INTENSITY } number_of;
typedef struct mark {
    size_t at; /* letter of the text */
    number_of what;
    size_t length; /* of an array, in bytes; they follow each other in vl_spectra_load.beside */
} mark;

void vl_imzml_made_free(vl_imzml_made *made)
{
    if (!made) return;
    vl_buf_free(&made->mz);
    free(made);
}

/* ---- before the spectra ---- */

/* Coordinates of the spectra [first, first + n): field VL_SP_X or Y. */
static vl_code load_places(vl_viewer *v, int field, uint64_t first, uint64_t n, vl_buf *to, vl_err *err)
{
    const vl_columns *const c = vl_reader_columns(v->r);
    to->len = 0;
    if (c->absent[field]) return vl_columns_missing(&c->schema->field[field], (size_t)n, to, err);
    return vl_reader_elements(v->r, vl_reader_column(v->r, field), first, n, to, &v->work, err);
}

/* Those of the spectra found, of a block; *at is the first that is behind it. */
static vl_code measure(vl_viewer *v, int axis, vl_rows *rows, uint64_t first, const vl_buf *places,
                       vl_err *err)
{
    int32_t *const most = &((vl_spectra_own *)v->own)->imzml->size[axis];
    uint64_t row = 0;
    while (vl_rows_next(rows) - first < places->len / 4 && vl_rows_take(rows, 1, &row)) {
        const int32_t at = (int32_t)vl_le32(places->data + 4 * (row - first));
        if (at == VL_SP_NO_POSITION)
            return vl_fail(err, VL_EARG,
                           "spectrum %" PRIu64 " has no %c: imzML is of spectra that say which pixel they "
                           "are of",
                           row, 'x' + axis);
        *most = at > *most ? at : *most;
    }
    return VL_OK;
}

/* VL_EARG: not all of them are of a pixel. */
static vl_code find_places(vl_viewer *v, vl_err *err)
{
    const uint64_t all = vl_reader_nrow(v->r, VL_SPT_SPECTRUM);
    vl_buf places = { 0 };
    for (int axis = 0; axis < 2 && !err->code; axis++) {
        vl_rows rows = v->rows; /* its runs are borrowed, and only what was taken is its own */
        for (uint64_t first; !err->code && (first = vl_rows_next(&rows)) < all;)
            if (!load_places(v, VL_SP_X + axis, first, all - first < BLOCK ? all - first : BLOCK, &places,
                             err))
                measure(v, axis, &rows, first, &places, err);
    }
    vl_buf_free(&places);
    return err->code;
}

/* One width for all: readers know no other. */
static void find_widths(const vl_viewer *v, vl_imzml_made *m)
{
    const vl_columns *const known = vl_reader_columns(v->r);
    for (int k = 0; k < known->npiece; k++) {
        const vl_piece_column *const c = &known->piece[k];
        if (strncmp(c->path, "spectra/", strlen("spectra/")) != 0) continue;
        const bool wide = c->type != VL_F32 || *c->coding;
        if (vl_is_mz(c)) m->wide[0] |= wide;
        if (vl_is_intensity(c)) m->wide[1] |= wide;
    }
}

/* Bytes of the .ibd behind those before. */
static vl_code put_beside(vl_viewer *v, const uint8_t *bytes, size_t n, vl_err *err)
{
    vl_imzml_made *const m = ((vl_spectra_own *)v->own)->imzml;
    m->bytes += n;
    return vl_output_write(v->beside, bytes, n, err);
}

static vl_code head(vl_viewer *v, vl_buf *text, vl_err *err)
{
    static const uint8_t none[VL_IMZML_UUID];
    vl_spectra_own *const o = v->own;
    if (vl_pairs_none(v, err)) return err->code;
    vl_imzml_made *const m = o->imzml = calloc(1, sizeof *m);
    if (!m) return vl_fail(err, VL_ENOMEM, "no memory for imzML");
    m->size[0] = m->size[1] = 1;
    m->shared = true;
    SHA256_Init(&m->sha256);
    find_widths(v, m);
    if (find_places(v, err) || vl_pairs_find(v, false, &o->pairs, err) ||
        vl_imzml_head(v, o->pairs.nspectrum, text, err))
        return err->code;
    return put_beside(v, none, sizeof none, err);
}

/* ---- a spectrum ---- */

static vl_code add_mark(vl_load *load, number_of what, size_t length, vl_err *err)
{
    const mark m = { load->text.len, what, length };
    return vl_buf_append(&((vl_spectra_load *)load->own)->marks, &m, sizeof m, err);
}

/* The first n of these doubles as they stand in the .ibd. */
static vl_code add_numbers(const vl_buf *values, size_t n, bool wide, vl_buf *to, vl_err *err)
{
    if (vl_buf_grow(to, n * 8, err)) return err->code;
    for (size_t i = 0; i < n; i++) {
        const double x = vl_value_at(values, i);
        const float narrow = (float)x;
        memcpy(to->data + to->len, wide ? (const void *)&x : &narrow, wide ? 8 : 4);
        to->len += wide ? 8 : 4;
    }
    return VL_OK;
}

static vl_code put_array(vl_load *load, size_t n, number_of what, bool wide, vl_err *err)
{
    const size_t length = n * (wide ? 8 : 4);
    vl_spectra_load *const l = load->own;
    vl_buf *const t = &load->text;
    const bool mz = what == OF_MZ;
    vl_text_put(t, err,
                "\n<binaryDataArray encodedLength=\"0\"><referenceableParamGroupRef ref=\"vial_%s\"/>"
                "<cvParam cvRef=\"IMS\" accession=\"IMS:1000103\" name=\"external array length\" "
                "value=\"%zu\"/>"
                "<cvParam cvRef=\"IMS\" accession=\"IMS:1000104\" name=\"external encoded length\" "
                "value=\"%zu\"/>"
                "<cvParam cvRef=\"IMS\" accession=\"IMS:1000102\" name=\"external offset\" value=\"",
                mz ? "mz" : "intensity", n, length);
    if (err->code || add_mark(load, what, length, err)) return err->code;
    if (vl_text_add(t, "\"/><binary/></binaryDataArray>", err)) return err->code;
    return add_numbers(mz ? &l->mz : &l->intensity, n, wide, &l->beside, err);
}

static vl_code print_one(const vl_viewer *v, vl_load *load, size_t i, vl_err *err)
{
    const vl_imzml_made *const m = ((const vl_spectra_own *)v->own)->imzml;
    const vl_spectra_load *const l = load->own;
    vl_pairs pairs;
    if (vl_pairs_of(load, i, &pairs, err) || !vl_are_pairs(&pairs) || vl_load_peaks(v, load, i, err))
        return err->code;
    const size_t n = (l->mz.len < l->intensity.len ? l->mz.len : l->intensity.len) / 8;
    if (vl_text_add(&load->text, "<spectrum index=\"", err) || add_mark(load, OF_SPECTRUM, 0, err) ||
        vl_spectra_made_begin(v, load, i, n, err) ||
        vl_text_add(&load->text, "\n<binaryDataArrayList count=\"2\">", err) ||
        put_array(load, n, OF_MZ, m->wide[0], err) || put_array(load, n, OF_INTENSITY, m->wide[1], err))
        return err->code;
    return vl_text_add(&load->text, "</binaryDataArrayList>\n</spectrum>\n", err);
}

static vl_code print(const vl_viewer *v, vl_load *load, vl_err *err)
{
    for (size_t i = 0; i < load->n; i++)
        if (print_one(v, load, i, err)) break;
    return err->code;
}

/* ---- in order ---- */

/* An array into the .ibd; *at where it stands. m/z that all spectra share are there already. */
static vl_code place_array(vl_viewer *v, number_of what, const uint8_t *bytes, size_t n, uint64_t *at,
                           vl_err *err)
{
    vl_imzml_made *const m = ((vl_spectra_own *)v->own)->imzml;
    if (what == OF_MZ && m->nspectrum == 1 && vl_buf_append(&m->mz, bytes, n, err)) return err->code;
    if (what == OF_MZ && m->nspectrum > 1 && m->shared) {
        m->shared = n == m->mz.len && (!n || !memcmp(bytes, m->mz.data, n));
        *at = VL_IMZML_UUID;
        if (m->shared) return VL_OK;
    }
    *at = m->bytes;
    if (!n) return VL_OK;
    SHA256_Update(&m->sha256, bytes, n);
    return put_beside(v, bytes, n, err);
}

/* Numbers into the text of a load: from the letter *done of `text` on, to `out`. */
static vl_code put_numbers(vl_viewer *v, const vl_spectra_load *l, const vl_buf *text, size_t *done,
                           vl_buf *out, vl_err *err)
{
    vl_imzml_made *const m = ((vl_spectra_own *)v->own)->imzml;
    const uint8_t *bytes = l->beside.data;
    for (size_t i = 0; i < l->marks.len / sizeof(mark) && !err->code; i++) {
        const mark *const k = (const mark *)(const void *)l->marks.data + i;
        uint64_t number = m->nspectrum;
        if (vl_buf_append(out, text->data + *done, k->at - *done, err)) break;
        *done = k->at;
        if (k->what == OF_SPECTRUM) m->nspectrum++;
        else if (place_array(v, k->what, bytes, k->length, &number, err)) break;
        if (k->length) bytes += k->length;
        vl_text_u64(out, number, err);
    }
    return err->code;
}

static vl_code follow(vl_viewer *v, const vl_load *load, int n, vl_buf *text, vl_err *err)
{
    vl_buf whole = { 0 };
    size_t done = 0;
    if (!text->len) return VL_OK;
    for (int k = 0; k < n && !err->code; k++) put_numbers(v, load[k].own, text, &done, &whole, err);
    if (!err->code && !vl_buf_append(&whole, text->data + done, text->len - done, err))
        vl_buf_swap(&whole, text);
    vl_buf_free(&whole);
    return err->code;
}

/* ---- behind them ---- */

/* SHA-1 of the .ibd, all of it. */
static vl_code digest_beside(const vl_viewer *v, uint64_t n, uint8_t digest[SHA_DIGEST_LENGTH], vl_err *err)
{
    vl_buf piece = { 0 };
    SHA_CTX sha1;
    SHA1_Init(&sha1);
    if (vl_buf_reserve(&piece, PIECE, err)) return err->code;
    for (uint64_t at = 0; at < n && !err->code;) {
        const size_t some = n - at < PIECE ? (size_t)(n - at) : PIECE;
        if (!vl_output_look(v->beside, at, piece.data, some, err)) SHA1_Update(&sha1, piece.data, some);
        at += some;
    }
    SHA1_Final(digest, &sha1);
    vl_buf_free(&piece);
    return err->code;
}

static void make_uuid(vl_imzml_made *m, uint8_t uuid[VL_IMZML_UUID])
{
    uint8_t digest[SHA256_DIGEST_LENGTH];
    SHA256_Final(digest, &m->sha256);
    memcpy(uuid, digest, VL_IMZML_UUID);
    uuid[6] = (uint8_t)((uuid[6] & 0x0f) | 0x80); /* version 8 */
    uuid[8] = (uint8_t)((uuid[8] & 0x3f) | 0x80); /* variant 10 */
}

static vl_code tail(vl_viewer *v, vl_buf *text, vl_err *err)
{
    vl_imzml_made *const m = ((vl_spectra_own *)v->own)->imzml;
    uint8_t uuid[VL_IMZML_UUID], digest[SHA_DIGEST_LENGTH];
    vl_buf facts = { 0 };
    make_uuid(m, uuid);
    if (!vl_output_patch(v->beside, 0, uuid, sizeof uuid, err) && !digest_beside(v, m->bytes, digest, err) &&
        !vl_imzml_facts(m->shared && m->nspectrum > 1, uuid, digest, &facts, err))
        vl_output_patch(v->out, m->facts_at, facts.data, facts.len, err);
    vl_buf_free(&facts);
    return err->code ? err->code : vl_text_add(text, "</spectrumList>\n</run>\n</mzML>\n", err);
}

const vl_form vl_spectra_imzml = {
    .name = "imzml", .beside = ".ibd", .head = head, .print = print, .tail = tail, .follow = follow
};
