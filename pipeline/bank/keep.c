/* Withdrawal and tidying (keep.h). */
#include "pipeline/bank/keep.h"
#include "pipeline/bank/catalog/sql.h"
#include "pipeline/bank/chore.h"

#include "pipeline/bank/evidence.h"
#include "pipeline/bank/intake/deposit.h"
#include "pipeline/bank/intake/journal.h"
#include "pipeline/bank/open_items.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What is done to one sample, in a worker. */
typedef struct chore {
    const vl_bank *bank;
    const char *sample;
    const char *reason; /* withdraw for that; NULL: tidy */
    double now;
} chore;

/* ---- on one sample; its lock is held ---- */

static vl_code mark_withdrawn(const chore *k, json_t *record, vl_err *err)
{
    json_t *const reason = json_string(k->reason);
    if (!reason) return vl_fail(err, VL_EARG, "the reason is not UTF-8 text");
    json_t *const withdrawn = json_pack("{s:o,s:I}", "reason", reason, "at", (json_int_t)k->now);
    if (json_object_get(record, "withdrawn")) json_decref(withdrawn); /* as it was first said */
    else json_object_set_new(record, "withdrawn", withdrawn);
    return vl_record_save(k->bank, record, "withdraw", "vial withdraw", err);
}

/* A tombstone: id, reason and time. Every other file of the folder goes, whatever it is called. */
static vl_code empty_folder(const char *folder, vl_err *err)
{
    char path[VL_BANK_PATH + 300];
    DIR *const dir = opendir(folder);
    if (!dir) return vl_fail_errno(err, VL_EIO, errno, "cannot list the sample's folder");
    for (const struct dirent *e; !err->code && (e = readdir(dir));) {
        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..") || !strcmp(e->d_name, ".lock") ||
            !strcmp(e->d_name, "sample.h5"))
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        if (unlink(path) && errno != ENOENT) vl_fail_errno(err, VL_EIO, errno, "cannot remove %s", e->d_name);
    }
    closedir(dir);
    return err->code;
}

static vl_code bury(const chore *k, const char *folder, json_t *record, vl_err *err)
{
    if (empty_folder(folder, err)) return err->code;
    json_object_set_new(record, "stores", json_array());
    json_object_set_new(record, "facts", json_object());
    json_object_del(record, "donor");
    return vl_record_save(k->bank, record, "tidy", "vial tidy", err);
}

static bool is_old(const chore *k, const json_t *store)
{
    return !strcmp(json_string_value(json_object_get(store, "state")), "superseded") &&
           k->now - (double)json_integer_value(json_object_get(store, "superseded")) >=
               k->bank->keep_superseded_days * 86400;
}

/* The record forgets a store before its file goes: a crash in between leaves a file that the next tidy finds.
 */
static vl_code drop_superseded(const chore *k, const char *folder, json_t *record, vl_err *err)
{
    char path[VL_BANK_PATH + 700];
    json_t *const stores = json_object_get(record, "stores"), *const gone = json_array();
    for (size_t i = json_array_size(stores); gone && i-- > 0;)
        if (is_old(k, json_array_get(stores, i))) {
            json_array_append(gone, json_array_get(stores, i));
            json_array_remove(stores, i);
        }
    for (size_t i = 0; i < json_array_size(gone) && !err->code; i++) {
        snprintf(path, sizeof path, "%s/%s", folder,
                 json_string_value(json_object_get(json_array_get(gone, i), "file")));
        if (unlink(path) && errno != ENOENT) vl_fail_errno(err, VL_EIO, errno, "cannot remove an old store");
    }
    if (!err->code && json_array_size(gone)) vl_record_save(k->bank, record, "tidy", "vial tidy", err);
    json_decref(gone);
    return err->code;
}

static json_t *do_chore(const chore *k, vl_err *err)
{
    char folder[VL_BANK_PATH];
    int lock = -1;
    json_t *record = NULL;
    struct stat st;
    if (vl_bank_sample_folder(k->bank, k->sample, folder, err)) return NULL;
    if (stat(folder, &st)) return vl_fail(err, VL_ENOIN, "no sample '%.100s' in the bank", k->sample), NULL;
    if (vl_deposit_lock(k->bank, k->sample, &lock, err)) return NULL;
    if ((record = vl_record_load(k->bank, k->sample, err))) {
        if (k->reason) mark_withdrawn(k, record, err);
        else if (json_object_get(record, "withdrawn")) bury(k, folder, record, err);
        else drop_superseded(k, folder, record, err);
    }
    close(lock);
    if (!err->code) return record;
    json_decref(record);
    return NULL;
}

/* ---- in a worker ---- */

static json_t *work(void *self, vl_err *err)
{
    json_t *const record = do_chore(self, err);
    return record ? json_pack("{s:[o]}", "records", record) : NULL;
}

/* A run that dies in between leaves its entry in the journal: the next one makes ledger, record and catalogue
 * agree. */
static vl_code chore_in_worker(chore *k, vl_catalog *c, vl_err *err)
{
    vl_journal journal;
    vl_chore in_worker = { .work = work, .self = k };
    const vl_item item = { .sample = (char *)k->sample, .acquisition = (char *)"" };
    if (vl_journal_open(k->bank, &item, &journal, err)) return err->code;
    json_decref(vl_chore_run(&in_worker, c, err));
    vl_journal_close(&journal, in_worker.settled);
    return err->code;
}

vl_code vl_keep_withdraw(const vl_bank *bank, vl_catalog *c, const char *sample, const char *reason,
                         vl_err *err)
{
    chore k = { bank, sample, reason, vl_bank_now() };
    if (!chore_in_worker(&k, c, err))
        vl_log(bank, VL_LOG_WARNING, "withdrawn", "sample", sample, "reason", reason, NULL);
    return err->code;
}

/* ---- tidy ---- */

/* Samples that tidying concerns: names, one behind the other, each ended by 0. */
static vl_code list_samples(const vl_bank *bank, vl_catalog *c, double now, vl_buf *names, vl_tidied *done,
                            vl_err *err)
{
    static const char query[] =
        "SELECT s.name, s.withdrawn_at IS NOT NULL, count(t.store_id), total(t.bytes) FROM sample s "
        "JOIN acquisition a USING (sample_id) JOIN store t USING (acquisition_id) WHERE s.withdrawn_at IS "
        "NOT NULL OR "
        "(t.state = 'superseded' AND t.superseded_at <= ?1) GROUP BY s.sample_id ORDER BY s.name";
    const vl_sql_value v[] = { vl_sql_real(now - bank->keep_superseded_days * 86400) };
    sqlite3_stmt *const stmt = vl_sql_ask(c, query, v, 1, err);
    while (vl_sql_row(c, stmt, err)) {
        const char *const name = vl_sql_column(stmt, 0);
        done->samples += sqlite3_column_int(stmt, 1) != 0;
        done->stores += (uint64_t)sqlite3_column_int64(stmt, 2);
        done->bytes += (uint64_t)sqlite3_column_int64(stmt, 3);
        vl_buf_append(names, name, strlen(name) + 1, err);
    }
    return err->code;
}

/* Quarantine folders are named by their date: "2026-11-22". */
static vl_code tidy_quarantine(const vl_bank *bank, double now, bool dry, vl_tidied *done, vl_err *err)
{
    char path[VL_BANK_PATH + 600], limit[32], top[VL_BANK_PATH];
    struct dirent **day = NULL, **file = NULL;
    vl_bank_date(now - bank->keep_quarantine_days * 86400, limit);
    if (vl_bank_path(bank, top, err, "quarantine")) return err->code;
    const int n = scandir(top, &day, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        const char *const name = day[i]->d_name;
        snprintf(path, sizeof path, "%s/%s", top, name);
        const bool old = strlen(name) == 10 && name[0] >= '0' && name[0] <= '9' && strcmp(name, limit) < 0;
        const int files = old ? scandir(path, &file, NULL, alphasort) : 0;
        for (int k = 0; k < files; k++) {
            if (strcmp(file[k]->d_name, ".") && strcmp(file[k]->d_name, "..")) {
                snprintf(path, sizeof path, "%s/%s/%s", top, name, file[k]->d_name);
                const bool open = file[k]->d_name[0] != '.' && vl_open_keeps(path);
                done->refusals += !open;
                if (!dry && !open && unlink(path) && errno != ENOENT)
                    vl_fail_errno(err, VL_EIO, errno, "cannot remove %s", name);
            }
            free(file[k]);
        }
        if (files > 0) free(file);
        snprintf(path, sizeof path, "%s/%s", top, name);
        if (old && !dry) rmdir(path);
        free(day[i]);
    }
    if (n >= 0) free(day);
    return err->code;
}

vl_code vl_keep_tidy(const vl_bank *bank, vl_catalog *c, bool dry, vl_tidied *done, vl_err *err)
{
    chore k = { bank, NULL, NULL, vl_bank_now() };
    vl_buf names = { 0 };
    *done = (vl_tidied){ 0 };
    list_samples(bank, c, k.now, &names, done, err);
    for (size_t at = 0; at < names.len && !err->code && !dry; at += strlen(k.sample) + 1) {
        k.sample = (const char *)names.data + at;
        if (!chore_in_worker(&k, c, err)) vl_log(bank, VL_LOG_INFO, "tidied", "sample", k.sample, NULL);
    }
    vl_buf_free(&names);
    if (!err->code) tidy_quarantine(bank, k.now, dry, done, err);
    return err->code;
}
