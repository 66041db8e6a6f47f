/*
 * Maps of many values: a cell for each, coloured by its logarithm, with axes and the scale of the colours;
 * as PNG, and as SVG with the cells as an image in it.
 */
#ifndef VL_RASTER_H
#define VL_RASTER_H

#include "pipeline/page/html.h"

#include <stdbool.h>

enum { VL_RASTER_COLOURS = 256 }; /* 0 is paper, 1 to 255 are from least to most */
#define VL_RASTER_DECADES 6       /* below the highest cell: what is less has the colour of the least */

typedef struct vl_raster {
    const char *caption;    /* text from anywhere; of SVG */
    const char *title;      /* read aloud: what is seen; of SVG */
    const char *x, *y;      /* what the axes are; of SVG */
    uint32_t width, height; /* cells; in all 2^26 at most */
    const double *cell;     /* [width][height], upwards: 0 or less, and NaN, is paper */
    double from[2], to[2];  /* of the axes: x, y */
    bool bare;              /* PNG: the cells alone */
} vl_raster;

/* What colours stand for: from the least cell above 0 to the highest, VL_RASTER_DECADES at most. False: there
 * is none. */
bool vl_raster_range(const vl_raster *r, double range[2]);
/* Red, green and blue of all colours. */
void vl_raster_palette(uint8_t palette[VL_RASTER_COLOURS][3]);
/* The colour of a value. */
uint8_t vl_raster_colour(const double range[2], double value);

vl_code vl_raster_png(vl_buf *out, const vl_raster *r, vl_err *err);
/* A file by itself. */
void vl_raster_svg(vl_html *h, const vl_raster *r);

/* ---- between raster*.c ---- */
enum { VL_RASTER_TICKS = 12 };
/* Round numbers within both ends; how many. */
int vl_raster_ticks(double from, double to, int most, double tick[VL_RASTER_TICKS]);
/* Powers of ten within a range. */
int vl_raster_powers(const double range[2], double tick[VL_RASTER_TICKS]);

#endif
