/* Fragments, as the overlap of mates tells them, and copies of whole reads or pairs (reads_report.h). */
#include "pipeline/reads/reads_report.h"

#include <stdio.h>
#include <string.h>

static const char *share(uint64_t n, uint64_t all, char text[64])
{
    char number[32];
    snprintf(text, 64, "%s, %.2f %%", vl_show_count((double)n, number),
             all ? 100 * (double)n / (double)all : 0.0);
    return text;
}

/* The letters that most reads of a mate have behind the end of the fragment. */
static void put_adapter(vl_reads_page *p, int mate)
{
    char letters[VL_QC_OVERHANG + 1];
    size_t n = 0;
    while (n < VL_QC_OVERHANG && (letters[n] = vl_reads_overhang(&p->qc[0], mate, n))) n++;
    letters[n] = 0;
    vl_html_element(p->h, "dt", mate ? "Behind it, mate 2" : "Behind it, mate 1");
    vl_html_put(p->h, "<dd>");
    if (n) vl_html_element(p->h, "code", letters);
    else vl_html_put(p->h, "no letters that four in five reads have");
    vl_html_put(p->h, "</dd>\n");
}

static void put_sizes(vl_reads_page *p)
{
    const vl_reads_whole *const w = &p->whole;
    const uint64_t all = w->found + w->unknown;
    char text[64];
    vl_html_put(p->h, "<dl class=\"facts\">\n");
    vl_html_fact(p->h, "Pairs that overlap", share(w->found, all, text));
    vl_html_fact(p->h, "No overlap, or 512 and more", share(w->unknown, all, text));
    if (w->found) {
        snprintf(text, sizeof text, "%llu bases", (unsigned long long)w->peak);
        vl_html_fact(p->h, "Most fragments", text);
    }
    vl_html_fact(p->h, "Go on behind the fragment", share(w->through, all, text));
    if (w->through)
        for (int mate = 0; mate < 2; mate++) put_adapter(p, mate);
    vl_html_put(p->h, "</dl>\n");
}

/* From the shortest to the longest that there is, each length by itself. */
static void put_plot(vl_reads_page *p)
{
    size_t first = VL_QC_INSERTS, last = 0;
    for (size_t i = 0; i < VL_QC_INSERTS; i++) {
        p->y[i] = (double)vl_qc_at(&p->qc[0], VL_QT_INSERT, i, 0, 0);
        if (!(p->y[i] > 0)) continue;
        if (first == VL_QC_INSERTS) first = i;
        last = i;
    }
    if (first > last) return;
    vl_html_put(p->h, "<div class=\"two\">\n");
    vl_svg_columns(p->h,
                   &(vl_plot){ .caption = "Pairs by length of the fragment",
                               .title = "Columns: number of pairs by the length of the fragment that both "
                                        "mates were read from",
                               .x = "bases",
                               .y = "pairs",
                               .from = (double)first,
                               .step = 1,
                               .n = (int)(last - first + 1),
                               .unit = VL_CHART_COUNT,
                               .curve = &(const vl_curve){ "pairs", 0, p->y + first },
                               .ncurve = 1 });
    vl_html_put(p->h, "</div>\n");
}

void vl_report_pairs(vl_reads_page *p)
{
    const vl_reads_whole *const w = &p->whole;
    const uint64_t reach = p->qc[1].longest + p->qc[2].longest;
    if (!w->pairs && !w->copies) return;
    vl_html_put(p->h, w->pairs ? "<section><h2>Fragments and copies</h2>\n" : "<section><h2>Copies</h2>\n");
    if (w->pairs) {
        vl_html_putf(
            p->h,
            "<p class=\"note\">By fastp's rule, of all pairs, before anything is cut: mates overlap where "
            "more than 30 letters lie upon each other and 5 of the first 50 differ at most. Longer "
            "fragments than %llu bases cannot be seen.</p>\n",
            (unsigned long long)(reach > 31 ? reach - 31 : 0));
        put_sizes(p);
        put_plot(p);
    }
    if (w->copies)
        vl_html_putf(p->h, "<p>%s%.2f %% of the %s are copies of another one, letter for letter.</p>\n",
                     w->exact ? "" : "About ", w->copied, w->pairs ? "pairs" : "reads");
    vl_html_put(p->h, "</section>\n");
}
