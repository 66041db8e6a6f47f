/* vial report: the page of a day or of a sample. */
#include "pipeline/cmd/opt.h"
#include "pipeline/bank/page/page.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

/* Writes the page and prints where it lies. day: NULL for today; sample: NULL for the page of a day. */
static vl_code report(const char *bank_path, const char *day, const char *sample, const char *to, vl_err *err)
{
    char today[32], path[VL_BANK_PATH];
    vl_bank bank = { 0 };
    vl_catalog *catalog = NULL;
    if (!day) day = vl_bank_date(vl_bank_now(), today);
    if (vl_bank_open(&bank, bank_path, err)) goto out;
    if (vl_catalog_open(&catalog, &bank, false, err)) goto out;
    if (sample ? vl_page_sample(&bank, catalog, sample, to, err) : vl_page_day(&bank, catalog, day, to, err))
        goto out;
    if (!to && vl_bank_path(&bank, path, err, "reports/%s.html", day)) goto out;
    if (puts(to ? to : path) == EOF || fflush(stdout)) vl_fail(err, VL_EIO, "standard output: cannot write");
out:
    vl_catalog_close(catalog);
    vl_bank_close(&bank);
    return err->code;
}

static int run(const vl_command *me, int argc, char **argv)
{
    const char *bank = NULL, *day = NULL, *to = NULL;
    int rest = 0, code = 0;
    const vl_opt opt[] = {
        { 'b', "bank", VL_OPT_TEXT, &bank, "BANK", "the bank; default: environment VIAL_BANK" },
        { 0, "day", VL_OPT_TEXT, &day, "YYYY-MM-DD", "the day, in UTC; default: today" },
        { 'o', "output", VL_OPT_TEXT, &to, "FILE",
          "where the page goes; default: reports/<day>.html of the bank" },
        { 0, "", VL_OPT_FLAG, NULL, NULL, NULL },
    };
    if (!vl_opt_parse(me, opt, argc, argv, &rest, &code)) return code;
    if (argc - rest > 1) return vl_usage(me, "one sample at a time");
    const char *const sample = rest < argc ? argv[rest] : NULL;
    if (sample && !to) return vl_usage(me, "the page of a sample needs -o FILE");
    if (sample && day) return vl_usage(me, "either a sample or a day");
    if (to && (!*to || !strcmp(to, "-"))) return vl_usage(me, "a page goes to a file");
    vl_err err = VL_ERR_INIT;
    return report(bank, day, sample, to, &err) ? vl_report(&err) : EX_OK;
}

const vl_command vl_command_report = {
    "report", "[-b BANK] [--day YYYY-MM-DD | SAMPLE] [-o FILE]", "writes the page of a day or of a sample",
    "One HTML file that needs no network: for a day the runs, what came in, what was refused and how to "
    "retry,\n"
    "what has been verified, growth and free space; for a sample its facts, stores and inputs. A page that "
    "is\n"
    "there already is replaced. The path of the page is printed. Examples:\n"
    "  vial report -b /data/bank\n"
    "  vial report -b /data/bank --day 2026-11-22 -o night.html\n"
    "  vial report -b /data/bank S1 -o S1.html\n",
    run
};
