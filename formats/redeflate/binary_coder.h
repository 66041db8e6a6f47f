/*
 * An adaptive binary range coder, both ways: one function says a bit, and gives back the bit that was said,
 * so that who writes and who reads are the same code. Bytes as in LZMA: 32 bits of range, carry by counting
 * bytes of 255; 16-bit odds that move by a sixteenth. A reader that is past its bytes gets zeros.
 *
 * Numbers are Elias-gamma: how many bits, in unary, then the bits, the upper three with odds of their own.
 */
#ifndef VL_BINARY_CODER_H
#define VL_BINARY_CODER_H

#include "formats/buf.h"

typedef uint16_t vl_odds; /* that a bit is 0, of 65536 */

typedef struct vl_number_odds {
    vl_odds size[34], upper[33][8];
} vl_number_odds;

typedef struct vl_coder {
    vl_buf *out;  /* borrowed; NULL: it reads */
    size_t start; /* of what it writes, in out */
    const uint8_t *next, *end;
    uint64_t low;
    uint32_t range, code;
    uint64_t nwaiting; /* bytes that a carry could change, the first of them in waiting */
    uint8_t waiting;
    vl_code failed; /* VL_ENOMEM while writing */
} vl_coder;

void vl_odds_init(void *odds, size_t bytes); /* any struct that is nothing but vl_odds: all even */

void vl_coder_write(vl_coder *c, vl_buf *out);
void vl_coder_read(vl_coder *c, const uint8_t *bytes, size_t n);
/* The last bytes of a writer, as few as say it. Errors: VL_ENOMEM, of all before too. */
vl_code vl_coder_end(vl_coder *c, vl_err *err);

unsigned vl_say_bit(vl_coder *c, vl_odds *odds, unsigned bit);
uint64_t vl_say_number(vl_coder *c, vl_number_odds *odds, uint64_t v); /* under 2^32 */
/* n bits, highest first, by a tree of odds [2^n]. */
unsigned vl_say_tree(vl_coder *c, vl_odds *odds, unsigned n, unsigned v);

#endif
