/*
 * Codec peaks: floats as intensities are, that follow no line: by their exponents, of which each tells of the
 * next, and what of their fractions is not noise; whole numbers by their sizes. Where many are 0, which ones
 * comes first, and the others follow.
 *
 * Payload: leb128 how many of the chunk's elements, at its end, are only the last of those before; u8: 0 the
 * bits as they are, 1 floats of 8 bytes as ones of 4, 2 whole numbers (narrow.h); + 4: the zeros are left
 * out; then
 *
 *     with zeros left out  leb128 how many others there are; residuals (residuals.h): of a run of zeros and
 *                          the run of others behind it, in turn, the lengths; the first may be 0
 *     whole numbers        residuals: the numbers
 *     floats               of the bits, turned left by one so that the sign is the lowest, planes
 *                          (planes.h), that of the lowest bytes first
 */
#include "pipeline/codec/narrow.h"
#include "pipeline/codec/residuals.h"

#include <stdlib.h>

enum { NARROW = 3, SPARSE = 4 };

typedef struct state {
    vl_residuals residuals;
    vl_buf value, run, plane, narrow, wanted;
} state;

static void release(void *self)
{
    state *const s = self;
    vl_residuals_free(&s->residuals);
    vl_buf_free(&s->value);
    vl_buf_free(&s->run);
    vl_buf_free(&s->plane);
    vl_buf_free(&s->narrow);
    vl_buf_free(&s->wanted);
    free(s);
}

enum { MORE = 16 }; /* that a plane may write */

static state *state_of(vl_work *work, vl_err *err)
{
    void **const own = &work->state[VL_CODEC_peaks];
    state *const s = *own ? *own : (*own = calloc(1, sizeof *s));
    if (!s) vl_fail(err, VL_ENOMEM, "no memory for peaks");
    else if (!s->residuals.planes.symbols.log.part[1]) vl_residuals_init(&s->residuals);
    return s;
}

/* Room for n values. */
static uint64_t *values_of(state *s, size_t n, vl_err *err)
{
    return vl_buf_reserve(&s->value, n * 8 + MORE, err) ? NULL : (uint64_t *)(void *)s->value.data;
}

static uint64_t turn(uint64_t bits, size_t width)
{
    return width == 8 ? bits << 1 | bits >> 63 : (uint32_t)(bits << 1) | (bits >> 31 & 1);
}

/* ---- the way out ---- */

/* Leaves the zeros out; the others, and in run [*nrun] the lengths of runs. */
static size_t leave_zeros(uint64_t *v, size_t n, uint64_t *run, size_t *nrun)
{
    size_t other = 0, from = 0;
    bool zero = true;
    *nrun = 0;
    for (size_t i = 0; i < n; i++) {
        if (!v[i] != zero) {
            run[(*nrun)++] = i - from;
            from = i;
            zero = !zero;
        }
        v[other] = v[i];
        other += v[i] != 0;
    }
    run[(*nrun)++] = n - from;
    return other;
}

static vl_code put_planes(state *s, const uint64_t *v, size_t n, size_t width, vl_work *work, vl_buf *out,
                          vl_err *err)
{
    if (vl_buf_reserve(&s->plane, n, err)) return err->code;
    uint8_t *const plane = s->plane.data;
    for (size_t p = 0; p < width && !err->code; p++) {
        for (size_t i = 0; i < n; i++) plane[i] = (uint8_t)(turn(v[i], width) >> 8 * p);
        vl_plane_pack(&s->residuals.planes, plane, n, work, out, err);
    }
    return err->code;
}

static vl_code pack(const vl_pack_job *job, vl_buf *out, bool *fits, vl_err *err)
{
    const size_t width = vl_type_width(job->type), fill = job->fill / width, all = job->len / width - fill;
    *fits = false;
    state *const s = all ? state_of(job->work, err) : NULL;
    uint64_t *const v = s ? values_of(s, all, err) : NULL;
    if (!v) return err->code;
    const vl_narrow how = vl_narrow_floats(job->plain, all, width, true, v);
    size_t n = all, nrun, zeros = 0;
    for (size_t i = 0; i < all; i++) zeros += !v[i];
    const bool sparse = zeros > all / 16;
    if (vl_add_number(out, fill, err) ||
        vl_buf_append(out, &(uint8_t){ (uint8_t)(how | (sparse ? SPARSE : 0)) }, 1, err))
        return err->code;
    *fits = true;
    if (sparse) {
        if (vl_buf_reserve(&s->run, (all + 2) * 8, err)) return err->code;
        uint64_t *const run = (uint64_t *)(void *)s->run.data;
        n = leave_zeros(v, all, run, &nrun);
        if (vl_add_number(out, n, err) || vl_add_number(out, nrun, err) ||
            vl_residuals_pack(&s->residuals, run, nrun, job->work, out, err))
            return err->code;
    }
    if (how == VL_NARROW_COUNT) return vl_residuals_pack(&s->residuals, v, n, job->work, out, err);
    return put_planes(s, v, n, vl_narrow_width(how, width), job->work, out, err);
}

/* ---- the way back ---- */

static vl_code cut_off(const char *what, vl_err *err)
{
    return vl_fail(err, VL_ESTORE, "chunk of peaks: %s are cut off or make no sense", what);
}

/* Lengths of runs; n values of `all` are no zeros. */
static vl_code take_runs(state *s, vl_rest *in, size_t all, size_t *n, size_t *nrun, vl_work *work,
                         vl_err *err)
{
    uint64_t other, count, sum[2] = { 0, 0 };
    if (!vl_take_number(in, &other, all) || !vl_take_number(in, &count, all + 1)) return cut_off("runs", err);
    if (vl_buf_reserve(&s->run, count * 8, err)) return err->code;
    uint64_t *const run = (uint64_t *)(void *)s->run.data;
    if (vl_residuals_unpack(&s->residuals, in, run, count, work, err)) return err->code;
    for (size_t i = 0; i < count; i++) {
        if (run[i] > all) return cut_off("runs", err);
        sum[i & 1] += run[i];
    }
    if (sum[1] != other || sum[0] != all - other) return cut_off("runs", err);
    *n = (size_t)other;
    *nrun = (size_t)count;
    return VL_OK;
}

/* Puts the zeros back among n values; from the end on, so that none is overwritten. */
static void put_zeros(uint64_t *v, size_t n, size_t all, const uint64_t *run, size_t nrun)
{
    for (size_t i = nrun; i-- > 0;) {
        const size_t k = (size_t)run[i];
        all -= k;
        if (i & 1) n -= k;
        if (i & 1) memmove(v + all, v + n, k * sizeof *v);
        else memset(v + all, 0, k * sizeof *v);
    }
}

static inline uint64_t turn_back(uint64_t bits, size_t width)
{
    return width == 8 ? bits >> 1 | bits << 63 : (uint32_t)(bits >> 1 | bits << 31);
}

/* Planes of n values of `width` bytes, one behind the other, in s->plane. */
static vl_code take_planes(state *s, vl_rest *in, size_t n, size_t width, const uint8_t *wanted,
                           vl_work *work, vl_err *err)
{
    if (vl_buf_reserve(&s->plane, width * n + MORE, err)) return err->code;
    for (size_t p = 0; p < width && !err->code; p++)
        vl_plane_unpack(&s->residuals.planes, in, s->plane.data + p * n, n, wanted, work, err);
    return err->code;
}

/* Bits of n values, to [n * width]. */
static vl_code take_bits(state *s, vl_rest *in, uint8_t *to, size_t n, size_t width, vl_work *work,
                         vl_err *err)
{
    if (take_planes(s, in, n, width, NULL, work, err)) return err->code;
    vl_k.byte_unshuffle(to, s->plane.data, n, width);
    for (size_t i = 0; i < n && width == 4; i++)
        vl_put_le32(to + 4 * i, (uint32_t)turn_back(vl_le32(to + 4 * i), 4));
    for (size_t i = 0; i < n && width == 8; i++) vl_put_le64(to + 8 * i, turn_back(vl_le64(to + 8 * i), 8));
    return VL_OK;
}

/* The same of those that are wanted. Elements that fill the chunk up are the last of these. */
static vl_code take_some(state *s, vl_rest *in, const vl_unpack_job *job, size_t n, vl_err *err)
{
    const size_t width = job->width;
    if (vl_buf_reserve(&s->wanted, n / VL_STRETCH + 1, err)) return err->code;
    memset(s->wanted.data, 0, n / VL_STRETCH + 1);
    for (size_t i = 0; i < job->want.nsome; i++)
        s->wanted.data[(job->want.some[i] < n ? job->want.some[i] : n - 1) / VL_STRETCH] = 1;
    if (take_planes(s, in, n, width, s->wanted.data, job->work, err)) return err->code;
    for (size_t i = 0; i < job->want.nsome; i++) {
        const size_t to = job->want.some[i], at = to < n ? to : n - 1;
        uint64_t bits = 0;
        for (size_t p = 0; p < width; p++) bits |= (uint64_t)s->plane.data[p * n + at] << 8 * p;
        bits = turn_back(bits, width);
        memcpy(job->plain + to * width, &bits, width);
    }
    return VL_OK;
}

/* The same as numbers, in s->value. */
static vl_code take_values(state *s, vl_rest *in, size_t n, size_t width, vl_work *work, vl_err *err)
{
    uint64_t *const v = (uint64_t *)(void *)s->value.data;
    if (width == 8) return take_bits(s, in, s->value.data, n, width, work, err);
    if (vl_buf_reserve(&s->narrow, n * width, err) || take_bits(s, in, s->narrow.data, n, width, work, err))
        return err->code;
    for (size_t i = 0; i < n; i++) v[i] = vl_le32(s->narrow.data + 4 * i);
    return VL_OK;
}

/* What is not bits alone: the head says what. */
static vl_code take_other(state *s, vl_rest *in, const vl_unpack_job *job, unsigned head, size_t n,
                          vl_err *err)
{
    const vl_narrow how = head & NARROW;
    size_t left = n, nrun = 0;
    if (head & SPARSE && take_runs(s, in, n, &left, &nrun, job->work, err)) return err->code;
    uint64_t *const v = values_of(s, n, err);
    if (!v) return err->code;
    if (how == VL_NARROW_COUNT ? vl_residuals_unpack(&s->residuals, in, v, left, job->work, err)
                               : take_values(s, in, left, vl_narrow_width(how, job->width), job->work, err))
        return err->code;
    if (head & SPARSE) put_zeros(v, left, n, (const uint64_t *)(const void *)s->run.data, nrun);
    vl_widen_floats(how, v, n, job->width, job->plain);
    return VL_OK;
}

static vl_code unpack(const vl_unpack_job *job, vl_err *err)
{
    const size_t width = job->width, all = job->len / width;
    vl_rest in = { job->payload, job->payload + job->n };
    const uint8_t *head;
    uint64_t fill;
    if (!all || (width != 4 && width != 8) || !vl_take_number(&in, &fill, all - 1) ||
        !vl_take_bytes(&in, &head, 1) || *head >= 2 * SPARSE || (*head & NARROW) > VL_NARROW_COUNT ||
        (width == 4 && (*head & NARROW) == VL_NARROW_FLOAT))
        return cut_off("first bytes", err);
    const size_t n = all - (size_t)fill;
    state *const s = state_of(job->work, err);
    if (!s) return err->code;
    if (!*head && job->want.some) return take_some(s, &in, job, n, err);
    if (*head ? take_other(s, &in, job, *head, n, err)
              : take_bits(s, &in, job->plain, n, width, job->work, err))
        return err->code;
    for (size_t i = n; i < all; i++) memcpy(job->plain + i * width, job->plain + (n - 1) * width, width);
    return VL_OK;
}

/* Bits of floats lie in planes alone. */
static bool picks(const uint8_t *payload, size_t n)
{
    vl_rest in = { payload, payload + n };
    uint64_t fill;
    const uint8_t *head;
    return vl_take_number(&in, &fill, VL_MAX_CHUNK) && vl_take_bytes(&in, &head, 1) && !*head;
}

const vl_codec vl_codec_peaks = { .name = "peaks",
                                  .id = VL_CODEC_peaks,
                                  .uses = VL_ONE(VL_USE_NUMBER),
                                  .types = VL_ONE(VL_F32) | VL_ONE(VL_F64),
                                  .even = true,
                                  .from_effort = 2,
                                  .pack = pack,
                                  .unpack = unpack,
                                  .parts = true,
                                  .picks = picks,
                                  .release = release };
