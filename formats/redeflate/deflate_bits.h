/*
 * Bits of a deflate stream (RFC 1951, 3.1.1): packed into bytes from the lowest bit on. A reader that is
 * asked for more than there is gives zeros and counts on; who reads looks at vl_bits_over. A writer keeps the
 * bits of an unfinished byte and appends to a buffer.
 */
#ifndef VL_DEFLATE_BITS_H
#define VL_DEFLATE_BITS_H

#include "formats/buf.h"

typedef struct vl_bits {
    const uint8_t *next, *end; /* borrowed */
    uint64_t held;             /* the next bits, lowest first */
    unsigned nheld;            /* how many of them are there */
    unsigned nzero;            /* of them, made up behind the end */
} vl_bits;

static inline void vl_bits_fill(vl_bits *b)
{
    if (b->end - b->next >= 8) {
        b->held |= vl_le64(b->next) << b->nheld;
        b->next += (63 - b->nheld) >> 3;
        b->nheld |= 56;
        return;
    }
    while (b->nheld <= 56) {
        if (b->next < b->end) b->held |= (uint64_t)*b->next++ << b->nheld;
        else b->nzero += 8;
        b->nheld += 8;
    }
}

/* True when bits were taken that are not there. */
static inline bool vl_bits_over(const vl_bits *b) { return b->nzero > b->nheld; }

/* Whose n bits are held: at most 56 after vl_bits_fill. */
static inline void vl_bits_drop(vl_bits *b, unsigned n)
{
    b->held >>= n;
    b->nheld -= n;
}

static inline unsigned vl_bits_take(vl_bits *b, unsigned n)
{
    const unsigned v = (unsigned)(b->held & ((UINT64_C(1) << n) - 1));
    vl_bits_drop(b, n);
    return v;
}

/* Fills, then takes up to 32. */
static inline unsigned vl_bits_get(vl_bits *b, unsigned n)
{
    vl_bits_fill(b);
    return vl_bits_take(b, n);
}

/* Bits that were taken since start, the bytes' beginning. */
static inline uint64_t vl_bits_at(const vl_bits *b, const uint8_t *start)
{
    return (uint64_t)(b->next - start) * 8 + b->nzero - b->nheld;
}

typedef struct vl_bits_out {
    vl_buf *out; /* borrowed */
    uint64_t held;
    unsigned nheld; /* under 8 after vl_bits_put */
} vl_bits_out;

/* Whole bytes out of what is held; there must be room for 8. */
static inline void vl_bits_spill(vl_bits_out *b)
{
    vl_put_le64(b->out->data + b->out->len, b->held);
    b->out->len += b->nheld >> 3;
    b->held >>= b->nheld & ~7u;
    b->nheld &= 7;
}

/* Adds n <= 57 bits of v, which has none above them; the caller has reserved room: 8 bytes beyond all
 * bits. */
static inline void vl_bits_put(vl_bits_out *b, uint64_t v, unsigned n)
{
    b->held |= v << b->nheld;
    b->nheld += n;
    vl_bits_spill(b);
}

#endif
