/* Record or ledger of a sample, where they tell different things of one revision: somebody says which
 * (keep.h).
 *
 * The line of the ledger comes first and has a revision more, so that a run that dies behind it leaves a
 * sample.h5 that is older, as any change does; before it, all is as it was. */
#include "pipeline/bank/keep.h"

#include "pipeline/bank/chore.h"
#include "pipeline/bank/evidence.h"
#include "pipeline/bank/intake/deposit.h"
#include "pipeline/bank/record.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct trusting {
    const vl_bank *bank;
    const char *sample, *home;
} trusting;

static json_t *work(void *self, vl_err *err)
{
    const trusting *const t = self;
    char folder[VL_BANK_PATH], source[64];
    int lock = -1;
    json_t *said = NULL;
    snprintf(source, sizeof source, "vial catalog rebuild --trust %s", t->home);
    if (vl_bank_sample_folder(t->bank, t->sample, folder, err)) return NULL;
    if (access(folder, F_OK))
        return vl_fail(err, VL_ENOIN, "no sample '%.100s' in the bank", t->sample), NULL;
    if (!vl_deposit_lock(t->bank, t->sample, &lock, err))
        said = vl_record_decide(t->bank, t->sample,
                                strcmp(t->home, "record") ? VL_RECORD_LEDGER : VL_RECORD_FILE, source, err);
    if (lock >= 0) close(lock);
    return said;
}

json_t *vl_keep_trust(const vl_bank *bank, vl_catalog *c, const char *sample, const char *home, vl_err *err)
{
    trusting t = { bank, sample, home };
    vl_chore chore = { .work = work, .self = &t };
    json_t *const said = vl_chore_run(&chore, c, err);
    if (json_is_array(json_object_get(said, "changes")))
        vl_log(bank, VL_LOG_WARNING, "trust", "sample", sample, "home", home, NULL);
    return said;
}
