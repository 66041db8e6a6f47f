/* What the history of a sample does not tell as samples were withdrawn (history.h): itself, what it was
 * renamed to, or those that acquisitions of it went to. */
#include "pipeline/bank/ledger/history.h"

#include "pipeline/bank/ledger/ledger_line.h"

#include <stdio.h>
#include <string.h>

enum { MOST = 64, NAME = 512 }; /* names and moves, one after the other, back and forth */

static const char *text_of(const json_t *object, const char *name)
{
    const char *const text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

/* ---- where things are now ---- */

/* The sample that a line says the acquisition was brought to; NULL: it says no such thing. */
static const char *moved_to(const char *source, const char *sample, const char *acquisition)
{
    char words[3 * NAME];
    const int n = snprintf(words, sizeof words, "vial move %s/%s ", sample, acquisition);
    return n < (int)sizeof words && !strncmp(source, words, (size_t)n) ? source + n : NULL;
}

/* Where the acquisition went from the sample last. False: nowhere. */
static bool went_on(const vl_bank *bank, char sample[NAME], const char *acquisition, vl_err *err)
{
    char escaped[NAME], next[NAME] = "";
    vl_ledger_shard s = { 0 };
    vl_ledger_line line;
    vl_bank_escape(sample, escaped);
    if (!vl_ledger_read(bank, vl_ledger_shard_of(sample), 0, &s, err)) {
        while (vl_ledger_next_of(&s, escaped, &line)) {
            if (line.wrong || !vl_ledger_field_is(line.what, "move")) continue;
            json_t *const source = json_loadb(line.source.at, line.source.n, JSON_DECODE_ANY, NULL);
            const char *const text = json_string_value(source), *const to =
                                                                    text ? moved_to(text, sample, acquisition)
                                                                         : NULL;
            if (to) snprintf(next, sizeof next, "%s", to);
            json_decref(source);
        }
    }
    vl_ledger_free(&s);
    if (*next) memcpy(sample, next, sizeof next);
    return *next;
}

/* Is the sample withdrawn, or whatever it was renamed to since, or (acquisition not NULL) what has that
 * acquisition of it now? */
static bool is_withdrawn(const vl_bank *bank, const char *sample, const char *acquisition, vl_err *err)
{
    char name[NAME];
    bool withdrawn = false, on = true;
    snprintf(name, sizeof name, "%s", sample);
    for (int i = 0; i < MOST && on && !withdrawn && !err->code; i++) {
        vl_ledger_known known = { 0 };
        if (vl_ledger_fold(bank, name, NULL, &known, err)) break;
        const char *const to = text_of(json_object_get(known.state, "gone"), "to");
        withdrawn = json_object_get(known.state, "withdrawn");
        on = *to;
        if (*to) snprintf(name, sizeof name, "%s", to);
        else on = acquisition && !withdrawn && went_on(bank, name, acquisition, err);
        vl_ledger_known_free(&known);
    }
    return withdrawn;
}

/* ---- whole samples ---- */

static const char *text_of_path(const json_t *change, size_t i)
{
    const char *const text = json_string_value(json_array_get(json_object_get(change, "path"), i));
    return text ? text : "";
}

/* Was it withdrawn, or renamed: what stays to be told of a sample that is withdrawn. */
static bool is_told(const json_t *change)
{
    const char *const first = text_of_path(change, 0);
    return !strcmp(first, "withdrawn") ||
           (!strcmp(first, "gone") && json_object_get(json_object_get(change, "to"), "to"));
}

/* The first n lines say no more than that. */
static void hide(json_t *all, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        json_t *const one = json_array_get(all, i), *const changes = json_object_get(one, "changes");
        for (size_t k = json_array_size(changes); k-- > 0;)
            if (!is_told(json_array_get(changes, k))) json_array_remove(changes, k);
        if (json_object_get(one, "source")) json_object_set_new(one, "source", json_string(""));
    }
}

/* Of what is withdrawn now under another name, only that it went there. */
static void hide_renamed(const vl_bank *bank, json_t *all, vl_err *err)
{
    for (size_t i = json_array_size(all); i-- > 0 && !err->code;) {
        size_t k;
        const json_t *change;
        json_array_foreach(json_object_get(json_array_get(all, i), "changes"), k, change)
        {
            const char *const to = text_of(json_object_get(change, "to"), "to");
            if (is_told(change) && *to && is_withdrawn(bank, to, NULL, err)) {
                hide(all, i + 1);
                return;
            }
        }
    }
}

/* ---- acquisitions ---- */

/* The file that the change is about; "": it is about no store. */
static const char *file_of(const json_t *change)
{
    return strcmp(text_of_path(change, 0), "stores") ? "" : text_of_path(change, 1);
}

/* Did the store come back, in a line after the first n? */
static bool came_back(const json_t *all, size_t n, const char *file)
{
    for (size_t i = n; i < json_array_size(all); i++) {
        size_t k;
        const json_t *change;
        json_array_foreach(json_object_get(json_array_get(all, i), "changes"), k, change)
        {
            if (!strcmp(file_of(change), file) && json_object_get(json_object_get(change, "to"), "moved"))
                return true;
        }
    }
    return false;
}

/* Does the change say which acquisitions came from elsewhere (docs/ledger.md), and this among them? */
static bool is_coming(const json_t *change, const char *acquisition)
{
    static const char *const side[] = { "from", "to" };
    if (strcmp(text_of_path(change, 0), "was")) return false;
    for (int k = 0; k < 2; k++) {
        size_t i;
        const json_t *one;
        json_array_foreach(json_object_get(change, side[k]), i, one)
        {
            if (!strcmp(text_of(one, "acquisition"), acquisition)) return true;
        }
    }
    return false;
}

/* The first n lines say nothing of the file and its acquisition; nor where from, if they say nothing else. */
static void hide_file(json_t *all, size_t n, const char *file, const char *acquisition)
{
    for (size_t i = 0; i < n; i++) {
        json_t *const one = json_array_get(all, i), *const changes = json_object_get(one, "changes");
        const size_t before = json_array_size(changes);
        for (size_t k = before; k-- > 0;) {
            const json_t *const change = json_array_get(changes, k);
            if (!strcmp(file_of(change), file) || is_coming(change, acquisition))
                json_array_remove(changes, k);
        }
        if (before && !json_array_size(changes)) json_object_set_new(one, "source", json_string(""));
    }
}

/* The k-th change that the i-th line tells, if it is that a store left for a sample which is withdrawn. */
static void hide_moved(const vl_bank *bank, const char *sample, json_t *all, size_t i, size_t k, vl_err *err)
{
    const json_t *const one = json_array_get(all, i), *const change =
                                                          json_array_get(json_object_get(one, "changes"), k);
    char file[NAME], acquisition[NAME];
    snprintf(file, sizeof file, "%s", file_of(change));
    snprintf(acquisition, sizeof acquisition, "%s", text_of(json_object_get(change, "from"), "acquisition"));
    const char *const to =
        *file && *acquisition ? moved_to(text_of(one, "source"), sample, acquisition) : NULL;
    if (to && !came_back(all, i + 1, file) && is_withdrawn(bank, to, acquisition, err))
        hide_file(all, i + 1, file, acquisition);
}

vl_code vl_history_hide(const vl_bank *bank, const char *sample, bool withdrawn, json_t *all, vl_err *err)
{
    if (withdrawn) {
        hide(all, json_array_size(all));
        return VL_OK;
    }
    hide_renamed(bank, all, err);
    for (size_t i = json_array_size(all); i-- > 0 && !err->code;) {
        const json_t *const one = json_array_get(all, i), *const changes = json_object_get(one, "changes");
        const bool move = !strcmp(text_of(one, "what"), "move");
        for (size_t k = json_array_size(changes); move && k-- > 0 && !err->code;)
            hide_moved(bank, sample, all, i, k, err);
    }
    return err->code;
}
