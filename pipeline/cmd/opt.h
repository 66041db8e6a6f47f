/*
 * Options: each command is a table of options and a function; help is printed from the table.
 */
#ifndef VL_OPT_H
#define VL_OPT_H

#include "formats/option.h"

typedef struct vl_command {
    const char *name;
    const char *use;  /* "[-o STORE] FILE [FILE2]" */
    const char *what; /* one line */
    const char *more; /* paragraphs and examples for help; "" if none */
    int (*run)(const struct vl_command *me, int argc, char **argv); /* argv[0] is the command's name */
    void (*list)(void); /* prints what help takes from a table, between options and `more`; NULL: nothing */
} vl_command;

extern const vl_command *const vl_commands[]; /* ends with NULL; summaries of kinds are not among them */
/* Of all there are, summaries as well; NULL: there is none of that name. */
const vl_command *vl_command_find(const char *name);

/* Options that are not the command's own but a kind's or a format's: which of them an input or a store has is
 * found out later. A list ends with NULL. */
typedef struct vl_owner {
    const char *of; /* for help */
    const vl_opt *opt;
} vl_owner;

/* Sets what the options point to, and lists what was given of the owners' (both NULL: there are none). *rest:
 * number of the first argument that is no option (argv is reordered). Returns false after a message (exit
 * with *code), or after --help (exit with EX_OK). */
bool vl_opt_parse(const vl_command *me, const vl_opt *opt, const vl_owner *owner, vl_given *given, int argc,
                  char **argv, int *rest, int *code);

/* "vial: " and the error on standard error; its exit code. */
int vl_report(const vl_err *err);
/* Standard output to its end, and the exit code: one that did not get there is an error. */
int vl_finish(int code);
int vl_usage(const vl_command *me, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
