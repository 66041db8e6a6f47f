/*
 * What the files of the catalogue share: the connection, its prepared statements, and a way to run one
 * statement with bound values. Not for others: catalog.h is.
 *
 * A statement is prepared at its first use and kept until the catalogue is closed; it is found again by the
 * address of its text, so that text is a literal or lives as long.
 */
#ifndef VL_CATALOG_DB_H
#define VL_CATALOG_DB_H

#include "pipeline/bank/catalog/catalog.h"

enum { VL_DB_KEPT = 64 }; /* statements that are kept at most */

struct vl_catalog {
    sqlite3 *db; /* owned */
    struct {
        const char *sql;    /* borrowed */
        sqlite3_stmt *stmt; /* owned */
    } kept[VL_DB_KEPT];
    int nkept;
    int wait; /* ms that a writer waits for another one */
    bool write, is_new;
    char path[VL_BANK_PATH];
};

/* A value for a '?'. Text is borrowed until the statement has run; NULL is SQL's NULL. */
typedef struct vl_db_value {
    enum { VL_DB_TEXT, VL_DB_WHOLE, VL_DB_REAL } type;
    const char *text;
    int64_t whole;
    double real;
} vl_db_value;

static inline vl_db_value vl_db_text(const char *text)
{
    return (vl_db_value){ .type = VL_DB_TEXT, .text = text };
}
static inline vl_db_value vl_db_whole(int64_t whole)
{
    return (vl_db_value){ .type = VL_DB_WHOLE, .whole = whole };
}
static inline vl_db_value vl_db_real(double real)
{
    return (vl_db_value){ .type = VL_DB_REAL, .real = real };
}

/* Sets err from what SQLite says about its last call: "doing: SQLite's words", and what helps. */
vl_code vl_db_fail(vl_catalog *c, const char *doing, vl_err *err);
/* The statement of the text, fresh, with its values; borrowed. NULL: err is set. */
sqlite3_stmt *vl_db_ask(vl_catalog *c, const char *sql, const vl_db_value *value, int nvalue, vl_err *err);
/* Goes to the next row. False at the end and on an error; the statement is free again then. Who leaves
 * earlier calls sqlite3_reset. */
bool vl_db_row(vl_catalog *c, sqlite3_stmt *stmt, vl_err *err);
/* Runs a statement that gives no rows. */
vl_code vl_db_run(vl_catalog *c, const char *sql, const vl_db_value *value, int nvalue, vl_err *err);

/* Text of a column; "" for NULL. Borrowed until the next row. */
const char *vl_db_column(sqlite3_stmt *stmt, int column);

#endif
