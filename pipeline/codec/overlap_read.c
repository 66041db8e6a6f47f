/* Codec overlap (overlap.h), the way back. All that is read may be hostile. */
#include "pipeline/codec/overlap.h"

#include "pipeline/codec/odd_letters.h"

#include <string.h>

static vl_code bad(const char *what, vl_err *err)
{
    return vl_fail(err, VL_ESTORE, "chunk of bases: %s are cut off or make no sense", what);
}

static vl_code take_column(vl_overlap *o, vl_rest *in, vl_buf *column, size_t n, vl_work *work, vl_err *err)
{
    if (vl_buf_reserve(column, n * sizeof(uint64_t), err)) return err->code;
    column->len = n * sizeof(uint64_t);
    return vl_numbers_unpack(o->numbers, in, (uint64_t *)(void *)column->data, n, NULL, NULL, work, err);
}

static vl_code take_symbols(vl_overlap *o, vl_rest *in, vl_buf *symbols, size_t n, vl_work *work, vl_err *err)
{
    enum { MORE = 16 }; /* that may be written */
    if (vl_buf_reserve(symbols, n + MORE, err)) return err->code;
    symbols->len = n;
    return vl_symbols_unpack(&o->numbers->symbols, in, symbols->data, n, work, err);
}

/* The sum of a column, which must not be above `most`. */
static bool add_up(const vl_buf *column, size_t most, size_t *sum)
{
    const uint64_t *const v = (const uint64_t *)(const void *)column->data;
    *sum = 0;
    for (size_t i = 0; i < column->len / sizeof *v; i++) {
        if (v[i] > most - *sum) return false;
        *sum += v[i];
    }
    return true;
}

/* ---- the columns ---- */

static vl_code take_places(vl_overlap *o, vl_rest *in, size_t m, vl_work *work, vl_err *err)
{
    size_t nnear = 0;
    if (take_symbols(o, in, &o->way, m, work, err)) return err->code;
    for (size_t i = 0; i < m; i++) {
        if (o->way.data[i] > (VL_OVERLAP_BACK | VL_OVERLAP_NEAR)) return bad("directions", err);
        nnear += o->way.data[i] >> 1;
    }
    if (m && o->way.data[0] & VL_OVERLAP_NEAR) return bad("directions", err);
    if (take_column(o, in, &o->place, m - nnear, work, err)) return err->code;
    return take_column(o, in, &o->delta, nnear, work, err);
}

static vl_code take_differences(vl_overlap *o, vl_rest *in, size_t m, size_t most, vl_work *work, vl_err *err)
{
    size_t n;
    if (take_column(o, in, &o->ndiffer, m, work, err)) return err->code;
    if (!add_up(&o->ndiffer, most, &n)) return bad("differences", err);
    if (take_column(o, in, &o->gap, n, work, err)) return err->code;
    return take_symbols(o, in, &o->shift, n, work, err);
}

/* The letters that lie nowhere: the rest, exactly. */
static vl_code take_loose(vl_overlap *o, vl_rest *in, size_t n, vl_err *err)
{
    const size_t size = (n + 3) / 4;
    if (vl_rest_of(in) != size) return bad("letters", err);
    if (vl_buf_reserve(&o->two, size, err) || vl_buf_reserve(&o->loose, n, err)) return err->code;
    if (size) memcpy(o->two.data, in->at, size); /* the kernel reads past its source: it needs the padding */
    vl_k.base2_unpack(o->loose.data, o->two.data, n);
    o->loose.len = n;
    return VL_OK;
}

static vl_code take_all(vl_overlap *o, vl_rest *in, size_t len, vl_work *work, vl_err *err)
{
    uint64_t m;
    size_t before, matched;
    if (!vl_take_number(in, &m, len)) return bad("matches", err);
    if (take_column(o, in, &o->before, m, work, err) || take_column(o, in, &o->length, m, work, err))
        return err->code;
    if (!add_up(&o->length, len, &matched) || !add_up(&o->before, len - matched, &before))
        return bad("lengths", err);
    if (take_places(o, in, m, work, err) || take_differences(o, in, m, matched, work, err)) return err->code;
    return take_loose(o, in, len - matched, err);
}

/* ---- the letters ---- */

/* Where the next of each column is. */
typedef struct cursor {
    const vl_buf *consensus;
    const uint64_t *place, *delta, *gap;
    const uint8_t *shift, *loose;
    uint64_t at;   /* of the last letter of the match before */
    uint64_t back; /* its direction */
} cursor;

/* The place of a match's first letter; false: the match lies outside. */
static bool next_place(cursor *c, uint8_t way, uint64_t length, uint64_t *at)
{
    const uint64_t n = c->consensus->len;
    if (way & VL_OVERLAP_NEAR) {
        const uint64_t z = *c->delta++, d = (z >> 1) ^ -(z & 1);
        *at = c->back ? c->at - d : c->at + d; /* modulo 2^64: what is outside is beyond n */
    } else {
        *at = *c->place++;
    }
    if (*at >= n || !length) return false;
    c->back = way & VL_OVERLAP_BACK;
    if (c->back ? length - 1 > *at : length > n - *at) return false;
    c->at = c->back ? *at - (length - 1) : *at + (length - 1);
    return true;
}

/* n differences within a match of `length` letters. */
static bool put_differences(cursor *c, uint8_t *letter, uint64_t length, uint64_t n)
{
    uint64_t at = 0;
    for (uint64_t i = 0; i < n; i++) {
        const uint64_t gap = *c->gap++;
        if (gap >= length - at) return false; /* at is never above length */
        at += gap;
        letter[at] = vl_base_letter(vl_base_code(letter[at]) + *c->shift++);
        at++;
    }
    return true;
}

/* n letters that end at `from`, complemented, from the last to the first. */
static void copy_turned(uint8_t *to, const uint8_t *from, uint64_t n)
{
    for (; n >= VL_AT_ONCE; n -= VL_AT_ONCE, to += VL_AT_ONCE, from -= VL_AT_ONCE) {
        const uint64_t eight = vl_turn_eight(from - (VL_AT_ONCE - 1));
        for (int k = 0; k < VL_AT_ONCE; k++) to[k] = (uint8_t)(eight >> 8 * k);
    }
    for (; n; n--) *to++ = vl_base_complement(*from--);
}

static vl_code put_letters(vl_overlap *o, const vl_buf *consensus, uint8_t *plain, size_t len, vl_err *err)
{
    const uint64_t *const before = (const uint64_t *)(const void *)o->before.data,
                          *const length = (const uint64_t *)(const void *)o->length.data,
                          *const ndiffer = (const uint64_t *)(const void *)o->ndiffer.data;
    cursor c = { consensus,
                 (const uint64_t *)(const void *)o->place.data,
                 (const uint64_t *)(const void *)o->delta.data,
                 (const uint64_t *)(const void *)o->gap.data,
                 o->shift.data,
                 o->loose.data,
                 0,
                 0 };
    uint8_t *to = plain;
    for (size_t i = 0; i < o->way.len; i++) {
        uint64_t at;
        memcpy(to, c.loose, before[i]);
        to += before[i];
        c.loose += before[i];
        if (!next_place(&c, o->way.data[i], length[i], &at)) return bad("places", err);
        const uint8_t *const from = consensus->data + at;
        if (!c.back) memcpy(to, from, length[i]);
        else copy_turned(to, from, length[i]);
        if (!put_differences(&c, to, length[i], ndiffer[i])) return bad("differences", err);
        to += length[i];
    }
    memcpy(to, c.loose, len - (size_t)(to - plain));
    return VL_OK;
}

/* ---- the whole ---- */

/* The list of odd letters into o->found. */
static vl_code take_odd(vl_overlap *o, vl_rest *in, size_t len, vl_work *work, vl_err *err)
{
    uint64_t list, packed = 0;
    const uint8_t *frame;
    if (!vl_take_number(in, &list, vl_odd_most(len)) ||
        (list && !vl_take_number(in, &packed, vl_rest_of(in))) || !vl_take_bytes(in, &frame, packed))
        return bad("odd letters", err);
    if (vl_buf_reserve(&o->found, list, err)) return err->code;
    o->found.len = list;
    return list ? vl_zstd_unpack(frame, packed, o->found.data, list, work, err) : VL_OK;
}

/* The consensus that the chunk was packed by: of another the letters would not have the hash of the frame. */
static vl_code check_shared(const vl_unpack_job *job, vl_rest *in, vl_err *err)
{
    const uint8_t *hash;
    uint64_t n;
    if (!vl_take_bytes(in, &hash, sizeof(uint64_t)) || !vl_take_number(in, &n, VL_CONSENSUS_MOST))
        return bad("first bytes", err);
    if (!job->shared || !job->shared->len)
        return vl_fail(err, VL_ESTORE, "bases are places in the column's consensus, which is not known here");
    if (n != job->shared->len)
        return vl_fail(err, VL_ESTORE, "bases are places in a consensus of %llu letters, this one has %zu",
                       (unsigned long long)n, job->shared->len);
    return VL_OK;
}

vl_code vl_places_unpack(const vl_unpack_job *job, vl_rest *in, vl_err *err)
{
    uint64_t fill;
    vl_overlap *const o = vl_overlap_of(job->work, err);
    if (!o) return err->code;
    if (job->width != 1 || !job->len || !vl_take_number(in, &fill, job->len - 1))
        return bad("first bytes", err);
    const size_t len = job->len - fill;
    if (take_odd(o, in, len, job->work, err) || take_all(o, in, len, job->work, err) ||
        put_letters(o, job->shared, job->plain, len, err) ||
        vl_odd_lay(o->found.data, o->found.data + o->found.len, job->plain, len, err))
        return err->code;
    memset(job->plain + len, job->plain[len - 1], fill);
    return VL_OK;
}

vl_code vl_overlap_unpack(const vl_unpack_job *job, vl_err *err)
{
    vl_rest in = { job->payload, job->payload + job->n };
    return check_shared(job, &in, err) ? err->code : vl_places_unpack(job, &in, err);
}
