/*
 * Spectra in the report of a store (out/report.h): from the columns that questions use, and of a few spectra
 * from their peaks (background.h).
 */
#include "pipeline/page/svg.h"
#include "pipeline/run/run.h"
#include "pipeline/spectra/mass_report.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- by level ---- */

enum { LEVELS = 256 };

/* room: for as many numbers as there are spectra. */
static void put_level(vl_html *h, const vl_run_columns *c, int level, double *room)
{
    char text[32], name[16] = "none";
    double spectra = 0, peaks = 0, centroid = 0;
    size_t n = 0;
    for (size_t i = 0; i < c->nspectrum; i++) {
        if (vl_run_level(c, i) != level) continue;
        spectra++;
        peaks += (double)vl_run_whole(&c->length, i);
        centroid += i < c->centroid.len && c->centroid.data[i] == 1;
        room[n++] = (double)vl_run_whole(&c->length, i);
    }
    if (!n) return;
    if (level) snprintf(name, sizeof name, "MS%d", level);
    vl_html_put(h, "<tr role=\"row\">");
    vl_html_element(h, "th role=\"rowheader\" scope=\"row\"", name);
    vl_html_cell(h, "Spectra", "num", vl_show_count(spectra, text));
    vl_html_cell(h, "Centroid", "num", vl_show_count(centroid, text));
    vl_html_cell(h, "Points", "num", vl_show_count(peaks, text));
    vl_html_cell(h, "Median points", "num", vl_show_number(vl_median(room, n), text));
    n = 0;
    for (size_t i = 0; i < c->nspectrum; i++)
        if (vl_run_level(c, i) == level && isfinite(vl_run_number(&c->injection, i)))
            room[n++] = vl_run_number(&c->injection, i);
    vl_html_cell(h, "Median injection, ms", "num", vl_show_number(vl_median(room, n), text));
    vl_html_put(h, "</tr>\n");
}

static void put_levels(vl_html *h, const vl_run_columns *c, double *room)
{
    vl_html_table_open(h, "Spectra by MS level",
                       "Level|#Spectra|#Centroid|#Points|#Median points|#Median injection, ms");
    for (int level = 0; level < LEVELS; level++) put_level(h, c, level, room);
    vl_html_table_close(h);
}

/* ---- the run ---- */

/* The span of one of the columns that are numbers; false: none is known. */
static bool span_of(const vl_buf *b, size_t n, double least, double most, double span[2])
{
    span[0] = INFINITY, span[1] = -INFINITY;
    for (size_t i = 0; i < n; i++) {
        const double v = vl_run_number(b, i);
        if (v >= least && v <= most) span[0] = fmin(span[0], v), span[1] = fmax(span[1], v);
    }
    return span[0] <= span[1];
}

/* "+2: 57 %": the charge that most ions have; "" when none says its own. */
static const char *say_charge(const vl_run_columns *c, char text[64])
{
    size_t count[256] = { 0 }, most = 0, said = 0;
    int charge = 0;
    for (size_t i = 0; i < c->nion; i++) count[vl_run_charge(c, i) + 128]++;
    for (int k = 0; k < 256; k++) {
        if (k == 128) continue;
        said += count[k];
        if (count[k] > most) most = count[k], charge = k - 128;
    }
    *text = 0;
    if (said) snprintf(text, 64, "%+d: %.0f\xc2\xa0%%", charge, 100 * (double)most / (double)said);
    return text;
}

static void put_tiles(vl_html *h, const vl_run_columns *c, double *room)
{
    enum { LONG = 1000000000 /* s, and m/z: none is so large */ };
    char text[96], some[32], other[32];
    double span[2], high[2];
    const size_t ms1 = vl_run_count(c, 1), ms2 = vl_run_count(c, 2);
    vl_html_put(h, "<dl class=\"tiles\">\n");
    if (span_of(&c->time, c->nspectrum, -LONG, LONG, span)) {
        snprintf(text, sizeof text, "%.2f\xe2\x80\x93%.2f", span[0] / 60, span[1] / 60);
        vl_html_tile(h, "Minutes", text);
    }
    if (ms1) vl_html_tile(h, "MS1", vl_show_count((double)ms1, some));
    if (ms2) vl_html_tile(h, "MS2", vl_show_count((double)ms2, some));
    const double cycle = vl_run_cycle(c, room);
    snprintf(text, sizeof text, "%.2f\xc2\xa0s", cycle);
    if (isfinite(cycle)) vl_html_tile(h, "MS1 to MS1", text);
    if (span_of(&c->low, c->nspectrum, 0, LONG, span) && span_of(&c->high, c->nspectrum, 0, LONG, high)) {
        snprintf(text, sizeof text, "%s\xe2\x80\x93%s", vl_show_number(round(span[0]), some),
                 vl_show_number(round(high[1]), other));
        vl_html_tile(h, "m/z", text);
    }
    if (*say_charge(c, text)) vl_html_tile(h, "Charge of most", text);
    vl_html_put(h, "</dl>\n");
}

static void put_facts(vl_html *h, const vl_run_columns *c)
{
    double up = 0, down = 0;
    char some[32];
    for (size_t i = 0; i < c->nspectrum; i++) {
        up += i < c->polarity.len && (int8_t)c->polarity.data[i] > 0;
        down += i < c->polarity.len && (int8_t)c->polarity.data[i] < 0;
    }
    vl_html_put(h, "<dl class=\"facts\">\n");
    if (up > 0) vl_html_fact(h, "Positive", vl_show_count(up, some));
    if (down > 0) vl_html_fact(h, "Negative", vl_show_count(down, some));
    vl_html_fact(h, "Precursors", vl_show_count((double)c->nprecursor, some));
    vl_html_fact(h, "Selected ions", vl_show_count((double)c->nion, some));
    vl_html_fact(h, "Chromatograms", vl_show_count((double)c->nchromatogram, some));
    vl_html_put(h, "</dl>\n");
}

/* Times and currents, of all spectra or of MS1 alone, into room [2][nspectrum]. */
static size_t gather_current(const vl_run_columns *c, const vl_buf *current, bool ms1, double *room)
{
    enum { LONG = 1000000000 }; /* s: no run takes so long */
    size_t n = 0;
    for (size_t i = 0; i < c->nspectrum; i++) {
        const double t = vl_run_number(&c->time, i), now = vl_run_number(current, i);
        if (!(fabs(t) < LONG) || !isfinite(now) || (ms1 && vl_run_level(c, i) != 1)) continue;
        room[n] = t;
        room[c->nspectrum + n++] = now;
    }
    return n;
}

/* The highest of them in each of the parts of the run. False: the spectra do not say it. */
static bool put_current(vl_html *h, const vl_run_columns *c, const vl_buf *current, const char *what,
                        double *room)
{
    enum { PARTS = 400 };
    const double *const time = room, *const height = room + c->nspectrum;
    const size_t nms1 = gather_current(c, current, true, room),
                 n = nms1 ? nms1 : gather_current(c, current, false, room);
    char caption[64], title[96];
    double y[PARTS], first = INFINITY, last = -INFINITY;
    const int parts = n < PARTS ? (int)n : PARTS;
    if (!n) return false;
    snprintf(caption, sizeof caption, "%s%s", what, nms1 ? ", MS1" : "");
    snprintf(title, sizeof title, "Curve: %s over the run, the highest in each part of it", what);
    for (size_t i = 0; i < n; i++) first = fmin(first, time[i]), last = fmax(last, time[i]);
    for (int k = 0; k < parts; k++) y[k] = NAN;
    for (size_t i = 0; i < n; i++) {
        const int k = last > first ? (int)((time[i] - first) / (last - first) * parts) : 0;
        double *const to = &y[k < parts ? k : parts - 1];
        *to = fmax(*to, height[i]);
    }
    vl_svg_curves(h, &(vl_plot){ .caption = caption,
                                 .title = title,
                                 .x = "min, from",
                                 .y = "counts",
                                 .from = first / 60,
                                 .step = (last - first) / 60 / parts,
                                 .n = parts,
                                 .unit = VL_CHART_NUMBER,
                                 .joined = true,
                                 .curve = &(vl_curve){ "highest", 0, y },
                                 .ncurve = 1 });
    return true;
}

/* ---- histograms ---- */

/* Columns at round numbers, COLUMNS at the most; others of the plot are the caller's. */
static void put_histogram(vl_html *h, vl_plot plot, const double *value, size_t n)
{
    enum { COLUMNS = 64 };
    static const double round[] = { 1, 2, 5, 10 };
    double least = INFINITY, most = -INFINITY, width = 1, y[COLUMNS + 1] = { 0 };
    for (size_t i = 0; i < n; i++) least = fmin(least, value[i]), most = fmax(most, value[i]);
    if (!n) return;
    for (int k = 0; floor(most / width) - floor(least / width) >= COLUMNS; k++)
        width = round[k % 3 + 1] * pow(10, k / 3);
    plot.from = floor(least / width) * width;
    plot.step = width;
    plot.n = (int)(floor(most / width) - floor(least / width)) + 1;
    for (size_t i = 0; i < n; i++) y[(int)(floor(value[i] / width) - floor(least / width))]++;
    plot.unit = VL_CHART_COUNT;
    plot.curve = &(vl_curve){ plot.y, 0, y };
    plot.ncurve = 1;
    vl_svg_columns(h, &plot);
}

/* m/z of what was selected: ions, or the targets of spectra that name none. */
static void put_precursors(vl_html *h, const vl_run_columns *c, double *room)
{
    size_t n = 0, ion = 0;
    for (size_t i = 0; i < c->nion; i++) {
        const double mz = vl_run_number(&c->ion_mz, i);
        if (isfinite(mz) && mz > 0 && mz < 1e9) room[n++] = mz;
    }
    for (size_t i = 0; i < c->nprecursor; i++) { /* both are in the order of their spectra */
        const uint64_t of = vl_run_whole(&c->target_of, i);
        const double mz = vl_run_number(&c->target, i);
        while (ion < c->nion && vl_run_whole(&c->ion_of, ion) < of) ion++;
        const bool named = ion < c->nion && vl_run_whole(&c->ion_of, ion) == of;
        if (!named && isfinite(mz) && mz > 0 && mz < 1e9) room[n++] = mz;
    }
    put_histogram(h,
                  (vl_plot){ .caption = "Precursors by m/z",
                             .title = "Columns: number of precursors by their m/z",
                             .x = "m/z, from",
                             .y = "precursors" },
                  room, n);
}

static void put_charges(vl_html *h, const vl_run_columns *c)
{
    enum { MOST = 24 };
    double count[256] = { 0 };
    char label[MOST][16];
    vl_bar bar[MOST];
    int n = 0;
    if (!c->nion) return;
    for (size_t i = 0; i < c->nion; i++) count[vl_run_charge(c, i) + 128]++;
    for (int k = 0; k < 256 && n < MOST; k++) {
        if (!(count[k] > 0)) continue;
        if (k == 128) snprintf(label[n], sizeof label[n], "not given");
        else snprintf(label[n], sizeof label[n], "%+d", k - 128);
        bar[n] = (vl_bar){ label[n], k == 128 ? "none" : "c1", count[k] };
        n++;
    }
    vl_html_put(h, "<figure><figcaption>Selected ions by charge</figcaption>\n");
    vl_svg_bars(h, "Bars: number of selected ions by their charge", bar, n, VL_CHART_COUNT);
    vl_html_put(h, "</figure>\n");
}

/* Points of the spectra of level 1, or of those above. */
static void put_points(vl_html *h, const vl_run_columns *c, bool above, double *room)
{
    size_t n = 0;
    for (size_t i = 0; i < c->nspectrum; i++) {
        const int level = vl_run_level(c, i);
        const double points = (double)vl_run_whole(&c->length, i);
        if ((above ? level > 1 : level == 1) && points < 1e9) room[n++] = points;
    }
    put_histogram(
        h,
        (vl_plot){ .caption = above ? "Spectra of MS2 and above by points" : "MS1 spectra by points",
                   .title = "Columns: number of spectra by their number of points",
                   .x = "points, from",
                   .y = "spectra" },
        room, n);
}

/* ---- chromatograms ---- */

static void put_chromatogram(vl_html *h, const vl_batch *b, size_t i)
{
    char id[256], text[32];
    const vl_cell cell = vl_row(&b->col[VL_SP_CHROM_ID], i);
    snprintf(id, sizeof id, "%.*s", (int)(cell.n < 200 ? cell.n : 200), cell.n ? (const char *)cell.at : "");
    vl_html_put(h, "<tr role=\"row\">");
    vl_html_cell_code(h, "Id", "name", id);
    vl_html_cell(h, "Precursor m/z", "num",
                 vl_show_number(vl_run_number(&b->col[VL_SP_CHROM_PRECURSOR_MZ].data, i), text));
    vl_html_cell(h, "Product m/z", "num",
                 vl_show_number(vl_run_number(&b->col[VL_SP_CHROM_PRODUCT_MZ].data, i), text));
    vl_html_cell(h, "Points", "num", vl_show_count((double)vl_u64_at(b, VL_SP_CHROM_ARRAY_LENGTH, i), text));
    vl_html_put(h, "</tr>\n");
}

static vl_code put_chromatograms(vl_reader *r, vl_html *h, size_t n, vl_err *err)
{
    enum { MOST = 50 };
    static const vl_sight sight[] = { { VL_SP_CHROM_ID, VL_WANT_ROWS },
                                      { VL_SP_CHROM_PRECURSOR_MZ, VL_WANT_ROWS },
                                      { VL_SP_CHROM_PRODUCT_MZ, VL_WANT_ROWS },
                                      { VL_SP_CHROM_ARRAY_LENGTH, VL_WANT_ROWS } };
    vl_want *want = NULL;
    const size_t shown = n < MOST ? n : MOST;
    vl_plan plan = { 0 };
    vl_work work = { 0 };
    char text[32];
    if (vl_plan_init(&plan, r, err) || vl_reader_want(r, sight, 4, &want, err) ||
        vl_reader_rows(r, &plan, VL_SPT_CHROMATOGRAM, 0, shown, want, &work, err) ||
        vl_reader_load(r, &plan, &work, err))
        goto out;
    vl_html_table_open(h, "Chromatograms", "Id|#Precursor m/z|#Product m/z|#Points");
    for (size_t i = 0; i < shown; i++) put_chromatogram(h, &plan.batch, i);
    vl_html_table_close(h);
    if (n > shown) vl_html_putf(h, "<p>And %s more.</p>\n", vl_show_count((double)(n - shown), text));
out:
    vl_plan_free(r, &plan);
    vl_work_free(&work);
    free(want);
    return err->code;
}

/* Room for the numbers of all spectra twice, of ions and of precursors; NULL without memory. */
static double *make_room(const vl_run_columns *c, vl_err *err)
{
    double *const room = malloc((2 * c->nspectrum + c->nion + c->nprecursor + 1) * sizeof *room);
    if (!room) vl_fail(err, VL_ENOMEM, "no memory for plots of %zu spectra", c->nspectrum);
    return room;
}

vl_code vl_spectra_brief(vl_reader *r, vl_html *h, vl_err *err)
{
    vl_run_columns c = { 0 };
    double *const room = vl_run_columns_load(&c, r, err) ? NULL : make_room(&c, err);
    if (room) put_tiles(h, &c, room);
    free(room);
    vl_run_columns_free(&c);
    return err->code;
}

static void put_why(vl_html *h, const vl_err *why)
{
    char line[600];
    vl_err_print(why, line, sizeof line);
    vl_html_element(h, "p class=\"lead bad\"", line);
}

/* All that there is where there are spectra; without peaks, if these cannot be read, the page says why. */
static vl_code put_spectra(vl_reader *r, vl_html *h, vl_run_columns *c, double *room, vl_err *err)
{
    vl_run_qc q = { 0 };
    vl_background found = { 0 };
    vl_err why = VL_ERR_INIT;
    char text[32];
    vl_run_currents_count(c, r, vl_cores(), &why);
    if (!vl_run_qc_count(&q, c, err)) {
        if (!why.code) vl_background_find(&found, c, &q, r, vl_cores(), &why);
        const vl_background *const background = why.code ? NULL : &found;
        if (why.code) put_why(h, &why);
        put_levels(h, c, room);
        vl_mass_report_levels(h, &q);
        if (c->ncounted)
            vl_html_putf(h,
                         "<p>Of %s spectra, which do not say it, total ion current was counted from their "
                         "peaks.</p>\n",
                         vl_show_count((double)c->ncounted, text));
        vl_html_put(h, "<div class=\"two\">\n");
        if (!put_current(h, c, &c->tic, "Total ion current", room))
            vl_html_put(h, "<p>Total ion current over time is not known.</p>\n");
        put_current(h, c, &c->peak, "Base peak", room);
        put_precursors(h, c, room);
        put_charges(h, c);
        put_points(h, c, false, room);
        put_points(h, c, true, room);
        vl_mass_report_curves(h, &q, background);
        vl_html_put(h, "</div>\n");
        vl_mass_report_tables(h, &q, background);
    }
    vl_background_free(&found);
    vl_run_qc_free(&q);
    return err->code;
}

vl_code vl_spectra_report(vl_reader *r, vl_html *h, vl_err *err)
{
    vl_run_columns c = { 0 };
    if (vl_run_columns_load(&c, r, err)) goto out;
    double *const room = make_room(&c, err);
    if (!room) goto out;
    vl_html_put(h, "<section><h2>The run</h2>\n");
    put_tiles(h, &c, room);
    put_facts(h, &c);
    if (c.nspectrum) put_spectra(r, h, &c, room, err);
    if (c.nchromatogram && !err->code) put_chromatograms(r, h, c.nchromatogram, err);
    vl_html_put(h, "</section>\n");
    free(room);
out:
    vl_run_columns_free(&c);
    return err->code;
}
