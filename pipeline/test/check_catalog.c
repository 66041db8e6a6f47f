/*
 * Checks the catalogue: what records become, what is known, jobs and checks, the expressions of --where, what
 * queries may not do, and files that are not as they should be.
 *
 * Records are made from a short description (spec). The whole of the tables that come from records is written
 * out as text (dump), without ids, so that "the same" is a comparison of two texts.
 *
 * Suites: bank. Also: asan.
 */
#include "pipeline/bank/catalog/catalog_db.h"
#include "pipeline/bank/catalog/listing.h"
#include "pipeline/test/check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static vl_bank bank; /* its root is the check's own folder */

static vl_catalog *open_catalog(bool write)
{
    vl_err err = VL_ERR_INIT;
    vl_catalog *c = NULL;
    CHECK(!vl_catalog_open(&c, &bank, write, &err), "open: %s", err.what);
    if (!c) exit(check_end());
    return c;
}

static void remove_catalog(void)
{
    unlink("catalog.db");
    unlink("catalog.db-wal");
    unlink("catalog.db-shm");
}

/* ---- records ---- */

static json_t *json_of(const char *fmt, ...)
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

typedef struct spec {
    const char *kind, *acquisition, *file, *state, *profile,
        *seed; /* seed: digest, seal and path come from it */
    double published;
    const char *facts; /* members of an object; 'name': 'value', ... */
} spec;

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

static json_t *record_of(const char *sample, int revision, const char *donor, const char *facts, int n,
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

static void put(vl_catalog *c, json_t *record, const char *about)
{
    vl_err err = VL_ERR_INIT;
    CHECK(!vl_catalog_put(c, record, &err), "%s: %s", about, err.what);
}

static void put_new(vl_catalog *c, json_t *record, const char *about)
{
    put(c, record, about);
    json_decref(record);
}

/* ---- looking into the tables ---- */

/* The first column of the rows, each ended by ';', into text. */
static const char *ask_text(vl_catalog *c, const char *sql, char text[16384])
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

static long long ask_whole(vl_catalog *c, const char *sql)
{
    char text[16384];
    return strtoll(ask_text(c, sql, text), NULL, 10);
}

/* All that records make, without ids. */
static const char *dump(vl_catalog *c, char text[16384])
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

/* What vl_list prints, into text; -1 or the number of lines. */
static long list(vl_catalog *c, const char *sample, const char *expr, vl_list_as as, char text[16384],
                 vl_err *err)
{
    uint64_t n = 0;
    FILE *const out = fmemopen(text, 16384, "w");
    if (!out) abort();
    text[0] = 0;
    vl_list(c, sample, expr, as, out, &n, err);
    fclose(out);
    return err->code ? -1 : (long)n;
}

/* ---- records become rows ---- */

static void check_put(void)
{
    vl_catalog *const c = open_catalog(true);
    vl_err err = VL_ERR_INIT;
    char before[16384], after[16384], text[16384];
    const spec two[] = { { "reads", "L1", "reads-L1.h5", "live", "compact", "a", 1764000100,
                           "'lane': '1', 'x': 'acq'" },
                         { "spectra", "L1", "spectra-L1.h5", "live", "fast", "b", 1764000200.5, "" } };
    json_t *const first = record_of("S1", 3, "D1", "'tissue': 'blood', 'x': 'smp'", 2, two);
    CHECK(vl_catalog_is_new(c), "a new catalogue");
    put(c, first, "first");
    CHECK(ask_whole(c, "SELECT count(*) FROM store") == 2 &&
              ask_whole(c, "SELECT count(*) FROM acquisition") == 2 &&
              ask_whole(c, "SELECT count(*) FROM input") == 4 &&
              ask_whole(c, "SELECT count(*) FROM fact") == 4,
          "%s", dump(c, text));
    CHECK(ask_whole(c, "SELECT typeof(published_at) = 'integer' FROM store WHERE file = 'reads-L1.h5'") ==
                  1 &&
              ask_whole(c, "SELECT max(mtime_ns) FROM input") == 1763999999123456790,
          "numbers are exact");
    dump(c, before);
    put(c, first, "again");
    CHECK(!strcmp(before, dump(c, after)), "idempotent:\n%s\n%s", before, after);
    put_new(c, record_of("S1", 2, "D9", "", 0, NULL), "an older revision");
    CHECK(!strcmp(before, dump(c, after)), "older revisions change nothing:\n%s\n%s", before, after);

    /* a check of a store stays with it; ids stay */
    const long long id = ask_whole(c, "SELECT store_id FROM store WHERE file = 'reads-L1.h5'");
    const long long sample = ask_whole(c, "SELECT sample_id FROM sample");
    CHECK(!vl_catalog_checked(c, id, 1764500000, "chunk 3 is wrong", &err), "%s", err.what);
    put(c, first, "same revision");
    CHECK(ask_whole(c, "SELECT store_id FROM store WHERE verify_failed = 'chunk 3 is wrong'") == id &&
              ask_whole(c, "SELECT sample_id FROM sample") == sample,
          "ids and checks stay");

    /* the damaged file is superseded by an equal one: what was found out about it goes with it */
    const spec again[] = {
        { "reads", "L1", "reads-L1.h5", "live", "compact", "a", 1764000900, "'lane': '2'" },
        two[1],
        { "reads", "L1", ".superseded-reads-L1.h5", "superseded", "compact", "a", 1764000100, "'lane': '1'" }
    };
    json_t *const second = record_of("S1", 4, "D2", "'tissue': 'liver'", 3, again);
    put(c, second, "superseded");
    CHECK(ask_whole(c, "SELECT store_id FROM store WHERE state = 'superseded'") == id &&
              ask_whole(c, "SELECT verified_at FROM store WHERE state = 'superseded'") == 1764500000 &&
              !strcmp(ask_text(c, "SELECT verified_at FROM store WHERE file = 'reads-L1.h5'", text), "NULL;"),
          "%s", dump(c, text));
    CHECK(!strcmp(ask_text(c, "SELECT value FROM fact ORDER BY value", text), "2;liver;") &&
              !strcmp(ask_text(c, "SELECT name FROM donor", text), "D2;"),
          "facts of the live store, donors of samples: %s", dump(c, text));
    CHECK(list(c, NULL, NULL, VL_LIST_TSV, text, &err) == 2, "the superseded one is not listed:\n%s", text);
    CHECK(list(c, NULL, "state = 'superseded'", VL_LIST_TSV, text, &err) == 1, "but on request:\n%s", text);

    /* pure: another way to the same record ends in the same rows */
    dump(c, before);
    CHECK(!vl_catalog_clear(c, &err) && ask_whole(c, "SELECT count(*) FROM donor") == 0, "clear: %s",
          err.what);
    put(c, second, "anew");
    CHECK(!strcmp(before, dump(c, after)), "a function of the record:\n%s\n%s", before, after);
    put_new(c, record_of("S1", 5, NULL, "", 1, two), "one store less");
    dump(c, before);
    vl_catalog_clear(c, &err);
    put_new(c, record_of("S1", 5, NULL, "", 1, two), "anew");
    CHECK(!strcmp(before, dump(c, after)), "a function of the record:\n%s\n%s", before, after);

    /* other content under the same name was never checked */
    CHECK(!vl_catalog_checked(c, ask_whole(c, "SELECT store_id FROM store"), 1764500000, NULL, &err), "%s",
          err.what);
    const spec other[] = { { "reads", "L1", "reads-L1.h5", "live", "compact", "c", 1764000950, "" } };
    put_new(c, record_of("S1", 6, NULL, "", 1, other), "other content");
    CHECK(ask_whole(c, "SELECT count(*) FROM store WHERE verified_at IS NULL") == 1, "%s", dump(c, text));
    put_new(c, record_of("S2", 1, "D3", "'a': 'b'", 2, two), "another sample");
    CHECK(!vl_catalog_remove(c, "S2", &err) && !vl_catalog_remove(c, "never seen", &err), "remove: %s",
          err.what);
    CHECK(!strstr(dump(c, text), "S2") && !strstr(text, "D3") && strstr(text, "loose|0;"), "removed: %s",
          text);

    /* what no record has is refused, and leaves nothing */
    dump(c, before);
    json_t *const broken = record_of("S3", 1, "D4", "", 1, two);
    json_object_del(json_array_get(json_object_get(broken, "stores"), 0), "digest");
    CHECK(vl_catalog_put(c, broken, &err) == VL_EFORMAT, "a store without digest: %s", err.what);
    vl_err_clear(&err);
    CHECK(!strcmp(before, dump(c, after)) && !vl_catalog_begin(c, &err), "rolled back: %s", after);
    put_new(c, record_of("S4", 1, NULL, "", 2, two), "in a transaction");
    vl_catalog_rollback(c);
    CHECK(!strcmp(before, dump(c, after)), "rolled back: %s", after);
    json_decref(broken);
    json_decref(first);
    json_decref(second);
    vl_catalog_close(c);
    remove_catalog();
}

static void check_withdrawn(void)
{
    vl_catalog *const c = open_catalog(true);
    vl_err err = VL_ERR_INIT;
    char text[16384];
    uint64_t samples = 0, stores = 0;
    const spec one[] = { { "reads", "L1", "reads-L1.h5", "live", "compact", "a", 1764000100,
                           "'lane': '1'" } };
    put_new(c, record_of("S1", 1, "D1", "'tissue': 'blood'", 1, one), "put");
    put_new(c, record_of("S2", 1, "D1", "'tissue': 'blood'", 1, one), "put");
    CHECK(!vl_catalog_count(c, &samples, &stores, &err) && samples == 2 && stores == 2, "count");
    json_t *const record = record_of("S1", 2, "D1", "'tissue': 'blood'", 1, one);
    json_object_set_new(record, "withdrawn", json_of("{'reason': 'consent', 'at': 1764700000}"));
    put(c, record, "withdrawn");
    CHECK(!strcmp(ask_text(c, "SELECT withdrawn_at || withdrawn_reason FROM sample WHERE name = 'S1'", text),
                  "1764700000consent;"),
          "%s", text);
    CHECK(ask_whole(c, "SELECT count(*) FROM store") == 2, "its stores stay until the record drops them");
    CHECK(list(c, NULL, NULL, VL_LIST_TSV, text, &err) == 1 && !strstr(text, "S1"), "hidden: %s", text);
    CHECK(list(c, "S1", NULL, VL_LIST_JSON, text, &err) == 0, "hidden by name: %s", text);
    CHECK(list(c, NULL, "tissue = 'blood' OR state = 'superseded' OR donor = 'D1'", VL_LIST_JSON, text,
               &err) == 1,
          "hidden from expressions: %s", text);
    CHECK(!vl_catalog_count(c, &samples, &stores, &err) && samples == 1 && stores == 1, "count");
    json_array_clear(json_object_get(record, "stores"));
    json_object_set_new(record, "revision", json_integer(3));
    put(c, record, "tidied");
    CHECK(ask_whole(c, "SELECT count(*) FROM store") == 1 &&
              ask_whole(c, "SELECT count(*) FROM acquisition") == 1 &&
              ask_whole(c, "SELECT count(*) FROM sample") == 2,
          "tidied: %s", dump(c, text));
    json_decref(record);
    vl_catalog_close(c);
    remove_catalog();
}

static void check_known(void)
{
    vl_catalog *const c = open_catalog(true);
    char sample[] = "S1", acquisition[] = "L1", other[] = "L2";
    const spec one[] = { { "reads", "L1", "reads-L1.h5", "live", "compact", "a", 1764000100, "" },
                         { "reads", "L1", "old.h5", "superseded", "fast", "b", 1764000000, "" } };
    const vl_known_input good[] = { { "/seq/a_R1.fq.gz", 0, 100, 1763999999123456789 },
                                    { "/seq/a_R2.fq.gz", 1, 101, 1763999999123456790 } };
    const vl_known_input old[] = { { "/seq/b_R1.fq.gz", 0, 100, 1763999999123456789 },
                                   { "/seq/b_R2.fq.gz", 1, 101, 1763999999123456790 } };
    const vl_known_input size[] = { { "/seq/a_R1.fq.gz", 0, 99, 1763999999123456789 }, good[1] };
    const vl_known_input mtime[] = { good[0], { "/seq/a_R2.fq.gz", 1, 101, 1763999999123456791 } };
    const vl_known_input path[] = { { "/seq/A_R1.fq.gz", 0, 100, 1763999999123456789 }, good[1] };
    const vl_known_input row[] = { good[0], { "/seq/a_R2.fq.gz", 0, 101, 1763999999123456790 } };
    const vl_known_input swapped[] = { good[1], good[0] };
    const vl_known_input three[] = { good[0], good[1], good[1] };
    const struct {
        const char *about, *profile, *options;
        char *acquisition;
        const vl_known_input *input;
        int ninput;
        bool known;
    } cases[] = {
        { "the same", "compact", "", acquisition, good, 2, true },
        { "another profile", "fast", "", acquisition, good, 2, false },
        { "other options", "compact", "interleaved", acquisition, good, 2, false },
        { "another acquisition", "compact", "", other, good, 2, false },
        { "another size", "compact", "", acquisition, size, 2, false },
        { "another time", "compact", "", acquisition, mtime, 2, false },
        { "another path", "compact", "", acquisition, path, 2, false },
        { "mates swapped", "compact", "", acquisition, swapped, 2, false },
        { "lanes in a row, not mates", "compact", "", acquisition, row, 2, false },
        { "no second mate", "compact", "", acquisition, good, 1, false },
        { "one input more", "compact", "", acquisition, three, 3, false },
        { "no input", "compact", "", acquisition, NULL, 0, false },
        { "the superseded one", "fast", "", acquisition, old, 2, false },
    };
    json_t *const record = record_of("S1", 1, NULL, "", 2, one);
    put(c, record, "put");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        vl_err err = VL_ERR_INIT;
        bool known = !cases[i].known;
        const vl_item item = { .sample = sample, .acquisition = cases[i].acquisition };
        CHECK(!vl_catalog_is_known(c, &item, cases[i].input, cases[i].ninput, cases[i].profile,
                                   cases[i].options, &known, &err) &&
                  known == cases[i].known,
              "%s: %s", cases[i].about, err.what);
    }
    vl_err err = VL_ERR_INIT;
    bool known = true;
    const vl_item item = { .sample = sample, .acquisition = acquisition };
    json_object_set_new(record, "withdrawn", json_of("{'reason': 'consent', 'at': 1}"));
    put(c, record, "withdrawn");
    CHECK(!vl_catalog_is_known(c, &item, good, 2, "compact", "", &known, &err) && !known,
          "withdrawn");
    json_decref(record);
    vl_catalog_close(c);
    remove_catalog();
}

/* ---- jobs, checks, receipts ---- */

typedef struct visits {
    vl_catalog *c;
    char text[512];
    int fail_at, n;
} visits;

static vl_code visit(const char *sample, const char *file, int64_t store, void *to, vl_err *err)
{
    visits *const v = to;
    const size_t at = strlen(v->text);
    snprintf(v->text + at, sizeof v->text - at, "%s/%s;", sample, file);
    if (++v->n == v->fail_at) return vl_fail(err, VL_EBUSY, "enough");
    return v->c ? vl_catalog_checked(v->c, store, 1770000000 + v->n, NULL, err) : VL_OK;
}

static void check_checks(void)
{
    vl_catalog *const c = open_catalog(true);
    vl_err err = VL_ERR_INIT;
    char text[16384];
    for (int i = 1; i <= 4; i++) {
        char sample[8];
        const spec one[] = { { "reads", "L1", "r.h5", "live", "compact", "a", 1764000500 - i * 100, "" },
                             { "reads", "L2", "old.h5", "superseded", "compact", "b", 100, "" } };
        snprintf(sample, sizeof sample, "S%d", i);
        json_t *const record = record_of(sample, 1, NULL, "", 2, one);
        if (i == 4) json_object_set_new(record, "withdrawn", json_of("{'reason': '', 'at': 1}"));
        put_new(c, record, "put");
    }
    visits look = { 0 }, work = { .c = c }, stop = { .fail_at = 2 };
    CHECK(!vl_catalog_oldest_checks(c, 100, visit, &look, &err) &&
              !strcmp(look.text, "S3/r.h5;S2/r.h5;S1/r.h5;"),
          "oldest first: %s %s", look.text, err.what);
    CHECK(!vl_catalog_oldest_checks(c, 2, visit, &work, &err) && !strcmp(work.text, "S3/r.h5;S2/r.h5;"),
          "two of them: %s", work.text);
    look = (visits){ 0 };
    CHECK(!vl_catalog_oldest_checks(c, UINT64_MAX, visit, &look, &err) &&
              !strcmp(look.text, "S1/r.h5;S3/r.h5;S2/r.h5;"),
          "after checks: %s", look.text);
    CHECK(vl_catalog_oldest_checks(c, 3, visit, &stop, &err) == VL_EBUSY && stop.n == 2,
          "a visit that fails");
    vl_err_clear(&err);
    work = (visits){ .c = c };
    CHECK(!vl_catalog_oldest_checks(c, UINT64_MAX, visit, &work, &err) && work.n == 3, "each once");
    CHECK(!vl_catalog_checked(c, ask_whole(c, "SELECT min(store_id) FROM store"), 1770000009, "bad", &err) &&
              list(c, NULL, "verified IS NOT NULL", VL_LIST_TSV, text, &err) == 2,
          "a check that failed does not count as verified: %s", text);
    CHECK(sqlite3_get_autocommit(c->db), "no transaction is left open");
    vl_catalog_close(c);
    remove_catalog();
}

static void check_jobs(void)
{
    vl_catalog *const c = open_catalog(true);
    vl_err err = VL_ERR_INIT;
    char text[16384];
    int64_t id = 0, next = 0;
    bool already = true;
    const vl_catalog_job start = { .what = "nightly", .started_at = 1764000000 };
    const vl_catalog_job end = { .ended_at = 1764000100.25,
                                 .exit_code = 65,
                                 .items = 9,
                                 .published = 4,
                                 .unchanged = 2,
                                 .refused = 2,
                                 .failed = 1,
                                 .bytes_in = UINT64_C(1) << 40,
                                 .bytes_store = 77 };
    const vl_refusal refusal = { .at = 1764000050,
                                 .sample = "S1",
                                 .input = "/x'y.fq",
                                 .reason = "truncated",
                                 .message = "ends too early",
                                 .evidence = "quarantine/x.json",
                                 .exit_code = 65 };
    CHECK(!vl_catalog_start_job(c, &start, &id, &err) && id > 0 &&
              !vl_catalog_start_job(c, &start, &next, &err) && next != id,
          "start: %s", err.what);
    CHECK(!vl_catalog_add_refusal(c, id, &refusal, &err) && !vl_catalog_add_refusal(c, 0, &refusal, &err),
          "refusal: %s", err.what);
    CHECK(!vl_catalog_end_job(c, id, &end, &err), "end: %s", err.what);
    CHECK(!strcmp(
              ask_text(
                  c,
                  "SELECT what || started_at || '|' || ended_at || '|' || exit_code || items || published ||"
                  " unchanged || refused || failed || '|' || bytes_in || '|' || bytes_store FROM job"
                  " WHERE ended_at IS NOT NULL",
                  text),
              "nightly1764000000|1764000100.25|6594221|1099511627776|77;"),
          "%s", text);
    CHECK(ask_whole(c, "SELECT count(*) FROM job WHERE pid > 0 AND host IS NOT NULL AND ended_at IS NULL") ==
              1,
          "job");
    CHECK(!strcmp(ask_text(c,
                           "SELECT at || sample || ifnull(acquisition, '-') || input || reason || message ||"
                           " exit_code || evidence || (job_id IS NULL) FROM refusal ORDER BY refusal_id",
                           text),
                  "1764000050S1-/x'y.fqtruncatedends too early65quarantine/x.json0;"
                  "1764000050S1-/x'y.fqtruncatedends too early65quarantine/x.json1;"),
          "%s", text);
    CHECK(!vl_catalog_take_receipt(c, "r1.json", 5, &already, &err) && !already, "first: %s", err.what);
    CHECK(!vl_catalog_take_receipt(c, "r1.json", 6, &already, &err) && already, "second");
    CHECK(!vl_catalog_take_receipt(c, "r2.json", 7, &already, &err) && !already, "another");
    CHECK(!vl_catalog_clear(c, &err) && ask_whole(c, "SELECT count(*) FROM receipt") == 2 &&
              ask_whole(c, "SELECT count(*) FROM job") == 2,
          "clear leaves what no record tells");
    vl_catalog_close(c);
    remove_catalog();
}

/* ---- expressions and forms of the listing ---- */

static void make_small(vl_catalog *c)
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

/* "A/L1 A/L2": sample and acquisition of the lines. */
static const char *names_of(char tsv[16384], char names[512])
{
    size_t at = 0;
    names[0] = 0;
    char *save = NULL;
    strtok_r(tsv, "\n", &save);
    for (char *line; (line = strtok_r(NULL, "\n", &save));) {
        char *const one = strchr(line, '\t'), *const two = one ? strchr(one + 1, '\t') : NULL;
        if (!two) abort();
        *one = '/';
        *two = 0;
        at += (size_t)snprintf(names + at, 512 - at, "%s%s", at ? " " : "", line);
    }
    return names;
}

static void check_where(vl_catalog *c)
{
    static const struct {
        const char *expr, *names;
    } good[] = {
        { "sample = 'A'", "A/L1 A/L2" },
        { "SAMPLE='A'", "A/L1 A/L2" },
        { "sample = 007", "007/L1" },
        { "sample = 7", "" },
        { "sample != 'A'", "007/L1 B/M1" },
        { "sample IN ('A', 007)", "007/L1 A/L1 A/L2" },
        { "donor = 'D''2'", "B/M1" },
        { "donor IS NULL", "007/L1" },
        { "NOT donor = 'D1'", "B/M1" },
        { "NOT (donor IS NULL OR donor = 'D1')", "B/M1" },
        { "kind = 'reads' AND profile <> 'fast'", "007/L1 A/L1" },
        { "rows > 499", "007/L1 A/L2 B/M1" },
        { "rows >= 500 and rows < 900", "A/L2" },
        { "rows IN (100, 500.0, 1e9)", "A/L1 A/L2" },
        { "bytes = 1000", "A/L1" },
        { "rows > -1 AND bytes_in <= 2.0e3", "007/L1 A/L1 A/L2 B/M1" },
        { "published >= '2025-11-26'", "B/M1" },
        { "published < '2025-11-25' AND published >= '2025-11-24T16:01:40Z'", "007/L1 A/L1" },
        { "published = 1764000100", "A/L1" },
        { "published LIKE '2025-11-2_T16:0%'", "A/L1 A/L2 B/M1" },
        { "verified IS NULL AND state = 'live'", "007/L1 A/L1 A/L2 B/M1" },
        { "acquisition LIKE 'l_' AND NOT sample = 'A'", "007/L1" },
        { "digest LIKE 'zz%'", "" },
        { "tissue = 'blood'", "A/L1 A/L2" },
        { "tissue LIKE 'blood'", "A/L1 A/L2 B/M1" },
        { "tissue NOT LIKE 'b%'", "007/L1" },
        { "NOT tissue LIKE 'b%'", "007/L1" },
        { "NOT tissue NOT LIKE 'b%'", "A/L1 A/L2 B/M1" },
        { "tissue != 'blood'", "007/L1 B/M1" },
        { "NOT (tissue != 'blood')", "A/L1 A/L2" },
        { "tissue IN ('blood', 'liver')", "007/L1 A/L1 A/L2" },
        { "tissue NOT IN ('blood', 'liver')", "B/M1" },
        { "lane = '1'", "A/L1" },
        { "lane = 1", "A/L1" },
        { "lane = 1.0", "A/L1" },
        { "lane != 1", "A/L2" },
        { "lane IS NULL", "007/L1 B/M1" },
        { "NOT lane IS NULL", "A/L1 A/L2" },
        { "lane IS NOT NULL AND tissue = 'blood' AND lane > 1", "A/L2" },
        { "age > 10", "B/M1" },
        { "age > '10'", "007/L1 A/L1 A/L2 B/M1" },
        { "age < 10", "A/L1 A/L2" },
        { "age >= 0", "A/L1 A/L2 B/M1" },
        { "age = 0", "" },
        { "age IN (9, 0)", "A/L1 A/L2" },
        { "age IN ('old', 9.0)", "007/L1 A/L1 A/L2" },
        { "age NOT IN ('old', 9)", "B/M1" },
        { "NOT age <= 10", "B/M1" },
        { "depth > 4", "007/L1 A/L1" },
        { "depth = 4.5", "007/L1" },
        { "depth IS NOT NULL", "007/L1 A/L1 B/M1" },
        { "nosuch = 'x'", "" },
        { "nosuch != 'x'", "" },
        { "NOT nosuch = 'x'", "" },
        { "nosuch IS NULL AND sample = 'B'", "B/M1" },
        { "[specimen type] = 'DNA'", "007/L1" },
        { "\"specimen type\" = 'DNA'", "007/L1" },
        { "[characteristics[sex]] = 'f'", "A/L1 A/L2" },
        { "\"characteristics[sex]\" LIKE 'F'", "A/L1 A/L2" },
        { "[sample] = 'A' OR (sample = 'B')", "A/L1 A/L2 B/M1" },
        { "sample = 'A' AND lane = 1 OR sample = 'B'", "A/L1 B/M1" },
        { "sample = 'A' AND (lane = 1 OR sample = 'B')", "A/L1" },
        { "NOT (sample = 'A' AND lane = 1)", "007/L1 A/L2 B/M1" },
        { "NOT (sample = 'A' OR kind = 'spectra')", "007/L1" },
        { "NOT NOT sample = 'B'", "B/M1" },
        { "((((((sample = 'B'))))))", "B/M1" },
        { "sample = 'x''; DROP TABLE sample;--'", "" },
        { "[x'; DROP TABLE sample;--] = '1'", "" },
        { "\"a\"\"b\" = 1 OR sample='B'", "B/M1" },
        { "tissue = '?1 OR 1=1'", "" },
        { "\xc3\xa4ge = 1 OR sample = 'B'", "B/M1" },
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        vl_err err = VL_ERR_INIT;
        char text[16384], names[512];
        const long n = list(c, NULL, good[i].expr, VL_LIST_TSV, text, &err);
        if (!CHECK(n >= 0, "%s: %s", good[i].expr, err.what)) continue;
        names_of(text, names);
        CHECK(!strcmp(names, good[i].names), "%s: %s, not %s", good[i].expr, names, good[i].names);
    }
}

static void check_bad_where(vl_catalog *c)
{
    static const struct {
        const char *expr;
        int column;
    } bad[] = {
        { "", 1 },
        { "   ", 4 },
        { "sample", 7 },
        { "sample =", 9 },
        { "sample = A", 10 },
        { "sample = \"A\"", 10 },
        { "sample == 'A'", 9 },
        { "sample = 'A' 'B'", 14 },
        { "sample = 'A' AND", 17 },
        { "sample = 'A' sample = 'B'", 14 },
        { "AND sample = 'A'", 1 },
        { "'A' = sample", 1 },
        { "1 = 1", 1 },
        { "(sample = 'A'", 14 },
        { "sample = 'A')", 13 },
        { "sample = 'A", 10 },
        { "[sample = 'A'", 1 },
        { "[] = 1", 1 },
        { "x'; DROP TABLE sample;--", 2 },
        { "sample = 'A'; DROP TABLE sample", 13 },
        { "sample = 'A' -- x", 14 },
        { "sample = ?", 10 },
        { "sample = x'41'", 10 },
        { "sample IN", 10 },
        { "sample IN ()", 12 },
        { "sample IN ('A'", 15 },
        { "sample IN ('A',)", 16 },
        { "sample IN (SELECT 1)", 12 },
        { "sample IS 'A'", 11 },
        { "sample NOT 'A'", 12 },
        { "sample NOT = 'A'", 12 },
        { "rows = 'many'", 8 },
        { "rows = 12abc", 8 },
        { "rows = 1e999", 8 },
        { "rows = 1-2", 8 },
        { "rows = 0x10", 8 },
        { "published > 'yesterday'", 13 },
        { "published > '2025-02-30'", 13 },
        { "load_extension('x') = 1", 15 },
        { "\xc3\xa4\xc3\xb6 = A", 6 },
        { "sample LIKE", 12 },
        { "sample = NULL", 10 },
        { "sample + 1 = 2", 8 },
        { "tissue = 'a' || 'b'", 14 },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        vl_err err = VL_ERR_INIT;
        char text[16384], place[32];
        snprintf(place, sizeof place, "column %d: ", bad[i].column);
        CHECK(list(c, NULL, bad[i].expr, VL_LIST_TSV, text, &err) < 0 && err.code == VL_EARG &&
                  strstr(err.what, place),
              "%s: %s, not %s", bad[i].expr, err.what, place);
    }
}

/* An expression of one piece n times, a core, and another piece n times. */
static char *repeated(const char *before, int n, const char *core, const char *after)
{
    char *const text = malloc((strlen(before) + strlen(after)) * (size_t)n + strlen(core) + 1), *p = text;
    if (!text) abort();
    for (int i = 0; i < n; i++) p += sprintf(p, "%s", before);
    p += sprintf(p, "%s", core);
    for (int i = 0; i < n; i++) p += sprintf(p, "%s", after);
    return text;
}

static void check_deep_where(vl_catalog *c)
{
    static const struct {
        const char *before;
        int n;
        const char *core, *after;
        long found; /* -1: refused */
    } deep[] = {
        { "(", 99, "sample = 'B'", ")", 1 },
        { "(", 101, "sample = 'B'", ")", -1 },
        { "(", 100000, "", "", -1 },
        { "NOT ", 100000, "sample = 'B'", "", 1 },
        { "NOT (", 98, "sample = 'B'", ")", 1 },
        { "lane IN (1, 'x') AND (tissue LIKE 'b%' OR (", 10, "lane = 1", "))", 1 },
        { "NOT (lane NOT IN (1, 'x') OR (tissue NOT LIKE 'b%' AND ", 10, "lane != 1", "))", 1 },
        { "lane = 1 AND (tissue = 'b' OR (", 11, "lane IN ('y', 1)", "))", -1 },
        { "(", 90, "sample = 'B'", " AND kind = 'spectra')", 1 },
        { "sample = 'B' AND (", 90, "kind = 'spectra'", ")", 1 },
        { "sample = 'B' AND ", 299, "kind = 'spectra'", "", 1 },
        { "age = 40 AND ", 299, "age > 39", "", 1 },
        { "age != 41 OR ", 299, "age > 39", "", 4 },
        { "sample = 'B' OR ", 300, "kind = 'spectra'", "", -1 },
    };
    for (size_t i = 0; i < sizeof deep / sizeof *deep; i++) {
        vl_err err = VL_ERR_INIT;
        char text[16384];
        char *const expr = repeated(deep[i].before, deep[i].n, deep[i].core, deep[i].after);
        const long n = list(c, NULL, expr, VL_LIST_TSV, text, &err);
        CHECK(n == deep[i].found && (n >= 0 || err.code == VL_EARG), "%d times %s: %ld, %s", deep[i].n,
              deep[i].before, n, err.what);
        free(expr);
    }
    char text[16384];
    vl_err err = VL_ERR_INIT;
    char *const many = repeated("sample IN ('B'", 1, "", ""), *const values =
                                                                  repeated(", 1, 'y'", 999, "", "");
    char *const whole = malloc(strlen(many) + strlen(values) + 64);
    if (!whole) abort();
    sprintf(whole, "%s%s)", many, values);
    CHECK(list(c, NULL, whole, VL_LIST_TSV, text, &err) == 1, "1999 values: %s", err.what);
    sprintf(whole, "age IN (40%s)", values);
    CHECK(list(c, NULL, whole, VL_LIST_TSV, text, &err) == 1, "1999 values: %s", err.what);
    sprintf(whole, "age IN (40%s, 1, 2)", values);
    CHECK(list(c, NULL, whole, VL_LIST_TSV, text, &err) < 0 && err.code == VL_EARG, "2001 values: %s",
          err.what);
    free(many);
    free(values);
    free(whole);
}

static void check_forms(vl_catalog *c)
{
    vl_err err = VL_ERR_INIT;
    char text[16384], want[1024];
    uint64_t n = 0;
    const spec odd[] = { { "reads", "L1", "reads-L1.h5", "live", "compact", "a", 1764000100,
                           "'x': 'of \\u00e4'" } };
    CHECK(list(c, "A", "lane = 1", VL_LIST_JSON, text, &err) == 1, "%s", err.what);
    json_t *const got = json_loads(text, 0, NULL);
    const char *const digest = json_string_value(json_object_get(got, "digest"));
    json_t *const expect = json_of(
        "{'sample': 'A', 'acquisition': 'L1', 'kind': 'reads', 'rows': 100, 'bytes': 1000, 'digest': '%s', "
        "'donor': 'D1',"
        " 'profile': 'compact', 'published': '2025-11-24T16:01:40Z', 'verified': null, 'file': 'reads-L1.h5',"
        " 'facts': {'tissue': 'blood', 'age': '9', 'characteristics[sex]': 'f', 'lane': '1', 'depth': '30'}}",
        digest ? digest : "");
    CHECK(json_equal(got, expect), "JSON: %s", text);
    snprintf(want, sizeof want,
             "sample\tacquisition\tkind\trows\tbytes\tdigest\nA\tL1\treads\t100\t1000\t%s\n",
             digest ? digest : "");
    CHECK(list(c, "A", "lane = 1", VL_LIST_TSV, text, &err) == 1 && !strcmp(text, want), "TSV: %s", text);
    snprintf(
        want, sizeof want,
        "sample  acquisition  kind   rows   bytes  digest\nA       L1           reads   100  1.0 kB  %s\n",
        digest ? digest : "");
    CHECK(list(c, "A", "lane = 1", VL_LIST_TEXT, text, &err) == 1 && !strcmp(text, want), "text:\n%s%s", text,
          want);
    CHECK(!list(c, "none", NULL, VL_LIST_TEXT, text, &err) && !*text, "nothing: %s", text);
    CHECK(!list(c, "none", NULL, VL_LIST_TSV, text, &err) && strlen(text) == 42, "only the header: %s", text);
    put_new(c, record_of("S\\t1\\\\\\u001b[1m\\u00e4", 1, NULL, "'x': 'y'", 1, odd), "an odd name");
    CHECK(list(c, "S\t1\\\x1b[1m\xc3\xa4", NULL, VL_LIST_TSV, text, &err) == 1 &&
              strstr(text, "\nS\\t1\\\\\\x1b[1m\xc3\xa4\tL1\t"),
          "escaped: %s", text);
    CHECK(list(c, "S\t1\\\x1b[1m\xc3\xa4", NULL, VL_LIST_TEXT, text, &err) == 1 &&
              strstr(text, "sample         acquisition") && strstr(text, "S\\t1\\\\x1b[1m\xc3\xa4  L1 "),
          "escaped: %s", text);
    CHECK(list(c, "S\t1\\\x1b[1m\xc3\xa4", NULL, VL_LIST_JSON, text, &err) == 1 &&
              strstr(text, "\"of \\u00E4\""),
          "the acquisition's fact wins: %s", text);
    /* more rows than the aligned form looks at */
    CHECK(!vl_catalog_begin(c, &err), "%s", err.what);
    for (int i = 0; i < 450; i++) {
        char name[32];
        snprintf(name, sizeof name, i < 300 ? "many%03d" : "many%03d-and-wide", i);
        put_new(c, record_of(name, 1, NULL, "", 1, odd), name);
    }
    FILE *const full = fopen("/dev/full", "w");
    CHECK(!vl_catalog_commit(c, &err) && full, "%s", err.what);
    setvbuf(full, NULL, _IONBF, 0);
    CHECK(vl_list(c, NULL, NULL, VL_LIST_TEXT, full, &n, &err) == VL_EIO, "a full disk: %s", err.what);
    vl_err_clear(&err);
    CHECK(vl_list(c, NULL, NULL, VL_LIST_JSON, full, &n, &err) == VL_EIO && n == 0, "a full disk: %s",
          err.what);
    vl_err_clear(&err);
    FILE *const out = fopen("many.txt", "w+");
    CHECK(out && !vl_list(c, NULL, "sample LIKE 'many%'", VL_LIST_TEXT, out, &n, &err) && n == 450, "%s",
          err.what);
    rewind(out);
    int lines = 0;
    for (char before[256] = ""; fgets(text, sizeof text, out); lines++) {
        CHECK(!lines || lines == 1 || strcmp(before, text) < 0, "in order: %s%s", before, text);
        snprintf(before, sizeof before, "%s", text);
    }
    CHECK(lines == 451, "%d lines", lines);
    fclose(out);
    fclose(full);
    unlink("many.txt");
    json_decref(got);
    json_decref(expect);
}

static void check_listing(void)
{
    vl_catalog *const c = open_catalog(true);
    make_small(c);
    check_where(c);
    check_bad_where(c);
    check_deep_where(c);
    CHECK(ask_whole(c, "SELECT count(*) FROM sample") == 3, "the tables are still there");
    check_forms(c);
    vl_catalog_close(c);
    remove_catalog();
}

/* ---- queries ---- */

static vl_code query(vl_catalog *c, const char *sql, vl_list_as as, char text[16384], vl_err *err)
{
    FILE *const out = fmemopen(text, 16384, "w");
    if (!out) abort();
    text[0] = 0;
    vl_err_clear(err);
    vl_sql(c, sql, as, out, err);
    fclose(out);
    return err->code;
}

static void check_refused_queries(vl_catalog *c)
{
    static const char *const refused[] = {
        "",
        ";",
        "-- nothing",
        "INSERT INTO donor(name) VALUES('x')",
        "UPDATE sample SET name = 'x'",
        "DELETE FROM sample",
        "WITH x(a) AS (SELECT 1) INSERT INTO donor(name) SELECT a FROM x",
        "INSERT INTO donor(name) VALUES('x') RETURNING name",
        "REPLACE INTO receipt VALUES('a', 1)",
        "DROP TABLE sample",
        "CREATE TABLE x(a)",
        "CREATE TEMP TABLE x AS SELECT 1",
        "CREATE VIRTUAL TABLE x USING fts5(a)",
        "ALTER TABLE sample ADD COLUMN x",
        "ATTACH 'other.db' AS other",
        "ATTACH ':memory:' AS other",
        "DETACH main",
        "PRAGMA writable_schema = 1",
        "PRAGMA user_version",
        "PRAGMA journal_mode = DELETE",
        "SELECT * FROM pragma_user_version",
        "SELECT * FROM pragma_database_list",
        "VACUUM",
        "VACUUM INTO 'copy.db'",
        "ANALYZE",
        "REINDEX",
        "BEGIN",
        "BEGIN IMMEDIATE",
        "COMMIT",
        "SAVEPOINT x",
        "SELECT load_extension('x.so')",
        "SELECT LOAD_EXTENSION('x.so', 'y')",
        "SELECT writefile('x', 'y')",
        "SELECT readfile('/etc/passwd')",
        "SELECT edit('x')",
        "SELECT fts3_tokenizer('simple')",
        "SELECT 1; SELECT 2",
        "SELECT 1; DROP TABLE sample",
        "SELECT 1;; garbage",
        "SELECT 1 garbage more",
        "SELECT nosuch FROM sample",
        "SELEC 1",
        "SELECT 'open",
        "SELECT length(zeroblob(500000000))",
        "SELECT abs(-9223372036854775808)",
    };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        vl_err err = VL_ERR_INIT;
        char text[16384];
        CHECK(query(c, refused[i], VL_LIST_TSV, text, &err) == VL_EARG, "%s: code %d, %s, %s", refused[i],
              err.code, err.what, text);
    }
    vl_err err = VL_ERR_INIT;
    char text[16384];
    CHECK(access("copy.db", F_OK) && access("other.db", F_OK) && access("x", F_OK), "no file was made");
    CHECK(query(c, "SELECT nosuch FROM sample", VL_LIST_TSV, text, &err) && strstr(err.what, "column 8: "),
          "%s", err.what);
}

static void check_endless_queries(vl_catalog *c)
{
    static const char *const endless[] = {
        "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n",
        "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n WHERE x < 0",
        "WITH RECURSIVE n(x) AS (VALUES(1) UNION SELECT x+1 FROM n LIMIT 99999) SELECT sum(1) FROM n, n",
    };
    setenv("VIAL_QUERY_MS", "200", 1);
    for (size_t i = 0; i < sizeof endless / sizeof *endless; i++) {
        vl_err err = VL_ERR_INIT;
        char text[16384];
        CHECK(query(c, endless[i], VL_LIST_JSON, text, &err) == VL_EARG &&
                  strstr(err.what, "stopped after 0.2 s"),
              "%s: %s", endless[i], err.what);
    }
    unsetenv("VIAL_QUERY_MS");
}

static void check_queries(void)
{
    vl_catalog *const w = open_catalog(true);
    make_small(w);
    vl_catalog *const c = open_catalog(false);
    vl_err err = VL_ERR_INIT;
    char text[16384];
    for (int i = 0; i < 2; i++) { /* read only, and on the writer's connection */
        vl_catalog *const on = i ? w : c;
        check_refused_queries(on);
        CHECK(!query(on, " -- which\n SELECT name, name FROM sample /* all */ ORDER BY 1 ; ; -- end\n",
                     VL_LIST_TSV, text, &err) &&
                  !strcmp(text, "name\tname\n007\t007\nA\tA\nB\tB\n"),
              "TSV: %s%s", err.what, text);
    }
    CHECK(!query(c,
                 "SELECT NULL AS a, x'00ff' AS b, 1.5 AS c, 'x' AS a, 9e999 AS d, CAST(x'61ff' AS TEXT) AS e",
                 VL_LIST_JSON, text, &err) &&
              !strcmp(text, "{\"a\": null, \"b\": \"00ff\", \"c\": 1.5, \"a_2\": \"x\", \"d\": null, "
                            "\"e\": \"a\\uFFFD\"}\n"),
          "JSON: %s%s", err.what, text);
    CHECK(!query(c, "SELECT NULL AS a, x'00ff' AS b, 'x' || char(9) || char(10) AS c", VL_LIST_TSV, text,
                 &err) &&
              !strcmp(text, "a\tb\tc\n\t00ff\tx\\t\\n\n"),
          "TSV: %s%s", err.what, text);
    CHECK(!query(c, "WITH x(n, t) AS (VALUES(1, 'long text'), (200, '')) SELECT * FROM x", VL_LIST_TEXT, text,
                 &err) &&
              !strcmp(text, "  n  t\n  1  long text\n200  \n"),
          "text: %s%s", err.what, text);
    CHECK(
        !query(
            c,
            "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 1000) SELECT sum(x) FROM n",
            VL_LIST_TSV, text, &err) &&
            !strcmp(text, "sum(x)\n500500\n"),
        "recursion: %s%s", err.what, text);
    check_endless_queries(c);
    json_t *const record = record_of("Y", 1, NULL, "", 0, NULL);
    CHECK(vl_catalog_put(c, record, &err), "a catalogue opened to read is not written");
    json_decref(record);
    put_new(w, record_of("Z", 1, "D", "", 0, NULL), "writing goes on after queries");
    vl_catalog_close(c);
    vl_catalog_close(w);
    remove_catalog();
}

/* ---- files ---- */

static vl_code open_code(bool write, vl_err *err)
{
    vl_catalog *c = NULL;
    vl_err_clear(err);
    const vl_code code = vl_catalog_open(&c, &bank, write, err);
    vl_catalog_close(c);
    return code;
}

static void run_sql(const char *file, const char *sql)
{
    sqlite3 *db = NULL;
    char *what = NULL;
    if (sqlite3_open(file, &db) || sqlite3_exec(db, sql, NULL, NULL, &what)) {
        printf("%s\n", what ? what : "open");
        abort();
    }
    sqlite3_close(db);
}

static void write_file(const char *path, const void *bytes, size_t n)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0664);
    if (fd < 0 || write(fd, bytes, n) != (ssize_t)n || close(fd)) abort();
}

static void check_versions(void)
{
    vl_err err = VL_ERR_INIT;
    struct stat st;
    CHECK(open_code(false, &err) == VL_ENOIN && strstr(err.what, "vial catalog rebuild"), "missing: %s",
          err.what);
    CHECK(access("catalog.db", F_OK), "reading makes no file");
    write_file("catalog.db", "", 0);
    CHECK(open_code(false, &err) == VL_ECONFIG, "version 0 to read: %s", err.what);
    vl_catalog *c = open_catalog(true);
    CHECK(vl_catalog_is_new(c) && ask_whole(c, "PRAGMA user_version") == 2, "from version 0");
    CHECK(ask_whole(c, "PRAGMA synchronous") == 2 && ask_whole(c, "PRAGMA foreign_keys") == 1, "settings");
    char text[16384];
    CHECK(!strcmp(ask_text(c, "PRAGMA journal_mode", text), "wal;"), "%s", text);
    vl_catalog_close(c);
    c = open_catalog(true);
    CHECK(!vl_catalog_is_new(c), "not new the second time");
    vl_catalog_close(c);
    CHECK(!open_code(false, &err), "reading: %s", err.what);
    run_sql("catalog.db",
            "DROP INDEX refusal_input; ALTER TABLE refusal DROP COLUMN bytes; ALTER TABLE refusal "
            "DROP COLUMN mtime_ns; ALTER TABLE refusal DROP COLUMN version; INSERT INTO receipt "
            "VALUES('r', 1); PRAGMA user_version = 1");
    CHECK(open_code(false, &err) == VL_ECONFIG, "an older one to read: %s", err.what);
    c = open_catalog(true);
    CHECK(ask_whole(c, "PRAGMA user_version") == 2 &&
              ask_whole(c, "SELECT count(mtime_ns) FROM refusal") == 0 &&
              ask_whole(c, "SELECT count(*) FROM receipt") == 1,
          "from version 1, nothing lost");
    vl_catalog_close(c);
    run_sql("catalog.db", "PRAGMA user_version = 99");
    CHECK(open_code(true, &err) == VL_ECONFIG && strstr(err.what, "99"), "newer: %s", err.what);
    CHECK(open_code(false, &err) == VL_ECONFIG && strstr(err.what, "99"), "newer, to read: %s", err.what);
    remove_catalog();
    run_sql("catalog.db", "CREATE TABLE theirs(a); PRAGMA user_version = 1");
    CHECK(open_code(true, &err) == VL_ESTORE && open_code(false, &err) == VL_ESTORE, "theirs: %s", err.what);
    run_sql("catalog.db", "PRAGMA user_version = 0");
    CHECK(open_code(true, &err) == VL_ESTORE, "theirs of version 0: %s", err.what);
    remove_catalog();
    chmod(".", 02775);
    c = open_catalog(true);
    CHECK(!stat("catalog.db", &st) && (st.st_mode & 0777) == 0664, "mode %o", st.st_mode);
    vl_catalog_close(c);
    chmod(".", 0700);
    remove_catalog();
}

static void check_damage(void)
{
    vl_err err = VL_ERR_INIT;
    vl_catalog *c;
    uint8_t junk[8192];
    uint64_t n = 0;
    for (size_t i = 0; i < sizeof junk; i++) junk[i] = (uint8_t)check_mix(i);
    write_file("catalog.db", junk, sizeof junk);
    CHECK(open_code(true, &err) == VL_ESTORE && strstr(err.what, "vial catalog rebuild"), "junk: %s",
          err.what);
    CHECK(open_code(false, &err) == VL_ESTORE, "junk to read: %s", err.what);
    remove_catalog();
    c = open_catalog(true);
    make_small(c);
    vl_catalog_close(c);
    const int fd = open("catalog.db", O_WRONLY);
    struct stat st;
    if (fd < 0 || fstat(fd, &st)) abort();
    for (off_t at = 4096; at + 8192 <= st.st_size; at += 8192)
        if (pwrite(fd, junk, sizeof junk, at) != sizeof junk) abort();
    close(fd);
    c = open_catalog(false);
    FILE *const out = fopen("/dev/null", "w");
    vl_err_clear(&err);
    CHECK(out && vl_list(c, NULL, NULL, VL_LIST_JSON, out, &n, &err) == VL_ESTORE &&
              strstr(err.what, "vial catalog rebuild"),
          "damaged pages: %s", err.what);
    if (out) fclose(out);
    vl_catalog_close(c);
    remove_catalog();
    c = open_catalog(true);
    vl_catalog_close(c);
    run_sql("catalog.db", "DROP TABLE fact");
    c = open_catalog(true);
    json_t *const record = record_of("S1", 1, NULL, "'a': 'b'", 0, NULL);
    vl_err_clear(&err);
    CHECK(vl_catalog_put(c, record, &err) == VL_ESTORE && strstr(err.what, "vial catalog rebuild"),
          "no table: %s", err.what);
    json_decref(record);
    vl_catalog_close(c);
    remove_catalog();
}

/* A statement is kept, and free again however its rows were left. */
static void check_asking(void)
{
    enum { MANY = 200 };
    static char text[MANY][40];
    static const char rows[] = "SELECT name FROM sample ORDER BY name";
    const vl_sql_value v[] = { vl_sql_text("S1"), vl_sql_whole(7), vl_sql_real(0.5), vl_sql_text(NULL) };
    vl_err err = VL_ERR_INIT;
    vl_catalog *const c = open_catalog(true);
    make_small(c);
    sqlite3_stmt *q = vl_sql_ask(c, "SELECT ? || ?, ?, ?", v, 4, &err);
    CHECK(vl_sql_row(c, q, &err) && !strcmp(vl_sql_column(q, 0), "S17") &&
              !strcmp(vl_sql_column(q, 1), "0.5") && !strcmp(vl_sql_column(q, 2), "") &&
              !vl_sql_row(c, q, &err) && !err.code,
          "values of all types: %s", err.what);
    for (int leave = 0; leave < 2; leave++) { /* in the middle, and at the end */
        int n = 0;
        for (q = vl_sql_ask(c, rows, NULL, 0, &err); (n < 1 || leave) && vl_sql_row(c, q, &err);) n++;
        CHECK(n > leave && !err.code, "%d rows: %s", n, err.what);
    }
    for (int i = 0; i < MANY; i++) {
        snprintf(text[i], sizeof text[i], "SELECT %d", i);
        CHECK((int)vl_sql_number(c, text[i], NULL, 0, -1, &err) == i, "statement %d: %s", i, err.what);
    }
    CHECK((int)vl_sql_number(c, "SELECT NULL", NULL, 0, -1, &err) == -1, "NULL is no number");
    CHECK((int)vl_sql_number(c, "SELECT 1 WHERE 0", NULL, 0, -1, &err) == -1 && !err.code,
          "no row is no number");
    CHECK(!vl_sql_ask(c, "SELECT gone FROM sample", NULL, 0, &err) && err.code == VL_ESTORE, "%s", err.what);
    q = vl_sql_ask(c, rows, NULL, 0, &err);
    CHECK(q && !vl_sql_row(c, q, &err) && !vl_sql_row(c, NULL, &err), "no rows after an error");
    vl_catalog_close(c);
    remove_catalog();
}

static void check_two(void)
{
    vl_err err = VL_ERR_INIT;
    char text[16384];
    setenv("VIAL_BUSY_MS", "150", 1);
    vl_catalog *const a = open_catalog(true), *const b = open_catalog(true), *const r = open_catalog(false);
    CHECK(!vl_catalog_begin(a, &err), "first writer: %s", err.what);
    put_new(a, record_of("S1", 1, NULL, "", 0, NULL), "put");
    CHECK(vl_catalog_begin(b, &err) == VL_EBUSY && strstr(err.what, "0.15 s"), "second writer: %s", err.what);
    vl_err_clear(&err);
    bool already = false;
    CHECK(vl_catalog_take_receipt(b, "r", 1, &already, &err) == VL_EBUSY, "a single statement: %s", err.what);
    vl_err_clear(&err);
    CHECK(ask_whole(r, "SELECT count(*) FROM sample") == 0,
          "readers do not wait, nor see what is not committed");
    CHECK(!vl_catalog_commit(a, &err) && ask_whole(r, "SELECT count(*) FROM sample") == 1, "committed");
    CHECK(!vl_catalog_begin(b, &err), "now the second: %s", err.what);
    put_new(b, record_of("S2", 1, NULL, "", 0, NULL), "put");
    CHECK(!vl_catalog_commit(b, &err) &&
              !strcmp(ask_text(a, "SELECT name FROM sample ORDER BY 1", text), "S1;S2;"),
          "%s", text);
    vl_catalog_close(a);
    vl_catalog_close(b);
    vl_catalog_close(r);
    remove_catalog();
    unsetenv("VIAL_BUSY_MS");
}

/* Several processes that open a new catalogue and write at once. */
static void check_race(void)
{
    enum { NPROC = 6, NEACH = 20 };
    pid_t pid[NPROC];
    fflush(stdout);
    for (int i = 0; i < NPROC; i++) {
        pid[i] = fork();
        if (pid[i]) continue;
        vl_err err = VL_ERR_INIT;
        vl_catalog *c = NULL;
        vl_catalog_open(&c, &bank, true, &err);
        for (int k = 0; k < NEACH && !err.code; k++) {
            char name[32];
            snprintf(name, sizeof name, "P%d-%d", i, k);
            json_t *const record = record_of(name, 1, "D", "'a': 'b'", 0, NULL);
            vl_catalog_put(c, record, &err);
            json_decref(record);
        }
        if (err.code) printf("process %d: %s\n", i, err.what);
        fflush(stdout);
        vl_catalog_close(c);
        _exit(err.code != VL_OK);
    }
    int bad = 0;
    for (int i = 0; i < NPROC; i++) {
        int status = 1;
        waitpid(pid[i], &status, 0);
        bad += status != 0;
    }
    vl_catalog *const c = open_catalog(false);
    CHECK(!bad && ask_whole(c, "SELECT count(*) FROM sample") == NPROC * NEACH &&
              ask_whole(c, "SELECT count(*) FROM donor") == 1,
          "%d processes failed, %lld samples", bad, ask_whole(c, "SELECT count(*) FROM sample"));
    vl_catalog_close(c);
    remove_catalog();
}

/* In a child without rights to write here; what it returns. */
static int as_reader(vl_code (*act)(void))
{
    int status = -1;
    fflush(stdout);
    const pid_t child = fork();
    if (!child) {
        if (!geteuid() && (setegid(65534) || seteuid(65534))) _exit(99);
        _exit((int)act());
    }
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 98;
}

static vl_code read_it(void)
{
    vl_err err = VL_ERR_INIT;
    vl_catalog *c = NULL;
    char text[16384];
    if (!vl_catalog_open(&c, &bank, false, &err) && list(c, "B", NULL, VL_LIST_TSV, text, &err) != 1)
        vl_fail(&err, VL_EBUG, "not one line: %s", text);
    vl_catalog_close(c);
    return err.code;
}

static vl_code write_it(void)
{
    vl_err err = VL_ERR_INIT;
    return open_code(true, &err);
}

static void check_rights(void)
{
    if (chmod(".", 0755)) abort();
    vl_catalog *c = open_catalog(true); /* its files get the rights of the folder */
    make_small(c);
    CHECK(as_reader(write_it) == VL_EEXIST, "writing without rights");
    CHECK(as_reader(read_it) == VL_OK, "reading without rights beside a writer");
    vl_catalog_close(c);
    if (chmod(".", 0555)) abort();
    CHECK(as_reader(read_it) == VL_OK, "reading without rights when nobody writes");
    if (chmod(".", 0755)) abort();
    write_file("catalog.db-wal", "not empty", 9);
    if (chmod(".", 0555)) abort();
    CHECK(as_reader(read_it) == VL_ENOIN, "reading without rights what a writer left behind");
    if (chmod(".", 0755)) abort();
    remove_catalog();
    c = open_catalog(true);
    vl_catalog_close(c);
    if (chmod("catalog.db", 0)) abort();
    CHECK(as_reader(read_it) == VL_ENOIN, "no right to read");
    remove_catalog();
    if (chmod(".", 0700)) abort();
}

int main(void)
{
    char folder[] = "/tmp/check_catalog.XXXXXX";
    if (!mkdtemp(folder) || chdir(folder)) return 1;
    bank.root = folder;
    check_versions();
    check_put();
    check_withdrawn();
    check_known();
    check_checks();
    check_jobs();
    check_listing();
    check_queries();
    check_asking();
    check_damage();
    check_two();
    check_race();
    check_rights();
    CHECK(!chdir("/") && !rmdir(folder), "nothing is left behind: %s", strerror(errno));
    return check_end();
}
