/* One change of one sample, in a worker (one_sample.h). */
#include "pipeline/bank/one_sample.h"

#include "pipeline/bank/chore.h"
#include "pipeline/bank/intake/deposit.h"
#include "pipeline/bank/intake/journal.h"

#include <unistd.h>

/* A sample whose folder is gone is one as long as the ledger knows it. */
static vl_code find(const vl_one_sample *k, char folder[VL_BANK_PATH], vl_err *err)
{
    json_t *const record = vl_record_load(k->bank, k->sample, err);
    json_decref(record);
    if (!record || vl_bank_sample_folder(k->bank, k->sample, folder, err)) return err->code;
    return vl_bank_make_folder(k->bank, folder, err);
}

static json_t *work(void *self, vl_err *err)
{
    const vl_one_sample *const k = self;
    char folder[VL_BANK_PATH];
    int lock = -1;
    json_t *record = NULL;
    if (find(k, folder, err) || vl_deposit_lock(k->bank, k->sample, &lock, err)) return NULL;
    if ((record = vl_record_load(k->bank, k->sample, err))) k->run(k, folder, &record, err);
    close(lock);
    if (!err->code) return json_pack("{s:[o]}", "records", record);
    json_decref(record);
    return NULL;
}

vl_code vl_one_sample_run(vl_one_sample *k, vl_catalog *c, vl_err *err)
{
    vl_journal journal;
    vl_chore chore = { .work = work, .self = k };
    const vl_item item = { .sample = (char *)k->sample, .acquisition = (char *)"" };
    k->now = vl_bank_now();
    if (vl_journal_open(k->bank, &item, &journal, err)) return err->code;
    json_decref(vl_chore_run(&chore, c, err));
    vl_journal_close(&journal, chore.settled);
    return err->code;
}
