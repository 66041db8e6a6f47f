/*
 * Healing: stores of a bank that are lost, without their seal, or damaged, made whole again. From what lies
 * there, if it can be proven; from a copy elsewhere; from their originals. Each is safe from a kill: the
 * store is whole, or as it was.
 */
#ifndef VL_HEAL_H
#define VL_HEAL_H

#include "pipeline/bank/catalog/catalog.h"

typedef struct vl_heal {
    const vl_bank *bank;
    const char *name; /* SAMPLE or SAMPLE/ACQUISITION; NULL: all */
    const char *from; /* a file or folder with originals or copies; NULL: none */
    int threads;      /* 0: as the bank says */
    bool dry, quiet;  /* dry: only say what would be done; quiet: only of what stays as it is */
} vl_heal;

typedef struct vl_healed {
    uint64_t stores, whole, healed, left; /* left: not whole in the end */
} vl_healed;

/* A line about each store that is not whole, on standard output. The caller has opened the catalogue to
 * write. */
vl_code vl_heal_run(const vl_heal *ask, vl_catalog *c, vl_healed *done, vl_err *err);

/* What a damaged store could be made from again, by its row: its originals, on standard error. */
void vl_heal_hint(vl_catalog *c, const char *sample, const char *file);

#endif
