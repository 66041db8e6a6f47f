/* What each place says of one sample, and which of them is right (census.h). */
#include "pipeline/bank/ledger/census.h"

#include "pipeline/bank/ledger/history.h"
#include "pipeline/bank/ledger/ledger_line.h"

#include <string.h>

uint64_t vl_testimony_revision(const json_t *record)
{
    return (uint64_t)json_integer_value(json_object_get(record, "revision"));
}

/* Is the line that the record notes among those of its sample? */
static bool is_linked(const json_t *file, const vl_census_sample *s)
{
    const vl_ledger_link link = vl_ledger_link_of(file);
    for (size_t i = 0; link.line && i < s->nline; i++)
        if (s->line[i].number == link.line) return !memcmp(s->line[i].sum.at, link.sum, 16);
    return false;
}

static uint64_t find_undone(const vl_census_sample *s)
{
    uint64_t undone = 0;
    for (size_t i = 0; i < s->nline; i++)
        if (vl_ledger_field_is(s->line[i].what, VL_LEDGER_UNDO_WITHDRAW)) undone = s->line[i].revision;
    return undone;
}

/* Of a ledger that has lost lines, what is left may lack parts of a store: such a store goes. */
static json_t *fold_whole(const vl_testimony *t, vl_err *err)
{
    void *next;
    const char *file;
    json_t *store, *const stores = json_object_get(t->ledger.state, "stores");
    json_object_foreach_safe(stores, next, file, store)
    {
        json_t *const alone = json_pack("{s:i,s:s,s:i,s:{},s:[O]}", "vial_record", 1, "sample", t->sample,
                                        "revision", 0, "facts", "stores", store);
        if (t->ledger.gap && alone && vl_record_wrong(alone)) json_object_del(stores, file);
        json_decref(alone);
    }
    return vl_record_folded(&t->ledger, t->sample, err);
}

vl_code vl_testimony_take(const vl_census *census, const vl_census_sample *sample, vl_testimony *t,
                          vl_err *err)
{
    *t = (vl_testimony){ .why = VL_ERR_INIT };
    vl_bank_unescape(sample->escaped, t->sample);
    t->file = vl_record_read(census->bank, t->sample, &t->why);
    if (!t->file && t->why.code != VL_ENOIN && t->why.code != VL_ESTORE && t->why.code != VL_ETRUNC)
        return *err = t->why, err->code;
    if (vl_ledger_fold_lines(sample->line, sample->nline, &t->ledger, err)) return err->code;
    t->ledger.linked = is_linked(t->file, sample);
    t->undone = find_undone(sample);
    if (sample->listed && census->catalog) t->rows = vl_catalog_get(census->catalog, t->sample, err);
    if (err->code || vl_record_weigh(t->file, &t->ledger, &t->homes, err)) return err->code;
    if (t->homes == VL_RECORD_FILE) t->truth = json_incref(t->file);
    else if (t->homes != VL_RECORD_CONFLICT) t->truth = fold_whole(t, err);
    return err->code;
}

void vl_testimony_free(vl_testimony *t)
{
    json_decref(t->file);
    json_decref(t->rows);
    json_decref(t->truth);
    vl_ledger_known_free(&t->ledger);
}

/* ---- as the catalogue would hold it ---- */

static void keep_members(json_t *object, const char *const *member)
{
    void *next;
    const char *name;
    json_t *value;
    json_object_foreach_safe(object, next, name, value)
    {
        bool kept = false;
        for (size_t i = 0; member[i]; i++) kept = kept || !strcmp(name, member[i]);
        if (!kept) json_object_del(object, name);
    }
}

/* The facts of an acquisition are those of its live store. */
static void keep_of_store(json_t *store)
{
    static const char *const of_store[] = { "kind",    "acquisition", "file",      "state",      "profile",
                                            "options", "rows",        "bytes",     "bytes_in",   "text_bytes",
                                            "digest",  "seal",        "published", "superseded", "facts",
                                            "inputs",  "measures",    NULL },
                             *const of_input[] = { "stream", "path", "bytes", "mtime_ns", "sha256", NULL };
    const char *const state = json_string_value(json_object_get(store, "state"));
    size_t i;
    json_t *input;
    keep_members(store, of_store);
    if (state && strcmp(state, "live")) json_object_del(store, "facts");
    json_array_foreach(json_object_get(store, "inputs"), i, input) keep_members(input, of_input);
}

json_t *vl_testimony_listed(const json_t *record)
{
    static const char *const of_sample[] = { "donor", "facts", "withdrawn", "stores", NULL },
                             *const of_withdrawal[] = { "reason", "at", NULL };
    const char *name;
    json_t *store, *const state = vl_state_of(record);
    if (!state) return NULL;
    keep_members(state, of_sample);
    if (json_object_get(state, "withdrawn")) keep_members(json_object_get(state, "withdrawn"), of_withdrawal);
    json_object_foreach(json_object_get(state, "stores"), name, store) keep_of_store(store);
    return state;
}

json_t *vl_testimony_differences(const json_t *a, const json_t *b, vl_err *err)
{
    json_t *const x = vl_testimony_listed(a), *const y = vl_testimony_listed(b);
    json_t *const changes = x && y ? vl_changes_between(x, y) : NULL;
    json_decref(x);
    json_decref(y);
    if (!changes) vl_fail(err, VL_ENOMEM, "no memory to compare records");
    return changes;
}

bool vl_testimony_rows_conflict(const vl_testimony *t, vl_err *err)
{
    const bool alone = t->truth && t->homes != VL_RECORD_BOTH && !t->ledger.gap;
    if (!t->rows || !alone || vl_testimony_revision(t->rows) != vl_testimony_revision(t->truth)) return false;
    json_t *const changes = vl_testimony_differences(t->rows, t->truth, err);
    const bool differ = json_array_size(changes);
    json_decref(changes);
    return differ;
}

bool vl_testimony_withdrawn_by_rows(const vl_testimony *t)
{
    return json_object_get(t->rows, "withdrawn") && t->truth && !json_object_get(t->truth, "withdrawn") &&
           t->undone <= vl_testimony_revision(t->rows);
}
