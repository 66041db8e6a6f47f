/*
 * PNG (png.h): signature, then chunks of a length, a name, data, and a CRC of both.
 *
 *     IHDR  width, height, 8 bits, palette      tEXt  what is said      PLTE, tRNS  colours
 *     IDAT  deflated rows, a filter byte (0: none) before each          IEND
 */
#include "pipeline/page/png.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { COLOURS = 256, PALETTE = 3, PIECE = 1 << 16 };

static void put32(uint8_t *to, uint32_t v)
{
    for (int i = 0; i < 4; i++) to[i] = (uint8_t)(v >> (24 - 8 * i));
}

static vl_code put_chunk(vl_buf *out, const char *name, const void *data, size_t n, vl_err *err)
{
    uint8_t number[4];
    const size_t from = out->len + 4;
    put32(number, (uint32_t)n);
    if (vl_buf_append(out, number, 4, err) || vl_buf_append(out, name, 4, err) ||
        vl_buf_append(out, data, n, err))
        return err->code;
    put32(number, (uint32_t)crc32(0, out->data + from, (uInt)(out->len - from)));
    return vl_buf_append(out, number, 4, err);
}

/* What the deflater has made, a chunk for each PIECE. */
static vl_code deflate_row(z_stream *z, const uint8_t *row, size_t n, bool last, uint8_t *piece, vl_buf *out,
                           vl_err *err)
{
    z->next_in = (Bytef *)(uintptr_t)row;
    z->avail_in = (uInt)n;
    for (;;) {
        if (!z->avail_out) {
            if (put_chunk(out, "IDAT", piece, PIECE, err)) return err->code;
            z->next_out = piece;
            z->avail_out = PIECE;
        }
        const int rc = deflate(z, last ? Z_FINISH : Z_NO_FLUSH);
        if (rc == Z_STREAM_END || (!last && !z->avail_in && z->avail_out)) return VL_OK;
        if (rc != Z_OK && rc != Z_BUF_ERROR) return vl_fail(err, VL_EBUG, "deflate gives %d", rc);
    }
}

static vl_code put_rows(const vl_png *png, z_stream *z, uint8_t *row, uint8_t *piece, vl_buf *out,
                        vl_err *err)
{
    const size_t n = (size_t)png->width * png->scale + 1;
    z->next_out = piece;
    z->avail_out = PIECE;
    row[0] = 0;
    for (uint32_t y = 0; y < png->height; y++) {
        const uint8_t *const pixel = png->pixel + (size_t)y * png->width;
        for (uint32_t x = 0; x < png->width; x++)
            memset(row + 1 + (size_t)x * png->scale, pixel[x], png->scale);
        for (uint32_t k = 0; k < png->scale; k++) {
            const bool last = y + 1 == png->height && k + 1 == png->scale;
            if (deflate_row(z, row, n, last, piece, out, err)) return err->code;
        }
    }
    return put_chunk(out, "IDAT", piece, PIECE - z->avail_out, err);
}

static vl_code put_head(const vl_png *png, vl_buf *out, vl_err *err)
{
    static const uint8_t signature[8] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n' };
    static const uint8_t nothing[1] = { 0 };
    static const char keyword[] = "Description";
    uint8_t head[13] = { [8] = 8, [9] = PALETTE };
    vl_buf said = { 0 };
    put32(head, png->width * png->scale);
    put32(head + 4, png->height * png->scale);
    if (!vl_buf_append(&said, keyword, sizeof keyword, err) &&
        !vl_buf_append(&said, png->said, strlen(png->said), err) &&
        !vl_buf_append(out, signature, sizeof signature, err) &&
        !put_chunk(out, "IHDR", head, sizeof head, err) &&
        !put_chunk(out, "tEXt", said.data, said.len, err) &&
        !put_chunk(out, "PLTE", png->colour, COLOURS * sizeof *png->colour, err))
        put_chunk(out, "tRNS", nothing, sizeof nothing, err);
    vl_buf_free(&said);
    return err->code;
}

vl_code vl_png_make(const vl_png *png, vl_buf *out, vl_err *err)
{
    z_stream z = { 0 };
    const uint64_t width = (uint64_t)png->width * png->scale, height = (uint64_t)png->height * png->scale;
    if (!width || !height || width > VL_PNG_SIDE || height > VL_PNG_SIDE)
        return vl_fail(err, VL_EUNSUP, "a picture of %llu x %llu pixels; %d are drawn",
                       (unsigned long long)width, (unsigned long long)height, VL_PNG_SIDE);
    uint8_t *const row = malloc((size_t)width + 1), *const piece = malloc(PIECE);
    if (!row || !piece || deflateInit(&z, 6) != Z_OK) {
        vl_fail(err, VL_ENOMEM, "no memory for a picture");
    } else {
        if (!put_head(png, out, err) && !put_rows(png, &z, row, piece, out, err))
            put_chunk(out, "IEND", "", 0, err);
        deflateEnd(&z);
    }
    free(row);
    free(piece);
    return err->code;
}
