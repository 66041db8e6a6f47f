/* Pieces (reader.h): rows that name a column, its first element and how many; their elements side by side. */
#include "pipeline/out/reader.h"

#include <inttypes.h>
#include <stdlib.h>

/* The fields of the piece table; false: the kind has no pieces. */
typedef struct pointers {
    const uint8_t *column, *start, *length; /* u16, u64, u64 of each row */
    uint64_t first;                         /* number of row 0 in the store */
} pointers;

static bool find_pointers(const vl_batch *b, pointers *p)
{
    const vl_schema *const s = b->schema;
    *p = (pointers){ 0 };
    for (int f = 0; f < s->nfield; f++) {
        const uint8_t *const data = b->col[f].data.data;
        if (s->field[f].ref == VL_REF_PIECE_COLUMN) p->column = data;
        if (s->field[f].ref == VL_REF_PIECE_START) p->start = data, p->first = b->first[s->field[f].table];
        if (s->field[f].ref == VL_REF_PIECE_LENGTH) p->length = data;
    }
    return p->column && p->start && p->length;
}

/* Row i: the number of its column, its first element and how many. */
static vl_code point(const vl_columns *c, const pointers *p, size_t i, unsigned *k, uint64_t *start,
                     uint64_t *length, vl_err *err)
{
    uint64_t end;
    *k = vl_le16(p->column + 2 * i);
    *start = vl_le64(p->start + 8 * i);
    *length = vl_le64(p->length + 8 * i);
    if (*k < (unsigned)c->npiece && !__builtin_add_overflow(*start, *length, &end) &&
        *length <= UINT64_MAX / 64)
        return VL_OK;
    return vl_fail(err, VL_ESTORE, "array %" PRIu64 " is in column %u of %d", p->first + i, *k, c->npiece);
}

vl_code vl_reader_piece_bytes(const vl_reader *r, const vl_batch *b, size_t i, uint64_t *bytes, vl_err *err)
{
    unsigned k;
    uint64_t start, length;
    pointers p;
    const vl_columns *const c = vl_reader_columns(r);
    if (!find_pointers(b, &p)) return vl_fail(err, VL_EBUG, "a row of no piece table");
    if (point(c, &p, i, &k, &start, &length, err)) return err->code;
    *bytes = length * vl_type_width(c->piece[k].type);
    return VL_OK;
}

vl_code vl_reader_pieces(vl_reader *r, vl_plan *plan, size_t n, vl_err *err)
{
    const vl_columns *const c = vl_reader_columns(r);
    uint64_t from[VL_MAX_PIECE_COLUMN], to[VL_MAX_PIECE_COLUMN] = { 0 };
    pointers p;
    plan->npiece = n;
    for (int i = 0; i < c->npiece; i++) from[i] = UINT64_MAX;
    if (!find_pointers(&plan->batch, &p) && n) return vl_fail(err, VL_EBUG, "%zu rows of no piece table", n);
    for (size_t i = 0; i < n; i++) {
        unsigned k;
        uint64_t start, length;
        if (point(c, &p, i, &k, &start, &length, err)) return err->code;
        if (!length) continue;
        if (start < from[k]) from[k] = start;
        if (start + length > to[k]) to[k] = start + length;
    }
    for (int k = 0; k < c->npiece; k++) {
        const uint64_t count = to[k] ? to[k] - from[k] : 0;
        if (vl_reader_span(r, &plan->piece[k], c->column[c->piece_field[k]], count ? from[k] : 0, count, err))
            return err->code;
    }
    return VL_OK;
}

/* Elements of all spans behind each other in values; at [npiece column]: where each begins. */
static vl_code copy_pieces(vl_reader *r, vl_plan *plan, size_t *at, vl_work *work, vl_err *err)
{
    const vl_columns *const c = vl_reader_columns(r);
    vl_buf *const values = &plan->batch.values;
    size_t bytes = 0;
    for (int k = 0; k < c->npiece; k++) {
        const vl_span *const span = &plan->piece[k];
        at[k] = bytes;
        if (span->column >= 0) bytes += (span->count * vl_type_width(c->piece[k].type) + 63) & ~(size_t)63;
    }
    values->len = 0;
    if (vl_buf_reserve(values, bytes, err)) return err->code;
    values->len = bytes;
    for (int k = 0; k < c->npiece && !err->code; k++)
        vl_reader_copy_span(r, &plan->piece[k], values->data + at[k], work, err);
    return err->code;
}

vl_code vl_reader_load_pieces(vl_reader *r, vl_plan *plan, vl_work *work, vl_err *err)
{
    const vl_columns *const c = vl_reader_columns(r);
    vl_batch *const b = &plan->batch;
    size_t at[VL_MAX_PIECE_COLUMN];
    pointers p;
    if (copy_pieces(r, plan, at, work, err)) return err->code;
    if (plan->npiece > b->cpiece) {
        vl_piece *const more = realloc(b->piece, plan->npiece * sizeof *more);
        if (!more) return vl_fail(err, VL_ENOMEM, "no memory for %zu pieces", plan->npiece);
        b->piece = more;
        b->cpiece = plan->npiece;
    }
    find_pointers(b, &p);
    for (size_t i = 0; i < plan->npiece; i++) {
        const uint16_t k = vl_le16(p.column + 2 * i);
        const uint64_t length = vl_le64(p.length + 8 * i),
                       skip = length ? vl_le64(p.start + 8 * i) - plan->piece[k].first : 0;
        b->piece[i] = (vl_piece){ k, at[k] + skip * vl_type_width(c->piece[k].type), length };
    }
    b->npiece = plan->npiece;
    for (int k = 0; k < c->npiece; k++) vl_reader_drop_span(r, &plan->piece[k]);
    return VL_OK;
}
