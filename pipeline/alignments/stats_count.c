/*
 * Stats of a load (stats.h): its records one by one; their letters and qualities in the order of sequencing
 * beside each other, so that kernels count them.
 */
#include "pipeline/alignments/stats.h"

#include <stdlib.h>
#include <string.h>

enum { N = 15 }; /* in BAM */
static const char letters[16] = "=ACMGRSVTWYHKDBN";

/* ---- room ---- */

static vl_code reserve_side(vl_stats_side *s, size_t n, vl_err *err)
{
    s->n = s->base.len = s->quality.len = 0;
    if (n <= s->cap) return VL_OK;
    uint64_t *const p = realloc(s->offset, (4 * n + 1) * sizeof *p);
    if (!p) return vl_fail(err, VL_ENOMEM, "no memory for %zu records", n);
    *s = (vl_stats_side){ s->base, s->quality, p, p + n + 1, p + 2 * n + 1, p + 3 * n + 1, 0, n };
    return VL_OK;
}

static vl_code reserve(vl_stats_load *l, size_t n, vl_err *err)
{
    l->nline = 0;
    for (int k = 0; k < 4; k++)
        if (reserve_side(&l->side[k / 2][k % 2], n, err)) return err->code;
    if (n <= l->cline) return VL_OK;
    void *const p = realloc(l->line, n * sizeof *l->line);
    if (!p) return vl_fail(err, VL_ENOMEM, "no memory for %zu records", n);
    l->line = p;
    l->cline = n;
    return VL_OK;
}

/* ---- letters ---- */

/* Letters as BAM has them, in l->packed. */
static vl_code pack(vl_stats_load *l, const vl_alignment *a, bool *known, vl_err *err)
{
    l->packed.len = 0;
    if (vl_bam_put_letters(a->base, a->pad, &l->packed, known, err) || *known) return err->code;
    vl_bam_put_nearest(a->base, l->packed.data);
    return VL_OK;
}

static unsigned letter_at(const uint8_t *packed, size_t i)
{
    return i & 1 ? packed[i / 2] & 15 : packed[i / 2] >> 4;
}

/* A, C, G, T and N alone have one bit, or all four. */
static bool is_usual(unsigned letter) { return (letter && !(letter & (letter - 1))) || letter == N; }

/* Of 16 letters: their bits are counted side by side, of which there are 0 to 4: no second bit, but one of
 * the others. */
static bool are_usual(uint64_t bits)
{
    const uint64_t two = 0x5555555555555555, four = 0x3333333333333333, one = 0x1111111111111111;
    uint64_t n = bits - (bits >> 1 & two);
    n = (n & four) + (n >> 2 & four);
    return ((n | n >> 2) & ~(n >> 1) & one) == one;
}

static bool all_usual(const uint8_t *packed, size_t n)
{
    size_t i = 0;
    uint64_t some;
    for (; i + 16 <= n; i += 16) {
        memcpy(&some, packed + i / 2, sizeof some);
        if (!are_usual(some)) return false;
    }
    while (i < n && is_usual(letter_at(packed, i))) i++;
    return i == n;
}

static void copy(uint8_t *to, const uint8_t *from, size_t n, bool reverse)
{
    size_t i = 0;
    if (!reverse) {
        memcpy(to, from, n);
        return;
    }
    for (; i + 8 <= n; i += 8) {
        uint64_t v;
        memcpy(&v, from + n - i - 8, sizeof v);
        v = __builtin_bswap64(v);
        memcpy(to + i, &v, sizeof v);
    }
    for (; i < n; i++) to[i] = from[n - 1 - i];
}

/* Letters that are none of SAM's usual ones, as BAM has them; those that are not N are noted. */
static void copy_odd(vl_stats_near *near, uint8_t *to, const uint8_t *packed, size_t n, bool reverse)
{
    for (size_t i = 0; i < n; i++) {
        const unsigned letter = letter_at(packed, reverse ? n - 1 - i : i);
        to[i] = (uint8_t)letters[letter];
        if (i < VL_STATS_NEAR && !is_usual(letter)) near->other[i]++;
    }
}

static vl_code put_side(vl_stats_load *l, vl_stats_line *line, const vl_alignment *a, const uint8_t *quality,
                        bool known, vl_err *err)
{
    vl_stats_side *const s = &l->side[line->end][line->reverse];
    const size_t n = a->base.n;
    if (vl_buf_grow(&s->base, n, err) || vl_buf_grow(&s->quality, n, err)) return err->code;
    uint8_t *const to = s->base.data + s->base.len;
    if (known && all_usual(l->packed.data, n)) copy(to, a->base.at, n, line->reverse);
    else copy_odd(&l->sums->near[line->end], to, l->packed.data, n, line->reverse);
    copy(s->quality.data + s->quality.len, quality, n, line->reverse);
    line->at = s->base.len;
    s->offset[s->n] = s->base.len;
    s->length[s->n] = n;
    s->line[s->n++] = l->nline;
    s->offset[s->n] = s->base.len += n;
    s->quality.len += n;
    return VL_OK;
}

/* Bins of G and C that a read lies in: between its share and that with one letter more. */
static void count_gc(uint64_t *bin, uint64_t gc, uint64_t n)
{
    const uint64_t to = (gc + 1) * (VL_STATS_GC - 1) / n;
    bin[gc * (VL_STATS_GC - 1) / n]++;
    bin[to < VL_STATS_GC ? to : VL_STATS_GC - 1]--;
}

static void count_side(vl_stats_load *l, int end, int strand)
{
    vl_stats_side *const s = &l->side[end][strand];
    vl_stats_near *const near = &l->sums->near[end];
    if (!s->n) return;
    vl_k.base_count(near->base[strand][0], s->base.data, s->offset, s->n, VL_STATS_NEAR);
    vl_k.quality_count(near->quality[0], s->quality.data, s->offset, s->n, VL_STATS_NEAR);
    vl_k.read_gc(s->gc, s->base.data, s->offset, s->length, s->n);
    for (size_t i = 0; i < s->n; i++) {
        l->line[s->line[i]].gc = s->gc[i];
        count_gc(l->sums->gc[end], s->gc[i], s->length[i]);
    }
}

/* ---- records ---- */

static vl_stats_end end_of(unsigned flag)
{
    const unsigned end = flag & (VL_FLAG_FIRST | VL_FLAG_SECOND);
    if (!(flag & VL_FLAG_PAIRED) || end == VL_FLAG_FIRST) return VL_SE_FIRST;
    return end == VL_FLAG_SECOND ? VL_SE_LAST : VL_SE_NEITHER;
}

/* The number of a tag among those that no column holds. */
static int64_t number_in_rest(vl_cell rest, const char *name)
{
    vl_bam_tag t = { .end = rest.at };
    vl_err none = VL_ERR_INIT;
    const uint8_t *bad;
    while (t.end < rest.at + rest.n && !vl_bam_tag_read(t.end, rest.at + rest.n, &t, &bad, &none)) {
        if (memcmp(t.at, name, 2) != 0) continue;
        return t.type != 'f' && vl_bam_width(t.type) ? vl_bam_number(t.type, t.value) : 0;
    }
    return 0;
}

static int64_t number_of(const vl_batch *b, size_t row, int field, const vl_alignment *a, const char *name)
{
    if (field >= 0 && b->col[field].offset) {
        const uint64_t *const offset = b->col[field].offset;
        if (offset[row + 1] > offset[row]) return (int64_t)vl_le64(b->col[field].data.data + 8 * offset[row]);
    }
    return a->rest.n ? number_in_rest(a->rest, name) : 0;
}

static void describe(vl_stats_line *line, const vl_alignment *a, const uint8_t *quality)
{
    enum { HARD_CLIP = 5 };
    const size_t n = a->base.n;
    line->contig = a->contig;
    line->position = a->position;
    line->nletter = line->length = n;
    for (size_t k = 0; k < line->nop; k++) {
        const uint32_t op = vl_le32(line->cigar + 4 * k);
        if ((op & 15) == HARD_CLIP) line->length += op >> 4;
    }
    line->end = (uint8_t)end_of(a->flag);
    line->mapped = !(a->flag & VL_FLAG_UNMAPPED);
    line->original = !(a->flag & VL_FLAG_SUPPLEMENTARY);
    line->reverse = a->flag & VL_FLAG_REVERSE;
    line->bare = quality[0] == VL_AL_NO_QUALITY && vl_k.find_outside(quality, n, 255, 255) == n;
    line->wide = !line->bare && vl_k.find_outside(quality, n, 0, VL_STATS_LEVELS - 1) < n;
}

static vl_cell group_of(const vl_batch *b, size_t row, int rg)
{
    return rg >= 0 && b->col[rg].offset ? vl_row(&b->col[rg], row) : (vl_cell){ NULL, 0 };
}

static vl_code count_row(vl_stats_load *l, const vl_stats_rule *rule, const vl_stats_tags *tag, size_t row,
                         const vl_alignment *a, vl_err *err)
{
    const vl_batch *const b = &l->plan.batch;
    vl_stats_sums *const s = l->sums;
    const uint8_t *const quality =
        a->odd & VL_AO_QUALITY ? a->odd_quality : vl_row(&b->col[VL_AL_QUALITY], row).at;
    bool known = true;
    if (!vl_stats_take(s, rule, a, group_of(b, row, tag->group))) return VL_OK;
    if (pack(l, a, &known, err)) return err->code;
    vl_stats_checksum(s, a->name, l->packed.data, quality, a->base.n);
    if (a->flag & VL_FLAG_SECONDARY) {
        s->n[VL_SN_SECONDARY]++;
        return VL_OK;
    }
    s->n[VL_SN_SUPPLEMENTARY] += !!(a->flag & VL_FLAG_SUPPLEMENTARY);
    if (!a->base.n) return VL_OK;
    vl_stats_line *const line = &l->line[l->nline];
    *line = (vl_stats_line){ .row = row };
    vl_cigar_of_row(b, row, a->contig < 0 || a->position < 0 ? -1 : tag->cigar, &line->cigar, &line->nop);
    describe(line, a, quality);
    if (vl_stats_record(s, rule, a, line, quality, number_of(b, row, tag->mismatch, a, "NM"), err))
        return err->code;
    if (line->original && line->end != VL_SE_NEITHER && put_side(l, line, a, quality, known, err))
        return err->code;
    l->nline++;
    return VL_OK;
}

vl_code vl_stats_count(vl_stats_load *l, const vl_stats_rule *rule, const vl_stats_tags *tag, vl_err *err)
{
    const size_t n = l->plan.batch.nrow[VL_AT_ALIGNMENT];
    vl_alignments_out rows = { 0 };
    vl_alignment a;
    if (reserve(l, n, err)) return err->code;
    if (!vl_alignments_out_init(&rows, &l->plan.batch, err)) {
        rows.bare = true;
        for (size_t i = 0; i < n && !err->code; i++)
            if (!vl_alignments_row(&rows, i, &a, err)) count_row(l, rule, tag, i, &a, err);
    }
    vl_alignments_out_free(&rows);
    for (int k = 0; k < 4 && !err->code; k++) count_side(l, k / 2, k % 2);
    return err->code;
}

void vl_stats_load_free(vl_stats_load *l, vl_reader *r)
{
    for (int k = 0; k < 4; k++) {
        vl_stats_side *const s = &l->side[k / 2][k % 2];
        vl_buf_free(&s->base);
        vl_buf_free(&s->quality);
        free(s->offset);
    }
    if (l->sums) vl_stats_sums_free(l->sums);
    free(l->sums);
    free(l->line);
    vl_buf_free(&l->packed);
    vl_plan_free(r, &l->plan);
    vl_work_free(&l->work);
}
