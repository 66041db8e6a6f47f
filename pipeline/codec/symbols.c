/* Bytes by their frequencies, the way out (symbols.h); the way back is symbols_read.c. */
#include "pipeline/codec/symbols.h"

#include <string.h>

enum { PLAIN, EQUAL, ORDER_0, ORDER_1, ZSTD };
enum { FEW = VL_SYMBOLS_FEW, LEAST_TEXT = 64, TEXT_EFFORT = 5 };

void vl_symbols_init(vl_symbols *s)
{
    *s = (vl_symbols){ 0 };
    vl_log2_init(&s->log);
}

void vl_symbols_free(vl_symbols *s)
{
    vl_buf *const all[] = { &s->split, &s->pair, &s->words, &s->table };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) vl_buf_free(all[i]);
}

uint64_t vl_symbols_bits(const vl_log2 *log, const uint32_t *count, size_t nsymbol, size_t n)
{
    uint64_t parts = 0;
    if (!n) return 0;
    const uint64_t all = vl_log2_of(log, (uint32_t)n);
    for (size_t i = 0; i < nsymbol; i++)
        if (count[i]) parts += count[i] * (all - vl_log2_of(log, count[i]));
    return parts / VL_LOG_ONE;
}

/* Counts into frequencies of VL_STREAM_ALL, none of a symbol that is there 0. */
static void make_frequencies(uint32_t *f, const uint32_t *count, size_t nsymbol)
{
    uint64_t n = 0;
    uint32_t sum = 0;
    for (size_t i = 0; i < nsymbol; i++) n += count[i];
    for (size_t i = 0; i < nsymbol; i++) {
        const uint32_t own = n ? (uint32_t)((count[i] * (uint64_t)VL_STREAM_ALL + n / 2) / n) : 0;
        f[i] = count[i] && !own ? 1 : own;
        sum += f[i];
    }
    while (n && sum != VL_STREAM_ALL) { /* the greatest gives or takes what is over */
        size_t most = 0;
        for (size_t i = 1; i < nsymbol; i++)
            if (f[i] > f[most]) most = i;
        const uint32_t over = sum > VL_STREAM_ALL ? sum - VL_STREAM_ALL : 0, half = f[most] / 2;
        const uint32_t less = over < half ? over : half;
        if (over) f[most] -= less, sum -= less;
        else f[most] += VL_STREAM_ALL - sum, sum = VL_STREAM_ALL;
    }
}

static vl_code put_frequencies(const uint32_t *f, size_t nsymbol, vl_buf *out, vl_err *err)
{
    for (size_t i = 0; i < nsymbol && !err->code; i++) {
        vl_add_number(out, f[i], err);
        if (f[i]) continue;
        size_t more = 0;
        while (i + 1 < nsymbol && !f[i + 1]) i++, more++;
        vl_add_number(out, more, err);
    }
    return err->code;
}

/* Frequencies into first << 16 | frequency. */
static void place(uint32_t *f, size_t nsymbol)
{
    uint32_t first = 0;
    for (size_t i = 0; i < nsymbol; i++) {
        const uint32_t own = f[i];
        f[i] = first << 16 | own;
        first += own;
    }
}

vl_code vl_symbols_put_words(vl_symbols *s, size_t nstep, size_t lanes, vl_buf *out, vl_err *err)
{
    const size_t n = nstep * lanes;
    uint32_t state[VL_STREAM_LANES];
    if (vl_buf_reserve(&s->words, n * 2, err)) return err->code;
    uint16_t *const end = (uint16_t *)(void *)s->words.data + n;
    const size_t nword =
        vl_k.stream_write(end, state, (const uint32_t *)(const void *)s->pair.data, nstep, lanes);
    if (vl_add_number(out, nword, err) || vl_buf_append(out, state, lanes * sizeof *state, err))
        return err->code;
    return vl_buf_append(out, end - nword, nword * 2, err);
}

vl_code vl_symbols_put_0(uint8_t form, const uint32_t *count, uint32_t *f, vl_buf *out, vl_err *err)
{
    unsigned most = 255;
    while (!count[most]) most--;
    make_frequencies(f, count, most + 1);
    const uint8_t head[2] = { form, (uint8_t)most };
    if (!vl_buf_append(out, head, 2, err)) put_frequencies(f, most + 1, out, err);
    place(f, most + 1);
    return err->code;
}

vl_code vl_symbols_put_1(uint8_t form, const uint8_t *value, size_t nsymbol, uint32_t (*count)[FEW],
                         uint32_t (*f)[FEW], vl_buf *out, vl_err *err)
{
    const uint8_t head[2] = { form, (uint8_t)(nsymbol - 1) };
    if (!vl_buf_append(out, head, 2, err)) vl_buf_append(out, value, nsymbol, err);
    for (size_t c = 0; c < nsymbol && !err->code; c++) {
        make_frequencies(f[c], count[c], nsymbol);
        put_frequencies(f[c], nsymbol, out, err);
        place(f[c], nsymbol);
    }
    return err->code;
}

static vl_code pack_0(vl_symbols *s, const uint8_t *bytes, size_t n, const uint32_t *count, vl_buf *out,
                      vl_err *err)
{
    const size_t lanes = vl_symbols_lanes(n), nstep = (n + lanes - 1) / lanes;
    uint32_t f[256];
    if (vl_symbols_put_0(ORDER_0, count, f, out, err) ||
        vl_buf_reserve(&s->pair, nstep * lanes * sizeof(uint32_t), err))
        return err->code;
    uint32_t *const pair = (uint32_t *)(void *)s->pair.data;
    for (size_t i = 0; i < n; i++) pair[i] = f[bytes[i]];
    for (size_t i = n; i < nstep * lanes; i++) pair[i] = f[bytes[0]];
    return vl_symbols_put_words(s, nstep, lanes, out, err);
}

/* Symbols of bytes in lanes, in s->split; how often each follows each. */
static vl_code follow(vl_symbols *s, const uint8_t *bytes, size_t n, const uint8_t *symbol,
                      uint32_t (*count)[FEW], vl_err *err)
{
    const size_t lanes = vl_symbols_lanes(n), nstep = (n + lanes - 1) / lanes, all = nstep * lanes;
    if (vl_buf_reserve(&s->split, all, err)) return err->code;
    for (size_t l = 0; l < lanes; l++) {
        for (size_t i = 0; i < nstep; i++) {
            const size_t at = l * nstep + i;
            s->split.data[i * lanes + l] = symbol[bytes[at < n ? at : n - 1]];
        }
    }
    memset(count, 0, FEW * sizeof *count);
    for (size_t i = 0; i < all; i++) count[i < lanes ? 0 : s->split.data[i - lanes]][s->split.data[i]]++;
    return VL_OK;
}

/* The symbols of follow, by what stood before each. */
static vl_code pack_1(vl_symbols *s, size_t n, const uint8_t *value, size_t nsymbol, uint32_t (*count)[FEW],
                      vl_buf *out, vl_err *err)
{
    const size_t lanes = vl_symbols_lanes(n), nstep = (n + lanes - 1) / lanes, all = nstep * lanes;
    uint32_t f[FEW][FEW];
    if (vl_symbols_put_1(ORDER_1, value, nsymbol, count, f, out, err) ||
        vl_buf_reserve(&s->pair, all * sizeof(uint32_t), err))
        return err->code;
    uint32_t *const pair = (uint32_t *)(void *)s->pair.data;
    for (size_t i = 0; i < all; i++) pair[i] = f[i < lanes ? 0 : s->split.data[i - lanes]][s->split.data[i]];
    return vl_symbols_put_words(s, nstep, lanes, out, err);
}

uint64_t vl_symbols_size_1(const vl_symbols *s, uint32_t (*count)[FEW], size_t nsymbol, size_t lanes)
{
    uint64_t bits = 0, table = nsymbol;
    for (size_t c = 0; c < nsymbol; c++) {
        size_t n = 0;
        for (size_t i = 0; i < nsymbol; i++) {
            n += count[c][i];
            table += count[c][i] ? 2 : 1;
        }
        bits += vl_symbols_bits(&s->log, count[c], nsymbol, n);
    }
    return 4 * lanes + table + bits / 8;
}

uint64_t vl_symbols_size_0(const vl_symbols *s, const uint32_t *count, size_t n)
{
    uint64_t table = 4 * vl_symbols_lanes(n);
    for (int i = 0; i < 256; i++)
        table += !count[i] ? 0 : count[i] * (uint64_t)VL_STREAM_ALL >= 128 * n ? 2 : 1;
    return table + vl_symbols_bits(&s->log, count, 256, n) / 8;
}

/* Replaces what out has from `from` on by a zstd frame, if that is smaller. */
static vl_code try_zstd(const uint8_t *bytes, size_t n, size_t from, vl_work *work, vl_buf *out, vl_err *err)
{
    vl_buf *const frame = &work->b;
    frame->len = 0;
    if (vl_zstd_pack(bytes, n, TEXT_EFFORT, work, frame, err)) return err->code;
    if (frame->len + 4 >= out->len - from) return VL_OK;
    out->len = from;
    if (vl_buf_append(out, &(uint8_t){ ZSTD }, 1, err) || vl_add_number(out, frame->len, err))
        return err->code;
    return vl_buf_append(out, frame->data, frame->len, err);
}

static vl_code pack_many(vl_symbols *s, const uint8_t *bytes, size_t n, const uint32_t *count, vl_buf *out,
                         vl_err *err)
{
    uint32_t after[FEW][FEW];
    uint8_t symbol[256], value[256];
    size_t nsymbol = 0;
    for (int i = 0; i < 256; i++) {
        symbol[i] = (uint8_t)nsymbol;
        value[nsymbol] = (uint8_t)i;
        nsymbol += count[i] != 0;
    }
    const uint64_t zero = vl_symbols_size_0(s, count, n), least = zero < n ? zero : n;
    if (nsymbol <= FEW) {
        if (follow(s, bytes, n, symbol, after, err)) return err->code;
        const uint64_t one = vl_symbols_size_1(s, after, nsymbol, vl_symbols_lanes(n));
        if (one < least - least / 32) return pack_1(s, n, value, nsymbol, after, out, err);
    }
    if (zero < n) return pack_0(s, bytes, n, count, out, err);
    if (vl_buf_append(out, &(uint8_t){ PLAIN }, 1, err)) return err->code;
    return vl_buf_append(out, bytes, n, err);
}

vl_code vl_symbols_pack(vl_symbols *s, const uint8_t *bytes, size_t n, bool text, vl_work *work, vl_buf *out,
                        vl_err *err)
{
    uint32_t count[256] = { 0 };
    const size_t from = out->len;
    if (!n) return VL_OK;
    for (size_t i = 0; i < n; i++) count[bytes[i]]++;
    if (count[bytes[0]] == n) return vl_buf_append(out, (const uint8_t[]){ EQUAL, bytes[0] }, 2, err);
    if (pack_many(s, bytes, n, count, out, err)) return err->code;
    return text && n >= LEAST_TEXT ? try_zstd(bytes, n, from, work, out, err) : err->code;
}
