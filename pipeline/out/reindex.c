/* Reindex (reindex.h). */
#include "pipeline/out/reindex.h"

#include "formats/xxh3.h"
#include "pipeline/out/indexing.h"
#include "pipeline/out/kind.h"
#include "pipeline/out/verify.h"

#include <string.h>

typedef struct reindex {
    const vl_reindex *ask;
    const vl_kind *kind;
    vl_store *store, *copy;
    vl_reader *reader;
    vl_indexing *indexing;
    vl_profile profile;
    vl_work work;
} reindex;

static vl_code open_store(reindex *x, vl_err *err)
{
    char profile[16];
    if (vl_store_open(&x->store, x->ask->store, err) || vl_kind_of(&x->kind, x->store, err) ||
        vl_reader_open(&x->reader, x->store, x->kind->schema, x->kind->old, err) ||
        vl_store_get(x->store, "/", "vial.profile", profile, sizeof profile, err))
        return err->code;
    if (!vl_profile_find(profile, &x->profile))
        return vl_fail(err, VL_ESTORE, "unknown profile '%s'", profile);
    return VL_OK;
}

/* All rows through new indexes, which go to the store `to`, or nowhere. */
static vl_code walk(reindex *x, vl_store *to, vl_err *err)
{
    vl_indexing_close(x->indexing);
    if (vl_indexing_open(&x->indexing, x->kind->index, to, err)) return err->code;
    return vl_indexing_walk(x->indexing, x->reader, x->ask->threads, err);
}

/* Do the bytes of all indexes hash to what stands beside them? */
static vl_code check_bytes(reindex *x, vl_err *err)
{
    int n = 0;
    vl_buf bytes = { 0 };
    if (vl_store_indexes(x->store, &n, err)) return err->code;
    for (int i = 0; i < n && !err->code; i++) {
        const int column = vl_store_ncolumn(x->store) + i;
        const vl_stored *const col = vl_store_column(x->store, column);
        XXH128_canonical_t hash;
        if (vl_store_read(x->store, column, &bytes, &x->work, err)) break;
        XXH128_canonicalFromHash(&hash, XXH3_128bits(bytes.data, bytes.len));
        if (memcmp(hash.digest, col->digest, sizeof col->digest))
            vl_fail(err, VL_ESTORE, "%s does not match its digest", col->path);
    }
    vl_buf_free(&bytes);
    return err->code;
}

/* Are all indexes there, as they are made? Faults of an index are what reindex is for. */
static vl_code look(reindex *x, bool *current, vl_err *err)
{
    vl_err why = VL_ERR_INIT;
    *current = false;
    if (walk(x, NULL, err)) return err->code;
    if (!vl_indexing_compare(x->indexing, x->kind->schema, x->store, current, &why)) check_bytes(x, &why);
    if (why.code == VL_ESTORE) *current = false;
    else if (why.code) *err = why;
    return err->code;
}

static vl_code make_copy(reindex *x, const char *to, vl_reindexed *done, vl_err *err)
{
    vl_verified seen = { 0 };
    char identity[65];
    if (vl_store_rewrite(&x->copy, x->ask->store, to, VL_INDEX_GROUP, x->profile, err) ||
        walk(x, x->copy, err) || vl_indexing_end(x->indexing, x->kind->schema, x->store, &x->work, err) ||
        vl_store_finish(x->copy, x->ask->threads, err) || vl_store_identity(x->store, identity, err))
        return err->code;
    const vl_verify ask = { .path = vl_store_part(x->copy),
                            .quick = true, /* its columns are those of the store, as the digest shows */
                            .threads = x->ask->threads,
                            .progress = x->ask->progress };
    if (vl_verify_run(&ask, &seen, err)) return err->code;
    if (strcmp(seen.digest, identity))
        return vl_fail(err, VL_EBUG, "the copy has digest %.16s, the store %.16s", seen.digest, identity);
    done->after = vl_store_bytes(x->copy);
    return vl_store_publish(x->copy, err);
}

/* The hash over all bytes first: what is damaged must not get a new one. */
vl_code vl_reindex_run(const vl_reindex *ask, vl_reindexed *done, vl_err *err)
{
    reindex x = { .ask = ask };
    *done = (vl_reindexed){ 0 };
    if (!vl_seal_check(ask->store, ask->threads, &done->before, err) && !open_store(&x, err) &&
        !vl_store_identity(x.store, done->digest, err) && !look(&x, &done->current, err)) {
        done->after = done->before;
        if (!done->current) make_copy(&x, ask->to ? ask->to : ask->store, done, err);
    }
    vl_indexing_close(x.indexing);
    vl_reader_close(x.reader);
    vl_store_close(x.copy);
    vl_store_close(x.store);
    vl_work_free(&x.work);
    if (err->code) err->file[0] = 0;
    return vl_err_file(err, ask->store);
}
