/* Rows on several grids (grid_rows.h). */
#include "pipeline/codec/grid_rows.h"

enum { MOST_GRIDS = 8, LEAST_FITS = 3, SHORT = 512 };

typedef struct row {
    uint32_t n;
    uint8_t grid;
} row;

/* The grids of a chunk, and how many values lie on each. */
typedef struct grids {
    vl_grid grid[MOST_GRIDS];
    uint64_t bits[MOST_GRIDS]; /* of 1024 values, when it was found */
    size_t total[MOST_GRIDS], first[MOST_GRIDS];
    size_t n, nfit, nrow; /* nrow: that found theirs */
} grids;

void vl_grid_rows_init(vl_grid_rows *g)
{
    *g = (vl_grid_rows){ 0 };
    vl_residuals_init(&g->residuals);
}

void vl_grid_rows_free(vl_grid_rows *g)
{
    vl_residuals_free(&g->residuals);
    vl_grid_room_free(&g->room);
    vl_buf_free(&g->row);
    vl_buf_free(&g->step);
    vl_buf_free(&g->residual);
    vl_buf_free(&g->part);
}

uint64_t *vl_room_of(vl_buf *buf, size_t n, vl_err *err)
{
    return vl_buf_reserve(buf, n * sizeof(uint64_t) + 1, err) ? NULL : (uint64_t *)(void *)buf->data;
}

/* ---- the way out ---- */

vl_code vl_put_signed(vl_grid_rows *g, uint64_t *v, size_t n, unsigned bits, vl_work *work, vl_buf *out,
                      vl_err *err)
{
    const uint8_t signs = vl_fold_signs(v, n, bits);
    if (vl_buf_append(out, &signs, 1, err)) return err->code;
    return vl_residuals_pack(&g->residuals, v, n, work, out, err);
}

/* Rows, in g->row: a new one where a value is less than the one before. Bits of floats that are not negative
 * rise as they do. */
static vl_code find_rows(vl_grid_rows *g, const uint64_t *v, size_t n, size_t *nrow, vl_err *err)
{
    g->row.len = 0;
    for (size_t i = 0, from = 0; i < n; i++) {
        const size_t so_far = i + 1 - from;
        const bool ends = i + 1 == n || (v[i + 1] < v[i] && so_far >= SHORT && n - i > SHORT);
        const row r = { (uint32_t)so_far, 0 };
        if (!ends) continue;
        if (vl_buf_append(&g->row, &r, sizeof r, err)) return err->code;
        from = i + 1;
    }
    *nrow = g->row.len / sizeof(row);
    return VL_OK;
}

/* The grid of v [n]: one of those that there are, if it is about as good as it was, else one that is fitted.
 * A few fits tell enough; and where all rows at first had one and the same grid, some of the others do. */
static vl_code find_grid(vl_grid_rows *g, grids *all, const uint64_t *v, size_t n, size_t width,
                         uint8_t *which, vl_err *err)
{
    uint64_t least = UINT64_MAX, bits;
    vl_grid fitted;
    enum { AT_FIRST = 16, SOME = 4 };
    const bool looks = all->n != 1 || all->nrow < AT_FIRST || all->nrow % SOME == 0;
    *which = 0;
    all->nrow++;
    if (!looks || (all->nfit == LEAST_FITS && all->n == 1 && !all->grid[0].scale)) return VL_OK;
    for (size_t i = 0; i < all->n; i++) {
        if (vl_grid_measure(&g->room, &g->residuals, v, n, width, &all->grid[i], &bits, err))
            return err->code;
        if (bits >= least) continue;
        least = bits;
        *which = (uint8_t)i;
    }
    if (all->nfit == MOST_GRIDS || (all->n && least < all->bits[*which] + all->bits[*which] / 8))
        return VL_OK;
    if (vl_grid_fit(&g->room, &g->residuals, v, n, width, &fitted, &bits, err)) return err->code;
    all->nfit++;
    if (all->n && bits > least - least / 16) return VL_OK;
    *which = (uint8_t)all->n;
    all->grid[all->n] = fitted;
    all->bits[all->n++] = bits;
    return VL_OK;
}

static vl_code put_rows(const grids *all, const row *r, size_t nrow, vl_buf *out, vl_err *err)
{
    vl_add_number(out, all->n, err);
    for (size_t i = 0; i < all->n && !err->code; i++) {
        const uint8_t head[2] = { all->grid[i].scale, all->grid[i].pace };
        uint64_t step;
        memcpy(&step, &all->grid[i].step, sizeof step);
        if (!vl_buf_append(out, head, head[0] ? 2 : 1, err) && head[0]) vl_add_le64(out, step, err);
    }
    vl_add_number(out, nrow, err);
    for (size_t i = 0; nrow > 1 && i < nrow && !err->code; i++)
        if (!vl_add_number(out, r[i].n, err)) vl_buf_append(out, &r[i].grid, 1, err);
    return err->code;
}

/* Where the values of each grid begin among all. */
static void place_grids(grids *all)
{
    size_t first = 0;
    for (size_t i = 0; i < all->n; i++) {
        all->first[i] = first;
        first += all->total[i];
    }
}

static vl_code put_grid(vl_grid_rows *g, const grids *all, size_t i, size_t width, vl_work *work, vl_buf *out,
                        vl_err *err)
{
    const size_t n = all->total[i];
    uint64_t *const step = (uint64_t *)(void *)g->step.data + all->first[i], *const residual =
                                                                                 (uint64_t *)(void *)
                                                                                     g->residual.data +
                                                                                 all->first[i];
    if (!all->grid[i].scale) return vl_put_signed(g, residual, n, 8 * (unsigned)width, work, out, err);
    if (vl_put_signed(g, step, n, 32, work, out, err)) return err->code;
    return vl_residuals_pack(&g->residuals, residual, n, work, out, err);
}

vl_code vl_grid_rows_pack(vl_grid_rows *g, const uint64_t *v, size_t n, size_t width, vl_work *work,
                          vl_buf *out, vl_err *err)
{
    grids all = { 0 };
    size_t nrow;
    uint64_t *const step = vl_room_of(&g->step, n, err), *const residual = vl_room_of(&g->residual, n, err);
    if (!step || !residual || find_rows(g, v, n, &nrow, err)) return err->code;
    row *const r = (row *)(void *)g->row.data;
    const uint64_t *at = v;
    for (size_t i = 0; i < nrow; at += r[i++].n) {
        if (find_grid(g, &all, at, r[i].n, width, &r[i].grid, err)) return err->code;
        all.total[r[i].grid] += r[i].n;
    }
    if (put_rows(&all, r, nrow, out, err)) return err->code;
    vl_grid_place place[MOST_GRIDS][VL_GRID_TURNS];
    size_t done[MOST_GRIDS], turn[MOST_GRIDS] = { 0 };
    place_grids(&all);
    for (size_t i = 0; i < all.n; i++) {
        for (size_t t = 0; t < VL_GRID_TURNS; t++) place[i][t] = vl_grid_begin(&all.grid[i]);
        done[i] = all.first[i];
    }
    at = v;
    for (size_t i = 0; i < nrow; at += r[i++].n) {
        const uint8_t k = r[i].grid;
        vl_grid_split(all.grid[k].scale, &place[k][turn[k]], at, r[i].n, width, step + done[k],
                      residual + done[k]);
        done[k] += r[i].n;
        if (all.grid[k].scale) turn[k] = (turn[k] + 1) % VL_GRID_TURNS;
    }
    for (size_t i = 0; i < all.n; i++)
        if (put_grid(g, &all, i, width, work, out, err)) return err->code;
    return VL_OK;
}

/* ---- the way back ---- */

static vl_code cut_off(const char *what, vl_err *err)
{
    return vl_fail(err, VL_ESTORE, "values on grids: %s are cut off or make no sense", what);
}

vl_code vl_take_signed(vl_grid_rows *g, vl_rest *in, uint64_t *v, size_t n, unsigned bits, vl_work *work,
                       vl_err *err)
{
    const uint8_t *signs;
    if (!vl_take_bytes(in, &signs, 1) || *signs > 1) return cut_off("signs", err);
    if (vl_residuals_unpack(&g->residuals, in, v, n, work, err)) return err->code;
    if (*signs) vl_unfold_signs(v, n, bits);
    return VL_OK;
}

static vl_code take_grids(vl_rest *in, grids *all, vl_err *err)
{
    uint64_t n;
    const uint8_t *scale, *pace, *step;
    if (!vl_take_number(in, &n, MOST_GRIDS) || !n) return cut_off("grids", err);
    *all = (grids){ .n = (size_t)n };
    for (size_t i = 0; i < n; i++) {
        if (!vl_take_bytes(in, &scale, 1) || *scale >= VL_NSCALE) return cut_off("grids", err);
        all->grid[i].scale = *scale;
        if (!*scale) continue;
        if (!vl_take_bytes(in, &pace, 1) || *pace >= VL_PACES || !vl_take_bytes(in, &step, 8))
            return cut_off("grids", err);
        const uint64_t bits = vl_le64(step);
        all->grid[i].pace = *pace;
        memcpy(&all->grid[i].step, &bits, sizeof bits);
    }
    return VL_OK;
}

/* Rows of n values in all, to g->row. */
static vl_code take_rows(vl_grid_rows *g, vl_rest *in, grids *all, size_t n, size_t *nrow, vl_err *err)
{
    uint64_t count, own;
    const uint8_t *grid;
    size_t left = n;
    if (!vl_take_number(in, &count, n) || !count) return cut_off("rows", err);
    if (vl_buf_reserve(&g->row, count * sizeof(row), err)) return err->code;
    row *const r = (row *)(void *)g->row.data;
    *nrow = (size_t)count;
    r[0] = (row){ (uint32_t)n, 0 };
    for (size_t i = 0; count > 1 && i < count; i++) {
        if (!vl_take_number(in, &own, left) || !vl_take_bytes(in, &grid, 1) || *grid >= all->n)
            return cut_off("rows", err);
        r[i] = (row){ (uint32_t)own, *grid };
        left -= (size_t)own;
    }
    if (count > 1 && left) return cut_off("rows", err);
    for (size_t i = 0; i < count; i++) all->total[r[i].grid] += r[i].n;
    return VL_OK;
}

/* Rows [nrow], whose values are v, of those that have a scale in chains; chain [grids][VL_GRID_TURNS]. Values
 * of others are made. */
static void link_rows(const vl_grid_rows *g, const grids *all, size_t nrow, uint64_t *v, size_t width,
                      vl_grid_chain (*chain)[VL_GRID_TURNS])
{
    const row *const r = (const row *)(const void *)g->row.data;
    const uint64_t *const step = (const uint64_t *)(const void *)g->step.data,
                          *const residual = (const uint64_t *)(const void *)g->residual.data;
    vl_grid_row *const part = (vl_grid_row *)(void *)g->part.data;
    vl_grid_row *last[MOST_GRIDS][VL_GRID_TURNS];
    size_t at[MOST_GRIDS], turn[MOST_GRIDS] = { 0 };
    for (size_t i = 0; i < all->n; i++) {
        at[i] = all->first[i];
        for (size_t t = 0; t < VL_GRID_TURNS; t++) {
            chain[i][t] = (vl_grid_chain){ .place = vl_grid_begin(&all->grid[i]) };
            last[i][t] = &chain[i][t].row;
        }
    }
    for (size_t i = 0; i < nrow; v += r[i++].n) {
        const uint8_t k = r[i].grid;
        part[i] = (vl_grid_row){ step + at[k], residual + at[k], v, r[i].n, NULL };
        at[k] += r[i].n;
        if (!all->grid[k].scale) {
            vl_grid_add_up(&chain[k][0].place, part[i].residual, r[i].n, width, v);
            continue;
        }
        last[k][turn[k]]->next = &part[i];
        last[k][turn[k]] = &part[i];
        turn[k] = (turn[k] + 1) % VL_GRID_TURNS;
    }
}

/* Values v from all numbers of all grids, those of one scale together. */
static vl_code join_rows(vl_grid_rows *g, const grids *all, size_t nrow, uint64_t *v, size_t width,
                         vl_err *err)
{
    vl_grid_chain chain[MOST_GRIDS][VL_GRID_TURNS], same[MOST_GRIDS * VL_GRID_TURNS];
    if (vl_buf_reserve(&g->part, nrow * sizeof(vl_grid_row), err)) return err->code;
    link_rows(g, all, nrow, v, width, chain);
    for (vl_scale scale = VL_SCALE_X; scale < VL_NSCALE; scale++) {
        size_t n = 0;
        for (size_t t = 0; t < VL_GRID_TURNS; t++)
            for (size_t i = 0; i < all->n; i++)
                if (all->grid[i].scale == scale) same[n++] = chain[i][t];
        if (n) vl_grid_join(scale, same, n, width);
    }
    return VL_OK;
}

vl_code vl_grid_rows_unpack(vl_grid_rows *g, vl_rest *in, uint64_t *v, size_t n, size_t width, vl_work *work,
                            vl_err *err)
{
    grids all;
    size_t nrow = 0;
    if (take_grids(in, &all, err) || take_rows(g, in, &all, n, &nrow, err)) return err->code;
    if (all.n == 1 && !all.grid[0].scale) { /* row after row, as if they were one */
        vl_grid_place begin = vl_grid_begin(&all.grid[0]);
        if (vl_take_signed(g, in, v, n, 8 * (unsigned)width, work, err)) return err->code;
        vl_grid_add_up(&begin, v, n, width, v);
        return VL_OK;
    }
    uint64_t *const step = vl_room_of(&g->step, n, err), *const residual = vl_room_of(&g->residual, n, err);
    if (!step || !residual) return err->code;
    place_grids(&all);
    for (size_t i = 0; i < all.n; i++) {
        const size_t k = all.total[i], at = all.first[i];
        if (all.grid[i].scale ? vl_take_signed(g, in, step + at, k, 32, work, err) ||
                                    vl_residuals_unpack(&g->residuals, in, residual + at, k, work, err)
                              : vl_take_signed(g, in, residual + at, k, 8 * (unsigned)width, work, err))
            return err->code;
    }
    return join_rows(g, &all, nrow, v, width, err);
}
