/* The page of a day: what has been verified, how the bank grows, when the disk is full (page_day.h). */
#include "pipeline/bank/page/page_day.h"
#include "pipeline/page/svg.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

enum {
    DAY = 86400,
    GROWTH_DAYS = 90, /* of the curve */
    MEAN_DAYS = 30,   /* of the mean growth */
    MOST_BROKEN = 50  /* stores that failed, which a page names */
};

/* ---- verification ---- */

static double verify_days(const vl_day *d) { return d->bank->verify_days > 0 ? d->bank->verify_days : 30; }

void vl_day_broken(vl_day *d)
{
    char text[32], folder[VL_BANK_PATH];
    if (!(d->nbroken > 0)) return;
    vl_html_put(d->h, "<section><h2>Damaged stores</h2>\n");
    sqlite3_stmt *const stmt =
        vl_sql_ask(d->catalog,
                   "SELECT sample.name, file, verify_failed, verified_at" VL_SQL_LIVE "AND " VL_SQL_FAILED
                   " ORDER BY verified_at DESC, store_id LIMIT 50",
                   NULL, 0, d->err);
    vl_html_table_open(
        d->h, "Stores that failed their last check: ingest their input again, or bring them back from a copy",
        "Sample|Store|What was wrong|Checked");
    while (vl_sql_row(d->catalog, stmt, d->err)) {
        vl_html_put(d->h, "<tr role=\"row\">");
        if (vl_bank_sample_folder(d->bank, vl_sql_column(stmt, 0), folder, d->err)) break;
        vl_html_cell_open(d->h, "Sample", "name");
        vl_day_link(d, folder + strlen(d->bank->root) + 1, vl_sql_column(stmt, 0));
        vl_html_put(d->h, "</td>");
        vl_html_cell_code(d->h, "Store", "name", vl_sql_column(stmt, 1));
        vl_html_cell(d->h, "What was wrong", "long", vl_sql_column(stmt, 2));
        vl_html_cell(d->h, "Checked", "time", vl_show_time(sqlite3_column_double(stmt, 3), text));
        vl_html_put(d->h, "</tr>\n");
    }
    vl_html_table_close(d->h);
    if (d->nbroken > MOST_BROKEN)
        vl_html_putf(d->h, "<p>And %s more.</p>\n", vl_show_count(d->nbroken - MOST_BROKEN, text));
    vl_html_put(d->h, "</section>\n");
}

/* Files that are packed and not described yet; of a bank that describes by night. */
static void say_pending(vl_day *d)
{
    char number[32];
    if (!vl_catalog_has_original(d->catalog)) return;
    const double pending = vl_sql_number(d->catalog, "SELECT COUNT(*)" VL_SQL_LIVE "AND original = 'pending'",
                                         NULL, 0, 0, d->err);
    if (pending > 0)
        vl_html_putf(
            d->h, "<p>The text of %s store%s is exact; how the files were packed is not described yet.</p>\n",
            vl_show_count(pending, number), pending > 1 ? "s" : "");
}

/* Publishing is the first check of a store. */
void vl_day_verified(vl_day *d)
{
    char recent[64], older[64], some[32], all[32];
    const double days = verify_days(d), since = d->now - days * DAY;
    snprintf(recent, sizeof recent, "checked within %.0f days", days);
    snprintf(older, sizeof older, "checked longer ago");
    vl_bar bar[] = { { recent, "good", 0 }, { older, "old", 0 }, { "failed", "bad", 0 } };
    sqlite3_stmt *const stmt = vl_sql_ask(
        d->catalog,
        "SELECT CASE WHEN " VL_SQL_FAILED " THEN 2 "
        "WHEN MAX(COALESCE(verified_at, 0), published_at) < ?1 THEN 1 ELSE 0 END, COUNT(*)" VL_SQL_LIVE
        "GROUP BY 1",
        &(vl_sql_value){ .type = VL_SQL_REAL, .real = since }, 1, d->err);
    double sum = 0;
    while (vl_sql_row(d->catalog, stmt, d->err)) {
        bar[sqlite3_column_int(stmt, 0)].value = sqlite3_column_double(stmt, 1);
        sum += sqlite3_column_double(stmt, 1);
    }
    vl_html_put(d->h, "<section><h2>Verification</h2>\n");
    if (!(sum > 0)) {
        vl_html_put(d->h, "<p>There are no stores yet.</p></section>\n");
        return;
    }
    vl_html_putf(d->h, "<p>Of %s store%s, %s %s checked, or published, within the last %.0f days.</p>\n",
                 vl_show_count(sum, all), sum > 1 ? "s" : "", vl_show_count(bar[0].value, some),
                 bar[0].value > 1 || bar[0].value < 1 ? "were" : "was", days);
    vl_html_put(d->h,
                "<figure><figcaption>Stores by their last check, when this page was written</figcaption>\n");
    vl_svg_stack(d->h, "Bar: stores that were checked lately, longer ago, or failed", bar, 3, VL_CHART_COUNT);
    vl_html_put(d->h, "</figure>\n");
    say_pending(d);
    vl_html_put(d->h, "</section>\n");
}

/* ---- growth ---- */

typedef struct growth {
    double total[GROWTH_DAYS]; /* bytes of all that was published until the end of each day */
    double first_day;          /* s since 1970: when the first of them began */
    double recent;             /* bytes that the curve rose */
} growth;

static void ask_growth(const vl_day *d, growth *g)
{
    g->first_day = d->to - (double)GROWTH_DAYS * DAY;
    const vl_sql_value window[] = { vl_sql_real(g->first_day), vl_sql_real(d->to) };
    double sum = vl_sql_number(d->catalog, "SELECT TOTAL(bytes) FROM store WHERE published_at < ?1", window,
                               1, 0, d->err);
    const double before = sum;
    sqlite3_stmt *const stmt = vl_sql_ask(d->catalog,
                                          "SELECT CAST((published_at - ?1) / 86400 AS INTEGER), TOTAL(bytes) "
                                          "FROM store WHERE published_at >= ?1 AND published_at < ?2 "
                                          "GROUP BY 1 ORDER BY 1",
                                          window, 2, d->err);
    double day[GROWTH_DAYS] = { 0 };
    while (vl_sql_row(d->catalog, stmt, d->err)) {
        const int i = sqlite3_column_int(stmt, 0);
        if (i >= 0 && i < GROWTH_DAYS) day[i] = sqlite3_column_double(stmt, 1);
    }
    for (int i = 0; i < GROWTH_DAYS; i++) g->total[i] = sum += day[i];
    g->recent = sum - before;
}

/* How long the free space lasts, in words. */
static const char *say_days_left(const vl_day *d, char text[64])
{
    enum { LONG = 3650 };
    char days[32];
    const double left = d->days_left;
    if (isnan(left)) snprintf(text, 64, "not enough days to tell");
    else if (isinf(left)) snprintf(text, 64, "not while it does not grow");
    else if (left >= LONG) snprintf(text, 64, "in more than 10 years");
    else if (left < 1) snprintf(text, 64, "in less than a day");
    else snprintf(text, 64, "in %s day%s", vl_show_count(left, days), left > 1 ? "s" : "");
    return text;
}

static void put_disk(vl_day *d)
{
    char text[64], mean[32];
    if (!(d->disk_size > 0)) {
        vl_html_put(d->h, "<p>The file system does not say how much is free.</p>\n");
        return;
    }
    const vl_bar bar[] = { { "used", "c1", fmax(d->disk_size - d->disk_free, 0) },
                           { "free", "c2", d->disk_free } };
    vl_html_put(d->h, "<figure><figcaption>The disk of the bank, when this page was written</figcaption>\n");
    vl_svg_stack(d->h, "Bar: used and free space of the disk", bar, 2, VL_CHART_BYTES);
    vl_html_put(d->h, "</figure>\n<dl class=\"facts\">\n");
    vl_html_fact(d->h, "Size", vl_show_bytes(d->disk_size, text));
    vl_html_fact(d->h, "Kept free", vl_show_bytes((double)d->bank->reserve, text));
    if (isnan(d->growth)) snprintf(text, sizeof text, "not enough days to tell");
    else
        snprintf(text, sizeof text, "%s a day, over %.0f days", vl_show_bytes(d->growth, mean),
                 floor(d->growth_days));
    vl_html_fact(d->h, "Growth", text);
    vl_html_fact(d->h, "Full", say_days_left(d, text));
    vl_html_put(d->h, "</dl>\n");
}

void vl_day_growth(vl_day *d)
{
    growth g;
    char text[32];
    ask_growth(d, &g);
    vl_html_put(d->h, "<section><h2>Growth and disk</h2>\n<div class=\"two\">\n<figure>");
    if (g.total[GROWTH_DAYS - 1] > 0) {
        vl_html_putf(d->h, "<figcaption>Stored, by day of publishing: %s more in %d days</figcaption>\n",
                     vl_show_bytes(g.recent, text), GROWTH_DAYS);
        vl_svg_line(d->h, "Curve: bytes of all stores over the last 90 days", g.total, GROWTH_DAYS,
                    g.first_day, VL_CHART_BYTES);
    } else {
        vl_html_put(d->h, "<figcaption>Nothing was stored by the end of this day: there is no growth to "
                          "show.</figcaption>\n");
    }
    vl_html_put(d->h, "</figure>\n<div>\n");
    put_disk(d);
    vl_html_put(d->h, "</div>\n</div>\n</section>\n");
}

void vl_day_sum_disk(vl_day *d)
{
    struct statvfs vfs;
    const double end = fmin(d->to, d->now), start = end - (double)MEAN_DAYS * DAY;
    const vl_sql_value window[] = { vl_sql_real(start), vl_sql_real(end) };
    const double first =
        vl_sql_number(d->catalog, "SELECT MIN(published_at) FROM store WHERE published_at <= ?1", &window[1],
                      1, end, d->err);
    const double bytes = vl_sql_number(
        d->catalog, "SELECT TOTAL(bytes) FROM store WHERE published_at > ?1 AND published_at <= ?2", window,
        2, 0, d->err);
    d->growth_days = fmin((end - first) / DAY, MEAN_DAYS);
    d->growth = d->growth_days < 2 ? NAN : bytes / d->growth_days;
    d->days_left = NAN;
    if (statvfs(d->bank->root, &vfs)) return;
    d->disk_free = (double)vfs.f_bavail * (double)vfs.f_frsize;
    d->disk_size = (double)vfs.f_blocks * (double)vfs.f_frsize;
    const double room = fmax(d->disk_free - (double)d->bank->reserve, 0);
    if (d->growth > 0) d->days_left = floor(room / d->growth);
    else if (!isnan(d->growth)) d->days_left = INFINITY;
}
