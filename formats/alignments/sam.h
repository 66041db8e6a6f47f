/* What the files of SAM share (sam.c). */
#ifndef VL_SAM_H
#define VL_SAM_H

#include "formats/alignments/alignments.h"

typedef struct vl_sam_head {
    bool crlf;     /* how lines end */
    vl_buf header; /* owned */
    vl_contigs contigs;
} vl_sam_head;

/* Lines that come in, of one block. */
typedef struct vl_sam_in {
    const vl_sam_head *h;
    const vl_block *in;
    uint64_t line; /* before this one, in the input */
    vl_alignments_in rows;
    vl_buf cigar, tags, quality, again;
} vl_sam_in;

/* ends: a line break stood behind it. */
vl_code vl_sam_line(vl_sam_in *w, vl_cell line, bool ends, vl_err *err);

#endif
