/*
 * A map of what is off (svg.h): a row of cells for each of many things, pale where they are as they should
 * be, red the more they are below, blue the more they are above. Cells of one colour are one path, and
 * neighbours in a row one piece of it: a map of 700 rows stays small. */
#include "pipeline/page/svg_parts.h"

#include <math.h>
#include <stdio.h>

enum { DEGREES = 4, TOP = VL_PLOT_TOP, LEAST = 24, MOST = 360, CELL = 16, ROW_LABELS = 8 };

/* 0: as it should be; -1 to -4: below; 1 to 4: above */
static int degree(const vl_heat *m, double value)
{
    int d = 0;
    while (d < DEGREES && fabs(value) >= m->limit[d]) d++;
    return value < 0 ? -d : d;
}

static double height_of(const vl_heat *m) { return fmin(fmax((double)m->nrow * CELL, LEAST), MOST); }

static void put_class(vl_html *h, int d)
{
    vl_html_putf(h, "%s d%d", d < 0 ? "below" : "above", d < 0 ? -d : d);
}

/* All cells that are off by that much. */
static void put_cells(vl_html *h, const vl_heat *m, const vl_axis *x, int d)
{
    const double step = height_of(m) / (double)m->nrow;
    bool any = false;
    for (size_t i = 0; i < m->nrow; i++)
        for (size_t k = 0, end; k < m->ncol; k = end) {
            for (end = k; end < m->ncol && degree(m, m->value[i * m->ncol + end]) == d;) end++;
            if (end == k) {
                end = k + 1;
                continue;
            }
            if (!any) {
                vl_html_put(h, "<path class=\"");
                put_class(h, d);
                vl_html_put(h, "\" d=\"");
            }
            any = true;
            vl_html_putf(h, "M%.1f %.2fH%.1fv%.2fH%.1fz", vl_svg_x(x, m->edge[k]), TOP + (double)i * step,
                         vl_svg_x(x, m->edge[end]), step, vl_svg_x(x, m->edge[k]));
        }
    if (any) vl_html_put(h, "\"/>\n");
}

static void put_row_labels(vl_html *h, const vl_heat *m)
{
    const double step = height_of(m) / (double)m->nrow;
    const size_t every = (m->nrow + ROW_LABELS - 1) / ROW_LABELS;
    for (size_t i = 0; i < m->nrow; i += every)
        vl_html_putf(h, "<text class=\"tick\" x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%u</text>\n",
                     VL_PLOT_LEFT - 6, TOP + ((double)i + 0.5) * step + 4, (unsigned)m->row[i]);
}

static void put_legend(vl_html *h, const vl_heat *m)
{
    char text[64], number[32], class[16];
    vl_html_put(h, "<ul class=\"legend\">");
    snprintf(text, sizeof text, "less than %s %s off", vl_show_number(m->limit[0], number), m->unit);
    vl_svg_key(h, "ground", text);
    for (int side = -1; side <= 1; side += 2)
        for (int d = 1; d <= DEGREES; d++) {
            snprintf(class, sizeof class, "%s d%d", side < 0 ? "below" : "above", d);
            snprintf(text, sizeof text, "%s%s%s", side < 0 ? "\xe2\x88\x92" : "+",
                     vl_show_number(m->limit[d - 1], number), d < DEGREES ? "" : " or more");
            vl_svg_key(h, class, text);
        }
    vl_html_put(h, "</ul>\n");
}

void vl_svg_heat_open(vl_html *h, const vl_heat *m)
{
    const vl_axis x = vl_axis_between(m->edge[0], m->edge[m->ncol], 6, 1);
    const int bottom = TOP + (int)ceil(height_of(m));
    vl_html_put(h, "<figure>");
    vl_html_element(h, "figcaption", m->caption);
    vl_svg_open(h, m->title, bottom + VL_PLOT_LABELS);
    vl_html_putf(h, "<rect class=\"ground\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%.1f\"/>\n", VL_PLOT_LEFT,
                 TOP, VL_PLOT_RIGHT - VL_PLOT_LEFT, height_of(m));
    for (int d = -DEGREES; d <= DEGREES; d++)
        if (d) put_cells(h, m, &x, d);
    put_row_labels(h, m);
    vl_svg_labels(h, &x, bottom, 0.5, m->x, m->y);
    vl_svg_close(h);
    put_legend(h, m);
}

void vl_svg_heat_close(vl_html *h) { vl_html_put(h, "</figure>\n"); }
