/*
 * One array: the text between <binary> and </binary> becomes a piece of plain values and a row of the table
 * array, which has what makes the text again.
 *
 *     text --base64--> packed --outer compression--> payload --> piece
 *
 * payload is the numbers themselves, or what an inner coding (numpress, dictionary) made of them. No length
 * in the document is trusted with memory: deflate makes at most 1032 bytes of one (RFC 1951), and zstd frames
 * are bound by what they say of themselves.
 *
 * An array that has another number of values than the document says keeps those that it has, and is counted.
 * One of no type that we know, or that is no whole number of values, or of as many as expected where nothing
 * says how it is coded, is kept as bytes, and is counted too.
 */
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "formats/spectra/mzml.h"
#include "formats/spectra/numpress.h"
#include "formats/spectra/outside.h"
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
    vl_buf woven;                /* arrays in turns, as print will make them */
};

/* One array on its way. */
typedef struct job {
    const vl_mz_array *a;
    vl_mz_class class;
    size_t width;   /* bytes of a value, or of two in turns, where the payload is plain numbers; else 1 */
    bool kept_text; /* the text is not what base64 would write */
    vl_xml_span packed, payload;
    uint8_t *piece; /* where the payload is already, or NULL */
    bool whole;     /* all of packed was used */
    bool network;   /* the document has numbers in that order, whether we take them for numbers or not */
} job;

vl_code vl_mz_coder_open(vl_mz_coder **out, vl_err *err)
{
    vl_mz_coder *const c = calloc(1, sizeof *c);
    if (c) c->inflater = libdeflate_alloc_decompressor();
    if (c) c->prover.searches = VL_REDEFLATE_SEARCHES;
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
    vl_buf_free(&c->woven);
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
        if (x.kind == VL_XML_TEXT && vl_xml_decode(x.text, VL_XML_UTF8, &c->clean, err)) return err->code;
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
    if (j->a->outside) { /* as they are */
        j->packed = j->a->outside->bytes;
        return VL_OK;
    }
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

/* It is what it is, under the term that may say what. */
static void keep_bytes(job *j, vl_mz_array *bytes, vl_batch *batch)
{
    const vl_mz_array *const a = j->a;
    *bytes = *a;
    bytes->inner = VL_MZ_OTHER;
    bytes->network = bytes->big = false;
    if (a->second) bytes->kind = 1000786; /* neither of both: a non-standard data array */
    bytes->coding = a->strange != a->kind ? a->strange : 0;
    j->a = bytes;
    j->width = 1;
    batch->counter[VL_SPC_UNKNOWN_ARRAY]++;
}

/* Elements of the payload are known beforehand, and how many. */
static bool fixed_size(const vl_mz_array *a) { return a->inner == VL_MZ_PLAIN && a->number != VL_MZ_TEXT; }

/* The most bytes that deflate could make of the packed ones. */
static size_t most_inflated(const job *j)
{
    return j->packed.n < SIZE_MAX / DEFLATE_RATIO / 2 ? j->packed.n * DEFLATE_RATIO + SLACK : SIZE_MAX / 2;
}

/* The bytes that the payload has if it is as the document says: plain numbers so many, others at most. */
static size_t payload_expected(const job *j)
{
    const vl_mz_array *const a = j->a;
    const size_t most = most_inflated(j), numbers = a->outer == VL_MZ_ZLIB ? most : SIZE_MAX / 4;
    if (fixed_size(a)) return a->nvalue < numbers / j->width ? (size_t)a->nvalue * j->width : numbers;
    /* numpress takes at most 4.5 bytes a value, a dictionary at most 8 + 8 */
    const uint64_t need = a->nvalue < SIZE_MAX / 64 ? a->nvalue * 16 + SLACK : SIZE_MAX / 2;
    const bool bound = a->inner != VL_MZ_OTHER && a->inner != VL_MZ_PLAIN;
    return bound && need < most ? (size_t)need : most;
}

/* An array may have more than the document says; what has that much more is not what it says it is. */
static size_t most_beyond(size_t expected, size_t most)
{
    enum { TIMES = 16, AT_LEAST = 1 << 24 };
    const size_t beyond = expected < AT_LEAST           ? AT_LEAST
                          : expected < SIZE_MAX / TIMES ? expected * TIMES
                                                        : most;
    return beyond < most ? beyond : most;
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

/* The same into c->plain, which starts as large as is likely, and grows to the limit. */
static vl_code inflate_growing(vl_mz_coder *c, job *j, size_t likely, size_t limit, size_t *len, vl_err *err)
{
    enum { LEAST = 4096 };
    size_t room = likely + LEAST;
    for (bool more = true; more; room *= 2) {
        if (room > limit) room = limit;
        more = false;
        if (vl_buf_reserve(&c->plain, room, err)) return err->code;
        if (inflate_to(c, j, c->plain.data, room, len, &more, err)) return err->code;
        if (more && room == limit)
            return vl_fail(err, VL_EFORMAT, "more than %zu values, %llu expected", limit / j->width,
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

/* zstd may make much of little: the frame's own word, within what it can be, is what memory is taken for. */
static vl_code zstd_limit(job *j, size_t *limit, vl_err *err)
{
    const unsigned long long size = ZSTD_getFrameContentSize(j->packed.at, j->packed.n);
    if (size == ZSTD_CONTENTSIZE_ERROR)
        return vl_fail(err, VL_EFORMAT, "no zstd frame in %zu bytes", j->packed.n);
    if (size != ZSTD_CONTENTSIZE_UNKNOWN && size > *limit) {
        if (size > most_beyond(*limit, SIZE_MAX / 2))
            return vl_fail(err, VL_EFORMAT, "%llu values, %llu expected", size / j->width,
                           (unsigned long long)j->a->nvalue);
        *limit = (size_t)size;
    }
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
    uint16_t column = 0;
    return vl_push_piece(batch, &l->column, bytes / vl_type_width(l->column.type), &j->piece, &column, err);
}

/* The piece that was made last is none. */
static void drop_piece(job *j, vl_batch *batch)
{
    batch->values.len = batch->piece[--batch->npiece].at;
    j->piece = NULL;
}

/* Inflates numbers straight to where the piece will be, as long as the document says; *done false: it is
 * wrong. */
static vl_code inflate_numbers(vl_mz_coder *c, job *j, size_t expected, vl_batch *batch, bool *done,
                               vl_err *err)
{
    size_t len = 0;
    bool more = false;
    if (new_piece(c, j, expected, batch, err) || inflate_to(c, j, j->piece, expected, &len, &more, err))
        return err->code;
    j->payload = (vl_xml_span){ j->piece, len };
    *done = !more && len == expected;
    if (!*done) drop_piece(j, batch);
    return VL_OK;
}

/* Decompresses: numbers straight into a piece if it has as many bytes as is said, else into c->plain. */
static vl_code take_payload(vl_mz_coder *c, job *j, vl_batch *batch, vl_err *err)
{
    const vl_mz_array *const a = j->a;
    bool done = false;
    size_t limit = payload_expected(j), len = 0;
    j->whole = true;
    j->payload = j->packed;
    if (a->outer == VL_MZ_STORED || !j->packed.n) return VL_OK;
    if (a->outer == VL_MZ_ZLIB) {
        if (fixed_size(a) && !a->network && (inflate_numbers(c, j, limit, batch, &done, err) || done))
            return err->code;
        const size_t likely = a->network ? limit : 4 * j->packed.n;
        inflate_growing(c, j, likely, most_beyond(limit, most_inflated(j)), &len, err);
    } else {
        if (zstd_limit(j, &limit, err) || vl_buf_reserve(&c->plain, limit, err)) return err->code;
        unzstd_to(c, j, c->plain.data, limit, &len, err);
    }
    j->payload = (vl_xml_span){ c->plain.data, len };
    return err->code;
}

/* How many values the payload has; *whole false: it is no whole number of them. */
static vl_code count_values(const job *j, uint64_t *count, bool *whole, vl_err *err)
{
    static const vl_numpress how[] = {
        [VL_MZ_LINEAR] = VL_NUMPRESS_LINEAR, [VL_MZ_PIC] = VL_NUMPRESS_PIC, [VL_MZ_SLOF] = VL_NUMPRESS_SLOF
    };
    const vl_mz_array *const a = j->a;
    size_t found = 0, width = 0;
    *whole = true;
    switch (a->inner) {
    case VL_MZ_OTHER: found = (size_t)a->nvalue; break;
    case VL_MZ_LINEAR:
    case VL_MZ_PIC:
    case VL_MZ_SLOF: vl_numpress_decode(how[a->inner], j->payload.at, j->payload.n, NULL, &found, err); break;
    case VL_MZ_DICTIONARY:
        if (vl_mz_dictionary(j->payload.at, j->payload.n, NULL, &found, &width, err)) return err->code;
        if (width && vl_mz_width(a->number) && width != vl_mz_width(a->number))
            return vl_fail(err, VL_EFORMAT, "dictionary of %zu-byte values, %zu expected", width,
                           vl_mz_width(a->number));
        break;
    case VL_MZ_PLAIN:
        if (a->number == VL_MZ_TEXT) {
            found = vl_k.count_byte(j->payload.at, j->payload.n, 0);
            if (j->payload.n == a->nvalue) found = j->payload.n; /* some count letters */
            break;
        }
        *whole = j->payload.n % j->width == 0;
        found = j->payload.n / j->width;
    }
    *count = found;
    return err->code;
}

/* What is not as the document says is counted; what are no numbers is kept as bytes. */
static vl_code check_count(job *j, vl_mz_array *bytes, vl_batch *batch, vl_err *err)
{
    uint64_t found = 0;
    bool whole = true;
    if (count_values(j, &found, &whole, err) || (whole && found == j->a->nvalue)) return err->code;
    if (whole && j->a->coded) {
        batch->counter[VL_SPC_ARRAY_LENGTH]++;
        return VL_OK;
    }
    if (j->piece) drop_piece(j, batch);
    keep_bytes(j, bytes, batch);
    return VL_OK;
}

/* The bytes of a piece of the batch. */
static vl_xml_span bytes_of(const vl_batch *batch, size_t piece)
{
    const vl_piece *const p = &batch->piece[piece];
    return (vl_xml_span){ batch->values.data + p->at,
                          p->nelem * vl_type_width(batch->piece_column[p->column].type) };
}

static void count_proof(const vl_mz_proof *proof, vl_batch *batch)
{
    batch->counter[VL_SPC_KEPT_TEXT] += proof->recipe == VL_RECIPE_KEPT_TEXT;
    batch->counter[VL_SPC_KEPT_STREAM] += proof->recipe == VL_RECIPE_KEPT_STREAM;
    batch->counter[VL_SPC_PROVEN] += proof->recipe >= VL_RECIPE_ZLIB;
}

vl_code vl_mz_push_row(uint64_t text_at, size_t piece, vl_xml_span text, const vl_mz_proof *proof,
                       vl_batch *batch, vl_err *err)
{
    const uint64_t zero = 0, length = batch->piece[piece].nelem;
    const uint64_t hash = XXH3_64bits(text.at ? text.at : (const uint8_t *)"", text.n);
    const bool keeps = proof->recipe == VL_RECIPE_KEPT_STREAM || proof->recipe == VL_RECIPE_KEPT_TEXT ||
                       proof->recipe >= VL_RECIPE_REDEFLATE;
    if (vl_push(batch, VL_SP_ARR_COLUMN, &batch->piece[piece].column, err) ||
        vl_push(batch, VL_SP_ARR_START, &zero, err) || vl_push(batch, VL_SP_ARR_LENGTH, &length, err) ||
        vl_push(batch, VL_SP_ARR_TEXT_AT, &text_at, err) || vl_push(batch, VL_SP_ARR_HASH, &hash, err) ||
        vl_push(batch, VL_SP_ARR_RECIPE, &proof->recipe, err) ||
        vl_push_row(batch, VL_SP_ARR_KEPT, proof->kept.at, keeps ? proof->kept.n : 0, err))
        return err->code;
    batch->nrow[VL_SPT_ARRAY]++;
    return VL_OK;
}

/* Base64 of big-endian numbers, where a row must say so. */
static uint8_t in_order(const vl_mz_array *a, uint8_t recipe)
{
    if (!a->big || recipe != VL_RECIPE_BASE64) return recipe;
    return a->number == VL_MZ_F8 ? VL_RECIPE_BIG8 : VL_RECIPE_BIG4;
}

/* The row of an array outside of its document. Where the bytes are those of the array before, and mean the
 * same, they need no second place in the store. */
static vl_code push_outside(vl_mz_coder *c, const job *j, size_t piece, const vl_mz_proof *proof,
                            vl_batch *batch, vl_err *err)
{
    const vl_outside_entry *const e = j->a->outside;
    vl_mz_proof row = { .recipe = VL_RECIPE_ELSEWHERE, .kept = { (const uint8_t *)"", 0 } };
    batch->piece[piece].same[0] = e->at;
    batch->piece[piece].same[1] = UINT64_C(1) << 63 | e->set << 34 | (uint64_t)j->a->outer << 32 | e->bytes.n;
    if (e->own) {
        vl_buf *const kept = &c->prover.outside;
        if (vl_outside_keep(e, proof, kept, err)) return err->code;
        row = (vl_mz_proof){ VL_RECIPE_OUTSIDE, { kept->data, kept->len } };
    }
    return vl_mz_push_row(j->a->text_at, piece, e->bytes, &row, batch, err);
}

/* The bytes as the store will have them become the text again; then they get their row. */
static vl_code prove(vl_mz_coder *c, const job *j, vl_xml_span bytes, size_t piece, vl_batch *batch,
                     vl_err *err)
{
    vl_mz_proof proof;
    if (vl_mz_prove(&c->prover, j->a, j->width, j->whole, j->packed, bytes, &proof, err)) return err->code;
    proof.recipe = in_order(j->a, proof.recipe);
    count_proof(&proof, batch);
    return j->a->outside ? push_outside(c, j, piece, &proof, batch, err)
                         : vl_mz_push_row(j->a->text_at, piece, j->a->text, &proof, batch, err);
}

/* Plain numbers in network order: an array, or two in turns. */
static vl_code push_network(vl_mz_coder *c, const job *j, vl_batch *batch, vl_err *err)
{
    const vl_mz_array *const a = j->a;
    const int narray = a->second ? 2 : 1;
    const size_t n = j->payload.n / j->width, width = j->width / (size_t)narray, first = batch->npiece;
    vl_mz_array one = *a;
    job part = *j;
    part.a = &one;
    for (int i = 0; i < narray; i++) {
        if (i) one.kind = a->second;
        if (new_piece(c, &part, n * width, batch, err)) return err->code;
    }
    uint8_t *out[VL_MZ_WOVEN_MOST] = { batch->values.data + batch->piece[first].at,
                                       batch->values.data + batch->piece[batch->npiece - 1].at };
    vl_mz_unweave(j->payload.at, n, width, narray, out);
    if (vl_buf_reserve(&c->woven, j->payload.n + 1, err)) return err->code;
    vl_mz_weave((const uint8_t *const[]){ out[0], out[1] }, n, width, narray, c->woven.data);
    if (prove(c, j, (vl_xml_span){ c->woven.data, j->payload.n }, first, batch, err) || narray == 1)
        return err->code;
    const vl_mz_proof none = { .recipe = VL_RECIPE_WOVEN };
    return vl_mz_push_row(a->text_at, first + 1, (vl_xml_span){ NULL, 0 }, &none, batch, err);
}

static void count_encoded_length(const vl_mz_coder *c, const job *j, vl_batch *batch)
{
    const uint64_t said = j->a->encoded_length;
    if (said == UINT64_MAX || j->a->outside) return;
    if (said == (j->network ? c->packed.len : j->a->text.n)) return;
    if (!j->network && j->kept_text && said == (c->packed.len + 2) / 3 * 4) return; /* without the blanks */
    batch->counter[VL_SPC_ENCODED_LENGTH]++;
}

vl_code vl_mz_array_push(vl_mz_coder *c, const vl_mz_array *a, vl_mz_class class, vl_batch *batch,
                         vl_err *err)
{
    vl_mz_array bytes, values;
    if (a->outside && a->outside->plain) { /* whatever the document says of how they are coded */
        values = *a;
        values.outer = VL_MZ_STORED;
        if (a->inner == VL_MZ_PLAIN) values.number = (vl_mz_number)a->outside->number;
        a = &values;
    }
    job j = { .a = a, .class = class, .network = a->network };
    j.width = !fixed_size(a) ? 1 : a->second ? 2 * vl_mz_width(a->number) : vl_mz_width(a->number);
    if (!j.width) keep_bytes(&j, &bytes, batch);
    if (take_base64(c, &j, err)) return err->code;
    if (take_payload(c, &j, batch, err)) return err->code;
    if (a->outer == VL_MZ_SHUFFLE_ZSTD && j.a->inner == VL_MZ_PLAIN && !(j.payload.n % j.width)) {
        if (new_piece(c, &j, j.payload.n, batch, err)) return err->code;
        vl_k.byte_unshuffle(j.piece, j.payload.at, j.payload.n / j.width, j.width);
        j.payload.at = j.piece;
    }
    if (check_count(&j, &bytes, batch, err)) return err->code;
    count_encoded_length(c, &j, batch);
    if (j.a->network) return push_network(c, &j, batch, err);
    if (!j.piece) {
        if (new_piece(c, &j, j.payload.n, batch, err)) return err->code;
        if (j.payload.n) memcpy(j.piece, j.payload.at, j.payload.n);
    }
    return prove(c, &j, bytes_of(batch, batch->npiece - 1), batch->npiece - 1, batch, err);
}
