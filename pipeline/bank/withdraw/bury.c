/*
 * What a withdrawn sample leaves (withdraw.h): which of them have anything left, and how it goes.
 *
 * In this order, so that a run that dies anywhere has left what tells the next one to begin again:
 *
 *     a line of the ledger that emptying has begun: no way back from here
 *     the files of the folder, the record, the catalogue's rows
 *     what its stores have left where they were before they were brought to it
 *     what was said of the sample elsewhere; SQLite's free pages
 *     last of all the sample's own lines of the ledger: a line "redact" says that it was done
 */
#include "pipeline/bank/withdraw/withdraw.h"

#include "pipeline/bank/catalog/catalog.h"
#include "pipeline/bank/one_sample.h"
#include "pipeline/bank/evidence.h"
#include "pipeline/bank/record.h"
#include "pipeline/bank/withdraw/was.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- what is left ---- */

static int is_data(const struct dirent *e)
{
    return strcmp(e->d_name, ".") && strcmp(e->d_name, "..") && strcmp(e->d_name, ".lock") &&
           strcmp(e->d_name, "sample.h5");
}

static bool has_files(const vl_bank *bank, const char *sample, vl_err *err)
{
    char folder[VL_BANK_PATH];
    struct dirent **entry = NULL;
    if (vl_bank_sample_folder(bank, sample, folder, err)) return false;
    const int n = scandir(folder, &entry, is_data, NULL);
    if (n < 0 && errno != ENOENT) vl_fail_errno(err, VL_EIO, errno, "cannot list %.200s", folder);
    for (int i = 0; i < n; i++) free(entry[i]);
    free(entry);
    return n > 0;
}

static bool says_more(const json_t *record)
{
    return !json_object_get(record, "withdrawn") || json_object_get(record, "donor") ||
           json_object_size(json_object_get(record, "facts")) ||
           json_array_size(json_object_get(record, "stores"));
}

/* A sample.h5 that is missing says nothing, one that is damaged may say anything. */
static bool file_says_more(const vl_bank *bank, const char *sample)
{
    vl_err why = VL_ERR_INIT;
    json_t *const record = vl_record_read(bank, sample, &why);
    const bool more = record ? says_more(record) : why.code != VL_ENOIN;
    json_decref(record);
    return more;
}

static bool rows_say_more(vl_catalog *c, const char *sample, vl_err *err)
{
    json_t *const rows = vl_catalog_get(c, sample, err);
    const bool more = !rows || says_more(rows);
    json_decref(rows);
    return more;
}

bool vl_bury_is_left(const vl_bank *bank, const char *sample, vl_err *err)
{
    return file_says_more(bank, sample) || has_files(bank, sample, err) ||
           vl_was_is_left(bank, NULL, sample, err);
}

typedef struct looking {
    const vl_bank *bank;
    vl_catalog *catalog;
    vl_buf *names;
} looking;

static vl_code look(const char *sample, bool redacted, void *to, vl_err *err)
{
    const looking *const l = to;
    const bool left = !redacted || vl_bury_is_left(l->bank, sample, err) ||
                      rows_say_more(l->catalog, sample, err) ||
                      vl_was_is_left(l->bank, l->catalog, sample, err);
    return left && !err->code ? vl_buf_append(l->names, sample, strlen(sample) + 1, err) : err->code;
}

vl_code vl_bury_list(const vl_bank *bank, vl_catalog *c, vl_buf *names, vl_err *err)
{
    looking l = { bank, c, names };
    for (unsigned shard = 0; shard < 256 && !err->code; shard++)
        vl_ledger_withdrawn(bank, shard, look, &l, err);
    return err->code;
}

/* ---- in the worker; the sample's lock is held ---- */

static vl_code begin(const vl_one_sample *k, json_t *record, vl_err *err)
{
    json_t *const gone = json_object_get(record, "withdrawn");
    if (!gone)
        return vl_fail(err, VL_EBUSY, "the withdrawal of '%.100s' was taken back meanwhile", k->sample);
    if (json_object_get(gone, "emptied")) return VL_OK;
    json_object_set_new(gone, "emptied", json_integer((json_int_t)k->now));
    return vl_record_save(k->bank, record, "tidy", "vial tidy", err);
}

static int remove_one(const char *path, const struct stat *st, int what, struct FTW *at)
{
    (void)st, (void)at;
    return (what == FTW_DP ? rmdir(path) : unlink(path)) && errno != ENOENT ? -1 : 0;
}

vl_code vl_bury_remove(const char *path, vl_err *err)
{
    return nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) && errno != ENOENT
               ? vl_fail_errno(err, VL_EIO, errno, "cannot remove %.200s", path)
               : VL_OK;
}

/* Everything in the folder but the tombstone goes, whatever it is called: a folder with all that is in it. */
static vl_code empty_folder(const char *folder, vl_err *err)
{
    char path[VL_BANK_PATH + 300];
    struct dirent **entry = NULL;
    const int n = scandir(folder, &entry, is_data, alphasort);
    if (n < 0) return vl_fail_errno(err, VL_EIO, errno, "cannot list the sample's folder");
    for (int i = 0; i < n; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, entry[i]->d_name);
        vl_bury_remove(path, err);
        free(entry[i]);
    }
    free(entry);
    return err->code;
}

static vl_code empty(const vl_one_sample *k, const char *folder, json_t **record, vl_err *err)
{
    if (begin(k, *record, err) || empty_folder(folder, err)) return err->code;
    json_object_set_new(*record, "stores", json_array());
    json_object_set_new(*record, "facts", json_object());
    json_object_del(*record, "donor");
    return vl_record_save(k->bank, *record, "tidy", "vial tidy", err);
}

/* The redaction is a line of the ledger, which sample.h5 notes. */
static vl_code redact(const vl_one_sample *k, const char *folder, json_t **record, vl_err *err)
{
    (void)folder;
    if (vl_ledger_redact(k->bank, k->sample, "vial tidy", err)) return err->code;
    json_decref(*record);
    *record = vl_record_load(k->bank, k->sample, err);
    return *record ? vl_record_save(k->bank, *record, "tidy", "vial tidy", err) : err->code;
}

/* ---- all of them ---- */

static vl_code each(const vl_bank *bank, vl_catalog *c, const vl_buf *names,
                    vl_code (*run)(const vl_one_sample *, const char *, json_t **, vl_err *), vl_err *err)
{
    vl_one_sample k = { .bank = bank, .run = run };
    for (size_t at = 0; at < names->len && !err->code; at += strlen(k.sample) + 1) {
        k.sample = (const char *)names->data + at;
        vl_one_sample_run(&k, c, err);
    }
    return err->code;
}

static vl_code each_was(const vl_bank *bank, vl_catalog *c, const vl_buf *names, vl_err *err)
{
    for (size_t at = 0; at < names->len && !err->code; at += strlen((char *)names->data + at) + 1)
        vl_was_bury(bank, c, (char *)names->data + at, err);
    return err->code;
}

vl_code vl_bury(const vl_bank *bank, vl_catalog *c, const vl_buf *names, vl_err *err)
{
    vl_traces traces = { 0 };
    if (!names->len) return VL_OK;
    for (size_t at = 0; at < names->len && !err->code; at += strlen((char *)names->data + at) + 1)
        if (!vl_traces_gather(&traces, bank, c, (char *)names->data + at, err))
            vl_was_gather(&traces, bank, c, (char *)names->data + at, err);
    if (!err->code && !vl_catalog_forget_surely(c, err) && !each(bank, c, names, empty, err) &&
        !each_was(bank, c, names, err) && !vl_traces_remove(&traces, bank, c, err) &&
        !vl_catalog_squeeze(c, err))
        each(bank, c, names, redact, err);
    vl_traces_free(&traces);
    if (err->code) return err->code;
    for (size_t at = 0; at < names->len; at += strlen((char *)names->data + at) + 1)
        vl_log(bank, VL_LOG_INFO, "tidied", "sample", (char *)names->data + at, NULL);
    return VL_OK;
}
