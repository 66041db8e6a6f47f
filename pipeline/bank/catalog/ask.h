/* Questions to the catalogue whose answers are numbers and short texts: for metrics and pages. */
#ifndef VL_ASK_H
#define VL_ASK_H

#include "pipeline/bank/catalog/catalog.h"

/* A query with numbers for ?1 .. ?n, to be stepped with vl_ask_row and ended with sqlite3_finalize. NULL with
 * err set when it cannot be made. */
sqlite3_stmt *vl_ask(vl_catalog *c, const char *sql, const double *value, int n, vl_err *err);
/* Is there another row? false at the end, for NULL, and with err set after an error. */
bool vl_ask_row(sqlite3_stmt *stmt, vl_err *err);
/* The first column of the first row; `otherwise` if there is none, it is NULL, or an error was set. */
double vl_ask_number(vl_catalog *c, const char *sql, const double *value, int n, double otherwise,
                     vl_err *err);
/* Runs a statement that gives no rows. */
vl_code vl_ask_run(vl_catalog *c, const char *sql, vl_err *err);
/* Never NULL; good until the next row. */
const char *vl_ask_text(sqlite3_stmt *stmt, int column);

/* Parts of queries: the stores that count (not superseded, not of a withdrawn sample), to be followed by AND
 * or by what ends a query, and the condition that a store failed its last check. */
#define VL_ASK_LIVE                                                                                          \
    " FROM store JOIN acquisition USING (acquisition_id) JOIN sample USING (sample_id) "                     \
    "WHERE state = 'live' AND withdrawn_at IS NULL "
#define VL_ASK_FAILED "(COALESCE(verify_failed, '') <> '')"

#endif
