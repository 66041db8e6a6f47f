/* The supervisor of an intake (intake.h). */
#include "pipeline/bank/intake/intake_run.h"

#include "pipeline/bank/evidence.h"
#include "pipeline/bank/open_items.h"
#include "pipeline/run/guard.h"
#include "pipeline/io/sites.h"
#include "pipeline/run/say.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sysexits.h>

static volatile sig_atomic_t stop_asked, stop_now;

bool vl_intake_stop_asked(void) { return stop_asked; }
bool vl_intake_stop_now(void) { return stop_now; }

static void on_signal(int number, siginfo_t *info, void *context)
{
    (void)context;
    if (vl_guard_asked(info) > 1 || number == SIGTERM) stop_now = 1;
    stop_asked = 1;
}

/* ---- before ---- */

/* Absolute paths; sizes and times. What cannot be looked at, the worker will complain about. */
static vl_code look_at_items(vl_intaking *t, vl_err *err)
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
        t->place[i].small = files && t->place[i].bytes <= VL_INTAKE_SMALL;
        t->place[i].threads = t->place[i].small ? 1 : t->share.each;
        t->place[i].load = files ? vl_intake_share_load(&t->share, t->place[i].threads, t->place[i].bytes)
                                 : 2 * t->place[i].threads;
        total += t->place[i].bytes;
    }
    if (!(t->claims = vl_claims_new(n))) return vl_fail(err, VL_ENOMEM, "no memory for %zu inputs", n);
    vl_intake_view_start(&t->view, t->ask->quiet ? VL_PROGRESS_OFF : t->ask->progress, total);
    return VL_OK;
}

/* Are these inputs known by path, size and time, with record and store there? Then nothing is read. */
static bool is_known(vl_intaking *t, size_t i)
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

static vl_code finish(vl_intaking *t, vl_intake_desk *d, vl_err *err)
{
    vl_told told;
    vl_intake_take(d, &told);
    vl_intake_conclude(t, d, &told, err);
    vl_told_free(&told);
    return err->code;
}

/* Space for what runs, for this one, and the reserve? Compressed stores are smaller than their inputs. */
static bool has_room(const vl_intaking *t, size_t i, uint64_t *needs, uint64_t *room)
{
    vl_err err = VL_ERR_INIT;
    *needs = t->place[i].bytes + (1 << 20);
    for (int k = 0; k < t->share.desks; k++)
        if (t->desk[k].busy) *needs += t->place[t->desk[k].item].bytes;
    return vl_bank_room(t->ask->bank, room, &err) || *needs <= *room; /* cannot tell: try */
}

/* Somebody has seen that it was refused, and it is still the same. */
static bool is_acknowledged(vl_intaking *t, size_t i)
{
    const vl_item *const item = &t->ask->items->item[i];
    if (t->place[i].attempt ||
        !vl_open_is_acknowledged(t->ask->open, item->sample, item->acquisition, item->inputs.file[0].path,
                                 t->place[i].bytes, vl_intake_latest(t, i)))
        return false;
    t->place[i].stage = VL_ITEM_ENDED;
    t->ended_bytes += t->place[i].bytes;
    t->sum->acknowledged++;
    t->sum->items--;
    return true;
}

/* Bad data that has not changed since it was refused: the same again, unread. *refused: it was. */
static vl_code refuse_again(vl_intaking *t, size_t i, bool *refused, vl_err *err)
{
    char message[640];
    const vl_item *const item = &t->ask->items->item[i];
    vl_intake_place *const p = &t->place[i];
    *refused = false;
    if (!t->ask->skip_refused || p->attempt || !p->bytes ||
        vl_catalog_refused_before(t->ask->catalog, item, p->bytes, vl_intake_latest(t, i), message,
                                  sizeof message, err) ||
        !*message)
        return err->code;
    *refused = true;
    p->stage = VL_ITEM_ENDED;
    t->ended_bytes += p->bytes;
    t->sum->refused++;
    vl_intake_view_clear(&t->view);
    vl_say(stderr, "vial: refused again, unchanged: %s: %s", item->sample, message);
    return VL_OK;
}

static vl_code refuse_for_space(vl_intaking *t, size_t i, uint64_t needs, uint64_t room, vl_err *err)
{
    char a[16], b[16], c[16];
    vl_told told = { .err = VL_ERR_INIT, .exit_code = EX_IOERR, .reason = "disk" };
    vl_fail(&told.err, VL_EIO, "not enough space: needs up to %s, %s are free beside the reserve of %s",
            vl_human_bytes(needs, a), vl_human_bytes(room, b), vl_human_bytes(t->ask->bank->reserve, c));
    return vl_intake_turn_away(t, i, &told, err);
}

static vl_code start(vl_intaking *t, size_t i, vl_err *err)
{
    vl_err why = VL_ERR_INIT;
    vl_intake_place *const p = &t->place[i];
    vl_intake_desk *const d = vl_intake_free_desk(t, i);
    if (vl_intake_enter(t, i, &d->entry, &why)) {
        if (why.code == VL_ECONFIG || why.code == VL_EPERM) return *err = why, err->code;
        vl_told told = { .err = why, .exit_code = vl_exit_code(why.code), .reason = vl_reason_of(&why) };
        return vl_intake_turn_away(t, i, &told, err);
    }
    if (vl_intake_give(t, d, i, err)) return vl_intake_leave(&d->entry, true), err->code;
    t->running++;
    t->load += p->load;
    p->stage = VL_ITEM_RUNS;
    p->attempt++;
    return VL_OK;
}

/* The next item that may start; items->n if there is none now. *later: some wait for their time. */
static size_t choose(const vl_intaking *t, bool *later)
{
    const double now = vl_intake_ticks();
    *later = false;
    for (size_t i = t->next; i < t->ask->items->n; i++) {
        if (t->place[i].stage != VL_ITEM_WAITS) continue;
        if (t->place[i].not_before <= now) return i;
        *later = true;
    }
    return t->ask->items->n;
}

static bool may_start(const vl_intaking *t)
{
    return !stop_asked && t->running < t->share.desks &&
           (t->ask->deadline <= 0 || vl_intake_ticks() - t->start < t->ask->deadline);
}

/* Starts what can start. *idle: nothing runs and nothing will. */
static vl_code start_some(vl_intaking *t, bool *idle, vl_err *err)
{
    bool later = false, again = false;
    uint64_t needs, room;
    *idle = false;
    while (!err->code && may_start(t)) {
        const size_t i = choose(t, &later);
        if (i == t->ask->items->n) break;
        while (t->next < t->ask->items->n && t->place[t->next].stage == VL_ITEM_ENDED) t->next++;
        if (!t->place[i].attempt && is_known(t, i)) {
            t->place[i].stage = VL_ITEM_ENDED;
            t->sum->unchanged++;
            t->ended_bytes += t->place[i].bytes;
        } else if (is_acknowledged(t, i) || refuse_again(t, i, &again, err) || again) {
            continue;
        } else if (t->running && t->load + t->place[i].load > 2 * t->share.threads) {
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

static void show(vl_intaking *t)
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
static void tell_stop(vl_intaking *t)
{
    if (!stop_asked || stop_now || t->told_stop || t->ask->quiet) return;
    t->told_stop = true;
    vl_intake_view_clear(&t->view);
    vl_say(stderr, "vial: stopping: %d under way %s finished, no more are started; once more stops these too",
           t->running, t->running == 1 ? "is" : "are");
}

static void watch_time(vl_intaking *t)
{
    const double now = vl_intake_ticks();
    for (int k = 0; k < t->share.desks; k++) {
        vl_intake_desk *const d = &t->desk[k];
        if (!d->busy) continue;
        if (t->ask->bank->timeout > 0 && now - d->started > t->ask->bank->timeout && !d->timed_out) {
            d->timed_out = true;
            vl_worker_kill(&d->worker);
        }
        if (stop_now) vl_worker_kill(&d->worker);
    }
}

/* Waits until a worker says something or some time has passed; concludes those that ended. */
static vl_code wait_some(vl_intaking *t, vl_err *err)
{
    struct pollfd fd[VL_INTAKE_DESKS];
    int at[VL_INTAKE_DESKS], n = 0;
    for (int k = 0; k < t->share.desks; k++)
        if (t->desk[k].busy) {
            at[n] = k;
            fd[n++] = (struct pollfd){ t->desk[k].worker.fd, POLLIN, 0 };
        }
    const int ready = poll(fd, (nfds_t)n, 200);
    if (ready < 0 && errno != EINTR) return vl_fail_errno(err, VL_EIO, errno, "cannot wait for workers");
    for (int i = 0; ready > 0 && i < n && !err->code; i++)
        if (fd[i].revents && vl_intake_hear(&t->desk[at[i]])) finish(t, &t->desk[at[i]], err);
    return err->code;
}

static void catch_signals(struct sigaction old[2])
{
    const struct sigaction action = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO };
    stop_asked = stop_now = 0;
    sigaction(SIGINT, &action, &old[0]);
    sigaction(SIGTERM, &action, &old[1]);
}

static vl_code carry_on(vl_intaking *t, vl_err *err)
{
    bool idle = false;
    while (!start_some(t, &idle, err) && !idle) {
        wait_some(t, err);
        if (!err->code && t->nended && vl_intake_ticks() - t->first_ended > VL_INTAKE_MOMENT)
            vl_intake_write_up(t, err);
        watch_time(t);
        tell_stop(t);
        show(t);
        if (err->code) break;
    }
    return err->code;
}

static void sum_up(vl_intaking *t, const vl_err *err)
{
    vl_intake_sum *const s = t->sum;
    for (size_t i = 0; i < t->ask->items->n; i++) s->left += t->place[i].stage == VL_ITEM_WAITS;
    s->seconds = vl_intake_ticks() - t->start;
    s->interrupted = stop_asked;
    s->exit_code = t->disk_full                            ? EX_IOERR
                   : s->refused                            ? EX_DATAERR
                   : t->not_permitted                      ? EX_NOPERM
                   : t->try_again || s->left || s->stopped ? EX_TEMPFAIL
                                                           : EX_OK;
    if (err->code) s->exit_code = vl_exit_code(err->code);
}

/* Whether the list can be read: before it costs each item its place. */
static vl_code check_sites(const vl_intake *ask, vl_err *err)
{
    vl_sites sites = { 0 };
    const char *const path = ask->sites ? ask->sites : ask->bank->sites;
    if (path) vl_sites_read(&sites, path, err);
    vl_sites_free(&sites);
    return err->code;
}

static vl_code set_up(vl_intaking *t, vl_err *err)
{
    if (check_sites(t->ask, err)) return err->code;
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
    vl_err last = VL_ERR_INIT;
    vl_intaking t = { .ask = ask, .sum = sum, .gone = { .bank = ask->bank }, .start = vl_intake_ticks() };
    *sum = (vl_intake_sum){ .items = ask->items->n };
    catch_signals(old);
    if (!set_up(&t, err)) carry_on(&t, err);
    vl_intake_write_up(&t, &last);
    for (int k = 0; t.desk && k < t.share.desks; k++) {
        if (t.desk[k].busy) { /* the intake broke off: what runs vanishes, the next run clears the rest */
            vl_worker_kill(&t.desk[k].worker);
            vl_worker_wait(&t.desk[k].worker);
            vl_intake_leave(&t.desk[k].entry, false);
        }
        vl_worker_free(&t.desk[k].worker);
    }
    vl_intake_clear_away(&t);
    if (!err->code) *err = last;
    if (t.place) sum_up(&t, err);
    vl_intake_view_end(&t.view, sum, t.ended_bytes);
    sigaction(SIGINT, &old[0], NULL);
    sigaction(SIGTERM, &old[1], NULL);
    if (t.done) munmap((void *)t.done, (size_t)t.share.desks * sizeof *t.done);
    vl_claims_free(t.claims);
    vl_withdrawn_free(&t.gone);
    free(t.desk);
    free(t.place);
    free(t.input);
    return err->code;
}
