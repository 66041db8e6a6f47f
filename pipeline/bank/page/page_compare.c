/*
 * The page that compares the stores of a bank (page.h), and of the page of a day the part that says which of
 * what came in are beyond a limit of the bank (page_day.h).
 */
#include "pipeline/bank/compare_stores.h"
#include "pipeline/bank/page/page.h"
#include "pipeline/bank/page/page_day.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void put_light(vl_html *h, const vl_compared *r)
{
    static const char *const class[] = { "good", "old", "bad" };
    vl_html_cell_open(h, "State", "");
    if (r->lost) vl_html_put(h, "<span class=\"mark bad\">not readable</span></td>");
    else vl_html_putf(h, "<span class=\"mark %s\">%s</span></td>", class[r->light], vl_light_name(r->light));
}

static void put_sample(vl_html *h, const vl_compared *r)
{
    vl_html_put(h, "<tr role=\"row\"><th role=\"rowheader\" scope=\"row\">");
    vl_html_text(h, r->sample);
    vl_html_put(h, "</th>");
    vl_html_cell(h, "Acquisition", "name", r->acquisition);
}

/* ---- the limits ---- */

static void put_limits(vl_html *h, const vl_bank *bank)
{
    vl_html_put(h, "<section><h2>Limits of this bank</h2>\n");
    if (!bank->nlimit)
        vl_html_put(h, "<p>None are set: section <code>[qc]</code> of bank.ini sets them.</p>\n");
    else vl_html_put(h, "<dl class=\"facts\">\n");
    for (int i = 0; i < bank->nlimit; i++) {
        const vl_limit *const l = &bank->limit[i];
        char name[48], text[96];
        snprintf(name, sizeof name, "%s_%s", l->name, l->most ? "max" : "min");
        if (isfinite(l->red))
            snprintf(text, sizeof text, "yellow beyond %g, red beyond %g", l->yellow, l->red);
        else snprintf(text, sizeof text, "yellow beyond %g", l->yellow);
        vl_html_fact(h, name, text);
    }
    if (bank->nlimit) vl_html_put(h, "</dl>\n");
    vl_html_put(h, "</section>\n");
}

/* ---- all of them ---- */

/* "", or how far below or above the others: "lo1" to "hi3". */
static const char *tint(double off, char text[8])
{
    const double far = fabs(off);
    const int degree = (far >= 2) + (far >= 3) + (far >= 5);
    if (!degree) return "";
    snprintf(text, 8, "%s%d", off < 0 ? "lo" : "hi", degree);
    return text;
}

static void put_row(vl_html *h, const vl_compared *r)
{
    char text[40], class[16], color[8];
    put_sample(h, r);
    put_light(h, r);
    for (int k = 0; r->kind->measures->list[k].name; k++) {
        const vl_measure *const m = &r->kind->measures->list[k];
        snprintf(class, sizeof class, "num %s", tint(r->off[k], color));
        vl_html_cell(h, m->title, class, vl_measure_show(m, r->value[k], text));
    }
    vl_html_put(h, "</tr>\n");
}

static void put_kind(vl_html *h, const vl_compared *row, size_t n)
{
    enum { MOST = 2000 };
    char caption[128], columns[VL_MEASURES * 40] = "Sample|Acquisition|State", number[32];
    size_t count[3] = { 0 };
    for (size_t i = 0; i < n; i++) count[row[i].lost ? VL_RED : row[i].light]++;
    for (int k = 0; row->kind->measures->list[k].name; k++) {
        const size_t used = strlen(columns);
        snprintf(columns + used, sizeof columns - used, "|#%s", row->kind->measures->list[k].title);
    }
    snprintf(caption, sizeof caption, "Stores of %s, the worst and the oddest first", row->kind->rows);
    vl_html_putf(h, "<section><h2>%s</h2>\n<p>%s store%s: %zu red or not readable, %zu yellow.</p>\n",
                 row->kind->rows, vl_show_count((double)n, number), n > 1 ? "s" : "", count[VL_RED],
                 count[VL_YELLOW]);
    vl_html_put(h, "<div class=\"wide\">\n");
    vl_html_table_open(h, caption, columns);
    for (size_t i = 0; i < n && i < MOST; i++) put_row(h, &row[i]);
    vl_html_table_close(h);
    vl_html_put(h, "</div>\n");
    if (n > MOST)
        vl_html_putf(h, "<p>And %s more: <code>vial qc -b BANK</code> lists all.</p>\n",
                     vl_show_count((double)(n - MOST), number));
    vl_html_put(h, "</section>\n");
}

static void put_legend(vl_html *h)
{
    vl_html_putf(
        h,
        "<ul class=\"legend\"><li><span class=\"swatch lo1\">2</span> <span class=\"swatch lo2\">3</span> "
        "<span class=\"swatch lo3\">5</span> spreads or more below the median of all</li>"
        "<li><span class=\"swatch hi1\">2</span> <span class=\"swatch hi2\">3</span> "
        "<span class=\"swatch hi3\">5</span> above it</li></ul>\n"
        "<p class=\"note\">The spread is 1.4826 times the median distance to the median (MAD), at least a "
        "hundredth of the median; counts, lengths, areas and rates are compared by their "
        "logarithm. Fewer than %d stores of a kind are not compared.</p>\n",
        VL_COMPARE_LEAST);
}

vl_code vl_page_compare(const vl_bank *bank, vl_catalog *c, const char *path, vl_err *err)
{
    vl_html h = { .err = err };
    vl_comparison all = { 0 };
    if (!vl_compare_all(&all, bank, c, err)) {
        vl_html_head(&h, bank->name, "Samples compared");
        if (!all.n) vl_html_put(&h, "<p class=\"lead none\">There is nothing to compare.</p>\n");
        else put_legend(&h);
        for (size_t i = 0, end; i < all.n; i = end) {
            for (end = i; end < all.n && all.row[end].kind == all.row[i].kind;) end++;
            put_kind(&h, &all.row[i], end - i);
        }
        put_limits(&h, bank);
        vl_page_end(&h, path);
    }
    vl_comparison_free(&all);
    vl_html_free(&h);
    return err->code;
}

/* ---- of a day ---- */

/* "Q30 or more 57.06 %: less than 75.00 %; ..." */
static void put_beyond(vl_html *h, const vl_bank *bank, const vl_compared *r)
{
    int n = 0;
    vl_html_cell_open(h, "Beyond a limit", "");
    for (int i = 0; i < bank->nlimit; i++)
        for (int k = 0; r->kind->measures->list[k].name; k++) {
            const vl_measure *const m = &r->kind->measures->list[k];
            const vl_limit *const l = &bank->limit[i];
            char is[40], bound[40], text[160];
            if (strcmp(l->name, m->name)) continue;
            const vl_light light = vl_limit_judge(l, r->value[k]);
            if (!light) continue;
            snprintf(text, sizeof text, "%s%s %s: %s than %s", n++ ? "; " : "", m->title,
                     vl_measure_show(m, r->value[k], is), l->most ? "more" : "less",
                     vl_measure_show(m, light == VL_RED ? l->red : l->yellow, bound));
            vl_html_text(h, text);
        }
    vl_html_put(h, "</td></tr>\n");
}

vl_code vl_day_judge(vl_day *d)
{
    if (!d->bank->nlimit) return VL_OK;
    if (vl_compare(d->judged, d->bank, d->catalog,
                   vl_day_ask(d, VL_DAY_CAME
                              "SELECT sample.name, acquisition, kind, file FROM came JOIN sample USING "
                              "(sample_id) WHERE state = 'live' AND withdrawn_at IS NULL "
                              "ORDER BY published_at DESC, 1 LIMIT 2000"),
                   d->err))
        return d->err->code;
    for (size_t i = 0; i < d->judged->n; i++)
        if (!d->judged->row[i].lost) d->nlight[d->judged->row[i].light]++;
    return VL_OK;
}

void vl_day_quality(vl_day *d)
{
    enum { MOST = 200 };
    char number[32];
    size_t shown = 0, n = d->judged->n;
    if (!d->bank->nlimit || !n) return;
    vl_html_putf(
        d->h,
        "<section><h2>Quality of what came in</h2>\n<p>%s store%s by the limits of the bank: %zu red, %zu "
        "yellow.</p>\n",
        vl_show_count((double)n, number), n > 1 ? "s" : "", d->nlight[VL_RED], d->nlight[VL_YELLOW]);
    if (d->nlight[VL_RED] + d->nlight[VL_YELLOW]) {
        vl_html_table_open(d->h, "Stores beyond a limit of the bank",
                           "Sample|Acquisition|State|Beyond a limit");
        for (size_t i = 0; i < n && shown < MOST; i++) {
            const vl_compared *const r = &d->judged->row[i];
            if (r->lost || !r->light) continue;
            shown++;
            put_sample(d->h, r);
            put_light(d->h, r);
            put_beyond(d->h, d->bank, r);
        }
        vl_html_table_close(d->h);
    }
    vl_html_put(d->h, "</section>\n");
}
