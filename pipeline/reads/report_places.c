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

/* ---- qualities ---- */

static double quantile(const vl_reads_qc *qc, size_t i, double part)
{
    double all = 0, sum = 0;
    for (size_t q = 0; q < VL_QC_LEVELS; q++) all += (double)vl_qc_at(qc, VL_QT_QUALITY, i, q, 0);
    for (size_t q = 0; q < VL_QC_LEVELS; q++)
        if ((sum += (double)vl_qc_at(qc, VL_QT_QUALITY, i, q, 0)) >= part * all && all > 0) return (double)q;
    return NAN;
}

static double mean(const vl_reads_qc *qc, size_t i)
{
    double all = 0, sum = 0;
    for (size_t q = 0; q < VL_QC_LEVELS; q++) {
        const double n = (double)vl_qc_at(qc, VL_QT_QUALITY, i, q, 0);
        all += n;
        sum += (double)q * n;
    }
    return sum / all; /* NaN where there are no reads as long */
}

void vl_report_quality(vl_reads_page *p, const vl_reads_qc *qc)
{
    static const double part[] = { 0.1, 0.25, 0.5, 0.75, 0.9 };
    const size_t n = positions(qc, VL_QT_QUALITY);
    double *const y = p->y;
    char text[96];
    if (!n) return;
    for (size_t i = 0; i < n; i++) {
        y[i] = mean(qc, i);
        for (size_t k = 0; k < 5; k++) y[(k + 1) * n + i] = quantile(qc, i, part[k]);
    }
    vl_plot plot = by_position(vl_report_caption(qc, "Quality by position", text),
                               "Curves: mean and median quality by position in the read; bands from the "
                               "lower to the upper quartile, and from the lowest to the highest tenth",
                               "Phred", n);
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
    const size_t n = positions(qc, VL_QT_BASE);
    vl_curve curve[VL_QC_LETTERS];
    char text[96];
    if (!n) return;
    for (size_t k = 0; k < VL_QC_LETTERS; k++) curve[k] = (vl_curve){ letter[k], (int)k + 1, p->y + k * n };
    for (size_t i = 0; i < n; i++) {
        double all = 0;
        for (size_t k = 0; k < VL_QC_LETTERS; k++) all += (double)vl_qc_at(qc, VL_QT_BASE, i, k, 0);
        for (size_t k = 0; k < VL_QC_LETTERS; k++)
            p->y[k * n + i] = 100 * (double)vl_qc_at(qc, VL_QT_BASE, i, k, 0) / all;
    }
    vl_plot plot =
        by_position(vl_report_caption(qc, "Bases by position", text),
                    "Curves: the share of A, C, G, T and other letters by position in the read", "%", n);
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
