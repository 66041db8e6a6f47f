/*
 * A catalogue made from short descriptions of records, for the checks of the catalogue: what goes in, and how
 * the tables are looked into.
 */
#include "pipeline/test/catalog_made.h"
#include "pipeline/test/check.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

vl_bank catalog_bank;

vl_catalog *open_catalog(bool write)
{
    vl_err err = VL_ERR_INIT;
    vl_catalog *c = NULL;
    CHECK(!vl_catalog_open(&c, &catalog_bank, write, &err), "open: %s", err.what);
    if (!c) exit(check_end());
    return c;
}

void remove_catalog(void)
{
    unlink("catalog.db");
    unlink("catalog.db-wal");
    unlink("catalog.db-shm");
}

/* ---- records ---- */

json_t *json_of(const char *fmt, ...)
{
    char text[8192];
    json_error_t at;
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    for (char *p = text; *p; p++) *p = *p == '\'' ? '"' : *p;
    json_t *const made = json_loads(text, 0, &at);
    if (!made) {
        printf("%s: %s\n", at.text, text);
        abort();
    }
    return made;
}

static json_t *store_of(const spec *s)
{
    char digest[65], seal[33];
    for (int i = 0; i < 64; i++)
        digest[i] = "0123456789abcdef"[check_mix((uint64_t)i + (uint64_t)s->seed[0]) & 15];
    digest[64] = 0;
    memcpy(seal, digest + 32, 33);
    json_t *const store = json_of(
        "{'kind': '%s', 'acquisition': '%s', 'file': '%s', 'state': '%s', 'profile': '%s', 'options': "
        "'interleaved=0',"
        " 'rows': %d, 'bytes': %d, 'bytes_in': 2000, 'text_bytes': 7000, 'digest': '%s', 'seal': '%s',"
        " 'published': %.1f, 'facts': {%s}, 'inputs': ["
        " {'stream': 1, 'path': '/seq/%s_R1.fq.gz', 'bytes': 100, 'mtime_ns': 1763999999123456789, 'sha256': "
        "'%s'},"
        " {'stream': 2, 'path': '/seq/%s_R2.fq.gz', 'bytes': 101, 'mtime_ns': 1763999999123456790, 'sha256': "
        "'%s'}]}",
        s->kind, s->acquisition, s->file, s->state, s->profile, (int)s->published % 1000,
        (int)s->published % 1000 * 10, digest, seal, s->published, s->facts, s->seed, digest, s->seed,
        digest);
    if (strcmp(s->state, "live")) json_object_set_new(store, "superseded", json_real(s->published + 5));
    return store;
}

json_t *record_of(const char *sample, int revision, const char *donor, const char *facts, int n,
                  const spec *stores)
{
    json_t *const record =
        json_of("{'vial_record': 1, 'sample': '%s', 'revision': %d, 'facts': {%s}, 'stores': []}", sample,
                revision, facts);
    if (donor) json_object_set_new(record, "donor", json_string(donor));
    for (int i = 0; i < n; i++)
        json_array_append_new(json_object_get(record, "stores"), store_of(&stores[i]));
    return record;
}

void put_record(vl_catalog *c, json_t *record, const char *about)
{
    vl_err err = VL_ERR_INIT;
    CHECK(!vl_catalog_put(c, record, &err), "%s: %s", about, err.what);
}

void put_new(vl_catalog *c, json_t *record, const char *about)
{
    put_record(c, record, about);
    json_decref(record);
}

/* ---- looking into the tables ---- */

const char *ask_text(vl_catalog *c, const char *sql, char text[16384])
{
    sqlite3_stmt *q = NULL;
    size_t at = 0;
    text[0] = 0;
    if (sqlite3_prepare_v2(c->db, sql, -1, &q, NULL)) {
        printf("%s: %s\n", sqlite3_errmsg(c->db), sql);
        abort();
    }
    while (sqlite3_step(q) == SQLITE_ROW && at < 16000) {
        const unsigned char *const value = sqlite3_column_text(q, 0);
        at += (size_t)snprintf(text + at, 16384 - at, "%s;", value ? (const char *)value : "NULL");
    }
    sqlite3_finalize(q);
    return text;
}

long long ask_whole(vl_catalog *c, const char *sql)
{
    char text[16384];
    return strtoll(ask_text(c, sql, text), NULL, 10);
}

const char *dump_records(vl_catalog *c, char text[16384])
{
    return ask_text(
        c,
        "SELECT * FROM (SELECT 'sample|' || s.name || '|' || ifnull(d.name, '-') || '|' || revision || '|' ||"
        "  ifnull(withdrawn_at, '-') || '|' || ifnull(withdrawn_reason, '-') AS line FROM sample s"
        "  LEFT JOIN donor d USING(donor_id)"
        " UNION ALL SELECT 'donor|' || name FROM donor"
        " UNION ALL SELECT 'store|' || s.name || '|' || a.kind || '|' || a.name || '|' || file || '|' || "
        "state || '|' ||"
        "  profile || '|' || options || '|' || rows || '|' || bytes || '|' || bytes_in || '|' || text_bytes "
        "|| '|' ||"
        "  digest || '|' || seal || '|' || published_at || '|' || ifnull(superseded_at, '-') || '|' ||"
        "  (SELECT group_concat(stream || path || bytes || mtime_ns || sha256) FROM input i"
        "   WHERE i.store_id = st.store_id) FROM sample s JOIN acquisition a USING(sample_id)"
        "  JOIN store st USING(acquisition_id)"
        " UNION ALL SELECT 'fact|' || s.name || '|' || ifnull(a.name, '-') || '|' || f.name || '|' || f.value"
        "  FROM fact f JOIN sample s ON s.sample_id = f.sample_id"
        "  LEFT JOIN acquisition a ON a.acquisition_id = f.acquisition_id"
        " UNION ALL SELECT 'acquisition|' || kind || name FROM acquisition"
        " UNION ALL SELECT 'loose|' || count(*) FROM fact WHERE acquisition_id <> 0 AND acquisition_id NOT IN"
        "  (SELECT acquisition_id FROM acquisition)) ORDER BY line",
        text);
}

long list_stores(vl_catalog *c, const char *sample, const char *expr, vl_list_as as, char text[16384],
                 vl_err *err)
{
    uint64_t n = 0;
    FILE *const out = fmemopen(text, 16384, "w");
    if (!out) abort();
    text[0] = 0;
    vl_list(c, &(vl_list_ask){ .bank = &catalog_bank, .sample = sample, .expr = expr, .as = as }, out, &n,
            err);
    fclose(out);
    return err->code ? -1 : (long)n;
}

void make_small(vl_catalog *c)
{
    const spec a[] = { { "reads", "L1", "reads-L1.h5", "live", "compact", "a", 1764000100,
                         "'lane': '1', 'depth': '30'" },
                       { "reads", "L2", "reads-L2.h5", "live", "fast", "b", 1764086500, "'lane': '2'" } };
    const spec b[] = { { "spectra", "M1", "spectra-M1.h5", "live", "compact", "c", 1764172900,
                         "'depth': 'n/a'" } };
    const spec d[] = { { "reads", "L1", "reads-L1.h5", "live", "archive", "d", 1764000999,
                         "'depth': '4.5'" } };
    put_new(c, record_of("A", 1, "D1", "'tissue': 'blood', 'age': '9', 'characteristics[sex]': 'f'", 2, a),
            "A");
    put_new(c, record_of("B", 1, "D'2", "'tissue': 'Blood', 'age': '40'", 1, b), "B");
    put_new(c, record_of("007", 1, NULL, "'tissue': 'liver', 'specimen type': 'DNA', 'age': 'old'", 1, d),
            "007");
}
