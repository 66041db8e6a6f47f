/*
 * One task over all shards, in several workers: each has its part of them, and says lines about what it
 * found, and at last its sums (census.h). A worker may enter HDF5, and may die of a damaged file, by itself.
 */
#include "pipeline/bank/ledger/census.h"

#include "formats/letter.h"
#include "pipeline/bank/intake/worker.h"
#include "pipeline/run/say.h"

#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

enum { SHARDS = 256, MOST_WORKERS = 16 };

typedef struct part {
    const vl_bank *bank;
    vl_code (*task)(const vl_shard_task *, unsigned, vl_err *);
    unsigned first, end;
    bool catalog;
    unsigned now;
    int fd;
} part;

/* ---- in the worker ---- */

static void say_line(void *to, const char *sample, const char *text)
{
    const part *const p = to;
    char line[2048], shown[4096 + 2];
    if (sample) snprintf(line, sizeof line, "%.500s: %s", sample, text);
    else snprintf(line, sizeof line, "ledger/%02x: %s", p->now, text);
    const size_t n = vl_letters_show(line, shown, sizeof shown - 2);
    strcpy(shown + n, "\n");
    vl_worker_say(p->fd, shown);
}

static int work(void *argument, int fd)
{
    part *const p = argument;
    vl_err err = VL_ERR_INIT, why = VL_ERR_INIT;
    vl_catalog *c = NULL;
    vl_census_names names = { 0 };
    vl_census_report report = { .say = say_line, .to = p };
    char line[640];
    p->fd = fd;
    if (p->catalog) vl_catalog_open(&c, p->bank, false, &why); /* without it, what else there is */
    const vl_shard_task task = { p->bank, c, &names, &report };
    vl_census_names_read(c, &names, &err);
    for (p->now = p->first; p->now < p->end && !err.code; p->now++) p->task(&task, p->now, &err);
    vl_census_names_free(&names);
    vl_catalog_close(c);
    if (err.code) vl_err_print(&err, line, sizeof line);
    else
        snprintf(line, sizeof line, "%" PRIu64 " %" PRIu64 " %" PRIu64, report.samples, report.differences,
                 report.entered);
    return vl_worker_say(fd, line) ? vl_exit_code(err.code) : EX_OSERR;
}

/* ---- outside ---- */

/* Hears all workers until the last has ended. */
static void hear(vl_worker *w, int n)
{
    struct pollfd fd[MOST_WORKERS];
    bool open[MOST_WORKERS];
    int left = n;
    for (int i = 0; i < n; i++) open[i] = true;
    while (left) {
        for (int i = 0; i < n; i++) fd[i] = (struct pollfd){ .fd = open[i] ? w[i].fd : -1, .events = POLLIN };
        poll(fd, (nfds_t)n, -1);
        for (int i = 0; i < n; i++)
            if (open[i] && fd[i].revents && vl_worker_hear(&w[i])) {
                open[i] = false;
                left--;
            }
    }
}

/* Its lines, then its last one: sums or an error. */
static vl_code take(vl_worker *w, const part *p, FILE *to, vl_census_report *sum, vl_err *err)
{
    const int code = vl_worker_wait(w);
    char *line = w->said.len ? (char *)w->said.data : (char *)"";
    uint64_t samples = 0, differences = 0, entered = 0;
    for (char *end; (end = strchr(line, '\n')); line = end + 1) {
        *end = 0;
        vl_say(to, "%s", line);
    }
    if (code > 128)
        return vl_fail(err, VL_EBUSY, "the look at shards %02x to %02x died", p->first, p->end - 1);
    if (code) return vl_fail(err, vl_worker_code(code), "%.230s", line);
    if (sscanf(line, "%" SCNu64 " %" SCNu64 " %" SCNu64, &samples, &differences, &entered) != 3)
        return vl_fail(err, VL_EBUSY, "the look at shards %02x to %02x ended early", p->first, p->end - 1);
    sum->samples += samples;
    sum->differences += differences;
    sum->entered += entered;
    return VL_OK;
}

static int count_workers(const vl_bank *bank)
{
    const long n = bank->threads > 0 ? bank->threads : sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : n > MOST_WORKERS ? MOST_WORKERS : (int)n;
}

vl_code vl_shards_run(const vl_bank *bank, vl_code (*task)(const vl_shard_task *, unsigned, vl_err *),
                      bool catalog, FILE *to, vl_census_report *sum, vl_err *err)
{
    const int n = count_workers(bank);
    vl_worker w[MOST_WORKERS] = { 0 };
    part p[MOST_WORKERS];
    int started = 0;
    fflush(NULL);
    for (; started < n && !err->code; started++) {
        p[started] = (part){
            bank, task, (unsigned)(started * SHARDS / n), (unsigned)((started + 1) * SHARDS / n), catalog,
            0,    -1
        };
        if (vl_worker_start(&w[started], work, &p[started], 0, err)) break;
    }
    hear(w, started);
    for (int i = 0; i < started; i++) {
        take(&w[i], &p[i], to, sum, err);
        vl_worker_free(&w[i]);
    }
    return err->code;
}
