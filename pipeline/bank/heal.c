/* Healing (heal.h): first what can be proven where it lies, then copies, then originals, those all in one
 * intake. */
#include "pipeline/bank/heal.h"

#include "formats/option.h"
#include "pipeline/bank/catalog/sql.h"
#include "pipeline/bank/heal_search.h"
#include "pipeline/bank/intake/intake.h"
#include "pipeline/bank/keep.h"
#include "pipeline/bank/record.h"
#include "pipeline/bank/renew.h"
#include "pipeline/run/run.h"
#include "pipeline/run/say.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct healing {
    const vl_heal *ask;
    vl_catalog *catalog;
    vl_healed *done;
    vl_heal_files files;
    json_t *patients; /* owned: [{"sample", "acquisition", "kind", "file", "wrong", "lost", "from"}] */
    vl_items items;   /* to be taken in anew */
} healing;

static const char *text_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static int threads_of(const healing *h) { return h->ask->threads ? h->ask->threads : vl_cores(); }

/* ---- who is not whole ---- */

/* Columns: sample, acquisition, kind, file, seal, verify_failed. */
static vl_code look_at(const healing *h, sqlite3_stmt *row, json_t *to, vl_err *err)
{
    char folder[VL_BANK_PATH];
    vl_err why = VL_ERR_INIT;
    const char *const failed = vl_sql_column(row, 5);
    json_t *const p = json_pack("{s:s,s:s,s:s,s:s,s:s}", "sample", vl_sql_column(row, 0), "acquisition",
                                vl_sql_column(row, 1), "kind", vl_sql_column(row, 2), "file",
                                vl_sql_column(row, 3), "seal", vl_sql_column(row, 4));
    if (!p) return vl_fail(err, VL_ENOMEM, "no memory for a store");
    if (!vl_bank_sample_folder(h->ask->bank, text_of(p, "sample"), folder, err))
        vl_record_look(folder, p, &why);
    const char *const what = why.code == VL_ENOIN ? "is missing" : why.code ? why.what : failed;
    if (err->code || !*what) {
        json_decref(p);
    } else {
        json_object_set_new(p, "lost", json_boolean(why.code == VL_ENOIN));
        json_object_set_new(p, "wrong", json_string(what));
        json_array_append_new(to, p);
    }
    return err->code;
}

/* Of all stores, those count that their last check found damaged; one that is named is read now. */
static vl_code read_named(const healing *h, vl_err *err)
{
    vl_inspected seen;
    const vl_inspect ask = {
        .name = h->ask->name, .most = UINT64_MAX, .threads = threads_of(h), .heals = true
    };
    return ask.name ? vl_keep_inspect(h->ask->bank, h->catalog, &ask, &seen, err) : VL_OK;
}

/* Those that are not whole, of all stores that count or of those that are named. */
static json_t *examine(const healing *h, uint64_t *stores, vl_err *err)
{
    char sample[256] = "";
    const char *const name = h->ask->name, *const slash = name ? strchr(name, '/') : NULL;
    if (name) snprintf(sample, sizeof sample, "%.*s", (int)strcspn(name, "/"), name);
    const vl_sql_value v[] = { vl_sql_text(name ? sample : NULL), vl_sql_text(slash ? slash + 1 : NULL) };
    json_t *const found = json_array();
    sqlite3_stmt *const q = vl_sql_ask(
        h->catalog,
        "SELECT sample.name, acquisition.name, kind, file, seal, COALESCE(verify_failed, '')" VL_SQL_LIVE
        "AND (?1 IS NULL OR sample.name = ?1) AND (?2 IS NULL OR acquisition.name = ?2)"
        " ORDER BY sample.name, acquisition.name, kind",
        v, 2, err);
    for (*stores = 0; q && vl_sql_row(h->catalog, q, err); ++*stores)
        if (look_at(h, q, found, err)) break;
    if (q) sqlite3_reset(q);
    if (!err->code && name && !*stores) vl_fail(err, VL_ENOIN, "no store of '%.100s' in the bank", name);
    return found;
}

/* ---- remedies ---- */

/* From what lies there, or from a copy. */
static bool renew(healing *h, const json_t *p, vl_renew_how how, const char *from, vl_err *why)
{
    char name[300];
    vl_renewed done = { 0 };
    snprintf(name, sizeof name, "%s/%s", text_of(p, "sample"), text_of(p, "acquisition"));
    const vl_renew ask = { .bank = h->ask->bank,
                           .name = name,
                           .kind = text_of(p, "kind"),
                           .how = how,
                           .from = from,
                           .prove = true,
                           .threads = threads_of(h) };
    vl_renew_store(&ask, h->catalog, &done, why);
    vl_buf_free(&done.dropped);
    return !why->code;
}

/* Is an error one that says nothing of the store? */
static bool is_grave(const vl_err *err)
{
    return err->code == VL_ENOMEM || err->code == VL_EPERM || err->code == VL_EBUSY ||
           err->code == VL_ECONFIG;
}

static bool from_copies(healing *h, json_t *p, const json_t *store, vl_err *err)
{
    const char *copy;
    for (size_t at = 0; !err->code && (copy = vl_heal_copy(store, &h->files, &at));) {
        vl_err why = VL_ERR_INIT;
        if (h->ask->dry || renew(h, p, VL_RENEW_COPY, copy, &why)) {
            json_object_set_new(p, "from", json_string(copy));
            return true;
        }
        if (is_grave(&why)) *err = why;
        else vl_say(stderr, "vial: %s is no copy of it: %s", copy, why.what);
    }
    return false;
}

static vl_code add_input(vl_item *item, const json_t *input, const char *path, vl_err *err)
{
    const int stream = (int)json_integer_value(json_object_get(input, "stream")) - 1;
    const char *const role = text_of(input, "role");
    if (vl_inputs_add(&item->inputs, stream > 0 ? stream : 0, path, err)) return err->code;
    for (vl_role k = 0; role && k < VL_NROLE; k++) /* inputs stand in order of streams */
        if (!strcmp(role, vl_role_name(k))) item->inputs.file[item->inputs.n - 1].role = k;
    return VL_OK;
}

/* Stores of earlier days wrote numbers for yes and no. */
static char *options_of(const json_t *store)
{
    char text[VL_OPTIONS + 64] = "";
    const char *const noted = text_of(store, "options");
    for (size_t i = 0, n = 0; noted[i] && n + 4 < sizeof text; i++) {
        const bool ends = i && noted[i - 1] == '=' && (!noted[i + 1] || noted[i + 1] == ' ');
        n += (size_t)snprintf(text + n, sizeof text - n, "%.*s",
                              ends && noted[i] == '0'   ? 2
                              : ends && noted[i] == '1' ? 3
                                                        : 1,
                              ends && noted[i] == '0'   ? "no"
                              : ends && noted[i] == '1' ? "yes"
                                                        : noted + i);
    }
    return strdup(text);
}

/* An item just as the record describes it. */
static vl_code add_item(healing *h, const json_t *p, const json_t *store, char **path, vl_err *err)
{
    vl_item *const item = vl_items_add(&h->items, err);
    const json_t *const inputs = json_object_get(store, "inputs");
    if (!item) return err->code;
    item->sample = strdup(text_of(p, "sample"));
    item->acquisition = strdup(text_of(p, "acquisition"));
    item->profile = strdup(text_of(store, "profile"));
    item->options = options_of(store);
    if (!item->sample || !item->acquisition || !item->profile || !item->options)
        return vl_fail(err, VL_ENOMEM, "no memory for an item");
    for (size_t i = 0; i < json_array_size(inputs) && !err->code; i++)
        add_input(item, json_array_get(inputs, i), path[i], err);
    return err->code;
}

/* Into p: "from", the originals; or "needs", a line for each that is neither where it was nor among the
 * files. */
static vl_code from_originals(healing *h, json_t *p, const json_t *store, vl_err *err)
{
    const json_t *const inputs = json_object_get(store, "inputs");
    const size_t n = json_array_size(inputs);
    json_t *const needs = json_array(), *const from = json_array();
    char **const path = calloc(n + 1, sizeof *path);
    if (!needs || !from || !path) vl_fail(err, VL_ENOMEM, "no memory for %zu inputs", n);
    for (size_t i = 0; i < n && !err->code; i++) {
        const json_t *const input = json_array_get(inputs, i);
        path[i] = (char *)vl_heal_original(input, &h->files, err);
        json_array_append(path[i] ? from : needs, path[i] ? json_string(path[i]) : (json_t *)input);
    }
    const bool all = n && !json_array_size(needs);
    if (!err->code && all && !h->ask->dry) add_item(h, p, store, path, err);
    json_object_set_new(p, all ? "from" : "needs", json_incref(all ? from : needs));
    free(path);
    json_decref(needs);
    json_decref(from);
    return err->code;
}

/* *healed: it is whole now. */
static vl_code treat(healing *h, json_t *p, bool *healed, vl_err *err)
{
    vl_err why = VL_ERR_INIT;
    *healed = false;
    json_t *const record = vl_record_load(h->ask->bank, text_of(p, "sample"), err);
    const json_t *const store =
        record ? vl_record_store(record, text_of(p, "kind"), text_of(p, "acquisition"), "live") : NULL;
    if (!store || json_object_get(record, "withdrawn")) goto out;
    if (!h->ask->dry && !json_is_true(json_object_get(p, "lost"))) {
        *healed = renew(h, p, VL_RENEW_SEAL, NULL, &why);
        if (is_grave(&why)) *err = why;
    }
    if (!*healed && !err->code) *healed = from_copies(h, p, store, err);
    if (!*healed && !err->code) from_originals(h, p, store, err);
out:
    json_decref(record);
    return err->code;
}

/* ---- words ---- */

static void tell_from(const json_t *from, char text[2048])
{
    size_t used = 0;
    text[0] = 0;
    for (size_t i = 0; i < json_array_size(from); i++)
        used += (size_t)snprintf(text + used, 2048 - used, "%s%.*s", i ? ", " : "", used < 1500 ? 500 : 0,
                                 json_string_value(json_array_get(from, i)));
    if (json_is_string(from)) snprintf(text, 2048, "%.2000s", json_string_value(from));
}

static void tell(const healing *h, const json_t *p, bool whole)
{
    char from[2048];
    size_t i;
    json_t *input;
    const json_t *const source = json_object_get(p, "from");
    tell_from(source, from);
    if (whole && h->ask->quiet) return;
    printf("%s/%s: %s: ", text_of(p, "sample"), text_of(p, "acquisition"), text_of(p, "wrong"));
    if (whole) vl_say(stdout, source ? "healed from %s" : "what lies there is proven whole", from);
    else if (source && h->ask->dry) vl_say(stdout, "can be healed from %s", from);
    else vl_say(stdout, source ? "not healed from %s" : "not healed", from);
    json_array_foreach(json_object_get(p, "needs"), i, input)
        vl_say(stdout, "  needs %s: %" JSON_INTEGER_FORMAT " bytes, SHA-256 %s; give its place with --from",
               text_of(input, "path"), json_integer_value(json_object_get(input, "bytes")),
               text_of(input, "sha256"));
}

/* ---- the whole ---- */

static vl_code take_in(healing *h, vl_err *err)
{
    vl_catalog_job job = { .what = "heal", .started_at = vl_bank_now() };
    vl_intake_sum sum = { 0 };
    vl_intake in = { .bank = h->ask->bank,
                     .items = &h->items,
                     .command = "vial heal",
                     .threads = h->ask->threads,
                     .quiet = true,
                     .catalog = h->catalog };
    if (!h->items.n || vl_catalog_start_job(h->catalog, &job, &in.job, err)) return err->code;
    vl_intake_run(&in, &sum, err);
    vl_err why = VL_ERR_INIT;
    vl_intake_sum_job(&sum, &job);
    vl_catalog_end_job(h->catalog, in.job, &job, &why);
    if (!err->code) *err = why;
    return err->code;
}

static bool is_among(const json_t *list, const json_t *p)
{
    size_t i;
    json_t *one;
    json_array_foreach(list, i, one)
    {
        if (json_equal(json_object_get(one, "sample"), json_object_get(p, "sample")) &&
            json_equal(json_object_get(one, "file"), json_object_get(p, "file")))
            return true;
    }
    return false;
}

/* Those that are not whole now, looked at afresh. */
static vl_code sum_up(healing *h, vl_err *err)
{
    size_t i;
    json_t *p;
    uint64_t stores;
    json_t *const left = h->ask->dry ? json_incref(h->patients) : examine(h, &stores, err);
    if (!err->code) h->done->left = json_array_size(left);
    json_array_foreach(h->patients, i, p)
    {
        const bool whole = !is_among(left, p);
        h->done->healed += whole;
        if (!err->code) tell(h, p, whole);
    }
    json_decref(left);
    return err->code;
}

vl_code vl_heal_run(const vl_heal *ask, vl_catalog *c, vl_healed *done, vl_err *err)
{
    healing h = { .ask = ask, .catalog = c, .done = done };
    size_t i;
    json_t *p;
    bool healed;
    *done = (vl_healed){ 0 };
    if (vl_heal_files_list(&h.files, ask->from, err) || read_named(&h, err)) goto out;
    h.patients = examine(&h, &done->stores, err);
    if (!err->code) done->whole = done->stores - json_array_size(h.patients);
    json_array_foreach(h.patients, i, p) if (err->code || treat(&h, p, &healed, err)) break;
    if (!err->code && !take_in(&h, err)) sum_up(&h, err);
out:
    json_decref(h.patients);
    vl_items_free(&h.items);
    vl_heal_files_free(&h.files);
    return err->code;
}

/* ---- what others say of a damaged store ---- */

void vl_heal_hint(vl_catalog *c, const char *sample, const char *file)
{
    vl_err err = VL_ERR_INIT;
    const vl_sql_value v[] = { vl_sql_text(sample), vl_sql_text(file) };
    sqlite3_stmt *const q = vl_sql_ask(c,
                                       "SELECT a.name, i.path, i.bytes, i.sha256 FROM input i JOIN store st "
                                       "USING (store_id) JOIN acquisition a "
                                       "USING (acquisition_id) JOIN sample s USING (sample_id) WHERE s.name "
                                       "= ?1 AND st.file = ?2 ORDER BY input_id",
                                       v, 2, &err);
    while (vl_sql_row(c, q, &err)) {
        const char *const path = vl_sql_column(q, 1);
        const bool there = vl_heal_is_there(path, (uint64_t)sqlite3_column_int64(q, 2));
        vl_say(stderr, "vial: %s/%s: its original %s, SHA-256 %s, is %s: vial heal %s/%s%s", sample,
               vl_sql_column(q, 0), path, vl_sql_column(q, 3), there ? "there" : "not there", sample,
               vl_sql_column(q, 0), there ? "" : " --from PATH");
    }
}
