/*
 * The catalogue: an SQLite listing of what the sample records say, for quick questions. Never the truth: it
 * is rebuilt from the samples at will. WAL mode, one writer at a time (busy time-out 30 s), synchronous=FULL.
 *
 * Tables (catalog.c holds the schema and its migrations by PRAGMA user_version):
 *   donor(donor_id, name)
 *   sample(sample_id, name, donor_id, revision, withdrawn_at, withdrawn_reason)
 *   acquisition(acquisition_id, sample_id, kind, name)
 *   store(store_id, acquisition_id, file, state, profile, options, rows, bytes, bytes_in, text_bytes, digest,
 *         seal, published_at, superseded_at, verified_at, verify_failed, healed_at,
 *         measures (JSON: {"q30": 91.25, ...}, NULL: none are known))
 *   input(input_id, store_id, stream, path, bytes, mtime_ns, sha256)
 *   fact(sample_id, acquisition_id (0: of the sample), name, value)
 *   job(job_id, what, started_at, ended_at, exit_code, items, published, unchanged, refused, failed,
 *       bytes_in, bytes_store, host, pid, healed)
 *   refusal(refusal_id, job_id, at, sample, acquisition, input, reason, message, exit_code, evidence,
 *           bytes, mtime_ns, version (with the build: "0.1.0 3f0c5a7d91e2b846"))
 *   receipt(name, at): receipts that were collected
 */
#ifndef VL_CATALOG_H
#define VL_CATALOG_H

#include "pipeline/bank/bank.h"
#include "pipeline/bank/item.h"
#include <jansson.h>

typedef struct vl_catalog vl_catalog;

/* write: makes catalog.db if it is missing and brings its schema up to date; the caller rebuilds a new one
 * (vl_catalog_is_new). Read only otherwise: a missing or newer catalogue is an error. */
vl_code vl_catalog_open(vl_catalog **out, const vl_bank *bank, bool write, vl_err *err);
bool vl_catalog_is_new(const vl_catalog *c);
/* False: of an earlier version, and we may only read it. */
bool vl_catalog_has_measures(const vl_catalog *c);
bool vl_catalog_has_original(const vl_catalog *c);
bool vl_catalog_writes(const vl_catalog *c); /* opened to write */
void vl_catalog_close(vl_catalog *c);        /* NULL is fine */

/* BEGIN IMMEDIATE ... COMMIT; rollback after an error. */
vl_code vl_catalog_begin(vl_catalog *c, vl_err *err);
vl_code vl_catalog_commit(vl_catalog *c, vl_err *err);
void vl_catalog_rollback(vl_catalog *c);

/* Replaces all rows about the record's sample, unless the catalogue knows a higher revision. What only the
 * catalogue knows (verified_at, verify_failed) stays with stores of the same digest. */
vl_code vl_catalog_put(vl_catalog *c, const json_t *record, vl_err *err);
/* The record that a sample's rows stand for: all but the roles of inputs. NULL: it has none, or err is set.
 * The caller owns it. */
json_t *vl_catalog_get(vl_catalog *c, const char *sample, vl_err *err);
/* Removes a sample that has no folder any more. */
vl_code vl_catalog_remove(vl_catalog *c, const char *sample, vl_err *err);
/* Empties all tables that are made from records. */
vl_code vl_catalog_clear(vl_catalog *c, vl_err *err);

/* Is there a live store made of exactly these inputs (paths, sizes, mtimes), sample, acquisition, profile,
 * options, and with just these details, which is not known to be damaged? For an item of an inbox the
 * acquisition's name does not matter. Sizes and times as stat says now. *store: its file and seal as members,
 * owned by the caller; NULL: there is none. */
typedef struct vl_known_input {
    const char *path;
    int stream; /* from 0 */
    uint64_t bytes;
    int64_t mtime_ns;
} vl_known_input;
vl_code vl_catalog_is_known(vl_catalog *c, const vl_item *item, const vl_known_input *input, int ninput,
                            const char *profile, const char *options, json_t **store, vl_err *err);

/* Who has these bytes (SHA-256 in hex) in a live store, besides this sample: "'S1', acquisition 'L001'"; ""
 * if nobody. Into found, n bytes. */
vl_code vl_catalog_find_data(vl_catalog *c, const char *sample, const char *sha256, char *found, size_t n,
                             vl_err *err);

/* The size of each input of each live store, with its sample. */
vl_code vl_catalog_each_size(vl_catalog *c,
                             vl_code (*visit)(const char *sample, uint64_t bytes, void *to, vl_err *err),
                             void *to, vl_err *err);

/* From now on, SQLite writes zeros over what this connection removes. */
vl_code vl_catalog_forget_surely(vl_catalog *c, vl_err *err);
/* Writes the file anew without what was removed before, and empties its log: nothing that is in no row is in
 * either. VL_EBUSY: somebody reads it for longer than we wait. */
vl_code vl_catalog_squeeze(vl_catalog *c, vl_err *err);

/* ---- jobs ---- */
typedef struct vl_catalog_job {
    const char *what; /* "ingest", "nightly" */
    double started_at, ended_at;
    int exit_code;
    uint64_t items, published, unchanged, refused, failed, bytes_in, bytes_store, healed;
} vl_catalog_job;
typedef struct vl_refusal {
    double at;
    const char *sample, *acquisition, *input, *reason, *message, *evidence;
    int exit_code;
    uint64_t bytes;   /* of all inputs; 0: unknown */
    int64_t mtime_ns; /* of the latest */
} vl_refusal;
vl_code vl_catalog_start_job(vl_catalog *c, const vl_catalog_job *job, int64_t *id, vl_err *err);
vl_code vl_catalog_end_job(vl_catalog *c, int64_t id, const vl_catalog_job *job, vl_err *err);
vl_code vl_catalog_add_refusal(vl_catalog *c, int64_t job, const vl_refusal *refusal, vl_err *err);
/* If this build of vial refused just these inputs as bad data before, what was said stands in message of n
 * bytes; "" if not. bytes and mtime_ns as in vl_refusal. */
vl_code vl_catalog_refused_before(vl_catalog *c, const vl_item *item, uint64_t bytes, int64_t mtime_ns,
                                  char *message, size_t n, vl_err *err);

/* ---- verification ---- */
/* Live stores whose last check is longest ago, `most` of them: visit(sample, file, store_id). name: only
 * those of "SAMPLE" or "SAMPLE/ACQUISITION"; NULL: of all. */
vl_code vl_catalog_oldest_checks(vl_catalog *c, const char *name, uint64_t most,
                                 vl_code (*visit)(const char *sample, const char *file, int64_t store,
                                                  void *to, vl_err *err),
                                 void *to, vl_err *err);
vl_code vl_catalog_checked(vl_catalog *c, int64_t store, double at, const char *failed, vl_err *err);
/* What was wrong with a store of a sample when it was checked last; "" if nothing. Into what, n bytes. */
vl_code vl_catalog_failed(vl_catalog *c, const char *sample, const char *file, char *what, size_t n,
                          vl_err *err);
vl_code vl_catalog_count(vl_catalog *c, uint64_t *samples, uint64_t *stores, vl_err *err);

/* ---- receipts ---- */
/* Notes that a receipt was collected; *already: it was before. */
vl_code vl_catalog_take_receipt(vl_catalog *c, const char *name, double at, bool *already, vl_err *err);

#endif
