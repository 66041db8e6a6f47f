/* Commands that make stores anew, reseal, reindex and describe: files, or stores of a bank. */
#ifndef VL_RENEWING_H
#define VL_RENEWING_H

#include "pipeline/bank/renew.h"
#include "pipeline/cmd/opt.h"

typedef struct vl_renewing {
    const char *bank; /* NULL: VIAL_BANK for what is no file, or files */
    char **name;
    int n;
    vl_renew_how how;
    bool drop, quiet;
    int threads;
    /* One file that is of no bank. */
    vl_code (*file)(const struct vl_renewing *r, const char *store, vl_renewed *done, vl_err *err);
    void (*tell)(const char *name, const vl_renewed *done);
} vl_renewing;

/* The command whose words these are: its options, and each store in a process of its own (each.h). Exit code:
 * the worst. */
int vl_renew_command(const vl_command *me, vl_renewing *r, int argc, char **argv);
/* The same, once options are read. */
int vl_renew_each(vl_renewing *r);

#endif
