/* vial toy: says what it was told. */
#include "pipeline/cmd/opt.h"

#include <stdio.h>
#include <sysexits.h>

static int run(const vl_command *me, int argc, char **argv)
{
    const char *word = "nothing";
    int rest = 0, code = 0;
    const vl_opt opt[] = { { 0, "word", VL_OPT_TEXT, &word, "WORD", "what to say" },
                           { 0, "", VL_OPT_FLAG, NULL, NULL, NULL } };
    if (!vl_opt_parse(me, opt, NULL, NULL, argc, argv, &rest, &code)) return code;
    if (rest < argc) return vl_usage(me, "takes no arguments");
    printf("toy: %s\n", word);
    return EX_OK;
}

const vl_command vl_command_toy = { "toy", "[--word WORD]", "says a word", "", run };
