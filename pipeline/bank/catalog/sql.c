/* Statements, values and errors of SQLite (sql.h). */
#include "pipeline/bank/catalog/catalog_db.h"

#include <assert.h>
#include <stdlib.h>

/* ---- errors ---- */

static vl_code code_of(const vl_catalog *c, int sqlite)
{
    switch (sqlite & 0xff) {
    case SQLITE_NOMEM: return VL_ENOMEM;
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_NOLFS: return VL_EIO;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_ERROR: /* of our own statements: a table or column is not as we made it */
    case SQLITE_SCHEMA: return VL_ESTORE;
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_AUTH:
    case SQLITE_PERM: return c->write ? VL_EPERM : VL_ENOIN;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL: return VL_EBUSY;
    case SQLITE_CONSTRAINT:
    case SQLITE_TOOBIG: return VL_EFORMAT;
    default: return VL_EBUG;
    }
}

vl_code vl_sql_fail(vl_catalog *c, const char *doing, vl_err *err)
{
    const int sqlite = c->db ? sqlite3_extended_errcode(c->db) : SQLITE_NOMEM;
    const vl_code code = code_of(c, sqlite);
    const char *const words = c->db ? sqlite3_errmsg(c->db) : "no memory";
    if (code == VL_ESTORE)
        vl_fail(err, code, "%s: %s: the catalogue is damaged; 'vial catalog rebuild' makes it again", doing,
                words);
    else if (code == VL_EBUSY)
        vl_fail(err, code, "%s: %s: another run has been writing for %.3g s", doing, words, c->wait / 1e3);
    else vl_fail(err, code, "%s: %s", doing, words);
    return vl_err_file(err, c->path);
}

/* ---- statements ---- */

static sqlite3_stmt *find_statement(vl_catalog *c, const char *sql, vl_err *err)
{
    for (int i = 0; i < c->nkept; i++)
        if (c->kept[i].sql == sql) return c->kept[i].stmt;
    if (c->nkept == c->ckept) {
        const int cap = 2 * c->ckept + 32;
        vl_sql_kept *const more = realloc(c->kept, (size_t)cap * sizeof *more);
        if (!more) {
            vl_fail(err, VL_ENOMEM, "no memory for %d statements", cap);
            return NULL;
        }
        c->kept = more;
        c->ckept = cap;
    }
    sqlite3_stmt *stmt = NULL;
    if (sqlite3_prepare_v3(c->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL)) {
        vl_sql_fail(c, "cannot use the catalogue", err);
        return NULL;
    }
    c->kept[c->nkept++] = (vl_sql_kept){ sql, stmt };
    return stmt;
}

static int bind(sqlite3_stmt *stmt, int at, const vl_sql_value *v)
{
    switch (v->type) {
    case VL_SQL_TEXT: return sqlite3_bind_text(stmt, at, v->text, -1, SQLITE_STATIC);
    case VL_SQL_WHOLE: return sqlite3_bind_int64(stmt, at, v->whole);
    case VL_SQL_REAL: return sqlite3_bind_double(stmt, at, v->real);
    }
    return SQLITE_MISUSE;
}

sqlite3_stmt *vl_sql_ask(vl_catalog *c, const char *sql, const vl_sql_value *value, int nvalue, vl_err *err)
{
    sqlite3_stmt *const stmt = find_statement(c, sql, err);
    if (!stmt) return NULL;
    assert(sqlite3_bind_parameter_count(stmt) == nvalue);
    sqlite3_reset(stmt);
    for (int i = 0; i < nvalue; i++) {
        if (!bind(stmt, i + 1, &value[i])) continue;
        vl_sql_fail(c, "cannot ask the catalogue", err);
        return NULL;
    }
    return stmt;
}

static bool step(vl_catalog *c, sqlite3_stmt *stmt, vl_err *err)
{
    const int got = sqlite3_step(stmt);
    if (got != SQLITE_ROW && got != SQLITE_DONE)
        vl_sql_fail(c, c->write ? "cannot write" : "cannot read", err);
    return got == SQLITE_ROW;
}

bool vl_sql_row(vl_catalog *c, sqlite3_stmt *stmt, vl_err *err)
{
    if (!stmt) return false;
    if (!err->code && step(c, stmt, err)) return true;
    sqlite3_reset(stmt);
    return false;
}

vl_code vl_sql_run(vl_catalog *c, const char *sql, const vl_sql_value *value, int nvalue, vl_err *err)
{
    sqlite3_stmt *const stmt = vl_sql_ask(c, sql, value, nvalue, err);
    if (stmt && step(c, stmt, err)) vl_fail(err, VL_EBUG, "a statement that writes gave rows");
    sqlite3_reset(stmt);
    return err->code;
}

const char *vl_sql_column(sqlite3_stmt *stmt, int column)
{
    const unsigned char *const text = sqlite3_column_text(stmt, column);
    return text ? (const char *)text : "";
}

double vl_sql_number(vl_catalog *c, const char *sql, const vl_sql_value *value, int nvalue, double otherwise,
                     vl_err *err)
{
    sqlite3_stmt *const q = vl_sql_ask(c, sql, value, nvalue, err);
    const bool known = vl_sql_row(c, q, err) && sqlite3_column_type(q, 0) != SQLITE_NULL;
    const double number = known ? sqlite3_column_double(q, 0) : otherwise;
    sqlite3_reset(q);
    return number;
}

vl_code vl_sql_script(vl_catalog *c, const char *sql, const char *doing, vl_err *err)
{
    return sqlite3_exec(c->db, sql, NULL, NULL, NULL) ? vl_sql_fail(c, doing, err) : VL_OK;
}
