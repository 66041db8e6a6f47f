/* vial move: an acquisition goes to another sample. */
#include "pipeline/cmd/moving.h"

#include <stdio.h>
#include <string.h>

static int run(const vl_command *me, int argc, char **argv)
{
    const char *bank = NULL;
    bool other_donor = false;
    char said[400];
    int rest = 0, code = 0;
    const vl_opt opt[] = {
        { 'b', "bank", VL_OPT_TEXT, &bank, "BANK", "the bank; else that of the environment VIAL_BANK" },
        { 0, "other-donor", VL_OPT_FLAG, &other_donor, NULL,
          "it is no data of SAMPLE's donor: OTHER may have another, or none" },
        { 0, "", VL_OPT_FLAG, NULL, NULL, NULL },
    };
    if (!vl_opt_parse(me, opt, NULL, NULL, argc, argv, &rest, &code)) return code;
    if (argc - rest != 2) return vl_usage(me, "an acquisition and a sample: SAMPLE/ACQUISITION OTHER");
    const char *const name = argv[rest], *const to = argv[rest + 1], *const slash = strchr(name, '/');
    if (!slash || !slash[1]) return vl_usage(me, "SAMPLE/ACQUISITION; 'vial rename' is for whole samples");
    snprintf(said, sizeof said, "%.150s: is '%.150s/%s' now", name, to, slash + 1);
    json_t *const ask = json_pack("{s:s,s:s,s:s,s:I}", "what", "move", "name", name, "to", to, "at",
                                  (json_int_t)vl_bank_now());
    if (ask && other_donor) json_object_set_new(ask, "other_donor", json_true());
    return vl_bring(bank, ask, said);
}

const vl_command vl_command_move = {
    "move", "-b BANK [--other-donor] SAMPLE/ACQUISITION OTHER", "brings an acquisition to another sample",
    "For data that came in under the wrong sample. OTHER may be a sample of the bank or a new one; it must "
    "not have an\n"
    "acquisition of that name and kind. Details and history of the acquisition go along, facts of SAMPLE do "
    "not; its\n"
    "donor does, where OTHER has none. As 'vial rename', it copies each store, which must be whole.\n\n"
    "  vial move -b /data/bank S1/L001 S2\n",
    run
};
