/*
 * What the cells of a sheet may hold: vocabularies, dates, ages, ids, and how spreadsheets damage them.
 *
 * Pure questions about texts. What is wrong is given as the rest of a sentence that starts with the value.
 * Vocabularies: MIABIS Core 3 (Sample and Sample donor 1.1); dates: ISO 8601.
 */
#ifndef VL_SHEET_VALUE_H
#define VL_SHEET_VALUE_H

#include "formats/nearest.h"

#include <stdbool.h>
#include <stddef.h>

enum { VL_NO_WORD = -1, VL_SHEET_LAST_YES = 2 };

/* A list of words, '|' between them. */
typedef struct vl_word_list {
    const char *of; /* "a MIABIS sample type" */
    const char *list;
    bool loose; /* blanks and degree signs do not count */
} vl_word_list;

extern const vl_word_list vl_words_profiles, vl_words_yes_no, vl_words_sexes, vl_words_sources,
    vl_words_units, vl_words_temperatures, vl_words_types;
extern const unsigned vl_words_unit_most[]; /* the highest age in each of units */

/* Lower case; loose: without blanks and degree signs. What does not fit is cut off. */
void vl_word_fold(const char *text, size_t len, bool loose, char folded[VL_WORD]);
/* Number of the word that text is, and how the list writes it; NO_WORD if it is none. In yes_no, numbers up
 * to LAST_YES say yes. */
int vl_word_find(const vl_word_list *w, const char *text, char word[VL_WORD]);
/* "one of: a, b, c" of a short list; "nearest: a, b, c" of a long one. */
void vl_word_suggest(const vl_word_list *w, const char *text, char list[320]);

/* The word of that list for a sex as others write it: male, M, XY and 1 (as in a PED file); female, F, XX and
 * 2; NA and 0 for one that is not known. Other texts stay. */
const char *vl_value_sex(const char *text);
/* What is wrong with a date of ISO 8601 (a year, a month, a day, a point of time), an age, an id. NULL:
 * nothing. */
const char *vl_value_bad_date(const char *text);
const char *vl_value_bad_number(const char *text);
const char *vl_value_bad_id(const char *text);
/* True when the cell holds the error of a formula. */
bool vl_value_is_formula_error(const char *text);

#endif
