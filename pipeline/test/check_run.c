/*
 * Checks the runner: for any mix of stages, any number of slots and threads, any delays and any errors, what
 * came out of the last stage and the error are those that one thread would give.
 *
 * A story says which stages there are, where the end comes and which batch fails where. It is played by the
 * runner and, in a plain loop, by the check. Stages keep plain (not atomic) numbers wherever the runner
 * promises that only one thread is there, so that a thread sanitizer sees a broken promise.
 *
 * Suites: run. Also: tsan.
 */
#include "pipeline/run/run.h"
#include "pipeline/test/check.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MOST_BATCH = 400, MOST_FAULT = 6, MOST_SLOT = 16 };

typedef struct fault {
    int stage;
    uint64_t batch;
} fault;

typedef struct story {
    uint64_t seed;
    int nstage, nslot, running;
    vl_order order[VL_MAX_STAGE];
    int end_stage; /* an ordered one; it sets end on batch end_at */
    uint64_t end_at;
    int nfault;
    fault fault[MOST_FAULT];
    int slow; /* one stage call in so many sleeps; 0: none */
} story;

typedef struct body {
    uint64_t batch; /* set by the first stage */
    int passed;     /* stages so far */
    int uses;
} body;

typedef struct shared {
    const story *story;
    atomic_int computing, most; /* threads in a stage, now and at most */
    atomic_int broken;          /* promises, as a set of the bits below */
} shared;

enum { OVERLAP = 1, DISORDER = 2, CROWD = 4, MIXED = 8, BEHIND_END = 16 };

typedef struct actor { /* self of a stage */
    shared *all;
    int stage;
    uint64_t next; /* batch that must come next: ordered only, written without a lock */
    atomic_int inside;
    uint64_t seen[MOST_BATCH]; /* last stage */
    atomic_int nseen;
} actor;

static const fault *find_fault(const story *s, int stage, uint64_t batch)
{
    for (int i = 0; i < s->nfault; i++)
        if (s->fault[i].stage == stage && s->fault[i].batch == batch) return &s->fault[i];
    return NULL;
}

static void give_error(int stage, uint64_t batch, vl_err *err)
{
    vl_fail(err, stage & 1 ? VL_EFORMAT : VL_EIO, "batch %llu fails at stage %d", (unsigned long long)batch,
            stage);
    vl_err_at(err, "input", batch * 100, batch);
}

static void dawdle(const story *s, int stage, uint64_t batch)
{
    const uint64_t dice = check_mix(s->seed ^ batch << 8 ^ (uint64_t)stage);
    if (!s->slow) return;
    if (dice % (uint64_t)s->slow == 0) {
        const struct timespec t = { .tv_nsec = (long)(dice >> 20 & 0x3ffff) };
        nanosleep(&t, NULL);
    } else if (dice >> 8 & 1) {
        sched_yield();
    }
}

static void break_promise(shared *all, int which) { atomic_fetch_or(&all->broken, which); }

static vl_code act(void *self, vl_slot *slot, vl_err *err)
{
    actor *const a = self;
    shared *const all = a->all;
    const story *const s = all->story;
    body *const b = slot->body;
    const bool ordered = s->order[a->stage] == VL_ORDERED;
    const int now = atomic_fetch_add(&all->computing, 1) + 1;
    if (now > s->running) break_promise(all, CROWD);
    for (int most = atomic_load(&all->most);
         now > most && !atomic_compare_exchange_weak(&all->most, &most, now);) {
    }
    if (ordered) {
        if (atomic_fetch_add(&a->inside, 1)) break_promise(all, OVERLAP);
        if (slot->seq != a->next++) break_promise(all, DISORDER);
    }
    if (!a->stage) {
        if (slot->end) break_promise(all, MIXED);
        b->batch = slot->seq;
        b->passed = 0;
        b->uses++;
    }
    if (b->batch != slot->seq || b->passed++ != a->stage) break_promise(all, MIXED);
    if (a->stage > s->end_stage && slot->seq > s->end_at) break_promise(all, BEHIND_END);
    if (a->stage > s->end_stage && slot->end != (slot->seq == s->end_at)) break_promise(all, MIXED);
    dawdle(s, a->stage, slot->seq);
    if (find_fault(s, a->stage, slot->seq)) {
        give_error(a->stage, slot->seq, err);
    } else {
        if (a->stage == s->end_stage && slot->seq == s->end_at) slot->end = true;
        if (a->stage == s->nstage - 1) {
            const int i = atomic_fetch_add(&a->nseen, 1);
            if (i < MOST_BATCH) a->seen[i] = slot->seq;
        }
    }
    if (ordered) atomic_fetch_sub(&a->inside, 1);
    atomic_fetch_sub(&all->computing, 1);
    return err->code;
}

/* What one thread would do: how many batches pass the last stage; the error. */
static uint64_t play_alone(const story *s, vl_err *err)
{
    for (uint64_t batch = 0;; batch++) {
        for (int stage = 0; stage < s->nstage; stage++) {
            if (!find_fault(s, stage, batch)) continue;
            give_error(stage, batch, err);
            return batch;
        }
        if (batch == s->end_at) return batch + 1;
    }
}

static bool same_error(const vl_err *a, const vl_err *b)
{
    return a->code == b->code && !strcmp(a->what, b->what) && !strcmp(a->file, b->file) &&
           a->offset == b->offset && a->packed == b->packed && a->record == b->record && a->line == b->line;
}

static const char *shape(const story *s)
{
    static char text[VL_MAX_STAGE + 1];
    for (int i = 0; i < s->nstage; i++) text[i] = s->order[i] == VL_ORDERED ? 'o' : 'p';
    text[s->nstage] = 0;
    return text;
}

/* Which batches the last stage saw: exactly the first `want`, in order if it is ordered. A parallel last
 * stage may have seen some behind an error, but never less. */
static bool saw(const story *s, const actor *last, uint64_t want)
{
    bool seen[MOST_BATCH] = { false };
    const int n = atomic_load(&last->nseen);
    if (n > MOST_BATCH) return false;
    for (int i = 0; i < n; i++) {
        if (last->seen[i] >= MOST_BATCH || seen[last->seen[i]]) return false;
        seen[last->seen[i]] = true;
        if (s->order[s->nstage - 1] == VL_ORDERED && last->seen[i] != (uint64_t)i) return false;
    }
    for (uint64_t i = 0; i < want; i++)
        if (!seen[i]) return false;
    return s->order[s->nstage - 1] == VL_PARALLEL || (uint64_t)n == want;
}

static int play(const story *s)
{
    static actor cast[VL_MAX_STAGE];
    shared all = { .story = s };
    vl_stage stage[VL_MAX_STAGE];
    vl_slot slot[MOST_SLOT] = { { 0 } };
    body bodies[MOST_SLOT] = { { 0 } };
    double seconds[VL_MAX_STAGE];
    vl_err err = VL_ERR_INIT, alone = VL_ERR_INIT;
    for (int i = 0; i < s->nstage; i++) {
        cast[i] = (actor){ .all = &all, .stage = i };
        stage[i] = (vl_stage){ "act", s->order[i], act, &cast[i] };
        seconds[i] = -1;
    }
    for (int i = 0; i < s->nslot; i++) slot[i].body = &bodies[i];
    const uint64_t want = play_alone(s, &alone);
    const vl_code code = vl_run(stage, s->nstage, slot, s->nslot, s->running, seconds, &err);
    const actor *const last = &cast[s->nstage - 1];
    const unsigned long long seed = s->seed;
    CHECK(saw(s, last, want),
          "story %llu (%s, %d slots, %d running): last stage saw %d batches, expected %llu", seed, shape(s),
          s->nslot, s->running, atomic_load(&last->nseen), (unsigned long long)want);
    CHECK(code == err.code && same_error(&err, &alone),
          "story %llu (%s, %d slots, %d running): got '%s', expected '%s'", seed, shape(s), s->nslot,
          s->running, err.what, alone.what);
    CHECK(!atomic_load(&all.broken), "story %llu (%s, %d slots, %d running): promises %x", seed, shape(s),
          s->nslot, s->running, (unsigned)atomic_load(&all.broken));
    CHECK(!atomic_load(&all.computing), "story %llu: nobody stays in a stage", seed);
    bool timed = true;
    for (int i = 0; i < s->nstage; i++) timed &= seconds[i] >= 0;
    CHECK(timed, "story %llu: time of each stage", seed);
    int reused = 0;
    for (int i = 0; i < s->nslot; i++) reused += bodies[i].uses > 1;
    CHECK(reused || want <= (uint64_t)s->nslot, "story %llu: slots are used again", seed);
    return atomic_load(&all.most);
}

/* A story with a random shape; its end stage is the first or any other ordered one. */
static story invent(uint64_t seed)
{
    uint64_t dice = seed;
    story s = { .seed = seed };
    s.nstage = 1 + (int)(check_random(&dice) % 7);
    s.nslot = 1 + (int)(check_random(&dice) % MOST_SLOT);
    s.running = 1 + (int)(check_random(&dice) % 8);
    for (int i = 0; i < s.nstage; i++) s.order[i] = check_random(&dice) & 1 ? VL_ORDERED : VL_PARALLEL;
    if (check_random(&dice) % 4) s.order[s.nstage - 1] = VL_ORDERED;
    const int from = check_random(&dice) & 1 ? 0 : (int)(check_random(&dice) % (uint64_t)s.nstage);
    for (s.end_stage = from; s.end_stage < s.nstage && s.order[s.end_stage] == VL_PARALLEL; s.end_stage++) {
    }
    if (s.end_stage == s.nstage) s.order[s.end_stage = 0] = VL_ORDERED;
    s.end_at = check_random(&dice) % 60;
    s.slow = (int)(check_random(&dice) % 6);
    return s;
}

static void check_ends(void)
{
    for (uint64_t seed = 1; seed <= 100; seed++) {
        const story s = invent(seed);
        play(&s);
    }
}

/* One batch fails: every stage, first, middle and last batches. */
static void check_each_fault(void)
{
    for (uint64_t seed = 1000; seed < 1012; seed++) {
        story s = invent(seed);
        s.end_at = 25;
        s.nfault = 1;
        for (int stage = 0; stage < s.nstage; stage++) {
            static const uint64_t batch[] = { 0, 1, 7, 24, 25 };
            for (size_t i = 0; i < sizeof batch / sizeof *batch; i++) {
                s.fault[0] = (fault){ stage, batch[i] };
                play(&s);
            }
        }
    }
}

/* Several fail at once: neighbours, at different stages. The earliest wins, whichever is found first. */
static void check_many_faults(void)
{
    for (uint64_t seed = 2000; seed < 2120; seed++) {
        uint64_t dice = seed;
        story s = invent(seed);
        s.end_at += 20;
        s.nfault = 2 + (int)(check_random(&dice) % (MOST_FAULT - 1));
        const uint64_t from = check_random(&dice) % (s.end_at - 10);
        for (int i = 0; i < s.nfault; i++)
            s.fault[i] =
                (fault){ (int)(check_random(&dice) % (uint64_t)s.nstage), from + check_random(&dice) % 10 };
        play(&s);
    }
}

/* Batches behind the end fail, in stages before the one that knows the end: they were never wanted. */
static void check_faults_behind_end(void)
{
    for (uint64_t seed = 3000; seed < 3120; seed++) {
        uint64_t dice = seed;
        story s = invent(seed);
        s.nstage = s.nstage < 3 ? 3 : s.nstage;
        s.order[s.nstage - 1] = VL_ORDERED;
        s.end_stage = s.nstage - 1 - (int)(check_random(&dice) % (uint64_t)(s.nstage - 1));
        s.order[s.end_stage] = VL_ORDERED;
        s.nslot = 2 + (int)(check_random(&dice) % (MOST_SLOT - 1));
        s.nfault = 1 + (int)(check_random(&dice) % MOST_FAULT);
        for (int i = 0; i < s.nfault; i++)
            s.fault[i] = (fault){ (int)(check_random(&dice) % (uint64_t)s.end_stage),
                                  s.end_at + 1 + check_random(&dice) % 3 };
        if (seed % 4 == 0) s.fault[0] = (fault){ s.end_stage, s.end_at }; /* and one that counts */
        play(&s);
    }
}

/* Threads do work side by side when they may: all parallel, each call sleeps. */
static void check_side_by_side(void)
{
    story s = { .seed = 7, .nstage = 3, .nslot = 8, .end_at = 100, .slow = 1 };
    s.order[1] = VL_PARALLEL;
    for (s.running = 1; s.running <= 8; s.running++) {
        const int most = play(&s);
        CHECK(most <= s.running && (s.running == 1 || most > 1), "%d of %d threads ran at once", most,
              s.running);
    }
}

/* Ends with batch `last`; remembers whether it ever ran elsewhere than in the thread that called the
 * runner. */
typedef struct caller {
    pthread_t thread;
    uint64_t last;
    atomic_bool elsewhere;
} caller;

static vl_code note_thread(void *self, vl_slot *slot, vl_err *err)
{
    caller *const c = self;
    const struct timespec t = { .tv_nsec = 200000 };
    (void)err;
    if (!pthread_equal(pthread_self(), c->thread)) atomic_store(&c->elsewhere, true);
    nanosleep(&t, NULL);
    slot->end = slot->seq == c->last;
    return VL_OK;
}

/* Threads are started when there is a second batch, not before. */
static void check_one_batch(void)
{
    for (uint64_t last = 0; last < 40; last += 39) {
        caller c = { .thread = pthread_self(), .last = last };
        const vl_stage stage[] = { { "first", VL_ORDERED, note_thread, &c },
                                   { "second", VL_PARALLEL, note_thread, &c } };
        vl_slot slot[6] = { { 0 } };
        vl_err err = VL_ERR_INIT;
        vl_run(stage, 2, slot, 6, 4, NULL, &err);
        CHECK(!err.code && atomic_load(&c.elsewhere) == (last > 0), "%d batches: %s", (int)last + 1,
              last ? "one thread did all" : "a second thread was started");
    }
}

static void check_arguments(void)
{
    vl_slot slot[1] = { { 0 } };
    vl_stage stage[VL_MAX_STAGE + 1] = { { 0 } };
    const struct {
        int nstage, nslot;
    } bad[] = { { VL_MAX_STAGE + 1, 1 }, { 1, 0 }, { 1, VL_MAX_SLOT + 1 } };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        vl_err err = VL_ERR_INIT;
        CHECK(vl_run(stage, bad[i].nstage, slot, bad[i].nslot, 1, NULL, &err) == VL_EBUG, "bad arguments %zu",
              i);
    }
    CHECK(vl_cores() >= 1, "%d cores", vl_cores());
    CHECK(vl_slots_for(0) == 1 && vl_slots_for(1) == 1 && vl_slots_for(2) == 4 &&
              vl_slots_for(100000) == VL_MAX_SLOT,
          "slots for threads");
}

int main(void)
{
    check_arguments();
    check_ends();
    check_each_fault();
    check_many_faults();
    check_faults_behind_end();
    check_side_by_side();
    check_one_batch();
    return check_end();
}
