/* Progress on standard error (progress.h). */
#include "pipeline/run/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

const char *vl_human_bytes(uint64_t bytes, char text[16])
{
    static const char *const unit[] = { "B", "kB", "MB", "GB", "TB", "PB", "EB" };
    double v = (double)bytes;
    int u = 0;
    for (; v >= 999.5 && u < 6; u++) v /= 1000;
    snprintf(text, 16, v < 10 && u ? "%.1f %s" : "%.0f %s", v, unit[u]);
    return text;
}

void vl_progress_start(vl_progress *p, vl_progress_how how, const char *what, const char *unit)
{
    *p = (vl_progress){ .how = how, .what = what, .unit = unit, .terminal = isatty(2), .start = now() };
    p->last = p->start;
}

static volatile uint64_t *shared;

void vl_progress_share(volatile uint64_t *done) { shared = done; }

double vl_progress_seconds(const vl_progress *p) { return now() - p->start; }

static void show_json(const vl_progress *p, double spent, uint64_t done, uint64_t total, uint64_t rows)
{
    fprintf(stderr,
            "{\"step\":\"%s\",\"seconds\":%.1f,\"bytes\":%" PRIu64 ",\"total\":%" PRIu64 ",\"rows\":%" PRIu64
            "}\n",
            p->what, spent, done, total, rows);
}

static void show_text(vl_progress *p, double spent, uint64_t done, uint64_t total, uint64_t rows)
{
    enum { WIDTH = 24 };
    char bar[WIDTH + 1], rate[16], left[32] = "";
    const double part = total ? (double)done / (double)total : 0;
    const int full = part > 1 ? WIDTH : (int)(part * WIDTH);
    memset(bar, '.', WIDTH);
    memset(bar, '#', (size_t)full);
    bar[WIDTH] = 0;
    vl_human_bytes((uint64_t)((double)done / (spent > 0 ? spent : 1)), rate);
    if (total && part > 0) {
        const double more = spent / part - spent;
        snprintf(left, sizeof left, ", %.0f:%02.0f left",
                 more / 60 - 0.5 > 0 ? (double)(int)(more / 60) : 0.0, more - 60 * (double)(int)(more / 60));
    }
    fprintf(stderr, "%s%s ", p->terminal ? "\r\033[K" : "vial: ", p->what);
    if (total) fprintf(stderr, "[%s] %3.0f%% ", bar, 100 * part);
    if (rows) fprintf(stderr, "%" PRIu64 " %s, ", rows, p->unit);
    fprintf(stderr, "%s/s%s%s", rate, left, p->terminal ? "" : "\n");
    p->shown = 1;
}

void vl_progress_show(vl_progress *p, uint64_t done, uint64_t total, uint64_t rows)
{
    if (shared && !strcmp(p->what, "ingest")) *shared = done;
    if (p->how == VL_PROGRESS_OFF) return;
    const double t = now(), every = p->how == VL_PROGRESS_JSON ? 1 : p->terminal ? 0.2 : 60;
    if (t - p->last < every) return;
    p->last = t;
    if (p->how == VL_PROGRESS_JSON) show_json(p, t - p->start, done, total, rows);
    else show_text(p, t - p->start, done, total, rows);
}

void vl_progress_end(vl_progress *p)
{
    if (p->shown && p->terminal) fputs("\r\033[K", stderr);
    p->shown = 0;
}
