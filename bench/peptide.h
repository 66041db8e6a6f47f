/*
 * Peptides for the spectrum generator: random sequences as trypsin cuts them, their masses, isotopes and
 * fragments. Masses are monoisotopic, in Da; m/z in Th.
 */
#ifndef VIAL_BENCH_PEPTIDE_H
#define VIAL_BENCH_PEPTIDE_H

#include <stddef.h>

#include "draw.h"

#define PROTON       1.00727646688
#define ISOTOPE_STEP 1.00335483

enum { PEPTIDE_MAX = 40, FRAGMENT_MAX = 8 * PEPTIDE_MAX, NISOTOPE = 8 };

typedef struct peptide {
    int n;
    unsigned char residue[PEPTIDE_MAX]; /* 0 .. 18 */
    double mass;
} peptide;

typedef struct fragment {
    double mz, share; /* share of all fragments' intensity */
    int charge;
    double mass;
} fragment;

void peptide_draw(peptide *p, draw *d);
/* Shares of the isotopes with 0 .. NISOTOPE - 1 heavy atoms; they sum to 1. */
void isotope_shares(double mass, double *share);
/* b and y ions, losses of water and ammonia, immonium ions: up to FRAGMENT_MAX; the same for the same d. */
size_t peptide_fragments(const peptide *p, int charge, draw d, fragment *out);
/* 2^x from products of square roots, as exp2 may differ in the last bit between machines; |x| < 60 */
double power2(double x);

#endif
