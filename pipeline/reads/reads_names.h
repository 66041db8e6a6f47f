/*
 * Reads by name: one name, or those that a file lists, a line each. A name stands for itself up to its first
 * blank, as the store keeps it; what follows must be the read's comment. "r1/1" is the first mate of r1 where
 * that is how the store's mates are marked.
 */
#ifndef VL_READS_NAMES_H
#define VL_READS_NAMES_H

#include "pipeline/reads/reads_view.h"

typedef struct vl_reads_names vl_reads_names;

/* name or path, the other NULL; path "-": standard input. */
vl_code vl_reads_names_open(vl_reads_names **out, const char *name, const char *path, const vl_fastq_how *how,
                            vl_err *err);
/* Adds the rows of all reads that have one of the names, and are in v->ask->rows, to v->rows. */
vl_code vl_reads_names_find(vl_reads_names *names, vl_viewer *v, vl_err *err);
/* How many there are, and how many of them no read has. */
void vl_reads_names_count(const vl_reads_names *names, size_t *all, size_t *missed);
void vl_reads_names_close(vl_reads_names *names); /* NULL is fine */

#endif
