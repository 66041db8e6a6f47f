/*
 * BGZF blocks (SAM specification, section 4.1): gzip members of at most 64 KiB, which name their own length
 * in an extra field BC, so that a reader can find and inflate them in parallel.
 */
#include "pipeline/io/output.h"

#include <libdeflate.h>
#include <string.h>

enum { TEXT = 65280, BLOCK = 65536, HEAD = 18, TRAILER = 8 };

/* gzip, deflate, FEXTRA; no time; system unknown; 6 extra bytes: B C, 2 bytes: block length - 1 */
static const uint8_t head[HEAD] = { 31, 139, 8, 4, 0, 0, 0, 0, 0, 255, 6, 0, 'B', 'C', 2, 0, 0, 0 };

const uint8_t vl_bgzf_eof[28] = { 31, 139, 8,  4, 0, 0, 0, 0, 0, 255, 6, 0, 'B', 'C',
                                  2,  0,   27, 0, 3, 0, 0, 0, 0, 0,   0, 0, 0,   0 };

static vl_code pack_block(struct libdeflate_compressor *packer, const uint8_t *text, size_t n, vl_buf *packed,
                          vl_err *err)
{
    if (vl_buf_grow(packed, BLOCK, err)) return err->code;
    uint8_t *const block = packed->data + packed->len;
    const size_t made = libdeflate_deflate_compress(packer, text, n, block + HEAD, BLOCK - HEAD - TRAILER);
    if (!made) return vl_fail(err, VL_EBUG, "%zu bytes of text do not fit in a BGZF block", n);
    const size_t len = HEAD + made + TRAILER;
    memcpy(block, head, HEAD);
    block[16] = (uint8_t)((len - 1) & 0xff);
    block[17] = (uint8_t)((len - 1) >> 8);
    vl_put_le32(block + HEAD + made, libdeflate_crc32(0, text, n));
    vl_put_le32(block + HEAD + made + 4, (uint32_t)n);
    packed->len += len;
    return VL_OK;
}

vl_code vl_bgzf_pack(const uint8_t *text, size_t n, int level, vl_buf *packed, vl_err *err)
{
    if (level < 0 || level > 12)
        return vl_fail(err, VL_EARG, "compression level is %d, 0 to 12 are known", level);
    struct libdeflate_compressor *const packer = libdeflate_alloc_compressor(level);
    if (!packer) return vl_fail(err, VL_ENOMEM, "no memory for a compressor");
    for (size_t at = 0; at < n && !err->code; at += TEXT)
        pack_block(packer, text + at, n - at < TEXT ? n - at : TEXT, packed, err);
    libdeflate_free_compressor(packer);
    return err->code;
}
