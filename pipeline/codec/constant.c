/*
 * Codec const: one element repeated, or (elements of 8 bytes) a straight line first, first + step, ...
 * Payload: the first element; for 8-byte elements also the step as u64. An empty chunk has an empty payload.
 */
#include "pipeline/codec/codec.h"

#include <string.h>

static bool same(const vl_pack_job *job)
{
    return job->len < 2 * job->width || !memcmp(job->plain, job->plain + job->width, job->len - job->width);
}

static uint64_t step_of(const uint8_t *plain, size_t len)
{
    return len < 16 ? 0 : vl_le64(plain + 8) - vl_le64(plain);
}

static void draw_line(uint8_t *plain, size_t len, uint64_t first, uint64_t step)
{
    for (size_t i = 0; i < len / 8; i++) vl_put_le64(plain + 8 * i, first + i * step);
}

static bool is_line(const vl_pack_job *job)
{
    const uint64_t step = step_of(job->plain, job->len);
    for (size_t i = 8; i < job->len; i += 8)
        if (vl_le64(job->plain + i) - vl_le64(job->plain + i - 8) != step) return false;
    return true;
}

static vl_code pack(const vl_pack_job *job, vl_buf *out, bool *fits, vl_err *err)
{
    *fits = job->width == 8 ? is_line(job) : same(job);
    if (!*fits || !job->len) return VL_OK;
    if (vl_buf_append(out, job->plain, job->width, err)) return err->code;
    if (job->width < 8) return VL_OK;
    uint8_t step[8];
    vl_put_le64(step, step_of(job->plain, job->len));
    return vl_buf_append(out, step, sizeof step, err);
}

static vl_code unpack(const uint8_t *payload, size_t n, uint8_t *plain, size_t len, size_t width,
                      vl_work *work, vl_err *err)
{
    (void)work;
    const size_t want = !len ? 0 : width == 8 ? 16 : width;
    if (n != want) return vl_fail(err, VL_ESTORE, "const chunk has %zu bytes, expected %zu", n, want);
    if (!len) return VL_OK;
    if (width == 8) {
        draw_line(plain, len, vl_le64(payload), vl_le64(payload + 8));
    } else if (width == 1) {
        memset(plain, payload[0], len);
    } else {
        for (size_t i = 0; i < len; i += width) memcpy(plain + i, payload, width);
    }
    return VL_OK;
}

const vl_codec vl_codec_constant = { "const", VL_CODEC_constant, pack, unpack };
