/* A model's bytes and its tables (quality_model.h). */
#include "pipeline/codec/quality_model.h"

#include "kernels/kernels.h"
#include "pipeline/codec/clusters.h"

#include <string.h>

enum { STEPS = 32, MEAN = 2 /* bytes of a shape that version 1 does not have */ };

/* ---- lanes ---- */

vl_code vl_quality_lanes(const uint32_t *row, size_t nrow, size_t n, size_t nstep, vl_buf *length,
                         vl_lanes *lanes, vl_err *err)
{
    length->len = 0;
    if (vl_buf_reserve(length, (nrow + 2) * sizeof(uint32_t), err)) return err->code;
    uint32_t *const all = (uint32_t *)(void *)length->data;
    uint32_t start = 0, lane = 0, k = 0;
    for (size_t i = 0; i <= nrow; i++) {
        const bool last = i == nrow; /* what lies behind the last end goes on for ever */
        if (!last && (row[i] == start || row[i] >= n)) continue;
        const uint32_t end = last ? UINT32_MAX : row[i];
        all[k++] = end - start;
        for (; lane < lanes->n && lane * nstep < end; lane++) {
            lanes->place[lane] = (uint32_t)(lane * nstep) - start;
            lanes->left[lane] = end - (uint32_t)(lane * nstep);
            lanes->next[lane] = k;
        }
        start = end;
    }
    all[k] = UINT32_MAX;
    length->len = (k + 1) * sizeof(uint32_t);
    return VL_OK;
}

/* ---- size ---- */

size_t vl_quality_alone(const uint8_t *quality, size_t n, const vl_log2 *log)
{
    uint32_t count[256] = { 0 };
    uint64_t bits = n ? (uint64_t)n * vl_log2_of(log, (uint32_t)n) : 0;
    for (size_t i = 0; i < n; i++) count[quality[i]]++;
    for (int v = 0; v < 256; v++)
        if (count[v]) bits -= (uint64_t)count[v] * vl_log2_of(log, count[v]);
    return (size_t)(bits / (8 * VL_LOG_ONE));
}

/* ---- reading ---- */

unsigned vl_quality_symbol_bits(unsigned n)
{
    unsigned bits = 1;
    while (1u << bits < n) bits++;
    return bits;
}

/* Steps of a symbol: 2^bits of them. */
static uint32_t steps_mul(unsigned bits, unsigned nsymbol) { return (256u << bits) / nsymbol; }

static bool read_values(vl_quality_model *m, const uint8_t *value, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        if (i && value[i] <= value[i - 1]) return false;
        m->value[i] = value[i];
    }
    for (unsigned v = 0, s = 0; v < 256; v++) {
        while (s + 1 < n && value[s + 1] <= v) s++;
        m->symbol[v] = (uint8_t)(s | (value[s] == v ? 0 : VL_QUALITY_OTHER));
    }
    return true;
}

unsigned vl_quality_shape(vl_quality_model *m, const uint8_t bytes[VL_QUALITY_SHAPE])
{
    const uint8_t *const p = bytes + MEAN;
    vl_context *const c = &m->context;
    c->sym_bits = vl_quality_symbol_bits(c->nsymbol);
    c->stride = c->nsymbol + 1;
    const unsigned history = p[0] * c->sym_bits;
    c->second_bits = p[1];
    c->top_bits = p[2];
    c->mean_bits = bytes[0];
    c->mean_decay = bytes[1];
    c->position_bits = p[3];
    c->unrest_bits = p[4];
    const unsigned bits = history + p[1] + p[2] + bytes[0] + p[3] + p[4];
    if (bits > VL_CONTEXT_BITS || p[5] > 1 || bytes[1] > 15) return 0;
    c->history_mask = (1u << history) - 1;
    c->second_mul = steps_mul(p[1], c->nsymbol);
    c->top_mul = steps_mul(p[2], c->nsymbol);
    c->mean_mul = steps_mul(bytes[0], c->nsymbol);
    c->from_best = p[5];
    c->change[0] = p[6];
    c->change[1] = p[7];
    for (int i = 0; i < STEPS; i++)
        if ((c->steps_of[i] = p[8 + i]) >> c->unrest_bits) return 0;
    c->position_mul = vl_le32(p + 8 + STEPS);
    m->rows = p[12 + STEPS];
    m->expects = vl_le16(p + 13 + STEPS);
    return bits ? bits : 1;
}

static vl_code read_tables(vl_quality_model *m, const uint8_t *packed, size_t n, unsigned ncluster,
                           size_t ncontext, vl_work *work, vl_err *err)
{
    vl_context *const c = &m->context;
    const size_t nlevel = (size_t)ncluster * c->stride;
    vl_buf *const all = &work->trial;
    if (vl_buf_reserve(all, nlevel + ncontext, err) || vl_buf_reserve(&m->cluster, ncontext, err) ||
        vl_buf_reserve(&m->freq, nlevel * sizeof(uint32_t), err) ||
        vl_buf_reserve(&m->slot, (size_t)ncluster * VL_FREQ_ALL, err) ||
        vl_zstd_unpack(packed, n, all->data, nlevel + ncontext, work, err))
        return err->code;
    memcpy(m->cluster.data, all->data + nlevel, ncontext);
    for (size_t i = 0; i < ncontext; i++)
        if (m->cluster.data[i] >= ncluster)
            return vl_fail(err, VL_ESTORE, "model of qualities: cluster %u of %u", m->cluster.data[i],
                           ncluster);
    uint32_t *const freq = (uint32_t *)(void *)m->freq.data;
    for (size_t k = 0; k < ncluster; k++)
        if (!all->data[(k + 1) * c->stride - 1] ||
            !vl_cluster_freq(all->data + k * c->stride, c->stride, freq + k * c->stride,
                             m->slot.data + k * VL_FREQ_ALL))
            return vl_fail(err, VL_ESTORE, "model of qualities: frequencies of cluster %zu", k);
    c->cluster = m->cluster.data;
    c->freq = freq;
    c->slot = m->slot.data;
    return VL_OK;
}

vl_code vl_quality_parse(vl_quality_model *m, const uint8_t *bytes, size_t n, vl_work *work, vl_err *err)
{
    uint8_t shape[VL_QUALITY_SHAPE] = { 0 };
    if (n < 2 || !bytes[0] || bytes[0] > VL_QUALITY_VERSION)
        return vl_fail(err, VL_ESTORE, "model of qualities: %zu bytes, version %u", n, n ? bytes[0] : 0);
    const size_t lacks = bytes[0] == 1 ? MEAN : 0, head = 2u + bytes[1] + sizeof shape - lacks;
    m->context.nsymbol = bytes[1];
    if (!bytes[1] || bytes[1] > VL_QUALITY_SYMBOLS || n < head)
        return vl_fail(err, VL_ESTORE, "model of qualities: %u symbols in %zu bytes", bytes[1], n);
    memcpy(shape + lacks, bytes + 2 + bytes[1], sizeof shape - lacks);
    const unsigned bits = read_values(m, bytes + 2, bytes[1]) ? vl_quality_shape(m, shape) : 0;
    if (!bits) return vl_fail(err, VL_ESTORE, "model of qualities: contexts that make no sense");
    return read_tables(m, bytes + head, n - head, shape[VL_QUALITY_SHAPE - 1] + 1u, (size_t)1 << bits, work,
                       err);
}

void vl_quality_free(vl_quality_model *m)
{
    vl_buf_free(&m->cluster);
    vl_buf_free(&m->freq);
    vl_buf_free(&m->slot);
}
