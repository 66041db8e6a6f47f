/*
 * Codec base2: upper case A, C, G, T in two bits, all other letters as runs beside them.
 * Payload: u32 bytes of the run list as packed (0: no runs), u32 its plain bytes; the list, a zstd frame; u8
 * 1 if the two-bit bytes are a zstd frame, 0 if bare; the two-bit bytes (kernels/base2.c). The list is that
 * of odd_letters.h; letters that it names are 0 in the two-bit bytes.
 */
#include "pipeline/codec/codec.h"
#include "pipeline/codec/odd_letters.h"

#include <string.h>

static vl_code pack(const vl_pack_job *job, vl_buf *out, bool *fits, vl_err *err)
{
    const size_t n = job->len, size = (n + 3) / 4;
    vl_buf *const two = &job->work->a, *const list = &job->work->b;
    if (vl_buf_reserve(two, size + (n + 7) / 8 + VL_PAD, err)) return err->code;
    uint8_t *const odd = two->data + size;
    const size_t nodd = vl_k.base2_pack(two->data, odd, job->plain, n);
    *fits = nodd <= n / 8;
    if (!*fits) return VL_OK;
    if (vl_odd_list(job->plain, n, odd, list, err)) return err->code;
    const size_t start = out->len;
    if (vl_buf_grow(out, 9, err)) return err->code;
    out->len += 8;
    const int effort = job->effort ? job->effort : 1; /* runs do repeat */
    if (list->len && vl_zstd_pack(list->data, list->len, effort, job->work, out, err)) return err->code;
    vl_put_le32(out->data + start, (uint32_t)(out->len - start - 8));
    vl_put_le32(out->data + start + 4, (uint32_t)list->len);
    const size_t flag = out->len;
    if (vl_buf_append(out, "\1", 1, err)) return err->code;
    if (vl_zstd_pack(two->data, size, job->effort < 3 ? 3 : job->effort, job->work, out, err))
        return err->code;
    if (out->len - flag - 1 < size - size / 64) return VL_OK;
    out->len = flag;
    if (vl_buf_append(out, "\0", 1, err)) return err->code;
    return vl_buf_append(out, two->data, size, err);
}

/* The two-bit bytes into work->a. */
static vl_code take_two(const vl_unpack_job *job, const uint8_t *two, size_t n, bool zstd, vl_err *err)
{
    vl_work *const work = job->work;
    const size_t size = (job->len + 3) / 4;
    if (vl_buf_reserve(&work->a, size, err)) return err->code;
    if (zstd) return vl_zstd_unpack(two, n, work->a.data, size, work, err);
    if (n != size) return vl_fail(err, VL_ESTORE, "base2 chunk has %zu bytes, expected %zu", n, size);
    memcpy(work->a.data, two, size); /* the kernel reads past its source: it needs the padding */
    return VL_OK;
}

static vl_code unpack(const vl_unpack_job *job, vl_err *err)
{
    vl_work *const work = job->work;
    const uint8_t *const p = job->payload;
    if (job->n < 9 || vl_le32(p) > job->n - 9)
        return vl_fail(err, VL_ESTORE, "base2 chunk of %zu bytes is cut", job->n);
    const size_t packed_list = vl_le32(p), list = vl_le32(p + 4);
    const uint8_t *const two = p + 8 + packed_list + 1;
    if (take_two(job, two, job->n - 9 - packed_list, two[-1], err)) return err->code;
    vl_k.base2_unpack(job->plain, work->a.data, job->len);
    if (!list) return VL_OK;
    if (list > vl_odd_most(job->len)) /* a run takes a letter at least */
        return vl_fail(err, VL_ESTORE, "base2 run list claims %zu bytes", list);
    if (vl_buf_reserve(&work->b, list, err)) return err->code;
    if (vl_zstd_unpack(p + 8, packed_list, work->b.data, list, work, err)) return err->code;
    return vl_odd_lay(work->b.data, work->b.data + list, job->plain, job->len, err);
}

const vl_codec vl_codec_base2 = { .name = "base2",
                                  .id = VL_CODEC_base2,
                                  .uses = VL_ONE(VL_USE_BASE) | VL_ONE(VL_USE_SHARED),
                                  .types = VL_BYTES,
                                  .pack = pack,
                                  .unpack = unpack };
