/* vial nightly: what cron calls. */
#include "pipeline/bank/nightly.h"
#include "pipeline/cmd/opt.h"

#include <string.h>
#include <sysexits.h>
#include <unistd.h>

static int run(const vl_command *me, int argc, char **argv)
{
    const char *path = NULL, *progress = "auto";
    bool verbose = false;
    int rest = 0, code = 0;
    vl_bank bank = { 0 };
    vl_nightly ask = { .bank = &bank };
    vl_err err = VL_ERR_INIT;
    const vl_opt opt[] = {
        { 'b', "bank", VL_OPT_TEXT, &path, "BANK", "the bank; else that of the environment VIAL_BANK" },
        { 'n', "dry-run", VL_OPT_FLAG, &ask.dry, NULL, "say what would be done, and do nothing" },
        { '@', "threads", VL_OPT_COUNT, &ask.threads, "N", "threads; default: bank.ini" },
        { 'j', "jobs", VL_OPT_COUNT, &ask.jobs, "N", "items at once; default: bank.ini" },
        { 'v', "verbose", VL_OPT_FLAG, &verbose, NULL, "progress and a summary also when all went well" },
        { 0, "progress", VL_OPT_TEXT, &progress, "HOW", "auto (default), json or off" },
        { 0, "", VL_OPT_FLAG, NULL, NULL, NULL },
    };
    if (!vl_opt_parse(me, opt, NULL, NULL, argc, argv, &rest, &code)) return code;
    if (rest < argc) return vl_usage(me, "'%s' is too much", argv[rest]);
    ask.progress = !strcmp(progress, "json")  ? VL_PROGRESS_JSON
                   : !strcmp(progress, "off") ? VL_PROGRESS_OFF
                                              : VL_PROGRESS_AUTO;
    ask.quiet = !verbose && !isatty(STDERR_FILENO) && ask.progress != VL_PROGRESS_JSON;
    if (!vl_bank_open(&bank, path, &err)) vl_nightly_run(&ask, &code, &err);
    vl_bank_close(&bank);
    return err.code ? vl_report(&err) : code;
}

const vl_command vl_command_nightly = {
    "nightly", "-b BANK [-n]", "the night's work: inboxes, verification, tidying, page, metrics",
    "Clears what a dead run left, takes in what lies finished in the "
    "inboxes of bank.ini, describes files that wait for\n"
    "it (originals = night), verifies the part of the bank whose last "
    "check is longest ago, tidies, writes\n"
    "reports/<date>.html and the metrics. One at a time: a second one ends "
    "with 75 at once. Prints nothing when all went\n"
    "well and nobody watches, so that cron sends mail only when something "
    "is wrong.\n\n"
    "Exit code: 0 all well; 65 items refused or stores damaged; 66 an "
    "inbox could not be read; 74 the disk; 75 another run\n"
    "holds the bank, or something is left for the next night.\n\n"
    "  30 1 * * *  " VL_BINDIR "/vial nightly -b /data/bank\n",
    run
};
