/*
 * What the files of charts share: the frame of a drawing, and axes with ticks at round numbers. Inside
 * svg*.c only. */
#ifndef VL_SVG_PARTS_H
#define VL_SVG_PARTS_H

#include "pipeline/page/svg.h"

enum { VL_SVG_WIDTH = 440 };

/* Ticks at multiples of step, few enough that their labels do not meet. */
typedef struct vl_axis {
    double from, top;  /* of the values */
    double step, tick; /* tick: the first, at or behind from */
    int ntick;
    bool log; /* values are logarithms to the base of 2; labels are what they are of */
} vl_axis;

/* From 0 to a tick at or above most; about n steps of 1, 2 or 5 times a power of ten, whole ones for
 * counts. */
vl_axis vl_axis_from_zero(double most, int n, vl_chart_unit unit);
/* From `from` to `top`, wherever these are; ticks between them, no finer than least. */
vl_axis vl_axis_between(double from, double top, int n, double least);

/* A value, and a tick, which needs no decimals where they are 0. Into text, which is returned. */
const char *vl_svg_show(double value, vl_chart_unit unit, char text[32]);
const char *vl_svg_show_tick(double value, vl_chart_unit unit, char text[32]);

/* The drawing with its title, read aloud; and its end. */
void vl_svg_open(vl_html *h, const char *title, int height);

/* Where the curves of a drawing are. */
enum { VL_PLOT_LEFT = 58, VL_PLOT_RIGHT = VL_SVG_WIDTH - 12, VL_PLOT_TOP = 18, VL_PLOT_BOTTOM = 176 };
double vl_svg_x(const vl_axis *a, double value);
double vl_svg_y(const vl_axis *a, double value);
/* Lines across the plot at the ticks of y, with their labels. */
void vl_svg_rows(vl_html *h, const vl_axis *a, vl_chart_unit unit);
/* Labels of the ticks of x below the plot, moved by shift, and what both axes are. */
enum { VL_PLOT_LABELS = 40 }; /* room for them */
void vl_svg_labels(vl_html *h, const vl_axis *x, int bottom, double shift, const char *x_is,
                   const char *y_is);

#endif
