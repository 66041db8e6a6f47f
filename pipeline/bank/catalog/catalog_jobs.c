/*
 * What only the catalogue knows: jobs and what they refused, the last check of each store, the receipts that
 * were collected (catalog.h). Rebuilding from the samples does not touch these tables, but for the checks.
 */
#include "pipeline/bank/catalog/catalog_db.h"

#include "pipeline/run/build_id.h"

#include <sysexits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- jobs ---- */

vl_code vl_catalog_start_job(vl_catalog *c, const vl_catalog_job *job, int64_t *id, vl_err *err)
{
    char host[256] = "";
    if (gethostname(host, sizeof host - 1)) host[0] = 0;
    const vl_sql_value v[] = { vl_sql_text(job->what), vl_sql_real(job->started_at), vl_sql_text(host),
                               vl_sql_whole(getpid()) };
    *id = 0;
    if (vl_sql_run(c, "INSERT INTO job(what, started_at, host, pid) VALUES(?, ?, ?, ?)", v, 4, err))
        return err->code;
    *id = sqlite3_last_insert_rowid(c->db);
    return VL_OK;
}

vl_code vl_catalog_end_job(vl_catalog *c, int64_t id, const vl_catalog_job *job, vl_err *err)
{
    const vl_sql_value v[] = {
        vl_sql_real(job->ended_at),
        vl_sql_whole(job->exit_code),
        vl_sql_whole((int64_t)job->items),
        vl_sql_whole((int64_t)job->published),
        vl_sql_whole((int64_t)job->unchanged),
        vl_sql_whole((int64_t)job->refused),
        vl_sql_whole((int64_t)job->failed),
        vl_sql_whole((int64_t)job->bytes_in),
        vl_sql_whole((int64_t)job->bytes_store),
        vl_sql_whole((int64_t)job->healed),
        vl_sql_whole(id),
    };
    return vl_sql_run(c,
                      "UPDATE job SET ended_at = ?, exit_code = ?, items = ?, published = ?, unchanged = ?,"
                      " refused = ?, failed = ?, bytes_in = ?, bytes_store = ?, healed = ? WHERE job_id = ?",
                      v, 11, err);
}

vl_code vl_catalog_add_refusal(vl_catalog *c, int64_t job, const vl_refusal *r, vl_err *err)
{
    const vl_sql_value v[] = { job > 0 ? vl_sql_whole(job) : vl_sql_text(NULL),
                               vl_sql_real(r->at),
                               vl_sql_text(r->sample),
                               vl_sql_text(r->acquisition),
                               vl_sql_text(r->input),
                               vl_sql_text(r->reason),
                               vl_sql_text(r->message),
                               vl_sql_whole(r->exit_code),
                               vl_sql_text(r->evidence),
                               vl_sql_whole((int64_t)r->bytes),
                               vl_sql_whole(r->mtime_ns),
                               vl_sql_text(vl_build_id()) };
    return vl_sql_run(
        c,
        "INSERT INTO refusal(job_id, at, sample, acquisition, input, reason, message, exit_code,"
        " evidence, bytes, mtime_ns, version) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        v, 12, err);
}

vl_code vl_catalog_refused_before(vl_catalog *c, const vl_item *item, uint64_t bytes, int64_t mtime_ns,
                                  char *message, size_t n, vl_err *err)
{
    const vl_sql_value v[] = { vl_sql_text(item->inputs.file[0].path),
                               vl_sql_text(item->sample),
                               vl_sql_whole((int64_t)bytes),
                               vl_sql_whole(mtime_ns),
                               vl_sql_whole(EX_DATAERR),
                               vl_sql_text(vl_build_id()) };
    message[0] = 0;
    sqlite3_stmt *const q = vl_sql_ask(c,
                                       "SELECT message FROM refusal WHERE input = ? AND sample = ?"
                                       " AND bytes = ? AND mtime_ns = ? AND exit_code = ? AND version = ?"
                                       " ORDER BY refusal_id DESC LIMIT 1",
                                       v, 6, err);
    if (!q || !vl_sql_row(c, q, err)) return err->code;
    snprintf(message, n, "%s", vl_sql_column(q, 0));
    sqlite3_reset(q);
    return VL_OK;
}

/* ---- verification ---- */

typedef struct ids {
    int64_t *id; /* owned */
    size_t n, cap;
} ids;

static vl_code add_id(ids *all, int64_t id, vl_err *err)
{
    if (all->n == all->cap) {
        const size_t cap = 2 * all->cap + 64;
        int64_t *const more = realloc(all->id, cap * sizeof *more);
        if (!more) return vl_fail(err, VL_ENOMEM, "no memory for %zu stores to check", cap);
        all->id = more;
        all->cap = cap;
    }
    all->id[all->n++] = id;
    return VL_OK;
}

/* Publishing verifies, so a store that was never checked since was checked then. A check in the future was
 * made while the clock was wrong: nobody knows when. */
static vl_code find_oldest(vl_catalog *c, const char *name, uint64_t most, ids *all, vl_err *err)
{
    const vl_sql_value v[] = { vl_sql_whole(most < INT64_MAX ? (int64_t)most : INT64_MAX),
                               vl_sql_real(vl_bank_now() + 3600), vl_sql_text(name) };
    sqlite3_stmt *const q =
        vl_sql_ask(c,
                   "SELECT store_id FROM store WHERE +state = 'live' AND acquisition_id NOT IN"
                   " (SELECT acquisition_id FROM acquisition WHERE sample_id IN"
                   "  (SELECT sample_id FROM sample WHERE withdrawn_at IS NOT NULL))"
                   " AND (?3 IS NULL OR acquisition_id IN (SELECT acquisition_id FROM acquisition a"
                   "  JOIN sample s USING (sample_id) WHERE ?3 IN (s.name, s.name || '/' || a.name)))"
                   " ORDER BY CASE WHEN coalesce(verified_at, published_at) > ?2 THEN 0"
                   " ELSE coalesce(verified_at, published_at) END, store_id LIMIT ?1",
                   v, 3, err);
    while (q && vl_sql_row(c, q, err)) {
        if (!add_id(all, sqlite3_column_int64(q, 0), err)) continue;
        sqlite3_reset(q);
        break;
    }
    return err->code;
}

/* *sample, *file: owned by the caller; NULL when the store has gone meanwhile. */
static vl_code find_store(vl_catalog *c, int64_t store, char **sample, char **file, vl_err *err)
{
    const vl_sql_value v[] = { vl_sql_whole(store) };
    sqlite3_stmt *const q =
        vl_sql_ask(c,
                   "SELECT s.name, st.file FROM store st JOIN acquisition a USING(acquisition_id)"
                   " JOIN sample s USING(sample_id) WHERE st.store_id = ? AND +st.state = 'live'",
                   v, 1, err);
    *sample = *file = NULL;
    if (!q || !vl_sql_row(c, q, err)) return err->code;
    *sample = strdup(vl_sql_column(q, 0));
    *file = strdup(vl_sql_column(q, 1));
    sqlite3_reset(q);
    return *sample && *file ? VL_OK : vl_fail(err, VL_ENOMEM, "no memory for the name of a store");
}

/* Checking takes hours, so no statement is open during a visit: it would keep the log from being emptied. */
vl_code vl_catalog_oldest_checks(vl_catalog *c, const char *name, uint64_t most,
                                 vl_code (*visit)(const char *sample, const char *file, int64_t store,
                                                  void *to, vl_err *err),
                                 void *to, vl_err *err)
{
    ids all = { 0 };
    find_oldest(c, name, most, &all, err);
    for (size_t i = 0; i < all.n && !err->code; i++) {
        char *sample, *file;
        if (!find_store(c, all.id[i], &sample, &file, err) && file) visit(sample, file, all.id[i], to, err);
        free(sample);
        free(file);
    }
    free(all.id);
    return err->code;
}

vl_code vl_catalog_checked(vl_catalog *c, int64_t store, double at, const char *failed, vl_err *err)
{
    const vl_sql_value v[] = { vl_sql_real(at), vl_sql_text(failed), vl_sql_whole(store) };
    return vl_sql_run(c, "UPDATE store SET verified_at = ?, verify_failed = ? WHERE store_id = ?", v, 3, err);
}

vl_code vl_catalog_failed(vl_catalog *c, const char *sample, const char *file, char *what, size_t n,
                          vl_err *err)
{
    const vl_sql_value v[] = { vl_sql_text(sample), vl_sql_text(file) };
    *what = 0;
    sqlite3_stmt *const q =
        vl_sql_ask(c,
                   "SELECT st.verify_failed FROM store st JOIN acquisition a USING(acquisition_id)"
                   " JOIN sample s USING(sample_id) WHERE s.name = ? AND st.file = ?",
                   v, 2, err);
    if (!q || !vl_sql_row(c, q, err)) return err->code;
    snprintf(what, n, "%s", vl_sql_column(q, 0));
    sqlite3_reset(q);
    return VL_OK;
}

/* ---- receipts ---- */

vl_code vl_catalog_take_receipt(vl_catalog *c, const char *name, double at, bool *already, vl_err *err)
{
    const vl_sql_value v[] = { vl_sql_text(name), vl_sql_real(at) };
    if (vl_sql_run(c, "INSERT OR IGNORE INTO receipt(name, at) VALUES(?, ?)", v, 2, err)) return err->code;
    *already = !sqlite3_changes(c->db);
    return VL_OK;
}
