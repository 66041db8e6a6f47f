/*
 * Long reads (reads_report.h): their mean error by their length, as a plot and in classes.
 */
#include "pipeline/reads/reads_report.h"

#include <math.h>
#include <stdio.h>

static size_t nline(const vl_reads_qc *qc)
{
    return qc->table[VL_QT_ERROR].dim[0] ? vl_qc_dim(qc, VL_QT_ERROR, 1) : 0;
}

/* The lowest Phred that so much of the reads from line `from` to `to` do not exceed: lines of one length
 * ascend. */
static double quantile(const vl_reads_qc *qc, size_t from, size_t to, double part)
{
    double all = 0, sum = 0;
    for (size_t i = from; i < to; i++) all += (double)vl_qc_key(qc, VL_QT_ERROR, 2, i);
    for (size_t i = from; i < to; i++)
        if ((sum += (double)vl_qc_key(qc, VL_QT_ERROR, 2, i)) >= part * all)
            return (double)vl_qc_key(qc, VL_QT_ERROR, 1, i);
    return NAN;
}

/* Groups of lengths without reads are gaps. */
void vl_report_errors(vl_reads_page *p, const vl_reads_qc *qc)
{
    static const double part[] = { 0.5, 0.1, 0.25, 0.75, 0.9 };
    const size_t lines = nline(qc);
    char text[96];
    if (!lines) return;
    const size_t first = vl_qc_group(vl_qc_key(qc, VL_QT_ERROR, 0, 0));
    const size_t n = vl_qc_group(vl_qc_key(qc, VL_QT_ERROR, 0, lines - 1)) - first + 1;
    double *const y = p->y, *const at = p->y + VL_REPORT_ROOM - VL_REPORT_PLACES;
    if (n >= VL_REPORT_PLACES) return;
    for (size_t i = 0; i <= n; i++) at[i] = (double)vl_qc_group_from(first + i);
    for (size_t i = 0, from = 0, to; i < n; i++, from = to) {
        for (to = from; to < lines && vl_qc_group(vl_qc_key(qc, VL_QT_ERROR, 0, to)) == first + i;) to++;
        for (size_t k = 0; k < 5; k++) y[k * n + i] = quantile(qc, from, to, part[k]);
    }
    vl_svg_curves(
        p->h,
        &(vl_plot){ .caption = vl_report_caption(qc, "Long reads: Phred of the mean error, by length", text),
                    .title = "Curve: the median of the mean errors of reads, as Phred, by their length; the "
                             "lower and upper quartile, and the lowest and highest tenth",
                    .x = "bases, from",
                    .y = "Phred",
                    .at = at,
                    .n = (int)n,
                    .joined = true,
                    .unit = VL_CHART_NUMBER,
                    .curve = (const vl_curve[]){ { "median", 0, y },
                                                 { "lowest tenth", 4, y + n },
                                                 { "lower quartile", 2, y + 2 * n },
                                                 { "upper quartile", 2, y + 3 * n },
                                                 { "highest tenth", 4, y + 4 * n } },
                    .ncurve = 5 });
}

/* ---- in classes ---- */

enum { CLASSES = 7 };
static const uint64_t least[CLASSES + 1] = { 0, 7, 10, 15, 20, 30, 40, VL_QC_LEVELS };

/* Reads of all mates of `from` to below `to` bases. */
static double count(const vl_reads_page *p, uint64_t from, uint64_t to, int class)
{
    double n = 0;
    for (int m = p->first; m < p->end; m++)
        for (size_t i = 0; i < nline(&p->qc[m]); i++) {
            const uint64_t length = vl_qc_key(&p->qc[m], VL_QT_ERROR, 0, i),
                           q = vl_qc_key(&p->qc[m], VL_QT_ERROR, 1, i);
            if (length >= from && length < to && q >= least[class] && q < least[class + 1])
                n += (double)vl_qc_key(&p->qc[m], VL_QT_ERROR, 2, i);
        }
    return n;
}

static void put_row(const vl_reads_page *p, uint64_t from, uint64_t to)
{
    static const char *const label[CLASSES] = { "below 7", "7", "10", "15", "20", "30", "40 and more" };
    char text[64], number[32];
    double all = 0;
    for (int k = 0; k < CLASSES; k++) all += count(p, from, to, k);
    if (!(all > 0)) return;
    vl_html_put(p->h, "<tr role=\"row\">");
    snprintf(text, sizeof text, "%s or more", vl_show_count((double)from, number));
    vl_html_cell(p->h, "Bases", "name", text);
    for (int k = 0; k < CLASSES; k++)
        vl_html_cell(p->h, label[k], "num", vl_show_count(count(p, from, to, k), number));
    vl_html_put(p->h, "</tr>\n");
}

void vl_report_error_table(vl_reads_page *p)
{
    bool any = false;
    for (int m = p->first; m < p->end; m++) any |= nline(&p->qc[m]) > 0;
    if (!any) return;
    vl_html_put(
        p->h, "<p class=\"note\">The quality of a long read, of 512 bases and more, is here the Phred of the "
              "mean error of its bases, as of NanoPlot and NanoStat. It is lower than the mean of its "
              "qualities, by 3 to 8 as a rule.</p>\n");
    vl_html_table_open(p->h, "Long reads by length and Phred of the mean error, from",
                       "Bases|#below 7|#7|#10|#15|#20|#30|#40 and more");
    for (uint64_t from = VL_QC_LONG; from < UINT64_C(1) << 33; from *= 2) put_row(p, from, 2 * from);
    vl_html_table_close(p->h);
}
