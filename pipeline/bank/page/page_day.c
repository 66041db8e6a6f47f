/* The page of a day: what was refused, by reason, and the runs (page_day.h). */
#include "pipeline/bank/page/page_day.h"
#include "pipeline/bank/reason.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

enum {
    MOST_REASONS = 32,
    MOST_REFUSALS = 200, /* that a page shows; the rest is counted */
    MOST_OF_ONE = 20,    /* of one reason */
    MOST_RUNS = 100,
    WORD = 32 /* bytes of a reason */
};

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

/* Columns: reason, sample, acquisition, input, message, evidence, at. usual: how to retry as it is with this
 * reason; another way is said with the item. */
static void put_refusal(vl_day *d, sqlite3_stmt *stmt, const char *usual)
{
    const char *const reason = vl_sql_column(stmt, 0), *const acquisition = vl_sql_column(stmt, 2);
    const char *const input = vl_sql_column(stmt, 3), *const message = vl_sql_column(stmt, 4);
    const char *const sample = vl_sql_column(stmt, 1), *const evidence = vl_sql_column(stmt, 5);
    char retry[1024], time[32];
    vl_html *const h = d->h;
    find_retry(d, evidence, reason, retry, sizeof retry);
    vl_html_put(h, "<tr role=\"row\">");
    vl_html_cell(h, "At", "time", vl_show_time(sqlite3_column_double(stmt, 6), time));
    vl_html_cell_open(h, "Sample", "name");
    vl_html_element(h, "strong", *sample ? sample : "\xe2\x80\x93");
    if (*acquisition && strcmp(acquisition, sample)) {
        vl_html_put(h, "<br>");
        vl_html_text(h, acquisition);
    }
    vl_html_put(h, "</td>");
    vl_html_cell_open(h, "What was wrong", "long");
    vl_html_text(h, message);
    if (!strstr(message, input)) { /* the message names it as a rule; "" is in every message */
        vl_html_put(h, "<br><span class=\"note\">Input: </span>");
        vl_html_element(h, "code", input);
    }
    if (strcmp(retry, usual)) {
        vl_html_put(h, "<br><span class=\"note\">");
        vl_html_text(h, retry);
        vl_html_put(h, "</span>");
    }
    if (is_evidence(evidence)) {
        vl_html_put(h, " ");
        vl_day_link(d, evidence, "Details");
    }
    vl_html_put(h, "</td></tr>\n");
}

/* The refusals of one reason: how many, what it means and what to do, then each. Returns how many it
 * named. */
static int put_reason(vl_day *d, const char *reason, double n, int most)
{
    const vl_reason *const known = vl_reason_find(reason);
    const vl_sql_value v[] = { vl_sql_real(d->from), vl_sql_real(d->to), vl_sql_text(reason) };
    char number[32];
    int shown = 0;
    vl_html_put(d->h, "<h3><span class=\"mark old\">");
    vl_html_text(d->h, reason);
    vl_html_putf(d->h, "</span> %s item%s", vl_show_count(n, number), n > 1 ? "s" : "");
    if (known) vl_html_putf(d->h, ": %s", known->means);
    vl_html_put(d->h, "</h3>\n");
    if (known) vl_html_element(d->h, "p class=\"note\"", known->retry);
    sqlite3_stmt *const stmt = vl_sql_ask(
        d->catalog,
        "SELECT reason, sample, acquisition, input, message, evidence, at FROM refusal WHERE " VL_DAY_REFUSED
        " AND reason = ?3 ORDER BY at, refusal_id",
        v, 3, d->err);
    vl_html_put(d->h, "<table class=\"cards\" role=\"table\"><caption><span class=\"unseen\">"
                      "Refused: ");
    vl_html_text(d->h, reason);
    vl_html_put(d->h, "</span></caption>\n<thead><tr><th scope=\"col\">At</th><th scope=\"col\">Sample</th>"
                      "<th scope=\"col\">What was wrong</th></tr></thead>\n<tbody>\n");
    for (; shown < most && vl_sql_row(d->catalog, stmt, d->err); shown++)
        put_refusal(d, stmt, known ? known->retry : "");
    sqlite3_reset(stmt);
    vl_html_table_close(d->h);
    if (n > shown)
        vl_html_putf(d->h, "<p>And %s more; all of them lie in the folder quarantine of the bank.</p>\n",
                     vl_show_count(n - shown, number));
    return shown;
}

static void put_refusals(vl_day *d)
{
    char reason[MOST_REASONS][WORD];
    double count[MOST_REASONS];
    int n = 0, left = MOST_REFUSALS;
    sqlite3_stmt *const stmt = vl_day_ask(d, "SELECT reason, COUNT(*) FROM refusal WHERE " VL_DAY_REFUSED
                                             " GROUP BY reason ORDER BY 2 DESC, reason LIMIT 32");
    for (; n < MOST_REASONS && vl_sql_row(d->catalog, stmt, d->err); n++) {
        snprintf(reason[n], WORD, "%s", vl_sql_column(stmt, 0));
        count[n] = sqlite3_column_double(stmt, 1);
    }
    sqlite3_reset(stmt);
    for (int i = 0; i < n; i++)
        left -= put_reason(d, reason[i], count[i], left < MOST_OF_ONE ? left : MOST_OF_ONE);
}

void vl_day_refused(vl_day *d)
{
    char number[32];
    vl_html_put(d->h, "<section><h2>What was refused</h2>\n");
    if (d->nrefusal > 0) { /* what of it is open stands above */
        vl_html_putf(d->h, "<details%s><summary>%s item%s; the inputs stay where they were</summary>\n",
                     d->open ? "" : " open", vl_show_count(d->nrefusal, number), d->nrefusal > 1 ? "s" : "");
        put_refusals(d);
        vl_html_put(d->h, "</details>\n");
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
