/* The page of a day: what came in, by sample and by kind (page_day.h). */
#include "pipeline/bank/page/page_day.h"
#include "pipeline/page/svg.h"

#include <stdio.h>
#include <string.h>

enum { MOST_KINDS = 16, MOST_SAMPLES = 200 /* that a page names */, WORD = 32 /* bytes of a kind */ };

/* ---- kinds ---- */

typedef struct kind_sum {
    char kind[WORD];
    double items, rows, in, stored, none; /* none: items without rows */
    double rate;                          /* bytes/s of the runs that held only this kind; 0: none did */
} kind_sum;

static int ask_kinds(const vl_day *d, kind_sum kind[MOST_KINDS])
{
    int n = 0;
    sqlite3_stmt *const stmt = vl_day_ask(
        d, VL_DAY_CAME
        ", pure AS (SELECT MIN(kind) AS kind, TOTAL(bytes_in) AS bytes, MAX(b) - MIN(a) AS seconds FROM run "
        "JOIN came ON published_at BETWEEN a AND b GROUP BY job_id HAVING COUNT(DISTINCT kind) = 1) "
        "SELECT kind, COUNT(*), TOTAL(rows), TOTAL(bytes_in), TOTAL(bytes), "
        "(SELECT TOTAL(bytes) / NULLIF(TOTAL(seconds), 0) FROM pure WHERE pure.kind = came.kind) "
        ", TOTAL(rows = 0) FROM came GROUP BY kind ORDER BY 4 DESC LIMIT 16");
    for (; n < MOST_KINDS && vl_sql_row(d->catalog, stmt, d->err); n++) {
        double *const to[] = { &kind[n].items, &kind[n].rows, &kind[n].in, &kind[n].stored, &kind[n].rate };
        snprintf(kind[n].kind, WORD, "%s", vl_sql_column(stmt, 0));
        for (int i = 0; i < 5; i++) *to[i] = sqlite3_column_double(stmt, i + 1);
        kind[n].none = sqlite3_column_double(stmt, 6);
    }
    sqlite3_reset(stmt);
    return n;
}

static void put_kind(vl_html *h, const kind_sum *k, bool total)
{
    char text[32], rate[40];
    snprintf(rate, sizeof rate, k->rate > 0 ? "%s/s" : "%s",
             k->rate > 0 ? vl_show_bytes(k->rate, text) : "\xe2\x80\x93");
    vl_html_put(h, "<tr role=\"row\">");
    vl_html_element(h, "th role=\"rowheader\" scope=\"row\"", total ? "Together" : k->kind);
    vl_html_cell(h, "Items", "num", vl_show_count(k->items, text));
    vl_html_cell(h, "Rows", "num", vl_show_count(k->rows, text));
    vl_html_cell(h, "Bytes in", "num", vl_show_bytes(k->in, text));
    vl_html_cell(h, "Stored", "num", vl_show_bytes(k->stored, text));
    vl_html_cell(h, "Ratio", "num", vl_show_ratio(k->in, k->stored, text));
    vl_html_cell(h, "Rate", "num", rate);
    vl_html_put(h, "</tr>\n");
}

/* Items that hold nothing are in the bank all the same, and a failed library is best noticed soon. */
static void put_none(vl_html *h, const kind_sum *k)
{
    char text[32];
    if (k->none <= 0) return;
    vl_html_putf(h, "<p class=\"note\">%s of these hold no ", vl_show_count(k->none, text));
    vl_html_text(h, k->kind);
    vl_html_put(h, ".</p>\n");
}

static void put_kinds_chart(vl_html *h, const kind_sum *kind, int n)
{
    vl_bar bar[2 * MOST_KINDS];
    for (int i = 0; i < n; i++) {
        bar[2 * i] = (vl_bar){ kind[i].kind, "c2", kind[i].in };
        bar[2 * i + 1] = (vl_bar){ NULL, "c1", kind[i].stored };
    }
    vl_html_put(h, "<figure><figcaption>Sizes by kind</figcaption>\n");
    vl_svg_bars(h, "Bars: for each kind the bytes as they came and the bytes as they are stored", bar, 2 * n,
                VL_CHART_BYTES);
    vl_html_put(h, "<ul class=\"legend\">");
    vl_svg_key(h, "c2", "as it came");
    vl_svg_key(h, "c1", "as it is stored");
    vl_html_put(h, "</ul>\n</figure>\n");
}

static void put_kinds(vl_day *d, const kind_sum *kind, int n)
{
    kind_sum all = { .rate = d->seconds > 0 ? d->bytes_in / d->seconds : 0 };
    vl_html_table_open(d->h, "Published, by kind", "Kind|#Items|#Rows|#Bytes in|#Stored|#Ratio|#Rate");
    for (int i = 0; i < n; i++) {
        put_kind(d->h, &kind[i], false);
        all.items += kind[i].items;
        all.rows += kind[i].rows;
        all.in += kind[i].in;
        all.stored += kind[i].stored;
    }
    vl_html_put(d->h, "</tbody>\n<tfoot>");
    put_kind(d->h, &all, true);
    vl_html_put(
        d->h,
        "</tfoot></table>\n<p class=\"note\">Bytes in are those of the files as they came. The rate of a "
        "kind is that of the runs which held nothing else.</p>\n");
    for (int i = 0; i < n; i++) put_none(d->h, &kind[i]);
    if (n > 1) put_kinds_chart(d->h, kind, n);
}

/* ---- samples ---- */

/* Columns: sample, acquisitions, the only one, kind, rows, bytes in, bytes, when */
static void put_sample(vl_day *d, sqlite3_stmt *stmt)
{
    char folder[VL_BANK_PATH], text[40], number[32];
    const double acquisitions = sqlite3_column_double(stmt, 1);
    if (vl_bank_sample_folder(d->bank, vl_sql_column(stmt, 0), folder, d->err)) return;
    snprintf(text, sizeof text, "%s acquisitions", vl_show_count(acquisitions, number));
    vl_html_put(d->h, "<tr role=\"row\"><th role=\"rowheader\" scope=\"row\">");
    vl_day_link(d, folder + strlen(d->bank->root) + 1, vl_sql_column(stmt, 0));
    vl_html_put(d->h, "</th>");
    vl_html_cell(d->h, "Acquisition", "name", acquisitions > 1 ? text : vl_sql_column(stmt, 2));
    vl_html_cell(d->h, "Kind", "", vl_sql_column(stmt, 3));
    vl_html_cell(d->h, "Rows", "num", vl_show_count(sqlite3_column_double(stmt, 4), number));
    vl_html_cell(d->h, "Bytes in", "num", vl_show_bytes(sqlite3_column_double(stmt, 5), number));
    vl_html_cell(d->h, "Stored", "num", vl_show_bytes(sqlite3_column_double(stmt, 6), number));
    vl_html_cell(d->h, "Published", "time", vl_show_time(sqlite3_column_double(stmt, 7), number));
    vl_html_put(d->h, "</tr>\n");
}

static void put_samples(vl_day *d)
{
    char number[32];
    const vl_sql_value day[] = { vl_sql_real(d->from), vl_sql_real(d->to) };
    const double n = vl_sql_number(
        d->catalog,
        VL_DAY_CAME "SELECT COUNT(*) FROM (SELECT DISTINCT sample_id, kind FROM came JOIN sample USING "
                    "(sample_id) WHERE withdrawn_at IS NULL)",
        day, 2, 0, d->err);
    sqlite3_stmt *const stmt = vl_day_ask(
        d, VL_DAY_CAME "SELECT sample.name, COUNT(*), MIN(acquisition), kind, TOTAL(rows), TOTAL(bytes_in), "
                       "TOTAL(bytes), MAX(published_at) FROM came JOIN sample USING (sample_id) "
                       "WHERE withdrawn_at IS NULL GROUP BY sample_id, kind ORDER BY 8 DESC, 1 LIMIT 200");
    vl_html_table_open(d->h, "Samples that came in, the latest first; a name leads to its folder",
                       "Sample|Acquisition|Kind|#Rows|#Bytes in|#Stored|Published");
    while (vl_sql_row(d->catalog, stmt, d->err)) put_sample(d, stmt);
    vl_html_table_close(d->h);
    if (n > MOST_SAMPLES)
        vl_html_putf(d->h, "<p>And %s more: see <code>vial ls</code>.</p>\n",
                     vl_show_count(n - MOST_SAMPLES, number));
}

void vl_day_came(vl_day *d)
{
    kind_sum kind[MOST_KINDS];
    const int n = ask_kinds(d, kind);
    vl_html_put(d->h, "<section><h2>What came in</h2>\n");
    if (n) {
        put_samples(d);
        put_kinds(d, kind, n);
    } else {
        vl_html_put(d->h, "<p>Nothing was published on this day.</p>\n");
    }
    vl_html_put(d->h, "</section>\n");
}
