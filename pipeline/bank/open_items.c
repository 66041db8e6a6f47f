/* Open items (open_items.h). */
#include "pipeline/bank/open_items.h"

#include "pipeline/bank/catalog/sql.h"
#include "pipeline/bank/evidence.h"
#include "pipeline/bank/json_text.h"

#include <dirent.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char *get(const json_t *object, const char *name)
{
    const char *const text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

/* ---- inputs as they are now ---- */

/* False: one of them is not there any more, or was never a file. */
static bool look(const json_t *inputs, uint64_t *bytes, int64_t *mtime_ns)
{
    size_t i;
    json_t *one;
    struct stat st;
    *bytes = 0;
    *mtime_ns = 0;
    json_array_foreach(inputs, i, one)
    {
        if (stat(json_string_value(one) ? json_string_value(one) : "", &st)) return false;
        const int64_t ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
        *bytes += (uint64_t)st.st_size;
        if (ns > *mtime_ns) *mtime_ns = ns;
    }
    return json_array_size(inputs);
}

static bool is_of(const json_t *note, uint64_t bytes, int64_t mtime_ns)
{
    return json_is_object(note) && (uint64_t)json_integer_value(json_object_get(note, "bytes")) == bytes &&
           json_integer_value(json_object_get(note, "mtime_ns")) == mtime_ns;
}

/* ---- entries of the quarantine ---- */

static const char *first_input(const json_t *doc)
{
    const char *const path = json_string_value(json_array_get(json_object_get(doc, "inputs"), 0));
    return path ? path : "";
}

enum { KEY = 2 * 512 + VL_BANK_PATH };
/* What tells items apart: sample, acquisition, first input. */
static const char *key_of(const json_t *doc, char key[KEY])
{
    snprintf(key, KEY, "%.500s\n%.500s\n%.4000s", get(doc, "sample"), get(doc, "acquisition"),
             first_input(doc));
    return key;
}

/* "2026-11-22T08:30:00Z"; 0 if it is none */
static double time_of(const json_t *doc)
{
    struct tm utc = { 0 };
    const char *const end = strptime(get(doc, "time"), "%Y-%m-%dT%H:%M:%SZ", &utc);
    return end && !*end ? (double)timegm(&utc) : 0;
}

static int is_entry(const struct dirent *e)
{
    const size_t n = strlen(e->d_name);
    return e->d_name[0] != '.' && n > 5 && !strcmp(e->d_name + n - 5, ".json");
}

static int is_day(const struct dirent *e) { return e->d_name[0] >= '0' && e->d_name[0] <= '9'; }

/* A later entry of the same item takes the place of the one before; an acknowledgement stays. */
static void add_entry(json_t *list, json_t *doc)
{
    char key[KEY];
    json_t *const old = json_object_get(list, key_of(doc, key)), *const note =
                                                                     json_object_get(old, "acknowledged");
    if (old) json_object_set(doc, "since", json_object_get(old, "since"));
    if (note && !json_object_get(doc, "acknowledged")) json_object_set(doc, "acknowledged", note);
    if (old) json_array_extend(json_object_get(doc, "entries"), json_object_get(old, "entries"));
    json_object_set(list, key, doc);
}

static vl_code read_day(const vl_bank *bank, const char *day, json_t *list, vl_err *err)
{
    char folder[VL_BANK_PATH], path[VL_BANK_PATH + 300];
    struct dirent **entry = NULL;
    if (vl_bank_path(bank, folder, err, "quarantine/%s", day)) return err->code;
    const int n = scandir(folder, &entry, is_entry, alphasort);
    for (int i = 0; i < n; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, entry[i]->d_name);
        json_t *const doc = json_load_file(path, 0, NULL);
        if (json_is_object(doc) && !json_object_get(doc, "closed")) {
            snprintf(path, sizeof path, "quarantine/%s/%s", day, entry[i]->d_name);
            json_object_set_new(doc, "evidence", json_string(path));
            json_object_set_new(doc, "entries", json_pack("[s]", path));
            json_object_set_new(doc, "since", json_real(time_of(doc)));
            add_entry(list, doc);
        }
        json_decref(doc);
        free(entry[i]);
    }
    free(entry);
    return err->code;
}

/* By item the latest entry that is not closed; its "entries" are those before as well. */
static json_t *read_entries(const vl_bank *bank, vl_err *err)
{
    char top[VL_BANK_PATH];
    struct dirent **day = NULL;
    json_t *const list = json_object();
    if (vl_bank_path(bank, top, err, "quarantine")) return list;
    const int n = scandir(top, &day, is_day, alphasort);
    for (int i = 0; i < n; i++) {
        if (!err->code) read_day(bank, day[i]->d_name, list, err);
        free(day[i]);
    }
    free(day);
    return list;
}

/* ---- which of them are open ---- */

/* Does a live store of that sample hold just these inputs? */
static bool came_in(vl_catalog *c, const json_t *doc, vl_err *err)
{
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(doc, "inputs"), i, one)
    {
        struct stat st;
        const char *const path = json_string_value(one);
        if (!path || stat(path, &st)) return false;
        const vl_sql_value v[] = {
            vl_sql_text(get(doc, "sample")), vl_sql_text(path), vl_sql_whole((int64_t)st.st_size),
            vl_sql_whole((int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec)
        };
        if (vl_sql_number(
                c,
                "SELECT count(*) FROM sample s JOIN acquisition a USING (sample_id) JOIN store t USING "
                "(acquisition_id) JOIN input i USING (store_id) WHERE s.name = ?1 AND t.state = 'live' "
                "AND i.path = ?2 AND i.bytes = ?3 AND i.mtime_ns = ?4",
                v, 4, 0, err) < 1)
            return false;
    }
    return true;
}

static bool is_inbox_file(const json_t *doc) { return !strcmp(get(doc, "reason"), "inbox"); }

/* Is it among what the inboxes call wrong? While one could not be read, nobody knows. */
static bool is_still_wrong(const vl_found *found, int n, const json_t *doc)
{
    const char *const path = first_input(doc);
    for (int k = 0; k < n; k++) {
        if (found[k].unread) return true;
        for (size_t i = 0; i < found[k].nwaiting; i++)
            if (found[k].waiting[i].wrong && !strcmp(found[k].waiting[i].path, path)) return true;
    }
    return !found;
}

static void add_refused(json_t *open, json_t *doc)
{
    uint64_t bytes;
    int64_t mtime_ns;
    char item[600];
    if (!look(json_object_get(doc, "inputs"), &bytes, &mtime_ns)) return; /* taken away */
    const bool seen = is_of(json_object_get(doc, "acknowledged"), bytes, mtime_ns);
    if (!seen) json_object_del(doc, "acknowledged");
    snprintf(item, sizeof item, "%s/%s", get(doc, "sample"), get(doc, "acquisition"));
    json_object_del(doc, "entries");
    json_object_set_new(doc, "state", json_string(seen ? "acknowledged" : "refused"));
    json_object_set_new(doc, "item",
                        json_string(is_inbox_file(doc) || !*get(doc, "sample") ? first_input(doc) : item));
    json_object_set_new(doc, "bytes", json_integer((json_int_t)bytes));
    json_object_set_new(doc, "mtime_ns", json_integer(mtime_ns));
    json_array_append(open, doc);
}

static void add_waiting(json_t *open, const vl_waiting *w)
{
    struct stat st;
    if (w->wrong || w->left) return;
    const double since = stat(w->path, &st) ? vl_bank_now() : (double)st.st_mtime;
    json_array_append_new(open,
                          json_pack("{s:s,s:o,s:f,s:o}", "state", "waits", "item", vl_json_text(w->path),
                                    "since", since, "reason", vl_json_text(w->reason)));
}

json_t *vl_open_items(const vl_bank *bank, vl_catalog *c, const vl_found *found, int n, vl_err *err)
{
    const char *key;
    json_t *doc, *const all = read_entries(bank, err), *const open = json_array();
    json_object_foreach(all, key, doc)
    {
        const bool is_open = is_inbox_file(doc) ? is_still_wrong(found, n, doc) : !came_in(c, doc, err);
        if (is_open && !err->code) add_refused(open, doc);
    }
    for (int k = 0; k < n; k++)
        for (size_t w = 0; w < found[k].nwaiting; w++) add_waiting(open, &found[k].waiting[w]);
    json_decref(all);
    if (!open) vl_fail(err, VL_ENOMEM, "no memory for the open items");
    if (!err->code) return open;
    json_decref(open);
    return NULL;
}

json_t *vl_open_now(const vl_bank *bank, vl_catalog *c, vl_err *err)
{
    json_t *open = NULL;
    vl_found *const found = calloc((size_t)bank->ninbox + 1, sizeof *found);
    if (!found) return vl_fail(err, VL_ENOMEM, "no memory for the inboxes"), NULL;
    for (int i = 0; i < bank->ninbox; i++) {
        vl_err why = VL_ERR_INIT;
        found[i].unread = vl_inbox_scan(bank, &bank->inbox[i], vl_bank_now(), &found[i], &why);
    }
    open = vl_open_items(bank, c, found, bank->ninbox, err);
    for (int i = 0; i < bank->ninbox; i++) vl_found_free(&found[i]);
    free(found);
    return open;
}

/* ---- finding ---- */

static bool is_called(const json_t *item, const char *name)
{
    size_t i;
    json_t *one;
    if (!strcmp(get(item, "item"), name) || !strcmp(get(item, "sample"), name) ||
        !strcmp(get(item, "evidence"), name))
        return true;
    json_array_foreach(json_object_get(item, "inputs"), i,
                       one) if (!strcmp(json_string_value(one), name)) return true;
    return false;
}

json_t *vl_open_find(const json_t *open, const char *name, vl_err *err)
{
    size_t i;
    int n = 0;
    char choices[160] = "";
    json_t *item, *found = NULL;
    char *const real = realpath(name, NULL);
    json_array_foreach(open, i, item)
    {
        if (!json_object_get(item, "evidence") ||
            (!is_called(item, name) && (!real || !is_called(item, real))))
            continue;
        const size_t at = strlen(choices);
        snprintf(choices + at, sizeof choices - at, "%s%.70s", n ? ", " : "", get(item, "item"));
        found = item;
        n++;
    }
    free(real);
    if (!n) vl_fail(err, VL_ENOIN, "no refused item is called '%.120s'; 'vial open' lists them", name);
    else if (n > 1) vl_fail(err, VL_EARG, "'%.60s' has %d refused items; name one: %s", name, n, choices);
    return err->code ? NULL : found;
}

bool vl_open_is_acknowledged(const json_t *open, const char *sample, const char *acquisition,
                             const char *input, uint64_t bytes, int64_t mtime_ns)
{
    size_t i;
    json_t *item;
    json_array_foreach(open, i, item)
    {
        if (strcmp(get(item, "state"), "acknowledged") || strcmp(first_input(item), input)) continue;
        if (sample && (strcmp(get(item, "sample"), sample) || strcmp(get(item, "acquisition"), acquisition)))
            continue;
        if (is_of(json_object_get(item, "acknowledged"), bytes, mtime_ns)) return true;
    }
    return false;
}

const json_t *vl_open_same(const json_t *open, const char *path, const char *message)
{
    size_t i;
    json_t *item;
    json_array_foreach(open, i, item)
    {
        if (is_inbox_file(item) && !strcmp(first_input(item), path) && strstr(get(item, "message"), message))
            return item;
    }
    return NULL;
}

size_t vl_open_count(const json_t *open, const char *state, double *since)
{
    size_t i, n = 0;
    json_t *item;
    *since = 0;
    json_array_foreach(open, i, item)
    {
        const double at = json_number_value(json_object_get(item, "since"));
        if (strcmp(get(item, "state"), state)) continue;
        if (!n++ || at < *since) *since = at;
    }
    return n;
}

/* ---- notes in the quarantine ---- */

/* Sets a member of an entry, or removes it (note NULL); takes the note. The file is replaced whole. */
static vl_code write_note(const vl_bank *bank, const char *evidence, const char *name, json_t *note,
                          vl_err *err)
{
    char path[VL_BANK_PATH], lock_path[VL_BANK_PATH];
    int lock = -1;
    vl_bank_settle_mask(bank);
    if (!vl_bank_path(bank, path, err, "%s", evidence) &&
        !vl_bank_path(bank, lock_path, err, "quarantine/.lock") && !vl_bank_lock(lock_path, 30, &lock, err)) {
        json_t *const doc = json_load_file(path, 0, NULL);
        if (!json_is_object(doc))
            vl_fail(err, VL_ENOIN, "the entry of the quarantine is gone"), vl_err_file(err, path);
        else if (note) json_object_set(doc, name, note);
        else json_object_del(doc, name);
        char *const text = err->code ? NULL : json_dumps(doc, JSON_INDENT(2));
        if (!text) vl_fail(err, VL_ENOMEM, "no memory for JSON");
        else vl_bank_write_file(path, text, strlen(text), err);
        free(text);
        json_decref(doc);
        close(lock);
    }
    json_decref(note);
    return err->code;
}

vl_code vl_open_acknowledge(const vl_bank *bank, const json_t *item, const char *reason, bool yes,
                            vl_err *err)
{
    char now[32], user[32];
    const struct passwd *const me = getpwuid(getuid());
    snprintf(user, sizeof user, "%u", (unsigned)getuid());
    json_t *const note =
        yes ? json_pack("{s:s,s:o,s:O,s:O}", "at", vl_bank_time(vl_bank_now(), now), "by",
                        vl_json_text(me ? me->pw_name : user), "bytes", json_object_get(item, "bytes"),
                        "mtime_ns", json_object_get(item, "mtime_ns"))
            : NULL;
    if (note && reason) json_object_set_new(note, "reason", vl_json_text(reason));
    if (!write_note(bank, get(item, "evidence"), "acknowledged", note, err))
        vl_log(bank, VL_LOG_INFO, yes ? "acknowledged" : "no-longer-acknowledged", "item", get(item, "item"),
               "reason", reason, NULL);
    return err->code;
}

vl_code vl_open_close(const vl_bank *bank, vl_catalog *c, const json_t *open, vl_err *err)
{
    size_t i;
    uint64_t bytes;
    int64_t mtime_ns;
    const char *name;
    char now[32], key[KEY];
    json_t *doc, *entry, *const all = read_entries(bank, err);
    json_array_foreach(open, i, doc) json_object_del(all, key_of(doc, key));
    json_object_foreach(all, name, doc)
    {
        if (err->code || !look(json_object_get(doc, "inputs"), &bytes, &mtime_ns)) continue;
        if (!is_inbox_file(doc) && !came_in(c, doc, err)) continue;
        vl_bank_time(vl_bank_now(), now);
        json_array_foreach(json_object_get(doc, "entries"), i, entry)
            write_note(bank, json_string_value(entry), "closed", json_string(now), err);
    }
    json_decref(all);
    return err->code;
}

bool vl_open_keeps(const char *path)
{
    uint64_t bytes;
    int64_t mtime_ns;
    json_t *const doc = json_load_file(path, 0, NULL);
    const bool keeps = json_is_object(doc) && !json_object_get(doc, "closed") &&
                       look(json_object_get(doc, "inputs"), &bytes, &mtime_ns);
    json_decref(doc);
    return keeps;
}
