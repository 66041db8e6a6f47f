/* Pictures of a palette's colours as PNG (ISO/IEC 15948), deflated by zlib. */
#ifndef VL_PNG_H
#define VL_PNG_H

#include "formats/buf.h"

typedef struct vl_png {
    const uint8_t *pixel; /* [width * height] numbers of colours, row by row from the top */
    uint32_t width, height;
    uint32_t scale;             /* each pixel is a square of so many */
    const uint8_t (*colour)[3]; /* [256] red, green, blue; 0 is shown as nothing */
    const char *said;           /* what is told beside the picture; Latin-1 */
} vl_png;

enum { VL_PNG_SIDE = 1 << 15 }; /* most pixels of a side, enlarged */

/* Appends the file. VL_EUNSUP: it is larger than VL_PNG_SIDE; VL_ENOMEM. */
vl_code vl_png_make(const vl_png *png, vl_buf *out, vl_err *err);

#endif
