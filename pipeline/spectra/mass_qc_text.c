/* Quality control of a run for people, and as a table of its numbers (mass_qc.h). */
#include "formats/text.h"
#include "pipeline/page/html.h"
#include "pipeline/spectra/mass_qc.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define say(text, ...) vl_text_put(text, err, __VA_ARGS__)

/* "12.35", "1.2e9", or a dash. */
static const char *show(double v, int digits, char text[40])
{
    if (!isfinite(v)) return strcpy(text, "-");
    if (fabs(v) >= 1e7) snprintf(text, 40, "%.4g", v);
    else snprintf(text, 40, "%.*f", digits, v);
    return text;
}

static void put_value(vl_buf *text, const char *name, double v, int digits, const char *unit, vl_err *err)
{
    char number[40], all[48];
    snprintf(all, sizeof all, "%s%s%s", show(v, digits, number), *unit && isfinite(v) ? " " : "",
             isfinite(v) ? unit : "");
    say(text, "%-30s%20s\n", name, all);
}

static void put_range(vl_buf *text, const char *name, double from, double to, int digits, const char *unit,
                      vl_err *err)
{
    char a[40], b[40], all[96];
    if (!isfinite(from) || !isfinite(to)) return put_value(text, name, (double)NAN, 0, unit, err);
    snprintf(all, sizeof all, "%s-%s %s", show(from, digits, a), show(to, digits, b), unit);
    say(text, "%-30s%20s\n", name, all);
}

static void put_run(const vl_run_qc *q, vl_buf *text, vl_err *err)
{
    put_value(text, "spectra", (double)q->spectra, 0, "", err);
    put_value(text, "chromatograms", (double)q->chromatograms, 0, "", err);
    if (q->transitions) put_value(text, "  of transitions (SRM)", (double)q->transitions, 0, "", err);
    if (q->chromatograms) put_value(text, "  points, median", q->trace.quartile[1], 0, "", err);
    if (!q->spectra) return;
    put_range(text, "time", q->from / 60, q->to / 60, 2, "min", err);
    put_range(text, "scan windows", q->low, q->high, 0, "Th", err);
    put_value(text, "MS1 to MS1", q->cycle, 3, "s", err);
    put_value(text, "MSn a cycle, median", q->top.quartile[1], 1, "", err);
    put_value(text, "TIC jumps tenfold", (double)q->jumps, 0, "", err);
    put_value(text, "TIC falls tenfold", (double)q->falls, 0, "", err);
    say(text, "\nDead time: TIC below %g %% of its highest\n", 100 * VL_RUN_DEAD);
    put_value(text, "  at the start", q->dead.before / 60, 2, "min", err);
    put_value(text, "  longest between", q->dead.gap / 60, 2, "min", err);
    put_value(text, "  at the end", q->dead.after / 60, 2, "min", err);
}

/* Rows of numbers, a column each level. */
static void put_levels(const vl_run_qc *q, vl_buf *text, vl_err *err)
{
    enum { MOST = 5, ROWS = 16 };
    static const struct {
        const char *name;
        int digits;
    } row[ROWS] = { { "spectra", 0 },
                    { "positive", 0 },
                    { "negative", 0 },
                    { "centroid", 0 },
                    { "empty", 0 },
                    { "a second", 2 },
                    { "peaks a spectrum, 1/4", 0 },
                    { "  half", 0 },
                    { "  3/4", 0 },
                    { "injection ms, median", 2 },
                    { "TIC area, counts s", 0 },
                    { "BPC area, counts s", 0 },
                    { "TIC highest", 0 },
                    { "1/4 of TIC after s", 1 },
                    { "  half", 1 },
                    { "  3/4", 1 } };
    char number[40];
    const int n = q->nlevel < MOST ? q->nlevel : MOST;
    if (!n) return;
    say(text, "\n%-24s", "By MS level");
    for (int k = 0; k < n; k++)
        if (q->level[k].level) say(text, "%12s%d", "MS", q->level[k].level);
        else say(text, "%13s", "none");
    say(text, "\n");
    for (int i = 0; i < ROWS; i++) {
        say(text, "%-24s", row[i].name);
        for (int k = 0; k < n; k++) {
            const vl_level_qc *const l = &q->level[k];
            const double value[ROWS] = { (double)l->spectra,   (double)l->positive,
                                         (double)l->negative,  (double)l->centroid,
                                         (double)l->empty,     l->rate,
                                         l->peaks.quartile[0], l->peaks.quartile[1],
                                         l->peaks.quartile[2], l->injection.quartile[1],
                                         l->tic_area,          l->base_area,
                                         l->tic.most,          l->gained[0],
                                         l->gained[1],         l->gained[2] };
            say(text, "%13s", show(value[i], row[i].digits, number));
        }
        say(text, "\n");
    }
}

static void put_charges(const vl_run_qc *q, vl_buf *text, vl_err *err)
{
    if (!q->charges.n && !q->charge[128]) return;
    say(text, "\nPrecursors of MS2 by charge\n");
    for (int k = 0; k < 256; k++) {
        if (!q->charge[k]) continue;
        if (k == 128) say(text, "  %-28s%20" PRIu64 "\n", "not given", q->charge[k]);
        else say(text, "  %-+28d%20" PRIu64 "\n", k - 128, q->charge[k]);
    }
}

static void put_windows(const vl_run_qc *q, vl_buf *text, vl_err *err)
{
    enum { MOST = 64 };
    static const char *const words[] = { "", "precursors chosen as they come (DDA)",
                                         "targets that come again", "windows that come again (DIA)" };
    char a[6][40];
    if (q->scheme == VL_SCHEME_NONE) return;
    say(text, "\nIsolation: %s\n", words[q->scheme]);
    put_range(text, "  width", q->width.least, q->width.most, 2, "Th", err);
    put_value(text, "  width, median", q->width.quartile[1], 2, "Th", err);
    if (!q->nwindow) return;
    put_value(text, "  windows", (double)q->nwindow, 0, "", err);
    put_value(text, "  cycle, median", q->again.quartile[1], 3, "s", err);
    say(text, "%12s%12s%12s%10s%10s%10s%10s\n", "target", "from", "to", "eV", "spectra", "cycle s", "peaks");
    for (size_t i = 0; i < q->nwindow && i < MOST; i++) {
        const vl_window_qc *const w = &q->window[i];
        say(text, "%12s%12s%12s%10s%10" PRIu64 "%10s%10s\n", show(w->target, 3, a[0]), show(w->low, 3, a[1]),
            show(w->high, 3, a[2]), show(w->energy, 1, a[3]), w->spectra, show(w->cycle, 3, a[4]),
            show(w->peaks, 0, a[5]));
    }
    if (q->nwindow > MOST) say(text, "  and %zu more\n", q->nwindow - MOST);
}

static void put_background(const vl_background *b, vl_buf *text, vl_err *err)
{
    char number[40], spread[40];
    if (!b->looked) return;
    say(text, "\nMass error by ions of the background, of %zu MS1 spectra\n", b->looked);
    if (!b->nion) say(text, "  none is found in half of them, within %d ppm\n", VL_BACKGROUND_WITHIN);
    if (!b->nion) return;
    put_value(text, "  median", b->error, 2, "ppm", err);
    put_value(text, "  drift", b->drift, 2, "ppm", err);
    say(text, "  in tenths of the run");
    for (int k = 0; k < VL_RUN_PARTS; k++) say(text, " %s", show(b->part[k], 2, number));
    say(text, "\n%12s%10s%12s%12s  ion\n", "m/z", "found in", "median ppm", "spread ppm");
    for (size_t i = 0; i < b->nion; i++) {
        const vl_background_ion *const ion = &b->ion[i];
        say(text, "%12.6f%10zu%12s%12s  %s, %s\n", ion->mz, ion->found, show(ion->error, 2, number),
            show(ion->spread, 2, spread), ion->name, ion->formula);
    }
}

static vl_code print_text(vl_qc_job *job, vl_err *err)
{
    vl_buf text = { 0 };
    vl_mass_qc q;
    if (!vl_mass_qc_open(&q, job->store, true, job->note, err)) {
        put_run(&q.run, &text, err);
        put_levels(&q.run, &text, err);
        put_charges(&q.run, &text, err);
        put_windows(&q.run, &text, err);
        put_background(&q.background, &text, err);
        vl_qc_put_limits(job, &text, err);
        if (!err->code) job->put(job, "", &text, err);
    }
    vl_mass_qc_free(&q);
    vl_buf_free(&text);
    return err->code;
}

static vl_code print_tsv(vl_qc_job *job, vl_err *err)
{
    vl_buf text = { 0 };
    vl_mass_qc q;
    vl_mass_number list[VL_MASS_NUMBERS];
    if (!vl_mass_qc_open(&q, job->store, true, job->note, err)) {
        const int n = vl_mass_numbers(&q, list);
        say(&text, "name\tvalue\tunit\n");
        for (int i = 0; i < n && !err->code; i++) {
            say(&text, "%s\t", list[i].name);
            if (isfinite(list[i].value)) vl_text_number(&text, list[i].value, false, err);
            say(&text, "\t%s\n", list[i].unit);
        }
        if (!err->code) job->put(job, "", &text, err);
    }
    vl_mass_qc_free(&q);
    vl_buf_free(&text);
    return err->code;
}

const vl_qc_form vl_mass_qc_text = { "text", "the most important numbers, for people", false, print_text };
const vl_qc_form vl_mass_qc_tsv = { "tsv", "all single numbers, a line each: name, value, unit", false,
                                    print_tsv };
