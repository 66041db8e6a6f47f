/* FastQC's modules of qualities (reads_fastqc.h): by position, by tile, of whole reads. */
#include "pipeline/reads/reads_fastqc.h"

#include <math.h>
#include <stdlib.h>

/* ---- by position ---- */

typedef struct place {
    uint64_t n, sum; /* reads; their qualities */
} place;

static place place_of(const vl_reads_qc *qc, size_t p)
{
    place a = { 0 };
    for (size_t q = 0; q < VL_QC_LEVELS; q++) {
        const uint64_t n = vl_qc_at(qc, VL_QT_QUALITY, p, q, 0);
        a.n += n;
        a.sum += n * q;
    }
    return a;
}

/* The first quality that so many of a hundred reads do not exceed. */
static double percentile(const vl_reads_qc *qc, size_t p, uint64_t n, uint64_t percent)
{
    uint64_t count = 0;
    for (size_t q = 0; q < VL_QC_LEVELS; q++)
        if ((count += vl_qc_at(qc, VL_QT_QUALITY, p, q, 0)) >= n * percent / 100 && count) return (double)q;
    return NAN;
}

/* Means of the values of its positions, whatever reads they have; percentiles where there are enough. */
static double group_value(const vl_fq *fq, vl_fq_group g, uint64_t percent)
{
    double sum = 0;
    int n = 0;
    for (size_t p = g.first; p <= g.last; p++) {
        const place a = place_of(fq->qc, p);
        if (percent ? a.n <= 100 : !a.n) continue;
        sum += percent ? percentile(fq->qc, p, a.n, percent) + fq->offset
                       : (double)((int64_t)a.sum + fq->offset * (int64_t)a.n) / (double)a.n;
        n++;
    }
    return n ? sum / n : percent ? NAN : 0;
}

vl_fq_state vl_fq_quality(vl_fq *fq)
{
    vl_fq_group group[VL_FQ_GROUPS];
    vl_fq_state state = VL_FQ_PASS;
    if (!vl_qc_dim(fq->qc, VL_QT_QUALITY, 0)) return VL_FQ_ABSENT;
    const size_t n = vl_fq_groups(fq->qc->longest, group);
    vl_fq_put(fq, "#Base\tMean\tMedian\tLower Quartile\tUpper Quartile\t10th Percentile\t90th Percentile\n");
    for (size_t i = 0; i < n; i++) {
        static const uint64_t percent[] = { 0, 50, 25, 75, 10, 90 };
        double v[6];
        vl_fq_label(fq, group[i]);
        for (int k = 0; k < 6; k++) vl_fq_cell(fq, v[k] = group_value(fq, group[i], percent[k]));
        vl_fq_put(fq, "\n");
        if (v[2] < 5 || v[1] < 20) state = VL_FQ_FAIL;
        else if (state == VL_FQ_PASS && (v[2] < 10 || v[1] < 25)) state = VL_FQ_WARN;
    }
    return state;
}

/* ---- by tile ---- */

static double tile_value(const vl_fq *fq, size_t tile, vl_fq_group g)
{
    double sum = 0;
    int n = 0;
    for (size_t p = g.first; p <= g.last && p < vl_qc_dim(fq->qc, VL_QT_TILE_QUALITY, 2); p++) {
        const int64_t reads = (int64_t)vl_qc_at(fq->qc, VL_QT_TILE_QUALITY, tile, 1, p);
        if (!reads) continue;
        sum += (double)((int64_t)vl_qc_at(fq->qc, VL_QT_TILE_QUALITY, tile, 0, p) + fq->offset * reads) /
               (double)reads;
        n++;
    }
    return n ? sum / n : 0;
}

vl_code vl_fq_tile_map_of(const vl_fq *fq, vl_fq_tile_map *m, vl_err *err)
{
    const size_t npos = vl_qc_dim(fq->qc, VL_QT_TILE_QUALITY, 2), ntile = vl_qc_dim(fq->qc, VL_QT_TILE, 0);
    *m = (vl_fq_tile_map){ 0 };
    if (!ntile || ntile != vl_qc_dim(fq->qc, VL_QT_TILE_QUALITY, 0) ||
        vl_qc_dim(fq->qc, VL_QT_TILE_QUALITY, 1) != 2)
        return VL_OK;
    const size_t n = m->ngroup = vl_fq_groups(npos, m->group);
    if (!(m->off = calloc(ntile * n + 1, sizeof *m->off)))
        return vl_fail(err, VL_ENOMEM, "no memory for %zu tiles", ntile);
    m->ntile = ntile;
    for (size_t i = 0; i < n; i++) {
        double mean = 0;
        for (size_t t = 0; t < ntile; t++) mean += m->off[t * n + i] = tile_value(fq, t, m->group[i]);
        mean /= (double)ntile;
        for (size_t t = 0; t < ntile; t++) m->off[t * n + i] -= mean;
    }
    return VL_OK;
}

vl_fq_state vl_fq_tiles(vl_fq *fq)
{
    enum { MOST_TILES = 1001 };
    vl_fq_tile_map m;
    double most = 0;
    if (vl_qc_dim(fq->qc, VL_QT_TILE, 0) > MOST_TILES || vl_fq_tile_map_of(fq, &m, fq->err) || !m.ntile)
        return VL_FQ_ABSENT;
    vl_fq_put(fq, "#Tile\tBase\tMean\n");
    for (size_t t = 0; t < m.ntile; t++)
        for (size_t i = 0; i < m.ngroup; i++) {
            const double v = m.off[t * m.ngroup + i];
            vl_fq_put(fq, "%u\t", (unsigned)vl_qc_at(fq->qc, VL_QT_TILE, t, 0, 0));
            vl_fq_label(fq, m.group[i]);
            vl_fq_cell(fq, v);
            vl_fq_put(fq, "\n");
            if (fabs(v) > most) most = fabs(v);
        }
    free(m.off);
    return most > 10 ? VL_FQ_FAIL : most > 5 ? VL_FQ_WARN : VL_FQ_PASS;
}

/* ---- of whole reads ---- */

vl_fq_state vl_fq_means(vl_fq *fq)
{
    size_t low = VL_QC_LEVELS, high = 0, most = 0;
    uint64_t n[VL_QC_LEVELS];
    if (!fq->qc->longest) return VL_FQ_ABSENT;
    for (size_t q = 0; q < VL_QC_LEVELS; q++) {
        n[q] = vl_qc_at(fq->qc, VL_QT_MEAN, q, 0, 0);
        if (n[q] && low == VL_QC_LEVELS) low = most = q;
        if (n[q]) high = q;
        if (n[q] > n[most]) most = q;
    }
    vl_fq_put(fq, "#Quality\tCount\n");
    for (size_t q = low; q <= high && low < VL_QC_LEVELS; q++) {
        vl_fq_put(fq, "%d", (int)q + fq->offset);
        vl_fq_cell(fq, (double)n[q]);
        vl_fq_put(fq, "\n");
    }
    const int usual = (int)most + fq->offset;
    return usual <= 20 ? VL_FQ_FAIL : usual <= 27 ? VL_FQ_WARN : VL_FQ_PASS;
}
