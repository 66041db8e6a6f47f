/*
 * Charts as inline SVG: drawn 440 units wide, which is a phone's width or half a sheet of paper, so that
 * their text is readable in both. Colours are classes of the page's style ("c1" to "c4", "good", "old",
 * "none", "bad"), so that charts follow light, dark and print. Each has a title that is read aloud.
 */
#ifndef VL_SVG_H
#define VL_SVG_H

#include "pipeline/page/html.h"

typedef enum vl_chart_unit { VL_CHART_BYTES, VL_CHART_COUNT } vl_chart_unit;

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

#endif
