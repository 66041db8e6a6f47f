/* FASTQ printed again: what parse (fastq.c) and its inverse (fastq_print.c), and the view of reads as FASTQ,
 * share. */
#ifndef VL_FASTQ_H
#define VL_FASTQ_H

#include "formats/reads/fastq_lines.h"
#include "formats/reads/mates.h"
#include "formats/reads/reads.h"

/* How reads are printed. The same things stand as facts and counters in a store. */
typedef struct vl_fastq_how {
    bool paired;         /* names are kept once for each pair */
    const vl_mark *mark; /* at the end of mates' names; NULL if names are equal */
    vl_usual usual[2];   /* lines of input 1 and 2 */
    bool as_was;         /* lines are broken as they were; else a read has four lines */
    bool split;          /* mates apart, to two texts */
    bool no_final[2];    /* the last line has no line break */
    uint64_t blank[2];   /* blank lines behind the last record */
} vl_fastq_how;

/* What the fact `layout` says of rows and names. VL_ESTORE: nothing that is known. */
vl_code vl_fastq_is_paired(const char *layout, bool *paired, vl_err *err);
vl_code vl_fastq_unfinish(void *how, const vl_facts *facts, const uint64_t *counter, int ntext, vl_way *way,
                          vl_err *err);
vl_code vl_fastq_print(const void *how, const vl_batch *batch, bool last, vl_buf *out, vl_err *err);

/* Appends name, mate's mark and comment of a read, as they stand behind '@'. */
vl_code vl_fastq_put_title(const vl_batch *batch, const vl_fastq_how *how, size_t i, vl_buf *out,
                           vl_err *err);
/* Appends n reads of the batch from `first` on; mate 1 or 2: only these, 0: all. Row 0 must be a first mate
 * when paired. */
vl_code vl_fastq_print_rows(const vl_batch *batch, const vl_fastq_how *how, int mate, size_t first, size_t n,
                            vl_buf *out, vl_err *err);

#endif
