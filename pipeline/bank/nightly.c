/* The night (nightly.h). */
#include "pipeline/bank/nightly.h"

#include "formats/text.h"
#include "pipeline/bank/catalog/sql.h"

#include "pipeline/bank/evidence.h"
#include "pipeline/bank/intake/foresee.h"
#include "pipeline/bank/open_items.h"
#include "pipeline/bank/page/page.h"
#include "pipeline/bank/pending_files.h"
#include "pipeline/io/names.h"
#include "pipeline/run/run.h"
#include "pipeline/run/say.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

typedef struct night {
    const vl_nightly *ask;
    const vl_bank *bank;
    vl_catalog *catalog;
    int64_t job;
    double start; /* s since 1970 */
    vl_items items;
    vl_found *found;       /* owned; [inboxes]: what waits there or is wrong */
    json_t *open;          /* owned; open items as they are now */
    uint64_t acknowledged; /* files that are wrong, as somebody knows */
    uint64_t wrong, waiting, left, unreadable;
    vl_intake_sum sum;
    vl_inspected inspected;
    vl_tidied tidied;
    vl_pending_done files;
} night;

static double time_left(const night *n)
{
    const double spent = vl_bank_now() - n->start;
    if (n->bank->deadline <= 0) return 0;
    return spent < n->bank->deadline ? n->bank->deadline - (spent > 0 ? spent : 0) : 1e-9;
}

/* ---- inboxes ---- */

/* Has somebody seen that this file is wrong? */
static bool is_acknowledged(const night *n, const char *path)
{
    struct stat st;
    return !stat(path, &st) &&
           vl_open_is_acknowledged(n->open, NULL, NULL, path, (uint64_t)st.st_size,
                                   (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec);
}

/* What will not cure itself is refused like an item. */
static vl_code refuse(night *n, const vl_waiting *w, vl_err *err)
{
    char where[VL_BANK_PATH] = "";
    vl_file file = { .path = w->path };
    const vl_inputs inputs = { .file = &file, .n = 1 };
    vl_evidence e = { .at = vl_bank_now(),
                      .sample = vl_name_base(w->path),
                      .acquisition = "inbox",
                      .inputs = &inputs,
                      .reason = "inbox",
                      .retry = "mend or rename the file; the next night looks again",
                      .exit_code = EX_DATAERR,
                      .err = VL_ERR_INIT };
    vl_fail(&e.err, VL_EFORMAT, "%.150s%s%.80s", w->reason, w->detail ? ": " : "",
            w->detail ? w->detail : "");
    for (char *p = e.err.what; *p; p++)
        if (*p == '\n') *p = ';';
    const bool again = vl_open_same(n->open, w->path, e.err.what);
    vl_say(stderr, "vial: refused%s: %s: %s", again ? " again, unchanged" : "", w->path, w->reason);
    for (const char *line = w->detail; line && *line; line += strcspn(line, "\n"), line += *line == '\n')
        vl_say(stderr, "%.*s", (int)strcspn(line, "\n"), line);
    if (again) return VL_OK;
    vl_log(n->bank, VL_LOG_ERROR, "refused", "input", w->path, "reason", "inbox", "message", e.err.what,
           NULL);
    if (vl_quarantine(n->bank, &e, where, err)) return err->code;
    const vl_refusal r = { e.at, NULL, NULL, w->path, "inbox", e.err.what, where, EX_DATAERR };
    return vl_catalog_add_refusal(n->catalog, n->job, &r, err);
}

/* Of a line of TSV on standard output. */
static void print_field(const char *text, char end)
{
    vl_err err = VL_ERR_INIT;
    vl_buf field = { 0 };
    if (!vl_text_listed(&field, text, strlen(text), &err)) fwrite(field.data, 1, field.len, stdout);
    putchar(end);
    vl_buf_free(&field);
}

static void note_waiting(night *n, const vl_found *found)
{
    for (size_t i = 0; i < found->nwaiting; i++) {
        const vl_waiting *const w = &found->waiting[i];
        n->left += w->left;
        n->waiting += !w->wrong && !w->left;
        if (!n->ask->dry) continue;
        print_field(w->wrong ? "wrong" : w->left ? "left" : "waits", '\t');
        print_field(w->path, '\t');
        print_field(w->reason, '\n');
    }
}

/* What is wrong is refused, but for what somebody acknowledged; what waits stands in the log. */
static vl_code tell_waiting(night *n, vl_err *err)
{
    enum { MOST = 100 };
    int lines = 0;
    for (int k = 0; k < n->bank->ninbox; k++)
        for (size_t i = 0; i < n->found[k].nwaiting; i++) {
            const vl_waiting *const w = &n->found[k].waiting[i];
            const bool known = w->wrong && is_acknowledged(n, w->path);
            n->acknowledged += known;
            n->wrong += w->wrong && !known;
            if (w->wrong && !known && refuse(n, w, err)) return err->code;
            if (!w->wrong && !w->left && lines++ < MOST)
                vl_log(n->bank, VL_LOG_INFO, "waits", "inbox", n->bank->inbox[k].name, "input", w->path,
                       "reason", w->reason, NULL);
        }
    return VL_OK;
}

/* Hands the items of one inbox over. */
static vl_code take_items(night *n, vl_found *found, vl_err *err)
{
    for (size_t i = 0; i < found->items.n; i++) {
        vl_item *const to = vl_items_add(&n->items, err);
        if (!to) return err->code;
        *to = found->items.item[i];
        found->items.item[i] = (vl_item){ 0 };
    }
    return VL_OK;
}

static vl_code scan(night *n, vl_err *err)
{
    for (int i = 0; i < n->bank->ninbox && !err->code; i++) {
        vl_found *const found = &n->found[i];
        vl_err why = VL_ERR_INIT;
        if (vl_inbox_scan(n->bank, &n->bank->inbox[i], vl_bank_now(), found, &why)) {
            if (why.code == VL_ENOMEM) *err = why;
            vl_say_error(&why);
            vl_log(n->bank, VL_LOG_ERROR, "inbox", "name", n->bank->inbox[i].name, "message", why.what, NULL);
            n->unreadable++;
        } else {
            found->unread = false;
            note_waiting(n, found);
            take_items(n, found, err);
        }
    }
    return err->code;
}

/* ---- the steps ---- */

static vl_intake intake_of(night *n)
{
    return (vl_intake){ .bank = n->bank,
                        .items = &n->items,
                        .threads = n->ask->threads,
                        .jobs = n->ask->jobs,
                        .deadline = time_left(n),
                        .skip_refused = true,
                        .open = n->open,
                        .quiet = n->ask->quiet,
                        .progress = n->ask->progress,
                        .catalog = n->catalog,
                        .job = n->job };
}

static vl_code take_in(night *n, vl_err *err)
{
    const vl_intake ask = intake_of(n);
    return vl_intake_run(&ask, &n->sum, err);
}

/* A line for each item: what would become of it, sample, acquisition and files. */
static vl_code foresee(night *n, vl_err *err)
{
    const vl_intake ask = intake_of(n);
    vl_foreseen sum;
    json_t *const all = vl_foresee(&ask, &sum, err);
    for (size_t i = 0; i < json_array_size(all); i++) {
        const vl_item *const item = &n->items.item[i];
        const json_t *const said = json_array_get(all, i);
        const char *const message = json_string_value(json_object_get(said, "message"));
        if (message) vl_say(stderr, "vial: would be refused: %s: %s", item->sample, message);
        print_field(json_string_value(json_object_get(said, "state")), '\t');
        print_field(item->sample, '\t');
        print_field(item->acquisition, '\t');
        for (size_t k = 0; k < item->inputs.n; k++)
            print_field(item->inputs.file[k].path, k + 1 < item->inputs.n ? '\t' : '\n');
    }
    json_decref(all);
    return err->code;
}

/* Days since the night before, at least one: what was not verified on missed nights is caught up with. */
static double days_since_last(night *n, vl_err *err)
{
    const vl_sql_value v[] = { vl_sql_whole(n->job), vl_sql_real(n->start) };
    const double last =
        vl_sql_number(n->catalog,
                      "SELECT max(started_at) FROM job WHERE what = 'nightly' AND ended_at IS NOT "
                      "NULL AND job_id <> ?1 AND started_at <= ?2",
                      v, 2, n->start, err);
    return fmax((n->start - last) / 86400, 1);
}

static int threads_of(const night *n)
{
    return n->ask->threads ? n->ask->threads : n->bank->threads ? n->bank->threads : vl_cores();
}

static double until(const night *n) { return n->bank->deadline > 0 ? n->start + n->bank->deadline : 0; }

static vl_code verify(night *n, vl_err *err)
{
    uint64_t samples = 0, stores = 0;
    if (vl_catalog_count(n->catalog, &samples, &stores, err)) return err->code;
    const double part = n->bank->verify_days > 0 ? days_since_last(n, err) / n->bank->verify_days : 1;
    if (err->code) return err->code;
    const vl_inspect ask = { .most = (uint64_t)ceil((double)stores * (part < 1 ? part : 1)),
                             .threads = threads_of(n),
                             .until = until(n) };
    if (n->ask->dry)
        return printf("verify\t%" PRIu64 " of %" PRIu64 " store%s\n", ask.most, stores, vl_s(stores)), VL_OK;
    return vl_keep_inspect(n->bank, n->catalog, &ask, &n->inspected, err);
}

/* Files that are packed, while they are there. */
static vl_code describe(night *n, vl_err *err)
{
    const vl_pending ask = { n->bank, threads_of(n), until(n), n->ask->dry, !n->ask->quiet };
    if (vl_pending_files(&ask, n->catalog, &n->files, err)) return err->code;
    if (ask.dry && n->files.pending)
        printf("describe\tfiles of %" PRIu64 " store%s\n", n->files.pending, vl_s(n->files.pending));
    return VL_OK;
}

static vl_code dry_run(night *n, vl_err *err)
{
    if (scan(n, err) || foresee(n, err) || verify(n, err) || describe(n, err) ||
        vl_keep_tidy(n->bank, n->catalog, true, &n->tidied, err))
        return err->code;
    printf("tidy\t%" PRIu64 " store%s, %" PRIu64 " withdrawn sample%s, %" PRIu64
           " file%s of the quarantine\n",
           n->tidied.stores, vl_s(n->tidied.stores), n->tidied.samples, vl_s(n->tidied.samples),
           n->tidied.refusals, vl_s(n->tidied.refusals));
    return VL_OK;
}

static vl_code steps(night *n, vl_err *err)
{
    uint64_t recovered = 0;
    if (vl_intake_recover(n->bank, n->catalog, &recovered, err) || scan(n, err)) return err->code;
    n->open = vl_open_items(n->bank, n->catalog, n->found, n->bank->ninbox, err);
    if (err->code || tell_waiting(n, err)) return err->code;
    if (n->items.n && take_in(n, err)) return err->code;
    if (n->sum.interrupted) return VL_OK;
    return describe(n, err) || verify(n, err) || vl_keep_tidy(n->bank, n->catalog, false, &n->tidied, err)
               ? err->code
               : VL_OK;
}

/* Open items anew, after all that was done; what came in is closed. */
static void look_at_open(night *n, vl_err *err)
{
    json_decref(n->open);
    n->open = vl_open_items(n->bank, n->catalog, n->found, n->bank->ninbox, err);
    if (n->open) vl_open_close(n->bank, n->catalog, n->open, err);
}

static void log_end(const night *n, int code, double seconds)
{
    const struct {
        const char *name;
        double value;
    } number[] = { { "#exit_code", code },
                   { "#seconds", round(seconds) },
                   { "#items", (double)n->sum.items },
                   { "#published", (double)n->sum.published },
                   { "#unchanged", (double)n->sum.unchanged },
                   { "#refused", (double)(n->sum.refused + n->wrong) },
                   { "#failed", (double)n->sum.failed },
                   { "#acknowledged", (double)(n->sum.acknowledged + n->acknowledged) },
                   { "#waiting", (double)n->waiting },
                   { "#verified", (double)n->inspected.checked },
                   { "#damaged", (double)n->inspected.damaged } };
    enum { N = sizeof number / sizeof *number };
    char text[N][24];
    for (int i = 0; i < N; i++) snprintf(text[i], sizeof text[i], "%.0f", number[i].value);
    vl_log(n->bank, code ? VL_LOG_WARNING : VL_LOG_INFO, "nightly", number[0].name, text[0], number[1].name,
           text[1], number[2].name, text[2], number[3].name, text[3], number[4].name, text[4], number[5].name,
           text[5], number[6].name, text[6], number[7].name, text[7], number[8].name, text[8], number[9].name,
           text[9], number[10].name, text[10], NULL);
}

static int exit_code_of(const night *n, const vl_err *err)
{
    if (err->code) return vl_exit_code(err->code);
    if (n->sum.exit_code == EX_IOERR) return EX_IOERR;
    if (n->wrong || n->inspected.damaged || n->sum.exit_code == EX_DATAERR) return EX_DATAERR;
    if (n->unreadable) return EX_NOINPUT;
    return n->sum.exit_code;
}

/* What the night leaves to read, whatever became of it; *err keeps the first error. */
static void leave_word(night *n, int code, vl_err *err)
{
    char day[32];
    vl_err why = VL_ERR_INIT;
    const vl_catalog_job job = { .what = "nightly",
                                 .started_at = n->start,
                                 .ended_at = vl_bank_now(),
                                 .exit_code = code,
                                 .items = n->items.n + n->wrong,
                                 .published = n->sum.published,
                                 .unchanged = n->sum.unchanged,
                                 .healed = n->sum.healed,
                                 .refused = n->sum.refused + n->wrong,
                                 .failed = n->sum.failed,
                                 .bytes_in = n->sum.bytes_in,
                                 .bytes_store = n->sum.bytes_store };
    log_end(n, code, job.ended_at - n->start);
    look_at_open(n, &why);
    if (why.code) vl_say_error(&why);
    if (!err->code) *err = why;
    vl_err_clear(&why);
    if (vl_catalog_end_job(n->catalog, n->job, &job, &why)) vl_say_error(&why);
    if (!err->code) *err = why;
    vl_err_clear(&why);
    if (vl_page_day(n->bank, n->catalog, n->open, vl_bank_date(n->start, day), NULL, &why))
        vl_say_error(&why);
    if (!err->code) *err = why;
    vl_err_clear(&why);
    if (vl_metrics_write(n->bank, n->catalog, n->open, &why)) vl_say_error(&why);
    if (!err->code) *err = why;
}

static void tell(const night *n)
{
    size_t i;
    json_t *item;
    int lines = 0;
    if (n->items.n) vl_intake_tell(&n->sum);
    fprintf(stderr,
            "vial: %" PRIu64 " file%s wait%s, %" PRIu64 " %s wrong; %" PRIu64 " store%s verified, %" PRIu64
            " damaged; %" PRIu64 " old store%s removed\n",
            n->waiting, vl_s(n->waiting), n->waiting == 1 ? "s" : "", n->wrong, n->wrong == 1 ? "is" : "are",
            n->inspected.checked, vl_s(n->inspected.checked), n->inspected.damaged, n->tidied.stores,
            vl_s(n->tidied.stores));
    if (n->files.described || n->files.pending)
        fprintf(stderr, "vial: files of %" PRIu64 " store%s described; those of %" PRIu64 " pending\n",
                n->files.described, vl_s(n->files.described), n->files.pending);
    json_array_foreach(n->open, i, item)
    {
        if (strcmp(json_string_value(json_object_get(item, "state")), "waits") || lines++ == 20) continue;
        vl_say(stderr, "vial: waits: %s: %s", json_string_value(json_object_get(item, "item")),
               json_string_value(json_object_get(item, "reason")));
    }
    if (n->left)
        fprintf(stderr,
                "vial: %" PRIu64 " file%s of index reads %s left where %s; index = take in bank.ini\n",
                n->left, vl_s(n->left), n->left == 1 ? "is" : "are", n->left == 1 ? "it is" : "they are");
}

static vl_code whole_night(night *n, int *exit_code, vl_err *err)
{
    const vl_catalog_job job = { .what = "nightly", .started_at = n->start };
    n->found = calloc((size_t)n->bank->ninbox + 1, sizeof *n->found);
    if (!n->found) return vl_fail(err, VL_ENOMEM, "no memory for the inboxes");
    for (int i = 0; i < n->bank->ninbox; i++) n->found[i].unread = true; /* until it was */
    if (vl_keep_open(n->bank, &n->catalog, err)) return err->code;
    if (n->ask->dry) return dry_run(n, err);
    if (vl_catalog_start_job(n->catalog, &job, &n->job, err)) return err->code;
    if (vl_bank_is_open(n->bank))
        vl_log(n->bank, VL_LOG_WARNING, "open-to-all", "bank", n->bank->root, "mend", "chmod o=", NULL);
    vl_log(n->bank, VL_LOG_INFO, "nightly-start", NULL);
    steps(n, err);
    *exit_code = exit_code_of(n, err);
    leave_word(n, *exit_code, err);
    if (!*exit_code && err->code) *exit_code = vl_exit_code(err->code);
    if (!n->ask->quiet || *exit_code) tell(n);
    return err->code;
}

vl_code vl_nightly_run(const vl_nightly *ask, int *exit_code, vl_err *err)
{
    char path[VL_BANK_PATH];
    night n = { .ask = ask, .bank = ask->bank, .start = vl_bank_now() };
    int lock = -1;
    *exit_code = EX_OK;
    vl_bank_settle_mask(ask->bank);
    if (!vl_bank_path(ask->bank, path, err, "journal/nightly.lock") && !vl_bank_lock(path, 0, &lock, err))
        whole_night(&n, exit_code, err);
    for (int i = 0; n.found && i < ask->bank->ninbox; i++) vl_found_free(&n.found[i]);
    free(n.found);
    json_decref(n.open);
    vl_catalog_close(n.catalog);
    vl_items_free(&n.items);
    if (lock >= 0) close(lock);
    if (err->code) *exit_code = vl_exit_code(err->code);
    return err->code;
}
