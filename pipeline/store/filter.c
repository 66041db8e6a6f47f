/*
 * The HDF5 filter: unpacks a framed chunk for any program that reads with HDF5, and packs for one that
 * writes. Parameters in the data set's header: version of this list (1), width of an element, use (vl_use).
 * It calls no HDF5 function, so that the plugin works with whichever HDF5 library loaded it.
 */
#include "pipeline/store/filter.h"
#include "pipeline/store/store.h"

#include <stdlib.h>
#include <string.h>

/* HDF5 frees and reallocates the buffer with free(): hand over plain malloc memory. */
static size_t hand_over(const vl_buf *from, size_t *buf_size, void **buf)
{
    void *const p = malloc(from->len ? from->len : 1);
    if (!p) return 0;
    memcpy(p, from->data, from->len);
    free(*buf);
    *buf = p;
    *buf_size = from->len;
    return from->len;
}

/* Unsigned numbers of this width; bytes when the chunk does not hold a whole number of them. */
static vl_type type_of(unsigned width, size_t len)
{
    if (width == 2 && len % 2 == 0) return VL_U16;
    if (width == 4 && len % 4 == 0) return VL_U32;
    return width == 8 && len % 8 == 0 ? VL_U64 : VL_U8;
}

static size_t filter(unsigned flags, size_t nparam, const unsigned param[], size_t nbytes, size_t *buf_size,
                     void **buf)
{
    vl_err err = VL_ERR_INIT;
    vl_work work = { 0 };
    vl_buf in = { 0 }, out = { 0 };
    size_t n = 0;
    if (vl_buf_append(&in, *buf, nbytes, &err)) goto out; /* padded, as kernels want it */
    if (flags & H5Z_FLAG_REVERSE) {
        if (vl_unpack(in.data, in.len, &out, &work, &err)) goto out;
    } else {
        const vl_type type = type_of(nparam > 1 ? param[1] : 1, in.len);
        const vl_pack_job job = { .plain = in.data, .len = in.len, .type = type, .work = &work };
        const unsigned use = nparam > 2 ? param[2] & 255 : VL_USE_TEXT;
        if (vl_pack_best(vl_profile_trial(VL_COMPACT), use, &job, &out, &err)) goto out;
    }
    n = hand_over(&out, buf_size, buf);
out:
    vl_buf_free(&in);
    vl_buf_free(&out);
    vl_work_free(&work);
    return err.code ? 0 : n;
}

const H5Z_class2_t vl_filter = { H5Z_CLASS_T_VERS, VL_FILTER, 1, 1, "vial", NULL, NULL, filter };
