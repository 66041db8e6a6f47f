/* The runner (run.h): one parallel region, one thread a slot, a turn for each ordered stage. */
#include "pipeline/run.h"

#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <time.h>

typedef struct run {
    const vl_stage *stage;
    int nstage;
    int running, most; /* threads that compute now, and how many may */
    uint64_t next;     /* batch that the next free slot takes */
    uint64_t stop;     /* batches from this one on are not wanted: after the end, or after an error */
    uint64_t turn[VL_MAX_STAGE];
    vl_err err; /* of the earliest batch that failed */
    double seconds[VL_MAX_STAGE];
    pthread_mutex_t lock;
    pthread_cond_t change;
} run;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Waits for the batch's turn at an ordered stage and for a core. False when the batch is no longer wanted. */
static bool enter(run *r, int s, uint64_t seq)
{
    const bool ordered = r->stage[s].order == VL_ORDERED;
    while (seq < r->stop && ((ordered && r->turn[s] != seq) || r->running >= r->most))
        pthread_cond_wait(&r->change, &r->lock);
    if (seq >= r->stop) return false;
    r->running++;
    return true;
}

static void leave(run *r, int s, uint64_t seq)
{
    r->running--;
    if (r->stage[s].order == VL_ORDERED) r->turn[s] = seq + 1;
    pthread_cond_broadcast(&r->change);
}

/* The earliest error wins; batches after it stop. */
static void fail(run *r, uint64_t seq, const vl_err *err)
{
    if (seq < r->stop) {
        r->stop = seq;
        r->err = *err;
    }
}

/* Takes one batch through all stages. Called and left with the lock held. False when there is no more to do.
 */
static bool carry(run *r, vl_slot *slot)
{
    slot->seq = r->next++;
    slot->end = false;
    for (int s = 0; s < r->nstage; s++) {
        if (!enter(r, s, slot->seq)) return false;
        pthread_mutex_unlock(&r->lock);
        vl_err err = VL_ERR_INIT;
        const double start = now();
        const vl_code code = r->stage[s].run(r->stage[s].self, slot, &err);
        const double spent = now() - start;
        pthread_mutex_lock(&r->lock);
        r->seconds[s] += spent;
        if (code) {
            fail(r, slot->seq, &err);
        } else if (slot->end && slot->seq < r->stop) {
            r->stop = slot->seq + 1;
            vl_err_clear(&r->err); /* if there is one, it is of a batch behind the end */
        }
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
    pthread_mutex_init(&r.lock, NULL);
    pthread_cond_init(&r.change, NULL);
    int started = 0;
#pragma omp parallel num_threads(nslot) default(none) shared(r, slot, started)
    {
        int mine;
#pragma omp atomic capture
        mine = started++;
        pthread_mutex_lock(&r.lock);
        while (carry(&r, &slot[mine])) {
        }
        pthread_cond_broadcast(&r.change);
        pthread_mutex_unlock(&r.lock);
    }
    pthread_cond_destroy(&r.change);
    pthread_mutex_destroy(&r.lock);
    if (seconds) memcpy(seconds, r.seconds, (size_t)nstage * sizeof *seconds);
    if (r.err.code) *err = r.err;
    return r.err.code;
}
