/* vial help and vial version. */
#include "pipeline/cmd/summaries.h"
#include "pipeline/container/container_describe.h"
#include "pipeline/run/say.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

static void list(void)
{
    printf("vial keeps raw instrument output in verified, compressed, queryable HDF5 stores,\n"
           "and hands it back byte for byte.\n\nusage: vial COMMAND [options] ...\n\n");
    for (int i = 0; vl_commands[i]; i++) printf("  %-12s %s\n", vl_commands[i]->name, vl_commands[i]->what);
    printf("\nWhat is said of a whole store:\n");
    for (const vl_command *c = vl_summary_commands(); c->name; c++) printf("  %-12s %s\n", c->name, c->what);
    printf("\nA first day:\n"
           "  vial ingest -o S1.h5 S1_R1.fq.gz S1_R2.fq.gz          in, verified\n"
           "  vial info S1.h5                                       what is in it\n"
           "  vial view S1.h5 --rows 0-3                            the first four rows\n"
           "  vial verify S1.h5                                     still whole?\n"
           "  vial export S1.h5 -1 R1.fq.gz -2 R2.fq.gz             the original back\n"
           "\nA bank of many samples:\n"
           "  vial init /data/bank                                  a folder of its own\n"
           "  vial ingest -b /data/bank --sheet samples.csv         a batch by day\n"
           "  vial nightly -b /data/bank                            what cron calls\n"
           "  vial ls -b /data/bank --where \"donor = 'D1'\"         what is there\n"
           "\n'vial help COMMAND' says all about one; 'vial help exit-codes' what a script should know,\n"
           "'vial help makers' whose compressed files come back as they were.\n");
}

static void exit_codes(void)
{
    printf("Exit codes (sysexits.h):\n"
           "   0  all done, and verified\n"
           "  64  the command line makes no sense\n"
           "  65  the input or a store is damaged, contradicts itself, or is of a kind vial does not handle\n"
           "  66  an input is missing or cannot be read\n"
           "  70  a fault in vial itself: please report it\n"
           "  71  the system refused memory or a process\n"
           "  73  the output exists already or cannot be made\n"
           "  74  reading or writing failed: disk full, device error, output closed\n"
           "  75  try again: another vial holds the lock\n"
           "  77  not permitted: the message says who may\n"
           "  78  bank.ini, or what the bank stands on, is not as it must be\n"
           "Whoever closes the pipe that vial writes to, as head does, ends it by SIGPIPE (141 in a shell):\n"
           "no message. Of several stores the worst counts: 65, then 70, 74, 71, 78, 73, 77, 66, 75, 64.\n");
}

static void makers(void)
{
    const vl_maker_words *one;
    printf("Makers of deflate streams that are known, in whatever file they stand:\n\n"
           "  %-22s %-8s %s\n",
           "maker", "levels", "who");
    for (int i = 0; (one = vl_maker_family(i)); i++)
        printf("  %-22s %-8s %s\n", one->name, one->levels, one->who);
    printf("\nOf each the very stream is made again from its text and a few bytes, for ever by vial's own "
           "code.\n"
           "Where a stream differs, the difference is kept; where that is more than about 30 %%, the stream\n"
           "itself. None of it is said before it was made again and compared.\n\n"
           "Not known, and so kept in greater part: zlib-ng, Go, miniz, klauspost/compress, fflate.\n");
}

static int run_help(const vl_command *me, int argc, char **argv)
{
    const vl_opt none[] = { { 0, "", VL_OPT_FLAG, NULL, NULL, NULL } };
    int rest = 0, code = 0;
    if (!vl_opt_parse(me, none, NULL, NULL, argc, argv, &rest, &code)) return code;
    if (rest == argc) {
        list();
        return EX_OK;
    }
    if (argc - rest > 1) return vl_usage(me, "one command at a time");
    const char *const word = argv[rest];
    if (!strcmp(word, "exit-codes")) {
        exit_codes();
        return EX_OK;
    }
    if (!strcmp(word, "makers")) {
        makers();
        return EX_OK;
    }
    const vl_command *const command = vl_command_find(word);
    if (command) {
        char name[] = "help", flag[] = "--help";
        char *args[] = { name, flag, NULL };
        return command->run(command, 2, args);
    }
    vl_say(stderr, "vial: there is no command '%s'; 'vial help' lists them", word);
    return EX_USAGE;
}

static int run_version(const vl_command *me, int argc, char **argv)
{
    const vl_opt none[] = { { 0, "", VL_OPT_FLAG, NULL, NULL, NULL } };
    int rest = 0, code = 0;
    if (!vl_opt_parse(me, none, NULL, NULL, argc, argv, &rest, &code)) return code;
    if (rest < argc) return vl_usage(me, "takes no arguments");
    printf("vial %s\n", VL_VERSION);
    return EX_OK;
}

const vl_command vl_command_help = { "help", "[COMMAND | exit-codes | makers]", "explains a command", "",
                                     run_help };
const vl_command vl_command_version = { "version", "", "prints the version", "", run_version };
