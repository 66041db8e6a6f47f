/* Growable, aligned, padded bytes (buf.h). */
#include "formats/buf.h"

#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGN = 64, MIB = 1 << 20, LARGE = 16 * MIB };

/* Of all buffers: what they have, and what they may have (SIZE_MAX: as much as there is). */
static atomic_size_t taken;
static size_t limit = SIZE_MAX;

void vl_buf_limit(size_t bytes) { limit = bytes ? bytes : SIZE_MAX; }

bool vl_memory_take(size_t n, size_t *left)
{
    const size_t before = atomic_fetch_add_explicit(&taken, n, memory_order_relaxed);
    *left = before < limit ? limit - before : 0;
    if (before <= limit && n <= *left) return true;
    vl_memory_give(n);
    return false;
}

void vl_memory_give(size_t n) { atomic_fetch_sub_explicit(&taken, n, memory_order_relaxed); }

/* Counts n bytes more, if they may be had. */
static vl_code take(size_t n, vl_err *err)
{
    size_t left;
    if (vl_memory_take(n, &left)) return VL_OK;
    return vl_fail(
        err, VL_ENOMEM,
        "needs %zu MiB at once, and %zu of the %zu MiB that --max-memory leaves for data are taken: "
        "give it more, or fewer threads (-@)",
        (n + MIB - 1) / MIB, (limit - left) / MIB, limit / MIB);
}

void *vl_alloc(size_t n)
{
    if (n > SIZE_MAX - VL_PAD - ALIGN) return NULL;
    const size_t size = (n + VL_PAD + ALIGN - 1) / ALIGN * ALIGN;
    uint8_t *const p = aligned_alloc(ALIGN, size);
    if (p) memset(p + n, 0, size - n); /* the padding is read by kernels: keep it defined */
    return p;
}

/* The allocator keeps what is freed; a large piece goes back, as nobody counts it any more. */
static void drop(vl_buf *buf)
{
    vl_memory_give(buf->cap);
    free(buf->data);
    if (buf->cap >= LARGE) malloc_trim(0);
}

vl_code vl_buf_reserve(vl_buf *buf, size_t n, vl_err *err)
{
    if (n <= buf->cap && buf->data) return VL_OK;
    /* large ones grow by less: what they do not use lies in pages that others could have */
    size_t cap = buf->cap + (buf->cap < MIB ? buf->cap / 2 : buf->cap / 4);
    if (cap < n) cap = n;
    if (cap < 64) cap = 64;
    if (take(cap, err)) return err->code;
    uint8_t *const data = vl_alloc(cap);
    if (!data) {
        vl_memory_give(cap);
        return vl_fail(err, VL_ENOMEM, "no memory for a buffer of %zu bytes", cap);
    }
    if (buf->len) memcpy(data, buf->data, buf->len);
    drop(buf);
    buf->data = data;
    buf->cap = cap;
    return VL_OK;
}

vl_code vl_buf_grow_more(vl_buf *buf, size_t n, vl_err *err)
{
    if (n > SIZE_MAX / 2 - buf->len) return vl_fail(err, VL_ENOMEM, "no memory for %zu more bytes", n);
    return vl_buf_reserve(buf, buf->len + n, err);
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
    vl_memory_give(buf->cap - buf->len);
    free(buf->data);
    buf->data = data;
    buf->cap = buf->len;
}

void vl_buf_free(vl_buf *buf)
{
    drop(buf);
    *buf = (vl_buf){ 0 };
}
