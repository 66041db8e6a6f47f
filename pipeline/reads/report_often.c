/* Reads that occur often, and adapters, in the report of a store (reads_report.h). */
#include "pipeline/reads/fastqc_source.h"
#include "pipeline/reads/reads_report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static const char *show_share(uint64_t n, uint64_t all, char text[32])
{
    snprintf(text, 32, "%.2f %%", all ? 100 * (double)n / (double)all : 0.0);
    return text;
}

/* ---- duplication ---- */

void vl_report_duplication(vl_reads_page *p, const vl_reads_qc *qc)
{
    vl_fq_levels l;
    vl_bar bar[2 * VL_FQ_LEVELS];
    char caption[96], text[160];
    if (vl_fq_levels_of(qc, &l, p->err) || !(l.all_reads > 0)) return;
    size_t n = VL_FQ_LEVELS;
    while (n > 1 && !(l.reads[n - 1] > 0)) n--;
    for (size_t i = 0; i < n; i++) {
        bar[2 * i] = (vl_bar){ vl_fq_level_name(i), "c1", 100 * l.reads[i] / l.all_reads };
        bar[2 * i + 1] = (vl_bar){ NULL, "c2", 100 * l.keys[i] / l.all_keys };
    }
    vl_html_put(p->h, "<figure>");
    snprintf(text, sizeof text, "%s: %.2f %% are left when each is kept once",
             vl_report_caption(qc, "Reads by how often they occur", caption), 100 * l.all_keys / l.all_reads);
    vl_html_element(p->h, "figcaption", text);
    vl_svg_bars(p->h, "Bars: percent of the reads by how often they occur, with and without their copies",
                bar, 2 * (int)n, VL_CHART_NUMBER);
    vl_html_put(p->h, "<ul class=\"legend\">");
    vl_svg_key(p->h, "c1", "% of all reads");
    vl_svg_key(p->h, "c2", "% of reads when each is kept once");
    vl_html_put(p->h, "</ul></figure>\n");
}

/* ---- sequences ---- */

static void put_rows(vl_reads_page *p, const vl_reads_qc *qc, const vl_sources *sources,
                     const vl_fq_sequence *f, size_t n)
{
    char text[96], number[32], source[VL_SOURCE_TEXT];
    vl_html_table_open(p->h, vl_report_caption(qc, "Sequences of more than 0.1 % of the reads", text),
                       "Sequence|#Reads|#Share|Looks like");
    for (size_t i = 0; i < n; i++) {
        vl_html_put(p->h, "<tr role=\"row\">");
        vl_html_cell_code(p->h, "Sequence", "long", f[i].letters);
        vl_html_cell(p->h, "Reads", "num", vl_show_count((double)f[i].n, number));
        vl_html_cell(p->h, "Share", "num", show_share(f[i].n, qc->nread, number));
        vl_html_cell(p->h, "Looks like", "", vl_sources_name(sources, f[i].letters, source));
        vl_html_put(p->h, "</tr>\n");
    }
    vl_html_table_close(p->h);
}

static void put_sequences(vl_reads_page *p, const vl_reads_qc *qc, const vl_sources *sources)
{
    enum { MOST = 50 };
    size_t n, once = 0;
    vl_fq_sequence *const f = vl_fq_sequences(qc, &n, p->err);
    if (!f) return;
    for (; n && f[n - 1].n < 2; n--) once++; /* of so few reads, one is more than 0.1 % */
    if (n) put_rows(p, qc, sources, f, n < MOST ? n : MOST);
    if (n > MOST)
        vl_html_putf(p->h, "<p class=\"note\">And %zu more: <code>vial qc -O fastqc</code> lists them.</p>\n",
                     n - MOST);
    if (once)
        vl_html_putf(
            p->h,
            "<p class=\"note\">%zu sequences%s%s occur once, which is more than 0.1 %% of so few reads: "
            "they are not listed.</p>\n",
            once, *qc->name ? " of " : "", qc->name);
    free(f);
}

void vl_report_sequences(vl_reads_page *p)
{
    vl_sources sources = { 0 };
    bool any = false;
    vl_html_putf(
        p->h,
        "<p class=\"note\">By FastQC's rule: of the first %d distinct reads in the order of the input, "
        "by their first %d letters where they have more than %d, the copies among all reads are counted, "
        "each mate for itself. Where the input is sorted, the first reads are no sample of all, and the "
        "estimate is off.</p>\n",
        VL_KEYS, VL_KEY_CUT, VL_KEY_WHOLE);
    for (int m = p->first; m < p->end; m++) any |= vl_qc_dim(&p->qc[m], VL_QT_FREQUENT, 0) > 0;
    if (!any) vl_html_put(p->h, "<p>No sequence makes more than 0.1 % of the reads.</p>\n");
    if (!vl_sources_read(&sources, NULL, false, p->err))
        for (int m = p->first; m < p->end; m++) put_sequences(p, &p->qc[m], &sources);
    vl_sources_free(&sources);
}

/* ---- adapters ---- */

void vl_report_adapter_table(vl_reads_page *p)
{
    char text[96], name[96], number[32];
    vl_html_put(p->h,
                "<p class=\"note\">Reads that have the first 12 letters of an adapter anywhere, without a "
                "mismatch; PolyA and PolyG are as many times that letter.</p>\n");
    snprintf(text, sizeof text, "Adapter|Begins with%s",
             p->first ? "|#Reads, mate 1|#Share, mate 1|"
                        "#Reads, mate 2|#Share, mate 2"
                      : "|#Reads|#Share");
    vl_html_table_open(p->h, "Reads with the beginning of an adapter", text);
    for (unsigned a = 0; a < VL_QC_ADAPTERS; a++) {
        vl_html_put(p->h, "<tr role=\"row\">");
        vl_html_cell(p->h, "Adapter", "name", vl_qc_adapter_list[a].name);
        vl_html_cell_code(p->h, "Begins with", "", vl_qc_adapter_list[a].letters);
        for (int m = p->first; m < p->end; m++) {
            const uint64_t n = vl_fq_begun(&p->qc[m], a, SIZE_MAX);
            vl_html_cell(p->h, vl_report_caption(&p->qc[m], "Reads", name), "num",
                         vl_show_count((double)n, number));
            vl_html_cell(p->h, vl_report_caption(&p->qc[m], "Share", name), "num",
                         show_share(n, p->qc[m].nread, number));
        }
        vl_html_put(p->h, "</tr>\n");
    }
    vl_html_table_close(p->h);
}

/* Counted since copies are. */
void vl_report_tail_table(vl_reads_page *p)
{
    static const char *const letter[] = { "A", "C", "G", "T" };
    char name[96], number[32];
    if (!p->whole.copies) return;
    vl_html_put(p->h,
                "<p class=\"note\">A tail has 10 letters or more up to the read's end; one in eight of them, "
                "and five in all, may be others, and N is none of these.</p>\n");
    vl_html_table_open(p->h, "Reads with a tail of one letter",
                       p->first ? "Tail of|#Reads, mate 1|#Share, mate 1|#Letters, mate 1|#Reads, mate 2|"
                                  "#Share, mate 2|#Letters, mate 2"
                                : "Tail of|#Reads|#Share|#Letters");
    for (unsigned k = 0; k < 4; k++) {
        vl_html_put(p->h, "<tr role=\"row\">");
        vl_html_cell(p->h, "Tail of", "name", letter[k]);
        for (int m = p->first; m < p->end; m++) {
            uint64_t reads, letters;
            vl_reads_qc_tails(&p->qc[m], k, &reads, &letters);
            vl_html_cell(p->h, vl_report_caption(&p->qc[m], "Reads", name), "num",
                         vl_show_count((double)reads, number));
            vl_html_cell(p->h, vl_report_caption(&p->qc[m], "Share", name), "num",
                         show_share(reads, p->qc[m].nread, number));
            vl_html_cell(p->h, vl_report_caption(&p->qc[m], "Letters", name), "num",
                         vl_show_count((double)letters, number));
        }
        vl_html_put(p->h, "</tr>\n");
    }
    vl_html_table_close(p->h);
}
