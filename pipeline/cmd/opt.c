/* Options from a table, over getopt_long; help from the same table (opt.h). */
#include "pipeline/cmd/opt.h"
#include "formats/nearest.h"
#include "pipeline/run/guard.h"
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
    if (err->code == VL_ECLOSED) vl_end_by_pipe();
    vl_say_error(err);
    return vl_exit_code(err->code);
}

int vl_finish(int code)
{
    if (!fflush(stdout) && !ferror(stdout)) return code;
    if (errno == EPIPE) vl_end_by_pipe();
    if (!code) vl_say(stderr, "vial: standard output: cannot write: %s", strerror(errno));
    return code ? code : EX_IOERR;
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

static void help_lines(const vl_opt *opt)
{
    for (const vl_opt *o = opt; o && (o->letter || o->name[0]); o++) {
        char left[48], letter[8] = "    ";
        if (!o->help) continue;
        if (o->letter) snprintf(letter, sizeof letter, o->name[0] ? "-%c, " : "-%c", o->letter);
        snprintf(left, sizeof left, "%s%s%s%s%s", letter, o->name[0] ? "--" : "", o->name, o->word ? " " : "",
                 o->word ? o->word : "");
        printf("  %-28s %s\n", left, o->help);
    }
}

static bool has_help(const vl_opt *opt)
{
    for (; opt && (opt->letter || opt->name[0]); opt++)
        if (opt->help) return true;
    return false;
}

static void help(const vl_command *me, const vl_opt *opt, const vl_owner *owner)
{
    printf("vial %s: %s\n\nusage: vial %s %s\n\n", me->name, me->what, me->name, me->use);
    help_lines(opt);
    printf("  %-28s %s\n", "-h, --help", "this text");
    for (const vl_owner *w = owner; w && w->of; w++) {
        if (!has_help(w->opt)) continue;
        printf("\n%s:\n", w->of);
        help_lines(w->opt);
    }
    if (me->list) me->list();
    if (me->more[0]) printf("\n%s", me->more);
}

/* All options as getopt wants them, and whose they are. */
typedef struct table {
    struct option longs[MOST + 2];
    char letters[2 * MOST + 4];
    const vl_opt *opt[MOST];
    bool owned[MOST]; /* a kind's or a format's */
    int n;
} table;

static void add(table *t, const vl_opt *o, bool owned)
{
    const int has = o->kind == VL_OPT_FLAG ? no_argument : required_argument;
    if (t->n == MOST) abort(); /* a table of ours is too long */
    t->longs[t->n] = (struct option){ o->name[0] ? o->name : "\1", has, NULL, LONG_ONLY + t->n };
    t->opt[t->n] = o;
    t->owned[t->n++] = owned;
    const size_t used = strlen(t->letters);
    if (o->letter) snprintf(t->letters + used, sizeof t->letters - used, has ? "%c:" : "%c", o->letter);
}

/* One name may have several owners; it is read once, and belongs to whom the input or the store belongs
 * to. */
static void fill(table *t, const vl_opt *opt, const vl_owner *owner)
{
    *t = (table){ .letters = ":h" };
    for (const vl_opt *o = opt; o->letter || o->name[0]; o++) add(t, o, false);
    for (const vl_owner *w = owner; w && w->of; w++) {
        for (const vl_opt *o = w->opt; o && (o->letter || o->name[0]); o++) {
            bool there = false;
            for (int i = 0; i < t->n; i++) there |= !strcmp(t->opt[i]->name, o->name);
            if (!there) add(t, o, true);
        }
    }
    t->longs[t->n] = (struct option){ "help", no_argument, NULL, 'h' };
}

static int find(const table *t, int c)
{
    if (c >= LONG_ONLY) return c - LONG_ONLY;
    for (int i = 0; i < t->n; i++)
        if (t->opt[i]->letter && t->opt[i]->letter == c) return i;
    return -1;
}

/* An option that nobody has: which was meant? */
static void unknown(const vl_command *me, const table *t, const char *option)
{
    char word[VL_WORD], meant[2 * VL_WORD];
    snprintf(word, sizeof word, "%.*s", (int)strcspn(option, "="), option);
    vl_nearest near = vl_nearest_to(word + strspn(word, "-"));
    for (int i = 0; i < t->n && !strncmp(option, "--", 2); i++) vl_nearest_try(&near, t->opt[i]->name);
    vl_usage(me, "unknown option '%s'%s", option, vl_nearest_text(&near, "--", meant));
}

/* One option that getopt found. False after a message. */
static bool take(const vl_command *me, const table *t, int c, char **argv, vl_given *given)
{
    const int i = find(t, c);
    vl_err err = VL_ERR_INIT;
    if (c == ':') return vl_usage(me, "'%s' needs an argument", argv[optind - 1]), false;
    if (i < 0) return unknown(me, t, argv[optind - 1]), false;
    const vl_opt *const o = t->opt[i];
    if (t->owned[i]) {
        if (!vl_given_add(given, o->name, optarg, &err)) return true;
        return vl_usage(me, "%s", err.what), false;
    }
    if (vl_opt_set(o, NULL, optarg ? optarg : "")) return true;
    return vl_usage(me, "'%s' is no good value for %s%s", optarg, o->name[0] ? "--" : "-",
                    o->name[0] ? o->name : (char[]){ o->letter, 0 }),
           false;
}

bool vl_opt_parse(const vl_command *me, const vl_opt *opt, const vl_owner *owner, vl_given *given, int argc,
                  char **argv, int *rest, int *code)
{
    table t;
    fill(&t, opt, owner);
    *code = EX_USAGE;
    optind = 0;
    opterr = 0;
    for (int c; (c = getopt_long(argc, argv, t.letters, t.longs, NULL)) != -1;) {
        if (c == 'h') {
            help(me, opt, owner);
            *code = EX_OK;
            return false;
        }
        if (!take(me, &t, c, argv, given)) return false;
    }
    *rest = optind;
    *code = EX_OK;
    return true;
}
