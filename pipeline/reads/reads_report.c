/* Reads in the report of a store (reads_report.h): tiles, what the plots leave out, FastQC's limits. */
#include "pipeline/reads/reads_report.h"

#include "pipeline/out/reader.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { MATES = 3 };

const char *vl_report_caption(const vl_reads_qc *qc, const char *what, char text[96])
{
    snprintf(text, 96, "%s%s%s", what, *qc->name ? ", " : "", qc->name);
    return text;
}

/* ---- sums ---- */

typedef struct sums {
    double base, quality, q20, q30, gc, odd; /* bases: all, their qualities together, by quality, by letter */
} sums;

static sums add_up(const vl_reads_page *p)
{
    sums s = { 0 };
    for (int m = p->first; m < p->end; m++) {
        const vl_reads_qc *const qc = &p->qc[m];
        for (int q = 0; q < VL_QC_LEVELS; q++) {
            const double n = (double)qc->quality[q];
            s.base += n;
            s.quality += n * q;
            s.q20 += q >= 20 ? n : 0;
            s.q30 += q >= 30 ? n : 0;
        }
        s.gc += (double)(qc->base[1] + qc->base[2]);
        s.odd += (double)qc->base[4];
    }
    return s;
}

/* Of the columns, as the tables of older stores end somewhere. */
static double mean_length(const vl_reader *r)
{
    const int column = vl_reader_column(r, VL_RD_BASE);
    const double bases = column < 0 ? 0 : (double)vl_store_column(vl_reader_store(r), column)->nelem;
    return bases / (double)vl_reader_nrow(r, VL_RT_READ);
}

static void put_sums(const vl_reads_page *p, double length)
{
    const sums s = add_up(p);
    const struct {
        const char *name;
        double value;
        const char *form;
    } tile[] = { { "Bases a read", length, "%.1f" },
                 { "Mean quality", s.quality / s.base, "%.2f" },
                 { "Q20 or more", 100 * s.q20 / s.base, "%.2f %%" },
                 { "Q30 or more", 100 * s.q30 / s.base, "%.2f %%" },
                 { "G and C", 100 * s.gc / (s.base - s.odd), "%.2f %%" },
                 { "N and others", 100 * s.odd / s.base, "%.4f %%" } };
    char text[64];
    vl_html_put(p->h, "<dl class=\"tiles\">\n");
    for (size_t i = 0; i < sizeof tile / sizeof *tile; i++) {
        if (!isfinite(tile[i].value)) continue;
        _Pragma("GCC diagnostic push") _Pragma("GCC diagnostic ignored \"-Wformat-nonliteral\"")
            snprintf(text, sizeof text, tile[i].form, tile[i].value);
        _Pragma("GCC diagnostic pop") vl_html_tile(p->h, tile[i].name, text);
    }
    vl_html_put(p->h, "</dl>\n");
}

/* ---- remarks ---- */

static uint64_t one_length(const vl_reads_qc *qc)
{
    return qc->nread && qc->shortest == qc->longest && qc->longest < VL_QC_POSITIONS ? qc->longest : 0;
}

static void put_lengths(const vl_reads_page *p)
{
    const uint64_t last = one_length(&p->qc[p->end - 1]);
    const bool same = one_length(&p->qc[p->first]) == last;
    for (int m = p->first; m < p->end; m++) {
        const uint64_t length = one_length(&p->qc[m]);
        if (!length || (same && m > p->first)) continue;
        vl_html_putf(p->h, "<p class=\"note\">All reads%s%s have %llu base%s.</p>\n", same ? "" : " of ",
                     same ? "" : p->qc[m].name, (unsigned long long)length, length > 1 ? "s" : "");
    }
}

static void put_long(const vl_reads_page *p)
{
    uint64_t n = 0;
    bool cut = false, grouped = true;
    char text[32];
    for (int m = p->first; m < p->end; m++) {
        const vl_reads_qc *const qc = &p->qc[m];
        const uint64_t more =
            qc->longest > VL_QC_POSITIONS ? vl_reads_qc_reads_of(qc, VL_QC_POSITIONS + 1, qc->longest) : 0;
        n += more;
        cut |= qc->cut;
        grouped &= !more || qc->table[VL_QT_QUALITY_GROUP].dim[0];
    }
    if (n)
        vl_html_putf(p->h, "<p class=\"note\">%s reads have more than %d bases: %s%s.</p>\n",
                     vl_show_count((double)n, text), VL_QC_POSITIONS,
                     grouped ? "positions are shown in groups, an eighth of an octave each"
                             : "counts by position end there",
                     cut ? ", and so do the totals above" : "; totals are of all bases");
}

static void put_n50(const vl_reads_page *p)
{
    char text[32];
    for (int m = p->first; m < p->end; m++)
        if (p->qc[m].nread && p->qc[m].shortest != p->qc[m].longest)
            vl_html_putf(
                p->h, "<p class=\"note\">Half of all bases%s%s are in reads of %s bases or more (N50).</p>\n",
                *p->qc[m].name ? " of " : "", p->qc[m].name,
                vl_show_count((double)vl_reads_qc_n50(&p->qc[m]), text));
}

static void put_missing(const vl_reads_page *p)
{
    char note[VL_QC_NOTE] = "";
    for (int m = p->first; m < p->end; m++)
        if (!p->qc[m].whole) vl_reads_qc_missing(&p->qc[m], note);
    if (!*note) return;
    vl_html_put(p->h, "<p class=\"note\">This store is ");
    vl_html_text(p->h, note);
    vl_html_put(p->h, ".</p>\n");
}

/* ---- limits ---- */

static void put_state(const vl_reads_page *p, int m, size_t module)
{
    const char *const state = vl_fq_state_of(&p->qc[m], module, p->err);
    vl_html_cell_open(p->h, *p->qc[m].name ? p->qc[m].name : "State", "");
    if (*state == '-') vl_html_put(p->h, "\xe2\x80\x93");
    else
        vl_html_putf(p->h, "<span class=\"mark %s\">%s</span>",
                     *state == 'p'   ? "good"
                     : *state == 'w' ? "old"
                                     : "bad",
                     state);
    vl_html_put(p->h, "</td>");
}

static void put_states(vl_reads_page *p)
{
    vl_html_put(p->h, "<section><h2>By FastQC's limits</h2>\n"
                      "<p>What FastQC " VL_FQ_RULES " says of the same reads. Its limits are made for whole "
                      "genomes: amplicons, RNA and small RNA go beyond some of them and are good.</p>\n");
    for (int m = p->first; m < p->end; m++)
        if (vl_fq_takes_64(&p->qc[m]))
            vl_html_putf(
                p->h,
                "<p class=\"note\">All qualities%s%s are 31 or more: FastQC takes them for another "
                "encoding and each for 31 less, which this page does not, but for these words.</p>\n",
                *p->qc[m].name ? " of " : "", p->qc[m].name);
    vl_html_table_open(p->h, "Pass, warn or fail, by module",
                       p->first ? "Module|mate\xc2\xa0"
                                  "1|mate\xc2\xa0"
                                  "2|Warns|Fails"
                                : "Module|State|Warns|Fails");
    for (size_t i = 0; i < VL_FQ_MODULES; i++) {
        vl_html_put(p->h, "<tr role=\"row\">");
        vl_html_cell(p->h, "Module", "name", vl_fq_module_name(i));
        for (int m = p->first; m < p->end; m++) put_state(p, m, i);
        vl_html_cell(p->h, "Warns", "", *vl_fq_module_warns(i) ? vl_fq_module_warns(i) : "never");
        vl_html_cell(p->h, "Fails", "", *vl_fq_module_fails(i) ? vl_fq_module_fails(i) : "never");
        vl_html_put(p->h, "</tr>\n");
    }
    vl_html_table_close(p->h);
    vl_html_put(p->h, "</section>\n");
}

/* ---- plots ---- */

/* Each plot of one mate beside that of the other. */
static void put_plots(vl_reads_page *p, vl_reads_plot *const *plot, size_t n)
{
    vl_html_put(p->h, "<div class=\"two\">\n");
    for (size_t i = 0; i < n; i++)
        for (int m = p->first; m < p->end; m++)
            if (p->qc[m].nread) plot[i](p, &p->qc[m]);
    vl_html_put(p->h, "</div>\n");
}

static void put_sections(vl_reads_page *p)
{
    static vl_reads_plot *const places[] = { vl_report_quality, vl_report_bases, vl_report_n,
                                             vl_report_tiles };
    static vl_reads_plot *const reads[] = { vl_report_read_quality, vl_report_levels, vl_report_gc,
                                            vl_report_lengths, vl_report_errors };
    static vl_reads_plot *const often[] = { vl_report_duplication }, *const adapters[] = {
        vl_report_adapters
    };
    bool whole = true;
    for (int m = p->first; m < p->end; m++) whole &= p->qc[m].whole;
    put_states(p);
    vl_html_put(p->h, "<section><h2>By position in the read</h2>\n");
    put_plots(p, places, sizeof places / sizeof *places);
    vl_html_put(p->h, "</section>\n<section><h2>Reads as a whole</h2>\n");
    put_plots(p, reads, sizeof reads / sizeof *reads);
    vl_report_error_table(p);
    vl_html_put(p->h, "</section>\n");
    vl_report_pairs(p);
    if (!whole) return;
    vl_html_put(p->h, "<section><h2>Adapters</h2>\n");
    vl_report_adapter_table(p);
    put_plots(p, adapters, 1);
    vl_report_tail_table(p);
    vl_html_put(p->h, "</section>\n<section><h2>Reads that occur often</h2>\n");
    put_plots(p, often, 1);
    vl_report_sequences(p);
    vl_html_put(p->h, "</section>\n");
}

/* ---- entry points ---- */

static vl_code open_page(vl_reads_page *p, vl_reads_qc qc[MATES], vl_reader *r, vl_html *h, vl_err *err)
{
    *p = (vl_reads_page){ .h = h, .qc = qc, .err = err };
    for (int m = 0; m < MATES; m++)
        if (vl_reads_qc_load(&qc[m], vl_reader_store(r), m, err)) return err->code;
    p->first = qc[1].nread || qc[2].nread;
    p->end = p->first ? MATES : 1;
    if (vl_reads_whole_of(&qc[0], vl_reader_store(r), &p->whole, err)) return err->code;
    if (!(p->y = calloc(VL_REPORT_ROOM, sizeof *p->y))) return vl_fail(err, VL_ENOMEM, "no memory for plots");
    return VL_OK;
}

static void close_page(vl_reads_page *p, vl_reads_qc qc[MATES])
{
    for (int m = 0; m < MATES; m++) vl_reads_qc_free(&qc[m]);
    free(p->y);
}

vl_code vl_reads_brief(vl_reader *r, vl_html *h, vl_err *err)
{
    vl_reads_qc qc[MATES] = { 0 };
    vl_reads_page p;
    if (!open_page(&p, qc, r, h, err) && add_up(&p).base > 0) put_sums(&p, mean_length(r));
    close_page(&p, qc);
    return err->code;
}

vl_code vl_reads_report(vl_reader *r, vl_html *h, vl_err *err)
{
    vl_reads_qc qc[MATES] = { 0 };
    vl_reads_page p;
    const bool open = !open_page(&p, qc, r, h, err), any = open && add_up(&p).base > 0;
    vl_html_put(h, "<section><h2>Quality of the reads</h2>\n");
    if (any) {
        put_sums(&p, mean_length(r));
        put_lengths(&p);
        put_n50(&p);
        put_long(&p);
        put_missing(&p);
    } else {
        vl_html_put(h, "<p>There are no bases to show.</p>\n");
    }
    vl_html_put(h, "</section>\n");
    if (any) put_sections(&p);
    close_page(&p, qc);
    return err->code;
}
