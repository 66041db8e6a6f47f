/*
 * Reads in the report of a store (out/report.h): from the counts by position under /qc alone, for each mate.
 *
 * A quartile is the lowest quality that at least a quarter (half, three quarters) of the bases at that
 * place do not exceed. Counts reach as far as the tally's (reads_tally.h): what lies behind is said, not
 * shown. */
#include "pipeline/out/reader.h"
#include "pipeline/page/svg.h"
#include "pipeline/reads/reads_tally.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* One table of /qc as numbers. */
typedef struct table {
    vl_buf bytes; /* owned */
    size_t n, m;  /* rows and columns; 0 if there is none */
} table;

static double at(const table *t, size_t i, size_t j)
{
    return (double)vl_le64(t->bytes.data + 8 * (i * t->m + j));
}

static vl_code load(vl_store *st, const char *name, const char *mate, table *t, vl_err *err)
{
    char path[64];
    vl_work work = { 0 };
    snprintf(path, sizeof path, "qc/%s%s", name, mate);
    const int column = vl_store_find(st, path);
    if (column < 0) return VL_OK;
    const vl_stored *const c = vl_store_column(st, column);
    if (c->type != VL_U64 || c->ndim < 1 || c->ndim > 2)
        return vl_fail(err, VL_ESTORE, "%s is no table of counts", path);
    if (!vl_store_read(st, column, &t->bytes, &work, err)) {
        t->n = c->dims[0];
        t->m = c->ndim > 1 ? c->dims[1] : 1;
        if (t->m && t->n > t->bytes.len / 8 / t->m) vl_fail(err, VL_ESTORE, "%s is too short", path);
    }
    vl_work_free(&work);
    return err->code;
}

typedef struct mate {
    const char *name;            /* "", "mate 1", "mate 2" */
    table base, quality, length; /* [position][letter], [position][level], [length] */
} mate;

static void free_mate(mate *m)
{
    vl_buf_free(&m->base.bytes);
    vl_buf_free(&m->quality.bytes);
    vl_buf_free(&m->length.bytes);
}

/* ---- sums ---- */

typedef struct sums {
    double base, quality, q20, q30, gc, odd; /* bases: all, their qualities together, by quality, by letter */
    double longer;                           /* reads that reach the tally's last length, or go beyond */
} sums;

static void add_up(const mate *m, sums *s)
{
    for (size_t i = 0; i < m->quality.n; i++)
        for (size_t q = 0; q < m->quality.m; q++) {
            const double n = at(&m->quality, i, q);
            s->base += n;
            s->quality += n * (double)q;
            s->q20 += q >= 20 ? n : 0;
            s->q30 += q >= 30 ? n : 0;
        }
    for (size_t i = 0; i < m->base.n && m->base.m == VL_QC_LETTERS; i++) {
        s->gc += at(&m->base, i, 1) + at(&m->base, i, 2);
        s->odd += at(&m->base, i, 4);
    }
    for (size_t i = 0; i < m->length.n; i++) {
        s->longer += i == VL_QC_POSITIONS ? at(&m->length, i, 0) : 0;
    }
}

/* Of the columns, as the tally stops somewhere. */
static double mean_length(const vl_reader *r)
{
    const int column = vl_reader_column(r, VL_RD_BASE);
    const double bases = column < 0 ? 0 : (double)vl_store_column(vl_reader_store(r), column)->nelem;
    return bases / (double)vl_reader_nrow(r, VL_RT_READ);
}

static void put_sums(vl_html *h, const sums *s, double length)
{
    const struct {
        const char *name;
        double value;
        const char *form;
    } tile[] = { { "Bases a read", length, "%.1f" },
                 { "Mean quality", s->quality / s->base, "%.2f" },
                 { "Q20 or more", 100 * s->q20 / s->base, "%.2f %%" },
                 { "Q30 or more", 100 * s->q30 / s->base, "%.2f %%" },
                 { "G and C", 100 * s->gc / (s->base - s->odd), "%.2f %%" },
                 { "N and others", 100 * s->odd / s->base, "%.4f %%" } };
    char text[64];
    vl_html_put(h, "<dl class=\"tiles\">\n");
    for (size_t i = 0; i < sizeof tile / sizeof *tile; i++) {
        if (!isfinite(tile[i].value)) continue;
        _Pragma("GCC diagnostic push") _Pragma("GCC diagnostic ignored \"-Wformat-nonliteral\"")
            snprintf(text, sizeof text, tile[i].form, tile[i].value);
        _Pragma("GCC diagnostic pop") vl_html_tile(h, tile[i].name, text);
    }
    vl_html_put(h, "</dl>\n");
}

/* ---- plots ---- */

/* "mean quality by position, mate 2" */
static const char *caption(const mate *m, const char *what, char text[96])
{
    snprintf(text, 96, "%s%s%s", what, *m->name ? ", " : "", m->name);
    return text;
}

/* The lowest level that at least `part` of the counts of a row do not exceed. */
static double quantile(const table *t, size_t i, double part)
{
    double all = 0, sum = 0;
    for (size_t q = 0; q < t->m; q++) all += at(t, i, q);
    for (size_t q = 0; q < t->m; q++)
        if ((sum += at(t, i, q)) >= part * all && all > 0) return (double)q;
    return NAN;
}

static double mean(const table *t, size_t i)
{
    double all = 0, sum = 0;
    for (size_t q = 0; q < t->m; q++) {
        all += at(t, i, q);
        sum += (double)q * at(t, i, q);
    }
    return sum / all; /* NaN where there are no reads as long */
}

/* y: room for 4 n numbers. */
static void put_quality(vl_html *h, const mate *m, double *y)
{
    const size_t n = m->quality.n;
    char text[96];
    if (!n) return;
    for (size_t i = 0; i < n; i++) {
        y[i] = mean(&m->quality, i);
        for (int k = 0; k < 3; k++) y[(size_t)(k + 1) * n + i] = quantile(&m->quality, i, 0.25 * (k + 1));
    }
    const vl_curve curve[] = { { "mean", 0, y }, { "median", 2, y + 2 * n } };
    vl_svg_curves(h,
                  &(vl_plot){ .caption = caption(m, "Quality by position", text),
                              .title = "Curves: mean and median quality by position in the read; a band from "
                                       "the lower to the upper quartile",
                              .x = "position",
                              .y = "Phred",
                              .from = 1,
                              .step = 1,
                              .n = (int)n,
                              .unit = VL_CHART_NUMBER,
                              .low = y + n,
                              .high = y + 3 * n,
                              .low_label = "lower quartile",
                              .high_label = "upper quartile",
                              .band_label = "quartiles",
                              .curve = curve,
                              .ncurve = 2 });
}

/* y: room for 5 n numbers. */
static void put_bases(vl_html *h, const mate *m, double *y)
{
    static const char *const letter[VL_QC_LETTERS] = { "A", "C", "G", "T", "other" };
    const size_t n = m->base.n;
    vl_curve curve[VL_QC_LETTERS];
    char text[96];
    if (!n || m->base.m != VL_QC_LETTERS) return;
    for (size_t k = 0; k < VL_QC_LETTERS; k++) curve[k] = (vl_curve){ letter[k], (int)k + 1, y + k * n };
    for (size_t i = 0; i < n; i++) {
        double all = 0;
        for (size_t k = 0; k < VL_QC_LETTERS; k++) all += at(&m->base, i, k);
        for (size_t k = 0; k < VL_QC_LETTERS; k++) y[k * n + i] = 100 * at(&m->base, i, k) / all;
    }
    vl_svg_curves(
        h, &(vl_plot){ .caption = caption(m, "Bases by position", text),
                       .title = "Curves: the share of A, C, G, T and other letters by position in the read",
                       .x = "position",
                       .y = "%",
                       .from = 1,
                       .step = 1,
                       .n = (int)n,
                       .unit = VL_CHART_NUMBER,
                       .curve = curve,
                       .ncurve = VL_QC_LETTERS });
}

/* The one length of all reads; 0: they have several, or some are longer than the tally counts. */
static size_t one_length(const table *t)
{
    size_t n = 0, length = 0;
    for (size_t i = 0; i < t->n; i++)
        if (at(t, i, 0) > 0) n++, length = i;
    return n == 1 && length < VL_QC_POSITIONS ? length : 0;
}

/* Counts of neighbours together, so that there are 64 columns at most. y: room for that many. */
static void put_lengths(vl_html *h, const mate *m, double *y)
{
    enum { COLUMNS = 64, FEW = 5 };
    const table *const t = &m->length;
    size_t first = 0, last = t->n;
    char text[96];
    if (one_length(t)) return; /* which is said, one column would show nothing */
    while (first < last && !(at(t, first, 0) > 0)) first++;
    while (last > first && !(at(t, last - 1, 0) > 0)) last--;
    if (first == last) return;
    if (last - first < FEW) { /* some room on both sides of few columns */
        first -= first < FEW ? first : FEW;
        last += FEW;
    }
    const size_t width = (last - first + COLUMNS - 1) / COLUMNS, n = (last - first + width - 1) / width;
    for (size_t k = 0; k < n; k++) {
        y[k] = 0;
        for (size_t i = first + k * width; i < first + (k + 1) * width && i < last && i < t->n; i++)
            y[k] += at(t, i, 0);
    }
    vl_svg_columns(h, &(vl_plot){ .caption = caption(m, "Reads by length", text),
                                  .title = "Columns: number of reads by their length in bases",
                                  .x = width > 1 ? "bases, from" : "bases",
                                  .y = "reads",
                                  .from = (double)first,
                                  .step = (double)width,
                                  .n = (int)n,
                                  .unit = VL_CHART_COUNT,
                                  .curve = &(vl_curve){ "reads", 0, y },
                                  .ncurve = 1 });
}

/* y: room for as many numbers as there are levels. */
static void put_levels(vl_html *h, const mate *m, double *y)
{
    size_t n = 0;
    char text[96];
    if (!m->quality.n) return;
    for (size_t q = 0; q < m->quality.m; q++) {
        y[q] = 0;
        for (size_t i = 0; i < m->quality.n; i++) y[q] += at(&m->quality, i, q);
        if (y[q] > 0) n = q + 1;
    }
    vl_svg_columns(h, &(vl_plot){ .caption = caption(m, "Bases by quality", text),
                                  .title = "Columns: number of bases by their quality",
                                  .x = "Phred",
                                  .y = "bases",
                                  .from = 0,
                                  .step = 1,
                                  .n = (int)n,
                                  .unit = VL_CHART_COUNT,
                                  .curve = &(vl_curve){ "bases", 0, y },
                                  .ncurve = 1 });
}

/* Each plot for one mate beside that for the other. */
static vl_code put_plots(vl_html *h, const mate *m, int nmate, vl_err *err)
{
    static void (*const plot[])(vl_html *, const mate *, double *) = { put_quality, put_bases, put_lengths,
                                                                       put_levels };
    size_t n = 0, levels = 0;
    for (int k = 0; k < nmate; k++) {
        n = m[k].quality.n > n ? m[k].quality.n : n;
        n = m[k].base.n > n ? m[k].base.n : n;
        levels = m[k].quality.m > levels ? m[k].quality.m : levels;
    }
    double *const y = calloc(VL_QC_LETTERS * n + levels + 64, sizeof *y);
    if (!y) return vl_fail(err, VL_ENOMEM, "no memory for plots of %zu positions", n);
    vl_html_put(h, "<div class=\"two\">\n");
    for (size_t i = 0; i < sizeof plot / sizeof *plot; i++)
        for (int k = 0; k < nmate; k++)
            if (m[k].length.n) plot[i](h, &m[k], y);
    vl_html_put(h, "</div>\n");
    free(y);
    return err->code;
}

/* ---- entry points ---- */

typedef struct quality {
    mate mate[3]; /* single reads, first mates, second mates */
    sums sums;
} quality;

static vl_code load_all(vl_reader *r, quality *q, vl_err *err)
{
    static const char *const suffix[] = { "", "_1", "_2" }, *const name[] = { "", "mate 1", "mate 2" };
    vl_store *const st = vl_reader_store(r);
    for (int i = 0; i < 3 && !err->code; i++) {
        mate *const m = &q->mate[i];
        m->name = name[i];
        if (!load(st, "quality_count", suffix[i], &m->quality, err) &&
            !load(st, "base_count", suffix[i], &m->base, err) &&
            !load(st, "read_length", suffix[i], &m->length, err))
            add_up(m, &q->sums);
    }
    return err->code;
}

static void free_all(quality *q)
{
    for (int i = 0; i < 3; i++) free_mate(&q->mate[i]);
}

vl_code vl_reads_brief(vl_reader *r, vl_html *h, vl_err *err)
{
    quality q = { 0 };
    if (!load_all(r, &q, err) && q.sums.base > 0) put_sums(h, &q.sums, mean_length(r));
    free_all(&q);
    return err->code;
}

/* What the plots leave out. */
static void put_remarks(vl_html *h, const quality *q)
{
    char text[32];
    size_t length[3];
    for (int i = 0; i < 3; i++) length[i] = one_length(&q->mate[i].length);
    const bool same = length[1] == length[2];
    for (int i = 0; i < 3; i++)
        if (length[i] && !(same && i == 2))
            vl_html_putf(h, "<p class=\"note\">All reads%s%s have %zu base%s.</p>\n",
                         same || !i ? "" : " of ", same ? "" : q->mate[i].name, length[i],
                         length[i] > 1 ? "s" : "");
    if (q->sums.longer > 0)
        vl_html_putf(
            h, "<p class=\"note\">%s reads have %d bases or more: what lies behind is not counted.</p>\n",
            vl_show_count(q->sums.longer, text), VL_QC_POSITIONS);
}

vl_code vl_reads_report(vl_reader *r, vl_html *h, vl_err *err)
{
    quality q = { 0 };
    load_all(r, &q, err);
    vl_html_put(h, "<section><h2>Quality of the reads</h2>\n");
    if (q.sums.base > 0 && !err->code) {
        put_sums(h, &q.sums, mean_length(r));
        put_remarks(h, &q);
        put_plots(h, q.mate, 3, err);
    } else {
        vl_html_put(h, "<p>There are no bases to show.</p>\n");
    }
    vl_html_put(h, "</section>\n");
    free_all(&q);
    return err->code;
}
