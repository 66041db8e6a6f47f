/* Ion images as a table, a picture, and a drawing around that picture (image.h). */
#include "pipeline/page/html.h"
#include "pipeline/page/png.h"
#include "pipeline/spectra/image.h"

#include "formats/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- a table ---- */

static vl_code print_tsv(const vl_image *m, vl_buf *text, vl_err *err)
{
    vl_text_add(text, "x\ty\tintensity\n", err);
    for (uint32_t y = 0; y < m->height; y++)
        for (uint32_t x = 0; x < m->width && !err->code; x++) {
            const double value = m->value[(size_t)y * m->width + x];
            if (isnan(value)) continue;
            if (vl_text_number(text, (double)m->x + x, false, err) || vl_text_add(text, "\t", err) ||
                vl_text_number(text, (double)m->y + y, false, err) || vl_text_add(text, "\t", err) ||
                vl_text_number(text, value, false, err) || vl_text_add(text, "\n", err))
                break;
        }
    return err->code;
}

/* ---- a picture ---- */

/* Evenly spaced colours of viridis (Smith and van der Walt 2015, CC0), even to the eye and in grey. */
static const uint8_t anchors[][3] = { { 68, 1, 84 },    { 72, 40, 120 },  { 62, 73, 137 },  { 49, 104, 142 },
                                      { 38, 130, 142 }, { 31, 158, 137 }, { 53, 183, 121 }, { 110, 206, 88 },
                                      { 181, 222, 43 }, { 253, 231, 37 } };
enum {
    NANCHOR = sizeof anchors / sizeof *anchors,
    COLOURS = 256,
    SIDE = 512,
    SCALE_MOST = 64,
    SIDE_MOST = 1 << 15
};

/* Colour 0 is that of nothing; the others go from violet to yellow. */
static void make_colours(uint8_t colour[COLOURS][3])
{
    memset(colour[0], 255, 3);
    for (int i = 1; i < COLOURS; i++) {
        const double at = (double)(i - 1) / (COLOURS - 2) * (NANCHOR - 1);
        const int k = at < NANCHOR - 1 ? (int)at : NANCHOR - 2;
        for (int c = 0; c < 3; c++)
            colour[i][c] = (uint8_t)lround(anchors[k][c] + (at - k) * (anchors[k + 1][c] - anchors[k][c]));
    }
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The value of the brightest colour: of so many of the pixels that have one no other is higher. */
static vl_code find_top(const vl_image *m, double *top, vl_err *err)
{
    const size_t all = (size_t)m->width * m->height;
    double *const sorted = malloc((all + 1) * sizeof *sorted);
    size_t n = 0;
    if (!sorted) return vl_fail(err, VL_ENOMEM, "no memory for %zu pixels", all);
    for (size_t i = 0; i < all; i++)
        if (isfinite(m->value[i])) sorted[n++] = m->value[i];
    qsort(sorted, n, sizeof *sorted, ascending);
    const double rank = ceil(m->asked->clip * (double)n);
    *top = n ? sorted[rank >= 1 ? (size_t)rank - 1 : 0] : 0;
    free(sorted);
    return VL_OK;
}

static uint8_t colour_of(double value, double top)
{
    if (isnan(value)) return 0;
    if (!(value > 0) || !(top > 0)) return 1;
    return value >= top ? COLOURS - 1 : (uint8_t)(1 + (int)(value / top * (COLOURS - 2) + 0.5));
}

/* So many that the longer side is SIDE at most, where that is more than one. */
static uint32_t scale_of(const vl_image *m)
{
    const uint32_t side = m->width > m->height ? m->width : m->height, fits = SIDE / side;
    if (m->asked->scale) return (uint32_t)m->asked->scale;
    return fits < 1 ? 1 : fits > SCALE_MOST ? SCALE_MOST : fits;
}

static void say(const vl_image *m, double top, char *said, size_t n)
{
    const vl_xic_target *const t = &m->xic.target[0];
    char what[80] = "all peaks";
    if (!isnan(t->mz)) snprintf(what, sizeof what, "m/z %.4f to %.4f", t->low, t->high);
    snprintf(said, n, "%s, %s of peaks; intensity 0 to %.6g", what, t->highest ? "highest" : "sum", top);
}

/* Rows of colours, each pixel a square of `scale`; owned by the caller. NULL: err is set. */
static uint8_t *make_pixels(const vl_image *m, uint32_t scale, double top, vl_err *err)
{
    const uint64_t width = (uint64_t)m->width * scale, height = (uint64_t)m->height * scale;
    if (width > SIDE_MOST || height > SIDE_MOST) {
        vl_fail(err, VL_EUNSUP, "a picture of %llu x %llu pixels; %d are drawn", (unsigned long long)width,
                (unsigned long long)height, SIDE_MOST);
        return NULL;
    }
    uint8_t *const pixel = malloc((size_t)(width * height));
    if (!pixel) vl_fail(err, VL_ENOMEM, "no memory for %llu pixels", (unsigned long long)(width * height));
    for (uint32_t y = 0; pixel && y < m->height; y++) {
        uint8_t *const row = pixel + (size_t)y * scale * width;
        for (uint32_t x = 0; x < m->width; x++)
            memset(row + (size_t)x * scale, colour_of(m->value[(size_t)y * m->width + x], top), scale);
        for (uint32_t k = 1; k < scale; k++) memcpy(row + k * width, row, width);
    }
    return pixel;
}

static vl_code make_picture(const vl_image *m, char *said, size_t room, vl_buf *out, vl_err *err)
{
    const uint32_t scale = scale_of(m);
    uint8_t colour[COLOURS][3];
    double top = 0;
    if (find_top(m, &top, err)) return err->code;
    uint8_t *const pixel = make_pixels(m, scale, top, err);
    if (!pixel) return err->code;
    make_colours(colour);
    say(m, top, said, room);
    const vl_png png = { .width = m->width * scale,
                         .height = m->height * scale,
                         .pixel = pixel,
                         .palette = (const uint8_t(*)[3])colour,
                         .ncolor = COLOURS,
                         .clear = true,
                         .said = said };
    vl_png_write(out, &png, err);
    free(pixel);
    return err->code;
}

static vl_code print_png(const vl_image *m, vl_buf *text, vl_err *err)
{
    char said[160];
    return make_picture(m, said, sizeof said, text, err);
}

/* ---- a drawing around it ---- */

static void draw_scale(vl_html *h, uint32_t x, uint32_t height, double top)
{
    char number[32];
    vl_html_put(h, "<defs><linearGradient id=\"v\" x1=\"0\" y1=\"1\" x2=\"0\" y2=\"0\">");
    for (int i = 0; i < NANCHOR; i++)
        vl_html_putf(h, "<stop offset=\"%.4f\" stop-color=\"#%02x%02x%02x\"/>", (double)i / (NANCHOR - 1),
                     anchors[i][0], anchors[i][1], anchors[i][2]);
    vl_html_putf(
        h, "</linearGradient></defs><rect x=\"%u\" y=\"24\" width=\"14\" height=\"%u\" fill=\"url(#v)\"/>", x,
        height);
    vl_html_putf(h, "<text x=\"%u\" y=\"34\">%s</text><text x=\"%u\" y=\"%u\">0</text>", x + 20,
                 vl_show_number(top, number), x + 20, 24 + height);
}

static vl_code print_svg(const vl_image *m, vl_buf *text, vl_err *err)
{
    enum { RIGHT = 110, LEAST = 200 };
    char said[160];
    double top = 0;
    vl_buf picture = { 0 };
    vl_html h = { .err = err };
    const uint32_t scale = scale_of(m), width = m->width * scale, height = m->height * scale;
    if (!make_picture(m, said, sizeof said, &picture, err) && !find_top(m, &top, err)) {
        vl_html_putf(&h,
                     "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%u\" "
                     "font-family=\"sans-serif\" font-size=\"12\"><title>",
                     (width > LEAST ? width : LEAST) + RIGHT, height + 48);
        vl_html_text(&h, said);
        vl_html_put(&h, "</title><text x=\"0\" y=\"14\">");
        vl_html_text(&h, said);
        vl_html_putf(&h,
                     "</text><image x=\"0\" y=\"24\" width=\"%u\" height=\"%u\" "
                     "style=\"image-rendering:pixelated\" href=\"data:image/png;base64,",
                     width, height);
        if (!vl_buf_grow(&h.text, (picture.len + 2) / 3 * 4, err))
            h.text.len += vl_k.b64_encode(h.text.data + h.text.len, picture.data, picture.len);
        vl_html_put(&h, "\"/>");
        draw_scale(&h, width + 12, height, top);
        vl_html_putf(&h, "<text x=\"0\" y=\"%u\">x %d to %d, y %d to %d</text></svg>\n", height + 42, m->x,
                     (int)(m->x + (int64_t)m->width - 1), m->y, (int)(m->y + (int64_t)m->height - 1));
    }
    if (!err->code) vl_buf_append(text, h.text.data, h.text.len, err);
    vl_buf_free(&picture);
    vl_html_free(&h);
    return err->code;
}

static const vl_image_form tsv = { "tsv", print_tsv };
static const vl_image_form png = { "png", print_png };
static const vl_image_form svg = { "svg", print_svg };
const vl_image_form *const vl_image_forms[] = { &tsv, &png, &svg, NULL };
