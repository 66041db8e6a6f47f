/*
 * What /qc of a store says of the reads of one mate, as it was counted when they came in (reads_tally.h).
 */
#ifndef VL_READS_QC_H
#define VL_READS_QC_H

#include "pipeline/out/qc.h"
#include "pipeline/reads/reads_tally.h"

/* One table as numbers. */
typedef struct vl_qc_table {
    vl_buf bytes;  /* owned */
    size_t dim[3]; /* 1 where it has fewer; dim[0] is 0: there is none */
    vl_type type;
} vl_qc_table;

/* The tables, in the order of their names in reads_qc.c. */
enum {
    VL_QT_BASE,
    VL_QT_QUALITY,
    VL_QT_BASE_BEYOND,
    VL_QT_QUALITY_BEYOND,
    VL_QT_BASE_GROUP,
    VL_QT_QUALITY_GROUP,
    VL_QT_LENGTH,
    VL_QT_LONG,
    VL_QT_ERROR,
    VL_QT_OTHER,
    VL_QT_MEAN,
    VL_QT_GC,
    VL_QT_ADAPTER,
    VL_QT_TILE,
    VL_QT_TILE_QUALITY,
    VL_QT_DUPLICATION,
    VL_QT_FREQUENT,
    VL_QT_FREQUENT_COUNT,
    VL_QT_TAIL,
    VL_QT_INSERT, /* these of a store, not of a mate: with those of mate 0 */
    VL_QT_OVERHANG,
    VL_QT_COPIES,
    VL_QT_N
};

typedef struct vl_reads_qc {
    const char *name; /* "", "mate 1", "mate 2" */
    vl_qc_table table[VL_QT_N];
    uint64_t nread, full_at; /* full_at: number of the read that brought the last key, from 1; 0: none did */
    uint64_t shortest, longest;                          /* reads */
    uint64_t base[VL_QC_LETTERS], quality[VL_QC_LEVELS]; /* of all positions, unless cut */
    bool cut;   /* of reads that are longer, only the first VL_QC_POSITIONS positions were counted */
    bool whole; /* the store is of a vial that counts single reads, tiles, adapters and keys as well */
} vl_reads_qc;

/* Of a mate: 0 single reads, 1 and 2. nread is 0 where there are none. VL_ESTORE: a table that has not the
 * shape it must have. */
vl_code vl_reads_qc_load(vl_reads_qc *qc, vl_store *st, int mate, vl_err *err);
/* Says what the store has not, if anything. */
void vl_reads_qc_missing(const vl_reads_qc *qc, char note[VL_QC_NOTE]);
void vl_reads_qc_free(vl_reads_qc *qc);

/* Reads with a tail of that letter, 0 to 3, and how many letters these have together. */
void vl_reads_qc_tails(const vl_reads_qc *qc, unsigned letter, uint64_t *reads, uint64_t *letters);

/* What a store says of pairs, or of whole reads: of mate 0. */
typedef struct vl_reads_whole {
    bool pairs, copies;            /* there are such tables */
    uint64_t found, unknown, peak; /* pairs that overlap, that do not; the length that most fragments have */
    uint64_t through, behind;      /* pairs that go on behind their fragment; letters there */
    double copied;                 /* percent that are copies of another, of pairs or single reads */
    bool exact;                    /* of all; else estimated */
} vl_reads_whole;
vl_code vl_reads_whole_of(const vl_reads_qc *qc, vl_store *st, vl_reads_whole *out, vl_err *err);
/* The letter that most pairs have at a place behind the end of their fragment; 0: none, or more than one in
 * five has another. */
char vl_reads_overhang(const vl_reads_qc *qc, int mate, size_t at);

/* Reads of `from` to `to` bases; of older stores those of 1024 and more are all 1024 long. */
uint64_t vl_reads_qc_reads_of(const vl_reads_qc *qc, uint64_t from, uint64_t to);
/* The length that half of all bases are in reads of, or of longer ones. */
uint64_t vl_reads_qc_n50(const vl_reads_qc *qc);

uint64_t vl_qc_at(const vl_reads_qc *qc, int table, size_t i, size_t j, size_t k);
/* Element i of line j of a table of counts by key. */
static inline uint64_t vl_qc_key(const vl_reads_qc *qc, int table, size_t line, size_t i)
{
    return vl_qc_at(qc, table, line, i, 0);
}
static inline size_t vl_qc_dim(const vl_reads_qc *qc, int table, int d) { return qc->table[table].dim[d]; }

extern const vl_qc_form vl_reads_qc_text, vl_reads_qc_json, vl_reads_qc_fastqc, vl_reads_qc_multiqc;

#endif
