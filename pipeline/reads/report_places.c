/*
 * Plots by position in the read (reads_report.h). A quantile is the lowest quality that at least so much of
 * the bases at that place do not exceed. */
#include "pipeline/reads/reads_report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static size_t positions(const vl_reads_qc *qc, int table)
{
    const size_t n = vl_qc_dim(qc, table, 0);
    return n < VL_QC_POSITIONS ? n : VL_QC_POSITIONS;
}

static vl_plot by_position(const char *caption, const char *title, const char *y, size_t n)
{
    return (vl_plot){ .caption = caption,
                      .title = title,
                      .x = "position",
                      .y = y,
                      .from = 1,
                      .step = 1,
                      .n = (int)n,
                      .unit = VL_CHART_NUMBER };
}

/* ---- places: positions one by one, or, of long reads, an eighth of an octave each ---- */

typedef struct places {
    size_t n;
    const double *at; /* [n + 1]: first positions of groups, from 1; NULL: one by one */
} places;

/* In long reads the first 8 positions come one by one, and then the groups. */
static uint64_t first_of(size_t place) { return place < 8 ? place : vl_qc_group_from(place - 8); }

/* Of a table by position, and that of the groups behind. */
static places places_of(vl_reads_page *p, const vl_reads_qc *qc, int table, int far)
{
    double *const at = p->y + VL_REPORT_ROOM - VL_REPORT_PLACES;
    places out = { positions(qc, table), NULL };
    if (qc->longest <= VL_QC_POSITIONS || out.n < VL_QC_POSITIONS || !qc->table[far].dim[0]) return out;
    const size_t n = vl_qc_group(qc->longest - 1) + 9;
    if (n >= VL_REPORT_PLACES || vl_qc_dim(qc, far, 0) < n - 8 - VL_QC_GROUP_FAR) return out;
    for (size_t i = 0; i <= n; i++) at[i] = (double)first_of(i) + 1;
    return (places){ n, at };
}

/* What element k of the tables counts at a place. */
static double count_at(const vl_reads_qc *qc, const places *all, size_t i, int table, int far, size_t k)
{
    double sum = 0;
    if (!all->at) return (double)vl_qc_at(qc, table, i, k, 0);
    if (first_of(i) >= VL_QC_POSITIONS) return (double)vl_qc_at(qc, far, i - 8 - VL_QC_GROUP_FAR, k, 0);
    for (uint64_t q = first_of(i); q < first_of(i + 1); q++) sum += (double)vl_qc_at(qc, table, q, k, 0);
    return sum;
}

/* ---- qualities ---- */

static double quantile(const double level[VL_QC_LEVELS], double part)
{
    double all = 0, sum = 0;
    for (size_t q = 0; q < VL_QC_LEVELS; q++) all += level[q];
    for (size_t q = 0; q < VL_QC_LEVELS; q++)
        if ((sum += level[q]) >= part * all && all > 0) return (double)q;
    return NAN;
}

static double mean(const double level[VL_QC_LEVELS])
{
    double all = 0, sum = 0;
    for (size_t q = 0; q < VL_QC_LEVELS; q++) {
        all += level[q];
        sum += (double)q * level[q];
    }
    return sum / all; /* NaN where there are no reads as long */
}

void vl_report_quality(vl_reads_page *p, const vl_reads_qc *qc)
{
    static const double part[] = { 0.1, 0.25, 0.5, 0.75, 0.9 };
    const places all = places_of(p, qc, VL_QT_QUALITY, VL_QT_QUALITY_GROUP);
    const size_t n = all.n;
    double *const y = p->y;
    char text[96];
    if (!n) return;
    for (size_t i = 0; i < n; i++) {
        double level[VL_QC_LEVELS];
        for (size_t q = 0; q < VL_QC_LEVELS; q++)
            level[q] = count_at(qc, &all, i, VL_QT_QUALITY, VL_QT_QUALITY_GROUP, q);
        y[i] = mean(level);
        for (size_t k = 0; k < 5; k++) y[(k + 1) * n + i] = quantile(level, part[k]);
    }
    vl_plot plot = by_position(vl_report_caption(qc, "Quality by position", text),
                               "Curves: mean and median quality by position in the read; bands from the "
                               "lower to the upper quartile, and from the lowest to the highest tenth",
                               "Phred", n);
    plot.at = all.at;
    plot.band =
        (const vl_band[]){ { "without the outer tenths", "lowest tenth", "highest tenth", y + n, y + 5 * n },
                           { "quartiles", "lower quartile", "upper quartile", y + 2 * n, y + 4 * n } };
    plot.nband = 2;
    plot.curve = (const vl_curve[]){ { "mean", 0, y }, { "median", 2, y + 3 * n } };
    plot.ncurve = 2;
    vl_svg_curves(p->h, &plot);
}

/* ---- letters ---- */

void vl_report_bases(vl_reads_page *p, const vl_reads_qc *qc)
{
    static const char *const letter[VL_QC_LETTERS] = { "A", "C", "G", "T", "other" };
    const places all = places_of(p, qc, VL_QT_BASE, VL_QT_BASE_GROUP);
    const size_t n = all.n;
    vl_curve curve[VL_QC_LETTERS];
    char text[96];
    if (!n) return;
    for (size_t k = 0; k < VL_QC_LETTERS; k++) curve[k] = (vl_curve){ letter[k], (int)k + 1, p->y + k * n };
    for (size_t i = 0; i < n; i++) {
        double count[VL_QC_LETTERS], sum = 0;
        for (size_t k = 0; k < VL_QC_LETTERS; k++)
            sum += count[k] = count_at(qc, &all, i, VL_QT_BASE, VL_QT_BASE_GROUP, k);
        for (size_t k = 0; k < VL_QC_LETTERS; k++) p->y[k * n + i] = 100 * count[k] / sum;
    }
    vl_plot plot =
        by_position(vl_report_caption(qc, "Bases by position", text),
                    "Curves: the share of A, C, G, T and other letters by position in the read", "%", n);
    plot.at = all.at;
    plot.curve = curve;
    plot.ncurve = VL_QC_LETTERS;
    vl_svg_curves(p->h, &plot);
}

/* Where there are any. */
void vl_report_n(vl_reads_page *p, const vl_reads_qc *qc)
{
    const size_t n = positions(qc, VL_QT_BASE), nother = vl_qc_dim(qc, VL_QT_OTHER, 1);
    double all = 0, most = 0;
    char text[96];
    memset(p->y, 0, n * sizeof *p->y);
    for (size_t i = 0; qc->table[VL_QT_OTHER].dim[0] && i < nother; i++) {
        const uint64_t at = vl_qc_key(qc, VL_QT_OTHER, 0, i), letter = vl_qc_key(qc, VL_QT_OTHER, 1, i);
        if (at < n && (letter == 'N' || letter == 'n'))
            all += p->y[at] += (double)vl_qc_key(qc, VL_QT_OTHER, 2, i);
    }
    if (!(all > 0)) return;
    for (size_t i = 0; i < n; i++) {
        double reads = 0;
        for (size_t k = 0; k < VL_QC_LETTERS; k++) reads += (double)vl_qc_at(qc, VL_QT_BASE, i, k, 0);
        p->y[i] = 100 * p->y[i] / reads;
        most = fmax(most, p->y[i]);
    }
    vl_plot plot = by_position(vl_report_caption(qc, "N by position", text),
                               "Curve: the share of N by position in the read", "%", n);
    plot.top = fmax(most, 1); /* little is to look little */
    plot.curve = &(const vl_curve){ "N", 5, p->y };
    plot.ncurve = 1;
    vl_svg_curves(p->h, &plot);
}

/* ---- adapters ---- */

/* Percent of the reads in which each adapter begins at a place or before. */
static void add_adapters(const vl_reads_qc *qc, size_t n, double *y)
{
    memset(y, 0, VL_QC_ADAPTERS * n * sizeof *y);
    for (size_t i = 0; qc->table[VL_QT_ADAPTER].dim[0] && i < vl_qc_dim(qc, VL_QT_ADAPTER, 1); i++) {
        const uint64_t a = vl_qc_key(qc, VL_QT_ADAPTER, 0, i), at = vl_qc_key(qc, VL_QT_ADAPTER, 1, i);
        if (a < VL_QC_ADAPTERS && at < n) y[a * n + at] += (double)vl_qc_key(qc, VL_QT_ADAPTER, 2, i);
    }
    for (size_t a = 0; a < VL_QC_ADAPTERS; a++) {
        double sum = 0;
        for (size_t i = 0; i < n; i++) y[a * n + i] = 100 * (sum += y[a * n + i]) / (double)qc->nread;
    }
}

/* The five that are found most, of those that are found. */
static int pick(const double *y, size_t n, vl_curve curve[5])
{
    int picked = 0;
    bool taken[VL_QC_ADAPTERS] = { false };
    while (picked < 5) {
        int best = -1;
        for (int a = 0; a < VL_QC_ADAPTERS; a++) {
            const double end = y[((size_t)a + 1) * n - 1];
            if (!taken[a] && end > 0 && (best < 0 || end > y[((size_t)best + 1) * n - 1])) best = a;
        }
        if (best < 0) break;
        taken[best] = true;
        curve[picked] = (vl_curve){ vl_qc_adapter_list[best].name, picked + 1, y + (size_t)best * n };
        picked++;
    }
    return picked;
}

void vl_report_adapters(vl_reads_page *p, const vl_reads_qc *qc)
{
    const size_t all = positions(qc, VL_QT_BASE), n = all < VL_QC_ADAPTER ? 0 : all - VL_QC_ADAPTER + 1;
    vl_curve curve[5];
    char text[96];
    double most = 0;
    if (!n) return;
    add_adapters(qc, n, p->y);
    vl_plot plot = by_position(
        vl_report_caption(qc, "Reads with an adapter that begins here or before", text),
        "Curves: the share of reads that have an adapter's beginning, by position", "% of reads", n);
    plot.curve = curve;
    plot.ncurve = pick(p->y, n, curve);
    for (int k = 0; k < plot.ncurve; k++) most = fmax(most, curve[k].y[n - 1]);
    plot.top = fmax(most, 1);
    if (plot.ncurve) vl_svg_curves(p->h, &plot);
}
