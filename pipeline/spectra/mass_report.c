/* Quality of a run in a report (mass_report.h). */
#include "pipeline/spectra/mass_report.h"

#include "pipeline/page/svg.h"

#include <math.h>
#include <stdio.h>

static void put_number(vl_html *h, const char *label, double value)
{
    char text[32];
    vl_html_cell(h, label, "num", isfinite(value) ? vl_show_number(value, text) : "\xe2\x80\x93");
}

/* So many digits behind the point: vl_show_number has four in all, too few for m/z. */
static void put_exact(vl_html *h, const char *label, double value, int digits)
{
    char text[64] = "\xe2\x80\x93";
    if (fabs(value) < 1e12) snprintf(text, sizeof text, "%.*f", digits, value);
    vl_html_cell(h, label, "num", text);
}

static void open_row(vl_html *h, const char *name)
{
    vl_html_put(h, "<tr role=\"row\">");
    vl_html_element(h, "th role=\"rowheader\" scope=\"row\"", name);
}

/* ---- by level ---- */

static void put_level(vl_html *h, const vl_level_qc *l)
{
    char name[16] = "none";
    if (l->level) snprintf(name, sizeof name, "MS%d", l->level);
    open_row(h, name);
    put_number(h, "A second", l->rate);
    put_number(h, "Empty", (double)l->empty);
    put_number(h, "Points, 1/4", l->peaks.quartile[0]);
    put_number(h, "Points, 3/4", l->peaks.quartile[2]);
    put_number(h, "TIC area", l->tic_area);
    put_number(h, "BPC area", l->base_area);
    put_number(h, "TIC 1/4, s", l->gained[0]);
    put_number(h, "TIC 1/2, s", l->gained[1]);
    put_number(h, "TIC 3/4, s", l->gained[2]);
    vl_html_put(h, "</tr>\n");
}

void vl_mass_report_levels(vl_html *h, const vl_run_qc *q)
{
    if (!q->nlevel) return;
    vl_html_table_open(
        h, "Rates, points and currents by MS level: areas in counts s, and when the TIC had come",
        "Level|#A second|#Empty|#Points, 1/4|#Points, 3/4|#TIC area|#BPC area|#TIC 1/4, s|#TIC "
        "1/2, s|#TIC 3/4, s");
    for (int k = 0; k < q->nlevel; k++) put_level(h, &q->level[k]);
    vl_html_table_close(h);
}

/* ---- tenths of the run ---- */

static vl_plot plot_of(const vl_run_qc *q, const vl_curve *curve, int n)
{
    return (vl_plot){ .x = "min, from",
                      .from = q->from / 60,
                      .step = (q->to - q->from) / 60 / VL_RUN_PARTS,
                      .n = VL_RUN_PARTS,
                      .unit = VL_CHART_NUMBER,
                      .curve = curve,
                      .ncurve = n };
}

static void put_rates(vl_html *h, const vl_run_qc *q)
{
    enum { CURVES = 3 };
    vl_curve curve[CURVES];
    char name[CURVES][16];
    int n = 0;
    for (int k = 0; k < q->nlevel && n < CURVES; k++) {
        if (!q->level[k].level || !isfinite(q->level[k].rate)) continue;
        snprintf(name[n], sizeof name[n], "MS%d", q->level[k].level);
        curve[n] = (vl_curve){ name[n], 2 * n, q->level[k].part };
        n++;
    }
    vl_plot plot = plot_of(q, curve, n);
    plot.caption = "Spectra a second";
    plot.title = "Curves: spectra a second of each MS level in tenths of the run";
    plot.y = "Hz";
    if (n) vl_svg_curves(h, &plot);
}

static void put_errors(vl_html *h, const vl_run_qc *q, const vl_background *b)
{
    const vl_curve curve = { "median", 0, b->part };
    vl_plot plot = plot_of(q, &curve, 1);
    plot.caption = "Mass error";
    plot.title = "Curve: median mass error of ions of the background in tenths of the run";
    plot.y = "ppm";
    plot.joined = true;
    if (isfinite(b->drift)) vl_svg_curves(h, &plot);
}

void vl_mass_report_curves(vl_html *h, const vl_run_qc *q, const vl_background *background)
{
    put_rates(h, q);
    if (background) put_errors(h, q, background);
}

/* ---- tables ---- */

static void put_dead(vl_html *h, const vl_dead_qc *d)
{
    char text[64], number[32];
    if (!isfinite(d->before)) return;
    vl_html_putf(h,
                 "<h3>Dead time</h3>\n<p>Spectra whose TIC is below %g\xc2\xa0%% of the highest.</p>\n"
                 "<dl class=\"facts\">\n",
                 100 * VL_RUN_DEAD);
    vl_html_fact(h, "At the start, s", vl_show_number(d->before, number));
    if (isfinite(d->gap)) {
        snprintf(text, sizeof text, "%s, from %.2f min", vl_show_number(d->gap, number), d->gap_from / 60);
        vl_html_fact(h, "Longest between two that are not, s", text);
    }
    vl_html_fact(h, "At the end, s", vl_show_number(d->after, number));
    vl_html_put(h, "</dl>\n");
}

static void put_windows(vl_html *h, const vl_run_qc *q)
{
    enum { MOST = 200 };
    char text[32];
    if (!q->nwindow) return;
    vl_html_table_open(h,
                       q->scheme == VL_SCHEME_DIA ? "Isolation windows that come again (DIA)"
                                                  : "Isolation windows that come again (targets)",
                       "#Target|#From|#To|#Energy, eV|#Spectra|#Cycle, s|#Median points|#Sum of TIC");
    for (size_t i = 0; i < q->nwindow && i < MOST; i++) {
        const vl_window_qc *const w = &q->window[i];
        vl_html_put(h, "<tr role=\"row\">");
        put_exact(h, "Target", w->target, 4);
        put_exact(h, "From", w->low, 4);
        put_exact(h, "To", w->high, 4);
        put_number(h, "Energy, eV", w->energy);
        put_number(h, "Spectra", (double)w->spectra);
        put_number(h, "Cycle, s", w->cycle);
        put_number(h, "Median points", w->peaks);
        put_number(h, "Sum of TIC", w->tic);
        vl_html_put(h, "</tr>\n");
    }
    vl_html_table_close(h);
    if (q->nwindow > MOST)
        vl_html_putf(h, "<p>And %s more.</p>\n", vl_show_count((double)(q->nwindow - MOST), text));
}

static void put_ions(vl_html *h, const vl_background *b)
{
    if (!b->looked) return;
    if (!b->nion) {
        vl_html_putf(
            h,
            "<p>No known ion of the background is in half of the MS1 spectra within %d\xc2\xa0ppm: mass "
            "error is not known.</p>\n",
            VL_BACKGROUND_WITHIN);
        return;
    }
    vl_html_table_open(h, "Ions of the background",
                       "Ion|Formula|#m/z|#Spectra|#Looked at|#Error, ppm|#Spread, ppm");
    for (size_t i = 0; i < b->nion; i++) {
        const vl_background_ion *const ion = &b->ion[i];
        open_row(h, ion->name);
        vl_html_cell(h, "Formula", "", ion->formula);
        put_exact(h, "m/z", ion->mz, 6);
        put_number(h, "Spectra", (double)ion->found);
        put_number(h, "Looked at", (double)ion->looked);
        put_exact(h, "Error, ppm", ion->error, 2);
        put_exact(h, "Spread, ppm", ion->spread, 2);
        vl_html_put(h, "</tr>\n");
    }
    vl_html_table_close(h);
}

void vl_mass_report_tables(vl_html *h, const vl_run_qc *q, const vl_background *background)
{
    put_dead(h, &q->dead);
    put_windows(h, q);
    if (background) put_ions(h, background);
}
