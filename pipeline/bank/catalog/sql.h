/*
 * Asking the catalogue: the one way to SQLite for all that reads and writes it.
 *
 *     sqlite3_stmt *const q = vl_sql_ask(c, "SELECT name FROM sample WHERE donor_id = ?", v, 1, err);
 *     while (vl_sql_row(c, q, err)) use(vl_sql_column(q, 0));
 *
 * A statement is prepared at its first use and kept until the catalogue is closed; it is found again by
 * the address of its text, so that text is a literal or lives as long, and is not asked anew while its
 * rows are being read. It is free again behind its last row and after an error; who leaves earlier calls
 * sqlite3_reset. */
#ifndef VL_SQL_H
#define VL_SQL_H

#include "pipeline/bank/catalog/catalog.h"

#include <sqlite3.h>

/* A value for a '?'. Text is borrowed until the statement has run; NULL is SQL's NULL. */
typedef struct vl_sql_value {
    enum { VL_SQL_TEXT, VL_SQL_WHOLE, VL_SQL_REAL } type;
    const char *text;
    int64_t whole;
    double real;
} vl_sql_value;

static inline vl_sql_value vl_sql_text(const char *text)
{
    return (vl_sql_value){ .type = VL_SQL_TEXT, .text = text };
}
static inline vl_sql_value vl_sql_whole(int64_t whole)
{
    return (vl_sql_value){ .type = VL_SQL_WHOLE, .whole = whole };
}
static inline vl_sql_value vl_sql_real(double real)
{
    return (vl_sql_value){ .type = VL_SQL_REAL, .real = real };
}

/* The statement of the text, fresh, with its values; borrowed. NULL: err is set. */
sqlite3_stmt *vl_sql_ask(vl_catalog *c, const char *sql, const vl_sql_value *value, int nvalue, vl_err *err);
/* Goes to the next row. False at the end, for NULL, and when err is or becomes set. */
bool vl_sql_row(vl_catalog *c, sqlite3_stmt *stmt, vl_err *err);
/* Runs a statement that gives no rows, also when err is set. */
vl_code vl_sql_run(vl_catalog *c, const char *sql, const vl_sql_value *value, int nvalue, vl_err *err);
/* The same for several statements without values. doing: "cannot open", for the error. */
vl_code vl_sql_script(vl_catalog *c, const char *sql, const char *doing, vl_err *err);
/* The first column of the first row; `otherwise` if there is none, it is NULL, or an error was set. */
double vl_sql_number(vl_catalog *c, const char *sql, const vl_sql_value *value, int nvalue, double otherwise,
                     vl_err *err);
/* Text of a column; "" for NULL. Borrowed until the next row. */
const char *vl_sql_column(sqlite3_stmt *stmt, int column);

/* Sets err from what SQLite says about its last call: "doing: SQLite's words", and what helps. */
vl_code vl_sql_fail(vl_catalog *c, const char *doing, vl_err *err);

/* Parts of queries: the stores that count (not superseded, not of a withdrawn sample), to be followed by
 * AND or by what ends a query, and the condition that a store failed its last check. */
#define VL_SQL_LIVE                                                                                          \
    " FROM store JOIN acquisition USING (acquisition_id) JOIN sample USING (sample_id) "                     \
    "WHERE state = 'live' AND withdrawn_at IS NULL "
#define VL_SQL_FAILED "(COALESCE(verify_failed, '') <> '')"

#endif
