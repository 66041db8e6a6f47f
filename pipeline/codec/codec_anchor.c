/* Codec anchor (anchor.h): packing, and the table's entry. */
#include "pipeline/codec/anchor.h"

#include <stdlib.h>
#include <string.h>

static void release(void *self)
{
    vl_anchor *const s = self;
    vl_buf *const all[] = { &s->item,   &s->stretch, &s->order,  &s->vote,    &s->consensus,
                            &s->kind,   &s->value,   &s->other,  &s->gap,     &s->sub[0],
                            &s->sub[1], &s->sub[2],  &s->sub[3], &s->literal, &s->two };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) vl_buf_free(all[i]);
    free(s);
}

vl_anchor *vl_anchor_of(vl_work *work, vl_err *err)
{
    void **const own = &work->state[VL_CODEC_anchor];
    if (!*own && !(*own = calloc(1, sizeof(vl_anchor)))) vl_fail(err, VL_ENOMEM, "no memory for letters");
    vl_anchor *const s = *own;
    return s && (s->numbers = vl_numbers_of(work, err)) ? s : NULL;
}

typedef struct packing {
    vl_anchor *s;
    const vl_pack_job *job;
    const uint8_t *letter;
    const vl_anchor_item *item;
    size_t n, nitem;
    vl_buf *out;
} packing;

static uint64_t zigzag(int64_t v) { return (uint64_t)v << 1 ^ (uint64_t)(v >> 63); }

static vl_code put_numbers(const packing *p, const vl_buf *values, vl_err *err)
{
    static const vl_beside_numbers none = { 0 };
    const size_t n = values->len / sizeof(uint64_t);
    if (!n) return VL_OK;
    return vl_numbers_pack(p->s->numbers, (const uint64_t *)(const void *)values->data, n, &none,
                           p->job->work, p->out, err);
}

static vl_code add(vl_buf *values, uint64_t v, vl_err *err)
{
    return vl_buf_append(values, &v, sizeof v, err);
}

static vl_code put_symbols(const packing *p, const vl_buf *bytes, vl_err *err)
{
    return bytes->len ? vl_symbols_pack(&p->s->numbers->symbols, bytes->data, bytes->len, false, p->job->work,
                                        p->out, err)
                      : VL_OK;
}

/* ---- items ---- */

static vl_code put_lengths(const packing *p, bool literals, vl_err *err)
{
    vl_buf *const values = &p->s->value;
    values->len = 0;
    for (size_t i = 0; i < p->nitem; i++)
        if ((p->item[i].kind == VL_ANCHOR_LITERAL) == literals && add(values, p->item[i].n, err))
            return err->code;
    return put_numbers(p, values, err);
}

/* Where runs begin, from the beginning of the one before; and what others leave out. */
static vl_code put_places(const packing *p, vl_err *err)
{
    vl_buf *const begin = &p->s->value, *const left_out = &p->s->other;
    int64_t before = 0, end = 0;
    begin->len = left_out->len = 0;
    for (size_t i = 0; i < p->nitem; i++) {
        const vl_anchor_item *const one = &p->item[i];
        if (one->kind == VL_ANCHOR_LITERAL) continue;
        if (one->kind == VL_ANCHOR_RUN ? add(begin, zigzag(one->at - before), err)
                                       : add(left_out, (uint64_t)(one->at - end), err))
            return err->code;
        if (one->kind == VL_ANCHOR_RUN) before = one->at;
        end = (int64_t)one->at + one->n;
    }
    return put_numbers(p, begin, err) ? err->code : put_numbers(p, left_out, err);
}

static vl_code put_items(const packing *p, vl_err *err)
{
    vl_buf *const kind = &p->s->kind;
    if (vl_add_number(p->out, p->nitem, err) || vl_buf_reserve(kind, p->nitem, err)) return err->code;
    for (size_t i = 0; i < p->nitem; i++) kind->data[i] = p->item[i].kind;
    kind->len = p->nitem;
    return put_symbols(p, kind, err) || put_lengths(p, false, err) || put_lengths(p, true, err)
               ? err->code
               : put_places(p, err);
}

/* ---- mismatches ---- */

/* The first letter from i on in which two differ; n: none. */
static size_t next_difference(const uint8_t *a, const uint8_t *b, size_t i, size_t n)
{
    uint64_t x, y;
    for (; i + 8 <= n; i += 8) {
        memcpy(&x, a + i, 8);
        memcpy(&y, b + i, 8);
        if (x != y) return i + (size_t)(__builtin_ctzll(x ^ y) / 8);
    }
    while (i < n && a[i] == b[i]) i++;
    return i;
}

static unsigned code_of(uint8_t c) { return c >> 1 & 3; }
static bool is_plain(uint8_t c) { return c == 'A' || c == 'C' || c == 'G' || c == 'T'; }

static vl_code find_mismatches(const packing *p, size_t *nmismatch, vl_err *err)
{
    vl_anchor *const s = p->s;
    uint64_t since = 0; /* letters of runs since the last one */
    s->gap.len = *nmismatch = 0;
    for (int c = 0; c < 4; c++) s->sub[c].len = 0;
    for (size_t i = 0; i < p->nitem; i++) {
        const vl_anchor_item *const one = &p->item[i];
        if (one->kind == VL_ANCHOR_LITERAL) continue;
        const uint8_t *const is = p->letter + one->letter, *const said = s->consensus.data + one->at;
        size_t done = 0;
        for (size_t k = next_difference(is, said, 0, one->n); k < one->n;
             k = next_difference(is, said, k + 1, one->n)) {
            if (!is_plain(is[k])) continue; /* it is in the list of odd ones */
            const uint8_t by = (uint8_t)((code_of(is[k]) - code_of(said[k])) & 3);
            if (add(&s->gap, since + (k - done), err) ||
                vl_buf_append(&s->sub[code_of(said[k])], &by, 1, err))
                return err->code;
            ++*nmismatch;
            since = 0;
            done = k + 1;
        }
        since += one->n - done;
    }
    return VL_OK;
}

static vl_code put_mismatches(const packing *p, vl_err *err)
{
    size_t n = 0;
    if (find_mismatches(p, &n, err) || vl_add_number(p->out, n, err) || put_numbers(p, &p->s->gap, err))
        return err->code;
    for (int c = 0; c < 4; c++)
        if (vl_add_number(p->out, p->s->sub[c].len, err) || put_symbols(p, &p->s->sub[c], err))
            return err->code;
    return VL_OK;
}

/* ---- letters ---- */

/* Two bits a letter of those at `letter`, into s->two; which of them are odd stands behind, *odd. */
static vl_code two_bits(vl_anchor *s, const uint8_t *letter, size_t n, const uint8_t **odd, vl_err *err)
{
    const size_t size = (n + 3) / 4;
    *odd = NULL;
    if (vl_buf_reserve(&s->two, size + (n + 7) / 8 + VL_PAD, err)) return err->code;
    s->two.len = size;
    *odd = s->two.data + size;
    if (n) vl_k.base2_pack(s->two.data, s->two.data + size, letter, n);
    return VL_OK;
}

static vl_code put_literals(const packing *p, vl_err *err)
{
    vl_anchor *const s = p->s;
    const uint8_t *odd, zstd = 1, bare = 0;
    s->literal.len = 0;
    for (size_t i = 0; i < p->nitem; i++)
        if (p->item[i].kind == VL_ANCHOR_LITERAL &&
            vl_buf_append(&s->literal, p->letter + p->item[i].letter, p->item[i].n, err))
            return err->code;
    if (two_bits(s, s->literal.data, s->literal.len, &odd, err)) return err->code;
    vl_buf *const packed = &s->value;
    packed->len = 0;
    if (vl_zstd_pack(s->two.data, s->two.len, 1, p->job->work, packed, err)) return err->code;
    const bool smaller = packed->len < s->two.len;
    const vl_buf *const bytes = smaller ? packed : &s->two;
    return vl_buf_append(p->out, smaller ? &zstd : &bare, 1, err) || vl_add_number(p->out, bytes->len, err)
               ? err->code
               : vl_buf_append(p->out, bytes->data, bytes->len, err);
}

static vl_code put_odd(const packing *p, vl_err *err)
{
    vl_anchor *const s = p->s;
    vl_buf *const list = &s->other, *const packed = &s->value;
    const uint8_t *odd;
    packed->len = 0;
    if (two_bits(s, p->letter, p->n, &odd, err) || vl_odd_list(p->letter, p->n, odd, list, err) ||
        (list->len && vl_zstd_pack(list->data, list->len, 1, p->job->work, packed, err)) ||
        vl_add_number(p->out, list->len, err) || vl_add_number(p->out, packed->len, err))
        return err->code;
    return vl_buf_append(p->out, packed->data, packed->len, err);
}

static vl_code put_consensus(const packing *p, vl_err *err)
{
    const uint8_t *odd;
    const vl_buf *const c = &p->s->consensus;
    if (two_bits(p->s, c->data, c->len, &odd, err) || vl_add_number(p->out, c->len, err)) return err->code;
    return vl_buf_append(p->out, p->s->two.data, p->s->two.len, err);
}

/* ---- the whole ---- */

static vl_code pack(const vl_pack_job *job, vl_buf *out, bool *fits, vl_err *err)
{
    const size_t n = job->len - job->fill, before = out->len;
    size_t covered = 0, size = 0;
    *fits = false;
    if (!job->beside.guide || !n || job->len > VL_MAX_CHUNK) return VL_OK;
    vl_anchor *const s = vl_anchor_of(job->work, err);
    if (!s || vl_anchor_find(s, job, n, &covered, err)) return err->code;
    if (covered < n / 8 || vl_anchor_join(s, &size, err)) return err->code;
    if (size > covered - covered / 8) return VL_OK; /* they hardly lie on each other */
    if (vl_anchor_vote(s, job->plain, size, err)) return err->code;
    const packing p = { s,          job,
                        job->plain, (const vl_anchor_item *)(const void *)s->item.data,
                        n,          s->item.len / sizeof(vl_anchor_item),
                        out };
    if (vl_add_number(out, job->fill, err) || put_consensus(&p, err) || put_items(&p, err) ||
        put_mismatches(&p, err) || put_literals(&p, err) || put_odd(&p, err))
        return err->code;
    *fits = out->len - before < n / 4;
    return VL_OK;
}

const vl_codec vl_codec_anchor = { .name = "anchor",
                                   .id = VL_CODEC_anchor,
                                   .uses = VL_ONE(VL_USE_BASE),
                                   .types = VL_ONE(VL_U8),
                                   .first = true,
                                   .pack = pack,
                                   .unpack = vl_anchor_unpack,
                                   .release = release,
                                   .guide = true };
