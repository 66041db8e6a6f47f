/* What the files of this folder share: reads that a question selects. */
#ifndef VL_READS_VIEW_H
#define VL_READS_VIEW_H

#include "formats/reads/fastq.h"
#include "pipeline/out/view.h"

typedef struct vl_reads_asked {
    const char *name; /* NULL: any */
} vl_reads_asked;

extern const vl_question vl_reads_question;
extern const vl_form vl_reads_fastq;

/* viewer->own: how reads are printed */
static inline const vl_fastq_how *vl_reads_how(const vl_viewer *v) { return v->own; }

#endif
