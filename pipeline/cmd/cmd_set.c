/* vial set: facts of a sample, put right. */
#include "pipeline/bank/correct.h"
#include "pipeline/bank/fact_name.h"
#include "pipeline/bank/intake/intake.h"
#include "pipeline/bank/keep.h"
#include "pipeline/bank/sheet/sheet.h"
#include "pipeline/cmd/info_history.h"
#include "pipeline/cmd/opt.h"
#include "pipeline/run/say.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

/* A name that is nearly one of a column's is most likely that. */
static void tell_near(const char *name)
{
    const char *const meant = vl_sheet_meant(name);
    if (meant) vl_say(stderr, "vial: '%s' is no column that is known (did you mean '%s'?)", name, meant);
}

/* "specimen type=whole blood": name and value as a sheet would keep them. */
static vl_code take_fact(json_t *facts, const char *text, bool of_sample, vl_err *err)
{
    char name[256], word[VL_WORD], why[400] = "";
    const char *const sign = strchr(text, '=');
    if (!sign || sign == text || (size_t)(sign - text) >= sizeof name)
        return vl_fail(err, VL_EARG, "'%.100s' is not NAME=VALUE", text);
    vl_fact_fold(text, (size_t)(sign - text), name);
    vl_fact_unwrap(name);
    const char *const value = sign[1] ? vl_sheet_fact(name, sign + 1, word, why) : "";
    if (!value) return vl_fail(err, VL_EARG, "%.60s: \"%.60s\" %s", name, sign + 1, why);
    if (!strcmp(name, "sample")) return vl_fail(err, VL_EARG, "a sample gets another name by 'vial rename'");
    json_t *const json = json_string(value);
    if (!json) return vl_fail(err, VL_EARG, "%.60s: the value is not UTF-8 text", name);
    if (json_object_set_new(facts, name, json))
        return vl_fail(err, VL_EARG, "'%.60s' is not UTF-8 text", name);
    if (of_sample && *value) tell_near(name);
    return VL_OK;
}

static vl_code set(const vl_bank *bank, const char *name, char **fact, int n, vl_err *err)
{
    vl_catalog *catalog = NULL;
    uint64_t recovered = 0;
    json_t *const facts = json_object(), *said = NULL;
    for (int i = 0; i < n && !err->code; i++) take_fact(facts, fact[i], !strchr(name, '/'), err);
    json_t *const ask = json_pack("{s:s,s:s,s:o}", "what", "set", "name", name, "facts", facts);
    if (!ask) vl_fail(err, VL_EARG, "'%.100s' is not UTF-8 text", name);
    if (!err->code && !vl_keep_open(bank, &catalog, err) &&
        !vl_intake_recover(bank, catalog, &recovered, err) && (said = vl_correct(bank, catalog, ask, err)))
        vl_tell_changes(name, "corrected", json_object_get(said, "changes"));
    json_decref(said);
    json_decref(ask);
    vl_catalog_close(catalog);
    return err->code;
}

static int run(const vl_command *me, int argc, char **argv)
{
    const char *path = NULL;
    int rest = 0, code = 0;
    vl_bank bank = { 0 };
    vl_err err = VL_ERR_INIT;
    const vl_opt opt[] = {
        { 'b', "bank", VL_OPT_TEXT, &path, "BANK", "the bank; else that of the environment VIAL_BANK" },
        { 0, "", VL_OPT_FLAG, NULL, NULL, NULL },
    };
    if (!vl_opt_parse(me, opt, NULL, NULL, argc, argv, &rest, &code)) return code;
    if (rest == argc) return vl_usage(me, "no sample");
    if (rest + 1 == argc) return vl_usage(me, "nothing to set: NAME=VALUE is missing");
    if (!vl_bank_open(&bank, path, &err)) set(&bank, argv[rest], argv + rest + 1, argc - rest - 1, &err);
    vl_bank_close(&bank);
    return err.code ? vl_report(&err) : EX_OK;
}

const vl_command vl_command_set = {
    "set", "-b BANK SAMPLE[/ACQUISITION] NAME=VALUE...", "puts facts of a sample right",
    "Facts and donor of a sample, or details of an acquisition, by the names and with the values that sheets "
    "have; "
    "an\n"
    "empty VALUE clears. What was said before stays in the ledger: 'vial info --history SAMPLE'. Many "
    "samples at "
    "once:\n"
    "a sheet, and 'vial ingest --sheet FILE --correct'.\n\n"
    "  vial set -b /data/bank S1 donor=D2 'specimen_type=Whole blood' disease=\n"
    "  vial set -b /data/bank S1/L001 lane=1 specimen_typ=\n",
    run
};
