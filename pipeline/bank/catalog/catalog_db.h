/*
 * The connection, for the files of the catalogue; sql.h is for others.
 */
#ifndef VL_CATALOG_DB_H
#define VL_CATALOG_DB_H

#include "pipeline/bank/catalog/sql.h"

typedef struct vl_sql_kept {
    const char *sql;    /* borrowed */
    sqlite3_stmt *stmt; /* owned */
} vl_sql_kept;

struct vl_catalog {
    sqlite3 *db;       /* owned */
    vl_sql_kept *kept; /* owned */
    int nkept, ckept;
    int wait; /* ms that a writer waits for another one */
    bool write, is_new;
    int64_t version; /* of its schema */
    char path[VL_BANK_PATH];
};

#endif
