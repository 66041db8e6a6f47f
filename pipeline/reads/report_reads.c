/* Plots of reads as a whole (reads_report.h): their quality, G and C, length; and bases by quality. */
#include "pipeline/reads/reads_report.h"

/* Columns of counts of one thing by another. */
static void put_columns(vl_reads_page *p, const char *caption, const char *title, const char *x,
                        const char *y, double from, double step, size_t n)
{
    vl_svg_columns(p->h, &(vl_plot){ .caption = caption,
                                     .title = title,
                                     .x = x,
                                     .y = y,
                                     .from = from,
                                     .step = step,
                                     .n = (int)n,
                                     .unit = VL_CHART_COUNT,
                                     .curve = &(const vl_curve){ y, 0, p->y },
                                     .ncurve = 1 });
}

void vl_report_read_quality(vl_reads_page *p, const vl_reads_qc *qc)
{
    size_t n = 0;
    char text[96];
    for (size_t q = 0; q < vl_qc_dim(qc, VL_QT_MEAN, 0); q++) {
        p->y[q] = (double)vl_qc_at(qc, VL_QT_MEAN, q, 0, 0);
        if (p->y[q] > 0) n = q + 1;
    }
    if (n)
        put_columns(p, vl_report_caption(qc, "Reads by mean quality", text),
                    "Columns: number of reads by the mean of their qualities, rounded down", "mean Phred",
                    "reads", 0, 1, n);
}

void vl_report_levels(vl_reads_page *p, const vl_reads_qc *qc)
{
    size_t n = 0;
    char text[96];
    for (size_t q = 0; q < VL_QC_LEVELS; q++) {
        p->y[q] = (double)qc->quality[q];
        if (qc->quality[q]) n = q + 1;
    }
    if (n)
        put_columns(p, vl_report_caption(qc, "Bases by quality", text),
                    "Columns: number of bases by their quality", "Phred", "bases", 0, 1, n);
}

void vl_report_gc(vl_reads_page *p, const vl_reads_qc *qc)
{
    enum { PERCENTS = 101 };
    char text[96];
    if (!vl_qc_dim(qc, VL_QT_GC, 0)) return;
    vl_fq_gc_percents(qc, p->y, p->y + PERCENTS);
    const vl_curve curve[] = { { "reads", 0, p->y }, { "normal distribution", 5, p->y + PERCENTS } };
    vl_svg_curves(p->h, &(vl_plot){ .caption = vl_report_caption(qc, "Reads by G and C", text),
                                    .title = "Curves: number of reads by their percent of G and C, beside a "
                                             "normal distribution with the same middle and width",
                                    .x = "% G and C",
                                    .y = "reads",
                                    .from = 0,
                                    .step = 1,
                                    .n = PERCENTS,
                                    .unit = VL_CHART_NUMBER,
                                    .curve = curve,
                                    .ncurve = 2 });
}

/* By groups of an eighth of an octave. */
static void put_long_lengths(vl_reads_page *p, const vl_reads_qc *qc)
{
    const size_t first = vl_qc_group(qc->shortest), n = vl_qc_group(qc->longest) - first + 1;
    double *const at = p->y + n;
    char text[96];
    for (size_t i = 0; i <= n; i++) at[i] = (double)vl_qc_group_from(first + i);
    if (!first) at[0] = 1;
    for (size_t i = 0; i < n; i++)
        p->y[i] = (double)vl_reads_qc_reads_of(qc, first + i ? vl_qc_group_from(first + i) : 0,
                                               vl_qc_group_from(first + i + 1) - 1);
    vl_svg_columns(p->h, &(vl_plot){ .caption = vl_report_caption(qc, "Reads by length", text),
                                     .title = "Columns: number of reads by their length in bases, an eighth "
                                              "of an octave each",
                                     .x = "bases, from",
                                     .y = "reads",
                                     .at = at,
                                     .n = (int)n,
                                     .unit = VL_CHART_COUNT,
                                     .curve = &(const vl_curve){ "reads", 0, p->y },
                                     .ncurve = 1 });
}

/* Counts of neighbours together, so that there are 64 columns at most. One length for all is said, not
 * drawn. */
void vl_report_lengths(vl_reads_page *p, const vl_reads_qc *qc)
{
    enum { COLUMNS = 64, FEW = 5 };
    uint64_t first = qc->shortest, last = qc->longest + 1;
    char text[96];
    if (last - first == 1 && first < VL_QC_POSITIONS) return;
    if (qc->longest >= VL_QC_POSITIONS && qc->table[VL_QT_LONG].dim[0] && last > 2 * first) {
        put_long_lengths(p, qc);
        return;
    }
    if (last - first < FEW) { /* some room on both sides of few columns */
        first -= first < FEW ? first : FEW;
        last += FEW;
    }
    const uint64_t width = (last - first + COLUMNS - 1) / COLUMNS, n = (last - first + width - 1) / width;
    for (uint64_t k = 0; k < n; k++)
        p->y[k] = (double)vl_reads_qc_reads_of(qc, first + k * width, first + (k + 1) * width - 1);
    put_columns(p, vl_report_caption(qc, "Reads by length", text),
                "Columns: number of reads by their length in bases", width > 1 ? "bases, from" : "bases",
                "reads", (double)first, (double)width, (size_t)n);
}
