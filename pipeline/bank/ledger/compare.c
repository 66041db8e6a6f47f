/*
 * One shard of the bank, all ways: lines of the ledger with each other, folders with ids, sample.h5 with the
 * ledger, both with the catalogue, records with the files in their folder, a damaged sample.h5 with its HDF5
 * attributes. Each difference is a line that names sample, places and values (census.h).
 */
#include "pipeline/bank/ledger/census.h"

#include "pipeline/bank/withdraw/withdraw.h"
#include "pipeline/store/sample_read.h"
#include "pipeline/store/store.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct comparing {
    const vl_census *census;
    const vl_census_sample *in;
    const vl_testimony *t;
    vl_census_report *report;
    size_t *strange; /* samples of a shard that has no lines at all */
} comparing;

/* ---- values that differ ---- */

static void show(const json_t *value, char text[200])
{
    char *const json = json_is_string(value) || json_is_null(value)
                           ? NULL
                           : json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    if (json_is_string(value)) snprintf(text, 200, "'%.180s'", json_string_value(value));
    else snprintf(text, 200, "%.190s", json ? json : "none");
    free(json);
}

/* "facts specimen_type: sample.h5 says 'DNA', the ledger 'RNA'"; a store that one has and the other has not
 * is named, and no more. */
static void say_change(const comparing *k, const json_t *change, const char *first, const char *second)
{
    char name[400] = "", from[200], to[200];
    const json_t *const path = json_object_get(change, "path"), *const a = json_object_get(change, "from"),
                        *const b = json_object_get(change, "to");
    for (size_t i = 0; i < json_array_size(path); i++) {
        const size_t at = strlen(name);
        snprintf(name + at, sizeof name - at, "%s%.120s", at ? " " : "",
                 json_string_value(json_array_get(path, i)));
    }
    if (!strncmp(name, "stores ", 7) && json_is_null(b))
        vl_census_say(k->report, k->t->sample, "%s knows %s, %s does not", first, name + 7, second);
    else if (!strncmp(name, "stores ", 7) && json_is_null(a))
        vl_census_say(k->report, k->t->sample, "%s knows %s, %s does not", second, name + 7, first);
    else {
        show(a, from);
        show(b, to);
        vl_census_say(k->report, k->t->sample, "%s: %s says %s, %s %s", name, first, from, second, to);
    }
}

/* Two records, named; the first few things that they say differently. */
static vl_code say_changes(const comparing *k, const json_t *a, const json_t *b, const char *first,
                           const char *second, vl_err *err)
{
    enum { MOST = 6 };
    json_t *const changes = vl_testimony_differences(a, b, err);
    const size_t n = json_array_size(changes);
    for (size_t i = 0; i < n && i < MOST; i++) say_change(k, json_array_get(changes, i), first, second);
    if (n > MOST)
        vl_census_say(k->report, k->t->sample, "and %zu more differences between the two", n - MOST);
    json_decref(changes);
    return err->code;
}

/* ---- sample.h5 and the ledger ---- */

typedef struct attributes {
    const comparing *k;
    const json_t *truth;
} attributes;

static void compare_attribute(void *to, const char *name, const char *value)
{
    const attributes *const a = to;
    const bool own = !strcmp(name, "donor") || !strcmp(name, "sample");
    const char *const is =
        json_string_value(json_object_get(own ? a->truth : json_object_get(a->truth, "facts"), name));
    if (!is || strcmp(is, value))
        vl_census_say(a->k->report, a->k->t->sample,
                      "attribute %.60s of its damaged sample.h5 says '%.100s', else '%.100s'", name, value,
                      is ? is : "none");
}

static vl_code place_of(const comparing *k, const char *file, char path[VL_BANK_PATH + 700], vl_err *err)
{
    char folder[VL_BANK_PATH];
    if (vl_bank_sample_folder(k->census->bank, k->t->sample, folder, err)) return err->code;
    snprintf(path, VL_BANK_PATH + 700, "%s/%.600s", folder, file);
    return VL_OK;
}

static vl_code compare_file(const comparing *k, vl_err *err)
{
    const vl_testimony *const t = k->t;
    char path[VL_BANK_PATH + 700];
    if (t->file) return VL_OK;
    if (t->why.code == VL_ENOIN) {
        vl_census_say(k->report, t->sample,
                      k->in->folder ? "its sample.h5 is missing" : "its folder is missing");
        return VL_OK;
    }
    vl_census_say(k->report, t->sample, "its sample.h5 is damaged: %.200s", t->why.what);
    const attributes a = { k, t->truth ? t->truth : t->rows };
    if (!a.truth || place_of(k, "sample.h5", path, err)) return err->code;
    vl_err why = VL_ERR_INIT; /* what cannot be read any more says nothing */
    vl_sample_attributes(path, compare_attribute, (void *)&a, &why);
    return VL_OK;
}

static vl_code compare_homes(const comparing *k, vl_err *err)
{
    const vl_testimony *const t = k->t;
    const uint64_t file = vl_testimony_revision(t->file), ledger = t->ledger.revision;
    if (!t->ledger.state && t->file && !k->census->nline) ++*k->strange;
    else if (!t->ledger.state && t->file) vl_census_say(k->report, t->sample, "the ledger does not know it");
    if (t->ledger.gap) vl_census_say(k->report, t->sample, "changes of it are missing in the ledger");
    if (!t->ledger.state || !t->file) return VL_OK;
    if (file < ledger)
        vl_census_say(k->report, t->sample,
                      "its sample.h5 is older than the ledger: revision %" PRIu64 ", there %" PRIu64, file,
                      ledger);
    else if (file > ledger)
        vl_census_say(k->report, t->sample,
                      "the ledger is older than its sample.h5: revision %" PRIu64 ", there %" PRIu64
                      "; its end was cut off",
                      ledger, file);
    else if (t->homes == VL_RECORD_CONFLICT) {
        json_t *const folded = vl_record_folded(&t->ledger, t->sample, err);
        if (folded) say_changes(k, t->file, folded, "sample.h5", "the ledger", err);
        json_decref(folded);
    }
    return err->code;
}

/* ---- the catalogue ---- */

static vl_code compare_rows(const comparing *k, vl_err *err)
{
    const vl_testimony *const t = k->t;
    if (!k->census->catalog) return VL_OK;
    if (!t->rows) {
        if (t->truth) vl_census_say(k->report, t->sample, "is not in the catalogue");
        return VL_OK;
    }
    if (!t->truth) {
        if (t->homes != VL_RECORD_CONFLICT)
            vl_census_say(k->report, t->sample, "only the catalogue knows it");
        return VL_OK;
    }
    const uint64_t rows = vl_testimony_revision(t->rows), truth = vl_testimony_revision(t->truth);
    if (rows != truth)
        vl_census_say(k->report, t->sample,
                      "the catalogue is %s: revision %" PRIu64 ", the record has %" PRIu64,
                      rows < truth ? "older" : "newer", rows, truth);
    return say_changes(k, t->rows, t->truth, "the catalogue", "the record", err);
}

/* ---- the folder ---- */

/* What is known of the sample; of two that contradict each other, one. */
static const json_t *best(const vl_testimony *t) { return t->truth ? t->truth : t->file ? t->file : t->rows; }

static vl_code compare_store(const comparing *k, const json_t *store, vl_err *err)
{
    char path[VL_BANK_PATH + 700];
    vl_sealed sealed = { 0 };
    vl_err why = VL_ERR_INIT;
    const char *const file = json_string_value(json_object_get(store, "file")), *const seal =
                                                                                    json_string_value(
                                                                                        json_object_get(
                                                                                            store, "seal"));
    if (place_of(k, file, path, err)) return err->code;
    if (vl_seal_read(path, &sealed, NULL, &why))
        vl_census_say(k->report, k->t->sample, "%s: %.200s", file, why.what);
    else if (strcmp(sealed.hash, seal))
        vl_census_say(k->report, k->t->sample, "%s: is another store than its record says", file);
    return VL_OK;
}

static int is_store(const struct dirent *e)
{
    const size_t n = strlen(e->d_name);
    return e->d_name[0] != '.' && n > 3 && !strcmp(e->d_name + n - 3, ".h5") &&
           strcmp(e->d_name, "sample.h5");
}

/* Stores that no record knows. */
static vl_code compare_files(const comparing *k, vl_err *err)
{
    char path[VL_BANK_PATH + 700];
    struct dirent **entry = NULL;
    size_t i;
    json_t *store;
    if (place_of(k, "", path, err)) return err->code;
    json_t *const known = json_object();
    json_array_foreach(json_object_get(best(k->t), "stores"), i, store)
        json_object_set(known, json_string_value(json_object_get(store, "file")), store);
    const int n = scandir(path, &entry, is_store, alphasort);
    if (n < 0 && errno != ENOENT) vl_fail_errno(err, VL_EIO, errno, "cannot list %.200s", path);
    for (int f = 0; f < n; f++) {
        const char *const name = entry[f]->d_name;
        if (!json_object_get(known, name))
            vl_census_say(k->report, k->t->sample, "%s: its record does not know this store", name);
        free(entry[f]);
    }
    free(entry);
    json_decref(known);
    return err->code;
}

static vl_code compare_folder(const comparing *k, vl_err *err)
{
    size_t i;
    json_t *store;
    json_array_foreach(json_object_get(k->t->truth, "stores"), i,
                       store) if (compare_store(k, store, err)) return err->code;
    return k->in->folder ? compare_files(k, err) : VL_OK;
}

/* ---- the whole ---- */

/* A folder in which nothing was ever published is no sample yet. */
static bool is_nothing(const comparing *k, vl_err *err)
{
    char path[VL_BANK_PATH + 700];
    struct dirent **entry = NULL;
    if (k->in->nline || k->in->listed || k->t->file || k->t->why.code != VL_ENOIN) return false;
    if (place_of(k, "", path, err)) return true;
    const int n = scandir(path, &entry, is_store, NULL);
    for (int i = 0; i < n; i++) free(entry[i]);
    free(entry);
    return n <= 0;
}

/* A sample that a tidy has begun to empty: its ledger alone is the tombstone, and a backup may have brought
 * the rest back. What is listed of it is compared all the same. */
static bool is_buried(const json_t *truth)
{
    return json_object_get(json_object_get(truth, "withdrawn"), "emptied");
}

static vl_code compare_buried(const comparing *k, vl_err *err)
{
    const json_t *const truth = k->t->truth;
    const bool done = !json_array_size(json_object_get(truth, "stores")) &&
                      !json_object_size(json_object_get(truth, "facts"));
    if (done && vl_bury_is_left(k->census->bank, k->t->sample, err))
        vl_census_say(k->report, k->t->sample, "was withdrawn: tidy");
    return err->code ? err->code : compare_rows(k, err);
}

static vl_code compare_sample(const comparing *k, vl_err *err)
{
    if (is_nothing(k, err)) k->report->samples--;
    else if (is_buried(k->t->truth)) compare_buried(k, err);
    else if (!compare_file(k, err) && !compare_homes(k, err) && !compare_rows(k, err)) compare_folder(k, err);
    return err->code;
}

vl_code vl_compare_shard(const vl_shard_task *task, unsigned shard, vl_err *err)
{
    vl_census census;
    size_t strange = 0;
    vl_census_take(&census, task->bank, task->catalog, task->names, shard, task->report, err);
    for (size_t i = 0; i < census.n && !err->code; i++) {
        vl_testimony t;
        vl_err why = VL_ERR_INIT;
        const comparing k = { &census, &census.sample[i], &t, task->report, &strange };
        task->report->samples++;
        if (!vl_testimony_take(&census, &census.sample[i], &t, &why)) compare_sample(&k, &why);
        if (why.code == VL_ESTORE) vl_census_say(task->report, t.sample, "%.230s", why.what);
        else if (why.code) *err = why;
        vl_testimony_free(&t);
    }
    if (strange)
        vl_census_say(task->report, NULL, "is missing or empty: it does not know %zu samples", strange);
    vl_census_free(&census);
    return err->code;
}

vl_code vl_compare_ledger(const vl_shard_task *task, unsigned shard, vl_err *err)
{
    vl_census census = { 0 };
    vl_census_take(&census, task->bank, NULL, NULL, shard, task->report, err);
    for (size_t i = 0; i < census.n && !err->code; i++) {
        vl_ledger_known known;
        vl_err why = VL_ERR_INIT;
        char sample[512];
        if (!census.sample[i].nline) continue;
        task->report->samples++;
        vl_bank_unescape(census.sample[i].escaped, sample);
        vl_ledger_fold_lines(census.sample[i].line, census.sample[i].nline, &known, &why);
        json_t *const record = why.code ? NULL : vl_record_folded(&known, sample, &why);
        if (known.gap) vl_census_say(task->report, sample, "changes of it are missing in the ledger");
        if (why.code == VL_ESTORE) vl_census_say(task->report, sample, "%.230s", why.what);
        else if (why.code) *err = why;
        json_decref(record);
        vl_ledger_known_free(&known);
    }
    vl_census_free(&census);
    return err->code;
}
