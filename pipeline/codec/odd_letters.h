/*
 * Letters of a chunk of bases that are not upper case A, C, G or T, as a list of runs: gap since the end of
 * the run before and length, as LEB128 numbers, then the letter.
 */
#ifndef VL_ODD_LETTERS_H
#define VL_ODD_LETTERS_H

#include "formats/buf.h"

/* Replaces list by the runs of letters whose bits are set in odd (kernels/base2.c). */
vl_code vl_odd_list(const uint8_t *letter, size_t n, const uint8_t *odd, vl_buf *list, vl_err *err);
/* Writes the runs of a list [p, end), which may be hostile, over letter [n]. VL_ESTORE. */
vl_code vl_odd_lay(const uint8_t *p, const uint8_t *end, uint8_t *letter, size_t n, vl_err *err);
/* Bytes that a list of n letters has at most where one letter in eight may be odd. */
static inline size_t vl_odd_most(size_t n) { return (n / 8 + 1) * 9; }

#endif
