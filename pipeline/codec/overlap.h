/*
 * Codec overlap: bases by where they lie in the sample's consensus (consensus.h), which lies beside the
 * column. What lies nowhere is kept in two bits.
 *
 * Payload; numbers are LEB128, columns of them those of numbers.h, symbols those of symbols.h:
 *     u64      XXH3-64 of the consensus
 *     number   its letters
 * and the places, as codec reference has them too:
 *     number   how many of the chunk's letters, at its end, are only the last of those before
 *     numbers  bytes of the list of odd letters (odd_letters.h), 0: there is none; and of the zstd frame with
 *              it, which follows
 *     number   matches m; then of each
 *     column   letters in front of it that lie nowhere
 *     column   its letters, none 0
 *     symbols  1: it goes backwards, complemented; + 2: it is near the one before
 *     column   of those that are not near: place of the first letter
 *     column   of those that are: zigzag, how many letters beyond the last of the match before, in its
 *              direction, the first lies
 *     column   letters in it that differ; then of each
 *     column   letters since the one before, or the beginning, that do not
 *     symbols  its code is so much above that of the consensus, modulo 4
 *     the rest: letters that lie nowhere, in two bits (kernels/base2.c)
 * Odd letters are written over what is there: they never differ, and are 0 in two bits.
 */
#ifndef VL_OVERLAP_H
#define VL_OVERLAP_H

#include "pipeline/codec/codec.h"
#include "pipeline/codec/consensus.h"
#include "pipeline/codec/numbers.h"
#include "pipeline/codec/payload.h"

#include <stdatomic.h>

enum { VL_OVERLAP_BACK = 1, VL_OVERLAP_NEAR = 2 };

/* What codec overlap keeps from chunk to chunk. */
typedef struct vl_overlap {
    vl_numbers *numbers;                      /* borrowed: of work */
    vl_buf kmers, found;                      /* packing: of a row */
    vl_buf before, length, way, place, delta; /* u64 a match, but way: u8 */
    vl_buf ndiffer, gap, shift;               /* u64 a match; u64 and u8 a letter that differs */
    vl_buf loose, two;                        /* letters that lie nowhere; in two bits */
    vl_buf own;                               /* a consensus that lies in the chunk (codec overlap-own) */
} vl_overlap;

/* Of the work; NULL: err is set. */
vl_overlap *vl_overlap_of(vl_work *work, vl_err *err);

/* What of the letters that rows lie in is used: a byte a block, 1 where a match of some chunk is. */
enum { VL_USED_BLOCK = 256 };
typedef atomic_uchar vl_used;

/* Appends the places of a chunk's rows. used: NULL: nobody asks. *fits false: there are too many odd letters,
 * or two bits a letter are as good. */
vl_code vl_places_pack(const vl_pack_job *job, const vl_finder *finder, vl_used *used, vl_buf *out,
                       bool *fits, vl_err *err);
/* The way back, from job->shared, which is known. */
vl_code vl_places_unpack(const vl_unpack_job *job, vl_rest *in, vl_err *err);

vl_code vl_overlap_unpack(const vl_unpack_job *job, vl_err *err);

#endif
