/*
 * Growable bytes. Data is 64-byte aligned and VL_PAD bytes past cap may be read by kernels (never written).
 */
#ifndef VL_BUF_H
#define VL_BUF_H

#include <stdbool.h>
#include <string.h>

#include "formats/err.h"
#include "kernels/kernels.h"

typedef struct vl_buf {
    uint8_t *data; /* owned */
    size_t len, cap;
} vl_buf;

/* What all buffers of the process together may have; 0: as much as there is. Beyond it they cannot grow. */
void vl_buf_limit(size_t bytes);
/* Memory of n bytes that is no buffer's counts too; n bytes less do. False, and nothing is counted: it is
 * beyond the limit. *left: what the limit leaves. */
bool vl_memory_take(size_t n, size_t *left);
void vl_memory_give(size_t n);

/* Room for n bytes in all; len and content stay. Grows by half at least. VL_ENOMEM. */
vl_code vl_buf_reserve(vl_buf *buf, size_t n, vl_err *err);
vl_code vl_buf_grow_more(vl_buf *buf, size_t n, vl_err *err); /* where there is none yet */
/* Room for n more bytes behind len. */
static inline vl_code vl_buf_grow(vl_buf *buf, size_t n, vl_err *err)
{
    return buf->data && n <= buf->cap - buf->len ? VL_OK : vl_buf_grow_more(buf, n, err);
}
static inline vl_code vl_buf_append(vl_buf *buf, const void *bytes, size_t n, vl_err *err)
{
    if (vl_buf_grow(buf, n, err)) return err->code;
    if (n) memcpy(buf->data + buf->len, bytes, n);
    buf->len += n;
    return VL_OK;
}
void vl_buf_swap(vl_buf *a, vl_buf *b);
/* Gives room beyond len back; where there is no memory for that, nothing changes. */
void vl_buf_fit(vl_buf *buf);
void vl_buf_free(vl_buf *buf);

/* Aligned memory with VL_PAD readable bytes past n; NULL if there is none. Free with free(). */
void *vl_alloc(size_t n);

/* Little-endian integers from bytes of any alignment. */
static inline uint16_t vl_le16(const uint8_t *p) { return (uint16_t)(p[0] | p[1] << 8); }
static inline uint32_t vl_le32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}
static inline uint64_t vl_le64(const uint8_t *p)
{
    return (uint64_t)vl_le32(p) | (uint64_t)vl_le32(p + 4) << 32;
}
static inline void vl_put_le32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++) p[i] = (uint8_t)(v >> (8 * i));
}
static inline void vl_put_le64(uint8_t *p, uint64_t v)
{
    for (int i = 0; i < 8; i++) p[i] = (uint8_t)(v >> (8 * i));
}

#endif
