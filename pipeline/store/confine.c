/*
 * Bounds of memory and time for a while (confine.h), relative to what the process has now. The time is a
 * timer of its own, not a limit of all that the process may use: the kernel counts that otherwise than it
 * tells, by whole ticks, and after hours of work the two are seconds apart.
 */
#include "pipeline/store/confine.h"

#include "pipeline/run/guard.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

enum { MIB = 1 << 20, SECONDS = 4, BYTES_A_SECOND = 256 * MIB };

static uint64_t allowance(uint64_t bytes) { return bytes + 96 * MIB; }

/* Bytes of data that the process has; 0: not known. */
static uint64_t data_now(void)
{
    uint64_t pages = 0;
    FILE *const f = fopen("/proc/self/statm", "re");
    if (!f) return 0;
    if (fscanf(f, "%*u %*u %*u %*u %*u %" SCNu64, &pages) != 1) pages = 0;
    fclose(f);
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static struct rlimit lower(struct rlimit limit, uint64_t to)
{
    if (limit.rlim_cur == RLIM_INFINITY || to < limit.rlim_cur) limit.rlim_cur = to;
    return limit;
}

void vl_confine(vl_confined *was, uint64_t bytes)
{
    const uint64_t data = data_now();
    vl_guard_hdf5(true);
    getrlimit(RLIMIT_DATA, &was->memory);
    const struct itimerval timer = { .it_value = { .tv_sec = (time_t)(SECONDS + bytes / BYTES_A_SECOND) } };
    setitimer(ITIMER_PROF, &timer, NULL);
    if (!data) return;
    const struct rlimit memory = lower(was->memory, data + allowance(bytes));
    setrlimit(RLIMIT_DATA, &memory);
}

void vl_unconfine(const vl_confined *was)
{
    const struct itimerval never = { .it_interval = { 0 } };
    setrlimit(RLIMIT_DATA, &was->memory);
    setitimer(ITIMER_PROF, &never, NULL);
    vl_guard_hdf5(false);
}

bool vl_confine_was_enough(uint64_t bytes)
{
    void *const most = malloc(allowance(bytes));
    free(most);
    return most != NULL;
}
