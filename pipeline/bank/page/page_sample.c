/*
 * The page of a sample: who it is of, what is known about it, its stores, how good their data is, where they
 * lie, what they were made of and how to get that back (page.h). Of a sample that was withdrawn it says
 * nothing but that.
 */
#include "pipeline/bank/page/page.h"
#include "pipeline/bank/catalog/sql.h"
#include "pipeline/bank/intake/worker.h"
#include "pipeline/bank/way_back.h"
#include "pipeline/out/report.h"
#include "pipeline/page/html.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

typedef struct subject {
    const vl_bank *bank;
    vl_catalog *catalog;
    vl_html *h;
    vl_err *err; /* that of h */
    int64_t id;  /* sample_id */
    const char *name;
    int nstore, nbrief; /* stores so far, and those that were opened */
} subject;

/* A query with the sample's id as ?1. */
static sqlite3_stmt *ask(const subject *s, const char *sql)
{
    const vl_sql_value v[] = { vl_sql_whole(s->id) };
    return vl_sql_ask(s->catalog, sql, v, 1, s->err);
}

/* ---- head ---- */

/* Columns: donor, revision, withdrawn_at, withdrawn_reason */
static void put_tombstone(subject *s, sqlite3_stmt *stmt)
{
    char day[32];
    vl_html_putf(s->h, "<div class=\"lead bad\" role=\"note\"><strong>Withdrawn</strong> on %s. ",
                 vl_show_day(sqlite3_column_double(stmt, 2), day));
    vl_html_text(s->h, vl_sql_column(stmt, 3));
    vl_html_put(s->h, "<small>The data of this sample must not be used any more.</small></div>\n"
                      "<section><h2>What is kept</h2>\n<p>The id, the day and the reason. No page, list or "
                      "view shows anything else; the next tidy removes it.</p></section>\n");
}

static void put_facts(subject *s, sqlite3_stmt *head)
{
    const char *const donor = vl_sql_column(head, 0);
    sqlite3_stmt *const stmt =
        ask(s, "SELECT name, value FROM fact WHERE sample_id = ?1 AND acquisition_id = 0 ORDER BY name");
    vl_html_put(s->h, "<section><h2>Facts</h2>\n<dl class=\"facts\">\n");
    vl_html_fact(s->h, "donor", *donor ? donor : "not known");
    while (vl_sql_row(s->catalog, stmt, s->err))
        vl_html_fact(s->h, vl_sql_column(stmt, 0), vl_sql_column(stmt, 1));
    vl_html_fact(s->h, "revision", vl_sql_column(head, 1));
    vl_html_put(s->h, "</dl></section>\n");
}

static void put_lead(subject *s)
{
    char count[32], rows[32], bytes[32];
    sqlite3_stmt *const stmt =
        ask(s, "SELECT COUNT(*), TOTAL(rows), TOTAL(bytes), TOTAL(" VL_SQL_FAILED ") FROM store "
               "JOIN acquisition USING (acquisition_id) WHERE sample_id = ?1 AND state = 'live'");
    if (vl_sql_row(s->catalog, stmt, s->err)) {
        const double n = sqlite3_column_double(stmt, 0);
        const bool failed = sqlite3_column_double(stmt, 3) > 0;
        vl_html_putf(s->h, "<p class=\"lead %s\">%s store%s with %s rows in %s.%s</p>\n",
                     failed  ? "bad"
                     : n > 0 ? "good"
                             : "none",
                     vl_show_count(n, count), n > 1 || n < 1 ? "s" : "",
                     vl_show_count(sqlite3_column_double(stmt, 1), rows),
                     vl_show_bytes(sqlite3_column_double(stmt, 2), bytes),
                     failed ? "<small>Not all of them passed their last check.</small>" : "");
    }
    sqlite3_reset(stmt);
}

/* ---- stores ---- */

/* Columns of a store, in the order of the SELECT below. */
enum {
    STORE_ID,
    ACQUISITION_ID,
    KIND,
    NAME,
    FILE_NAME,
    STATE,
    PROFILE,
    ROWS,
    BYTES,
    BYTES_IN,
    DIGEST,
    PUBLISHED,
    SUPERSEDED,
    VERIFIED,
    FAILED
};

static void put_check(subject *s, sqlite3_stmt *stmt)
{
    char time[32];
    const char *const failed = vl_sql_column(stmt, FAILED);
    const double verified = sqlite3_column_double(stmt, VERIFIED);
    vl_html_put(s->h, "<dt>Checked</dt><dd>");
    if (*failed) {
        vl_html_put(s->h, "<span class=\"mark bad\">failed</span> ");
        vl_html_text(s->h, failed);
        vl_html_put(s->h, ", ");
    }
    if (verified > 0) vl_html_text(s->h, vl_show_time(verified, time));
    else vl_html_put(s->h, "when it was published, and not since");
    vl_html_put(s->h, "</dd>\n");
}

/* The inputs of a store, a row each: path, bytes, sha256, stream. */
static sqlite3_stmt *ask_inputs(const subject *s, int64_t store)
{
    const vl_sql_value v[] = { vl_sql_whole(store) };
    return vl_sql_ask(s->catalog,
                      "SELECT path, bytes, sha256, stream FROM input WHERE store_id = ?1 "
                      "ORDER BY stream, input_id",
                      v, 1, s->err);
}

static void put_inputs(subject *s, int64_t store)
{
    char text[32];
    sqlite3_stmt *const stmt = ask_inputs(s, store);
    snprintf(text, sizeof text, s->nstore > 1 ? "Made of (store %d)" : "Made of", s->nstore);
    vl_html_table_open(s->h, text, "Input|#Size|SHA-256");
    while (vl_sql_row(s->catalog, stmt, s->err)) {
        vl_html_put(s->h, "<tr role=\"row\">");
        vl_html_cell_code(s->h, "Input", "long", vl_sql_column(stmt, 0));
        vl_html_cell(s->h, "Size", "num", vl_show_bytes(sqlite3_column_double(stmt, 1), text));
        vl_html_cell_code(s->h, "SHA-256", "long", vl_sql_column(stmt, 2));
        vl_html_put(s->h, "</tr>\n");
    }
    vl_html_table_close(s->h);
}

static void put_code_fact(subject *s, const char *name, const char *text)
{
    vl_html_element(s->h, "dt", name);
    vl_html_put(s->h, "<dd>");
    vl_html_element(s->h, "code", text);
    vl_html_put(s->h, "</dd>\n");
}

/* The command that gives the inputs back. */
static void put_way_back(subject *s, int64_t store, const char *acquisition)
{
    vl_way_back way = { .bank = s->bank->root, .sample = s->name, .acquisition = acquisition };
    char name[2][1024] = { "", "" };
    vl_buf text = { 0 };
    sqlite3_stmt *const stmt = ask_inputs(s, store);
    while (vl_sql_row(s->catalog, stmt, s->err)) {
        const int stream = sqlite3_column_int(stmt, 3);
        if (stream < 1 || stream > 2) continue;
        if (!way.nfile[stream - 1]) snprintf(name[stream - 1], sizeof *name, "%s", vl_sql_column(stmt, 0));
        vl_way_back_add(&way, stream, name[stream - 1]);
    }
    if (!vl_way_back_print(&way, &text, s->err)) put_code_fact(s, "To get it back", (const char *)text.data);
    vl_buf_free(&text);
}

static void put_acquisition_facts(subject *s, int64_t acquisition)
{
    const vl_sql_value id[] = { vl_sql_whole(s->id), vl_sql_whole(acquisition) };
    sqlite3_stmt *const stmt = vl_sql_ask(
        s->catalog, "SELECT name, value FROM fact WHERE sample_id = ?1 AND acquisition_id = ?2 ORDER BY name",
        id, 2, s->err);
    while (vl_sql_row(s->catalog, stmt, s->err))
        vl_html_fact(s->h, vl_sql_column(stmt, 0), vl_sql_column(stmt, 1));
}

static void put_sizes(subject *s, sqlite3_stmt *stmt)
{
    char in[32], stored[32], ratio[32];
    const double bytes_in = sqlite3_column_double(stmt, BYTES_IN), bytes = sqlite3_column_double(stmt, BYTES);
    vl_html_putf(s->h, "<dt>Size</dt><dd>%s, made of %s", vl_show_bytes(bytes, stored),
                 vl_show_bytes(bytes_in, in));
    if (bytes_in > 0 && bytes > 0) vl_html_putf(s->h, " (%s)", vl_show_ratio(bytes_in, bytes, ratio));
    vl_html_put(s->h, "</dd>\n");
}

/* ---- quality ---- */

/* In a worker: a damaged file may crash the library that reads it. Says the tiles, as markup. */
static int brief_work(void *path, int fd)
{
    vl_err err = VL_ERR_INIT;
    vl_html h = { .err = &err };
    if (!vl_report_brief(path, &h, &err)) vl_buf_append(&h.text, "", 1, &err);
    const bool said = !err.code && vl_worker_say(fd, (const char *)h.text.data);
    vl_html_free(&h);
    return said ? EX_OK : EX_DATAERR;
}

static void put_brief(subject *s, const char *path)
{
    vl_worker w = { 0 };
    vl_err err = VL_ERR_INIT;
    if (vl_worker_start(&w, brief_work, (void *)path, 0, &err)) return;
    const int code = vl_worker_wait(&w);
    if (!code && w.said.len) vl_html_put(s->h, (const char *)w.said.data);
    if (code)
        vl_html_put(s->h, "<p class=\"note\"><span class=\"mark bad\">not readable</span> "
                          "Its numbers cannot be shown: see <code>vial verify</code>.</p>\n");
    vl_worker_free(&w);
}

/* ---- a store ---- */

static void put_store_facts(subject *s, sqlite3_stmt *stmt, const char *path)
{
    char text[32];
    const double superseded = sqlite3_column_double(stmt, SUPERSEDED);
    vl_html_put(s->h, "<dl class=\"facts\">\n");
    vl_html_fact(s->h, "Rows", vl_show_count(sqlite3_column_double(stmt, ROWS), text));
    put_sizes(s, stmt);
    vl_html_fact(s->h, "Profile", vl_sql_column(stmt, PROFILE));
    vl_html_fact(s->h, "Published", vl_show_time(sqlite3_column_double(stmt, PUBLISHED), text));
    if (superseded > 0) vl_html_fact(s->h, "Superseded", vl_show_time(superseded, text));
    put_check(s, stmt);
    put_acquisition_facts(s, sqlite3_column_int64(stmt, ACQUISITION_ID));
    put_code_fact(s, "Lies at", path);
    if (!(superseded > 0)) put_way_back(s, sqlite3_column_int64(stmt, STORE_ID), vl_sql_column(stmt, NAME));
    put_code_fact(s, "Digest", vl_sql_column(stmt, DIGEST));
    vl_html_put(s->h, "</dl>\n");
}

static void put_store(subject *s, sqlite3_stmt *stmt)
{
    enum { MOST = 64 }; /* stores that are opened for their numbers */
    char path[VL_BANK_PATH];
    if (vl_bank_store_path(s->bank, s->name, vl_sql_column(stmt, FILE_NAME), path, s->err)) return;
    const bool live = !strcmp(vl_sql_column(stmt, STATE), "live");
    vl_html_put(s->h, "<h3>");
    vl_html_text(s->h, vl_sql_column(stmt, KIND));
    vl_html_put(s->h, " \xc2\xb7 ");
    vl_html_text(s->h, vl_sql_column(stmt, NAME));
    if (!live) vl_html_put(s->h, " <span class=\"mark\">superseded</span>");
    vl_html_put(s->h, "</h3>\n");
    if (live && s->nbrief++ < MOST) put_brief(s, path);
    put_store_facts(s, stmt, path);
    put_inputs(s, sqlite3_column_int64(stmt, STORE_ID));
}

static void put_stores(subject *s)
{
    sqlite3_stmt *const stmt = ask(
        s,
        "SELECT store_id, acquisition_id, kind, name, file, state, profile, rows, bytes, bytes_in, digest, "
        "published_at, superseded_at, verified_at, verify_failed FROM store "
        "JOIN acquisition USING (acquisition_id) WHERE sample_id = ?1 "
        "ORDER BY state <> 'live', kind, name, published_at DESC");
    vl_html_put(s->h, "<section><h2>Stores</h2>\n");
    while (vl_sql_row(s->catalog, stmt, s->err)) {
        s->nstore++;
        put_store(s, stmt);
    }
    if (!s->nstore) vl_html_put(s->h, "<p>There are no stores.</p>\n");
    vl_html_put(s->h, "</section>\n");
}

/* ---- the page ---- */

/* The row of the sample: donor, revision, withdrawn_at, withdrawn_reason, sample_id; NULL with err set. */
static sqlite3_stmt *find_sample(vl_catalog *c, const char *sample, vl_err *err)
{
    const vl_sql_value v[] = { vl_sql_text(sample) };
    sqlite3_stmt *const stmt =
        vl_sql_ask(c,
                   "SELECT donor.name, revision, withdrawn_at, withdrawn_reason, sample_id "
                   "FROM sample LEFT JOIN donor USING (donor_id) WHERE sample.name = ?1",
                   v, 1, err);
    if (vl_sql_row(c, stmt, err)) return stmt;
    vl_fail(err, VL_ENOIN, "the catalogue knows no sample '%s'", sample);
    return NULL;
}

vl_code vl_page_sample(const vl_bank *bank, vl_catalog *c, const char *sample, const char *path, vl_err *err)
{
    vl_html h = { .err = err };
    if (!path) return vl_fail(err, VL_EARG, "the page of a sample needs a file to go to");
    sqlite3_stmt *const head = find_sample(c, sample, err);
    if (!head) return err->code;
    subject s = { bank, c, &h, err, sqlite3_column_int64(head, 4), sample, 0, 0 };
    vl_html_head(&h, bank->name, sample);
    if (sqlite3_column_type(head, 2) != SQLITE_NULL) {
        put_tombstone(&s, head);
    } else {
        put_lead(&s);
        put_facts(&s, head);
        put_stores(&s);
    }
    sqlite3_reset(head); /* ends the view of the catalogue that all queries shared */
    vl_page_end(&h, path);
    vl_html_free(&h);
    return err->code;
}
