/* Folding (formats/fold.h) on the way into a store, where the profile says so. */
#ifndef VL_FOLDING_H
#define VL_FOLDING_H

#include "formats/fold.h"
#include "pipeline/codec/profile.h"

typedef struct vl_folding {
    const vl_fold *fold; /* NULL: rows are stored as they are */
    void *state;         /* owned */
} vl_folding;

vl_code vl_folding_open(vl_folding *f, const vl_schema *schema, vl_profile profile, vl_err *err);
/* Serial, in order: before it is laid, a batch becomes what the store keeps. */
vl_code vl_folding_batch(vl_folding *f, vl_batch *batch, vl_err *err);
/* Behind that it is again what it was. */
void vl_folding_back(vl_folding *f, vl_batch *batch);
/* Of the store that these batches are laid into. */
unsigned vl_folding_version(const vl_folding *f);
void vl_folding_close(vl_folding *f);

#endif
