/*
 * Panel: samples beside each other by their genotypes at the sites of one list, as planes of bits
 * (kernels/genotype.c). Ten thousand samples at ten thousand sites are 50 million pairs: of most of them a
 * few hundred words are looked at.
 */
#ifndef VL_PANEL_H
#define VL_PANEL_H

#include "formats/buf.h"

typedef enum vl_verdict { VL_SAME, VL_RELATED, VL_DIFFERENT, VL_TOO_FEW } vl_verdict;
const char *vl_verdict_name(vl_verdict verdict); /* "same", "too few sites" */

/* Two samples at the sites that both have a genotype at. */
typedef struct vl_pair {
    size_t a, b; /* who they are; a was added before b */
    uint64_t sites, ibs0, ibs2, shared_hets, hets_a, hets_b;
    double relatedness; /* NaN: no site is heterozygous in one of them */
    vl_verdict verdict;
    bool amiss; /* one person, and not the same; or two, and the same */
} vl_pair;

/*
 * Relatedness: (shared_hets - 2 ibs0) / the smaller number of hets: 1 of a sample with itself, and of twins,
 * 0.5 of parents, children and siblings, 0.25 of the next degree, about 0 or less of others.
 * Source: somalier (Pedersen et al., Genome Medicine 12:62, 2020), by KING-robust (Manichaikul et al.,
 * Bioinformatics 26:2867, 2010).
 *
 * The same from 0.75 on, related from 0.125 on: the middle between 1 and 0.5, and between 0.25 and 0. Of n
 * sites that are heterozygous in half of all persons it strays by 1.73 / sqrt(n) for two who are not related
 * (a site adds 1 with probability 1/4 and -2 with 1/8, and n/2 are heterozygous): of 100 by 0.17, so that
 * 0.75 is four times as far; fewer, or fewer than 10 hets, say nothing.
 */
void vl_pair_judge(vl_pair *pair);

typedef struct vl_panel {
    char digest[33]; /* of the list */
    size_t nsite, nword, n, cap;
    uint64_t *bits; /* owned; [n][3][nword] */
    struct vl_panel_row {
        size_t who; /* as it was added */
        uint64_t hets;
    } * row; /* owned; [n] */
} vl_panel;

typedef struct vl_panels {
    vl_panel *panel; /* owned; one for each list */
    size_t n;
} vl_panels;

/* genotype [nsite]: vl_genotype, a byte each. who: a number of the caller's. VL_ESTORE: of this list other
 * stores have another number of sites. */
vl_code vl_panels_add(vl_panels *p, const char *digest, const uint8_t *genotype, size_t nsite, size_t who,
                      vl_err *err);

/* Appends to out (vl_pair) pairs in the order in which they were added: all of them, or those that are amiss.
 * person: by who; equal numbers are one person. */
vl_code vl_panel_compare(const vl_panel *p, const size_t *person, bool all, int threads, vl_buf *out,
                         vl_err *err);
void vl_panels_free(vl_panels *p);

#endif
