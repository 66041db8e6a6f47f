/*
 * Options: each command is a table of options and a function; help is printed from the table.
 */
#ifndef VL_OPT_H
#define VL_OPT_H

#include "formats/err.h"
#include <stdbool.h>

typedef enum vl_opt_kind {
    VL_OPT_FLAG,   /* bool */
    VL_OPT_TEXT,   /* const char * */
    VL_OPT_COUNT,  /* int, at least 1 */
    VL_OPT_BYTES,  /* uint64_t: 512M, 2G, 1000000 */
    VL_OPT_NUMBER, /* double */
} vl_opt_kind;

typedef struct vl_opt {
    char letter;      /* 0: none */
    const char *name; /* "" : none */
    vl_opt_kind kind;
    void *to;         /* NULL: recognised by another name */
    const char *word; /* of the argument: "FILE" */
    const char *help;
} vl_opt;

typedef struct vl_command {
    const char *name;
    const char *use;  /* "[-o STORE] FILE [FILE2]" */
    const char *what; /* one line */
    const char *more; /* paragraphs and examples for help; "" if none */
    int (*run)(const struct vl_command *me, int argc, char **argv); /* argv[0] is the command's name */
    void (*list)(void); /* prints what help takes from a table, between options and `more`; NULL: nothing */
} vl_command;

extern const vl_command *const vl_commands[]; /* ends with NULL */

/* Sets what the options point to. *rest: number of the first argument that is no option (argv is reordered).
 * Returns false after a message (exit with *code), or after --help (exit with EX_OK). */
bool vl_opt_parse(const vl_command *me, const vl_opt *opt, int argc, char **argv, int *rest, int *code);
void vl_opt_help(const vl_command *me, const vl_opt *opt);

/* "vial: " and the error on standard error; its exit code. */
int vl_report(const vl_err *err);
int vl_usage(const vl_command *me, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* "3-17", "5", "3-", "-17": inclusive bounds; missing ones become 0 and the largest number. */
bool vl_parse_range(const char *text, uint64_t *from, uint64_t *to);
bool vl_parse_interval(const char *text, double *from, double *to); /* missing: -inf, +inf */

#endif
