/*
 * Values that lie on one grid or another by turns, as spectra of several analysers in one column: the rows of
 * a grid are coded together. A row begins where a value is less than the one before it; short ones are taken
 * together.
 *
 *     number of grids, at most 8; of each u8 scale (grid.h), and unless that is 0 u8 pace, f64 step
 *     number of rows; unless that is 1, of each leb128 values, u8 grid
 *     of each grid, all values of its rows:
 *       scale 0     u8 signs; residuals (residuals.h): bits less those before, modulo the width
 *       1 .. 4      u8 signs; residuals: steps, modulo 2^32; residuals: the residuals
 *     Rows of a grid with a scale are walked by turns (VL_GRID_TURNS).
 *     signs: 1 if such numbers are in zigzag instead
 */
#ifndef VL_GRID_ROWS_H
#define VL_GRID_ROWS_H

#include "pipeline/codec/grid.h"

/* Room, kept from chunk to chunk. */
typedef struct vl_grid_rows {
    vl_residuals residuals;
    vl_grid_room room;
    vl_buf row, step, residual, part;
} vl_grid_rows;

void vl_grid_rows_init(vl_grid_rows *g);
void vl_grid_rows_free(vl_grid_rows *g);

/* Room for n numbers; NULL: there is no memory. */
uint64_t *vl_room_of(vl_buf *buf, size_t n, vl_err *err);

/* Numbers [n] modulo 2^bits; v is changed. */
vl_code vl_put_signed(vl_grid_rows *g, uint64_t *v, size_t n, unsigned bits, vl_work *work, vl_buf *out,
                      vl_err *err);
vl_code vl_take_signed(vl_grid_rows *g, vl_rest *in, uint64_t *v, size_t n, unsigned bits, vl_work *work,
                       vl_err *err);

/* v [n], n at least 1: bits of floats of `width` bytes. */
vl_code vl_grid_rows_pack(vl_grid_rows *g, const uint64_t *v, size_t n, size_t width, vl_work *work,
                          vl_buf *out, vl_err *err);
vl_code vl_grid_rows_unpack(vl_grid_rows *g, vl_rest *in, uint64_t *v, size_t n, size_t width, vl_work *work,
                            vl_err *err);

#endif
