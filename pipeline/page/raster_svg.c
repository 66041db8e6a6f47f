/* Maps as SVG (raster.h): axes and the scale of the colours as drawing, the cells as a PNG within it. */
#include "pipeline/page/raster.h"
#include "pipeline/page/svg.h"

#include <math.h>
#include <stdio.h>

enum {
    LEFT = 42,
    TOP = 4,
    BELOW = 40,
    GAP = 10,
    BAR = 10,
    RIGHT = 48,
    WIDTH = 330,
    HEIGHT = 220
}; /* 440 in all */

/* The cells in WIDTH x HEIGHT units, each with sharp edges. */
static void put_cells(vl_html *h, const vl_raster *r)
{
    vl_buf png = { 0 };
    vl_raster cells = *r;
    cells.bare = true;
    if (!vl_raster_png(&png, &cells, h->err)) {
        vl_html_putf(h,
                     "<image x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" preserveAspectRatio=\"none\" "
                     "style=\"image-rendering:pixelated\" href=\"data:image/png;base64,",
                     LEFT, TOP, WIDTH, HEIGHT);
        if (!vl_buf_grow(&h->text, png.len * 2 + VL_PAD, h->err))
            h->text.len += vl_k.b64_encode(h->text.data + h->text.len, png.data, png.len);
        vl_html_put(h, "\"/>\n");
    }
    vl_buf_free(&png);
    vl_html_putf(h,
                 "<rect class=\"grid\" style=\"fill:none\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>\n",
                 LEFT, TOP, WIDTH, HEIGHT);
}

static void put_axes(vl_html *h, const vl_raster *r)
{
    double tick[VL_RASTER_TICKS];
    const int bottom = TOP + HEIGHT;
    int n = vl_raster_ticks(r->from[0], r->to[0], 6, tick);
    for (int i = 0; i < n; i++) {
        const double x = LEFT + (tick[i] - r->from[0]) / (r->to[0] - r->from[0]) * WIDTH;
        vl_html_putf(h,
                     "<path class=\"grid\" d=\"M%.1f %dv5\"/><text class=\"tick\" x=\"%.1f\" y=\"%d\" "
                     "text-anchor=\"middle\">%.6g</text>\n",
                     x, bottom, x, bottom + 18, tick[i]);
    }
    n = vl_raster_ticks(r->from[1], r->to[1], 6, tick);
    for (int i = 0; i < n; i++) {
        const double y = bottom - (tick[i] - r->from[1]) / (r->to[1] - r->from[1]) * HEIGHT;
        vl_html_putf(h,
                     "<path class=\"grid\" d=\"M%d %.1fh5\"/><text class=\"tick\" x=\"%d\" y=\"%.1f\" "
                     "text-anchor=\"end\">%.6g</text>\n",
                     LEFT - 5, y, LEFT - 8, y + 4, tick[i]);
    }
    vl_html_putf(h, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">", LEFT + WIDTH, bottom + 36);
    vl_html_text(h, r->x);
    vl_html_putf(h, "</text>\n<text x=\"0\" y=\"%d\">", bottom + 36);
    vl_html_text(h, r->y);
    vl_html_put(h, "</text>\n");
}

static void put_scale(vl_html *h, const double range[2])
{
    enum { STEPS = 16 };
    uint8_t palette[VL_RASTER_COLOURS][3];
    double tick[VL_RASTER_TICKS];
    const int x = LEFT + WIDTH + GAP, n = vl_raster_powers(range, tick);
    vl_raster_palette(palette);
    vl_html_put(h, "<defs><linearGradient id=\"scale\" x1=\"0\" y1=\"1\" x2=\"0\" y2=\"0\">");
    for (int i = 0; i <= STEPS; i++) {
        const uint8_t *const c = palette[1 + (VL_RASTER_COLOURS - 2) * i / STEPS];
        vl_html_putf(h, "<stop offset=\"%g\" stop-color=\"#%02x%02x%02x\"/>", (double)i / STEPS, c[0], c[1],
                     c[2]);
    }
    vl_html_putf(h,
                 "</linearGradient></defs>\n<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" "
                 "fill=\"url(#scale)\"/>\n",
                 x, TOP, BAR, HEIGHT);
    for (int i = 0; i < n && range[1] > range[0]; i++) {
        const double y = TOP + HEIGHT - log(tick[i] / range[0]) / log(range[1] / range[0]) * HEIGHT;
        vl_html_putf(h,
                     "<path class=\"grid\" d=\"M%d %.1fh4\"/><text class=\"tick\" x=\"%d\" y=\"%.1f\">%.0e"
                     "</text>\n",
                     x + BAR, y, x + BAR + 7, y + 4, tick[i]);
    }
}

void vl_raster_svg(vl_html *h, const vl_raster *r)
{
    double range[2];
    vl_svg_file_open(h, r->title, r->caption, LEFT + WIDTH + GAP + BAR + RIGHT, TOP + HEIGHT + BELOW);
    put_cells(h, r);
    put_axes(h, r);
    if (vl_raster_range(r, range)) put_scale(h, range);
    vl_svg_close(h);
}
