/* Plots over numbers: curves with a band, columns (svg.h). Each has its numbers below, in a table that
 * opens. */
#include "pipeline/page/svg_parts.h"

#include <math.h>
#include <stdio.h>

enum { HEIGHT = 216, X_TICKS = 6, Y_TICKS = 4 };

static double most_of(const vl_plot *p)
{
    double most = 0;
    for (int i = 0; i < p->n; i++) {
        if (p->high && isfinite(p->high[i])) most = fmax(most, p->high[i]);
        for (int k = 0; k < p->ncurve; k++)
            if (isfinite(p->curve[k].y[i])) most = fmax(most, p->curve[k].y[i]);
    }
    return most;
}

/* shift: of the labels, to the middle of columns that are one value wide */
static void put_x(vl_html *h, const vl_plot *p, const vl_axis *x, double shift)
{
    char text[32];
    for (int i = 0; i < x->ntick && x->tick + x->step * i + shift <= x->top; i++) {
        const double value = x->tick + x->step * i;
        if (shift == 0 && value > x->from)
            vl_html_putf(h, "<line class=\"grid\" x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\"/>",
                         vl_svg_x(x, value), VL_PLOT_TOP, vl_svg_x(x, value), VL_PLOT_BOTTOM);
        vl_html_putf(h, "<text class=\"tick\" x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>\n",
                     vl_svg_x(x, value + shift), VL_PLOT_BOTTOM + 17,
                     vl_show_number(fabs(value) < x->step / 1e6 ? 0 : value, text));
    }
    vl_html_putf(h, "<text class=\"tick\" x=\"%d\" y=\"%d\" text-anchor=\"end\">", VL_PLOT_RIGHT,
                 VL_PLOT_BOTTOM + 34);
    vl_html_text(h, p->x);
    vl_html_putf(h, "</text>\n<text class=\"tick\" x=\"%d\" y=\"10\">", VL_PLOT_LEFT - 52);
    vl_html_text(h, p->y);
    vl_html_put(h, "</text>\n");
}

/* From first to last, each value a corner; NaN lifts the pen. */
static void put_path(vl_html *h, const vl_plot *p, const double *value, const vl_axis *x, const vl_axis *y)
{
    bool down = false;
    for (int i = 0; i < p->n; i++) {
        const bool known = isfinite(value[i]);
        if (known)
            vl_html_putf(h, "%s%.1f %.1f", down ? "L" : "M", vl_svg_x(x, p->from + i * p->step),
                         vl_svg_y(y, value[i]));
        down = known || (down && p->joined);
    }
}

static void put_band(vl_html *h, const vl_plot *p, const vl_axis *x, const vl_axis *y)
{
    vl_html_put(h, "<path class=\"area\" d=\"");
    for (int i = 0; i < 2 * p->n; i++) {
        const int at = i < p->n ? i : 2 * p->n - 1 - i;
        const double value = i < p->n ? p->low[at] : p->high[at];
        vl_html_putf(h, "%s%.1f %.1f", i ? "L" : "M", vl_svg_x(x, p->from + at * p->step),
                     vl_svg_y(y, isfinite(value) ? value : 0));
    }
    vl_html_put(h, "Z\"/>\n");
}

static void put_curve(vl_html *h, const vl_plot *p, const vl_curve *c, const vl_axis *x, const vl_axis *y)
{
    if (p->n == 1 && isfinite(c->y[0])) {
        vl_html_putf(h, "<circle class=\"f%d\" cx=\"%.1f\" cy=\"%.1f\" r=\"3.5\"/>\n", c->colour,
                     vl_svg_x(x, p->from), vl_svg_y(y, c->y[0]));
        return;
    }
    vl_html_putf(h, "<path class=\"line k%d\" d=\"", c->colour);
    put_path(h, p, c->y, x, y);
    vl_html_put(h, "\"/>\n");
}

static void put_legend(vl_html *h, const vl_plot *p)
{
    if (p->ncurve < 2 && !p->low) return;
    vl_html_put(h, "<ul class=\"legend\">");
    for (int k = 0; k < p->ncurve; k++) {
        vl_html_putf(h,
                     "<li><svg class=\"key\" viewBox=\"0 0 20 10\" aria-hidden=\"true\"><path class=\"line "
                     "k%d\" d=\"M0 5H20\"/></svg>",
                     p->curve[k].colour);
        vl_html_element(h, "span", p->curve[k].label);
        vl_html_put(h, "</li>");
    }
    if (p->low) vl_svg_key(h, "area", p->band_label);
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
    if (p->low) put_head(h, p->low_label);
    if (p->low) put_head(h, p->high_label);
    vl_html_put(h, "</tr></thead>\n<tbody>\n");
    for (int i = 0; i < p->n; i++) {
        vl_html_put(h, "<tr>");
        vl_html_element(h, "th scope=\"row\"", vl_show_number(p->from + i * p->step, text));
        for (int k = 0; k < p->ncurve; k++) put_number(h, p->curve[k].label, p->curve[k].y[i], p->unit);
        if (p->low) put_number(h, p->low_label, p->low[i], p->unit);
        if (p->low) put_number(h, p->high_label, p->high[i], p->unit);
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

void vl_svg_curves(vl_html *h, const vl_plot *p)
{
    const double last = p->from + (p->n - 1) * p->step;
    const vl_axis x = vl_axis_between(p->from, last > p->from ? last : p->from + p->step, X_TICKS, 0);
    const vl_axis y = vl_axis_from_zero(p->top > 0 ? p->top : most_of(p), Y_TICKS, p->unit);
    open_figure(h, p);
    vl_svg_rows(h, &y, p->unit);
    put_x(h, p, &x, 0);
    if (p->low) put_band(h, p, &x, &y);
    for (int k = 0; k < p->ncurve; k++) put_curve(h, p, &p->curve[k], &x, &y);
    close_figure(h, p);
}

void vl_svg_columns(vl_html *h, const vl_plot *p)
{
    const vl_axis x = vl_axis_between(p->from, p->from + p->n * p->step, X_TICKS, p->step);
    const vl_axis y = vl_axis_from_zero(p->top > 0 ? p->top : most_of(p), Y_TICKS, p->unit);
    open_figure(h, p);
    vl_svg_rows(h, &y, p->unit);
    put_x(h, p, &x, p->step == 1 ? 0.5 : 0);
    for (int i = 0; i < p->n; i++) {
        const double value = p->curve[0].y[i], left = vl_svg_x(&x, p->from + i * p->step);
        const double right = vl_svg_x(&x, p->from + (i + 1) * p->step), top = vl_svg_y(&y, value);
        if (!(value > 0)) continue;
        vl_html_putf(h, "<rect class=\"f%d\" x=\"%.2f\" y=\"%.1f\" width=\"%.2f\" height=\"%.1f\"/>",
                     p->curve[0].colour, left, fmin(top, VL_PLOT_BOTTOM - 1), fmax(right - left - 0.6, 0.6),
                     fmax(VL_PLOT_BOTTOM - top, 1));
    }
    vl_html_put(h, "\n");
    close_figure(h, p);
}
