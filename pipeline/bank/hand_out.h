/*
 * Handing out: the files that stores of a bank become when they are exported together, under the original
 * names of their inputs (way_back.h).
 *
 * All names are known before anything is written. They lie side by side in one folder; if two of them are the
 * same, all lie in a folder for each sample, and if that is not enough, for each of its acquisitions.
 */
#ifndef VL_HAND_OUT_H
#define VL_HAND_OUT_H

#include "pipeline/bank/catalog/catalog.h"

/* A store and what it becomes. */
typedef struct vl_handed {
    char *sample, *acquisition;
    char *store;   /* its path */
    char *file[2]; /* paths below the folder; [1]: of the second mates, or NULL */
    vl_err wrong;  /* of its record: then it has no files */
} vl_handed;

typedef struct vl_hand_out {
    vl_handed *one; /* owned, as all that is in it */
    size_t n, room;
} vl_hand_out;

/* The stores for which expr holds (listing.h), in the order of `vial ls`. The record of each says what it was
 * made of, and whether the sample was withdrawn: then it is not among them, whatever the catalogue says.
 * VL_EEXIST when two files would have one name all the same. */
vl_code vl_hand_out_plan(const vl_bank *bank, vl_catalog *c, const char *expr, vl_hand_out *plan,
                         vl_err *err);
void vl_hand_out_free(vl_hand_out *plan);

#endif
