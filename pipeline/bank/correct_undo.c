/*
 * A correction is taken back: facts, donor and stores are again what they were before that revision, where
 * they still are what it made of them; where something later changed one of them, nothing is undone. What was
 * before and after stands in the ledger. An undo is a correction itself, so it can be undone. A store that
 * was removed gets its first name as a second one; the other goes when record and catalogue have forgotten it
 * (correct.c).
 * Which one it is, and the request: correct_undo_ask.c.
 */
#include "pipeline/bank/correct_parts.h"

#include "pipeline/bank/ledger/history.h"
#include "pipeline/store/file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- facts ---- */

typedef struct undoing {
    const vl_correction *k;
    json_t *record;         /* borrowed: as it is now */
    json_t *before, *after; /* owned: records as they were before and after the revision */
    json_t *history;        /* owned */
    uint64_t revision;
} undoing;

static bool same(const json_t *a, const json_t *b) { return a == b || (a && b && json_equal(a, b)); }

/* The last revision that changed the fact: of an acquisition, or of the sample (NULL). */
static uint64_t last_change(const undoing *u, const char *acquisition, const char *name)
{
    size_t i, n;
    json_t *line, *change;
    uint64_t last = 0;
    json_array_foreach(u->history, i, line) json_array_foreach(json_object_get(line, "changes"), n, change)
    {
        const json_t *const path = json_object_get(change, "path");
        const char *const end = json_string_value(json_array_get(path, json_array_size(path) - 1));
        if (vl_correct_is_of(change, acquisition) && end && !strcmp(end, name))
            last = vl_correct_revision(line);
    }
    return last;
}

static vl_code undo_fact(const undoing *u, const json_t *before, const json_t *after, json_t *now,
                         const char *acquisition, const char *name, vl_err *err)
{
    const json_t *const was = json_object_get(before, name), *const made = json_object_get(after, name),
                        *const is = json_object_get(now, name);
    if (same(was, made) || same(is, was)) return VL_OK;
    if (same(is, made)) return vl_correct_fact(now, name, vl_correct_text(before, name)), VL_OK;
    return vl_fail(err, VL_EEXIST,
                   "%.60s of '%.100s' is '%.60s' since revision %" PRIu64 ": revision %" PRIu64
                   " cannot be undone; 'vial set' puts it right",
                   name, vl_correct_text(u->k->ask, "name"), vl_correct_text(now, name),
                   last_change(u, acquisition, name), u->revision);
}

static vl_code undo_facts(const undoing *u, const json_t *before, const json_t *after, json_t *now,
                          const char *acquisition, vl_err *err)
{
    const char *name;
    json_t *value;
    const json_t *const was = json_object_get(before, "facts"), *const made = json_object_get(after, "facts");
    json_t *const is = json_object_get(now, "facts");
    json_object_foreach((json_t *)was, name,
                        value) if (undo_fact(u, was, made, is, acquisition, name, err)) return err->code;
    json_object_foreach((json_t *)made, name,
                        value) if (undo_fact(u, was, made, is, acquisition, name, err)) return err->code;
    return VL_OK;
}

/* ---- stores ---- */

static bool is_live(const json_t *store) { return store && !strcmp(vl_correct_text(store, "state"), "live"); }

/* It may have another digest than it had. */
static bool is_made_again(const json_t *store)
{
    return json_object_get(store, "healed") || json_object_get(store, "moved");
}

/* The store of a record that is that one, under whatever name: by its publishing and content. */
static json_t *find(const json_t *record, const json_t *store)
{
    static const char *const who[] = { "kind", "acquisition", "published", "digest" };
    json_t *one, *found = NULL;
    size_t i;
    json_array_foreach(json_object_get(record, "stores"), i, one)
    {
        size_t equal = 0;
        while (equal < 4 && json_equal(json_object_get(one, who[equal]), json_object_get(store, who[equal])))
            equal++;
        if (equal == 4) return one;
        if (equal == 3 && (is_made_again(one) || is_made_again(store))) found = one;
    }
    return found;
}

/* Can the store have its first name again? It has it already where a run died. */
static vl_code check_place(const undoing *u, const json_t *was, const json_t *now, vl_err *err)
{
    char folder[VL_BANK_PATH], from[VL_BANK_PATH], to[VL_BANK_PATH];
    struct stat old, first;
    vl_err none = VL_ERR_INIT;
    const char *const acquisition = vl_correct_text(was, "acquisition");
    if (vl_record_store(u->record, vl_correct_text(was, "kind"), acquisition, "live"))
        return vl_fail(
            err, VL_EEXIST,
            "another store has taken the place of acquisition '%.100s'; 'vial remove' takes it out",
            acquisition);
    if (vl_bank_sample_folder(u->k->bank, u->k->sample, folder, err) ||
        vl_correct_path(u->k, now, from, err) || vl_correct_path(u->k, was, to, err))
        return err->code;
    const bool is_old = !stat(from, &old), is_first = !stat(to, &first);
    if (is_old && (!is_first || old.st_ino == first.st_ino)) return VL_OK;
    if (!is_old && !is_first) return vl_fail(err, VL_ENOIN, "the data of '%.100s' is gone", acquisition);
    if (!is_old && !vl_record_look(folder, was, &none)) return VL_OK;
    vl_fail(err, VL_EEXIST, "lies in the place of acquisition '%.100s'", acquisition);
    return vl_err_file(err, to);
}

static vl_code bring_back(const undoing *u, const json_t *was, json_t *now, vl_err *err)
{
    char from[VL_BANK_PATH], to[VL_BANK_PATH];
    if (vl_correct_path(u->k, now, from, err) || vl_correct_path(u->k, was, to, err)) return err->code;
    if (link(from, to) && access(to, F_OK) &&
        rename(from, to)) /* no links to what another of the group made */
        return vl_fail_errno(err, VL_EIO, errno, "cannot give the store its name again");
    json_object_del(now, "removed");
    json_object_del(now, "superseded");
    json_object_set(now, "state", json_object_get(was, "state"));
    json_object_set(now, "file", json_object_get(was, "file"));
    return vl_sync_folder(to, err);
}

/* It was live and was removed; one that was lost already when it was removed is lost again. */
static vl_code undo_removal(const undoing *u, json_t *was, bool was_lost, bool dry, vl_err *err)
{
    json_t *const now = find(u->record, was);
    const char *const acquisition = vl_correct_text(was, "acquisition");
    if (is_live(now)) return VL_OK;
    if (!now && !was_lost)
        return vl_fail(err, VL_EEXIST, "a tidy has removed the data of acquisition '%.100s'", acquisition);
    if (now && !json_object_get(now, "removed"))
        return vl_fail(err, VL_EEXIST, "acquisition '%.100s' was superseded since", acquisition);
    if (now) return dry ? check_place(u, was, now, err) : bring_back(u, was, now, err);
    if (vl_record_store(u->record, vl_correct_text(was, "kind"), acquisition, "live"))
        return vl_fail(err, VL_EEXIST, "another store has taken the place of acquisition '%.100s'",
                       acquisition);
    if (!dry) json_array_append_new(json_object_get(u->record, "stores"), json_deep_copy(was));
    return VL_OK;
}

/* It was removed, and an undo made it live again: that is undone. */
static vl_code undo_return(const undoing *u, const json_t *was, const json_t *made, bool dry, vl_err *err)
{
    json_t *const now = find(u->record, made), *const reason = json_object_get(was, "removed");
    if (now && json_object_get(now, "removed")) return VL_OK;
    if (!is_live(now))
        return vl_fail(err, VL_EEXIST, "acquisition '%.100s' was superseded since",
                       vl_correct_text(made, "acquisition"));
    return dry ? VL_OK
               : vl_correct_set_aside(u->k, u->record, now,
                                      reason ? reason : json_object_get(u->k->ask, "reason"), err);
}

static bool is_asked(const undoing *u, const json_t *store)
{
    return !u->k->acquisition || !strcmp(vl_correct_text(store, "acquisition"), u->k->acquisition);
}

/* dry: nothing is done but to look whether it can be. */
static vl_code undo_stores(const undoing *u, bool dry, vl_err *err)
{
    size_t i;
    json_t *store;
    json_array_foreach(json_object_get(u->before, "stores"), i, store)
    {
        const json_t *const made = find(u->after, store);
        if (is_asked(u, store) && is_live(store) && !is_live(made) && undo_removal(u, store, !made, dry, err))
            return err->code;
    }
    json_array_foreach(json_object_get(u->after, "stores"), i, store)
    {
        const json_t *const was = find(u->before, store);
        if (is_asked(u, store) && is_live(store) && !is_live(was) && undo_return(u, was, store, dry, err))
            return err->code;
    }
    return VL_OK;
}

static vl_code undo_details(const undoing *u, vl_err *err)
{
    size_t i;
    json_t *store;
    json_array_foreach(json_object_get(u->before, "stores"), i, store)
    {
        const char *const acquisition = vl_correct_text(store, "acquisition");
        const json_t *const made = find(u->after, store);
        json_t *const now = find(u->record, store);
        if (!is_asked(u, store) || !made ||
            same(json_object_get(store, "facts"), json_object_get(made, "facts")))
            continue;
        if (!now)
            return vl_fail(err, VL_EEXIST, "acquisition '%.100s' of revision %" PRIu64 " is gone",
                           acquisition, u->revision);
        if (undo_facts(u, store, made, now, acquisition, err)) return err->code;
    }
    return VL_OK;
}

/* ---- the whole; the sample's lock is held ---- */

/* A name is free while no store is live. */
static void settle_gone(const undoing *u)
{
    size_t i, live = 0;
    json_t *store, *const gone = json_object_get(u->before, "gone");
    json_array_foreach(json_object_get(u->record, "stores"), i, store) live += is_live(store);
    if (live) json_object_del(u->record, "gone");
    else if (gone && !u->k->acquisition) json_object_set(u->record, "gone", gone);
}

static vl_code undo(const undoing *u, vl_err *err)
{
    if (!u->k->acquisition && (undo_fact(u, u->before, u->after, u->record, NULL, "donor", err) ||
                               undo_facts(u, u->before, u->after, u->record, NULL, err)))
        return err->code;
    if (undo_details(u, err) || undo_stores(u, true, err) || undo_stores(u, false, err)) return err->code;
    settle_gone(u);
    return VL_OK;
}

/* A run that died after the ledger knew has done it: what was changed since is not touched. */
static bool is_done(const undoing *u)
{
    size_t i;
    json_t *line;
    char source[VL_CORRECT_SOURCE];
    const uint64_t on = (uint64_t)json_integer_value(json_object_get(u->k->ask, "on"));
    vl_correct_source(u->k, source);
    json_array_foreach(u->history, i, line) if (vl_correct_revision(line) > on &&
                                                !strcmp(vl_correct_text(line, "what"), "undo") &&
                                                !strcmp(vl_correct_text(line, "source"), source)) return true;
    return false;
}

vl_code vl_correct_undo(const vl_correction *k, json_t *record, vl_err *err)
{
    undoing u = { .k = k, .record = record, .revision = vl_correct_revision(k->ask) };
    const char *const to = vl_correct_text(json_object_get(record, "gone"), "to");
    if (*to) return vl_fail(err, VL_ENOIN, "sample '%.60s' was renamed to '%.60s'", k->sample, to);
    u.history = vl_history_around(k->bank, k->sample, u.revision, &u.before, &u.after, err);
    if (u.history && !is_done(&u)) undo(&u, err);
    json_decref(u.history);
    json_decref(u.before);
    json_decref(u.after);
    return err->code;
}
