/*
 * Codec qrun: qualities that are mostly one value, by the runs of it (quality_runs.h). Few of their values
 * are coded at all, so that it takes a tenth of the steps of a codec that codes each; what runs and unusual
 * values stand in tells as much as the values before each would. A chunk's frequencies lie in it. A profile
 * whose codecs learn of any column leaves such to qctx, which is slower and up to 2 % smaller.
 */
#include "pipeline/codec/quality_runs.h"

#include "kernels/kernels.h"
#include "pipeline/codec/clusters.h"
#include "pipeline/codec/quality_rows.h"

#include <stdlib.h>
#include <string.h>

enum { LEAST = 4096, RARE = 5 /* one in so many may be unusual */, NONE = 255 };

static void release(void *self)
{
    vl_runs *const r = self;
    if (!r) return;
    vl_symbols_free(&r->symbols);
    vl_buf *const all[] = { &r->row,    &r->at,         &r->bits,     &r->length,   &r->count,
                            &r->level,  &r->copy,       &r->run.freq, &r->run.slot, &r->run.symbol,
                            &r->run.of, &r->bad.symbol, &r->bad.freq, &r->bad.slot, &r->bad.of };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) vl_buf_free(all[i]);
    free(r);
}

vl_runs *vl_runs_of(vl_work *work, vl_err *err)
{
    void **const own = &work->state[VL_CODEC_qrun];
    if (*own) return *own;
    vl_runs *const r = *own = calloc(1, sizeof *r);
    if (!r) {
        vl_fail(err, VL_ENOMEM, "no memory for runs of qualities");
        return NULL;
    }
    vl_symbols_init(&r->symbols);
    vl_run_tables_fill(&r->tables);
    r->run.ncontext = VL_RUN_CONTEXTS;
    r->run.nsymbol = VL_RUN_TOKENS;
    r->bad.ncontext = VL_BAD_CONTEXTS;
    r->bad.nsymbol = VL_RUN_VALUES;
    return r;
}

/* ---- what is coded ---- */

/* Bits one behind the other, the low ones first. */
typedef struct bits {
    uint8_t *at;
    uint64_t open;
    unsigned n;
} bits;

/* n below 32; 8 bytes are written. */
static inline void add_bits(bits *b, uint32_t v, unsigned n)
{
    b->open |= (uint64_t)v << b->n;
    b->n += n;
    vl_put_le64(b->at, b->open);
    b->at += b->n / 8;
    b->open >>= b->n & ~7u;
    b->n &= 7;
}

/* Values and what stands for them: the usual one is symbol 0. */
typedef struct values {
    uint8_t value[VL_RUN_VALUES], symbol[256];
    unsigned n;
} values;

/* The symbol of an unusual value; false: there are too many. */
static inline bool find_symbol(values *v, uint8_t value, uint32_t *symbol)
{
    if (v->symbol[value] == NONE) {
        if (v->n == VL_RUN_VALUES) return false;
        v->symbol[value] = (uint8_t)v->n;
        v->value[v->n++] = value;
    }
    *symbol = v->symbol[value];
    return true;
}

/* Where the symbols of a chunk go, each context * how many symbols there may be + symbol. */
typedef struct scan {
    const vl_run_tables *tables;
    const uint8_t *plain;
    const uint32_t *at;           /* of the next unusual value; behind the last one UINT32_MAX */
    uint32_t *run, *bad, *length; /* length: of each run */
} scan;

/* The token of a run that does not go to the row's end. */
static inline uint32_t token_of(uint32_t run)
{
    const uint32_t high = 31u - (uint32_t)__builtin_clz(run | 1), more = high - (high > 0);
    return 2 * high + 1 + (run >> more & 1);
}

/* The row [start, end); false: there are too many values. */
static inline bool scan_row(scan *s, values *v, uint32_t start, uint32_t end)
{
    vl_run_past past = { .left = end - start };
    for (uint32_t at; (at = *s->at) < end; start = at + 1, s->at++) {
        uint32_t symbol;
        const uint32_t run = at - start, token = token_of(run);
        if (!find_symbol(v, s->plain[at], &symbol)) return false;
        *s->length++ = run;
        *s->run++ = vl_run_context(s->tables, &past) * VL_RUN_TOKENS + token;
        *s->bad++ = vl_bad_context(s->tables, &past, token) * VL_RUN_VALUES + symbol - 1;
        vl_run_step(&past, run, symbol);
    }
    if (past.left) *s->run++ = vl_run_context(s->tables, &past) * VL_RUN_TOKENS;
    return true;
}

/* The value of which there are more than of all others, by a look at some; others are few. */
static bool find_usual(const vl_pack_job *job, uint8_t *usual, size_t *nbad)
{
    enum { SOME = 61 };
    uint32_t count[256] = { 0 }, n = 0;
    unsigned v = 0;
    for (size_t i = 0; i < job->len; i += SOME, n++) count[job->plain[i]]++;
    while (v < 255 && count[v] <= n / 2) v++;
    if (count[v] < n - n / RARE) return false;
    *usual = (uint8_t)v;
    *nbad = job->len - vl_k.count_byte(job->plain, job->len, *usual);
    return *nbad && *nbad <= job->len / RARE;
}

static vl_code reserve(vl_runs *r, size_t nrow, size_t nbad, vl_err *err)
{
    enum { ROOM = 16 }; /* behind what find_others lists */
    if (vl_buf_reserve(&r->at, (nbad + ROOM) * sizeof(uint32_t), err) ||
        vl_buf_reserve(&r->run.symbol, (nbad + nrow) * sizeof(uint32_t), err) ||
        vl_buf_reserve(&r->length, nbad * sizeof(uint32_t), err) ||
        vl_buf_reserve(&r->bits, nbad * sizeof(uint32_t) + sizeof(uint64_t), err))
        return err->code;
    return vl_buf_reserve(&r->bad.symbol, nbad * sizeof(uint32_t), err);
}

/* What was coded of the rows of a half: all up to these. */
typedef struct half {
    size_t nrun, nbad;
} half;

/* The symbols of all rows, into r->run, r->bad and r->bits. */
static vl_code scan_rows(const vl_pack_job *job, vl_runs *r, size_t nrow, size_t nbad, values *v,
                         half end[VL_RUN_HALVES], bool *fits, vl_err *err)
{
    const uint32_t *const row = (const uint32_t *)(const void *)r->row.data;
    if (reserve(r, nrow, nbad, err)) return err->code;
    uint32_t *const at = (uint32_t *)(void *)r->at.data, *const run = (uint32_t *)(void *)r->run.symbol.data,
                    *const bad = (uint32_t *)(void *)r->bad.symbol.data;
    vl_k.find_others(at, job->plain, job->len, v->value[0]);
    at[nbad] = UINT32_MAX;
    scan s = { .tables = &r->tables,
               .plain = job->plain,
               .at = at,
               .run = run,
               .bad = bad,
               .length = (uint32_t *)(void *)r->length.data };
    uint32_t start = 0;
    size_t i = 0;
    for (int h = 0; h < VL_RUN_HALVES; h++) {
        for (; i < (h ? nrow : nrow / 2) && *fits; start += row[i++])
            *fits = scan_row(&s, v, start, start + row[i]);
        end[h] = (half){ (size_t)(s.run - run), (size_t)(s.bad - bad) };
    }
    return VL_OK;
}

/* ---- coding it ---- */

/* Levels, each less the one of the cluster before, and the cluster of each context. */
static vl_code put_clusters(vl_runs *r, const vl_clusters *k, uint32_t kinds, vl_work *work, vl_buf *out,
                            vl_err *err)
{
    const uint8_t last = (uint8_t)(k->n - 1);
    const size_t n = (size_t)k->n * kinds;
    if (vl_buf_append(out, &last, 1, err) || vl_buf_reserve(&r->level, n, err)) return err->code;
    for (size_t i = 0; i < n; i++) {
        const uint8_t *const own = k->level + i / kinds * k->nsymbol + i % kinds;
        r->level.data[i] = (uint8_t)(i < kinds ? *own : *own - own[-(ptrdiff_t)k->nsymbol]);
    }
    if (vl_symbols_pack(&r->symbols, r->level.data, n, true, work, out, err)) return err->code;
    return vl_symbols_pack(&r->symbols, k->of, k->ncontext, true, work, out, err);
}

/* The frequencies of clusters, and which is that of each context. */
static vl_code fill_frequencies(vl_run_kind *kind, const vl_clusters *k, vl_err *err)
{
    uint8_t slot[VL_FREQ_ALL];
    if (vl_buf_reserve(&kind->freq, k->n * k->nsymbol * sizeof(uint32_t), err) ||
        vl_buf_reserve(&kind->of, k->ncontext, err))
        return err->code;
    uint32_t *const freq = (uint32_t *)(void *)kind->freq.data;
    for (uint32_t c = 0; c < k->n; c++)
        vl_cluster_freq(k->level + c * k->nsymbol, k->nsymbol, freq + c * k->nsymbol, slot);
    memcpy(kind->of.data, k->of, k->ncontext);
    return VL_OK;
}

/* How often each symbol is in each context, and row: the contexts that are there. Returns one more than the
 * greatest symbol. */
static uint8_t count_symbols(const vl_run_kind *kind, size_t n, uint32_t *count, uint32_t *row)
{
    const uint32_t *const symbol = (const uint32_t *)(const void *)kind->symbol.data;
    uint32_t kinds = 0;
    memset(count, 0, (size_t)kind->ncontext * kind->nsymbol * sizeof *count);
    for (size_t i = 0; i < n; i++) count[symbol[i]]++;
    for (uint32_t c = 0; c < kind->ncontext; c++) {
        row[c] = 0;
        for (uint32_t s = 0; s < kind->nsymbol; s++) {
            if (!count[c * kind->nsymbol + s]) continue;
            row[c] = c + 1;
            if (s >= kinds) kinds = s + 1;
        }
    }
    return (uint8_t)kinds;
}

/* The frequencies of n symbols, written and kept. */
static vl_code put_frequencies(vl_runs *r, vl_run_kind *kind, size_t n, vl_work *work, vl_buf *out,
                               vl_err *err)
{
    const size_t ncount = (size_t)kind->ncontext * kind->nsymbol;
    vl_clusters k = { .most = VL_RUN_CLUSTERS, .nsymbol = kind->nsymbol };
    uint64_t cost;
    if (vl_buf_reserve(&r->count, (ncount + kind->ncontext) * sizeof(uint32_t), err)) return err->code;
    uint32_t *const count = (uint32_t *)(void *)r->count.data, *const row = count + ncount;
    const uint8_t kinds = count_symbols(kind, n, count, row);
    if (vl_buf_append(out, &kinds, 1, err)) return err->code;
    if (!vl_clusters_make(&k, count, row, kind->ncontext, &r->symbols.log, &cost, err) &&
        !put_clusters(r, &k, kinds, work, out, err))
        fill_frequencies(kind, &k, err);
    vl_clusters_free(&k);
    return err->code;
}

/* The symbols [from, to) of a kind. */
static vl_code put_symbols(vl_runs *r, const vl_run_kind *kind, size_t from, size_t to, vl_buf *out,
                           vl_err *err)
{
    const unsigned shift = (unsigned)__builtin_ctz(kind->nsymbol);
    const uint32_t *const freq = (const uint32_t *)(const void *)kind->freq.data,
                          *const symbol = (const uint32_t *)(const void *)kind->symbol.data + from,
                          mask = kind->nsymbol - 1;
    const size_t n = to - from, nstep = (n + VL_RUN_LANES - 1) / VL_RUN_LANES, all = nstep * VL_RUN_LANES;
    if (vl_buf_reserve(&r->symbols.pair, all * sizeof(uint32_t), err)) return err->code;
    uint32_t *const pair = (uint32_t *)(void *)r->symbols.pair.data;
    for (size_t i = 0; i < n; i++)
        pair[i] = freq[(uint32_t)kind->of.data[symbol[i] >> shift] << shift | (symbol[i] & mask)];
    for (size_t i = n; i < all; i++) pair[i] = VL_STREAM_ALL; /* which changes nothing */
    return vl_symbols_put_words(&r->symbols, nstep, VL_RUN_LANES, out, err);
}

/* The bits of n runs. */
static vl_code put_bits(vl_runs *r, const uint32_t *run, size_t n, vl_buf *out, vl_err *err)
{
    bits b = { .at = r->bits.data };
    for (size_t i = 0; i < n; i++) {
        const unsigned more = r->tables.more[token_of(run[i])];
        add_bits(&b, run[i] & ((1u << more) - 1), more);
    }
    const size_t bytes = (size_t)(b.at - r->bits.data) + (b.n > 0);
    if (vl_add_number(out, bytes, err)) return err->code;
    return vl_buf_append(out, r->bits.data, bytes, err);
}

static vl_code put_half(vl_runs *r, half from, half to, vl_buf *out, vl_err *err)
{
    const uint32_t *const run = (const uint32_t *)(const void *)r->length.data;
    if (put_bits(r, run + from.nbad, to.nbad - from.nbad, out, err) ||
        put_symbols(r, &r->run, from.nrun, to.nrun, out, err))
        return err->code;
    return put_symbols(r, &r->bad, from.nbad, to.nbad, out, err);
}

/* job->len: without what fills the chunk up. */
static vl_code pack_real(const vl_pack_job *job, vl_runs *r, vl_buf *out, bool *fits, vl_err *err)
{
    values v = { .n = 1 };
    half end[VL_RUN_HALVES];
    size_t nrow, nbad;
    const uint8_t how = job->beside.row != NULL;
    *fits = find_usual(job, &v.value[0], &nbad);
    memset(v.symbol, NONE, sizeof v.symbol);
    v.symbol[v.value[0]] = 0;
    if (!*fits || vl_quality_lengths(job, &r->row, &nrow, err) ||
        scan_rows(job, r, nrow, nbad, &v, end, fits, err) || !*fits)
        return err->code;
    const uint32_t *const row = (const uint32_t *)(const void *)r->row.data;
    if (vl_buf_append(out, &how, 1, err) || vl_add_number(out, job->fill, err) ||
        vl_buf_append(out, &(uint8_t){ (uint8_t)v.n }, 1, err) || vl_buf_append(out, v.value, v.n, err) ||
        (how && vl_quality_put_rows(row, nrow, job->work, out, err)) ||
        put_frequencies(r, &r->run, end[1].nrun, job->work, out, err) ||
        put_frequencies(r, &r->bad, end[1].nbad, job->work, out, err) ||
        put_half(r, (half){ 0 }, end[0], out, err))
        return err->code;
    return put_half(r, end[0], end[1], out, err);
}

static vl_code pack(const vl_pack_job *job, vl_buf *out, bool *fits, vl_err *err)
{
    vl_pack_job real = *job;
    real.len -= job->fill;
    *fits = false;
    if (job->learns == VL_LEARNS_ANY || real.len < LEAST || real.len > VL_MAX_CHUNK) return VL_OK;
    vl_runs *const r = vl_runs_of(job->work, err);
    return r ? pack_real(&real, r, out, fits, err) : err->code;
}

const vl_codec vl_codec_qrun = { .name = "qrun",
                                 .id = VL_CODEC_qrun,
                                 .uses = VL_ONE(VL_USE_QUALITY),
                                 .types = VL_ONE(VL_U8),
                                 .first = true,
                                 .from_effort = 2,
                                 .pack = pack,
                                 .unpack = vl_runs_unpack,
                                 .release = release,
                                 .rows = true,
                                 .parts = true };
