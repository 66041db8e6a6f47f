/*
 * What dead runs and dead workers left: finished or cleared, in a worker as that enters HDF5 (intake.h,
 * intake_parts.h).
 */
#include "pipeline/bank/intake/intake_parts.h"

#include "pipeline/bank/correct.h"
#include "pipeline/bank/intake/deposit.h"
#include "pipeline/bank/evidence.h"
#include "pipeline/run/say.h"

#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

vl_code vl_intake_hand_in(vl_catalog *catalog, json_t *receipt, const json_t *record, vl_err *err)
{
    if (receipt) json_array_append(json_object_get(receipt, "records"), (json_t *)record);
    return catalog ? vl_catalog_put(catalog, record, err) : VL_OK;
}

typedef struct recovery {
    const vl_bank *bank;
    const char *id, *sample;
    const json_t *item;
} recovery;

static int recover_work(void *argument, int fd)
{
    const recovery *const r = argument;
    json_t *record = NULL;
    vl_err err = VL_ERR_INIT;
    vl_deposit_recover(r->bank, r->id, r->sample, r->item, &record, &err);
    char *const text = record ? json_dumps(record, JSON_COMPACT) : NULL;
    if (!err.code && text && !vl_worker_say(fd, text)) return EX_OSERR;
    if (err.code) vl_say_error(&err);
    return vl_exit_code(err.code);
}

bool vl_intake_clear(const vl_bank *bank, const char *id, const char *sample, const json_t *item,
                     vl_catalog *catalog, json_t *receipt, vl_err *err)
{
    recovery r = { bank, id, sample, item };
    vl_worker w = { 0 };
    if (vl_worker_start(&w, recover_work, &r, 0, err)) return false;
    const int code = vl_worker_wait(&w);
    bool done = !code;
    if (code)
        vl_fail(err, vl_worker_code(code), "what a dead run left of '%.60s' could not be cleared", sample);
    json_t *const record = done && w.said.len ? vl_record_parse((char *)w.said.data, w.said.len, err) : NULL;
    if (record) done = !vl_intake_hand_in(catalog, receipt, record, err);
    json_decref(record);
    vl_worker_free(&w);
    return done && !err->code;
}

typedef struct sweep {
    const vl_bank *bank;
    vl_catalog *catalog;
    uint64_t n;
} sweep;

/* True: nothing is left of it. */
static bool sweep_item(sweep *s, const char *id, const json_t *item, vl_err *err)
{
    const char *const sample = json_string_value(json_object_get(item, "sample"));
    const json_t *const correct = json_object_get(item, "correct");
    if (!sample) return true;
    vl_log(s->bank, VL_LOG_WARNING, "recovered", "sample", sample, "id", id, NULL);
    return correct ? vl_correct_finish(s->bank, s->catalog, id, correct, err)
                   : vl_intake_clear(s->bank, id, sample, item, s->catalog, NULL, err);
}

static vl_code sweep_one(vl_journal *j, json_t *entry, void *to, vl_err *err)
{
    sweep *const s = to;
    size_t i;
    json_t *item;
    char id[VL_JOURNAL_ID];
    s->n++;
    bool done = sweep_item(s, j->id, entry, err);
    json_array_foreach(json_object_get(entry, "items"), i, item)
    {
        vl_journal_name(j, i, id);
        if (done) done = sweep_item(s, id, item, err);
    }
    vl_journal_close(j, done);
    return err->code;
}

vl_code vl_intake_recover(const vl_bank *bank, vl_catalog *catalog, uint64_t *n, vl_err *err)
{
    sweep s = { bank, catalog, 0 };
    vl_journal_each_dead(bank, sweep_one, &s, err);
    *n = s.n;
    return err->code;
}
