/* vial init: a new bank. */
#include "pipeline/bank/catalog/catalog.h"
#include "pipeline/cmd/opt.h"

#include <stdio.h>
#include <sysexits.h>

static int run(const vl_command *me, int argc, char **argv)
{
    int rest = 0, code = 0;
    const vl_opt opt[] = { { 0, "", VL_OPT_FLAG, NULL, NULL, NULL } };
    vl_bank bank = { 0 };
    vl_catalog *catalog = NULL;
    vl_err err = VL_ERR_INIT;
    if (!vl_opt_parse(me, opt, NULL, NULL, argc, argv, &rest, &code)) return code;
    if (argc - rest != 1) return vl_usage(me, "one folder is needed");
    if (!vl_bank_init(argv[rest], &err) && !vl_bank_open(&bank, argv[rest], &err) &&
        !vl_catalog_open(&catalog, &bank, true, &err))
        printf("%s: a new bank; its settings are in %s/bank.ini\n", bank.root, bank.root);
    vl_catalog_close(catalog);
    vl_bank_close(&bank);
    return err.code ? vl_report(&err) : EX_OK;
}

const vl_command vl_command_init = {
    "init", "BANK", "makes a bank: a folder that holds sample stores",
    "BANK must not exist or be empty. bank.ini in it holds the settings, with comments. Folders are writable "
    "for the\n"
    "group and hand their group on, so that technicians and the nightly job share the bank.\n\n"
    "  vial init /data/bank\n"
    "  vial ingest -b /data/bank --sheet samples.csv\n",
    run
};
