/* Growable, aligned, padded bytes (buf.h). */
#include "formats/buf.h"

#include <stdlib.h>
#include <string.h>

enum { ALIGN = 64 };

void *vl_alloc(size_t n)
{
    if (n > SIZE_MAX - VL_PAD - ALIGN) return NULL;
    const size_t size = (n + VL_PAD + ALIGN - 1) / ALIGN * ALIGN;
    uint8_t *const p = aligned_alloc(ALIGN, size);
    if (p) memset(p + n, 0, size - n); /* the padding is read by kernels: keep it defined */
    return p;
}

vl_code vl_buf_reserve(vl_buf *buf, size_t n, vl_err *err)
{
    if (n <= buf->cap && buf->data) return VL_OK;
    size_t cap = buf->cap + buf->cap / 2;
    if (cap < n) cap = n;
    if (cap < 64) cap = 64;
    uint8_t *const data = vl_alloc(cap);
    if (!data) return vl_fail(err, VL_ENOMEM, "no memory for a buffer of %zu bytes", cap);
    if (buf->len) memcpy(data, buf->data, buf->len);
    free(buf->data);
    buf->data = data;
    buf->cap = cap;
    return VL_OK;
}

vl_code vl_buf_grow(vl_buf *buf, size_t n, vl_err *err)
{
    if (n > SIZE_MAX / 2 - buf->len) return vl_fail(err, VL_ENOMEM, "no memory for %zu more bytes", n);
    return vl_buf_reserve(buf, buf->len + n, err);
}

vl_code vl_buf_append(vl_buf *buf, const void *bytes, size_t n, vl_err *err)
{
    if (vl_buf_grow(buf, n, err)) return err->code;
    if (n) memcpy(buf->data + buf->len, bytes, n);
    buf->len += n;
    return VL_OK;
}

void vl_buf_swap(vl_buf *a, vl_buf *b)
{
    const vl_buf t = *a;
    *a = *b;
    *b = t;
}

void vl_buf_fit(vl_buf *buf)
{
    uint8_t *const data = buf->cap > buf->len ? vl_alloc(buf->len) : NULL;
    if (!data) return;
    memcpy(data, buf->data, buf->len);
    free(buf->data);
    buf->data = data;
    buf->cap = buf->len;
}

void vl_buf_free(vl_buf *buf)
{
    free(buf->data);
    *buf = (vl_buf){ 0 };
}
