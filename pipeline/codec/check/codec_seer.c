/*
 * Codec seer: no codec for data but one that checks what a codec is shown. It is only in programs built for
 * checks (VL_CHECK_CODECS in codec.def). It learns the ranks of byte values from the first chunk, sees where
 * rows end and the bytes of the column near it, and what it packs cannot be unpacked if any of that is not as
 * it was.
 *
 * Payload: u32 rows, u32 bytes near (0: none seen); the model; the ends of rows, u32 each; the bytes near;
 * then for each byte its rank, plus its place in its row, plus the byte near it, mod 256.
 */
#include "pipeline/codec/codec.h"

#include <string.h>

enum { LEVELS = 256 };

static vl_code learn(const vl_pack_job *job, vl_buf *model, vl_err *err)
{
    size_t count[LEVELS] = { 0 };
    uint8_t value[LEVELS];
    for (size_t i = 0; i < job->len; i++) count[job->plain[i]]++;
    for (int v = 0; v < LEVELS; v++) { /* insertion: ascending values keep their order among equals */
        int at = v;
        for (; at && count[value[at - 1]] < count[v]; at--) value[at] = value[at - 1];
        value[at] = (uint8_t)v;
    }
    return vl_buf_append(model, value, LEVELS, err);
}

/* What is added to the ranks: place in the row, and the byte near. */
static void add(uint8_t *bytes, size_t n, const uint8_t *row, size_t nrow, const uint8_t *near, int sign)
{
    size_t start = 0, k = 0;
    for (size_t i = 0; i < n; i++) {
        while (k < nrow && i >= vl_le32(row + 4 * k)) start = vl_le32(row + 4 * k++);
        const uint8_t more = (uint8_t)(i - start + (near ? near[i] : 0));
        bytes[i] = (uint8_t)(sign > 0 ? bytes[i] + more : bytes[i] - more);
    }
}

static vl_code pack(const vl_pack_job *job, vl_buf *out, bool *fits, vl_err *err)
{
    const vl_beside *const b = &job->beside;
    uint8_t head[8], rank[LEVELS];
    *fits = b->model && b->model->bytes.len == LEVELS;
    if (!*fits) return VL_OK;
    for (int r = 0; r < LEVELS; r++) rank[b->model->bytes.data[r]] = (uint8_t)r;
    vl_put_le32(head, (uint32_t)b->nrow);
    vl_put_le32(head + 4, b->near ? (uint32_t)job->len : 0);
    if (vl_buf_append(out, head, sizeof head, err) || vl_buf_append(out, b->model->bytes.data, LEVELS, err) ||
        vl_buf_append(out, b->row, 4 * b->nrow, err) ||
        (b->near && vl_buf_append(out, b->near, job->len, err)) || vl_buf_grow(out, job->len, err))
        return err->code;
    uint8_t *const bytes = out->data + out->len;
    for (size_t i = 0; i < job->len; i++) bytes[i] = rank[job->plain[i]];
    add(bytes, job->len, (const uint8_t *)b->row, b->nrow, b->near, 1);
    out->len += job->len;
    return VL_OK;
}

static vl_code unpack(const vl_unpack_job *job, vl_err *err)
{
    if (job->n < 8) return vl_fail(err, VL_ESTORE, "chunk of %zu bytes is cut", job->n);
    const uint64_t nrow = vl_le32(job->payload), nnear = vl_le32(job->payload + 4);
    if ((nnear && nnear != job->len) || job->n != 8 + LEVELS + 4 * nrow + nnear + job->len)
        return vl_fail(err, VL_ESTORE, "chunk of %zu bytes, expected %llu rows beside %zu", job->n,
                       (unsigned long long)nrow, job->len);
    const uint8_t *const model = job->payload + 8, *const row = model + LEVELS, *const near = row + 4 * nrow;
    memcpy(job->plain, near + nnear, job->len);
    add(job->plain, job->len, row, (size_t)nrow, nnear ? near : NULL, -1);
    for (size_t i = 0; i < job->len; i++) job->plain[i] = model[job->plain[i]];
    return VL_OK;
}

const vl_codec vl_codec_seer = { .name = "seer",
                                 .id = VL_CODEC_seer,
                                 .uses = VL_ONE(VL_USE_QUALITY),
                                 .types = VL_ONE(VL_U8),
                                 .first = true,
                                 .pack = pack,
                                 .unpack = unpack,
                                 .rows = true,
                                 .near = true,
                                 .learn = learn };
