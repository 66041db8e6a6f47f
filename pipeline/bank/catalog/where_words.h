/*
 * The words of an expression of --where (where.c): names, literals, marks, keywords; and where a mistake is.
 */
#ifndef VL_WHERE_WORDS_H
#define VL_WHERE_WORDS_H

#include "formats/err.h"
#include <stdbool.h>

typedef enum vl_word_is {
    VL_WORD_END,
    VL_WORD_NAME,   /* rows, "of any letters", [of any letters] */
    VL_WORD_TEXT,   /* 'text' */
    VL_WORD_NUMBER, /* -1.5e3 */
    VL_WORD_MARK,   /* = <> ( , */
    VL_WORD_KEY     /* AND OR NOT LIKE IN IS NULL, in any case */
} vl_word_is;

typedef struct vl_word {
    vl_word_is is;
    const char *at; /* in the expression */
    size_t len;
    char *text; /* owned, may be taken; without quotes, keywords in capitals */
} vl_word;

typedef struct vl_words {
    const char *expr, *at; /* borrowed; at: behind the word */
    vl_word word;
    vl_err *err;
} vl_words;

/* Goes to the next word. VL_EARG when there is none in what follows. */
vl_code vl_words_next(vl_words *w);
bool vl_words_at(const vl_words *w, vl_word_is is, const char *text);
/* "expression, column 9: expected WHAT, found ..." */
vl_code vl_words_expected(vl_words *w, const char *what);
/* "expression, column 9: WHAT"; at: a place in the expression */
vl_code vl_words_wrong(vl_words *w, const char *at, const char *what);

#endif
