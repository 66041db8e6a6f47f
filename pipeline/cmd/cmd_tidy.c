/* vial tidy: removes what is to go. */
#include "pipeline/bank/intake/intake.h"
#include "pipeline/bank/keep.h"
#include "pipeline/cmd/opt.h"
#include "pipeline/run/say.h"
#include "pipeline/run/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <sysexits.h>

static int run(const vl_command *me, int argc, char **argv)
{
    const char *path = NULL;
    bool dry = false, now = false;
    int rest = 0, code = 0;
    uint64_t recovered = 0;
    char text[16];
    vl_bank bank = { 0 };
    vl_catalog *catalog = NULL;
    vl_tidied done = { 0 };
    vl_err err = VL_ERR_INIT;
    const vl_opt opt[] = {
        { 'b', "bank", VL_OPT_TEXT, &path, "BANK", "the bank; else that of the environment VIAL_BANK" },
        { 'n', "dry-run", VL_OPT_FLAG, &dry, NULL, "say what would go, and remove nothing" },
        { 0, "now", VL_OPT_FLAG, &now, NULL, "superseded stores go whatever their age" },
        { 0, "", VL_OPT_FLAG, NULL, NULL, NULL },
    };
    if (!vl_opt_parse(me, opt, NULL, NULL, argc, argv, &rest, &code)) return code;
    if (rest < argc) return vl_usage(me, "'%s' is too much", argv[rest]);
    if (!vl_bank_open(&bank, path, &err) && !vl_keep_open(&bank, &catalog, &err) &&
        (dry || !vl_intake_recover(&bank, catalog, &recovered, &err))) {
        if (now) bank.keep_superseded_days = 0;
        if (!vl_keep_tidy(&bank, catalog, dry, &done, &err))
            printf("%s%" PRIu64 " store%s (%s), %" PRIu64 " withdrawn sample%s, %" PRIu64
                   " file%s of the quarantine\n",
                   dry ? "would remove: " : "removed: ", done.stores, vl_s(done.stores),
                   vl_human_bytes(done.bytes, text), done.samples, vl_s(done.samples), done.refusals,
                   vl_s(done.refusals));
    }
    vl_catalog_close(catalog);
    vl_bank_close(&bank);
    return err.code ? vl_report(&err) : EX_OK;
}

const vl_command vl_command_tidy = { "tidy", "-b BANK [-n] [--now]",
                                     "removes withdrawn samples, old superseded stores, old quarantine files",
                                     "Superseded stores are kept for the time bank.ini says ([tidy] "
                                     "superseded, 30 days); the data of withdrawn samples\n"
                                     "goes in any case. The night does this too.\n",
                                     run };
