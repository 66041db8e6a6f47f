/*
 * Tables of a foreign HDF5 file: data sets whose elements are structs, with texts and rows of their own on
 * the file's heaps. A form says what is wanted, member by member, by name; others are not looked at.
 *
 * HDF5 told how the elements lie in the file (foreign.h), and is not asked for them: they, and the heaps, are
 * read here, as a damaged heap would have it write beyond its memory (1.10.8). Every length is checked
 * against the file, and what all tables take is bound by its size.
 */
#ifndef VL_FOREIGN_ROWS_H
#define VL_FOREIGN_ROWS_H

#include "pipeline/store/foreign.h"

typedef enum vl_wanted_kind {
    VL_WANTED_U16,
    VL_WANTED_U32,
    VL_WANTED_CHARS, /* char [width], ends with 0: letters of a number, less than that, which all rows have */
    VL_WANTED_TEXT,  /* const char *: "" for none */
    VL_WANTED_ROW,   /* a struct in the struct */
    VL_WANTED_ROWS   /* vl_foreign_rows */
} vl_wanted_kind;
typedef struct vl_foreign_rows {
    size_t n;
    const void *row;
} vl_foreign_rows;
struct vl_foreign_form;
typedef struct vl_foreign_member {
    const char *name;
    vl_wanted_kind kind;
    size_t at, width;                 /* in the struct; width: of CHARS */
    const struct vl_foreign_form *of; /* of ROW and ROWS */
} vl_foreign_member;
typedef struct vl_foreign_form {
    size_t size; /* of the struct */
    int n;
    const vl_foreign_member *member;
} vl_foreign_form;

/* Memory of rows and texts, for as long as they are needed, and the heaps that were read. */
typedef struct vl_foreign_pool vl_foreign_pool;
vl_code vl_foreign_pool_open(vl_foreign_pool **out, const vl_foreign *f, vl_err *err);
void vl_foreign_pool_close(vl_foreign_pool *p); /* NULL is fine */

bool vl_foreign_has_table(const vl_foreign *f, const char *name);
/* All rows of a table, in the pool. VL_EFORMAT: there is none of this name, its rows have not all these
 * members, or it is damaged. */
vl_code vl_foreign_table(vl_foreign *f, const char *name, const vl_foreign_form *form, vl_foreign_pool *pool,
                         vl_foreign_rows *out, vl_err *err);

/* How many numbers a column has; 0 where there is none of this name. */
uint64_t vl_foreign_count(const vl_foreign *f, const char *name);
/* Replaces to by the doubles that numbers from..from + n - 1 of it are. VL_EFORMAT: it has not that many, or
 * a chunk is damaged. */
vl_code vl_foreign_numbers(vl_foreign *f, const char *name, uint64_t from, size_t n, vl_buf *to, vl_err *err);

#endif
