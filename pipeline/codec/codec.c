/* The codec table, the frame around a payload, and the choice of a codec for a chunk (codec.h). */
#include "pipeline/codec/codec.h"

#include "formats/xxh3.h"

#include <string.h>

#define VL_CODEC(name, number) extern const vl_codec vl_codec_##name;
#include "pipeline/codec/codec.def"
#undef VL_CODEC

static const vl_codec *const codecs[] = {
#define VL_CODEC(name, number) &vl_codec_##name,
#include "pipeline/codec/codec.def"
#undef VL_CODEC
};

const vl_codec *vl_codec_find(uint8_t id)
{
    for (size_t i = 0; i < sizeof codecs / sizeof *codecs; i++)
        if (codecs[i]->id == id) return codecs[i];
    return NULL;
}

const char *vl_codec_name(uint8_t id)
{
    const vl_codec *const codec = vl_codec_find(id);
    return codec ? codec->name : "unknown";
}

/* XXH3-64 over the payload, with the first 16 bytes of the frame as part of it. */
static uint64_t seal(const uint8_t *packed, size_t n)
{
    const uint64_t head = XXH3_64bits(packed, 16);
    return XXH3_64bits_withSeed(packed + VL_FRAME, n - VL_FRAME, head);
}

vl_code vl_pack(vl_codec_id id, const vl_pack_job *job, vl_buf *packed, vl_err *err)
{
    const uint8_t order[] = { (uint8_t)id, VL_CODEC_zstd, VL_CODEC_raw };
    if (job->len > VL_MAX_CHUNK) return vl_fail(err, VL_EBUG, "chunk of %zu bytes", job->len);
    bool fits = false;
    const vl_codec *codec = NULL;
    for (size_t i = 0; i < sizeof order && !fits; i++) {
        codec = vl_codec_find(order[i]);
        if (vl_buf_reserve(packed, VL_FRAME, err)) return err->code;
        packed->len = VL_FRAME;
        fits = true;
        if (codec->pack(job, packed, &fits, err)) return err->code;
    }
    if (!fits) return vl_fail(err, VL_EBUG, "no codec holds %zu bytes", job->len);
    uint8_t *const p = packed->data;
    p[0] = 'V';
    p[1] = VL_FRAME_VERSION;
    p[2] = codec->id;
    p[3] = (uint8_t)job->width;
    vl_put_le32(p + 4, (uint32_t)job->len);
    vl_put_le64(p + 8, XXH3_64bits(job->plain, job->len));
    vl_put_le64(p + 16, seal(p, packed->len));
    return VL_OK;
}

vl_code vl_frame_read(const uint8_t *packed, size_t n, vl_frame *frame, vl_err *err)
{
    if (n < VL_FRAME)
        return vl_fail(err, VL_ESTORE, "chunk has %zu bytes, its frame alone takes %d", n, VL_FRAME);
    if (packed[0] != 'V')
        return vl_fail(err, VL_ESTORE, "chunk starts with byte 0x%02x, not with a frame", packed[0]);
    if (packed[1] != VL_FRAME_VERSION)
        return vl_fail(err, VL_ESTORE, "frame version %d, this program knows %d", packed[1],
                       VL_FRAME_VERSION);
    if (seal(packed, n) != vl_le64(packed + 16))
        return vl_fail(err, VL_ESTORE, "packed bytes do not match their hash");
    *frame = (vl_frame){ packed[2], packed[3], vl_le32(packed + 4), vl_le64(packed + 8) };
    if (!vl_codec_find(frame->codec)) return vl_fail(err, VL_ESTORE, "unknown codec %d", frame->codec);
    if (frame->len > VL_MAX_CHUNK) return vl_fail(err, VL_ESTORE, "frame claims %zu plain bytes", frame->len);
    if (frame->width < 1 || frame->width > 8 || frame->len % frame->width)
        return vl_fail(err, VL_ESTORE, "frame claims elements of %d bytes", frame->width);
    return VL_OK;
}

vl_code vl_unpack(const uint8_t *packed, size_t n, vl_buf *plain, vl_work *work, vl_err *err)
{
    vl_frame frame;
    if (vl_frame_read(packed, n, &frame, err)) return err->code;
    if (vl_buf_reserve(plain, frame.len, err)) return err->code;
    if (vl_codec_find(frame.codec)
            ->unpack(packed + VL_FRAME, n - VL_FRAME, plain->data, frame.len, frame.width, work, err))
        return err->code;
    plain->len = frame.len;
    if (XXH3_64bits(plain->data, plain->len) != frame.hash)
        return vl_fail(err, VL_ESTORE, "unpacked bytes do not match their hash");
    return VL_OK;
}

/* True when the bytes are one element repeated, or a straight line of unsigned numbers: `constant` holds
 * both. */
static bool is_constant(const vl_pack_job *job)
{
    const size_t w = job->width, n = job->len;
    if (n < 2 * w) return true;
    if (!memcmp(job->plain, job->plain + w, n - w)) return true;
    if (w != 8) return false;
    const uint64_t step = vl_le64(job->plain + 8) - vl_le64(job->plain);
    for (size_t i = 16; i < n; i += 8)
        if (vl_le64(job->plain + i) - vl_le64(job->plain + i - 8) != step) return false;
    return true;
}

/* Numbers: try the three transforms on a part from the middle and take the smallest. */
static vl_code choose_number(const vl_pack_job *job, vl_codec_id *best, vl_err *err)
{
    enum { PART = 1 << 15 };
    static const vl_codec_id order[] = { VL_CODEC_delta_shuffle_zstd, VL_CODEC_shuffle_zstd, VL_CODEC_zstd };
    vl_pack_job part = *job;
    part.level = 1;
    if (job->len > PART) {
        part.plain += (job->len - PART) / 2 / 64 * 64;
        part.len = PART;
    }
    size_t least = SIZE_MAX;
    vl_buf out = { 0 };
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        bool fits = true;
        out.len = 0;
        if (vl_codec_find((uint8_t)order[i])->pack(&part, &out, &fits, err)) break;
        if (fits && out.len < least) {
            least = out.len;
            *best = order[i];
        }
    }
    vl_buf_free(&out);
    return err->code;
}

vl_code vl_choose(vl_use use, const vl_pack_job *job, vl_codec_id *best, vl_err *err)
{
    *best = VL_CODEC_zstd;
    if (is_constant(job)) {
        *best = VL_CODEC_constant;
        return VL_OK;
    }
    switch (use) {
    case VL_USE_TEXT: return VL_OK;
    case VL_USE_BASE: *best = VL_CODEC_base2; return VL_OK;
    case VL_USE_QUALITY: *best = VL_CODEC_bitpack; return VL_OK;
    case VL_USE_NUMBER:
        if (job->width == 1) *best = VL_CODEC_bitpack;
        else return choose_number(job, best, err);
        return VL_OK;
    }
    return VL_OK;
}
