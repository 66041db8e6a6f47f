/*
 * Codec fields: text whose numbers come in columns, such as XML and headers: what stands before a number
 * tells its column (fields.h).
 *
 * Payload: leb128 how many of the chunk's bytes, at its end, are only the last of those before; the text.
 */
#include "pipeline/codec/fields.h"

#include <stdlib.h>

typedef struct state {
    vl_field_packer *pack;
    vl_field_reader *unpack;
    vl_buf back;
} state;

static void release(void *self)
{
    state *const s = self;
    vl_field_packer_free(s->pack);
    vl_field_reader_free(s->unpack);
    vl_buf_free(&s->back);
    free(s);
}

static state *state_of(vl_work *work, bool packs, vl_err *err)
{
    void **const own = &work->state[VL_CODEC_fields];
    if (!*own) *own = calloc(1, sizeof(state));
    state *const s = *own;
    if (s && packs && !s->pack) s->pack = vl_field_packer_new();
    if (s && !packs && !s->unpack) s->unpack = vl_field_reader_new();
    if (s && (packs ? (void *)s->pack : (void *)s->unpack)) return s;
    vl_fail(err, VL_ENOMEM, "no memory for numbers in text");
    return NULL;
}

static vl_code unpack(const vl_unpack_job *job, vl_err *err)
{
    vl_rest in = { job->payload, job->payload + job->n };
    uint64_t fill;
    state *const s = state_of(job->work, false, err);
    if (!s) return err->code;
    if (job->width != 1 || !job->len || !vl_take_number(&in, &fill, job->len - 1))
        return vl_fail(err, VL_ESTORE, "numbers in text: first bytes are cut off or make no sense");
    const size_t n = job->len - (size_t)fill;
    if (vl_fields_unpack(s->unpack, &in, job->plain, n, job->work, err)) return err->code;
    memset(job->plain + n, job->plain[n - 1], fill);
    return VL_OK;
}

/* Whether a payload gives the bytes back: what a column says follows from others, and nobody else would see
 * an error before they are needed. */
static vl_code check(state *s, const vl_pack_job *job, const uint8_t *payload, size_t n, bool *same,
                     vl_err *err)
{
    vl_err bad = VL_ERR_INIT;
    vl_buf *const back = &s->back;
    if (vl_buf_reserve(back, job->len, err)) return err->code;
    const vl_unpack_job read = {
        .payload = payload, .n = n, .plain = back->data, .len = job->len, .width = 1, .work = job->work
    };
    *same = !unpack(&read, &bad) && !memcmp(back->data, job->plain, job->len);
    return bad.code == VL_ENOMEM ? vl_fail(err, VL_ENOMEM, "%s", bad.what) : VL_OK;
}

/* Rows of text are for others: what goes through here is one stream. */
static vl_code pack(const vl_pack_job *job, vl_buf *out, bool *fits, vl_err *err)
{
    enum { SHORT = 1024 };
    const size_t n = job->len - job->fill;
    *fits = false;
    if (job->beside.row || n < SHORT) return VL_OK;
    state *const s = state_of(job->work, true, err);
    const size_t from = out->len;
    if (!s || vl_add_number(out, job->fill, err) ||
        vl_fields_pack(s->pack, job->plain, n, job->work, out, fits, err) || !*fits)
        return err->code;
    return check(s, job, out->data + from, out->len - from, fits, err);
}

const vl_codec vl_codec_fields = { .name = "fields",
                                   .id = VL_CODEC_fields,
                                   .uses = VL_ONE(VL_USE_TEXT),
                                   .types = VL_ONE(VL_U8),
                                   .first = true,
                                   .from_effort = 2,
                                   .pack = pack,
                                   .unpack = unpack,
                                   .release = release };
