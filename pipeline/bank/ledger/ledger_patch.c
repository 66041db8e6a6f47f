/*
 * A record as a state of which each part has an address, and what changed between two states as a JSON merge
 * patch (RFC 7386): members with their new values, null for those that went.
 *
 * A merge patch replaces arrays whole and cannot say null; so a record's array of stores becomes an object by
 * file, and states hold no null. Revision, ledger and sample are no part of the state: each line says them.
 */
#include "pipeline/bank/ledger/ledger.h"

#include <stdlib.h>
#include <string.h>

static bool is_apart(const char *name)
{
    return !strcmp(name, "vial_record") || !strcmp(name, "sample") || !strcmp(name, "revision") ||
           !strcmp(name, "ledger") || !strcmp(name, "stores");
}

json_t *vl_state_of(const json_t *record)
{
    json_t *const state = json_object(), *const stores = json_object();
    json_t *value;
    const char *name;
    size_t i;
    bool failed = !state || !stores;
    json_object_foreach((json_t *)record, name, value) if (!failed && !is_apart(name) && !json_is_null(value))
        failed = json_object_set_new(state, name, json_deep_copy(value));
    json_array_foreach(json_object_get(record, "stores"), i, value)
    {
        const char *const file = json_string_value(json_object_get(value, "file"));
        failed = failed || !file || json_object_set_new(stores, file, json_deep_copy(value));
    }
    failed = json_object_set_new(state, "stores", stores) || failed;
    if (!failed) return state;
    json_decref(state);
    return NULL;
}

bool vl_state_file_is_of(const char *file, const char *acquisition)
{
    char escaped[512];
    const char *const dash = strchr(file, '-');
    vl_bank_escape(acquisition, escaped);
    const size_t n = strlen(escaped);
    return dash && !strncmp(dash + 1, escaped, n) &&
           (!strcmp(dash + 1 + n, ".h5") || !strncmp(dash + 1 + n, ".old-", 5));
}

static int by_age(const void *a, const void *b)
{
    const json_t *const x = *(json_t *const *)a, *const y = *(json_t *const *)b;
    const json_int_t at_x = json_integer_value(json_object_get(x, "published")),
                     at_y = json_integer_value(json_object_get(y, "published"));
    if (at_x != at_y) return at_x < at_y ? -1 : 1;
    const char *const file_x = json_string_value(json_object_get(x, "file")), *const file_y =
                                                                                  json_string_value(
                                                                                      json_object_get(
                                                                                          y, "file"));
    return strcmp(file_x ? file_x : "", file_y ? file_y : "");
}

/* The stores of a state as an array in order of publishing. */
static json_t *list_stores(const json_t *stores)
{
    json_t *const list = json_array(), *value;
    const char *name;
    size_t n = 0;
    json_t **const order = calloc(json_object_size(stores) + 1, sizeof *order);
    json_object_foreach((json_t *)stores, name, value) if (order) order[n++] = value;
    if (order) qsort(order, n, sizeof *order, by_age);
    for (size_t i = 0; i < n; i++) json_array_append(list, order[i]);
    free(order);
    if (list && json_array_size(list) == json_object_size(stores)) return list;
    json_decref(list);
    return NULL;
}

json_t *vl_state_record(const json_t *state, const char *sample, uint64_t revision)
{
    json_t *const record = json_copy((json_t *)state), *const stores =
                                                           list_stores(json_object_get(state, "stores"));
    bool failed = !record || json_object_set_new(record, "stores", stores);
    failed = failed || json_object_set_new(record, "vial_record", json_integer(1)) ||
             json_object_set_new(record, "sample", json_string(sample)) ||
             json_object_set_new(record, "revision", json_integer((json_int_t)revision));
    if (!failed && !json_object_get(record, "facts"))
        failed = json_object_set_new(record, "facts", json_object());
    if (!failed) return record;
    json_decref(record);
    return NULL;
}

json_t *vl_patch_between(const json_t *before, const json_t *after)
{
    json_t *const patch = json_object();
    json_t *value;
    const char *name;
    bool failed = !patch;
    json_object_foreach((json_t *)after, name, value)
    {
        const json_t *const was = json_object_get(before, name);
        if (failed || (was && json_equal(was, value))) continue;
        json_t *const change = json_is_object(was) && json_is_object(value) ? vl_patch_between(was, value)
                                                                            : json_deep_copy(value);
        failed = json_object_set_new(patch, name, change);
    }
    json_object_foreach((json_t *)before, name, value) if (!failed && !json_object_get(after, name)) failed =
        json_object_set_new(patch, name, json_null());
    if (!failed) return patch;
    json_decref(patch);
    return NULL;
}

vl_code vl_patch_apply(json_t *state, const json_t *patch, vl_err *err)
{
    json_t *value;
    const char *name;
    bool failed = false;
    json_object_foreach((json_t *)patch, name, value)
    {
        if (json_is_null(value)) {
            json_object_del(state, name);
        } else if (json_is_object(value)) {
            if (!json_is_object(json_object_get(state, name)))
                failed = json_object_set_new(state, name, json_object()) || failed;
            if (!failed && vl_patch_apply(json_object_get(state, name), value, err)) return err->code;
        } else {
            failed = json_object_set(state, name, value) || failed; /* shared: it is never changed in place */
        }
    }
    return failed ? vl_fail(err, VL_ENOMEM, "no memory for what the ledger says of a sample") : VL_OK;
}
