/* What the files of this folder share: alignments that a question selects. */
#ifndef VL_ALIGNMENTS_VIEW_H
#define VL_ALIGNMENTS_VIEW_H

#include "formats/alignments/alignments.h"
#include "pipeline/out/select.h"

typedef struct vl_alignments_asked {
    uint64_t any; /* nothing yet */
} vl_alignments_asked;

/* viewer->own */
typedef struct vl_alignments_own {
    vl_buf header;      /* of the store */
    vl_contigs contigs; /* borrows from it */
} vl_alignments_own;

extern const vl_question vl_alignments_question;
extern const vl_form vl_alignments_sam, vl_alignments_bam;

static inline const vl_alignments_own *vl_alignments_own_of(const vl_viewer *v) { return v->own; }

/* Calls `one` with the rows of the load that are to be printed, each with its record. */
vl_code vl_alignments_each(const vl_viewer *v, vl_load *load,
                           vl_code (*one)(const vl_viewer *v, const vl_alignment *a, vl_buf *out,
                                          vl_err *err),
                           vl_err *err);

#endif
