/* Bringing stores to another sample (moving.h). */
#include "pipeline/cmd/moving.h"

#include "pipeline/bank/case_twins.h"
#include "pipeline/bank/intake/intake.h"
#include "pipeline/bank/keep.h"
#include "pipeline/run/say.h"

#include <string.h>
#include <sysexits.h>

typedef struct twins {
    const char *from; /* may differ by case: that is put right */
    vl_err *err;
} twins;

static void refuse_twin(void *to, const char *id, const char *other, bool in_bank)
{
    const twins *const t = to;
    (void)in_bank;
    if (strcmp(other, t->from))
        vl_fail(t->err, VL_EEXIST, "sample '%.60s' of the bank differs from '%.60s' by case only", other, id);
}

vl_code vl_check_other_id(vl_catalog *c, const char *from, const char *to, vl_err *err)
{
    const char *const wrong = vl_item_bad_name(to);
    vl_item item = { .sample = (char *)to };
    const vl_items items = { .item = &item, .n = 1 };
    twins t = { .from = from, .err = err };
    if (wrong) return vl_fail(err, VL_EARG, "sample '%.100s': %s", to, wrong);
    if (!strcmp(from, to)) return vl_fail(err, VL_EARG, "'%.100s' is its name already", to);
    return vl_case_twins(&items, c, refuse_twin, &t, err);
}

static vl_code bring(const vl_bank *bank, vl_catalog *c, const json_t *ask, vl_err *err)
{
    char from[512];
    uint64_t recovered = 0;
    const char *const name = json_string_value(json_object_get(ask, "name"));
    snprintf(from, sizeof from, "%.*s", (int)strcspn(name, "/"), name);
    if (!vl_intake_recover(bank, c, &recovered, err) &&
        !vl_check_other_id(c, from, json_string_value(json_object_get(ask, "to")), err))
        json_decref(vl_correct(bank, c, ask, err));
    return err->code;
}

int vl_bring(const char *path, json_t *ask, const char *said)
{
    vl_bank bank = { 0 };
    vl_catalog *catalog = NULL;
    vl_err err = VL_ERR_INIT;
    if (!ask) vl_fail(&err, VL_EARG, "an id is not UTF-8 text");
    if (!err.code && !vl_bank_open(&bank, path, &err) && !vl_keep_open(&bank, &catalog, &err) &&
        !bring(&bank, catalog, ask, &err))
        vl_say(stdout, "%s", said);
    json_decref(ask);
    vl_catalog_close(catalog);
    vl_bank_close(&bank);
    return err.code ? vl_report(&err) : EX_OK;
}
