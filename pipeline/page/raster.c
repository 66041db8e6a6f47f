/* Colours and ticks of maps (raster.h). */
#include "pipeline/page/raster.h"

#include <math.h>

bool vl_raster_range(const vl_raster *r, double range[2])
{
    const size_t n = (size_t)r->width * r->height;
    range[0] = INFINITY;
    range[1] = 0;
    for (size_t i = 0; i < n; i++) {
        if (!(r->cell[i] > 0) || !isfinite(r->cell[i])) continue;
        range[0] = fmin(range[0], r->cell[i]);
        range[1] = fmax(range[1], r->cell[i]);
    }
    range[0] = fmax(range[0], range[1] * pow(10, -VL_RASTER_DECADES));
    return range[1] > 0;
}

/* From light to dark, through these at even steps: the more, the farther from paper, in print too and to
 * those who see no red or green. */
void vl_raster_palette(uint8_t palette[VL_RASTER_COLOURS][3])
{
    static const uint8_t corner[][3] = { { 253, 231, 37 }, { 170, 220, 50 }, { 92, 200, 99 },
                                         { 39, 173, 129 }, { 33, 144, 141 }, { 44, 113, 142 },
                                         { 59, 81, 139 },  { 71, 44, 122 },  { 68, 1, 84 } };
    enum { STEPS = sizeof corner / sizeof *corner - 1, LAST = VL_RASTER_COLOURS - 1 };
    for (int k = 0; k < 3; k++) palette[0][k] = 255;
    for (int i = 1; i <= LAST; i++) {
        const int at = (i - 1) * STEPS, step = at / (LAST - 1) < STEPS ? at / (LAST - 1) : STEPS - 1;
        const int part = at - step * (LAST - 1);
        for (int k = 0; k < 3; k++) {
            const int a = corner[step][k], b = corner[step + 1][k];
            palette[i][k] = (uint8_t)(a + (b - a) * part / (LAST - 1));
        }
    }
}

uint8_t vl_raster_colour(const double range[2], double value)
{
    enum { LAST = VL_RASTER_COLOURS - 1 };
    if (!(value > 0)) return 0;
    const double span = log(range[1]) - log(range[0]);
    const double share = span > 0 ? (log(value) - log(range[0])) / span : 1;
    return (uint8_t)(1 + (int)floor(fmin(fmax(share, 0), 1) * (LAST - 1) + 0.5));
}

/* ---- ticks ---- */

int vl_raster_ticks(double from, double to, int most, double tick[VL_RASTER_TICKS])
{
    static const double round[] = { 1, 2, 5, 10 };
    if (!(to > from) || !isfinite(to - from)) return 0;
    const double power = pow(10, floor(log10((to - from) / most)));
    int n = 0, k = 0;
    while (k < 3 && (to - from) / (power * round[k]) > most) k++;
    const double step = power * round[k], first = ceil(from / step);
    while (n < VL_RASTER_TICKS && (first + n) * step <= to) {
        tick[n] = (first + n) * step;
        n++;
    }
    return n;
}

int vl_raster_powers(const double range[2], double tick[VL_RASTER_TICKS])
{
    int n = 0;
    for (int p = (int)ceil(log10(range[0])); n < VL_RASTER_TICKS && pow(10, p) <= range[1]; p++)
        tick[n++] = pow(10, p);
    return n;
}
