/*
 * map: all peaks of a run in one picture, time by m/z. Each cell is the sum of the peaks in it, or the
 * highest; peaks are read once, in parallel: a slot has cells of its own, of which those columns that it has
 * touched are added to the map in the order of the store, so that the map is the same for any number of
 * threads.
 */
#include "formats/text.h"
#include "pipeline/page/raster.h"
#include "pipeline/spectra/peak_walk.h"
#include "pipeline/spectra/run_columns.h"
#include "pipeline/spectra/spectra_summaries.h"
#include "pipeline/spectra/tolerance.h"
#include "pipeline/spectra/xic.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 8192, CELLS = 1 << 22 }; /* at most */

typedef struct asked {
    const char *time, *size;
    double mz[2], isolation;
    int level, highest, form; /* level 0: any */
    bool bare;
} asked;

typedef struct mapping {
    const asked *ask;
    vl_run_columns columns;
    double time[2], mz[2]; /* s, Th */
    uint32_t width, height;
    uint64_t *row; /* owned; [nrow] */
    size_t nrow;
    double *cell;   /* owned; [width][height] */
    double seen[2]; /* least and greatest m/z of what was walked over */
} mapping;

/* Of a slot. */
typedef struct part {
    double *cell; /* owned; as those of the map */
    bool *used;   /* owned; [width] */
    double seen[2];
} part;

/* ---- what is asked ---- */

/* Columns of two spectra, where there are so few: they are seldom at even steps. */
static vl_code take_size(mapping *m, vl_err *err)
{
    enum { WIDTH = 900, HEIGHT = 500 };
    int n = 0;
    unsigned w = m->nrow < 2 ? 1 : m->nrow / 2 < WIDTH ? (unsigned)(m->nrow / 2) : WIDTH, h = HEIGHT;
    if (m->ask->size && (sscanf(m->ask->size, "%5ux%5u%n", &w, &h, &n) != 2 || m->ask->size[n]))
        return vl_fail(err, VL_EARG, "--size: '%.40s' is no size: 900x500", m->ask->size);
    if (!w || !h || w > SIDE || h > SIDE || w * h > CELLS)
        return vl_fail(err, VL_EARG, "--size: %ux%u: sides go from 1 to %d, and %d cells at most", w, h, SIDE,
                       CELLS);
    m->width = w;
    m->height = h;
    return VL_OK;
}

/* Has a window of spectrum i this m/z? *at: its row of precursors, or that of one before it. */
static bool isolates(const vl_run_columns *c, size_t i, size_t *at, double mz)
{
    bool found = false;
    while (*at < c->nprecursor && vl_run_whole(&c->target_of, *at) < i) ++*at;
    for (size_t k = *at; k < c->nprecursor && vl_run_whole(&c->target_of, k) == i; k++)
        found |= vl_is_in_window(mz, vl_run_number(&c->target, k), vl_run_number(&c->lower, k),
                                 vl_run_number(&c->upper, k));
    return found;
}

static bool is_chosen(const mapping *m, size_t i, size_t *precursor)
{
    const vl_run_columns *const c = &m->columns;
    const double t = vl_run_number(&c->time, i);
    if (m->ask->level && vl_run_level(c, i) != m->ask->level) return false;
    if (!(t >= m->time[0] && t <= m->time[1]) || !isfinite(t)) return false;
    return isnan(m->ask->isolation) || isolates(c, i, precursor, m->ask->isolation);
}

/* Spectra of the level, time and window; the time that they span where none was asked for. */
static vl_code choose(mapping *m, vl_err *err)
{
    const vl_run_columns *const c = &m->columns;
    double first = INFINITY, last = -INFINITY;
    m->time[0] = -INFINITY, m->time[1] = INFINITY;
    if (m->ask->time && vl_xic_times(m->ask->time, m->time, err)) return err->code;
    if (!(m->row = malloc((c->nspectrum + 1) * sizeof *m->row)))
        return vl_fail(err, VL_ENOMEM, "no memory for %zu spectra", c->nspectrum);
    for (size_t i = 0, precursor = 0; i < c->nspectrum; i++) {
        if (!is_chosen(m, i, &precursor)) continue;
        const double t = vl_run_number(&c->time, i);
        m->row[m->nrow++] = i;
        first = fmin(first, t);
        last = fmax(last, t);
    }
    if (!m->nrow) return vl_fail(err, VL_ENOIN, "no spectrum with a time is one of those that are asked for");
    if (!isfinite(m->time[0])) m->time[0] = first;
    if (!isfinite(m->time[1])) m->time[1] = last;
    if (!(m->time[1] > m->time[0])) m->time[1] = m->time[0] + 1;
    return VL_OK;
}

/* ---- m/z from least to greatest, where nothing else says it ---- */

static vl_code see(void *self, void *state, size_t number, const vl_peaks *peaks, vl_err *err)
{
    (void)self, (void)number;
    part *const p = state;
    for (size_t i = 0; i < peaks->n; i++) {
        const double mz = vl_peak_at(&peaks->mz, i);
        if (!isfinite(mz)) continue;
        p->seen[0] = fmin(p->seen[0], mz);
        p->seen[1] = fmax(p->seen[1], mz);
    }
    return err->code;
}

static vl_code open_seen(void *self, void *state, vl_err *err)
{
    (void)self;
    part *const p = state;
    p->seen[0] = INFINITY;
    p->seen[1] = -INFINITY;
    return err->code;
}

static vl_code join_seen(void *self, void *state, vl_err *err)
{
    mapping *const m = self;
    const part *const p = state;
    m->seen[0] = fmin(m->seen[0], p->seen[0]);
    m->seen[1] = fmax(m->seen[1], p->seen[1]);
    return err->code;
}

/* Scan windows of all chosen spectra; false: some do not say theirs. */
static bool find_windows(mapping *m)
{
    const vl_run_columns *const c = &m->columns;
    double low = INFINITY, high = -INFINITY;
    for (size_t i = 0; i < m->nrow; i++) {
        const double a = vl_run_number(&c->low, (size_t)m->row[i]),
                     b = vl_run_number(&c->high, (size_t)m->row[i]);
        if (!isfinite(a) || !isfinite(b)) return false;
        low = fmin(low, a);
        high = fmax(high, b);
    }
    m->seen[0] = low;
    m->seen[1] = high;
    return high > low;
}

static vl_code find_mz(mapping *m, vl_summary_job *job, vl_err *err)
{
    const vl_peak_walk walk = { .r = job->r,
                                .threads = job->ask->threads,
                                .row = m->row,
                                .nrow = m->nrow,
                                .take = see,
                                .join = join_seen,
                                .open = open_seen,
                                .self = m,
                                .state = sizeof(part) };
    m->mz[0] = m->ask->mz[0];
    m->mz[1] = m->ask->mz[1];
    if (isfinite(m->mz[0]) && isfinite(m->mz[1])) return VL_OK;
    if (!find_windows(m)) {
        m->seen[0] = INFINITY;
        m->seen[1] = -INFINITY;
        if (vl_peak_walk_run(&walk, err)) return err->code;
    }
    if (!(m->seen[0] <= m->seen[1])) m->seen[0] = m->seen[1] = 0; /* no peaks */
    if (!isfinite(m->mz[0])) m->mz[0] = m->seen[0];
    if (!isfinite(m->mz[1])) m->mz[1] = fmax(m->seen[1], m->mz[0]);
    return VL_OK;
}

/* ---- cells ---- */

/* The cell of n between both ends, the last one with its end; -1: none. */
static int64_t cell_of(double x, const double range[2], uint32_t n)
{
    if (!(x >= range[0] && x <= range[1])) return -1;
    const double at = (x - range[0]) * (n / (range[1] - range[0]));
    return at < n ? (int64_t)at : (int64_t)n - 1;
}

static vl_code take(void *self, void *state, size_t number, const vl_peaks *peaks, vl_err *err)
{
    const mapping *const m = self;
    part *const p = state;
    const int64_t x = cell_of(vl_run_number(&m->columns.time, (size_t)m->row[number]), m->time, m->width);
    if (x < 0) return err->code;
    double *const column = p->cell + (size_t)x * m->height;
    p->used[x] = true;
    for (size_t i = 0; i < peaks->n; i++) {
        const int64_t y = cell_of(vl_peak_at(&peaks->mz, i), m->mz, m->height);
        const double intensity = vl_peak_at(&peaks->intensity, i);
        if (y < 0 || !isfinite(intensity)) continue;
        column[y] = m->ask->highest ? fmax(column[y], intensity) : column[y] + intensity;
    }
    return err->code;
}

static vl_code join(void *self, void *state, vl_err *err)
{
    mapping *const m = self;
    part *const p = state;
    for (size_t x = 0; x < m->width; x++) {
        double *const from = p->cell + x * m->height, *const to = m->cell + x * m->height;
        if (!p->used[x]) continue;
        for (size_t y = 0; y < m->height; y++)
            to[y] = m->ask->highest ? fmax(to[y], from[y]) : to[y] + from[y];
        memset(from, 0, m->height * sizeof *from);
        p->used[x] = false;
    }
    return err->code;
}

static vl_code open_part(void *self, void *state, vl_err *err)
{
    const mapping *const m = self;
    part *const p = state;
    p->cell = calloc((size_t)m->width * m->height, sizeof *p->cell);
    p->used = calloc(m->width, sizeof *p->used);
    if (!p->cell || !p->used) vl_fail(err, VL_ENOMEM, "no memory for %u x %u cells", m->width, m->height);
    return err->code;
}

static void close_part(void *self, void *state)
{
    (void)self;
    part *const p = state;
    free(p->cell);
    free(p->used);
}

static vl_code fill(mapping *m, vl_summary_job *job, vl_err *err)
{
    const vl_peak_walk walk = { .r = job->r,
                                .threads = job->ask->threads,
                                .row = m->row,
                                .nrow = m->nrow,
                                .take = take,
                                .join = join,
                                .open = open_part,
                                .close = close_part,
                                .self = m,
                                .state = sizeof(part) };
    if (!(m->mz[1] > m->mz[0])) m->mz[1] = m->mz[0] + 1;
    if (!(m->cell = calloc((size_t)m->width * m->height, sizeof *m->cell)))
        return vl_fail(err, VL_ENOMEM, "no memory for %u x %u cells", m->width, m->height);
    return vl_peak_walk_run(&walk, err);
}

/* ---- what is printed ---- */

/* A line each cell that has something: where it begins, and what is in it. */
static vl_code put_table(const mapping *m, vl_output *out, vl_err *err)
{
    enum { FULL = 1 << 16 };
    vl_buf text = { 0 };
    vl_text_add(&text, "time\tmz\tintensity\n", err);
    for (size_t i = 0; i < (size_t)m->width * m->height && !err->code; i++) {
        const double x = (double)(i / m->height), y = (double)(i % m->height);
        const double value[] = { m->time[0] + x * ((m->time[1] - m->time[0]) / m->width),
                                 m->mz[0] + y * ((m->mz[1] - m->mz[0]) / m->height), m->cell[i] };
        if (!(m->cell[i] > 0)) continue;
        for (int k = 0; k < 3 && !err->code; k++)
            if (!vl_text_number(&text, value[k], false, err)) vl_text_add(&text, k < 2 ? "\t" : "\n", err);
        if (text.len < FULL || err->code) continue;
        vl_output_put(out, &text, err);
        text.len = 0;
    }
    if (!err->code) vl_output_put(out, &text, err);
    vl_buf_free(&text);
    return err->code;
}

static vl_code put(const mapping *m, vl_output *out, vl_err *err)
{
    enum { PNG, SVG, TSV };
    char caption[128], level[24] = "All levels", window[48] = "";
    if (m->ask->level) snprintf(level, sizeof level, "MS%d", m->ask->level);
    if (!isnan(m->ask->isolation))
        snprintf(window, sizeof window, ", windows with m/z %.8g", m->ask->isolation);
    snprintf(caption, sizeof caption, "%s%s: %s of the peaks in each cell", level, window,
             m->ask->highest ? "the highest" : "the sum");
    const vl_raster raster = { .caption = caption,
                               .title = "Map: intensity by time and m/z, by its logarithm",
                               .x = "min",
                               .y = "m/z",
                               .width = m->width,
                               .height = m->height,
                               .cell = m->cell,
                               .from = { m->time[0] / 60, m->mz[0] },
                               .to = { m->time[1] / 60, m->mz[1] },
                               .bare = m->ask->bare };
    if (m->ask->form == TSV) return put_table(m, out, err);
    vl_html h = { .err = err };
    if (m->ask->form == SVG) vl_raster_svg(&h, &raster);
    else vl_raster_png(&h.text, &raster, err);
    if (!err->code) vl_output_put(out, &h.text, err);
    vl_html_free(&h);
    return err->code;
}

static vl_code print(vl_summary_job *job, vl_err *err)
{
    asked ask = *(const asked *)job->asked;
    mapping m = { .ask = &ask };
    if (!ask.level && isnan(ask.isolation)) ask.level = 1;
    if (!vl_run_columns_load(&m.columns, job->r, err) && !choose(&m, err) && !take_size(&m, err) &&
        !find_mz(&m, job, err) && !fill(&m, job, err))
        put(&m, job->out, err);
    vl_run_columns_free(&m.columns);
    free(m.row);
    free(m.cell);
    return err->code;
}

static void defaults(void *to)
{
    *(asked *)to = (asked){ .mz = { -INFINITY, INFINITY }, .isolation = (double)NAN };
}

#define AT(member) offsetof(asked, member)
static const vl_opt options[] = {
    { 0, "time", VL_OPT_TEXT, NULL, "A-B", "spectra of this time: 600-660 in seconds, 10m-11m", AT(time),
      NULL },
    { 0, "mz", VL_OPT_INTERVAL, NULL, "A-B", "peaks of these m/z; default: the scan windows", AT(mz), NULL },
    { 0, "ms-level", VL_OPT_COUNT, NULL, "N", "spectra of this MS level; default: 1", AT(level), NULL },
    { 0, "isolation", VL_OPT_NUMBER, NULL, "MZ",
      "spectra an isolation window of which has this m/z; of any MS level", AT(isolation), NULL },
    { 0, "agg", VL_OPT_CHOICE, NULL, "A", "of the peaks in a cell: sum or max", AT(highest), "sum max" },
    { 0, "size", VL_OPT_TEXT, NULL, "WxH", "cells; default: 500 of m/z by half the spectra, at most 900",
      AT(size), NULL },
    { 0, "bare", VL_OPT_FLAG, NULL, NULL, "png: the cells alone, a pixel each", AT(bare), NULL },
    { 'O', "output-format", VL_OPT_CHOICE, NULL, "F", "png (default), svg, tsv", AT(form), "png svg tsv" },
    { .name = "" },
};
#undef AT

const vl_summary vl_spectra_map = {
    .name = "map",
    .doc = "all peaks of a run in one picture, time by m/z",
    .more = "Each cell is the sum of the peaks in it, or the highest; colours go by the logarithm, over six "
            "powers of ten at\n"
            "most, and stand beside the map. Axes are minutes and m/z. As tsv, a line each cell that is not "
            "empty: where it\n"
            "begins in seconds and m/z, and its intensity.\n"
            "Examples:\n"
            "  vial map run7.h5 -o run7.png\n"
            "  vial map --time 10m-20m --mz 400-600 --size 1200x800 -O svg run7.h5 -o part.svg\n"
            "  vial map --isolation 612.5 run7.h5 -o fragments.png\n"
            "  vial map --ms-level 2 --agg max -O tsv run7.h5\n",
    .option = options,
    .size = sizeof(asked),
    .defaults = defaults,
    .print = print,
};
