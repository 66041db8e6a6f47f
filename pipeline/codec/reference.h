/*
 * Codec reference: bases by where they lie in a reference, letters that somebody gave. What of them is used
 * lies beside the column, so that the store needs no other file; its letters elsewhere are N.
 *
 * Payload; numbers are LEB128:
 *     u64      XXH3-64 of the reference as it was given
 *     number   its letters
 *     u8       1: places in it follow (overlap.h)
 *              0: the chunk is a part of the reference itself, which lies in as many as it takes:
 *     number   the place of its first letter
 *     number   runs; then of each, two numbers: letters, and N behind them
 *     the rest: all letters that are no N, in two bits (kernels/base2.c)
 */
#ifndef VL_REFERENCE_H
#define VL_REFERENCE_H

#include "pipeline/codec/codec.h"

#define VL_REFERENCE_MOST UINT64_C(0xffff0000) /* letters */

/* The codec's sharing->end makes chunks ready to be packed by the letters in shared->plain. Bytes that all
 * then takes of n letters: */
uint64_t vl_reference_memory(uint64_t n);
/* When all chunks were packed: an N for each letter that no part of a row lies at or near. False: none does
 * anywhere. */
bool vl_reference_blank(vl_shared *shared);

#endif
