/* Planes, the way out (planes.h); the way back is planes_read.c. */
#include "pipeline/codec/planes.h"

#include <string.h>

enum { PLAIN, EQUAL, ORDER_0, ORDER_1, MOSTLY };
enum { FEW = VL_SYMBOLS_FEW };

void vl_planes_init(vl_planes *p)
{
    *p = (vl_planes){ 0 };
    vl_symbols_init(&p->symbols);
}

void vl_planes_free(vl_planes *p)
{
    vl_symbols_free(&p->symbols);
    vl_buf_free(&p->gap);
    vl_buf_free(&p->other);
}

/* Four counts, so that equal neighbours do not wait for each other. */
static void count_bytes(const uint8_t *bytes, size_t n, uint32_t *count)
{
    uint32_t more[3][256];
    memset(more, 0, sizeof more);
    memset(count, 0, 256 * sizeof *count);
    size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        count[bytes[i]]++;
        for (int k = 0; k < 3; k++) more[k][bytes[i + 1 + (size_t)k]]++;
    }
    for (; i < n; i++) count[bytes[i]]++;
    for (int s = 0; s < 256; s++) count[s] += more[0][s] + more[1][s] + more[2][s];
}

static unsigned most_frequent(const uint32_t *count)
{
    unsigned best = 0;
    for (unsigned i = 1; i < 256; i++)
        if (count[i] > count[best]) best = i;
    return best;
}

/* ---- mostly one ---- */

/* Bytes other than `one`, and the gaps in front of them. */
static vl_code list_others(vl_planes *p, const uint8_t *bytes, size_t n, uint8_t one, size_t nother,
                           vl_err *err)
{
    enum { WHOLE = 255 };
    p->gap.len = p->other.len = 0;
    if (vl_buf_reserve(&p->gap, nother + n / WHOLE + 1, err) || vl_buf_reserve(&p->other, nother, err))
        return err->code;
    size_t from = 0, k = 0, g = 0;
    for (size_t i = 0; k < nother; i++) {
        if (bytes[i] == one) continue;
        size_t gap = i - from;
        for (; gap >= WHOLE; gap -= WHOLE) p->gap.data[g++] = WHOLE;
        p->gap.data[g++] = (uint8_t)gap;
        p->other.data[k++] = bytes[i];
        from = i + 1;
    }
    p->gap.len = g;
    p->other.len = k;
    return VL_OK;
}

static vl_code put_mostly(vl_planes *p, uint8_t one, vl_work *work, vl_buf *out, vl_err *err)
{
    const uint8_t head[2] = { MOSTLY, one };
    if (vl_buf_append(out, head, 2, err) || vl_add_number(out, p->other.len, err) ||
        vl_add_number(out, p->gap.len, err) ||
        vl_symbols_pack(&p->symbols, p->gap.data, p->gap.len, false, work, out, err))
        return err->code;
    return vl_symbols_pack(&p->symbols, p->other.data, p->other.len, false, work, out, err);
}

/* ---- stretches ---- */

static size_t stretch_of(size_t n, size_t at) { return n - at < VL_STRETCH ? n - at : VL_STRETCH; }

static vl_code pack_0(vl_symbols *s, const uint8_t *bytes, size_t n, const uint32_t *count, vl_buf *out,
                      vl_err *err)
{
    uint32_t f[256];
    if (vl_symbols_put_0(ORDER_0, count, f, out, err) ||
        vl_buf_reserve(&s->pair, VL_STRETCH * sizeof(uint32_t), err))
        return err->code;
    uint32_t *const pair = (uint32_t *)(void *)s->pair.data;
    for (size_t at = 0; at < n; at += VL_STRETCH) {
        const size_t own = stretch_of(n, at), lanes = vl_symbols_lanes(own),
                     nstep = (own + lanes - 1) / lanes;
        for (size_t i = 0; i < own; i++) pair[i] = f[bytes[at + i]];
        for (size_t i = own; i < nstep * lanes; i++) pair[i] = f[bytes[at]];
        if (vl_symbols_put_words(s, nstep, lanes, out, err)) return err->code;
    }
    return VL_OK;
}

/* Symbols of a stretch in lanes, to split [own, and what fills the last step]. */
static void split(const uint8_t *bytes, size_t own, size_t lanes, const uint8_t *symbol, uint8_t *to)
{
    const size_t nstep = (own + lanes - 1) / lanes;
    for (size_t l = 0; l < lanes; l++)
        for (size_t i = 0; i < nstep; i++) {
            const size_t at = l * nstep + i;
            to[i * lanes + l] = symbol[bytes[at < own ? at : own - 1]];
        }
}

/* Symbols of all stretches in lanes, in s->split; how often each follows each. */
static vl_code follow(vl_symbols *s, const uint8_t *bytes, size_t n, const uint8_t *symbol,
                      uint32_t (*count)[FEW], vl_err *err)
{
    if (vl_buf_reserve(&s->split, n + VL_STREAM_LANES, err)) return err->code;
    memset(count, 0, FEW * sizeof *count);
    for (size_t at = 0; at < n; at += VL_STRETCH) {
        const size_t own = stretch_of(n, at), lanes = vl_symbols_lanes(own),
                     nstep = (own + lanes - 1) / lanes;
        uint8_t *const to = s->split.data + at;
        split(bytes + at, own, lanes, symbol, to);
        for (size_t i = 0; i < lanes; i++) count[0][to[i]]++;
        for (size_t i = lanes; i < nstep * lanes; i++) count[to[i - lanes]][to[i]]++;
    }
    return VL_OK;
}

/* The symbols of follow, by what stood before each. */
static vl_code pack_1(vl_symbols *s, size_t n, const uint8_t *value, size_t nsymbol, uint32_t (*count)[FEW],
                      vl_buf *out, vl_err *err)
{
    uint32_t f[FEW][FEW];
    if (vl_symbols_put_1(ORDER_1, value, nsymbol, count, f, out, err) ||
        vl_buf_reserve(&s->pair, VL_STRETCH * sizeof(uint32_t), err))
        return err->code;
    uint32_t *const pair = (uint32_t *)(void *)s->pair.data;
    for (size_t at = 0; at < n; at += VL_STRETCH) {
        const size_t own = stretch_of(n, at), lanes = vl_symbols_lanes(own),
                     nstep = (own + lanes - 1) / lanes;
        const uint8_t *const from = s->split.data + at;
        for (size_t i = 0; i < lanes; i++) pair[i] = f[0][from[i]];
        for (size_t i = lanes; i < nstep * lanes; i++) pair[i] = f[from[i - lanes]][from[i]];
        if (vl_symbols_put_words(s, nstep, lanes, out, err)) return err->code;
    }
    return VL_OK;
}

/* Bytes that stretches take more than one stream of words. */
static uint64_t more_of(size_t n) { return (n - 1) / VL_STRETCH * 2 * VL_STREAM_LANES; }

/* Where nothing is gained but a little it is not worth the time to read it. */
static vl_code pack_symbols(vl_symbols *s, const uint8_t *bytes, size_t n, const uint32_t *count, vl_buf *out,
                            vl_err *err)
{
    enum { LITTLE = 64 };
    uint32_t after[FEW][FEW];
    uint8_t symbol[256], value[256];
    size_t nsymbol = 0;
    for (int i = 0; i < 256; i++) {
        symbol[i] = (uint8_t)nsymbol;
        value[nsymbol] = (uint8_t)i;
        nsymbol += count[i] != 0;
    }
    const uint64_t zero = vl_symbols_size_0(s, count, n) + more_of(n), most = n - n / LITTLE,
                   least = zero < most ? zero : most;
    if (nsymbol <= FEW) {
        if (follow(s, bytes, n, symbol, after, err)) return err->code;
        const uint64_t one = vl_symbols_size_1(s, after, nsymbol, vl_symbols_lanes(n)) + more_of(n);
        if (one < least - least / 32) return pack_1(s, n, value, nsymbol, after, out, err);
    }
    if (zero < most) return pack_0(s, bytes, n, count, out, err);
    if (vl_buf_append(out, &(uint8_t){ PLAIN }, 1, err)) return err->code;
    return vl_buf_append(out, bytes, n, err);
}

vl_code vl_plane_pack(vl_planes *p, const uint8_t *bytes, size_t n, vl_work *work, vl_buf *out, vl_err *err)
{
    enum { RARE = 16 };
    uint32_t count[256];
    if (!n) return VL_OK;
    count_bytes(bytes, n, count);
    const unsigned one = most_frequent(count);
    const size_t nother = n - count[one];
    if (!nother) return vl_buf_append(out, (const uint8_t[]){ EQUAL, bytes[0] }, 2, err);
    if (nother > n / RARE) return pack_symbols(&p->symbols, bytes, n, count, out, err);
    if (list_others(p, bytes, n, (uint8_t)one, nother, err)) return err->code;
    return put_mostly(p, (uint8_t)one, work, out, err);
}
