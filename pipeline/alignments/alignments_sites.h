/*
 * Letters upon sites (io/sites.h): of the records that lie on a site, how many have the reference letter
 * there, the other one, and a third. A record counts if it has none of the flags 0x704 and a mapping quality
 * of 20 or more; its letter, if its base quality is 13 or more, or if it has none. N and other letters that
 * stand for several count nothing, nor do deleted ones; '=' is the reference letter. Both mates count where
 * they overlap.
 *
 * sites_count.c   records of a batch to hits, hits to counts
 * sites_table.c   counts as tables of /qc/sites
 * sites_rows.c    counts of a store that came in without them: from the rows that may lie on sites
 */
#ifndef VL_ALIGNMENTS_SITES_H
#define VL_ALIGNMENTS_SITES_H

#include "formats/alignments/alignments.h"
#include "pipeline/io/sites.h"
#include "pipeline/out/reader.h"

enum { VL_SITE_REF, VL_SITE_ALT, VL_SITE_OTHER, VL_SITE_N };
enum { VL_SITE_MAPQ = 20, VL_SITE_QUALITY = 13 };

/* A list of sites upon the contigs of a header. */
typedef struct vl_sites_laid {
    const vl_sites *list; /* borrowed; NULL: there is none */
    struct vl_sites_span {
        size_t from, to; /* of list->site */
    } * on;              /* owned; [ncontig]: those of each contig */
    size_t ncontig;
    size_t found, contigs;        /* sites that are on contigs, and on how many of these */
    size_t otherwise;             /* contigs that the list writes otherwise, with or without "chr" */
    uint32_t (*count)[VL_SITE_N]; /* owned; [list->n] */
} vl_sites_laid;

/* contigs may be none. */
vl_code vl_sites_lay(vl_sites_laid *l, const vl_sites *list, const vl_contigs *contigs, vl_err *err);
/* Parallel. Appends to hits what the records of a batch have upon sites; of it places, mapping qualities,
 * CIGARs, letters and qualities are needed. */
vl_code vl_sites_hit(const vl_sites_laid *l, const vl_batch *b, vl_buf *hits, vl_err *err);
/* Ordered; in any order. Empties hits. */
void vl_sites_take(vl_sites_laid *l, vl_buf *hits);
void vl_sites_laid_free(vl_sites_laid *l);

/* Replaces out by the counts, u32 [list->n][VL_SITE_N], little-endian. */
vl_code vl_sites_put(const vl_sites_laid *l, vl_buf *out, vl_err *err);
vl_code vl_sites_store(const vl_sites_laid *l, vl_store *st, vl_err *err);

/* What a store has of them. */
typedef struct vl_sites_kept {
    char digest[33]; /* of the list; "": the store has no such counts */
    uint64_t n;
    vl_buf count; /* u32 [n][VL_SITE_N], little-endian */
} vl_sites_kept;
vl_code vl_sites_load(vl_sites_kept *k, vl_store *st, vl_work *work, vl_err *err);

/* The same counts, from the rows of a store. */
vl_code vl_sites_of_rows(vl_sites_laid *l, vl_reader *r, int threads, vl_work *work, vl_err *err);

#endif
