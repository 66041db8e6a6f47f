/*
 * What the files of this folder share: alignments that a question selects.
 *
 * regions.c             regions of contigs, and BED
 * alignments_select.c   which rows, by their places, flags and mapping qualities
 * alignments_tags.c     which rows, by their tags
 * alignments_names.c    which rows, by names of reads (alignments_names.h)
 * alignments_mates.c    and their mates elsewhere
 * alignments_view.c     the table's entry, columns
 * alignments_forms.c    SAM, BAM and CRAM
 * cram_writer.c         how CRAM is written
 * alignments_fastq.c    FASTQ
 * alignments_json.c     JSON
 */
#ifndef VL_ALIGNMENTS_VIEW_H
#define VL_ALIGNMENTS_VIEW_H

#include "formats/alignments/alignments.h"
#include "pipeline/alignments/alignments_names.h"
#include "pipeline/alignments/regions.h"
#include "pipeline/out/select.h"

typedef struct vl_alignments_asked {
    const char *bed, *tag, *group, *name, *names;
    const char *flag[4]; /* vl_flag_rule; what was given is added up */
    uint64_t mapq;
    bool no_header, only_header, pairs;
} vl_alignments_asked;

/* Rules on flags: all of these bits, none of these, not all of these, one of these. */
typedef enum vl_flag_rule { VL_FLAGS_ALL, VL_FLAGS_NONE, VL_FLAGS_NOT_ALL, VL_FLAGS_ANY } vl_flag_rule;

/* A tag that is asked for, and values, one of which it must have. */
typedef struct vl_tag_asked {
    char name[2];
    bool asked, or_none; /* or_none: rows without the tag as well */
    vl_cell *value;      /* owned; borrows from the command line */
    size_t n;
} vl_tag_asked;

/* viewer->own */
typedef struct vl_alignments_own {
    vl_buf header;      /* of the store */
    vl_contigs contigs; /* borrows from it */
    vl_regions region, bed;
    bool by_region, by_bed;
    unsigned flag[4];           /* vl_flag_rule */
    vl_tag_asked group, tag;    /* RG, and any */
    vl_alignments_names *names; /* owned; NULL: none are asked for */
} vl_alignments_own;

extern const vl_question vl_alignments_question;
extern const vl_form vl_alignments_sam, vl_alignments_bam, vl_alignments_cram, vl_alignments_fastq,
    vl_alignments_json;
extern const vl_writer vl_cram_writer;

static inline const vl_alignments_own *vl_alignments_own_of(const vl_viewer *v) { return v->own; }
static inline const vl_alignments_asked *vl_alignments_asked_of(const vl_viewer *v) { return v->asked; }

/* Reads what is asked into `own`, and finds the rows. */
vl_code vl_alignments_select(vl_viewer *v, vl_err *err);
/* Adds mates that lie elsewhere to the rows that were selected. */
vl_code vl_alignments_mates(vl_viewer *v, const vl_selection *what, vl_err *err);
void vl_alignments_select_free(vl_alignments_own *o);
/* Bits of a FLAG: "0x900", "2304", "SECONDARY,SUPPLEMENTARY"; false: it is neither. */
bool vl_flags_read(const char *text, unsigned *flags);

/* "NM" or "NM:1" of option -d, and a read group of -r. */
vl_code vl_tag_ask(vl_tag_asked *ask, const char *option, const char *text, vl_err *err);
/* Whether a line of the header is that of a read group that is not asked for. */
bool vl_tag_leaves_out(const vl_tag_asked *ask, vl_cell line);
/* Predicates on tags: what they see depends on the columns that the store has. */
void vl_tag_predicate(const vl_viewer *v, vl_predicate *p, bool group);
/* Calls `one` with the rows of the load that are to be printed, each with its record. */
vl_code vl_alignments_each(const vl_viewer *v, vl_load *load,
                           vl_code (*one)(const vl_viewer *v, uint64_t row, const vl_alignment *a,
                                          vl_buf *out, vl_err *err),
                           vl_err *err);

#endif
