/* Bounds of memory and time for a while (confine.h): soft limits, relative to what the process has now. */
#include "pipeline/store/confine.h"

#include "pipeline/run/guard.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
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
    struct rusage used;
    const uint64_t data = data_now();
    vl_guard_hdf5(true);
    getrlimit(RLIMIT_DATA, &was->memory);
    getrlimit(RLIMIT_CPU, &was->time);
    if (!data || getrusage(RUSAGE_SELF, &used)) return;
    const uint64_t seconds = (uint64_t)(used.ru_utime.tv_sec + used.ru_stime.tv_sec);
    const struct rlimit memory = lower(was->memory, data + allowance(bytes)),
                        time = lower(was->time, seconds + SECONDS + bytes / BYTES_A_SECOND);
    setrlimit(RLIMIT_DATA, &memory);
    setrlimit(RLIMIT_CPU, &time);
}

void vl_unconfine(const vl_confined *was)
{
    setrlimit(RLIMIT_DATA, &was->memory);
    setrlimit(RLIMIT_CPU, &was->time);
    vl_guard_hdf5(false);
}

bool vl_confine_was_enough(uint64_t bytes)
{
    void *const most = malloc(allowance(bytes));
    free(most);
    return most != NULL;
}
