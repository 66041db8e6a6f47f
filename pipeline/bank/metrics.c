/*
 * Numbers for the node exporter's textfile collector: Prometheus text format 0.0.4, made anew from the
 * catalogue and the disk each time (evidence.h).
 *
 *     # HELP vial_stores Stores that are live, by kind.
 *     # TYPE vial_stores gauge
 *     vial_stores{bank="...",kind="..."} 1204
 *
 * HELP and TYPE stand once before the values of a name; there are no timestamps (the collector skips a file
 * that has one). Labels are the bank's name, kinds and codes of reason, never ids or paths: a word in the
 * catalogue that does not look like one is counted as "other". Counters are sums over the catalogue's jobs;
 * they start again when the catalogue is lost, which Prometheus takes for a restart. A name without a value
 * is left out, but for the time of the last success, which is then 0: an alarm on its age must go off.
 */
#include "pipeline/bank/catalog/sql.h"
#include "pipeline/out/kind.h"
#include "pipeline/bank/evidence.h"
#include "pipeline/bank/open_items.h"
#include "pipeline/bank/reason.h"
#include "formats/buf.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

typedef enum metric_type { GAUGE, COUNTER } metric_type;

/* One name whose value is one number of the catalogue; NULL: no value. ?1 is now. */
typedef struct metric {
    const char *name;
    metric_type type;
    const char *help, *sql;
} metric;

/* A run that ended in the future did so while the clock was wrong: it must not silence an alarm on an age. */
#define ENDED "FROM job WHERE what IN ('nightly', 'ingest') AND ended_at > 0 AND ended_at <= ?1 + 300"
#define LAST  ENDED " ORDER BY ended_at DESC, job_id DESC LIMIT 1"

static const metric metrics[] = {
    { "vial_last_success_timestamp_seconds", GAUGE,
      "End of the last night that did its work, whatever it refused or found damaged; 0 if there was none.",
      "SELECT COALESCE(MAX(ended_at), 0) " ENDED " AND what = 'nightly' AND exit_code IN (0, 65)" },
    { "vial_last_run_timestamp_seconds", GAUGE, "End of the last nightly or ingest run.",
      "SELECT ended_at " LAST },
    { "vial_last_run_exit_code", GAUGE, "Exit code of the last run.", "SELECT exit_code " LAST },
    { "vial_last_run_duration_seconds", GAUGE, "How long the last run took.",
      "SELECT MAX(ended_at - started_at, 0) " LAST },
    { "vial_quarantined_last_run", GAUGE, "Items that the last run put into quarantine.",
      "SELECT (SELECT COUNT(*) FROM refusal r WHERE r.job_id = j.job_id) FROM (SELECT job_id " LAST ") j" },
    { "vial_samples", GAUGE, "Samples that are not withdrawn.",
      "SELECT COUNT(*) FROM sample WHERE withdrawn_at IS NULL" },
    { "vial_samples_published_total", COUNTER, "Items that were published.",
      "SELECT TOTAL(published) FROM job" },
    { "vial_items_healed_total", COUNTER,
      "Items whose store was lost or damaged, and was made again from them.",
      "SELECT TOTAL(healed) FROM job" },
    { "vial_bytes_ingested_total", COUNTER, "Bytes of input that were ingested.",
      "SELECT TOTAL(bytes_in) FROM job" },
    { "vial_stores_original_pending", GAUGE, "Live stores whose files are still to be described.",
      "SELECT COUNT(*)" VL_SQL_LIVE "AND original = 'pending'" },
    { "vial_stores_verify_failed", GAUGE, "Live stores whose last check failed.",
      "SELECT COUNT(*)" VL_SQL_LIVE "AND " VL_SQL_FAILED },
    { "vial_oldest_verification_age_seconds", GAUGE,
      "Time since the check of the live store that was checked longest ago; publishing is a check.",
      "SELECT MAX(?1 - MIN(COALESCE(verified_at, published_at)), 0)" VL_SQL_LIVE },
};

typedef struct writer {
    vl_buf text;
    vl_catalog *catalog;
    char bank[300]; /* its name, as a label's value */
    double now;
    vl_err *err;
} writer;

static void put(writer *w, const char *text)
{
    if (!w->err->code) vl_buf_append(&w->text, text, strlen(text), w->err);
}

static void put_head(writer *w, const char *name, metric_type type, const char *help)
{
    char line[256];
    snprintf(line, sizeof line, "# HELP %s %s\n# TYPE %s %s\n", name, help, name,
             type == COUNTER ? "counter" : "gauge");
    put(w, line);
}

/* label: "kind=\"reads\"" or NULL. Whole numbers without a point, others to the millisecond or so. */
static void put_value(writer *w, const char *name, const char *label, double value)
{
    char line[600];
    const int digits = fabs(value) < 1e15 && value != floor(value) ? 3 : 0;
    snprintf(line, sizeof line, "%s{bank=\"%s\"%s%s} %.*f\n", name, w->bank, label ? "," : "",
             label ? label : "", digits, value);
    put(w, line);
}

static void put_metric(writer *w, const metric *m)
{
    const vl_sql_value value[] = { vl_sql_real(w->now) };
    const int nvalue = strstr(m->sql, "?1") ? 1 : 0;
    const double number = vl_sql_number(w->catalog, m->sql, value, nvalue, NAN, w->err);
    if (isnan(number)) return;
    put_head(w, m->name, m->type, m->help);
    put_value(w, m->name, NULL, number);
}

/* Several banks may have their files in one folder, so that each value says whose it is. */
static void name_bank(writer *w, const char *name)
{
    size_t n = 0;
    for (; *name && n + 3 < sizeof w->bank; name++) {
        if (*name == '"' || *name == '\\') w->bank[n++] = '\\';
        w->bank[n++] = *name;
    }
}

/* ---- values by kind and by reason ---- */

enum { MOST_LABELS = 64, LABEL = 32 };

typedef struct tally {
    int n;
    struct {
        char label[LABEL];
        double value[2];
    } row[MOST_LABELS];
} tally;

/* A kind or a reason is a short word of lower-case letters; what is not becomes "other". */
static const char *word(const char *text)
{
    const size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz_");
    return n && n < LABEL && !text[n] ? text : "other";
}

static void count(tally *t, const char *label, double first, double second)
{
    const char *const name = word(label);
    int i = 0;
    while (i < t->n && strcmp(t->row[i].label, name)) i++;
    if (i == MOST_LABELS) return;
    if (i == t->n) snprintf(t->row[t->n++].label, LABEL, "%s", name);
    t->row[i].value[0] += first;
    t->row[i].value[1] += second;
}

/* Rows of label, number, number. */
static void count_rows(writer *w, tally *t, const char *sql)
{
    sqlite3_stmt *const stmt = vl_sql_ask(w->catalog, sql, NULL, 0, w->err);
    while (vl_sql_row(w->catalog, stmt, w->err))
        count(t, vl_sql_column(stmt, 0), sqlite3_column_double(stmt, 1), sqlite3_column_double(stmt, 2));
}

static void put_tally(writer *w, const tally *t, int which, const char *name, const char *label)
{
    char pair[LABEL + 16];
    for (int i = 0; i < t->n; i++) {
        snprintf(pair, sizeof pair, "%s=\"%s\"", label, t->row[i].label);
        put_value(w, name, pair, t->row[i].value[which]);
    }
}

/* The kinds that vial has today and all reasons are there from the start: a rate needs a first value of 0. */
static void put_kinds(writer *w)
{
    tally kinds = { 0 };
    for (int i = 0; vl_kinds[i]; i++) count(&kinds, vl_kinds[i]->schema->kind, 0, 0);
    count_rows(w, &kinds, "SELECT kind, COUNT(*), TOTAL(bytes)" VL_SQL_LIVE "GROUP BY kind ORDER BY kind");
    put_head(w, "vial_stores", GAUGE, "Stores that are live, by kind.");
    put_tally(w, &kinds, 0, "vial_stores", "kind");
    put_head(w, "vial_store_bytes", GAUGE, "Bytes of the live stores, by kind.");
    put_tally(w, &kinds, 1, "vial_store_bytes", "kind");
}

static void put_reasons(writer *w)
{
    tally reasons = { 0 };
    for (const vl_reason *r = vl_reasons; r->code; r++) count(&reasons, r->code, 0, 0);
    count_rows(w, &reasons, "SELECT reason, COUNT(*), 0 FROM refusal GROUP BY reason ORDER BY reason");
    put_head(w, "vial_items_refused_total", COUNTER, "Items that were refused, by reason.");
    put_tally(w, &reasons, 0, "vial_items_refused_total", "reason");
}

static void put_open(writer *w, const json_t *open)
{
    static const char *const state[] = { "refused", "acknowledged", "waits" };
    double age[3];
    char label[40];
    put_head(w, "vial_open_items", GAUGE,
             "Items that were refused and not come in since, and files that wait.");
    for (int i = 0; i < 3; i++) {
        double since;
        snprintf(label, sizeof label, "state=\"%s\"", state[i]);
        put_value(w, "vial_open_items", label, (double)vl_open_count(open, state[i], &since));
        age[i] = since > 0 ? fmax(w->now - since, 0) : 0;
    }
    put_head(w, "vial_open_items_oldest_age_seconds", GAUGE, "How long the oldest of them has been open.");
    for (int i = 0; i < 3; i++) {
        snprintf(label, sizeof label, "state=\"%s\"", state[i]);
        put_value(w, "vial_open_items_oldest_age_seconds", label, age[i]);
    }
}

/* ---- the disk, the program, the file ---- */

static void put_disk(writer *w, const vl_bank *bank)
{
    struct statvfs vfs;
    if (statvfs(bank->root, &vfs)) {
        vl_fail_errno(w->err, VL_EIO, errno, "cannot ask for free space");
        vl_err_file(w->err, bank->root);
        return;
    }
    put_head(w, "vial_disk_free_bytes", GAUGE, "Bytes that may be written on the file system of the bank.");
    put_value(w, "vial_disk_free_bytes", NULL, (double)vfs.f_bavail * (double)vfs.f_frsize);
    put_head(w, "vial_disk_size_bytes", GAUGE, "Size of the file system of the bank.");
    put_value(w, "vial_disk_size_bytes", NULL, (double)vfs.f_blocks * (double)vfs.f_frsize);
}

/* The file to write; a folder within the bank is made. */
static vl_code metrics_path(const vl_bank *bank, char path[VL_BANK_PATH], bool *inside, vl_err *err)
{
    const char *const name = bank->metrics ? bank->metrics : "reports/vial.prom";
    const size_t root = strlen(bank->root);
    if (*name != '/' && vl_bank_path(bank, path, err, "%s", name)) return err->code;
    if (*name == '/' && snprintf(path, VL_BANK_PATH, "%s", name) >= VL_BANK_PATH)
        return vl_fail(err, VL_EARG, "the path of the metrics is too long");
    char folder[VL_BANK_PATH];
    snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(path, '/') - path), path);
    *inside = !strncmp(folder, bank->root, root) && (folder[root] == '/' || !folder[root]);
    return *inside && folder[root] ? vl_bank_make_folder(bank, folder, err) : VL_OK;
}

vl_code vl_metrics_write(const vl_bank *bank, vl_catalog *c, const json_t *open, vl_err *err)
{
    char path[VL_BANK_PATH];
    writer w = { .catalog = c, .now = vl_bank_now(), .err = err };
    bool inside;
    if (metrics_path(bank, path, &inside, err)) return err->code;
    name_bank(&w, bank->name);
    for (size_t i = 0; i < sizeof metrics / sizeof *metrics; i++) put_metric(&w, &metrics[i]);
    put_kinds(&w);
    put_reasons(&w);
    put_open(&w, open);
    put_disk(&w, bank);
    put_head(&w, "vial_build_info", GAUGE, "The version of vial that wrote this; always 1.");
    put_value(&w, "vial_build_info", "version=\"" VL_VERSION "\"", 1);
    const mode_t ours = inside ? 0 : umask(022); /* elsewhere it is for the node exporter to read */
    if (!err->code) vl_bank_write_file(path, w.text.data, w.text.len, err);
    if (!inside) umask(ours);
    vl_buf_free(&w.text);
    return err->code;
}
