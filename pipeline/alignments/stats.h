/*
 * stats, as samtools 1.16 prints them (samtools-stats(1)): what there is of letters and qualities by cycle,
 * lengths, insert sizes, insertions and deletions, how deep and with how much G and C.
 *
 *     fetch (ordered) -> count (parallel) -> follow (ordered)
 *
 * What does not depend on the order of records each slot sums up by itself. What does, depth as samtools'
 * ring of places sees it, the GC of stretches, barcodes, is made of a few numbers of each record, in their
 * order; so are cycles from VL_STATS_NEAR on, whose counts are large and are needed once.
 *
 * A cycle is the place of a letter in the read as it was sequenced. Records are of first or last ends of
 * templates: those that are not paired are first ones, paired ones by flags 64 and 128, one of them.
 *
 * stats.c         what is asked, the stages
 * stats_count.c   letters and qualities of a load
 * stats_record.c  what is counted of a record by itself
 * stats_cycles.c  counts of all cycles
 * stats_depth.c   depth, and GC of stretches
 * stats_barcode.c barcodes
 * stats_print.c   the text
 */
#ifndef VL_STATS_H
#define VL_STATS_H

#include "pipeline/alignments/alignments_counts.h"
#include "pipeline/alignments/alignments_summaries.h"

enum { VL_STATS_NEAR = 1024, VL_STATS_LEVELS = 94, VL_STATS_GC = 200, VL_STATS_INDELS = 300 };

typedef enum vl_stats_end { VL_SE_FIRST, VL_SE_LAST, VL_SE_NEITHER, VL_SE_N } vl_stats_end;

/* What is asked. */
typedef struct vl_stats_rule {
    unsigned require, exclude; /* flags: all of these, none of those */
    uint64_t length;           /* records of so many letters; UINT64_MAX: of any */
    uint64_t trim;             /* bwa's quality to trim by; 0: nothing is trimmed */
    uint64_t insert;           /* longest insert size; what is longer counts as this */
    uint64_t bin;              /* places of a stretch whose GC is looked at */
    int depth_from, depth_to, depth_step;
    float most;  /* the share of insert sizes that is shown */
    bool sparse; /* sizes that occur */
    bool grouped;
    vl_cell *group; /* owned: read groups, if grouped; borrow from the header */
    size_t ngroup;
} vl_stats_rule;

/* Sums, in the order of the text or nearly so. */
typedef enum vl_stats_number {
    VL_SN_FILTERED,
    VL_SN_READS, /* of first, last and neither ends: three numbers */
    VL_SN_MAPPED_PAIR = VL_SN_READS + VL_SE_N,
    VL_SN_MAPPED_SINGLE,
    VL_SN_UNMAPPED,
    VL_SN_PROPER,
    VL_SN_PAIRED,
    VL_SN_DUPLICATE,
    VL_SN_MAPQ_0,
    VL_SN_FAILED,
    VL_SN_SECONDARY,
    VL_SN_SUPPLEMENTARY,
    VL_SN_ELSEWHERE,
    VL_SN_LETTERS, /* of first, last and neither ends */
    VL_SN_LETTERS_MAPPED = VL_SN_LETTERS + VL_SE_N,
    VL_SN_LETTERS_PLACED, /* by CIGARs */
    VL_SN_LETTERS_TRIMMED,
    VL_SN_LETTERS_DUPLICATE,
    VL_SN_MISMATCH,
    VL_SN_N
} vl_stats_number;

typedef enum vl_orientation { VL_INWARD, VL_OUTWARD, VL_OTHERWISE, VL_ORIENTATIONS } vl_orientation;
typedef enum vl_stats_indel { VL_INSERTED, VL_DELETED, VL_INDELS } vl_stats_indel;

/* Counts of cycles before VL_STATS_NEAR of one end. */
typedef struct vl_stats_near {
    uint64_t base[2][VL_STATS_NEAR][5]; /* as it stands, turned back; A C G T, others */
    uint64_t other[VL_STATS_NEAR];      /* of others, those that are no N */
    uint64_t quality[VL_STATS_NEAR][VL_STATS_LEVELS];
} vl_stats_near;

/* What a slot sums up. */
typedef struct vl_stats_sums {
    uint64_t n[VL_SN_N];
    uint32_t crc[3];             /* sums of those of names, letters, qualities */
    uint64_t longest[VL_SE_N];   /* by end; letters with those that are clipped hard */
    vl_stats_near near[2];       /* first, last */
    uint64_t gc[2][VL_STATS_GC]; /* changes: of bin k are those up to it */
    uint64_t length[VL_SE_N][VL_STATS_NEAR];
    vl_buf longer;                                  /* u64, << 2 | end: of those that are not in length */
    uint64_t (*insert)[VL_ORIENTATIONS];            /* owned; [rule.insert + 1] */
    uint64_t indel[VL_INDELS][VL_STATS_INDELS + 1]; /* by length */
    uint64_t (*cycle)[2][VL_INDELS];                /* owned; [ncycle]; by end */
    size_t ncycle;
} vl_stats_sums;

/* A record on its way: those that are not secondary and have letters. */
typedef struct vl_stats_line {
    int64_t contig, position;
    size_t row;               /* of the batch */
    uint64_t nletter, length; /* length: with what is clipped hard */
    uint64_t gc;
    const uint8_t *cigar; /* borrowed */
    size_t nop;
    uint8_t end;
    bool mapped, original, reverse; /* original: not supplementary */
    bool bare, wide;                /* it has no qualities; some that slots do not count */
    size_t at;                      /* of its letters in those of its side */
} vl_stats_line;

/* Records of one end and strand: letters and qualities by cycle. */
typedef struct vl_stats_side {
    vl_buf base, quality;
    uint64_t *offset, *length, *gc, *line; /* owned, as one: [cap + 1], [cap], [cap], [cap] */
    size_t n, cap;
} vl_stats_side;

typedef struct vl_stats_load {
    vl_plan plan;
    vl_work work;
    vl_stats_sums *sums; /* owned */
    vl_stats_line *line; /* owned */
    size_t nline, cline;
    vl_stats_side side[2][2]; /* end, strand */
    vl_buf packed;            /* letters as BAM has them */
} vl_stats_load;

/* ---- cycles (stats_cycles.c) ---- */

/* Counts of all cycles. */
typedef struct vl_stats_cycles {
    size_t n;                 /* cycles that there is room for */
    uint64_t (*letter[2])[6]; /* owned; [n]: A C G T N, others; by end */
    uint64_t (*turned)[4];    /* owned; [n]: A C G T of both ends, on the strand that was sequenced */
    uint64_t *bare[2];        /* owned; [n]: reads without qualities, by length */
    uint64_t *quality[2];     /* owned; [n][nlevel] */
    size_t nlevel;
} vl_stats_cycles;

/* Adds of a record what slots do not count. base, quality [line->nletter]: by cycle. */
vl_code vl_stats_cycles_add(vl_stats_cycles *c, const vl_stats_line *line, const uint8_t *base,
                            const uint8_t *quality, vl_err *err);
/* Adds what slots counted; room for n cycles at least. */
vl_code vl_stats_cycles_near(vl_stats_cycles *c, const vl_stats_near near[2], size_t n, vl_err *err);
void vl_stats_cycles_free(vl_stats_cycles *c);

/* ---- in the order of records (stats_depth.c) ---- */

/* Places whose depth may still grow, as a ring: `start` is place `at`. */
typedef struct vl_stats_ring {
    int64_t at;
    int32_t *depth; /* owned; [size] */
    int64_t size, start;
} vl_stats_ring;

typedef struct vl_stats_stretch {
    float gc; /* sum of shares */
    uint32_t depth;
} vl_stats_stretch;

typedef struct vl_stats_depth {
    vl_stats_ring ring;
    uint64_t *cov; /* owned; [ncov]: places by depth */
    int ncov;
    uint64_t room;                    /* letters of a read that samtools has room for */
    int64_t contig, position, bin_at; /* of the last record; where its stretch begins */
    bool sorted;                      /* so far; not looked at from the first on that is not */
    vl_stats_stretch *stretch;        /* owned; [nstretch + 1]; the first is empty */
    size_t nstretch, cstretch;
} vl_stats_depth;

vl_code vl_stats_depth_init(vl_stats_depth *d, vl_stats_rule *rule, vl_err *err);
vl_code vl_stats_depth_add(vl_stats_depth *d, const vl_stats_rule *rule, const vl_stats_line *line,
                           vl_err *err);
void vl_stats_depth_end(vl_stats_depth *d, const vl_stats_rule *rule);
void vl_stats_depth_free(vl_stats_depth *d);

/* ---- barcodes (stats_barcode.c) ---- */

enum { VL_STATS_BARCODES = 4 };
typedef struct vl_stats_barcode {
    int field[2];          /* of the batch: letters, qualities; -1: the store has none */
    size_t n;              /* letters; 0: none were seen */
    int64_t separator;     /* cycle of what is no letter; -1: none */
    int best;              /* greatest quality; -1: none */
    uint64_t (*letter)[5]; /* owned; [n]: A C G T N */
    uint64_t *quality;     /* owned; [n][256] */
} vl_stats_barcode;
extern const char *const vl_stats_barcode_tags[VL_STATS_BARCODES][2];
/* The columns of a store's schema. */
void vl_stats_barcodes_init(vl_stats_barcode bc[VL_STATS_BARCODES], const vl_schema *schema);
vl_code vl_stats_barcodes_add(vl_stats_barcode bc[VL_STATS_BARCODES], const vl_batch *b, size_t row,
                              vl_err *err);
void vl_stats_barcodes_free(vl_stats_barcode bc[VL_STATS_BARCODES]);

/* ---- all of it ---- */

typedef struct vl_stats {
    vl_stats_rule rule;
    vl_stats_sums sums; /* of all slots */
    vl_stats_cycles cycles;
    vl_stats_depth depth;
    vl_stats_barcode barcode[VL_STATS_BARCODES];
} vl_stats;

/* Fields of tags of a store; -1: it has none. */
typedef struct vl_stats_tags {
    int mismatch, group, cigar; /* NM:i, RG:Z, CG:BI */
} vl_stats_tags;

/* The rows of the load: what does not depend on their order, and lines for what does. */
vl_code vl_stats_count(vl_stats_load *l, const vl_stats_rule *rule, const vl_stats_tags *tag, vl_err *err);
void vl_stats_load_free(vl_stats_load *l, vl_reader *r);

/* What is counted of one record (stats_record.c). vl_stats_take: is it counted at all? */
bool vl_stats_take(vl_stats_sums *s, const vl_stats_rule *rule, const vl_alignment *a, vl_cell group);
/* quality [a->base.n]: as BAM has them; mismatch: of tag NM. */
vl_code vl_stats_record(vl_stats_sums *s, const vl_stats_rule *rule, const vl_alignment *a,
                        const vl_stats_line *line, const uint8_t *quality, int64_t mismatch, vl_err *err);
/* packed: n letters as BAM has them. */
void vl_stats_checksum(vl_stats_sums *s, vl_cell name, const uint8_t *packed, const uint8_t *quality,
                       size_t n);
vl_code vl_stats_sums_init(vl_stats_sums *s, const vl_stats_rule *rule, vl_err *err);
vl_code vl_stats_sums_add(vl_stats_sums *to, const vl_stats_sums *from, const vl_stats_rule *rule,
                          vl_err *err);
void vl_stats_sums_free(vl_stats_sums *s);

/* All but the first lines. */
vl_code vl_stats_print(const vl_stats *s, vl_output *out, vl_err *err);

#endif
