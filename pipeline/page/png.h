/*
 * Images as PNG files: rows of pixels, by a palette of up to 256 colours or as red, green and blue, 8 bits
 * each. Nothing depends on a clock or on the number of threads.
 * Source: Portable Network Graphics (PNG) Specification, second edition (W3C 2003, ISO/IEC 15948:2004).
 */
#ifndef VL_PNG_H
#define VL_PNG_H

#include "formats/buf.h"

typedef struct vl_png {
    uint32_t width, height;      /* pixels, at least 1 */
    const uint8_t *pixel;        /* palette: [height][width] numbers of colours; else [height][width][3] */
    const uint8_t (*palette)[3]; /* [ncolor] red, green, blue; NULL: pixels are colours themselves */
    int ncolor;                  /* 1 to 256 */
    bool clear;                  /* colour 0 is shown as nothing */
    const char *said;            /* told beside the picture, its description; NULL: nothing */
} vl_png;

/* Appends the file to out. VL_EARG: no pixels, more than 2^30 bytes of them, or one that names no colour of
 * the palette; VL_ENOMEM. */
vl_code vl_png_write(vl_buf *out, const vl_png *image, vl_err *err);

#endif
