/* The codec table, and the frame around a payload (codec.h). */
#include "pipeline/codec/codec.h"
#include "pipeline/codec/numbers.h"

#include "formats/xxh3.h"

#define VL_CODEC(name, number)                                                                               \
    extern const vl_codec vl_codec_##name;                                                                   \
    _Static_assert(number < VL_MAX_CODEC, "a codec's number is below VL_MAX_CODEC");
#include "pipeline/codec/codec.def"
#undef VL_CODEC

const vl_codec *const vl_codecs[] = {
#define VL_CODEC(name, number) &vl_codec_##name,
#include "pipeline/codec/codec.def"
#undef VL_CODEC
    NULL
};

const vl_codec *vl_codec_find(uint8_t id)
{
    for (const vl_codec *const *c = vl_codecs; *c; c++)
        if ((*c)->id == id) return *c;
    return NULL;
}

const char *vl_codec_name(uint8_t id)
{
    const vl_codec *const codec = vl_codec_find(id);
    return codec ? codec->name : "unknown";
}

bool vl_codec_suits(const vl_codec *codec, unsigned use, vl_type type)
{
    const bool used = codec->uses == VL_ANY || (use < 31 && codec->uses >> use & 1);
    return used && codec->types >> type & 1;
}

const vl_codec *vl_codec_learner(unsigned use, vl_type type)
{
    for (const vl_codec *const *c = vl_codecs; *c; c++)
        if ((*c)->learn && vl_codec_suits(*c, use, type)) return *c;
    return NULL;
}

bool vl_codec_may_try(const vl_trial *trial, const vl_codec *codec, unsigned use, vl_type type)
{
    return vl_codec_suits(codec, use, type) && codec->from_effort <= trial->effort[trial->neffort - 1];
}

bool vl_codec_wants_rows(const vl_trial *trial, unsigned use, vl_type type)
{
    for (const vl_codec *const *c = vl_codecs; *c; c++)
        if ((*c)->rows && vl_codec_may_try(trial, *c, use, type)) return true;
    return false;
}

bool vl_codec_wants_guide(const vl_trial *trial, unsigned use, vl_type type)
{
    for (const vl_codec *const *c = vl_codecs; *c; c++)
        if ((*c)->guide && vl_codec_may_try(trial, *c, use, type)) return true;
    return false;
}

const vl_codec *vl_codec_sharer(const vl_trial *trial, unsigned use, vl_type type)
{
    for (const vl_codec *const *c = vl_codecs; *c; c++)
        if ((*c)->sharing && (*c)->sharing->grow && vl_codec_may_try(trial, *c, use, type)) return *c;
    return NULL;
}

void vl_shared_free(vl_shared *shared)
{
    if (shared->state) vl_codec_find(shared->codec)->sharing->release(shared->state);
    vl_buf_free(&shared->plain);
    *shared = (vl_shared){ 0 };
}

bool vl_codec_wants_near(unsigned use, vl_type type)
{
    for (const vl_codec *const *c = vl_codecs; *c; c++)
        if ((*c)->near && vl_codec_suits(*c, use, type)) return true;
    return false;
}

void vl_work_free(vl_work *work)
{
    for (const vl_codec *const *c = vl_codecs; *c; c++)
        if (work->state[(*c)->id]) (*c)->release(work->state[(*c)->id]);
    vl_buf_free(&work->a);
    vl_buf_free(&work->b);
    vl_buf_free(&work->part);
    vl_buf_free(&work->trial);
    vl_buf_free(&work->rows);
    vl_numbers_free(work->numbers);
    *work = (vl_work){ 0 };
}

/* XXH3-64 over the payload, with the first 16 bytes of the frame as part of it. */
static uint64_t seal(const uint8_t *packed, size_t n)
{
    const uint64_t head = XXH3_64bits(packed, 16);
    return XXH3_64bits_withSeed(packed + VL_FRAME, n - VL_FRAME, head);
}

vl_code vl_pack(const vl_codec *codec, const vl_pack_job *all, vl_buf *packed, bool *fits, vl_err *err)
{
    vl_pack_job own = *all;
    const vl_pack_job *const job = &own;
    const vl_model *const model = all->beside.model; /* is for the codec that made it */
    const vl_shared *const shared = all->beside.shared;
    if (!model || !model->bytes.len || model->codec != codec->id) own.beside.model = NULL;
    if (!shared || !shared->plain.len || shared->codec != codec->id) own.beside.shared = NULL;
    if (job->len > VL_MAX_CHUNK) return vl_fail(err, VL_EBUG, "chunk of %zu bytes", job->len);
    packed->len = 0;
    *fits = true;
    if (vl_buf_reserve(packed, VL_FRAME, err)) return err->code;
    packed->len = VL_FRAME;
    if (codec->pack(job, packed, fits, err) || !*fits) return err->code;
    uint8_t *const p = packed->data;
    p[0] = 'V';
    p[1] = VL_FRAME_VERSION;
    p[2] = codec->id;
    p[3] = (uint8_t)vl_type_width(job->type);
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

bool vl_codec_picks(const uint8_t *packed, size_t n)
{
    const vl_codec *const codec = n > VL_FRAME && packed[0] == 'V' ? vl_codec_find(packed[2]) : NULL;
    return codec && codec->picks && codec->picks(packed + VL_FRAME, n - VL_FRAME);
}

vl_code vl_unpack_part(const vl_buf *shared, const uint8_t *packed, size_t n, vl_part *part, vl_buf *plain,
                       vl_work *work, vl_err *err)
{
    vl_frame frame;
    if (vl_frame_read(packed, n, &frame, err)) return err->code;
    const vl_codec *const codec = vl_codec_find(frame.codec);
    const size_t nelem = frame.len / frame.width;
    for (size_t i = 0; i < part->nsome; i++)
        if (part->some[i] >= nelem) return vl_fail(err, VL_ESTORE, "chunk has %zu elements only", nelem);
    if (!codec->parts || (!part->some && (part->to > frame.len || part->from >= part->to)))
        *part = (vl_part){ 0 };
    if (vl_buf_reserve(plain, frame.len, err)) return err->code;
    const vl_unpack_job job = { .payload = packed + VL_FRAME,
                                .n = n - VL_FRAME,
                                .plain = plain->data,
                                .len = frame.len,
                                .width = frame.width,
                                .want = *part,
                                .shared = shared,
                                .work = work };
    if (codec->unpack(&job, err)) return err->code;
    plain->len = frame.len;
    if (!part->to && !part->some && XXH3_64bits(plain->data, plain->len) != frame.hash)
        return vl_fail(err, VL_ESTORE, "unpacked bytes do not match their hash");
    return VL_OK;
}

vl_code vl_unpack_with(const vl_buf *shared, const uint8_t *packed, size_t n, vl_buf *plain, vl_work *work,
                       vl_err *err)
{
    vl_part all = { 0 };
    return vl_unpack_part(shared, packed, n, &all, plain, work, err);
}
