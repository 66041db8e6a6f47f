/* Options of kinds and formats (option.h): texts to values, and values to text again. */
#include "formats/option.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

vl_code vl_given_add(vl_given *given, const char *name, const char *text, vl_err *err)
{
    if (given->n == VL_MAX_GIVEN) return vl_fail(err, VL_EARG, "more than %d options", VL_MAX_GIVEN);
    given->option[given->n].name = name;
    given->option[given->n++].text = text ? text : "";
    return VL_OK;
}

const char *vl_given_find(const vl_given *given, const char *name)
{
    for (int i = given->n; i--;)
        if (!strcmp(given->option[i].name, name)) return given->option[i].text;
    return NULL;
}

vl_code vl_given_parse(vl_given *given, char *text, vl_err *err)
{
    char *word;
    while ((word = strsep(&text, " "))) {
        char *const value = strchr(word, '=');
        if (value) *value = 0;
        if (*word && vl_given_add(given, word, value ? value + 1 : "", err)) return err->code;
    }
    return VL_OK;
}

void vl_given_print(const vl_given *given, char *text, size_t n)
{
    size_t used = 0;
    text[0] = 0;
    for (int i = 0; i < given->n && used < n; i++)
        used += (size_t)snprintf(text + used, n - used, "%s%s%s%s", used ? " " : "", given->option[i].name,
                                 *given->option[i].text ? "=" : "", given->option[i].text);
}

const vl_opt *vl_opt_find(const vl_opt *table, const char *name)
{
    for (const vl_opt *o = table; o && (o->letter || o->name[0]); o++)
        if (!strcmp(o->name, name)) return o;
    return NULL;
}

static bool parse_bytes(const char *text, uint64_t *out)
{
    char *end = NULL;
    errno = 0;
    const double v = strtod(text, &end);
    if (end == text || errno || !(v > 0)) return false;
    double unit = 1;
    switch (*end) {
    case 'k':
    case 'K':
        unit = 1 << 10;
        end++;
        break;
    case 'm':
    case 'M':
        unit = 1 << 20;
        end++;
        break;
    case 'g':
    case 'G':
        unit = 1 << 30;
        end++;
        break;
    case 't':
    case 'T':
        unit = 1ull << 40;
        end++;
        break;
    default: break;
    }
    if (*end == 'i') end++;
    if (*end == 'B' || *end == 'b') end++;
    if (*end || v * unit >= 9e18) return false;
    *out = (uint64_t)(v * unit);
    return true;
}

static bool parse_whole(const char *text, uint64_t *out)
{
    uint64_t last = 0;
    return !strchr(text, '-') && vl_parse_range(text, out, &last);
}

static bool parse_count(const char *text, int *out)
{
    char *end = NULL;
    const long v = strtol(text, &end, 10);
    if (end == text || *end || v < 1 || v > 500) return false;
    *out = (int)v;
    return true;
}

static bool parse_number(const char *text, double *out)
{
    char *end = NULL;
    *out = strtod(text, &end);
    return end != text && !*end && isfinite(*out);
}

/* The word of this number among words between blanks; *n its letters, 0 if there is none. */
static const char *choice(const char *words, int number, size_t *n)
{
    for (; number && *words; number--) {
        words += strcspn(words, " ");
        words += *words == ' ';
    }
    *n = strcspn(words, " ");
    return words;
}

static bool parse_choice(const char *words, const char *text, int *out)
{
    size_t n;
    for (int i = 0;; i++) {
        const char *const word = choice(words, i, &n);
        if (!n) return false;
        if (n != strlen(text) || strncmp(word, text, n)) continue;
        *out = i;
        return true;
    }
}

static void *place(const vl_opt *o, const void *into)
{
    return o->to ? o->to : (char *)(uintptr_t)into + o->at;
}

bool vl_opt_set(const vl_opt *o, void *into, const char *text)
{
    void *const to = place(o, into);
    switch (o->kind) {
    case VL_OPT_FLAG: *(bool *)to = strcmp(text, "no") != 0; return true;
    case VL_OPT_TEXT: *(const char **)to = text; return true;
    case VL_OPT_BYTES: return parse_bytes(text, to);
    case VL_OPT_WHOLE: return parse_whole(text, to);
    case VL_OPT_NUMBER: return parse_number(text, to);
    case VL_OPT_COUNT: return parse_count(text, to);
    case VL_OPT_ROWS: return vl_parse_range(text, to, (uint64_t *)to + 1);
    case VL_OPT_INTERVAL: return vl_parse_interval(text, to, (double *)to + 1);
    case VL_OPT_LEAST: return vl_parse_least(text, to, (double *)to + 1);
    case VL_OPT_CHOICE: return parse_choice(o->choices, text, to);
    }
    return false;
}

vl_code vl_opt_set_all(const vl_opt *table, void *into, const vl_given *given, vl_err *err)
{
    static const char *const expected[] = {
        [VL_OPT_BYTES] = "a size: 512M, 2G",
        [VL_OPT_WHOLE] = "a whole number",
        [VL_OPT_NUMBER] = "a number",
        [VL_OPT_COUNT] = "a number from 1 on",
        [VL_OPT_ROWS] = "a range: 0-9, 7, 5-",
        [VL_OPT_INTERVAL] = "a range: 60-120.5, 60-",
        [VL_OPT_LEAST] = "a number or a range: 20, 20-30",
    };
    for (int i = 0; i < given->n; i++) {
        const char *const name = given->option[i].name, *const text = given->option[i].text;
        const vl_opt *const o = vl_opt_find(table, name);
        if (!o) return vl_fail(err, VL_EARG, "--%s does not belong here", name);
        if (vl_opt_set(o, into, text)) continue;
        return vl_fail(err, VL_EARG, "--%s: '%.60s' is not %s%s", name, text,
                       o->kind == VL_OPT_CHOICE ? "among: " : "",
                       o->kind == VL_OPT_CHOICE ? o->choices : expected[o->kind]);
    }
    return VL_OK;
}

void vl_opt_print_all(const vl_opt *table, const void *into, char *text, size_t n)
{
    size_t used = 0;
    text[0] = 0;
    for (const vl_opt *o = table; o && (o->letter || o->name[0]) && used < n; o++) {
        size_t len = 0;
        const char *word = "";
        if (!o->help) continue;
        if (o->kind == VL_OPT_FLAG) word = *(bool *)place(o, into) ? "yes" : "no", len = strlen(word);
        else if (o->kind == VL_OPT_CHOICE) word = choice(o->choices, *(int *)place(o, into), &len);
        else continue;
        used +=
            (size_t)snprintf(text + used, n - used, "%s%s=%.*s", used ? " " : "", o->name, (int)len, word);
    }
}

bool vl_parse_range(const char *text, uint64_t *from, uint64_t *to)
{
    char *end = NULL;
    *from = 0;
    *to = UINT64_MAX;
    if (!*text || strspn(text, "0123456789-") != strlen(text)) return false;
    if (*text != '-') {
        *to = *from = strtoull(text, &end, 10);
        if (!*end) return true;
        text = end;
    }
    if (*text++ != '-') return false;
    *to = UINT64_MAX;
    if (!*text) return true;
    *to = strtoull(text, &end, 10);
    return end != text && !*end && *from <= *to;
}

bool vl_parse_interval(const char *text, double *from, double *to)
{
    char *end = NULL;
    *from = -INFINITY;
    *to = INFINITY;
    if (*text != '-') {
        *from = strtod(text, &end);
        if (end == text) return false;
        text = end;
    }
    if (*text++ != '-') return false;
    if (!*text) return true;
    *to = strtod(text, &end);
    return end != text && !*end && *from <= *to;
}

bool vl_parse_least(const char *text, double *from, double *to)
{
    char *end = NULL;
    *from = strtod(text, &end);
    *to = INFINITY;
    if (end == text || !isfinite(*from)) return false;
    return !*end || (*end == '-' && vl_parse_interval(text, from, to));
}
