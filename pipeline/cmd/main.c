/*
 * vial: raw instrument output into verified HDF5 sample stores, and back byte for byte.
 * This file finds the command; each command is one file beside it.
 */
#include "pipeline/cmd/summaries.h"

#include "formats/nearest.h"
#include "kernels/kernels.h"
#include "pipeline/run/heap.h"
#include "pipeline/run/run.h"
#include "pipeline/run/guard.h"
#include "pipeline/run/say.h"

#include <errno.h>
#include <fcntl.h>
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

const vl_command *vl_command_find(const char *name)
{
    for (int i = 0; vl_commands[i]; i++)
        if (!strcmp(vl_commands[i]->name, name)) return vl_commands[i];
    for (const vl_command *c = vl_summary_commands(); c->name; c++)
        if (!strcmp(c->name, name)) return c;
    return NULL;
}

typedef struct call {
    const vl_command *command;
    int argc;
    char **argv;
} call;

static int work(void *argument)
{
    const call *const c = argument;
    vl_heap_ready(vl_cores());
    return vl_finish(c->command->run(c->command, c->argc, c->argv));
}

/* A file that we open must never become standard output by its number. What takes the place of a closed one
 * is as closed as that: writing to it fails, and so does reading from the first. */
static void fill_descriptors(void)
{
    for (int fd = 0; fd < 3; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd ? O_RDONLY : O_WRONLY) != fd) _exit(EX_OSERR);
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* ulimit -f: a write that fails is enough */
    fill_descriptors();
    vl_kernels_init(&vl_k, vl_isa_from_env());
    const char *name = argc > 1 ? argv[1] : "help";
    if (!strcmp(name, "--help") || !strcmp(name, "-h")) name = "help";
    if (!strcmp(name, "--version")) name = "version";
    const vl_command *const command = vl_command_find(name);
    if (command) {
        char word[] = "help", *none[] = { word, NULL };
        call c = { command, argc > 1 ? argc - 1 : 1, argc > 1 ? argv + 1 : none };
        const int code = vl_guard(work, &c);
        return argc > 1 ? code : EX_USAGE;
    }
    char meant[2 * VL_WORD];
    vl_nearest near = vl_nearest_to(name);
    for (int i = 0; vl_commands[i]; i++) vl_nearest_try(&near, vl_commands[i]->name);
    for (const vl_command *c = vl_summary_commands(); c->name; c++) vl_nearest_try(&near, c->name);
    vl_say(stderr, "vial: there is no command '%s'%s; 'vial help' lists them", name,
           vl_nearest_text(&near, "", meant));
    return EX_USAGE;
}
