/*
 * Reads by patterns: POSIX extended regular expressions over names and comments, IUPAC motifs over bases.
 *
 * The time must be one of the text's length, whatever the expression. The C library's matcher is that as long
 * as it needs not remember (no back-references), does not unroll much (few repeats by count), and begins at
 * one place only: it tries each place of a text in turn, which is quick in a short one; a long one is matched
 * from its beginning, by ".*" in front. An expression that was compiled lets one thread in at a time, so each
 * batch compiles its own.
 */
#include "pipeline/reads/reads_view.h"

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHORT = 1024, REPEATS = 1000, LONGEST = 1000 };

/* ---- expressions ---- */

/* Behind a bracket expression that begins here, or at the end of the text. */
static const char *skip_bracket(const char *p)
{
    p += p[1] == '^' ? 2 : 1;
    if (*p == ']') p++;
    while (*p && *p != ']') {
        if (*p == '[' && (p[1] == ':' || p[1] == '.' || p[1] == '=')) {
            const char end[3] = { p[1], ']', 0 }, *const close = strstr(p + 2, end);
            p = close ? close + 2 : p + strlen(p);
        } else p++;
    }
    return *p ? p + 1 : p;
}

/* The most repeats that "{3}", "{3,}" or "{3,5}" asks for. */
static unsigned long repeats(const char *p)
{
    char *end = NULL;
    const unsigned long least = strtoul(p + 1, &end, 10), most = *end == ',' ? strtoul(end + 1, NULL, 10) : 0;
    return most > least ? most : least;
}

/* What the C library would take, and should not here. */
static vl_code check_regex(const char *option, const char *text, vl_err *err)
{
    unsigned long times = 1;
    int depth = 0;
    if (!*text) return vl_fail(err, VL_EARG, "--%s is empty", option);
    if (strlen(text) > LONGEST)
        return vl_fail(err, VL_EARG, "--%s has %zu letters, %d are taken at most", option, strlen(text),
                       LONGEST);
    for (const char *p = text; *p;) {
        if (*p == '[') {
            p = skip_bracket(p);
            continue;
        }
        if (*p == '\\' && p[1] >= '1' && p[1] <= '9')
            return vl_fail(err, VL_EARG, "--%s: \\%c refers back, which no expression may here", option,
                           p[1]);
        if (*p == '\\' && p[1]) p++;
        else if (*p == '(') depth++;
        else if (*p == ')' && !depth--)
            return vl_fail(err, VL_EARG, "--%s: '%.60s' has a ) without a (", option, text);
        else if (*p == '{') {
            const unsigned long n = repeats(p);
            if (n > REPEATS || (n && (times *= n) > REPEATS))
                return vl_fail(err, VL_EARG, "--%s: '%.60s' asks for more than %d repeats", option, text,
                               REPEATS);
        }
        p++;
    }
    return VL_OK;
}

static vl_code compile(regex_t *expr, const char *option, const char *text, vl_err *err)
{
    char what[80];
    const int code = regcomp(expr, text, REG_EXTENDED | REG_NOSUB);
    if (!code) return VL_OK;
    regerror(code, expr, what, sizeof what);
    return vl_fail(err, code == REG_ESPACE ? VL_ENOMEM : VL_EARG, "--%s: '%.60s': %.80s", option, text, what);
}

/* An expression for short texts, and the same for long ones: made when the first comes. */
typedef struct pattern {
    const char *option, *text;
    regex_t brief, lengthy;
    bool long_made;
} pattern;

static vl_code open_pattern(pattern *p, const char *option, const char *text, vl_err *err)
{
    *p = (pattern){ .option = option, .text = text };
    return compile(&p->brief, option, text, err);
}

static vl_code open_lengthy(pattern *p, vl_err *err)
{
    const size_t room = strlen(p->text) + 8;
    char *const text = malloc(room);
    if (!text) return vl_fail(err, VL_ENOMEM, "no memory for an expression");
    snprintf(text, room, "^.*(%s)", p->text);
    p->long_made = !compile(&p->lengthy, p->option, text, err);
    free(text);
    return err->code;
}

static vl_code match(pattern *p, vl_cell s, bool *matches, vl_err *err)
{
    regmatch_t at = { 0, (regoff_t)s.n };
    if (s.n > INT32_MAX) return vl_fail(err, VL_EUNSUP, "--%s: a text of %zu bytes", p->option, s.n);
    if (s.n > SHORT && !p->long_made && open_lengthy(p, err)) return err->code;
    const int code =
        regexec(s.n > SHORT ? &p->lengthy : &p->brief, s.n ? (const char *)s.at : "", 1, &at, REG_STARTEND);
    *matches = !code;
    return code == REG_ESPACE ? vl_fail(err, VL_ENOMEM, "--%s: no memory to match", p->option) : VL_OK;
}

static void close_pattern(pattern *p)
{
    regfree(&p->brief);
    if (p->long_made) regfree(&p->lengthy);
}

/* Rows of a column that match: `each` of them stand for a row that is walked, and all of `bits` are found by
 * one. */
static vl_code match_rows(const char *option, const char *text, const vl_column *col, size_t nrow,
                          size_t each, uint8_t bits, uint8_t *what, vl_err *err)
{
    pattern p;
    if (open_pattern(&p, option, text, err)) return err->code;
    for (size_t row = 0; row < nrow; row++) {
        bool matches = false;
        if (match(&p, vl_row(col, row), &matches, err)) break;
        if (matches) what[row / each] |= (uint8_t)(bits << row % each);
    }
    close_pattern(&p);
    return err->code;
}

bool vl_reads_asks_name_regex(const vl_viewer *v) { return vl_reads_asked_of(v)->name_regex; }
bool vl_reads_asks_comment_regex(const vl_viewer *v) { return vl_reads_asked_of(v)->comment_regex; }

vl_code vl_reads_name_matches(const void *viewer, const vl_batch *b, size_t n, uint8_t *what, vl_err *err)
{
    const vl_viewer *const v = viewer;
    return match_rows("name-regex", vl_reads_asked_of(v)->name_regex, &b->col[VL_RD_NAME], n, 1,
                      vl_reads_how(v)->paired ? 3 : 1, what, err);
}

vl_code vl_reads_comment_matches(const void *viewer, const vl_batch *b, size_t n, uint8_t *what, vl_err *err)
{
    const vl_viewer *const v = viewer;
    const size_t step = vl_reads_step(v);
    return match_rows("comment-regex", vl_reads_asked_of(v)->comment_regex, &b->col[VL_RD_COMMENT], n * step,
                      step, 1, what, err);
}

/* ---- motifs ---- */

/* Which of A, C, G and T a letter stands for (IUPAC), as bits; 0: none. */
static unsigned bases_of(uint8_t letter)
{
    static const char letters[] = "ACMGRSVTWYHKDBN"; /* the one at i stands for the bits of i + 1 */
    const uint8_t upper = (uint8_t)(letter & ~0x20);
    const char *const at = upper ? strchr(letters, upper == 'U' ? 'T' : upper) : NULL;
    return at ? (unsigned)(at - letters) + 1 : 0;
}

bool vl_reads_asks_motif(const vl_viewer *v) { return vl_reads_asked_of(v)->motif; }

/* A letter of a read fits a place when all that it may be is among what the motif has there. */
static vl_code open_motif(vl_reads_own *o, const char *motif, vl_err *err)
{
    const size_t n = strlen(motif);
    if (!n || n > 64) return vl_fail(err, VL_EARG, "--motif has %zu letters, 1 to 64 are taken", n);
    for (size_t k = 0; k < n; k++) {
        const unsigned bases = bases_of((uint8_t)motif[k]);
        if (!bases) return vl_fail(err, VL_EARG, "--motif: '%.64s' has a letter that is no base", motif);
        for (int c = 'A'; c <= 'z'; c++) {
            const unsigned is = bases_of((uint8_t)c);
            if (is && !(is & ~bases)) o->letter[c] |= 1ull << k;
        }
    }
    return VL_OK;
}

/* Bit k of the state: the letters up to here are the first k + 1 of the motif. */
static bool has_motif(const uint64_t letter[256], uint64_t last, vl_cell s)
{
    uint64_t state = 0;
    for (size_t k = 0; k < s.n; k++) {
        state = (state << 1 | 1) & letter[s.at[k]];
        if (state & last) return true;
    }
    return false;
}

vl_code vl_reads_has_motif(const void *viewer, const vl_batch *b, size_t n, uint8_t *what, vl_err *err)
{
    const vl_viewer *const v = viewer;
    const vl_reads_own *const o = v->own;
    const size_t step = vl_reads_step(v);
    const uint64_t last = 1ull << (strlen(vl_reads_asked_of(v)->motif) - 1);
    (void)err;
    for (size_t row = 0; row < n * step; row++)
        what[row / step] |=
            (uint8_t)(has_motif(o->letter, last, vl_row(&b->col[VL_RD_BASE], row)) << row % step);
    return VL_OK;
}

/* ---- what is asked ---- */

static vl_code try_regex(const char *option, const char *text, vl_err *err)
{
    pattern p;
    if (!text || check_regex(option, text, err) || open_pattern(&p, option, text, err)) return err->code;
    close_pattern(&p);
    return VL_OK;
}

vl_code vl_reads_check_patterns(vl_viewer *v, vl_err *err)
{
    const vl_reads_asked *const ask = v->asked;
    if (try_regex("name-regex", ask->name_regex, err) || try_regex("comment-regex", ask->comment_regex, err))
        return err->code;
    return ask->motif ? open_motif(v->own, ask->motif, err) : VL_OK;
}
