/*
 * What is to be undone: the last correction of a sample or acquisition, or that of a revision, by the ledger;
 * and the request that does it. What brought stores to another sample is undone by bringing them back
 * (correct_move.c).
 */
#include "pipeline/bank/correct_parts.h"

#include "pipeline/bank/ledger/history.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- lines of the ledger ---- */

static bool is_word(const json_t *line, const char *word)
{
    return !strcmp(vl_correct_text(line, "what"), word);
}

static bool is_correction(const json_t *line)
{
    static const char *const words[] = { "set", "correct", "remove", "undo", "rename", "move" };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (is_word(line, words[i])) return true;
    return false;
}

/* Does a change, by its path, concern the acquisition? Of stores it has the file. */
bool vl_correct_is_of(const json_t *change, const char *acquisition)
{
    const json_t *const path = json_object_get(change, "path");
    const char *const part = json_string_value(json_array_get(path, 0)), *const file = json_string_value(
                                                                             json_array_get(path, 1));
    const bool of_store = file && !strcmp(part, "stores");
    return acquisition ? of_store && vl_state_file_is_of(file, acquisition) : !of_store;
}

static bool concerns(const json_t *line, const char *acquisition)
{
    size_t i;
    json_t *change;
    json_array_foreach(json_object_get(line, "changes"), i,
                       change) if (vl_correct_is_of(change, acquisition)) return true;
    return !acquisition;
}

/* Why a line of the ledger is nothing that can be undone; NULL: it can. */
static const char *why_not(const json_t *line)
{
    static const struct {
        const char *word, *why;
    } all[] = {
        { "publish", "took data in; 'vial remove' takes it out" },
        { "supersede", "put other data in the place of older; the older comes in again with --supersede" },
        { "facts", "noted what a sheet said besides; 'vial set SAMPLE NAME=' clears it" },
        { "withdraw", "withdrew the sample; 'vial withdraw --undo' takes that back" },
        { "undo-withdraw", "took a withdrawal back; 'vial withdraw' withdraws" },
        { "tidy", "is the tidy of a withdrawn sample" },
    };
    if (is_correction(line)) return NULL;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (is_word(line, all[i].word)) return all[i].why;
    return "is no correction";
}

/* The last correction, or a withdrawal that stands. */
static const json_t *last_of(const json_t *history, const char *acquisition)
{
    bool back = false;
    for (size_t i = json_array_size(history); i-- > 0;) {
        const json_t *const line = json_array_get(history, i);
        back |= is_word(line, "undo-withdraw");
        if ((is_word(line, "withdraw") && !back) || (is_correction(line) && concerns(line, acquisition)))
            return line;
    }
    return NULL;
}

static const json_t *line_of(const json_t *history, uint64_t revision)
{
    for (size_t i = json_array_size(history); i-- > 0;)
        if (vl_correct_revision(json_array_get(history, i)) == revision) return json_array_get(history, i);
    return NULL;
}

static const json_t *choose(const json_t *history, const char *name, uint64_t revision, vl_err *err)
{
    const char *const slash = strchr(name, '/'), *const acquisition = slash ? slash + 1 : NULL;
    const json_t *const line = revision ? line_of(history, revision) : last_of(history, acquisition);
    if (!json_array_size(history))
        return vl_fail(err, VL_ENOIN, "the ledger knows no sample '%.*s'", (int)strcspn(name, "/"), name),
               NULL;
    if (!line && !revision) return vl_fail(err, VL_ENOIN, "of '%.100s' nothing was corrected", name), NULL;
    if (!line) {
        vl_fail(err, VL_ENOIN, "'%.100s' has no revision %" PRIu64 " in the ledger; the last one is %" PRIu64,
                name, revision, vl_correct_revision(json_array_get(history, json_array_size(history) - 1)));
        return NULL;
    }
    const char *const why = why_not(line);
    if (why) return vl_fail(err, VL_EEXIST, "revision %" PRIu64 " %s", vl_correct_revision(line), why), NULL;
    if (concerns(line, acquisition)) return line;
    vl_fail(err, VL_ENOIN, "revision %" PRIu64 " changed nothing of acquisition '%.100s'", revision,
            acquisition);
    return NULL;
}

/* ---- what brought stores from another sample ---- */

static const json_t *change_of(const json_t *line, const char *name)
{
    size_t i;
    json_t *change;
    json_array_foreach(json_object_get(line, "changes"), i, change)
    {
        const json_t *const path = json_object_get(change, "path");
        if (json_array_size(path) == 1 && !strcmp(json_string_value(json_array_get(path, 0)), name))
            return change;
    }
    return NULL;
}

/* Where they were before; NULL: the line brought none. */
static const json_t *source_of(const json_t *line)
{
    size_t i;
    json_t *one;
    const json_t *const change = change_of(line, "was"), *const was = json_object_get(change, "to"),
                        *const last = json_array_get(was, json_array_size(was) - 1);
    json_array_foreach(json_object_get(change, "from"), i,
                       one) if (last && json_equal(one, last)) return NULL;
    return last;
}

/* It brought them elsewhere: there it can be undone. */
static vl_code refuse_left(const json_t *line, vl_err *err)
{
    const char *const to = vl_correct_text(json_object_get(change_of(line, "gone"), "to"), "to");
    if (*to)
        return vl_fail(err, VL_EEXIST,
                       "revision %" PRIu64 " gave the sample the id '%.100s': 'vial undo' that",
                       vl_correct_revision(line), to);
    const bool left = is_word(line, "move") || change_of(line, "was");
    return left ? vl_fail(err, VL_EEXIST,
                          "revision %" PRIu64 " (%.300s): 'vial undo' the sample that it went to",
                          vl_correct_revision(line), vl_correct_text(line, "source"))
                : VL_OK;
}

/* All that is there came by that line: else more than it would be brought back. */
static vl_code check_all_came(const vl_bank *bank, const char *sample, const json_t *was, vl_err *err)
{
    size_t i;
    const json_t *store;
    json_t *const record = vl_record_load(bank, sample, err);
    json_array_foreach(json_object_get(record, "stores"), i, store)
    {
        const json_t *const moved = json_object_get(store, "moved");
        if (err->code || strcmp(vl_correct_text(store, "state"), "live")) continue;
        if (strcmp(vl_correct_text(moved, "request"), vl_correct_text(was, "request")) ||
            strcmp(vl_correct_text(moved, "from"), vl_correct_text(was, "sample")))
            vl_fail(err, VL_EEXIST,
                    "acquisition '%.60s' of '%.60s' came in or was brought since; 'vial rename' "
                    "takes it along",
                    vl_correct_text(store, "acquisition"), sample);
    }
    json_decref(record);
    return err->code;
}

/* The donors of both samples are again what they were. */
static void add_donors(const vl_bank *bank, const json_t *line, const json_t *was, json_t *ask, vl_err *err)
{
    const json_t *const brought = change_of(line, "donor");
    json_t *const there = vl_history(bank, vl_correct_text(was, "sample"), err);
    const json_t *const left = there ? line_of(there, vl_correct_revision(was)) : NULL, *const taken =
                                                                                            change_of(
                                                                                                left,
                                                                                                "donor");
    json_object_set_new(ask, "other_donor", json_true());
    if (json_is_null(json_object_get(brought, "from")))
        json_object_set(ask, "given", json_object_get(brought, "to"));
    if (json_is_null(json_object_get(taken, "to")))
        json_object_set(ask, "donor", json_object_get(taken, "from"));
    json_decref(there);
}

/* The way back of what came from another sample. */
static json_t *bring_back(const vl_bank *bank, const char *name, const json_t *line, const json_t *was,
                          vl_err *err)
{
    char sample[512], what[1200];
    const char *const acquisition = vl_correct_text(was, "acquisition");
    snprintf(sample, sizeof sample, "%.*s", (int)strcspn(name, "/"), name);
    snprintf(what, sizeof what, "%s%s%s", sample, *acquisition ? "/" : "", acquisition);
    if (!*acquisition && strchr(name, '/')) {
        vl_fail(err, VL_EEXIST, "revision %" PRIu64 " is about the whole sample: 'vial undo' that",
                vl_correct_revision(line));
        return NULL;
    }
    if (!*acquisition && check_all_came(bank, sample, was, err)) return NULL;
    json_t *const ask = json_pack("{s:s,s:s,s:s,s:I}", "what", "undo", "name", what, "to",
                                  vl_correct_text(was, "sample"), "at", (json_int_t)vl_bank_now());
    if (ask && *acquisition) add_donors(bank, line, was, ask, err);
    return ask;
}

/* ---- the request ---- */

static json_t *ask_for(const vl_bank *bank, const char *name, const json_t *history, const json_t *line,
                       vl_err *err)
{
    const json_t *const was = source_of(line);
    const json_t *const last = json_array_get(history, json_array_size(history) - 1);
    if (was) return bring_back(bank, name, line, was, err);
    if (refuse_left(line, err)) return NULL;
    return json_pack("{s:s,s:s,s:I}", "what", "undo", "name", name, "on",
                     (json_int_t)vl_correct_revision(last));
}

json_t *vl_correct_undo_ask(const vl_bank *bank, const char *name, uint64_t revision, const char *reason,
                            vl_err *err)
{
    char sample[512];
    snprintf(sample, sizeof sample, "%.*s", (int)strcspn(name, "/"), name);
    json_t *const history = vl_history(bank, sample, err);
    const json_t *const line = history ? choose(history, name, revision, err) : NULL;
    json_t *ask = line ? ask_for(bank, name, history, line, err) : NULL;
    if (line && !err->code &&
        (json_object_set_new(ask, "revision", json_integer((json_int_t)vl_correct_revision(line))) ||
         json_object_set(ask, "word", json_object_get(line, "what")) ||
         json_object_set_new(ask, "reason", json_string(reason))))
        vl_fail(err, VL_EARG, "'%.100s', or the reason, is not UTF-8 text", name);
    json_decref(history);
    if (!err->code) return ask;
    json_decref(ask);
    return NULL;
}
