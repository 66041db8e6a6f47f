/*
 * Alignments by the names of their reads. The table of names is looked at once; of the rows that point at
 * those that are wanted the index of places knows where they may be.
 */
#ifndef VL_ALIGNMENTS_NAMES_H
#define VL_ALIGNMENTS_NAMES_H

#include "pipeline/out/select.h"

typedef struct vl_alignments_names vl_alignments_names;

/* One name, or the lines of a file ("-": standard input); the other is NULL. Both: names are added. */
vl_code vl_alignments_names_open(vl_alignments_names **out, const char *name, const char *path, vl_err *err);
vl_code vl_alignments_names_add(vl_alignments_names *s, vl_cell name, vl_err *err); /* borrowed */
bool vl_alignments_names_has(const vl_alignments_names *s, vl_cell name);
/* Rows of the table of names that are wanted. */
vl_code vl_alignments_names_find(vl_alignments_names *s, vl_reader *r, int threads, vl_err *err);
const vl_rows *vl_alignments_names_rows(const vl_alignments_names *s);
/* Names that were asked for, and those of them that the store has not. */
void vl_alignments_names_count(const vl_alignments_names *s, size_t *all, size_t *missed);
void vl_alignments_names_close(vl_alignments_names *s); /* NULL is fine */

#endif
