/* Codec raw: the bytes as they are. For what nothing else makes smaller. */
#include "pipeline/codec/codec.h"

#include <string.h>

static vl_code pack(const vl_pack_job *job, vl_buf *out, bool *fits, vl_err *err)
{
    *fits = true;
    return vl_buf_append(out, job->plain, job->len, err);
}

static vl_code unpack(const uint8_t *payload, size_t n, uint8_t *plain, size_t len, size_t width,
                      vl_work *work, vl_err *err)
{
    (void)width, (void)work;
    if (n != len) return vl_fail(err, VL_ESTORE, "raw chunk has %zu bytes, frame claims %zu", n, len);
    if (n) memcpy(plain, payload, n);
    return VL_OK;
}

const vl_codec vl_codec_raw = { "raw", VL_CODEC_raw, pack, unpack };
