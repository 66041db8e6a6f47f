/* Receipts (receipt.h). */
#include "pipeline/bank/intake/receipt.h"

#include "pipeline/bank/evidence.h"
#include "pipeline/bank/record.h"
#include "pipeline/io/names.h"
#include "pipeline/run/say.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

json_t *vl_receipt_new(vl_err *err)
{
    json_t *const r = json_pack("{s:i,s:[],s:[]}", "vial_receipt", 1, "records", "refusals");
    if (!r) vl_fail(err, VL_ENOMEM, "no memory for a receipt");
    return r;
}

vl_code vl_receipt_write(const vl_bank *bank, json_t *receipt, const char *sheet, int task, int tasks,
                         double started, const vl_intake_sum *sum, vl_err *err)
{
    char path[VL_BANK_PATH], host[64] = "host", base[64], escaped[512];
    const double now = vl_bank_now();
    gethostname(host, sizeof host - 1);
    snprintf(base, sizeof base, "%.60s", vl_name_base(sheet));
    vl_bank_escape(base, escaped);
    json_t *const sums =
        json_pack("{s:s,s:f,s:f,s:i,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I}", "host", host, "started", started,
                  "ended", now, "exit_code", sum->exit_code, "items", (json_int_t)sum->items, "published",
                  (json_int_t)sum->published, "unchanged", (json_int_t)sum->unchanged, "refused",
                  (json_int_t)sum->refused, "failed", (json_int_t)sum->failed, "bytes_in",
                  (json_int_t)sum->bytes_in, "bytes_store", (json_int_t)sum->bytes_store, "corrected",
                  (json_int_t)sum->corrected, "healed", (json_int_t)sum->healed);
    if (sums) json_object_update(receipt, sums);
    json_decref(sums);
    char *const text = sums ? json_dumps(receipt, JSON_INDENT(1)) : NULL;
    if (!text) vl_fail(err, VL_ENOMEM, "no memory for a receipt");
    else if (!vl_bank_path(bank, path, err, "receipts/%s-%dof%d-%s-%ld-%.0f.json", escaped, task, tasks, host,
                           (long)getpid(), now * 1000))
        vl_bank_write_file(path, text, strlen(text), err);
    free(text);
    return err->code;
}

void vl_receipt_part(vl_items *items, int task, int tasks)
{
    size_t kept = 0;
    for (size_t i = 0; i < items->n; i++) {
        if (i % (size_t)tasks != (size_t)(task - 1)) continue;
        const vl_item swap = items->item[kept];
        items->item[kept++] = items->item[i];
        items->item[i] = swap;
    }
    vl_items_cut(items, kept);
}

/* ---- collect ---- */

static vl_code take_refusal(vl_catalog *c, int64_t job, json_t *r, vl_err *err)
{
    vl_refusal v = { 0 };
    if (json_unpack(r, "{s:F,s:s,s:s,s:s,s:s,s:s,s:s,s:i}", "at", &v.at, "sample", &v.sample, "acquisition",
                    &v.acquisition, "input", &v.input, "reason", &v.reason, "message", &v.message, "evidence",
                    &v.evidence, "exit_code", &v.exit_code))
        return vl_fail(err, VL_EFORMAT, "a refusal lacks a member");
    return vl_catalog_add_refusal(c, job, &v, err);
}

static vl_code take_job(vl_catalog *c, json_t *r, int64_t *id, vl_err *err)
{
    vl_catalog_job job = { .what = "ingest" };
    json_int_t items = 0, published = 0, unchanged = 0, refused = 0, failed = 0, in = 0, store = 0;
    if (json_unpack(r, "{s:F,s:F,s:i,s:I,s:I,s:I,s:I,s:I,s:I,s:I}", "started", &job.started_at, "ended",
                    &job.ended_at, "exit_code", &job.exit_code, "items", &items, "published", &published,
                    "unchanged", &unchanged, "refused", &refused, "failed", &failed, "bytes_in", &in,
                    "bytes_store", &store))
        return vl_fail(err, VL_EFORMAT, "a member is missing or of a wrong type");
    job.items = (uint64_t)items;
    job.published = (uint64_t)published;
    /* those of before do not say these two */
    job.unchanged = (uint64_t)(unchanged + json_integer_value(json_object_get(r, "corrected")));
    job.healed = (uint64_t)json_integer_value(json_object_get(r, "healed"));
    job.refused = (uint64_t)refused;
    job.failed = (uint64_t)failed;
    job.bytes_in = (uint64_t)in;
    job.bytes_store = (uint64_t)store;
    return vl_catalog_start_job(c, &job, id, err) || vl_catalog_end_job(c, *id, &job, err) ? err->code
                                                                                           : VL_OK;
}

static vl_code take_members(vl_catalog *c, json_t *r, vl_collected *done, vl_err *err)
{
    size_t i;
    json_t *one;
    int64_t job = 0;
    if (take_job(c, r, &job, err)) return err->code;
    json_array_foreach(json_object_get(r, "records"), i, one)
    {
        char *const text = json_dumps(one, JSON_COMPACT);
        json_t *const record = text ? vl_record_parse(text, strlen(text), err) : NULL;
        free(text);
        if (!record) return vl_fail(err, VL_ENOMEM, "no memory for a record");
        vl_catalog_put(c, record, err);
        json_decref(record);
        if (err->code) return err->code;
        done->records++;
    }
    json_array_foreach(json_object_get(r, "refusals"), i, one)
    {
        if (take_refusal(c, job, one, err)) return err->code;
        done->refusals++;
    }
    return VL_OK;
}

static vl_code collect_one(vl_catalog *c, const char *path, const char *name, vl_collected *done, vl_err *err)
{
    json_error_t where;
    bool already = false;
    json_t *const r = json_load_file(path, 0, &where);
    if (!r || json_integer_value(json_object_get(r, "vial_receipt")) != 1) {
        vl_fail(err, VL_EFORMAT, "is no receipt: %.120s", r ? "vial_receipt is not 1" : where.text);
    } else if (!vl_catalog_begin(c, err)) {
        if (!vl_catalog_take_receipt(c, name, vl_bank_now(), &already, err) && !already)
            take_members(c, r, done, err);
        if (!err->code) vl_catalog_commit(c, err);
        if (err->code) vl_catalog_rollback(c);
        else if (already) done->already++;
        else done->receipts++;
    }
    json_decref(r);
    return vl_err_file(err, path);
}

static int is_receipt(const struct dirent *e)
{
    const size_t n = strlen(e->d_name);
    return n > 5 && e->d_name[0] != '.' && !strcmp(e->d_name + n - 5, ".json");
}

vl_code vl_receipt_collect(const vl_bank *bank, vl_catalog *c, vl_collected *done, vl_err *err)
{
    char folder[VL_BANK_PATH], path[VL_BANK_PATH], to[VL_BANK_PATH];
    struct dirent **entry = NULL;
    *done = (vl_collected){ 0 };
    if (vl_bank_path(bank, folder, err, "receipts/done") || vl_bank_make_folder(bank, folder, err) ||
        vl_bank_path(bank, folder, err, "receipts"))
        return err->code;
    const int n = scandir(folder, &entry, is_receipt, alphasort);
    if (n < 0) return vl_fail_errno(err, VL_EIO, errno, "cannot list the receipts");
    for (int i = 0; i < n; i++) {
        vl_err why = VL_ERR_INIT;
        const char *const name = entry[i]->d_name;
        if (!err->code && !vl_bank_path(bank, path, err, "receipts/%s", name) &&
            !vl_bank_path(bank, to, err, "receipts/done/%s", name)) {
            collect_one(c, path, name, done, &why);
            if (why.code == VL_EFORMAT || why.code == VL_ESTORE) {
                vl_say_error(&why);
                done->damaged++;
            } else if (why.code) {
                *err = why;
            } else if (rename(path, to)) {
                vl_fail_errno(err, VL_EIO, errno, "cannot move a receipt that was taken");
            }
        }
        free(entry[i]);
    }
    free(entry);
    return err->code;
}
