/* The rows of a store in batches for print (walk.h). */
#include "pipeline/out/walk.h"

#include "pipeline/out/weigh.h"

#include <inttypes.h>
#include <stdlib.h>

enum {
    BLOCK_ELEMENTS = 1 << 20, /* of the field that weighs */
    BLOCK_BYTES = 4 << 20,    /* of pieces, or of the stream */
    MOST_ROWS = 1 << 14,
    MOST_POINTERS = 512 /* rows with pieces */
};

vl_code vl_walker_open(vl_walker *w, vl_reader *r, const vl_way *way, vl_err *err)
{
    const vl_schema *const schema = vl_reader_columns(r)->schema;
    *w = (vl_walker){ .r = r, .way = *way, .nrow = vl_reader_nrow(r, way->lead), .stream = -1, .guess = 64 };
    w->pieces = vl_schema_piece_table(schema) == way->lead;
    if (way->at >= 0) w->stream = schema->field[way->at].ref_to;
    const int column = w->stream < 0 ? -1 : vl_reader_column(r, w->stream);
    if (column >= 0) w->ntext = vl_store_column(vl_reader_store(r), column)->nelem;
    if (way->added) {
        if (vl_reader_want(r, NULL, 0, &w->want, err)) return err->code;
        for (int f = 0; f < schema->nfield; f++) w->want[f] = VL_WANT_ROWS;
    }
    if (w->nrow % way->step)
        return vl_fail(err, VL_ESTORE, "%" PRIu64 " rows of %s, which come in groups of %zu", w->nrow,
                       schema->table[way->lead], way->step);
    return VL_OK;
}

/* Rows from next on that make about BLOCK_ELEMENTS; whole steps. */
static vl_code weigh_rows(vl_walker *w, size_t *n, vl_work *work, vl_err *err)
{
    uint64_t elements = 0;
    size_t most = 4 * w->guess < MOST_ROWS ? 4 * w->guess : MOST_ROWS;
    if (most > w->nrow - w->next) most = (size_t)(w->nrow - w->next);
    if (!vl_weigh_rows(w->r, w->way.weigh, w->next, w->way.step, BLOCK_ELEMENTS, &most, &elements, work, err))
        *n = w->guess = most;
    return err->code;
}

/* How many of the first n rows, which are loaded, make about BLOCK_BYTES of pieces and of text between
 * them. */
static vl_code weigh_pieces(const vl_walker *w, const vl_batch *b, size_t n, size_t *out, vl_err *err)
{
    uint64_t bytes = 0;
    for (*out = 0; *out < n; ++*out) {
        const uint64_t at = w->stream < 0 ? 0 : vl_u64_at(b, w->way.at, *out);
        uint64_t more = 0;
        if (w->stream >= 0 && (at < w->text || at > w->ntext))
            return vl_fail(err, VL_ESTORE, "row %" PRIu64 " of %s stands at element %" PRIu64 " of %s",
                           w->next + *out, b->schema->table[w->way.lead], at,
                           b->schema->field[w->stream].path);
        if (w->pieces && vl_reader_piece_bytes(w->r, b, *out, &more, err)) return err->code;
        bytes += more;
        if (*out && (bytes > BLOCK_BYTES || (w->stream >= 0 && at - w->text > BLOCK_BYTES))) break;
    }
    return VL_OK;
}

/* Rows at one place of the stream make one text, so they stay together: n of the rows that are loaded, or
 * fewer, or, where the first place has more, those. */
static size_t whole_places(const vl_walker *w, const vl_batch *b, size_t n, size_t loaded)
{
    if (w->stream < 0 || w->way.loose || !n || w->next + n == w->nrow) return n;
    const uint64_t last = vl_u64_at(b, w->way.at, n - 1);
    size_t whole = n;
    if (n < loaded && vl_u64_at(b, w->way.at, n) != last) return n;
    while (whole && vl_u64_at(b, w->way.at, whole - 1) == last) whole--;
    if (whole) return whole;
    while (n < loaded && vl_u64_at(b, w->way.at, n) == last) n++;
    return n;
}

/* The part of the stream up to row n of the batch, where row n stands; positions then count from its
 * beginning. */
static vl_code plan_stream(vl_walker *w, vl_plan *plan, size_t n, vl_err *err)
{
    uint8_t *const at = plan->batch.col[w->way.at].data.data;
    uint64_t to = n ? vl_le64(at + 8 * (n - 1)) : w->text;
    if (w->next + n == w->nrow) to = w->ntext - to > BLOCK_BYTES ? to + BLOCK_BYTES : w->ntext;
    for (size_t i = 0; i < n; i++) {
        const uint64_t here = vl_le64(at + 8 * i);
        if (here < w->text || here > to)
            return vl_fail(err, VL_ESTORE, "rows are not in the order of the text");
        vl_put_le64(at + 8 * i, here - w->text);
    }
    if (vl_reader_stream(w->r, plan, w->stream, w->text, to - w->text, err)) return err->code;
    w->text = to;
    return VL_OK;
}

/* Rows whose sizes stand in themselves are loaded here: it is a few of them, and small. */
static vl_code plan_pointers(vl_walker *w, vl_plan *plan, size_t *n, vl_work *work, vl_err *err)
{
    const size_t most = w->nrow - w->next < MOST_POINTERS ? (size_t)(w->nrow - w->next) : MOST_POINTERS;
    if (vl_reader_rows(w->r, plan, w->way.lead, w->next, most, NULL, work, err) ||
        vl_reader_load(w->r, plan, work, err) || weigh_pieces(w, &plan->batch, most, n, err))
        return err->code;
    *n = whole_places(w, &plan->batch, *n, most);
    plan->batch.nrow[w->way.lead] = *n;
    if (w->pieces && vl_reader_pieces(w->r, plan, *n, err)) return err->code;
    return w->stream < 0 ? VL_OK : plan_stream(w, plan, *n, err);
}

/* The stream that comes with the first batch. */
static vl_code plan_head(vl_walker *w, vl_plan *plan, vl_err *err)
{
    const int field = w->way.head - 1, column = field < 0 || w->begun ? -1 : vl_reader_column(w->r, field);
    w->begun = true;
    if (column < 0) return VL_OK;
    return vl_reader_stream(w->r, plan, field, 0, vl_store_column(vl_reader_store(w->r), column)->nelem, err);
}

static vl_code plan_follow(vl_walker *w, vl_plan *plan, size_t n, vl_work *work, vl_err *err)
{
    if (w->way.by) return vl_reader_referred(w->r, plan, w->way.by - 1, w->next, n, NULL, work, err);
    return vl_reader_rows(w->r, plan, w->way.follow, w->next / w->way.step, n / w->way.step, NULL, work, err);
}

vl_code vl_walker_plan(vl_walker *w, vl_plan *plan, vl_work *work, bool *last, vl_err *err)
{
    size_t n = 0;
    if (plan_head(w, plan, err)) return err->code;
    if (w->way.weigh < 0) {
        if (plan_pointers(w, plan, &n, work, err)) return err->code;
    } else {
        if (w->nrow && weigh_rows(w, &n, work, err)) return err->code;
        if (vl_reader_rows(w->r, plan, w->way.lead, w->next, n, w->want, work, err)) return err->code;
    }
    if (w->way.follow >= 0 && plan_follow(w, plan, n, work, err)) return err->code;
    w->next += n;
    *last = w->next == w->nrow && w->text == w->ntext;
    return VL_OK;
}

vl_code vl_walker_load(const vl_walker *w, vl_plan *plan, vl_work *work, vl_err *err)
{
    if (w->way.weigh >= 0) return vl_reader_load(w->r, plan, work, err);
    if (w->stream >= 0 && vl_reader_load_stream(w->r, plan, w->stream, work, err)) return err->code;
    return w->pieces ? vl_reader_load_pieces(w->r, plan, work, err) : VL_OK;
}

void vl_walker_close(vl_walker *w)
{
    free(w->want);
    *w = (vl_walker){ 0 };
}
