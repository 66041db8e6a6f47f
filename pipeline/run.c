/* The runner (run.h): one parallel region, one thread a slot, a turn for each ordered stage. */
#include "pipeline/run.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A slot's thread and what it waits for. A permit to compute is handed to the waiter itself, so that nobody
 * wakes in vain: on a virtual machine a wake-up costs as much as unpacking a chunk. */
typedef struct place {
    uint64_t seq;
    int stage;
    bool waits, granted;
    pthread_cond_t go;
} place;

typedef struct run {
    const vl_stage *stage;
    int nstage;
    place *place; /* [nplace] */
    int nplace;
    int running, most; /* threads that compute now, and how many may */
    uint64_t next;     /* batch that the next free slot takes */
    uint64_t stop;     /* batches from this one on are not wanted: after the end, or after an error */
    uint64_t turn[VL_MAX_STAGE];
    vl_err err; /* of the earliest batch that failed */
    double seconds[VL_MAX_STAGE];
    pthread_mutex_t lock;
} run;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static bool may_go(const run *r, const place *p)
{
    return r->stage[p->stage].order == VL_PARALLEL || r->turn[p->stage] == p->seq;
}

/* Gives free permits to waiters that may go, the earliest batch first. */
static void hand_out(run *r)
{
    while (r->running < r->most) {
        place *first = NULL;
        for (int i = 0; i < r->nplace; i++) {
            place *const p = &r->place[i];
            if (p->waits && !p->granted && p->seq < r->stop && may_go(r, p) &&
                (!first || p->seq < first->seq))
                first = p;
        }
        if (!first) return;
        r->running++;
        first->granted = true;
        pthread_cond_signal(&first->go);
    }
}

/* Batches from seq on are not wanted: those that wait for something leave. */
static void stop_at(run *r, uint64_t seq)
{
    r->stop = seq;
    for (int i = 0; i < r->nplace; i++)
        if (r->place[i].waits) pthread_cond_signal(&r->place[i].go);
}

/* Waits for the batch's turn at stage s and for a permit. False when the batch is no longer wanted. */
static bool enter(run *r, place *p, int s)
{
    p->stage = s;
    if (p->seq < r->stop && r->running < r->most && may_go(r, p)) {
        r->running++;
        hand_out(r);
        return true;
    }
    p->waits = true;
    hand_out(r);
    while (!p->granted && p->seq < r->stop) pthread_cond_wait(&p->go, &r->lock);
    const bool granted = p->granted;
    p->waits = p->granted = false;
    if (granted && p->seq < r->stop) return true;
    if (granted) r->running--;
    hand_out(r);
    return false;
}

/* Gives the permit back; enter hands it on, to this thread first: its batch is in this core's cache. */
static void leave(run *r, int s, uint64_t seq)
{
    r->running--;
    if (r->stage[s].order == VL_ORDERED) r->turn[s] = seq + 1;
}

/* The earliest error wins; batches after it stop. */
static void fail(run *r, uint64_t seq, const vl_err *err)
{
    if (seq >= r->stop) return;
    r->err = *err;
    stop_at(r, seq);
}

/* No batch follows this one. If there is an error, it is of a batch behind the end. */
static void end(run *r, uint64_t seq)
{
    if (seq >= r->stop) return;
    vl_err_clear(&r->err);
    stop_at(r, seq + 1);
}

/* Takes one batch through all stages. Called and left with the lock held. False when there is no more to do.
 */
static bool carry(run *r, place *p, vl_slot *slot)
{
    slot->seq = p->seq = r->next++;
    slot->end = false;
    for (int s = 0; s < r->nstage; s++) {
        if (!enter(r, p, s)) return false;
        pthread_mutex_unlock(&r->lock);
        vl_err err = VL_ERR_INIT;
        const double start = now();
        const vl_code code = r->stage[s].run(r->stage[s].self, slot, &err);
        const double spent = now() - start;
        pthread_mutex_lock(&r->lock);
        r->seconds[s] += spent;
        if (code) fail(r, slot->seq, &err);
        else if (slot->end) end(r, slot->seq);
        leave(r, s, slot->seq);
        if (code) return false;
    }
    return true;
}

int vl_cores(void)
{
    cpu_set_t set;
    const int n = sched_getaffinity(0, sizeof set, &set) ? 1 : CPU_COUNT(&set);
    return n < 1 ? 1 : n;
}

int vl_slots_for(int threads)
{
    if (threads <= 1) return 1;
    return threads + 2 < VL_MAX_SLOT ? threads + 2 : VL_MAX_SLOT;
}

vl_code vl_run(const vl_stage *stage, int nstage, vl_slot *slot, int nslot, int running, double *seconds,
               vl_err *err)
{
    run r = { .stage = stage, .nstage = nstage, .most = running, .stop = UINT64_MAX, .err = VL_ERR_INIT };
    if (nstage < 1 || nstage > VL_MAX_STAGE || nslot < 1 || nslot > VL_MAX_SLOT || running < 1)
        return vl_fail(err, VL_EBUG, "runner asked for %d stages and %d slots", nstage, nslot);
    r.nplace = nslot;
    r.place = calloc((size_t)nslot, sizeof *r.place);
    if (!r.place) return vl_fail(err, VL_ENOMEM, "no memory for %d slots", nslot);
    pthread_mutex_init(&r.lock, NULL);
    for (int i = 0; i < nslot; i++) pthread_cond_init(&r.place[i].go, NULL);
    int started = 0;
#pragma omp parallel num_threads(nslot) default(none) shared(r, slot, started)
    {
        int mine;
#pragma omp atomic capture
        mine = started++;
        pthread_mutex_lock(&r.lock);
        while (carry(&r, &r.place[mine], &slot[mine])) {
        }
        hand_out(&r);
        pthread_mutex_unlock(&r.lock);
    }
    for (int i = 0; i < nslot; i++) pthread_cond_destroy(&r.place[i].go);
    pthread_mutex_destroy(&r.lock);
    free(r.place);
    if (seconds) memcpy(seconds, r.seconds, (size_t)nstage * sizeof *seconds);
    if (r.err.code) *err = r.err;
    return r.err.code;
}
