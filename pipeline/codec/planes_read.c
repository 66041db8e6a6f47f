/* Planes, the way back (planes.h). */
#include "pipeline/codec/planes.h"

#include <string.h>

enum { PLAIN, EQUAL, ORDER_0, ORDER_1, MOSTLY };
enum { STEPS = VL_STRETCH / VL_STREAM_LANES };

static vl_code cut_off(const char *what, vl_err *err)
{
    return vl_fail(err, VL_ESTORE, "plane of bytes: %s are cut off or make no sense", what);
}

static size_t stretch_of(size_t n, size_t at) { return n - at < VL_STRETCH ? n - at : VL_STRETCH; }

/* ---- mostly one ---- */

static vl_code scatter(const vl_planes *p, uint8_t *to, size_t n, size_t nother, size_t ngap, vl_err *err)
{
    enum { WHOLE = 255 };
    size_t at = 0, k = 0;
    for (size_t i = 0; i < ngap; i++) {
        at += p->gap.data[i];
        if (p->gap.data[i] == WHOLE) continue;
        if (at >= n || k == nother) return cut_off("gaps", err);
        to[at++] = p->other.data[k++];
    }
    return k == nother ? VL_OK : cut_off("gaps", err);
}

static vl_code unpack_mostly(vl_planes *p, vl_rest *in, uint8_t *to, size_t n, vl_work *work, vl_err *err)
{
    enum { MORE = 16, WHOLE = 255 }; /* that symbols may write; a gap of a byte */
    const uint8_t *one;
    uint64_t nother, ngap;
    if (!vl_take_bytes(in, &one, 1) || !vl_take_number(in, &nother, n) ||
        !vl_take_number(in, &ngap, nother + n / WHOLE))
        return cut_off("gaps", err);
    if (vl_buf_reserve(&p->gap, ngap + MORE, err) || vl_buf_reserve(&p->other, nother + MORE, err) ||
        vl_symbols_unpack(&p->symbols, in, p->gap.data, ngap, work, err) ||
        vl_symbols_unpack(&p->symbols, in, p->other.data, nother, work, err))
        return err->code;
    memset(to, *one, n);
    return scatter(p, to, n, (size_t)nother, (size_t)ngap, err);
}

/* ---- stretches ---- */

/* What is common to the stretches of a plane. */
typedef struct reading {
    vl_symbols *s;
    uint8_t *to;
    size_t n;
    const uint8_t *value; /* of each symbol; NULL: order 0, they are the bytes */
    size_t waits;         /* the stretch, whole, that waits for another one; SIZE_MAX: none does */
    vl_symbol_words first;
} reading;

/* Symbols of a stretch into bytes. */
static void set_bytes(const reading *r, size_t at, const uint8_t *sym)
{
    const size_t own = stretch_of(r->n, at), lanes = vl_symbols_lanes(own), nstep = (own + lanes - 1) / lanes;
    uint8_t *const to = r->to + at;
    if (own == VL_STRETCH) {
        vl_k.lanes_join(to, sym, nstep, lanes);
        for (size_t i = 0; i < own; i++) to[i] = r->value[to[i]];
        return;
    }
    for (size_t l = 0; l < lanes; l++)
        for (size_t i = 0; i < nstep && l * nstep + i < own; i++)
            to[l * nstep + i] = r->value[sym[i * lanes + l]];
}

static vl_code read_one(reading *r, size_t at, vl_symbol_words *w, vl_err *err)
{
    const size_t own = stretch_of(r->n, at), lanes = vl_symbols_lanes(own), nstep = (own + lanes - 1) / lanes;
    uint8_t *const to = r->value ? r->s->split.data : r->to + at;
    if (vl_k.stream_read(to, w->at, w->n, w->state, nstep, lanes,
                         (const uint32_t *)(const void *)r->s->table.data, r->value ? 255 : 0) != w->n)
        return cut_off("words", err);
    if (r->value) set_bytes(r, at, to);
    return VL_OK;
}

/* The one that waits, and another whole one. */
static vl_code read_two(reading *r, size_t at, const vl_symbol_words *w, vl_err *err)
{
    uint8_t *const sym[2] = { r->value ? r->s->split.data : r->to + r->waits,
                              r->value ? r->s->split.data + VL_STRETCH : r->to + at };
    const uint8_t *const word[2] = { r->first.at, w->at };
    const size_t nword[2] = { r->first.n, w->n };
    uint32_t state[2][VL_STREAM_LANES];
    size_t used[2];
    memcpy(state[0], r->first.state, sizeof state[0]);
    memcpy(state[1], w->state, sizeof state[1]);
    vl_k.stream_read_two(sym, word, nword, state, STEPS, (const uint32_t *)(const void *)r->s->table.data,
                         r->value ? 255 : 0, used);
    if (used[0] != nword[0] || used[1] != nword[1]) return cut_off("words", err);
    if (r->value) set_bytes(r, r->waits, sym[0]);
    if (r->value) set_bytes(r, at, sym[1]);
    r->waits = SIZE_MAX;
    return VL_OK;
}

/* May this stretch wait for another? Its words must lie in the payload, not where the next ones may come. */
static bool may_wait(const reading *r, size_t at, const vl_symbol_words *w)
{
    return r->waits == SIZE_MAX && r->n - at > VL_STRETCH && w->at != r->s->words.data;
}

/* Two at once, where there are two. */
static vl_code read_stretches(reading *r, vl_rest *in, const uint8_t *wanted, vl_err *err)
{
    vl_symbol_words w;
    r->waits = SIZE_MAX;
    for (size_t at = 0; at < r->n; at += VL_STRETCH) {
        const size_t own = stretch_of(r->n, at);
        if (vl_symbols_take_words(r->s, in, own, &w, err)) return err->code;
        if (wanted && !wanted[at / VL_STRETCH]) continue;
        if (may_wait(r, at, &w)) r->first = w, r->waits = at;
        else if (own == VL_STRETCH && r->waits != SIZE_MAX) read_two(r, at, &w, err);
        else read_one(r, at, &w, err);
        if (err->code) return err->code;
    }
    return r->waits == SIZE_MAX ? VL_OK : read_one(r, r->waits, &r->first, err);
}

static vl_code unpack_0(reading *r, vl_rest *in, const uint8_t *wanted, vl_err *err)
{
    return vl_symbols_take_0(r->s, in, err) ? err->code : read_stretches(r, in, wanted, err);
}

static vl_code unpack_1(reading *r, vl_rest *in, const uint8_t *wanted, vl_err *err)
{
    size_t nsymbol;
    return vl_symbols_take_1(r->s, in, &r->value, &nsymbol, err) ||
                   vl_buf_reserve(&r->s->split, 2 * VL_STRETCH, err)
               ? err->code
               : read_stretches(r, in, wanted, err);
}

static vl_code unpack_plain(vl_rest *in, uint8_t *to, size_t n, const uint8_t *wanted, vl_err *err)
{
    const uint8_t *bytes;
    if (!vl_take_bytes(in, &bytes, n)) return cut_off("bytes", err);
    for (size_t at = 0; wanted && at < n; at += VL_STRETCH)
        if (wanted[at / VL_STRETCH]) memcpy(to + at, bytes + at, stretch_of(n, at));
    if (!wanted) memcpy(to, bytes, n);
    return VL_OK;
}

static vl_code unpack_equal(vl_rest *in, uint8_t *to, size_t n, vl_err *err)
{
    const uint8_t *one;
    if (!vl_take_bytes(in, &one, 1)) return cut_off("bytes", err);
    memset(to, *one, n);
    return VL_OK;
}

vl_code vl_plane_unpack(vl_planes *p, vl_rest *in, uint8_t *to, size_t n, const uint8_t *wanted,
                        vl_work *work, vl_err *err)
{
    reading r = { .s = &p->symbols, .to = to, .n = n };
    const uint8_t *form;
    if (!n) return VL_OK;
    if (!vl_take_bytes(in, &form, 1)) return cut_off("forms", err);
    switch (*form) {
    case PLAIN: return unpack_plain(in, to, n, wanted, err);
    case EQUAL: return unpack_equal(in, to, n, err);
    case ORDER_0: return unpack_0(&r, in, wanted, err);
    case ORDER_1: return unpack_1(&r, in, wanted, err);
    case MOSTLY: return unpack_mostly(p, in, to, n, work, err);
    default: return cut_off("forms", err);
    }
}
