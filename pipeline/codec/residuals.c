/* Streams of whole numbers that are mostly small (residuals.h). */
#include "pipeline/codec/residuals.h"

#include "pipeline/codec/bits.h"

enum { CLASSES, MOST_PLANES = 8, SMALL = 16, FINE = 2 };

void vl_residuals_init(vl_residuals *r)
{
    *r = (vl_residuals){ 0 };
    vl_symbols_init(&r->symbols);
}

void vl_residuals_free(vl_residuals *r)
{
    vl_symbols_free(&r->symbols);
    vl_buf_free(&r->plane);
    vl_buf_free(&r->bits);
}

/* Bits of a number that its class does not say. */
static unsigned class_bits(unsigned class) { return class < SMALL ? 0 : (class - SMALL) / 4 + 2; }

static unsigned class_of(uint64_t v)
{
    if (v < SMALL) return (unsigned)v;
    const unsigned top = 63 - (unsigned)__builtin_clzll(v);
    return SMALL + (top - 4) * 4 + (unsigned)(v >> (top - FINE) & 3);
}

/* ---- the way out ---- */

/* Of some numbers from all over, which tell of all. */
typedef struct counts {
    uint32_t class[256], byte[MOST_PLANES][256];
    size_t n;
    unsigned nplane; /* bytes that the greatest of all has */
} counts;

static void count(const uint64_t *v, size_t n, counts *c)
{
    enum { SOME = 1 << 13 };
    const size_t step = 1 + n / SOME;
    uint64_t all = 0;
    memset(c, 0, sizeof *c);
    for (size_t i = 0; i < n; i++) all |= v[i];
    for (uint64_t rest = all; rest; rest >>= 8) c->nplane++;
    for (size_t i = 0; i < n; i += step) {
        c->class[class_of(v[i])]++;
        for (unsigned p = 0; p < c->nplane; p++) c->byte[p][v[i] >> 8 * p & 255]++;
        c->n++;
    }
}

/* Bits of n symbols of which these are some, with their table. */
static uint64_t symbol_bits(const vl_log2 *log, const uint32_t *some, size_t nsome, size_t n)
{
    uint64_t k = 0;
    for (size_t i = 0; i < 256; i++) k += some[i] != 0;
    const uint64_t bits =
        vl_symbols_bits(log, some, 256, nsome) * n / nsome + (k > 1 ? 12 * k + 32 * vl_symbols_lanes(n) : 0);
    return bits < 8 * n ? bits : 8 * n;
}

/* The form that takes the fewest bits, and how many. */
static uint64_t choose(const vl_log2 *log, const uint64_t *v, size_t n, unsigned *form)
{
    counts c;
    count(v, n, &c);
    uint64_t classes = 0, planes = 0;
    for (unsigned i = SMALL; i < 256; i++) classes += c.class[i] * (uint64_t)class_bits(i);
    classes = classes * n / c.n + symbol_bits(log, c.class, c.n, n);
    for (unsigned p = 0; p < c.nplane; p++) planes += symbol_bits(log, c.byte[p], c.n, n);
    *form = planes < classes && c.nplane ? c.nplane : CLASSES;
    return *form ? planes : classes;
}

size_t vl_residuals_size(const vl_residuals *r, const uint64_t *v, size_t n)
{
    unsigned form;
    return n ? (size_t)(choose(&r->symbols.log, v, n, &form) / 8) : 0;
}

static vl_code put_classes(vl_residuals *r, const uint64_t *v, size_t n, vl_work *work, vl_buf *out,
                           vl_err *err)
{
    if (vl_buf_reserve(&r->plane, n, err) || vl_buf_reserve(&r->bits, n * 8 + 16, err)) return err->code;
    vl_bit_end b = { r->bits.data, 0, 0 };
    for (size_t i = 0; i < n; i++) {
        const unsigned class = class_of(v[i]);
        r->plane.data[i] = (uint8_t) class;
        vl_put_bits(&b, v[i], class_bits(class));
    }
    const size_t nbyte = vl_bit_bytes(&b, r->bits.data);
    if (vl_symbols_pack(&r->symbols, r->plane.data, n, false, work, out, err) ||
        vl_add_number(out, nbyte, err))
        return err->code;
    return vl_buf_append(out, r->bits.data, nbyte, err);
}

vl_code vl_residuals_pack(vl_residuals *r, const uint64_t *v, size_t n, vl_work *work, vl_buf *out,
                          vl_err *err)
{
    unsigned form;
    if (!n) return VL_OK;
    choose(&r->symbols.log, v, n, &form);
    if (vl_buf_append(out, &(uint8_t){ (uint8_t)form }, 1, err)) return err->code;
    if (form == CLASSES) return put_classes(r, v, n, work, out, err);
    if (vl_buf_reserve(&r->plane, n, err)) return err->code;
    for (unsigned p = 0; p < form && !err->code; p++) {
        for (size_t i = 0; i < n; i++) r->plane.data[i] = (uint8_t)(v[i] >> 8 * p);
        vl_symbols_pack(&r->symbols, r->plane.data, n, false, work, out, err);
    }
    return err->code;
}

/* ---- the way back ---- */

static vl_code cut_off(const char *what, vl_err *err)
{
    return vl_fail(err, VL_ESTORE, "residuals: %s are cut off or make no sense", what);
}

static vl_code take_classes(vl_residuals *r, vl_rest *in, uint64_t *v, size_t n, vl_work *work, vl_err *err)
{
    uint64_t base[256], nbyte, nbit = 0, at = 0;
    const uint8_t *bits;
    for (unsigned i = 0; i < 256; i++) base[i] = i < SMALL ? i : (UINT64_C(4) | (i & 3)) << class_bits(i);
    if (vl_symbols_unpack(&r->symbols, in, r->plane.data, n, work, err)) return err->code;
    for (size_t i = 0; i < n; i++) nbit += class_bits(r->plane.data[i]);
    if (!vl_take_number(in, &nbyte, vl_rest_of(in)) || nbyte != (nbit + 7) / 8 ||
        !vl_take_bytes(in, &bits, nbyte))
        return cut_off("bits", err);
    if (vl_buf_reserve(&r->bits, nbyte + VL_PAD, err)) return err->code;
    memcpy(r->bits.data, bits, nbyte);
    memset(r->bits.data + nbyte, 0, VL_PAD);
    for (size_t i = 0; i < n; i++) {
        const unsigned more = class_bits(r->plane.data[i]);
        v[i] = base[r->plane.data[i]] + vl_get_many_bits(r->bits.data, at, more);
        at += more;
    }
    return VL_OK;
}

vl_code vl_residuals_unpack(vl_residuals *r, vl_rest *in, uint64_t *v, size_t n, vl_work *work, vl_err *err)
{
    enum { MORE = 16 }; /* that symbols may write */
    const uint8_t *form;
    if (!n) return VL_OK;
    if (!vl_take_bytes(in, &form, 1) || *form > MOST_PLANES) return cut_off("forms", err);
    if (vl_buf_reserve(&r->plane, n + MORE, err)) return err->code;
    if (*form == CLASSES) return take_classes(r, in, v, n, work, err);
    for (unsigned p = 0; p < *form; p++) {
        if (vl_symbols_unpack(&r->symbols, in, r->plane.data, n, work, err)) return err->code;
        if (!p) memset(v, 0, n * sizeof *v);
        for (size_t i = 0; i < n; i++) v[i] |= (uint64_t)r->plane.data[i] << 8 * p;
    }
    return VL_OK;
}
