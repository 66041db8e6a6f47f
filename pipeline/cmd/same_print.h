/* What vial same prints: pairs and sexes, as TSV or JSON. */
#ifndef VL_SAME_PRINT_H
#define VL_SAME_PRINT_H

#include "pipeline/out/persons.h"

typedef struct vl_same_sum {
    uint64_t differ;     /* pairs said to be one person, and they are not */
    uint64_t alike;      /* pairs said to be two persons, and they are one */
    uint64_t sexes;      /* that are amiss */
    uint64_t lost, bare; /* stores that could not be read; that have no genotypes */
} vl_same_sum;

/* all: also what is as it should be. Counts what is amiss. */
vl_code vl_same_print(const vl_persons *p, bool all, bool json, vl_same_sum *sum, vl_err *err);

#endif
