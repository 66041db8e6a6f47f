/*
 * One array: the text between <binary> and </binary> becomes a piece of plain values and a row of the table
 * array, which has what makes the text again.
 *
 *     text --base64--> packed --outer compression--> payload --> piece
 *
 * payload is the numbers themselves, or what an inner coding (numpress, dictionary) made of them. How many
 * values there must be is known before anything is decoded, so no length in the document is trusted with
 * memory: deflate makes at most 1032 bytes of one (RFC 1951), and zstd frames are bound by what is expected.
 */
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "formats/spectra/mzml.h"
#include "formats/spectra/numpress.h"
#include "formats/xxh3.h"

enum { NLANE = 32, DEFLATE_RATIO = 1032, SLACK = 64 };

typedef struct lane { /* arrays of one column */
    vl_mz_class class;
    vl_mz_array like; /* the fields that decide */
    vl_piece_column column;
} lane;

struct vl_mz_coder {
    struct libdeflate_decompressor *inflater; /* owned */
    ZSTD_DCtx *zstd;                          /* owned; made when first needed */
    vl_mz_prover prover;
    lane lane[NLANE];
    int nlane;
    vl_buf clean, packed, plain; /* text without blanks; what base64 gives; what inflate gives */
};

static const size_t widths[] = { [VL_MZ_UNTYPED] = 0, [VL_MZ_I4] = 4, [VL_MZ_I8] = 8,  [VL_MZ_F2] = 2,
                                 [VL_MZ_F4] = 4,      [VL_MZ_F8] = 8, [VL_MZ_TEXT] = 1 };

/* One array on its way. */
typedef struct job {
    const vl_mz_array *a;
    vl_mz_class class;
    size_t width;   /* bytes of a value, where the payload is plain numbers; else 1 */
    bool kept_text; /* the text is not what base64 would write */
    vl_xml_span packed, payload;
    uint8_t *piece; /* where the payload is already, or NULL */
    uint16_t column;
    bool whole; /* all of packed was used */
} job;

vl_code vl_mz_coder_open(vl_mz_coder **out, vl_err *err)
{
    vl_mz_coder *const c = calloc(1, sizeof *c);
    if (c) c->inflater = libdeflate_alloc_decompressor();
    if (!c || !c->inflater) {
        free(c);
        return vl_fail(err, VL_ENOMEM, "no memory for a decompressor");
    }
    *out = c;
    return VL_OK;
}

void vl_mz_coder_close(vl_mz_coder *c)
{
    if (!c) return;
    libdeflate_free_decompressor(c->inflater);
    ZSTD_freeDCtx(c->zstd);
    vl_mz_prover_free(&c->prover);
    vl_buf_free(&c->clean);
    vl_buf_free(&c->packed);
    vl_buf_free(&c->plain);
    free(c);
}

/* Text outside comments, its references resolved, without blanks. */
static vl_code clean_text(vl_mz_coder *c, const vl_mz_array *a, vl_err *err)
{
    vl_xml x = { .data = a->text.at, .n = a->text.n, .offset = 1, .last = true };
    c->clean.len = 0;
    for (;;) {
        const size_t from = c->clean.len;
        if (vl_xml_next(&x, err)) return err->code;
        if (x.kind == VL_XML_END) return VL_OK;
        if (x.kind == VL_XML_TEXT && vl_xml_decode(x.text, &c->clean, err)) return err->code;
        if (x.kind == VL_XML_CDATA && vl_buf_append(&c->clean, x.text.at, x.text.n, err)) return err->code;
        size_t to = from;
        for (size_t i = from; i < c->clean.len; i++) {
            const uint8_t byte = c->clean.data[i];
            if (!vl_xml_blank((vl_xml_span){ &byte, 1 })) c->clean.data[to++] = byte;
        }
        c->clean.len = to;
    }
}

/* Reads base64 that is not as an encoder writes it: blanks, padding left out, bits set that carry nothing. */
static vl_code loose_base64(vl_mz_coder *c, job *j, vl_err *err)
{
    j->kept_text = true;
    if (clean_text(c, j->a, err)) return err->code;
    while (c->clean.len && c->clean.data[c->clean.len - 1] == '=') c->clean.len--;
    const size_t n = c->clean.len, tail = n % 4, npad = tail ? 4 - tail : 0;
    if (tail == 1) return vl_fail(err, VL_EFORMAT, "base64 of %zu letters", n);
    /* the last group, if it is not whole, is decoded as if filled up with zero bits, of which bytes are
     * dropped */
    if (vl_buf_append(&c->clean, "AAA", npad, err)) return err->code;
    if (vl_buf_reserve(&c->packed, c->clean.len / 4 * 3, err)) return err->code;
    size_t bad = 0;
    const size_t len = vl_k.b64_decode(c->packed.data, c->clean.data, c->clean.len, &bad);
    if (bad < c->clean.len) return vl_fail(err, VL_EFORMAT, "byte 0x%02x is not base64", c->clean.data[bad]);
    c->packed.len = len - npad;
    return VL_OK;
}

static vl_code take_base64(vl_mz_coder *c, job *j, vl_err *err)
{
    const vl_xml_span t = j->a->text;
    size_t bad = 0;
    c->packed.len = 0;
    if (vl_buf_reserve(&c->packed, t.n / 4 * 3, err)) return err->code;
    if (!j->a->markup && t.n) {
        c->packed.len = vl_k.b64_decode(c->packed.data, t.at, t.n, &bad);
        if (bad == t.n) goto out;
    }
    if (t.n && loose_base64(c, j, err)) return err->code;
out:
    j->packed = (vl_xml_span){ c->packed.data, c->packed.len };
    return VL_OK;
}

/* Elements of the payload are known beforehand, and how many. */
static bool fixed_size(const vl_mz_array *a) { return a->inner == VL_MZ_PLAIN && a->number != VL_MZ_TEXT; }

static vl_code wrong_count(const vl_mz_array *a, uint64_t found, const char *more, vl_err *err)
{
    return vl_fail(err, VL_EFORMAT, "%s%llu values, %llu expected", more, (unsigned long long)found,
                   (unsigned long long)a->nvalue);
}

/* The most bytes that the payload may have; checked against what the packed bytes could become. */
static vl_code payload_limit(const job *j, size_t *limit, vl_err *err)
{
    const vl_mz_array *const a = j->a;
    const size_t most =
        j->packed.n < SIZE_MAX / DEFLATE_RATIO / 2 ? j->packed.n * DEFLATE_RATIO + SLACK : SIZE_MAX / 2;
    if (!fixed_size(a)) {
        /* numpress takes at most 4.5 bytes a value, a dictionary at most 8 + 8 */
        const uint64_t need = a->nvalue < SIZE_MAX / 64 ? a->nvalue * 16 + SLACK : SIZE_MAX / 2;
        const bool bound = a->inner != VL_MZ_OTHER && a->inner != VL_MZ_PLAIN;
        *limit = bound && need < most ? (size_t)need : most;
        return VL_OK;
    }
    if (a->nvalue > most / j->width && a->outer == VL_MZ_ZLIB)
        return wrong_count(a, most / j->width, "at most ", err);
    if (a->nvalue > SIZE_MAX / 4 / j->width) return wrong_count(a, SIZE_MAX / 4 / j->width, "at most ", err);
    *limit = (size_t)a->nvalue * j->width;
    return VL_OK;
}

/* For an error: how many bytes the stream really has. */
static uint64_t count_inflated(vl_xml_span packed)
{
    uint8_t sink[4096];
    z_stream z = { .next_in = (Bytef *)(uintptr_t)packed.at, .avail_in = (uInt)packed.n };
    uint64_t total = 0;
    if (inflateInit(&z) != Z_OK) return 0;
    int rc;
    do {
        z.next_out = sink;
        z.avail_out = sizeof sink;
        rc = inflate(&z, Z_NO_FLUSH);
        total += sizeof sink - z.avail_out;
    } while (rc == Z_OK);
    inflateEnd(&z);
    return total;
}

/* Inflates to out, which has room bytes; *more when they were too few. */
static vl_code inflate_to(vl_mz_coder *c, job *j, uint8_t *out, size_t room, size_t *len, bool *more,
                          vl_err *err)
{
    size_t used = 0;
    switch (libdeflate_zlib_decompress_ex(c->inflater, j->packed.at, j->packed.n, out, room, &used, len)) {
    case LIBDEFLATE_SUCCESS: j->whole = used == j->packed.n; return VL_OK;
    case LIBDEFLATE_INSUFFICIENT_SPACE: *more = true; return VL_OK;
    default: return vl_fail(err, VL_EFORMAT, "zlib stream of %zu bytes is damaged or cut off", j->packed.n);
    }
}

/* The same into c->plain, which starts small and grows to the limit. */
static vl_code inflate_growing(vl_mz_coder *c, job *j, size_t limit, size_t *len, vl_err *err)
{
    size_t room = 4 * j->packed.n + 4096;
    for (bool more = true; more; room *= 2) {
        if (room > limit) room = limit;
        more = false;
        if (vl_buf_reserve(&c->plain, room, err)) return err->code;
        if (inflate_to(c, j, c->plain.data, room, len, &more, err)) return err->code;
        if (more && room == limit)
            return vl_fail(err, VL_EFORMAT, "more than %zu bytes for %llu values", limit,
                           (unsigned long long)j->a->nvalue);
    }
    return VL_OK;
}

static vl_code unzstd_to(vl_mz_coder *c, job *j, uint8_t *out, size_t limit, size_t *len, vl_err *err)
{
    if (!c->zstd) c->zstd = ZSTD_createDCtx();
    if (!c->zstd) return vl_fail(err, VL_ENOMEM, "no memory for a decompressor");
    *len = ZSTD_decompressDCtx(c->zstd, out, limit, j->packed.at, j->packed.n);
    if (ZSTD_isError(*len))
        return vl_fail(err, VL_EFORMAT, "zstd frame of %zu bytes for %llu values: %s", j->packed.n,
                       (unsigned long long)j->a->nvalue, ZSTD_getErrorName(*len));
    return VL_OK;
}

/* zstd may make much of little: the frame's own word, within what is expected, is what memory is taken for.
 */
static vl_code zstd_limit(job *j, size_t *limit, vl_err *err)
{
    const unsigned long long size = ZSTD_getFrameContentSize(j->packed.at, j->packed.n);
    if (size == ZSTD_CONTENTSIZE_ERROR)
        return vl_fail(err, VL_EFORMAT, "no zstd frame in %zu bytes", j->packed.n);
    if (size != ZSTD_CONTENTSIZE_UNKNOWN && size > *limit && fixed_size(j->a))
        return wrong_count(j->a, size / j->width, "", err);
    j->whole = ZSTD_findFrameCompressedSize(j->packed.at, j->packed.n) == j->packed.n;
    /* blocks give at most 128 KiB for 3 bytes and a byte (RFC 8878) */
    const size_t most = j->packed.n < SIZE_MAX >> 18 ? j->packed.n * (1 << 16) + SLACK : SIZE_MAX / 2;
    if (j->whole && size < *limit) *limit = (size_t)size;
    if (most < *limit) *limit = most;
    return VL_OK;
}

static lane *find_lane(vl_mz_coder *c, const job *j)
{
    const vl_mz_array *const a = j->a;
    for (int i = 0; i < c->nlane; i++) {
        lane *const l = &c->lane[i];
        if (l->class == j->class && l->like.kind == a->kind && l->like.unit == a->unit &&
            l->like.number == a->number && l->like.inner == a->inner && l->like.coding == a->coding)
            return l;
    }
    /* when all are taken, the last one is made anew each time */
    lane *const l = &c->lane[c->nlane < NLANE ? c->nlane++ : NLANE - 1];
    l->class = j->class;
    l->like = *a;
    vl_mz_column(a, j->class, &l->column);
    return l;
}

static vl_code new_piece(vl_mz_coder *c, job *j, size_t bytes, vl_batch *batch, vl_err *err)
{
    const lane *const l = find_lane(c, j);
    return vl_push_piece(batch, &l->column, bytes / vl_type_width(l->column.type), &j->piece, &j->column,
                         err);
}

/* Decompresses: straight to where the piece will be, if that many bytes are certain. */
static vl_code take_payload(vl_mz_coder *c, job *j, vl_batch *batch, vl_err *err)
{
    const vl_mz_array *const a = j->a;
    size_t limit = 0, len = 0;
    j->whole = true;
    j->payload = j->packed;
    if (a->outer == VL_MZ_STORED || !j->packed.n) return VL_OK;
    if (payload_limit(j, &limit, err)) return err->code;
    if (a->outer == VL_MZ_ZLIB && fixed_size(a)) {
        if (new_piece(c, j, limit, batch, err)) return err->code;
        bool more = false;
        if (inflate_to(c, j, j->piece, limit, &len, &more, err)) return err->code;
        if (more) return wrong_count(a, count_inflated(j->packed) / j->width, "", err);
        j->payload = (vl_xml_span){ j->piece, len };
        return VL_OK;
    }
    if (a->outer == VL_MZ_ZLIB) {
        inflate_growing(c, j, limit, &len, err);
    } else {
        if (zstd_limit(j, &limit, err) || vl_buf_reserve(&c->plain, limit, err)) return err->code;
        unzstd_to(c, j, c->plain.data, limit, &len, err);
    }
    j->payload = (vl_xml_span){ c->plain.data, len };
    return err->code;
}

/* How many values the payload has, against what was said. */
static vl_code check_count(const job *j, vl_err *err)
{
    static const vl_numpress how[] = {
        [VL_MZ_LINEAR] = VL_NUMPRESS_LINEAR, [VL_MZ_PIC] = VL_NUMPRESS_PIC, [VL_MZ_SLOF] = VL_NUMPRESS_SLOF
    };
    const vl_mz_array *const a = j->a;
    size_t found = 0, width = 0;
    switch (a->inner) {
    case VL_MZ_OTHER: return VL_OK;
    case VL_MZ_LINEAR:
    case VL_MZ_PIC:
    case VL_MZ_SLOF:
        if (vl_numpress_decode(how[a->inner], j->payload.at, j->payload.n, NULL, &found, err))
            return err->code;
        break;
    case VL_MZ_DICTIONARY:
        if (vl_mz_dictionary(j->payload.at, j->payload.n, NULL, &found, &width, err)) return err->code;
        if (width && widths[a->number] && width != widths[a->number])
            return vl_fail(err, VL_EFORMAT, "dictionary of %zu-byte values, %zu expected", width,
                           widths[a->number]);
        break;
    case VL_MZ_PLAIN:
        if (a->number == VL_MZ_TEXT) {
            found = vl_k.count_byte(j->payload.at, j->payload.n, 0);
            if (j->payload.n == a->nvalue) return VL_OK; /* some count letters */
            break;
        }
        if (j->payload.n % j->width)
            return vl_fail(err, VL_EFORMAT, "%zu bytes are no whole number of %zu-byte values, %llu expected",
                           j->payload.n, j->width, (unsigned long long)a->nvalue);
        found = j->payload.n / j->width;
    }
    return found == a->nvalue ? VL_OK : wrong_count(a, found, "", err);
}

/* The bytes of the piece as the store will have them become the text again. */
static vl_code prove(vl_mz_coder *c, const job *j, const vl_batch *batch, vl_mz_proof *proof, vl_err *err)
{
    const vl_piece *const p = &batch->piece[batch->npiece - 1];
    const size_t n = p->nelem * vl_type_width(batch->piece_column[p->column].type);
    return vl_mz_prove(&c->prover, j->a, j->width, j->whole, j->packed,
                       (vl_xml_span){ batch->values.data + p->at, n }, proof, err);
}

static void count_proof(const vl_mz_proof *proof, vl_batch *batch)
{
    batch->counter[VL_SPC_KEPT_TEXT] += proof->recipe == VL_RECIPE_KEPT_TEXT;
    batch->counter[VL_SPC_KEPT_STREAM] += proof->recipe == VL_RECIPE_KEPT_STREAM;
    batch->counter[VL_SPC_PROVEN] += proof->recipe >= VL_RECIPE_ZLIB;
}

static vl_code push_row(vl_mz_coder *c, const job *j, vl_batch *batch, vl_err *err)
{
    const vl_mz_array *const a = j->a;
    const uint64_t zero = 0, length = batch->piece[batch->npiece - 1].nelem;
    const uint64_t hash = XXH3_64bits(a->text.at ? a->text.at : (const uint8_t *)"", a->text.n);
    vl_mz_proof proof;
    if (prove(c, j, batch, &proof, err)) return err->code;
    const bool keeps = proof.recipe == VL_RECIPE_KEPT_STREAM || proof.recipe == VL_RECIPE_KEPT_TEXT;
    count_proof(&proof, batch);
    if (vl_push(batch, VL_SP_ARR_COLUMN, &j->column, err) || vl_push(batch, VL_SP_ARR_START, &zero, err) ||
        vl_push(batch, VL_SP_ARR_LENGTH, &length, err) ||
        vl_push(batch, VL_SP_ARR_TEXT_AT, &a->text_at, err) || vl_push(batch, VL_SP_ARR_HASH, &hash, err) ||
        vl_push(batch, VL_SP_ARR_RECIPE, &proof.recipe, err) ||
        vl_push_row(batch, VL_SP_ARR_KEPT, proof.kept.at, keeps ? proof.kept.n : 0, err))
        return err->code;
    batch->nrow[VL_SPT_ARRAY]++;
    return VL_OK;
}

static void count_encoded_length(const vl_mz_coder *c, const job *j, vl_batch *batch)
{
    const uint64_t said = j->a->encoded_length;
    if (said == UINT64_MAX || said == j->a->text.n) return;
    if (j->kept_text && said == (c->packed.len + 2) / 3 * 4) return; /* without the blanks */
    batch->counter[VL_SPC_ENCODED_LENGTH]++;
}

vl_code vl_mz_array_push(vl_mz_coder *c, const vl_mz_array *a, vl_mz_class class, vl_batch *batch,
                         vl_err *err)
{
    job j = { .a = a, .class = class, .width = fixed_size(a) ? widths[a->number] : 1 };
    if (!j.width) return vl_fail(err, VL_EFORMAT, "no term says what type of number it has");
    if (take_base64(c, &j, err)) return err->code;
    if (take_payload(c, &j, batch, err)) return err->code;
    if (a->outer == VL_MZ_SHUFFLE_ZSTD && a->inner == VL_MZ_PLAIN && !(j.payload.n % j.width)) {
        if (new_piece(c, &j, j.payload.n, batch, err)) return err->code;
        vl_k.byte_unshuffle(j.piece, j.payload.at, j.payload.n / j.width, j.width);
        j.payload.at = j.piece;
    }
    if (check_count(&j, err)) return err->code;
    if (!j.piece) {
        if (new_piece(c, &j, j.payload.n, batch, err)) return err->code;
        if (j.payload.n) memcpy(j.piece, j.payload.at, j.payload.n);
    }
    count_encoded_length(c, &j, batch);
    return push_row(c, &j, batch, err);
}
