/* vial heal: stores of a bank that are lost or damaged, made whole again. */
#include "pipeline/bank/heal.h"
#include "pipeline/bank/intake/intake.h"
#include "pipeline/bank/keep.h"
#include "pipeline/cmd/opt.h"
#include "pipeline/run/say.h"

#include <inttypes.h>
#include <stdio.h>
#include <sysexits.h>

static int heal_bank(const char *path, vl_heal *ask)
{
    vl_bank bank = { 0 };
    vl_catalog *catalog = NULL;
    vl_healed done = { 0 };
    vl_err err = VL_ERR_INIT;
    uint64_t recovered = 0;
    ask->bank = &bank;
    if (!vl_bank_open(&bank, path, &err) && !vl_keep_open(&bank, &catalog, &err) &&
        (ask->dry || !vl_intake_recover(&bank, catalog, &recovered, &err)) &&
        !vl_heal_run(ask, catalog, &done, &err) && !ask->quiet)
        printf("%" PRIu64 " store%s: %" PRIu64 " %s, %" PRIu64 " healed, %" PRIu64 " not whole\n",
               done.stores, vl_s(done.stores), done.whole,
               ask->name ? "read and whole" : "as sealed and last verified", done.healed, done.left);
    vl_catalog_close(catalog);
    vl_bank_close(&bank);
    return err.code ? vl_report(&err) : done.left ? EX_DATAERR : EX_OK;
}

static int run(const vl_command *me, int argc, char **argv)
{
    const char *bank = NULL;
    vl_heal ask = { 0 };
    int rest = 0, code = 0;
    const vl_opt opt[] = {
        { 'b', "bank", VL_OPT_TEXT, &bank, "BANK", "the bank; default: VIAL_BANK" },
        { 0, "from", VL_OPT_TEXT, &ask.from, "PATH",
          "a file, folder or other bank with originals or copies of stores" },
        { 'n', "dry-run", VL_OPT_FLAG, &ask.dry, NULL,
          "only say what is not whole, and from what it can be healed" },
        { '@', "threads", VL_OPT_COUNT, &ask.threads, "N", "threads; default: as the bank says" },
        { 'q', "quiet", VL_OPT_FLAG, &ask.quiet, NULL, "say only what is not whole in the end" },
        { .name = "" },
    };
    if (!vl_opt_parse(me, opt, NULL, NULL, argc, argv, &rest, &code)) return code;
    if (argc - rest > 1) return vl_usage(me, "one sample at a time, or none for all");
    ask.name = rest < argc ? argv[rest] : NULL;
    return heal_bank(bank, &ask);
}

const vl_command vl_command_heal = {
    "heal", "-b BANK [--from PATH] [-n] [SAMPLE[/ACQUISITION]]",
    "makes lost and damaged stores of a bank whole again",
    "Goes over the stores that are missing, have lost their seal or are not what the sample's record says, "
    "and "
    "those\n"
    "that failed their last check (vial verify); a sample that is named is read and checked now. Makes each "
    "whole "
    "again,\n"
    "  from what lies there, if it can be proven: its check or its seal alone was bad, or a copy was put "
    "back;\n"
    "  from a copy of the store with the same digest below PATH: a folder, a backup of the bank, one file;\n"
    "  from its originals, where they were when they came in, or below PATH: found by size, then SHA-256.\n"
    "What the record knows of it stays. Of each store a line says what was done, or which originals are "
    "needed; "
    "the exit\n"
    "code is 0 when all are whole, 65 otherwise. The same input, ingested again by whatever way, heals as "
    "well.\n",
    run
};
