/*
 * Options that a kind or a format owns: a table that says each one's name, what it takes and where in a
 * struct its value goes. The command line reads them, help is printed from them, a store keeps those that
 * changed its bytes as text.
 */
#ifndef VL_OPTION_H
#define VL_OPTION_H

#include "formats/err.h"

#include <stdbool.h>

typedef enum vl_opt_kind {
    VL_OPT_FLAG,     /* bool */
    VL_OPT_TEXT,     /* const char *, borrowed */
    VL_OPT_COUNT,    /* int, at least 1 */
    VL_OPT_BYTES,    /* uint64_t: 512M, 2G, 1000000 */
    VL_OPT_WHOLE,    /* uint64_t */
    VL_OPT_NUMBER,   /* double */
    VL_OPT_ROWS,     /* uint64_t [2], both included: 0-9, 7, 5-, -3 */
    VL_OPT_INTERVAL, /* double [2], both included; missing ends are infinite */
    VL_OPT_LEAST,    /* double [2]: the least, or least and most: 20, 20-30 */
    VL_OPT_CHOICE,   /* int: number of the word among choices */
} vl_opt_kind;

typedef struct vl_opt {
    char letter;      /* 0: none */
    const char *name; /* "": none */
    vl_opt_kind kind;
    void *to;         /* where the value goes; NULL: at bytes behind the beginning of the owner's struct */
    const char *word; /* of the argument: "FILE"; NULL: a flag */
    const char *help; /* NULL: an option of before, which is taken, changes nothing and is noted nowhere */
    size_t at;
    const char *choices; /* of VL_OPT_CHOICE: words between blanks, the first is what holds when not asked */
} vl_opt;

/* What was given on a command line, or noted in a store: names and texts, of options that some owner
 * knows. */
enum { VL_MAX_GIVEN = 32, VL_OPTIONS = 256 }; /* options; bytes of all of them as text */
typedef struct vl_given {
    struct {
        const char *name, *text; /* borrowed; text of a flag: "" */
    } option[VL_MAX_GIVEN];
    int n;
} vl_given;
vl_code vl_given_add(vl_given *given, const char *name, const char *text, vl_err *err);
/* The text of the last of that name; NULL if there is none. */
const char *vl_given_find(const vl_given *given, const char *name);

/* "max=7 interleaved" into names and texts, which stay in `text`. */
vl_code vl_given_parse(vl_given *given, char *text, vl_err *err);
/* The other way: all that was given, between blanks. */
void vl_given_print(const vl_given *given, char *text, size_t n);

/* The option of that name in a table, which ends with a name and a letter of nothing; NULL if there is
 * none. */
const vl_opt *vl_opt_find(const vl_opt *table, const char *name);

/* Sets one value in the struct; false: the text is no good value for it. */
bool vl_opt_set(const vl_opt *opt, void *into, const char *text);

/* Sets all that were given; none may be of another table. VL_EARG names option, text and what is expected. */
vl_code vl_opt_set_all(const vl_opt *table, void *into, const vl_given *given, vl_err *err);

/* Every flag and choice of the table as text, given or not: "interleaved=no", between
 * blanks, in the order of the table. What a store keeps as its options. */
void vl_opt_print_all(const vl_opt *table, const void *into, char *text, size_t n);

/* "3-17", "5", "3-", "-17": inclusive bounds; missing ones become 0 and the largest number. */
bool vl_parse_range(const char *text, uint64_t *from, uint64_t *to);
bool vl_parse_interval(const char *text, double *from, double *to); /* missing: -inf, +inf */
bool vl_parse_least(const char *text, double *from, double *to);    /* "20", "20-30"; missing: +inf */

#endif
