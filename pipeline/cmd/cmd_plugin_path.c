/* vial plugin-path: where HDF5 finds our filter, for HDF5_PLUGIN_PATH. */
#include "pipeline/cmd/opt.h"
#include "plugin_place.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

/* Folders of libvialfilter.so, seen from the program's: in a build folder, and where both are installed
 * (meson's libdir). */
static const char *const place[] = { "pipeline/store", VL_PLUGIN_PLACE };

static bool print_place(const char *folder, const char *at)
{
    char path[PATH_MAX + sizeof VL_PLUGIN_PLACE + 32], real[PATH_MAX];
    const bool absolute = *at == '/';
    snprintf(path, sizeof path, "%s%s%s/libvialfilter.so", absolute ? "" : folder, absolute ? "" : "/", at);
    if (access(path, R_OK) || !realpath(path, real)) return false;
    *strrchr(real, '/') = 0;
    puts(real);
    return true;
}

static int run(const vl_command *me, int argc, char **argv)
{
    char self[PATH_MAX];
    const vl_opt none[] = { { 0, "", VL_OPT_FLAG, NULL, NULL, NULL } };
    int rest = 0, code = 0;
    if (!vl_opt_parse(me, none, NULL, NULL, argc, argv, &rest, &code)) return code;
    if (rest < argc) return vl_usage(me, "takes no arguments");
    const ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n > 0) {
        self[n] = 0;
        *strrchr(self, '/') = 0;
        for (size_t i = 0; i < sizeof place / sizeof *place; i++)
            if (print_place(self, place[i])) return EX_OK;
    }
    fprintf(stderr,
            "vial: the HDF5 plugin libvialfilter.so is not where it is installed: %s, seen from the "
            "program's folder\n",
            VL_PLUGIN_PLACE);
    return EX_OSFILE;
}

const vl_command vl_command_plugin_path = { "plugin-path", "", "prints the folder of the HDF5 filter plugin",
                                            "  export HDF5_PLUGIN_PATH=$(vial plugin-path)\n"
                                            "lets h5py, rhdf5, HDF5.jl, MATLAB and h5dump read stores of "
                                            "every profile. 'portable' needs no plugin.\n"
                                            "rhdf5 sets the variable itself when it is loaded: set it after\n"
                                            "library(rhdf5). docs/other-programs.md has recipes.\n",
                                            run };
