/* Codec qrun, the way back (quality_runs.h). */
#include "pipeline/codec/quality_runs.h"

#include "pipeline/codec/clusters.h"
#include "pipeline/codec/quality_rows.h"

#include "kernels/context.h"

#include <string.h>

static vl_code cut_off(const char *what, vl_err *err)
{
    return vl_fail(err, VL_ESTORE, "runs of qualities: %s are cut off or make no sense", what);
}

/* ---- symbols and bits ---- */

/* Symbols that are read one by one, each in its context. */
typedef struct reader {
    const uint8_t *of, *slot; /* slot: the symbol of each slot in all clusters, slot after slot */
    const uint32_t *freq;
    const uint8_t *word, *end;
    uint32_t lane, state[VL_RUN_LANES];
} reader;

/* A word behind the last is an arbitrary one: whoever reads looks for that after each symbol or two. */
static inline uint32_t next_symbol(reader *r, uint32_t context, uint32_t nsymbol)
{
    uint32_t *const state = &r->state[r->lane++ % VL_RUN_LANES];
    const uint32_t cluster = r->of[context], slot = *state & (VL_FREQ_ALL - 1);
    const uint32_t symbol = r->slot[slot * VL_RUN_CLUSTERS + cluster],
                   f = r->freq[cluster * nsymbol + symbol];
    const uint32_t x = (f & 0xffff) * (*state >> VL_FREQ_BITS) + slot - (f >> 16), low = x < 65536;
    *state = x << 16 * low | (vl_le16(r->word) & (0 - low)); /* no branch: it would be guessed wrong */
    r->word += 2 * low;
    __builtin_prefetch(r->slot +
                       (*state & (VL_FREQ_ALL - 1)) * VL_RUN_CLUSTERS); /* for when it is its turn */
    return symbol;
}

/* Bits one behind the other, the low ones first. */
typedef struct bits {
    const uint8_t *at, *end;
    unsigned n; /* that are taken of the byte */
} bits;

/* n below 32. 8 bytes are read. */
static inline uint32_t take_bits(bits *b, unsigned n)
{
    const uint32_t v = (uint32_t)(vl_le64(b->at) >> b->n) & ((1u << n) - 1);
    b->n += n;
    b->at += b->n / 8;
    b->n &= 7;
    return v;
}

/* ---- the payload ---- */

/* The frequencies of one cluster, and its slots into those of all. */
static bool put_cluster(vl_run_kind *kind, size_t cluster, const uint8_t *level)
{
    uint8_t slot[VL_FREQ_ALL];
    uint32_t *const freq = (uint32_t *)(void *)kind->freq.data + cluster * kind->nsymbol;
    if (!vl_cluster_freq(level, kind->nsymbol, freq, slot)) return false;
    for (size_t i = 0; i < VL_FREQ_ALL; i++) kind->slot.data[i * VL_RUN_CLUSTERS + cluster] = slot[i];
    return true;
}

static vl_code get_frequencies(vl_runs *r, vl_run_kind *kind, vl_rest *in, vl_work *work, vl_err *err)
{
    const uint8_t *kinds, *last;
    uint8_t level[VL_RUN_TOKENS] = { 0 };
    if (!vl_take_bytes(in, &kinds, 1) || !*kinds || *kinds > kind->nsymbol || !vl_take_bytes(in, &last, 1) ||
        *last >= VL_RUN_CLUSTERS)
        return cut_off("clusters", err);
    const size_t n = *last + (size_t)1, nlevel = n * *kinds;
    if (vl_buf_reserve(&kind->freq, n * kind->nsymbol * sizeof(uint32_t), err) ||
        vl_buf_reserve(&kind->slot, VL_FREQ_ALL * VL_RUN_CLUSTERS, err) ||
        vl_buf_reserve(&kind->of, kind->ncontext + VL_PAD, err) ||
        vl_buf_reserve(&r->level, nlevel + VL_PAD, err) ||
        vl_symbols_unpack(&r->symbols, in, r->level.data, nlevel, work, err) ||
        vl_symbols_unpack(&r->symbols, in, kind->of.data, kind->ncontext, work, err))
        return err->code;
    for (size_t c = 0; c < n; c++) {
        for (size_t s = 0; s < *kinds; s++) level[s] = (uint8_t)(level[s] + r->level.data[c * *kinds + s]);
        if (!put_cluster(kind, c, level)) return cut_off("frequencies", err);
    }
    for (size_t i = 0; i < kind->ncontext; i++)
        if (kind->of.data[i] > *last) return cut_off("clusters", err);
    return VL_OK;
}

/* The symbols of a kind in one half. */
static vl_code get_symbols(const vl_run_kind *kind, vl_rest *in, reader *out, vl_err *err)
{
    uint64_t nword;
    const uint8_t *start;
    *out = (reader){ .of = kind->of.data, .slot = kind->slot.data };
    if (!vl_take_number(in, &nword, vl_rest_of(in)) || !vl_take_bytes(in, &start, sizeof out->state) ||
        !vl_take_bytes(in, &out->word, nword * 2))
        return cut_off("words", err);
    memcpy(out->state, start, sizeof out->state);
    out->end = out->word + nword * 2;
    out->freq = (const uint32_t *)(const void *)kind->freq.data;
    return VL_OK;
}

/* ---- rows ---- */

/* Half of the rows, and how far they are read. */
typedef struct half {
    reader runs, bads;
    bits bits;
    uint8_t *to;
    const uint32_t *row, *last; /* the ends of rows, from the one on that is read, to the last one */
    vl_run_past past;
    bool good; /* what was read makes sense so far */
} half;

static vl_code get_half(const vl_runs *r, vl_rest *in, half *h, vl_err *err)
{
    uint64_t n;
    if (!vl_take_number(in, &n, vl_rest_of(in)) || !vl_take_bytes(in, &h->bits.at, n))
        return cut_off("bits", err);
    h->bits.end = h->bits.at + n;
    h->bits.n = 0;
    if (get_symbols(&r->run, in, &h->runs, err)) return err->code;
    return get_symbols(&r->bad, in, &h->bads, err);
}

/* n rows that end at row [n], the first of which begins at start. */
static void begin_rows(half *h, uint8_t *plain, uint32_t start, const uint32_t *row, size_t n)
{
    h->to = plain + start;
    h->row = row;
    h->last = row + n;
    h->past = (vl_run_past){ .left = n ? row[0] - start : 0 };
    h->good = true;
}

/* Values, and the tables of contexts. */
typedef struct meaning {
    const vl_run_tables *tables;
    const uint8_t *value;
    unsigned nvalue;
} meaning;

/* The next row; false: there is none. */
static inline bool next_row(half *h)
{
    if (++h->row >= h->last) return false;
    h->past = (vl_run_past){ .left = h->row[0] - h->row[-1] };
    return true;
}

/* The next run and the bad value behind it, if there is one; false: the last row is read, or good is
 * false. */
static inline bool read_run(half *h, const meaning *m)
{
    const vl_run_tables *const t = m->tables;
    const uint32_t left = h->past.left;
    const uint32_t token = next_symbol(&h->runs, vl_run_context(t, &h->past), VL_RUN_TOKENS);
    if (!token) {
        h->to += left;
        return next_row(h);
    }
    const uint32_t run = t->first[token] + take_bits(&h->bits, t->more[token]);
    if (run >= left) return h->good = false;
    const uint32_t symbol = 1 + next_symbol(&h->bads, vl_bad_context(t, &h->past, token), VL_RUN_VALUES);
    if (symbol >= m->nvalue || h->runs.word > h->runs.end || h->bads.word > h->bads.end ||
        h->bits.at > h->bits.end)
        return h->good = false;
    h->to[run] = m->value[symbol];
    h->to += run + 1;
    vl_run_step(&h->past, run, symbol);
    return h->past.left || next_row(h);
}

/* Whether a half was good and is used up. */
static bool is_read(const half *h)
{
    return h->good && h->runs.word == h->runs.end && h->bads.word == h->bads.end;
}

/* The rows of a half as far as they are wanted. */
static vl_code read_some(const vl_unpack_job *job, half *h, const meaning *m, uint32_t start,
                         const uint32_t *row, size_t nrow, vl_err *err)
{
    size_t n = 1;
    while (n < nrow && row[n - 1] < job->want.to) n++;
    begin_rows(h, job->plain, start, row, n);
    memset(job->plain + start, m->value[0], row[n - 1] - start);
    while (read_run(h, m)) {
    }
    return h->good ? VL_OK : cut_off("symbols", err);
}

/* row [nrow]: where rows end. */
static vl_code read_rows(const vl_unpack_job *job, vl_rest *in, const vl_runs *r, const meaning *m,
                         const uint32_t *row, size_t nrow, vl_err *err)
{
    const size_t n = nrow / 2;
    half first, second;
    if (get_half(r, in, &first, err) || get_half(r, in, &second, err)) return err->code;
    const uint32_t middle = n ? row[n - 1] : 0;
    if (job->want.to && job->want.to <= middle) return read_some(job, &first, m, 0, row, n, err);
    if (job->want.to && job->want.from >= middle)
        return read_some(job, &second, m, middle, row + n, nrow - n, err);
    begin_rows(&first, job->plain, 0, row, n);
    begin_rows(&second, job->plain, middle, row + n, nrow - n);
    memset(job->plain, m->value[0], job->len);
    bool more = true, others = n > 0;
    while (more && others) {
        more = read_run(&second, m);
        others = read_run(&first, m);
    }
    while (more) more = read_run(&second, m);
    while (others) others = read_run(&first, m);
    return is_read(&first) && is_read(&second) ? VL_OK : cut_off("symbols", err);
}

/* None is empty, and all together are the chunk. */
static bool are_rows(const uint32_t *row, size_t nrow, size_t len)
{
    uint32_t start = 0;
    for (size_t i = 0; i < nrow; start = row[i++])
        if (row[i] == start) return false;
    return start == len;
}

/* job->len: without what fills the chunk up. */
static vl_code unpack_real(const vl_unpack_job *job, vl_rest *in, vl_runs *r, bool rows, vl_err *err)
{
    const uint8_t *n;
    meaning m = { .tables = &r->tables };
    size_t nrow = 1;
    const uint32_t all = (uint32_t)job->len, *row = &all;
    if (!vl_take_bytes(in, &n, 1) || !*n || *n > VL_RUN_VALUES || !vl_take_bytes(in, &m.value, *n))
        return cut_off("values", err);
    m.nvalue = *n;
    if (rows && vl_quality_get_rows(job, in, &r->row, &nrow, err)) return err->code;
    if (rows) row = (const uint32_t *)(const void *)r->row.data;
    if (get_frequencies(r, &r->run, in, job->work, err) || get_frequencies(r, &r->bad, in, job->work, err))
        return err->code;
    if (!are_rows(row, nrow, job->len)) return cut_off("rows", err);
    return read_rows(job, in, r, &m, row, nrow, err);
}

vl_code vl_runs_unpack(const vl_unpack_job *job, vl_err *err)
{
    uint64_t fill;
    const uint8_t *how;
    vl_unpack_job real = *job;
    vl_runs *const r = vl_runs_of(job->work, err);
    if (!r) return err->code;
    r->copy.len = 0; /* reading looks at bytes behind the end */
    if (vl_buf_append(&r->copy, job->payload, job->n, err) || vl_buf_reserve(&r->copy, job->n + VL_PAD, err))
        return err->code;
    vl_rest in = { r->copy.data, r->copy.data + job->n };
    if (job->width != 1 || !job->len || job->len > VL_MAX_CHUNK || !vl_take_bytes(&in, &how, 1) || *how > 1 ||
        !vl_take_number(&in, &fill, job->len - 1))
        return cut_off("first bytes", err);
    real.len -= fill;
    if (real.want.to > real.len) real.want.to = 0;
    if (unpack_real(&real, &in, r, *how, err)) return err->code;
    memset(job->plain + real.len, job->plain[real.len - 1], fill);
    return VL_OK;
}
