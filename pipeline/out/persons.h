/*
 * Persons: stores beside each other by what they say of whose data they hold (identity.h), and by what
 * somebody says of them: their donors and sexes.
 */
#ifndef VL_PERSONS_H
#define VL_PERSONS_H

#include "pipeline/out/identity.h"
#include "pipeline/out/panel.h"

/* What a sheet says. */
typedef enum vl_sex_said { VL_SAID_NOTHING, VL_SAID_MALE, VL_SAID_FEMALE } vl_sex_said;
/* "Male", "male", "M", "XY" and "1" (as in a PED file) are one, and so are "Female", "F", "XX" and "2". */
vl_sex_said vl_sex_read(const char *text);
const char *vl_sex_said_name(vl_sex_said said); /* "male", "" */
/* A male with two X and no Y, or without Y, and a female with a Y, are amiss. */
bool vl_sex_is_amiss(vl_sex sex, vl_sex_said said);

typedef struct vl_person {
    char *name, *path; /* owned; what it is called */
    char *donor;       /* owned; of whom the sample is said to be; else the sample itself. "": nobody says */
    vl_sex_said said;
    bool fresh;      /* the caller's: it is news */
    bool has, lost;  /* says whose it is; could not be read */
    char digest[33]; /* of the list of its genotypes; "": it has none */
    vl_sex_sums sums;
} vl_person;

typedef struct vl_persons {
    vl_person *row; /* owned */
    size_t n, cap;
    vl_panels panels;
    vl_buf pairs; /* vl_pair, once they were compared */
} vl_persons;

/* One more; donor may be changed until they are compared. NULL: err is set. */
vl_person *vl_persons_add(vl_persons *p, const char *name, const char *path, const char *donor, vl_err *err);
/* What a store said of row i. */
vl_code vl_persons_take(vl_persons *p, size_t i, const vl_identified *is, vl_err *err);
/* Those of equal donors are of one person; of whom nothing is said, each is its own, and never amiss. */
vl_code vl_persons_compare(vl_persons *p, bool all, int threads, vl_err *err);
void vl_persons_free(vl_persons *p);

#endif
