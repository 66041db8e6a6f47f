/* Letters of contigs, as rows come to them, and as most have them (alignments_fold.h). */
#include "formats/alignments/alignments_fold.h"

#include <string.h>

/* ---- of one row, by tag MD (SAM tags specification) ---- */

typedef struct reading {
    const uint8_t *at, *end;
    size_t same; /* letters that are the read's, of the last number */
} reading;

static bool is_digit(const reading *r) { return r->at < r->end && *r->at >= '0' && *r->at <= '9'; }

static bool take_number(reading *r)
{
    enum { MOST = 1 << 28 };
    for (r->same = 0; is_digit(r); r->at++) {
        r->same = 10 * r->same + (size_t)(*r->at - '0');
        if (r->same > MOST) return false;
    }
    return true;
}

static bool is_letter(uint8_t c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

static bool read_match(reading *r, const uint8_t *letter, uint8_t *contig, size_t n)
{
    for (size_t k = 0; k < n;) {
        if (r->same) {
            const size_t some = r->same < n - k ? r->same : n - k;
            memcpy(contig + k, letter + k, some);
            r->same -= some;
            k += some;
        } else if (is_digit(r)) {
            if (!take_number(r)) return false;
        } else {
            if (r->at == r->end || !is_letter(*r->at)) return false;
            contig[k++] = *r->at++;
        }
    }
    return true;
}

static bool read_deletion(reading *r, uint8_t *contig, size_t n)
{
    if (!r->same && is_digit(r) && !take_number(r)) return false;
    if (r->same || (size_t)(r->end - r->at) < n + 1 || *r->at != '^') return false;
    for (size_t k = 0; k < n; k++)
        if (!is_letter(r->at[1 + k])) return false;
    memcpy(contig, r->at + 1, n);
    r->at += n + 1;
    return true;
}

static bool read_all(const vl_aligned *l, const uint8_t *letter, vl_cell md, uint8_t *contig)
{
    if (!md.n) return false;
    reading r = { md.at, md.at + md.n, 0 };
    for (vl_aligned_step s = { 0 }; vl_aligned_next(l, &s);) {
        if (!s.on_contig || !s.n) continue;
        if (s.in_read ? !read_match(&r, letter + s.read, contig + s.contig, s.n)
                      : !read_deletion(&r, contig + s.contig, s.n))
            return false;
    }
    return true;
}

/* Where tag MD does not tell, the row's own letters, N for those that it has not. */
static void take_own(const vl_aligned *l, const uint8_t *letter, uint8_t *contig)
{
    for (vl_aligned_step s = { 0 }; vl_aligned_next(l, &s);) {
        if (!s.on_contig) continue;
        if (s.in_read) memcpy(contig + s.contig, letter + s.read, s.n);
        else memset(contig + s.contig, 'N', s.n);
    }
}

/* ---- of all rows ---- */

void vl_covered_begin(vl_covered *s)
{
    enum { MOST = 1 << 23, KEPT = 1 << 22 };
    s->nnew = 0;
    s->told.len = s->depth.len = 0;
    if (s->consensus.len < MOST) return;
    const size_t n = s->consensus.len - KEPT;
    vl_buf *const both[] = { &s->consensus, &s->reference };
    for (int i = 0; i < 2; i++) {
        memmove(both[i]->data, both[i]->data + n, KEPT);
        both[i]->len = KEPT;
    }
    if (s->to - s->from > KEPT) s->from = s->to - KEPT;
}

static vl_code add_new(vl_covered *s, const uint8_t *contig, size_t n, bool told, vl_err *err)
{
    if (vl_buf_append(&s->reference, contig, n, err) || vl_buf_append(&s->consensus, contig, n, err) ||
        vl_buf_grow(&s->told, n, err))
        return err->code;
    memset(s->told.data + s->told.len, told, n);
    s->told.len += n;
    s->to += (int64_t)n;
    s->total += n;
    s->nnew += n;
    return VL_OK;
}

vl_code vl_covered_add(vl_covered *s, const vl_aligned *l, const uint8_t *letter, vl_cell md, int64_t *shift,
                       vl_err *err)
{
    if (!vl_covered_meets(s, l)) {
        s->contig = l->contig;
        s->from = s->to = l->position;
    }
    *shift = (int64_t)s->total - s->to;
    const size_t have = (size_t)(s->to - l->position);
    if (l->span <= have) return VL_OK;
    vl_buf *const contig = &s->vote;
    if (vl_buf_reserve(contig, l->span, err)) return err->code;
    const bool told = read_all(l, letter, md, contig->data);
    if (!told) take_own(l, letter, contig->data);
    return add_new(s, contig->data + have, l->span - have, told, err);
}

/* ---- the consensus ---- */

enum { NLETTER = 4 };
static bool is_plain(uint8_t c) { return c == 'A' || c == 'C' || c == 'G' || c == 'T'; }
static unsigned code_of(uint8_t c) { return c >> 1 & 3; }

static void vote(const vl_covered *s, const uint8_t *letter, size_t at, size_t n)
{
    const size_t first = s->reference.len - s->nnew; /* of what is new */
    const size_t skip = at < first ? first - at : 0;
    if (skip >= n) return;
    const uint8_t *const reference = s->reference.data + at;
    int32_t *const depth = (int32_t *)(void *)s->depth.data;
    uint16_t *const votes = (uint16_t *)(void *)s->vote.data;
    depth[at + skip - first]++;
    depth[at + n - first]--;
    for (size_t k = skip; (k = vl_next_difference(letter, reference, k, n)) < n; k++) {
        if (!is_plain(letter[k])) continue;
        uint16_t *const one = &votes[NLETTER * (at + k - first) + code_of(letter[k])];
        *one = (uint16_t)(*one + (*one < UINT16_MAX));
    }
}

vl_code vl_covered_vote(vl_covered *s, const vl_aligned *l, const uint8_t *letter, int64_t shift, vl_err *err)
{
    const size_t at = vl_covered_at(s, l, shift), depth = (s->nnew + 1) * sizeof(int32_t),
                 votes = s->nnew * NLETTER * sizeof(uint16_t);
    if (!s->depth.len) {
        if (vl_buf_reserve(&s->depth, depth, err) || vl_buf_reserve(&s->vote, votes + 1, err))
            return err->code;
        memset(s->depth.data, 0, depth);
        memset(s->vote.data, 0, votes);
        s->depth.len = depth;
    }
    for (vl_aligned_step t = { 0 }; vl_aligned_next(l, &t);)
        if (t.on_contig && t.in_read) vote(s, letter + t.read, at + t.contig, t.n);
    return VL_OK;
}

void vl_covered_end(vl_covered *s)
{
    static const uint8_t name[NLETTER] = { 'A', 'C', 'T', 'G' };
    if (!s->nnew) return;
    uint8_t *const consensus = s->consensus.data + (s->consensus.len - s->nnew);
    uint8_t *const reference = s->reference.data + (s->reference.len - s->nnew);
    const int32_t *const depth = (const int32_t *)(const void *)s->depth.data;
    const uint16_t *v = (const uint16_t *)(const void *)s->vote.data;
    int64_t rows = 0;
    for (size_t i = 0; i < s->nnew && s->depth.len; i++, v += NLETTER) {
        rows += depth[i];
        unsigned best = 0;
        for (unsigned c = 1; c < NLETTER; c++)
            if (v[c] > v[best]) best = c;
        if (2 * (int64_t)v[best] <= rows) continue;
        consensus[i] = name[best];
        if (!s->told.data[i]) reference[i] = name[best];
    }
}
