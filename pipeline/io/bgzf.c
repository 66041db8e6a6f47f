/*
 * BGZF blocks (SAM specification, section 4.1): gzip members of at most 64 KiB, which name their own length
 * in an extra field BC, so that a reader can find and inflate them in parallel.
 */
#include "pipeline/io/output.h"

#include <isa-l/igzip_lib.h>
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT = 65280, BLOCK = 65536, HEAD = 18, TRAILER = 8 };

/* gzip, deflate, FEXTRA; no time; system unknown; 6 extra bytes: B C, 2 bytes: block length - 1 */
static const uint8_t head[HEAD] = { 31, 139, 8, 4, 0, 0, 0, 0, 0, 255, 6, 0, 'B', 'C', 2, 0, 0, 0 };

const uint8_t vl_bgzf_eof[28] = { 31, 139, 8,  4, 0, 0, 0, 0, 0, 255, 6, 0, 'B', 'C',
                                  2,  0,   27, 0, 3, 0, 0, 0, 0, 0,   0, 0, 0,   0 };

/* ISA-L's first level takes half the time of libdeflate's, for a twelfth more bytes; owned. */
typedef struct packer {
    struct libdeflate_compressor *slow; /* NULL: quick */
    uint8_t *quick;                     /* [ISAL_DEF_LVL1_DEFAULT] */
} packer;

static vl_code make_packer(packer *p, int level, vl_err *err)
{
    *p = (packer){ 0 };
    if (level == 1) p->quick = malloc(ISAL_DEF_LVL1_DEFAULT);
    else p->slow = libdeflate_alloc_compressor(level);
    return p->quick || p->slow ? VL_OK : vl_fail(err, VL_ENOMEM, "no memory for a compressor");
}

static void free_packer(packer *p)
{
    if (p->slow) libdeflate_free_compressor(p->slow);
    free(p->quick);
}

/* The bytes that n of text make; 0: more than there is room for. */
static size_t deflate(const packer *p, const uint8_t *text, size_t n, uint8_t *to, size_t room)
{
    struct isal_zstream z;
    if (p->slow) return libdeflate_deflate_compress(p->slow, text, n, to, room);
    isal_deflate_stateless_init(&z);
    z.level = 1;
    z.level_buf = p->quick;
    z.level_buf_size = ISAL_DEF_LVL1_DEFAULT;
    z.next_in = (uint8_t *)(uintptr_t)text;
    z.avail_in = (uint32_t)n;
    z.next_out = to;
    z.avail_out = (uint32_t)room;
    z.end_of_stream = 1;
    return isal_deflate_stateless(&z) == COMP_OK && !z.avail_in ? z.total_out : 0;
}

static vl_code pack_block(const packer *p, const uint8_t *text, size_t n, vl_buf *packed, vl_err *err)
{
    if (vl_buf_grow(packed, BLOCK, err)) return err->code;
    uint8_t *const block = packed->data + packed->len;
    const size_t made = deflate(p, text, n, block + HEAD, BLOCK - HEAD - TRAILER);
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
    packer p;
    if (level < 0 || level > 12)
        return vl_fail(err, VL_EARG, "compression level is %d, 0 to 12 are known", level);
    if (make_packer(&p, level, err)) return err->code;
    for (size_t at = 0; at < n && !err->code; at += TEXT)
        pack_block(&p, text + at, n - at < TEXT ? n - at : TEXT, packed, err);
    free_packer(&p);
    return err->code;
}
