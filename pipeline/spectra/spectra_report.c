/*
 * Spectra in the report of a store (out/report.h): from the columns that questions use; no peak is unpacked.
 */
#include "formats/spectra/spectra.h"
#include "pipeline/out/reader.h"
#include "pipeline/page/svg.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Columns as a whole; what the store does not have is empty. */
typedef struct columns {
    size_t nspectrum, nion, nprecursor, nchromatogram;
    vl_buf level, time, polarity, centroid, tic, peak, injection, length, low, high; /* of spectra; owned */
    vl_buf ion_mz, charge, ion_of, target, target_of; /* of ions and precursors; owned */
} columns;

static vl_code load(vl_reader *r, int field, size_t n, vl_buf *out, vl_err *err)
{
    vl_work work = { 0 };
    const int column = vl_reader_column(r, field);
    if (column >= 0 && n) vl_reader_elements(r, column, 0, n, out, &work, err);
    vl_work_free(&work);
    return err->code;
}

static vl_code load_all(vl_reader *r, columns *c, vl_err *err)
{
    c->nspectrum = vl_reader_nrow(r, VL_SPT_SPECTRUM);
    c->nchromatogram = vl_reader_nrow(r, VL_SPT_CHROMATOGRAM);
    c->nprecursor = vl_reader_nrow(r, VL_SPT_PRECURSOR);
    c->nion = vl_reader_nrow(r, VL_SPT_SELECTED_ION);
    const struct {
        int field;
        size_t n;
        vl_buf *to;
    } want[] = { { VL_SP_MS_LEVEL, c->nspectrum, &c->level },
                 { VL_SP_TIME, c->nspectrum, &c->time },
                 { VL_SP_POLARITY, c->nspectrum, &c->polarity },
                 { VL_SP_CENTROID, c->nspectrum, &c->centroid },
                 { VL_SP_TIC, c->nspectrum, &c->tic },
                 { VL_SP_BASE_PEAK_INTENSITY, c->nspectrum, &c->peak },
                 { VL_SP_SCAN_LOW, c->nspectrum, &c->low },
                 { VL_SP_SCAN_HIGH, c->nspectrum, &c->high },
                 { VL_SP_INJECTION_TIME, c->nspectrum, &c->injection },
                 { VL_SP_ARRAY_LENGTH, c->nspectrum, &c->length },
                 { VL_SP_ION_MZ, c->nion, &c->ion_mz },
                 { VL_SP_ION_CHARGE, c->nion, &c->charge },
                 { VL_SP_ION_SPECTRUM, c->nion, &c->ion_of },
                 { VL_SP_PREC_TARGET, c->nprecursor, &c->target },
                 { VL_SP_PREC_SPECTRUM, c->nprecursor, &c->target_of } };
    for (size_t i = 0; i < sizeof want / sizeof *want; i++)
        if (load(r, want[i].field, want[i].n, want[i].to, err)) return err->code;
    return VL_OK;
}

static void free_all(columns *c)
{
    vl_buf *const all[] = { &c->level,     &c->time,   &c->polarity, &c->centroid, &c->tic,
                            &c->injection, &c->peak,   &c->low,      &c->high,     &c->length,
                            &c->ion_mz,    &c->charge, &c->ion_of,   &c->target,   &c->target_of };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) vl_buf_free(all[i]);
}

/* Element i, or what stands for missing. */
static double number(const vl_buf *b, size_t i)
{
    double v;
    if (8 * i + 8 > b->len) return NAN;
    memcpy(&v, b->data + 8 * i, 8);
    return v;
}
static uint64_t whole(const vl_buf *b, size_t i)
{
    return 8 * i + 8 <= b->len ? vl_le64(b->data + 8 * i) : 0;
}
static int level_of(const columns *c, size_t i) { return i < c->level.len ? c->level.data[i] : 0; }
static int charge_of(const columns *c, size_t i) { return i < c->charge.len ? (int8_t)c->charge.data[i] : 0; }

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The middle of n numbers, which are sorted; NaN of none. */
static double median(double *v, size_t n)
{
    if (!n) return NAN;
    qsort(v, n, sizeof *v, ascending);
    return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

/* ---- by level ---- */

enum { LEVELS = 256 };

/* room: for as many numbers as there are spectra. */
static void put_level(vl_html *h, const columns *c, int level, double *room)
{
    char text[32], name[16] = "none";
    double spectra = 0, peaks = 0, centroid = 0;
    size_t n = 0;
    for (size_t i = 0; i < c->nspectrum; i++) {
        if (level_of(c, i) != level) continue;
        spectra++;
        peaks += (double)whole(&c->length, i);
        centroid += i < c->centroid.len && c->centroid.data[i] == 1;
        room[n++] = (double)whole(&c->length, i);
    }
    if (!n) return;
    if (level) snprintf(name, sizeof name, "MS%d", level);
    vl_html_put(h, "<tr role=\"row\">");
    vl_html_element(h, "th role=\"rowheader\" scope=\"row\"", name);
    vl_html_cell(h, "Spectra", "num", vl_show_count(spectra, text));
    vl_html_cell(h, "Centroid", "num", vl_show_count(centroid, text));
    vl_html_cell(h, "Points", "num", vl_show_count(peaks, text));
    vl_html_cell(h, "Median points", "num", vl_show_number(median(room, n), text));
    n = 0;
    for (size_t i = 0; i < c->nspectrum; i++)
        if (level_of(c, i) == level && isfinite(number(&c->injection, i)))
            room[n++] = number(&c->injection, i);
    vl_html_cell(h, "Median injection, ms", "num", vl_show_number(median(room, n), text));
    vl_html_put(h, "</tr>\n");
}

static void put_levels(vl_html *h, const columns *c, double *room)
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
        const double v = number(b, i);
        if (v >= least && v <= most) span[0] = fmin(span[0], v), span[1] = fmax(span[1], v);
    }
    return span[0] <= span[1];
}

static size_t count_level(const columns *c, int level)
{
    size_t n = 0;
    for (size_t i = 0; i < c->nspectrum; i++) n += level_of(c, i) == level;
    return n;
}

/* From one MS1 to the next, the middle of all, s; NaN: there are no two. room: [nspectrum] */
static double cycle_time(const columns *c, double *room)
{
    double before = NAN;
    size_t n = 0;
    for (size_t i = 0; i < c->nspectrum; i++) {
        const double t = number(&c->time, i);
        if (level_of(c, i) != 1 || !isfinite(t)) continue;
        if (t > before) room[n++] = t - before;
        before = t;
    }
    return median(room, n);
}

/* "+2: 57 %": the charge that most ions have; "" when none says its own. */
static const char *say_charge(const columns *c, char text[64])
{
    size_t count[256] = { 0 }, most = 0, said = 0;
    int charge = 0;
    for (size_t i = 0; i < c->nion; i++) count[charge_of(c, i) + 128]++;
    for (int k = 0; k < 256; k++) {
        if (k == 128) continue;
        said += count[k];
        if (count[k] > most) most = count[k], charge = k - 128;
    }
    *text = 0;
    if (said) snprintf(text, 64, "%+d: %.0f\xc2\xa0%%", charge, 100 * (double)most / (double)said);
    return text;
}

static void put_tiles(vl_html *h, const columns *c, double *room)
{
    enum { LONG = 1000000000 /* s, and m/z: none is so large */ };
    char text[96], some[32], other[32];
    double span[2], high[2];
    const size_t ms1 = count_level(c, 1), ms2 = count_level(c, 2);
    vl_html_put(h, "<dl class=\"tiles\">\n");
    if (span_of(&c->time, c->nspectrum, -LONG, LONG, span)) {
        snprintf(text, sizeof text, "%.2f\xe2\x80\x93%.2f", span[0] / 60, span[1] / 60);
        vl_html_tile(h, "Minutes", text);
    }
    if (ms1) vl_html_tile(h, "MS1", vl_show_count((double)ms1, some));
    if (ms2) vl_html_tile(h, "MS2", vl_show_count((double)ms2, some));
    const double cycle = cycle_time(c, room);
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

static void put_facts(vl_html *h, const columns *c)
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
static size_t gather_current(const columns *c, const vl_buf *current, bool ms1, double *room)
{
    enum { LONG = 1000000000 }; /* s: no run takes so long */
    size_t n = 0;
    for (size_t i = 0; i < c->nspectrum; i++) {
        const double t = number(&c->time, i), now = number(current, i);
        if (!(fabs(t) < LONG) || !isfinite(now) || (ms1 && level_of(c, i) != 1)) continue;
        room[n] = t;
        room[c->nspectrum + n++] = now;
    }
    return n;
}

/* The highest of them in each of the parts of the run. False: the spectra do not say it. */
static bool put_current(vl_html *h, const columns *c, const vl_buf *current, const char *what, double *room)
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
static void put_precursors(vl_html *h, const columns *c, double *room)
{
    size_t n = 0, ion = 0;
    for (size_t i = 0; i < c->nion; i++) {
        const double mz = number(&c->ion_mz, i);
        if (isfinite(mz) && mz > 0 && mz < 1e9) room[n++] = mz;
    }
    for (size_t i = 0; i < c->nprecursor; i++) { /* both are in the order of their spectra */
        const uint64_t of = whole(&c->target_of, i);
        const double mz = number(&c->target, i);
        while (ion < c->nion && whole(&c->ion_of, ion) < of) ion++;
        const bool named = ion < c->nion && whole(&c->ion_of, ion) == of;
        if (!named && isfinite(mz) && mz > 0 && mz < 1e9) room[n++] = mz;
    }
    put_histogram(h,
                  (vl_plot){ .caption = "Precursors by m/z",
                             .title = "Columns: number of precursors by their m/z",
                             .x = "m/z, from",
                             .y = "precursors" },
                  room, n);
}

static void put_charges(vl_html *h, const columns *c)
{
    enum { MOST = 24 };
    double count[256] = { 0 };
    char label[MOST][16];
    vl_bar bar[MOST];
    int n = 0;
    if (!c->nion) return;
    for (size_t i = 0; i < c->nion; i++) count[charge_of(c, i) + 128]++;
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
static void put_points(vl_html *h, const columns *c, bool above, double *room)
{
    size_t n = 0;
    for (size_t i = 0; i < c->nspectrum; i++) {
        const int level = level_of(c, i);
        const double points = (double)whole(&c->length, i);
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
                 vl_show_number(number(&b->col[VL_SP_CHROM_PRECURSOR_MZ].data, i), text));
    vl_html_cell(h, "Product m/z", "num",
                 vl_show_number(number(&b->col[VL_SP_CHROM_PRODUCT_MZ].data, i), text));
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
static double *make_room(const columns *c, vl_err *err)
{
    double *const room = malloc((2 * c->nspectrum + c->nion + c->nprecursor + 1) * sizeof *room);
    if (!room) vl_fail(err, VL_ENOMEM, "no memory for plots of %zu spectra", c->nspectrum);
    return room;
}

vl_code vl_spectra_brief(vl_reader *r, vl_html *h, vl_err *err)
{
    columns c = { 0 };
    double *const room = load_all(r, &c, err) ? NULL : make_room(&c, err);
    if (room) put_tiles(h, &c, room);
    free(room);
    free_all(&c);
    return err->code;
}

vl_code vl_spectra_report(vl_reader *r, vl_html *h, vl_err *err)
{
    columns c = { 0 };
    if (load_all(r, &c, err)) goto out;
    double *const room = make_room(&c, err);
    if (!room) goto out;
    vl_html_put(h, "<section><h2>The run</h2>\n");
    put_tiles(h, &c, room);
    put_facts(h, &c);
    if (c.nspectrum) {
        put_levels(h, &c, room);
        vl_html_put(h, "<div class=\"two\">\n");
        if (!put_current(h, &c, &c.tic, "Total ion current", room))
            vl_html_put(h, "<p>The spectra do not say their total ion current.</p>\n");
        put_current(h, &c, &c.peak, "Base peak", room);
        put_precursors(h, &c, room);
        put_charges(h, &c);
        put_points(h, &c, false, room);
        put_points(h, &c, true, room);
        vl_html_put(h, "</div>\n");
    }
    if (c.nchromatogram) put_chromatograms(r, h, c.nchromatogram, err);
    vl_html_put(h, "</section>\n");
    free(room);
out:
    free_all(&c);
    return err->code;
}
