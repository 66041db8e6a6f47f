/* Symbols of deflate (RFC 1951, 3.2.5) and the canonical codes that code lengths give (3.2.2). */
#ifndef VL_DEFLATE_CODE_H
#define VL_DEFLATE_CODE_H

#include "formats/redeflate/deflate_block.h"

extern const uint16_t vl_length_base[29], vl_distance_base[30];
extern const uint8_t vl_length_bits[29], vl_distance_bits[30];
extern const uint8_t vl_pre_order[VL_DEFLATE_PRE]; /* in which lengths of the code of code lengths are sent */

/* 0 to 28 for a length of 3 to 258, and of VL_DEFLATE_OTHER_258; 0 to 29 for a distance of 1 to 32768. */
extern const uint8_t vl_length_symbols[VL_DEFLATE_OTHER_258 + 1];
static inline unsigned vl_length_symbol(unsigned length) { return vl_length_symbols[length]; }
static inline unsigned vl_distance_symbol(unsigned distance)
{
    if (distance < 5) return distance - 1;
    const unsigned high = 31 - (unsigned)__builtin_clz(distance - 1);
    return 2 * high + ((distance - 1) >> (high - 1) & 1);
}

/* How often each symbol occurs in a block; the end of block once. */
typedef struct vl_deflate_counts {
    uint32_t lit[VL_DEFLATE_LITLEN], dist[VL_DEFLATE_DIST];
} vl_deflate_counts;

void vl_deflate_count(const vl_deflate_block *block, vl_deflate_counts *counts);

/* The lengths of the static codes. */
void vl_static_lengths(vl_deflate_head *head);

/* One symbol of a header behind those that are sent; more: its bits. */
void vl_send_length(vl_deflate_head *head, unsigned symbol, unsigned more);
/* The lengths of both codes, one behind the other, in runs as long as may be, as libdeflate and ISA-L send
 * them, and how often each symbol is sent. Then, with the code of these, its last zeros are left out. */
void vl_send_lengths(vl_deflate_head *head, uint32_t often[VL_DEFLATE_PRE]);
void vl_send_no_zeros(vl_deflate_head *head);

/* Codes [n] of lengths [n] up to 15, the first bit lowest. Lengths that no code has give any codes. */
void vl_canonical_codes(const uint8_t *length, unsigned n, uint16_t *code);

/* A code as a reader needs it: one look for up to VL_FAST_BITS bits, counts for longer ones. What a look
 * gives is the bits of the code (VL_CODE_BITS), of what follows it (VL_CODE_MORE), and to what that is
 * added. */
enum {
    VL_FAST_BITS = 10,
    VL_CODE_BITS = 15,
    VL_CODE_MORE_AT = 4,
    VL_CODE_BASE_AT = 8,
    VL_CODE_BASE = 0xffff
};
#define VL_CODE_MATCH (UINT32_C(1) << 30)
#define VL_CODE_NONE  (UINT32_C(1) << 31) /* no symbol has it, or none that may occur; or the end of block */

typedef struct vl_decoder {
    uint32_t fast[1 << VL_FAST_BITS]; /* 0: a longer code or none */
    uint32_t coded[VL_DEFLATE_LITLEN];
    uint16_t count[16], first[16]; /* of each length: how many, and the first in coded */
} vl_decoder;

/* Of code lengths [n], and what is to be given for each symbol [n], without VL_CODE_BITS. False when lengths
 * ask for more codes than there are. Codes that nobody has are allowed. */
bool vl_decoder_make(vl_decoder *d, const uint8_t *length, const uint32_t *given, unsigned n);

/* What is given for the next symbol, by the next 15 bits. */
uint32_t vl_decode_long(const vl_decoder *d, uint64_t held);
static inline uint32_t vl_decode(const vl_decoder *d, uint64_t held)
{
    const uint32_t v = d->fast[held & ((1 << VL_FAST_BITS) - 1)];
    return v ? v : vl_decode_long(d, held);
}

#endif
