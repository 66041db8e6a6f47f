/* What the files of this folder share: reads that a question selects. */
#ifndef VL_READS_VIEW_H
#define VL_READS_VIEW_H

#include "formats/reads/bam.h"
#include "formats/reads/fastq.h"
#include "pipeline/out/select.h"

typedef struct vl_reads_asked {
    const char *name, *names;                       /* NULL: any; names: a file with one a line */
    int order;                                      /* of names: VL_READS_STORE or VL_READS_LIST */
    const char *name_regex, *comment_regex, *motif; /* NULL: any */
    uint64_t length[2];                             /* letters, both included */
    double mean_phred[2], mean_quality[2];          /* NaN: any */
    double fraction;                                /* NaN: all */
    uint64_t seed;
} vl_reads_asked;
enum { VL_READS_STORE, VL_READS_LIST };

struct vl_reads_names; /* reads_names.h */

/* viewer->own */
typedef struct vl_reads_own {
    vl_fastq_how how;
    vl_bam_how bam;               /* only of form bam, once its header is printed */
    const char *lacks;            /* then: what BAM cannot say of the store's reads; NULL: nothing */
    struct vl_reads_names *names; /* owned; NULL: no name is asked for */
    uint64_t letter[256];         /* of reads: places of the motif that it fits */
} vl_reads_own;

extern const vl_question vl_reads_question;
extern const vl_form vl_reads_fastq, vl_reads_fasta, vl_reads_json, vl_reads_bam;

static inline const vl_reads_asked *vl_reads_asked_of(const vl_viewer *v) { return v->asked; }

/* How reads are printed. */
static inline const vl_fastq_how *vl_reads_how(const vl_viewer *v)
{
    return &((const vl_reads_own *)v->own)->how;
}

/* Reads of a name: with pairs both mates. */
static inline size_t vl_reads_step(const vl_viewer *v) { return vl_reads_how(v)->paired ? 2 : 1; }

/* Predicates (select.h); those of patterns are in reads_pattern.c. */
extern const vl_predicate vl_reads_predicates[];
bool vl_reads_asks_name_regex(const vl_viewer *v);
bool vl_reads_asks_comment_regex(const vl_viewer *v);
bool vl_reads_asks_motif(const vl_viewer *v);
vl_code vl_reads_name_matches(const void *viewer, const vl_batch *b, size_t n, uint8_t *what, vl_err *err);
vl_code vl_reads_comment_matches(const void *viewer, const vl_batch *b, size_t n, uint8_t *what, vl_err *err);
vl_code vl_reads_has_motif(const void *viewer, const vl_batch *b, size_t n, uint8_t *what, vl_err *err);
/* What is asked, before any row is looked at. VL_EARG. */
vl_code vl_reads_check_asked(vl_viewer *v, vl_err *err);
vl_code vl_reads_check_patterns(vl_viewer *v, vl_err *err);

#endif
