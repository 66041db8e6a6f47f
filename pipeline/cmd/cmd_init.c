/* vial init: a new bank. */
#include "pipeline/bank/catalog/catalog.h"
#include "pipeline/cmd/opt.h"

#include <stdio.h>
#include <sysexits.h>

static int run(const vl_command *me, int argc, char **argv)
{
    int rest = 0, code = 0;
    bool shared = false;
    const vl_opt opt[] = {
        { 0, "shared", VL_OPT_FLAG, &shared, NULL,
          "the bank's group reads and writes it too, whatever the umask" },
        { 0, "", VL_OPT_FLAG, NULL, NULL, NULL },
    };
    char readers[160], writers[160];
    vl_bank bank = { 0 };
    vl_catalog *catalog = NULL;
    vl_err err = VL_ERR_INIT;
    if (!vl_opt_parse(me, opt, NULL, NULL, argc, argv, &rest, &code)) return code;
    if (argc - rest != 1) return vl_usage(me, "one folder is needed");
    if (!vl_bank_init(argv[rest], shared, &err) && !vl_bank_open(&bank, argv[rest], &err) &&
        !vl_catalog_open(&catalog, &bank, true, &err)) {
        vl_bank_who(&bank, readers, writers);
        printf("%s: a new bank; its settings are in %s/bank.ini\n", bank.root, bank.root);
        printf("It can be read by %s, and written by %s.\n", readers, writers);
    }
    vl_catalog_close(catalog);
    vl_bank_close(&bank);
    return err.code ? vl_report(&err) : EX_OK;
}

const vl_command vl_command_init = {
    "init", "[--shared] BANK", "makes a bank: a folder that holds sample stores",
    "BANK must not exist or be empty. bank.ini in it holds the settings, with comments.\n\n"
    "A bank is private: whoever made it writes it, and the group may read it if the umask lets it (folders "
    "0750 at\n"
    "most, files 0640). With --shared its group writes it too, so that technicians and the nightly job work "
    "in one\n"
    "bank: every folder, lock and file is made for the group (2770, 0660), whatever the umask of who makes "
    "it. Nobody\n"
    "else can read either. The group is that of the folder in which BANK is made, where that hands its group "
    "on:\n\n"
    "  install -d -m 2770 -g lab /data/lab && vial init --shared /data/lab/bank\n"
    "  vial init /data/bank\n"
    "  vial ingest -b /data/bank --sheet samples.csv\n",
    run
};
