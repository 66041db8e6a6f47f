/*
 * How deep records lie upon contigs: what depth and coverage have in common.
 *
 *     fetch (ordered) -> build (parallel) -> merge (ordered) -> use (parallel) -> emit (ordered)
 *
 * Where they are not in the order of their places, more walks are made (depth_scan.c). Else:
 *
 * Each record that counts adds one where a run of its letters begins and takes one away where it ends.
 * Records are in the order of their places, so what lies before the last of a load is settled: that stretch,
 * with the changes in it, is handed to whoever prints or sums it, while what reaches beyond waits for the
 * next load. So nothing is as large as a contig.
 *
 * depth_read.c     the first stages
 * depth_build.c    records of a load to changes
 * depth_walk.c     the other stages, merge
 * depth_scan.c     the same of records in any order
 * depth_stretch.c  changes of a stretch to depths
 * depth.c          depth
 * bedgraph.c       the same as bedGraph
 * coverage.c       coverage
 * coverage_svg.c   the same as a drawing
 */
#ifndef VL_DEPTH_H
#define VL_DEPTH_H

#include "pipeline/alignments/alignments_counts.h"
#include "pipeline/alignments/alignments_summaries.h"
#include "pipeline/alignments/regions.h"
#include "pipeline/out/rows.h"
#include "pipeline/run/run.h"

/* Which records and letters count. */
typedef struct vl_depth_rule {
    unsigned exclude, any; /* flags: none of these, one of those */
    uint64_t mapq, quality, length;
    bool clipped;              /* length: with what is clipped */
    bool deletions;            /* count as letters */
    bool once;                 /* where mates overlap only the first counts */
    bool mapped;               /* unmapped records count as such, and lie on nothing */
    bool sums;                 /* sums of letters and qualities are wanted */
    bool any_order;            /* records may lie in any order */
    const vl_region *region;   /* NULL: all */
    const vl_contigs *contigs; /* of the header */
} vl_depth_rule;

/* Where depth changes, and by how much. */
typedef struct vl_change {
    int64_t at, by;
} vl_change;

typedef struct vl_span_of {
    int64_t from, to;
} vl_span_of;

/* What lies on one contig: of a load, or what is settled of it. */
typedef struct vl_stretch {
    int64_t contig, from, to; /* settled: these places */
    int64_t depth;            /* where it begins */
    size_t change, nchange;   /* in the load's settled changes, in no order */
    size_t span, nspan;       /* in its settled spans: what records span, ascending, apart */
    uint64_t covered;         /* places that a letter lies on */
} vl_stretch;

/* Sums over the records of a contig. */
typedef struct vl_depth_sum {
    uint64_t record, mapped, mapq, letter, quality;
} vl_depth_sum;

/* Who uses stretches. */
typedef struct vl_depth_user {
    /* Of each contig, in their order: *from, *to: the places that are wanted beside those that records span;
     * from >= to: none. Ordered. */
    void (*places)(const void *self, int64_t contig, bool records, int64_t *from, int64_t *to);
    /* Are they wanted alone, or what records span? */
    bool all;
    /* Parallel: depth [n] of places from `at` on, of a contig; appends to text, adds up covered ones. */
    vl_code (*use)(const void *self, int64_t contig, int64_t at, const int32_t *depth, size_t n, vl_buf *text,
                   uint64_t *covered, vl_err *err);
    /* Ordered: what use made, some of it, in its order. NULL: it is text, and is written. */
    vl_code (*emit)(void *self, const vl_buf *made, vl_err *err);
    /* Ordered: records of a load on a contig. May be NULL. */
    vl_code (*sum)(void *self, int64_t contig, const vl_depth_sum *sum, vl_err *err);
    /* Ordered, behind use. May be NULL. */
    vl_code (*covered)(void *self, int64_t contig, uint64_t places, vl_err *err);
    void *self;
} vl_depth_user;

/* out may be NULL where nothing is printed. */
vl_code vl_depth_walk(vl_reader *r, const vl_depth_rule *rule, const vl_depth_user *user, vl_output *out,
                      int threads, vl_work *work, vl_err *err);

/* Draws how deep rule->region is, as SVG. */
vl_code vl_coverage_draw(vl_summary_job *job, const vl_depth_rule *rule, vl_err *err);

/* A region of one contig. */
vl_code vl_alignments_one_region(vl_regions *r, const vl_contigs *c, const char *text, vl_err *err);

/* ---- parts ---- */

/* Records of a load on one contig. */
typedef struct vl_depth_run {
    int64_t contig, first, last;   /* places of its first and last record */
    size_t change, nchange, later; /* in the load's changes; those from `later` on are not before `last` */
    size_t span, nspan;
    vl_depth_sum sum;
} vl_depth_run;

typedef struct vl_depth_load {
    vl_plan plan;
    vl_work work;
    vl_depth_run *run; /* owned */
    size_t nrun, crun;
    vl_buf change, span;              /* vl_change, vl_span_of */
    vl_stretch *stretch;              /* owned; that are settled */
    size_t nstretch, cstretch, nused; /* nused: by the parallel stage */
    vl_buf settled, spans;            /* vl_change, vl_span_of of these */
    vl_buf scratch, text;
} vl_depth_load;

/* Mates that were seen, for vl_depth_rule.once; in the order of the records. */
typedef struct vl_mates_seen vl_mates_seen;
vl_mates_seen *vl_mates_seen_new(void);
void vl_mates_seen_free(vl_mates_seen *seen);

/* What is read. */
typedef struct vl_depth_reading {
    vl_reader *r;
    const vl_depth_rule *rule;
    bool names;    /* are needed: then records are built by who sees them in their order */
    vl_want *want; /* owned */
    vl_rows rows;
} vl_depth_reading;

/* Fetches records and builds their changes, then runs more stages on vl_depth_load. */
vl_code vl_depth_read(vl_reader *r, const vl_depth_rule *rule, bool names, const vl_stage *more, int nmore,
                      int threads, vl_work *work, vl_err *err);
/* As vl_depth_walk, of records in any order. */
vl_code vl_depth_scan(vl_reader *r, const vl_depth_rule *rule, const vl_depth_user *user, vl_output *out,
                      int threads, vl_work *work, vl_err *err);

/* The changes of a load's records. VL_EUNSUP: they are not in the order of their places. */
vl_code vl_depth_build(vl_depth_load *l, const vl_depth_rule *rule, vl_mates_seen *seen, vl_err *err);

/* What a user has of a stretch: its places, or those that records span. `piece`: called behind some of them,
 * with what is in the load's text; NULL: never. */
vl_code vl_stretch_use(vl_depth_load *l, const vl_stretch *s, const vl_depth_user *user, uint64_t *covered,
                       vl_code (*piece)(void *self, vl_buf *text, vl_err *err), void *self, vl_err *err);

#endif
