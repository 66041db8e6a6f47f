/*
 * Charts (svg.h). Coordinates are units of a drawing that is 440 wide; x to the right, y down. Letters
 * are about 6.5 units wide: room for labels is counted with that.
 */
#include "pipeline/page/svg.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { WIDTH = 440 };

/* ---- an axis from 0: ticks at round numbers, few enough that their labels do not meet ---- */

typedef struct axis {
    double step, top; /* of the values; top is the last tick */
    int ntick;        /* behind 0 */
} axis;

/* Steps are 1, 2 or 5 times a power of ten, and whole for counts. */
static axis make_axis(double most, int ntick, vl_chart_unit unit)
{
    static const double round[] = { 1, 2, 5, 10 };
    const double least = fmax(most, unit == VL_CHART_COUNT ? 1 : 1000) / ntick;
    const double power = pow(10, floor(log10(least)));
    int i = 0;
    while (i < 3 && round[i] * power < least * (1 - 1e-9)) i++;
    const double step = unit == VL_CHART_COUNT ? fmax(round[i] * power, 1) : round[i] * power;
    const int n = (int)ceil(fmax(most, step) / step - 1e-9);
    return (axis){ .step = step, .top = step * n, .ntick = n };
}

static const char *show(double value, vl_chart_unit unit, char text[32])
{
    return unit == VL_CHART_BYTES ? vl_show_bytes(value, text) : vl_show_count(value, text);
}

/* "0", "5 GB", "10 GB": a round number has no decimals to show. */
static const char *show_tick(double value, vl_chart_unit unit, char text[32])
{
    show(value, unit, text);
    char *const point = strstr(text, ".0");
    if (value <= 0) text[1] = 0;
    else if (point) memmove(point, point + 2, strlen(point + 2) + 1);
    return text;
}

/* ---- the frame ---- */

static void open_svg(vl_html *h, const char *title, int height)
{
    h->nchart++;
    vl_html_putf(h,
                 "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-labelledby=\"chart%d\"><title id=\"chart%d\">",
                 WIDTH, height, h->nchart, h->nchart);
    vl_html_text(h, title);
    vl_html_put(h, "</title>\n");
}

static void close_svg(vl_html *h) { vl_html_put(h, "</svg>\n"); }

/* ---- bars ---- */

enum {
    LABEL_WIDTH = 96,
    LABEL_LETTERS = 13,
    VALUE_WIDTH = 72,
    PLOT = WIDTH - LABEL_WIDTH - VALUE_WIDTH,
    BAR = 16,      /* height */
    BAR_GAP = 8,   /* above a bar with a label */
    TWIN_GAP = 2,  /* above one without */
    AXIS_ROOM = 24 /* below */
};

static void put_ticks(vl_html *h, const axis *a, int bottom, vl_chart_unit unit)
{
    char text[32];
    for (int i = 0; i <= a->ntick; i++) {
        const double x = LABEL_WIDTH + (double)PLOT * i / a->ntick;
        vl_html_putf(h, "<line class=\"grid\" x1=\"%.1f\" y1=\"0\" x2=\"%.1f\" y2=\"%d\"/>", x, x, bottom);
        vl_html_putf(h, "<text class=\"tick\" x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>\n", x,
                     bottom + 15, show_tick(a->step * i, unit, text));
    }
}

static void put_bar(vl_html *h, const vl_bar *bar, const axis *a, int y, vl_chart_unit unit)
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
                 show(bar->value, unit, text));
}

void vl_svg_bars(vl_html *h, const char *title, const vl_bar *bar, int n, vl_chart_unit unit)
{
    double most = 0;
    int height = 0;
    for (int i = 0; i < n; i++) {
        most = fmax(most, bar[i].value);
        height += BAR + (bar[i].label ? BAR_GAP : TWIN_GAP);
    }
    const axis a = make_axis(most, 4, unit);
    open_svg(h, title, height + BAR_GAP + AXIS_ROOM);
    put_ticks(h, &a, height + BAR_GAP, unit);
    for (int i = 0, y = 0; i < n; i++, y += BAR) {
        y += bar[i].label ? BAR_GAP : TWIN_GAP;
        put_bar(h, &bar[i], &a, y, unit);
    }
    close_svg(h);
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
    double sum = 0, x = 0, room = WIDTH;
    for (int i = 0; i < n; i++) sum += bar[i].value;
    for (int i = 0; i < n; i++)
        if (bar[i].value > 0) room -= LEAST; /* the rest is shared out by value */
    open_svg(h, title, HEIGHT);
    if (!(sum > 0))
        vl_html_putf(h, "<rect class=\"none\" width=\"%d\" height=\"%d\" rx=\"2\"/>", WIDTH, HEIGHT);
    for (int i = 0; i < n; i++) {
        if (!(bar[i].value > 0)) continue;
        const double width = LEAST + room * bar[i].value / sum;
        vl_html_putf(h, "<rect class=\"%s\" x=\"%.1f\" width=\"%.1f\" height=\"%d\" rx=\"2\"/>", bar[i].class,
                     x, fmax(width - 1.5, 1), HEIGHT);
        x += width;
    }
    close_svg(h);
    vl_html_put(h, "<ul class=\"legend\">");
    for (int i = 0; i < n; i++) {
        char text[32];
        char label[96];
        snprintf(label, sizeof label, "%s: %s", bar[i].label, show(bar[i].value, unit, text));
        vl_svg_key(h, bar[i].class, label);
    }
    vl_html_put(h, "</ul>\n");
}

/* ---- a curve over days ---- */

enum { CURVE_LEFT = 58, CURVE_RIGHT = WIDTH - 12, CURVE_TOP = 18, CURVE_BOTTOM = 176, CURVE_HEIGHT = 200 };

static const char *show_date(double at, char text[32])
{
    const time_t whole = (time_t)at;
    struct tm utc;
    if (!gmtime_r(&whole, &utc) || !strftime(text, 32, "%e %b", &utc)) snprintf(text, 32, "?");
    return *text == ' ' ? text + 1 : text;
}

static double curve_x(int i, int n)
{
    return CURVE_LEFT + (double)(CURVE_RIGHT - CURVE_LEFT) * i / (n > 1 ? n - 1 : 1);
}

static double curve_y(double value, const axis *a)
{
    return CURVE_BOTTOM - (CURVE_BOTTOM - CURVE_TOP) * value / a->top;
}

static void put_curve_axes(vl_html *h, const axis *a, int n, double first, vl_chart_unit unit)
{
    enum { DATES = 4, DAY = 86400 };
    char text[32];
    for (int i = 0; i <= a->ntick; i++) {
        const double y = curve_y(a->step * i, a);
        vl_html_putf(h, "<line class=\"grid\" x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\"/>", CURVE_LEFT, y,
                     CURVE_RIGHT, y);
        vl_html_putf(h, "<text class=\"tick\" x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n",
                     CURVE_LEFT - 6, y + 4, show_tick(a->step * i, unit, text));
    }
    for (int k = 0; k < DATES; k++) {
        const int i = (n - 1) * k / (DATES - 1);
        vl_html_putf(h, "<text class=\"tick\" x=\"%.1f\" y=\"%d\" text-anchor=\"%s\">%s</text>\n",
                     curve_x(i, n), CURVE_BOTTOM + 18,
                     k == DATES - 1 ? "end"
                     : k            ? "middle"
                                    : "start",
                     show_date(first + (double)i * DAY, text));
    }
}

void vl_svg_line(vl_html *h, const char *title, const double *value, int n, double first, vl_chart_unit unit)
{
    char text[32];
    double most = 0;
    for (int i = 0; i < n; i++) most = fmax(most, value[i]);
    const axis a = make_axis(most, 4, unit);
    open_svg(h, title, CURVE_HEIGHT);
    put_curve_axes(h, &a, n, first, unit);
    vl_html_putf(h, "<path class=\"area\" d=\"M%d %d", CURVE_LEFT, CURVE_BOTTOM);
    for (int i = 0; i < n; i++) vl_html_putf(h, "L%.1f %.1f", curve_x(i, n), curve_y(value[i], &a));
    vl_html_putf(h, "L%d %dZ\"/>\n<path class=\"curve\" d=\"", CURVE_RIGHT, CURVE_BOTTOM);
    for (int i = 0; i < n; i++)
        vl_html_putf(h, "%s%.1f %.1f", i ? "L" : "M", curve_x(i, n), curve_y(value[i], &a));
    const double y = curve_y(value[n - 1], &a);
    vl_html_putf(h, "\"/>\n<circle class=\"c1\" cx=\"%d\" cy=\"%.1f\" r=\"3.5\"/>", CURVE_RIGHT, y);
    vl_html_putf(h, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n", CURVE_RIGHT - 2, y - 8,
                 show(value[n - 1], unit, text));
    close_svg(h);
}
