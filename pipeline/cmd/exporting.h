/* What `vial export` and `vial split` do with one store (cmd_export.c), and export with all that a bank has
 * of an expression (export_where.c). */
#ifndef VL_EXPORTING_H
#define VL_EXPORTING_H

#include "formats/err.h"
#include "pipeline/out/export.h"

/* Exports, says what is wrong, or what was given instead of the original; tell: also what came of it. An exit
 * code. */
int vl_export_one(const vl_export *ask, bool tell);

/* The folders above a file, as far as they are missing. */
vl_code vl_make_folders(char *path, vl_err *err);

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
