/* Lines of the ledger -> what each changed (history.h). */
#include "pipeline/bank/ledger/history.h"

#include "pipeline/bank/ledger/ledger_line.h"

#include <stdio.h>
#include <string.h>

typedef struct telling {
    json_t *all;   /* owned: the array */
    json_t *state; /* owned: before the next line */
    uint64_t revision;
    uint64_t wanted;        /* the states around this revision are kept; 0: none */
    json_t *before, *after; /* owned */
} telling;

/* ---- what is different between two states, as deep as both are objects ---- */

static bool add_change(json_t *changes, const json_t *path, json_t *from, json_t *to)
{
    json_t *const copy = json_copy((json_t *)path);
    return !json_array_append_new(
        changes, json_pack("{s:o,s:O?,s:O?}", "path", copy, "from", from, "to", to)); /* NULL: null */
}

static bool compare(json_t *changes, json_t *path, json_t *before, json_t *after);

static bool compare_member(json_t *changes, json_t *path, const char *name, json_t *from, json_t *to)
{
    if (from && to && json_equal(from, to)) return true;
    json_array_append_new(path, json_string(name));
    /* facts of a sample that had none are facts each, not one change */
    json_t *const none = json_is_object(to) && !strcmp(name, "facts") ? json_object() : NULL;
    const bool deep = json_is_object(to) && (json_is_object(from) || none);
    const bool good =
        deep ? compare(changes, path, from ? from : none, to) : add_change(changes, path, from, to);
    json_decref(none);
    json_array_remove(path, json_array_size(path) - 1);
    return good;
}

static bool compare(json_t *changes, json_t *path, json_t *before, json_t *after)
{
    const char *name;
    json_t *value;
    bool good = true;
    json_object_foreach(after, name, value)
    {
        json_t *const from = json_object_get(before, name);
        /* each store is one, also the first */
        if (!from && !strcmp(name, "stores") && !json_array_size(path)) {
            json_t *const none = json_object();
            good = good && compare_member(changes, path, name, none, value);
            json_decref(none);
        } else {
            good = good && compare_member(changes, path, name, from, value);
        }
    }
    json_object_foreach(before, name, value) if (!json_object_get(after, name)) good =
        good && compare_member(changes, path, name, value, NULL);
    return good;
}

json_t *vl_changes_between(json_t *before, json_t *after)
{
    json_t *const changes = json_array(), *const path = json_array(), *const none = json_object();
    const bool good = changes && path && none && compare(changes, path, before ? before : none, after);
    json_decref(path);
    json_decref(none);
    if (good) return changes;
    json_decref(changes);
    return NULL;
}

/* ---- lines ---- */

static json_t *text_of(vl_ledger_field field) { return json_stringn_nocheck(field.at, field.n); }

static json_t *source_of(const vl_ledger_line *line)
{
    json_t *const source = json_loadb(line->source.at, line->source.n, JSON_DECODE_ANY, NULL);
    return source ? source : json_string("");
}

/* The state after the line; NULL: damaged, or no memory. */
static json_t *next_state(const telling *t, const vl_ledger_line *line, vl_err *err)
{
    const bool begin = vl_ledger_field_is(line->what, VL_LEDGER_BEGIN);
    json_t *const patch = json_loadb(line->patch.at, line->patch.n, 0, NULL);
    json_t *const state = begin || !t->state ? json_object() : json_deep_copy(t->state);
    if (!json_is_object(patch)) vl_fail(err, VL_ESTORE, "a line of the ledger is no change of a record");
    else vl_patch_apply(state, patch, err);
    json_decref(patch);
    if (!err->code) return state;
    json_decref(state);
    return NULL;
}

static bool add_lost(telling *t, const vl_ledger_line *line)
{
    if (!t->state || line->revision <= t->revision + 1 || vl_ledger_field_is(line->what, VL_LEDGER_BEGIN))
        return true;
    return !json_array_append_new(t->all, json_pack("{s:I,s:s,s:[]}", "revision", (json_int_t)t->revision + 1,
                                                    "what", VL_LEDGER_LOST, "changes"));
}

/* What was before is known where no revision is missing. */
static void keep_wanted(telling *t, const vl_ledger_line *line, json_t *state)
{
    if (!t->wanted || line->revision != t->wanted) return;
    if (t->revision + 1 == t->wanted && !t->before) t->before = json_incref(t->state);
    if (!t->after) t->after = json_incref(state);
}

static vl_code tell(telling *t, const vl_ledger_line *line, vl_err *err)
{
    if (line->wrong) {
        json_array_append_new(t->all,
                              json_pack("{s:I,s:s}", "line", (json_int_t)line->number, "wrong", line->wrong));
        return VL_OK;
    }
    json_t *const state = next_state(t, line, err);
    if (!state) return err->code;
    json_t *const changes = vl_changes_between(t->state, state);
    if (!changes || !add_lost(t, line) ||
        json_array_append_new(t->all,
                              json_pack("{s:I,s:I,s:o,s:o,s:o,s:o,s:O}", "line", (json_int_t)line->number,
                                        "revision", (json_int_t)line->revision, "at", text_of(line->time),
                                        "what", text_of(line->what), "who", text_of(line->who), "source",
                                        source_of(line), "changes", changes)))
        vl_fail(err, VL_ENOMEM, "no memory for the history of a sample");
    json_decref(changes);
    keep_wanted(t, line, state);
    json_decref(t->state);
    t->state = state;
    t->revision = line->revision;
    return err->code;
}

static vl_code tell_all(telling *t, const vl_bank *bank, const char *sample, vl_err *err)
{
    char escaped[512];
    vl_ledger_shard s = { 0 };
    vl_ledger_line line;
    t->all = json_array();
    vl_bank_escape(sample, escaped);
    if (!t->all) vl_fail(err, VL_ENOMEM, "no memory for the history of a sample");
    else if (!vl_ledger_read(bank, vl_ledger_shard_of(sample), 0, &s, err))
        while (!err->code && vl_ledger_next_of(&s, escaped, &line)) tell(t, &line, err);
    if (!err->code) vl_history_hide(bank, sample, json_object_get(t->state, "withdrawn"), t->all, err);
    vl_ledger_free(&s);
    json_decref(t->state);
    return err->code;
}

json_t *vl_history(const vl_bank *bank, const char *sample, vl_err *err)
{
    telling t = { 0 };
    if (!tell_all(&t, bank, sample, err)) return t.all;
    json_decref(t.all);
    return NULL;
}

json_t *vl_history_around(const vl_bank *bank, const char *sample, uint64_t revision, json_t **before,
                          json_t **after, vl_err *err)
{
    telling t = { .wanted = revision };
    if (!tell_all(&t, bank, sample, err) && (!t.before || !t.after))
        vl_fail(err, VL_ESTORE, "the ledger has lost revision %llu of sample '%.60s', or what was before it",
                (unsigned long long)revision, sample);
    *before = err->code ? NULL : vl_state_record(t.before, sample, revision - 1);
    *after = err->code ? NULL : vl_state_record(t.after, sample, revision);
    if (!err->code && (!*before || !*after)) vl_fail(err, VL_ENOMEM, "no memory for the history of a sample");
    json_decref(t.before);
    json_decref(t.after);
    if (!err->code) return t.all;
    json_decref(t.all);
    return NULL;
}
