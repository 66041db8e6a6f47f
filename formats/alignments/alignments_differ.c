/*
 * Letters that differ from the consensus (alignments_fold.h): which of its row each is, counted in the order
 * of their qualities, the worst first, as most of them are among these; and what it is. With 8 % of letters
 * of quality 11 that takes a bit less than half of what plain distances take.
 */
#include "formats/alignments/alignments_fold.h"

#include <stdlib.h>
#include <string.h>

enum { NCODE = 4 };
static const uint8_t name[NCODE] = { 'A', 'C', 'T', 'G' };
static bool is_plain(uint8_t c) { return c == 'A' || c == 'C' || c == 'T' || c == 'G'; }
static unsigned code_of(uint8_t c) { return c >> 1 & 3; }

/* Letters that are before those of each quality. */
static void count(const uint8_t *quality, size_t n, uint32_t before[256])
{
    uint32_t sum = 0;
    memset(before, 0, 256 * sizeof *before);
    for (size_t i = 0; i < n; i++) before[quality[i]]++;
    for (int q = 0; q < 256; q++) {
        const uint32_t some = before[q];
        before[q] = sum;
        sum += some;
    }
}

/* What stands for a letter: of A, C, G, T how far it is from the consensus, 1 to 3; of others themselves. */
static uint8_t mark_of(uint8_t letter, uint8_t consensus)
{
    return is_plain(letter) && is_plain(consensus) ? (uint8_t)((code_of(letter) - code_of(consensus)) & 3)
                                                   : letter;
}

/* ---- in ---- */

vl_code vl_differ_add(vl_differing *d, uint32_t at, uint8_t letter, uint8_t consensus, vl_err *err)
{
    const uint64_t one = (uint64_t)at << 8 | mark_of(letter, consensus);
    return vl_buf_append(&d->found, &one, sizeof one, err);
}

static int by_value(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* Places in the row become places in the order of qualities. */
static void rank(uint64_t *found, size_t nfound, const uint8_t *quality, size_t n)
{
    uint32_t before[256];
    count(quality, n, before);
    for (size_t i = 0, k = 0; k < nfound; i++) {
        const uint64_t at = before[quality[i]]++;
        if (found[k] >> 8 != i) continue;
        found[k] = at << 8 | (found[k] & 0xff);
        k++;
    }
    if (nfound > 1) qsort(found, nfound, sizeof *found, by_value);
}

vl_code vl_differ_put(vl_differing *d, vl_cell quality, vl_batch *b, const vl_fold_fields *f, vl_err *err)
{
    uint64_t *const found = (uint64_t *)(void *)d->found.data;
    const size_t nfound = d->found.len / sizeof *found;
    if (nfound) rank(found, nfound, quality.at, quality.n);
    d->at.len = d->mark.len = 0;
    uint64_t next = 0;
    for (size_t k = 0; k < nfound; k++) {
        uint8_t gap[4], mark = (uint8_t)found[k];
        vl_put_le32(gap, (uint32_t)((found[k] >> 8) - next));
        next = (found[k] >> 8) + 1;
        if (vl_buf_append(&d->at, gap, sizeof gap, err) || vl_buf_append(&d->mark, &mark, 1, err))
            return err->code;
    }
    d->found.len = 0;
    return vl_push_row(b, f->differ_at, d->at.data, nfound, err)
               ? err->code
               : vl_push_row(b, f->differ, d->mark.data, nfound, err);
}

void vl_differ_free(vl_differing *d)
{
    vl_buf_free(&d->found);
    vl_buf_free(&d->at);
    vl_buf_free(&d->mark);
}

/* ---- out ---- */

/* The letters' places, in the order of their qualities. */
static vl_code order(const uint8_t *quality, size_t n, vl_buf *room, vl_err *err)
{
    uint32_t before[256];
    if (vl_buf_reserve(room, n * sizeof(uint32_t), err)) return err->code;
    uint32_t *const place = (uint32_t *)(void *)room->data;
    count(quality, n, before);
    for (size_t i = 0; i < n; i++) place[before[quality[i]]++] = (uint32_t)i;
    return VL_OK;
}

static bool apply(uint8_t mark, uint8_t *letter)
{
    if (mark >= NCODE) *letter = mark;
    else if (!mark || !is_plain(*letter)) return false;
    else *letter = name[(code_of(*letter) + mark) & 3];
    return true;
}

vl_code vl_differ_take(const vl_batch *b, const vl_fold_fields *f, size_t i, uint8_t *letter, size_t n,
                       vl_buf *room, bool *fits, vl_err *err)
{
    const vl_column *const at = &b->col[f->differ_at], *const differ = &b->col[f->differ];
    const uint64_t from = at->offset[i], nat = at->offset[i + 1] - from;
    const vl_cell quality = vl_row(&b->col[VL_AL_QUALITY], i), mark = vl_row(differ, i);
    *fits = nat == mark.n && (!nat || quality.n == n);
    if (!*fits || !nat) return VL_OK;
    if (order(quality.at, n, room, err)) return err->code;
    const uint32_t *const place = (const uint32_t *)(const void *)room->data;
    uint64_t next = 0;
    for (size_t k = 0; k < nat && *fits; k++) {
        next += vl_le32(at->data.data + 4 * (from + k));
        *fits = next < n && apply(mark.at[k], letter + place[next < n ? next : 0]);
        next++;
    }
    return VL_OK;
}
