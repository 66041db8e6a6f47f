/* Progress on standard error (progress.h). */
#include "pipeline/run/progress.h"

#include "formats/letter.h"
#include "pipeline/run/say.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
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

size_t vl_progress_width(void)
{
    struct winsize size;
    return !ioctl(STDERR_FILENO, TIOCGWINSZ, &size) && size.ws_col ? size.ws_col : 80;
}

void vl_progress_line(const char *line)
{
    char cut[512];
    const size_t width = vl_progress_width();
    size_t n = (size_t)snprintf(cut, sizeof cut, "%s", line);
    if (n >= sizeof cut) n = sizeof cut - 1;
    while (n && vl_letters_cells(cut) >= width) cut[n = vl_letters_whole(cut, n - 1)] = 0;
    fprintf(stderr, "\r\033[K%s", cut);
}

static void show_text(vl_progress *p, double spent, uint64_t done, uint64_t total, uint64_t rows)
{
    enum { BAR = 24, NARROW = 79 };
    char bar[BAR + 4] = "", rate[16], left[32] = "", count[64] = "", percent[16] = "", line[256];
    const double part = !total ? 0 : done < total ? (double)done / (double)total : 1;
    if (total && (!p->terminal || vl_progress_width() >= NARROW)) {
        memset(bar, '.', BAR + 2);
        memset(bar + 1, '#', (size_t)(part * BAR));
        bar[0] = '[', bar[BAR + 1] = ']', bar[BAR + 2] = ' ';
    }
    vl_human_bytes((uint64_t)((double)done / (spent > 0 ? spent : 1)), rate);
    if (total && part > 0) {
        const double more = spent / part - spent;
        snprintf(left, sizeof left, ", %.0f:%02.0f left",
                 more / 60 - 0.5 > 0 ? (double)(int)(more / 60) : 0.0, more - 60 * (double)(int)(more / 60));
    }
    if (total) snprintf(percent, sizeof percent, "%3.0f%% ", 100 * part);
    if (rows) snprintf(count, sizeof count, "%" PRIu64 " %s, ", rows, p->unit);
    snprintf(line, sizeof line, "%s %s%s%s%s/s%s%s", p->what, bar, percent, count, rate,
             strcmp(p->what, "ingest") ? "" : " read", left);
    if (p->terminal) vl_progress_line(line);
    else vl_say(stderr, "vial: %s", line);
    p->shown = 1;
}

/* A batch counts bytes of inputs. Reading them is most of an item's time, and checking its store the rest. */
static void share(const vl_progress *p, uint64_t done, uint64_t total)
{
    static uint64_t read;
    const double most = 0.85, part = total && done < total ? (double)done / (double)total : 1;
    if (!shared) return;
    if (!strcmp(p->what, "ingest")) {
        read = done;
        *shared = (uint64_t)(most * (double)done);
    } else if (!strcmp(p->what, "verify")) {
        const uint64_t now = (uint64_t)((most + (1 - most) * part) * (double)read);
        if (now > *shared) *shared = now;
    }
}

void vl_progress_show(vl_progress *p, uint64_t done, uint64_t total, uint64_t rows)
{
    share(p, done, total);
    p->done = done, p->total = total, p->rows = rows;
    if (p->how == VL_PROGRESS_OFF) return;
    const double t = now(), every = p->how == VL_PROGRESS_JSON ? 1 : p->terminal ? 0.2 : 60;
    if (t - p->last < every) return;
    p->last = t;
    if (p->how == VL_PROGRESS_JSON) show_json(p, t - p->start, done, total, rows);
    else show_text(p, t - p->start, done, total, rows);
}

void vl_progress_end(vl_progress *p)
{
    if (p->how == VL_PROGRESS_JSON && p->done) show_json(p, now() - p->start, p->done, p->total, p->rows);
    if (p->shown && p->terminal) fputs("\r\033[K", stderr);
    p->shown = 0;
    p->done = 0;
}
