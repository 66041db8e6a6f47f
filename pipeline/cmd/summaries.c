/* Commands that are summaries (summaries.h): one for each name that some kind has. */
#include "pipeline/cmd/summaries.h"

#include "pipeline/cmd/into_bank.h"
#include "pipeline/out/summary.h"
#include "pipeline/run/run.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

enum { MOST = 16 };

/* An option of the command's own, without its letter where the summary has that one. */
static vl_opt own(const vl_opt *theirs, vl_opt opt)
{
    for (; theirs->letter || theirs->name[0]; theirs++)
        if (theirs->letter == opt.letter) opt.letter = 0;
    return opt;
}

static int run(const vl_command *me, int argc, char **argv)
{
    vl_given given = { .n = 0 };
    vl_summary_ask ask = { .out = "-", .given = &given };
    vl_owner owners[MOST + 1] = { { NULL, NULL } };
    char path[VL_BANK_PATH];
    const char *bank = NULL;
    const char *argument = NULL;
    int rest = 0, code = 0, n = 0;
    vl_err err = VL_ERR_INIT;
    for (int i = 0; vl_kinds[i] && n < MOST; i++) {
        const vl_summary *const s = vl_summary_find(vl_kinds[i], me->name);
        if (s) owners[n++] = (vl_owner){ vl_kinds[i]->rows, s->option };
        if (s && s->argument) argument = s->argument;
    }
    const vl_opt *const theirs = owners[0].opt;
    const vl_opt opt[] = {
        own(theirs, (vl_opt){ 'o', "output", VL_OPT_TEXT, &ask.out, "FILE", "default: standard output" }),
        own(theirs, (vl_opt){ 0, "force", VL_OPT_FLAG, &ask.force, NULL, "replace FILE if it exists" }),
        own(theirs, (vl_opt){ 'b', "bank", VL_OPT_TEXT, &bank, "BANK",
                              "STORE is SAMPLE or SAMPLE/ACQUISITION of this bank" }),
        own(theirs,
            (vl_opt){ '@', "threads", VL_OPT_COUNT, &ask.threads, "N", "threads; default: all cores" }),
        { .name = "" },
    };
    if (!vl_opt_parse(me, opt, owners, &given, argc, argv, &rest, &code)) return code;
    if (argc == rest) return vl_usage(me, "no store");
    if (argc - rest > (argument ? 2 : 1))
        return vl_usage(me, argument ? "one store and one %s at a time" : "one store at a time", argument);
    ask.argument = argc - rest > 1 ? argv[rest + 1] : NULL;
    if (vl_name_store(bank, argv[rest], path, &err)) return vl_report(&err);
    if (strcmp(ask.out, "-") && vl_same_file(ask.out, path))
        return vl_usage(me, "%s is the store itself, it cannot be the output as well", ask.out);
    ask.store = path;
    if (!ask.threads) ask.threads = vl_cores();
    return vl_summary_run(me->name, &ask, &err) ? vl_report(&err) : EX_OK;
}

const vl_command *vl_summary_commands(void)
{
    static vl_command list[MOST + 1];
    static char usage[MOST][48];
    int n = 0;
    if (list[0].name) return list;
    for (int i = 0; vl_kinds[i]; i++)
        for (int k = 0; vl_kinds[i]->summary && vl_kinds[i]->summary[k] && n < MOST; k++) {
            const vl_summary *const s = vl_kinds[i]->summary[k];
            bool there = false;
            for (int m = 0; m < n; m++) there |= !strcmp(list[m].name, s->name);
            snprintf(usage[n], sizeof usage[n], "[options] STORE%s%s", s->argument ? " " : "",
                     s->argument ? s->argument : "");
            if (!there) list[n] = (vl_command){ s->name, usage[n], s->doc, s->more, run, NULL };
            n += !there;
        }
    return list;
}
