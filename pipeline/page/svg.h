/*
 * Charts as inline SVG: drawn 440 units wide, which is a phone's width or half a sheet of paper, so that
 * their text is readable in both. Colours are classes of the page's style ("c1", "c2", "good", "old",
 * "none", "bad"; curves: 1 to 5), so that charts follow light, dark and print. Each has a title that is
 * read aloud. */
#ifndef VL_SVG_H
#define VL_SVG_H

#include "pipeline/page/html.h"

#include <stdbool.h>

typedef enum vl_chart_unit {
    VL_CHART_BYTES,
    VL_CHART_COUNT, /* of things: whole */
    VL_CHART_NUMBER /* any */
} vl_chart_unit;

typedef struct vl_bar {
    const char *label; /* text from anywhere; NULL: a second bar of the one above */
    const char *class;
    double value; /* at least 0 */
} vl_bar;

/* Bars to the right from a common zero, each with its value behind it, and an axis below. */
void vl_svg_bars(vl_html *h, const char *title, const vl_bar *bar, int n, vl_chart_unit unit);
/* Parts of a whole in one bar, and what they are below it; a part that is not 0 can be seen. */
void vl_svg_stack(vl_html *h, const char *title, const vl_bar *bar, int n, vl_chart_unit unit);
/* An entry of a <ul class="legend">. */
void vl_svg_key(vl_html *h, const char *class, const char *label);
/* n values at even steps, the last at the right end: `first` is the time of the first, a day a step. */
void vl_svg_line(vl_html *h, const char *title, const double *value, int n, double first, vl_chart_unit unit);

/* ---- plots over numbers (svg_plot.c) ---- */

typedef struct vl_curve {
    const char *label;
    int colour;      /* 0 to 5 */
    const double *y; /* [n]; NaN: a gap */
} vl_curve;

/* Between two curves, behind all others. */
typedef struct vl_band {
    const char *label, *low_label, *high_label;
    const double *low, *high; /* [n] */
} vl_band;

typedef struct vl_plot {
    const char *caption; /* text from anywhere */
    const char *title;   /* read aloud: what is seen */
    const char *x, *y;   /* what the axes are */
    double from, step;   /* value i lies at from + i * step, a column between that and the next */
    const double *at;    /* [n + 1] in place of these, above 0: x is logarithmic; NULL: it is not */
    int n;
    bool joined;         /* curves go on over gaps */
    double top;          /* of y, which starts at 0; 0: as the values are */
    vl_chart_unit unit;  /* of y */
    const vl_band *band; /* the outer one first */
    const vl_curve *curve;
    int nband, ncurve;
} vl_plot;

/* A figure with caption, legend where there is more than one curve, and the numbers in a table that opens. */
void vl_svg_curves(vl_html *h, const vl_plot *p);
/* The same with columns: of the first curve. */
void vl_svg_columns(vl_html *h, const vl_plot *p);

/* The curves as a file by itself, with its caption and the style of our pages, without the numbers. */
void vl_svg_file(vl_html *h, const vl_plot *p);

/* n plots in one file, each below the other with its own caption. */
void vl_svg_file_panels(vl_html *h, const char *title, const vl_plot *p, int n);

/* A drawing that is a file by itself, its caption above. Ends with vl_svg_close. */
void vl_svg_file_open(vl_html *h, const char *title, const char *caption, int width, int height);
void vl_svg_close(vl_html *h);

/* ---- a map of what is off (svg_heat.c) ---- */

typedef struct vl_heat {
    const char *caption; /* text from anywhere */
    const char *title;   /* read aloud: what is seen */
    const char *x, *y;   /* what the axes are */
    const char *unit;    /* of the values */
    size_t nrow, ncol;
    const uint32_t *row; /* [nrow]: their numbers */
    const double *edge;  /* [ncol + 1]: column i lies from edge[i] to edge[i + 1] */
    const double *value; /* [nrow][ncol]: 0 is as it should be */
    double limit[4];     /* from where on a value is off by one degree more, ascending */
} vl_heat;

/* A figure with caption and legend. Its numbers are the caller's to list. */
void vl_svg_heat_open(vl_html *h, const vl_heat *m);
void vl_svg_heat_close(vl_html *h);

#endif
