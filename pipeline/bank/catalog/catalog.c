/*
 * The catalogue: schema, opening, transactions, and the plain questions (catalog.h). Rows are
 * made in catalog_put.c and catalog_jobs.c, listed in listing.c.
 *
 * The schema grows by one entry in the table of migrations; PRAGMA user_version says how many of them a file
 * has seen, application_id that it is ours. Each question has the index that it needs, and no other: every
 * index costs each put.
 *
 *     sample by name, its acquisitions in order of kind and name   the unique keys: ls needs no sort
 *     sample by donor                                              sample_donor
 *     stores of an acquisition, inputs of a store                  store_acquisition, input_store
 *     facts of a sample or acquisition; who has this fact          the primary key; fact_value
 *     who has these bytes                                          input_data
 *     stores that are not live, withdrawn samples: few             store_state, sample_withdrawn
 *     stores whose files are to be described: few                  store_original
 *
 * The stores to check next come from a scan of table store, seconds for millions, once a night: an index by
 * the time of the last check would be written all over at each put of a rebuild.
 */
#include "pipeline/bank/record.h"
#include "pipeline/bank/catalog/catalog_db.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { WAIT_MS = 30000, OUR_ID = 0x7669616c /* "vial" */ };

/* Entry n brings a catalogue of version n to version n + 1. Times are seconds since 1970. */
static const char *const migration[] = {
    "PRAGMA application_id = 1986617708;"
    "CREATE TABLE donor(donor_id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);"
    "CREATE TABLE sample(sample_id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,"
    " donor_id INTEGER REFERENCES donor, revision INTEGER NOT NULL, withdrawn_at NUMERIC,"
    " withdrawn_reason TEXT);"
    "CREATE INDEX sample_donor ON sample(donor_id) WHERE donor_id IS NOT NULL;"
    "CREATE INDEX sample_withdrawn ON sample(withdrawn_at) WHERE withdrawn_at IS NOT NULL;"
    "CREATE TABLE acquisition(acquisition_id INTEGER PRIMARY KEY,"
    " sample_id INTEGER NOT NULL REFERENCES sample ON DELETE CASCADE, kind TEXT NOT NULL, name TEXT NOT NULL,"
    " UNIQUE(sample_id, kind, name));"
    "CREATE TABLE store(store_id INTEGER PRIMARY KEY,"
    " acquisition_id INTEGER NOT NULL REFERENCES acquisition ON DELETE CASCADE, file TEXT NOT NULL,"
    " state TEXT NOT NULL, profile TEXT NOT NULL, options TEXT NOT NULL, rows INTEGER NOT NULL,"
    " bytes INTEGER NOT NULL, bytes_in INTEGER NOT NULL, text_bytes INTEGER NOT NULL, digest TEXT NOT NULL,"
    " seal TEXT NOT NULL, published_at NUMERIC NOT NULL, superseded_at NUMERIC, verified_at NUMERIC,"
    " verify_failed TEXT);"
    "CREATE INDEX store_acquisition ON store(acquisition_id);"
    "CREATE INDEX store_state ON store(state) WHERE state <> 'live';"
    "CREATE TABLE input(input_id INTEGER PRIMARY KEY,"
    " store_id INTEGER NOT NULL REFERENCES store ON DELETE CASCADE, stream INTEGER NOT NULL,"
    " path TEXT NOT NULL, bytes INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, sha256 TEXT NOT NULL);"
    "CREATE INDEX input_store ON input(store_id);"
    "CREATE TABLE fact(sample_id INTEGER NOT NULL REFERENCES sample ON DELETE CASCADE,"
    " acquisition_id INTEGER NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL,"
    " PRIMARY KEY(sample_id, acquisition_id, name)) WITHOUT ROWID;"
    "CREATE INDEX fact_value ON fact(name, value);"
    "CREATE TABLE job(job_id INTEGER PRIMARY KEY, what TEXT NOT NULL, started_at NUMERIC NOT NULL,"
    " ended_at NUMERIC, exit_code INTEGER, items INTEGER NOT NULL DEFAULT 0,"
    " published INTEGER NOT NULL DEFAULT 0, unchanged INTEGER NOT NULL DEFAULT 0,"
    " refused INTEGER NOT NULL DEFAULT 0, failed INTEGER NOT NULL DEFAULT 0,"
    " bytes_in INTEGER NOT NULL DEFAULT 0, bytes_store INTEGER NOT NULL DEFAULT 0, host TEXT NOT NULL,"
    " pid INTEGER NOT NULL);"
    "CREATE INDEX job_started ON job(started_at);"
    "CREATE TABLE refusal(refusal_id INTEGER PRIMARY KEY, job_id INTEGER REFERENCES job, at NUMERIC NOT NULL,"
    " sample TEXT, acquisition TEXT, input TEXT, reason TEXT NOT NULL, message TEXT NOT NULL,"
    " exit_code INTEGER NOT NULL, evidence TEXT);"
    "CREATE INDEX refusal_at ON refusal(at);"
    "CREATE TABLE receipt(name TEXT PRIMARY KEY, at NUMERIC NOT NULL) WITHOUT ROWID;",
    /* 2: what a refused input was, so that the next night need not read it again */
    "ALTER TABLE refusal ADD COLUMN bytes INTEGER; ALTER TABLE refusal ADD COLUMN mtime_ns INTEGER;"
    "ALTER TABLE refusal ADD COLUMN version TEXT; CREATE INDEX refusal_input ON refusal(input);",
    /* 3: stores that were made again */
    "ALTER TABLE store ADD COLUMN healed_at NUMERIC; ALTER TABLE job ADD COLUMN healed INTEGER NOT NULL "
    "DEFAULT 0;",
    /* 4: how good the data of a store is: {"q30": 91.25, ...} */
    "ALTER TABLE store ADD COLUMN measures TEXT;",
    /* 5: whether its inputs can be given back as they were delivered: pending, described */
    "ALTER TABLE store ADD COLUMN original TEXT;"
    "CREATE INDEX store_original ON store(original) WHERE original = 'pending';",
};
enum { VERSION = sizeof migration / sizeof *migration };

/* What is asked of a catalogue that is only read is there since this version, or is asked for first. */
enum { READABLE = 2 };

/* ---- opening ---- */

/*
 * A write-ahead log lives in memory that the processes of one host share. What statfs calls these file
 * systems is in linux/magic.h and, for the last three, in their own sources.
 */
static void warn_of_network(const vl_bank *bank)
{
    static const struct {
        uint32_t magic;
        const char *name;
    } remote[] = { { 0x6969, "NFS" },       { 0x517b, "SMB" },        { 0xff534d42, "CIFS" },
                   { 0xfe534d42, "SMB" },   { 0x5346414f, "AFS" },    { 0x65735546, "FUSE" },
                   { 0x00c36400, "Ceph" },  { 0x0bd00bd0, "Lustre" }, { 0x47504653, "GPFS" },
                   { 0x19830326, "BeeGFS" } };
    static bool warned;
    struct statfs fs;
    if (warned || statfs(bank->root, &fs)) return;
    for (size_t i = 0; i < sizeof remote / sizeof *remote; i++) {
        if ((uint32_t)fs.f_type != remote[i].magic) continue;
        fprintf(
            stderr,
            "vial: warning: %s lies on %s: only one host may write the catalogue; others use 'vial ingest "
            "--task' and 'vial collect'\n",
            bank->root, remote[i].name);
        warned = true;
    }
}

/* Makes an empty file with the mode of the bank; SQLite by itself would leave out the group. Its side files
 * get the mode of this one. */
static vl_code make_file(const char *path, vl_err *err)
{
    const int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (fd >= 0) return close(fd), VL_OK;
    if (errno == EEXIST && !faccessat(AT_FDCWD, path, R_OK | W_OK, AT_EACCESS)) return VL_OK;
    return vl_bank_cannot(path, errno, "cannot write the catalogue", err);
}

static vl_code connect_to(vl_catalog *c, const char *name, int flags, vl_err *err)
{
    if (sqlite3_open_v2(name, &c->db, flags | SQLITE_OPEN_NOMUTEX, NULL))
        return vl_sql_fail(c, "cannot open", err);
    sqlite3_extended_result_codes(c->db, 1);
    sqlite3_busy_timeout(c->db, c->wait);
    sqlite3_db_config(c->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(c->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(c->db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
    return VL_OK;
}

/* A log with nothing in it: SQLite truncates it, or removes it, when the last connection closes. */
static bool has_log(const char *path)
{
    char log[VL_BANK_PATH + 8];
    struct stat st;
    snprintf(log, sizeof log, "%s-wal", path);
    return !stat(log, &st) && st.st_size;
}

/* "file:<path>?immutable=1": a catalogue that nobody writes, in a folder where we may not make the log's
 * index. */
static vl_code connect_immutable(vl_catalog *c, vl_err *err)
{
    char uri[3 * VL_BANK_PATH + 32];
    size_t at = (size_t)sprintf(uri, "file:");
    for (const char *p = c->path; *p; p++)
        at += (size_t)sprintf(uri + at, strchr("%?#", *p) ? "%%%02X" : "%c", (unsigned char)*p);
    sprintf(uri + at, "?immutable=1");
    sqlite3_close(c->db);
    c->db = NULL;
    return connect_to(c, uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, err);
}

/* Is it ours, and not newer than we are? *made: it has tables already. One statement, so one state of the
 * file: another run may be making the tables. */
static vl_code look(vl_catalog *c, int64_t *version, bool *made, vl_err *err)
{
    sqlite3_stmt *q = NULL;
    int64_t id = 0;
    if (sqlite3_prepare_v2(c->db,
                           "SELECT (SELECT count(*) FROM sqlite_schema), application_id, user_version"
                           " FROM pragma_application_id, pragma_user_version",
                           -1, &q, NULL))
        vl_sql_fail(c, "cannot read", err);
    else if (vl_sql_row(c, q, err)) {
        *made = sqlite3_column_int64(q, 0);
        id = sqlite3_column_int64(q, 1);
        *version = sqlite3_column_int64(q, 2);
    }
    sqlite3_finalize(q);
    if (err->code) return err->code;
    if (id != OUR_ID && (id || *made)) return vl_fail(err, VL_ESTORE, "not a catalogue of vial");
    if (*version >= 0 && *version <= VERSION) return VL_OK;
    return vl_fail(err, VL_ECONFIG,
                   "catalogue of version %" PRId64 ", this program knows %d: use a newer vial", *version,
                   VERSION);
}

/* *older: it has tables, of an earlier version. */
static vl_code open_to_read(vl_catalog *c, bool *older, vl_err *err)
{
    int64_t version = 0;
    bool made = false;
    vl_err first = VL_ERR_INIT;
    if (access(c->path, F_OK))
        return vl_fail_errno(err, VL_ENOIN, errno, "no catalogue; 'vial catalog rebuild' makes it");
    if (connect_to(c, c->path, SQLITE_OPEN_READONLY, err)) return err->code;
    if (look(c, &version, &made, &first) == VL_ENOIN && !access(c->path, R_OK)) {
        if (has_log(c->path))
            return vl_fail(err, VL_ENOIN,
                           "the log beside the catalogue can only be read by who may write here");
        vl_err_clear(&first);
        if (connect_immutable(c, err)) return err->code;
        look(c, &version, &made, &first);
    }
    if (first.code) {
        *err = first;
        return err->code;
    }
    c->version = version;
    *older = version > 0 && version < VERSION;
    if (version < READABLE)
        return vl_fail(err, VL_ECONFIG,
                       "catalogue of version %" PRId64
                       ", not yet %d; 'vial catalog rebuild' brings it up to date",
                       version, READABLE);
    return vl_sql_script(c, "PRAGMA cache_size = -65536", "cannot read", err);
}

/* Brings the schema up to date, all in one transaction: another run may have been here since we looked. */
static vl_code migrate(vl_catalog *c, vl_err *err)
{
    int64_t version = 0;
    bool made = false;
    char set[64];
    if (look(c, &version, &made, err)) return err->code;
    c->is_new = !made;
    for (int64_t v = version; v < VERSION; v++)
        if (vl_sql_script(c, migration[v], "cannot make the tables", err)) return err->code;
    snprintf(set, sizeof set, "PRAGMA user_version = %d", VERSION);
    return vl_sql_script(c, set, "cannot make the tables", err);
}

/* Indexes that came later: a catalogue without them is read all the same, and is of no other version. Of a
 * digest a quarter will find it. */
static vl_code make_indexes(vl_catalog *c, vl_err *err)
{
    return vl_sql_script(c, "CREATE INDEX IF NOT EXISTS input_data ON input(substr(sha256, 1, 16))",
                         "cannot make an index", err);
}

/* Changing to a write-ahead log needs a moment alone, and SQLite does not wait for it. */
static vl_code set_journal(vl_catalog *c, vl_err *err)
{
    enum { STEP_MS = 20 };
    for (int spent = 0;; spent += STEP_MS) {
        const int got = sqlite3_exec(c->db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);
        if (!got) return VL_OK;
        if ((got & 0xff) != SQLITE_BUSY || spent >= c->wait) return vl_sql_fail(c, "cannot open", err);
        sqlite3_sleep(STEP_MS);
    }
}

static vl_code open_to_write(vl_catalog *c, const vl_bank *bank, vl_err *err)
{
    int64_t version = 0;
    bool made = false;
    warn_of_network(bank);
    if (make_file(c->path, err) || connect_to(c, c->path, SQLITE_OPEN_READWRITE, err)) return err->code;
    if (sqlite3_db_readonly(c->db, "main") == 1)
        return vl_bank_cannot(c->path, EACCES, "cannot write the catalogue", err);
    if (look(c, &version, &made, err) || set_journal(c, err) ||
        vl_sql_script(c,
                      "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -262144;"
                      "PRAGMA journal_size_limit = 67108864",
                      "cannot open", err))
        return err->code;
    c->version = VERSION;
    if (version == VERSION) return make_indexes(c, err);
    if (vl_catalog_begin(c, err)) return err->code;
    if (migrate(c, err) || make_indexes(c, err)) vl_catalog_rollback(c);
    else vl_catalog_commit(c, err);
    return err->code;
}

static vl_code open_once(vl_catalog **out, const vl_bank *bank, bool write, bool *older, vl_err *err)
{
    *out = NULL;
    vl_catalog *const c = calloc(1, sizeof *c);
    if (!c) return vl_fail(err, VL_ENOMEM, "no memory for the catalogue");
    const char *const wait = getenv("VIAL_BUSY_MS"); /* for tests */
    c->wait = wait && atoi(wait) > 0 ? atoi(wait) : WAIT_MS;
    c->write = write;
    /* who reads may have to make the side files, too, and SQLite would set their mode a moment too late */
    const mode_t given = vl_bank_settle_mask(bank);
    if (!vl_bank_path(bank, c->path, err, "catalog.db")) {
        if (write) open_to_write(c, bank, err);
        else open_to_read(c, older, err);
    }
    if (!write) umask(given);
    vl_err_file(err, c->path);
    if (err->code) vl_catalog_close(c);
    else *out = c;
    return err->code;
}

/* One of an earlier version is brought up to date by the first who comes and may write, though it be to read.
 * Who may not reads it as it is, if that will do. */
vl_code vl_catalog_open(vl_catalog **out, const vl_bank *bank, bool write, vl_err *err)
{
    vl_catalog *newer = NULL;
    vl_err why = VL_ERR_INIT;
    bool older = false;
    open_once(out, bank, write, &older, err);
    if (!older || open_once(&newer, bank, true, &older, &why)) return err->code;
    vl_catalog_close(newer);
    vl_catalog_close(*out);
    vl_err_clear(err);
    return open_once(out, bank, write, &older, err);
}

void vl_catalog_close(vl_catalog *c)
{
    if (!c) return;
    for (int i = 0; i < c->nkept; i++) sqlite3_finalize(c->kept[i].stmt);
    free(c->kept);
    sqlite3_close(c->db);
    free(c);
}

bool vl_catalog_has_measures(const vl_catalog *c) { return c->version >= 4; }
bool vl_catalog_has_original(const vl_catalog *c) { return c->version >= 5; }
bool vl_catalog_is_new(const vl_catalog *c) { return c->is_new; }
bool vl_catalog_writes(const vl_catalog *c) { return c->write; }

/* ---- transactions ---- */

vl_code vl_catalog_begin(vl_catalog *c, vl_err *err)
{
    return vl_sql_run(c, "BEGIN IMMEDIATE", NULL, 0, err);
}
vl_code vl_catalog_commit(vl_catalog *c, vl_err *err) { return vl_sql_run(c, "COMMIT", NULL, 0, err); }

void vl_catalog_rollback(vl_catalog *c)
{
    for (int i = 0; i < c->nkept; i++) sqlite3_reset(c->kept[i].stmt);
    if (!sqlite3_get_autocommit(c->db)) sqlite3_exec(c->db, "ROLLBACK", NULL, NULL, NULL);
}

/* ---- questions ---- */

static vl_code has_inputs(vl_catalog *c, int64_t store, const vl_known_input *input, int ninput, bool *same,
                          vl_err *err)
{
    const vl_sql_value of[] = { vl_sql_whole(store) };
    sqlite3_stmt *const q = vl_sql_ask(
        c, "SELECT path, bytes, mtime_ns, stream FROM input WHERE store_id = ? ORDER BY stream, input_id", of,
        1, err);
    int n = 0;
    *same = true;
    if (!q) return err->code;
    for (; vl_sql_row(c, q, err); n++) {
        *same = *same && n < ninput && !strcmp(vl_sql_column(q, 0), input[n].path) &&
                (uint64_t)sqlite3_column_int64(q, 1) == input[n].bytes &&
                sqlite3_column_int64(q, 2) == input[n].mtime_ns &&
                sqlite3_column_int64(q, 3) == input[n].stream + 1;
    }
    *same = *same && n == ninput && !err->code;
    return err->code;
}

/* Does the catalogue hold every detail just so? donor is the sample's donor. */
static vl_code has_details(vl_catalog *c, int64_t sample, int64_t acquisition, const vl_details *details,
                           bool *same, vl_err *err)
{
    for (size_t i = 0; i < details->n && *same && !err->code; i++) {
        const vl_detail *const d = &details->detail[i];
        const bool donor = !acquisition && !strcmp(d->name, "donor");
        const vl_sql_value of[] = { vl_sql_whole(sample), vl_sql_whole(acquisition), vl_sql_text(d->name) };
        sqlite3_stmt *const q =
            donor
                ? vl_sql_ask(
                      c, "SELECT d.name FROM sample s JOIN donor d USING (donor_id) WHERE s.sample_id = ?",
                      of, 1, err)
                : vl_sql_ask(c,
                             "SELECT value FROM fact WHERE sample_id = ? AND acquisition_id = ? AND name = ?",
                             of, 3, err);
        *same = q && vl_sql_row(c, q, err) && !strcmp(vl_sql_column(q, 0), d->value);
        if (*same) sqlite3_reset(q);
    }
    return err->code;
}

vl_code vl_catalog_is_known(vl_catalog *c, const vl_item *item, const vl_known_input *input, int ninput,
                            const char *profile, const char *options, json_t **store, vl_err *err)
{
    /* what an inbox calls an acquisition depends on what else lies there */
    const vl_sql_value of[] = { vl_sql_text(item->sample), vl_sql_text(item->acquisition),
                                vl_sql_whole(item->inbox != NULL), vl_sql_text(profile) };
    sqlite3_stmt *const q = vl_sql_ask(
        c,
        "SELECT st.store_id, s.sample_id, a.acquisition_id, st.options, st.file, st.seal FROM sample s JOIN "
        "acquisition a ON "
        "a.sample_id = "
        "s.sample_id"
        " JOIN store st ON st.acquisition_id = a.acquisition_id WHERE s.name = ? AND (a.name = ? OR ?)"
        " AND st.profile = ? AND +st.state = 'live' AND s.withdrawn_at IS NULL AND NOT " VL_SQL_FAILED,
        of, 4, err);
    bool known = false;
    *store = NULL;
    while (q && !known && vl_sql_row(c, q, err)) {
        const int64_t sample = sqlite3_column_int64(q, 1), acquisition = sqlite3_column_int64(q, 2);
        if (!vl_record_same_options((const char *)sqlite3_column_text(q, 3), options)) continue;
        if (has_inputs(c, sqlite3_column_int64(q, 0), input, ninput, &known, err)) break;
        if (known && (has_details(c, sample, 0, &item->about_sample, &known, err) ||
                      has_details(c, sample, acquisition, &item->about_acquisition, &known, err)))
            break;
        if (known &&
            !(*store = json_pack("{s:s,s:s}", "file", vl_sql_column(q, 4), "seal", vl_sql_column(q, 5))))
            vl_fail(err, VL_ENOMEM, "no memory for the name of a store");
    }
    if (q) sqlite3_reset(q);
    return err->code;
}

vl_code vl_catalog_find_data(vl_catalog *c, const char *sample, const char *sha256, char *found, size_t n,
                             vl_err *err)
{
    const vl_sql_value of[] = { vl_sql_text(sha256), vl_sql_text(sample) };
    sqlite3_stmt *const q = vl_sql_ask(
        c,
        "SELECT s.name, a.name, s.withdrawn_at IS NOT NULL FROM input i JOIN store st USING (store_id)"
        " JOIN acquisition a USING (acquisition_id) JOIN sample s USING (sample_id)"
        " WHERE substr(i.sha256, 1, 16) = substr(?1, 1, 16) AND i.sha256 = ?1 AND s.name <> ?2"
        " AND +st.state = 'live' ORDER BY i.input_id LIMIT 1",
        of, 2, err);
    *found = 0;
    if (!q || !vl_sql_row(c, q, err)) return err->code;
    snprintf(found, n, "'%.60s', acquisition '%.60s'%s", vl_sql_column(q, 0), vl_sql_column(q, 1),
             sqlite3_column_int(q, 2) ? ", withdrawn" : "");
    sqlite3_reset(q);
    return VL_OK;
}

vl_code vl_catalog_each_size(vl_catalog *c,
                             vl_code (*visit)(const char *sample, uint64_t bytes, void *to, vl_err *err),
                             void *to, vl_err *err)
{
    sqlite3_stmt *const q = vl_sql_ask(
        c,
        "SELECT s.name, i.bytes FROM input i JOIN store st USING (store_id)"
        " JOIN acquisition a USING (acquisition_id) JOIN sample s USING (sample_id) WHERE +st.state = 'live'",
        NULL, 0, err);
    while (vl_sql_row(c, q, err)) visit(vl_sql_column(q, 0), (uint64_t)sqlite3_column_int64(q, 1), to, err);
    return err->code;
}

vl_code vl_catalog_count(vl_catalog *c, uint64_t *samples, uint64_t *stores, vl_err *err)
{
    /* all, without what is withdrawn or not live: of that there is little, and all can be counted in an index
     */
    sqlite3_stmt *const q = vl_sql_ask(
        c,
        "SELECT (SELECT count(*) FROM sample) - (SELECT count(*) FROM sample WHERE withdrawn_at IS NOT NULL),"
        " (SELECT count(*) FROM store) - (SELECT count(*) FROM store WHERE state <> 'live') -"
        " (SELECT count(*) FROM sample s CROSS JOIN acquisition a ON a.sample_id = s.sample_id"
        "  CROSS JOIN store st ON st.acquisition_id = a.acquisition_id"
        "  WHERE s.withdrawn_at IS NOT NULL AND +st.state = 'live')",
        NULL, 0, err);
    *samples = *stores = 0;
    if (!q || !vl_sql_row(c, q, err)) return err->code;
    *samples = (uint64_t)sqlite3_column_int64(q, 0);
    *stores = (uint64_t)sqlite3_column_int64(q, 1);
    sqlite3_reset(q);
    return VL_OK;
}
