/* What `vial export` does with one store (cmd_export.c), and with all that a bank has of an expression
 * (export_where.c). */
#ifndef VL_EXPORTING_H
#define VL_EXPORTING_H

#include "pipeline/out/export.h"

/* Exports, says what is wrong, or what was given instead of the original; tell: also what came of it. An exit
 * code. */
int vl_export_one(const vl_export *ask, bool tell);

typedef struct vl_export_where {
    const char *bank;   /* NULL: VIAL_BANK */
    const char *expr;   /* of vial ls --where */
    const char *folder; /* made if it is missing */
    bool dry, quiet;    /* dry: only lists */
    vl_export how;      /* all else */
} vl_export_where;

/* An exit code: the worst of all stores. */
int vl_export_all(const vl_export_where *ask);

#endif
