/* Depth along contigs, and by GC, in the report of a store (alignments_qc.h). */
#include "pipeline/alignments/alignments_qc.h"
#include "pipeline/page/svg.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- along contigs ---- */

static void put_along(const vl_alignments_qc *q, size_t i, vl_html *h, vl_err *err)
{
    const vl_contig *const contig = q->one[i].contig;
    const int nname = contig->name.n < 200 ? (int)contig->name.n : 200;
    double *depth, *gc;
    size_t n;
    char caption[256];
    if (vl_alignments_depths(q, i, &depth, &gc, &n, err) || !n) return;
    snprintf(caption, sizeof caption, "Depth of %.*s", nname, (const char *)contig->name.at);
    const vl_curve curve = { "depth", 0, depth };
    vl_svg_curves(h, &(vl_plot){ .caption = caption,
                                 .title = "Curve: mean depth of windows along a contig",
                                 .x = "letters, a window from",
                                 .y = "depth",
                                 .step = (double)q->windows.width,
                                 .n = (int)n,
                                 .unit = VL_CHART_NUMBER,
                                 .curve = &curve,
                                 .ncurve = 1 });
    free(depth);
    free(gc);
}

static int by_length(const void *a, const void *b)
{
    const vl_contig_qc *const x = *(const vl_contig_qc *const *)a, *const y = *(const vl_contig_qc *const *)b;
    if (x->contig->length != y->contig->length) return x->contig->length < y->contig->length ? 1 : -1;
    return (x > y) - (x < y);
}

static int by_number(const void *a, const void *b)
{
    const vl_contig_qc *const x = *(const vl_contig_qc *const *)a, *const y = *(const vl_contig_qc *const *)b;
    return (x > y) - (x < y);
}

/* The longest, in the order of the header. */
static void put_longest(const vl_alignments_qc *q, vl_html *h, vl_err *err)
{
    enum { MOST = 24 };
    char text[32];
    const size_t n = q->none < MOST ? q->none : MOST;
    const vl_contig_qc **const all = calloc(q->none + 1, sizeof *all);
    if (!all) {
        vl_fail(err, VL_ENOMEM, "no memory for %zu contigs", q->none);
        return;
    }
    for (size_t i = 0; i < q->none; i++) all[i] = &q->one[i];
    qsort(all, q->none, sizeof *all, by_length);
    qsort(all, n, sizeof *all, by_number);
    vl_html_putf(
        h,
        "<section><h2>Depth along contigs</h2>\n<p class=\"note\">Of windows of %s letters each, up to "
        "the last with a read.</p>\n",
        vl_show_count((double)q->windows.width, text));
    if (q->none > MOST) vl_html_putf(h, "<p class=\"note\">The %d longest contigs with records.</p>\n", MOST);
    vl_html_put(h, "<div class=\"two\">\n");
    for (size_t i = 0; i < n && !err->code; i++) put_along(q, (size_t)(all[i] - q->one), h, err);
    vl_html_put(h, "</div></section>\n");
    free(all);
}

/* ---- by GC ---- */

static void put_by_gc(const vl_windows_qc *w, vl_html *h)
{
    double depth[VL_GC], windows[VL_GC];
    int first = VL_GC, last = 0;
    for (int i = 0; i < VL_GC; i++) {
        if (!w->gc[i][0]) continue;
        first = i < first ? i : first;
        last = i;
    }
    for (int i = first; i <= last; i++) {
        depth[i] = vl_windows_gc(w, i);
        windows[i] = (double)w->gc[i][0];
    }
    if (first > last) return;
    const vl_curve curve = { "depth", 0, depth + first }, columns = { "windows", 0, windows + first };
    vl_plot plot = { .caption = "Depth by GC",
                     .title = "Curve: depth of windows by their share of G and C, mean of all is 1",
                     .x = "% G and C",
                     .y = "depth, share of the mean",
                     .from = first,
                     .step = 1,
                     .n = last - first + 1,
                     .joined = true,
                     .unit = VL_CHART_NUMBER,
                     .curve = &curve,
                     .ncurve = 1 };
    vl_html_put(h,
                "<section><h2>GC</h2>\n<p class=\"note\">Of windows of 100 letters of contigs, whose letters "
                "are those of the reads upon them. Those of which reads know less than half count "
                "nowhere.</p>\n<div class=\"two\">\n");
    vl_svg_curves(h, &plot);
    plot.caption = "Windows by GC";
    plot.title = "Columns: number of windows by their share of G and C";
    plot.y = "windows";
    plot.unit = VL_CHART_COUNT;
    plot.curve = &columns;
    vl_svg_columns(h, &plot);
    vl_html_put(h, "</div></section>\n");
}

void vl_alignments_plots(const vl_alignments_qc *q, vl_html *h, vl_err *err)
{
    if (q->windows.n && q->none) put_longest(q, h, err);
    if (q->windows.by_gc) put_by_gc(&q->windows, h);
}
