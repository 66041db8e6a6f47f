/* Withdrawing samples, and taking that back (withdraw.h). */
#include "pipeline/bank/withdraw/withdraw.h"

#include "pipeline/bank/catalog/sql.h"
#include "pipeline/bank/one_sample.h"
#include "pipeline/bank/evidence.h"
#include "pipeline/bank/record.h"

#include <stdio.h>
#include <string.h>

static vl_code mark(const vl_one_sample *k, const char *folder, json_t **record, vl_err *err)
{
    (void)folder;
    json_t *const reason = json_string(k->reason);
    if (!reason) return vl_fail(err, VL_EARG, "the reason is not UTF-8 text");
    json_t *const withdrawn = json_pack("{s:o,s:I}", "reason", reason, "at", (json_int_t)k->now);
    if (json_object_get(*record, "withdrawn")) json_decref(withdrawn); /* as it was first said */
    else json_object_set_new(*record, "withdrawn", withdrawn);
    return vl_record_save(k->bank, *record, "withdraw", "vial withdraw", err);
}

vl_code vl_withdraw(const vl_bank *bank, vl_catalog *c, const char *sample, const char *reason, vl_err *err)
{
    vl_one_sample k = { .bank = bank, .sample = sample, .run = mark, .reason = reason };
    if (!vl_one_sample_run(&k, c, err))
        vl_log(bank, VL_LOG_WARNING, "withdrawn", "sample", sample, "reason", reason, NULL);
    return err->code;
}

/* A store that was published when its run died may be in no record yet: it is taken in as well. */
static vl_code unmark(const vl_one_sample *k, const char *folder, json_t **record, vl_err *err)
{
    char source[400];
    bool changed = false;
    const json_t *const gone = json_object_get(*record, "withdrawn");
    if (!gone) return vl_fail(err, VL_EARG, "sample '%.100s' is not withdrawn", k->sample);
    if (json_object_get(gone, "emptied") || !json_array_size(json_object_get(*record, "stores")))
        return vl_fail(err, VL_EARG, "sample '%.100s' was withdrawn and tidied: its data is gone", k->sample);
    json_object_del(*record, "withdrawn");
    snprintf(source, sizeof source, "vial withdraw --undo: %.300s", k->reason);
    if (vl_record_reconcile(folder, *record, &changed, err)) return err->code;
    return vl_record_save(k->bank, *record, VL_LEDGER_UNDO_WITHDRAW, source, err);
}

vl_code vl_withdraw_undo(const vl_bank *bank, vl_catalog *c, const char *sample, const char *reason,
                         vl_err *err)
{
    vl_one_sample k = { .bank = bank, .sample = sample, .run = unmark, .reason = reason };
    if (!vl_one_sample_run(&k, c, err))
        vl_log(bank, VL_LOG_WARNING, "withdrawal undone", "sample", sample, "reason", reason, NULL);
    return err->code;
}

static vl_code add_removed(const char *sample, bool free, uint64_t revision, double at, void *to, vl_err *err)
{
    (void)revision, (void)at;
    return free ? vl_buf_append(to, sample, strlen(sample) + 1, err) : VL_OK;
}

vl_code vl_withdraw_of_donor(const vl_bank *bank, vl_catalog *c, const char *donor, vl_buf *names,
                             vl_err *err)
{
    static const char query[] = "SELECT sample.name FROM donor JOIN sample USING (donor_id) "
                                "WHERE donor.name = ? AND withdrawn_at IS NULL ORDER BY 1";
    const vl_sql_value v[] = { vl_sql_text(donor) };
    sqlite3_stmt *const stmt = vl_sql_ask(c, query, v, 1, err);
    while (vl_sql_row(c, stmt, err)) {
        const char *const name = vl_sql_column(stmt, 0);
        vl_buf_append(names, name, strlen(name) + 1, err);
    }
    const vl_ledger_removed removed = { donor, add_removed, names };
    return err->code ? err->code : vl_ledger_removed_of(bank, &removed, err);
}
