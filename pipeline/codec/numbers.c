/* A column of whole numbers, the way out (numbers.h); the way back is numbers_read.c. Which differences are
 * taken is seen on some rows. */
#include "pipeline/codec/bits.h"
#include "pipeline/codec/numbers.h"

#include <stdlib.h>
#include <string.h>

enum { SOME = 2048 }; /* rows that tell of all */
enum { RANKED = VL_NUMBERS_RANKED, SPAN = 1 << 20, LEAST_RANKED = 64 };

vl_numbers *vl_numbers_of(vl_work *work, vl_err *err)
{
    if (work->numbers) return work->numbers;
    if ((work->numbers = calloc(1, sizeof *work->numbers))) vl_symbols_init(&work->numbers->symbols);
    else vl_fail(err, VL_ENOMEM, "no memory for numbers");
    return work->numbers;
}

void vl_numbers_free(vl_numbers *s)
{
    if (!s) return;
    vl_symbols_free(&s->symbols);
    vl_buf *const all[] = { &s->one,    &s->two,  &s->sym,  &s->bits, &s->ranks,
                            &s->ranked, &s->seen, &s->high, &s->low,  &s->halves };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) vl_buf_free(all[i]);
    free(s);
}

static uint64_t zigzag(int64_t v) { return (uint64_t)v << 1 ^ (uint64_t)(v >> 63); }
static uint64_t size_of(int64_t d) { return d < 0 ? (uint64_t)-d : (uint64_t)d; }

/* ---- differences ---- */

static unsigned symbol_of(uint64_t size)
{
    if (size < 8) return (unsigned)size;
    const unsigned bits = 64 - (unsigned)__builtin_clzll(size);
    return 8 + (bits - 4) * 2 + (unsigned)(size >> (bits - 2) & 1);
}

typedef struct spread {
    int64_t least, most;
    unsigned shift;       /* of steps */
    uint64_t size, steps; /* bits that they take, each with its table */
} spread;

/* Bits of the table of a stream of n symbols, and of the states of its lanes. */
static uint64_t table_bits(const uint32_t *count, size_t nsymbol, size_t n)
{
    uint64_t k = 0;
    for (size_t i = 0; i < nsymbol; i++) k += count[i] != 0;
    return k > 1 ? 12 * k + 32 * vl_symbols_lanes(n) : 0;
}

/* Steps of the size that takes the fewest bits; of one where there are so few that those before may tell.
 * step [256]: how many differences are in each of the finest. */
static void choose_steps(const vl_log2 *log, uint32_t *step, size_t n, size_t all, spread *s)
{
    unsigned shift = s->shift;
    s->steps = UINT64_MAX;
    for (size_t k = 256; k; k /= 2, shift++) {
        const uint64_t bits =
            (shift * n + vl_symbols_bits(log, step, k, n)) * all / n + table_bits(step, k, all);
        if (bits > s->steps) break;
        s->steps = bits;
        s->shift = shift;
        if (s->most - s->least < VL_SYMBOLS_FEW) break;
        for (size_t i = 0; i < k / 2; i++) step[i] = step[2 * i] + step[2 * i + 1];
    }
}

/* What differences take of whom d [n] are some: all are `all`. */
static spread measure(const vl_log2 *log, const int64_t *d, size_t n, size_t all)
{
    spread s = { INT64_MAX, INT64_MIN, 0, 0, 0 };
    uint32_t size[256] = { 0 }, step[256] = { 0 };
    uint64_t bits = 0;
    for (size_t i = 0; i < n; i++) {
        const unsigned symbol = symbol_of(size_of(d[i]));
        size[symbol | (unsigned)(d[i] < 0) << 7]++;
        bits += vl_size_bits(symbol);
        s.least = d[i] < s.least ? d[i] : s.least;
        s.most = d[i] > s.most ? d[i] : s.most;
    }
    if (!n || s.least == s.most) return s;
    s.size = (bits + vl_symbols_bits(log, size, 256, n)) * all / n + table_bits(size, 256, all);
    while ((uint64_t)(s.most - s.least) >> s.shift >> 8) s.shift++;
    for (size_t i = 0; i < n; i++) step[(uint64_t)(d[i] - s.least) >> s.shift]++;
    choose_steps(log, step, n, all, &s);
    return s;
}

static vl_code put_symbols(vl_numbers *s, const int64_t *d, size_t n, const spread *how, vl_work *work,
                           vl_buf *out, vl_err *err)
{
    if (vl_buf_reserve(&s->sym, n, err) || vl_buf_reserve(&s->bits, n * 8 + 16, err)) return err->code;
    vl_bit_end b = { s->bits.data, 0, 0 };
    if (how->steps < how->size) {
        for (size_t i = 0; i < n; i++) {
            const uint64_t above = (uint64_t)(d[i] - how->least);
            s->sym.data[i] = (uint8_t)(above >> how->shift);
            vl_put_bits(&b, above, how->shift);
        }
    } else {
        for (size_t i = 0; i < n; i++) {
            const unsigned symbol = symbol_of(size_of(d[i]));
            s->sym.data[i] = (uint8_t)(symbol | (unsigned)(d[i] < 0) << 7);
            vl_put_bits(&b, size_of(d[i]), vl_size_bits(symbol));
        }
    }
    const size_t nbyte = vl_bit_bytes(&b, s->bits.data);
    if (vl_symbols_pack(&s->symbols, s->sym.data, n, false, work, out, err) || vl_add_number(out, nbyte, err))
        return err->code;
    return vl_buf_append(out, s->bits.data, nbyte, err);
}

static vl_code put_differences(vl_numbers *s, const int64_t *d, size_t n, vl_work *work, vl_buf *out,
                               vl_err *err)
{
    if (!n) return VL_OK;
    const spread how = measure(&s->symbols.log, d, n, n);
    if (how.least == how.most) {
        if (vl_buf_append(out, &(uint8_t){ VL_DIFFERENCES_EQUAL }, 1, err)) return err->code;
        return vl_add_number(out, zigzag(how.least), err);
    }
    const bool steps = how.steps < how.size;
    const uint8_t head[2] = { steps ? VL_DIFFERENCES_STEPS : VL_DIFFERENCES_SIZE, (uint8_t)how.shift };
    if (vl_buf_append(out, head, steps ? 2 : 1, err) || (steps && vl_add_number(out, zigzag(how.least), err)))
        return err->code;
    return put_symbols(s, d, n, &how, work, out, err);
}

/* ---- to what ---- */

typedef struct way {
    unsigned how;
    int beside;
    bool ranked;
} way;

/* Differences of the rows from `from` on, one and two. */
static void take(const way *w, const uint64_t *v, const uint64_t *other, size_t from, size_t n, int64_t *one,
                 size_t *none, int64_t *two, size_t *ntwo)
{
    size_t a = 0, b = 0;
    for (size_t i = from; i < n; i++) {
        switch (w->how) {
        case VL_NUMBERS_PLAIN: one[a++] = (int64_t)v[i]; break;
        case VL_NUMBERS_BEFORE:
            if (i) one[a++] = (int64_t)(v[i] - v[i - 1]);
            break;
        case VL_NUMBERS_AT_SIDE: one[a++] = (int64_t)(v[i] - other[i]); break;
        case VL_NUMBERS_AGAINST: one[a++] = (int64_t)(v[i] + other[i]); break;
        default:
            if (i && other[i] == other[i - 1]) one[a++] = (int64_t)(v[i] - v[i - 1]);
            else two[b++] = (int64_t)v[i];
        }
    }
    *none = a;
    *ntwo = b;
}

/* Bits that all rows take this way, by some from all over. */
static uint64_t cost(vl_numbers *s, const way *w, const uint64_t *v, size_t n,
                     const vl_beside_numbers *beside)
{
    enum { STRETCHES = 8 };
    const size_t stretches = n > SOME ? STRETCHES : 1, each = (n < SOME ? n : SOME) / stretches;
    const size_t some = each * stretches;
    int64_t *const one = (int64_t *)(void *)s->one.data, *const two = (int64_t *)(void *)s->two.data;
    size_t none = 0, ntwo = 0;
    for (size_t i = 0; i < stretches; i++) {
        const size_t from = (2 * i + 1) * (n - each) / (2 * stretches);
        size_t a, b;
        take(w, v, w->beside < 0 ? NULL : beside->value[w->beside], from, from + each, one + none, &a,
             two + ntwo, &b);
        none += a;
        ntwo += b;
    }
    const spread a = measure(&s->symbols.log, one, none, none * n / some);
    const spread b = measure(&s->symbols.log, two, ntwo, ntwo * n / some);
    return (a.size < a.steps ? a.size : a.steps) + (b.size < b.steps ? b.size : b.steps);
}

/* The ways in turn, those with another column for each that there is; false behind the last. */
static bool next_way(way *w, bool ranked, int nbeside)
{
    if (w->how < VL_NUMBERS_BEFORE) {
        w->how++;
        return true;
    }
    if (w->how != VL_NUMBERS_BEFORE && ++w->beside < nbeside) return true;
    w->beside = 0;
    switch (w->how) {
    case VL_NUMBERS_BEFORE: w->how = ranked ? VL_NUMBERS_WHILE : VL_NUMBERS_AT_SIDE; break;
    case VL_NUMBERS_AT_SIDE: w->how = VL_NUMBERS_AGAINST; break;
    case VL_NUMBERS_AGAINST: w->how = VL_NUMBERS_WHILE; break;
    default: return false;
    }
    return nbeside > 0;
}

static uint64_t best_way(vl_numbers *s, const uint64_t *v, size_t n, const vl_beside_numbers *beside,
                         bool ranked, way *best)
{
    enum { NEWS = 64 }; /* bits that another way must save */
    uint64_t least = UINT64_MAX;
    way w = { VL_NUMBERS_EQUAL, -1, ranked };
    while (next_way(&w, ranked, beside->n)) {
        const uint64_t bits = cost(s, &w, v, n, beside);
        /* where all that was seen is equal, what is not seen is most likely near what stands before it */
        if (least != UINT64_MAX && (w.how == VL_NUMBERS_BEFORE && !bits ? 0 : bits + NEWS) > least) continue;
        least = bits;
        *best = w;
    }
    return least;
}

/* ---- ranks ---- */

/* The values that there are, in s->ranks, and of each number which one it is, in s->ranked. False: they are
 * too many to tell anything, or too far apart. */
static bool make_ranks(vl_numbers *s, const uint64_t *v, size_t n, uint64_t least, uint64_t most,
                       size_t *nvalue, vl_err *err)
{
    const uint64_t span = most - least + 1;
    if (n < LEAST_RANKED || span > SPAN || span > 64 * n) return false;
    if (vl_buf_reserve(&s->seen, span * sizeof(uint32_t), err) ||
        vl_buf_reserve(&s->ranked, n * sizeof(uint64_t), err) ||
        vl_buf_reserve(&s->ranks, n * sizeof(uint64_t), err))
        return false;
    uint32_t *const seen = (uint32_t *)(void *)s->seen.data;
    uint64_t *const ranks = (uint64_t *)(void *)s->ranks.data, *const ranked =
                                                                   (uint64_t *)(void *)s->ranked.data;
    memset(seen, 0, span * sizeof *seen);
    for (size_t i = 0; i < n; i++) seen[v[i] - least] = 1;
    size_t k = 0;
    for (size_t i = 0; i < span; i++) {
        if (!seen[i]) continue;
        seen[i] = (uint32_t)k;
        ranks[k++] = least + i;
    }
    *nvalue = k;
    if (k > n / 3 || k > span - span / 4) return false;
    for (size_t i = 0; i < n; i++) ranked[i] = seen[v[i] - least];
    return true;
}

static vl_code put_ranks(vl_numbers *s, size_t nvalue, vl_work *work, vl_buf *out, vl_err *err)
{
    uint64_t *const v = (uint64_t *)(void *)s->ranks.data;
    if (vl_add_number(out, nvalue, err) || vl_add_number(out, v[0], err)) return err->code;
    int64_t *const d = (int64_t *)(void *)s->ranks.data;
    for (size_t i = 0; i + 1 < nvalue; i++) d[i] = (int64_t)(v[i + 1] - v[i] - 1);
    return put_differences(s, d, nvalue - 1, work, out, err);
}

/* Bits of the list of ranks, about. */
static uint64_t ranks_cost(vl_numbers *s, size_t nvalue)
{
    const uint64_t *const v = (const uint64_t *)(const void *)s->ranks.data;
    int64_t *const d = (int64_t *)(void *)s->one.data;
    for (size_t i = 0; i + 1 < nvalue; i++) d[i] = (int64_t)(v[i + 1] - v[i] - 1);
    const spread a = measure(&s->symbols.log, d, nvalue - 1, nvalue - 1);
    return a.size < a.steps ? a.size : a.steps;
}

static vl_code put_way(vl_numbers *s, const way *w, const uint64_t *v, size_t n, size_t nvalue,
                       const vl_beside_numbers *beside, vl_work *work, vl_buf *out, vl_err *err)
{
    const uint8_t how = (uint8_t)(w->how | (w->ranked ? RANKED : 0));
    if (vl_buf_append(out, &how, 1, err) ||
        (w->beside >= 0 && vl_buf_append(out, &beside->column[w->beside], 1, err)) ||
        (w->ranked && put_ranks(s, nvalue, work, out, err)) ||
        (w->how == VL_NUMBERS_BEFORE && vl_add_number(out, v[0], err)))
        return err->code;
    int64_t *const one = (int64_t *)(void *)s->one.data, *const two = (int64_t *)(void *)s->two.data;
    size_t none, ntwo;
    take(w, v, w->beside < 0 ? NULL : beside->value[w->beside], 0, n, one, &none, two, &ntwo);
    if (put_differences(s, one, none, work, out, err)) return err->code;
    return put_differences(s, two, ntwo, work, out, err);
}

static vl_code put_column(vl_numbers *s, const uint64_t *v, size_t n, const vl_beside_numbers *beside,
                          vl_work *work, vl_buf *out, vl_err *err)
{
    uint64_t least = UINT64_MAX, most = 0;
    for (size_t i = 0; i < n; i++) {
        least = v[i] < least ? v[i] : least;
        most = v[i] > most ? v[i] : most;
    }
    if (least == most) {
        if (vl_buf_append(out, &(uint8_t){ VL_NUMBERS_EQUAL }, 1, err)) return err->code;
        return vl_add_number(out, least, err);
    }
    if (vl_buf_reserve(&s->one, n * sizeof(int64_t), err) ||
        vl_buf_reserve(&s->two, n * sizeof(int64_t), err))
        return err->code;
    way best, ranked;
    size_t nvalue = 0;
    const uint64_t plain = best_way(s, v, n, beside, false, &best);
    if (make_ranks(s, v, n, least, most, &nvalue, err)) {
        const uint64_t *const r = (const uint64_t *)(const void *)s->ranked.data;
        const uint64_t bits = best_way(s, r, n, beside, true, &ranked) + ranks_cost(s, nvalue);
        if (bits < plain - plain / 64) return put_way(s, &ranked, r, n, nvalue, beside, work, out, err);
    }
    return err->code ? err->code : put_way(s, &best, v, n, 0, beside, work, out, err);
}

/* Whether numbers look like two of 16 bits each, of which the low one does not use them all, as the x and y
 * of a place. */
static bool are_places(const uint64_t *v, size_t n)
{
    enum { LEAST = 32 };
    uint64_t most = 0;
    for (size_t i = 0; i < n; i++) {
        if (v[i] & 0x8000) return false;
        most = v[i] > most ? v[i] : most;
    }
    return n >= LEAST && most >> 17;
}

/* Replaces what out has from `from` on by the two halves of the numbers, if that is smaller. */
static vl_code try_halves(vl_numbers *s, const uint64_t *v, size_t n, size_t from, vl_work *work, vl_buf *out,
                          vl_err *err)
{
    if (vl_buf_reserve(&s->high, n * sizeof *v, err) || vl_buf_reserve(&s->low, n * sizeof *v, err))
        return err->code;
    uint64_t *const high = (uint64_t *)(void *)s->high.data, *const low = (uint64_t *)(void *)s->low.data;
    for (size_t i = 0; i < n; i++) {
        high[i] = v[i] >> 16;
        low[i] = v[i] & 0xffff;
    }
    const vl_beside_numbers none = { 0 }, beside = { 1, { VL_NUMBERS_HIGH }, { high } };
    s->halves.len = 0;
    if (vl_buf_append(&s->halves, &(uint8_t){ VL_NUMBERS_HALVES }, 1, err) ||
        put_column(s, high, n, &none, work, &s->halves, err) ||
        put_column(s, low, n, &beside, work, &s->halves, err) || s->halves.len >= out->len - from)
        return err->code;
    out->len = from;
    return vl_buf_append(out, s->halves.data, s->halves.len, err);
}

vl_code vl_numbers_pack(vl_numbers *s, const uint64_t *v, size_t n, const vl_beside_numbers *beside,
                        vl_work *work, vl_buf *out, vl_err *err)
{
    const size_t from = out->len;
    if (put_column(s, v, n, beside, work, out, err) || !are_places(v, n)) return err->code;
    return try_halves(s, v, n, from, work, out, err);
}
