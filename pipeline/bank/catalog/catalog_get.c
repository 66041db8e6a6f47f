/*
 * The rows of a sample -> its record, as far as the catalogue holds it: all but the roles of inputs. For who
 * compares, and where nothing else is left of a sample (catalog.h).
 */
#include "pipeline/bank/catalog/catalog_db.h"

#include <string.h>

static json_t *text_at(sqlite3_stmt *q, int column) { return json_string(vl_sql_column(q, column)); }
static json_t *whole_at(sqlite3_stmt *q, int column) { return json_integer(sqlite3_column_int64(q, column)); }
static bool is_null(sqlite3_stmt *q, int column) { return sqlite3_column_type(q, column) == SQLITE_NULL; }

/* Members with the values of columns from `first` on, in order; names of whole numbers start with '#'. */
static void take_columns(json_t *to, sqlite3_stmt *q, int first, const char *const *name)
{
    for (int i = 0; name[i]; i++) {
        const bool whole = name[i][0] == '#';
        if (is_null(q, first + i)) continue;
        json_object_set_new(to, name[i] + whole, whole ? whole_at(q, first + i) : text_at(q, first + i));
    }
}

static vl_code get_facts(vl_catalog *c, int64_t sample, int64_t acquisition, json_t *owner, vl_err *err)
{
    const vl_sql_value of[] = { vl_sql_whole(sample), vl_sql_whole(acquisition) };
    json_t *const facts = json_object();
    sqlite3_stmt *const q =
        vl_sql_ask(c, "SELECT name, value FROM fact WHERE sample_id = ? AND acquisition_id = ?", of, 2, err);
    while (vl_sql_row(c, q, err)) json_object_set_new(facts, vl_sql_column(q, 0), text_at(q, 1));
    json_object_set_new(owner, "facts", facts);
    return err->code;
}

static vl_code get_inputs(vl_catalog *c, int64_t id, json_t *store, vl_err *err)
{
    static const char *const member[] = { "#stream", "path", "#bytes", "#mtime_ns", "sha256", NULL };
    const vl_sql_value of[] = { vl_sql_whole(id) };
    json_t *const inputs = json_array();
    sqlite3_stmt *const q = vl_sql_ask(c,
                                       "SELECT stream, path, bytes, mtime_ns, sha256 FROM input WHERE "
                                       "store_id = ? ORDER BY stream, input_id",
                                       of, 1, err);
    while (vl_sql_row(c, q, err)) {
        json_t *const one = json_object();
        take_columns(one, q, 0, member);
        json_array_append_new(inputs, one);
    }
    json_object_set_new(store, "inputs", inputs);
    return err->code;
}

static vl_code get_measures(vl_catalog *c, int64_t id, json_t *store, vl_err *err)
{
    const vl_sql_value of[] = { vl_sql_whole(id) };
    if (!vl_catalog_has_measures(c)) return VL_OK;
    sqlite3_stmt *const q = vl_sql_ask(c, "SELECT measures FROM store WHERE store_id = ?", of, 1, err);
    while (vl_sql_row(c, q, err)) {
        json_t *const measures = json_loads(vl_sql_column(q, 0), 0, NULL);
        if (measures) json_object_set_new(store, "measures", measures);
    }
    return err->code;
}

static vl_code get_original(vl_catalog *c, int64_t id, json_t *store, vl_err *err)
{
    const vl_sql_value of[] = { vl_sql_whole(id) };
    if (!vl_catalog_has_original(c)) return VL_OK;
    sqlite3_stmt *const q = vl_sql_ask(c, "SELECT original FROM store WHERE store_id = ?", of, 1, err);
    while (vl_sql_row(c, q, err))
        if (*vl_sql_column(q, 0)) json_object_set_new(store, "original", json_string(vl_sql_column(q, 0)));
    return err->code;
}

/* With "store" and "acquisition_id", the ids that the rest is asked by. */
static vl_code get_stores(vl_catalog *c, int64_t sample, json_t *stores, vl_err *err)
{
    static const char *const member[] = {
        "#store_id",  "#acquisition_id", "kind",   "acquisition", "file",        "state",  "profile",
        "options",    "#rows",           "#bytes", "#bytes_in",   "#text_bytes", "digest", "seal",
        "#published", "#superseded",     NULL
    };
    const vl_sql_value of[] = { vl_sql_whole(sample) };
    sqlite3_stmt *const q = vl_sql_ask(
        c,
        "SELECT st.store_id, a.acquisition_id, a.kind, a.name, st.file, st.state, st.profile, st.options, "
        "st.rows,"
        " st.bytes, st.bytes_in, st.text_bytes, st.digest, st.seal, st.published_at, st.superseded_at"
        " FROM acquisition a JOIN store st ON st.acquisition_id = a.acquisition_id WHERE a.sample_id = ?"
        " ORDER BY st.published_at, st.file",
        of, 1, err);
    while (vl_sql_row(c, q, err)) {
        json_t *const store = json_object();
        take_columns(store, q, 0, member);
        json_array_append_new(stores, store);
    }
    return err->code;
}

static vl_code complete_stores(vl_catalog *c, int64_t sample, json_t *stores, vl_err *err)
{
    size_t i;
    json_t *store;
    json_array_foreach(stores, i, store)
    {
        const int64_t id = json_integer_value(json_object_get(store, "store_id")),
                      acquisition = json_integer_value(json_object_get(store, "acquisition_id"));
        json_object_del(store, "store_id");
        json_object_del(store, "acquisition_id");
        if (get_inputs(c, id, store, err) || get_facts(c, sample, acquisition, store, err) ||
            get_measures(c, id, store, err) || get_original(c, id, store, err))
            break;
    }
    return err->code;
}

static json_t *read_sample(sqlite3_stmt *q, const char *sample)
{
    json_t *const record = json_pack("{s:i,s:s,s:I,s:{},s:[]}", "vial_record", 1, "sample", sample,
                                     "revision", (json_int_t)sqlite3_column_int64(q, 1), "facts", "stores");
    if (record && !is_null(q, 2)) json_object_set_new(record, "donor", text_at(q, 2));
    if (record && !is_null(q, 3))
        json_object_set_new(record, "withdrawn",
                            json_pack("{s:o,s:o}", "reason", text_at(q, 4), "at", whole_at(q, 3)));
    return record;
}

json_t *vl_catalog_get(vl_catalog *c, const char *sample, vl_err *err)
{
    const vl_sql_value of[] = { vl_sql_text(sample) };
    sqlite3_stmt *const q =
        vl_sql_ask(c,
                   "SELECT s.sample_id, s.revision, d.name, s.withdrawn_at, s.withdrawn_reason"
                   " FROM sample s LEFT JOIN donor d USING (donor_id) WHERE s.name = ?",
                   of, 1, err);
    if (!vl_sql_row(c, q, err)) return NULL;
    const int64_t id = sqlite3_column_int64(q, 0);
    json_t *const record = read_sample(q, sample), *const stores = json_object_get(record, "stores");
    sqlite3_reset(q);
    if (!record) vl_fail(err, VL_ENOMEM, "no memory for the record of a sample");
    else if (!get_facts(c, id, 0, record, err) && !get_stores(c, id, stores, err) &&
             !complete_stores(c, id, stores, err))
        return record;
    json_decref(record);
    return NULL;
}
