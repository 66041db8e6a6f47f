/* The supervisor of an intake (intake.h). */
#include "pipeline/bank/intake/intake_parts.h"

#include "pipeline/bank/intake/claims.h"
#include "pipeline/bank/intake/deposit.h"
#include "pipeline/bank/evidence.h"
#include "pipeline/bank/json_text.h"
#include "pipeline/bank/open_items.h"
#include "pipeline/run/guard.h"
#include "pipeline/run/say.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

enum { ATTEMPTS = 4 }; /* of an item that says "try again" */

/* An item and where it is. */
typedef enum stage { WAITS, RUNS, ENDED } stage;
typedef struct place {
    stage stage;
    int attempt;
    double not_before; /* monotonic */
    uint64_t bytes;    /* of its inputs */
    size_t first;      /* of its inputs among all */
    int threads;
} place;

/* A worker and its item. */
typedef struct desk {
    vl_worker worker;
    vl_journal journal;
    vl_deposit deposit;
    size_t item;
    double started;
    bool busy, timed_out;
} desk;

typedef struct intake {
    const vl_intake *ask;
    vl_intake_sum *sum;
    place *place;          /* owned; [items] */
    vl_claims *claims;     /* owned; shared with workers */
    vl_withdrawn gone;     /* owned: by the ledger, for a catalogue from a backup */
    vl_known_input *input; /* owned; of all items; mtime_ns is 0 when it could not be looked at */
    desk *desk;            /* owned; [share.desks] */
    vl_intake_share share;
    int running, threads;    /* items under way, and their threads */
    volatile uint64_t *done; /* shared with workers; [share.desks] bytes read of the item under way */
    uint64_t ended_bytes;
    size_t next; /* items before it do not wait for the first time */
    vl_intake_view view;
    double start;
    bool disk_full, try_again, not_permitted, told_stop;
} intake;

static volatile sig_atomic_t stop_asked, stop_now;

static void on_signal(int number, siginfo_t *info, void *context)
{
    (void)context;
    if (vl_guard_asked(info) > 1 || number == SIGTERM) stop_now = 1;
    stop_asked = 1;
}

static double ticks(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- before ---- */

/* Absolute paths; sizes and times. What cannot be looked at, the worker will complain about. */
static vl_code look_at_items(intake *t, vl_err *err)
{
    uint64_t total = 0;
    size_t n = 0;
    for (size_t i = 0; i < t->ask->items->n; i++) n += t->ask->items->item[i].inputs.n;
    t->input = calloc(n + 1, sizeof *t->input);
    if (!t->input) return vl_fail(err, VL_ENOMEM, "no memory for %zu inputs", n);
    n = 0;
    for (size_t i = 0; i < t->ask->items->n; i++) {
        vl_item *const item = &t->ask->items->item[i];
        bool files = true;
        t->place[i].first = n;
        for (size_t k = 0; k < item->inputs.n; k++) {
            vl_file *const file = &item->inputs.file[k];
            if (vl_intake_absolute(file, err)) return err->code;
            t->input[n] = (vl_known_input){ .path = file->path, .stream = file->stream };
            files &= vl_intake_look(&t->input[n]);
            t->place[i].bytes += t->input[n++].bytes;
        }
        t->place[i].threads = vl_intake_share_of(&t->share, t->place[i].bytes, files);
        total += t->place[i].bytes;
    }
    if (!(t->claims = vl_claims_new(n))) return vl_fail(err, VL_ENOMEM, "no memory for %zu inputs", n);
    vl_intake_view_start(&t->view, t->ask->quiet ? VL_PROGRESS_OFF : t->ask->progress, total);
    return VL_OK;
}

/* Are these inputs known by path, size and time, with record and store there? Then nothing is read. */
static bool is_known(intake *t, size_t i)
{
    const vl_item *const item = &t->ask->items->item[i];
    const vl_known_input *const input = &t->input[t->place[i].first];
    char options[VL_OPTIONS], folder[VL_BANK_PATH];
    json_t *store = NULL;
    vl_err err = VL_ERR_INIT;
    for (size_t k = 0; k < item->inputs.n; k++)
        if (!input[k].mtime_ns || !t->ask->catalog) return false;
    const bool known =
        !vl_catalog_is_known(t->ask->catalog, item, input, (int)item->inputs.n,
                             vl_profile_name(vl_intake_profile(t->ask, item)),
                             vl_deposit_options(item, t->ask->options, options), &store, &err) &&
        store && vl_record_stands(t->ask->bank, item->sample) &&
        !vl_bank_sample_folder(t->ask->bank, item->sample, folder, &err) &&
        !vl_record_look(folder, store, &err) && !vl_withdrawn_has(&t->gone, item->sample, &err);
    json_decref(store);
    return known;
}

/* ---- what came of an item ---- */

/* Time of the latest input. */
static int64_t latest(const intake *t, size_t i)
{
    int64_t ns = 0;
    for (size_t k = 0; k < t->ask->items->item[i].inputs.n; k++)
        if (t->input[t->place[i].first + k].mtime_ns > ns) ns = t->input[t->place[i].first + k].mtime_ns;
    return ns;
}

static vl_code quarantine(intake *t, size_t i, const vl_told *told, vl_err *err)
{
    const vl_item *const item = &t->ask->items->item[i];
    char where[VL_BANK_PATH] = "", line[640];
    const vl_evidence e = { .at = vl_bank_now(),
                            .sample = item->sample,
                            .acquisition = item->acquisition,
                            .inputs = &item->inputs,
                            .sheet = t->ask->sheet,
                            .line = item->line,
                            .reason = told->reason,
                            .exit_code = told->exit_code,
                            .err = told->err };
    vl_err_print(&told->err, line, sizeof line);
    vl_intake_view_clear(&t->view);
    vl_say(stderr, "vial: refused: %s: %s", item->sample, line);
    vl_log(t->ask->bank, VL_LOG_ERROR, "refused", "sample", item->sample, "acquisition", item->acquisition,
           "reason", told->reason, "message", line, NULL);
    if (vl_quarantine(t->ask->bank, &e, where, err)) return err->code;
    const vl_refusal r = { .at = e.at,
                           .sample = item->sample,
                           .acquisition = item->acquisition,
                           .input = item->inputs.file[0].path,
                           .reason = told->reason,
                           .message = line,
                           .evidence = where,
                           .exit_code = told->exit_code,
                           .bytes = t->place[i].bytes,
                           .mtime_ns = latest(t, i) };
    if (t->ask->receipt)
        json_array_append_new(
            json_object_get(t->ask->receipt, "refusals"),
            json_pack("{s:f,s:s,s:s,s:o,s:s,s:o,s:s,s:i}", "at", r.at, "sample", r.sample, "acquisition",
                      r.acquisition, "input", vl_json_text(r.input ? r.input : ""), "reason", r.reason,
                      "message", vl_json_text(r.message), "evidence", r.evidence, "exit_code", r.exit_code));
    return t->ask->catalog ? vl_catalog_add_refusal(t->ask->catalog, t->ask->job, &r, err) : VL_OK;
}

/* Legal, and most likely a slip: said once. */
static void tell_hint(intake *t, const vl_item *item, const vl_told *told)
{
    if (!*told->hint) return;
    vl_intake_view_clear(&t->view);
    if (!t->ask->quiet) vl_say(stderr, "vial: hint: %s: %s", item->sample, told->hint);
    vl_log(t->ask->bank, VL_LOG_INFO, "hint", "sample", item->sample, "acquisition", item->acquisition,
           "message", told->hint, NULL);
}

static void log_done(const intake *t, const vl_item *item, const vl_told *told)
{
    char bytes[24], rows[24];
    if (told->corrected) {
        vl_log(t->ask->bank, VL_LOG_INFO, "correct", "sample", item->sample, "acquisition", item->acquisition,
               NULL);
        return;
    }
    snprintf(bytes, sizeof bytes, "%" PRIu64, told->bytes_store);
    snprintf(rows, sizeof rows, "%" PRIu64, told->rows);
    vl_log(t->ask->bank, VL_LOG_INFO,
           told->healed       ? "healed"
           : told->superseded ? "superseded"
                              : "published",
           "sample", item->sample, "acquisition", item->acquisition, "#rows", rows, "#bytes", bytes, NULL);
}

/* Somebody may be waiting for it. */
static void tell_healed(intake *t, const vl_item *item)
{
    vl_intake_view_clear(&t->view);
    if (!t->ask->quiet) vl_say(stderr, "vial: healed: %s/%s", item->sample, item->acquisition);
}

static void count(intake *t, const vl_told *told)
{
    vl_intake_sum *const s = t->sum;
    s->published += told->published;
    s->superseded += told->superseded;
    s->unchanged += told->unchanged;
    s->corrected += told->corrected;
    s->healed += told->healed;
    s->bytes_in += told->bytes_in;
    s->text_bytes += told->text_bytes;
    s->bytes_store += told->bytes_store;
    if (told->record) return;
    const bool refused =
        told->exit_code != EX_IOERR && told->exit_code != EX_TEMPFAIL && told->exit_code != EX_NOPERM;
    s->refused += refused;
    s->failed += !refused;
    t->disk_full |= told->exit_code == EX_IOERR;
    t->try_again |= told->exit_code == EX_TEMPFAIL;
    t->not_permitted |= told->exit_code == EX_NOPERM;
}

/* ---- workers ---- */

/* Bad data and conflicts show before a store gets its name. Of all else the sample must be looked at: a store
 * that has its name may not be in the sample's record yet. */
static bool ended_before_naming(const vl_told *told)
{
    return told->err.code &&
           (told->exit_code == EX_DATAERR || told->exit_code == EX_NOINPUT ||
            told->exit_code == EX_CANTCREAT || told->exit_code == EX_NOPERM || told->exit_code == EX_USAGE);
}

static vl_code conclude(intake *t, desk *d, vl_told *told, vl_err *err)
{
    const vl_item *const item = &t->ask->items->item[d->item];
    place *const p = &t->place[d->item];
    bool done = true;
    vl_err left = VL_ERR_INIT; /* what cannot be cleared now, the next run clears */
    d->busy = false;
    t->running--;
    t->threads -= p->threads;
    p->stage = ENDED;
    if (told->record) {
        done = !vl_intake_hand_in(t->ask->catalog, t->ask->receipt, told->record, err);
        if (done && !told->unchanged) log_done(t, item, told);
        if (done && told->healed) tell_healed(t, item);
        tell_hint(t, item, told);
    } else {
        vl_claims_release(t->claims, d->item);
        if (!ended_before_naming(told)) {
            json_t *const json = vl_item_json(item);
            done = vl_intake_clear(t->ask->bank, d->journal.id, item->sample, json, t->ask->catalog,
                                   t->ask->receipt, err);
            json_decref(json);
        } else {
            done = !vl_deposit_clear(t->ask->bank, d->journal.id, item->sample, &left);
        }
        if (told->exit_code == EX_TEMPFAIL && p->attempt < ATTEMPTS && !stop_asked) {
            p->stage = WAITS;
            p->not_before = ticks() + (double)(1 << p->attempt) / 2;
            vl_journal_close(&d->journal, done);
            return err->code;
        }
        if (!err->code && !(stop_now && told->exit_code > 128)) quarantine(t, d->item, told, err);
    }
    vl_journal_close(&d->journal, done);
    t->ended_bytes += p->bytes;
    if (stop_now && told->exit_code > 128) t->sum->stopped++;
    else count(t, told);
    return err->code;
}

static vl_code finish(intake *t, desk *d, vl_err *err)
{
    vl_told told;
    const int code = vl_worker_wait(&d->worker);
    vl_told_read(&told, &d->worker.said, code, d->timed_out);
    conclude(t, d, &told, err);
    vl_told_free(&told);
    return err->code;
}

static int work(void *argument, int fd)
{
    desk *const d = argument;
    return vl_intake_work(&d->deposit, fd);
}

/* Space for what runs, for this one, and the reserve? Compressed stores are smaller than their inputs. */
static bool has_room(const intake *t, size_t i, uint64_t *needs, uint64_t *room)
{
    vl_err err = VL_ERR_INIT;
    *needs = t->place[i].bytes + (1 << 20);
    for (int k = 0; k < t->share.desks; k++)
        if (t->desk[k].busy) *needs += t->place[t->desk[k].item].bytes;
    return vl_bank_room(t->ask->bank, room, &err) || *needs <= *room; /* cannot tell: try */
}

/* An item that does not even start. */
static vl_code turn_away(intake *t, size_t i, vl_told *told, vl_err *err)
{
    t->place[i].stage = ENDED;
    t->ended_bytes += t->place[i].bytes;
    count(t, told);
    return quarantine(t, i, told, err);
}

/* Somebody has seen that it was refused, and it is still the same. */
static bool is_acknowledged(intake *t, size_t i)
{
    const vl_item *const item = &t->ask->items->item[i];
    if (t->place[i].attempt ||
        !vl_open_is_acknowledged(t->ask->open, item->sample, item->acquisition, item->inputs.file[0].path,
                                 t->place[i].bytes, latest(t, i)))
        return false;
    t->place[i].stage = ENDED;
    t->ended_bytes += t->place[i].bytes;
    t->sum->acknowledged++;
    t->sum->items--;
    return true;
}

/* Bad data that has not changed since it was refused: the same again, unread. *refused: it was. */
static vl_code refuse_again(intake *t, size_t i, bool *refused, vl_err *err)
{
    char message[640];
    const vl_item *const item = &t->ask->items->item[i];
    place *const p = &t->place[i];
    *refused = false;
    if (!t->ask->skip_refused || p->attempt || !p->bytes ||
        vl_catalog_refused_before(t->ask->catalog, item, p->bytes, latest(t, i), message, sizeof message,
                                  err) ||
        !*message)
        return err->code;
    *refused = true;
    p->stage = ENDED;
    t->ended_bytes += p->bytes;
    t->sum->refused++;
    vl_intake_view_clear(&t->view);
    vl_say(stderr, "vial: refused again, unchanged: %s: %s", item->sample, message);
    return VL_OK;
}

static vl_code refuse_for_space(intake *t, size_t i, uint64_t needs, uint64_t room, vl_err *err)
{
    char a[16], b[16], c[16];
    vl_told told = { .err = VL_ERR_INIT, .exit_code = EX_IOERR, .reason = "disk" };
    vl_fail(&told.err, VL_EIO, "not enough space: needs up to %s, %s are free beside the reserve of %s",
            vl_human_bytes(needs, a), vl_human_bytes(room, b), vl_human_bytes(t->ask->bank->reserve, c));
    return turn_away(t, i, &told, err);
}

static vl_code start(intake *t, size_t i, vl_err *err)
{
    int k = 0;
    vl_err why = VL_ERR_INIT;
    while (t->desk[k].busy) k++;
    desk *const d = &t->desk[k];
    const vl_item *const item = &t->ask->items->item[i];
    const int threads = t->place[i].threads;
    const uint64_t memory = vl_intake_share_memory(&t->share, threads);
    if (vl_journal_open(t->ask->bank, item, &d->journal, &why)) {
        if (why.code == VL_ECONFIG || why.code == VL_EPERM) return *err = why, err->code;
        vl_told told = { .err = why, .exit_code = vl_exit_code(why.code), .reason = vl_reason_of(&why) };
        return turn_away(t, i, &told, err);
    }
    d->deposit = (vl_deposit){ .bank = t->ask->bank,
                               .item = item,
                               .id = d->journal.id,
                               .profile = vl_intake_profile(t->ask, item),
                               .threads = threads,
                               .max_memory = memory,
                               .supersede = t->ask->supersede,
                               .mates_as_given = t->ask->mates_as_given,
                               .same_data = t->ask->same_data,
                               .correct = t->ask->correct,
                               .options = t->ask->options,
                               .command = t->ask->command,
                               .sheet = t->ask->sheet,
                               .catalog = t->ask->catalog != NULL,
                               .claims = t->claims,
                               .items = t->ask->items,
                               .number = i };
    d->item = i;
    d->timed_out = false;
    d->started = ticks();
    t->done[k] = 0;
    vl_progress_share(&t->done[k]);
    const uint64_t limit = memory ? memory + memory / 4 + (256u << 20) : 0;
    if (vl_worker_start(&d->worker, work, d, limit, err)) {
        vl_journal_close(&d->journal, true);
        return err->code;
    }
    d->busy = true;
    t->running++;
    t->threads += threads;
    t->place[i].stage = RUNS;
    t->place[i].attempt++;
    return VL_OK;
}

/* The next item that may start; items->n if there is none now. *later: some wait for their time. */
static size_t choose(const intake *t, bool *later)
{
    const double now = ticks();
    *later = false;
    for (size_t i = t->next; i < t->ask->items->n; i++) {
        if (t->place[i].stage != WAITS) continue;
        if (t->place[i].not_before <= now) return i;
        *later = true;
    }
    return t->ask->items->n;
}

static bool may_start(const intake *t)
{
    return !stop_asked && t->running < t->share.desks &&
           (t->ask->deadline <= 0 || ticks() - t->start < t->ask->deadline);
}

/* Starts what can start. *idle: nothing runs and nothing will. */
static vl_code start_some(intake *t, bool *idle, vl_err *err)
{
    bool later = false, again = false;
    uint64_t needs, room;
    *idle = false;
    while (!err->code && may_start(t)) {
        const size_t i = choose(t, &later);
        if (i == t->ask->items->n) break;
        while (t->next < t->ask->items->n && t->place[t->next].stage == ENDED) t->next++;
        if (!t->place[i].attempt && is_known(t, i)) {
            t->place[i].stage = ENDED;
            t->sum->unchanged++;
            t->ended_bytes += t->place[i].bytes;
        } else if (is_acknowledged(t, i) || refuse_again(t, i, &again, err) || again) {
            continue;
        } else if (t->running && t->threads + t->place[i].threads > t->share.threads) {
            return VL_OK; /* something will end, and leave its threads */
        } else if (has_room(t, i, &needs, &room)) {
            start(t, i, err);
        } else if (t->running) {
            return VL_OK; /* something will end, and free what it was promised */
        } else {
            refuse_for_space(t, i, needs, room, err);
        }
    }
    *idle = !t->running && (!later || !may_start(t));
    return err->code;
}

static void show(intake *t)
{
    char names[128] = "";
    uint64_t done = t->ended_bytes;
    for (int k = 0; k < t->share.desks; k++) {
        if (!t->desk[k].busy) continue;
        const size_t n = strlen(names);
        done += t->done[k];
        snprintf(names + n, sizeof names - n, "%s%.40s", n ? ", " : "",
                 t->ask->items->item[t->desk[k].item].sample);
    }
    vl_intake_view_show(&t->view, t->sum, done, names);
}

/* Said once: what a signal to stop means for what runs. */
static void tell_stop(intake *t)
{
    if (!stop_asked || stop_now || t->told_stop || t->ask->quiet) return;
    t->told_stop = true;
    vl_intake_view_clear(&t->view);
    vl_say(stderr, "vial: stopping: %d under way %s finished, no more are started; once more stops these too",
           t->running, t->running == 1 ? "is" : "are");
}

static void watch_time(intake *t)
{
    const double now = ticks();
    for (int k = 0; k < t->share.desks; k++) {
        desk *const d = &t->desk[k];
        if (!d->busy) continue;
        if (t->ask->bank->timeout > 0 && now - d->started > t->ask->bank->timeout && !d->timed_out) {
            d->timed_out = true;
            vl_worker_kill(&d->worker);
        }
        if (stop_now) vl_worker_kill(&d->worker);
    }
}

/* Waits until a worker says something or some time has passed; concludes those that ended. */
static vl_code wait_some(intake *t, vl_err *err)
{
    struct pollfd fd[500];
    int at[500], n = 0;
    for (int k = 0; k < t->share.desks; k++)
        if (t->desk[k].busy) {
            at[n] = k;
            fd[n++] = (struct pollfd){ t->desk[k].worker.fd, POLLIN, 0 };
        }
    const int ready = poll(fd, (nfds_t)n, 200);
    if (ready < 0 && errno != EINTR) return vl_fail_errno(err, VL_EIO, errno, "cannot wait for workers");
    for (int i = 0; ready > 0 && i < n && !err->code; i++)
        if (fd[i].revents && vl_worker_hear(&t->desk[at[i]].worker)) finish(t, &t->desk[at[i]], err);
    return err->code;
}

static void catch_signals(struct sigaction old[2])
{
    const struct sigaction action = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO };
    stop_asked = stop_now = 0;
    sigaction(SIGINT, &action, &old[0]);
    sigaction(SIGTERM, &action, &old[1]);
}

static vl_code carry_on(intake *t, vl_err *err)
{
    bool idle = false;
    while (!start_some(t, &idle, err) && !idle) {
        wait_some(t, err);
        watch_time(t);
        tell_stop(t);
        show(t);
        if (err->code) break;
    }
    return err->code;
}

static void sum_up(intake *t, const vl_err *err)
{
    vl_intake_sum *const s = t->sum;
    for (size_t i = 0; i < t->ask->items->n; i++) s->left += t->place[i].stage == WAITS;
    s->seconds = ticks() - t->start;
    s->interrupted = stop_asked;
    s->exit_code = t->disk_full                            ? EX_IOERR
                   : s->refused                            ? EX_DATAERR
                   : t->not_permitted                      ? EX_NOPERM
                   : t->try_again || s->left || s->stopped ? EX_TEMPFAIL
                                                           : EX_OK;
    if (err->code) s->exit_code = vl_exit_code(err->code);
}

static vl_code set_up(intake *t, vl_err *err)
{
    vl_intake_share_out(t->ask, &t->share);
    t->place = calloc(t->ask->items->n + 1, sizeof *t->place);
    t->desk = calloc((size_t)t->share.desks, sizeof *t->desk);
    void *const shared = mmap(NULL, (size_t)t->share.desks * sizeof *t->done, PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    t->done = shared == MAP_FAILED ? NULL : shared;
    if (!t->place || !t->desk || !t->done)
        return vl_fail(err, VL_ENOMEM, "no memory for %zu items", t->ask->items->n);
    return look_at_items(t, err);
}

vl_code vl_intake_run(const vl_intake *ask, vl_intake_sum *sum, vl_err *err)
{
    struct sigaction old[2];
    intake t = { .ask = ask, .sum = sum, .gone = { .bank = ask->bank }, .start = ticks() };
    *sum = (vl_intake_sum){ .items = ask->items->n };
    catch_signals(old);
    if (!set_up(&t, err)) carry_on(&t, err);
    for (int k = 0; t.desk && k < t.share.desks; k++) {
        if (t.desk[k].busy) { /* the intake broke off: what runs vanishes, the next run clears the rest */
            vl_worker_kill(&t.desk[k].worker);
            vl_worker_wait(&t.desk[k].worker);
            vl_journal_close(&t.desk[k].journal, false);
        }
        vl_worker_free(&t.desk[k].worker);
    }
    if (t.place) sum_up(&t, err);
    vl_intake_view_end(&t.view, sum, t.ended_bytes);
    sigaction(SIGINT, &old[0], NULL);
    sigaction(SIGTERM, &old[1], NULL);
    vl_progress_share(NULL);
    if (t.done) munmap((void *)t.done, (size_t)t.share.desks * sizeof *t.done);
    vl_claims_free(t.claims);
    vl_withdrawn_free(&t.gone);
    free(t.desk);
    free(t.place);
    free(t.input);
    return err->code;
}
