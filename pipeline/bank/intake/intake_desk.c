/*
 * Desks: where the items of an intake are worked on (intake_run.h).
 *
 * At each sits a worker process, which is asked for one item after the other as long as they are small: to
 * make a process and to start HDF5 in it costs more than a tiny item does. Whatever was refused or failed
 * ends the worker, and so does a number of items, so that nothing that a library leaves behind can grow. An
 * item that is not small has a worker of its own.
 *
 * The worker is a copy of the supervisor, so it knows all items; what it is told is which one, and under
 * which name of the journal. The entry's lock comes with it: it holds for as long as one of the two lives.
 */
#include "pipeline/bank/intake/intake_run.h"

#include <string.h>
#include <sysexits.h>
#include <unistd.h>

enum { KEPT = 200 }; /* items to one worker at most */

typedef struct request {
    size_t item;
    bool stays; /* it waits for another one if this goes well */
    char id[VL_JOURNAL_ID];
} request;

/* What a worker is started with. */
typedef struct seat {
    vl_intaking *t;
    size_t desk;
} seat;

/* ---- in the worker ---- */

static int do_item(const vl_intaking *t, const request *r, int fd)
{
    const vl_intake *const ask = t->ask;
    const int threads = t->place[r->item].threads;
    vl_originals_when originals = ask->bank->originals;
    if (ask->originals) vl_originals_find(ask->originals, &originals);
    const vl_deposit deposit = { .bank = ask->bank,
                                 .item = &ask->items->item[r->item],
                                 .id = r->id,
                                 .profile = vl_intake_profile(ask, &ask->items->item[r->item]),
                                 .threads = threads,
                                 .max_memory = vl_intake_share_memory(&t->share, threads),
                                 .supersede = ask->supersede,
                                 .mates_as_given = ask->mates_as_given,
                                 .same_data = ask->same_data,
                                 .reference = ask->reference,
                                 .sites = ask->sites ? ask->sites : ask->bank->sites,
                                 .originals = originals,
                                 .correct = ask->correct,
                                 .options = ask->options,
                                 .command = ask->command,
                                 .sheet = ask->sheet,
                                 .catalog = ask->catalog != NULL,
                                 .claims = t->claims,
                                 .items = ask->items,
                                 .number = r->item };
    return vl_intake_work(&deposit, fd);
}

static int serve(void *argument, int fd)
{
    const seat *const s = argument;
    request r;
    int code = EX_OK, lock;
    vl_progress_share(&s->t->done[s->desk]);
    while (!code && vl_worker_take(fd, &r, sizeof r, &lock)) {
        code = do_item(s->t, &r, fd);
        if (lock >= 0) close(lock);
        if (!r.stays) break;
        if (!code && !vl_worker_say(fd, "\n")) code = EX_OSERR;
    }
    return code;
}

/* ---- in the supervisor ---- */

/* One whose worker waits, for a small item; else one without a worker, if there is one. */
vl_intake_desk *vl_intake_free_desk(vl_intaking *t, size_t i)
{
    vl_intake_desk *found = NULL;
    for (int k = 0; k < t->share.desks; k++) {
        vl_intake_desk *const d = &t->desk[k];
        if (!d->busy && (!found || (d->worker.pid > 0) == t->place[i].small)) found = d;
    }
    return found;
}

static vl_code hire(vl_intaking *t, vl_intake_desk *d, size_t i, vl_err *err)
{
    const uint64_t memory = vl_intake_share_memory(&t->share, t->place[i].threads);
    seat s = { t, (size_t)(d - t->desk) };
    vl_worker_free(&d->worker);
    d->given = 0;
    return vl_worker_start(&d->worker, serve, &s, memory ? memory + memory / 4 + (256u << 20) : 0, err);
}

vl_code vl_intake_give(vl_intaking *t, vl_intake_desk *d, size_t i, vl_err *err)
{
    vl_err gone = VL_ERR_INIT; /* one that waited may have been killed meanwhile */
    const bool waits = d->worker.pid > 0 && t->place[i].small;
    const int lock = vl_intake_entry_lock(&d->entry);
    request r = { .item = i };
    memcpy(r.id, d->entry.id, sizeof r.id);
    t->done[d - t->desk] = 0;
    r.stays = t->place[i].small && (waits ? d->given : 0) + 1 < KEPT;
    if ((!waits || vl_worker_give(&d->worker, &r, sizeof r, lock, &gone)) &&
        (hire(t, d, i, err) || vl_worker_give(&d->worker, &r, sizeof r, lock, err)))
        return err->code;
    d->given++;
    d->item = i;
    d->timed_out = false;
    d->started = vl_intake_ticks();
    d->busy = true;
    return VL_OK;
}

/* It says an item's line and, if it stays, the end of the line. */
static bool stays(const vl_intake_desk *d)
{
    const vl_buf *const said = &d->worker.said;
    return said->len && said->data[said->len - 1] == '\n';
}

bool vl_intake_hear(vl_intake_desk *d) { return vl_worker_hear(&d->worker) || stays(d); }

void vl_intake_take(vl_intake_desk *d, vl_told *told)
{
    const int code = stays(d) ? EX_OK : vl_worker_wait(&d->worker);
    vl_told_read(told, &d->worker.said, code, d->timed_out);
    d->worker.said.len = 0;
    if (d->timed_out) vl_worker_free(&d->worker); /* it was killed a moment too late */
}
