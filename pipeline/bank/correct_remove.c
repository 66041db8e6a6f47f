/*
 * A mistake is taken out: stores are set aside as superseded ones are, until the tidy; the name of a sample
 * is free again. Second names come first; the first ones go when record and catalogue have forgotten them:
 * whenever it dies, what they name is there.
 */
#include "pipeline/bank/correct_parts.h"

#include "pipeline/store/file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* What came in after the mistake was noticed is none. */
static bool is_asked(const vl_correction *k, const json_t *store)
{
    return (!k->acquisition || !strcmp(vl_correct_text(store, "acquisition"), k->acquisition)) &&
           json_integer_value(json_object_get(store, "published")) <=
               json_integer_value(json_object_get(k->ask, "at"));
}

static bool is_live(const json_t *store) { return !strcmp(vl_correct_text(store, "state"), "live"); }

vl_code vl_correct_set_aside(const vl_correction *k, json_t *record, json_t *store, json_t *reason,
                             vl_err *err)
{
    char from[VL_BANK_PATH], to[VL_BANK_PATH];
    if (vl_correct_path(k, store, from, err)) return err->code;
    if (access(from, F_OK) && errno == ENOENT) return vl_record_forget(record, store), VL_OK;
    vl_record_set_aside(record, store);
    json_object_set(store, "removed", reason);
    if (vl_correct_path(k, store, to, err)) return err->code;
    if (link(from, to) && errno != EEXIST &&
        rename(from, to)) /* no links to what another of the group made */
        return vl_fail_errno(err, VL_EIO, errno, "cannot set the store aside");
    return vl_sync_folder(to, err);
}

/* Every fact that went stays in the ledger. */
static void free_name(const vl_correction *k, json_t *record)
{
    json_object_del(record, "donor");
    json_object_set_new(record, "facts", json_object());
    json_object_set_new(record, "gone",
                        json_pack("{s:O,s:O}", "reason", json_object_get(k->ask, "reason"), "at",
                                  json_object_get(k->ask, "at")));
}

vl_code vl_correct_remove(const vl_correction *k, json_t *record, vl_err *err)
{
    json_t *const stores = json_copy(json_object_get(record, "stores")), *store;
    size_t i, removed = 0, others = 0;
    json_array_foreach(stores, i, store)
    {
        const bool asked = is_asked(k, store);
        others += is_live(store) && !asked;
        removed += asked && (is_live(store) || json_object_get(store, "removed"));
        if (asked && is_live(store) && !err->code)
            vl_correct_set_aside(k, record, store, json_object_get(k->ask, "reason"), err);
    }
    json_decref(stores);
    if (!err->code && !removed)
        return vl_fail(err, VL_ENOIN, "sample '%.100s' has no %s%.100s", k->sample,
                       k->acquisition ? "acquisition " : "stores", k->acquisition ? k->acquisition : "");
    if (!k->acquisition && !others && !json_object_get(record, "gone")) free_name(k, record);
    return err->code;
}
