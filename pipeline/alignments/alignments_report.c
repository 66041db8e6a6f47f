/* Alignments in the report of a store (out/report.h), from what was counted when they came in. */
#include "pipeline/alignments/alignments_qc.h"
#include "pipeline/page/svg.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct page {
    vl_html *h;
    const vl_alignments_qc *q;
    vl_err *err; /* that of h */
} page;

static double share(const page *p, int line, int of)
{
    return p->q->all[of] ? 100 * (double)p->q->all[line] / (double)p->q->all[of] : NAN;
}

static void put_tile(const page *p, const char *name, double v, const char *unit)
{
    char text[40];
    if (!isfinite(v)) return;
    snprintf(text, sizeof text, "%.2f%s", v, unit);
    vl_html_tile(p->h, name, text);
}

static void put_tiles(const page *p)
{
    char text[32];
    vl_html_put(p->h, "<dl class=\"tiles\">\n");
    put_tile(p, "Mapped", share(p, VL_FS_PRIMARY_MAPPED, VL_FS_PRIMARY), " %");
    put_tile(p, "Properly paired", share(p, VL_FS_PROPER, VL_FS_PAIRED), " %");
    put_tile(p, "Marked duplicates", share(p, VL_FS_PRIMARY_COPIES, VL_FS_PRIMARY), " %");
    put_tile(p, "Mean depth", p->q->depth, "");
    put_tile(p, "Mapping quality", p->q->mapq, "");
    put_tile(p, "Base quality", p->q->quality, "");
    put_tile(p, "GC bias", p->q->bias, " %");
    if (p->q->pairs) vl_html_tile(p->h, "Template length", vl_show_count((double)p->q->insert[1], text));
    vl_html_put(p->h, "</dl>\n");
}

/* ---- flags ---- */

static void put_flags(const page *p)
{
    char text[32];
    vl_html_table_open(p->h, "Records by their flags, as samtools flagstat counts them",
                       "Records|#Passed|#Failed a filter|#Share");
    for (int i = 0; i < VL_FS_N; i++) {
        const int of = vl_flagstat_words[i].of;
        vl_html_put(p->h, "<tr role=\"row\">");
        vl_html_cell(p->h, "Records", "name", i ? vl_flagstat_words[i].words : "in total");
        vl_html_cell(p->h, "Passed", "num", vl_show_count((double)p->q->flag[0][i], text));
        vl_html_cell(p->h, "Failed a filter", "num", vl_show_count((double)p->q->flag[1][i], text));
        if (of >= 0 && p->q->all[of]) snprintf(text, sizeof text, "%.2f %%", share(p, i, of));
        else snprintf(text, sizeof text, "%s", "");
        vl_html_cell(p->h, "Share", "num", text);
        vl_html_put(p->h, "</tr>\n");
    }
    vl_html_table_close(p->h);
}

/* ---- plots ---- */

static void put_columns(const page *p, vl_plot plot, const uint64_t *count, size_t n, size_t width)
{
    const size_t columns = (n + width - 1) / width;
    double *const y = calloc(columns + 1, sizeof *y);
    if (!y) {
        vl_fail(p->err, VL_ENOMEM, "no memory for a plot");
        return;
    }
    for (size_t i = 0; i < n; i++) y[i / width] += (double)count[i];
    const vl_curve curve = { plot.y, 0, y };
    plot.step = (double)width;
    plot.n = (int)columns;
    plot.unit = VL_CHART_COUNT;
    plot.curve = &curve;
    plot.ncurve = 1;
    vl_svg_columns(p->h, &plot);
    free(y);
}

/* Up to the size that 99.5 % of the pairs do not reach; the last count, of all longer ones, is none of a
 * size. */
static void put_inserts(const page *p)
{
    enum { COLUMNS = 80 };
    size_t first = 0, end = 0;
    double sum = 0;
    char text[32];
    while (first < VL_INSERTS && !p->q->counts.insert[first]) first++;
    for (end = first; end < VL_INSERTS && sum < .995 * (double)p->q->pairs; end++)
        sum += (double)p->q->counts.insert[end];
    if (end > first)
        put_columns(p,
                    (vl_plot){ .caption = "Proper pairs by template length",
                               .title = "Columns: number of proper pairs by the length of their template",
                               .x = "letters, from",
                               .y = "pairs",
                               .from = (double)first },
                    p->q->counts.insert + first, end - first, (end - first + COLUMNS - 1) / COLUMNS);
    if (p->q->pairs && p->q->counts.insert[VL_INSERTS])
        vl_html_putf(p->h, "<p class=\"note\">%s pairs are of %d letters or more.</p>\n",
                     vl_show_count((double)p->q->counts.insert[VL_INSERTS], text), VL_INSERTS);
}

static void put_mapq(const page *p)
{
    size_t n = 0;
    for (size_t i = 0; i < 256; i++)
        if (p->q->counts.mapq[i]) n = i + 1;
    if (n)
        put_columns(p,
                    (vl_plot){ .caption = "Records by mapping quality",
                               .title = "Columns: number of records by their mapping quality",
                               .x = "Phred",
                               .y = "records" },
                    p->q->counts.mapq, n, 1);
}

/* ---- contigs ---- */

static void put_number(const page *p, const char *label, double v)
{
    char text[40] = "\xe2\x80\x93";
    if (isfinite(v)) snprintf(text, sizeof text, "%.2f", v);
    vl_html_cell(p->h, label, "num", text);
}

static const char *name_of(const vl_contig_qc *one, char text[256])
{
    snprintf(text, 256, "%.*s", one->contig->name.n < 255 ? (int)one->contig->name.n : 255,
             (const char *)one->contig->name.at);
    return text;
}

static void put_contig(const page *p, const vl_contig_qc *one)
{
    char text[256], number[32];
    vl_html_put(p->h, "<tr role=\"row\">");
    vl_html_cell_code(p->h, "Contig", "name", name_of(one, text));
    vl_html_cell(p->h, "Letters", "num", vl_show_count((double)one->contig->length, number));
    vl_html_cell(p->h, "Mapped", "num", vl_show_count((double)one->mapped, number));
    vl_html_cell(p->h, "Unmapped", "num", vl_show_count((double)one->unmapped, number));
    put_number(p, "Depth", one->depth);
    put_number(p, "Base quality", one->quality);
    put_number(p, "Mapping quality", one->mapq);
    vl_html_put(p->h, "</tr>\n");
}

static int by_records(const void *a, const void *b)
{
    const vl_contig_qc *const x = a, *const y = b;
    if (x->mapped != y->mapped) return x->mapped < y->mapped ? 1 : -1;
    return (x->contig > y->contig) - (x->contig < y->contig);
}

/* Those with the most records, in the order of the header. */
static void put_depths(const page *p, const vl_contig_qc *most, size_t n)
{
    char(*const name)[256] = calloc(n + 1, sizeof *name);
    vl_bar *const bar = calloc(n + 1, sizeof *bar);
    for (size_t i = 0; i < n && name && bar; i++)
        bar[i] = (vl_bar){ name_of(&most[i], name[i]), "c1", isfinite(most[i].depth) ? most[i].depth : 0 };
    if (name && bar) vl_svg_bars(p->h, "Bars: mean depth of each contig", bar, (int)n, VL_CHART_NUMBER);
    else vl_fail(p->err, VL_ENOMEM, "no memory for a plot");
    free(name);
    free(bar);
}

static int by_number(const void *a, const void *b)
{
    const vl_contig *const x = ((const vl_contig_qc *)a)->contig, *const y =
                                                                      ((const vl_contig_qc *)b)->contig;
    return (x > y) - (x < y);
}

static void put_contigs(const page *p)
{
    enum { MOST = 30 };
    const size_t n = p->q->none < MOST ? p->q->none : MOST;
    char text[32];
    vl_contig_qc *const all = calloc(p->q->none + 1, sizeof *all);
    if (!all) {
        vl_fail(p->err, VL_ENOMEM, "no memory for %zu contigs", p->q->none);
        return;
    }
    memcpy(all, p->q->one, p->q->none * sizeof *all);
    qsort(all, p->q->none, sizeof *all, by_records);
    qsort(all, n, sizeof *all, by_number);
    vl_html_put(p->h, "<section><h2>Contigs</h2>\n"
                      "<p class=\"note\">Depth and qualities are of records that are mapped, primary, no "
                      "duplicates, and passed filters.</p>\n");
    if (p->q->none > MOST)
        vl_html_putf(p->h, "<p class=\"note\">Of %s contigs with records the %d that have the most.</p>\n",
                     vl_show_count((double)p->q->none, text), MOST);
    vl_html_put(p->h, "<h3>Mean depth</h3>\n");
    put_depths(p, all, n);
    vl_html_put(p->h, "<details><summary>Numbers</summary>\n");
    vl_html_table_open(p->h, "Contigs, their records, depth and qualities",
                       "Contig|#Letters|#Mapped|#Unmapped|#Depth|#Base quality|#Mapping quality");
    for (size_t i = 0; i < n; i++) put_contig(p, &all[i]);
    vl_html_table_close(p->h);
    vl_html_put(p->h, "</details></section>\n");
    free(all);
}

/* ---- entry points ---- */

static void put_sections(const page *p)
{
    put_tiles(p);
    if (p->q->known)
        vl_html_put(p->h, p->q->sorted
                              ? "<p class=\"note\">Records are in the order of their places.</p>\n"
                              : "<p class=\"note\">Records are not in the order of their places.</p>\n");
    vl_html_put(p->h, "</section>\n<section><h2>Flags</h2>\n");
    put_flags(p);
    vl_html_put(p->h, "</section>\n<section><h2>Pairs and mapping qualities</h2>\n<div class=\"two\">\n");
    put_inserts(p);
    put_mapq(p);
    vl_html_put(p->h, "</div></section>\n");
    if (p->q->none) put_contigs(p);
    vl_alignments_plots(p->q, p->h, p->err);
}

static vl_code put(vl_reader *r, vl_html *h, void (*what)(const page *), vl_err *err)
{
    vl_alignments_qc *const q = calloc(1, sizeof *q);
    if (!q) return vl_fail(err, VL_ENOMEM, "no memory for counts");
    const page p = { .h = h, .q = q, .err = err };
    if (!vl_alignments_qc_load(q, vl_reader_store(r), err) && q->there) what(&p);
    else if (what == put_sections) vl_html_put(h, "<p>There is nothing to show.</p></section>\n");
    vl_alignments_qc_free(q);
    free(q);
    return err->code;
}

vl_code vl_alignments_brief(vl_reader *r, vl_html *h, vl_err *err) { return put(r, h, put_tiles, err); }

vl_code vl_alignments_report(vl_reader *r, vl_html *h, vl_err *err)
{
    vl_html_put(h, "<section><h2>Quality of the alignments</h2>\n");
    return put(r, h, put_sections, err);
}
