/* vial ack: somebody has seen that an item was refused. */
#include "pipeline/bank/open_items.h"
#include "pipeline/cmd/opt.h"
#include "pipeline/run/say.h"

#include <stdio.h>
#include <sysexits.h>

static vl_code acknowledge(const vl_bank *bank, const json_t *open, const char *name, const char *reason,
                           bool undo, vl_err *err)
{
    const json_t *const item = vl_open_find(open, name, err);
    if (!item || vl_open_acknowledge(bank, item, reason, !undo, err)) return err->code;
    vl_say(stdout, "%s: %s", json_string_value(json_object_get(item, "item")),
           undo ? "no longer acknowledged" : "acknowledged until its files change");
    return VL_OK;
}

static int run(const vl_command *me, int argc, char **argv)
{
    const char *path = NULL, *reason = NULL;
    bool undo = false;
    int rest = 0, code = 0;
    json_t *open = NULL;
    vl_bank bank = { 0 };
    vl_catalog *catalog = NULL;
    vl_err err = VL_ERR_INIT;
    const vl_opt opt[] = {
        { 'b', "bank", VL_OPT_TEXT, &path, "BANK", "the bank; else that of the environment VIAL_BANK" },
        { 0, "reason", VL_OPT_TEXT, &reason, "TEXT", "why nothing is done about it, for who reads it later" },
        { 0, "undo", VL_OPT_FLAG, &undo, NULL, "it brings mail again" },
        { 0, "", VL_OPT_FLAG, NULL, NULL, NULL },
    };
    if (!vl_opt_parse(me, opt, NULL, NULL, argc, argv, &rest, &code)) return code;
    if (rest == argc) return vl_usage(me, "no item; 'vial open' lists them");
    if (!vl_bank_open(&bank, path, &err) && !vl_catalog_open(&catalog, &bank, false, &err))
        open = vl_open_now(&bank, catalog, &err);
    for (; rest < argc && !err.code; rest++) acknowledge(&bank, open, argv[rest], reason, undo, &err);
    json_decref(open);
    vl_catalog_close(catalog);
    vl_bank_close(&bank);
    return err.code ? vl_report(&err) : EX_OK;
}

const vl_command vl_command_ack = {
    "ack", "-b BANK [--reason TEXT] [--undo] ITEM...",
    "acknowledges refused items: no mail for them any more",
    "ITEM is what 'vial open' prints: SAMPLE/ACQUISITION, or the path of a file; SAMPLE alone where one item "
    "of it is\n"
    "open. From then on the night passes the item over and ends with 0 if nothing else is wrong, until size "
    "or time\n"
    "of the item's files change: then it is looked at again. Who acknowledged it, when and why stands in its "
    "file of\n"
    "the quarantine, and 'vial open', the page of the night and the metrics go on to count it.\n\n"
    "  vial ack -b /data/bank --reason 'the run was repeated as S1b' S1/S1_L001\n"
    "  vial ack -b /data/bank /data/novaseq/notes.fastq.gz\n",
    run
};
