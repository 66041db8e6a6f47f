/* Profiles: what an ingest may spend on its store (profile.c). */
#ifndef VL_PROFILE_H
#define VL_PROFILE_H

#include "pipeline/codec/codec.h"

typedef enum vl_profile { VL_FAST, VL_COMPACT, VL_ARCHIVE, VL_PORTABLE } vl_profile;
const char *vl_profile_name(vl_profile profile);
bool vl_profile_find(const char *name, vl_profile *out);
const vl_trial *vl_profile_trial(vl_profile profile);

#endif
