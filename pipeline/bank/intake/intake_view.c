/* One view for all items under way: a line on a terminal, a line a minute otherwise, JSON lines on request.
 */
#include "pipeline/bank/intake/intake_parts.h"

#include "pipeline/run/say.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

double vl_intake_ticks(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void vl_intake_view_start(vl_intake_view *v, vl_progress_how how, uint64_t total)
{
    *v = (vl_intake_view){ .how = how, .terminal = isatty(2), .start = vl_intake_ticks(), .total = total };
    v->last = v->start;
}

static uint64_t ended(const vl_intake_sum *s)
{
    return s->published + s->unchanged + s->corrected + s->healed + s->refused + s->failed;
}

static void print_json(const vl_intake_view *v, const vl_intake_sum *sum, uint64_t done)
{
    fprintf(stderr,
            "{\"step\":\"intake\",\"seconds\":%.1f,\"items\":%" PRIu64 ",\"ended\":%" PRIu64
            ",\"published\":%" PRIu64 ",\"unchanged\":%" PRIu64 ",\"refused\":%" PRIu64 ",\"failed\":%" PRIu64
            ",\"corrected\":%" PRIu64 ",\"healed\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"total\":%" PRIu64
            "}\n",
            vl_intake_ticks() - v->start, sum->items, ended(sum), sum->published, sum->unchanged,
            sum->refused, sum->failed, sum->corrected, sum->healed, done, v->total);
}

void vl_intake_view_show(vl_intake_view *v, const vl_intake_sum *sum, uint64_t done, const char *names)
{
    const double t = vl_intake_ticks(), every = v->how == VL_PROGRESS_JSON ? 1 : v->terminal ? 0.2 : 60;
    char rate[16], left[32] = "", line[320];
    if (v->how == VL_PROGRESS_OFF || t - v->last < every) return;
    v->last = t;
    const double spent = t - v->start, part = v->total ? (double)done / (double)v->total : 0;
    if (v->how == VL_PROGRESS_JSON) {
        print_json(v, sum, done);
        return;
    }
    vl_human_bytes((uint64_t)((double)done / spent), rate);
    if (part > 0.01 && part <= 1) {
        const long more = (long)(spent / part - spent);
        snprintf(left, sizeof left, ", %ld:%02ld left", more / 60, more % 60);
    }
    snprintf(line, sizeof line,
             "%" PRIu64 " of %" PRIu64 " item%s, %" PRIu64 " refused, %3.0f%%, %s/s read%s; %s", ended(sum),
             sum->items, vl_s(sum->items), sum->refused + sum->failed, 100 * part, rate, left, names);
    if (v->terminal) vl_progress_line(line);
    else vl_say(stderr, "vial: %s", line);
    v->shown = v->terminal;
}

void vl_intake_view_clear(vl_intake_view *v)
{
    if (v->shown) fputs("\r\033[K", stderr);
    v->shown = false;
}

void vl_intake_view_end(vl_intake_view *v, const vl_intake_sum *sum, uint64_t done)
{
    vl_intake_view_clear(v);
    if (v->how == VL_PROGRESS_JSON) print_json(v, sum, done);
}

void vl_intake_tell(const vl_intake_sum *s)
{
    char in[16], out[16], rate[16], more[96] = "", corrected[40] = "", healed[40] = "";
    if (s->superseded) snprintf(more, sizeof more, " (%" PRIu64 " in place of older ones)", s->superseded);
    if (s->corrected) snprintf(corrected, sizeof corrected, ", %" PRIu64 " corrected", s->corrected);
    if (s->healed) snprintf(healed, sizeof healed, ", %" PRIu64 " healed", s->healed);
    fprintf(stderr,
            "vial: %" PRIu64 " %s: %" PRIu64 " published%s, %" PRIu64 " unchanged%s%s, %" PRIu64 " refused",
            s->items, s->items == 1 ? "item" : "items", s->published, more, s->unchanged, corrected, healed,
            s->refused);
    if (s->failed) fprintf(stderr, ", %" PRIu64 " failed", s->failed);
    if (s->acknowledged) fprintf(stderr, ", %" PRIu64 " acknowledged before", s->acknowledged);
    if (s->stopped) fprintf(stderr, ", %" PRIu64 " stopped at work", s->stopped);
    if (s->left) fprintf(stderr, ", %" PRIu64 " not started", s->left);
    if (s->bytes_in)
        fprintf(stderr, "; %s in, %s stored, %s/s of text", vl_human_bytes(s->bytes_in, in),
                vl_human_bytes(s->bytes_store, out),
                vl_human_bytes((uint64_t)((double)s->text_bytes / (s->seconds > 0 ? s->seconds : 1)), rate));
    fprintf(stderr, "; %.1f s\n", s->seconds);
}

void vl_intake_sum_job(const vl_intake_sum *sum, vl_catalog_job *job)
{
    job->ended_at = vl_bank_now();
    job->exit_code = sum->exit_code;
    job->items = sum->items;
    job->published = sum->published;
    job->unchanged = sum->unchanged + sum->corrected; /* their data is */
    job->healed = sum->healed;
    job->refused = sum->refused;
    job->failed = sum->failed;
    job->bytes_in = sum->bytes_in;
    job->bytes_store = sum->bytes_store;
}
