/* Looking after stores: verification, comparison, rebuilding of the catalogue, finding a store (keep.h). */
#include "pipeline/bank/keep.h"
#include "pipeline/bank/catalog/sql.h"

#include "pipeline/bank/evidence.h"
#include "pipeline/bank/record.h"
#include "pipeline/bank/intake/worker.h"
#include "pipeline/store/store.h"
#include "pipeline/out/verify.h"
#include "pipeline/run/say.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

/* ---- verification ---- */

typedef struct inspection {
    const vl_bank *bank;
    vl_catalog *catalog;
    const vl_inspect *ask;
    vl_inspected *done;
} inspection;

typedef struct one_store {
    char path[VL_BANK_PATH];
    int threads;
    bool quick;
} one_store;

/* In a worker: a damaged file may crash the library that reads it. Says bytes, or what is wrong. */
static int verify_work(void *argument, int fd)
{
    const one_store *const s = argument;
    vl_verified seen = { 0 };
    vl_err err = VL_ERR_INIT;
    const vl_verify ask = { s->path, s->threads, s->quick, VL_PROGRESS_OFF };
    char line[640];
    if (!vl_verify_run(&ask, &seen, &err)) snprintf(line, sizeof line, "%" PRIu64, seen.bytes);
    else vl_err_print(&err, line, sizeof line);
    return vl_worker_say(fd, line) ? vl_exit_code(err.code) : EX_OSERR;
}

/* *failed: "" or what is wrong, of n bytes. */
static vl_code verify_one(one_store *s, uint64_t *bytes, char *failed, size_t n, vl_err *err)
{
    vl_worker w = { 0 };
    *failed = 0;
    if (vl_worker_start(&w, verify_work, s, 0, err)) return err->code;
    const int code = vl_worker_wait(&w);
    const char *const said = w.said.len ? (const char *)w.said.data : "";
    if (!code) *bytes = strtoull(said, NULL, 10);
    else if (code > 128 || !*said) snprintf(failed, n, "%.200s: the check ended with code %d", s->path, code);
    else snprintf(failed, n, "%s", said);
    if (code == EX_OSERR || code == EX_TEMPFAIL) vl_fail(err, VL_ENOMEM, "%.230s", failed);
    vl_worker_free(&w);
    return err->code;
}

static vl_code inspect_one(const char *sample, const char *file, int64_t store, void *to, vl_err *err)
{
    inspection *const v = to;
    one_store s = { .threads = v->ask->threads, .quick = v->ask->quick };
    char folder[VL_BANK_PATH], failed[640];
    uint64_t bytes = 0;
    if (v->ask->parts && (uint64_t)store % v->ask->parts != v->ask->part) return VL_OK;
    if (v->done->checked >= v->ask->most) return VL_OK;
    if (v->ask->until > 0 && vl_bank_now() > v->ask->until) {
        v->done->stopped = true;
        return VL_OK;
    }
    if (vl_bank_sample_folder(v->bank, sample, folder, err)) return err->code;
    snprintf(s.path, sizeof s.path, "%.3000s/%.700s", folder, file);
    if (verify_one(&s, &bytes, failed, sizeof failed, err)) return err->code;
    v->done->checked++;
    v->done->bytes += bytes;
    if (*failed) {
        v->done->damaged++;
        vl_say(stderr, "vial: %s", failed);
    }
    if (*failed && vl_catalog_writes(v->catalog)) {
        vl_log(v->bank, VL_LOG_ERROR, "damaged", "sample", sample, "file", file, "message", failed, NULL);
    } else if (!*failed && v->ask->tell) {
        printf("%s/%s: ok, %" PRIu64 " bytes\n", sample, file, bytes);
    }
    if (!vl_catalog_writes(v->catalog)) return VL_OK;
    if (v->ask->quick && !*failed) return VL_OK; /* no proof of the whole */
    return vl_catalog_checked(v->catalog, store, vl_bank_now(), *failed ? failed : NULL, err);
}

vl_code vl_keep_inspect(const vl_bank *bank, vl_catalog *c, const vl_inspect *ask, vl_inspected *done,
                        vl_err *err)
{
    inspection v = { bank, c, ask, done };
    *done = (vl_inspected){ 0 };
    return vl_catalog_oldest_checks(c, ask->parts ? UINT64_MAX : ask->most, inspect_one, &v, err);
}

/* ---- rebuild ---- */

typedef struct rebuild {
    const vl_bank *bank;
    vl_catalog *catalog;
    uint64_t samples, stores;
} rebuild;

static vl_code rebuild_one(const char *sample, void *to, vl_err *err)
{
    rebuild *const r = to;
    vl_err why = VL_ERR_INIT;
    json_t *const record = vl_record_load(r->bank, sample, &why);
    if (!record) {
        if (why.code != VL_ENOIN) *err = why;
        return err->code;
    }
    /* a folder in which nothing was ever published is no sample yet */
    if (json_integer_value(json_object_get(record, "revision")) ||
        json_array_size(json_object_get(record, "stores"))) {
        r->samples++;
        r->stores += json_array_size(json_object_get(record, "stores"));
        vl_catalog_put(r->catalog, record, err);
    }
    json_decref(record);
    return err->code;
}

/* What only the catalogue knows: when a store was checked last, and what was found. */
static vl_code with_checks(vl_catalog *c, const char *sql, vl_err *err)
{
    return vl_sql_script(c, sql, "cannot keep the checks", err);
}

static const char keep_checks[] = "DROP TABLE IF EXISTS temp.past; CREATE TEMP TABLE past AS SELECT file, "
                                  "digest, seal, verified_at, verify_failed FROM "
                                  "store WHERE verified_at IS NOT NULL OR verify_failed IS NOT NULL; CREATE "
                                  "INDEX temp.past_seal ON past (seal, file)";
static const char give_checks_back[] =
    "UPDATE store SET verified_at = p.verified_at, verify_failed = p.verify_failed FROM temp.past p WHERE "
    "store.seal = "
    "p.seal AND store.file = p.file AND store.digest = p.digest; DROP TABLE temp.past";

vl_code vl_keep_rebuild(const vl_bank *bank, vl_catalog *c, uint64_t *samples, uint64_t *stores, vl_err *err)
{
    rebuild r = { bank, c, 0, 0 };
    if (vl_catalog_begin(c, err)) return err->code;
    if (!with_checks(c, keep_checks, err) && !vl_catalog_clear(c, err) &&
        !vl_record_each(bank, rebuild_one, &r, err) && !with_checks(c, give_checks_back, err))
        vl_catalog_commit(c, err);
    if (err->code) vl_catalog_rollback(c);
    *samples = r.samples;
    *stores = r.stores;
    return err->code;
}

/* A new catalogue is filled first, by a process of its own: a record may have to be made from its stores. */
static int rebuild_work(void *argument, int fd)
{
    const vl_bank *const bank = argument;
    vl_catalog *c = NULL;
    vl_err err = VL_ERR_INIT;
    uint64_t samples, stores;
    if (!vl_catalog_open(&c, bank, true, &err)) vl_keep_rebuild(bank, c, &samples, &stores, &err);
    vl_catalog_close(c);
    if (err.code) {
        char line[640];
        vl_err_print(&err, line, sizeof line);
        vl_worker_say(fd, line);
    }
    return vl_exit_code(err.code);
}

vl_code vl_keep_open(const vl_bank *bank, vl_catalog **c, vl_err *err)
{
    char path[VL_BANK_PATH];
    struct stat st;
    vl_worker w = { 0 };
    *c = NULL;
    if (vl_bank_path(bank, path, err, "catalog.db")) return err->code;
    if (stat(path, &st) && errno == ENOENT) {
        if (vl_worker_start(&w, rebuild_work, (void *)bank, 0, err)) return err->code;
        const int code = vl_worker_wait(&w);
        if (code)
            vl_fail(err, vl_worker_code(code), "%.200s",
                    w.said.len ? (char *)w.said.data : "the catalogue could not be made");
        vl_worker_free(&w);
    }
    return err->code ? err->code : vl_catalog_open(c, bank, true, err);
}

/* ---- comparison ---- */

typedef struct comparison {
    const vl_bank *bank;
    vl_catalog *catalog;
    uint64_t samples, stores, differences;
} comparison;

static void differ(comparison *k, const char *sample, const char *file, const char *what)
{
    k->differences++;
    vl_say(stdout, "%s%s%s: %s", sample, file ? "/" : "", file ? file : "", what);
}

static vl_code compare_store(comparison *k, const char *sample, const char *folder, const json_t *store,
                             vl_err *err)
{
    char path[VL_BANK_PATH + 700];
    vl_sealed sealed = { 0 };
    vl_err why = VL_ERR_INIT;
    const char *const file = json_string_value(json_object_get(store, "file")), *const seal =
                                                                                    json_string_value(
                                                                                        json_object_get(
                                                                                            store, "seal"));
    snprintf(path, sizeof path, "%s/%s", folder, file);
    k->stores++;
    if (vl_seal_read(path, &sealed, NULL, &why)) differ(k, sample, file, why.what);
    else if (strcmp(sealed.hash, seal))
        differ(k, sample, file, "is another store than the sample's record says");
    const vl_sql_value v[] = { vl_sql_text(sample), vl_sql_text(file) };
    sqlite3_stmt *const q =
        vl_sql_ask(k->catalog,
                   "SELECT t.seal FROM store t JOIN acquisition a USING (acquisition_id) JOIN sample s "
                   "USING (sample_id) WHERE s.name = ?1 AND t.file = ?2",
                   v, 2, err);
    const bool listed = vl_sql_row(k->catalog, q, err);
    if (!listed && !err->code) differ(k, sample, file, "is not in the catalogue");
    if (listed && strcmp(vl_sql_column(q, 0), seal))
        differ(k, sample, file, "is another store in the catalogue");
    sqlite3_reset(q);
    return err->code;
}

static vl_code compare_one(const char *sample, void *to, vl_err *err)
{
    comparison *const k = to;
    char folder[VL_BANK_PATH];
    size_t i;
    json_t *store;
    vl_err why = VL_ERR_INIT;
    if (vl_bank_sample_folder(k->bank, sample, folder, err)) return err->code;
    json_t *const record = vl_record_load(k->bank, sample, &why);
    k->samples++;
    if (!record) differ(k, sample, NULL, why.what);
    json_array_foreach(json_object_get(record, "stores"), i,
                       store) if (compare_store(k, sample, folder, store, err)) break;
    json_decref(record);
    return err->code;
}

/* Rows of the catalogue beyond those that were found. */
static vl_code compare_counts(comparison *k, vl_err *err)
{
    const uint64_t stores =
        (uint64_t)vl_sql_number(k->catalog, "SELECT count(*) FROM store", NULL, 0, 0, err);
    if (stores > k->stores) {
        printf("the catalogue lists %" PRIu64 " stores, the samples have %" PRIu64 "\n", stores, k->stores);
        k->differences++;
    }
    return err->code;
}

vl_code vl_keep_compare(const vl_bank *bank, vl_catalog *c, uint64_t *samples, uint64_t *differences,
                        vl_err *err)
{
    comparison k = { .bank = bank, .catalog = c };
    if (!vl_record_each(bank, compare_one, &k, err)) compare_counts(&k, err);
    *samples = k.samples;
    *differences = k.differences;
    return err->code;
}

/* ---- finding a store ---- */

vl_code vl_keep_find(const vl_bank *bank, const char *name, const char *kind, char path[VL_BANK_PATH],
                     vl_err *err)
{
    char sample[256], folder[VL_BANK_PATH], choices[160] = "";
    const char *const slash = strchr(name, '/'), *const acquisition = slash ? slash + 1 : NULL;
    const json_t *found = NULL;
    json_t *store;
    size_t i;
    int n = 0;
    snprintf(sample, sizeof sample, "%.*s", slash ? (int)(slash - name) : (int)strlen(name), name);
    json_t *const record = vl_record_load(bank, sample, err);
    if (!record) return err->code;
    const json_t *const gone = json_object_get(record, "withdrawn");
    json_array_foreach(json_object_get(record, "stores"), i, store)
    {
        const char *const is = json_string_value(json_object_get(store, "acquisition"));
        if (strcmp(json_string_value(json_object_get(store, "state")), "live") ||
            (acquisition && strcmp(acquisition, is)) ||
            (kind && strcmp(kind, json_string_value(json_object_get(store, "kind")))))
            continue;
        const size_t at = strlen(choices);
        snprintf(choices + at, sizeof choices - at, "%s%.60s/%.60s", n ? ", " : "", sample, is);
        found = store;
        n++;
    }
    if (gone) vl_fail(err, VL_ENOIN, "sample '%.100s' was withdrawn", sample);
    else if (!n && acquisition)
        vl_fail(err, VL_ENOIN, "sample '%.80s' has no acquisition '%.80s'", sample, acquisition);
    else if (!n) vl_fail(err, VL_ENOIN, "sample '%.100s' has no store", sample);
    else if (n > 1) vl_fail(err, VL_EARG, "sample '%.60s' has %d stores; name one: %s", sample, n, choices);
    else if (!vl_bank_sample_folder(bank, sample, folder, err))
        snprintf(path, VL_BANK_PATH, "%.3000s/%.700s", folder,
                 json_string_value(json_object_get(found, "file")));
    json_decref(record);
    return err->code;
}
