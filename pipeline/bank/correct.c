/* Corrections (correct.h): facts and donor; how each is run. */
#include "pipeline/bank/correct_parts.h"

#include "pipeline/bank/chore.h"
#include "pipeline/bank/evidence.h"
#include "pipeline/bank/intake/deposit.h"
#include "pipeline/bank/intake/journal.h"
#include "pipeline/bank/ledger/history.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

const char *vl_correct_text(const json_t *object, const char *name)
{
    const char *const text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

vl_code vl_correct_path(const vl_correction *k, const json_t *store, char path[VL_BANK_PATH], vl_err *err)
{
    return vl_bank_store_path(k->bank, k->sample, vl_correct_text(store, "file"), path, err);
}

void vl_correct_source(const vl_correction *k, char text[VL_CORRECT_SOURCE])
{
    const json_int_t revision = json_integer_value(json_object_get(k->ask, "revision"));
    const int n = snprintf(text, VL_CORRECT_SOURCE, "vial %.40s", vl_correct_text(k->ask, "what"));
    if (revision)
        snprintf(text + n, VL_CORRECT_SOURCE - (size_t)n, " --revision %" JSON_INTEGER_FORMAT ": %.300s",
                 revision, vl_correct_text(k->ask, "reason"));
}

/* ---- facts ---- */

void vl_correct_fact(json_t *facts, const char *name, const char *value)
{
    if (*value) json_object_set_new(facts, name, json_string(value));
    else json_object_del(facts, name);
}

void vl_correct_sample(json_t *record, const char *name, const char *value)
{
    vl_correct_fact(strcmp(name, "donor") ? json_object_get(record, "facts") : record, name, value);
}

/* The live stores of the acquisition, one of each kind. */
static vl_code set_acquisition(const vl_correction *k, json_t *record, vl_err *err)
{
    size_t i, n = 0;
    json_t *store, *value;
    const char *name;
    json_array_foreach(json_object_get(record, "stores"), i, store)
    {
        if (strcmp(vl_correct_text(store, "acquisition"), k->acquisition) ||
            strcmp(vl_correct_text(store, "state"), "live"))
            continue;
        n++;
        json_object_foreach(json_object_get(k->ask, "facts"), name, value)
            vl_correct_fact(json_object_get(store, "facts"), name, json_string_value(value));
    }
    return n ? VL_OK
             : vl_fail(err, VL_ENOIN, "sample '%.100s' has no acquisition '%.100s'", k->sample,
                       k->acquisition);
}

static vl_code set_facts(const vl_correction *k, json_t *record, vl_err *err)
{
    json_t *value;
    const char *name;
    if (k->acquisition) return set_acquisition(k, record, err);
    json_object_foreach(json_object_get(k->ask, "facts"), name, value)
        vl_correct_sample(record, name, json_string_value(value));
    return VL_OK;
}

/* ---- one sample; its lock is held ---- */

static json_t *load(const vl_correction *k, vl_err *err)
{
    json_t *const record = vl_record_load(k->bank, k->sample, err);
    const json_t *const gone = json_object_get(record, "withdrawn");
    if (!gone) return record;
    vl_fail(err, VL_EEXIST, "sample '%.60s' was withdrawn (%.80s)", k->sample,
            vl_correct_text(gone, "reason"));
    json_decref(record);
    return NULL;
}

static vl_code save(const vl_correction *k, json_t *record, vl_err *err)
{
    static const struct {
        const char *what;
        vl_code (*run)(const vl_correction *k, json_t *record, vl_err *err);
    } way[] = { { "set", set_facts }, { "remove", vl_correct_remove }, { "undo", vl_correct_undo } };
    const char *const what = vl_correct_text(k->ask, "what");
    char source[VL_CORRECT_SOURCE];
    size_t i = 0;
    while (i < sizeof way / sizeof *way && strcmp(way[i].what, what)) i++;
    if (i == sizeof way / sizeof *way)
        return vl_fail(err, VL_ECONFIG, "the correction '%.40s' is of a newer version of vial", what);
    if (way[i].run(k, record, err)) return err->code;
    vl_correct_source(k, source);
    return vl_record_save(k->bank, record, what, source, err);
}

static json_t *change(const vl_correction *k, json_t *record, vl_err *err)
{
    json_t *const before = vl_state_of(record);
    save(k, record, err);
    json_t *const after = vl_state_of(record);
    json_t *const changes = before && after && !err->code ? vl_changes_between(before, after) : NULL;
    json_decref(before);
    json_decref(after);
    if (!changes) vl_fail(err, VL_ENOMEM, "no memory for the record of a sample");
    return changes ? json_pack("{s:[O],s:o}", "records", record, "changes", changes) : NULL;
}

static json_t *work(void *self, vl_err *err)
{
    const vl_correction *const k = self;
    char folder[VL_BANK_PATH];
    int lock = -1;
    json_t *record = NULL, *said = NULL;
    if (vl_bank_sample_folder(k->bank, k->sample, folder, err)) return NULL;
    if (access(folder, F_OK))
        return vl_fail(err, VL_ENOIN, "no sample '%.100s' in the bank", k->sample), NULL;
    if (!vl_deposit_lock(k->bank, k->sample, &lock, err) && (record = load(k, err)))
        said = change(k, record, err);
    if (lock >= 0) close(lock);
    json_decref(record);
    return said;
}

/* ---- entry points ---- */

/* Names that the catalogue has forgotten by now. */
static vl_code clear_folder(const vl_correction *k, const json_t *records, vl_err *err)
{
    char folder[VL_BANK_PATH];
    int lock = -1;
    if (!vl_bank_sample_folder(k->bank, k->sample, folder, err) &&
        !vl_deposit_lock(k->bank, k->sample, &lock, err))
        vl_record_drop_names(folder, json_array_get(records, 0), err);
    if (lock >= 0) close(lock);
    return err->code;
}

static json_t *run(const vl_bank *bank, vl_catalog *c, const char *id, const json_t *ask, bool *settled,
                   vl_err *err)
{
    vl_correction k = { .bank = bank, .ask = ask, .id = id };
    const char *const name = vl_correct_text(ask, "name"), *const slash = strchr(name, '/');
    const bool moves = json_object_get(ask, "to");
    vl_chore chore = { .work = moves ? vl_correct_move : work, .self = &k };
    snprintf(k.sample, sizeof k.sample, "%.*s", (int)strcspn(name, "/"), name);
    k.acquisition = slash ? slash + 1 : NULL;
    json_t *const said = vl_chore_run(&chore, c, err);
    const json_t *const records = json_object_get(said, "records");
    *settled = chore.settled &&
               (!said || !(moves ? vl_correct_moved(&k, c, records, err) : clear_folder(&k, records, err)));
    if (!err->code) return said;
    json_decref(said);
    return NULL;
}

json_t *vl_correct(const vl_bank *bank, vl_catalog *c, const json_t *ask, vl_err *err)
{
    char sample[512];
    vl_journal journal;
    bool settled = false;
    snprintf(sample, sizeof sample, "%.*s", (int)strcspn(vl_correct_text(ask, "name"), "/"),
             vl_correct_text(ask, "name"));
    if (vl_journal_open_correction(bank, sample, ask, &journal, err)) return NULL;
    json_t *const said = run(bank, c, journal.id, ask, &settled, err);
    vl_journal_close(&journal, settled);
    const char *const to = json_string_value(json_object_get(ask, "to"));
    if (said)
        vl_log(bank, VL_LOG_INFO, vl_correct_text(ask, "what"), "sample", sample, to ? "to" : NULL, to, NULL);
    return said;
}

bool vl_correct_finish(const vl_bank *bank, vl_catalog *c, const char *id, const json_t *ask, vl_err *err)
{
    bool settled = false;
    json_decref(run(bank, c, id, ask, &settled, err));
    if (settled) vl_err_clear(err); /* the bank has gone on */
    return settled;
}
