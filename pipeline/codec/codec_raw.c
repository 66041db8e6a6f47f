/* Codec raw: the bytes as they are. For what nothing else makes smaller. */
#include "pipeline/codec/codec.h"

#include <string.h>

static vl_code pack(const vl_pack_job *job, vl_buf *out, bool *fits, vl_err *err)
{
    *fits = true;
    return vl_buf_append(out, job->plain, job->len, err);
}

static vl_code unpack(const vl_unpack_job *job, vl_err *err)
{
    if (job->n != job->len)
        return vl_fail(err, VL_ESTORE, "raw chunk has %zu bytes, frame claims %zu", job->n, job->len);
    if (job->n) memcpy(job->plain, job->payload, job->n);
    return VL_OK;
}

const vl_codec vl_codec_raw = {
    .name = "raw", .id = VL_CODEC_raw, .uses = VL_ANY, .types = VL_ANY, .pack = pack, .unpack = unpack
};
