/*
 * What is left out of alignments that are folded (formats/fold.h), and the fields that say so:
 *
 *     derived    u8, one a row: bits of vl_derived
 *     shift      i64, one a row: position + this is the element of `consensus` that the row begins on
 *     literal    u8: letters of a row that lie on none of a contig: clipped, inserted, all of some rows
 *     consensus  u8: letters of contigs that rows lie on, as most rows have them, in the order in which rows
 *                came to them, in any row of the batch
 *     reference  u8, element by element: what the contig has there, by tag MD; '=': the same
 *     differ_at  u32: letters of a row that differ from the consensus, as places in the order of their
 *                qualities, the worst first; each less the one before it and 1
 *     differ     u8, as many: what they are: 1 to 3, how far in A C T G behind that of the consensus, or
 *     itself
 *     modified   u8: tag MM of the row, by rules (alignments_modified.c); the tag's column has nothing then
 *     named      u8: of letters that may be in lists of that tag, 1 for each that is, 0 for each that is not
 *     rest       u8: of tag ML the numbers of lists behind the first, by those before; the tag's column has
 *     the
 *                first then
 *
 * The last three are in batches with such rows alone, and their stores are of a version of their own.
 *
 * Letters of a row that is folded are '='. Tags that follow have no elements in their columns. Qualities are
 * in the order of sequencing.
 *
 * alignments_fold.c     leaves out
 * alignments_unfold.c   makes again
 * alignments_differ.c   letters that differ
 * alignments_covered.c  consensus and reference, as rows come to them
 * alignments_modified.c tags of modified bases
 * alignments_follow.c   what follows from what; both ways look at that alike
 */
#ifndef VL_ALIGNMENTS_FOLD_H
#define VL_ALIGNMENTS_FOLD_H

#include "formats/alignments/alignments.h"
#include "formats/fold.h"

/* Tags that follow: of the mate its CIGAR, its mapping quality, the sum of its qualities from 15 on (samtools
 * fixmate -m); of the letters of the contig how many differ, and which (SAM tags, MD). */
enum { VL_AF_MC, VL_AF_MQ, VL_AF_MS, VL_AF_NM, VL_AF_MD, VL_AF_NTAG };

typedef enum vl_derived {
    VL_AD_LETTERS = 1, /* its letters are folded */
    VL_AD_LIES = 2,    /* and it lies on letters of a contig */
    VL_AD_TAG = 4,     /* << VL_AF_MC and so on: the tag follows */
    VL_AD_TURNED = 128 /* its qualities are in the order in which the read was sequenced */
} vl_derived;

/* Rows that a mate may be away; letters of the longest read of a batch in which tags follow from mates, as
 * all rows that may be one are read for it. */
enum { VL_AF_NEAR = 2048, VL_AF_SHORT = 1024 };

/* Fields of a batch that is folded, or is to be; -1: it has none of that name. */
typedef struct vl_fold_fields {
    int derived, shift, differ_at, differ, literal, consensus, reference, modified, named, rest,
        tag[VL_AF_NTAG];
    int mm, ml; /* tags of modified bases */
} vl_fold_fields;
vl_fold_fields vl_fold_fields_of(const vl_schema *schema);
vl_code vl_fold_fields_add(vl_fold_fields *f, vl_batch *batch, vl_err *err); /* those that say so */
/* One of those that not every batch has. */
typedef enum vl_fold_field { VL_FF_MODIFIED, VL_FF_NAMED, VL_FF_REST, VL_FF_N } vl_fold_field;
vl_code vl_fold_field_add(vl_fold_field which, int *number, vl_batch *batch, vl_err *err);

/* Turns the qualities of row i, if it is reversed: from the contig's order to that of the read, and back. */
void vl_turn_quality(vl_batch *b, size_t i);
/* Whether places are of eight numbers, one behind the other. */
bool vl_places_fit(const vl_batch *b);

/* ---- rows on contigs ---- */

/* How a row lies. */
typedef struct vl_aligned {
    int64_t contig, position;
    const uint8_t *cigar; /* borrowed */
    size_t nop, span, n;  /* operations; letters of the contig, of the read */
} vl_aligned;

/* False: it lies nowhere, skips letters of the contig, or its CIGAR does not fit its letters. */
bool vl_lies(const vl_batch *b, size_t i, vl_aligned *out);
/* One operation, of so many letters; contig, read: letters of each before it. Begins as zeros. False: there
 * is no further one. */
typedef struct vl_aligned_step {
    size_t op; /* how many were taken */
    size_t contig, read, n;
    bool on_contig, in_read;
} vl_aligned_step;
bool vl_aligned_next(const vl_aligned *l, vl_aligned_step *s);
/* The first letter from i on in which two differ, or are N, which says nothing; n: none. */
size_t vl_next_difference(const uint8_t *a, const uint8_t *b, size_t i, size_t n);
/* Replaces text by tag MD of a row with letters [n] on letters [span] of the contig; *nm: that of NM. */
vl_code vl_differences(const vl_aligned *l, const uint8_t *letter, const uint8_t *contig, vl_buf *text,
                       int64_t *nm, vl_err *err);

/* ---- letters of contigs ---- */

/* Letters of contigs that rows lie on, in stretches without gaps; of all of them, those at the end. */
typedef struct vl_covered {
    int64_t contig, from, to;    /* the last stretch: [from, to) of the contig are kept */
    uint64_t total;              /* letters of all stretches */
    vl_buf consensus, reference; /* the last of these; of both as many */
    size_t nnew;                 /* of them, those of this batch */
    vl_buf told, depth, vote; /* of those: u8 1 by tag MD; rows (differences), votes against the reference */
} vl_covered;

/* A batch begins: what lies far before the end is not needed, as rows are sorted where this is of use. */
void vl_covered_begin(vl_covered *s);
/* Whether a row begins on the last stretch, or at its end. */
static inline bool vl_covered_meets(const vl_covered *s, const vl_aligned *l)
{
    return s->to > s->from && l->contig == s->contig && l->position >= s->from && l->position <= s->to;
}
/* Makes the stretch longer by a row, or begins another: by its letters and tag MD, which may be none. *shift:
 * of the row. */
vl_code vl_covered_add(vl_covered *s, const vl_aligned *l, const uint8_t *letter, vl_cell md, int64_t *shift,
                       vl_err *err);
/* What rows of the batch have on its letters that are new, one row after the other; then the consensus. */
vl_code vl_covered_vote(vl_covered *s, const vl_aligned *l, const uint8_t *letter, int64_t shift,
                        vl_err *err);
void vl_covered_end(vl_covered *s);
/* Where in the kept letters a row begins. */
static inline size_t vl_covered_at(const vl_covered *s, const vl_aligned *l, int64_t shift)
{
    return (size_t)((uint64_t)(l->position + shift) - (s->total - s->consensus.len));
}

/* ---- letters that differ ---- */

/* Of one row, room for them. */
typedef struct vl_differing {
    vl_buf found, at, mark;
} vl_differing;
/* One, in the order of the row's letters; then the row: its letters are as many as qualities. */
vl_code vl_differ_add(vl_differing *d, uint32_t at, uint8_t letter, uint8_t consensus, vl_err *err);
vl_code vl_differ_put(vl_differing *d, vl_cell quality, vl_batch *b, const vl_fold_fields *f, vl_err *err);
void vl_differ_free(vl_differing *d);
/* Row i's letters [n], which are those of the consensus, become its own. *fits false: they cannot. */
vl_code vl_differ_take(const vl_batch *b, const vl_fold_fields *f, size_t i, uint8_t *letter, size_t n,
                       vl_buf *room, bool *fits, vl_err *err);

/* ---- modified bases ---- */

/* Of one row, room for it. */
typedef struct vl_modifying {
    vl_buf text, sites, named, rest;
    uint8_t rule[2]; /* of which sites are, if known */
    bool known;
    size_t nsite, nlist;
} vl_modifying;
/* Leaves tags MM and ML out of rows whose letters say them: before letters are folded. */
vl_code vl_modified_fold(vl_modifying *m, vl_batch *b, vl_fold_fields *f, vl_err *err);
void vl_modifying_free(vl_modifying *m);
/* Makes them again, behind letters; data, sites: room. */
vl_code vl_modified_unfold(vl_batch *b, const vl_fold_fields *f, vl_buf *data, vl_buf *sites, vl_err *err);
vl_code vl_likely_unfold(vl_batch *b, const vl_fold_fields *f, vl_buf *data, vl_err *err);

/* ---- mates ---- */

/* First rows of names that are an end of a template, for both ends. */
typedef struct vl_ends {
    int64_t least;
    size_t n;
    vl_buf row; /* i32 [2 * n]; -1: none */
} vl_ends;
vl_code vl_ends_find(vl_ends *m, const vl_batch *b, vl_err *err);
/* The row that is the other end of row i of the batch; false: none that is near. */
bool vl_mate_of(const vl_ends *m, const vl_batch *b, size_t i, size_t *mate);
/* What tags say of a mate. */
int64_t vl_mate_quality(const vl_batch *b, size_t mate);
vl_code vl_mate_cigar(const vl_batch *b, size_t mate, vl_buf *text, vl_err *err);

/* ---- out (vl_fold) ---- */

vl_code vl_alignments_reach(const vl_batch *b, vl_fold_reach *out, vl_err *err);
vl_code vl_alignments_unfold(const vl_folded *in, vl_err *err);

#endif
