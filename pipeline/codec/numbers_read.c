/* A column of whole numbers, the way back (numbers.h). */
#include "pipeline/codec/bits.h"
#include "pipeline/codec/numbers.h"

#include <string.h>

static vl_code cut_off(const char *what, vl_err *err)
{
    return vl_fail(err, VL_ESTORE, "column of numbers: %s are cut off or make no sense", what);
}

static uint64_t unzigzag(uint64_t v) { return v >> 1 ^ (0 - (v & 1)); }

/* What a symbol of sizes stands for: the bits above the others, how many others, and the sign. */
typedef struct sizes {
    uint64_t base[256], negative[256];
    uint8_t bits[256];
} sizes;

static void init_sizes(sizes *s)
{
    for (unsigned i = 0; i < 256; i++) {
        const unsigned symbol = i & 127, bits = vl_size_bits(symbol);
        const bool is = bits + 2 <= VL_NUMBER_BITS; /* others stand for nothing */
        s->bits[i] = (uint8_t)(is ? bits : 0);
        s->base[i] = symbol < 8 ? symbol : is ? (2 | ((symbol - 8) & 1)) * (UINT64_C(1) << bits) : 0;
        s->negative[i] = i > 127 ? UINT64_MAX : 0;
    }
}

/* The bits of n numbers, in s->bits; `each`: bits of each symbol. */
static vl_code take_bits(vl_numbers *s, vl_rest *in, size_t n, const uint8_t *each, vl_err *err)
{
    uint64_t nbyte, nbit = 0;
    const uint8_t *bits;
    for (size_t i = 0; i < n; i++) nbit += each[s->sym.data[i]];
    if (!vl_take_number(in, &nbyte, vl_rest_of(in)) || nbyte != (nbit + 7) / 8 ||
        !vl_take_bytes(in, &bits, nbyte))
        return cut_off("bits", err);
    if (vl_buf_reserve(&s->bits, nbyte + VL_PAD, err)) return err->code;
    memcpy(s->bits.data, bits, nbyte);
    memset(s->bits.data + nbyte, 0, VL_PAD);
    return VL_OK;
}

static vl_code take_sizes(vl_numbers *s, vl_rest *in, uint64_t *d, size_t n, vl_work *work, vl_err *err)
{
    sizes z;
    init_sizes(&z);
    if (vl_symbols_unpack(&s->symbols, in, s->sym.data, n, work, err) || take_bits(s, in, n, z.bits, err))
        return err->code;
    const uint8_t *const sym = s->sym.data;
    uint64_t at = 0;
    for (size_t i = 0; i < n; i++) {
        const unsigned k = sym[i];
        const uint64_t size = z.base[k] + vl_get_many_bits(s->bits.data, at, z.bits[k]);
        d[i] = (size ^ z.negative[k]) - z.negative[k];
        at += z.bits[k];
    }
    return VL_OK;
}

static vl_code take_steps(vl_numbers *s, vl_rest *in, uint64_t *d, size_t n, vl_work *work, vl_err *err)
{
    const uint8_t *shift;
    uint64_t least;
    uint8_t each[256];
    if (!vl_take_bytes(in, &shift, 1) || *shift > VL_NUMBER_BITS || !vl_take_number(in, &least, UINT64_MAX))
        return cut_off("steps", err);
    memset(each, *shift, sizeof each);
    const unsigned bits = *shift;
    least = unzigzag(least);
    if (vl_symbols_unpack(&s->symbols, in, s->sym.data, n, work, err) || take_bits(s, in, n, each, err))
        return err->code;
    const uint8_t *const sym = s->sym.data;
    for (size_t i = 0; i < n; i++)
        d[i] = least + ((uint64_t)sym[i] << bits) + vl_get_many_bits(s->bits.data, i * bits, bits);
    return VL_OK;
}

static vl_code take_differences(vl_numbers *s, vl_rest *in, uint64_t *d, size_t n, vl_work *work, vl_err *err)
{
    const uint8_t *form;
    uint64_t all;
    if (!n) return VL_OK;
    if (vl_buf_reserve(&s->sym, n + VL_PAD, err)) return err->code;
    if (!vl_take_bytes(in, &form, 1)) return cut_off("differences", err);
    if (*form == VL_DIFFERENCES_SIZE) return take_sizes(s, in, d, n, work, err);
    if (*form == VL_DIFFERENCES_STEPS) return take_steps(s, in, d, n, work, err);
    if (*form != VL_DIFFERENCES_EQUAL || !vl_take_number(in, &all, UINT64_MAX))
        return cut_off("differences", err);
    for (size_t i = 0; i < n; i++) d[i] = unzigzag(all);
    return VL_OK;
}

/* The values that ranks stand for, in s->ranks. */
static vl_code take_ranks(vl_numbers *s, vl_rest *in, size_t n, size_t *nvalue, vl_work *work, vl_err *err)
{
    uint64_t k, least;
    if (!vl_take_number(in, &k, n) || !k || !vl_take_number(in, &least, UINT64_MAX))
        return cut_off("ranks", err);
    if (vl_buf_reserve(&s->ranks, k * sizeof(uint64_t), err)) return err->code;
    uint64_t *const v = (uint64_t *)(void *)s->ranks.data;
    v[0] = least;
    if (take_differences(s, in, v + 1, k - 1, work, err)) return err->code;
    for (size_t i = 1; i < k; i++) v[i] += v[i - 1] + 1;
    *nvalue = k;
    return VL_OK;
}

static vl_code look_up(const vl_numbers *s, uint64_t *v, size_t n, size_t nvalue, vl_err *err)
{
    const uint64_t *const ranks = (const uint64_t *)(const void *)s->ranks.data;
    for (size_t i = 0; i < n; i++) {
        if (v[i] >= nvalue) return cut_off("ranks", err);
        v[i] = ranks[v[i]];
    }
    return VL_OK;
}

/* Differences in two groups: rows in which the other column stays, and the rest. */
static vl_code take_while(vl_numbers *s, vl_rest *in, uint64_t *v, size_t n, const uint64_t *other,
                          vl_work *work, vl_err *err)
{
    size_t stay = 0;
    for (size_t i = 1; i < n; i++) stay += other[i] == other[i - 1];
    if (vl_buf_reserve(&s->one, n * sizeof(uint64_t), err)) return err->code;
    uint64_t *const d = (uint64_t *)(void *)s->one.data;
    if (take_differences(s, in, d, stay, work, err) || take_differences(s, in, d + stay, n - stay, work, err))
        return err->code;
    const uint64_t *a = d, *b = d + stay;
    v[0] = *b++;
    for (size_t i = 1; i < n; i++) v[i] = other[i] == other[i - 1] ? v[i - 1] + *a++ : *b++;
    return VL_OK;
}

static vl_code take_column(vl_numbers *s, vl_rest *in, unsigned how, uint64_t *v, size_t n,
                           const uint64_t *other, vl_work *work, vl_err *err)
{
    if (how == VL_NUMBERS_WHILE) return take_while(s, in, v, n, other, work, err);
    if (how == VL_NUMBERS_BEFORE) {
        if (!vl_take_number(in, &v[0], UINT64_MAX)) return cut_off("first ones", err);
        if (take_differences(s, in, v + 1, n - 1, work, err)) return err->code;
        for (size_t i = 1; i < n; i++) v[i] += v[i - 1];
        return VL_OK;
    }
    if (take_differences(s, in, v, n, work, err)) return err->code;
    for (size_t i = 0; other && i < n; i++)
        v[i] = how == VL_NUMBERS_AGAINST ? v[i] - other[i] : v[i] + other[i];
    return VL_OK;
}

static vl_code take_way(vl_numbers *s, vl_rest *in, unsigned how, uint64_t *v, size_t n, vl_column_find *find,
                        void *arg, vl_work *work, vl_err *err)
{
    const uint8_t *column;
    const uint64_t *other = NULL;
    uint64_t all;
    size_t nvalue = 0;
    const unsigned way = how % VL_NUMBERS_RANKED;
    const bool ranked = how >= VL_NUMBERS_RANKED;
    if (how >= 2 * VL_NUMBERS_RANKED || way == VL_NUMBERS_HALVES || way > VL_NUMBERS_AGAINST ||
        (ranked && (way == VL_NUMBERS_EQUAL || way == VL_NUMBERS_AT_SIDE || way == VL_NUMBERS_AGAINST)))
        return cut_off("hows", err);
    if (way == VL_NUMBERS_EQUAL) {
        if (!vl_take_number(in, &all, UINT64_MAX)) return cut_off("equal ones", err);
        for (size_t i = 0; i < n; i++) v[i] = all;
        return VL_OK;
    }
    if (way >= VL_NUMBERS_AT_SIDE &&
        (!vl_take_bytes(in, &column, 1) || !find || !(other = find(arg, *column))))
        return cut_off("columns", err);
    if (ranked && take_ranks(s, in, n, &nvalue, work, err)) return err->code;
    if (take_column(s, in, way, v, n, other, work, err)) return err->code;
    return ranked ? look_up(s, v, n, nvalue, err) : VL_OK;
}

static const uint64_t *find_high(void *arg, unsigned column)
{
    return column == VL_NUMBERS_HIGH ? arg : NULL;
}

static vl_code take_halves(vl_numbers *s, vl_rest *in, uint64_t *v, size_t n, vl_work *work, vl_err *err)
{
    const uint8_t *how;
    if (vl_buf_reserve(&s->high, n * sizeof *v, err)) return err->code;
    uint64_t *const high = (uint64_t *)(void *)s->high.data;
    if (!vl_take_bytes(in, &how, 1)) return cut_off("halves", err);
    if (take_way(s, in, *how, high, n, NULL, NULL, work, err)) return err->code;
    if (!vl_take_bytes(in, &how, 1)) return cut_off("halves", err);
    if (take_way(s, in, *how, v, n, find_high, high, work, err)) return err->code;
    for (size_t i = 0; i < n; i++) v[i] += high[i] << 16;
    return VL_OK;
}

vl_code vl_numbers_unpack(vl_numbers *s, vl_rest *in, uint64_t *v, size_t n, vl_column_find *find, void *arg,
                          vl_work *work, vl_err *err)
{
    const uint8_t *how;
    if (!n) return VL_OK;
    if (!vl_take_bytes(in, &how, 1)) return cut_off("hows", err);
    if (*how == VL_NUMBERS_HALVES) return take_halves(s, in, v, n, work, err);
    return take_way(s, in, *how, v, n, find, arg, work, err);
}
