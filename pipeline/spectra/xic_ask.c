/* What is asked of extracted ion chromatograms: the targets that options name (xic.h). */
#include "pipeline/spectra/tolerance.h"
#include "pipeline/spectra/xic.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool vl_xic_seconds(const char *text, double *out, const char **end)
{
    static const struct {
        const char *word;
        double factor;
    } units[] = { { "min", 60 }, { "m", 60 }, { "s", 1 } };
    char *stop = NULL;
    *out = strtod(text, &stop);
    *end = stop;
    if (stop == text || !isfinite(*out)) return false;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        const size_t n = strlen(units[i].word);
        if (strncmp(stop, units[i].word, n) != 0) continue;
        *out *= units[i].factor;
        *end = stop + n;
        break;
    }
    return true;
}

vl_code vl_xic_times(const char *text, double time[2], vl_err *err)
{
    const char *at = text;
    time[0] = -INFINITY;
    time[1] = INFINITY;
    const bool from = *at != '-';
    bool good = !from || vl_xic_seconds(at, &time[0], &at);
    const bool unit = from && at > text && (at[-1] == 'm' || at[-1] == 'n');
    good = good && *at == '-';
    if (good && at[1]) {
        const char *const second = at + 1;
        good = vl_xic_seconds(second, &time[1], &at) && !*at;
        if (good && from && !unit && time[0] > 0 && (at[-1] == 'm' || at[-1] == 'n'))
            return vl_fail(err, VL_EARG, "--time: '%.60s' has a unit at one end: 10m-12m, 600-720", text);
    } else {
        good = good && from && !at[1];
    }
    if (good && time[0] <= time[1]) return VL_OK;
    return vl_fail(err, VL_EARG, "--time: '%.60s' is no range of times: 600-660, 10m-11m", text);
}

vl_code vl_xic_add(vl_xic *x, const vl_xic_target *like, const char *tolerance, vl_err *err)
{
    double within = 0;
    if (x->ntarget == x->ctarget) {
        const size_t cap = x->ctarget ? 2 * x->ctarget : 64;
        vl_xic_target *const p = realloc(x->target, cap * sizeof *p);
        if (!p) return vl_fail(err, VL_ENOMEM, "no memory for %zu targets", cap);
        x->target = p;
        x->ctarget = cap;
    }
    vl_xic_target *const t = &x->target[x->ntarget];
    *t = *like;
    t->low = -INFINITY;
    t->high = INFINITY;
    if (!isnan(t->mz)) {
        if (!tolerance) tolerance = x->asked->tolerance ? x->asked->tolerance : "10ppm";
        if (vl_tolerance(tolerance, true, t->mz, &within, err)) return err->code;
        t->low = t->mz - within;
        t->high = t->mz + within;
    }
    x->ntarget++;
    return VL_OK;
}

static vl_cell cell_of(const char *text) { return (vl_cell){ (const uint8_t *)text, strlen(text) }; }

/* Of all peaks. */
static vl_code add_whole(vl_xic *x, vl_xic_target like, const char *name, bool highest, vl_err *err)
{
    like.name = cell_of(name);
    like.mz = (double)NAN;
    like.highest = highest;
    return vl_xic_add(x, &like, NULL, err);
}

static vl_code add_mz(vl_xic *x, vl_xic_target like, const char *text, vl_err *err)
{
    char *end = NULL;
    like.mz = strtod(text, &end);
    like.name = cell_of(text);
    if (end == text || *end || !(like.mz > 0) || !isfinite(like.mz))
        return vl_fail(err, VL_EARG, "--mz: '%.60s' is no m/z", text);
    return vl_xic_add(x, &like, NULL, err);
}

vl_code vl_xic_ask(vl_xic *x, vl_err *err)
{
    const vl_xic_asked *const ask = x->asked;
    vl_xic_target like = { .mz = (double)NAN,
                           .time = { (double)NAN, (double)NAN },
                           .isolation = ask->isolation,
                           .level = ask->level              ? ask->level
                                    : isnan(ask->isolation) ? 1
                                                            : 0,
                           .highest = ask->highest };
    if (!ask->mz && !ask->targets && !ask->tic && !ask->bpc)
        return vl_fail(err, VL_EARG, "of what: --mz, --targets, --tic or --bpc");
    if (ask->tolerance && !ask->mz && !ask->targets)
        return vl_fail(err, VL_EARG, "--tol goes with --mz or --targets");
    if (ask->time && vl_xic_times(ask->time, like.time, err)) return err->code;
    if (ask->tic && add_whole(x, like, "TIC", false, err)) return err->code;
    if (ask->bpc && add_whole(x, like, "BPC", true, err)) return err->code;
    if (ask->mz && add_mz(x, like, ask->mz, err)) return err->code;
    return ask->targets ? vl_xic_read_targets(x, &like, err) : VL_OK;
}
