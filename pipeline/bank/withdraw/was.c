/* What a withdrawn sample's stores left where they were before (was.h). */
#include "pipeline/bank/withdraw/was.h"

#include "pipeline/bank/ledger/ledger.h"
#include "pipeline/bank/one_sample.h"
#include "pipeline/bank/record.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A line of "was"; its texts are the record's. */
static vl_past past_of(const json_t *one)
{
    return (vl_past){ .sample = json_string_value(json_object_get(one, "sample")),
                      .acquisition = json_string_value(json_object_get(one, "acquisition")),
                      .revision = (uint64_t)json_integer_value(json_object_get(one, "revision")),
                      .at = (double)json_integer_value(json_object_get(one, "at")) };
}

/* NULL: nothing knows the sample. */
static json_t *load(const vl_bank *bank, const char *sample, vl_err *err)
{
    vl_err why = VL_ERR_INIT;
    json_t *const record = vl_record_load(bank, sample, &why);
    if (why.code && why.code != VL_ENOIN) *err = why;
    return record;
}

/* ---- files ---- */

static bool is_renamed(const json_t *record)
{
    return json_object_get(json_object_get(record, "gone"), "to") != NULL;
}

/* Of a sample that has data, other files than stores are nobody's business. */
static bool is_strange(const json_t *record, const char *name)
{
    size_t i;
    const json_t *store;
    const size_t n = strlen(name);
    if (*name == '.' || !strcmp(name, "sample.h5")) return false;
    if (!is_renamed(record) && (n < 3 || strcmp(name + n - 3, ".h5"))) return false;
    json_array_foreach(json_object_get(record, "stores"), i, store)
    {
        if (!strcmp(name, json_string_value(json_object_get(store, "file")))) return false;
    }
    return true;
}

/* Files that the record does not know: from a backup. remove: they go. */
static size_t look_at_files(const char *folder, const json_t *record, bool remove, vl_err *err)
{
    char path[VL_BANK_PATH + 300];
    struct dirent **entry = NULL;
    size_t strange = 0;
    const int n = scandir(folder, &entry, NULL, alphasort);
    if (n < 0 && errno != ENOENT) vl_fail_errno(err, VL_EIO, errno, "cannot list %.200s", folder);
    for (int i = 0; i < n; i++) {
        if (!err->code && is_strange(record, entry[i]->d_name)) {
            strange++;
            snprintf(path, sizeof path, "%s/%s", folder, entry[i]->d_name);
            if (remove) vl_bury_remove(path, err);
        }
        free(entry[i]);
    }
    if (n >= 0) free(entry);
    return strange;
}

/* ---- is something left? ---- */

static bool is_older(const json_t *record, const vl_past *p)
{
    return record && (uint64_t)json_integer_value(json_object_get(record, "revision")) < p->revision;
}

static bool file_is_older(const vl_bank *bank, const vl_past *p)
{
    vl_err why = VL_ERR_INIT;
    json_t *const file = vl_record_read(bank, p->sample, &why);
    const bool older = file ? is_older(file, p) : why.code != VL_ENOIN;
    json_decref(file);
    return older;
}

static bool is_left(const vl_bank *bank, vl_catalog *c, const vl_past *p, vl_err *err)
{
    char folder[VL_BANK_PATH];
    json_t *const record = load(bank, p->sample, err), *const rows = c && !err->code
                                                                         ? vl_catalog_get(c, p->sample, err)
                                                                         : NULL;
    bool left = record && (file_is_older(bank, p) || is_older(rows, p));
    if (!left && record && !err->code && !vl_bank_sample_folder(bank, p->sample, folder, err))
        left = look_at_files(folder, record, false, err);
    json_decref(record);
    json_decref(rows);
    return left;
}

bool vl_was_is_left(const vl_bank *bank, vl_catalog *c, const char *sample, vl_err *err)
{
    size_t i;
    const json_t *one;
    bool left = false;
    json_t *const record = load(bank, sample, err);
    json_array_foreach(json_object_get(record, "was"), i, one)
    {
        const vl_past p = past_of(one);
        left = left || (!err->code && is_left(bank, c, &p, err));
    }
    json_decref(record);
    return left;
}

/* ---- what is said of them elsewhere ---- */

static vl_code gather_one(vl_traces *t, const vl_bank *bank, vl_catalog *c, const vl_past *p, vl_err *err)
{
    json_t *const record = load(bank, p->sample, err);
    const bool whole = !p->acquisition && (!record || is_renamed(record));
    json_decref(record);
    if (err->code) return err->code;
    return whole ? vl_traces_gather(t, bank, c, p->sample, err) : vl_traces_gather_past(t, bank, c, p, err);
}

vl_code vl_was_gather(vl_traces *t, const vl_bank *bank, vl_catalog *c, const char *sample, vl_err *err)
{
    size_t i;
    const json_t *one;
    json_t *const record = load(bank, sample, err);
    json_array_foreach(json_object_get(record, "was"), i, one)
    {
        const vl_past p = past_of(one);
        if (!err->code) gather_one(t, bank, c, &p, err);
    }
    json_decref(record);
    return err->code;
}

/* ---- they go ---- */

typedef struct burying {
    vl_one_sample k; /* the first member: what run gets */
    vl_past past;
} burying;

static vl_code bury_one(const vl_one_sample *k, const char *folder, json_t **record, vl_err *err)
{
    const vl_past *const p = &((const burying *)k)->past;
    look_at_files(folder, *record, true, err);
    if (err->code ||
        vl_ledger_redact_moved(k->bank, p->sample, p->revision, p->acquisition, "vial tidy", err))
        return err->code;
    json_decref(*record);
    *record = vl_record_load(k->bank, k->sample, err);
    return *record ? vl_record_save(k->bank, *record, "tidy", "vial tidy", err) : err->code;
}

vl_code vl_was_bury(const vl_bank *bank, vl_catalog *c, const char *sample, vl_err *err)
{
    size_t i;
    const json_t *one;
    json_t *const record = load(bank, sample, err);
    json_array_foreach(json_object_get(record, "was"), i, one)
    {
        burying b = { .k = { .bank = bank, .run = bury_one }, .past = past_of(one) };
        vl_err why = VL_ERR_INIT;
        b.k.sample = b.past.sample;
        if (!err->code && vl_one_sample_run(&b.k, c, &why) && why.code != VL_ENOIN) *err = why;
    }
    json_decref(record);
    return err->code;
}
