/* vial catalog: the catalogue anew from the samples, or compared with them. */
#include "pipeline/bank/keep.h"
#include "pipeline/cmd/opt.h"
#include "pipeline/run/say.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* A catalogue that cannot be read is moved aside: it is a listing, the samples are the truth. */
static vl_code open_or_replace(const vl_bank *bank, vl_catalog **c, vl_err *err)
{
    static const char *const ends[] = { "", "-wal", "-shm" };
    char path[VL_BANK_PATH], aside[VL_BANK_PATH];
    if (!vl_catalog_open(c, bank, true, err) || err->code != VL_ESTORE) return err->code;
    vl_say(stderr, "vial: %s; moved to catalog.db.damaged", err->what);
    vl_err_clear(err);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (!vl_bank_path(bank, path, err, "catalog.db%s", ends[i]) &&
            !vl_bank_path(bank, aside, err, "catalog.db.damaged%s", ends[i]))
            rename(path, aside);
    return err->code ? err->code : vl_catalog_open(c, bank, true, err);
}

static vl_code rebuild(const vl_bank *bank, vl_err *err)
{
    uint64_t samples = 0, stores = 0;
    vl_catalog *c = NULL;
    const double start = seconds();
    if (!open_or_replace(bank, &c, err) && !vl_keep_rebuild(bank, c, &samples, &stores, err)) {
        const double spent = seconds() - start;
        printf("%" PRIu64 " samples, %" PRIu64 " stores; %.1f s, %.0f stores/s\n", samples, stores, spent,
               (double)stores / (spent > 0 ? spent : 1));
    }
    vl_catalog_close(c);
    return err->code;
}

static vl_code compare(const vl_bank *bank, uint64_t *differences, vl_err *err)
{
    uint64_t samples = 0;
    vl_catalog *c = NULL;
    if (vl_bank_is_open(bank))
        vl_say(stderr, "vial: %s: everyone on this machine can get in; 'chmod o= %s' shuts it", bank->root,
               bank->root);
    if (!vl_catalog_open(&c, bank, false, err) && !vl_keep_compare(bank, c, &samples, differences, err))
        printf("%" PRIu64 " samples, %" PRIu64 " differences\n", samples, *differences);
    vl_catalog_close(c);
    return err->code;
}

static int run(const vl_command *me, int argc, char **argv)
{
    const char *path = NULL;
    int rest = 0, code = 0;
    uint64_t differences = 0;
    vl_bank bank = { 0 };
    vl_err err = VL_ERR_INIT;
    const vl_opt opt[] = {
        { 'b', "bank", VL_OPT_TEXT, &path, "BANK", "the bank; else that of the environment VIAL_BANK" },
        { 0, "", VL_OPT_FLAG, NULL, NULL, NULL },
    };
    if (!vl_opt_parse(me, opt, NULL, NULL, argc, argv, &rest, &code)) return code;
    if (argc - rest != 1 || (strcmp(argv[rest], "rebuild") && strcmp(argv[rest], "check")))
        return vl_usage(me, "'rebuild' or 'check'?");
    if (!vl_bank_open(&bank, path, &err)) {
        if (!strcmp(argv[rest], "rebuild")) rebuild(&bank, &err);
        else compare(&bank, &differences, &err);
    }
    vl_bank_close(&bank);
    return err.code ? vl_report(&err) : differences ? EX_DATAERR : EX_OK;
}

const vl_command vl_command_catalog = { "catalog", "-b BANK rebuild | check",
                                        "makes the catalogue again from the samples, or compares the two",
                                        "The catalogue (catalog.db) is a listing of what the samples say, "
                                        "never the truth. `rebuild` reads every sample.h5, or\n"
                                        "the stores themselves where that is missing; jobs and refusals "
                                        "stay. `check` names every difference between samples,\n"
                                        "folders and catalogue (exit code 65 if there is one).\n",
                                        run };
