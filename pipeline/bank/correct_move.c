/*
 * Stores go to another sample: all of them, with donor and facts (rename), or those of an acquisition (move).
 *
 * Each is copied into the other sample's folder with that sample in its notes, sealed and proven; no lock is
 * held meanwhile. Then, with both samples locked: the copies take their names; the record that they come to
 * is saved, then the one that they leave; both go into the catalogue in one transaction; the old files go
 * last. Whenever it dies, each store is whole under one of the names or both, and doing it again finds what
 * is done: a store that has come says so ("moved"), a sample that has gone, too ("gone").
 *
 * A record keeps where its stores were before ("was"): what the ledger says there of them has to go with them
 * when consent is withdrawn (withdraw/bury.c).
 */
#include "pipeline/bank/correct_parts.h"

#include "pipeline/bank/catalog/sql.h"
#include "pipeline/bank/intake/deposit.h"
#include "pipeline/out/relabel.h"
#include "pipeline/run/run.h"
#include "pipeline/store/file.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FROM, TO };

typedef struct moving {
    const vl_correction *k;
    const char *to;
    json_int_t at;
    char folder[2][VL_BANK_PATH];
    json_t *record[2]; /* owned */
    json_t *asked;     /* owned: the stores of record[FROM] that go */
    json_t *moved;     /* owned: the same as record[TO] will have them; null: lost, and no loss */
} moving;

static bool is_rename(const moving *m) { return !m->k->acquisition; }
static bool is_live(const json_t *store) { return !strcmp(vl_correct_text(store, "state"), "live"); }
static bool says(const json_t *object, const char *name, const char *text)
{
    return !strcmp(vl_correct_text(object, name), text);
}
static json_int_t number(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

static json_t *find_file(const json_t *stores, const char *file)
{
    size_t i;
    json_t *store;
    json_array_foreach((json_t *)stores, i, store) if (says(store, "file", file)) return store;
    return NULL;
}

/* ---- what is asked, and what of it is done ---- */

/* What came in after it was asked is not meant. */
static vl_code list_asked(moving *m, vl_err *err)
{
    size_t i;
    json_t *store;
    json_decref(m->asked);
    m->asked = json_array();
    json_array_foreach(json_object_get(m->record[FROM], "stores"), i, store)
    {
        if ((is_rename(m) || says(store, "acquisition", m->k->acquisition)) &&
            number(store, "published") <= m->at)
            json_array_append(m->asked, store);
    }
    return m->asked ? VL_OK : vl_fail(err, VL_ENOMEM, "no memory for the record of a sample");
}

/* Is it of this very request? Then a run that died had done it. */
static bool is_ours(const moving *m, const json_t *object) { return says(object, "request", m->k->id); }

/* The line of "was" that this request makes, in the record that its stores come to. */
static json_t *find_was(const moving *m)
{
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(m->record[TO], "was"), i, one) if (is_ours(m, one)) return one;
    return NULL;
}

static bool has_others(const moving *m)
{
    size_t i;
    const json_t *store;
    json_array_foreach(json_object_get(m->record[FROM], "stores"), i, store)
    {
        if (is_live(store) && !find_file(m->asked, vl_correct_text(store, "file"))) return true;
    }
    return false;
}

static bool has_left(const moving *m)
{
    const json_t *const gone = json_object_get(m->record[FROM], "gone");
    if (json_array_size(m->asked)) return false;
    return !is_rename(m) || has_others(m) || is_ours(m, gone);
}

/* ---- what is refused ---- */

static vl_code refuse_withdrawn(const json_t *record, const char *because, vl_err *err)
{
    const json_t *const withdrawn = json_object_get(record, "withdrawn");
    return withdrawn
               ? vl_fail(err, VL_EEXIST, "sample '%.60s' was withdrawn (%.60s)%s",
                         vl_correct_text(record, "sample"), vl_correct_text(withdrawn, "reason"), because)
               : VL_OK;
}

static vl_code refuse_gone(const json_t *record, vl_err *err)
{
    const json_t *const gone = json_object_get(record, "gone");
    const char *const sample = vl_correct_text(record, "sample"), *const to = vl_correct_text(gone, "to");
    if (!gone) return VL_OK;
    if (*to) return vl_fail(err, VL_ENOIN, "sample '%.60s' was renamed to '%.60s'", sample, to);
    return vl_fail(err, VL_ENOIN, "sample '%.60s' was removed (%.80s)", sample,
                   vl_correct_text(gone, "reason"));
}

/* A rename takes no name that says something already. */
static vl_code check_free(const moving *m, vl_err *err)
{
    size_t i;
    const json_t *store, *const into = m->record[TO];
    bool free = json_object_get(into, "gone") ||
                (!json_object_get(into, "donor") && !json_object_size(json_object_get(into, "facts")));
    json_array_foreach(json_object_get(into, "stores"), i, store) free = free && !is_live(store);
    return free ? VL_OK
                : vl_fail(err, VL_EEXIST,
                          "sample '%.60s' is in the bank already; 'vial move' brings it acquisitions", m->to);
}

static vl_code check_room(const moving *m, vl_err *err)
{
    size_t i;
    const json_t *store;
    json_array_foreach(m->asked, i, store)
    {
        const json_t *const there = vl_record_store(m->record[TO], vl_correct_text(store, "kind"),
                                                    vl_correct_text(store, "acquisition"), "live");
        if (is_live(store) && there && !is_ours(m, json_object_get(there, "moved")))
            return vl_fail(err, VL_EEXIST, "sample '%.60s' has %.16s of acquisition '%.60s' already", m->to,
                           vl_correct_text(store, "kind"), vl_correct_text(store, "acquisition"));
    }
    return VL_OK;
}

static vl_code check_donors(const moving *m, vl_err *err)
{
    const char *const from = vl_correct_text(m->record[FROM], "donor"), *const into = vl_correct_text(
                                                                            m->record[TO], "donor");
    if (is_rename(m) || !*from || !*into || !strcmp(from, into) ||
        json_is_true(json_object_get(m->k->ask, "other_donor")))
        return VL_OK;
    return vl_fail(
        err, VL_EEXIST,
        "sample '%.50s' is of donor '%.40s', '%.50s' of '%.40s'; --other-donor moves it all the same",
        m->k->sample, from, m->to, into);
}

static vl_code check(const moving *m, vl_err *err)
{
    if (refuse_withdrawn(m->record[FROM], "", err) ||
        refuse_withdrawn(m->record[TO], ": its name gets no data again", err) || find_was(m) ||
        refuse_gone(m->record[FROM], err))
        return err->code;
    if (!is_rename(m) && !json_array_size(m->asked))
        return vl_fail(err, VL_ENOIN, "sample '%.100s' has no acquisition '%.100s'", m->k->sample,
                       m->k->acquisition);
    if (is_rename(m) && has_others(m))
        return vl_fail(err, VL_EBUSY, "a store of sample '%.60s' is younger than now: is the clock right?",
                       m->k->sample);
    if (is_rename(m) && check_free(m, err)) return err->code;
    return check_room(m, err) ? err->code : check_donors(m, err);
}

/* ---- both records ---- */

/* Of a sample that nobody knows yet, files may lie there that a run which died had brought. */
static void forget_brought(moving *m)
{
    json_t *const stores = json_object_get(m->record[TO], "stores");
    if (number(m->record[TO], "revision")) return;
    for (size_t i = json_array_size(stores); i-- > 0;) {
        const json_t *const store = json_array_get(stores, i), *const asked = find_file(
                                                                   m->asked, vl_correct_text(store, "file"));
        if (asked && vl_record_same_inputs(asked, store)) json_array_remove(stores, i);
    }
}

static json_t *load_or_new(const vl_bank *bank, const char *sample, vl_err *err)
{
    vl_err why = VL_ERR_INIT;
    json_t *const record = vl_record_load(bank, sample, &why);
    if (why.code == VL_ENOIN) return vl_record_new(sample, err);
    if (why.code) *err = why;
    return record;
}

static vl_code load(moving *m, vl_err *err)
{
    for (int i = FROM; i <= TO; i++) {
        json_decref(m->record[i]);
        m->record[i] = NULL;
    }
    if (!(m->record[FROM] = vl_record_load(m->k->bank, m->k->sample, err)) ||
        !(m->record[TO] = load_or_new(m->k->bank, m->to, err)) || list_asked(m, err))
        return err->code;
    forget_brought(m);
    return check(m, err);
}

static vl_code lock_both(const moving *m, int lock[2], vl_err *err)
{
    const char *const sample[] = { m->k->sample, m->to };
    const int first = strcmp(m->folder[FROM], m->folder[TO]) < 0 ? FROM : TO; /* the same for all */
    lock[FROM] = lock[TO] = -1;
    if (!vl_deposit_lock(m->k->bank, sample[first], &lock[first], err))
        vl_deposit_lock(m->k->bank, sample[!first], &lock[!first], err);
    return err->code;
}

static void unlock_both(const int lock[2])
{
    for (int i = FROM; i <= TO; i++)
        if (lock[i] >= 0) close(lock[i]);
}

/* ---- the copies ---- */

static vl_code place(const moving *m, int side, const char *file, char path[VL_BANK_PATH], vl_err *err)
{
    const int n = snprintf(path, VL_BANK_PATH, "%s/%s", m->folder[side], file);
    return n < VL_BANK_PATH ? VL_OK : vl_fail(err, VL_EARG, "a path of the bank is too long");
}

static vl_code place_copy(const moving *m, size_t i, char path[VL_BANK_PATH], vl_err *err)
{
    char name[120];
    snprintf(name, sizeof name, ".%.80s-%zu.h5", m->k->id, i);
    return place(m, TO, name, path, err);
}

static vl_code not_whole(const moving *m, const json_t *store, const vl_err *why, vl_err *err)
{
    if (why->code != VL_ESTORE && why->code != VL_ENOIN && why->code != VL_EEXIST) *err = *why;
    else
        vl_fail(err, VL_ESTORE, "%.60s is not whole: %.90s; 'vial heal' %.40s, or 'vial remove' it first",
                vl_correct_text(store, "file"), why->what, m->k->sample);
    return err->code;
}

/* *moved: the store's entry in its new record; null: a superseded store that is gone. */
static vl_code copy_store(const moving *m, size_t i, const json_t *store, json_t **moved, vl_err *err)
{
    char from[VL_BANK_PATH], to[VL_BANK_PATH];
    vl_relabelled made;
    vl_err why = VL_ERR_INIT;
    const vl_relabel ask = { .store = from, .to = to, .sample = m->to, .threads = vl_cores() };
    *moved = json_null();
    vl_record_look(m->folder[FROM], store, &why);
    if (why.code == VL_ENOIN && !is_live(store)) return VL_OK;
    if (why.code) return not_whole(m, store, &why, err);
    if (place(m, FROM, vl_correct_text(store, "file"), from, err) || place_copy(m, i, to, err))
        return err->code;
    if (vl_relabel_run(&ask, &made, &why)) return not_whole(m, store, &why, err);
    *moved = json_deep_copy(store);
    json_object_set_new(*moved, "seal", json_string(made.seal.hash));
    json_object_set_new(*moved, "bytes", json_integer((json_int_t)made.seal.bytes));
    json_object_set_new(*moved, "digest", json_string(made.digest));
    if (json_object_set_new(
            *moved, "moved",
            json_pack("{s:s,s:I,s:s}", "from", m->k->sample, "at", m->at, "request", m->k->id)))
        vl_fail(err, VL_ENOMEM, "no memory for the record of a sample");
    return err->code;
}

static vl_code copy_all(moving *m, vl_err *err)
{
    size_t i;
    json_t *store, *moved;
    m->moved = json_array();
    json_array_foreach(m->asked, i, store)
    {
        if (copy_store(m, i, store, &moved, err)) break;
        json_array_append_new(m->moved, moved);
    }
    return err->code;
}

/* What this request, or a run of it that died, has left on its way. */
static vl_code clear_copies(const moving *m, vl_err *err)
{
    char start[100], path[VL_BANK_PATH];
    struct dirent **entry = NULL;
    const int n = scandir(m->folder[TO], &entry, NULL, NULL),
              len = snprintf(start, sizeof start, ".%.80s-", m->k->id);
    if (n < 0 && errno != ENOENT) vl_fail_errno(err, VL_EIO, errno, "cannot list the sample's folder");
    for (int i = 0; i < n; i++) {
        const char *const name = entry[i]->d_name;
        const bool ours =
            *name == '.' && (!strncmp(name, start, (size_t)len) || !strncmp(name + 1, start, (size_t)len));
        if (ours && !place(m, TO, name, path, err) && unlink(path) && errno != ENOENT)
            vl_fail_errno(err, VL_EIO, errno, "cannot clear a copy");
        free(entry[i]);
    }
    if (n >= 0) free(entry);
    return err->code;
}

/* ---- the change; both samples are locked ---- */

static vl_code name_copies(const moving *m, vl_err *err)
{
    char from[VL_BANK_PATH], to[VL_BANK_PATH];
    size_t i;
    const json_t *store;
    json_array_foreach(m->moved, i, store)
    {
        if (json_is_null(store)) continue;
        if (place_copy(m, i, from, err) || place(m, TO, vl_correct_text(store, "file"), to, err))
            return err->code;
        if (rename(from, to)) return vl_fail_errno(err, VL_EIO, errno, "cannot give a store its name");
    }
    return json_array_size(m->moved) ? vl_sync_folder(to, err) : VL_OK;
}

static void add_was(const moving *m, json_t *was, const char *sample, json_int_t revision, json_int_t at,
                    const char *request, const char *acquisition)
{
    if (!strcmp(sample, m->to)) return;
    json_t *const one =
        json_pack("{s:s,s:I,s:I,s:s}", "sample", sample, "revision", revision, "at", at, "request", request);
    if (acquisition) json_object_set_new(one, "acquisition", json_string(acquisition));
    for (size_t i = json_array_size(was); i-- > 0;) {
        const json_t *const old = json_array_get(was, i);
        if (says(old, "sample", sample) && says(old, "request", request) &&
            says(old, "acquisition", acquisition ? acquisition : ""))
            json_array_remove(was, i);
    }
    json_array_append_new(was, one);
}

/* Where these stores were before, also before they were there that they come from now. The revision is that
 * of the change by which they leave. */
static void note_was(const moving *m)
{
    size_t i;
    const json_t *one;
    json_t *const old = json_object_get(m->record[TO], "was"), *const was =
                                                                   old ? json_copy(old) : json_array();
    json_array_foreach(json_object_get(m->record[FROM], "was"), i, one)
    {
        const char *const of = json_string_value(json_object_get(one, "acquisition"));
        if (is_rename(m) || !of || !strcmp(of, m->k->acquisition))
            add_was(m, was, vl_correct_text(one, "sample"), number(one, "revision"), number(one, "at"),
                    vl_correct_text(one, "request"), is_rename(m) ? of : m->k->acquisition);
    }
    add_was(m, was, m->k->sample, number(m->record[FROM], "revision") + 1, m->at, m->k->id,
            m->k->acquisition);
    json_object_set_new(m->record[TO], "was", was);
}

static void give_facts(const moving *m)
{
    const bool other = json_is_true(json_object_get(m->k->ask, "other_donor"));
    json_t *const donor = json_object_get(other ? m->k->ask : m->record[FROM], "donor");
    if (donor && !json_object_get(m->record[TO], "donor")) json_object_set(m->record[TO], "donor", donor);
    if (is_rename(m))
        json_object_update_missing(json_object_get(m->record[TO], "facts"),
                                   json_object_get(m->record[FROM], "facts"));
}

static vl_code save(const moving *m, int side, vl_err *err)
{
    char source[700];
    if (vl_correct_revision(m->k->ask)) vl_correct_source(m->k, source);
    else
        snprintf(source, sizeof source, "vial %s %s %s", vl_correct_text(m->k->ask, "what"),
                 vl_correct_text(m->k->ask, "name"), m->to);
    return vl_record_save(m->k->bank, m->record[side], vl_correct_text(m->k->ask, "what"), source, err);
}

static vl_code give(const moving *m, vl_err *err)
{
    size_t i;
    json_t *store, *const stores = json_object_get(m->record[TO], "stores");
    json_array_foreach(m->moved, i, store)
    {
        const json_t *const old = find_file(stores, vl_correct_text(store, "file"));
        if (json_is_null(store)) continue;
        if (old) vl_record_forget(m->record[TO], old);
        json_array_append(stores, store);
    }
    if (!find_was(m)) give_facts(m);
    note_was(m);
    json_object_del(m->record[TO], "gone");
    return save(m, TO, err);
}

static vl_code take(const moving *m, vl_err *err)
{
    size_t i;
    const json_t *store;
    json_t *const from = m->record[FROM], *const was = json_object_get(from, "was");
    json_array_foreach(m->asked, i, store) vl_record_forget(from, store);
    if (is_rename(m) && !has_others(m)) {
        json_object_del(from, "donor");
        json_object_del(from, "was");
        json_object_set_new(from, "facts", json_object());
        json_object_set_new(from, "gone",
                            json_pack("{s:s,s:I,s:s}", "to", m->to, "at", m->at, "request", m->k->id));
    }
    if (!has_others(m) && json_equal(json_object_get(from, "donor"), json_object_get(m->k->ask, "given")))
        json_object_del(from, "donor"); /* it had come with them */
    for (size_t k = json_array_size(was); !is_rename(m) && k-- > 0;)
        if (says(json_array_get(was, k), "acquisition", m->k->acquisition)) json_array_remove(was, k);
    return save(m, FROM, err);
}

/* From the first name on, only the disk stands in the way: the next run goes on. What the ledger has already
 * is written into sample.h5, if that is older. */
static vl_code change(const moving *m, vl_err *err)
{
    if (has_left(m)) {
        if (!save(m, TO, err)) save(m, FROM, err);
    } else if (!name_copies(m, err) && !give(m, err)) {
        take(m, err);
    }
    if (err->code) err->code = VL_EIO;
    return err->code;
}

static vl_code change_locked(moving *m, vl_err *err)
{
    int lock[2];
    json_t *const before = json_incref(m->asked);
    if (!lock_both(m, lock, err) && !load(m, err)) {
        if (!json_equal(before, m->asked))
            vl_fail(err, VL_EBUSY, "another run has changed sample '%.100s' meanwhile", m->k->sample);
        else change(m, err);
    }
    unlock_both(lock);
    json_decref(before);
    return err->code;
}

/* ---- entry points ---- */

/* Nothing has changed: a disk that is full is no reason to begin again by itself. What is not whole may have
 * been taken away by another run. */
static vl_code give_up(moving *m, vl_err *err)
{
    vl_err left = VL_ERR_INIT;
    json_t *const before = json_incref(m->asked);
    if (!clear_copies(m, &left) && err->code == VL_EIO) err->code = VL_EBUSY;
    rmdir(m->folder[TO]); /* if nothing else ever lay there */
    if (err->code == VL_ESTORE) {
        if (load(m, &left)) *err = left;
        else if (!json_equal(before, m->asked)) {
            vl_err_clear(err);
            vl_fail(err, VL_EBUSY, "another run has changed sample '%.100s' meanwhile", m->k->sample);
        }
    }
    json_decref(before);
    return err->code;
}

static vl_code move(moving *m, vl_err *err)
{
    const vl_bank *const bank = m->k->bank;
    vl_err left = VL_ERR_INIT;
    if (vl_bank_sample_folder(bank, m->k->sample, m->folder[FROM], err) ||
        vl_bank_sample_folder(bank, m->to, m->folder[TO], err) || load(m, err) ||
        vl_bank_make_folder(bank, m->folder[FROM], err) || vl_bank_make_folder(bank, m->folder[TO], err))
        return err->code;
    if (copy_all(m, err)) return give_up(m, err);
    change_locked(m, err);
    if (clear_copies(m, &left) && !err->code) *err = left;
    return err->code;
}

json_t *vl_correct_move(void *self, vl_err *err)
{
    moving m = { .k = self };
    m.to = vl_correct_text(m.k->ask, "to");
    m.at = number(m.k->ask, "at");
    move(&m, err);
    json_t *const said = err->code ? NULL : json_pack("{s:[O,O]}", "records", m.record[TO], m.record[FROM]);
    json_decref(m.record[FROM]);
    json_decref(m.record[TO]);
    json_decref(m.asked);
    json_decref(m.moved);
    return said;
}

/* The copy was proven when it was made. */
static vl_code note_proven(const moving *m, vl_catalog *c, const char *file, vl_err *err)
{
    static const char query[] =
        "UPDATE store SET verified_at = ?3 WHERE verified_at IS NULL AND file = ?2 AND acquisition_id IN "
        "(SELECT acquisition_id FROM acquisition JOIN sample USING (sample_id) WHERE sample.name = ?1)";
    const vl_sql_value v[] = { vl_sql_text(m->to), vl_sql_text(file), vl_sql_real((double)m->at) };
    return vl_sql_run(c, query, v, 3, err);
}

/* The old file of a store that has come; not of one that came in later under that name. The sample is
 * locked. */
static vl_code drop_old(const moving *m, const char *file, vl_err *err)
{
    char path[VL_BANK_PATH];
    if (find_file(json_object_get(m->record[FROM], "stores"), file) || place(m, FROM, file, path, err))
        return err->code;
    return unlink(path) && errno != ENOENT ? vl_fail_errno(err, VL_EIO, errno, "cannot remove the old store")
                                           : VL_OK;
}

/* By what the sample that they left has now: meanwhile, others may have brought it a store of that name. */
static vl_code drop_all_old(moving *m, vl_catalog *c, vl_err *err)
{
    size_t i;
    const json_t *store;
    if (!(m->record[FROM] = vl_record_load(m->k->bank, m->k->sample, err))) return err->code;
    json_array_foreach(json_object_get(m->record[TO], "stores"), i, store)
    {
        const char *const file = vl_correct_text(store, "file");
        if (!err->code && is_ours(m, json_object_get(store, "moved")) && !drop_old(m, file, err))
            note_proven(m, c, file, err);
    }
    json_decref(m->record[FROM]);
    return err->code;
}

vl_code vl_correct_moved(const vl_correction *k, vl_catalog *c, const json_t *records, vl_err *err)
{
    int lock = -1;
    moving m = { .k = k, .to = vl_correct_text(k->ask, "to"), .at = number(k->ask, "at") };
    m.record[TO] = json_array_get(records, 0);
    if (vl_bank_sample_folder(k->bank, k->sample, m.folder[FROM], err) ||
        vl_deposit_lock(k->bank, k->sample, &lock, err))
        return err->code;
    drop_all_old(&m, c, err);
    close(lock);
    return err->code;
}
