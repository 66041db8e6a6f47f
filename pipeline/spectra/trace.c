/* Traces as drawings (trace.h). */
#include "pipeline/spectra/trace.h"

#include <math.h>
#include <stdio.h>

/* Can be drawn: axes are sums and differences of such. */
static bool is_drawn(double x) { return isfinite(x) && fabs(x) < 1e300; }

void vl_trace_take(vl_trace *t, const double *time, const double *value, size_t n)
{
    double from = INFINITY, to = -INFINITY;
    for (size_t i = 0; i < n; i++) {
        if (!is_drawn(time[i]) || !is_drawn(value[i])) continue;
        from = fmin(from, time[i]);
        to = fmax(to, time[i]);
    }
    if (!(from <= to)) from = to = 0;
    if (to - from <= fabs(from) * 1e-9) to = from + fmax(1, fabs(from) * 1e-3);
    t->from = from;
    t->to = to;
    for (int c = 0; c < VL_TRACE_COLUMNS; c++) t->y[c] = (double)NAN;
    for (size_t i = 0; i < n; i++) {
        if (!is_drawn(time[i]) || !is_drawn(value[i])) continue;
        double *const y = &t->y[(int)((time[i] - from) / (to - from) * (VL_TRACE_COLUMNS - 1))];
        if (isnan(*y) || value[i] > *y) *y = value[i];
    }
}

void vl_trace_draw(vl_html *h, const char *title, const vl_trace *const *trace, int n, size_t all)
{
    vl_plot plot[VL_TRACE_PANELS];
    vl_curve curve[VL_TRACE_PANELS];
    char last[256];
    for (int i = 0; i < n; i++) {
        const vl_trace *const t = trace[i];
        curve[i] = (vl_curve){ t->caption, 0, t->y };
        plot[i] = (vl_plot){ .caption = t->caption,
                             .title = title,
                             .x = "time, s",
                             .y = t->unit,
                             .from = t->from,
                             .step = (t->to - t->from) / (VL_TRACE_COLUMNS - 1),
                             .n = VL_TRACE_COLUMNS,
                             .joined = true,
                             .unit = VL_CHART_NUMBER,
                             .curve = &curve[i],
                             .ncurve = 1 };
    }
    if (n && all > (size_t)n) {
        snprintf(last, sizeof last, "%s (%d of %zu are drawn)", plot[n - 1].caption, n, all);
        plot[n - 1].caption = last;
    }
    vl_svg_file_panels(h, title, plot, n);
}
