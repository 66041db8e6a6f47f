/* Records, parts and headers of blocks (container.h). */
#include "pipeline/container/container.h"

#include "formats/leb.h"

void vl_portion_clear(vl_portion *part)
{
    part->kind = VL_PORTION_NONE;
    part->nunit = 0;
    vl_deflate_blocks_clear(&part->blocks);
    part->stream.len = part->text.len = part->said.len = part->before.len = part->behind.len = 0;
}

void vl_portion_free(vl_portion *part)
{
    vl_buf *const all[] = { &part->stream, &part->text, &part->said, &part->before, &part->behind };
    vl_deflate_blocks_free(&part->blocks);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) vl_buf_free(all[i]);
}

/* ---- headers of blocks ---- */

/* gzip, deflate, FEXTRA; time, XFL, OS; 6 extra bytes: B C, 2 bytes: block length - 1 */
enum { SOME = 4, XLEN = 10, BSIZE = 16 };
static const uint8_t magic[SOME] = { 31, 139, 8, 4 }, extra[BSIZE - XLEN] = { 6, 0, 'B', 'C', 2, 0 };

void vl_block_head_write(uint8_t head[VL_BLOCK_HEAD], const uint8_t some[6], size_t block)
{
    memcpy(head, magic, SOME);
    memcpy(head + SOME, some, XLEN - SOME);
    memcpy(head + XLEN, extra, BSIZE - XLEN);
    head[BSIZE] = (uint8_t)((block - 1) & 0xff);
    head[BSIZE + 1] = (uint8_t)((block - 1) >> 8);
}

bool vl_block_head_known(const uint8_t *head, size_t n)
{
    return n >= VL_BLOCK_HEAD && !memcmp(head, magic, SOME) && !memcmp(head + XLEN, extra, BSIZE - XLEN) &&
           vl_le16(head + BSIZE) >= VL_BLOCK_HEAD + VL_GZIP_TRAILER;
}

/* ---- records ---- */

vl_code vl_leb_append(vl_buf *out, uint64_t v, vl_err *err)
{
    uint8_t bytes[VL_LEB_MOST];
    return vl_buf_append(out, bytes, (size_t)(vl_put_leb(bytes, v) - bytes), err);
}

vl_code vl_record_put(vl_buf *out, vl_record_type type, const uint8_t *bytes, size_t n, vl_err *err)
{
    const uint8_t letter = (uint8_t)type;
    if (vl_buf_append(out, &letter, 1, err) || vl_leb_append(out, n, err)) return err->code;
    return n ? vl_buf_append(out, bytes, n, err) : VL_OK;
}

vl_code vl_record_get(const uint8_t *bytes, size_t n, vl_record *record, size_t *used, vl_err *err)
{
    uint64_t len = 0;
    *used = 0;
    if (n < 2) return VL_OK;
    const uint8_t *const p = vl_get_leb(bytes + 1, bytes + n, &len);
    if (!p && n < 1 + VL_LEB_MOST) return VL_OK;
    if (!p || len > VL_RECORD_MOST) return vl_fail(err, VL_ESTORE, "a record that is too long");
    if (len > (size_t)(bytes + n - p)) return VL_OK;
    *record = (vl_record){ *bytes, p, (size_t)len };
    *used = (size_t)(p - bytes) + (size_t)len;
    return VL_OK;
}
