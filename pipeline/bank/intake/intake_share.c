/*
 * How threads and memory are shared among the items of an intake (intake_parts.h).
 *
 * Two threads in an item keep its reading and its packing busy at once. An item of a few thousand reads is
 * one batch and has nothing for a second thread to do but to wait: small items get one thread each, and more
 * of them run at once. The store is the same for any number of threads.
 *
 * A tiny item waits for the disk about as long as it computes, six syncs, so that two of them go on a thread
 * where nobody has said how many items there may be at once, or how much memory.
 */
#include "pipeline/bank/intake/intake_parts.h"

#include "pipeline/run/run.h"

enum { TINY = 1 << 16 }; /* bytes of all inputs of an item */

static uint64_t first_of(uint64_t a, uint64_t b, uint64_t c) { return a ? a : b ? b : c; }

void vl_intake_share_out(const vl_intake *ask, vl_intake_share *s)
{
    const vl_bank *const b = ask->bank;
    const int threads = (int)first_of((uint64_t)ask->threads, (uint64_t)b->threads, (uint64_t)vl_cores()),
              said = ask->jobs ? ask->jobs : b->jobs;
    int jobs = said ? said : (threads + 1) / 2;
    if ((size_t)jobs > ask->items->n) jobs = ask->items->n ? (int)ask->items->n : 1;
    s->each = threads / jobs > 1 ? threads / jobs : 1;
    s->threads = jobs * s->each;
    s->max_memory = ask->max_memory ? ask->max_memory : b->max_memory;
    s->overlap = !said && !s->max_memory;
    s->desks = said ? jobs : s->overlap ? 2 * s->threads : s->threads;
    if (s->desks > VL_INTAKE_DESKS) s->desks = VL_INTAKE_DESKS;
}

int vl_intake_share_load(const vl_intake_share *s, int threads, uint64_t bytes)
{
    return s->overlap && threads == 1 && bytes <= TINY ? 1 : 2 * threads;
}

uint64_t vl_intake_share_memory(const vl_intake_share *s, int threads)
{
    return s->max_memory / (uint64_t)s->threads * (uint64_t)threads;
}
