/* vial remove: a sample, or one of its acquisitions, that should not be in the bank. */
#include "pipeline/bank/correct.h"
#include "pipeline/bank/intake/intake.h"
#include "pipeline/bank/keep.h"
#include "pipeline/cmd/opt.h"
#include "pipeline/run/say.h"

#include <stdio.h>
#include <sysexits.h>

static vl_code remove_one(const vl_bank *bank, vl_catalog *c, const char *name, const char *reason,
                          vl_err *err)
{
    json_t *const ask = json_pack("{s:s,s:s,s:s,s:I}", "what", "remove", "name", name, "reason", reason, "at",
                                  (json_int_t)vl_bank_now());
    json_t *const said = ask ? vl_correct(bank, c, ask, err) : NULL;
    if (!ask) vl_fail(err, VL_EARG, "'%.100s', or the reason, is not UTF-8 text", name);
    if (said) vl_say(stdout, "%s: removed; its data goes at a tidy, as superseded stores do", name);
    json_decref(said);
    json_decref(ask);
    return err->code;
}

static int run(const vl_command *me, int argc, char **argv)
{
    const char *path = NULL, *reason = NULL;
    int rest = 0, code = 0;
    uint64_t recovered = 0;
    vl_bank bank = { 0 };
    vl_catalog *catalog = NULL;
    vl_err err = VL_ERR_INIT;
    const vl_opt opt[] = {
        { 'b', "bank", VL_OPT_TEXT, &path, "BANK", "the bank; else that of the environment VIAL_BANK" },
        { 0, "reason", VL_OPT_TEXT, &reason, "TEXT", "what the mistake was (needed)" },
        { 0, "", VL_OPT_FLAG, NULL, NULL, NULL },
    };
    if (!vl_opt_parse(me, opt, NULL, NULL, argc, argv, &rest, &code)) return code;
    if (rest == argc) return vl_usage(me, "no sample");
    if (!reason || !*reason) return vl_usage(me, "--reason TEXT is missing");
    if (!vl_bank_open(&bank, path, &err) && !vl_keep_open(&bank, &catalog, &err))
        vl_intake_recover(&bank, catalog, &recovered, &err);
    for (; rest < argc && !err.code; rest++) remove_one(&bank, catalog, argv[rest], reason, &err);
    vl_catalog_close(catalog);
    vl_bank_close(&bank);
    return err.code ? vl_report(&err) : EX_OK;
}

const vl_command vl_command_remove = {
    "remove", "-b BANK --reason TEXT SAMPLE[/ACQUISITION]...", "takes a mistake out of the bank",
    "For what came in under a wrong name or by a wrong sheet; where consent was withdrawn: 'vial withdraw'. "
    "The "
    "data\n"
    "is set aside as if superseded, and goes at a tidy after as many days; no listing, view or export gives "
    "it. A\n"
    "sample that is removed loses donor and facts, and its name is free. The ledger keeps what was known, "
    "with "
    "the\n"
    "reason: 'vial info --history SAMPLE'.\n\n"
    "  vial remove -b /data/bank --reason 'sheet of another project' S1 S2/L001\n",
    run
};
