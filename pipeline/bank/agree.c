/*
 * Records, ledger and catalogue agree: compared, and made again from each other (keep.h). Both go by shards,
 * in workers (ledger/census.h); the catalogue is written here, in one transaction.
 */
#include "pipeline/bank/keep.h"

#include "pipeline/bank/evidence.h"
#include "pipeline/bank/intake/worker.h"
#include "pipeline/bank/ledger/census.h"
#include "pipeline/run/say.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

/* ---- the catalogue from records ---- */

typedef struct listing {
    const vl_bank *bank;
    vl_catalog *catalog;
    vl_census_names names;
    uint64_t samples, stores;
} listing;

static bool is_listed(const vl_testimony *t, vl_err *err)
{
    if (!t->rows || vl_testimony_revision(t->rows) != vl_testimony_revision(t->truth)) return false;
    json_t *const changes = vl_testimony_differences(t->rows, t->truth, err);
    const bool same = changes && !json_array_size(changes);
    json_decref(changes);
    return same;
}

/* Rows of what nobody can decide, or what only the catalogue knows, stay as they are. */
static vl_code list_sample(listing *l, const vl_testimony *t, vl_err *err)
{
    if (!t->truth || vl_testimony_rows_conflict(t, err)) return err->code;
    l->samples++;
    l->stores += json_array_size(json_object_get(t->truth, "stores"));
    return is_listed(t, err) || err->code ? err->code : vl_catalog_put(l->catalog, t->truth, err);
}

static vl_code list_shard(listing *l, unsigned shard, vl_err *err)
{
    vl_census census;
    vl_census_take(&census, l->bank, l->catalog, &l->names, shard, NULL, err);
    for (size_t i = 0; i < census.n && !err->code; i++) {
        vl_testimony t;
        vl_err why = VL_ERR_INIT;
        if (!vl_testimony_take(&census, &census.sample[i], &t, &why)) list_sample(l, &t, &why);
        if (why.code != VL_ESTORE) *err = why; /* that was said already */
        vl_testimony_free(&t);
    }
    vl_census_free(&census);
    return err->code;
}

vl_code vl_keep_rebuild(const vl_bank *bank, vl_catalog *c, FILE *to, vl_rebuilt *done, vl_err *err)
{
    vl_census_report sum = { 0 };
    listing l = { .bank = bank, .catalog = c };
    *done = (vl_rebuilt){ 0 };
    if (vl_shards_run(bank, vl_restore_shard, true, to, &sum, err) || vl_catalog_begin(c, err))
        return err->code;
    vl_census_names_read(c, &l.names, err);
    for (unsigned shard = 0; shard < 256 && !err->code; shard++) list_shard(&l, shard, err);
    if (!err->code) vl_catalog_commit(c, err);
    if (err->code) vl_catalog_rollback(c);
    vl_census_names_free(&l.names);
    *done = (vl_rebuilt){ l.samples, l.stores, sum.entered, sum.differences };
    return err->code;
}

/* ---- opening ---- */

/* By a process of its own: it enters HDF5. */
static int rebuild_work(void *argument, int fd)
{
    const vl_bank *const bank = argument;
    vl_catalog *c = NULL;
    vl_rebuilt done;
    vl_err err = VL_ERR_INIT;
    if (!vl_catalog_open(&c, bank, true, &err)) vl_keep_rebuild(bank, c, stderr, &done, &err);
    vl_catalog_close(c);
    if (err.code) {
        char line[640];
        vl_err_print(&err, line, sizeof line);
        vl_worker_say(fd, line);
    }
    return vl_exit_code(err.code);
}

static vl_code make_catalogue(const vl_bank *bank, vl_err *err)
{
    vl_worker w = { 0 };
    if (vl_worker_start(&w, rebuild_work, (void *)bank, 0, err)) return err->code;
    const int code = vl_worker_wait(&w);
    if (code)
        vl_fail(err, vl_worker_code(code), "%.230s",
                w.said.len ? (char *)w.said.data : "the catalogue could not be made");
    vl_worker_free(&w);
    return err->code;
}

/* A bank from before the ledger, or one that has lost it: all samples enter it. */
static vl_code make_ledger(const vl_bank *bank, vl_err *err)
{
    char path[VL_BANK_PATH], text[32];
    vl_census_report sum = { 0 };
    if (vl_bank_path(bank, path, err, "ledger") ||
        vl_shards_run(bank, vl_restore_shard, true, stderr, &sum, err) ||
        vl_bank_make_folder(bank, path, err))
        return err->code;
    snprintf(text, sizeof text, "%" PRIu64, sum.entered);
    vl_log(bank, VL_LOG_WARNING, "ledger made", "samples", text, NULL);
    return VL_OK;
}

static bool is_missing(const vl_bank *bank, const char *name, vl_err *err)
{
    char path[VL_BANK_PATH];
    struct stat st;
    return !vl_bank_path(bank, path, err, "%s", name) && stat(path, &st) && errno == ENOENT;
}

vl_code vl_keep_open(const vl_bank *bank, vl_catalog **c, vl_err *err)
{
    *c = NULL;
    vl_bank_settle_mask(bank);
    if (is_missing(bank, "catalog.db", err)) make_catalogue(bank, err);
    if (!err->code && is_missing(bank, "ledger", err)) make_ledger(bank, err);
    return err->code ? err->code : vl_catalog_open(c, bank, true, err);
}

/* ---- comparison ---- */

static int is_visible(const struct dirent *e) { return e->d_name[0] != '.'; }

/* Names in samples/ and ledger/ that are no shard's. */
static uint64_t name_misfits(const vl_bank *bank, const char *where, vl_err *err)
{
    char path[VL_BANK_PATH];
    struct dirent **entry = NULL;
    uint64_t misfits = 0;
    if (vl_bank_path(bank, path, err, "%s", where)) return 0;
    const int n = scandir(path, &entry, is_visible, alphasort);
    if (n < 0) {
        vl_say(stdout, "%s: is missing", where);
        return 1;
    }
    for (int i = 0; i < n; i++) {
        const char *const name = entry[i]->d_name;
        if (strlen(name) != 2 || strspn(name, "0123456789abcdef") != 2) {
            vl_say(stdout, "%s/%s: fits no id of a sample", where, name);
            misfits++;
        }
        free(entry[i]);
    }
    free(entry);
    return misfits;
}

vl_code vl_keep_compare(const vl_bank *bank, bool ledger_only, uint64_t *samples, uint64_t *differences,
                        vl_err *err)
{
    vl_census_report sum = { 0 };
    vl_catalog *c = NULL;
    vl_err why = VL_ERR_INIT;
    *differences = name_misfits(bank, "ledger", err);
    if (!ledger_only) *differences += name_misfits(bank, "samples", err);
    if (!ledger_only && vl_catalog_open(&c, bank, false, &why)) {
        vl_say_error(&why);
        *differences += 1;
    }
    vl_catalog_close(c);
    if (!err->code)
        vl_shards_run(bank, ledger_only ? vl_compare_ledger : vl_compare_shard, !why.code, stdout, &sum, err);
    *samples = sum.samples;
    *differences += sum.differences;
    return err->code;
}
