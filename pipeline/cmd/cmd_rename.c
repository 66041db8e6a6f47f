/* vial rename: a sample gets another id. */
#include "pipeline/cmd/moving.h"

#include <stdio.h>
#include <string.h>

static int run(const vl_command *me, int argc, char **argv)
{
    const char *bank = NULL;
    char said[400];
    int rest = 0, code = 0;
    const vl_opt opt[] = {
        { 'b', "bank", VL_OPT_TEXT, &bank, "BANK", "the bank; else that of the environment VIAL_BANK" },
        { 0, "", VL_OPT_FLAG, NULL, NULL, NULL },
    };
    if (!vl_opt_parse(me, opt, NULL, NULL, argc, argv, &rest, &code)) return code;
    if (argc - rest != 2) return vl_usage(me, "two ids, the old one and the new one");
    const char *const old = argv[rest], *const new = argv[rest + 1];
    if (strchr(old, '/')) return vl_usage(me, "a sample, no acquisition: 'vial move' brings that elsewhere");
    snprintf(said, sizeof said, "%.150s: is '%.150s' now", old, new);
    return vl_bring(bank,
                    json_pack("{s:s,s:s,s:s,s:I}", "what", "rename", "name", old, "to", new, "at",
                              (json_int_t)vl_bank_now()),
                    said);
}

const vl_command vl_command_rename = {
    "rename", "-b BANK OLD NEW", "gives a sample another id",
    "All that the bank has of sample OLD is NEW's from then on: stores, facts, donor, when it came in. Each "
    "store is\n"
    "copied with the new name in it, sealed anew and proven before the old one goes, so there must be room "
    "on the\n"
    "disk; and each must be whole. OLD is free for other data; 'vial info OLD' says what it is called now, "
    "'vial info\n"
    "--history NEW' what it was. NEW must be no sample of the bank yet. A sheet that still says OLD is "
    "refused, as the\n"
    "bank has these files as NEW. Withdrawing NEW also takes what was said of it as OLD.\n\n"
    "  vial rename -b /data/bank P0042 P0024\n",
    run
};
