/* The inputs of an intake before anything starts: their paths, sizes and times (intake_parts.h). */
#include "pipeline/bank/intake/intake_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

vl_code vl_intake_absolute(vl_file *file, vl_err *err)
{
    char *const real = strcmp(file->path, "-") ? realpath(file->path, NULL) : NULL;
    if (!real && errno == ENOMEM) return vl_fail(err, VL_ENOMEM, "no memory for a path");
    if (!real) return VL_OK;
    free(file->path);
    file->path = real;
    return VL_OK;
}

bool vl_intake_look(vl_known_input *in)
{
    struct stat st;
    if (!strcmp(in->path, "-") || stat(in->path, &st)) return false;
    in->bytes = (uint64_t)st.st_size;
    in->mtime_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
    return S_ISREG(st.st_mode);
}

vl_profile vl_intake_profile(const vl_intake *ask, const vl_item *item)
{
    vl_profile profile = VL_COMPACT;
    const char *const name = item->profile ? item->profile : ask->profile ? ask->profile : ask->bank->profile;
    vl_profile_find(name, &profile); /* names were checked where they were read */
    return profile;
}
