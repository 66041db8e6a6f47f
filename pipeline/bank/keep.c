/* Tidying (keep.h). */
#include "pipeline/bank/keep.h"

#include "pipeline/bank/catalog/sql.h"
#include "pipeline/bank/one_sample.h"
#include "pipeline/bank/evidence.h"
#include "pipeline/bank/open_items.h"
#include "pipeline/bank/record.h"
#include "pipeline/bank/withdraw/withdraw.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

static bool is_old(const vl_one_sample *k, const json_t *store)
{
    return !strcmp(json_string_value(json_object_get(store, "state")), "superseded") &&
           k->now - (double)json_integer_value(json_object_get(store, "superseded")) >=
               k->bank->keep_superseded_days * 86400;
}

/* The record forgets a store before its file goes: a crash in between leaves a file that the next tidy finds.
 */
static vl_code drop_superseded(const vl_one_sample *k, const char *folder, json_t **loaded, vl_err *err)
{
    json_t *const record = *loaded;
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

/* ---- tidy ---- */

/* Samples with stores that were superseded long enough ago: names, one behind the other, each ended by 0. */
static vl_code list_samples(const vl_bank *bank, vl_catalog *c, double now, vl_buf *names, vl_tidied *done,
                            vl_err *err)
{
    static const char query[] =
        "SELECT s.name, count(t.store_id), total(t.bytes) FROM sample s "
        "JOIN acquisition a USING (sample_id) JOIN store t USING (acquisition_id) WHERE s.withdrawn_at IS "
        "NULL "
        "AND t.state = 'superseded' AND t.superseded_at <= ?1 GROUP BY s.sample_id ORDER BY s.name";
    const vl_sql_value v[] = { vl_sql_real(now - bank->keep_superseded_days * 86400) };
    sqlite3_stmt *const stmt = vl_sql_ask(c, query, v, 1, err);
    while (vl_sql_row(c, stmt, err)) {
        const char *const name = vl_sql_column(stmt, 0);
        done->stores += (uint64_t)sqlite3_column_int64(stmt, 1);
        done->bytes += (uint64_t)sqlite3_column_int64(stmt, 2);
        vl_buf_append(names, name, strlen(name) + 1, err);
    }
    return err->code;
}

/* Stores that the catalogue lists of a withdrawn sample. */
static void count_withdrawn(vl_catalog *c, const vl_buf *names, vl_tidied *done, vl_err *err)
{
    static const char query[] = "SELECT count(t.store_id), total(t.bytes) FROM sample s JOIN acquisition a "
                                "USING (sample_id) JOIN store t USING (acquisition_id) WHERE s.name = ?1";
    for (size_t at = 0; at < names->len && !err->code; at += strlen((char *)names->data + at) + 1) {
        const vl_sql_value v[] = { vl_sql_text((char *)names->data + at) };
        sqlite3_stmt *const stmt = vl_sql_ask(c, query, v, 1, err);
        done->samples++;
        while (vl_sql_row(c, stmt, err)) {
            done->stores += (uint64_t)sqlite3_column_int64(stmt, 0);
            done->bytes += (uint64_t)sqlite3_column_int64(stmt, 1);
        }
    }
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

static vl_code tidy_superseded(const vl_bank *bank, vl_catalog *c, const vl_buf *names, vl_err *err)
{
    vl_one_sample k = { .bank = bank, .run = drop_superseded };
    for (size_t at = 0; at < names->len && !err->code; at += strlen(k.sample) + 1) {
        k.sample = (const char *)names->data + at;
        if (!vl_one_sample_run(&k, c, err)) vl_log(bank, VL_LOG_INFO, "tidied", "sample", k.sample, NULL);
    }
    return err->code;
}

vl_code vl_keep_tidy(const vl_bank *bank, vl_catalog *c, bool dry, vl_tidied *done, vl_err *err)
{
    const double now = vl_bank_now();
    vl_buf names = { 0 }, withdrawn = { 0 };
    *done = (vl_tidied){ 0 };
    if (!list_samples(bank, c, now, &names, done, err) && !vl_bury_list(bank, c, &withdrawn, err))
        count_withdrawn(c, &withdrawn, done, err);
    if (!dry && !err->code && !tidy_superseded(bank, c, &names, err)) vl_bury(bank, c, &withdrawn, err);
    vl_buf_free(&names);
    vl_buf_free(&withdrawn);
    if (!err->code) tidy_quarantine(bank, now, dry, done, err);
    return err->code;
}
