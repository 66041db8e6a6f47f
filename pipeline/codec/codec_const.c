/*
 * Codec const: one element repeated, or (elements of 8 bytes) a straight line first, first + step, ...
 * Payload: the first element; for 8-byte elements also the step as u64. An empty chunk has an empty payload.
 */
#include "pipeline/codec/codec.h"

#include <string.h>

static bool same(const vl_pack_job *job, size_t width)
{
    return job->len < 2 * width || !memcmp(job->plain, job->plain + width, job->len - width);
}

static uint64_t step_of(const uint8_t *plain, size_t len)
{
    return len < 16 ? 0 : vl_le64(plain + 8) - vl_le64(plain);
}

static void draw_line(uint8_t *plain, vl_part part, uint64_t first, uint64_t step)
{
    for (size_t i = part.from; i < part.to; i++) vl_put_le64(plain + 8 * i, first + i * step);
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
    const size_t width = vl_type_width(job->type);
    *fits = width == 8 ? is_line(job) : same(job, width);
    if (!*fits || !job->len) return VL_OK;
    if (vl_buf_append(out, job->plain, width, err)) return err->code;
    if (width < 8) return VL_OK;
    uint8_t step[8];
    vl_put_le64(step, step_of(job->plain, job->len));
    return vl_buf_append(out, step, sizeof step, err);
}

static vl_code unpack(const vl_unpack_job *job, vl_err *err)
{
    const size_t width = job->width, want = !job->len ? 0 : width == 8 ? 16 : width;
    if (job->n != want)
        return vl_fail(err, VL_ESTORE, "const chunk has %zu bytes, expected %zu", job->n, want);
    if (!job->len) return VL_OK;
    const vl_part part = vl_wanted_elements(job, job->len / width);
    if (width == 8) {
        draw_line(job->plain, part, vl_le64(job->payload), vl_le64(job->payload + 8));
    } else if (width == 1) {
        memset(job->plain + part.from, job->payload[0], part.to - part.from);
    } else {
        for (size_t i = part.from; i < part.to; i++) memcpy(job->plain + i * width, job->payload, width);
    }
    return VL_OK;
}

const vl_codec vl_codec_const = { .name = "const",
                                  .id = VL_CODEC_const,
                                  .uses = VL_ANY,
                                  .types = VL_ANY,
                                  .first = true,
                                  .pack = pack,
                                  .unpack = unpack,
                                  .parts = true };
