/* Streams of whole numbers that are mostly small (residuals.h). */
#include "pipeline/codec/residuals.h"

#include "pipeline/codec/bits.h"

enum { CLASSES, MOST_PLANES = 8, SMALL = 16, FINE = 2 };
enum { MORE = 16 }; /* that a plane may write */

void vl_residuals_init(vl_residuals *r)
{
    *r = (vl_residuals){ 0 };
    vl_planes_init(&r->planes);
}

void vl_residuals_free(vl_residuals *r)
{
    vl_planes_free(&r->planes);
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
    return n ? (size_t)(choose(&r->planes.symbols.log, v, n, &form) / 8) : 0;
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
    if (vl_plane_pack(&r->planes, r->plane.data, n, work, out, err) || vl_add_number(out, nbyte, err))
        return err->code;
    return vl_buf_append(out, r->bits.data, nbyte, err);
}

vl_code vl_residuals_pack(vl_residuals *r, const uint64_t *v, size_t n, vl_work *work, vl_buf *out,
                          vl_err *err)
{
    unsigned form;
    if (!n) return VL_OK;
    choose(&r->planes.symbols.log, v, n, &form);
    if (vl_buf_append(out, &(uint8_t){ (uint8_t)form }, 1, err)) return err->code;
    if (form == CLASSES) return put_classes(r, v, n, work, out, err);
    if (vl_buf_reserve(&r->plane, n, err)) return err->code;
    for (unsigned p = 0; p < form && !err->code; p++) {
        for (size_t i = 0; i < n; i++) r->plane.data[i] = (uint8_t)(v[i] >> 8 * p);
        vl_plane_pack(&r->planes, r->plane.data, n, work, out, err);
    }
    return err->code;
}

/* ---- the way back ---- */

static vl_code cut_off(const char *what, vl_err *err)
{
    return vl_fail(err, VL_ESTORE, "residuals: %s are cut off or make no sense", what);
}

/* Of each class: what its numbers begin at, and how many bits say the rest. */
typedef struct classes {
    uint64_t base[256];
    uint8_t more[256];
} classes;

static void make_classes(classes *c)
{
    for (unsigned i = 0; i < 256; i++) {
        c->more[i] = (uint8_t)class_bits(i);
        c->base[i] = i < SMALL ? i : (UINT64_C(4) | (i & 3)) << class_bits(i);
    }
}

static void join_classes(const classes *c, const uint8_t *class, const uint8_t *bits, uint64_t *v, size_t n,
                         unsigned most)
{
    enum { AT_ONCE = 56 };
    uint64_t at = 0;
    if (!most)
        for (size_t i = 0; i < n; i++) v[i] = class[i];
    for (size_t i = 0; i < n && most && most <= AT_ONCE; i++) {
        v[i] = c->base[class[i]] + vl_get_bits(bits, at, c->more[class[i]]);
        at += c->more[class[i]];
    }
    for (size_t i = 0; i < n && most > AT_ONCE; i++) {
        v[i] = c->base[class[i]] + vl_get_many_bits(bits, at, c->more[class[i]]);
        at += c->more[class[i]];
    }
}

/* nbyte bytes, as they may be read in words of 8 from any of them on. */
static vl_code take_bits(vl_residuals *r, vl_rest *in, uint64_t nbyte, const uint8_t **bits, vl_err *err)
{
    enum { BEHIND = 16 }; /* bytes that are read behind them */
    if (!vl_take_bytes(in, bits, nbyte)) return cut_off("bits", err);
    if (vl_rest_of(in) >= BEHIND) return VL_OK;
    if (vl_buf_reserve(&r->bits, nbyte + BEHIND, err)) return err->code;
    memcpy(r->bits.data, *bits, nbyte);
    memset(r->bits.data + nbyte, 0, BEHIND);
    *bits = r->bits.data;
    return VL_OK;
}

static vl_code take_classes(vl_residuals *r, vl_rest *in, uint64_t *v, size_t n, vl_work *work, vl_err *err)
{
    uint64_t nbyte, nbit = 0;
    unsigned most = 0;
    const uint8_t *bits = NULL;
    classes c;
    if (vl_buf_reserve(&r->plane, n + MORE, err) ||
        vl_plane_unpack(&r->planes, in, r->plane.data, n, NULL, work, err))
        return err->code;
    make_classes(&c);
    for (size_t i = 0; i < n; i++) {
        const unsigned more = c.more[r->plane.data[i]];
        nbit += more;
        most = more > most ? more : most;
    }
    if (!vl_take_number(in, &nbyte, vl_rest_of(in)) || nbyte != (nbit + 7) / 8) return cut_off("bits", err);
    if (take_bits(r, in, nbyte, &bits, err)) return err->code;
    join_classes(&c, r->plane.data, bits, v, n, most);
    return VL_OK;
}

/* Numbers of 1, 2 or 4 bytes. */
static void widen(const uint8_t *from, size_t n, unsigned width, uint64_t *v)
{
    if (width == 1)
        for (size_t i = 0; i < n; i++) v[i] = from[i];
    if (width == 2)
        for (size_t i = 0; i < n; i++) v[i] = vl_le16(from + 2 * i);
    if (width == 4)
        for (size_t i = 0; i < n; i++) v[i] = vl_le32(from + 4 * i);
}

static vl_code take_planes(vl_residuals *r, vl_rest *in, unsigned nplane, uint64_t *v, size_t n,
                           vl_work *work, vl_err *err)
{
    const unsigned width = nplane > 4 ? 8 : nplane > 2 ? 4 : nplane;
    if (vl_buf_reserve(&r->plane, width * n + MORE, err) || vl_buf_reserve(&r->bits, width * n, err))
        return err->code;
    for (unsigned p = 0; p < nplane; p++)
        if (vl_plane_unpack(&r->planes, in, r->plane.data + p * n, n, NULL, work, err)) return err->code;
    memset(r->plane.data + nplane * n, 0, (width - nplane) * n);
    if (width == 1) {
        widen(r->plane.data, n, width, v);
        return VL_OK;
    }
    vl_k.byte_unshuffle(width == 8 ? (uint8_t *)v : r->bits.data, r->plane.data, n, width);
    widen(r->bits.data, n, width, v);
    return VL_OK;
}

vl_code vl_residuals_unpack(vl_residuals *r, vl_rest *in, uint64_t *v, size_t n, vl_work *work, vl_err *err)
{
    const uint8_t *form;
    if (!n) return VL_OK;
    if (!vl_take_bytes(in, &form, 1) || *form > MOST_PLANES) return cut_off("forms", err);
    return *form == CLASSES ? take_classes(r, in, v, n, work, err)
                            : take_planes(r, in, *form, v, n, work, err);
}
