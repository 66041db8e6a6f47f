/*
 * Quality control of reads, computed while they come in: what FastQC and fastp count, for each mate by
 * itself. One vl_qc a slot, filled in parallel; all of it are sums, which do not depend on the order in which
 * they are made. Beside it what does depend on the order of reads, the keys (reads_keys.h).
 *
 * reads_tally.c    the whole: what a batch passes through, and the tables under /qc
 * reads_places.c   letters and qualities by position
 * reads_each.c     numbers of single reads: length, mean quality, G and C
 * reads_long.c     long reads: mean error by length
 * reads_tiles.c    qualities by tile of the flow cell and position, on every 10th read
 * reads_adapters.c where adapters begin
 * reads_tails.c    tails of one letter
 * reads_keys.c     how often a read occurs: the first 100,000 distinct ones
 * reads_pairs.c    how long fragments are, where mates overlap, and what lies behind their ends
 * reads_copies.c   how often whole reads or pairs occur
 */
#ifndef VL_READS_TALLY_H
#define VL_READS_TALLY_H

#include "formats/reads/reads.h"
#include "pipeline/out/kind.h"
#include "pipeline/reads/reads_copies.h"
#include "pipeline/reads/reads_counts.h"
#include "pipeline/reads/reads_keys.h"

enum { VL_QC_POSITIONS = 1024, VL_QC_LETTERS = 5, VL_QC_LEVELS = 94 };
enum { VL_QC_LONG = 512, VL_QC_WAYS = 4 }; /* bases of a long read; counts that take turns */
enum { VL_QC_TILES = 2501, VL_QC_TILE_EVERY = 10 };

/* The length that a read's G and C are counted in: whole hundreds, whole thousands of longer reads. */
static inline uint64_t vl_qc_gc_length(uint64_t n)
{
    return n > 1000 ? n / 1000 * 1000 : n > 100 ? n / 100 * 100 : n;
}

/* Groups of positions in long reads, and of lengths: an eighth of an octave each, from 8 on. */
enum { VL_QC_GROUP_FAR = 56 }; /* that of position VL_QC_POSITIONS */
static inline size_t vl_qc_group(uint64_t n)
{
    if (n < 8) return 0;
    const unsigned octave = 63 - (unsigned)__builtin_clzll(n);
    return 8 * (octave - 3) + (n >> (octave - 3) & 7);
}
static inline uint64_t vl_qc_group_from(size_t group) { return (uint64_t)(8 + group % 8) << group / 8; }

typedef struct vl_qc_tile {
    uint32_t number;
    uint64_t *quality, *ends; /* owned; [npos], [npos + 1]: sums of Phred; reads that are so long */
    size_t npos;
} vl_qc_tile;

typedef struct vl_qc_tiles {
    vl_qc_tile *tile; /* owned; in no order */
    size_t n, last;   /* last: where the read before was */
    int field;        /* of the name between ':', from 0; 0: no read was looked at yet */
    bool none;        /* a name has no number there, or there are too many tiles: there are none */
} vl_qc_tiles;

typedef struct vl_qc_mate {
    uint64_t nread;
    uint64_t *base;    /* owned; [npos][5]: A, C, G, T, other */
    uint64_t *quality; /* owned; [npos][94] */
    uint64_t *length;  /* owned; [VL_QC_POSITIONS + 1]: reads of that length; the last: longer ones */
    size_t npos;       /* longest read, VL_QC_POSITIONS at most */
    uint64_t base_beyond[VL_QC_LETTERS];               /* of all positions behind; and by groups of them: */
    uint64_t (*base_far)[VL_QC_LETTERS];               /* owned; [nfar] */
    uint64_t (*quality_far)[VL_QC_WAYS][VL_QC_LEVELS]; /* owned; [nfar]: the sum of all ways counts */
    size_t nfar;
    uint64_t mean[VL_QC_LEVELS]; /* reads by mean quality, rounded down */
    vl_counts error;   /* long reads: length, from which its group begins, and mean error as Phred */
    vl_counts longer;  /* reads by length, from VL_QC_POSITIONS on */
    vl_counts other;   /* position, VL_QC_POSITIONS for all from there on, and letter, of other letters */
    vl_counts gc;      /* vl_qc_gc_length and G and C */
    vl_counts adapter; /* adapter and position */
    vl_counts tail;    /* letter, 0 to 3, and length */
    vl_qc_tiles tiles;
    uint64_t *seen; /* owned; [VL_KEYS]: reads that have a key; NULL: none was looked up */
} vl_qc_mate;

/* Reads of a batch, n of them from read `first` on. Lay has made the batch's offsets those of the store:
 * these count from the first letter here. */
typedef struct vl_qc_batch {
    const vl_batch *batch;
    size_t first, n;
    bool paired;                   /* names are kept once for each pair */
    const uint8_t *base, *quality; /* quality NULL: these came without */
    const uint64_t *offset;
} vl_qc_batch;

enum { VL_QC_INSERTS = 512, VL_QC_OVERHANG = 64 };

/* What the overlap of mates tells. */
typedef struct vl_qc_pairs {
    uint64_t insert[VL_QC_INSERTS + 1]; /* pairs by length of the fragment; the last: longer, or no overlap */
    uint64_t overhang[2][VL_QC_OVERHANG][VL_QC_LETTERS]; /* letters behind the fragment's end, by mate */
    uint64_t through, behind; /* pairs that go on behind it; their letters there, of both mates */
} vl_qc_pairs;

typedef struct vl_qc {
    vl_qc_mate mate[2];
    vl_qc_pairs pairs;
    bool paired;
    uint64_t *number; /* owned; [3 * n + 1]: offsets, and two numbers a read */
    size_t nnumber;
    int32_t *place; /* owned; [nplace]: where the mates of a pair overlap */
    size_t nplace;
    vl_key_list keys;    /* of the batch, for the ordered place */
    vl_whole_list whole; /* likewise */
} vl_qc;

/* The elements of row i of a column, as lay left it. */
static inline vl_cell vl_qc_row(const vl_column *c, size_t i)
{
    const size_t n = c->offset[i + 1] - c->offset[i];
    return (vl_cell){ n ? c->data.data + (c->offset[i] - c->offset[0]) : NULL, n };
}

vl_code vl_qc_places(vl_qc *qc, const vl_qc_batch *b, vl_err *err);
vl_code vl_qc_places_merge(vl_qc_mate *into, const vl_qc_mate *from, vl_err *err);
vl_code vl_qc_long(vl_qc *qc, const vl_qc_batch *b, vl_err *err);
vl_code vl_qc_each(vl_qc *qc, const vl_qc_batch *b, vl_err *err);
vl_code vl_qc_tiles_add(vl_qc *qc, const vl_qc_batch *b, vl_err *err);
vl_code vl_qc_tiles_merge(vl_qc_tiles *into, const vl_qc_tiles *from, vl_err *err);
vl_code vl_qc_tiles_store(const vl_qc_tiles *t, vl_store *st, const char *mate, vl_err *err);
void vl_qc_tiles_free(vl_qc_tiles *t);
vl_code vl_qc_adapters(vl_qc *qc, const vl_qc_batch *b, vl_err *err);
vl_code vl_qc_tails(vl_qc *qc, const vl_qc_batch *b, vl_err *err);
vl_code vl_qc_pairs_add(vl_qc *qc, const vl_qc_batch *b, vl_err *err);
void vl_qc_pairs_merge(vl_qc_pairs *into, const vl_qc_pairs *from);
vl_code vl_qc_pairs_store(const vl_qc_pairs *p, vl_store *st, vl_err *err);

/* Starts of adapters that FastQC looks for, in the order of its versions. */
enum { VL_QC_ADAPTERS = 7, VL_QC_ADAPTER = 12 };
typedef struct vl_qc_adapter {
    const char *name, *letters;
    bool older; /* FastQC before 0.12 has it */
} vl_qc_adapter;
extern const vl_qc_adapter vl_qc_adapter_list[VL_QC_ADAPTERS];

extern const vl_tally vl_reads_tally;

#endif
