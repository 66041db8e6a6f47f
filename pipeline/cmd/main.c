/*
 * vial: raw instrument output into verified HDF5 sample stores, and back byte for byte.
 * This file finds the command; each command is one file beside it.
 */
#include "pipeline/cmd/opt.h"

#include "kernels/kernels.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#define VL_COMMAND(name) extern const vl_command vl_command_##name;
#include "pipeline/cmd/commands.def"
#undef VL_COMMAND

const vl_command *const vl_commands[] = {
#define VL_COMMAND(name) &vl_command_##name,
#include "pipeline/cmd/commands.def"
#undef VL_COMMAND
    NULL
};

/* Output that did not reach its end is an error, also when only the last flush fails. */
static int finish(int code)
{
    if (fflush(stdout) || ferror(stdout)) {
        if (!code) fprintf(stderr, "vial: standard output: cannot write: %s\n", strerror(errno));
        if (!code) code = EX_IOERR;
    }
    return code;
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    vl_kernels_init(&vl_k, vl_isa_from_env());
    const char *name = argc > 1 ? argv[1] : "help";
    if (!strcmp(name, "--help") || !strcmp(name, "-h")) name = "help";
    if (!strcmp(name, "--version")) name = "version";
    for (int i = 0; vl_commands[i]; i++) {
        if (strcmp(vl_commands[i]->name, name)) continue;
        char word[] = "help", *none[] = { word, NULL };
        if (argc > 1) return finish(vl_commands[i]->run(vl_commands[i], argc - 1, argv + 1));
        vl_commands[i]->run(vl_commands[i], 1, none);
        return EX_USAGE;
    }
    fprintf(stderr, "vial: there is no command '%s'; 'vial help' lists them\n", name);
    return EX_USAGE;
}
