/*
 * The page of a day (page.h): sums first, then one sentence that says how it went, then the parts.
 *
 * All that is asked is asked within one view of the catalogue, so that the sums agree while others write.
 */
#include "pipeline/bank/page/page.h"
#include "pipeline/bank/open_items.h"
#include "pipeline/bank/page/page_day.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

vl_code vl_page_end(vl_html *h, const char *path)
{
    char now[32], words[160], zone[32] = "";
    const time_t whole = (time_t)vl_bank_now();
    struct tm local;
    if (localtime_r(&whole, &local)) strftime(zone, sizeof zone, "%Z", &local);
    snprintf(words, sizeof words, "Written %s by vial %s. All times are local (%s); 1 kB is 1,000 bytes.",
             vl_show_time(vl_bank_now(), now), VL_VERSION, zone);
    vl_html_foot(h, words);
    return h->err->code ? h->err->code : vl_bank_write_file(path, h->text.data, h->text.len, h->err);
}

/* ---- the day and the place ---- */

/* "2026-11-22" to the first second of that local day, and of the next: it may have 23 or 25 hours. */
static vl_code parse_day(const char *day, double *from, double *to, vl_err *err)
{
    struct tm local = { 0 };
    char again[32];
    const char *const end = strlen(day) == 10 ? strptime(day, "%Y-%m-%d", &local) : NULL;
    if (end && !*end) {
        struct tm next = local;
        local.tm_isdst = next.tm_isdst = -1;
        next.tm_mday++;
        *from = (double)mktime(&local);
        *to = (double)mktime(&next);
        if (!strcmp(vl_bank_date(*from, again), day)) return VL_OK; /* there is no 30th of February */
    }
    return vl_fail(err, VL_EARG, "'%.32s' is no day; write it as 2026-11-22", day);
}

/* The way from the folder of a page to the root of the bank, for links: "../" and the like. */
static vl_code find_way_up(const vl_bank *bank, const char *page, char up[VL_BANK_PATH], vl_err *err)
{
    char folder[VL_BANK_PATH];
    const char *const slash = strrchr(page, '/');
    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - page) + 1 : 1, slash ? page : ".");
    char *const from = realpath(folder, NULL), *const to = realpath(bank->root, NULL);
    size_t same = 0, used = 0;
    if (!from || !to) {
        vl_fail_errno(err, errno == ENOMEM ? VL_ENOMEM : VL_EEXIST, errno, "cannot find the folder");
        vl_err_file(err, folder);
        goto out;
    }
    for (size_t i = 0;; i++) { /* same: bytes of the folders that both lie in */
        const bool end_from = !from[i] || from[i] == '/', end_to = !to[i] || to[i] == '/';
        if (end_from && end_to) same = i;
        if (from[i] != to[i] || !from[i]) break;
    }
    up[0] = 0;
    for (const char *p = from + same; *p; p++)
        if (*p == '/' && p[1] && used + 4 < VL_BANK_PATH) used += (size_t)sprintf(up + used, "../");
    if (to[same] && to[same + 1]) snprintf(up + used, VL_BANK_PATH - used, "%s/", to + same + 1);
out:
    free(from);
    free(to);
    return err->code;
}

/* ---- sums ---- */

static void sum_runs(vl_day *d)
{
    double *const to[] = { &d->nrun,    &d->nopen,  &d->items,    &d->published, &d->unchanged,
                           &d->refused, &d->failed, &d->bytes_in, &d->seconds,   &d->worst };
    sqlite3_stmt *const stmt =
        vl_day_ask(d, "SELECT COUNT(*), TOTAL(COALESCE(ended_at, 0) = 0), TOTAL(items), TOTAL(published), "
                      "TOTAL(unchanged), TOTAL(refused), TOTAL(failed), "
                      "TOTAL(CASE WHEN ended_at > 0 THEN bytes_in END), "
                      "TOTAL(CASE WHEN ended_at > started_at THEN ended_at - started_at END), "
                      "COALESCE(MAX(CASE WHEN exit_code NOT IN (0, 65, 75) THEN exit_code END), 0) "
                      "FROM job WHERE job_id IN (SELECT job_id FROM (" VL_DAY_RUN "))");
    if (vl_sql_row(d->catalog, stmt, d->err))
        for (int i = 0; i < (int)(sizeof to / sizeof *to); i++) *to[i] = sqlite3_column_double(stmt, i);
    sqlite3_reset(stmt);
}

/* A catalogue of before that nobody has written since does not know it. */
static void sum_healed(vl_day *d)
{
    const vl_sql_value day[] = { vl_sql_real(d->from), vl_sql_real(d->to) };
    if (vl_sql_number(d->catalog, "SELECT COUNT(*) FROM pragma_table_info('job') WHERE name = 'healed'", NULL,
                      0, 0, d->err) > 0)
        d->healed = vl_sql_number(
            d->catalog, "SELECT TOTAL(healed) FROM job WHERE job_id IN (SELECT job_id FROM (" VL_DAY_RUN "))",
            day, 2, 0, d->err);
}

static void sum_all(vl_day *d)
{
    const vl_sql_value day[] = { vl_sql_real(d->from), vl_sql_real(d->to) };
    sum_runs(d);
    sum_healed(d);
    sqlite3_stmt *const stmt =
        vl_day_ask(d, VL_DAY_CAME "SELECT COUNT(*), TOTAL(bytes_in), TOTAL(bytes) FROM came");
    if (vl_sql_row(d->catalog, stmt, d->err)) {
        d->nstore = sqlite3_column_double(stmt, 0);
        d->stored_in = sqlite3_column_double(stmt, 1);
        d->stored = sqlite3_column_double(stmt, 2);
    }
    sqlite3_reset(stmt);
    d->nrefusal =
        vl_sql_number(d->catalog, "SELECT COUNT(*) FROM refusal WHERE " VL_DAY_REFUSED, day, 2, 0, d->err);
    d->nbroken =
        vl_sql_number(d->catalog, "SELECT COUNT(*)" VL_SQL_LIVE "AND " VL_SQL_FAILED, NULL, 0, 0, d->err);
    vl_day_sum_disk(d);
}

void vl_day_link(const vl_day *d, const char *path, const char *text)
{
    if (path) {
        vl_html_put(d->h, "<a href=\"");
        vl_html_href(d->h, d->up);
        vl_html_href(d->h, path);
        vl_html_put(d->h, "\">");
    }
    vl_html_text(d->h, text);
    if (path) vl_html_put(d->h, "</a>");
}

/* ---- the sentence ---- */

/* What became of the items that were not published: "5 were here already, 1 was refused and 2 failed" */
static void say_rest(const vl_day *d, char *text, size_t n)
{
    const struct {
        double count;
        const char *one, *many;
    } part[] = { { d->unchanged, "was here already", "were here already" },
                 { d->healed, "was healed", "were healed" },
                 { d->refused, "was refused", "were refused" },
                 { d->failed, "failed", "failed" } };
    int left = (d->unchanged > 0) + (d->healed > 0) + (d->refused > 0) + (d->failed > 0);
    size_t used = 0;
    text[0] = 0;
    for (size_t i = 0; i < sizeof part / sizeof *part; i++) {
        char number[32];
        if (!(part[i].count > 0)) continue;
        left--;
        used += (size_t)snprintf(text + used, n - used, "%s %s%s", vl_show_count(part[i].count, number),
                                 part[i].count > 1 ? part[i].many : part[i].one,
                                 left > 1 ? ", "
                                 : left   ? " and "
                                          : "");
    }
}

static void say_items(const vl_day *d, char *text, size_t n)
{
    char all[32], some[32], rest[200];
    say_rest(d, rest, sizeof rest);
    vl_show_count(d->items, all);
    vl_show_count(d->published, some);
    if (d->published >= d->items && d->items > 1) snprintf(text, n, "All %s items were published.", all);
    else if (d->published >= d->items) snprintf(text, n, "The one item was published.");
    else if (d->unchanged >= d->items && d->items > 1)
        snprintf(text, n, "All %s items were here already; nothing new came in.", all);
    else if (d->items > 1)
        snprintf(text, n, "%s of %s items %s published%s%s.", d->published > 0 ? some : "None", all,
                 d->published > 1 ? "were" : "was", rest[0] ? "; " : "", rest);
    else snprintf(text, n, "The one item %s.", rest[0] ? rest + 2 : "was not published"); /* behind "1 " */
}

static void say_day(const vl_day *d, char *text, size_t n)
{
    char number[32];
    if (d->items > 0) say_items(d, text, n);
    else if (d->nstore > 0)
        snprintf(text, n, "%s %s published.", vl_show_count(d->nstore, number),
                 d->nstore > 1 ? "items were" : "item was");
    else if (d->nopen > 0 && d->nopen >= d->nrun) snprintf(text, n, "Nothing has come in yet.");
    else if (d->nrun > 0)
        snprintf(text, n, "Nothing new came in; %s run%s found nothing to do.", vl_show_word(d->nrun, number),
                 d->nrun > 1 ? "s" : "");
    else snprintf(text, n, "Nothing came in on this day, and there was no run.");
}

enum { NEWS = 86400 }; /* s after the end of a day: later the state of now is no news of it */

static const char *say_old(const vl_day *d, double since, char text[64])
{
    char age[32];
    snprintf(text, 64, "the oldest for %s", vl_show_duration(d->now - since, age));
    return text;
}

static void put_open_counts(vl_day *d)
{
    char number[32], old[64];
    double since;
    const size_t refused = vl_open_count(d->open, "refused", &since);
    if (refused)
        vl_html_putf(d->h, " <small>%s refused item%s open, %s: see What is open.</small>",
                     vl_show_count((double)refused, number), refused > 1 ? "s are" : " is",
                     say_old(d, since, old));
    const size_t waits = vl_open_count(d->open, "waits", &since);
    if (waits)
        vl_html_putf(d->h, " <small>%s file%s, %s.</small>", vl_show_count((double)waits, number),
                     waits > 1 ? "s wait" : " waits", say_old(d, since, old));
}

/* Before all else: what is damaged. */
static void put_broken_names(vl_day *d)
{
    enum { NAMED = 3 };
    char number[32];
    int n = 0;
    sqlite3_stmt *const stmt = vl_sql_ask(d->catalog,
                                          "SELECT sample.name, file" VL_SQL_LIVE "AND " VL_SQL_FAILED
                                          " ORDER BY verified_at DESC, store_id",
                                          NULL, 0, d->err);
    vl_html_putf(d->h, "<strong>%s store%s damaged: ", vl_show_count(d->nbroken, number),
                 d->nbroken > 1 ? "s are" : " is");
    for (; n < NAMED && vl_sql_row(d->catalog, stmt, d->err); n++) {
        vl_html_put(d->h, n ? ", " : "");
        vl_html_text(d->h, vl_sql_column(stmt, 0));
        vl_html_put(d->h, "/");
        vl_html_text(d->h, vl_sql_column(stmt, 1));
    }
    sqlite3_reset(stmt);
    vl_html_put(d->h, d->nbroken > NAMED ? " and more.</strong> " : ".</strong> ");
}

/* The sentence, and below it what else somebody should look at. */
static void put_lead(vl_day *d)
{
    enum { SOON = 30 }; /* days until the disk is full */
    char text[400], number[32];
    const bool is_news = d->now < d->to + NEWS, broken = is_news && d->nbroken > 0;
    const bool full = is_news && d->days_left < SOON;
    const bool bad = d->failed > 0 || d->worst > 0 || broken || d->nlight[VL_RED] || d->npair + d->nsex;
    const bool old = d->refused > 0 || d->nlight[VL_YELLOW] || d->nrefusal > 0 || d->nopen > 0 || full;
    vl_html_putf(d->h, "<p class=\"lead %s\">",
                 bad                       ? "bad"
                 : old                     ? "old"
                 : d->nrun + d->nstore > 0 ? "good"
                                           : "none");
    if (broken) put_broken_names(d);
    say_day(d, text, sizeof text);
    vl_html_text(d->h, text);
    if (d->nopen > 0)
        vl_html_putf(d->h, " <small>%s run%s no end noted: still at work, or killed.</small>",
                     vl_show_count(d->nopen, number), d->nopen > 1 ? "s have" : " has");
    if (full)
        vl_html_putf(d->h, " <small>The disk is full in %.0f day%s, at the growth of late.</small>",
                     d->days_left, d->days_left > 1 || d->days_left < 1 ? "s" : "");
    put_open_counts(d);
    if (d->nlight[VL_RED] + d->nlight[VL_YELLOW])
        vl_html_putf(d->h, " <small>By its quality %zu store%s red and %zu yellow: see Quality.</small>",
                     d->nlight[VL_RED], d->nlight[VL_RED] == 1 ? " is" : "s are", d->nlight[VL_YELLOW]);
    if (d->npair + d->nsex)
        vl_html_put(d->h, " <small>Samples are not who they should be: see Who is who.</small>");
    if (d->worst > 0) vl_html_put(d->h, " <small>Not every run ended well: see Runs.</small>");
    vl_html_put(d->h, "</p>\n");
}

static void put_tiles(vl_day *d)
{
    char text[80], number[32];
    if (!(d->items + d->nstore > 0)) return;
    vl_html_put(d->h, "<dl class=\"tiles\">\n");
    vl_html_tile(d->h, "Published", vl_show_count(fmax(d->published, d->nstore), number));
    vl_html_tile(d->h, "Refused or failed", vl_show_count(fmax(d->refused + d->failed, d->nrefusal), number));
    vl_html_tile(d->h, "Bytes in", vl_show_bytes(d->stored_in, number));
    vl_html_tile(d->h, "Stored", vl_show_bytes(d->stored, number));
    vl_html_tile(d->h, "Ratio", vl_show_ratio(d->stored_in, d->stored, number));
    if (d->seconds > 0 && d->bytes_in > 0) {
        snprintf(text, sizeof text, "%s/s", vl_show_bytes(d->bytes_in / d->seconds, number));
        vl_html_tile(d->h, "Rate of the runs", text);
    }
    vl_html_put(d->h, "</dl>\n");
}

/* ---- the page ---- */

static vl_code write_page(vl_day *d, const char *path)
{
    char title[64], day[32], name[16];
    const time_t whole = (time_t)d->from;
    struct tm local;
    if (!localtime_r(&whole, &local) || !strftime(name, sizeof name, "%A", &local))
        snprintf(name, sizeof name, "Day");
    snprintf(title, sizeof title, "%s, %s", name, vl_show_day(d->from, day));
    sum_all(d);
    vl_day_judge(d);
    vl_day_persons(d);
    vl_html_head(d->h, d->bank->name, title);
    put_lead(d);
    put_tiles(d);
    vl_day_broken(d);
    vl_day_open(d);
    vl_day_came(d);
    vl_day_quality(d);
    vl_day_who(d);
    vl_day_refused(d);
    vl_day_runs(d);
    vl_day_verified(d);
    vl_day_growth(d);
    return vl_page_end(d->h, path);
}

vl_code vl_page_day(const vl_bank *bank, vl_catalog *c, const json_t *open, const char *day, const char *path,
                    vl_err *err)
{
    char full[VL_BANK_PATH];
    vl_html h = { .err = err };
    vl_comparison judged = { 0 };
    vl_persons who = { 0 };
    vl_day d = {
        .bank = bank, .catalog = c, .h = &h, .err = err, .now = vl_bank_now(), .judged = &judged, .who = &who
    };
    if (parse_day(day, &d.from, &d.to, err)) return err->code;
    if (d.now < d.to + NEWS) d.open = open;
    if (!path) vl_bank_settle_mask(bank);
    if (!path && (vl_bank_path(bank, full, err, "reports") || vl_bank_make_folder(bank, full, err) ||
                  vl_bank_path(bank, full, err, "reports/%s.html", day)))
        return err->code;
    if (find_way_up(bank, path ? path : full, d.up, err)) return err->code;
    if (vl_sql_script(c, "SAVEPOINT page", "cannot read", err)) return err->code;
    write_page(&d, path ? path : full);
    vl_sql_script(c, "RELEASE page", "cannot read", err); /* an error of the page stays the first */
    vl_comparison_free(&judged);
    vl_persons_free(&who);
    vl_html_free(&h);
    return err->code;
}
