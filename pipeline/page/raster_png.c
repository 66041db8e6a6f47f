/*
 * Maps as PNG (raster.h): the cells, a pixel each, the highest y above; m/z and the like to the left, the
 * scale of the colours to the right, time and the like below, in digits of 5 x 7 pixels.
 */
#include "pipeline/page/png.h"
#include "pipeline/page/raster.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LEFT = 46, TOP = 10, BOTTOM = 22, GAP = 14, BAR = 12, RIGHT = 40, LETTER = 6, LETTER_HIGH = 7 };
enum { INK = VL_RASTER_COLOURS - 1, WIDTH = 800, HEIGHT = 400 /* cells grow to about these, each alike */ };

typedef struct canvas {
    uint8_t *pixel; /* owned */
    int width, height;
    int left, top, across, up; /* where the map is, and its size */
    int each[2];               /* pixels of a cell */
} canvas;

static void put_pixel(canvas *c, int x, int y, uint8_t colour)
{
    if (x >= 0 && x < c->width && y >= 0 && y < c->height)
        c->pixel[(size_t)y * (size_t)c->width + (size_t)x] = colour;
}

/* Rows of 5 bits from the top, the left one highest. */
static void put_letter(canvas *c, int x, int y, char letter)
{
    static const char letters[] = "0123456789.-e+";
    static const uint8_t shape[][LETTER_HIGH] = {
        { 14, 17, 19, 21, 25, 17, 14 }, { 4, 12, 4, 4, 4, 4, 14 },  { 14, 17, 1, 2, 4, 8, 31 },
        { 31, 2, 4, 2, 1, 17, 14 },     { 2, 6, 10, 18, 31, 2, 2 }, { 31, 16, 30, 1, 1, 17, 14 },
        { 6, 8, 16, 30, 17, 17, 14 },   { 31, 1, 2, 4, 8, 8, 8 },   { 14, 17, 17, 14, 17, 17, 14 },
        { 14, 17, 17, 15, 1, 2, 12 },   { 0, 0, 0, 0, 0, 12, 12 },  { 0, 0, 0, 31, 0, 0, 0 },
        { 0, 0, 14, 17, 31, 16, 14 },   { 0, 4, 4, 31, 4, 4, 0 }
    };
    const char *const at = strchr(letters, letter);
    for (int row = 0; at && *at && row < LETTER_HIGH; row++)
        for (int k = 0; k < 5; k++)
            if (shape[at - letters][row] >> (4 - k) & 1) put_pixel(c, x + k, y + row, INK);
}

/* share: of its width that lies left of x; y is its middle. */
static void put_text(canvas *c, double x, int y, double share, const char *text)
{
    const int left = (int)lround(x - share * (double)strlen(text) * LETTER);
    for (int i = 0; text[i]; i++) put_letter(c, left + i * LETTER, y - LETTER_HIGH / 2, text[i]);
}

static void put_axes(canvas *c, const vl_raster *r)
{
    double tick[VL_RASTER_TICKS];
    char text[32];
    const int bottom = c->top + c->up, most = c->across / 60 + 1;
    int n = vl_raster_ticks(r->from[0], r->to[0], most < 10 ? most : 10, tick);
    for (int i = 0; i < n; i++) {
        const double x = LEFT + (tick[i] - r->from[0]) / (r->to[0] - r->from[0]) * c->across;
        for (int k = 0; k < 4; k++) put_pixel(c, (int)x, bottom + k, INK);
        snprintf(text, sizeof text, "%.6g", tick[i]);
        put_text(c, x, bottom + 10, 0.5, text);
    }
    n = vl_raster_ticks(r->from[1], r->to[1], (int)fmin(c->up / 40. + 1, 10), tick);
    for (int i = 0; i < n; i++) {
        const double y = bottom - (tick[i] - r->from[1]) / (r->to[1] - r->from[1]) * c->up;
        for (int k = 0; k < 4; k++) put_pixel(c, LEFT - 1 - k, (int)y, INK);
        snprintf(text, sizeof text, "%.6g", tick[i]);
        put_text(c, LEFT - 6, (int)y, 1, text);
    }
}

static void put_scale(canvas *c, const double range[2])
{
    double tick[VL_RASTER_TICKS];
    char text[32];
    const int x = LEFT + c->across + GAP, height = c->up;
    for (int y = 0; y < height; y++) {
        const int colour = 1 + (VL_RASTER_COLOURS - 2) * (height - 1 - y) / (height > 1 ? height - 1 : 1);
        for (int k = 0; k < BAR; k++) put_pixel(c, x + k, TOP + y, (uint8_t)colour);
    }
    const int n = vl_raster_powers(range, tick);
    for (int i = 0; i < n && range[1] > range[0]; i++) {
        const double share = log(tick[i] / range[0]) / log(range[1] / range[0]);
        const int y = TOP + height - 1 - (int)lround(share * (height - 1));
        for (int k = 0; k < 3; k++) put_pixel(c, x + BAR + k, y, INK);
        snprintf(text, sizeof text, "%.0e", tick[i]);
        put_text(c, x + BAR + 5, y, 0, text);
    }
}

static void put_cells(canvas *c, const vl_raster *r, const double range[2])
{
    for (int x = 0; x < c->across; x++)
        for (int y = 0; y < c->up; y++) {
            const size_t cell = (size_t)(x / c->each[0]) * r->height + (size_t)(y / c->each[1]);
            put_pixel(c, c->left + x, c->top + c->up - 1 - y, vl_raster_colour(range, r->cell[cell]));
        }
}

static canvas make_canvas(const vl_raster *r)
{
    const int width = (int)r->width, height = (int)r->height;
    canvas c = { .left = r->bare ? 0 : LEFT, .top = r->bare ? 0 : TOP };
    c.each[0] = r->bare || width > WIDTH ? 1 : WIDTH / width;
    c.each[1] = r->bare || height > HEIGHT ? 1 : HEIGHT / height;
    c.across = width * c.each[0];
    c.up = height * c.each[1];
    c.width = c.across + (r->bare ? 0 : LEFT + GAP + BAR + RIGHT);
    c.height = c.up + (r->bare ? 0 : TOP + BOTTOM);
    c.pixel = calloc((size_t)c.width, (size_t)c.height);
    return c;
}

vl_code vl_raster_png(vl_buf *out, const vl_raster *r, vl_err *err)
{
    enum { MOST = 1 << 26 };
    uint8_t palette[VL_RASTER_COLOURS][3];
    double range[2];
    if (!r->width || !r->height || r->width > MOST / r->height)
        return vl_fail(err, VL_EARG, "a map of %u x %u cells", r->width, r->height);
    const bool some = vl_raster_range(r, range);
    canvas c = make_canvas(r);
    if (!c.pixel) return vl_fail(err, VL_ENOMEM, "no memory for a map of %u x %u cells", r->width, r->height);
    put_cells(&c, r, range);
    if (!r->bare) put_axes(&c, r);
    if (!r->bare && some) put_scale(&c, range);
    vl_raster_palette(palette);
    vl_png_write(out, &(vl_png){ (uint32_t)c.width, (uint32_t)c.height, c.pixel, palette, VL_RASTER_COLOURS },
                 err);
    free(c.pixel);
    return err->code;
}
