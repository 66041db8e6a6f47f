/*
 * A column of whole numbers below 2^60 in few bytes: one column of a codec that makes several. The reader
 * knows how many there are.
 *
 *     u8 how; + 8: ranks stand for the numbers
 *     0 equal   leb128: all are this one (no ranks)
 *     1 plain   differences to 0
 *     2 before  leb128 the first; differences of the others to the one before
 *     3 beside  u8 column; differences to that other column
 *     4 while   u8 column; differences to the one before, in rows in which that other column is as it was in
 *               the row before; then, of all other rows and of the first, to 0
 *     6 against u8 column; sums with that other column: numbers that make up a whole with it
 *     5 halves  numbers of the upper bits, from bit 16 on; numbers of the 16 lower ones, which may lean on
 *               the others as column 128 (no ranks, and no halves of halves)
 *   with ranks, behind how and column: leb128 how many values there are, and the least; what each further one
 *     is above the one before it, less 1, as differences
 *
 * Differences, of which there may be none: u8 form, then
 *     0 equal   zigzag leb128: all are this one
 *     1 size    symbols (symbols.h), u8 each: bit 7: negative; 0 .. 7: the size itself; from 8 on two for
 *               each length in bits, from 4 bits on, by the bit behind the first; then the bits
 *     2 steps   u8 shift, zigzag leb128 the least; symbols: what it is above the least >> shift; the bits
 *   bits, the low ones that symbols do not say: leb128 bytes; each number's, the low ones first, behind those
 *     of the number before
 */
#ifndef VL_NUMBERS_H
#define VL_NUMBERS_H

#include "pipeline/codec/symbols.h"

enum { VL_NUMBER_BITS = 60, VL_NUMBERS_BESIDE = 4 };

enum {
    VL_NUMBERS_EQUAL,
    VL_NUMBERS_PLAIN,
    VL_NUMBERS_BEFORE,
    VL_NUMBERS_AT_SIDE,
    VL_NUMBERS_WHILE,
    VL_NUMBERS_HALVES,
    VL_NUMBERS_AGAINST
};
enum { VL_NUMBERS_RANKED = 8, VL_NUMBERS_HIGH = 128 };
enum { VL_DIFFERENCES_EQUAL, VL_DIFFERENCES_SIZE, VL_DIFFERENCES_STEPS };

/* Room, kept from column to column; one for each thread. */
typedef struct vl_numbers {
    vl_symbols symbols;
    vl_buf one, two, sym, bits, ranks, ranked, seen, high, low, halves;
} vl_numbers;

vl_numbers *vl_numbers_of(vl_work *work, vl_err *err); /* the room of work; NULL: there is no memory */
void vl_numbers_free(vl_numbers *s);                   /* NULL is fine */

/* Other columns of the same rows, known when this one is read: number, and values [n]. */
typedef struct vl_beside_numbers {
    int n;
    uint8_t column[VL_NUMBERS_BESIDE];
    const uint64_t *value[VL_NUMBERS_BESIDE];
} vl_beside_numbers;

/* Appends v [n]. */
vl_code vl_numbers_pack(vl_numbers *s, const uint64_t *v, size_t n, const vl_beside_numbers *beside,
                        vl_work *work, vl_buf *out, vl_err *err);

/* The values of another column [n]; NULL: there is no such column. */
typedef const uint64_t *vl_column_find(void *arg, unsigned column);

/* v [n]; what is read may be any u64. VL_ESTORE. */
vl_code vl_numbers_unpack(vl_numbers *s, vl_rest *in, uint64_t *v, size_t n, vl_column_find *find, void *arg,
                          vl_work *work, vl_err *err);

/* Bits of a size that its symbol does not say. */
static inline unsigned vl_size_bits(unsigned symbol) { return symbol < 8 ? 0 : (symbol - 8) / 2 + 2; }

#endif
