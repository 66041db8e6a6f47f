/*
 * One SELECT of a user's (listing.h): it may read and calculate, for some time, and nothing else.
 */
#include "pipeline/bank/catalog/listing.h"

#include "formats/letter.h"
#include "pipeline/bank/catalog/catalog_db.h"
#include "pipeline/bank/catalog/table.h"
#include "pipeline/bank/json_text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum { QUERY_MS = 60000, QUERY_VALUE = 16 << 20 };

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
    if (good) return vl_table_object(one, out, err);
    json_decref(one);
    return vl_fail(err, VL_ENOMEM, "no memory for JSON");
}

static vl_code put_cells(vl_table *t, sqlite3_stmt *row, vl_err *err)
{
    const size_t n = (size_t)t->ncolumn;
    const char **const cell = calloc(n, sizeof *cell);
    char **const hex = calloc(n, sizeof *hex);
    bool good = cell && hex;
    for (size_t i = 0; i < n && good; i++) good = (cell[i] = cell_of(row, (int)i, &hex[i]));
    if (!good) vl_fail(err, VL_ENOMEM, "no memory for a line");
    else vl_table_put(t, cell, err);
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
    vl_table t = { 0 };
    if (vl_table_open(&t, out, as, sqlite3_column_count(q), err)) goto out;
    for (int i = 0; i < t.ncolumn; i++) t.name[i] = sqlite3_column_name(q, i);
    for (bool first = true; next_row(c, q, query, l, err); first = false) {
        for (int i = 0; i < t.ncolumn && first; i++)
            t.right[i] =
                sqlite3_column_type(q, i) == SQLITE_INTEGER || sqlite3_column_type(q, i) == SQLITE_FLOAT;
        if (as == VL_LIST_JSON ? print_row(q, out, err) : put_cells(&t, q, err)) break;
    }
    if (as != VL_LIST_JSON && !err->code) vl_table_settle(&t, err);
out:
    vl_table_close(&t);
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
