/* Questions to the catalogue (ask.h). */
#include "pipeline/bank/catalog/ask.h"

static vl_code fail(sqlite3 *db, int code, vl_err *err)
{
    const vl_code mine = code == SQLITE_BUSY                           ? VL_EBUSY
                         : code == SQLITE_NOMEM                        ? VL_ENOMEM
                         : code == SQLITE_IOERR || code == SQLITE_FULL ? VL_EIO
                                                                       : VL_ECONFIG;
    return vl_fail(err, mine, "the catalogue does not answer: %s", sqlite3_errmsg(db));
}

sqlite3_stmt *vl_ask(vl_catalog *c, const char *sql, const double *value, int n, vl_err *err)
{
    sqlite3 *const db = vl_catalog_db(c);
    sqlite3_stmt *stmt = NULL;
    int code = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
    for (int i = 0; i < n && !code; i++) code = sqlite3_bind_double(stmt, i + 1, value[i]);
    if (!code) return stmt;
    fail(db, code & 0xff, err);
    sqlite3_finalize(stmt);
    return NULL;
}

bool vl_ask_row(sqlite3_stmt *stmt, vl_err *err)
{
    if (!stmt || err->code) return false;
    const int code = sqlite3_step(stmt);
    if (code == SQLITE_ROW) return true;
    if (code != SQLITE_DONE) fail(sqlite3_db_handle(stmt), code & 0xff, err);
    return false;
}

double vl_ask_number(vl_catalog *c, const char *sql, const double *value, int n, double otherwise,
                     vl_err *err)
{
    sqlite3_stmt *const stmt = vl_ask(c, sql, value, n, err);
    const bool known = vl_ask_row(stmt, err) && sqlite3_column_type(stmt, 0) != SQLITE_NULL;
    const double number = known ? sqlite3_column_double(stmt, 0) : otherwise;
    sqlite3_finalize(stmt);
    return number;
}

vl_code vl_ask_run(vl_catalog *c, const char *sql, vl_err *err)
{
    sqlite3 *const db = vl_catalog_db(c);
    const int code = sqlite3_exec(db, sql, NULL, NULL, NULL);
    return code ? fail(db, code & 0xff, err) : VL_OK;
}

const char *vl_ask_text(sqlite3_stmt *stmt, int column)
{
    const char *const text = (const char *)sqlite3_column_text(stmt, column);
    return text ? text : "";
}
