/* Which stores a bank holds, as aligned columns, TSV or JSON lines, in the order that SQLite gives
 * (listing.h). */
#include "pipeline/bank/ledger/withdrawn.h"
#include "pipeline/bank/catalog/listing.h"
#include "pipeline/bank/catalog/catalog_db.h"
#include "pipeline/bank/catalog/table.h"
#include "pipeline/bank/json_text.h"
#include "pipeline/run/progress.h"

#include <stdlib.h>
#include <string.h>

/* Of the text: the first columns of the statement, or a path in place of the digest. */
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
    ACQUISITION_ID,
    MEASURES
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

static json_t *json_measures(sqlite3_stmt *row)
{
    json_t *const measures = json_loads(vl_sql_column(row, MEASURES), 0, NULL);
    return measures ? measures : json_null();
}

/* Where the store of a row lies: absolute, as the bank's root is. */
static const char *path_of(const vl_list_ask *ask, sqlite3_stmt *row, char path[VL_BANK_PATH], vl_err *err)
{
    *path = 0;
    vl_bank_store_path(ask->bank, vl_sql_column(row, SAMPLE), vl_sql_column(row, FILE_), path, err);
    return path;
}

static vl_code print_store(vl_catalog *c, const vl_list_ask *ask, sqlite3_stmt *row, FILE *out, vl_err *err)
{
    char path[VL_BANK_PATH];
    json_t *const facts =
        facts_of(c, sqlite3_column_int64(row, SAMPLE_ID), sqlite3_column_int64(row, ACQUISITION_ID), err);
    json_t *const one = json_pack(
        "{s:o, s:o, s:o, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "sample",
        vl_json_text(vl_sql_column(row, SAMPLE)), "acquisition",
        vl_json_text(vl_sql_column(row, ACQUISITION)), "kind", vl_json_text(vl_sql_column(row, KIND)), "rows",
        (json_int_t)sqlite3_column_int64(row, ROWS), "bytes", (json_int_t)sqlite3_column_int64(row, BYTES),
        "digest", vl_json_text(vl_sql_column(row, DIGEST)), "donor", json_or_null(row, DONOR), "profile",
        vl_json_text(vl_sql_column(row, PROFILE)), "published", json_time(row, PUBLISHED), "verified",
        json_time(row, VERIFIED), "file", vl_json_text(vl_sql_column(row, FILE_)), "path",
        vl_json_text(path_of(ask, row, path, err)), "facts", facts, "measures", json_measures(row));
    if (!err->code) return vl_table_object(one, out, err);
    json_decref(one);
    return err->code;
}

/* The start of a digest tells stores of one bank apart; the whole of it is wider than a terminal. */
static vl_code put_store(vl_table *t, const vl_list_ask *ask, sqlite3_stmt *row, vl_err *err)
{
    enum { SHORT = 12 };
    char bytes[16], path[VL_BANK_PATH], digest[SHORT + 4], none[64];
    const char *cell[NTEXT + 1];
    for (int i = 0; i < NTEXT; i++) cell[i] = vl_sql_column(row, i);
    if (ask->paths) path_of(ask, row, path, err);
    if (ask->as == VL_LIST_TSV) {
        cell[NTEXT] = path;
        return vl_table_put(t, cell, err);
    }
    cell[BYTES] = vl_human_bytes((uint64_t)sqlite3_column_int64(row, BYTES), bytes);
    snprintf(none, sizeof none, "no %s", cell[KIND]);
    if (!sqlite3_column_int64(row, ROWS)) cell[ROWS] = none;
    if (ask->narrow) {
        snprintf(digest, sizeof digest, "%.*s\xe2\x80\xa6", SHORT, cell[DIGEST]);
        cell[DIGEST] = digest;
    }
    if (ask->paths) cell[DIGEST] = path;
    return vl_table_put(t, cell, err);
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
        "SELECT %s, %s FROM sample s %s acquisition a ON a.sample_id = s.sample_id"
        " %s store st ON st.acquisition_id = a.acquisition_id LEFT JOIN donor d ON d.donor_id = s.donor_id"
        " WHERE s.withdrawn_at IS NULL%s%s%s%s ORDER BY s.name, a.kind, a.name, st.store_id",
        list_columns, vl_catalog_has_measures(c) ? "st.measures" : "NULL", join, join,
        any_state ? "" : " AND +st.state = 'live'", sample ? " AND s.name = ?" : "", where ? " AND " : "",
        where ? where->sql : "");
    if (!sql) vl_fail(err, VL_ENOMEM, "no memory for the list");
    else if (sqlite3_prepare_v2(c->db, sql, -1, &q, NULL)) vl_sql_fail(c, "cannot list", err);
    else if (sample && sqlite3_bind_text(q, 1, sample, -1, SQLITE_STATIC)) vl_sql_fail(c, "cannot list", err);
    else if (where) vl_where_bind(where, q, sample ? 2 : 1, err);
    sqlite3_free(sql);
    if (!err->code) return q;
    sqlite3_finalize(q);
    return NULL;
}

vl_code vl_list(vl_catalog *c, const vl_list_ask *ask, FILE *out, uint64_t *n, vl_err *err)
{
    static const char *const names[] = { "sample", "acquisition", "kind", "rows", "bytes", "digest", "path" };
    const bool json = ask->as == VL_LIST_JSON, tsv = ask->as == VL_LIST_TSV;
    vl_where where = { 0 };
    vl_table t = { 0 };
    vl_withdrawn gone = { .bank = ask->bank };
    sqlite3_stmt *q = NULL;
    *n = 0;
    if (ask->expr && vl_where_parse(&where, ask->expr, c, err)) return err->code;
    if (vl_table_open(&t, out, ask->as, NTEXT + (tsv && ask->paths), err)) goto out;
    memcpy(t.name, names, (size_t)t.ncolumn * sizeof *names);
    if (ask->paths && !tsv) t.name[DIGEST] = "path";
    t.right[ROWS] = t.right[BYTES] = true;
    q = ask_list(c, ask->sample, ask->expr ? &where : NULL, err);
    while (q && vl_sql_row(c, q, err)) {
        /* a catalogue from a backup does not know all */
        if (vl_withdrawn_has(&gone, vl_sql_column(q, SAMPLE), err)) continue;
        if (err->code || (json ? print_store(c, ask, q, out, err) : put_store(&t, ask, q, err))) break;
        ++*n;
    }
    if (!json && !err->code) vl_table_settle(&t, err);
out:
    sqlite3_finalize(q);
    vl_withdrawn_free(&gone);
    vl_table_close(&t);
    vl_where_free(&where);
    return err->code;
}

vl_code vl_list_each(vl_catalog *c, const char *expr,
                     vl_code (*visit)(const vl_listed *store, void *to, vl_err *err), void *to, vl_err *err)
{
    vl_where where = { 0 };
    if (expr && vl_where_parse(&where, expr, c, err)) return err->code;
    sqlite3_stmt *const q = ask_list(c, NULL, expr ? &where : NULL, err);
    while (q && vl_sql_row(c, q, err)) {
        const vl_listed one = { vl_sql_column(q, SAMPLE), vl_sql_column(q, ACQUISITION),
                                vl_sql_column(q, KIND), vl_sql_column(q, FILE_) };
        if (visit(&one, to, err)) break;
    }
    sqlite3_finalize(q);
    vl_where_free(&where);
    return err->code;
}
