/*
 * The numbers of FastQC from the counts of a store, in the words and the layout of its fastqc_data.txt, so
 * that whoever reads that file (MultiQC does) reads ours. By the rules of version 0.11.9.
 *
 * reads_fastqc.c     the file: modules in their order, and the summary
 * fastqc_number.c    groups of positions; numbers as Java prints them
 * fastqc_quality.c   modules of qualities
 * fastqc_bases.c     modules of letters, lengths and adapters
 * fastqc_keys.c      modules of reads that occur often
 */
#ifndef VL_READS_FASTQC_H
#define VL_READS_FASTQC_H

#include "formats/text.h"
#include "pipeline/reads/reads_qc.h"

#define VL_FQ_RULES "0.11.9"

typedef enum vl_fq_state { VL_FQ_PASS, VL_FQ_WARN, VL_FQ_FAIL, VL_FQ_ABSENT } vl_fq_state;

typedef struct vl_fq {
    const vl_reads_qc *qc;
    const char *file; /* that the reads are said to be of */
    const char *list; /* of sources that somebody gave; NULL: FastQC's, or ours */
    int offset;       /* of qualities to those of the store: 0, or -31 as FastQC takes them for phred 64 */
    const char *encoding;
    vl_buf text;
    vl_err *err;
} vl_fq;

/* The whole file into fq->text; summary: a line a module. */
vl_code vl_fq_print(vl_fq *fq, vl_buf *summary);

/* The modules one by one: pass, warn, fail, or "-" if the store has nothing for it. */
enum { VL_FQ_MODULES = 11 };
const char *vl_fq_module_name(size_t module);
const char *vl_fq_state_of(const vl_reads_qc *qc, size_t module, vl_err *err);

/* What it warns of and what it fails, in words, "" if nothing. */
const char *vl_fq_module_warns(size_t module);
const char *vl_fq_module_fails(size_t module);
/* Whether FastQC takes the qualities for phred 64, 31 too low. */
bool vl_fq_takes_64(const vl_reads_qc *qc);

/* Percent of reads that are left when each is kept once, estimated; -1 without reads. */
double vl_fq_deduplicated(const vl_reads_qc *qc);
/* Reads in which the adapter begins at position p, from 0, or before. */
uint64_t vl_fq_begun(const vl_reads_qc *qc, unsigned adapter, size_t p);

/* ---- numbers of single modules ---- */

/* Reads by percent of G and C, and what they were if this were normal. */
void vl_fq_gc_percents(const vl_reads_qc *qc, double percent[101], double normal[101]);

enum { VL_FQ_LEVELS = 16 };
typedef struct vl_fq_levels {
    double keys[VL_FQ_LEVELS], reads[VL_FQ_LEVELS]; /* by how often they are seen */
    double all_keys, all_reads;
} vl_fq_levels;
const char *vl_fq_level_name(size_t level);
vl_code vl_fq_levels_of(const vl_reads_qc *qc, vl_fq_levels *out, vl_err *err);

typedef struct vl_fq_sequence {
    char letters[VL_KEY_WHOLE + 1];
    uint64_t n;     /* reads */
    uint64_t place; /* in Java's table */
    size_t number;  /* in the order they came */
} vl_fq_sequence;
/* Those of more than a thousandth of the reads, the most frequent first; the caller frees them. NULL and
 * err: none, or no memory. */
vl_fq_sequence *vl_fq_sequences(const vl_reads_qc *qc, size_t *n, vl_err *err);

/* ---- of the modules ---- */

/* Positions that are shown as one, from 0, both included. */
typedef struct vl_fq_group {
    size_t first, last;
} vl_fq_group;
enum { VL_FQ_GROUPS = 80 };
size_t vl_fq_groups(uint64_t n, vl_fq_group group[VL_FQ_GROUPS]);

#define vl_fq_put(fq, ...) vl_text_put(&(fq)->text, (fq)->err, __VA_ARGS__)
void vl_fq_number(vl_fq *fq, double v);         /* as Java prints it */
void vl_fq_label(vl_fq *fq, vl_fq_group group); /* "7", "10-14" */
/* A tabulator and the number. */
void vl_fq_cell(vl_fq *fq, double v);

/* How far the qualities of each tile are from the mean of all, by group of positions. */
typedef struct vl_fq_tile_map {
    size_t ntile, ngroup;
    vl_fq_group group[VL_FQ_GROUPS];
    double *off; /* owned; [ntile][ngroup] */
} vl_fq_tile_map;
/* ntile is 0 where there are no tiles. */
vl_code vl_fq_tile_map_of(const vl_fq *fq, vl_fq_tile_map *out, vl_err *err);

typedef vl_fq_state vl_fq_module(vl_fq *fq); /* puts headings and rows */
vl_fq_module vl_fq_basic, vl_fq_quality, vl_fq_tiles, vl_fq_means, vl_fq_content, vl_fq_gc, vl_fq_n,
    vl_fq_lengths, vl_fq_duplication, vl_fq_frequent, vl_fq_adapters;

#endif
