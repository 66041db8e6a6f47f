/*
 * Codec qctx: qualities by the contexts they stand in. A model of the contexts is learned once for the column
 * (quality_model.h) and lies in each chunk; one that it does not suit gets a model of its own. Coded with
 * interleaved states (kernels/context_rans.c).
 *
 * Payload:
 *     u8   1: the lengths of rows follow, else a chunk is one row; + 2: 32 lanes, else 16
 *     leb128 how many of the chunk's bytes, at its end, are only the last of those before
 *     the model:  leb128 bytes, and the bytes
 *     rows:       leb128 how many, length of the first; of the others when they are equal, else 0; of the
 *                 last; when 0, leb128 bytes of a zstd frame and the frame: u32 of each but the first and
 *                 last
 *     leb128 how many symbols are not by the model, and their values, u8 each
 *     u32 [lanes] the states; then the words, u16 each, to the end
 */
#include "pipeline/codec/quality_model.h"

#include "formats/xxh3.h"
#include "kernels/kernels.h"
#include "pipeline/codec/log2.h"
#include "pipeline/codec/payload.h"
#include "pipeline/codec/quality_rows.h"

#include <stdlib.h>
#include <string.h>

enum { ROWS = 1, WIDE = 2, FIRST_LANES = 16 };

/* What is kept from chunk to chunk: models that were read, and room. */
typedef struct state {
    vl_quality_model model;
    uint64_t hash; /* of the bytes that it was read from; 0: none */
    vl_log2 log;
    vl_buf learned, best, sym, freq, other, length, words, rows;
} state;

static void release(void *self)
{
    state *const s = self;
    if (!s) return;
    vl_quality_free(&s->model);
    vl_buf *const all[] = { &s->learned, &s->best,   &s->sym,   &s->freq,
                            &s->other,   &s->length, &s->words, &s->rows };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) vl_buf_free(all[i]);
    free(s);
}

static state *state_of(vl_work *work, vl_err *err)
{
    void **const own = &work->state[VL_CODEC_qctx];
    if (*own) return *own;
    state *const s = *own = calloc(1, sizeof *s);
    if (!s) vl_fail(err, VL_ENOMEM, "no memory for qualities");
    else vl_log2_init(&s->log);
    return s;
}

/* The model of these bytes, read when it is another than that of the chunk before. */
static vl_code read_model(state *s, const uint8_t *bytes, size_t n, vl_work *work, vl_err *err)
{
    const uint64_t hash = XXH3_64bits(bytes, n) | 1;
    if (hash == s->hash) return VL_OK;
    s->hash = 0;
    if (!vl_quality_parse(&s->model, bytes, n, work, err)) s->hash = hash;
    return err->code;
}

/* ---- packing ---- */

static vl_code put_others(const vl_pack_job *job, state *s, size_t nother, size_t nstep, vl_buf *out,
                          vl_err *err)
{
    const uint32_t *const other = (const uint32_t *)(const void *)s->other.data;
    if (vl_add_number(out, nother, err) || vl_buf_grow(out, nother, err)) return err->code;
    for (size_t i = 0; i < nother; i++) {
        const size_t at = other[i] % VL_LANES * nstep + other[i] / VL_LANES;
        out->data[out->len++] = at < job->len ? job->plain[at] : 0;
    }
    return VL_OK;
}

/* The symbols step by step, in s->sym. What fills the lanes up are first symbols. */
static vl_code take_symbols(const vl_pack_job *job, state *s, const vl_quality_model *m, size_t nstep,
                            vl_err *err)
{
    const size_t n = nstep * VL_LANES;
    if (vl_buf_reserve(&s->sym, 2 * n, err)) return err->code;
    uint8_t *const straight = s->sym.data + n;
    for (size_t i = 0; i < job->len; i++) straight[i] = m->symbol[job->plain[i]];
    memset(straight + job->len, 0, n - job->len);
    vl_k.lanes_split(s->sym.data, straight, nstep, VL_LANES);
    return VL_OK;
}

/* The payload by the model of these bytes. */
static vl_code pack_by(const vl_pack_job *job, state *s, const vl_buf *model, vl_buf *out, vl_err *err)
{
    if (read_model(s, model->data, model->len, job->work, err)) return err->code;
    const vl_quality_model *const m = &s->model;
    const size_t nstep = vl_quality_steps(job->len, VL_LANES), n = nstep * VL_LANES;
    const bool rows = m->rows && job->beside.row;
    const uint8_t how = (rows ? ROWS : 0) | WIDE;
    uint32_t start[VL_LANES];
    size_t nrow = 0;
    vl_lanes lanes = { .n = VL_LANES };
    if (vl_buf_append(out, &how, 1, err) || vl_add_number(out, job->fill, err) ||
        vl_add_number(out, model->len, err) || vl_buf_append(out, model->data, model->len, err) ||
        (rows &&
         (vl_quality_lengths(job, &s->rows, &nrow, err) ||
          vl_quality_put_rows((const uint32_t *)(const void *)s->rows.data, nrow, job->work, out, err))) ||
        vl_quality_lanes(rows ? job->beside.row : NULL, rows ? job->beside.nrow : 0, job->len, nstep,
                         &s->length, &lanes, err) ||
        take_symbols(job, s, m, nstep, err) || vl_buf_reserve(&s->freq, n * sizeof(uint32_t), err) ||
        vl_buf_reserve(&s->other, n * sizeof(uint32_t), err) || vl_buf_reserve(&s->words, n * 2, err))
        return err->code;
    uint32_t *const freq = (uint32_t *)(void *)s->freq.data;
    vl_k.context_list(freq, s->sym.data, nstep, (const uint32_t *)(const void *)s->length.data, &lanes,
                      &m->context);
    const size_t nother =
        vl_k.context_freq(freq, (uint32_t *)(void *)s->other.data, freq, s->sym.data, n, &m->context);
    uint16_t *const end = (uint16_t *)(void *)s->words.data + n;
    const size_t nword = vl_k.rans_write(end, start, freq, nstep);
    if (put_others(job, s, nother, nstep, out, err) || vl_buf_append(out, start, sizeof start, err))
        return err->code;
    return vl_buf_append(out, end - nword, nword * 2, err);
}

/* Bytes beyond which a chunk is not what its model expects: one of its own might suit it better. */
static size_t expected(const vl_quality_model *m, size_t n, size_t model_bytes)
{
    const size_t bytes = (size_t)((uint64_t)m->expects * n / 2048);
    return bytes + bytes / 32 + n / 512 + model_bytes;
}

/* A payload with a model of its own, if there is one to be learned; into s->best. */
static vl_code pack_own(const vl_pack_job *job, state *s, vl_err *err)
{
    s->learned.len = s->best.len = 0;
    if (vl_quality_learn(job, &s->learned, err) || !s->learned.len) return err->code;
    return pack_by(job, s, &s->learned, &s->best, err);
}

/* What the model did not expect of a chunk: by one of its own if that is smaller, or not at all. */
static vl_code pack_unlike(const vl_pack_job *job, state *s, size_t before, vl_buf *out, bool *fits,
                           vl_err *err)
{
    if (pack_own(job, s, err)) return err->code;
    if (s->best.len && s->best.len < out->len - before) {
        out->len = before;
        if (vl_buf_append(out, s->best.data, s->best.len, err)) return err->code;
    }
    const size_t alone = vl_quality_alone(job->plain, job->len, &s->log);
    *fits = out->len - before < alone + alone / 16; /* what codes them one by one needs tables of its own */
    return VL_OK;
}

/* job->len: without what fills the chunk up. */
static vl_code pack_real(const vl_pack_job *job, state *s, vl_buf *out, bool *fits, vl_err *err)
{
    const size_t before = out->len;
    const vl_model *const model = job->beside.model;
    *fits = true;
    if (pack_by(job, s, &model->bytes, out, err)) return err->code;
    if (out->len - before <= expected(&s->model, job->len, model->bytes.len)) return VL_OK;
    return pack_unlike(job, s, before, out, fits, err);
}

/* A chunk of a column that began with few values, and no model was learned. Looking at some tells. */
static vl_code pack_late(const vl_pack_job *job, state *s, vl_buf *out, bool *fits, vl_err *err)
{
    enum { SOME = 17 };
    bool seen[256] = { false };
    size_t nvalue = 0;
    for (size_t i = 0; i < job->len && nvalue <= VL_FEW_VALUES; i += SOME) {
        nvalue += !seen[job->plain[i]];
        seen[job->plain[i]] = true;
    }
    if (nvalue <= VL_FEW_VALUES || pack_own(job, s, err) || !s->best.len) return err->code;
    const size_t alone = vl_quality_alone(job->plain, job->len, &s->log);
    *fits = s->best.len < alone;
    return vl_buf_append(out, s->best.data, s->best.len, err);
}

static vl_code pack(const vl_pack_job *job, vl_buf *out, bool *fits, vl_err *err)
{
    const vl_model *const model = job->beside.model;
    const bool learned = model && model->bytes.len;
    vl_pack_job real = *job;
    real.len -= job->fill;
    *fits = false;
    if ((!learned && job->learns != VL_LEARNS_MANY) || !real.len || real.len > VL_MAX_CHUNK) return VL_OK;
    state *const s = state_of(job->work, err);
    if (!s) return err->code;
    return learned ? pack_real(&real, s, out, fits, err) : pack_late(&real, s, out, fits, err);
}

/* ---- unpacking ---- */

static vl_code cut_off(const char *what, vl_err *err)
{
    return vl_fail(err, VL_ESTORE, "chunk of qualities: %s are cut off or make no sense", what);
}

static vl_code get_model(const vl_unpack_job *job, vl_rest *c, state *s, vl_err *err)
{
    uint64_t n;
    const uint8_t *bytes;
    if (!vl_take_number(c, &n, vl_rest_of(c)) || !vl_take_bytes(c, &bytes, n)) return cut_off("models", err);
    return read_model(s, bytes, n, job->work, err);
}

/* Steps that are read for what is wanted: lanes are read together. */
static size_t some_steps(const vl_part *want, size_t nstep)
{
    return want->to && want->from / nstep == (want->to - 1) / nstep ? (want->to - 1) % nstep + 1 : nstep;
}

/* Of what is wanted alone, as put_values; lists of others end with UINT32_MAX. */
static void put_some(const vl_unpack_job *job, const state *s, const vl_quality_model *m, size_t nlane,
                     size_t nstep, const uint8_t *other, size_t nother)
{
    const uint32_t *const where = (const uint32_t *)(const void *)s->other.data;
    for (size_t i = job->want.from; i < job->want.to; i++)
        job->plain[i] = m->value[s->sym.data[i % nstep * nlane + i / nstep]];
    for (size_t i = 0; i < nother && where[i] != UINT32_MAX; i++) {
        const size_t at = where[i] % nlane * nstep + where[i] / nlane;
        if (at < job->len) job->plain[at] = other[i];
    }
}

/* Symbols into values; those by no model are put in their places. */
static vl_code put_values(const vl_unpack_job *job, state *s, const vl_quality_model *m, size_t nlane,
                          size_t nstep, const uint8_t *other, size_t nother)
{
    uint8_t *const straight = s->sym.data + nstep * nlane;
    const uint32_t *const where = (const uint32_t *)(const void *)s->other.data;
    vl_k.lanes_join(straight, s->sym.data, nstep, nlane);
    for (size_t i = 0; i < job->len; i++) job->plain[i] = m->value[straight[i]];
    for (size_t i = 0; i < nother; i++) {
        const size_t at = where[i] % nlane * nstep + where[i] / nlane;
        if (at < job->len) job->plain[at] = other[i];
    }
    return VL_OK;
}

static vl_code read_words(const vl_unpack_job *job, vl_rest *c, state *s, uint32_t nlane,
                          const vl_quality_model *m, const uint32_t *row, size_t nrow, vl_err *err)
{
    const size_t nstep = vl_quality_steps(job->len, nlane), n = nstep * nlane;
    uint64_t nother;
    uint32_t start[VL_LANES];
    const size_t nstart = nlane * sizeof *start;
    vl_lanes lanes = { .n = nlane };
    const uint8_t *other, *first;
    if (!vl_take_number(c, &nother, n) || !vl_take_bytes(c, &other, nother)) return cut_off("others", err);
    if (!vl_take_bytes(c, &first, nstart) || vl_rest_of(c) % 2) return cut_off("words", err);
    memcpy(start, first, nstart);
    const size_t nword = vl_rest_of(c) / 2;
    if (nword > n) return cut_off("words", err);
    if (vl_quality_lanes(row, nrow, job->len, nstep, &s->length, &lanes, err) ||
        vl_buf_reserve(&s->sym, 2 * n, err) ||
        vl_buf_reserve(&s->other, (nother + 1) * sizeof(uint32_t), err) ||
        vl_buf_reserve(&s->words, nword * 2 + VL_PAD, err) || vl_buf_reserve(&s->best, nother + 1, err))
        return err->code;
    memcpy(s->words.data, c->at, nword * 2);
    memset(s->other.data, 0xff, nother * sizeof(uint32_t)); /* for those that are not read */
    for (size_t i = 0; i < nother; i++) s->best.data[i] = m->symbol[other[i]] & (VL_QUALITY_OTHER - 1);
    const size_t some = some_steps(&job->want, nstep);
    const size_t used =
        vl_k.context_read(s->sym.data, (uint32_t *)(void *)s->other.data,
                          (const uint16_t *)(const void *)s->words.data, nword, start, s->best.data, nother,
                          some, (const uint32_t *)(const void *)s->length.data, &lanes, &m->context);
    if (some == nstep && used != nword) return cut_off("words", err);
    if (some == nstep) return put_values(job, s, m, nlane, nstep, other, nother);
    put_some(job, s, m, nlane, nstep, other, nother);
    return VL_OK;
}

/* job->len: without what fills the chunk up. */
static vl_code unpack_real(const vl_unpack_job *job, vl_rest *c, state *s, unsigned how, vl_err *err)
{
    const bool rows = how & ROWS;
    size_t nrow = 0;
    if (get_model(job, c, s, err) || (rows && vl_quality_get_rows(job, c, &s->rows, &nrow, err)))
        return err->code;
    const uint32_t *const row = (const uint32_t *)(const void *)s->rows.data;
    return read_words(job, c, s, how & WIDE ? VL_LANES : FIRST_LANES, &s->model, rows ? row : NULL, nrow,
                      err);
}

static vl_code unpack(const vl_unpack_job *job, vl_err *err)
{
    uint64_t fill;
    vl_unpack_job real = *job;
    vl_rest c = { job->payload, job->payload + job->n };
    state *const s = state_of(job->work, err);
    if (!s) return err->code;
    if (!job->n || job->width != 1 || !job->len) return cut_off("all", err);
    const unsigned how = *c.at++;
    if (how > (ROWS | WIDE) || !vl_take_number(&c, &fill, job->len - 1)) return cut_off("first bytes", err);
    real.len -= fill;
    if (real.want.to > real.len) real.want.to = 0;
    if (unpack_real(&real, &c, s, how, err)) return err->code;
    memset(job->plain + real.len, job->plain[real.len - 1], fill);
    return VL_OK;
}

const vl_codec vl_codec_qctx = { .name = "qctx",
                                 .id = VL_CODEC_qctx,
                                 .uses = VL_ONE(VL_USE_QUALITY),
                                 .types = VL_ONE(VL_U8),
                                 .first = true,
                                 .pack = pack,
                                 .unpack = unpack,
                                 .release = release,
                                 .rows = true,
                                 .parts = true,
                                 .learn = vl_quality_learn };
