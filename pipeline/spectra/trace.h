/* Traces as drawings: values over time, each a panel of one SVG. */
#ifndef VL_TRACE_H
#define VL_TRACE_H

#include "pipeline/page/svg.h"

enum {
    VL_TRACE_COLUMNS = 370, /* about a unit of the drawing each */
    VL_TRACE_PANELS = 24    /* in a file, at most */
};

/* The highest value of each column of the time from `from` to `to`; NaN: none lies there. */
typedef struct vl_trace {
    char caption[160];
    char unit[64];
    double from, to; /* s */
    double y[VL_TRACE_COLUMNS];
} vl_trace;

/* Of n points; those that are no numbers are left out. Captions and units are of the caller. */
void vl_trace_take(vl_trace *t, const double *time, const double *value, size_t n);
/* One file of the first n of `all`, which may be more. */
void vl_trace_draw(vl_html *h, const char *title, const vl_trace *const *trace, int n, size_t all);

#endif
