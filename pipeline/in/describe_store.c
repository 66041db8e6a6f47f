/* Descriptions added to a store (describe_store.h). */
#include "pipeline/in/describe_store.h"

#include "pipeline/in/describe_inputs.h"
#include "pipeline/out/verify.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

typedef struct adding {
    const vl_describe_store *ask;
    vl_store *store, *copy;
    vl_delivered all;
    vl_profile profile;
} adding;

static vl_code open_store(adding *a, vl_described_store *done, vl_err *err)
{
    char profile[16];
    if (vl_store_open(&a->store, a->ask->store, err) || vl_store_identity(a->store, done->digest, err) ||
        vl_delivered_read(&a->all, a->store, err) ||
        vl_store_get(a->store, "/", "vial.profile", profile, sizeof profile, err))
        return err->code;
    if (!vl_profile_find(profile, &a->profile))
        return vl_fail(err, VL_ESTORE, "unknown profile '%s'", profile);
    if (a->all.n != a->ask->npath)
        return vl_fail(err, VL_EARG, "%zu files for %zu inputs, which 'vial info' lists: all, in that order",
                       a->ask->npath, a->all.n);
    done->current = true;
    for (size_t i = 0; i < a->all.n; i++)
        done->current &=
            a->all.file[i].state == VL_DELIVERED_DESCRIBED || !vl_delivered_can(a->all.file[i].compression);
    return VL_OK;
}

/* Before a store is copied: what is gone will not come back by that. */
static vl_code look_at_files(const adding *a, vl_err *err)
{
    for (size_t i = 0; i < a->all.n; i++) {
        struct stat st;
        const vl_delivered_file *const f = &a->all.file[i];
        const char *const path = a->ask->path[i];
        if (!vl_delivered_can(f->compression)) continue;
        if (stat(path, &st)) vl_fail_errno(err, VL_ENOIN, errno, "cannot open");
        else if ((uint64_t)st.st_size != f->file_bytes)
            vl_fail(err, VL_EFORMAT, "is not the file that came in: it has %lld bytes, that had %" PRIu64,
                    (long long)st.st_size, f->file_bytes);
        if (err->code) return vl_err_file(err, path);
    }
    return VL_OK;
}

static vl_code make_copy(adding *a, vl_described_store *done, vl_err *err)
{
    vl_verified seen = { 0 };
    const char *const to = a->ask->to ? a->ask->to : a->ask->store;
    const vl_describe_inputs files = { a->ask->path, &a->all, true, a->ask->threads, a->ask->progress };
    if (vl_store_rewrite(&a->copy, a->ask->store, to, VL_ORIGINAL_GROUP, a->profile, err) ||
        vl_describe_into(a->copy, &files, err) || vl_store_finish(a->copy, a->ask->threads, err))
        return err->code;
    const vl_verify ask = { .path = vl_store_part(a->copy),
                            .quick = true, /* its columns are those of the store, as the digest shows */
                            .threads = a->ask->threads,
                            .progress = a->ask->progress };
    if (vl_verify_run(&ask, &seen, err)) return err->code;
    if (strcmp(seen.digest, done->digest))
        return vl_fail(err, VL_EBUG, "the copy has digest %.16s, the store %.16s", seen.digest, done->digest);
    done->after = vl_store_bytes(a->copy);
    return vl_store_publish(a->copy, err);
}

/* The hash over all bytes first: what is damaged must not get a new one. */
vl_code vl_describe_store_run(const vl_describe_store *ask, vl_described_store *done, vl_err *err)
{
    adding a = { .ask = ask, .all = { .records = -1 } };
    *done = (vl_described_store){ 0 };
    if (!vl_seal_check(ask->store, ask->threads, &done->before, err) && !open_store(&a, done, err)) {
        done->after = done->before;
        if (!done->current && !look_at_files(&a, err)) make_copy(&a, done, err);
    }
    vl_store_close(a.copy);
    vl_store_close(a.store);
    vl_delivered_free(&a.all);
    return vl_err_file(err, ask->store);
}
