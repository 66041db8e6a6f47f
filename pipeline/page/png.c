/*
 * Writes PNG (png.h). A file is a signature and chunks: length of the data, type, data, CRC-32 of type and
 * data; numbers are big-endian (section 5). IHDR says what the image is, PLTE its colours, IDAT is a zlib
 * stream of its rows, each behind the number of its filter (section 9; 0: none), IEND is empty.
 */
#include "pipeline/page/png.h"

#include <zlib.h>

enum { MOST = 1 << 30, ROOM = 1 << 16, PALETTE = 3, RGB = 2, CRC = 4, HEAD = 8 };

static void put_be32(uint8_t *to, uint32_t v)
{
    for (int i = 0; i < 4; i++) to[i] = (uint8_t)(v >> (24 - 8 * i));
}

/* Length, to be filled in, and type; *at is where the chunk starts. */
static vl_code open_chunk(vl_buf *out, const char *type, size_t *at, vl_err *err)
{
    *at = out->len;
    if (vl_buf_append(out, "\0\0\0", 4, err)) return err->code;
    return vl_buf_append(out, type, 4, err);
}

static vl_code close_chunk(vl_buf *out, size_t at, vl_err *err)
{
    uint8_t crc[CRC];
    put_be32(out->data + at, (uint32_t)(out->len - at - HEAD));
    put_be32(crc, (uint32_t)crc32(0, out->data + at + 4, (uInt)(out->len - at - 4)));
    return vl_buf_append(out, crc, sizeof crc, err);
}

static vl_code put_chunk(vl_buf *out, const char *type, const void *data, size_t n, vl_err *err)
{
    size_t at;
    if (open_chunk(out, type, &at, err) || vl_buf_append(out, data, n, err)) return err->code;
    return close_chunk(out, at, err);
}

/* What the stream takes of n bytes goes to out; at the end all that it holds. */
static vl_code squeeze(z_stream *z, const uint8_t *bytes, size_t n, int flush, vl_buf *out, vl_err *err)
{
    int state;
    z->next_in = (Bytef *)(uintptr_t)bytes;
    z->avail_in = (uInt)n;
    do {
        if (vl_buf_grow(out, ROOM, err)) return err->code;
        z->next_out = out->data + out->len;
        z->avail_out = ROOM;
        state = deflate(z, flush);
        out->len += ROOM - z->avail_out;
    } while (z->avail_in || (flush == Z_FINISH && state == Z_OK));
    return VL_OK;
}

static vl_code put_rows(vl_buf *out, const vl_png *image, size_t row, vl_err *err)
{
    z_stream z = { 0 };
    size_t at;
    if (open_chunk(out, "IDAT", &at, err)) return err->code;
    if (deflateInit(&z, 6) != Z_OK) return vl_fail(err, VL_ENOMEM, "no memory for an image");
    for (uint32_t y = 0; y < image->height && !err->code; y++)
        if (!squeeze(&z, (const uint8_t *)"", 1, Z_NO_FLUSH, out, err))
            squeeze(&z, image->pixel + y * row, row, Z_NO_FLUSH, out, err);
    if (!err->code) squeeze(&z, NULL, 0, Z_FINISH, out, err);
    deflateEnd(&z);
    return err->code ? err->code : close_chunk(out, at, err);
}

/* Keyword, 0, text (section 11.3.4.3). */
static vl_code put_said(vl_buf *out, const char *said, vl_err *err)
{
    static const char keyword[] = "Description";
    size_t at;
    if (open_chunk(out, "tEXt", &at, err) || vl_buf_append(out, keyword, sizeof keyword, err) ||
        vl_buf_append(out, said, strlen(said), err))
        return err->code;
    return close_chunk(out, at, err);
}

static vl_code check(const vl_png *image, vl_err *err)
{
    const uint64_t room = image->palette ? MOST : MOST / 3;
    if (!image->width || !image->height) return vl_fail(err, VL_EARG, "an image without pixels");
    if (image->width > room / image->height)
        return vl_fail(err, VL_EARG, "an image of %u x %u pixels is too large", image->width, image->height);
    if (!image->palette) return VL_OK;
    for (size_t i = 0; i < (size_t)image->width * image->height; i++)
        if (image->pixel[i] >= image->ncolor)
            return vl_fail(err, VL_EARG, "pixel %zu is of colour %u, the palette has %d", i, image->pixel[i],
                           image->ncolor);
    return VL_OK;
}

vl_code vl_png_write(vl_buf *out, const vl_png *image, vl_err *err)
{
    static const uint8_t signature[] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n' };
    uint8_t head[13] = { [8] = 8 /* bits */ }; /* [10..12]: deflate, filters by row, not interlaced */
    if (check(image, err) || vl_buf_append(out, signature, sizeof signature, err)) return err->code;
    put_be32(head, image->width);
    put_be32(head + 4, image->height);
    head[9] = image->palette ? PALETTE : RGB;
    if (put_chunk(out, "IHDR", head, sizeof head, err)) return err->code;
    if (image->said && put_said(out, image->said, err)) return err->code;
    if (image->palette && put_chunk(out, "PLTE", image->palette, 3 * (size_t)image->ncolor, err))
        return err->code;
    if (image->clear && put_chunk(out, "tRNS", "", 1, err)) return err->code;
    if (put_rows(out, image, (image->palette ? 1 : 3) * (size_t)image->width, err)) return err->code;
    return put_chunk(out, "IEND", "", 0, err);
}
