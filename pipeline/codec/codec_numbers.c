/*
 * Codec numbers: whole numbers by what they differ in (numbers.h), or, of one byte, by what stands before
 * them (symbols.h). Signs are in the lowest bit.
 *
 * Payload: leb128 how many of the chunk's elements, at its end, are only the last of those before; the column
 * of numbers, or the symbols.
 */
#include "pipeline/codec/numbers.h"

#include <stdlib.h>
#include <string.h>

typedef struct state {
    vl_numbers *numbers; /* borrowed: of work */
    vl_buf value;
} state;

static void release(void *self)
{
    state *const s = self;
    vl_buf_free(&s->value);
    free(s);
}

static state *state_of(vl_work *work, vl_err *err)
{
    void **const own = &work->state[VL_CODEC_numbers];
    if (!*own && !(*own = calloc(1, sizeof(state)))) vl_fail(err, VL_ENOMEM, "no memory for numbers");
    state *const s = *own;
    return s && (s->numbers = vl_numbers_of(work, err)) ? s : NULL;
}

static bool has_sign(vl_type type) { return type == VL_I16 || type == VL_I32 || type == VL_I64; }

static uint64_t read_one(const uint8_t *p, size_t width)
{
    uint64_t v = 0;
    memcpy(&v, p, width);
    return v;
}

/* The numbers, signs in their lowest bits; false: one is too large. */
static bool read_all(const vl_pack_job *job, size_t width, size_t n, uint64_t *value)
{
    const bool sign = has_sign(job->type);
    const unsigned spare = 64 - 8 * (unsigned)width;
    uint64_t all = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t v = read_one(job->plain + i * width, width);
        if (sign) {
            const int64_t whole = (int64_t)(v << spare) >> spare;
            v = (uint64_t)whole << 1 ^ (uint64_t)(whole >> 63);
        }
        all |= value[i] = v;
    }
    return !(all >> VL_NUMBER_BITS);
}

static vl_code pack(const vl_pack_job *job, vl_buf *out, bool *fits, vl_err *err)
{
    static const vl_beside_numbers none = { 0 };
    const size_t width = vl_type_width(job->type), fill = job->fill / width, n = job->len / width - fill;
    *fits = false;
    state *const s = n ? state_of(job->work, err) : NULL;
    if (!s) return err->code;
    const uint8_t flag = has_sign(job->type);
    if (vl_add_number(out, fill, err) || vl_buf_append(out, &flag, 1, err)) return err->code;
    *fits = true;
    if (width == 1) return vl_symbols_pack(&s->numbers->symbols, job->plain, n, false, job->work, out, err);
    if (vl_buf_reserve(&s->value, n * sizeof(uint64_t), err)) return err->code;
    uint64_t *const value = (uint64_t *)(void *)s->value.data;
    *fits = read_all(job, width, n, value);
    return *fits ? vl_numbers_pack(s->numbers, value, n, &none, job->work, out, err) : VL_OK;
}

static vl_code cut_off(vl_err *err)
{
    return vl_fail(err, VL_ESTORE, "chunk of numbers: first bytes are cut off or make no sense");
}

/* Elements [from, to), those of usual widths many at once. */
static void put_elements(const vl_unpack_job *job, uint64_t *value, size_t from, size_t to, bool sign)
{
    const size_t width = job->width;
    for (size_t i = from; i < to && sign; i++) value[i] = value[i] >> 1 ^ (0 - (value[i] & 1));
    switch (width) {
    case 8: memcpy(job->plain + 8 * from, value + from, 8 * (to - from)); break;
    case 4:
        for (size_t i = from; i < to; i++) vl_put_le32(job->plain + 4 * i, (uint32_t)value[i]);
        break;
    default:
        for (size_t i = from; i < to; i++) memcpy(job->plain + i * width, &value[i], width);
    }
}

static vl_code unpack(const vl_unpack_job *job, vl_err *err)
{
    enum { MORE = 16 }; /* that symbols may write */
    const size_t width = job->width, all = job->len / width;
    vl_rest in = { job->payload, job->payload + job->n };
    const uint8_t *sign;
    uint64_t fill;
    state *const s = state_of(job->work, err);
    if (!s) return err->code;
    if (!all || !vl_take_number(&in, &fill, all - 1) || !vl_take_bytes(&in, &sign, 1) || *sign > 1)
        return cut_off(err);
    const size_t n = all - (size_t)fill;
    if (vl_buf_reserve(&s->value, n * sizeof(uint64_t) + MORE, err)) return err->code;
    if (width == 1) {
        if (vl_symbols_unpack(&s->numbers->symbols, &in, s->value.data, n, job->work, err)) return err->code;
        memcpy(job->plain, s->value.data, n);
    } else {
        uint64_t *const value = (uint64_t *)(void *)s->value.data;
        const vl_part part = vl_wanted_elements(job, n);
        if (vl_numbers_unpack(s->numbers, &in, value, n, NULL, NULL, job->work, err)) return err->code;
        put_elements(job, value, part.from < n ? part.from : n - 1, part.to < n ? part.to : n, *sign);
    }
    if (job->want.to && job->want.to <= n * width) return VL_OK;
    for (size_t i = n; i < all; i++) memcpy(job->plain + i * width, job->plain + (n - 1) * width, width);
    return VL_OK;
}

const vl_codec vl_codec_numbers = { .name = "numbers",
                                    .id = VL_CODEC_numbers,
                                    .uses = VL_ONE(VL_USE_NUMBER),
                                    .types = VL_BYTES | VL_ONE(VL_U16) | VL_ONE(VL_I16) | VL_ONE(VL_U32) |
                                             VL_ONE(VL_I32) | VL_ONE(VL_U64) | VL_ONE(VL_I64),
                                    .from_effort = 2,
                                    .pack = pack,
                                    .unpack = unpack,
                                    .release = release,
                                    .parts = true };
