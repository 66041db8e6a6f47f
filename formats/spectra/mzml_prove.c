/*
 * Which recipe an array gets (spectra.h): one that makes its text again, which is tried here on the whole
 * array, every one. An array that none makes keeps its compressed bytes. So what a store says of its arrays
 * holds for each of them, whoever wrote it.
 *
 * A document does not say which compressor at which level wrote it. The header of a stream leaves a few
 * possible, and one writer writes many arrays: what made the last one of its sort is tried first, so that
 * most arrays are compressed once. Where two levels make the same bytes, either will do.
 *
 * zlib's streams are made by our own code first, as export makes them, and by zlib where that gives others.
 *
 * zlib: two bits of the header, FLEVEL, name a group of levels (RFC 1950, deflate.c of zlib):
 *     0: 0, 1     1: 2..5     2: 6     3: 7..9
 *
 * Where zlib as it is linked makes none of it, the stream is described (formats/redeflate): by its maker's
 * row, which is the one of the array before as a rule, and where it differs from what that would make.
 */
#include <string.h>
#include <zstd.h>

#include "formats/spectra/mzml.h"

enum {
    SMALL = 16384,   /* a larger array is not tried with the slowest levels of zstd */
    ZSTD_QUICK = 12, /* the highest of the others */
    PATIENCE = 16    /* after so many arrays that nothing made, only the likeliest recipe is tried */
};

void vl_mz_prover_free(vl_mz_prover *pr)
{
    vl_mz_packer_free(&pr->packer);
    vl_buf_free(&pr->again);
    vl_buf_free(&pr->description);
    vl_buf_free(&pr->kept);
    vl_buf_free(&pr->outside);
}

typedef struct candidates { /* recipes, the likeliest first */
    uint8_t recipe[VL_MZ_ZSTD_TOP];
    int n;
} candidates;

static void zlib_candidates(vl_xml_span packed, candidates *out)
{
    static const char *const group[4] = { "10", "5432", "6", "978" };
    static const uint8_t base[2] = { VL_RECIPE_ZLIB, VL_RECIPE_ZLIB_MEMORY9 };
    const uint8_t *const p = packed.at;
    if (packed.n < 3 || p[0] != 0x78 || p[1] & 0x20) return;
    for (int b = 0; b < 2; b++)
        for (const char *level = group[p[1] >> 6]; *level; level++)
            out->recipe[out->n++] = (uint8_t)(base[b] + *level - '0');
}

/* n: bytes of the payload. */
static void zstd_candidates(uint8_t base, vl_xml_span packed, size_t n, candidates *out)
{
    const uint8_t *const p = packed.at;
    /* one call knows the size and writes it, and no checksum */
    if (packed.n < 5 || p[4] & 4 || ZSTD_getFrameContentSize(p, packed.n) != n) return;
    out->recipe[out->n++] = base + 3; /* what libraries take when not asked */
    for (int level = n <= SMALL ? VL_MZ_ZSTD_TOP : ZSTD_QUICK; level; level--)
        if (level != 3) out->recipe[out->n++] = (uint8_t)(base + level);
}

/* width: bytes of an element, for shuffling. The number of the sort of compression, -1 if none is known. */
static int list(const vl_mz_array *a, size_t width, vl_xml_span packed, size_t n, candidates *out)
{
    out->n = 0;
    if (n > VL_MZ_PACK_MOST) return -1;
    switch (a->outer) {
    case VL_MZ_ZLIB: zlib_candidates(packed, out); return 0;
    case VL_MZ_ZSTD: zstd_candidates(VL_RECIPE_ZSTD, packed, n, out); return 1;
    case VL_MZ_SHUFFLE_ZSTD:
        if (width == 4) zstd_candidates(VL_RECIPE_SHUFFLE4_ZSTD, packed, n, out);
        if (width == 8) zstd_candidates(VL_RECIPE_SHUFFLE8_ZSTD, packed, n, out);
        return width == 4 ? 2 : 3;
    default: return -1;
    }
}

/* The recipe that did for the array before comes first, if it is possible for this one. */
static void put_first(candidates *c, uint8_t recipe)
{
    uint8_t *const at = c->n ? memchr(c->recipe, recipe, (size_t)c->n) : NULL;
    if (!at) return;
    memmove(c->recipe + 1, c->recipe, (size_t)(at - c->recipe));
    c->recipe[0] = recipe;
}

/* Does the recipe make packed from payload? By our own code, or as a library does it. */
static vl_code try_recipe(vl_mz_prover *pr, uint8_t recipe, bool own, vl_xml_span packed, vl_xml_span payload,
                          bool *same, vl_err *err)
{
    *same = true;
    pr->again.len = 0;
    if (own ? vl_mz_pack_own(&pr->packer, recipe, payload, &packed, &pr->again, same, err)
            : vl_mz_pack(&pr->packer, recipe, payload, &packed, &pr->again, err))
        return err->code;
    *same &= pr->again.len == packed.n && !memcmp(pr->again.data, packed.at, packed.n);
    return VL_OK;
}

/* Which recipe makes packed from payload? None does: VL_RECIPE_KEPT_STREAM. */
static vl_code find_packer(vl_mz_prover *pr, const vl_mz_array *a, size_t width, vl_xml_span packed,
                           vl_xml_span payload, uint8_t *recipe, vl_err *err)
{
    candidates c;
    const int sort = list(a, width, packed, payload.n, &c);
    *recipe = VL_RECIPE_KEPT_STREAM;
    if (sort < 0 || !c.n) return VL_OK;
    put_first(&c, pr->last[sort]);
    const int most = pr->nfailed[sort] < PATIENCE ? c.n : 1;
    for (int i = sort ? most : 0; i < 2 * most; i++) { /* zlib's: all of our own first */
        bool same;
        if (try_recipe(pr, c.recipe[i % most], i < most, packed, payload, &same, err)) return err->code;
        if (!same) continue;
        pr->last[sort] = *recipe = c.recipe[i % most];
        pr->nfailed[sort] = 0;
        return VL_OK;
    }
    pr->nfailed[sort]++;
    return VL_OK;
}

/* Describes a zlib stream; *done: it comes back of what is in pr->kept. */
static vl_code describe(vl_mz_prover *pr, vl_xml_span packed, vl_xml_span payload, bool *done, vl_err *err)
{
    enum { AROUND = 6 }; /* bytes before the deflate stream, and behind it */
    vl_redeflate_found found = { .kept = true };
    *done = false;
    if (packed.n <= AROUND || packed.at[1] & 0x20 || packed.n > vl_mz_remade_most(payload.n)) return VL_OK;
    const vl_redeflate_part part = { .stream = packed.at + 2,
                                     .n = packed.n - AROUND,
                                     .span = { .plain = payload.at, .n = payload.n },
                                     .searches = &pr->searches };
    vl_redeflate_describe(&part, pr->row, &pr->description, &found, err);
    if (err->code == VL_ENOMEM) return err->code;
    vl_err_clear(err);
    if (found.kept) return VL_OK;
    pr->kept.len = pr->again.len = 0;
    if (vl_buf_append(&pr->kept, packed.at, 2, err) ||
        vl_buf_append(&pr->kept, pr->row, VL_DEFLATE_ROW, err) ||
        vl_buf_append(&pr->kept, pr->description.data, pr->description.len, err))
        return err->code;
    if (vl_mz_remake(pr->kept.data, pr->kept.len, payload, &pr->again, err)) return err->code;
    *done = pr->again.len == packed.n && !memcmp(pr->again.data, packed.at, packed.n);
    return VL_OK;
}

/* How the stream is made again: by a compressor, by what describes it, or it is kept. */
static vl_code find_maker(vl_mz_prover *pr, const vl_mz_array *a, size_t width, vl_xml_span packed,
                          vl_xml_span payload, vl_mz_proof *out, vl_err *err)
{
    const bool zlib = a->outer == VL_MZ_ZLIB, first = zlib && pr->remade;
    bool done = false;
    if (first && describe(pr, packed, payload, &done, err)) return err->code;
    if (!done && find_packer(pr, a, width, packed, payload, &out->recipe, err)) return err->code;
    const bool found = !done && out->recipe != VL_RECIPE_KEPT_STREAM;
    if (zlib && !first && !found && describe(pr, packed, payload, &done, err)) return err->code;
    if (zlib) pr->remade = done || (pr->remade && !found);
    if (done) *out = (vl_mz_proof){ VL_RECIPE_REDEFLATE, { pr->kept.data, pr->kept.len } };
    return VL_OK;
}

/* Is the text base64 of the bytes, as it is written? */
static vl_code is_base64(vl_mz_prover *pr, vl_xml_span bytes, vl_xml_span text, bool *same, vl_err *err)
{
    pr->again.len = 0;
    *same = !vl_mz_base64(bytes, &pr->again, err) && pr->again.len == text.n &&
            !memcmp(pr->again.data, text.at, text.n);
    return err->code;
}

/* The same without letters. */
static vl_code prove_outside(vl_mz_prover *pr, const vl_mz_array *a, size_t width, bool whole,
                             vl_xml_span packed, vl_xml_span payload, vl_mz_proof *out, vl_err *err)
{
    const bool plain = packed.n == payload.n && (!packed.n || !memcmp(packed.at, payload.at, packed.n));
    *out = (vl_mz_proof){ VL_RECIPE_KEPT_STREAM, packed };
    if (!packed.n || (a->outer == VL_MZ_STORED && plain))
        *out = (vl_mz_proof){ packed.n ? VL_RECIPE_BASE64 : VL_RECIPE_EMPTY, { (const uint8_t *)"", 0 } };
    else if (a->outer != VL_MZ_STORED && whole) find_maker(pr, a, width, packed, payload, out, err);
    if (out->recipe != VL_RECIPE_KEPT_STREAM && out->recipe != VL_RECIPE_REDEFLATE)
        out->kept = (vl_xml_span){ (const uint8_t *)"", 0 };
    return err->code;
}

vl_code vl_mz_prove(vl_mz_prover *pr, const vl_mz_array *a, size_t width, bool whole, vl_xml_span packed,
                    vl_xml_span payload, vl_mz_proof *out, vl_err *err)
{
    bool same = false;
    if (a->outside) return prove_outside(pr, a, width, whole, packed, payload, out, err);
    *out = (vl_mz_proof){ VL_RECIPE_KEPT_TEXT, a->text };
    if (!a->text.n) {
        *out = (vl_mz_proof){ VL_RECIPE_EMPTY, { (const uint8_t *)"", 0 } };
        return VL_OK;
    }
    if (is_base64(pr, packed, a->text, &same, err) || !same) return err->code;
    if (a->outer != VL_MZ_STORED) {
        *out = (vl_mz_proof){ VL_RECIPE_KEPT_STREAM, packed };
        return whole ? find_maker(pr, a, width, packed, payload, out, err) : VL_OK;
    }
    if (packed.n == payload.n && !memcmp(packed.at, payload.at, packed.n)) out->recipe = VL_RECIPE_BASE64;
    return VL_OK;
}
