/*
 * Place: where a row lies on contigs, and where its mate does, as eight numbers (i64) that stand side by side
 * in one column: what a look at places needs is in one chunk, and a codec sees how they depend on each other.
 */
#ifndef VL_PLACE_H
#define VL_PLACE_H

enum {
    VL_PLACE_CONTIG,          /* number of the contig, -1: none */
    VL_PLACE_POSITION,        /* of the first letter on it, from 0; -1: none */
    VL_PLACE_SPAN,            /* letters of the contig that it covers, by its CIGAR */
    VL_PLACE_FLAG,            /* FLAG of SAM, section 1.4 */
    VL_PLACE_MATE_CONTIG,     /* as its mate says */
    VL_PLACE_MATE_POSITION,   /* the same */
    VL_PLACE_TEMPLATE_LENGTH, /* TLEN of SAM */
    VL_PLACE_NAME,            /* row of the table of names */
    VL_PLACE_N
};

#endif
