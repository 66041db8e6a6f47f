/* Peptides, isotopes, fragments (peptide.h). */
#include "peptide.h"

#include <math.h>

#define WATER   18.0105647
#define AMMONIA 17.0265491

/* Residues in the order G A S P V T C L N D Q K E M H F R Y W (C carbamidomethylated), and how common, per
 * mille. */
static const double residue_mass[19] = { 57.02146,  71.03711,  87.03203,  97.05276,  99.06841,
                                         101.04768, 160.03065, 113.08406, 114.04293, 115.02694,
                                         128.05858, 128.09496, 129.04259, 131.04049, 137.05891,
                                         147.06841, 156.10111, 163.06333, 186.07931 };
static const int common[19] = { 74, 80, 76, 56, 68, 58, 17, 160, 42, 56, 46, 20, 74, 23, 24, 42, 18, 32, 14 };
enum { LYSINE = 11, ARGININE = 16 };

void peptide_draw(peptide *p, draw *d)
{
    const uint32_t more = draw_below(d, 14), much_more = draw_below(d, 9), less = draw_below(d, 5);
    p->n = (int)(8 + more + much_more - less);
    p->mass = WATER;
    for (int i = 0; i < p->n; i++) {
        int at = (int)draw_below(d, 980), r = 0;
        while (r < 18 && at >= common[r]) at -= common[r++];
        if (i == p->n - 1) r = draw_bits(d) & 1 ? LYSINE : ARGININE;
        p->residue[i] = (unsigned char)r;
        p->mass += residue_mass[r];
    }
}

void isotope_shares(double mass, double *share)
{
    const double rate = mass * 0.000555; /* heavy atoms in a peptide of average composition */
    double sum = share[0] = 1;
    for (int i = 1; i < NISOTOPE; i++) sum += share[i] = share[i - 1] * rate / i;
    for (int i = 0; i < NISOTOPE; i++) share[i] /= sum;
}

static size_t add(fragment *out, size_t n, double mass, int charge, double share)
{
    if (n < FRAGMENT_MAX) out[n++] = (fragment){ mass / charge + PROTON, share, charge, mass };
    return n;
}

size_t peptide_fragments(const peptide *p, int charge, draw d, fragment *out)
{
    size_t n = 0;
    double head = 0;
    for (int i = 0; i + 1 < p->n; i++) {
        head += residue_mass[p->residue[i]];
        const double b = head, y = p->mass - head;
        const double middle = 1 - (double)(2 * i - p->n) * (2 * i - p->n) / (double)(p->n * p->n);
        const double strong = power2(1.8 * draw_normal(&d)) * (0.2 + middle);
        const double weak = strong * power2(1.5 * draw_normal(&d) - 1.5);
        n = add(out, n, y, 1, strong);
        n = add(out, n, b, 1, weak * (i < 6 ? 1 : 0.3));
        if (charge > 2) n = add(out, n, y, 2, strong * 0.4);
        if (charge > 3) n = add(out, n, b, 2, weak * 0.3);
        const int lost = (int)(draw_bits(&d) & 3);
        if (lost == 0) n = add(out, n, y - WATER, 1, strong * 0.08);
        if (lost == 1) n = add(out, n, b - WATER, 1, weak * 0.2);
        if (lost == 2) n = add(out, n, b - AMMONIA, 1, weak * 0.2);
        if (lost == 3) n = add(out, n, residue_mass[p->residue[i]] - 27.9949146, 1, strong * 0.1);
    }
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += out[i].share;
    for (size_t i = 0; i < n; i++) out[i].share /= sum;
    return n;
}

double power2(double x)
{
    static double step[12]; /* 2^(1/2), 2^(1/4) ... */
    if (step[0] == 0.0) {
        double v = 2;
        for (int i = 0; i < 12; i++) step[i] = v = sqrt(v);
    }
    int whole = (int)x;
    if (x < whole) whole--;
    unsigned part = (unsigned)((x - whole) * 4096);
    double v = 1;
    for (int i = 0; i < 12; i++)
        if (part >> (11 - i) & 1) v *= step[i];
    for (; whole > 0; whole--) v *= 2;
    for (; whole < 0; whole++) v *= 0.5;
    return v;
}
