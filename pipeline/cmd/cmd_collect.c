/* vial collect: the receipts of many machines into the catalogue. */
#include "pipeline/bank/intake/intake.h"
#include "pipeline/bank/keep.h"
#include "pipeline/bank/intake/receipt.h"
#include "pipeline/cmd/opt.h"

#include <inttypes.h>
#include <stdio.h>
#include <sysexits.h>

static int run(const vl_command *me, int argc, char **argv)
{
    const char *path = NULL;
    int rest = 0, code = 0;
    uint64_t recovered = 0;
    vl_bank bank = { 0 };
    vl_catalog *catalog = NULL;
    vl_collected done = { 0 };
    vl_err err = VL_ERR_INIT;
    const vl_opt opt[] = {
        { 'b', "bank", VL_OPT_TEXT, &path, "BANK", "the bank; else that of the environment VIAL_BANK" },
        { 0, "", VL_OPT_FLAG, NULL, NULL, NULL },
    };
    if (!vl_opt_parse(me, opt, NULL, NULL, argc, argv, &rest, &code)) return code;
    if (rest < argc) return vl_usage(me, "'%s' is too much", argv[rest]);
    if (!vl_bank_open(&bank, path, &err) && !vl_keep_open(&bank, &catalog, &err) &&
        !vl_intake_recover(&bank, catalog, &recovered, &err) &&
        !vl_receipt_collect(&bank, catalog, &done, &err))
        printf("%" PRIu64 " receipts: %" PRIu64 " sample records, %" PRIu64 " refusals; %" PRIu64
               " taken before, %" PRIu64 " unreadable, %" PRIu64 " dead runs cleared\n",
               done.receipts, done.records, done.refusals, done.already, done.damaged, recovered);
    vl_catalog_close(catalog);
    vl_bank_close(&bank);
    return err.code ? vl_report(&err) : done.damaged ? EX_DATAERR : EX_OK;
}

const vl_command vl_command_collect = { "collect", "-b BANK",
                                        "imports the receipts of tasks that ran on other machines",
                                        "Tasks of a batch system (vial ingest --sheet S --task N/M) write "
                                        "stores and one receipt each, and leave the\n"
                                        "catalogue alone. This takes every receipt exactly once, however "
                                        "often it is called, and moves it to receipts/done.\n",
                                        run };
