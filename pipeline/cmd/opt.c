/* Options from a table, over getopt_long; help from the same table (opt.h). */
#include "pipeline/cmd/opt.h"
#include "pipeline/run/say.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

enum { MOST = 48, LONG_ONLY = 256 };

int vl_report(const vl_err *err)
{
    char line[640];
    vl_err_print(err, line, sizeof line);
    vl_say(stderr, "vial: %s", line);
    return vl_exit_code(err->code);
}

int vl_usage(const vl_command *me, const char *fmt, ...)
{
    char wrong[1024];
    va_list args;
    va_start(args, fmt);
    vsnprintf(wrong, sizeof wrong, fmt, args);
    va_end(args);
    vl_say(stderr, "vial %s: %s", me->name, wrong);
    fprintf(stderr, "usage: vial %s %s\n'vial help %s' says more.\n", me->name, me->use, me->name);
    return EX_USAGE;
}

void vl_opt_help(const vl_command *me, const vl_opt *opt)
{
    printf("vial %s: %s\n\nusage: vial %s %s\n\n", me->name, me->what, me->name, me->use);
    for (const vl_opt *o = opt; o->letter || o->name[0]; o++) {
        char left[48], letter[8] = "    ";
        if (o->letter) snprintf(letter, sizeof letter, o->name[0] ? "-%c, " : "-%c", o->letter);
        snprintf(left, sizeof left, "%s%s%s%s%s", letter, o->name[0] ? "--" : "", o->name, o->word ? " " : "",
                 o->word ? o->word : "");
        printf("  %-28s %s\n", left, o->help);
    }
    printf("  %-28s %s\n", "-h, --help", "this text");
    if (me->list) me->list();
    if (me->more[0]) printf("\n%s", me->more);
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

static bool set(const vl_opt *o, const char *text)
{
    char *end = NULL;
    switch (o->kind) {
    case VL_OPT_FLAG: *(bool *)o->to = true; return true;
    case VL_OPT_TEXT: *(const char **)o->to = text; return true;
    case VL_OPT_BYTES: return parse_bytes(text, o->to);
    case VL_OPT_NUMBER:
        *(double *)o->to = strtod(text, &end);
        return end != text && !*end && isfinite(*(double *)o->to);
    case VL_OPT_COUNT: {
        const long v = strtol(text, &end, 10);
        if (end == text || *end || v < 1 || v > 500) return false;
        *(int *)o->to = (int)v;
        return true;
    }
    }
    return false;
}

bool vl_opt_parse(const vl_command *me, const vl_opt *opt, int argc, char **argv, int *rest, int *code)
{
    struct option longs[MOST + 2] = { 0 };
    char letters[2 * MOST + 4] = ":h";
    int n = 0;
    for (const vl_opt *o = opt; o->letter || o->name[0]; o++, n++) {
        const int has = o->kind == VL_OPT_FLAG ? no_argument : required_argument;
        longs[n] = (struct option){ o->name[0] ? o->name : "\1", has, NULL, LONG_ONLY + n };
        if (!o->letter) continue;
        const size_t used = strlen(letters);
        snprintf(letters + used, sizeof letters - used, has ? "%c:" : "%c", o->letter);
    }
    longs[n] = (struct option){ "help", no_argument, NULL, 'h' };
    *code = EX_USAGE;
    optind = 0;
    opterr = 0;
    for (int c; (c = getopt_long(argc, argv, letters, longs, NULL)) != -1;) {
        if (c == 'h') {
            vl_opt_help(me, opt);
            *code = EX_OK;
            return false;
        }
        const vl_opt *o = c >= LONG_ONLY ? &opt[c - LONG_ONLY] : NULL;
        for (int i = 0; !o && i < n; i++)
            if (opt[i].letter && opt[i].letter == c) o = &opt[i];
        if (o && set(o, optarg)) continue;
        if (o)
            vl_usage(me, "'%s' is no good value for %s%s", optarg, o->name[0] ? "--" : "-",
                     o->name[0] ? o->name : (char[]){ o->letter, 0 });
        else if (c == ':') vl_usage(me, "'%s' needs an argument", argv[optind - 1]);
        else vl_usage(me, "unknown option '%s'", argv[optind - 1]);
        return false;
    }
    *rest = optind;
    *code = EX_OK;
    return true;
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
