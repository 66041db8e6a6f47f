/* Stores made anew (renew.h): in a worker beside the old one, as a deposit's; then, under the sample's lock,
 * name, ledger and record. */
#include "pipeline/bank/renew.h"

#include "pipeline/bank/catalog/sql.h"
#include "pipeline/bank/evidence.h"
#include "pipeline/bank/intake/deposit.h"
#include "pipeline/bank/intake/journal.h"
#include "pipeline/bank/intake/worker.h"
#include "pipeline/bank/keep.h"
#include "pipeline/in/describe_store.h"
#include "pipeline/out/reindex.h"
#include "pipeline/out/reseal.h"
#include "pipeline/out/verify.h"
#include "pipeline/store/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

typedef struct renewal {
    const vl_renew *ask;
    const char *id; /* of the journal's entry */
    char sample[256];
    char path[VL_BANK_PATH], staged[VL_BANK_PATH]; /* the store, and what is to take its name */
    char seal[33];                                 /* that the record knows */
    json_t *record;                                /* owned */
    vl_renewed done;
} renewal;

static const char *file_of(const renewal *r) { return strrchr(r->path, '/') + 1; }

/* The store's entry in the record. */
static json_t *find_entry(const renewal *r)
{
    size_t i;
    json_t *store;
    json_array_foreach(json_object_get(r->record, "stores"), i, store)
    {
        if (!strcmp(json_string_value(json_object_get(store, "file")), file_of(r))) return store;
    }
    return NULL;
}

static vl_code load(renewal *r, json_t **entry, vl_err *err)
{
    json_decref(r->record);
    *entry = NULL;
    if (!(r->record = vl_record_load(r->ask->bank, r->sample, err))) return err->code;
    if (!(*entry = find_entry(r)))
        return vl_fail(err, VL_EBUSY, "another run has removed the store meanwhile");
    return VL_OK;
}

/* ---- the new file ---- */

static vl_code prove(renewal *r, const char *path, vl_err *err)
{
    vl_verified seen = { 0 };
    const vl_verify ask = { .path = path, .threads = r->ask->threads, .progress = VL_PROGRESS_OFF };
    if (!vl_verify_run(&ask, &seen, err)) memcpy(r->done.digest, seen.digest, sizeof seen.digest);
    return err->code;
}

static vl_code seal_again(renewal *r, vl_err *err)
{
    vl_resealed made = { 0 };
    const vl_reseal ask = { .store = r->path,
                            .to = r->staged,
                            .expected = r->seal,
                            .drop = r->ask->drop,
                            .threads = r->ask->threads,
                            .progress = VL_PROGRESS_OFF };
    vl_reseal_run(&ask, &made, err);
    r->done.current = made.current;
    r->done.same = made.same;
    r->done.before = r->done.after = made.seal.bytes;
    snprintf(r->done.digest, sizeof r->done.digest, "%s", made.digest);
    r->done.dropped = made.dropped;
    if (!err->code && made.current && r->ask->prove) prove(r, r->path, err);
    return err->code;
}

static vl_code copy_file(const char *from, const char *to, vl_err *err)
{
    struct stat st = { 0 };
    const int in = open(from, O_RDONLY | O_CLOEXEC),
              out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (in < 0 || fstat(in, &st)) vl_fail_errno(err, VL_ENOIN, errno, "cannot open %.100s", from);
    else if (out < 0) vl_fail_errno(err, VL_EIO, errno, "cannot make the store");
    else if (!vl_copy_bytes(in, out, (uint64_t)st.st_size, err) &&
             (fstat(out, &st) || fchmod(out, st.st_mode & 0444) || fsync(out)))
        vl_fail_errno(err, VL_EIO, errno, "cannot write the store");
    if (in >= 0) close(in);
    if (out >= 0) close(out);
    return err->code;
}

/* Of a copy that has lost its seal, what reseal makes of it. */
static vl_code copy_again(renewal *r, vl_err *err)
{
    char folder[VL_BANK_PATH];
    vl_resealed made = { 0 };
    const vl_reseal ask = { .store = r->ask->from,
                            .to = r->staged,
                            .expected = r->seal,
                            .threads = r->ask->threads,
                            .progress = VL_PROGRESS_OFF };
    if (vl_bank_sample_folder(r->ask->bank, r->sample, folder, err) ||
        vl_bank_make_folder(r->ask->bank, folder, err))
        return err->code;
    if (!vl_reseal_run(&ask, &made, err) && made.current && !copy_file(r->ask->from, r->staged, err))
        prove(r, r->staged, err);
    vl_buf_free(&made.dropped);
    return err->code;
}

static vl_code index_again(renewal *r, vl_err *err)
{
    vl_reindexed made = { 0 };
    const vl_reindex ask = {
        .store = r->path, .to = r->staged, .threads = r->ask->threads, .progress = VL_PROGRESS_OFF
    };
    vl_reindex_run(&ask, &made, err);
    r->done.current = made.current;
    r->done.before = made.before;
    r->done.after = made.after;
    snprintf(r->done.digest, sizeof r->done.digest, "%s", made.digest);
    return err->code;
}

/* From its inputs, where they were when they came in. */
static vl_code describe_files(renewal *r, const json_t *entry, vl_err *err)
{
    vl_described_store made = { 0 };
    const json_t *const inputs = json_object_get(entry, "inputs");
    const size_t n = json_array_size(inputs);
    const char **const path = calloc(n + 1, sizeof *path);
    if (!path) return vl_fail(err, VL_ENOMEM, "no memory for inputs");
    for (size_t i = 0; i < n; i++)
        path[i] = json_string_value(json_object_get(json_array_get(inputs, i), "path"));
    const vl_describe_store ask = { r->path, r->staged, path, n, r->ask->threads, VL_PROGRESS_OFF };
    vl_describe_store_run(&ask, &made, err);
    r->done.current = made.current;
    r->done.before = made.before;
    r->done.after = made.after;
    snprintf(r->done.digest, sizeof r->done.digest, "%s", made.digest);
    free(path);
    return err->code;
}

/* ---- its name; the sample's lock is held ---- */

/* It must be what the record speaks of: another store, however whole, is none. */
static json_t *describe(const renewal *r, const json_t *entry, vl_err *err)
{
    json_t *const made = vl_record_describe(r->done.current ? r->path : r->staged, file_of(r), err);
    if (made && json_equal(json_object_get(made, "digest"), json_object_get(entry, "digest"))) return made;
    if (made)
        vl_fail(err, VL_ESTORE, "holds other data: its digest is %.12s, the record says %.12s",
                json_string_value(json_object_get(made, "digest")),
                json_string_value(json_object_get(entry, "digest")));
    json_decref(made);
    return NULL;
}

static vl_code note(renewal *r, json_t *entry, const json_t *made, vl_err *err)
{
    static const char *const words[][2] = { [VL_RENEW_SEAL] = { "reseal", "vial reseal" },
                                            [VL_RENEW_INDEX] = { "reindex", "vial reindex" },
                                            [VL_RENEW_COPY] = { "heal", "vial heal" },
                                            [VL_RENEW_ORIGINAL] = { "original", "vial nightly" } };
    json_object_set(entry, "seal", json_object_get(made, "seal"));
    json_object_set(entry, "bytes", json_object_get(made, "bytes"));
    vl_record_measure(entry, made);
    if (r->ask->how == VL_RENEW_COPY && vl_record_heal(entry, made, err)) return err->code;
    return vl_record_save(r->ask->bank, r->record, words[r->ask->how][0], words[r->ask->how][1], err);
}

static vl_code take_name(renewal *r, vl_err *err)
{
    json_t *entry = NULL, *made = NULL;
    if (load(r, &entry, err)) return err->code;
    if (strcmp(json_string_value(json_object_get(entry, "seal")), r->seal))
        return vl_fail(err, VL_EBUSY, "another run has replaced the store meanwhile");
    if (!(made = describe(r, entry, err))) return err->code;
    if (!r->done.current && rename(r->staged, r->path))
        vl_fail_errno(err, VL_EIO, errno, "cannot give the store its name");
    else if (r->done.current || !vl_sync_folder(r->path, err)) note(r, entry, made, err);
    json_decref(made);
    return err->code;
}

static vl_code renew(renewal *r, vl_err *err)
{
    int lock = -1;
    json_t *entry = NULL;
    if (load(r, &entry, err)) return err->code;
    snprintf(r->seal, sizeof r->seal, "%s", json_string_value(json_object_get(entry, "seal")));
    if (r->ask->how == VL_RENEW_SEAL       ? seal_again(r, err)
        : r->ask->how == VL_RENEW_INDEX    ? index_again(r, err)
        : r->ask->how == VL_RENEW_ORIGINAL ? describe_files(r, entry, err)
                                           : copy_again(r, err))
        return err->code;
    if (!vl_deposit_lock(r->ask->bank, r->sample, &lock, err)) take_name(r, err);
    if (lock >= 0) close(lock);
    return err->code;
}

/* ---- in a worker ---- */

static int work(void *argument, int fd)
{
    renewal *const r = argument;
    vl_err err = VL_ERR_INIT;
    char line[640], *text = NULL;
    if (!renew(r, &err)) {
        const vl_renewed *const d = &r->done;
        json_t *const said =
            json_pack("{s:b,s:b,s:I,s:I,s:s,s:s,s:o}", "current", d->current, "same", d->same, "before",
                      (json_int_t)d->before, "after", (json_int_t)d->after, "digest", d->digest, "dropped",
                      d->dropped.len ? (char *)d->dropped.data : "", "record", r->record);
        text = said ? json_dumps(said, JSON_COMPACT) : NULL;
        if (!text) vl_fail(&err, VL_ENOMEM, "no memory for the record of a sample");
    }
    unlink(r->staged); /* of a refusal */
    if (err.code) vl_err_print(&err, line, sizeof line);
    return vl_worker_say(fd, err.code ? line : text) ? vl_exit_code(err.code) : EX_OSERR;
}

/* Proven is proven: a damage that an earlier check noted is none. */
static vl_code note_proven(const renewal *r, vl_catalog *c, vl_err *err)
{
    static const char query[] =
        "SELECT store_id FROM store JOIN acquisition USING (acquisition_id) JOIN sample USING "
        "(sample_id) WHERE sample.name = ?1 AND store.file = ?2";
    const vl_sql_value v[] = { vl_sql_text(r->sample), vl_sql_text(file_of(r)) };
    const int64_t store = (int64_t)vl_sql_number(c, query, v, 2, -1, err);
    return err->code || store < 0 ? err->code : vl_catalog_checked(c, store, vl_bank_now(), NULL, err);
}

static vl_code take_said(renewal *r, const char *said, vl_catalog *c, vl_err *err)
{
    int current = 0, same = 0;
    json_int_t before = 0, after = 0;
    const char *digest = "", *dropped = "";
    json_t *record = NULL, *const all = json_loads(said, 0, NULL);
    if (!all ||
        json_unpack(all, "{s:b,s:b,s:I,s:I,s:s,s:s,s:o}", "current", &current, "same", &same, "before",
                    &before, "after", &after, "digest", &digest, "dropped", &dropped, "record", &record))
        vl_fail(err, VL_EBUG, "the worker said something else");
    else if (!vl_catalog_put(c, record, err) && !note_proven(r, c, err)) {
        r->done = (vl_renewed){
            .current = current, .same = same, .before = (uint64_t)before, .after = (uint64_t)after
        };
        snprintf(r->done.digest, sizeof r->done.digest, "%s", digest);
        vl_buf_append(&r->done.dropped, dropped, strlen(dropped) + 1, err);
    }
    json_decref(all);
    return err->code;
}

/* *settled: nothing was left half done. */
static vl_code run_worker(renewal *r, vl_catalog *c, bool *settled, vl_err *err)
{
    vl_worker w = { 0 };
    if (vl_worker_start(&w, work, r, 0, err)) return err->code;
    const int code = vl_worker_wait(&w);
    if (code) {
        vl_err left = VL_ERR_INIT; /* what cannot be cleared now, the next run clears */
        *settled = vl_worker_refused(code) && !vl_deposit_clear(r->ask->bank, r->id, r->sample, &left);
        vl_fail(err, vl_worker_code(code), "%.230s",
                code < 128 && w.said.len ? (char *)w.said.data : "the worker died");
    } else {
        *settled = !take_said(r, (const char *)w.said.data, c, err);
    }
    vl_worker_free(&w);
    return err->code;
}

static vl_code name_files(renewal *r, const char *id, vl_err *err)
{
    r->id = id;
    const int folder = (int)(file_of(r) - r->path);
    const int n = snprintf(r->staged, sizeof r->staged, "%.*s.%.80s.h5", folder, r->path, id);
    return n < (int)sizeof r->staged ? VL_OK : vl_fail(err, VL_EARG, "a path of the bank is too long");
}

vl_code vl_renew_store(const vl_renew *ask, vl_catalog *c, vl_renewed *done, vl_err *err)
{
    static const char *const told[] = { [VL_RENEW_SEAL] = "resealed",
                                        [VL_RENEW_INDEX] = "reindexed",
                                        [VL_RENEW_COPY] = "healed",
                                        [VL_RENEW_ORIGINAL] = "described" };
    vl_journal journal = { .fd = -1 };
    bool settled = true;
    renewal r = { .ask = ask };
    *done = (vl_renewed){ 0 };
    snprintf(r.sample, sizeof r.sample, "%.*s", (int)strcspn(ask->name, "/"), ask->name);
    const vl_item item = { .sample = r.sample, .acquisition = (char *)"" };
    if (vl_keep_find(ask->bank, ask->name, ask->kind, r.path, err) ||
        vl_journal_open(ask->bank, &item, &journal, err))
        return err->code;
    if (!name_files(&r, journal.id, err)) run_worker(&r, c, &settled, err);
    vl_journal_close(&journal, settled);
    *done = r.done;
    if (!err->code && !done->current)
        vl_log(ask->bank, VL_LOG_INFO, told[ask->how], "sample", r.sample, "file", file_of(&r), NULL);
    return err->code;
}

bool vl_renew_is_of_bank(const char *store)
{
    char beside[VL_BANK_PATH];
    const char *const slash = strrchr(store, '/');
    snprintf(beside, sizeof beside, "%.*ssample.h5", slash ? (int)(slash - store) + 1 : 0, store);
    return !access(beside, F_OK);
}
