/*
 * The table of profiles: the efforts that each may try, and the bytes it wants for its time, in per mille for
 * each step of an effort's cost (choose.c). A slower profile tries all that a quicker one does.
 */
#include "pipeline/codec/profile.h"

#include <string.h>

static const struct {
    const char *name;
    vl_trial trial;
} profiles[] = {
    [VL_FAST] = { "fast", { 2, { 0, 1 }, 20, VL_LEARNS_NONE, false } },
    [VL_COMPACT] = { "compact", { 5, { 0, 1, 2, 3, 4 }, 10, VL_LEARNS_MANY, false } },
    [VL_ARCHIVE] = { "archive", { 7, { 0, 1, 2, 3, 4, 5, 6 }, 0, VL_LEARNS_ANY, true } },
    [VL_PORTABLE] = { "portable", { 4, { 0, 1, 2, 4 }, 10, VL_LEARNS_NONE, false } },
};

const char *vl_profile_name(vl_profile profile) { return profiles[profile].name; }
const vl_trial *vl_profile_trial(vl_profile profile) { return &profiles[profile].trial; }

bool vl_profile_find(const char *name, vl_profile *out)
{
    for (int i = VL_FAST; i <= VL_PORTABLE; i++) {
        if (!strcmp(profiles[i].name, name)) {
            *out = (vl_profile)i;
            return true;
        }
    }
    return false;
}
