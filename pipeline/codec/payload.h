/* Payloads of codecs: numbers and runs of bytes, one behind the other, written and read. What is read may be
 * hostile. */
#ifndef VL_PAYLOAD_H
#define VL_PAYLOAD_H

#include <stdbool.h>

#include "formats/buf.h"
#include "formats/leb.h"

static inline vl_code vl_add_number(vl_buf *out, uint64_t v, vl_err *err)
{
    uint8_t text[VL_LEB_MOST];
    return vl_buf_append(out, text, (size_t)(vl_put_leb(text, v) - text), err);
}

static inline vl_code vl_add_le64(vl_buf *out, uint64_t v, vl_err *err)
{
    if (vl_buf_grow(out, sizeof v, err)) return err->code;
    vl_put_le64(out->data + out->len, v);
    out->len += sizeof v;
    return VL_OK;
}

/* What is left to be read. */
typedef struct vl_rest {
    const uint8_t *at, *end;
} vl_rest;

static inline size_t vl_rest_of(const vl_rest *r) { return (size_t)(r->end - r->at); }

/* False: the number is cut off, or greater than most. */
static inline bool vl_take_number(vl_rest *r, uint64_t *v, uint64_t most)
{
    const uint8_t *const next = vl_get_leb(r->at, r->end, v);
    if (!next) return false;
    r->at = next;
    return *v <= most;
}

static inline bool vl_take_bytes(vl_rest *r, const uint8_t **bytes, uint64_t n)
{
    if (n > vl_rest_of(r)) return false;
    *bytes = r->at;
    r->at += n;
    return true;
}

#endif
