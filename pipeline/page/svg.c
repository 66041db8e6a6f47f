/*
 * Charts (svg.h). Coordinates are units of a drawing that is 440 wide; x to the right, y down. Letters
 * are about 6.5 units wide: room for labels is counted with that.
 */
#include "pipeline/page/svg_parts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* ---- axes ---- */

/* The least of 1, 2, 5 and 10 times a power of ten that is not below least. */
static double round_step(double least)
{
    static const double round[] = { 1, 2, 5, 10 };
    const double power = pow(10, floor(log10(least)));
    int i = 0;
    while (i < 3 && round[i] * power < least * (1 - 1e-9)) i++;
    return round[i] * power;
}

vl_axis vl_axis_from_zero(double most, int n, vl_chart_unit unit)
{
    const double floor_of[] = { [VL_CHART_BYTES] = 1000, [VL_CHART_COUNT] = 1, [VL_CHART_NUMBER] = 1e-300 };
    most = fmin(most, 1e300); /* what is beyond lies at the top */
    double step = round_step(fmax(most, floor_of[unit]) / n);
    if (unit == VL_CHART_COUNT) step = fmax(step, 1);
    const int ntick = (int)ceil(fmax(most, step) / step - 1e-9);
    return (vl_axis){ .top = step * ntick, .step = step, .ntick = ntick + 1 };
}

vl_axis vl_axis_between(double from, double top, int n, double least)
{
    const double step = round_step(fmax(fmax(top - from, 1e-300) / n, least));
    const double tick = ceil(from / step - 1e-9) * step;
    return (vl_axis){ .from = from,
                      .top = top,
                      .step = step,
                      .tick = tick,
                      .ntick = (int)floor((top - tick) / step + 1e-9) + 1 };
}

const char *vl_svg_show(double value, vl_chart_unit unit, char text[32])
{
    return unit == VL_CHART_BYTES   ? vl_show_bytes(value, text)
           : unit == VL_CHART_COUNT ? vl_show_count(value, text)
                                    : vl_show_number(value, text);
}

/* "0", "5 GB", "10 GB" */
const char *vl_svg_show_tick(double value, vl_chart_unit unit, char text[32])
{
    vl_svg_show(value, unit, text);
    char *const point = unit == VL_CHART_BYTES ? strstr(text, ".0") : NULL;
    if (unit == VL_CHART_BYTES && value <= 0) text[1] = 0;
    else if (point) memmove(point, point + 2, strlen(point + 2) + 1);
    return text;
}

/* ---- the frame ---- */

void vl_svg_open(vl_html *h, const char *title, int height)
{
    h->nchart++;
    vl_html_putf(h,
                 "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-labelledby=\"chart%d\"><title id=\"chart%d\">",
                 VL_SVG_WIDTH, height, h->nchart, h->nchart);
    vl_html_text(h, title);
    vl_html_put(h, "</title>\n");
}

void vl_svg_file_open(vl_html *h, const char *title, const char *caption, int width, int height)
{
    enum { CAPTION = 22, MARGIN = 8 };
    vl_html_putf(h,
                 "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"%d %d %d %d\" role=\"img\">\n<title>",
                 -MARGIN, -CAPTION - MARGIN, width + 2 * MARGIN, height + CAPTION + 2 * MARGIN);
    vl_html_text(h, title);
    vl_html_put(h, "</title>\n<style><![CDATA[\n");
    vl_html_put(h, vl_html_style);
    vl_html_putf(h,
                 "]]></style>\n<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" "
                 "style=\"fill:var(--paper)\"/>\n<text y=\"%d\">",
                 -MARGIN, -CAPTION - MARGIN, width + 2 * MARGIN, height + CAPTION + 2 * MARGIN, -MARGIN);
    vl_html_text(h, caption);
    vl_html_put(h, "</text>\n");
}

void vl_svg_close(vl_html *h) { vl_html_put(h, "</svg>\n"); }

double vl_svg_x(const vl_axis *a, double value)
{
    const double span = a->top > a->from ? a->top - a->from : 1;
    return VL_PLOT_LEFT + (VL_PLOT_RIGHT - VL_PLOT_LEFT) * (value - a->from) / span;
}

double vl_svg_y(const vl_axis *a, double value)
{
    return VL_PLOT_BOTTOM -
           (VL_PLOT_BOTTOM - VL_PLOT_TOP) * (fmin(value, a->top) - a->from) / (a->top - a->from);
}

void vl_svg_rows(vl_html *h, const vl_axis *a, vl_chart_unit unit)
{
    char text[32];
    for (int i = 0; i < a->ntick; i++) {
        const double value = a->tick + a->step * i, y = vl_svg_y(a, value);
        vl_html_putf(h, "<line class=\"grid\" x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\"/>", VL_PLOT_LEFT, y,
                     VL_PLOT_RIGHT, y);
        vl_html_putf(h, "<text class=\"tick\" x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n",
                     VL_PLOT_LEFT - 6, y + 4, vl_svg_show_tick(value, unit, text));
    }
}

void vl_svg_labels(vl_html *h, const vl_axis *x, int bottom, double shift, const char *x_is, const char *y_is)
{
    char text[32];
    for (int i = 0; i < x->ntick && x->tick + x->step * i + shift <= x->top; i++) {
        const double value = x->tick + x->step * i;
        vl_html_putf(h, "<text class=\"tick\" x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>\n",
                     vl_svg_x(x, value + shift), bottom + 17,
                     x->log                        ? vl_show_count(exp2(value), text)
                     : fabs(value) < x->step / 1e6 ? vl_show_number(0, text)
                                                   : vl_show_number(value, text));
    }
    vl_html_putf(h, "<text class=\"tick\" x=\"%d\" y=\"%d\" text-anchor=\"end\">", VL_PLOT_RIGHT,
                 bottom + 34);
    vl_html_text(h, x_is);
    vl_html_putf(h, "</text>\n<text class=\"tick\" x=\"%d\" y=\"10\">", VL_PLOT_LEFT - 52);
    vl_html_text(h, y_is);
    vl_html_put(h, "</text>\n");
}

/* ---- bars ---- */

enum {
    LABEL_WIDTH = 96,
    LABEL_LETTERS = 13,
    VALUE_WIDTH = 72,
    PLOT = VL_SVG_WIDTH - LABEL_WIDTH - VALUE_WIDTH,
    BAR = 16,      /* height */
    BAR_GAP = 8,   /* above a bar with a label */
    TWIN_GAP = 2,  /* above one without */
    AXIS_ROOM = 24 /* below */
};

static void put_ticks(vl_html *h, const vl_axis *a, int bottom, vl_chart_unit unit)
{
    char text[32];
    for (int i = 0; i < a->ntick; i++) {
        const double x = LABEL_WIDTH + PLOT * a->step * i / a->top;
        vl_html_putf(h, "<line class=\"grid\" x1=\"%.1f\" y1=\"0\" x2=\"%.1f\" y2=\"%d\"/>", x, x, bottom);
        vl_html_putf(h, "<text class=\"tick\" x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>\n", x,
                     bottom + 15, vl_svg_show_tick(a->step * i, unit, text));
    }
}

static void put_bar(vl_html *h, const vl_bar *bar, const vl_axis *a, int y, vl_chart_unit unit)
{
    char text[32];
    double width = PLOT * bar->value / a->top;
    if (bar->value > 0 && width < 1.5) width = 1.5; /* little is not nothing */
    if (bar->label) {
        vl_html_putf(h, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">", LABEL_WIDTH - 8, y + 12);
        vl_html_text_cut(h, bar->label, LABEL_LETTERS);
        vl_html_put(h, "</text>");
    }
    vl_html_putf(h, "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" rx=\"1.5\"/>",
                 bar->class, LABEL_WIDTH, y, width, BAR);
    vl_html_putf(h, "<text x=\"%.1f\" y=\"%d\">%s</text>\n", LABEL_WIDTH + width + 6, y + 12,
                 vl_svg_show(bar->value, unit, text));
}

void vl_svg_bars(vl_html *h, const char *title, const vl_bar *bar, int n, vl_chart_unit unit)
{
    double most = 0;
    int height = 0;
    for (int i = 0; i < n; i++) {
        most = fmax(most, bar[i].value);
        height += BAR + (bar[i].label ? BAR_GAP : TWIN_GAP);
    }
    const vl_axis a = vl_axis_from_zero(most, 4, unit);
    vl_svg_open(h, title, height + BAR_GAP + AXIS_ROOM);
    put_ticks(h, &a, height + BAR_GAP, unit);
    for (int i = 0, y = 0; i < n; i++, y += BAR) {
        y += bar[i].label ? BAR_GAP : TWIN_GAP;
        put_bar(h, &bar[i], &a, y, unit);
    }
    vl_svg_close(h);
}

void vl_svg_key(vl_html *h, const char *class, const char *label)
{
    vl_html_putf(h,
                 "<li><svg viewBox=\"0 0 10 10\" aria-hidden=\"true\"><rect class=\"%s\" width=\"10\" "
                 "height=\"10\" rx=\"2\"/></svg>",
                 class);
    vl_html_element(h, "span", label);
    vl_html_put(h, "</li>");
}

/* ---- parts of a whole ---- */

void vl_svg_stack(vl_html *h, const char *title, const vl_bar *bar, int n, vl_chart_unit unit)
{
    enum { HEIGHT = 26, LEAST = 4 }; /* units: of the bar; that a part is wide */
    double sum = 0, x = 0, room = VL_SVG_WIDTH;
    for (int i = 0; i < n; i++) sum += bar[i].value;
    for (int i = 0; i < n; i++)
        if (bar[i].value > 0) room -= LEAST; /* the rest is shared out by value */
    vl_svg_open(h, title, HEIGHT);
    if (!(sum > 0))
        vl_html_putf(h, "<rect class=\"none\" width=\"%d\" height=\"%d\" rx=\"2\"/>", VL_SVG_WIDTH, HEIGHT);
    for (int i = 0; i < n; i++) {
        if (!(bar[i].value > 0)) continue;
        const double width = LEAST + room * bar[i].value / sum;
        vl_html_putf(h, "<rect class=\"%s\" x=\"%.1f\" width=\"%.1f\" height=\"%d\" rx=\"2\"/>", bar[i].class,
                     x, fmax(width - 1.5, 1), HEIGHT);
        x += width;
    }
    vl_svg_close(h);
    vl_html_put(h, "<ul class=\"legend\">");
    for (int i = 0; i < n; i++) {
        char text[32];
        char label[96];
        snprintf(label, sizeof label, "%s: %s", bar[i].label, vl_svg_show(bar[i].value, unit, text));
        vl_svg_key(h, bar[i].class, label);
    }
    vl_html_put(h, "</ul>\n");
}

/* ---- a curve over days ---- */

static const char *show_date(double at, char text[32])
{
    const time_t whole = (time_t)at;
    struct tm local;
    if (!localtime_r(&whole, &local) || !strftime(text, 32, "%e %b", &local)) snprintf(text, 32, "?");
    return *text == ' ' ? text + 1 : text;
}

static double curve_x(int i, int n)
{
    return VL_PLOT_LEFT + (double)(VL_PLOT_RIGHT - VL_PLOT_LEFT) * i / (n > 1 ? n - 1 : 1);
}

static void put_dates(vl_html *h, int n, double first)
{
    enum { DATES = 4, DAY = 86400 };
    char text[32];
    for (int k = 0; k < DATES; k++) {
        const int i = (n - 1) * k / (DATES - 1);
        vl_html_putf(h, "<text class=\"tick\" x=\"%.1f\" y=\"%d\" text-anchor=\"%s\">%s</text>\n",
                     curve_x(i, n), VL_PLOT_BOTTOM + 18,
                     k == DATES - 1 ? "end"
                     : k            ? "middle"
                                    : "start",
                     show_date(first + (double)i * DAY, text));
    }
}

void vl_svg_line(vl_html *h, const char *title, const double *value, int n, double first, vl_chart_unit unit)
{
    enum { HEIGHT = 200 };
    char text[32];
    double most = 0;
    for (int i = 0; i < n; i++) most = fmax(most, value[i]);
    const vl_axis a = vl_axis_from_zero(most, 4, unit);
    vl_svg_open(h, title, HEIGHT);
    vl_svg_rows(h, &a, unit);
    put_dates(h, n, first);
    vl_html_putf(h, "<path class=\"area\" d=\"M%d %d", VL_PLOT_LEFT, VL_PLOT_BOTTOM);
    for (int i = 0; i < n; i++) vl_html_putf(h, "L%.1f %.1f", curve_x(i, n), vl_svg_y(&a, value[i]));
    vl_html_putf(h, "L%d %dZ\"/>\n<path class=\"curve\" d=\"", VL_PLOT_RIGHT, VL_PLOT_BOTTOM);
    for (int i = 0; i < n; i++)
        vl_html_putf(h, "%s%.1f %.1f", i ? "L" : "M", curve_x(i, n), vl_svg_y(&a, value[i]));
    const double y = vl_svg_y(&a, value[n - 1]);
    vl_html_putf(h, "\"/>\n<circle class=\"c1\" cx=\"%d\" cy=\"%.1f\" r=\"3.5\"/>", VL_PLOT_RIGHT, y);
    vl_html_putf(h, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n", VL_PLOT_RIGHT - 2, y - 8,
                 vl_svg_show(value[n - 1], unit, text));
    vl_svg_close(h);
}
