/* Runs of reads on contigs, by their places and CIGARs (anchor.h). What guides is not believed: where it does
 * not fit a row's letters, they are literals. */
#include "pipeline/codec/anchor.h"

#include "formats/place.h"

#include <stdlib.h>
#include <string.h>

enum { MATCH, INSERTION, DELETION, SKIP, SOFT_CLIP, HARD_CLIP, PADDING, EQUAL, DIFFERENT, UNMAPPED_FLAG = 4 };
enum { CODE = 15, PLACE_BYTES = 8 * VL_PLACE_N, FAR = 256 }; /* FAR: letters left out that end a stretch */

/* Letters of a contig, [from, to), that runs cover. */
typedef struct stretch {
    int64_t contig, from, to;
    uint32_t at; /* of its first letter in the consensus, once that is known */
} stretch;

/* A row's letters in the chunk: [at, at + n), from letter `before` of the row on. */
typedef struct row {
    size_t at, n;
    uint64_t before;
    const uint8_t *guide, *end; /* NULL: none */
} row;

typedef struct finding {
    vl_anchor *s;
    uint64_t skip;   /* letters of the row that lie before the chunk */
    size_t at, left; /* letters of the row in the chunk */
    int64_t contig, position;
    bool on; /* a run of this row was there */
    size_t covered;
} finding;

static vl_code add_item(finding *f, uint8_t kind, size_t n, uint32_t stretch_number, uint32_t at, vl_err *err)
{
    const vl_anchor_item item = { (uint32_t)f->at, (uint32_t)n, at, stretch_number, kind };
    f->at += n;
    f->left -= n;
    return vl_buf_append(&f->s->item, &item, sizeof item, err);
}

/* Literals that follow each other are one. */
static vl_code add_literal(finding *f, size_t n, vl_err *err)
{
    vl_buf *const items = &f->s->item;
    vl_anchor_item *const last = items->len ? (vl_anchor_item *)(void *)(items->data + items->len) - 1 : NULL;
    if (!n) return VL_OK;
    if (!last || last->kind != VL_ANCHOR_LITERAL) return add_item(f, VL_ANCHOR_LITERAL, n, 0, 0, err);
    last->n += (uint32_t)n;
    f->at += n;
    f->left -= n;
    return VL_OK;
}

static stretch *last_stretch(const vl_anchor *s)
{
    return s->nstretch ? (stretch *)(void *)s->stretch.data + s->nstretch - 1 : NULL;
}

/* A run of n letters on the contig: it makes the stretch of its row longer, or begins another. */
static vl_code add_run(finding *f, size_t n, vl_err *err)
{
    stretch *last = last_stretch(f->s);
    const bool more = f->on && f->position - last->to < FAR;
    if (!more) {
        const stretch one = { f->contig, f->position, f->position, 0 };
        if (vl_buf_append(&f->s->stretch, &one, sizeof one, err)) return err->code;
        f->s->nstretch++;
        last = last_stretch(f->s);
    }
    last->to = f->position + (int64_t)n;
    const uint8_t kind = f->on ? VL_ANCHOR_ON : VL_ANCHOR_RUN;
    f->on = true;
    f->covered += n;
    return add_item(f, kind, n, (uint32_t)(f->s->nstretch - 1), (uint32_t)(f->position - last->from), err);
}

/* One operation: letters of it that lie before the chunk, or behind it, are left out. */
static vl_code add_operation(finding *f, unsigned code, uint64_t n, vl_err *err)
{
    const bool on_contig = code == MATCH || code == EQUAL || code == DIFFERENT;
    const bool in_read = on_contig || code == INSERTION || code == SOFT_CLIP;
    if (in_read) {
        const uint64_t skip = n < f->skip ? n : f->skip;
        f->skip -= skip;
        if (on_contig) f->position += (int64_t)skip;
        const size_t take = n - skip < f->left ? (size_t)(n - skip) : f->left;
        if (take && (on_contig ? add_run(f, take, err) : add_literal(f, take, err))) return err->code;
        if (on_contig) f->position += (int64_t)take;
    } else if (code == DELETION || code == SKIP) {
        f->position += (int64_t)n;
    }
    return VL_OK;
}

/* Letters of the read that the CIGAR covers; 0: it is none. */
static uint64_t read_length(const uint8_t *cigar, const uint8_t *end)
{
    uint64_t n = 0;
    for (; cigar < end; cigar += 4) {
        const unsigned code = vl_le32(cigar) & CODE;
        if (code > DIFFERENT) return 0;
        if (code == MATCH || code == EQUAL || code == DIFFERENT || code == INSERTION || code == SOFT_CLIP)
            n += vl_le32(cigar) >> 4;
    }
    return n;
}

/* whole: the row ends in the chunk. */
static vl_code add_row(finding *f, const row *r, bool whole, vl_err *err)
{
    const size_t bytes = r->guide ? (size_t)(r->end - r->guide) : 0;
    const bool placed = bytes > PLACE_BYTES && bytes % 4 == 0;
    const uint8_t *cigar = placed ? r->guide + PLACE_BYTES : NULL;
    f->at = r->at;
    f->left = r->n;
    f->on = false;
    if (!placed) return add_literal(f, r->n, err);
    f->contig = (int64_t)vl_le64(r->guide + 8 * VL_PLACE_CONTIG);
    f->position = (int64_t)vl_le64(r->guide + 8 * VL_PLACE_POSITION);
    f->skip = r->before;
    const uint64_t length = read_length(cigar, r->end), have = r->before + r->n;
    const bool fits = (whole ? length == have : length >= have) && f->contig >= 0 && f->position >= 0 &&
                      f->position < INT64_MAX / 2 && !(vl_le64(r->guide + 8 * VL_PLACE_FLAG) & UNMAPPED_FLAG);
    if (!fits) return add_literal(f, r->n, err);
    for (; cigar < r->end && !err->code; cigar += 4)
        add_operation(f, vl_le32(cigar) & CODE, vl_le32(cigar) >> 4, err);
    return err->code ? err->code : add_literal(f, f->left, err);
}

vl_code vl_anchor_find(vl_anchor *s, const vl_pack_job *job, size_t n, size_t *covered, vl_err *err)
{
    const vl_guide *const g = job->beside.guide;
    finding f = { .s = s };
    size_t at = 0;
    s->item.len = s->stretch.len = s->nstretch = 0;
    for (size_t i = 0; i < g->n && !err->code; i++) {
        const bool whole = i < job->beside.nrow;
        const size_t end = whole ? job->beside.row[i] : n, from = i ? g->end[i - 1] : 0;
        if (end < at || end > n || g->end[i] < from) return vl_fail(err, VL_EBUG, "rows of a chunk");
        const row r = { at, end - at, i ? 0 : g->before, g->bytes + from, g->bytes + g->end[i] };
        add_row(&f, &r, whole, err);
        at = end;
    }
    f.at = at;
    f.left = n - at;
    *covered = f.covered;
    return err->code ? err->code : add_literal(&f, n - at, err);
}

/* ---- one consensus of all stretches ---- */

static int by_place(const void *a, const void *b)
{
    const stretch *const x = *(const stretch *const *)a, *const y = *(const stretch *const *)b;
    if (x->contig != y->contig) return x->contig < y->contig ? -1 : 1;
    return x->from < y->from ? -1 : x->from > y->from;
}

vl_code vl_anchor_join(vl_anchor *s, size_t *size, vl_err *err)
{
    stretch *const all = (stretch *)(void *)s->stretch.data;
    if (vl_buf_reserve(&s->order, s->nstretch * sizeof(stretch *), err)) return err->code;
    stretch **const order = (stretch **)(void *)s->order.data;
    bool sorted = true;
    for (size_t i = 0; i < s->nstretch; i++) {
        order[i] = &all[i];
        sorted &= !i || by_place(&order[i - 1], &order[i]) <= 0;
    }
    if (!sorted) qsort(order, s->nstretch, sizeof *order, by_place);
    uint64_t total = 0;
    const stretch *island = NULL; /* that has begun last, and how far it goes */
    int64_t to = 0;
    for (size_t i = 0; i < s->nstretch; i++) {
        stretch *const one = order[i];
        if (!island || one->contig != island->contig || one->from > to) {
            island = one;
            to = one->from;
            one->at = (uint32_t)total;
        } else {
            one->at = (uint32_t)(island->at + (uint64_t)(one->from - island->from));
        }
        if (one->to > to) total += (uint64_t)(one->to - to), to = one->to;
        if (total > VL_MAX_CHUNK) break;
    }
    *size = (size_t)total;
    vl_anchor_item *const item = (vl_anchor_item *)(void *)s->item.data;
    for (size_t i = 0; i < s->item.len / sizeof *item; i++)
        if (item[i].kind != VL_ANCHOR_LITERAL) item[i].at += all[item[i].stretch].at;
    return VL_OK;
}
