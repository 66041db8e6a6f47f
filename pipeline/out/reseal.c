/* Reseal (reseal.h): copy, seal, verify; then what the digests do not speak of: what others added, and
 * attributes of columns, which must say what the schema says. */
#include "pipeline/out/reseal.h"

#include "pipeline/out/additions.h"
#include "pipeline/out/columns.h"
#include "pipeline/out/kind.h"
#include "pipeline/out/verify.h"

#include <string.h>

typedef struct reseal {
    const vl_reseal *ask;
    vl_resealed *done;
    vl_store *copy;
} reseal;

/* Seals the copy and proves it from a fresh open. */
static vl_code prove(reseal *r, vl_err *err)
{
    vl_verified seen = { 0 };
    const vl_verify ask = { .path = vl_store_part(r->copy),
                            .threads = r->ask->threads,
                            .progress = r->ask->progress };
    if (vl_store_finish(r->copy, r->ask->threads, err) || vl_verify_run(&ask, &seen, err)) return err->code;
    memcpy(r->done->digest, seen.digest, sizeof seen.digest);
    return VL_OK;
}

static vl_code same_text(vl_store *st, const char *path, const char *name, const char *want, vl_err *err)
{
    char text[4096];
    if (vl_store_get(st, path, name, text, sizeof text, err)) return err->code;
    if (!want) want = "";
    if (!strncmp(text, want, sizeof text - 1)) return VL_OK;
    return vl_fail(err, VL_ESTORE, "attribute %s of %s is '%.60s', the schema says '%.60s'", name, path, text,
                   want);
}

/* Stores of version 1 carry no schema that could say it. */
static vl_code check_attributes(vl_store *st, vl_err *err)
{
    vl_columns c;
    const vl_kind *kind = NULL;
    if (vl_store_version(st) < 2 || vl_kind_of(&kind, st, err)) return err->code;
    if (!vl_columns_read(&c, st, kind->schema, kind->old, err))
        for (int f = 0; f < c.stored->nfield && !err->code; f++) {
            const vl_field *const field = &c.stored->field[f];
            if (vl_store_find(st, field->path) < 0) continue;
            if (same_text(st, field->path, "unit", field->unit, err) ||
                same_text(st, field->path, "missing", field->missing, err) ||
                same_text(st, field->path, "role", field->role, err) ||
                same_text(st, field->path, "coding", field->coding, err))
                break;
        }
    vl_columns_free(&c);
    return err->code;
}

/* *more: something was taken out of the copy, which is to be sealed anew. */
static vl_code check_rest(reseal *r, bool *more, vl_err *err)
{
    vl_store *st = NULL;
    vl_additions added = { 0 };
    if (!vl_store_open(&st, vl_store_part(r->copy), err) && !check_attributes(st, err))
        vl_additions_list(&added, st, err);
    vl_store_close(st);
    if (!err->code && added.n && !r->ask->drop) {
        char text[160];
        vl_fail(err, VL_ESTORE, "its content is whole, but others added to it: %s; --drop takes that out",
                vl_additions_print(&added, text, sizeof text));
    }
    for (size_t i = 0; i < added.n && !err->code; i++) {
        vl_store_drop(r->copy, added.one[i].object, added.one[i].attribute, err);
        vl_additions_tell(&added.one[i], &r->done->dropped, err);
    }
    if (!err->code && added.n) vl_buf_append(&r->done->dropped, "", 1, err);
    *more = added.n > 0;
    vl_additions_free(&added);
    return err->code;
}

static vl_code make_copy(reseal *r, vl_err *err)
{
    char was[33];
    bool more = false;
    const vl_reseal *const ask = r->ask;
    vl_seal_said(ask->store, was);
    if (vl_store_reseal(&r->copy, ask->store, ask->to ? ask->to : ask->store, err) || prove(r, err) ||
        check_rest(r, &more, err) || (more && prove(r, err)) ||
        vl_seal_read(vl_store_part(r->copy), &r->done->seal, NULL, err))
        return err->code;
    r->done->same =
        !strcmp(r->done->seal.hash, was) || (ask->expected && !strcmp(r->done->seal.hash, ask->expected));
    return vl_store_publish(r->copy, err);
}

vl_code vl_reseal_run(const vl_reseal *ask, vl_resealed *done, vl_err *err)
{
    reseal r = { .ask = ask, .done = done };
    vl_err why = VL_ERR_INIT;
    *done = (vl_resealed){ 0 };
    if (!vl_seal_check(ask->store, ask->threads, NULL, &why)) {
        done->current = done->same = true;
        return vl_seal_read(ask->store, &done->seal, NULL, err);
    }
    if (why.code != VL_ESTORE) return *err = why, err->code;
    make_copy(&r, err);
    vl_store_close(r.copy);
    if (err->code) err->file[0] = 0;
    return vl_err_file(err, ask->store);
}
