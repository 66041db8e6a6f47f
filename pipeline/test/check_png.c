/*
 * Checks images (page/png.h): their chunks against a walk by hand with a CRC of our own, bit by bit, and
 * their pixels as zlib unpacks them; sizes around those of buffers; what is no image.
 * Suites: io. Also: asan.
 */
#include "pipeline/page/png.h"
#include "pipeline/test/check.h"

#include <stdlib.h>
#include <zlib.h>

static uint64_t seed = 11;

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Annex D of the specification, without its table. */
static uint32_t crc_of(const uint8_t *p, size_t n)
{
    uint32_t c = UINT32_MAX;
    for (size_t i = 0; i < n; i++) {
        c ^= p[i];
        for (int k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ c >> 1 : c >> 1;
    }
    return ~c;
}

/* The chunk at *at, which moves behind it; n is the length of its data. */
static const uint8_t *next_chunk(const vl_buf *png, size_t *at, const char *type, size_t *n)
{
    const uint8_t *const p = png->data + *at;
    *n = 0;
    if (!CHECK(*at + 12 <= png->len, "%s at %zu", type, *at)) return p;
    *n = be32(p);
    if (!CHECK(*n <= png->len - *at - 12, "%s: %zu bytes", type, *n)) return p;
    CHECK(!memcmp(p + 4, type, 4), "%s, not %.4s", type, (const char *)p + 4);
    CHECK(be32(p + 8 + *n) == crc_of(p + 4, *n + 4), "CRC of %s", type);
    *at += *n + 12;
    return p + 8;
}

static void check_rows(const vl_png *image, const uint8_t *idat, size_t n, size_t row)
{
    uLongf got = (uLongf)(image->height * (row + 1));
    uint8_t *const rows = malloc(got);
    bool same = rows && uncompress(rows, &got, idat, n) == Z_OK && got == image->height * (row + 1);
    for (size_t y = 0; same && y < image->height; y++)
        same = !rows[y * (row + 1)] && !memcmp(rows + y * (row + 1) + 1, image->pixel + y * row, row);
    CHECK(same, "pixels of %u x %u", image->width, image->height);
    free(rows);
}

static void check_image(const vl_png *image)
{
    vl_err err = VL_ERR_INIT;
    vl_buf png = { 0 };
    size_t at = 8, n;
    const size_t row = (image->palette ? 1 : 3) * (size_t)image->width;
    if (!CHECK(!vl_png_write(&png, image, &err), "%s", err.what)) return;
    CHECK(!memcmp(png.data, "\211PNG\r\n\032\n", 8), "signature");
    const uint8_t *chunk = next_chunk(&png, &at, "IHDR", &n);
    CHECK(n == 13 && be32(chunk) == image->width && be32(chunk + 4) == image->height, "size");
    CHECK(!memcmp(chunk + 8, image->palette ? "\10\3\0\0\0" : "\10\2\0\0\0", 5), "kind");
    if (image->palette) {
        chunk = next_chunk(&png, &at, "PLTE", &n);
        CHECK(n == 3 * (size_t)image->ncolor && !memcmp(chunk, image->palette, n), "palette");
    }
    chunk = next_chunk(&png, &at, "IDAT", &n);
    check_rows(image, chunk, n, row);
    next_chunk(&png, &at, "IEND", &n);
    CHECK(!n && at == png.len, "end");
    vl_buf_free(&png);
}

static void check_sizes(void)
{
    static const uint32_t size[][2] = { { 1, 1 }, { 7, 3 }, { 1, 300 }, { 300, 1 }, { 700, 401 } };
    uint8_t palette[256][3], *const pixel = malloc(700 * 401 * 3);
    for (int i = 0; i < 256; i++)
        for (int k = 0; k < 3; k++) palette[i][k] = (uint8_t)(i * (k + 3));
    for (size_t s = 0; pixel && s < sizeof size / sizeof *size; s++)
        for (int flat = 0; flat < 2; flat++) {
            const uint32_t w = size[s][0], h = size[s][1];
            for (size_t i = 0; i < (size_t)w * h * 3; i++)
                pixel[i] = flat ? (uint8_t)(i / w % 200) : (uint8_t)check_random(&seed);
            check_image(&(vl_png){ w, h, pixel, NULL, 0 });
            check_image(&(vl_png){ w, h, pixel, palette, 256 });
            if (flat) check_image(&(vl_png){ w, h, pixel, palette, 200 });
        }
    free(pixel);
}

static void check_refused(void)
{
    const uint8_t pixel[2] = { 0, 3 }, palette[3][3] = { { 0 } };
    const vl_png no[] = { { 0, 1, pixel, palette, 3 },
                          { 1, 0, pixel, palette, 3 },
                          { 2, 1, pixel, palette, 3 },
                          { UINT32_MAX, UINT32_MAX, pixel, NULL, 0 },
                          { 1 << 15, (1 << 15) + 1, pixel, palette, 3 },
                          { 1 << 14, 1 << 15, pixel, NULL, 0 } };
    for (size_t i = 0; i < sizeof no / sizeof *no; i++) {
        vl_err err = VL_ERR_INIT;
        vl_buf png = { 0 };
        CHECK(vl_png_write(&png, &no[i], &err) == VL_EARG && !png.len, "image %zu: %s", i, err.what);
        vl_buf_free(&png);
    }
}

int main(void)
{
    check_sizes();
    check_refused();
    return check_end();
}
