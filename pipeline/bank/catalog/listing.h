/*
 * Questions to the catalogue: `vial ls` with its expression language, and `vial sql`.
 *
 * EXPR of --where: NAME (= != < <= > >= LIKE) LITERAL, NAME IN (LITERAL, ...), NAME IS [NOT] NULL, joined by
 * AND, OR, NOT and parentheses. NAME is sample, donor, acquisition, kind, profile, rows, bytes, bytes_in,
 * digest, published, verified, state, a measure ("q30"), or any fact that the bank has ("organism_part", or
 * as a sheet titles it: [characteristics[organism part]]). Literals are numbers or 'text'; all go to SQLite
 * as bound values.
 */
#ifndef VL_LISTING_H
#define VL_LISTING_H

#include "pipeline/bank/catalog/sql.h"
#include <stdio.h>

typedef enum vl_list_as { VL_LIST_TEXT, VL_LIST_TSV, VL_LIST_JSON } vl_list_as;

/* EXPR as a condition on the joined tables of the listing, with '?' for values. The values are bound by
 * vl_where_bind in their order. c: knows which facts there are; NULL: any name is one. VL_EARG with the place
 * in EXPR on a mistake. */
typedef struct vl_where {
    char *sql; /* owned */
    struct {
        char *text; /* owned; NULL: a number */
        double number;
        bool integer;
        int64_t whole;
    } * value; /* owned */
    int nvalue;
} vl_where;
vl_code vl_where_parse(vl_where *where, const char *expr, vl_catalog *c, vl_err *err);
vl_code vl_where_bind(const vl_where *where, sqlite3_stmt *stmt, int first, vl_err *err);
void vl_where_free(vl_where *where);

typedef struct vl_list_ask {
    const vl_bank *bank;
    const char *sample, *expr; /* only these; NULL: all */
    vl_list_as as;
    bool paths;  /* TSV: where the store lies, behind the digest; text: in its place */
    bool narrow; /* text: only the start of the digest, as a terminal is not wide */
} vl_list_ask;

/* One line (or JSON object a line) for each live store: sample, acquisition, kind, rows, bytes, digest (JSON
 * also donor, profile, published, verified, file, path, facts, measures). Withdrawn samples are hidden. */
vl_code vl_list(vl_catalog *c, const vl_list_ask *ask, FILE *out, uint64_t *n, vl_err *err);

/* The same stores, each handed to visit; expr: NULL for all. */
typedef struct vl_listed {
    const char *sample, *acquisition, *kind, *file; /* borrowed, until visit returns */
} vl_listed;
vl_code vl_list_each(vl_catalog *c, const char *expr,
                     vl_code (*visit)(const vl_listed *store, void *to, vl_err *err), void *to, vl_err *err);

/* Runs one SELECT (or WITH ... SELECT) and prints its rows. Anything that could write, attach or load is
 * refused: read-only connection, sqlite3_stmt_readonly, an authorizer, a limit of time. */
vl_code vl_sql(vl_catalog *c, const char *query, vl_list_as as, FILE *out, vl_err *err);

#endif
