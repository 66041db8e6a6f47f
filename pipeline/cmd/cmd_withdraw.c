/* vial withdraw: a donor took consent back. */
#include "pipeline/bank/keep.h"
#include "pipeline/cmd/opt.h"

#include <stdio.h>
#include <sysexits.h>

static int run(const vl_command *me, int argc, char **argv)
{
    const char *path = NULL, *reason = NULL;
    int rest = 0, code = 0;
    vl_bank bank = { 0 };
    vl_catalog *catalog = NULL;
    vl_err err = VL_ERR_INIT;
    const vl_opt opt[] = {
        { 'b', "bank", VL_OPT_TEXT, &path, "BANK", "the bank; else that of the environment VIAL_BANK" },
        { 0, "reason", VL_OPT_TEXT, &reason, "TEXT", "why; stays in the tombstone (needed)" },
        { 0, "", VL_OPT_FLAG, NULL, NULL, NULL },
    };
    if (!vl_opt_parse(me, opt, NULL, NULL, argc, argv, &rest, &code)) return code;
    if (rest == argc) return vl_usage(me, "no sample");
    if (!reason || !*reason) return vl_usage(me, "--reason TEXT is missing");
    if (!vl_bank_open(&bank, path, &err) && !vl_keep_open(&bank, &catalog, &err)) {
        for (; rest < argc && !err.code; rest++)
            if (!vl_keep_withdraw(&bank, catalog, argv[rest], reason, &err))
                printf("%s: withdrawn; its data goes at the next 'vial tidy'\n", argv[rest]);
    }
    vl_catalog_close(catalog);
    vl_bank_close(&bank);
    return err.code ? vl_report(&err) : EX_OK;
}

const vl_command vl_command_withdraw = {
    "withdraw", "-b BANK --reason TEXT SAMPLE...", "hides samples whose consent was withdrawn",
    "The sample is hidden at once: no listing, view or export gives it. Every byte of its stores goes at the "
    "next tidy\n"
    "(vial tidy, or the night); its id, the reason and the time stay, and nothing can be ingested under that "
    "id again.\n\n"
    "  vial withdraw -b /data/bank --reason 'consent withdrawn 2026-11-20' S0042\n",
    run
};
