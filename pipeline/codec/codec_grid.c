/*
 * Codec grid: floats that rise most of the time, as m/z does, by steps on a grid or by the bits less those
 * before (grid.h); where values come again and again, what there is of them, ascending, and which each one
 * is.
 *
 * Payload: leb128 how many of the chunk's elements, at its end, are only the last of those before; u8: 0 the
 * bits as they are, 1 floats of 8 bytes as ones of 4 (narrow.h); u8: 1 if there are values; then
 *
 *     0  the elements (grid_rows.h)
 *     1  leb128 how many values; the values, like that; u8 signs; residuals: which value each element is,
 *     less
 *        which the one before is, modulo 2^32
 */
#include "pipeline/codec/grid_rows.h"
#include "pipeline/codec/narrow.h"

#include <stdlib.h>

typedef struct state {
    vl_grid_rows rows;
    vl_buf value, sorted, spare, list, which, trial;
} state;

static void release(void *self)
{
    state *const s = self;
    vl_buf *const all[] = { &s->value, &s->sorted, &s->spare, &s->list, &s->which, &s->trial };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) vl_buf_free(all[i]);
    vl_grid_rows_free(&s->rows);
    free(s);
}

static state *state_of(vl_work *work, vl_err *err)
{
    void **const own = &work->state[VL_CODEC_grid];
    if (*own) return *own;
    state *const s = *own = calloc(1, sizeof *s);
    if (s) vl_grid_rows_init(&s->rows);
    else vl_fail(err, VL_ENOMEM, "no memory for a grid");
    return s;
}

/* ---- the way out ---- */

/* How many of n values are different, in 1024, as those tell whose hash is one of a few. */
static unsigned different(state *s, const uint64_t *v, size_t n, vl_err *err)
{
    enum { SLOTS = 1 << 15, FEW = 6, MOST = SLOTS / 2 };
    uint64_t *const slot = vl_room_of(&s->spare, SLOTS, err);
    unsigned seen = 0, once = 0;
    if (!slot) return 0;
    memset(slot, 0, SLOTS * sizeof *slot);
    for (size_t i = 0; i < n && seen < MOST; i++) {
        const uint64_t hash = (v[i] ^ v[i] >> 32) * UINT64_C(0x9e3779b97f4a7c15);
        if (n > SLOTS && hash >> (64 - FEW)) continue;
        size_t at = hash >> 20 & (SLOTS - 1);
        while (slot[at] && slot[at] != v[i] + 1) at = (at + 1) & (SLOTS - 1);
        once += !slot[at];
        slot[at] = v[i] + 1;
        seen++;
    }
    return seen ? once * 1024 / seen : 1024;
}

typedef struct entry {
    uint64_t value;
    uint32_t at;
} entry;

/* Sorts by the value: byte by byte, from the lowest on. */
static entry *sort(entry *a, entry *b, size_t n, size_t width)
{
    for (unsigned shift = 0; shift < 8 * width; shift += 8) {
        size_t count[256] = { 0 }, first = 0;
        for (size_t i = 0; i < n; i++) count[a[i].value >> shift & 255]++;
        if (count[a[0].value >> shift & 255] == n) continue;
        for (size_t i = 0; i < 256; i++) {
            const size_t own = count[i];
            count[i] = first;
            first += own;
        }
        for (size_t i = 0; i < n; i++) b[count[a[i].value >> shift & 255]++] = a[i];
        entry *const other = a;
        a = b;
        b = other;
    }
    return a;
}

/* The different values, ascending, to s->list, and to s->which what each one is, less what the one before
 * is. */
static vl_code list_values(state *s, const uint64_t *v, size_t n, size_t width, size_t *nvalue, vl_err *err)
{
    uint64_t *const which = vl_room_of(&s->which, n, err);
    if (!which || vl_buf_reserve(&s->sorted, n * sizeof(entry), err) ||
        vl_buf_reserve(&s->spare, n * sizeof(entry), err))
        return err->code;
    entry *e = (entry *)(void *)s->sorted.data;
    for (size_t i = 0; i < n; i++) e[i] = (entry){ v[i], (uint32_t)i };
    e = sort(e, (entry *)(void *)s->spare.data, n, width);
    size_t k = 0;
    for (size_t i = 0; i < n; i++) {
        k += i && e[i].value != e[i - 1].value;
        which[e[i].at] = k;
    }
    *nvalue = k + 1;
    uint64_t *const list = vl_room_of(&s->list, *nvalue, err);
    if (!list) return err->code;
    for (size_t i = 0; i < n; i++) list[which[e[i].at]] = e[i].value;
    for (size_t i = n - 1; i > 0; i--) which[i] = (which[i] - which[i - 1]) & UINT32_MAX;
    return VL_OK;
}

/* Appends the elements by their values. */
static vl_code put_listed(state *s, const uint64_t *v, size_t n, size_t width, vl_work *work, vl_buf *out,
                          vl_err *err)
{
    size_t nvalue = 0;
    if (list_values(s, v, n, width, &nvalue, err) || vl_buf_append(out, &(uint8_t){ 1 }, 1, err) ||
        vl_add_number(out, nvalue, err) ||
        vl_grid_rows_pack(&s->rows, (const uint64_t *)(const void *)s->list.data, nvalue, width, work, out,
                          err))
        return err->code;
    return vl_put_signed(&s->rows, (uint64_t *)(void *)s->which.data, n, 32, work, out, err);
}

static vl_code put_elements(state *s, const uint64_t *v, size_t n, size_t width, vl_work *work, vl_buf *out,
                            vl_err *err)
{
    enum { OFTEN = 800, MANY = 20 }; /* in 1024, different ones; bits of an element */
    const size_t from = out->len;
    if (vl_buf_append(out, &(uint8_t){ 0 }, 1, err) ||
        vl_grid_rows_pack(&s->rows, v, n, width, work, out, err))
        return err->code;
    const size_t bits = (out->len - from) * 8;
    if (bits < n || (bits < MANY * n && different(s, v, n, err) > OFTEN)) return err->code;
    s->trial.len = 0;
    if (put_listed(s, v, n, width, work, &s->trial, err) || s->trial.len >= out->len - from) return err->code;
    out->len = from;
    return vl_buf_append(out, s->trial.data, s->trial.len, err);
}

/* Most values rise or stay, or fall or stay: others lie on no grid that tells anything. Bits of floats that
 * are not negative rise as they do. */
static bool are_steady(const uint8_t *plain, size_t n, size_t width)
{
    size_t rise = 0, stay = 0;
    for (size_t i = 1; i < n && width == 8; i++) {
        const uint64_t before = vl_le64(plain + 8 * (i - 1)), v = vl_le64(plain + 8 * i);
        rise += v > before;
        stay += v == before;
    }
    for (size_t i = 1; i < n && width == 4; i++) {
        const uint32_t before = vl_le32(plain + 4 * (i - 1)), v = vl_le32(plain + 4 * i);
        rise += v > before;
        stay += v == before;
    }
    const size_t least = n - n / 4;
    return rise + stay >= least || n - rise >= least;
}

static vl_code pack(const vl_pack_job *job, vl_buf *out, bool *fits, vl_err *err)
{
    const size_t width = vl_type_width(job->type), fill = job->fill / width, n = job->len / width - fill;
    *fits = n && are_steady(job->plain, n, width);
    if (!*fits) return VL_OK;
    state *const s = state_of(job->work, err);
    uint64_t *const v = s ? vl_room_of(&s->value, n, err) : NULL;
    if (!v) return err->code;
    const vl_narrow how = vl_narrow_floats(job->plain, n, width, false, v);
    if (vl_add_number(out, fill, err) || vl_buf_append(out, &(uint8_t){ (uint8_t)how }, 1, err))
        return err->code;
    return put_elements(s, v, n, vl_narrow_width(how, width), job->work, out, err);
}

/* ---- the way back ---- */

static vl_code cut_off(const char *what, vl_err *err)
{
    return vl_fail(err, VL_ESTORE, "chunk on a grid: %s are cut off or make no sense", what);
}

static vl_code take_listed(state *s, vl_rest *in, uint64_t *v, size_t n, size_t width, vl_work *work,
                           vl_err *err)
{
    uint64_t nvalue;
    if (!vl_take_number(in, &nvalue, n) || !nvalue) return cut_off("values", err);
    uint64_t *const list = vl_room_of(&s->list, nvalue, err), *const which =
                                                                  list ? vl_room_of(&s->which, n, err) : NULL;
    if (!which) return err->code;
    if (vl_grid_rows_unpack(&s->rows, in, list, nvalue, width, work, err) ||
        vl_take_signed(&s->rows, in, which, n, 32, work, err))
        return err->code;
    uint32_t at = 0;
    for (size_t i = 0; i < n; i++) {
        at += (uint32_t)which[i];
        if (at >= nvalue) return cut_off("values", err);
        v[i] = list[at];
    }
    return VL_OK;
}

static vl_code unpack(const vl_unpack_job *job, vl_err *err)
{
    const size_t width = job->width, all = job->len / width;
    vl_rest in = { job->payload, job->payload + job->n };
    const uint8_t *how, *listed;
    uint64_t fill;
    state *const s = state_of(job->work, err);
    if (!s) return err->code;
    if (!all || (width != 4 && width != 8) || !vl_take_number(&in, &fill, all - 1) ||
        !vl_take_bytes(&in, &how, 1) || *how > (width == 8 ? VL_NARROW_FLOAT : VL_NARROW_NONE) ||
        !vl_take_bytes(&in, &listed, 1) || *listed > 1)
        return cut_off("first bytes", err);
    const size_t n = all - (size_t)fill, narrow = vl_narrow_width(*how, width);
    uint64_t *const v = vl_room_of(&s->value, n, err);
    if (!v) return err->code;
    if (*listed ? take_listed(s, &in, v, n, narrow, job->work, err)
                : vl_grid_rows_unpack(&s->rows, &in, v, n, narrow, job->work, err))
        return err->code;
    vl_widen_floats(*how, v, n, width, job->plain);
    for (size_t i = n; i < all; i++) memcpy(job->plain + i * width, job->plain + (n - 1) * width, width);
    return VL_OK;
}

const vl_codec vl_codec_grid = { .name = "grid",
                                 .id = VL_CODEC_grid,
                                 .uses = VL_ONE(VL_USE_NUMBER),
                                 .types = VL_ONE(VL_F32) | VL_ONE(VL_F64),
                                 .far = true,
                                 .even = true,
                                 .from_effort = 2,
                                 .pack = pack,
                                 .unpack = unpack,
                                 .release = release };
