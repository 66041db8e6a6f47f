/* Verify (verify.h): the text is made again, which takes the digests of the columns that it reads on the way;
 * then fetch (ordered) -> unpack (parallel) -> hash (ordered), column after column, of all other columns and
 * of indexes. Indexes are made again from the same rows, and compared. */
#include "pipeline/out/verify.h"

#include "formats/xxh3.h"
#include "pipeline/out/damage.h"
#include "pipeline/out/delivered.h"
#include "pipeline/out/export.h"
#include "pipeline/out/indexing.h"
#include "pipeline/out/kind.h"
#include "pipeline/run/run.h"
#include "pipeline/run/say.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct load {
    vl_buf packed, plain;
    vl_work work;
    int column;
    uint64_t nth;
    bool last_of_column;
} load;

typedef struct verify {
    vl_store *store;
    const vl_kind *kind;
    vl_indexing *indexing; /* NULL: the store has no index */
    int ncolumn;           /* with indexes */
    bool *whole;           /* owned; [ncolumn]: digest checked already */
    int column;            /* that fetch is in */
    uint64_t nth;
    XXH3_state_t *hash;
    uint64_t done, total;
    vl_progress progress;
} verify;

/* The next column from c on that is still to be checked. */
static int unchecked(const verify *v, int c)
{
    while (c < v->ncolumn && v->whole[c]) c++;
    return c;
}

static vl_code fetch(void *self, vl_slot *slot, vl_err *err)
{
    verify *const v = self;
    load *const l = slot->body;
    const vl_stored *const col = vl_store_column(v->store, v->column);
    l->column = v->column;
    l->nth = v->nth++;
    l->last_of_column = v->nth >= col->nchunk;
    if (col->nchunk && vl_store_fetch(v->store, l->column, l->nth, &l->packed, err)) return err->code;
    if (l->last_of_column) {
        v->nth = 0;
        v->column = unchecked(v, v->column + 1);
        slot->end = v->column == v->ncolumn;
    }
    return VL_OK;
}

static vl_code unpack(void *self, vl_slot *slot, vl_err *err)
{
    const verify *const v = self;
    load *const l = slot->body;
    const vl_stored *const col = vl_store_column(v->store, l->column);
    l->plain.len = 0;
    return col->nchunk ? vl_stored_unpack(col, l->nth, &l->packed, &l->plain, &l->work, err) : VL_OK;
}

static vl_code hash(void *self, vl_slot *slot, vl_err *err)
{
    verify *const v = self;
    load *const l = slot->body;
    const vl_stored *const col = vl_store_column(v->store, l->column);
    XXH128_canonical_t got;
    XXH3_128bits_update(v->hash, l->plain.data, l->plain.len);
    v->done += l->packed.len;
    vl_progress_show(&v->progress, v->done, v->total, 0);
    if (!l->last_of_column) return VL_OK;
    XXH128_canonicalFromHash(&got, XXH3_128bits_digest(v->hash));
    XXH3_128bits_reset(v->hash);
    if (memcmp(got.digest, col->digest, 16))
        return vl_fail(err, VL_ESTORE, "%s does not match its digest", col->path);
    return VL_OK;
}

static vl_code check_columns(verify *v, int threads, vl_err *err)
{
    const vl_stage stage[] = { { "fetch", VL_ORDERED, fetch, v },
                               { "unpack", VL_PARALLEL, unpack, v },
                               { "hash", VL_ORDERED, hash, v } };
    const int n = vl_slots_for(threads);
    load *const l = calloc((size_t)n, sizeof *l);
    vl_slot *const slot = calloc((size_t)n, sizeof *slot);
    v->hash = XXH3_createState();
    if (!l || !slot || !v->hash) {
        vl_fail(err, VL_ENOMEM, "no memory to verify a store");
        goto out;
    }
    XXH3_128bits_reset(v->hash);
    for (int i = 0; i < n; i++) slot[i].body = &l[i];
    vl_run(stage, 3, slot, n, threads, NULL, err);
out:
    for (int i = 0; l && i < n; i++) {
        vl_buf_free(&l[i].packed);
        vl_buf_free(&l[i].plain);
        vl_work_free(&l[i].work);
    }
    XXH3_freeState(v->hash);
    free(l);
    free(slot);
    return err->code;
}

/* Can every file be made again as it was delivered? */
static vl_code count_delivered(verify *v, vl_verified *seen, vl_err *err)
{
    vl_delivered all = { 0 };
    if (!vl_delivered_read(&all, v->store, err)) {
        const size_t made = vl_delivered_count(&all, VL_DELIVERED_DESCRIBED);
        seen->nfile = all.n;
        seen->ndelivered = made + vl_delivered_count(&all, VL_DELIVERED_TEXT) == all.n ? all.n : 0;
    }
    vl_delivered_free(&all);
    return err->code;
}

/* As many texts as there were are made again and compared. */
static vl_code check_text(verify *v, const vl_verify *ask, vl_verified *seen, bool *indexed, vl_err *err)
{
    int n = 0;
    uint64_t bytes = 0;
    vl_exported done = { 0 };
    if (vl_export_texts(v->store, &n, &bytes, err) || !n) return err->code;
    if (ask->originals && count_delivered(v, seen, err)) return err->code;
    const vl_export text = { .store = ask->path,
                             .out = { "", n > 1 ? "" : NULL },
                             .compare_only = true,
                             .delivered = seen->ndelivered > 0,
                             .whole = v->whole,
                             .indexing = v->indexing,
                             .threads = ask->threads,
                             .progress = ask->progress,
                             .what = "verify" };
    vl_export_run(&text, &done, err);
    seen->text = done.compared;
    *indexed = done.indexed;
    vl_buf_free(&done.odd);
    return err->code;
}

/* ---- indexes ---- */

/* Their bytes are checked as those of columns are; and they are made again if there are any. */
static vl_code open_indexes(verify *v, vl_err *err)
{
    int n = 0;
    if (vl_store_indexes(v->store, &n, err)) return err->code;
    v->ncolumn = vl_store_ncolumn(v->store) + n;
    return n ? vl_indexing_open(&v->indexing, v->kind->index, NULL, err) : VL_OK;
}

/* added: their rows were met when the text was made. */
static vl_code check_indexes(verify *v, int threads, bool added, vl_err *err)
{
    vl_reader *r = NULL;
    bool all = false;
    if (!v->indexing) return VL_OK;
    if (added || (!vl_reader_open(&r, v->store, v->kind->schema, v->kind->old, err) &&
                  !vl_indexing_walk(v->indexing, r, threads, err)))
        vl_indexing_compare(v->indexing, v->kind->schema, v->store, &all, err);
    vl_reader_close(r);
    return err->code;
}

/* ---- the whole ---- */

static vl_code check_store(verify *v, const vl_verify *ask, vl_verified *seen, vl_err *err)
{
    bool added = false;
    if (vl_store_open(&v->store, ask->path, err) || vl_store_check_digest(v->store, err) ||
        vl_kind_of(&v->kind, v->store, err) || open_indexes(v, err))
        return err->code;
    snprintf(seen->kind, sizeof seen->kind, "%s", v->kind->schema->kind);
    if (vl_store_get_u64(v->store, "/", "n_row", &seen->rows, err)) return err->code;
    seen->columns = vl_store_ncolumn(v->store);
    for (int c = 0; c < v->ncolumn; c++) seen->chunks += vl_store_column(v->store, c)->nchunk;
    if (!(v->whole = calloc((size_t)v->ncolumn + 1, sizeof *v->whole)))
        return vl_fail(err, VL_ENOMEM, "no memory to verify a store");
    if (!ask->quick && check_text(v, ask, seen, &added, err)) return err->code;
    v->column = unchecked(v, 0);
    for (int c = v->column; c < v->ncolumn; c = unchecked(v, c + 1))
        v->total += vl_store_column(v->store, c)->packed_bytes; /* of what the text did not show */
    if (v->column < v->ncolumn && check_columns(v, ask->threads, err)) return err->code;
    if (check_indexes(v, ask->threads, added, err)) return err->code;
    return vl_store_identity(v->store, seen->digest, err);
}

/* The seal is there, and the bytes are others: chunks and columns know more. */
static void find_damage(const char *path, vl_err *err)
{
    vl_err again = VL_ERR_INIT;
    uint64_t bytes = 0;
    char place[160];
    if (err->code != VL_ESTORE || vl_seal_check(path, 0, &bytes, &again)) return;
    vl_damage_find(path, bytes, place, sizeof place);
    const size_t used = strlen(err->what);
    if (*place) snprintf(err->what + used, sizeof err->what - used, "; damaged: %s", place);
}

vl_code vl_verify_run(const vl_verify *ask, vl_verified *seen, vl_err *err)
{
    verify v = { 0 };
    *seen = (vl_verified){ 0 };
    vl_progress_start(&v.progress, ask->progress, "verify", "");
    if (!vl_seal_check(ask->path, ask->threads, &seen->bytes, err)) check_store(&v, ask, seen, err);
    else find_damage(ask->path, err);
    vl_progress_end(&v.progress);
    vl_indexing_close(v.indexing);
    vl_store_close(v.store);
    free(v.whole);
    return vl_err_file(err, ask->path);
}

void vl_verified_tell(const vl_verified *seen, char *text, size_t n)
{
    char files[80] = "";
    if (seen->ndelivered)
        snprintf(files, sizeof files, ", %zu file%s as delivered compared", seen->nfile, vl_s(seen->nfile));
    else if (seen->nfile) snprintf(files, sizeof files, ", files as delivered not described");
    snprintf(text, n, "%" PRIu64 " rows, %d columns, %" PRIu64 " chunks, %" PRIu64 " bytes, %s%s, digest %s",
             seen->rows, seen->columns, seen->chunks, seen->bytes,
             seen->text ? "original text compared" : "text not made again", files, seen->digest);
}
