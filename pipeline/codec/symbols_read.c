/* Bytes by their frequencies, the way back (symbols.h). */
#include "pipeline/codec/symbols.h"

#include <string.h>

enum { PLAIN, EQUAL, ORDER_0, ORDER_1, ZSTD };

static vl_code cut_off(const char *what, vl_err *err)
{
    return vl_fail(err, VL_ESTORE, "stream of symbols: %s are cut off or make no sense", what);
}

/* One context's frequencies into its slots. none: there may be none at all, as it is never met. */
static bool take_frequencies(vl_rest *in, size_t nsymbol, bool none, uint32_t *table)
{
    uint32_t first = 0;
    for (size_t i = 0; i < nsymbol; i++) {
        uint64_t own, more;
        if (!vl_take_number(in, &own, VL_STREAM_ALL - first)) return false;
        if (!own && !vl_take_number(in, &more, nsymbol - 1 - i)) return false;
        for (uint32_t k = first; k < first + own; k++) table[k] = VL_STREAM_ENTRY(i, (uint32_t)own, first, k);
        first += (uint32_t)own;
        if (!own) i += more;
    }
    if (first || !none) return first == VL_STREAM_ALL;
    for (uint32_t k = 0; k < VL_STREAM_ALL; k++) table[k] = VL_STREAM_ENTRY(0, VL_STREAM_ALL, 0, k);
    return true;
}

vl_code vl_symbols_take_words(vl_symbols *s, vl_rest *in, size_t n, vl_symbol_words *out, vl_err *err)
{
    enum { BEHIND = 32 }; /* bytes that are read behind the words */
    const size_t lanes = vl_symbols_lanes(n), nstep = (n + lanes - 1) / lanes;
    uint64_t nword;
    const uint8_t *start, *words;
    if (!vl_take_number(in, &nword, nstep * lanes) ||
        !vl_take_bytes(in, &start, lanes * sizeof *out->state) || !vl_take_bytes(in, &words, nword * 2))
        return cut_off("words", err);
    memcpy(out->state, start, lanes * sizeof *out->state);
    out->at = words;
    out->n = (size_t)nword;
    if (vl_rest_of(in) >= BEHIND) return VL_OK;
    if (vl_buf_reserve(&s->words, nword * 2 + BEHIND, err)) return err->code;
    memcpy(s->words.data, words, nword * 2);
    memset(s->words.data + nword * 2, 0, BEHIND);
    out->at = s->words.data;
    return VL_OK;
}

/* to [whole steps that hold n]. */
static vl_code take_words(vl_symbols *s, vl_rest *in, uint8_t *to, size_t n, uint32_t mask, vl_err *err)
{
    const size_t lanes = vl_symbols_lanes(n), nstep = (n + lanes - 1) / lanes;
    vl_symbol_words w;
    if (vl_symbols_take_words(s, in, n, &w, err)) return err->code;
    if (vl_k.stream_read(to, w.at, w.n, w.state, nstep, lanes, (const uint32_t *)(const void *)s->table.data,
                         mask) != w.n)
        return cut_off("words", err);
    return VL_OK;
}

vl_code vl_symbols_take_0(vl_symbols *s, vl_rest *in, vl_err *err)
{
    const uint8_t *most;
    if (vl_buf_reserve(&s->table, VL_STREAM_ALL * sizeof(uint32_t), err)) return err->code;
    if (vl_take_bytes(in, &most, 1) &&
        take_frequencies(in, (size_t)*most + 1, false, (uint32_t *)(void *)s->table.data))
        return VL_OK;
    return cut_off("frequencies", err);
}

vl_code vl_symbols_take_1(vl_symbols *s, vl_rest *in, const uint8_t **value, size_t *nsymbol, vl_err *err)
{
    const uint8_t *head;
    if (!vl_take_bytes(in, &head, 1) || *head >= VL_SYMBOLS_FEW ||
        !vl_take_bytes(in, value, (uint64_t)*head + 1))
        return cut_off("frequencies", err);
    const size_t n = *nsymbol = (size_t)*head + 1;
    if (vl_buf_reserve(&s->table, n * VL_STREAM_ALL * sizeof(uint32_t), err)) return err->code;
    uint32_t *const table = (uint32_t *)(void *)s->table.data;
    for (size_t c = 0; c < n; c++)
        if (!take_frequencies(in, n, true, table + (c << VL_STREAM_BITS))) return cut_off("frequencies", err);
    return VL_OK;
}

static vl_code unpack_0(vl_symbols *s, vl_rest *in, uint8_t *to, size_t n, vl_err *err)
{
    return vl_symbols_take_0(s, in, err) ? err->code : take_words(s, in, to, n, 0, err);
}

static vl_code unpack_1(vl_symbols *s, vl_rest *in, uint8_t *to, size_t n, vl_err *err)
{
    const size_t lanes = vl_symbols_lanes(n), nstep = (n + lanes - 1) / lanes;
    const uint8_t *value = NULL;
    size_t nsymbol;
    if (vl_symbols_take_1(s, in, &value, &nsymbol, err) || vl_buf_reserve(&s->split, nstep * lanes, err) ||
        take_words(s, in, s->split.data, n, 255, err))
        return err->code;
    for (size_t l = 0; l < lanes; l++)
        for (size_t i = 0; i < nstep && l * nstep + i < n; i++)
            to[l * nstep + i] = value[s->split.data[i * lanes + l]];
    return VL_OK;
}

static vl_code unpack_zstd(vl_rest *in, uint8_t *to, size_t n, vl_work *work, vl_err *err)
{
    uint64_t bytes;
    const uint8_t *frame;
    if (!vl_take_number(in, &bytes, vl_rest_of(in)) || !vl_take_bytes(in, &frame, bytes))
        return cut_off("texts", err);
    return vl_zstd_unpack(frame, bytes, to, n, work, err);
}

vl_code vl_symbols_unpack(vl_symbols *s, vl_rest *in, uint8_t *to, size_t n, vl_work *work, vl_err *err)
{
    const uint8_t *form, *bytes;
    if (!n) return VL_OK;
    if (!vl_take_bytes(in, &form, 1)) return cut_off("forms", err);
    switch (*form) {
    case PLAIN:
        if (!vl_take_bytes(in, &bytes, n)) return cut_off("bytes", err);
        memcpy(to, bytes, n);
        return VL_OK;
    case EQUAL:
        if (!vl_take_bytes(in, &bytes, 1)) return cut_off("bytes", err);
        memset(to, *bytes, n);
        return VL_OK;
    case ORDER_0: return unpack_0(s, in, to, n, err);
    case ORDER_1: return unpack_1(s, in, to, n, err);
    case ZSTD: return unpack_zstd(in, to, n, work, err);
    default: return cut_off("forms", err);
    }
}
