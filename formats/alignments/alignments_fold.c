/* What follows from other columns is left out of a batch (alignments_fold.h). */
#include "formats/alignments/alignments_fold.h"

#include <stdlib.h>
#include <string.h>

enum { NKEPT = VL_AF_NTAG + 4 }; /* columns that change: letters, qualities, tags */

/* From batch to batch. */
typedef struct folding {
    struct {
        vl_buf data, offset;
    } kept[NKEPT]; /* what they were */
    vl_covered stretch;
    vl_ends mates;
    vl_differing differing;
    vl_modifying modifying;
    bool modified; /* tags of modified bases were left out of a row */
    vl_buf text, derived, shift;
} folding;

/* Of one batch. */
typedef struct fold {
    folding *s;
    vl_batch *b;
    vl_fold_fields f;
    size_t n; /* rows */
    uint8_t *derived;
    int64_t *shift;
} fold;

/* Element of row i of a column of one whole number; false: it has none. */
static bool number_of(const fold *w, int field, size_t i, int64_t *out)
{
    if (field < 0) return false;
    const vl_column *const c = &w->b->col[field];
    if (c->offset[i + 1] - c->offset[i] != 1) return false;
    *out = (int64_t)vl_le64(c->data.data + 8 * c->offset[i]);
    return true;
}

static bool is_number(const fold *w, int tag, size_t i, int64_t number)
{
    int64_t has;
    return number_of(w, w->f.tag[tag], i, &has) && has == number;
}

static bool is_text(const fold *w, int tag, size_t i, const vl_buf *text)
{
    if (w->f.tag[tag] < 0 || !text->len) return false;
    const vl_cell has = vl_row(&w->b->col[w->f.tag[tag]], i);
    return has.n == text->len && !memcmp(has.at, text->data, text->len);
}

static unsigned bit_of(int tag, bool follows) { return follows ? (unsigned)VL_AD_TAG << tag : 0; }

/* ---- tags of mates ---- */

static vl_code fold_mate(fold *w, size_t i, vl_err *err)
{
    size_t mate;
    vl_buf *const text = &w->s->text;
    if (!vl_mate_of(&w->s->mates, w->b, i, &mate)) return VL_OK;
    if (w->f.tag[VL_AF_MC] >= 0 && vl_mate_cigar(w->b, mate, text, err)) return err->code;
    unsigned bits = w->f.tag[VL_AF_MC] >= 0 ? bit_of(VL_AF_MC, is_text(w, VL_AF_MC, i, text)) : 0;
    bits |= bit_of(VL_AF_MQ, is_number(w, VL_AF_MQ, i, w->b->col[VL_AL_MAPQ].data.data[mate]));
    if (w->f.tag[VL_AF_MS] >= 0)
        bits |= bit_of(VL_AF_MS, is_number(w, VL_AF_MS, i, vl_mate_quality(w->b, mate)));
    w->derived[i] |= (uint8_t)bits;
    return VL_OK;
}

static vl_code fold_mates(fold *w, vl_err *err)
{
    const uint64_t *const base = w->b->col[VL_AL_BASE].offset;
    if (w->f.tag[VL_AF_MC] < 0 && w->f.tag[VL_AF_MQ] < 0 && w->f.tag[VL_AF_MS] < 0) return VL_OK;
    for (size_t i = 0; i < w->n; i++)
        if (base[i + 1] - base[i] > VL_AF_SHORT) return VL_OK;
    if (vl_ends_find(&w->s->mates, w->b, err)) return err->code;
    for (size_t i = 0; i < w->n; i++)
        if (fold_mate(w, i, err)) return err->code;
    return VL_OK;
}

/* ---- letters ---- */

typedef struct lying {
    int64_t contig, from, to;
} lying;

static int by_place(const void *a, const void *b)
{
    const lying *const x = a, *const y = b;
    if (x->contig != y->contig) return x->contig < y->contig ? -1 : 1;
    return (x->from > y->from) - (x->from < y->from);
}

/* Letters of contigs that rows [n] lie on, each once; they are sorted. */
static uint64_t letters_on(lying *row, size_t n)
{
    uint64_t on = 0;
    int64_t to = 0;
    if (n) qsort(row, n, sizeof *row, by_place);
    for (size_t i = 0; i < n; i++) {
        if (!i || row[i].contig != row[i - 1].contig || row[i].from > to) to = row[i].from;
        if (row[i].to > to) on += (uint64_t)(row[i].to - to), to = row[i].to;
    }
    return on;
}

/* Whether it pays: half of the letters or more lie on contigs, two rows in three touch one before, and they
 * come in an order in which hardly more letters of contigs are new than there are. What codes the others
 * finds them in any order. */
static vl_code letters_pay(const fold *w, bool *pay, vl_err *err)
{
    vl_covered s = w->s->stretch; /* nothing of it is freed */
    uint64_t all = 0, on = 0, more = 0, nstretch = 0;
    size_t n = 0;
    vl_aligned l;
    *pay = false;
    if (vl_buf_reserve(&w->s->text, w->n * sizeof(lying), err)) return err->code;
    lying *const row = (lying *)(void *)w->s->text.data;
    for (size_t i = 0; i < w->n; i++) {
        const bool lies = vl_lies(w->b, i, &l);
        all += l.n;
        if (!lies) continue;
        on += l.n;
        if (!vl_covered_meets(&s, &l)) {
            s.contig = l.contig;
            s.from = s.to = l.position;
            nstretch++;
        }
        const int64_t to = l.position + (int64_t)l.span;
        row[n++] = (lying){ l.contig, l.position, to };
        if (to > s.to) more += (uint64_t)(to - s.to), s.to = to;
    }
    *pay = n && on >= all / 2 && nstretch <= n / 3 && more / 9 * 8 <= letters_on(row, n);
    return VL_OK;
}

/* A row with an equals sign among its letters stays as it is. */
static uint8_t *letters_of(const fold *w, size_t i, size_t n)
{
    const vl_column *const base = &w->b->col[VL_AL_BASE];
    uint8_t *const letter = n ? base->data.data + base->offset[i] : NULL;
    return n && !memchr(letter, '=', n) ? letter : NULL;
}

/* Rows get their places on the letters of contigs; all of them together say what these are. */
static vl_code find_places(fold *w, vl_err *err)
{
    vl_covered *const s = &w->s->stretch;
    const int md = w->f.tag[VL_AF_MD];
    vl_aligned l;
    for (size_t i = 0; i < w->n; i++) {
        const bool lies = vl_lies(w->b, i, &l);
        const uint8_t *const letter = letters_of(w, i, l.n);
        const vl_cell none = { NULL, 0 }, tag = md < 0 ? none : vl_row(&w->b->col[md], i);
        w->shift[i] = i ? w->shift[i - 1] : (int64_t)s->total - s->to;
        if (letter) w->derived[i] |= VL_AD_LETTERS;
        if (!letter || !lies) continue;
        if (vl_covered_add(s, &l, letter, tag, &w->shift[i], err)) return err->code;
        w->derived[i] |= VL_AD_LIES;
    }
    for (size_t i = 0; i < w->n; i++)
        if (w->derived[i] & VL_AD_LIES && vl_lies(w->b, i, &l) &&
            vl_covered_vote(s, &l, letters_of(w, i, l.n), w->shift[i], err))
            return err->code;
    vl_covered_end(s);
    return VL_OK;
}

/* Letters on the contig that differ from the consensus are listed; all become '='. */
static vl_code take_equal(fold *w, size_t at, uint8_t *letter, const uint8_t *consensus, size_t n,
                          vl_err *err)
{
    for (size_t k = 0; (k = vl_next_difference(letter, consensus, k, n)) < n; k++)
        if (letter[k] != consensus[k] &&
            vl_differ_add(&w->s->differing, (uint32_t)(at + k), letter[k], consensus[k], err))
            return err->code;
    memset(letter, '=', n);
    return VL_OK;
}

static vl_code take_literal(fold *w, uint8_t *letter, size_t n, vl_err *err)
{
    if (vl_buf_append(&w->b->col[w->f.literal].data, letter, n, err)) return err->code;
    memset(letter, '=', n);
    return VL_OK;
}

/* Tags that tell in what letters differ from those of the contig. */
static vl_code fold_differences(fold *w, const vl_aligned *l, size_t i, const uint8_t *letter,
                                const uint8_t *reference, vl_err *err)
{
    int64_t nm;
    if (w->f.tag[VL_AF_NM] < 0 && w->f.tag[VL_AF_MD] < 0) return VL_OK;
    if (vl_differences(l, letter, reference, &w->s->text, &nm, err)) return err->code;
    w->derived[i] |= (uint8_t)(bit_of(VL_AF_NM, is_number(w, VL_AF_NM, i, nm)) |
                               bit_of(VL_AF_MD, is_text(w, VL_AF_MD, i, &w->s->text)));
    return VL_OK;
}

static vl_code fold_row(fold *w, size_t i, vl_err *err)
{
    vl_aligned l;
    const bool lies = vl_lies(w->b, i, &l);
    if (!(w->derived[i] & VL_AD_LETTERS)) return VL_OK;
    uint8_t *const letter = letters_of(w, i, l.n);
    if (!lies) return take_literal(w, letter, l.n, err);
    const size_t at = vl_covered_at(&w->s->stretch, &l, w->shift[i]);
    const uint8_t *const consensus = w->s->stretch.consensus.data + at;
    if (fold_differences(w, &l, i, letter, w->s->stretch.reference.data + at, err)) return err->code;
    for (vl_aligned_step s = { 0 }; vl_aligned_next(&l, &s);) {
        uint8_t *const part = letter + s.read;
        if (s.on_contig && s.in_read ? take_equal(w, s.read, part, consensus + s.contig, s.n, err)
                                     : s.in_read && take_literal(w, part, s.n, err))
            return err->code;
    }
    return VL_OK;
}

static vl_code fold_letters(fold *w, vl_err *err)
{
    vl_covered *const s = &w->s->stretch;
    vl_column *const literal = &w->b->col[w->f.literal];
    vl_buf *const consensus = &w->b->col[w->f.consensus].data;
    vl_buf *const reference = &w->b->col[w->f.reference].data;
    bool pay;
    vl_covered_begin(s);
    if (letters_pay(w, &pay, err) || (pay && find_places(w, err))) return err->code;
    for (size_t i = 0; i < w->n; i++) {
        if (vl_rows_grow(literal, 1, err) || fold_row(w, i, err)) return err->code;
        literal->offset[++literal->nrow] = literal->data.len;
        const vl_cell quality = vl_row(&w->b->col[VL_AL_QUALITY], i);
        if (vl_differ_put(&w->s->differing, quality, w->b, &w->f, err)) return err->code;
    }
    if (!s->nnew) return VL_OK;
    const size_t before = s->consensus.len - s->nnew;
    if (vl_buf_append(consensus, s->consensus.data + before, s->nnew, err) ||
        vl_buf_append(reference, s->reference.data + before, s->nnew, err))
        return err->code;
    for (size_t k = 0; k < s->nnew; k++)
        reference->data[k] = reference->data[k] == consensus->data[k] ? '=' : reference->data[k];
    return VL_OK;
}

/* ---- fields ---- */

/* Rows of a tag that follow lose their elements. */
static void drop_rows(fold *w, int tag)
{
    vl_column *const c = &w->b->col[w->f.tag[tag]];
    const size_t width = vl_type_width(w->b->schema->field[w->f.tag[tag]].type);
    size_t to = 0;
    uint64_t from = 0;
    for (size_t i = 0; i < w->n; i++) {
        const uint64_t end = c->offset[i + 1];
        const size_t n = w->derived[i] >> tag & VL_AD_TAG ? 0 : (size_t)(end - from);
        if (n) memmove(c->data.data + to * width, c->data.data + from * width, n * width);
        to += n;
        from = end;
        c->offset[i + 1] = to;
    }
    c->data.len = to * width;
}

/* All elements of the field become those of the first row. */
static vl_code all_in_first(fold *w, int field, vl_err *err)
{
    vl_column *const c = &w->b->col[field];
    if (!w->n) return VL_OK;
    if (vl_rows_grow(c, w->n, err)) return err->code;
    while (c->nrow < w->n) c->offset[++c->nrow] = c->data.len;
    return VL_OK;
}

/* One element a row. */
static vl_code one_each(fold *w, int field, const void *element, vl_err *err)
{
    const size_t width = vl_type_width(w->b->schema->field[field].type);
    for (size_t i = 0; i < w->n; i++)
        if (vl_push_row(w->b, field, (const uint8_t *)element + i * width, 1, err)) return err->code;
    return VL_OK;
}

/* The columns that change; -1: the batch has no such tag. */
static int changing(const vl_fold_fields *f, int k)
{
    const int others[] = { VL_AL_BASE, VL_AL_QUALITY, f->mm, f->ml };
    return k < VL_AF_NTAG ? f->tag[k] : others[k - VL_AF_NTAG];
}

static vl_code keep(const fold *w, vl_err *err)
{
    for (int k = 0; k < NKEPT; k++) {
        const int field = changing(&w->f, k);
        if (field < 0) continue;
        const vl_column *const c = &w->b->col[field];
        vl_buf *const data = &w->s->kept[k].data, *const offset = &w->s->kept[k].offset;
        data->len = offset->len = 0;
        if (vl_buf_append(data, c->data.data, c->data.len, err) ||
            vl_buf_append(offset, c->offset, w->n ? (w->n + 1) * sizeof *c->offset : 0, err))
            return err->code;
    }
    return VL_OK;
}

static void back(void *state, vl_batch *batch)
{
    folding *const s = state;
    const vl_fold_fields f = vl_fold_fields_of(batch->schema);
    for (int k = 0; k < NKEPT; k++) {
        const int field = changing(&f, k);
        if (field < 0) continue;
        vl_buf_swap(&batch->col[field].data, &s->kept[k].data);
        if (s->kept[k].offset.len)
            memcpy(batch->col[field].offset, s->kept[k].offset.data, s->kept[k].offset.len);
    }
}

static vl_code fold_batch(void *state, vl_batch *batch, vl_err *err)
{
    folding *const s = state;
    fold w = { .s = s, .b = batch, .n = batch->nrow[VL_AT_ALIGNMENT] };
    w.f = vl_fold_fields_of(batch->schema);
    if (vl_fold_fields_add(&w.f, batch, err) || vl_buf_reserve(&s->derived, w.n, err) ||
        vl_buf_reserve(&s->shift, w.n * sizeof *w.shift, err))
        return err->code;
    w.derived = s->derived.data;
    w.shift = (int64_t *)(void *)s->shift.data;
    for (size_t i = 0; i < w.n; i++) w.derived[i] = VL_AD_TURNED, w.shift[i] = 0;
    if (keep(&w, err) || fold_mates(&w, err) || vl_modified_fold(&s->modifying, batch, &w.f, err) ||
        fold_letters(&w, err) || one_each(&w, w.f.derived, w.derived, err) ||
        one_each(&w, w.f.shift, w.shift, err) || all_in_first(&w, w.f.consensus, err) ||
        all_in_first(&w, w.f.reference, err))
        return err->code;
    s->modified |= w.f.modified >= 0 || w.f.rest >= 0;
    for (size_t i = 0; i < w.n; i++) vl_turn_quality(batch, i);
    for (int tag = 0; tag < VL_AF_NTAG; tag++)
        if (w.f.tag[tag] >= 0) drop_rows(&w, tag);
    return VL_OK;
}

static void drop(void *state)
{
    folding *const s = state;
    vl_buf *const all[] = { &s->stretch.consensus,
                            &s->stretch.reference,
                            &s->stretch.told,
                            &s->stretch.depth,
                            &s->stretch.vote,
                            &s->mates.row,
                            &s->text,
                            &s->derived,
                            &s->shift };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) vl_buf_free(all[i]);
    vl_differ_free(&s->differing);
    vl_modifying_free(&s->modifying);
    for (int k = 0; k < NKEPT; k++) {
        vl_buf_free(&s->kept[k].data);
        vl_buf_free(&s->kept[k].offset);
    }
}

/* ---- the entry ---- */

/* Programs that do not know tags of modified bases would show rows without them. */
static bool is_of_version_3(const void *state) { return ((const folding *)state)->modified; }

static bool is_folded(const vl_schema *schema) { return vl_fold_fields_of(schema).derived >= 0; }

static void want(vl_want *wants, int field)
{
    if (field >= 0) wants[field] = VL_WANT_ROWS;
}

static bool wanted(const vl_want *wants, int field) { return field >= 0 && wants[field] != VL_WANT_NOT; }

static void needs(const vl_schema *schema, vl_fold_needs *n)
{
    const vl_fold_fields f = vl_fold_fields_of(schema);
    vl_want *const rows = n->rows;
    const bool differ = wanted(rows, f.tag[VL_AF_NM]) || wanted(rows, f.tag[VL_AF_MD]);
    const bool modified = f.modified >= 0 && wanted(rows, f.mm);
    const bool letters = rows[VL_AL_BASE] == VL_WANT_ROWS || differ || modified;
    const bool mc = wanted(rows, f.tag[VL_AF_MC]), mq = wanted(rows, f.tag[VL_AF_MQ]),
               ms = wanted(rows, f.tag[VL_AF_MS]);
    for (int tag = 0; tag < VL_AF_NTAG; tag++)
        if (wanted(rows, f.tag[tag])) want(rows, f.tag[tag]);
    if (modified) {
        want(rows, f.mm);
        want(rows, f.modified);
        want(rows, f.named);
    }
    if (f.rest >= 0 && wanted(rows, f.ml)) {
        want(rows, f.ml);
        want(rows, f.rest);
    }
    n->told[0] = letters ? f.consensus : -1;
    n->told[1] = differ ? f.reference : -1;
    if (f.consensus >= 0) rows[f.consensus] = VL_WANT_NOT;
    if (f.reference >= 0) rows[f.reference] = VL_WANT_NOT;
    const bool turned = letters || rows[VL_AL_QUALITY] == VL_WANT_ROWS;
    if (mc || mq || ms || turned) want(rows, f.derived);
    if (turned) want(rows, VL_AL_PLACE);
    if (letters) {
        const int all[] = { VL_AL_PLACE, VL_AL_CIGAR, VL_AL_BASE, VL_AL_QUALITY,
                            f.shift,     f.literal,   f.differ,   f.differ_at };
        for (size_t i = 0; i < sizeof all / sizeof *all; i++) want(rows, all[i]);
    }
    if (letters || mc || mq || ms) {
        want(n->reach, VL_AL_PLACE);
        want(n->reach, f.shift);
        want(n->reach, f.derived);
    }
    if (mc || mq || ms) want(n->near, VL_AL_PLACE);
    if (mc) want(n->near, VL_AL_CIGAR);
    if (mq) want(n->near, VL_AL_MAPQ);
    if (ms) want(n->near, VL_AL_QUALITY);
}

const vl_fold vl_alignments_fold = { .table = VL_AT_ALIGNMENT,
                                     .near = VL_AF_NEAR,
                                     .state = sizeof(folding),
                                     .fold = fold_batch,
                                     .back = back,
                                     .drop = drop,
                                     .is_of_version_3 = is_of_version_3,
                                     .is_folded = is_folded,
                                     .needs = needs,
                                     .reach = vl_alignments_reach,
                                     .unfold = vl_alignments_unfold };
