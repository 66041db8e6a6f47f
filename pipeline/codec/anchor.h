/*
 * Codec anchor: letters of reads that lie on each other. A chunk has a consensus of the places that its reads
 * cover, and of each read where it lies on that and in what it differs. Nothing else is needed to unpack it:
 * no reference, no other column, no ends of reads. Packing is guided by places and CIGARs (vl_guide): of each
 * row eight numbers (formats/place.h), i64, and behind them the operations of its CIGAR as BAM has them.
 *
 * Letters are runs, which are as the consensus but for mismatches, and literals between them: what is clipped
 * or inserted, reads that lie nowhere. Payload, numbers in LEB128:
 *     bytes at the chunk's end that are only its last letter again
 *     letters of the consensus; two bits each (kernels/base2.c)
 *     items; what each is, as symbols (symbols.h): 0 a run of a read, 1 a run that goes on behind the one
 *       before, 2 a literal
 *     columns of numbers (numbers.h): letters of runs; letters of literals; where runs of kind 0 begin in the
 *       consensus, less where the one of that kind before began, in zigzag; letters of the consensus that
 *       runs
 *       of kind 1 leave out
 *     mismatches; letters of runs between them, as numbers; what they are: for each letter of the consensus,
 *       A C T G, symbols: the letter's number less that of the consensus, 1 to 3
 *     u8 1 if the letters of literals are a zstd frame, 0 if bare; their bytes; two bits each
 *     bytes of the list of odd letters (odd_letters.h), of its zstd frame; the frame
 */
#ifndef VL_ANCHOR_H
#define VL_ANCHOR_H

#include "pipeline/codec/codec.h"
#include "pipeline/codec/numbers.h"
#include "pipeline/codec/odd_letters.h"

enum { VL_ANCHOR_RUN, VL_ANCHOR_ON, VL_ANCHOR_LITERAL, VL_ANCHOR_NITEM };

/* A run, or a literal, of letters of the chunk. */
typedef struct vl_anchor_item {
    uint32_t letter, n; /* where they stand in the chunk, how many */
    uint32_t at;        /* of a run: in the consensus; before that is known in its stretch */
    uint32_t stretch;   /* of the contig, that it lies in */
    uint8_t kind;
} vl_anchor_item;

/* Room, kept from chunk to chunk. */
typedef struct vl_anchor {
    vl_numbers *numbers; /* borrowed: of work */
    vl_buf item, stretch, order, vote, consensus, kind, value, other, gap, sub[4], literal, two;
    size_t nstretch;
} vl_anchor;

vl_anchor *vl_anchor_of(vl_work *work, vl_err *err);

/* Items of the chunk's letters [n], and stretches of contigs that the runs cover, by what guides
 * (anchor_find.c). *covered: letters of runs. */
vl_code vl_anchor_find(vl_anchor *s, const vl_pack_job *job, size_t n, size_t *covered, vl_err *err);
/* Stretches that meet become one; items get their places in the consensus. *size: its letters. */
vl_code vl_anchor_join(vl_anchor *s, size_t *size, vl_err *err);
/* The consensus by the most votes, as letters, into s->consensus (anchor_vote.c). */
vl_code vl_anchor_vote(vl_anchor *s, const uint8_t *letter, size_t size, vl_err *err);

vl_code vl_anchor_unpack(const vl_unpack_job *job, vl_err *err);

#endif
