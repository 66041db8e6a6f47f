/* The record of a sample: JSON, and the folder it lies in (record.h); sample.h5 is record_file.c. */
#include "pipeline/bank/record.h"

#include "formats/format.h"
#include "pipeline/out/delivered.h"
#include "pipeline/out/kind.h"
#include "pipeline/out/measure.h"
#include "pipeline/store/store.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

json_t *vl_record_new(const char *sample, vl_err *err)
{
    json_t *const r = json_pack("{s:i, s:s, s:i, s:{}, s:[]}", "vial_record", 1, "sample", sample, "revision",
                                0, "facts", "stores");
    if (!r) vl_fail(err, VL_ENOMEM, "no memory for the record of a sample");
    return r;
}

/* ---- parse ---- */

static bool is_file_name(const char *name)
{
    const size_t n = strlen(name);
    return n > 3 && n < 600 && *name != '.' && !strchr(name, '/') && !strcmp(name + n - 3, ".h5");
}

static bool is_text_map(const json_t *map)
{
    const char *name;
    json_t *value;
    if (!json_is_object(map)) return false;
    json_object_foreach((json_t *)map, name, value) if (!json_is_string(value)) return false;
    return true;
}

static bool is_number_map(const json_t *map)
{
    const char *name;
    json_t *value;
    if (!json_is_object(map)) return false;
    json_object_foreach((json_t *)map, name, value) if (!json_is_number(value)) return false;
    return true;
}

/* NULL: good; else what is wrong. */
static const char *check_store(json_t *store)
{
    const char *kind, *acquisition, *file, *state, *profile, *options, *digest, *seal, *path, *sha,
        *role = NULL;
    json_int_t rows, bytes, in, text, published, stream, size, mtime;
    json_t *facts, *inputs, *one;
    size_t i;
    if (json_unpack(store, "{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:I,s:I,s:I,s:I,s:I,s:o,s:o}", "kind", &kind,
                    "acquisition", &acquisition, "file", &file, "state", &state, "profile", &profile,
                    "options", &options, "digest", &digest, "seal", &seal, "rows", &rows, "bytes", &bytes,
                    "bytes_in", &in, "text_bytes", &text, "published", &published, "facts", &facts, "inputs",
                    &inputs))
        return "a store lacks a member or has one of a wrong type";
    if (!is_file_name(file)) return "a store has a bad file name";
    if (strcmp(state, "live") && strcmp(state, "superseded")) return "a store has an unknown state";
    if (rows < 0 || bytes < 0 || in < 0 || text < 0) return "a store has a negative number";
    if (!is_text_map(facts) || !json_is_array(inputs)) return "facts or inputs have a wrong type";
    if (json_object_get(store, "measures") && !is_number_map(json_object_get(store, "measures")))
        return "measures are no numbers";
    if (json_object_get(store, "original") && !json_is_string(json_object_get(store, "original")))
        return "original is no word";
    json_array_foreach(inputs, i, one) if (json_unpack(one, "{s:I,s:s,s:I,s:I,s:s,s?s}", "stream", &stream,
                                                       "path", &path, "bytes", &size, "mtime_ns", &mtime,
                                                       "sha256", &sha, "role", &role) ||
                                           size < 0) return "an input lacks a member";
    return NULL;
}

const char *vl_record_wrong(json_t *r)
{
    json_int_t version, revision;
    const char *sample, *wrong = NULL;
    json_t *facts, *stores, *store;
    size_t i;
    if (json_unpack(r, "{s:I,s:s,s:I,s:o,s:o}", "vial_record", &version, "sample", &sample, "revision",
                    &revision, "facts", &facts, "stores", &stores))
        return "a member is missing or of a wrong type";
    if (version != 1) return "made by a newer version of vial";
    if (!*sample || revision < 0 || !is_text_map(facts) || !json_is_array(stores))
        return "a member has a bad value";
    json_array_foreach(stores, i, store) if ((wrong = check_store(store))) return wrong;
    return NULL;
}

json_t *vl_record_parse(const char *json, size_t n, vl_err *err)
{
    json_error_t where;
    json_t *const r = json_loadb(json, n, JSON_REJECT_DUPLICATES, &where);
    const char *const wrong = r ? vl_record_wrong(r) : where.text;
    if (!wrong) return r;
    vl_fail(err, VL_ESTORE, "the record of the sample is damaged: %.120s", wrong);
    json_decref(r);
    return NULL;
}

json_t *vl_record_store(const json_t *record, const char *kind, const char *acquisition, const char *state)
{
    size_t i;
    json_t *store;
    json_array_foreach(json_object_get(record, "stores"), i, store)
    {
        const char *const is = json_string_value(json_object_get(store, "state"));
        if ((!kind || !strcmp(kind, json_string_value(json_object_get(store, "kind")))) &&
            !strcmp(acquisition, json_string_value(json_object_get(store, "acquisition"))) &&
            !strcmp(state, is))
            return store;
    }
    return NULL;
}

void vl_record_forget(json_t *record, const json_t *store)
{
    json_t *const stores = json_object_get(record, "stores");
    for (size_t i = json_array_size(stores); i-- > 0;)
        if (json_array_get(stores, i) == store) json_array_remove(stores, i);
}

void vl_record_set_aside(json_t *record, json_t *store)
{
    char name[700];
    const char *const file = json_string_value(json_object_get(store, "file"));
    json_t *const stores = json_object_get(record, "stores");
    snprintf(name, sizeof name, "%.*s.old-%.12s.h5", (int)strlen(file) - 3, file,
             json_string_value(json_object_get(store, "seal")));
    for (size_t i = json_array_size(stores); i-- > 0;) /* the same bytes were superseded before */
        if (!strcmp(name, json_string_value(json_object_get(json_array_get(stores, i), "file"))))
            json_array_remove(stores, i);
    json_object_set_new(store, "file", json_string(name));
    json_object_set_new(store, "state", json_string("superseded"));
    json_object_set_new(store, "superseded", json_integer((json_int_t)vl_bank_now()));
}

/* ---- a store speaks for itself ---- */

static vl_code get_inputs(vl_store *st, json_t *inputs, uint64_t *bytes_in, vl_err *err)
{
    uint64_t n = 0, stream = 0, bytes = 0;
    char where[32], name[512], sha[80], role[16];
    if (vl_store_get_u64(st, "source", "n_file", &n, err)) return err->code;
    for (uint64_t i = 0; i < n && !err->code; i++) {
        snprintf(where, sizeof where, "source/%d", (int)i);
        if (vl_store_get(st, where, "name", name, sizeof name, err) ||
            vl_store_get(st, where, "sha256", sha, sizeof sha, err) ||
            vl_store_get(st, where, "role", role, sizeof role, err) ||
            vl_store_get_u64(st, where, "stream", &stream, err) ||
            vl_store_get_u64(st, where, "bytes", &bytes, err))
            break;
        *bytes_in += bytes;
        json_t *const one = json_pack("{s:I,s:s,s:I,s:I,s:s}", "stream", (json_int_t)stream, "path", name,
                                      "bytes", (json_int_t)bytes, "mtime_ns", (json_int_t)0, "sha256", sha);
        if (*role) json_object_set_new(one, "role", json_string(role));
        json_array_append_new(inputs, one);
    }
    return err->code;
}

/* Stores of version 1 do not note their options, and what can be told from them is told: nothing is made
 * up. */
static vl_code get_options(vl_store *store, char *text, size_t n, vl_err *err)
{
    char layout[32];
    if (vl_store_get(store, "/", "vial.options", text, n, err) || *text || vl_store_version(store) > 1)
        return err->code;
    if (!vl_store_get(store, "source", "layout", layout, sizeof layout, err) && *layout)
        snprintf(text, n, "interleaved=%s", strcmp(layout, "interleaved") ? "no" : "yes");
    return err->code;
}

bool vl_record_same_options(const char *noted, const char *asked)
{
    char text[VL_OPTIONS];
    vl_given given = { .n = 0 };
    vl_err err = VL_ERR_INIT;
    snprintf(text, sizeof text, "%s", asked);
    return noted && !vl_given_parse(&given, text, &err) && vl_format_same_options(noted, &given);
}

/* Those that are known; none if its kind has none, or its tables of counts are damaged. */
static vl_code get_measures(vl_store *st, json_t *store, vl_err *err)
{
    double value[VL_MEASURES];
    const vl_kind *kind;
    vl_err why = VL_ERR_INIT;
    if (vl_kind_of(&kind, st, &why) || !kind->measures || kind->measures->read(st, value, &why)) {
        if (why.code == VL_EIO || why.code == VL_ENOMEM) *err = why;
        return err->code;
    }
    json_t *const measures = json_object();
    for (int i = 0; kind->measures->list[i].name; i++)
        if (isfinite(value[i]))
            json_object_set_new(measures, kind->measures->list[i].name, json_real(value[i]));
    if (json_object_size(measures)) json_object_set(store, "measures", measures);
    json_decref(measures);
    return VL_OK;
}

/* What it says of its inputs as files; nothing where that cannot be read: verify names it. */
static vl_code get_original(vl_store *st, json_t *store, vl_err *err)
{
    vl_delivered all;
    vl_err why = VL_ERR_INIT;
    if (!vl_delivered_read(&all, st, &why)) {
        const vl_delivered_state state =
            vl_delivered_count(&all, VL_DELIVERED_PENDING) ? VL_DELIVERED_PENDING : VL_DELIVERED_DESCRIBED;
        if (vl_delivered_count(&all, state))
            json_object_set_new(store, "original", json_string(vl_delivered_word(state)));
    }
    if (why.code == VL_EIO || why.code == VL_ENOMEM) *err = why;
    vl_delivered_free(&all);
    return err->code;
}

json_t *vl_record_describe(const char *path, const char *file, vl_err *err)
{
    char kind[32], acquisition[512], profile[32], options[256], digest[65], live[1200], escaped[512];
    uint64_t rows = 0, in = 0, text[2] = { 0 };
    struct stat st = { 0 };
    vl_sealed sealed = { 0 };
    vl_store *store = NULL;
    json_t *out = NULL, *const inputs = json_array();
    if (vl_seal_read(path, &sealed, NULL, err) || vl_store_open(&store, path, err) ||
        vl_store_get(store, "/", "vial.kind", kind, sizeof kind, err) ||
        vl_store_get(store, "/", "vial.acquisition", acquisition, sizeof acquisition, err) ||
        vl_store_get(store, "/", "vial.profile", profile, sizeof profile, err) ||
        get_options(store, options, sizeof options, err) ||
        vl_store_get_u64(store, "/", "n_row", &rows, err) ||
        vl_store_get_u64(store, "source", "text_bytes_1", &text[0], err) ||
        vl_store_get_u64(store, "source", "text_bytes_2", &text[1], err) ||
        vl_store_identity(store, digest, err) || get_inputs(store, inputs, &in, err))
        goto out;
    stat(path, &st);
    vl_bank_escape(acquisition, escaped);
    snprintf(live, sizeof live, "%s-%s.h5", kind, escaped);
    const bool is_live = !strcmp(live, file);
    out = json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:I,s:I,s:I,s:I,s:s,s:s,s:I,s:{},s:O}", "kind", kind,
                    "acquisition", acquisition, "file", file, "state", is_live ? "live" : "superseded",
                    "profile", profile, "options", options, "rows", (json_int_t)rows, "bytes",
                    (json_int_t)sealed.bytes, "bytes_in", (json_int_t)in, "text_bytes",
                    (json_int_t)(text[0] + text[1]), "digest", digest, "seal", sealed.hash, "published",
                    (json_int_t)st.st_mtime, "facts", "inputs", inputs);
    if (out && !is_live) json_object_set_new(out, "superseded", json_integer((json_int_t)st.st_mtime));
    if (!out) vl_fail(err, VL_ENOMEM, "no memory for the record of a sample");
    else if (get_measures(store, out, err) || get_original(store, out, err)) {
        json_decref(out);
        out = NULL;
    }
out:
    vl_store_close(store);
    json_decref(inputs);
    return out;
}

/* ---- the folder ---- */

static int is_store_name(const struct dirent *e)
{
    return is_file_name(e->d_name) && strcmp(e->d_name, "sample.h5");
}

/* Is `file` another name of a store of the record, left by a run that died while it gave or took one? */
static bool is_twin(const char *folder, const char *file, const json_t *record)
{
    size_t i;
    json_t *store;
    char path[VL_BANK_PATH + 600];
    struct stat mine, other;
    snprintf(path, sizeof path, "%s/%s", folder, file);
    if (stat(path, &mine) || mine.st_nlink < 2) return false;
    json_array_foreach(json_object_get(record, "stores"), i, store)
    {
        const char *const name = json_string_value(json_object_get(store, "file"));
        snprintf(path, sizeof path, "%s/%s", folder, name);
        if (strcmp(name, file) && !stat(path, &other) && other.st_ino == mine.st_ino) return true;
    }
    return false;
}

static json_t *find_file(const json_t *record, const char *file)
{
    size_t i;
    json_t *store;
    json_array_foreach(
        json_object_get(record, "stores"), i,
        store) if (!strcmp(file, json_string_value(json_object_get(store, "file")))) return store;
    return NULL;
}

vl_code vl_record_look(const char *folder, const json_t *store, vl_err *err)
{
    char path[VL_BANK_PATH + 600];
    vl_sealed sealed = { 0 };
    snprintf(path, sizeof path, "%s/%s", folder, json_string_value(json_object_get(store, "file")));
    if (vl_seal_read(path, &sealed, NULL, err)) {
        if (err->code == VL_ENOIN && !access(path, F_OK)) err->code = VL_EPERM;
        return err->code;
    }
    if (!strcmp(sealed.hash, json_string_value(json_object_get(store, "seal")))) return VL_OK;
    vl_fail(err, VL_EEXIST, "is another store than the sample's record says");
    return vl_err_file(err, path);
}

bool vl_record_same_inputs(const json_t *one, const json_t *other)
{
    const json_t *const a = json_object_get(one, "inputs"), *const b = json_object_get(other, "inputs");
    bool same = json_array_size(a) == json_array_size(b);
    for (size_t i = 0; same && i < json_array_size(a); i++)
        for (int k = 0; k < 3; k++) {
            static const char *const what[] = { "stream", "bytes", "sha256" };
            same &= json_equal(json_object_get(json_array_get(a, i), what[k]),
                               json_object_get(json_array_get(b, i), what[k]));
        }
    return same;
}

void vl_record_measure(json_t *store, const json_t *made)
{
    static const char *const known[] = { "measures", "original" };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        json_t *const value = json_object_get(made, known[i]);
        if (value) json_object_set(store, known[i], value);
        else json_object_del(store, known[i]);
    }
}

vl_code vl_record_heal(json_t *store, const json_t *made, vl_err *err)
{
    static const char *const anew[] = { "profile",  "options",    "rows",   "bytes",
                                        "bytes_in", "text_bytes", "digest", "seal" };
    const json_int_t now = (json_int_t)vl_bank_now(),
                     before = json_integer_value(json_object_get(store, "healed"));
    int failed = 0;
    for (size_t i = 0; i < sizeof anew / sizeof *anew; i++)
        failed |= json_object_set(store, anew[i], json_object_get(made, anew[i]));
    vl_record_measure(store, made);
    /* later than the time before, whatever the clock says: the catalogue knows a heal by its time */
    failed |= json_object_set_new(store, "healed", json_integer(now > before ? now : before + 1));
    return failed ? vl_fail(err, VL_ENOMEM, "no memory for the record of a sample") : VL_OK;
}

static bool is_live(const json_t *store)
{
    return !strcmp(json_string_value(json_object_get(store, "state")), "live");
}

/* Has the old store that a new one took the place of its second name already? Then the new one was to
 * supersede it, else to heal it. */
static bool was_superseded(const char *folder, const json_t *store)
{
    char path[VL_BANK_PATH + 700];
    const char *const file = json_string_value(json_object_get(store, "file"));
    snprintf(path, sizeof path, "%s/%.*s.old-%.12s.h5", folder, (int)strlen(file) - 3, file,
             json_string_value(json_object_get(store, "seal")));
    return !access(path, F_OK);
}

/* Another store in the place of the one that the record speaks of. *settled: a run that died before the
 * record knew had made it anew from itself (the same content in other bytes), or from its inputs. */
static vl_code settle_replaced(const char *folder, json_t *store, bool *settled, vl_err *err)
{
    char path[VL_BANK_PATH + 600];
    vl_err why = VL_ERR_INIT;
    const char *const file = json_string_value(json_object_get(store, "file"));
    *settled = false;
    if (was_superseded(folder, store)) return VL_OK;
    snprintf(path, sizeof path, "%s/%s", folder, file);
    json_t *const made = vl_record_describe(path, file, &why);
    if (why.code == VL_EIO || why.code == VL_ENOMEM) *err = why;
    if (made && json_equal(json_object_get(made, "digest"), json_object_get(store, "digest"))) {
        json_object_set(store, "seal", json_object_get(made, "seal"));
        json_object_set(store, "bytes", json_object_get(made, "bytes"));
        vl_record_measure(store, made);
        *settled = true;
    } else if (made && is_live(store) && vl_record_same_inputs(store, made)) {
        *settled = !vl_record_heal(store, made, err);
    }
    json_decref(made);
    return err->code;
}

/* Stores of the record that lie in the folder no more, or are not what the record says. */
static vl_code settle_missing(const char *folder, json_t *record, bool *changed, vl_err *err)
{
    json_t *const stores = json_object_get(record, "stores");
    const bool withdrawn = json_object_get(record, "withdrawn");
    for (size_t i = json_array_size(stores); i-- > 0;) {
        vl_err why = VL_ERR_INIT;
        bool settled = false;
        json_t *const store = json_array_get(stores, i);
        switch (vl_record_look(folder, store, &why)) {
        case VL_OK:
        case VL_ESTORE: continue; /* damaged: verify says so; it is still what it was */
        case VL_ENOIN:
            if (is_live(store) && !withdrawn) continue; /* lost: it can be healed */
            break;
        case VL_EEXIST:
            if (settle_replaced(folder, store, &settled, err)) return err->code;
            break;
        default: return *err = why, why.code; /* cannot tell */
        }
        if (!settled) json_array_remove(stores, i);
        *changed = true;
    }
    return VL_OK;
}

vl_code vl_record_drop_names(const char *folder, const json_t *record, vl_err *err)
{
    char path[VL_BANK_PATH + 600];
    struct dirent **entry = NULL;
    const int n = scandir(folder, &entry, is_store_name, alphasort);
    if (n < 0)
        return vl_fail_errno(err, errno == ENOENT ? VL_ENOIN : VL_EIO, errno,
                             "cannot list the sample's folder");
    for (int i = 0; i < n; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, entry[i]->d_name);
        if (!err->code && !find_file(record, entry[i]->d_name) && is_twin(folder, entry[i]->d_name, record) &&
            unlink(path) && errno != ENOENT)
            vl_fail_errno(err, VL_EIO, errno, "cannot remove the other name of a store");
        free(entry[i]);
    }
    free(entry);
    return err->code;
}

vl_code vl_record_reconcile(const char *folder, json_t *record, bool *changed, vl_err *err)
{
    struct dirent **entry = NULL;
    char path[VL_BANK_PATH + 600];
    if (vl_record_drop_names(folder, record, err) || settle_missing(folder, record, changed, err))
        return err->code;
    const int n = scandir(folder, &entry, is_store_name, alphasort);
    if (n < 0)
        return vl_fail_errno(err, errno == ENOENT ? VL_ENOIN : VL_EIO, errno,
                             "cannot list the sample's folder");
    for (int i = 0; i < n; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, entry[i]->d_name);
        vl_err why = VL_ERR_INIT;
        json_t *const store =
            find_file(record, entry[i]->d_name) ? NULL : vl_record_describe(path, entry[i]->d_name, &why);
        if (store && !json_array_append_new(json_object_get(record, "stores"), store)) *changed = true;
        else if (why.code == VL_EIO || why.code == VL_ENOMEM) *err = why;
    }
    for (int i = 0; i < n; i++) {
        json_t *const store = find_file(record, entry[i]->d_name);
        if (!err->code && store && strcmp(json_string_value(json_object_get(store, "state")), "live") &&
            is_twin(folder, entry[i]->d_name, record)) {
            json_t *const stores = json_object_get(record, "stores");
            for (size_t k = json_array_size(stores); k-- > 0;)
                if (json_array_get(stores, k) == store) json_array_remove(stores, k);
            snprintf(path, sizeof path, "%s/%s", folder, entry[i]->d_name);
            remove(path);
            *changed = true;
        }
        free(entry[i]);
    }
    free(entry);
    return err->code;
}

/* ---- all samples ---- */

static int is_hash_folder(const struct dirent *e)
{
    return strlen(e->d_name) == 2 && strspn(e->d_name, "0123456789abcdef") == 2;
}
static int is_visible(const struct dirent *e) { return e->d_name[0] != '.'; }

vl_code vl_record_each(const vl_bank *bank, vl_code (*visit)(const char *sample, void *to, vl_err *err),
                       void *to, vl_err *err)
{
    char path[VL_BANK_PATH], sample[512];
    struct dirent **hash = NULL, **name = NULL;
    if (vl_bank_path(bank, path, err, "samples")) return err->code;
    const int nhash = scandir(path, &hash, is_hash_folder, alphasort);
    if (nhash < 0) return vl_fail_errno(err, VL_EIO, errno, "cannot list the samples");
    for (int i = 0; i < nhash; i++) {
        const int n = !err->code && !vl_bank_path(bank, path, err, "samples/%s", hash[i]->d_name)
                          ? scandir(path, &name, is_visible, alphasort)
                          : 0;
        if (n < 0) vl_fail_errno(err, VL_EIO, errno, "cannot list %s", path);
        for (int k = 0; k < n; k++) {
            vl_bank_unescape(name[k]->d_name, sample);
            if (!err->code) visit(sample, to, err);
            free(name[k]);
        }
        if (n >= 0) free(name);
        name = NULL;
        free(hash[i]);
    }
    free(hash);
    return err->code;
}
