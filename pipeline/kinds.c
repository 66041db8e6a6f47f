/* The table of kinds (out/kind.h). */
#include "pipeline/out/kind.h"

#include <string.h>

#define VL_KIND(name) extern const vl_kind vl_kind_##name;
#include "pipeline/kinds.def"
#undef VL_KIND

const vl_kind *const vl_kinds[] = {
#define VL_KIND(name) &vl_kind_##name,
#include "pipeline/kinds.def"
#undef VL_KIND
    NULL
};

const vl_kind *vl_kind_find(const char *name)
{
    for (int i = 0; vl_kinds[i]; i++)
        if (!strcmp(vl_kinds[i]->schema->kind, name)) return vl_kinds[i];
    return NULL;
}

vl_code vl_kind_of(const vl_kind **out, vl_store *st, vl_err *err)
{
    char name[64];
    if (vl_store_get(st, "/", "vial.kind", name, sizeof name, err)) return err->code;
    *out = vl_kind_find(name);
    return *out ? VL_OK : vl_fail(err, VL_EUNSUP, "stores of kind '%s' are not supported", name);
}
