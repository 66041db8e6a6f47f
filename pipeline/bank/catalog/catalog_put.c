/*
 * A sample's record -> its rows in the catalogue (catalog.h, record.h).
 *
 * All rows of a sample are a function of its record, but for two things. Ids stay where they can, as others
 * may hold them: the sample's by its name, an acquisition's by kind and name, a store's by what it is. And a
 * store that is still the same file, by digest and seal, keeps what is known of its last check, unless it was
 * healed since.
 *
 * A record that replaces a good file by an equal one has the old store (superseded) and the new one (live)
 * with equal digests and seals: the time of publishing tells which row is whose.
 */
#include "pipeline/bank/catalog/catalog_db.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A row of table store from before. */
typedef struct old_store {
    int64_t id;
    char digest[72], seal[40];
    double published;
    bool taken;
} old_store;

/* An acquisition of the record. */
typedef struct acquired {
    const char *kind, *name; /* borrowed from the record */
    int64_t id;
    const json_t *store; /* borrowed: the one whose facts are the acquisition's */
} acquired;

typedef struct putting {
    vl_catalog *c;
    const json_t *stores; /* of the record; borrowed */
    int64_t sample;       /* its id */
    bool fresh;           /* the catalogue had nothing of it */
    old_store *old;       /* owned */
    acquired *acquired;   /* owned; as many as stores at most */
    size_t nold, nacquired;
} putting;

static const char *text_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static vl_sql_value text(const json_t *object, const char *name)
{
    return vl_sql_text(text_of(object, name));
}

static vl_sql_value whole(const json_t *object, const char *name)
{
    const json_t *const v = json_object_get(object, name);
    return json_is_integer(v) ? vl_sql_whole(json_integer_value(v)) : vl_sql_text(NULL);
}

/* A time: column affinity makes whole seconds whole again. */
static vl_sql_value real(const json_t *object, const char *name)
{
    const json_t *const v = json_object_get(object, name);
    return json_is_number(v) ? vl_sql_real(json_number_value(v)) : vl_sql_text(NULL);
}

static bool is_live(const json_t *store)
{
    const char *const state = text_of(store, "state");
    return state && !strcmp(state, "live");
}

/* ---- the sample ---- */

/* The id that a question for one number gives; 0: no row. */
static vl_code find_id(vl_catalog *c, const char *sql, const vl_sql_value *value, int nvalue, int64_t *id,
                       vl_err *err)
{
    sqlite3_stmt *const q = vl_sql_ask(c, sql, value, nvalue, err);
    *id = 0;
    if (!q || !vl_sql_row(c, q, err)) return err->code;
    *id = sqlite3_column_int64(q, 0);
    sqlite3_reset(q);
    return VL_OK;
}

static vl_code put_donor(vl_catalog *c, const char *name, int64_t *id, vl_err *err)
{
    const vl_sql_value v[] = { vl_sql_text(name) };
    *id = 0;
    if (!name) return VL_OK;
    if (find_id(c, "SELECT donor_id FROM donor WHERE name = ?", v, 1, id, err) || *id) return err->code;
    if (vl_sql_run(c, "INSERT INTO donor(name) VALUES(?)", v, 1, err)) return err->code;
    *id = sqlite3_last_insert_rowid(c->db);
    return VL_OK;
}

/* A donor of whom no sample is left is not in any record. */
static vl_code drop_donor(vl_catalog *c, int64_t donor, vl_err *err)
{
    const vl_sql_value v[] = { vl_sql_whole(donor) };
    return vl_sql_run(c,
                      "DELETE FROM donor WHERE donor_id = ?1"
                      " AND NOT EXISTS (SELECT 1 FROM sample WHERE donor_id = ?1)",
                      v, 1, err);
}

/* *newer: the catalogue knows a higher revision. */
static vl_code put_sample(putting *p, const json_t *record, bool *newer, vl_err *err)
{
    const json_t *const withdrawn = json_object_get(record, "withdrawn");
    const int64_t revision = json_integer_value(json_object_get(record, "revision"));
    const vl_sql_value name[] = { text(record, "sample") };
    int64_t donor = 0, old_donor = 0;
    sqlite3_stmt *const q =
        vl_sql_ask(p->c, "SELECT sample_id, revision, donor_id FROM sample WHERE name = ?", name, 1, err);
    if (!q) return err->code;
    p->fresh = !vl_sql_row(p->c, q, err);
    if (err->code) return err->code;
    *newer = !p->fresh && sqlite3_column_int64(q, 1) > revision;
    p->sample = p->fresh ? 0 : sqlite3_column_int64(q, 0);
    old_donor = p->fresh ? 0 : sqlite3_column_int64(q, 2);
    sqlite3_reset(q);
    if (*newer || put_donor(p->c, text_of(record, "donor"), &donor, err)) return err->code;
    const vl_sql_value row[] = { name[0], donor ? vl_sql_whole(donor) : vl_sql_text(NULL),
                                 vl_sql_whole(revision), real(withdrawn, "at"), text(withdrawn, "reason") };
    if (vl_sql_run(p->c,
                   "INSERT INTO sample(name, donor_id, revision, withdrawn_at, withdrawn_reason)"
                   " VALUES(?, ?, ?, ?, ?) ON CONFLICT(name) DO UPDATE SET donor_id = excluded.donor_id,"
                   " revision = excluded.revision, withdrawn_at = excluded.withdrawn_at,"
                   " withdrawn_reason = excluded.withdrawn_reason",
                   row, 5, err))
        return err->code;
    if (p->fresh) p->sample = sqlite3_last_insert_rowid(p->c->db);
    return old_donor && old_donor != donor ? drop_donor(p->c, old_donor, err) : VL_OK;
}

/* ---- acquisitions and stores ---- */

static vl_code load_old(putting *p, vl_err *err)
{
    const vl_sql_value v[] = { vl_sql_whole(p->sample) };
    size_t room = 0;
    sqlite3_stmt *const q =
        vl_sql_ask(p->c,
                   "SELECT st.store_id, st.digest, st.seal, st.published_at FROM acquisition a"
                   " JOIN store st ON st.acquisition_id = a.acquisition_id WHERE a.sample_id = ?",
                   v, 1, err);
    while (q && vl_sql_row(p->c, q, err)) {
        if (p->nold == room) {
            room = 2 * room + 8;
            old_store *const more = realloc(p->old, room * sizeof *more);
            if (!more) {
                sqlite3_reset(q);
                return vl_fail(err, VL_ENOMEM, "no memory for the stores of a sample");
            }
            p->old = more;
        }
        old_store *const o = &p->old[p->nold++];
        *o = (old_store){ .id = sqlite3_column_int64(q, 0), .published = sqlite3_column_double(q, 3) };
        snprintf(o->digest, sizeof o->digest, "%s", vl_sql_column(q, 1));
        snprintf(o->seal, sizeof o->seal, "%s", vl_sql_column(q, 2));
    }
    return err->code;
}

/* The acquisition that a store belongs to; its facts are those of the live store, else of the last one. */
static vl_code put_acquisition(putting *p, const json_t *store, int64_t *id, vl_err *err)
{
    const char *const kind = text_of(store, "kind"), *const name = text_of(store, "acquisition");
    if (!kind || !name) return vl_fail(err, VL_EFORMAT, "a store without kind or acquisition");
    for (size_t i = 0; i < p->nacquired; i++) {
        acquired *const a = &p->acquired[i];
        if (strcmp(a->kind, kind) || strcmp(a->name, name)) continue;
        if (!is_live(a->store)) a->store = store;
        *id = a->id;
        return VL_OK;
    }
    const vl_sql_value v[] = { vl_sql_whole(p->sample), vl_sql_text(kind), vl_sql_text(name) };
    *id = 0;
    if (!p->fresh &&
        find_id(p->c, "SELECT acquisition_id FROM acquisition WHERE sample_id = ? AND kind = ? AND name = ?",
                v, 3, id, err))
        return err->code;
    if (!*id) {
        if (vl_sql_run(p->c, "INSERT INTO acquisition(sample_id, kind, name) VALUES(?, ?, ?)", v, 3, err))
            return err->code;
        *id = sqlite3_last_insert_rowid(p->c->db);
    }
    p->acquired[p->nacquired++] = (acquired){ kind, name, *id, store };
    return VL_OK;
}

static vl_code put_inputs(putting *p, const json_t *store, int64_t id, vl_err *err)
{
    const json_t *const inputs = json_object_get(store, "inputs");
    for (size_t i = 0; i < json_array_size(inputs); i++) {
        const json_t *const in = json_array_get(inputs, i);
        const vl_sql_value v[] = { vl_sql_whole(id),   whole(in, "stream"),   text(in, "path"),
                                   whole(in, "bytes"), whole(in, "mtime_ns"), text(in, "sha256") };
        if (vl_sql_run(p->c,
                       "INSERT INTO input(store_id, stream, path, bytes, mtime_ns, sha256)"
                       " VALUES(?, ?, ?, ?, ?, ?)",
                       v, 6, err))
            return err->code;
    }
    return VL_OK;
}

/* A free row from before that is this store: same content; with `exactly`, of the same publishing, too. */
static old_store *find_old(putting *p, const json_t *store, bool exactly)
{
    const char *const digest = text_of(store, "digest"), *const seal = text_of(store, "seal");
    const double published = json_number_value(json_object_get(store, "published"));
    for (size_t i = 0; i < p->nold && digest && seal; i++) {
        old_store *const o = &p->old[i];
        const bool same = !strcmp(o->digest, digest) && !strcmp(o->seal, seal);
        if (!o->taken && same && (!exactly || o->published == published)) return o;
    }
    return NULL;
}

/* was: its row from before, or NULL. */
static vl_code put_store(putting *p, const json_t *store, old_store *was, vl_err *err)
{
    int64_t acquisition = 0;
    if (put_acquisition(p, store, &acquisition, err)) return err->code;
    if (was) was->taken = true;
    char *const measures = json_dumps(json_object_get(store, "measures"), JSON_COMPACT); /* NULL: none */
    const vl_sql_value v[] = {
        was ? vl_sql_whole(was->id) : vl_sql_text(NULL), /* NULL: a new id */
        vl_sql_whole(acquisition),
        text(store, "file"),
        text(store, "state"),
        text(store, "profile"),
        text(store, "options"),
        whole(store, "rows"),
        whole(store, "bytes"),
        whole(store, "bytes_in"),
        whole(store, "text_bytes"),
        text(store, "digest"),
        text(store, "seal"),
        real(store, "published"),
        real(store, "superseded"),
        real(store, "healed"),
        vl_sql_text(measures),
        vl_sql_text(json_string_value(json_object_get(store, "original"))),
    };
    vl_sql_run(p->c,
               "INSERT INTO store(store_id, acquisition_id, file, state, profile, options, rows, bytes,"
               " bytes_in, text_bytes, digest, seal, published_at, superseded_at, healed_at, verified_at,"
               " measures, original)"
               " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?15, ?15, ?16, ?17)"
               " ON CONFLICT(store_id) DO UPDATE SET"
               " acquisition_id = excluded.acquisition_id, file = excluded.file, state = excluded.state,"
               " profile = excluded.profile, options = excluded.options, rows = excluded.rows,"
               " bytes = excluded.bytes, bytes_in = excluded.bytes_in, text_bytes = excluded.text_bytes,"
               " digest = excluded.digest, seal = excluded.seal, published_at = excluded.published_at,"
               " superseded_at = excluded.superseded_at,"
               " verified_at = CASE WHEN healed_at IS excluded.healed_at THEN verified_at"
               "  ELSE excluded.verified_at END,"
               " verify_failed = CASE WHEN healed_at IS excluded.healed_at THEN verify_failed END,"
               " healed_at = excluded.healed_at, measures = excluded.measures, original = excluded.original",
               v, 17, err);
    free(measures);
    if (err->code) return err->code;
    const int64_t id = was ? was->id : sqlite3_last_insert_rowid(p->c->db);
    const vl_sql_value of[] = { vl_sql_whole(id) };
    if (was && vl_sql_run(p->c, "DELETE FROM input WHERE store_id = ?", of, 1, err)) return err->code;
    return put_inputs(p, store, id, err);
}

/* Stores that are the very ones of before take their rows first, then those that are equal. */
static vl_code put_stores(putting *p, vl_err *err)
{
    const size_t n = json_array_size(p->stores);
    old_store **const was = calloc(n + 1, sizeof *was);
    p->acquired = calloc(n + 1, sizeof *p->acquired);
    if (!p->acquired || !was) vl_fail(err, VL_ENOMEM, "no memory for %zu stores", n);
    for (int exactly = 1; exactly >= 0 && !err->code; exactly--) {
        for (size_t i = 0; i < n; i++) {
            if (was[i]) continue;
            was[i] = find_old(p, json_array_get(p->stores, i), exactly);
            if (was[i]) was[i]->taken = true;
        }
    }
    for (size_t i = 0; i < n && !err->code; i++) put_store(p, json_array_get(p->stores, i), was[i], err);
    free(was);
    return err->code;
}

static vl_code drop_old(putting *p, vl_err *err)
{
    const vl_sql_value of[] = { vl_sql_whole(p->sample) };
    for (size_t i = 0; i < p->nold; i++) {
        const vl_sql_value v[] = { vl_sql_whole(p->old[i].id) };
        if (!p->old[i].taken && vl_sql_run(p->c, "DELETE FROM store WHERE store_id = ?", v, 1, err))
            return err->code;
    }
    return vl_sql_run(p->c,
                      "DELETE FROM acquisition WHERE sample_id = ? AND NOT EXISTS"
                      " (SELECT 1 FROM store WHERE store.acquisition_id = acquisition.acquisition_id)",
                      of, 1, err);
}

/* ---- facts ---- */

static vl_code put_facts(putting *p, int64_t acquisition, const json_t *owner, vl_err *err)
{
    const char *name;
    json_t *value;
    json_object_foreach(json_object_get(owner, "facts"), name, value)
    {
        const vl_sql_value v[] = { vl_sql_whole(p->sample), vl_sql_whole(acquisition), vl_sql_text(name),
                                   vl_sql_text(json_string_value(value)) };
        if (vl_sql_run(p->c, "INSERT INTO fact(sample_id, acquisition_id, name, value) VALUES(?, ?, ?, ?)", v,
                       4, err))
            return err->code;
    }
    return VL_OK;
}

static vl_code put_all_facts(putting *p, const json_t *record, vl_err *err)
{
    const vl_sql_value of[] = { vl_sql_whole(p->sample) };
    if (!p->fresh && vl_sql_run(p->c, "DELETE FROM fact WHERE sample_id = ?", of, 1, err)) return err->code;
    put_facts(p, 0, record, err);
    for (size_t i = 0; i < p->nacquired && !err->code; i++)
        put_facts(p, p->acquired[i].id, p->acquired[i].store, err);
    return err->code;
}

/* ---- entry points; each is a transaction of its own when the caller has none ---- */

static vl_code begin_own(vl_catalog *c, bool *own, vl_err *err)
{
    *own = sqlite3_get_autocommit(c->db);
    return *own ? vl_catalog_begin(c, err) : VL_OK;
}

static vl_code end_own(vl_catalog *c, bool own, vl_err *err)
{
    if (own && !err->code) vl_catalog_commit(c, err);
    if (own && err->code) vl_catalog_rollback(c);
    return err->code;
}

vl_code vl_catalog_put(vl_catalog *c, const json_t *record, vl_err *err)
{
    putting p = { .c = c, .stores = json_object_get(record, "stores") };
    const char *const name = text_of(record, "sample");
    bool own = false, newer = false;
    if (!name) return vl_fail(err, VL_EFORMAT, "a record without a sample");
    if (begin_own(c, &own, err)) return err->code;
    if (put_sample(&p, record, &newer, err) || newer) goto out;
    if (!p.fresh && load_old(&p, err)) goto out;
    if (put_stores(&p, err)) goto out;
    if (!p.fresh && drop_old(&p, err)) goto out;
    put_all_facts(&p, record, err);
out:
    end_own(c, own, err);
    free(p.old);
    free(p.acquired);
    return err->code;
}

vl_code vl_catalog_remove(vl_catalog *c, const char *sample, vl_err *err)
{
    const vl_sql_value v[] = { vl_sql_text(sample) };
    int64_t donor = 0;
    bool own = false;
    if (begin_own(c, &own, err)) return err->code;
    if (!find_id(c, "SELECT donor_id FROM sample WHERE name = ?", v, 1, &donor, err) &&
        !vl_sql_run(c, "DELETE FROM sample WHERE name = ?", v, 1, err) && donor)
        drop_donor(c, donor, err);
    return end_own(c, own, err);
}

vl_code vl_catalog_clear(vl_catalog *c, vl_err *err)
{
    static const char *const all[] = { "DELETE FROM input", "DELETE FROM store",  "DELETE FROM acquisition",
                                       "DELETE FROM fact",  "DELETE FROM sample", "DELETE FROM donor" };
    bool own = false;
    if (begin_own(c, &own, err)) return err->code;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (vl_sql_run(c, all[i], NULL, 0, err)) break;
    return end_own(c, own, err);
}
