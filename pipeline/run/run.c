/*
 * The runner (run.h). Threads are made for a run and end with it; none spins while it waits. They are not
 * bound to slots: who has finished a stage goes on with the same slot if it may, since its batch is in this
 * core's cache, else with the earliest batch that may go. So there are no more threads than cores, and one
 * sleeps only when there is nothing to do: on a virtual machine a wake-up costs as much as unpacking a chunk,
 * and a thread that wakes beside a busy one waits for that one's core.
 */
#include "pipeline/run/run.h"

#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Where a slot's batch is. A slot that is free holds the batch that it will take next, before stage 0. */
typedef struct place {
    vl_slot *slot; /* borrowed */
    int stage;     /* that it is in, or before */
    bool busy;     /* a thread is at it */
} place;

typedef struct run {
    const vl_stage *stage;
    int nstage;
    place *place; /* [nplace] */
    int nplace;
    int nbusy, nidle; /* slots in a stage; threads that sleep */
    uint64_t next;    /* batch that the next free slot takes */
    uint64_t stop;    /* batches from this one on are not wanted: after the end, or after an error */
    uint64_t turn[VL_MAX_STAGE];
    vl_err err; /* of the earliest batch that failed */
    double seconds[VL_MAX_STAGE];
    pthread_mutex_t lock;
    pthread_cond_t more; /* there may be something to do, or nothing will come */
} run;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static bool may_go(const run *r, const place *p)
{
    if (p->busy || p->slot->seq >= r->stop) return false;
    return r->stage[p->stage].order == VL_PARALLEL || r->turn[p->stage] == p->slot->seq;
}

/* The place to work at: the one that this thread comes from, or the earliest batch. NULL if none may go
 * now. */
static place *choose(const run *r, place *mine)
{
    place *first = NULL;
    if (mine && may_go(r, mine)) return mine;
    for (int i = 0; i < r->nplace; i++) {
        place *const p = &r->place[i];
        if (may_go(r, p) && (!first || p->slot->seq < first->slot->seq)) first = p;
    }
    return first;
}

/* Seats the next batch. */
static void seat(run *r, place *p)
{
    p->slot->seq = r->next++;
    p->slot->end = false;
    p->stage = 0;
}

/* The stage is done. The earliest error wins and batches after it stop; an error behind the end is
 * nobody's. */
static void leave(run *r, place *p, const vl_err *err)
{
    const uint64_t seq = p->slot->seq;
    assert(p->stage < r->nstage && (r->stage[p->stage].order == VL_PARALLEL || r->turn[p->stage] == seq));
    if (r->stage[p->stage].order == VL_ORDERED) r->turn[p->stage] = seq + 1;
    if (seq < r->stop && err->code) {
        r->err = *err;
        r->stop = seq;
    } else if (seq < r->stop && p->slot->end) {
        vl_err_clear(&r->err);
        r->stop = seq + 1;
    }
    if (++p->stage == r->nstage) seat(r, p);
}

/* One stage of one place. The lock is held before and after, not in between. */
static void go(run *r, place *p)
{
    p->busy = true;
    r->nbusy++;
    if (r->nidle && choose(r, NULL)) pthread_cond_signal(&r->more);
    const vl_stage *const stage = &r->stage[p->stage];
    pthread_mutex_unlock(&r->lock);
    vl_err err = VL_ERR_INIT;
    const double start = now();
    err.code = stage->run(stage->self, p->slot, &err);
    const double spent = now() - start;
    pthread_mutex_lock(&r->lock);
    r->seconds[p->stage] += spent;
    p->busy = false;
    r->nbusy--;
    leave(r, p, &err);
}

/* What one thread does. A place that may go while nobody works exists until all is done. */
static void *work(void *of)
{
    run *const r = of;
    place *p = NULL;
    pthread_mutex_lock(&r->lock);
    while ((p = choose(r, p)) || r->nbusy) {
        if (!p) {
            r->nidle++;
            pthread_cond_wait(&r->more, &r->lock);
            r->nidle--;
            continue;
        }
        go(r, p);
    }
    pthread_cond_broadcast(&r->more);
    pthread_mutex_unlock(&r->lock);
    return NULL;
}

/* n threads, of which the caller is one; fewer where the system gives no more: the run is the same. */
static void work_together(run *r, int n)
{
    pthread_t other[VL_MAX_SLOT];
    int made = 0;
    while (made < n - 1 && !pthread_create(&other[made], NULL, work, r)) made++;
    work(r);
    while (made) pthread_join(other[--made], NULL);
}

/* Takes the first batch before any thread starts, and says whether others follow: one alone is worth no
 * second thread, which would cost more than what a look at a few rows takes. */
static bool take_first(run *r)
{
    pthread_mutex_lock(&r->lock);
    go(r, choose(r, NULL));
    pthread_mutex_unlock(&r->lock);
    return r->stop > 1;
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

vl_code vl_run(const vl_stage *stage, int nstage, vl_slot *slot, int nslot, int threads, double *seconds,
               vl_err *err)
{
    run r = { .stage = stage, .nstage = nstage, .nplace = nslot, .stop = UINT64_MAX, .err = VL_ERR_INIT };
    if (nstage < 1 || nstage > VL_MAX_STAGE || nslot < 1 || nslot > VL_MAX_SLOT || threads < 1)
        return vl_fail(err, VL_EBUG, "runner asked for %d stages and %d slots", nstage, nslot);
    r.place = calloc((size_t)nslot, sizeof *r.place);
    if (!r.place) return vl_fail(err, VL_ENOMEM, "no memory for %d slots", nslot);
    pthread_mutex_init(&r.lock, NULL);
    pthread_cond_init(&r.more, NULL);
    for (int i = 0; i < nslot; i++) {
        r.place[i].slot = &slot[i];
        seat(&r, &r.place[i]);
    }
    work_together(&r, !take_first(&r) ? 1 : threads < nslot ? threads : nslot);
    pthread_cond_destroy(&r.more);
    pthread_mutex_destroy(&r.lock);
    free(r.place);
    if (seconds) memcpy(seconds, r.seconds, (size_t)nstage * sizeof *seconds);
    if (r.err.code) *err = r.err;
    return r.err.code;
}
