/*
 * What is known of the samples of a shard, made whole again (census.h): each place gets what another one
 * knows, and nothing is forgotten.
 *
 *     record and ledger      the newer is right; the other gets it
 *     only one of them       the other gets it
 *     neither                the catalogue's rows; without them, the stores in the folder and the attributes
 *                            of a damaged sample.h5
 *     a newer catalogue      its rows: somebody put back older records and an older ledger
 *     a withdrawal           stands wherever it was said, unless a line of the ledger took it back
 *     damaged lines          stay as "lost"; samples whose changes were among them get a line "begin"
 *
 * Where two tell different things of one revision and no third confirms either, both stay as they are, and a
 * line says so.
 */
#include "pipeline/bank/ledger/census.h"

#include "pipeline/bank/intake/deposit.h"
#include "pipeline/store/sample_read.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char by[] = "vial catalog rebuild";

/* What is to be done for one sample. */
typedef struct remedy {
    char sample[512];
    json_t *begin; /* owned: the state that the ledger gets; NULL: it has it */
    uint64_t revision;
    bool write; /* sample.h5 is to be written */
} remedy;

typedef struct restoring {
    const vl_shard_task *task;
    unsigned shard;
    remedy *remedy; /* owned */
    size_t n, cap;
} restoring;

/* ---- the last resorts ---- */

static void take_attribute(void *to, const char *name, const char *value)
{
    const bool donor = !strcmp(name, "donor");
    if (strcmp(name, "sample"))
        json_object_set_new(donor ? to : json_object_get(to, "facts"), name, json_string(value));
}

/* Donor and facts that a damaged sample.h5 still says; {"facts": {}} if it does not. */
static json_t *from_attributes(const vl_bank *bank, const vl_testimony *t, vl_err *err)
{
    char path[VL_BANK_PATH + 16];
    vl_err why = VL_ERR_INIT;
    json_t *const said = json_pack("{s:{}}", "facts");
    if (vl_bank_sample_folder(bank, t->sample, path, err)) return said;
    strcat(path, "/sample.h5");
    if (t->why.code != VL_ENOIN) vl_sample_attributes(path, take_attribute, said, &why);
    return said;
}

static bool says_something(const json_t *said)
{
    return json_object_get(said, "donor") || json_object_size(json_object_get(said, "facts"));
}

/* The record of stores and attributes alone, revision 1; NULL: there is nothing. */
static json_t *from_stores(const vl_bank *bank, const vl_testimony *t, json_t *said, vl_err *err)
{
    char folder[VL_BANK_PATH];
    bool changed = false;
    struct stat st;
    if (vl_bank_sample_folder(bank, t->sample, folder, err) || stat(folder, &st)) return NULL;
    json_t *const record = vl_record_new(t->sample, err);
    if (!record || vl_record_reconcile(folder, record, &changed, err)) goto none;
    if (!json_array_size(json_object_get(record, "stores")) && !says_something(said)) goto none;
    json_object_update(record, said);
    json_object_set_new(record, "revision", json_integer(1));
    return record;
none:
    json_decref(record);
    return NULL;
}

/* ---- what is right ---- */

/* Do rows and attributes say the same of donor and facts? */
static bool attributes_differ(const json_t *rows, const json_t *said)
{
    const json_t *const donor = json_object_get(rows, "donor"), *const facts = json_object_get(rows, "facts");
    return says_something(said) && (!json_equal(facts, json_object_get(said, "facts")) ||
                                    (donor ? !json_equal(donor, json_object_get(said, "donor"))
                                           : json_object_get(said, "donor") != NULL));
}

/* Neither record nor ledger knows the sample. */
static json_t *last_resort(restoring *r, const vl_testimony *t, vl_err *err)
{
    json_t *const said = from_attributes(r->task->bank, t, err);
    json_t *record = NULL;
    if (t->rows && attributes_differ(t->rows, said))
        vl_census_say(r->task->report, t->sample,
                      "the catalogue and the attributes of its damaged sample.h5 tell different things: "
                      "nothing is guessed");
    else if (t->rows) {
        vl_census_tell(r->task->report, t->sample, "made again from the catalogue, revision %" PRIu64,
                       vl_testimony_revision(t->rows));
        record = json_incref(t->rows);
    } else if ((record = from_stores(r->task->bank, t, said, err)))
        vl_census_tell(r->task->report, t->sample, "made again from its stores%s",
                       says_something(said) ? " and the attributes of its damaged sample.h5" : "");
    json_decref(said);
    return record;
}

/* Does the catalogue know what the others have lost? */
static bool rows_are_right(const vl_testimony *t, vl_err *err)
{
    if (!t->rows || !t->truth) return false;
    const uint64_t rows = vl_testimony_revision(t->rows), truth = vl_testimony_revision(t->truth);
    if (rows != truth || t->homes != VL_RECORD_LEDGER || !t->ledger.gap) return rows > truth;
    json_t *const changes = vl_testimony_differences(t->rows, t->truth, err);
    const bool differ = json_array_size(changes);
    json_decref(changes);
    return differ;
}

/* Somebody put back an older ledger and older records, and more was done since: the withdrawal stands. */
static json_t *withdrawn_still(restoring *r, const vl_testimony *t, vl_err *err)
{
    const uint64_t truth = vl_testimony_revision(t->truth);
    json_t *const record = json_deep_copy(t->truth);
    vl_census_tell(r->task->report, t->sample, "it was withdrawn, as the catalogue says, and stays so");
    if (!record || json_object_set(record, "withdrawn", json_object_get(t->rows, "withdrawn")) ||
        json_object_set_new(record, "revision", json_integer((json_int_t)truth + 1)))
        vl_fail(err, VL_ENOMEM, "no memory for the record of a sample");
    return record;
}

/* The record as it shall be; NULL: left alone. *begin: the ledger does not have it yet. */
static json_t *find_right(restoring *r, const vl_testimony *t, bool *begin, vl_err *err)
{
    vl_census_report *const report = r->task->report;
    *begin = true;
    if (vl_testimony_withdrawn_by_rows(t) &&
        vl_testimony_revision(t->rows) <= vl_testimony_revision(t->truth))
        return withdrawn_still(r, t, err);
    if (t->homes == VL_RECORD_CONFLICT || vl_testimony_rows_conflict(t, err)) {
        vl_census_say(report, t->sample,
                      "%s tell different things of revision %" PRIu64 ": nothing is guessed%s",
                      t->homes == VL_RECORD_CONFLICT ? "its sample.h5 and the ledger"
                      : t->file                      ? "its sample.h5 and the catalogue"
                                                     : "the ledger and the catalogue",
                      t->homes == VL_RECORD_CONFLICT ? t->ledger.revision : vl_testimony_revision(t->truth),
                      t->homes == VL_RECORD_CONFLICT ? "; --trust record or --trust ledger decides" : "");
        return NULL;
    }
    if (!t->truth) return last_resort(r, t, err);
    if (rows_are_right(t, err)) {
        vl_census_tell(report, t->sample, "the catalogue was newer: revision %" PRIu64 " from there",
                       vl_testimony_revision(t->rows));
        return json_incref(t->rows);
    }
    *begin = t->homes == VL_RECORD_FILE || t->ledger.gap;
    if (*begin && t->ledger.state)
        vl_census_tell(report, t->sample,
                       t->homes == VL_RECORD_FILE
                           ? "the ledger has what it had lost again, from sample.h5"
                           : "changes of it are lost in the ledger; it goes on from what is left");
    report->entered += !t->ledger.state;
    return json_incref(t->truth);
}

static remedy *add_remedy(restoring *r, vl_err *err)
{
    if (r->n == r->cap) {
        r->cap += r->cap / 2 + 64;
        remedy *const more = reallocarray(r->remedy, r->cap, sizeof *more);
        if (!more) return vl_fail(err, VL_ENOMEM, "no memory for %zu samples", r->cap), NULL;
        r->remedy = more;
    }
    r->remedy[r->n] = (remedy){ 0 };
    return &r->remedy[r->n++];
}

static vl_code judge(restoring *r, const vl_testimony *t, vl_err *err)
{
    bool begin;
    json_t *const right = find_right(r, t, &begin, err);
    if (!right || err->code) return json_decref(right), err->code;
    const bool old = !t->file || vl_testimony_revision(t->file) < vl_testimony_revision(right);
    if ((begin || old)) {
        remedy *const one = add_remedy(r, err);
        if (one) {
            snprintf(one->sample, sizeof one->sample, "%s", t->sample);
            one->begin = begin ? vl_state_of(right) : NULL;
            one->revision = vl_testimony_revision(right);
            one->write = old;
            if (begin && !one->begin) vl_fail(err, VL_ENOMEM, "no memory for the record of a sample");
        }
        if (old && t->truth && t->homes == VL_RECORD_LEDGER)
            vl_census_tell(r->task->report, t->sample, "its sample.h5 is written again from the ledger");
    }
    json_decref(right);
    return err->code;
}

/* ---- what is done ---- */

/* Under the shard's lock: nobody changes a sample meanwhile without a line that we see. */
static vl_code enter(restoring *r, int lock, vl_err *err)
{
    size_t n = 0;
    vl_ledger_link link;
    vl_ledger_entry *const entry = calloc(r->n + 1, sizeof *entry);
    if (!entry) return vl_fail(err, VL_ENOMEM, "no memory for %zu lines", r->n);
    for (size_t i = 0; i < r->n; i++)
        if (r->remedy[i].begin)
            entry[n++] = (vl_ledger_entry){ r->remedy[i].sample, VL_LEDGER_BEGIN, by, r->remedy[i].revision,
                                            r->remedy[i].begin };
    if (n) vl_ledger_append_locked(r->task->bank, r->shard, lock, entry, n, &link, err);
    free(entry);
    return err->code;
}

static vl_code settle(const vl_bank *bank, const char *sample, vl_err *err)
{
    char folder[VL_BANK_PATH];
    int lock = -1;
    json_t *record = NULL;
    if (vl_bank_sample_folder(bank, sample, folder, err) || vl_bank_make_folder(bank, folder, err) ||
        vl_deposit_lock(bank, sample, &lock, err))
        return err->code;
    if ((record = vl_record_load(bank, sample, err))) vl_record_save(bank, record, "rebuild", by, err);
    close(lock);
    json_decref(record);
    return err->code;
}

static vl_code judge_all(restoring *r, vl_err *err)
{
    const vl_shard_task *const task = r->task;
    vl_census census;
    vl_census_take(&census, task->bank, task->catalog, task->names, r->shard, NULL, err);
    for (size_t i = 0; i < census.n && !err->code; i++) {
        vl_testimony t;
        vl_err why = VL_ERR_INIT;
        task->report->samples++;
        if (!vl_testimony_take(&census, &census.sample[i], &t, &why)) judge(r, &t, &why);
        if (why.code == VL_ESTORE) vl_census_say(task->report, t.sample, "%.230s", why.what);
        else if (why.code) *err = why;
        vl_testimony_free(&t);
    }
    vl_census_free(&census);
    return err->code;
}

/* Damaged lines are named as what they are; a shard that nobody has written to is not made. */
static vl_code mend(const vl_shard_task *task, unsigned shard, const char *path, vl_err *err)
{
    uint64_t lost = 0;
    if (access(path, F_OK) || vl_ledger_mend(task->bank, shard, &lost, err)) return err->code;
    if (lost)
        vl_census_tell(task->report, NULL,
                       "%" PRIu64 " lines were damaged or missing, and stand as \"lost\" now", lost);
    return VL_OK;
}

vl_code vl_restore_shard(const vl_shard_task *task, unsigned shard, vl_err *err)
{
    char path[VL_BANK_PATH], folder[VL_BANK_PATH];
    restoring r = { .task = task, .shard = shard };
    int lock = -1;
    if (vl_bank_path(task->bank, folder, err, "samples/%02x", shard) ||
        vl_bank_path(task->bank, path, err, "ledger/%02x", shard) || mend(task, shard, path, err))
        return err->code;
    if (access(path, F_OK) && access(folder, F_OK) && !task->names->n[shard]) return VL_OK;
    if (vl_ledger_lock(task->bank, shard, path, &lock, err)) return err->code;
    if (!judge_all(&r, err)) enter(&r, lock, err);
    close(lock);
    for (size_t i = 0; i < r.n; i++) {
        if (r.remedy[i].write && !err->code) settle(task->bank, r.remedy[i].sample, err);
        json_decref(r.remedy[i].begin);
    }
    free(r.remedy);
    return err->code;
}
