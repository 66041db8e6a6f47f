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
/* The predicate (select.h); only names whose lines have comments behind them must see those of reads. */
bool vl_reads_names_see_comments(const vl_reads_names *names);
vl_code vl_reads_names_narrow(vl_viewer *v, vl_rows *may, vl_err *err);
vl_code vl_reads_names_hold(const void *viewer, const vl_batch *b, size_t n, uint8_t *what, vl_err *err);
/* The rows of v, in the order of the list, into v->order; those of a name that is listed twice stand there
 * twice. Once, when all predicates have been tried. */
vl_code vl_reads_names_order(vl_reads_names *names, vl_viewer *v, vl_err *err);
/* How many there are, and how many of them no read has. */
void vl_reads_names_count(const vl_reads_names *names, size_t *all, size_t *missed);
void vl_reads_names_close(vl_reads_names *names); /* NULL is fine */

#endif
