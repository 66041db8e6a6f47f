/*
 * Stores of a bank beside each other: the measures of each (out/measure.h), how the bank's limits judge it,
 * and how far it is from the others.
 */
#ifndef VL_COMPARE_H
#define VL_COMPARE_H

#include "pipeline/bank/catalog/catalog.h"
#include "pipeline/out/kind.h"
#include "pipeline/out/measure.h"

#include <sqlite3.h>

typedef struct vl_compared {
    char *sample, *acquisition, *path; /* owned */
    const vl_kind *kind;
    double value[VL_MEASURES]; /* NaN: not known */
    double off[VL_MEASURES];   /* from the middle of all, in their usual spread; 0 where too few are there */
    vl_light light;
    double odd; /* the farthest of off */
    bool lost;  /* the store cannot be read */
} vl_compared;

typedef struct vl_comparison {
    vl_compared *row; /* owned */
    size_t n;
} vl_comparison;

enum { VL_COMPARE_LEAST = 5 }; /* stores of a kind that are compared with each other */

/* A query of live stores: columns sample, acquisition, kind, file. The stores are read by workers: not after
 * HDF5 was entered. Sorted by kind; within it red ones first, then yellow ones, then by how odd they are. */
vl_code vl_compare(vl_comparison *c, const vl_bank *bank, vl_catalog *catalog, sqlite3_stmt *stmt,
                   vl_err *err);
/* All live stores. */
vl_code vl_compare_all(vl_comparison *c, const vl_bank *bank, vl_catalog *catalog, vl_err *err);
void vl_comparison_free(vl_comparison *c);

#endif
