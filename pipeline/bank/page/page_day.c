/* The page of a day: what came in, what was refused, the runs (page_day.h). */
#include "pipeline/bank/page/page_day.h"
#include "pipeline/page/svg.h"
#include "pipeline/bank/reason.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

enum {
    MOST_KINDS = 16,
    MOST_REASONS = 32,
    MOST_REFUSALS = 200, /* that a page shows; the rest is counted */
    MOST_RUNS = 100,
    WORD = 32 /* bytes of a kind or a reason */
};

/* ---- what came in ---- */

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

void vl_day_came(vl_day *d)
{
    kind_sum kind[MOST_KINDS], all = { .rate = d->seconds > 0 ? d->bytes_in / d->seconds : 0 };
    const int n = ask_kinds(d, kind);
    vl_html_put(d->h, "<section><h2>What came in</h2>\n");
    if (!n) {
        vl_html_put(d->h, "<p>Nothing was published on this day.</p></section>\n");
        return;
    }
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
    put_kinds_chart(d->h, kind, n);
    vl_html_put(d->h, "</section>\n");
}

/* ---- what was refused ---- */

/* Is this the path of a quarantine file, relative to the bank? */
static bool is_evidence(const char *path)
{
    return !strncmp(path, "quarantine/", 11) && !strstr(path, "../") && !strstr(path, "//");
}

/* How to retry, as the quarantine file says, or else by the reason. Into text. */
static void find_retry(const vl_day *d, const char *evidence, const char *reason, char *text, size_t n)
{
    enum { MOST = 1 << 20 }; /* bytes: our files are far smaller */
    char path[VL_BANK_PATH];
    vl_err err = VL_ERR_INIT;
    struct stat st;
    const vl_reason *const known = vl_reason_find(reason);
    snprintf(text, n, "%s", known ? known->retry : "");
    if (!is_evidence(evidence) || vl_bank_path(d->bank, path, &err, "%s", evidence)) return;
    if (lstat(path, &st) || !S_ISREG(st.st_mode) || st.st_size > MOST) return;
    json_t *const doc = json_load_file(path, 0, NULL);
    const char *const retry = json_string_value(json_object_get(doc, "retry"));
    if (retry) snprintf(text, n, "%s", retry);
    json_decref(doc);
}

/* Columns: reason, sample, acquisition, input, message, evidence */
static void put_refusal(vl_day *d, sqlite3_stmt *stmt)
{
    const char *const reason = vl_sql_column(stmt, 0), *const acquisition = vl_sql_column(stmt, 2);
    const char *const input = vl_sql_column(stmt, 3), *const message = vl_sql_column(stmt, 4);
    const char *const sample = vl_sql_column(stmt, 1), *const evidence = vl_sql_column(stmt, 5);
    char retry[1024];
    vl_html *const h = d->h;
    find_retry(d, evidence, reason, retry, sizeof retry);
    vl_html_put(h, "<tr role=\"row\">");
    vl_html_cell_open(h, "Reason", "");
    vl_html_element(h, "span class=\"mark old\"", reason);
    vl_html_put(h, "</td>");
    vl_html_cell_open(h, "Sample", "name");
    vl_html_element(h, "strong", *sample ? sample : "\xe2\x80\x93");
    if (*acquisition) vl_html_put(h, "<br>");
    vl_html_text(h, acquisition);
    vl_html_put(h, "</td>");
    vl_html_cell_open(h, "What was wrong", "long");
    vl_html_text(h, message);
    if (!strstr(message, input)) { /* the message names it as a rule; "" is in every message */
        vl_html_put(h, "<br><span class=\"note\">Input: </span>");
        vl_html_element(h, "code", input);
    }
    vl_html_put(h, "</td>");
    vl_html_cell_open(h, "How to retry", "long");
    vl_html_text(h, retry);
    if (is_evidence(evidence)) {
        vl_html_put(h, " <a href=\"");
        vl_html_href(h, d->up);
        vl_html_href(h, evidence);
        vl_html_put(h, "\">Details</a>");
    }
    vl_html_put(h, "</td></tr>\n");
}

static void put_refusals(vl_day *d)
{
    char rest[32];
    sqlite3_stmt *const stmt = vl_day_ask(
        d, "SELECT reason, sample, acquisition, input, message, evidence FROM refusal WHERE " VL_DAY_REFUSED
           " ORDER BY at, refusal_id LIMIT 200");
    vl_html_table_open(d->h, "Items that were refused; the inputs stay where they were",
                       "Reason|Sample|What was wrong|How to retry");
    while (vl_sql_row(d->catalog, stmt, d->err)) put_refusal(d, stmt);
    vl_html_table_close(d->h);
    if (d->nrefusal > MOST_REFUSALS)
        vl_html_putf(d->h, "<p>And %s more; all of them lie in the folder quarantine of the bank.</p>\n",
                     vl_show_count(d->nrefusal - MOST_REFUSALS, rest));
}

static void put_reasons_chart(vl_day *d)
{
    char reason[MOST_REASONS][WORD];
    vl_bar bar[MOST_REASONS];
    int n = 0;
    sqlite3_stmt *const stmt = vl_day_ask(d, "SELECT reason, COUNT(*) FROM refusal WHERE " VL_DAY_REFUSED
                                             " GROUP BY reason ORDER BY 2 DESC, reason LIMIT 32");
    for (; n < MOST_REASONS && vl_sql_row(d->catalog, stmt, d->err); n++) {
        snprintf(reason[n], WORD, "%s", vl_sql_column(stmt, 0));
        bar[n] = (vl_bar){ reason[n], "old", sqlite3_column_double(stmt, 1) };
    }
    sqlite3_reset(stmt);
    vl_html_put(d->h, "<figure><figcaption>Refusals by reason</figcaption>\n");
    vl_svg_bars(d->h, "Bars: number of refused items for each reason", bar, n, VL_CHART_COUNT);
    vl_html_put(d->h, "</figure>\n<dl class=\"facts\">\n");
    for (int i = 0; i < n; i++) {
        const vl_reason *const known = vl_reason_find(reason[i]);
        if (!known) continue;
        vl_html_element(d->h, "dt", known->code);
        vl_html_element(d->h, "dd", known->means);
    }
    vl_html_put(d->h, "</dl>\n");
}

void vl_day_refused(vl_day *d)
{
    vl_html_put(d->h, "<section><h2>What was refused</h2>\n");
    if (d->nrefusal > 0) {
        put_refusals(d);
        vl_html_put(d->h, "<div class=\"two\">\n");
        put_reasons_chart(d);
        vl_html_put(d->h, "</div>\n");
    } else {
        vl_html_put(d->h, "<p>Nothing was refused.</p>\n");
    }
    vl_html_put(d->h, "</section>\n");
}

/* ---- the runs ---- */

static const char *say_exit(int code)
{
    switch (code) {
    case EX_OK: return "all done";
    case EX_USAGE: return "the command line makes no sense";
    case EX_DATAERR: return "something was refused";
    case EX_NOINPUT: return "an input is missing";
    case EX_UNAVAILABLE: return "something needed is missing";
    case EX_SOFTWARE: return "a fault in vial";
    case EX_OSERR: return "no memory, or no process";
    case EX_CANTCREAT: return "an output cannot be made";
    case EX_IOERR: return "reading or writing failed";
    case EX_TEMPFAIL: return "another run was at it";
    case EX_NOPERM: return "not permitted";
    case EX_CONFIG: return "the settings are not as they must be";
    case 128 + SIGINT: return "stopped by hand";
    case 128 + SIGTERM: return "told to stop";
    case 128 + SIGKILL: return "killed";
    default: return code > 128 ? "killed by a signal" : "ended with an error";
    }
}

static void put_result(vl_html *h, sqlite3_stmt *stmt, bool ended)
{
    const int code = sqlite3_column_int(stmt, 3);
    const char *const class = !ended                                      ? "none"
                              : !code                                     ? "good"
                              : code == EX_DATAERR || code == EX_TEMPFAIL ? "old"
                                                                          : "bad";
    vl_html_cell_open(h, "Result", "");
    if (ended) vl_html_putf(h, "<span class=\"mark %s\">%d</span> %s</td>", class, code, say_exit(code));
    else vl_html_put(h, "no end noted</td>");
}

/* Columns: what, started_at, ended_at, exit_code, items, published, bytes_in, refused + failed */
static void put_run(vl_html *h, sqlite3_stmt *stmt)
{
    char text[32], rate[40], items[80], some[32];
    const double start = sqlite3_column_double(stmt, 1), end = sqlite3_column_double(stmt, 2);
    const double bytes = sqlite3_column_double(stmt, 6), spent = end - start;
    const bool ended = end > 0, moved = ended && spent > 0 && bytes > 0;
    snprintf(rate, sizeof rate, moved ? "%s/s" : "%s",
             moved ? vl_show_bytes(bytes / spent, text) : "\xe2\x80\x93");
    snprintf(items, sizeof items, "%s of %s", vl_show_count(sqlite3_column_double(stmt, 5), some),
             vl_show_count(sqlite3_column_double(stmt, 4), text));
    vl_html_put(h, "<tr role=\"row\">");
    vl_html_cell(h, "Start", "", vl_show_time(start, text));
    vl_html_cell(h, "Run", "", vl_sql_column(stmt, 0));
    put_result(h, stmt, ended);
    vl_html_cell(h, "Took", "num", ended ? vl_show_duration(spent, text) : "\xe2\x80\x93");
    vl_html_cell(h, "Published", "num", items);
    vl_html_cell(h, "Refused", "num", vl_show_count(sqlite3_column_double(stmt, 7), text));
    vl_html_cell(h, "Bytes in", "num", vl_show_bytes(bytes, text));
    vl_html_cell(h, "Rate", "num", rate);
    vl_html_put(h, "</tr>\n");
}

void vl_day_runs(vl_day *d)
{
    char number[32];
    vl_html_put(d->h, "<section><h2>Runs</h2>\n");
    if (!(d->nrun > 0)) {
        vl_html_put(d->h, "<p>There was no run on this day.</p></section>\n");
        return;
    }
    sqlite3_stmt *const stmt = vl_day_ask(
        d,
        "SELECT what, started_at, ended_at, exit_code, items, published, bytes_in, "
        "COALESCE(refused, 0) + COALESCE(failed, 0) FROM job WHERE job_id IN (SELECT job_id FROM (" VL_DAY_RUN
        ")) ORDER BY started_at DESC, job_id DESC LIMIT 100");
    vl_html_table_open(d->h, "Runs that touch this day, the latest first",
                       "Start|Run|Result|#Took|#Published|#Refused|#Bytes in|#Rate");
    while (vl_sql_row(d->catalog, stmt, d->err)) put_run(d->h, stmt);
    vl_html_table_close(d->h);
    if (d->nrun > MOST_RUNS)
        vl_html_putf(d->h, "<p>And %s earlier ones.</p>\n", vl_show_count(d->nrun - MOST_RUNS, number));
    vl_html_put(d->h, "</section>\n");
}
