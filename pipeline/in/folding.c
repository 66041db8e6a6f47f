/* Rows become what the store keeps of them (folding.h). */
#include "pipeline/in/folding.h"
#include "pipeline/store/store.h"

#include <stdlib.h>

vl_code vl_folding_open(vl_folding *f, const vl_schema *schema, vl_profile profile, vl_err *err)
{
    *f = (vl_folding){ 0 };
    if (!schema->fold || !vl_profile_trial(profile)->folds) return VL_OK;
    f->fold = schema->fold;
    f->state = calloc(1, f->fold->state);
    return f->state ? VL_OK : vl_fail(err, VL_ENOMEM, "no memory to fold rows");
}

vl_code vl_folding_batch(vl_folding *f, vl_batch *batch, vl_err *err)
{
    return f->fold ? f->fold->fold(f->state, batch, err) : VL_OK;
}

void vl_folding_back(vl_folding *f, vl_batch *batch)
{
    if (f->fold) f->fold->back(f->state, batch);
}

unsigned vl_folding_version(const vl_folding *f)
{
    const vl_fold *const fold = f->fold;
    return fold && fold->is_of_version_3 && fold->is_of_version_3(f->state) ? VL_STORE_VERSION
                                                                            : VL_STORE_USUAL;
}

void vl_folding_close(vl_folding *f)
{
    if (f->state) f->fold->drop(f->state);
    free(f->state);
    *f = (vl_folding){ 0 };
}
