/* Letters out of a consensus (anchor.h). What is read may be hostile. */
#include "pipeline/codec/anchor.h"

#include <string.h>

typedef struct reading {
    vl_anchor *s;
    const vl_unpack_job *job;
    vl_rest in;
    size_t n, nitem, nmismatch;
    size_t nrun, non, nliteral; /* items: runs of reads, runs that go on, literals */
} reading;

static vl_code cut_off(const char *what, vl_err *err)
{
    return vl_fail(err, VL_ESTORE, "chunk of letters: %s are cut off or make no sense", what);
}

static uint64_t *numbers_of(const vl_buf *b) { return (uint64_t *)(void *)b->data; }

/* n numbers into `to`. */
static vl_code take_numbers(reading *r, vl_buf *to, size_t n, vl_err *err)
{
    to->len = 0;
    if (vl_buf_reserve(to, n * sizeof(uint64_t), err)) return err->code;
    to->len = n * sizeof(uint64_t);
    return vl_numbers_unpack(r->s->numbers, &r->in, numbers_of(to), n, NULL, NULL, r->job->work, err);
}

static vl_code take_symbols(reading *r, vl_buf *to, size_t n, vl_err *err)
{
    enum { MORE = 16 }; /* that may be written */
    to->len = 0;
    if (!n || vl_buf_reserve(to, n + MORE, err)) return err->code;
    to->len = n;
    return vl_symbols_unpack(&r->s->numbers->symbols, &r->in, to->data, n, r->job->work, err);
}

/* Letters of two bits each. */
static vl_code take_letters(vl_buf *to, const uint8_t *two, size_t n, vl_buf *room, vl_err *err)
{
    const size_t size = (n + 3) / 4;
    to->len = 0;
    if (vl_buf_reserve(to, n + VL_PAD, err) || vl_buf_reserve(room, size, err)) return err->code;
    to->len = n;
    if (!n) return VL_OK;
    memcpy(room->data, two, size); /* the kernel reads past its source */
    vl_k.base2_unpack(to->data, room->data, n);
    return VL_OK;
}

static vl_code take_consensus(reading *r, vl_err *err)
{
    uint64_t n;
    const uint8_t *two;
    if (!vl_take_number(&r->in, &n, r->n) || !vl_take_bytes(&r->in, &two, (n + 3) / 4))
        return cut_off("the consensus", err);
    return take_letters(&r->s->consensus, two, (size_t)n, &r->s->two, err);
}

static vl_code take_kinds(reading *r, vl_err *err)
{
    uint64_t n;
    vl_buf *const kind = &r->s->kind;
    if (!vl_take_number(&r->in, &n, r->n)) return cut_off("items", err);
    r->nitem = (size_t)n;
    if (take_symbols(r, kind, r->nitem, err)) return err->code;
    for (size_t i = 0; i < r->nitem; i++) {
        if (kind->data[i] >= VL_ANCHOR_NITEM) return cut_off("items", err);
        r->nrun += kind->data[i] == VL_ANCHOR_RUN;
        r->non += kind->data[i] == VL_ANCHOR_ON;
        r->nliteral += kind->data[i] == VL_ANCHOR_LITERAL;
    }
    return VL_OK;
}

/* Items from their columns. All letters are in one, and runs lie within the consensus. */
static vl_code take_items(reading *r, vl_err *err)
{
    vl_anchor *const s = r->s;
    const size_t nany = r->nrun + r->non;
    if (take_numbers(r, &s->value, nany, err) || take_numbers(r, &s->other, r->nliteral, err) ||
        take_numbers(r, &s->order, r->nrun, err) || take_numbers(r, &s->stretch, r->non, err) ||
        vl_buf_reserve(&s->item, r->nitem * sizeof(vl_anchor_item), err))
        return err->code;
    const uint64_t *run = numbers_of(&s->value), *literal = numbers_of(&s->other);
    const uint64_t *begin = numbers_of(&s->order), *left_out = numbers_of(&s->stretch);
    vl_anchor_item *const item = (vl_anchor_item *)(void *)s->item.data;
    uint64_t letter = 0, before = 0, end = 0;
    for (size_t i = 0; i < r->nitem; i++) {
        const uint8_t kind = s->kind.data[i];
        const uint64_t n = kind == VL_ANCHOR_LITERAL ? *literal++ : *run++;
        if (n > r->n - letter) return cut_off("letters of items", err);
        if (kind == VL_ANCHOR_RUN) {
            before += *begin >> 1 ^ -(*begin & 1);
            begin++;
            end = before;
        } else if (kind == VL_ANCHOR_ON) {
            end += *left_out++;
        }
        if (kind != VL_ANCHOR_LITERAL && (end > s->consensus.len || n > s->consensus.len - end))
            return cut_off("places in the consensus", err);
        item[i] = (vl_anchor_item){ (uint32_t)letter, (uint32_t)n, (uint32_t)end, 0, kind };
        letter += n;
        if (kind != VL_ANCHOR_LITERAL) end += n;
    }
    s->item.len = r->nitem * sizeof *item;
    return letter == r->n ? VL_OK : cut_off("items", err);
}

static vl_code take_mismatches(reading *r, vl_err *err)
{
    uint64_t n, some, all = 0;
    if (!vl_take_number(&r->in, &n, r->n)) return cut_off("mismatches", err);
    r->nmismatch = (size_t)n;
    if (take_numbers(r, &r->s->gap, r->nmismatch, err)) return err->code;
    for (int c = 0; c < 4; c++) {
        if (!vl_take_number(&r->in, &some, n - all)) return cut_off("mismatches", err);
        if (take_symbols(r, &r->s->sub[c], (size_t)some, err)) return err->code;
        all += some;
    }
    return all == n ? VL_OK : cut_off("mismatches", err);
}

static vl_code take_literals(reading *r, vl_err *err)
{
    vl_anchor *const s = r->s;
    const vl_anchor_item *const item = (const vl_anchor_item *)(const void *)s->item.data;
    const uint8_t *zstd, *bytes;
    uint64_t size;
    size_t n = 0;
    for (size_t i = 0; i < r->nitem; i++) n += item[i].kind == VL_ANCHOR_LITERAL ? item[i].n : 0;
    if (!vl_take_bytes(&r->in, &zstd, 1) || !vl_take_number(&r->in, &size, UINT32_MAX) ||
        !vl_take_bytes(&r->in, &bytes, size))
        return cut_off("literals", err);
    const size_t two = (n + 3) / 4;
    if (!*zstd)
        return size == two ? take_letters(&s->literal, bytes, n, &s->two, err) : cut_off("literals", err);
    if (vl_buf_reserve(&s->order, two + VL_PAD, err) ||
        vl_zstd_unpack(bytes, (size_t)size, s->order.data, two, r->job->work, err))
        return err->code;
    return take_letters(&s->literal, s->order.data, n, &s->two, err);
}

/* ---- the letters ---- */

/* Mismatches into the letters that runs have. The next one stands `left` letters of runs ahead. */
typedef struct patching {
    const reading *r;
    const uint8_t *sub[4], *end[4];
    size_t next; /* mismatch */
    uint64_t left;
} patching;

static vl_code patch(patching *p, const vl_anchor_item *one, uint8_t *letter, vl_err *err)
{
    static const uint8_t name[4] = { 'A', 'C', 'T', 'G' };
    const uint64_t *const gap = numbers_of(&p->r->s->gap);
    uint64_t at = 0;
    while (p->next < p->r->nmismatch && p->left < one->n - at) {
        at += p->left;
        const unsigned said = letter[at] >> 1 & 3;
        if (p->sub[said] == p->end[said]) return cut_off("mismatches", err);
        letter[at] = name[(said + *p->sub[said]++) & 3];
        at++;
        p->next++;
        p->left = p->next < p->r->nmismatch ? gap[p->next] : 0;
    }
    p->left -= p->next < p->r->nmismatch ? one->n - at : 0;
    return VL_OK;
}

static vl_code lay_items(const reading *r, vl_err *err)
{
    const vl_anchor *const s = r->s;
    const vl_anchor_item *const item = (const vl_anchor_item *)(const void *)s->item.data;
    const uint8_t *literal = s->literal.data;
    patching p = { .r = r, .left = r->nmismatch ? numbers_of(&s->gap)[0] : 0 };
    for (int c = 0; c < 4; c++) {
        p.sub[c] = s->sub[c].data;
        p.end[c] = s->sub[c].len ? s->sub[c].data + s->sub[c].len : s->sub[c].data;
    }
    for (size_t i = 0; i < r->nitem; i++) {
        uint8_t *const to = r->job->plain + item[i].letter;
        if (!item[i].n) continue;
        if (item[i].kind == VL_ANCHOR_LITERAL) {
            memcpy(to, literal, item[i].n);
            literal += item[i].n;
            continue;
        }
        memcpy(to, s->consensus.data + item[i].at, item[i].n);
        if (patch(&p, &item[i], to, err)) return err->code;
    }
    return p.next == r->nmismatch ? VL_OK : cut_off("mismatches", err);
}

static vl_code take_odd(reading *r, vl_err *err)
{
    uint64_t list, size;
    const uint8_t *bytes;
    vl_buf *const room = &r->s->value;
    if (!vl_take_number(&r->in, &list, vl_odd_most(8 * r->n)) || !vl_take_number(&r->in, &size, UINT32_MAX) ||
        !vl_take_bytes(&r->in, &bytes, size) || vl_rest_of(&r->in))
        return cut_off("odd letters", err);
    if (!list) return VL_OK;
    if (vl_buf_reserve(room, (size_t)list, err) ||
        vl_zstd_unpack(bytes, (size_t)size, room->data, (size_t)list, r->job->work, err))
        return err->code;
    return vl_odd_lay(room->data, room->data + list, r->job->plain, r->n, err);
}

vl_code vl_anchor_unpack(const vl_unpack_job *job, vl_err *err)
{
    uint64_t fill;
    reading r = { .job = job, .in = { job->payload, job->payload + job->n } };
    if (!(r.s = vl_anchor_of(job->work, err))) return err->code;
    if (job->width != 1 || !job->len || !vl_take_number(&r.in, &fill, job->len - 1))
        return cut_off("first bytes", err);
    r.n = job->len - (size_t)fill;
    if (take_consensus(&r, err) || take_kinds(&r, err) || take_items(&r, err) || take_mismatches(&r, err) ||
        take_literals(&r, err) || lay_items(&r, err) || take_odd(&r, err))
        return err->code;
    memset(job->plain + r.n, job->plain[r.n - 1], (size_t)fill);
    return VL_OK;
}
