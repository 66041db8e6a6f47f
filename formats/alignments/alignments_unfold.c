/* What was left out of alignments is made again (alignments_fold.h). Stores are not believed. */
#include "formats/alignments/alignments_fold.h"

#include <inttypes.h>
#include <string.h>

/* Tags that follow from mates. */
enum { OF_MATE = VL_AD_TAG << VL_AF_MC | VL_AD_TAG << VL_AF_MQ | VL_AD_TAG << VL_AF_MS };

typedef struct unfold {
    const vl_folded *in;
    vl_batch *b;
    vl_fold_fields f;
    size_t n, before; /* rows; rows of near before them */
    vl_ends mates;
    vl_buf text, data, reference, order;
} unfold;

static vl_code fail(const vl_batch *b, size_t i, const char *what, vl_err *err)
{
    return vl_fail(err, VL_ESTORE, "row %" PRIu64 ": %s", b->first[VL_AT_ALIGNMENT] + i, what);
}

/* ---- which letters of contigs ---- */

static unsigned derived_at(const vl_batch *b, const vl_fold_fields *f, size_t i)
{
    const vl_column *const c = &b->col[f->derived];
    return c->offset[i + 1] > c->offset[i] ? c->data.data[c->offset[i]] : 0;
}

/* Element of the letters that a row begins on; false: it says none, or one that there cannot be. */
static bool start_of(const vl_batch *b, const vl_fold_fields *f, size_t i, uint64_t *at)
{
    const vl_column *const c = &b->col[f->shift];
    const int64_t position = vl_place_at(b, i, VL_PLACE_POSITION);
    if (c->offset[i + 1] == c->offset[i]) return false;
    *at = (uint64_t)position + vl_le64(c->data.data + 8 * c->offset[i]);
    return *at <= INT64_MAX;
}

vl_code vl_alignments_reach(const vl_batch *b, vl_fold_reach *out, vl_err *err)
{
    enum { MOST = 1 << 29 };
    const vl_fold_fields f = vl_fold_fields_of(b->schema);
    *out = (vl_fold_reach){ .from = UINT64_MAX };
    if (f.shift < 0 || f.consensus < 0 || !vl_places_fit(b))
        return fail(b, 0, "it does not say where it lies", err);
    for (size_t i = 0; i < b->nrow[VL_AT_ALIGNMENT]; i++) {
        uint64_t at;
        const unsigned derived = derived_at(b, &f, i);
        out->near |= (derived & OF_MATE) != 0;
        if (!(derived & VL_AD_LIES)) continue;
        const uint64_t span = (uint64_t)vl_place_at(b, i, VL_PLACE_SPAN);
        if (!start_of(b, &f, i, &at) || span > MOST) return fail(b, i, "it does not say where it lies", err);
        out->from = at < out->from ? at : out->from;
        out->to = at + span > out->to ? at + span : out->to;
    }
    if (out->from > out->to) out->from = out->to = 0;
    if (out->to - out->from <= MOST) return VL_OK;
    return fail(b, 0, "rows lie far from each other in alignments/consensus", err);
}

/* How a row lies, and on which of the elements that tell; false: the store makes no sense. */
static bool lies_at(const unfold *u, size_t i, vl_aligned *l, size_t *at)
{
    uint64_t element;
    if (!(derived_at(u->b, &u->f, i) & VL_AD_LIES) || !vl_lies(u->b, i, l) || !l->n ||
        !start_of(u->b, &u->f, i, &element) || element < u->in->from || element > u->in->to ||
        l->span > u->in->to - element)
        return false;
    *at = (size_t)(element - u->in->from);
    return true;
}

/* ---- letters ---- */

/* False: there are not so many. */
static bool take_literal(vl_cell *literal, uint8_t *letter, size_t n)
{
    if (n > literal->n) return false;
    if (!n) return true; /* there may be none in the whole batch */
    memcpy(letter, literal->at, n);
    literal->at += n;
    literal->n -= n;
    return true;
}

static bool unfold_lying(const unfold *u, size_t i, uint8_t *letter, vl_cell *literal)
{
    vl_aligned l;
    size_t at;
    if (!lies_at(u, i, &l, &at)) return false;
    const uint8_t *const contig = u->in->told[0] + at;
    for (vl_aligned_step s = { 0 }; vl_aligned_next(&l, &s);) {
        if (s.on_contig && s.in_read) memcpy(letter + s.read, contig + s.contig, s.n);
        else if (s.in_read && !take_literal(literal, letter + s.read, s.n)) return false;
    }
    return true;
}

static vl_code unfold_row(unfold *u, size_t i, unsigned derived, uint8_t *letter, size_t n, vl_err *err)
{
    vl_cell literal = vl_row(&u->b->col[u->f.literal], i);
    bool fits = derived & VL_AD_LIES ? unfold_lying(u, i, letter, &literal)
                                     : n == literal.n && take_literal(&literal, letter, n);
    if (fits && vl_differ_take(u->b, &u->f, i, letter, n, &u->order, &fits, err)) return err->code;
    return fits && !literal.n ? VL_OK : fail(u->b, i, "its letters do not fit what they are folded by", err);
}

static vl_code unfold_letters(unfold *u, vl_err *err)
{
    vl_column *const base = &u->b->col[VL_AL_BASE];
    if (u->f.literal < 0 || u->f.differ < 0 || u->f.differ_at < 0)
        return fail(u->b, 0, "what its letters are folded by is not there", err);
    for (size_t i = 0; i < u->n; i++) {
        const unsigned derived = derived_at(u->b, &u->f, i);
        const size_t n = (size_t)(base->offset[i + 1] - base->offset[i]);
        if (!(derived & VL_AD_LETTERS) || !n) continue;
        if (unfold_row(u, i, derived, base->data.data + base->offset[i], n, err)) return err->code;
    }
    return VL_OK;
}

/* What the contigs have, where the consensus is not the same. */
static vl_code unfold_reference(unfold *u, vl_err *err)
{
    const size_t n = (size_t)(u->in->to - u->in->from);
    if (vl_buf_reserve(&u->reference, n + VL_PAD, err)) return err->code;
    uint8_t *const to = u->reference.data;
    const uint8_t *const reference = u->in->told[1], *const consensus = u->in->told[0];
    for (size_t k = 0; k < n; k++) to[k] = reference[k] == '=' ? consensus[k] : reference[k];
    return VL_OK;
}

/* ---- tags ---- */

static vl_code make_tag(unfold *u, int tag, size_t i, int64_t *number, vl_err *err)
{
    size_t mate, at;
    vl_aligned l;
    if (tag == VL_AF_NM || tag == VL_AF_MD) {
        const vl_column *const base = &u->b->col[VL_AL_BASE];
        if (!lies_at(u, i, &l, &at)) return fail(u->b, i, "what differs from the contig cannot be told", err);
        return vl_differences(&l, base->data.data + base->offset[i], u->reference.data + at, &u->text, number,
                              err);
    }
    if (!u->in->near->nrow[VL_AT_ALIGNMENT] || !vl_mate_of(&u->mates, u->in->near, u->before + i, &mate))
        return fail(u->b, i, "its mate is not near, and should tell of it", err);
    if (tag == VL_AF_MC) return vl_mate_cigar(u->in->near, mate, &u->text, err);
    *number =
        tag == VL_AF_MQ ? u->in->near->col[VL_AL_MAPQ].data.data[mate] : vl_mate_quality(u->in->near, mate);
    return VL_OK;
}

static vl_code put_tag(unfold *u, int tag, size_t i, bool text, vl_err *err)
{
    uint8_t bytes[8];
    int64_t number = 0;
    if (make_tag(u, tag, i, &number, err)) return err->code;
    if (text) return vl_buf_append(&u->data, u->text.data, u->text.len, err);
    vl_put_le64(bytes, (uint64_t)number);
    return vl_buf_append(&u->data, bytes, sizeof bytes, err);
}

static vl_code unfold_tag(unfold *u, int tag, vl_err *err)
{
    const int field = u->f.tag[tag];
    vl_column *const c = &u->b->col[field];
    const size_t width = vl_type_width(u->b->schema->field[field].type);
    uint64_t from = 0;
    u->data.len = 0;
    for (size_t i = 0; i < u->n; i++) {
        const uint64_t end = c->offset[i + 1];
        if (derived_at(u->b, &u->f, i) >> tag & VL_AD_TAG) {
            if (end != from) return fail(u->b, i, "it has a tag that should follow from others", err);
            if (put_tag(u, tag, i, width == 1, err)) return err->code;
        } else if (end > from &&
                   vl_buf_append(&u->data, c->data.data + from * width, (size_t)(end - from) * width, err)) {
            return err->code;
        }
        from = end;
        c->offset[i + 1] = u->data.len / width;
    }
    vl_buf_swap(&c->data, &u->data);
    return VL_OK;
}

/* Does any row need it? */
static bool has_bits(const unfold *u, unsigned bits)
{
    for (size_t i = 0; i < u->n; i++)
        if (derived_at(u->b, &u->f, i) & bits) return true;
    return false;
}

static bool wants(const unfold *u, int field) { return field >= 0 && u->in->want[field] != VL_WANT_NOT; }
static bool wants_tag(const unfold *u, int tag) { return wants(u, u->f.tag[tag]); }

static vl_code unfold_tags(unfold *u, vl_err *err)
{
    if (u->in->near->nrow[VL_AT_ALIGNMENT] && has_bits(u, OF_MATE)) {
        if (!vl_places_fit(u->in->near)) return fail(u->b, 0, "rows near it have no places", err);
        if (vl_ends_find(&u->mates, u->in->near, err)) return err->code;
    }
    for (int tag = 0; tag < VL_AF_NTAG; tag++) {
        if (!wants_tag(u, tag) || !has_bits(u, (unsigned)VL_AD_TAG << tag)) continue;
        if (unfold_tag(u, tag, err)) return err->code;
    }
    return VL_OK;
}

static void turn_qualities(unfold *u)
{
    for (size_t i = 0; i < u->n; i++)
        if (derived_at(u->b, &u->f, i) & VL_AD_TURNED) vl_turn_quality(u->b, i);
}

/* What was not asked for is as it was stored, or was not read. */
static vl_code unfold_all(unfold *u, vl_err *err)
{
    const bool differ = wants_tag(u, VL_AF_NM) || wants_tag(u, VL_AF_MD);
    const bool modified = u->f.modified >= 0 && wants(u, u->f.mm);
    const bool letters = differ || modified || u->in->want[VL_AL_BASE] == VL_WANT_ROWS;
    const bool turned = letters || u->in->want[VL_AL_QUALITY] == VL_WANT_ROWS;
    const bool of_mate = wants_tag(u, VL_AF_MC) || wants_tag(u, VL_AF_MQ) || wants_tag(u, VL_AF_MS);
    if (turned && !vl_places_fit(u->b)) return fail(u->b, 0, "a place is not of eight numbers", err);
    if (turned) turn_qualities(u);
    if ((letters && unfold_letters(u, err)) || (differ && unfold_reference(u, err))) return err->code;
    if (modified && vl_modified_unfold(u->b, &u->f, &u->data, &u->text, err)) return err->code;
    if (u->f.rest >= 0 && wants(u, u->f.ml) && vl_likely_unfold(u->b, &u->f, &u->data, err)) return err->code;
    return differ || of_mate ? unfold_tags(u, err) : VL_OK;
}

vl_code vl_alignments_unfold(const vl_folded *in, vl_err *err)
{
    vl_batch *const b = in->batch;
    unfold u = { .in = in, .b = b, .f = vl_fold_fields_of(b->schema), .n = b->nrow[VL_AT_ALIGNMENT] };
    vl_buf *const room[] = { &u.data, &u.text, &u.reference, &u.order, &u.mates.row };
    const uint64_t first = in->near->first[VL_AT_ALIGNMENT];
    u.before = in->near->nrow[VL_AT_ALIGNMENT] ? (size_t)(b->first[VL_AT_ALIGNMENT] - first) : 0;
    for (size_t i = 0; i < sizeof room / sizeof *room; i++) vl_buf_swap(room[i], &in->room[i]);
    unfold_all(&u, err);
    for (size_t i = 0; i < sizeof room / sizeof *room; i++) vl_buf_swap(room[i], &in->room[i]);
    return err->code;
}
