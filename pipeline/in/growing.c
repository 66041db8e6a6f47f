/* A column that grows (growing.h). */
#include "pipeline/in/growing.h"

#include <stdlib.h>
#include <string.h>

/* Ends of rows that a codec is shown, of one chunk: of more, as rows may be empty and never fill it, none. */
enum { MOST_ROWS = 1 << 18 };

void vl_growing_free(vl_growing *c)
{
    if (!c) return;
    vl_growing_free(c->beside);
    vl_wait_free(&c->wait);
    vl_buf_free(&c->open);
    vl_rows_shown_free(&c->shown);
    vl_buf_free(&c->model.bytes);
    XXH3_freeState(c->hash);
    free(c);
}

vl_growing *vl_growing_new(const vl_spec *spec, vl_err *err)
{
    vl_growing *const c = calloc(1, sizeof *c);
    if (c) c->hash = XXH3_createState();
    if (!c || !c->hash) {
        vl_growing_free(c);
        vl_fail(err, VL_ENOMEM, "no memory for a column");
        return NULL;
    }
    c->spec = *spec;
    if (vl_codec_learner(spec->use, spec->type)) c->spec.model = &c->model;
    XXH3_128bits_reset(c->hash);
    return c;
}

/* What the waiting chunks share goes first, in one chunk. */
vl_code vl_growing_end_wait(vl_growing *c, vl_chunks *out, vl_err *err)
{
    const vl_buf *const plain = &c->wait.shared.plain;
    vl_growing *const b = c->beside;
    if (vl_wait_end(&c->wait, err)) return err->code;
    if (plain->len) {
        XXH3_128bits_update(b->hash, plain->data, plain->len);
        b->n = plain->len / vl_type_width(b->spec.type);
        if (vl_buf_append(&b->open, plain->data, plain->len, err) || vl_growing_emit(b, true, out, err))
            return err->code;
    }
    return vl_wait_move(&c->wait, out, err);
}

/* Moves the open chunk to the list, or to those that wait. */
vl_code vl_growing_emit(vl_growing *c, bool last, vl_chunks *out, vl_err *err)
{
    bool over = false;
    vl_chunk *const chunk = vl_chunks_add(c->wait.codec ? &c->wait.chunks : out, err);
    if (!chunk) return err->code;
    chunk->spec = &c->spec;
    chunk->first = c->first;
    chunk->count = c->open.len / vl_type_width(c->spec.type);
    chunk->last = last;
    chunk->line = 0;
    vl_buf_swap(&chunk->raw, &c->open);
    const vl_rows_shown shown = chunk->shown; /* its buffers */
    chunk->shown = c->shown;
    c->shown = shown;
    if (c->crowded) chunk->shown.end.len = chunk->shown.guide.len = chunk->shown.guide_end.len = 0;
    c->crowded = false;
    c->open.len = c->shown.end.len = c->shown.guide.len = c->shown.guide_end.len = 0;
    c->shown.before = 0;
    c->first += chunk->count;
    if (!c->wait.codec || vl_wait_take(&c->wait, chunk, &over, err)) return err->code;
    return over ? vl_growing_end_wait(c, out, err) : VL_OK;
}

/* Room for n bytes more: a whole chunk for a column that fills one soon, little for the many that never
 * do. */
static vl_code reserve(vl_growing *c, size_t n, vl_err *err)
{
    const size_t want = c->open.len + n, full = vl_chunk_bytes(&c->spec);
    return vl_buf_reserve(&c->open, want > full / 2 ? full : want, err);
}

vl_code vl_growing_append(vl_growing *c, const uint8_t *bytes, size_t len, vl_chunks *out, vl_err *err)
{
    const size_t full = vl_chunk_bytes(&c->spec);
    XXH3_128bits_update(c->hash, bytes, len);
    c->n += len / vl_type_width(c->spec.type);
    while (len) {
        const size_t room = full - c->open.len, n = len < room ? len : room;
        if (reserve(c, n, err)) return err->code;
        memcpy(c->open.data + c->open.len, bytes, n);
        c->open.len += n;
        bytes += n;
        len -= n;
        if (c->open.len == full && vl_growing_emit(c, false, out, err)) return err->code;
    }
    return VL_OK;
}

/* ---- rows ---- */

/* What guides a codec to the rows of a batch's column. */
typedef struct guided {
    const vl_batch *batch;
    const int *field; /* ends with -1; NULL: nothing */
} guided;

/* What stands in row i of the columns that guide. */
static vl_code show_guide(vl_growing *c, const guided *g, size_t i, vl_err *err)
{
    vl_buf *const to = &c->shown.guide;
    if (!c->wants_guide || c->crowded) return VL_OK;
    for (const int *f = g->field; *f >= 0; f++) {
        const vl_column *const col = &g->batch->col[*f];
        const size_t width = vl_type_width(g->batch->schema->field[*f].type),
                     from = col->offset[i] - col->offset[0];
        const size_t n = (col->offset[i + 1] - col->offset[i]) * width;
        if (n && vl_buf_append(to, col->data.data + from * width, n, err)) return err->code;
    }
    const uint32_t end = (uint32_t)to->len;
    c->crowded |= to->len > UINT32_MAX / 2;
    return vl_buf_append(&c->shown.guide_end, &end, sizeof end, err);
}

/* The rows of a batch that end within the open chunk, once it holds the elements up to `to`, from row *i on.
 * An empty row that stands where a chunk ends is the next one's, wherever batches end. */
static vl_code note_rows(vl_growing *c, const vl_column *col, const guided *g, uint64_t base, uint64_t to,
                         size_t *i, vl_err *err)
{
    const uint64_t full = c->first + vl_chunk_elements(&c->spec);
    for (; *i < col->nrow; ++*i) {
        const uint64_t from = base + col->offset[*i], end = base + col->offset[*i + 1];
        if (end > to || (end == full && from == end)) break;
        c->crowded |= c->shown.end.len == MOST_ROWS * sizeof(uint32_t);
        if (c->crowded) continue;
        const uint32_t place = (uint32_t)(end - c->first);
        if (vl_buf_append(&c->shown.end, &place, sizeof place, err) || show_guide(c, g, *i, err)) break;
    }
    return err->code;
}

vl_code vl_growing_append_rows(vl_growing *c, const vl_batch *batch, int f, vl_chunks *out, vl_err *err)
{
    const vl_column *const col = &batch->col[f];
    const guided g = { batch, batch->schema->field[f].guide };
    const size_t width = vl_type_width(c->spec.type);
    const uint64_t base = c->n, all = base + col->data.len / width;
    size_t i = 0;
    do {
        const uint64_t room = c->first + vl_chunk_elements(&c->spec), to = all < room ? all : room;
        const size_t n = (size_t)(to - c->n) * width;
        if (note_rows(c, col, &g, base, to, &i, err)) break;
        /* the next row begins in this chunk, and goes on in another */
        const uint64_t from = i < col->nrow ? base + col->offset[i] : to;
        if (from < to && show_guide(c, &g, i, err)) break;
        if (n && vl_growing_append(c, col->data.data + (c->n - base) * width, n, out, err)) break;
        if (from < to) c->shown.before = to - from;
    } while (c->n < all || i < col->nrow);
    return err->code;
}
