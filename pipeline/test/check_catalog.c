/*
 * Checks what the catalogue makes of records: the rows they become, what is known of inputs, which stores are
 * to be verified next, and what only the catalogue knows (jobs, refusals, receipts).
 *
 * Suites: banks. Also: asan.
 */
#include "pipeline/test/catalog_made.h"
#include "pipeline/test/check.h"

#include <string.h>

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
    put_record(c, first, "first");
    CHECK(ask_whole(c, "SELECT count(*) FROM store") == 2 &&
              ask_whole(c, "SELECT count(*) FROM acquisition") == 2 &&
              ask_whole(c, "SELECT count(*) FROM input") == 4 &&
              ask_whole(c, "SELECT count(*) FROM fact") == 4,
          "%s", dump_records(c, text));
    CHECK(ask_whole(c, "SELECT typeof(published_at) = 'integer' FROM store WHERE file = 'reads-L1.h5'") ==
                  1 &&
              ask_whole(c, "SELECT max(mtime_ns) FROM input") == 1763999999123456790,
          "numbers are exact");
    dump_records(c, before);
    put_record(c, first, "again");
    CHECK(!strcmp(before, dump_records(c, after)), "idempotent:\n%s\n%s", before, after);
    put_new(c, record_of("S1", 2, "D9", "", 0, NULL), "an older revision");
    CHECK(!strcmp(before, dump_records(c, after)), "older revisions change nothing:\n%s\n%s", before, after);

    /* a check of a store stays with it; ids stay */
    const long long id = ask_whole(c, "SELECT store_id FROM store WHERE file = 'reads-L1.h5'");
    const long long sample = ask_whole(c, "SELECT sample_id FROM sample");
    CHECK(!vl_catalog_checked(c, id, 1764500000, "chunk 3 is wrong", &err), "%s", err.what);
    put_record(c, first, "same revision");
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
    put_record(c, second, "superseded");
    CHECK(ask_whole(c, "SELECT store_id FROM store WHERE state = 'superseded'") == id &&
              ask_whole(c, "SELECT verified_at FROM store WHERE state = 'superseded'") == 1764500000 &&
              !strcmp(ask_text(c, "SELECT verified_at FROM store WHERE file = 'reads-L1.h5'", text), "NULL;"),
          "%s", dump_records(c, text));
    CHECK(!strcmp(ask_text(c, "SELECT value FROM fact ORDER BY value", text), "2;liver;") &&
              !strcmp(ask_text(c, "SELECT name FROM donor", text), "D2;"),
          "facts of the live store, donors of samples: %s", dump_records(c, text));
    CHECK(list_stores(c, NULL, NULL, VL_LIST_TSV, text, &err) == 2, "the superseded one is not listed:\n%s",
          text);
    CHECK(list_stores(c, NULL, "state = 'superseded'", VL_LIST_TSV, text, &err) == 1, "but on request:\n%s",
          text);

    /* pure: another way to the same record ends in the same rows */
    dump_records(c, before);
    CHECK(!vl_catalog_clear(c, &err) && ask_whole(c, "SELECT count(*) FROM donor") == 0, "clear: %s",
          err.what);
    put_record(c, second, "anew");
    CHECK(!strcmp(before, dump_records(c, after)), "a function of the record:\n%s\n%s", before, after);
    put_new(c, record_of("S1", 5, NULL, "", 1, two), "one store less");
    dump_records(c, before);
    vl_catalog_clear(c, &err);
    put_new(c, record_of("S1", 5, NULL, "", 1, two), "anew");
    CHECK(!strcmp(before, dump_records(c, after)), "a function of the record:\n%s\n%s", before, after);

    /* other content under the same name was never checked */
    CHECK(!vl_catalog_checked(c, ask_whole(c, "SELECT store_id FROM store"), 1764500000, NULL, &err), "%s",
          err.what);
    const spec other[] = { { "reads", "L1", "reads-L1.h5", "live", "compact", "c", 1764000950, "" } };
    put_new(c, record_of("S1", 6, NULL, "", 1, other), "other content");
    CHECK(ask_whole(c, "SELECT count(*) FROM store WHERE verified_at IS NULL") == 1, "%s",
          dump_records(c, text));
    put_new(c, record_of("S2", 1, "D3", "'a': 'b'", 2, two), "another sample");
    CHECK(!vl_catalog_remove(c, "S2", &err) && !vl_catalog_remove(c, "never seen", &err), "remove: %s",
          err.what);
    CHECK(!strstr(dump_records(c, text), "S2") && !strstr(text, "D3") && strstr(text, "loose|0;"),
          "removed: %s", text);

    /* what no record has is refused, and leaves nothing */
    dump_records(c, before);
    json_t *const broken = record_of("S3", 1, "D4", "", 1, two);
    json_object_del(json_array_get(json_object_get(broken, "stores"), 0), "digest");
    CHECK(vl_catalog_put(c, broken, &err) == VL_EFORMAT, "a store without digest: %s", err.what);
    vl_err_clear(&err);
    CHECK(!strcmp(before, dump_records(c, after)) && !vl_catalog_begin(c, &err), "rolled back: %s", after);
    put_new(c, record_of("S4", 1, NULL, "", 2, two), "in a transaction");
    vl_catalog_rollback(c);
    CHECK(!strcmp(before, dump_records(c, after)), "rolled back: %s", after);
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
    put_record(c, record, "withdrawn");
    CHECK(!strcmp(ask_text(c, "SELECT withdrawn_at || withdrawn_reason FROM sample WHERE name = 'S1'", text),
                  "1764700000consent;"),
          "%s", text);
    CHECK(ask_whole(c, "SELECT count(*) FROM store") == 2, "its stores stay until the record drops them");
    CHECK(list_stores(c, NULL, NULL, VL_LIST_TSV, text, &err) == 1 && !strstr(text, "S1"), "hidden: %s",
          text);
    CHECK(list_stores(c, "S1", NULL, VL_LIST_JSON, text, &err) == 0, "hidden by name: %s", text);
    CHECK(list_stores(c, NULL, "tissue = 'blood' OR state = 'superseded' OR donor = 'D1'", VL_LIST_JSON, text,
                      &err) == 1,
          "hidden from expressions: %s", text);
    CHECK(!vl_catalog_count(c, &samples, &stores, &err) && samples == 1 && stores == 1, "count");
    json_array_clear(json_object_get(record, "stores"));
    json_object_set_new(record, "revision", json_integer(3));
    put_record(c, record, "tidied");
    CHECK(ask_whole(c, "SELECT count(*) FROM store") == 1 &&
              ask_whole(c, "SELECT count(*) FROM acquisition") == 1 &&
              ask_whole(c, "SELECT count(*) FROM sample") == 2,
          "tidied: %s", dump_records(c, text));
    json_decref(record);
    vl_catalog_close(c);
    remove_catalog();
}

/* A store that failed its last check is not known, until it was healed. */
static void check_healed(vl_catalog *c, json_t *record, const vl_item *item, const vl_known_input *input)
{
    vl_err err = VL_ERR_INIT;
    json_t *known = NULL;
    json_t *const store = json_array_get(json_object_get(record, "stores"), 0);
    CHECK(
        !vl_sql_script(c, "UPDATE store SET verified_at = 7, verify_failed = 'bytes differ'", "mark", &err) &&
            !vl_catalog_is_known(c, item, input, 2, "compact", "", &known, &err) && !known,
        "known to be damaged: %s", err.what);
    put_record(c, record, "the same record");
    CHECK(ask_whole(c, "SELECT count(*) FROM store WHERE verify_failed IS NULL") == 0, "the mark stays");
    json_object_set_new(store, "healed", json_integer(9));
    put_record(c, record, "healed");
    CHECK(ask_whole(c, "SELECT count(*) FROM store WHERE verify_failed IS NULL AND verified_at = 9") == 1,
          "the mark of the one that was healed goes");
    CHECK(!vl_catalog_is_known(c, item, input, 2, "compact", "", &known, &err) && known, "healed: %s",
          err.what);
    json_decref(known);
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
    put_record(c, record, "put");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        vl_err err = VL_ERR_INIT;
        json_t *known = NULL;
        const vl_item item = { .sample = sample, .acquisition = cases[i].acquisition };
        CHECK(!vl_catalog_is_known(c, &item, cases[i].input, cases[i].ninput, cases[i].profile,
                                   cases[i].options, &known, &err) &&
                  (known != NULL) == cases[i].known,
              "%s: %s", cases[i].about, err.what);
        CHECK(!known || json_string_length(json_object_get(known, "seal")), "its seal");
        json_decref(known);
    }
    vl_err err = VL_ERR_INIT;
    json_t *known = NULL;
    const vl_item item = { .sample = sample, .acquisition = acquisition };
    check_healed(c, record, &item, good);
    json_object_set_new(record, "withdrawn", json_of("{'reason': 'consent', 'at': 1}"));
    put_record(c, record, "withdrawn");
    CHECK(!vl_catalog_is_known(c, &item, good, 2, "compact", "", &known, &err) && !known, "withdrawn");
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
    CHECK(!vl_catalog_oldest_checks(c, NULL, 100, visit, &look, &err) &&
              !strcmp(look.text, "S3/r.h5;S2/r.h5;S1/r.h5;"),
          "oldest first: %s %s", look.text, err.what);
    CHECK(!vl_catalog_oldest_checks(c, NULL, 2, visit, &work, &err) && !strcmp(work.text, "S3/r.h5;S2/r.h5;"),
          "two of them: %s", work.text);
    look = (visits){ 0 };
    CHECK(!vl_catalog_oldest_checks(c, NULL, UINT64_MAX, visit, &look, &err) &&
              !strcmp(look.text, "S1/r.h5;S3/r.h5;S2/r.h5;"),
          "after checks: %s", look.text);
    CHECK(vl_catalog_oldest_checks(c, NULL, 3, visit, &stop, &err) == VL_EBUSY && stop.n == 2,
          "a visit that fails");
    vl_err_clear(&err);
    work = (visits){ .c = c };
    CHECK(!vl_catalog_oldest_checks(c, NULL, UINT64_MAX, visit, &work, &err) && work.n == 3, "each once");
    CHECK(!vl_catalog_checked(c, ask_whole(c, "SELECT min(store_id) FROM store"), 1770000009, "bad", &err) &&
              list_stores(c, NULL, "verified IS NOT NULL", VL_LIST_TSV, text, &err) == 2,
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

int main(void)
{
    catalog_bank.root = check_enter("check_catalog");
    check_put();
    check_withdrawn();
    check_known();
    check_checks();
    check_jobs();
    return check_leave();
}
