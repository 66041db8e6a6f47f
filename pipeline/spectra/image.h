/*
 * Ion images: the intensity of an m/z in each pixel of an image of mass spectra, from the same sums as ion
 * chromatograms (xic.h).
 */
#ifndef VL_IMAGE_H
#define VL_IMAGE_H

#include "pipeline/spectra/xic.h"

/* What may be asked. */
typedef struct vl_image_asked {
    const char *mz, *tolerance, *form;
    bool tic;
    int highest, level, scale;
    double clip;
    uint64_t layer;
} vl_image_asked;

typedef struct vl_image {
    vl_xic xic;
    const vl_image_asked *asked;
    vl_buf place[3]; /* owned: i32 of all spectra */
    int32_t x, y;    /* of the first column and row */
    uint32_t width, height;
    double *value; /* owned; [height][width]; NaN: no spectrum, or none that can be read */
} vl_image;

/* One way to print. */
typedef struct vl_image_form {
    const char *name;
    vl_code (*print)(const vl_image *image, vl_buf *text, vl_err *err);
} vl_image_form;
extern const vl_image_form *const vl_image_forms[]; /* ends with NULL */

#endif
