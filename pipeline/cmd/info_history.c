/* vial info --history, as text or JSON (info_history.h). */
#include "pipeline/cmd/info_history.h"

#include "formats/buf.h"
#include "formats/text.h"
#include "pipeline/bank/ledger/history.h"
#include "pipeline/bank/record.h"
#include "pipeline/cmd/opt.h"
#include "pipeline/run/say.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

static const char *said(const json_t *object, const char *name)
{
    const char *const text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

/* A value for people: text as it is, "-" for none. Owned by the caller. */
static char *show(const json_t *value)
{
    if (json_is_string(value)) return strdup(json_string_value(value));
    if (json_is_null(value)) return strdup("-");
    return json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_SORT_KEYS);
}

/* A store that came or went: one line says what it is. */
static bool print_store(const json_t *path, const json_t *from, const json_t *to)
{
    const bool whole =
        json_array_size(path) == 2 && !strcmp(json_string_value(json_array_get(path, 0)), "stores");
    const json_t *const store = json_is_object(to) ? to : from;
    if (!whole || !json_is_object(store)) return false;
    const char *const how = !json_is_object(to)                        ? "is no more"
                            : json_object_get(to, "removed")           ? "was removed"
                            : !strcmp(said(to, "state"), "superseded") ? "another took its place"
                                                                       : "is there";
    vl_say(stdout, "    %s/%s %s: %s, %lld rows, profile %s", said(store, "kind"), said(store, "acquisition"),
           how, said(store, "file"), (long long)json_integer_value(json_object_get(store, "rows")),
           said(store, "profile"));
    return true;
}

/* What follows from a store's digest, or is only where its inputs were seen last. */
static bool is_small(const json_t *path)
{
    static const char *const small[] = { "inputs",   "bytes", "bytes_in", "text_bytes",
                                         "measures", "rows",  "seal",     "published" };
    if (json_array_size(path) == 4) return !strcmp(json_string_value(json_array_get(path, 2)), "measures");
    if (json_array_size(path) != 3) return false;
    for (size_t i = 0; i < sizeof small / sizeof *small; i++)
        if (!strcmp(json_string_value(json_array_get(path, 2)), small[i])) return true;
    return false;
}

static void print_change(const json_t *change)
{
    const json_t *const path = json_object_get(change, "path"), *const from = json_object_get(change, "from"),
                        *const to = json_object_get(change, "to");
    char name[300] = "";
    /* "facts" and "stores" go without saying where a name follows */
    const size_t first =
        json_array_size(path) > 1 && strcmp(json_string_value(json_array_get(path, 0)), "withdrawn");
    if (is_small(path) || print_store(path, from, to)) return;
    for (size_t i = first; i < json_array_size(path); i++) {
        const size_t at = strlen(name);
        snprintf(name + at, sizeof name - at, "%s%s", at ? " " : "",
                 json_string_value(json_array_get(path, i)));
    }
    char *const was = show(from), *const is = show(to);
    if (was && is) vl_say(stdout, "    %-24s %s -> %s", name, was, is);
    free(was);
    free(is);
}

void vl_tell_changes(const char *name, const char *did, const json_t *changes)
{
    size_t i;
    json_t *change;
    vl_say(stdout, "%s: %s", name, json_array_size(changes) ? did : "unchanged");
    json_array_foreach((json_t *)changes, i, change) print_change(change);
}

static void print_line(const json_t *line)
{
    size_t i;
    json_t *change;
    if (json_object_get(line, "wrong")) {
        vl_say(stdout, "line %lld of the ledger %s",
               (long long)json_integer_value(json_object_get(line, "line")), said(line, "wrong"));
        return;
    }
    if (!json_object_get(line, "at")) {
        vl_say(stdout, "revision %lld is lost",
               (long long)json_integer_value(json_object_get(line, "revision")));
        return;
    }
    vl_say(stdout, "%s  revision %lld: %s by %s%s%s", said(line, "at"),
           (long long)json_integer_value(json_object_get(line, "revision")), said(line, "what"),
           said(line, "who"), *said(line, "source") ? ", " : "", said(line, "source"));
    json_array_foreach(json_object_get(line, "changes"), i, change) print_change(change);
}

static int print_json(const char *sample, json_t *history)
{
    json_t *const all = json_pack("{s:s,s:O}", "sample", sample, "history", history);
    if (!all) return EX_OSERR;
    json_dumpf(all, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(all);
    return EX_OK;
}

int vl_tell_history(const char *path, const char *sample, bool json)
{
    vl_bank bank = { 0 };
    vl_err err = VL_ERR_INIT;
    json_t *history = NULL, *record = NULL;
    size_t i;
    json_t *line;
    int code = EX_OK;
    if (!vl_bank_open(&bank, path, &err)) history = vl_history(&bank, sample, &err);
    if (history && !json_array_size(history)) record = vl_record_load(&bank, sample, &err);
    vl_bank_close(&bank);
    if (err.code) code = vl_report(&err);
    else if (json) code = print_json(sample, history);
    else if (record) vl_say(stdout, "sample %s is older than the ledger, and has not changed since", sample);
    else json_array_foreach(history, i, line) print_line(line);
    json_decref(history);
    json_decref(record);
    return code;
}
