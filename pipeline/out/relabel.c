/* Relabel (relabel.h): the old store is checked first, as what is damaged must not get a new seal. */
#include "pipeline/out/relabel.h"

#include "pipeline/out/verify.h"

#include <string.h>

/* Has the copy all columns of the store, with their digests? The manifest alone is another. */
static vl_code compare(const char *before, const char *after, vl_err *err)
{
    vl_store *a = NULL, *b = NULL;
    if (vl_store_open(&a, before, err) || vl_store_open(&b, after, err)) goto out;
    bool same = vl_store_ncolumn(a) == vl_store_ncolumn(b);
    for (int i = 0; i < vl_store_ncolumn(a) && same; i++) {
        const vl_stored *const col = vl_store_column(a, i);
        const int there = vl_store_find(b, col->path);
        same = there >= 0 && (!strcmp(col->path, "source/manifest") ||
                              !memcmp(col->digest, vl_store_column(b, there)->digest, sizeof col->digest));
    }
    if (!same) vl_fail(err, VL_EBUG, "the copy holds other columns than the store");
out:
    vl_store_close(a);
    vl_store_close(b);
    return err->code;
}

static vl_code make_copy(const vl_relabel *ask, vl_store **copy, vl_relabelled *done, vl_err *err)
{
    vl_verified seen = { 0 };
    if (vl_store_relabel(copy, ask->store, ask->to, "vial.sample", ask->sample, err) ||
        vl_store_finish(*copy, ask->threads, err))
        return err->code;
    const char *const part = vl_store_part(*copy);
    const vl_verify look = { .path = part, .threads = ask->threads, .progress = VL_PROGRESS_OFF };
    if (vl_verify_run(&look, &seen, err) || compare(ask->store, part, err) ||
        vl_seal_read(part, &done->seal, NULL, err))
        return err->code;
    memcpy(done->digest, seen.digest, sizeof seen.digest);
    return vl_store_publish(*copy, err);
}

vl_code vl_relabel_run(const vl_relabel *ask, vl_relabelled *done, vl_err *err)
{
    vl_store *copy = NULL;
    *done = (vl_relabelled){ 0 };
    if (!vl_seal_check(ask->store, ask->threads, NULL, err)) make_copy(ask, &copy, done, err);
    vl_store_close(copy);
    if (err->code) err->file[0] = 0;
    return vl_err_file(err, ask->store);
}
