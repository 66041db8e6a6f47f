/*
 * What was a withdrawn donor's under an id that was removed and has other data now (withdraw.h). In this
 * order, so that a run that dies anywhere leaves what tells the next one to begin again: stores that were set
 * aside, the record, what is said elsewhere, and last the lines of the ledger, which name the donor.
 */
#include "pipeline/bank/withdraw/withdraw.h"

#include "pipeline/bank/ledger/ledger.h"
#include "pipeline/bank/one_sample.h"
#include "pipeline/bank/record.h"
#include "pipeline/bank/withdraw/traces.h"
#include "pipeline/bank/withdraw/was.h"

#include <stdio.h>

typedef struct emptying {
    vl_one_sample k; /* the first member: what run gets */
    const vl_past *past;
} emptying;

static const vl_past *past_of(const vl_one_sample *k) { return ((const emptying *)k)->past; }

static bool is_of_then(const json_t *store, const vl_past *p)
{
    return json_object_get(store, "removed") &&
           json_number_value(json_object_get(store, "published")) <= p->at;
}

static vl_code remove_stores(const vl_one_sample *k, const char *folder, json_t **record, vl_err *err)
{
    char path[VL_BANK_PATH + 300];
    json_t *const stores = json_object_get(*record, "stores");
    for (size_t i = json_array_size(stores); i-- > 0 && !err->code;) {
        const json_t *const store = json_array_get(stores, i);
        if (!is_of_then(store, past_of(k))) continue;
        snprintf(path, sizeof path, "%s/%s", folder, json_string_value(json_object_get(store, "file")));
        if (!vl_bury_remove(path, err)) json_array_remove(stores, i);
    }
    return err->code ? err->code : vl_record_save(k->bank, *record, "tidy", "vial withdraw", err);
}

/* The redaction is a line of the ledger, which sample.h5 notes. */
static vl_code redact(const vl_one_sample *k, const char *folder, json_t **record, vl_err *err)
{
    const vl_past *const p = past_of(k);
    (void)folder;
    if (vl_ledger_redact_moved(k->bank, k->sample, p->revision, NULL, "vial withdraw", err)) return err->code;
    json_decref(*record);
    *record = vl_record_load(k->bank, k->sample, err);
    return *record ? vl_record_save(k->bank, *record, "tidy", "vial withdraw", err) : err->code;
}

static vl_code empty(const vl_bank *bank, vl_catalog *c, const vl_past *p, vl_err *err)
{
    vl_traces traces = { 0 };
    emptying e = { .k = { .bank = bank, .sample = p->sample, .run = remove_stores }, .past = p };
    if (!vl_traces_gather_past(&traces, bank, c, p, err) && !vl_catalog_forget_surely(c, err) &&
        !vl_one_sample_run(&e.k, c, err) && !vl_traces_remove(&traces, bank, c, err) &&
        !vl_catalog_squeeze(c, err)) {
        e.k.run = redact;
        vl_one_sample_run(&e.k, c, err);
    }
    vl_traces_free(&traces);
    return err->code;
}

typedef struct asking {
    const vl_bank *bank;
    vl_catalog *catalog;
    vl_withdraw_past *past;
} asking;

static vl_code visit(const char *sample, bool free, uint64_t revision, double at, void *to, vl_err *err)
{
    const asking *const a = to;
    const vl_past p = { .sample = sample, .revision = revision, .at = at };
    if (free || (!a->past->dry && empty(a->bank, a->catalog, &p, err))) return err->code;
    a->past->n++;
    a->past->tell(sample, a->past->dry);
    return VL_OK;
}

vl_code vl_withdraw_past_of(const vl_bank *bank, vl_catalog *c, vl_withdraw_past *past, vl_err *err)
{
    asking a = { bank, c, past };
    const vl_ledger_removed removed = { past->donor, visit, &a };
    past->n = 0;
    return vl_ledger_removed_of(bank, &removed, err);
}
