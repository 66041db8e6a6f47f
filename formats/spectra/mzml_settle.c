/*
 * Which recipe each array of a block gets (spectra.h), decided when all arrays of the block have been read.
 *
 * The document does not say which compressor at which level wrote it. An array tells: its bytes are
 * compressed at the levels that its header allows, and what comes out is compared. Arrays of one kind (of
 * numbers, coded alike) come from one writer, so most of them only take over what was found for others. Where
 * nothing fits, the compressed bytes are kept.
 *
 * Deflating takes some 20 times as long as inflating. So, unless every array is to be proven, these are, of
 * each kind:
 *     the smallest array that has at least ENOUGH bytes, whole;
 *     the largest one, its first MOST bytes, as writers may differ only in how they go on;
 *     the first and every EVERYth, their first MOST bytes.
 * If one of these fails, all arrays of the kind are proven. So is any array with a header that the kind's
 * level does not write.
 *
 * zlib: two bits of the header, FLEVEL, name a group of levels (RFC 1950, deflate.c of zlib):
 *     0: 0, 1     1: 2..5     2: 6     3: 7..9
 */
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "formats/spectra/mzml.h"

enum {
    ENOUGH = 2048,
    EVERY = 64,
    MOST = 1 << 15, /* zlib writes a block after 16383 symbols, which in noise is after some 20 KB */
    SMALL = 16384,  /* for these all possible levels are tried, else the likeliest that fits is taken */
    ZSTD_TOP = 22,
    ZSTD_QUICK = 12 /* for larger ones, no level above */
};

void vl_mz_settling_free(vl_mz_settling *s)
{
    vl_mz_prover_free(&s->prover);
    free(s->kind);
    free(s->later);
    vl_buf_free(&s->packed);
    *s = (vl_mz_settling){ 0 };
}

/* Doubles an array of elements of this size when it is full. */
static vl_code more_room(void **array, size_t n, size_t *cap, size_t size, vl_err *err)
{
    if (n < *cap) return VL_OK;
    const size_t want = *cap ? 2 * *cap : 64;
    void *const p = realloc(*array, want * size);
    if (!p) return vl_fail(err, VL_ENOMEM, "no memory for %zu arrays", want);
    *array = p;
    *cap = want;
    return VL_OK;
}

/* The number below the levels of this compression; 0 if there are none. */
static uint8_t base_of(vl_mz_outer outer, size_t width)
{
    if (outer == VL_MZ_ZLIB) return VL_RECIPE_ZLIB;
    if (outer == VL_MZ_ZSTD) return VL_RECIPE_ZSTD;
    if (outer == VL_MZ_SHUFFLE_ZSTD && width == 4) return VL_RECIPE_SHUFFLE4_ZSTD;
    if (outer == VL_MZ_SHUFFLE_ZSTD && width == 8) return VL_RECIPE_SHUFFLE8_ZSTD;
    return 0;
}

/* Levels that the header of packed leaves possible, as bits; n is the size of the payload. */
static uint32_t possible(vl_mz_outer outer, vl_xml_span packed, size_t n)
{
    static const uint32_t group[4] = { 0x003, 0x03c, 0x040, 0x380 };
    const uint8_t *const p = packed.at;
    if (outer == VL_MZ_ZLIB) return packed.n > 2 && p[0] == 0x78 && !(p[1] & 0x20) ? group[p[1] >> 6] : 0;
    /* one call knows the size and writes it, and no checksum */
    if (packed.n < 5 || p[4] & 4 || ZSTD_getFrameContentSize(p, packed.n) != n) return 0;
    return (UINT32_C(2) << (n <= SMALL ? ZSTD_TOP : ZSTD_QUICK)) - 2;
}

static vl_code find_kind(vl_mz_settling *s, const vl_mz_array *a, size_t width, size_t *out, vl_err *err)
{
    for (size_t i = 0; i < s->nkind; i++) {
        const vl_mz_kind *const k = &s->kind[i];
        if (k->term != a->kind || k->number != a->number || k->outer != a->outer || k->inner != a->inner)
            continue;
        *out = i;
        return VL_OK;
    }
    if (more_room((void **)&s->kind, s->nkind, &s->ckind, sizeof *s->kind, err)) return err->code;
    s->kind[s->nkind] = (vl_mz_kind){ .term = a->kind,
                                      .number = (uint8_t)a->number,
                                      .outer = (uint8_t)a->outer,
                                      .inner = (uint8_t)a->inner,
                                      .base = base_of(a->outer, width),
                                      .recipe = VL_RECIPE_KEPT_STREAM };
    *out = s->nkind++;
    return VL_OK;
}

static size_t payload_bytes(const vl_batch *batch, size_t piece)
{
    const vl_piece *const p = &batch->piece[piece];
    return p->nelem * vl_type_width(batch->piece_column[p->column].type);
}

/* Is an array of n bytes better to begin with than one of m? Enough first, then little. */
static bool better(size_t n, size_t m)
{
    if ((n >= ENOUGH) != (m >= ENOUGH)) return n >= ENOUGH;
    return n >= ENOUGH ? n < m : n > m;
}

vl_code vl_mz_settle_add(vl_mz_settling *s, const vl_mz_array *a, uint8_t recipe, size_t width,
                         vl_xml_span packed, vl_batch *batch, vl_err *err)
{
    const size_t n = payload_bytes(batch, batch->npiece - 1);
    size_t kind = 0;
    uint32_t levels = 0;
    if (recipe == VL_MZ_UNDECIDED) {
        if (find_kind(s, a, width, &kind, err)) return err->code;
        vl_mz_kind *const k = &s->kind[kind];
        if (!k->narray || better(n, payload_bytes(batch, s->later[k->first].piece))) k->first = s->nlater;
        if (!k->narray || n > payload_bytes(batch, s->later[k->largest].piece)) k->largest = s->nlater;
        k->narray++;
        levels = k->base ? possible(a->outer, packed, n) : 0;
    }
    if (more_room((void **)&s->later, s->nlater, &s->clater, sizeof *s->later, err)) return err->code;
    s->later[s->nlater++] = (vl_mz_later){ a->text, batch->npiece - 1, kind, levels, recipe };
    return VL_OK;
}

/* The likeliest of some levels: what libraries take when not asked, or else the hardest. */
static unsigned likeliest(uint8_t base, uint32_t levels)
{
    const unsigned usual = base == VL_RECIPE_ZLIB ? 6 : 3;
    if (levels >> usual & 1) return usual;
    return 31 - (unsigned)__builtin_clz(levels);
}

static vl_code unpack_text(vl_mz_settling *s, vl_xml_span text, vl_err *err)
{
    size_t bad = 0;
    s->packed.len = 0;
    if (vl_buf_reserve(&s->packed, text.n / 4 * 3, err)) return err->code;
    s->packed.len = vl_k.b64_decode(s->packed.data, text.at, text.n, &bad);
    return VL_OK;
}

/* Which of the levels make the array, the likeliest first. Stops at one unless every one is wanted. */
static vl_code matching(vl_mz_settling *s, const vl_batch *batch, const vl_mz_later *l, uint32_t levels,
                        bool every, size_t most, uint32_t *found, vl_err *err)
{
    vl_mz_kind *const k = &s->kind[l->kind];
    *found = 0;
    if (unpack_text(s, l->text, err)) return err->code;
    const vl_mz_proof proof = { { batch->values.data + batch->piece[l->piece].at,
                                  payload_bytes(batch, l->piece) },
                                { s->packed.data, s->packed.len },
                                most };
    while (levels && (every || !*found)) {
        const unsigned level = likeliest(k->base, levels);
        bool same = false;
        if (vl_mz_makes(&s->prover, k->base + level, &proof, &same, err)) return err->code;
        levels &= ~(UINT32_C(1) << level);
        *found |= (uint32_t)same << level;
    }
    return VL_OK;
}

/* zlib's groups are small; zstd has many levels. */
static bool try_all(const vl_mz_kind *k, const vl_batch *batch, const vl_mz_later *l)
{
    return k->outer == VL_MZ_ZLIB || payload_bytes(batch, l->piece) <= SMALL;
}

/* What the first array of a kind says about the others. */
static vl_code learn(vl_mz_settling *s, vl_mz_kind *k, vl_batch *batch, vl_err *err)
{
    const vl_mz_later *const l = &s->later[k->first];
    if (matching(s, batch, l, l->levels, try_all(k, batch, l), 0, &k->levels, err)) return err->code;
    if (k->levels) k->recipe = (uint8_t)(k->base + likeliest(k->base, k->levels));
    batch->counter[VL_SPC_PROVEN] += l->levels != 0;
    return VL_OK;
}

/* An array that should have been made like the first. If it was not, the kind is in doubt. */
static vl_code confirm(vl_mz_settling *s, vl_mz_later *l, vl_batch *batch, vl_err *err)
{
    vl_mz_kind *const k = &s->kind[l->kind];
    const uint32_t hoped = l->levels & k->levels;
    uint32_t found = 0;
    if (!hoped) return VL_OK; /* from elsewhere: proven on its own later */
    if (matching(s, batch, l, hoped, try_all(k, batch, l), MOST, &found, err)) return err->code;
    batch->counter[VL_SPC_PROVEN]++;
    k->doubt |= !found;
    if (found) { /* it may know better which of several levels */
        k->levels = found;
        k->recipe = l->recipe = (uint8_t)(k->base + likeliest(k->base, found));
    }
    return VL_OK;
}

/* The largest array of each kind; the first and every EVERYth. */
static vl_code sample(vl_mz_settling *s, vl_batch *batch, vl_err *err)
{
    for (size_t i = 0; i < s->nkind; i++) {
        vl_mz_kind *const k = &s->kind[i];
        k->narray = 0;
        if (k->largest != k->first && confirm(s, &s->later[k->largest], batch, err)) return err->code;
    }
    for (size_t i = 0; i < s->nlater; i++) {
        vl_mz_later *const l = &s->later[i];
        if (l->recipe != VL_MZ_UNDECIDED) continue;
        vl_mz_kind *const k = &s->kind[l->kind];
        if (k->doubt || k->narray++ % EVERY) continue;
        if (confirm(s, l, batch, err)) return err->code;
    }
    return VL_OK;
}

/* One array on its own, whole: the kind's levels, then what else is possible. */
static vl_code prove(vl_mz_settling *s, vl_mz_later *l, vl_batch *batch, vl_err *err)
{
    const vl_mz_kind *const k = &s->kind[l->kind];
    uint32_t found = 0;
    if (matching(s, batch, l, l->levels & k->levels, false, 0, &found, err)) return err->code;
    if (!found && matching(s, batch, l, l->levels & ~k->levels, false, 0, &found, err)) return err->code;
    l->recipe = found ? (uint8_t)(k->base + likeliest(k->base, found)) : VL_RECIPE_KEPT_STREAM;
    batch->counter[VL_SPC_PROVEN]++;
    return VL_OK;
}

/* What is left to decide. */
static vl_code decide(vl_mz_settling *s, vl_mz_later *l, bool all, vl_batch *batch, vl_err *err)
{
    const vl_mz_kind *const k = &s->kind[l->kind];
    l->recipe = VL_RECIPE_KEPT_STREAM;
    if (!l->levels || (!k->levels && !all)) return VL_OK;
    if (all || k->doubt || !(l->levels >> (k->recipe - k->base) & 1)) return prove(s, l, batch, err);
    l->recipe = k->recipe;
    return VL_OK;
}

static vl_code push_decision(vl_mz_settling *s, const vl_mz_later *l, vl_batch *batch, vl_err *err)
{
    vl_xml_span kept = { (const uint8_t *)"", 0 };
    if (l->recipe == VL_RECIPE_KEPT_TEXT) kept = l->text;
    if (l->recipe == VL_RECIPE_KEPT_STREAM) {
        if (unpack_text(s, l->text, err)) return err->code;
        kept = (vl_xml_span){ s->packed.data, s->packed.len };
    }
    batch->counter[VL_SPC_KEPT_TEXT] += l->recipe == VL_RECIPE_KEPT_TEXT;
    batch->counter[VL_SPC_KEPT_STREAM] += l->recipe == VL_RECIPE_KEPT_STREAM;
    if (vl_push(batch, VL_SP_ARR_RECIPE, &l->recipe, err)) return err->code;
    return vl_push_row(batch, VL_SP_ARR_KEPT, kept.at, kept.n, err);
}

vl_code vl_mz_settle(vl_mz_settling *s, bool all, vl_batch *batch, vl_err *err)
{
    for (size_t i = 0; i < s->nkind; i++)
        if (learn(s, &s->kind[i], batch, err)) return err->code;
    if (!all && sample(s, batch, err)) return err->code;
    for (size_t i = 0; i < s->nlater; i++) {
        vl_mz_later *const l = &s->later[i];
        if (l->recipe == VL_MZ_UNDECIDED && decide(s, l, all, batch, err)) return err->code;
        if (push_decision(s, l, batch, err)) return err->code;
    }
    s->nlater = s->nkind = 0;
    return VL_OK;
}
