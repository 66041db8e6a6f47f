/* vial report: the page of a store, of a day of a bank, or of a sample. */
#include "pipeline/bank/open_items.h"
#include "pipeline/bank/page/page.h"
#include "pipeline/cmd/into_bank.h"
#include "pipeline/cmd/opt.h"
#include "pipeline/io/output.h"
#include "pipeline/out/report.h"
#include "pipeline/run/run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

/* Writes the page and prints where it lies. day: NULL for today; sample: NULL for the page of a day, or the
 * one that compares all. */
static vl_code report(const char *bank_path, const char *day, const char *sample, bool compare,
                      const char *to, vl_err *err)
{
    char today[32], path[VL_BANK_PATH];
    vl_bank bank = { 0 };
    vl_catalog *catalog = NULL;
    json_t *open = NULL;
    if (!day) day = vl_bank_date(vl_bank_now(), today);
    if (vl_bank_open(&bank, bank_path, err)) goto out;
    if (vl_catalog_open(&catalog, &bank, false, err)) goto out;
    if (!sample && !compare && !(open = vl_open_now(&bank, catalog, err))) goto out;
    if (compare  ? vl_page_compare(&bank, catalog, to, err)
        : sample ? vl_page_sample(&bank, catalog, sample, to, err)
                 : vl_page_day(&bank, catalog, open, day, to, err))
        goto out;
    if (!to && vl_bank_path(&bank, path, err, "reports/%s.html", day)) goto out;
    if (puts(to ? to : path) == EOF || fflush(stdout))
        vl_fail(err, errno == EPIPE ? VL_ECLOSED : VL_EIO, "standard output: cannot write");
out:
    json_decref(open);
    vl_catalog_close(catalog);
    vl_bank_close(&bank);
    return err->code;
}

static int report_store(const vl_command *me, const char *bank, const char *name, vl_report_ask *ask)
{
    char path[VL_BANK_PATH];
    vl_err err = VL_ERR_INIT;
    if (vl_name_store(bank, name, path, &err)) return vl_report(&err);
    if (!ask->out) ask->out = "-";
    if (strcmp(ask->out, "-") && vl_same_file(ask->out, path))
        return vl_usage(me, "%s is the store itself, it cannot be the output as well", ask->out);
    ask->store = path;
    ask->threads = ask->threads ? ask->threads : vl_cores();
    return vl_report_run(ask, &err) ? vl_report(&err) : EX_OK;
}

/* As `vial info` has it: a name with '/' is a store of the bank, one without a sample; a file is a file. */
static bool is_store(const char *bank, const char *name)
{
    const bool in_bank = bank || (getenv("VIAL_BANK") && access(name, F_OK));
    return !in_bank || strchr(name, '/');
}

static int run(const vl_command *me, int argc, char **argv)
{
    const char *bank = NULL, *day = NULL, *to = NULL;
    bool quiet = false, compare = false;
    vl_report_ask ask = { 0 };
    int rest = 0, code = 0;
    const vl_opt opt[] = {
        { 'o', "output", VL_OPT_TEXT, &to, "FILE",
          "where the page goes; default: standard output, of a day reports/<day>.html" },
        { 0, "verify", VL_OPT_FLAG, &ask.verify, NULL,
          "store: check it whole, as 'vial verify' does, and say so" },
        { 0, "force", VL_OPT_FLAG, &ask.force, NULL, "store: replace FILE if it exists" },
        { '@', "threads", VL_OPT_COUNT, &ask.threads, "N", "store: threads of --verify; default: all cores" },
        { 'q', "quiet", VL_OPT_FLAG, &quiet, NULL, "store: no progress of --verify" },
        { 'b', "bank", VL_OPT_TEXT, &bank, "BANK", "the bank; default: environment VIAL_BANK" },
        { 0, "day", VL_OPT_TEXT, &day, "YYYY-MM-DD", "bank: the day, local; default: today" },
        { 0, "compare", VL_OPT_FLAG, &compare, NULL,
          "bank: all its stores beside each other, those that are odd first" },
        { 0, "", VL_OPT_FLAG, NULL, NULL, NULL },
    };
    if (!vl_opt_parse(me, opt, NULL, NULL, argc, argv, &rest, &code)) return code;
    if (argc - rest > 1) return vl_usage(me, "one page at a time");
    const char *const name = rest < argc ? argv[rest] : NULL;
    if (compare && (name || day)) return vl_usage(me, "--compare is of a whole bank");
    if (name && day) return vl_usage(me, "either a day, or a sample or store");
    if (to && !*to) return vl_usage(me, "a page goes to a file");
    ask.out = to;
    ask.progress = quiet ? VL_PROGRESS_OFF : VL_PROGRESS_AUTO;
    if (name && is_store(bank, name)) return report_store(me, bank, name, &ask);
    if (ask.verify || ask.force || ask.threads || quiet)
        return vl_usage(me, "--verify, --force, --threads and --quiet go with a STORE");
    if ((name || compare) && !to)
        return vl_usage(me, compare ? "--compare needs -o FILE" : "the page of a sample needs -o FILE");
    if (to && !strcmp(to, "-")) return vl_usage(me, "a page of a bank goes to a file");
    if (to && vl_output_promises(to))
        return vl_usage(me, "a page of a bank is plain HTML: the name of %s promises %s", to,
                        vl_output_promises(to));
    vl_err err = VL_ERR_INIT;
    return report(bank, day, name, compare, to, &err) ? vl_report(&err) : EX_OK;
}

const vl_command vl_command_report = {
    "report",
    "[-o FILE] STORE | [-b BANK] [--day YYYY-MM-DD | --compare | SAMPLE | SAMPLE/ACQUISITION] [-o FILE]",
    "writes the page of a store, of a day of a bank, of a sample, or of all samples compared",
    "One HTML file that needs no network. Of a store: what it is and how large, the plots of its kind with "
    "their\n"
    "numbers, where it came from, what its columns take, what is odd; one store always gives the same page. "
    "Of a day:\n"
    "damaged stores, what is open and what to do about it, which samples came in, what was refused, the "
    "runs, "
    "what has\n"
    "been verified, growth and free space. Of a sample: its facts, stores, how good their data is, where "
    "they lie and how\n"
    "to get it back. --compare is a table of all stores by their measures ('vial help qc' lists them): red "
    "and yellow\n"
    "ones by the bank's limits first, then those that are far from the others. A page of a bank that is "
    "there already is\n"
    "replaced, and its path is printed.\n"
    "Examples:\n"
    "  vial report S1.h5 -o S1.html\n"
    "  vial report --verify run7.h5 > run7.html\n"
    "  vial report -b /data/bank\n"
    "  vial report -b /data/bank --day 2026-11-22 -o night.html\n"
    "  vial report -b /data/bank S1 -o S1.html\n"
    "  vial report -b /data/bank S1/L001 -o L001.html\n"
    "  vial report -b /data/bank --compare -o all.html\n",
    run
};
