/*
 * An expression of --where, word by word (where_words.h). Names are letters, digits, '_', '.', '-' and all
 * that is not ASCII, and start with no digit; in quotes they may have any letters. In '...' and "..." a
 * doubled quote is one, in [...] brackets come in pairs.
 */
#include "pipeline/bank/catalog/where_words.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- errors ---- */

/* The column of a place in the expression, in letters from 1. */
static size_t column_of(const vl_words *w, const char *at)
{
    size_t n = 1;
    for (const char *c = w->expr; c < at; c++) n += ((unsigned char)*c & 0xc0) != 0x80;
    return n;
}

vl_code vl_words_expected(vl_words *w, const char *what)
{
    const vl_word *const t = &w->word;
    if (t->is == VL_WORD_END)
        return vl_fail(w->err, VL_EARG, "expression, column %zu: expected %s, found the end",
                       column_of(w, t->at), what);
    return vl_fail(w->err, VL_EARG, "expression, column %zu: expected %s, found %.*s", column_of(w, t->at),
                   what, t->len < 40 ? (int)t->len : 40, t->at);
}

vl_code vl_words_wrong(vl_words *w, const char *at, const char *what)
{
    return vl_fail(w->err, VL_EARG, "expression, column %zu: %s", column_of(w, at), what);
}

/* ---- tokens ---- */

static bool starts_name(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 128;
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool in_name(unsigned char c) { return starts_name(c) || is_digit((char)c) || c == '.' || c == '-'; }

/* What stands between quotes; a doubled quote is one. Brackets may hold brackets: [characteristics[sex]]. */
static vl_code take_quoted(vl_words *w, vl_word_is is, char close)
{
    const char *c = w->at + 1;
    char *to = w->word.text = malloc(strlen(c) + 1);
    if (!to) return vl_fail(w->err, VL_ENOMEM, "no memory for the expression");
    for (int open = 1; *c; *to++ = *c++) {
        open += close == ']' && *c == '[';
        if (*c != close) continue;
        if (close == ']' ? !--open : c[1] != close) break;
        c += close != ']';
    }
    *to = 0;
    if (!*c)
        return vl_words_wrong(
            w, w->at, is == VL_WORD_TEXT ? "the text has no closing '" : "the name has no closing quote");
    if (is == VL_WORD_NAME && to == w->word.text) return vl_words_wrong(w, w->at, "an empty name");
    w->word.is = is;
    w->at = c + 1;
    return VL_OK;
}

static vl_code take(vl_words *w, vl_word_is is, size_t n)
{
    w->word.is = is;
    w->word.text = strndup(w->at, n);
    w->at += n;
    return w->word.text ? VL_OK : vl_fail(w->err, VL_ENOMEM, "no memory for the expression");
}

static vl_code take_number(vl_words *w)
{
    char *end = NULL;
    const size_t n = strspn(w->at, "+-.0123456789eE");
    char *const text = strndup(w->at, n);
    if (!text) return vl_fail(w->err, VL_ENOMEM, "no memory for the expression");
    const double v = strtod(text, &end);
    const bool good = end == text + n && isfinite(v) && !in_name((unsigned char)w->at[n]);
    free(text);
    return good ? take(w, VL_WORD_NUMBER, n)
                : vl_words_wrong(w, w->at, "not a number (text is written 'in quotes')");
}

static vl_code take_word(vl_words *w)
{
    static const char *const words[] = { "AND", "OR", "NOT", "LIKE", "IN", "IS", "NULL" };
    size_t n = 0;
    while (in_name((unsigned char)w->at[n])) n++;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strlen(words[i]) != n || strncasecmp(words[i], w->at, n)) continue;
        if (take(w, VL_WORD_KEY, n)) return w->err->code;
        strcpy(w->word.text, words[i]);
        return VL_OK;
    }
    return take(w, VL_WORD_NAME, n);
}

vl_code vl_words_next(vl_words *w)
{
    free(w->word.text);
    w->at += strspn(w->at, " \t\r\n");
    w->word = (vl_word){ .is = VL_WORD_END, .at = w->at };
    const char c = *w->at, after = c ? w->at[1] : 0;
    if (!c) return VL_OK;
    if (c == '\'') take_quoted(w, VL_WORD_TEXT, '\'');
    else if (c == '"') take_quoted(w, VL_WORD_NAME, '"');
    else if (c == '[') take_quoted(w, VL_WORD_NAME, ']');
    else if (is_digit(c) || ((c == '-' || c == '+' || c == '.') && (is_digit(after) || after == '.')))
        take_number(w);
    else if (starts_name((unsigned char)c)) take_word(w);
    else if (strchr("<>!", c) && (after == '=' || (c == '<' && after == '>'))) take(w, VL_WORD_MARK, 2);
    else if (strchr("=<>(),", c)) take(w, VL_WORD_MARK, 1);
    else vl_words_wrong(w, w->at, "this letter has no meaning here");
    w->word.len = (size_t)(w->at - w->word.at);
    return w->err->code;
}

bool vl_words_at(const vl_words *w, vl_word_is is, const char *text)
{
    return w->word.is == is && !strcmp(w->word.text, text);
}
