/* Plots over numbers: curves with bands, columns (svg.h). Each has its numbers below, in a table that
 * opens. */
#include "pipeline/page/svg_parts.h"

#include <math.h>
#include <stdio.h>

enum { HEIGHT = 216, X_TICKS = 6, Y_TICKS = 4 };

/* Of the curves; 0 unless one goes below it. */
static double least_of(const vl_plot *p)
{
    double least = 0;
    for (int i = 0; i < p->n; i++)
        for (int k = 0; k < p->ncurve; k++)
            if (isfinite(p->curve[k].y[i])) least = fmin(least, p->curve[k].y[i]);
    return least;
}

static double most_of(const vl_plot *p)
{
    double most = 0;
    for (int i = 0; i < p->n; i++) {
        for (int k = 0; k < p->nband; k++)
            if (isfinite(p->band[k].high[i])) most = fmax(most, p->band[k].high[i]);
        for (int k = 0; k < p->ncurve; k++)
            if (isfinite(p->curve[k].y[i])) most = fmax(most, p->curve[k].y[i]);
    }
    return most;
}

/* Where value i lies, on an axis that may be logarithmic. */
static double place(const vl_plot *p, int i) { return p->at ? log2(p->at[i]) : p->from + i * p->step; }

/* From value 0 to value `last`; ticks no finer than least, or at whole powers of 2. */
static vl_axis x_axis(const vl_plot *p, int last, double least)
{
    vl_axis x = vl_axis_between(place(p, 0), place(p, last), X_TICKS, p->at ? 1 : least);
    x.log = p->at;
    return x;
}

/* shift: of the labels, to the middle of columns that are one value wide */
static void put_x(vl_html *h, const vl_plot *p, const vl_axis *x, double shift)
{
    for (int i = 0; i < x->ntick && shift == 0; i++) {
        const double value = x->tick + x->step * i;
        if (value > x->from)
            vl_html_putf(h, "<line class=\"grid\" x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\"/>",
                         vl_svg_x(x, value), VL_PLOT_TOP, vl_svg_x(x, value), VL_PLOT_BOTTOM);
    }
    vl_svg_labels(h, x, VL_PLOT_BOTTOM, shift, p->x, p->y);
}

/* From first to last, each value a corner; NaN lifts the pen. */
static void put_path(vl_html *h, const vl_plot *p, const double *value, const vl_axis *x, const vl_axis *y)
{
    bool down = false;
    for (int i = 0; i < p->n; i++) {
        const bool known = isfinite(value[i]);
        if (known)
            vl_html_putf(h, "%s%.1f %.1f", down ? "L" : "M", vl_svg_x(x, place(p, i)), vl_svg_y(y, value[i]));
        down = known || (down && p->joined);
    }
}

/* An outer band is paler than the one within it. */
static const char *band_class(const vl_plot *p, int k) { return k + 1 < p->nband ? "outer" : "area"; }

static void put_band(vl_html *h, const vl_plot *p, int k, const vl_axis *x, const vl_axis *y)
{
    vl_html_putf(h, "<path class=\"%s\" d=\"", band_class(p, k));
    for (int i = 0; i < 2 * p->n; i++) {
        const int at = i < p->n ? i : 2 * p->n - 1 - i;
        const double value = i < p->n ? p->band[k].low[at] : p->band[k].high[at];
        vl_html_putf(h, "%s%.1f %.1f", i ? "L" : "M", vl_svg_x(x, place(p, at)),
                     vl_svg_y(y, isfinite(value) ? value : 0));
    }
    vl_html_put(h, "Z\"/>\n");
}

static void put_curve(vl_html *h, const vl_plot *p, const vl_curve *c, const vl_axis *x, const vl_axis *y)
{
    if (p->n == 1 && isfinite(c->y[0])) {
        vl_html_putf(h, "<circle class=\"f%d\" cx=\"%.1f\" cy=\"%.1f\" r=\"3.5\"/>\n", c->colour,
                     vl_svg_x(x, place(p, 0)), vl_svg_y(y, c->y[0]));
        return;
    }
    vl_html_putf(h, "<path class=\"line k%d\" d=\"", c->colour);
    put_path(h, p, c->y, x, y);
    vl_html_put(h, "\"/>\n");
}

static void put_legend(vl_html *h, const vl_plot *p)
{
    if (p->ncurve < 2 && !p->nband) return;
    vl_html_put(h, "<ul class=\"legend\">");
    for (int k = 0; k < p->ncurve; k++) {
        vl_html_putf(h,
                     "<li><svg class=\"key\" viewBox=\"0 0 20 10\" aria-hidden=\"true\"><path class=\"line "
                     "k%d\" d=\"M0 5H20\"/></svg>",
                     p->curve[k].colour);
        vl_html_element(h, "span", p->curve[k].label);
        vl_html_put(h, "</li>");
    }
    for (int k = 0; k < p->nband; k++) vl_svg_key(h, band_class(p, k), p->band[k].label);
    vl_html_put(h, "</ul>\n");
}

/* ---- the numbers ---- */

static void put_number(vl_html *h, const char *label, double value, vl_chart_unit unit)
{
    char text[32];
    vl_html_cell(h, label, "num", isfinite(value) ? vl_svg_show(value, unit, text) : "\xe2\x80\x93");
}

static void put_head(vl_html *h, const char *label)
{
    vl_html_put(h, "<th scope=\"col\" class=\"num\">");
    vl_html_text(h, label);
    vl_html_put(h, "</th>");
}

static void put_numbers(vl_html *h, const vl_plot *p)
{
    char text[32];
    vl_html_put(h, "<details><summary>The numbers</summary>\n<table class=\"numbers\"><caption>");
    vl_html_text(h, p->caption);
    vl_html_put(h, "</caption>\n<thead><tr>");
    put_head(h, p->x);
    for (int k = 0; k < p->ncurve; k++) put_head(h, p->curve[k].label);
    for (int k = 0; k < p->nband; k++) {
        put_head(h, p->band[k].low_label);
        put_head(h, p->band[k].high_label);
    }
    vl_html_put(h, "</tr></thead>\n<tbody>\n");
    for (int i = 0; i < p->n; i++) {
        vl_html_put(h, "<tr>");
        vl_html_element(h, "th scope=\"row\"",
                        vl_show_number(p->at ? p->at[i] : p->from + i * p->step, text));
        for (int k = 0; k < p->ncurve; k++) put_number(h, p->curve[k].label, p->curve[k].y[i], p->unit);
        for (int k = 0; k < p->nband; k++) {
            put_number(h, p->band[k].low_label, p->band[k].low[i], p->unit);
            put_number(h, p->band[k].high_label, p->band[k].high[i], p->unit);
        }
        vl_html_put(h, "</tr>\n");
    }
    vl_html_put(h, "</tbody></table></details>\n");
}

/* ---- entry points ---- */

static void open_figure(vl_html *h, const vl_plot *p)
{
    vl_html_put(h, "<figure>");
    vl_html_element(h, "figcaption", p->caption);
    vl_svg_open(h, p->title, HEIGHT);
}

static void close_figure(vl_html *h, const vl_plot *p)
{
    vl_svg_close(h);
    put_legend(h, p);
    put_numbers(h, p);
    vl_html_put(h, "</figure>\n");
}

static void put_curves(vl_html *h, const vl_plot *p)
{
    const vl_axis x = x_axis(p, p->n > 1 ? p->n - 1 : 1, 0);
    const double least = least_of(p), most = p->top > 0 ? p->top : most_of(p);
    const vl_axis y =
        least < 0 ? vl_axis_between(least, most, Y_TICKS, 0) : vl_axis_from_zero(most, Y_TICKS, p->unit);
    vl_svg_rows(h, &y, p->unit);
    put_x(h, p, &x, 0);
    for (int k = 0; k < p->nband; k++) put_band(h, p, k, &x, &y);
    for (int k = 0; k < p->ncurve; k++) put_curve(h, p, &p->curve[k], &x, &y);
}

void vl_svg_curves(vl_html *h, const vl_plot *p)
{
    open_figure(h, p);
    put_curves(h, p);
    close_figure(h, p);
}

void vl_svg_file(vl_html *h, const vl_plot *p)
{
    vl_svg_file_open(h, p->title, p->caption, VL_SVG_WIDTH, HEIGHT);
    put_curves(h, p);
    vl_svg_close(h);
}

void vl_svg_file_panels(vl_html *h, const char *title, const vl_plot *p, int n)
{
    enum { PANEL = HEIGHT + 26 };
    vl_svg_file_open(h, title, n ? p[0].caption : title, VL_SVG_WIDTH, n ? n * PANEL - 26 : 0);
    for (int i = 0; i < n; i++) {
        vl_html_putf(h, "<g transform=\"translate(0 %d)\">\n", i * PANEL);
        if (i) vl_html_element(h, "text y=\"-8\"", p[i].caption);
        put_curves(h, &p[i]);
        vl_html_put(h, "</g>\n");
    }
    vl_svg_close(h);
}

void vl_svg_columns(vl_html *h, const vl_plot *p)
{
    const vl_axis x = x_axis(p, p->n, p->step);
    const vl_axis y = vl_axis_from_zero(p->top > 0 ? p->top : most_of(p), Y_TICKS, p->unit);
    open_figure(h, p);
    vl_svg_rows(h, &y, p->unit);
    put_x(h, p, &x, !p->at && p->step == 1 ? 0.5 : 0);
    for (int i = 0; i < p->n; i++) {
        const double value = p->curve[0].y[i], left = vl_svg_x(&x, place(p, i));
        const double right = vl_svg_x(&x, place(p, i + 1)), top = vl_svg_y(&y, value);
        if (!(value > 0)) continue;
        vl_html_putf(h, "<rect class=\"f%d\" x=\"%.2f\" y=\"%.1f\" width=\"%.2f\" height=\"%.1f\"/>",
                     p->curve[0].colour, left, fmin(top, VL_PLOT_BOTTOM - 1), fmax(right - left - 0.6, 0.6),
                     fmax(VL_PLOT_BOTTOM - top, 1));
    }
    vl_html_put(h, "\n");
    close_figure(h, p);
}
