/*
 * Rows that are to be printed in an order of their own, such as that of a list of names. They are read as
 * they stand in the store, or each of them would unpack a chunk; their texts are then put in order. As many
 * rows are taken at a time as make about VL_VIEW_ORDER_BYTES of text, so that memory has a bound.
 *
 *     next   the next rows of the order, sorted, for view to read
 *     add    their texts, as they come
 *     put    the texts, in order
 */
#ifndef VL_VIEW_ORDER_H
#define VL_VIEW_ORDER_H

#include "pipeline/out/view.h"

enum { VL_VIEW_ORDER_BYTES = 48 << 20 };

typedef struct vl_view_order vl_view_order;

/* The order is v->order, borrowed. */
vl_code vl_view_order_open(vl_view_order **out, const vl_viewer *v, vl_err *err);
/* Replaces rows, each by itself. None: all are printed. */
vl_code vl_view_order_next(vl_view_order *o, vl_rows *rows, vl_err *err);
/* ends: u64 of each row, from the beginning of text. */
vl_code vl_view_order_add(vl_view_order *o, const vl_buf *text, const vl_buf *ends, vl_err *err);
vl_code vl_view_order_put(vl_view_order *o, vl_output *out, vl_err *err);
void vl_view_order_close(vl_view_order *o); /* NULL is fine */

#endif
