/* vial undo: a correction of a sample is taken back. */
#include "pipeline/bank/correct.h"
#include "pipeline/bank/intake/intake.h"
#include "pipeline/bank/keep.h"
#include "pipeline/cmd/info_history.h"
#include "pipeline/cmd/moving.h"
#include "pipeline/cmd/opt.h"
#include "pipeline/run/say.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

/* Where the stores are again, after a rename or move. */
static void tell_place(const json_t *ask, const char *to)
{
    const char *const name = json_string_value(json_object_get(ask, "name")), *const slash =
                                                                                  strchr(name, '/');
    vl_say(stdout, "%s: revision %" JSON_INTEGER_FORMAT " (%.20s) is undone: is '%s%s' again", name,
           json_integer_value(json_object_get(ask, "revision")),
           json_string_value(json_object_get(ask, "word")), to, slash ? slash : "");
}

static void tell(const json_t *ask, const json_t *said)
{
    char did[100];
    const char *const to = json_string_value(json_object_get(ask, "to"));
    if (to) {
        tell_place(ask, to);
        return;
    }
    snprintf(did, sizeof did, "revision %" JSON_INTEGER_FORMAT " (%.20s) is undone",
             json_integer_value(json_object_get(ask, "revision")),
             json_string_value(json_object_get(ask, "word")));
    vl_tell_changes(json_string_value(json_object_get(ask, "name")), did, json_object_get(said, "changes"));
}

static vl_code undo(const vl_bank *bank, vl_catalog *c, const char *name, uint64_t revision,
                    const char *reason, vl_err *err)
{
    char sample[512];
    json_t *said = NULL, *const ask = vl_correct_undo_ask(bank, name, revision, reason, err);
    const char *const to = json_string_value(json_object_get(ask, "to"));
    snprintf(sample, sizeof sample, "%.*s", (int)strcspn(name, "/"), name);
    if (ask && (!to || !vl_check_other_id(c, sample, to, err))) said = vl_correct(bank, c, ask, err);
    if (said) tell(ask, said);
    json_decref(said);
    json_decref(ask);
    return err->code;
}

static int run(const vl_command *me, int argc, char **argv)
{
    const char *path = NULL, *reason = NULL;
    int rest = 0, code = 0;
    uint64_t recovered = 0, revision = 0;
    vl_bank bank = { 0 };
    vl_catalog *catalog = NULL;
    vl_err err = VL_ERR_INIT;
    const vl_opt opt[] = {
        { 'b', "bank", VL_OPT_TEXT, &path, "BANK", "the bank; else that of the environment VIAL_BANK" },
        { 0, "revision", VL_OPT_WHOLE, &revision, "N", "not the last correction, but that of this revision" },
        { 0, "reason", VL_OPT_TEXT, &reason, "TEXT", "why (needed)" },
        { 0, "", VL_OPT_FLAG, NULL, NULL, NULL },
    };
    if (!vl_opt_parse(me, opt, NULL, NULL, argc, argv, &rest, &code)) return code;
    if (rest == argc) return vl_usage(me, "no sample");
    if (rest + 1 < argc) return vl_usage(me, "more than one sample");
    if (!reason || !*reason) return vl_usage(me, "--reason TEXT is missing");
    if (!vl_bank_open(&bank, path, &err) && !vl_keep_open(&bank, &catalog, &err) &&
        !vl_intake_recover(&bank, catalog, &recovered, &err))
        undo(&bank, catalog, argv[rest], revision, reason, &err);
    vl_catalog_close(catalog);
    vl_bank_close(&bank);
    return err.code ? vl_report(&err) : EX_OK;
}

const vl_command vl_command_undo = {
    "undo", "-b BANK --reason TEXT SAMPLE[/ACQUISITION]", "takes a correction back",
    "The last 'set', 'remove', 'rename', 'move', 'undo' or sheet with --correct of a sample, or the one of "
    "that\n"
    "revision, which 'vial info --history SAMPLE' names. Facts and donor are again what they were before it. "
    "Where\n"
    "something later has changed one of them, nothing is undone. What was removed comes back until a tidy "
    "has taken\n"
    "its data, unless other data has its place. What was renamed or moved goes back: undo the sample that "
    "has it now.\n"
    "An undo is a correction as well: 'vial undo' twice changes nothing. With an acquisition, only what is "
    "known of\n"
    "that is undone. A withdrawal: 'vial withdraw --undo'.\n\n"
    "  vial undo -b /data/bank --reason 'the sheet was right' S1\n"
    "  vial undo -b /data/bank --reason 'was no mistake' --revision 7 S1/L001\n",
    run
};
