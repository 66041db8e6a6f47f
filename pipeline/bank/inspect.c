/* Looking after stores: verification, finding a store (keep.h). */
#include "pipeline/bank/keep.h"
#include "pipeline/bank/catalog/sql.h"

#include "pipeline/bank/evidence.h"
#include "pipeline/bank/heal.h"
#include "pipeline/bank/record.h"
#include "pipeline/bank/renew.h"
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
    char digest[72]; /* that it should have */
    int threads;
    bool quick, originals;
} one_store;

/* In a worker: a damaged file may crash the library that reads it. Says bytes and what was seen, or what is
 * wrong. */
static int verify_work(void *argument, int fd)
{
    const one_store *const s = argument;
    vl_verified seen = { 0 };
    vl_err err = VL_ERR_INIT;
    const vl_verify ask = { .path = s->path,
                            .threads = s->threads,
                            .quick = s->quick,
                            .originals = s->originals,
                            .progress = VL_PROGRESS_OFF };
    char line[640];
    if (!vl_verify_run(&ask, &seen, &err) && strcmp(seen.digest, s->digest)) {
        vl_fail(&err, VL_ESTORE, "holds other data: its digest is %.12s, the catalogue says %.12s",
                seen.digest, s->digest);
        vl_err_file(&err, s->path);
    }
    if (!err.code) snprintf(line, sizeof line, "%" PRIu64 " ", seen.bytes);
    if (!err.code) vl_verified_tell(&seen, line + strlen(line), sizeof line - strlen(line));
    else vl_err_print(&err, line, sizeof line);
    return vl_worker_say(fd, line) ? vl_exit_code(err.code) : EX_OSERR;
}

/* *failed: "" or what is wrong; seen: what was seen otherwise; each of n bytes. */
static vl_code verify_one(one_store *s, uint64_t *bytes, char *seen, char *failed, size_t n, vl_err *err)
{
    vl_worker w = { 0 };
    *failed = 0;
    if (vl_worker_start(&w, verify_work, s, 0, err)) return err->code;
    const int code = vl_worker_wait(&w);
    const char *const said = w.said.len ? (const char *)w.said.data : "";
    if (!code) snprintf(seen, n, "%s", said + strcspn(said, " ") + (strchr(said, ' ') != NULL));
    if (!code) *bytes = strtoull(said, NULL, 10);
    else if (code > 128)
        snprintf(failed, n, "%.200s: the store is damaged: reading it ended in signal %d (%s)", s->path,
                 code - 128, strsignal(code - 128));
    else if (!*said) snprintf(failed, n, "%.200s: the check ended with code %d", s->path, code);
    else snprintf(failed, n, "%s", said);
    if (code == EX_OSERR || code == EX_TEMPFAIL) vl_fail(err, VL_ENOMEM, "%.230s", failed);
    vl_worker_free(&w);
    return err->code;
}

/* What the catalogue says of a store, besides its name. */
typedef struct listed {
    char acquisition[300], kind[40], digest[72], seal[40];
} listed;

static vl_code ask_listed(vl_catalog *c, int64_t store, listed *l, vl_err *err)
{
    const vl_sql_value v[] = { vl_sql_whole(store) };
    *l = (listed){ 0 };
    sqlite3_stmt *const q = vl_sql_ask(c,
                                       "SELECT name, kind, digest, seal FROM store JOIN acquisition USING "
                                       "(acquisition_id) WHERE store_id = ?",
                                       v, 1, err);
    if (!q || !vl_sql_row(c, q, err)) return err->code;
    snprintf(l->acquisition, sizeof l->acquisition, "%s", vl_sql_column(q, 0));
    snprintf(l->kind, sizeof l->kind, "%s", vl_sql_column(q, 1));
    snprintf(l->digest, sizeof l->digest, "%s", vl_sql_column(q, 2));
    snprintf(l->seal, sizeof l->seal, "%s", vl_sql_column(q, 3));
    sqlite3_reset(q);
    return VL_OK;
}

/* A copy of the same content in other bytes was put in its place, and is whole: record and catalogue follow.
 */
static vl_code accept(inspection *v, const char *sample, const listed *l, const one_store *s, vl_err *err)
{
    char seal[33], name[600];
    vl_renewed done = { 0 };
    vl_seal_said(s->path, seal);
    if (!strcmp(seal, l->seal)) return VL_OK;
    snprintf(name, sizeof name, "%.256s/%s", sample, l->acquisition);
    const vl_renew ask = {
        .bank = v->bank, .name = name, .kind = l->kind, .how = VL_RENEW_SEAL, .threads = s->threads
    };
    vl_renew_store(&ask, v->catalog, &done, err);
    vl_buf_free(&done.dropped);
    return err->code;
}

static vl_code inspect_one(const char *sample, const char *file, int64_t store, void *to, vl_err *err)
{
    inspection *const v = to;
    one_store s = { .threads = v->ask->threads, .quick = v->ask->quick, .originals = v->ask->originals };
    char folder[VL_BANK_PATH], seen[640], failed[640];
    uint64_t bytes = 0;
    if (v->ask->parts && (uint64_t)store % v->ask->parts != v->ask->part) return VL_OK;
    if (v->done->checked >= v->ask->most) return VL_OK;
    if (v->ask->until > 0 && vl_bank_now() > v->ask->until) {
        v->done->stopped = true;
        return VL_OK;
    }
    listed is;
    if (vl_bank_sample_folder(v->bank, sample, folder, err) || ask_listed(v->catalog, store, &is, err))
        return err->code;
    memcpy(s.digest, is.digest, sizeof s.digest);
    snprintf(s.path, sizeof s.path, "%.3000s/%.700s", folder, file);
    if (verify_one(&s, &bytes, seen, failed, sizeof failed, err)) return err->code;
    v->done->checked++;
    v->done->bytes += bytes;
    if (*failed) {
        v->done->damaged++;
        vl_say(stderr, "vial: %s", failed);
        if (!v->ask->heals) vl_heal_hint(v->catalog, sample, file);
    }
    if (*failed && vl_catalog_writes(v->catalog)) {
        vl_log(v->bank, VL_LOG_ERROR, "damaged", "sample", sample, "file", file, "message", failed, NULL);
    } else if (!*failed && v->ask->tell) {
        vl_say(stdout, "%s/%s: ok: %s", sample, file, seen);
    }
    if (!vl_catalog_writes(v->catalog)) return VL_OK;
    if (v->ask->quick && !*failed) return VL_OK; /* no proof of the whole */
    if (!*failed && accept(v, sample, &is, &s, err)) return err->code;
    return vl_catalog_checked(v->catalog, store, vl_bank_now(), *failed ? failed : NULL, err);
}

vl_code vl_keep_inspect(const vl_bank *bank, vl_catalog *c, const vl_inspect *ask, vl_inspected *done,
                        vl_err *err)
{
    inspection v = { bank, c, ask, done };
    *done = (vl_inspected){ 0 };
    return vl_catalog_oldest_checks(c, ask->name, ask->parts ? UINT64_MAX : ask->most, inspect_one, &v, err);
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
    const char *const to = json_string_value(json_object_get(json_object_get(record, "gone"), "to"));
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
    else if (!n && to) vl_fail(err, VL_ENOIN, "sample '%.60s' was renamed to '%.60s'", sample, to);
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
