/* What the files of this folder share: reads that a question selects. */
#ifndef VL_READS_VIEW_H
#define VL_READS_VIEW_H

#include "formats/reads/fastq.h"
#include "pipeline/out/view.h"

typedef struct vl_reads_asked {
    const char *name, *names; /* NULL: any; names: a file with one a line */
} vl_reads_asked;

struct vl_reads_names; /* reads_names.h */

/* viewer->own */
typedef struct vl_reads_own {
    vl_fastq_how how;
    struct vl_reads_names *names; /* owned; NULL: no name is asked for */
} vl_reads_own;

extern const vl_question vl_reads_question;
extern const vl_form vl_reads_fastq;

/* How reads are printed. */
static inline const vl_fastq_how *vl_reads_how(const vl_viewer *v)
{
    return &((const vl_reads_own *)v->own)->how;
}

#endif
