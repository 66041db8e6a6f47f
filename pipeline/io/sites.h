/*
 * Sites: places of contigs where persons differ by one letter, as somebody lists them:
 *
 *     VCF (section 1.4; CHROM POS ID REF ALT ...), which begins with "##fileformat=VCF" or "#CHROM"
 *     or a table of four columns, tabulators between them: contig, place (the first is 1), letter of the
 *     reference, other letter
 *
 * plain, gzip, BGZF or zstd. Lines that begin with '#' and empty ones are passed over. Records of other than
 * one letter against one other are passed over, and counted. Contigs are the same with and without "chr" in
 * front; here they are without. Two lists of the same sites, in whatever order and writing, have the same
 * digest.
 */
#ifndef VL_SITES_H
#define VL_SITES_H

#include "formats/batch.h"

enum { VL_SITES_MOST = 1 << 20 };

typedef struct vl_site {
    uint32_t contig;  /* number in the list's contigs */
    uint8_t ref, alt; /* A, C, G or T; two different ones */
    int64_t position; /* from 0 */
} vl_site;

typedef struct vl_site_contig {
    vl_cell name; /* without "chr"; borrowed from the list */
    size_t first; /* of its sites, which lie behind each other */
    bool chr;     /* the list has "chr" in front of it */
} vl_site_contig;

typedef struct vl_sites {
    vl_site *site; /* owned; [n], by contigs and positions */
    size_t n;
    vl_site_contig *contig; /* owned; [ncontig + 1], by names; the last has no name, and first is n */
    size_t ncontig;
    vl_buf names;    /* of contigs, a line each */
    uint64_t passed; /* records that are no such sites */
    char digest[33]; /* XXH3-128 of lines "contig place ref alt", tabulators between them, in this order */
} vl_sites;

/* Into zeroes, to be freed. "-" is not taken. VL_EFORMAT names file and line: what is no record, a site that
 * stands there twice, more than VL_SITES_MOST, none at all. */
vl_code vl_sites_read(vl_sites *s, const char *path, vl_err *err);
/* Bytes that it takes, with counts upon it. */
uint64_t vl_sites_memory(const vl_sites *s);
/* The same contig, however it is written; -1: the list has none. */
int64_t vl_sites_contig(const vl_sites *s, vl_cell name);
/* Is it written as the list writes it? */
bool vl_sites_writes_so(const vl_sites *s, size_t contig, vl_cell name);
void vl_sites_free(vl_sites *s);

#endif
