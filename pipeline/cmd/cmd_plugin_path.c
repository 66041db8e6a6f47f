/* vial plugin-path: where HDF5 finds our filter, for HDF5_PLUGIN_PATH. */
#include "pipeline/cmd/opt.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

/* Beside the program in a build folder; under lib/vial where it was installed. */
static int run(const vl_command *me, int argc, char **argv)
{
    static const char *const place[] = { "/pipeline/store", "/../" VL_LIBDIR "/vial/plugin",
                                         "/../lib/vial/plugin" };
    char self[PATH_MAX], path[PATH_MAX + 64];
    const vl_opt none[] = { { 0, "", VL_OPT_FLAG, NULL, NULL, NULL } };
    int rest = 0, code = 0;
    if (!vl_opt_parse(me, none, NULL, NULL, argc, argv, &rest, &code)) return code;
    if (rest < argc) return vl_usage(me, "takes no arguments");
    const ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n > 0) {
        self[n] = 0;
        *strrchr(self, '/') = 0;
        for (size_t i = 0; i < sizeof place / sizeof *place; i++) {
            snprintf(path, sizeof path, "%s%s/libvialfilter.so", self, place[i]);
            if (access(path, R_OK)) continue;
            printf("%s%s\n", self, place[i]);
            return EX_OK;
        }
    }
    fprintf(stderr,
            "vial: the HDF5 plugin libvialfilter.so lies neither beside the program nor under " VL_LIBDIR
            "/vial/plugin\n");
    return EX_OSFILE;
}

const vl_command vl_command_plugin_path = { "plugin-path", "", "prints the folder of the HDF5 filter plugin",
                                            "  export HDF5_PLUGIN_PATH=$(vial plugin-path)\n"
                                            "lets h5py, rhdf5, HDF5.jl, MATLAB and h5dump read stores of "
                                            "every profile. 'portable' needs no plugin.\n",
                                            run };
