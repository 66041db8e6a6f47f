/*
 * Codec bitpack: bytes with at most 16 different values, as ranks of 1, 2 or 4 bits.
 * Payload: u8 number of values; the values, ascending; u8 1 if zstd follows, 0 if bare ranks; the ranks,
 * first in the lowest bits. Four binned qualities a byte suit zstd's Huffman stage: it then codes four values
 * at once, and its quickest level is also smaller than the middle ones, which spend bits on short matches
 * (NovaSeq qualities, bytes of 15,000,000: level 1 4,130,113; 3 4,225,606; 5 4,182,447; 9 3,929,678).
 */
#include "pipeline/codec/codec.h"

#include <string.h>

static size_t packed_size(size_t n, unsigned nvalue)
{
    const size_t bits = nvalue <= 2 ? 1 : nvalue <= 4 ? 2 : 4;
    return (n * bits + 7) / 8;
}

/* The different bytes, ascending; stops after 17. */
static unsigned distinct(const uint8_t *bytes, size_t n, uint8_t value[17])
{
    enum { PIECE = 1 << 15 };
    uint8_t seen[4][256] = { { 0 } }; /* four, so that equal neighbours do not wait for each other */
    unsigned nvalue = 0;
    for (size_t at = 0; at < n && nvalue < 17; at += PIECE) {
        const size_t end = n - at < PIECE ? n : at + PIECE;
        size_t i = at;
        for (; i + 4 <= end; i += 4)
            for (size_t k = 0; k < 4; k++) seen[k][bytes[i + k]] = 1;
        for (; i < end; i++) seen[0][bytes[i]] = 1;
        nvalue = 0;
        for (int v = 0; v < 256 && nvalue < 17; v++)
            if (seen[0][v] | seen[1][v] | seen[2][v] | seen[3][v]) value[nvalue++] = (uint8_t)v;
    }
    return nvalue;
}

static vl_code pack(const vl_pack_job *job, vl_buf *out, bool *fits, vl_err *err)
{
    uint8_t head[19], value[17];
    const unsigned nvalue = distinct(job->plain, job->len, value);
    *fits = nvalue >= 1 && nvalue <= 16;
    if (!*fits) return VL_OK;
    vl_buf *const rank = &job->work->a;
    const size_t size = packed_size(job->len, nvalue), start = out->len;
    if (vl_buf_reserve(rank, size, err)) return err->code;
    vl_k.rank_pack(rank->data, job->plain, job->len, value, nvalue);
    head[0] = (uint8_t)nvalue;
    memcpy(head + 1, value, nvalue);
    head[1 + nvalue] = 1;
    if (vl_buf_append(out, head, nvalue + 2, err)) return err->code;
    if (vl_zstd_pack(rank->data, size, job->effort, job->work, out, err)) return err->code;
    if (out->len - start - nvalue - 2 < size) return VL_OK;
    out->len = start + nvalue + 2;
    out->data[out->len - 1] = 0;
    return vl_buf_append(out, rank->data, size, err);
}

static vl_code unpack(const vl_unpack_job *job, vl_err *err)
{
    vl_work *const work = job->work;
    const unsigned nvalue = job->n ? job->payload[0] : 0;
    if (nvalue < 1 || nvalue > 16 || job->n < nvalue + 2u)
        return vl_fail(err, VL_ESTORE, "bitpack chunk of %zu bytes claims %u values", job->n, nvalue);
    const uint8_t *const value = job->payload + 1, *const rank = job->payload + nvalue + 2;
    const size_t rest = job->n - nvalue - 2, size = packed_size(job->len, nvalue);
    if (vl_buf_reserve(&work->a, size, err)) return err->code;
    if (job->payload[nvalue + 1]) {
        if (vl_zstd_unpack(rank, rest, work->a.data, size, work, err)) return err->code;
    } else {
        if (rest != size)
            return vl_fail(err, VL_ESTORE, "bitpack chunk has %zu bytes, expected %zu", rest, size);
        memcpy(work->a.data, rank, size); /* the kernel reads past its source: it needs the padding */
    }
    vl_k.rank_unpack(job->plain, work->a.data, job->len, value, nvalue);
    return VL_OK;
}

const vl_codec vl_codec_bitpack = { .name = "bitpack",
                                    .id = VL_CODEC_bitpack,
                                    .uses = VL_ANY,
                                    .types = VL_BYTES,
                                    .pack = pack,
                                    .unpack = unpack };
