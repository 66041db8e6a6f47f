/*
 * Answers of the catalogue, as aligned columns, TSV or JSON lines (listing.h). Rows are printed as SQLite
 * gives them. Only the aligned form looks ahead: the first rows say how wide the columns are, and what is
 * wider later on shifts its line.
 *
 * TSV has a header line; tab, line feed, carriage return and backslash in a value are written \t \n \r \\.
 * Other control characters are written \xHH in both forms of text: what a sheet said must not move the cursor
 * of who reads it.
 */
#include "pipeline/bank/catalog/listing.h"
#include "pipeline/bank/json_text.h"

#include "formats/letter.h"
#include "formats/text.h"
#include "pipeline/bank/catalog/catalog_db.h"
#include "pipeline/run/progress.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum { LOOK_AHEAD = 200, QUERY_MS = 60000, QUERY_VALUE = 16 << 20 };

/* ---- text ---- */

/* Lines of cells. Cells of rows that are looked at before they are printed are held back. */
typedef struct table {
    FILE *out;
    bool tsv, settled; /* settled: widths are known, the header is printed */
    int ncolumn;
    const char **name; /* owned, the names borrowed */
    bool *right;       /* owned; numbers stand at the right edge of their column */
    size_t *width;     /* owned; in letters */
    char **held;       /* owned; ncolumn * LOOK_AHEAD cells */
    size_t nheld;
    vl_buf line;
} table;

static vl_code open_table(table *t, FILE *out, vl_list_as as, int ncolumn, vl_err *err)
{
    const size_t n = (size_t)ncolumn;
    *t = (table){ .out = out, .tsv = as == VL_LIST_TSV, .ncolumn = ncolumn };
    t->name = calloc(n, sizeof *t->name);
    t->right = calloc(n, sizeof *t->right);
    t->width = calloc(n, sizeof *t->width);
    t->held = calloc(n * LOOK_AHEAD, sizeof *t->held);
    return t->name && t->right && t->width && t->held
               ? VL_OK
               : vl_fail(err, VL_ENOMEM, "no memory for %d columns", ncolumn);
}

static void close_table(table *t)
{
    for (size_t i = 0; t->held && i < t->nheld; i++) free(t->held[i]);
    free(t->held);
    free(t->name);
    free(t->right);
    free(t->width);
    vl_buf_free(&t->line);
}

static size_t letters(const char *text)
{
    size_t n = 0;
    for (const char *c = text; *c; c++) n += ((unsigned char)*c & 0xc0) != 0x80;
    return n;
}

static vl_code write_out(FILE *out, const void *bytes, size_t n, vl_err *err)
{
    return fwrite(bytes, 1, n, out) == n && !ferror(out)
               ? VL_OK
               : vl_fail_errno(err, VL_EIO, errno, "cannot write the list");
}

/* One line of cells. Those of the aligned form are escaped already. */
static vl_code print_line(table *t, const char *const *cell, vl_err *err)
{
    t->line.len = 0;
    for (int i = 0; i < t->ncolumn && !err->code; i++) {
        if (t->tsv) {
            if (i) vl_buf_append(&t->line, "\t", 1, err);
            vl_text_listed(&t->line, cell[i], strlen(cell[i]), err);
            continue;
        }
        const size_t len = letters(cell[i]), pad = len < t->width[i] ? t->width[i] - len : 0;
        if (i) vl_buf_append(&t->line, "  ", 2, err);
        for (size_t n = 0; n < pad && t->right[i]; n++) vl_buf_append(&t->line, " ", 1, err);
        vl_buf_append(&t->line, cell[i], strlen(cell[i]), err);
        for (size_t n = 0; n < pad && !t->right[i] && i + 1 < t->ncolumn; n++)
            vl_buf_append(&t->line, " ", 1, err);
    }
    if (vl_buf_append(&t->line, "\n", 1, err)) return err->code;
    return write_out(t->out, t->line.data, t->line.len, err);
}

/* Prints the header and what was held back. */
static vl_code settle(table *t, vl_err *err)
{
    if (t->settled) return VL_OK;
    t->settled = true;
    const size_t n = (size_t)t->ncolumn;
    for (size_t i = 0; i < n; i++)
        if (letters(t->name[i]) > t->width[i]) t->width[i] = letters(t->name[i]);
    if (t->tsv || t->nheld) print_line(t, t->name, err);
    for (size_t row = 0; row < t->nheld && !err->code; row += n)
        print_line(t, (const char *const *)t->held + row, err);
    return err->code;
}

static char *escaped(const char *text, vl_err *err)
{
    vl_buf made = { 0 };
    char *copy = NULL;
    if (!vl_text_show(&made, text, strlen(text), err) && !vl_buf_append(&made, "", 1, err)) {
        copy = strdup((const char *)made.data);
        if (!copy) vl_fail(err, VL_ENOMEM, "no memory for a line");
    }
    vl_buf_free(&made);
    return copy;
}

static vl_code put_row(table *t, const char *const *cell, vl_err *err)
{
    if (t->tsv) return settle(t, err) ? err->code : print_line(t, cell, err);
    const size_t first = t->nheld, n = (size_t)t->ncolumn;
    for (size_t i = 0; i < n; i++) {
        char *const text = escaped(cell[i], err);
        if (!text) return err->code;
        t->held[t->nheld++] = text;
        if (!t->settled && letters(text) > t->width[i]) t->width[i] = letters(text);
    }
    if (!t->settled && t->nheld < n * LOOK_AHEAD) return VL_OK;
    if (!t->settled) settle(t, err);
    else print_line(t, (const char *const *)t->held + first, err);
    for (size_t i = 0; i < t->nheld; i++) free(t->held[i]);
    t->nheld = 0;
    return err->code;
}

/* ---- JSON ---- */

/* Prints and frees one object; NULL: there was no memory for it. */
static vl_code print_object(json_t *object, FILE *out, vl_err *err)
{
    char *const line = object ? json_dumps(object, JSON_ENSURE_ASCII) : NULL;
    if (!line) vl_fail(err, VL_ENOMEM, "no memory for JSON");
    else if (!write_out(out, line, strlen(line), err)) write_out(out, "\n", 1, err);
    free(line);
    json_decref(object);
    return err->code;
}

/* ---- vial ls ---- */

enum {
    SAMPLE,
    ACQUISITION,
    KIND,
    ROWS,
    BYTES,
    DIGEST,
    NTEXT,
    DONOR = NTEXT,
    PROFILE,
    PUBLISHED,
    VERIFIED,
    FILE_,
    SAMPLE_ID,
    ACQUISITION_ID
};
static const char list_columns[] =
    "s.name, a.name, a.kind, st.rows, st.bytes, st.digest, d.name, st.profile, st.published_at,"
    " iif(st.verify_failed IS NULL, st.verified_at, NULL), st.file, s.sample_id, a.acquisition_id";

/* The acquisition's facts come last, so they win. */
static json_t *facts_of(vl_catalog *c, int64_t sample, int64_t acquisition, vl_err *err)
{
    const vl_sql_value v[] = { vl_sql_whole(sample), vl_sql_whole(acquisition) };
    json_t *const facts = json_object();
    sqlite3_stmt *const q = vl_sql_ask(c,
                                       "SELECT name, value FROM fact WHERE sample_id = ?"
                                       " AND acquisition_id IN (0, ?) ORDER BY acquisition_id, name",
                                       v, 2, err);
    while (q && vl_sql_row(c, q, err))
        if (json_object_set_new(facts, vl_sql_column(q, 0), vl_json_text(vl_sql_column(q, 1)))) {
            vl_fail(err, VL_ENOMEM, "no memory for JSON");
            break;
        }
    if (q) sqlite3_reset(q);
    return facts;
}

static json_t *json_or_null(sqlite3_stmt *row, int column)
{
    return sqlite3_column_type(row, column) == SQLITE_NULL ? json_null()
                                                           : vl_json_text(vl_sql_column(row, column));
}

static json_t *json_time(sqlite3_stmt *row, int column)
{
    char text[32];
    if (sqlite3_column_type(row, column) == SQLITE_NULL) return json_null();
    return json_string(vl_bank_time(sqlite3_column_double(row, column), text));
}

static vl_code print_store(vl_catalog *c, sqlite3_stmt *row, FILE *out, vl_err *err)
{
    json_t *const facts =
        facts_of(c, sqlite3_column_int64(row, SAMPLE_ID), sqlite3_column_int64(row, ACQUISITION_ID), err);
    json_t *const one = json_pack(
        "{s:o, s:o, s:o, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "sample",
        vl_json_text(vl_sql_column(row, SAMPLE)), "acquisition",
        vl_json_text(vl_sql_column(row, ACQUISITION)), "kind", vl_json_text(vl_sql_column(row, KIND)), "rows",
        (json_int_t)sqlite3_column_int64(row, ROWS), "bytes", (json_int_t)sqlite3_column_int64(row, BYTES),
        "digest", vl_json_text(vl_sql_column(row, DIGEST)), "donor", json_or_null(row, DONOR), "profile",
        vl_json_text(vl_sql_column(row, PROFILE)), "published", json_time(row, PUBLISHED), "verified",
        json_time(row, VERIFIED), "file", vl_json_text(vl_sql_column(row, FILE_)), "facts", facts);
    if (!err->code) return print_object(one, out, err);
    json_decref(one);
    return err->code;
}

static vl_code put_store(table *t, sqlite3_stmt *row, vl_err *err)
{
    char bytes[16];
    const char *cell[NTEXT];
    for (int i = 0; i < NTEXT; i++) cell[i] = vl_sql_column(row, i);
    if (!t->tsv) cell[BYTES] = vl_human_bytes((uint64_t)sqlite3_column_int64(row, BYTES), bytes);
    return put_row(t, cell, err);
}

/* The statement, with its values. where: NULL without an expression. */
static sqlite3_stmt *ask_list(vl_catalog *c, const char *sample, const vl_where *where, vl_err *err)
{
    /* where.sql holds no text of the expression, so these say what it asks */
    const bool any_state = where && strstr(where->sql, "st.state");
    const bool by_index = where && (strstr(where->sql, "IN (SELECT") || strstr(where->sql, "d.name"));
    /* without an index that picks rows all are walked in the order of the list, which so needs no sort */
    const char *const join = by_index ? "JOIN" : "CROSS JOIN";
    sqlite3_stmt *q = NULL;
    char *const sql = sqlite3_mprintf(
        "SELECT %s FROM sample s %s acquisition a ON a.sample_id = s.sample_id"
        " %s store st ON st.acquisition_id = a.acquisition_id LEFT JOIN donor d ON d.donor_id = s.donor_id"
        " WHERE s.withdrawn_at IS NULL%s%s%s%s ORDER BY s.name, a.kind, a.name, st.store_id",
        list_columns, join, join, any_state ? "" : " AND +st.state = 'live'", sample ? " AND s.name = ?" : "",
        where ? " AND " : "", where ? where->sql : "");
    if (!sql) vl_fail(err, VL_ENOMEM, "no memory for the list");
    else if (sqlite3_prepare_v2(c->db, sql, -1, &q, NULL)) vl_sql_fail(c, "cannot list", err);
    else if (sample && sqlite3_bind_text(q, 1, sample, -1, SQLITE_STATIC)) vl_sql_fail(c, "cannot list", err);
    else if (where) vl_where_bind(where, q, sample ? 2 : 1, err);
    sqlite3_free(sql);
    if (!err->code) return q;
    sqlite3_finalize(q);
    return NULL;
}

vl_code vl_list(vl_catalog *c, const char *sample, const char *expr, vl_list_as as, FILE *out, uint64_t *n,
                vl_err *err)
{
    static const char *const names[NTEXT] = { "sample", "acquisition", "kind", "rows", "bytes", "digest" };
    vl_where where = { 0 };
    table t = { 0 };
    sqlite3_stmt *q = NULL;
    *n = 0;
    if (expr && vl_where_parse(&where, expr, err)) return err->code;
    if (open_table(&t, out, as, NTEXT, err)) goto out;
    memcpy(t.name, names, sizeof names);
    t.right[ROWS] = t.right[BYTES] = true;
    q = ask_list(c, sample, expr ? &where : NULL, err);
    for (; q && vl_sql_row(c, q, err); ++*n)
        if (as == VL_LIST_JSON ? print_store(c, q, out, err) : put_store(&t, q, err)) break;
    if (as != VL_LIST_JSON && !err->code) settle(&t, err);
out:
    sqlite3_finalize(q);
    close_table(&t);
    vl_where_free(&where);
    return err->code;
}

/* ---- vial sql ---- */

/* Time that SQLite itself has spent, without that of who reads the rows. */
typedef struct limit {
    double most, spent, start; /* s */
} limit;

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int is_over(void *to)
{
    const limit *const l = to;
    return l->spent + seconds() - l->start > l->most;
}

/* What a query may do: read tables and calculate. The functions are those that reach out of the catalogue. */
static int allow(void *to, int action, const char *a, const char *function, const char *db, const char *by)
{
    static const char *const never[] = { "load_extension", "readfile", "writefile", "edit",
                                         "fts3_tokenizer" };
    (void)to, (void)a, (void)db, (void)by;
    if (action == SQLITE_SELECT || action == SQLITE_READ || action == SQLITE_RECURSIVE) return SQLITE_OK;
    if (action != SQLITE_FUNCTION) return SQLITE_DENY;
    for (size_t i = 0; i < sizeof never / sizeof *never; i++)
        if (!strcasecmp(function, never[i])) return SQLITE_DENY;
    return SQLITE_OK;
}

static vl_code fail_query(vl_catalog *c, const char *query, const limit *l, vl_err *err)
{
    const int got = sqlite3_errcode(c->db) & 0xff, at = sqlite3_error_offset(c->db);
    const char *const words = sqlite3_errmsg(c->db);
    char place[40] = "";
    if (at >= 0) {
        size_t column = 1;
        for (int i = 0; i < at && query[i]; i++) column += ((unsigned char)query[i] & 0xc0) != 0x80;
        snprintf(place, sizeof place, "column %zu: ", column);
    }
    if (got == SQLITE_AUTH) return vl_fail(err, VL_EARG, "query: %s%s: it may only read", place, words);
    if (got == SQLITE_INTERRUPT) return vl_fail(err, VL_EARG, "query: stopped after %.3g s", l->most);
    if (got == SQLITE_ERROR || got == SQLITE_TOOBIG)
        return vl_fail(err, VL_EARG, "query: %s%s", place, words);
    return vl_sql_fail(c, "query", err);
}

/* The one statement of the query, checked. NULL: err is set. */
static sqlite3_stmt *prepare_query(vl_catalog *c, const char *query, const limit *l, vl_err *err)
{
    sqlite3_stmt *q = NULL, *second = NULL;
    const char *rest = query;
    while (!q && *rest && !err->code) /* comments and lone semicolons give no statement */
        if (sqlite3_prepare_v2(c->db, rest, -1, &q, &rest)) fail_query(c, query, l, err);
    if (!q && !err->code) vl_fail(err, VL_EARG, "query: there is none");
    while (!second && !err->code && *rest)
        if (sqlite3_prepare_v2(c->db, rest, -1, &second, &rest) || second)
            vl_fail(err, VL_EARG, "query: one statement at a time");
    if (!err->code && (!sqlite3_stmt_readonly(q) || !sqlite3_column_count(q)))
        vl_fail(err, VL_EARG, "query: only SELECT is possible");
    sqlite3_finalize(second);
    if (!err->code) return q;
    sqlite3_finalize(q);
    return NULL;
}

/* A value as text; blobs as hexadecimal digits in *hex, owned by the caller. NULL: no memory. */
static const char *cell_of(sqlite3_stmt *row, int column, char **hex)
{
    const int type = sqlite3_column_type(row, column);
    if (type == SQLITE_NULL) return "";
    if (type != SQLITE_BLOB) return (const char *)sqlite3_column_text(row, column);
    const uint8_t *const bytes = sqlite3_column_blob(row, column);
    const size_t n = (size_t)sqlite3_column_bytes(row, column);
    char *const text = *hex = calloc(2 * n + 1, 1);
    if (text) vl_hex(bytes, n, text);
    return text;
}

static json_t *json_of(sqlite3_stmt *row, int column)
{
    switch (sqlite3_column_type(row, column)) {
    case SQLITE_NULL: return json_null();
    case SQLITE_INTEGER: return json_integer(sqlite3_column_int64(row, column));
    case SQLITE_FLOAT: {
        json_t *const real = json_real(sqlite3_column_double(row, column));
        return real ? real : json_null(); /* JSON has no infinity */
    }
    default: {
        char *hex = NULL;
        const char *const text = cell_of(row, column, &hex);
        json_t *const made = text ? vl_json_text(text) : NULL;
        free(hex);
        return made;
    }
    }
}

/* A second column of the same name is NAME_2, so that none is lost. */
static vl_code print_row(sqlite3_stmt *row, FILE *out, vl_err *err)
{
    json_t *const one = json_object();
    bool good = one;
    for (int i = 0; i < sqlite3_column_count(row) && good; i++) {
        char name[300];
        snprintf(name, sizeof name - 16, "%s", sqlite3_column_name(row, i));
        const size_t len = strlen(name);
        for (int n = 2; json_object_get(one, name); n++) snprintf(name + len, 16, "_%d", n);
        good = !json_object_set_new(one, name, json_of(row, i));
    }
    if (good) return print_object(one, out, err);
    json_decref(one);
    return vl_fail(err, VL_ENOMEM, "no memory for JSON");
}

static vl_code put_cells(table *t, sqlite3_stmt *row, vl_err *err)
{
    const size_t n = (size_t)t->ncolumn;
    const char **const cell = calloc(n, sizeof *cell);
    char **const hex = calloc(n, sizeof *hex);
    bool good = cell && hex;
    for (size_t i = 0; i < n && good; i++) good = (cell[i] = cell_of(row, (int)i, &hex[i]));
    if (!good) vl_fail(err, VL_ENOMEM, "no memory for a line");
    else put_row(t, cell, err);
    for (size_t i = 0; hex && i < n; i++) free(hex[i]);
    free(hex);
    free(cell);
    return err->code;
}

/* The next row, within the limit. */
static bool next_row(vl_catalog *c, sqlite3_stmt *q, const char *query, limit *l, vl_err *err)
{
    l->start = seconds();
    const int got = sqlite3_step(q);
    l->spent += seconds() - l->start;
    if (got != SQLITE_ROW && got != SQLITE_DONE) fail_query(c, query, l, err);
    return got == SQLITE_ROW;
}

static vl_code print_rows(vl_catalog *c, sqlite3_stmt *q, const char *query, vl_list_as as, limit *l,
                          FILE *out, vl_err *err)
{
    table t = { 0 };
    if (open_table(&t, out, as, sqlite3_column_count(q), err)) goto out;
    for (int i = 0; i < t.ncolumn; i++) t.name[i] = sqlite3_column_name(q, i);
    for (bool first = true; next_row(c, q, query, l, err); first = false) {
        for (int i = 0; i < t.ncolumn && first; i++)
            t.right[i] =
                sqlite3_column_type(q, i) == SQLITE_INTEGER || sqlite3_column_type(q, i) == SQLITE_FLOAT;
        if (as == VL_LIST_JSON ? print_row(q, out, err) : put_cells(&t, q, err)) break;
    }
    if (as != VL_LIST_JSON && !err->code) settle(&t, err);
out:
    close_table(&t);
    return err->code;
}

vl_code vl_sql(vl_catalog *c, const char *query, vl_list_as as, FILE *out, vl_err *err)
{
    enum { STEPS = 10000 }; /* of SQLite's machine between two looks at the clock: well under 1 ms */
    const char *const set = getenv("VIAL_QUERY_MS"); /* for tests */
    limit l = { .most = (set && atoi(set) > 0 ? atoi(set) : QUERY_MS) / 1e3, .start = seconds() };
    const int length = sqlite3_limit(c->db, SQLITE_LIMIT_LENGTH, QUERY_VALUE);
    sqlite3_set_authorizer(c->db, allow, NULL);
    sqlite3_progress_handler(c->db, STEPS, is_over, &l);
    sqlite3_stmt *const q = prepare_query(c, query, &l, err);
    if (q) print_rows(c, q, query, as, &l, out, err);
    sqlite3_finalize(q);
    sqlite3_progress_handler(c->db, 0, NULL, NULL);
    sqlite3_set_authorizer(c->db, NULL, NULL);
    sqlite3_limit(c->db, SQLITE_LIMIT_LENGTH, length);
    return err->code;
}
