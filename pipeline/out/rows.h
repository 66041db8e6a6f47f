/* Lists of rows of a store, ascending, as runs of neighbours. */
#ifndef VL_ROWS_H
#define VL_ROWS_H

#include "formats/err.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct vl_rows {
    struct vl_run_of_rows {
        uint64_t first, n;
    } * run; /* owned */
    size_t n, cap;
    size_t at;     /* run that take is in */
    uint64_t done; /* rows of it that were taken */
} vl_rows;

/* Adds n rows behind those that are there. */
vl_code vl_rows_add(vl_rows *rows, uint64_t first, uint64_t n, vl_err *err);
/* The same as a run of its own, wherever it lies. */
vl_code vl_rows_append(vl_rows *rows, uint64_t first, uint64_t n, vl_err *err);
/* The next neighbours, `most` of them at most; 0: none are left. */
size_t vl_rows_take(vl_rows *rows, size_t most, uint64_t *first);
/* The row that take gives next; UINT64_MAX: none is left. */
uint64_t vl_rows_next(const vl_rows *rows);
/* Neighbours that take gives next, `most` of them at most. */
size_t vl_rows_ahead(const vl_rows *rows, size_t most);

/* Whether hardly any other rows lie between them. And how many times n rows lie from row
 * first, which is one of them, to the last. */
bool vl_rows_near(const vl_rows *rows);
double vl_rows_share(const vl_rows *rows, uint64_t first, size_t n);

uint64_t vl_rows_count(const vl_rows *rows);
bool vl_rows_has(const vl_rows *rows, uint64_t row);
/* Only those in [from, to] stay. */
vl_code vl_rows_within(vl_rows *rows, uint64_t from, uint64_t to, vl_err *err);
/* Only those of another such list stay as well. */
vl_code vl_rows_cross(vl_rows *rows, const vl_rows *other, vl_err *err);
/* All of another such list come in. */
vl_code vl_rows_join(vl_rows *rows, const vl_rows *other, vl_err *err);
/* The groups of `step` rows each that have one of these rows; and those between two that are less than `gap`
 * apart, which are quicker read than passed over. */
vl_code vl_rows_groups(const vl_rows *rows, size_t step, uint64_t gap, vl_rows *groups, vl_err *err);

#endif
