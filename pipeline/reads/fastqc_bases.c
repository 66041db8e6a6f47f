/* FastQC's modules of letters, lengths and adapters (reads_fastqc.h). */
#include "pipeline/reads/reads_fastqc.h"

#include <inttypes.h>
#include <math.h>

vl_fq_state vl_fq_basic(vl_fq *fq)
{
    const vl_reads_qc *const qc = fq->qc;
    const uint64_t gc = qc->base[1] + qc->base[2], all = gc + qc->base[0] + qc->base[3];
    vl_fq_put(fq, "#Measure\tValue\nFilename\t%s\n", fq->file);
    vl_fq_put(fq, "File type\t%s\n", qc->nread ? "Conventional base calls" : "null");
    vl_fq_put(fq, "Encoding\t%s\nTotal Sequences\t%" PRIu64 "\n", fq->encoding, qc->nread);
    vl_fq_put(fq, "Sequences flagged as poor quality\t0\nSequence length\t");
    if (!qc->nread || qc->shortest == qc->longest) vl_fq_put(fq, "%" PRIu64, qc->longest);
    else vl_fq_put(fq, "%" PRIu64 "-%" PRIu64, qc->shortest, qc->longest);
    vl_fq_put(fq, "\n%%GC\t%" PRIu64 "\n", all ? 100 * gc / all : 0);
    return VL_FQ_PASS;
}

/* ---- by position ---- */

static uint64_t letters(const vl_reads_qc *qc, vl_fq_group g, size_t from, size_t to)
{
    uint64_t n = 0;
    for (size_t p = g.first; p <= g.last; p++)
        for (size_t k = from; k <= to; k++) n += vl_qc_at(qc, VL_QT_BASE, p, k, 0);
    return n;
}

vl_fq_state vl_fq_content(vl_fq *fq)
{
    static const size_t order[] = { 2, 0, 3, 1 };
    vl_fq_group group[VL_FQ_GROUPS];
    double most = 0;
    const size_t n = vl_fq_groups(fq->qc->longest, group);
    vl_fq_put(fq, "#Base\tG\tA\tT\tC\n");
    for (size_t i = 0; i < n; i++) {
        const double all = (double)letters(fq->qc, group[i], 0, 3);
        double v[4];
        vl_fq_label(fq, group[i]);
        for (int k = 0; k < 4; k++) {
            v[k] = (double)letters(fq->qc, group[i], order[k], order[k]) / all * 100;
            vl_fq_cell(fq, v[k]);
        }
        vl_fq_put(fq, "\n");
        if (fabs(v[0] - v[3]) > most) most = fabs(v[0] - v[3]);
        if (fabs(v[1] - v[2]) > most) most = fabs(v[1] - v[2]);
    }
    return most > 20 ? VL_FQ_FAIL : most > 10 ? VL_FQ_WARN : VL_FQ_PASS;
}

static uint64_t count_n(const vl_reads_qc *qc, vl_fq_group g)
{
    uint64_t n = 0;
    for (size_t i = 0; qc->table[VL_QT_OTHER].dim[0] && i < vl_qc_dim(qc, VL_QT_OTHER, 1); i++) {
        const uint64_t p = vl_qc_key(qc, VL_QT_OTHER, 0, i), letter = vl_qc_key(qc, VL_QT_OTHER, 1, i);
        if (p >= g.first && p <= g.last && (letter == 'N' || letter == 'n'))
            n += vl_qc_key(qc, VL_QT_OTHER, 2, i);
    }
    return n;
}

vl_fq_state vl_fq_n(vl_fq *fq)
{
    vl_fq_group group[VL_FQ_GROUPS];
    double most = 0;
    const size_t n = vl_fq_groups(fq->qc->longest, group);
    vl_fq_put(fq, "#Base\tN-Count\n");
    for (size_t i = 0; i < n; i++) {
        const double v = 100 * ((double)count_n(fq->qc, group[i]) / (double)letters(fq->qc, group[i], 0, 4));
        vl_fq_label(fq, group[i]);
        vl_fq_cell(fq, v);
        vl_fq_put(fq, "\n");
        if (v > most) most = v;
    }
    return most > 20 ? VL_FQ_FAIL : most > 5 ? VL_FQ_WARN : VL_FQ_PASS;
}

/* ---- G and C of reads ---- */

static size_t percent_of(double g, double length) { return (size_t)floor(g * 100 / length + 0.5); }

static size_t low_percent(uint64_t g, uint64_t length)
{
    return percent_of(g ? (double)g - 0.5 : 0, (double)length);
}

static size_t high_percent(uint64_t g, uint64_t length)
{
    const double most = (double)length, v = (double)g + 0.5;
    return percent_of(v > most ? most : v, most);
}

/* How many numbers of G and C have a percent of `bound` at least, by their lowest or highest percent. */
static uint64_t from_percent(uint64_t length, size_t bound, size_t (*percent)(uint64_t, uint64_t))
{
    uint64_t low = 0, high = length + 1; /* all below low have less, all from high on have it */
    while (low < high) {
        const uint64_t middle = low + (high - low) / 2;
        if (percent(middle, length) >= bound) high = middle;
        else low = middle + 1;
    }
    return length + 1 - high;
}

/* Adds 1 / claims n times, one by one as FastQC does: other sums differ in the last digit. A fraction that is
 * exact comes to the same at once, and so, nearly, does more than anybody has patience for. */
static void add_shares(double *sum, uint64_t n, uint64_t claims)
{
    enum { PATIENCE = 1 << 27 };
    const double share = 1.0 / (double)claims;
    if (!(claims & (claims - 1)) || n > PATIENCE) *sum += (double)n * share;
    else
        for (; n; n--) *sum += share;
}

/* A read with g of a length counts in all percents that it may stand for, in each by as much less as more of
 * the possible g stand for it. */
static void add_length(const vl_reads_qc *qc, uint64_t length, size_t from, size_t to, double percent[101])
{
    uint64_t claims[101];
    for (size_t p = 0; p < 101; p++)
        claims[p] = from_percent(length, p, high_percent) - from_percent(length, p + 1, low_percent);
    for (size_t i = from; i < to; i++) {
        const uint64_t g = vl_qc_key(qc, VL_QT_GC, 1, i);
        if (g > length) continue;
        for (size_t p = low_percent(g, length); p <= high_percent(g, length); p++)
            add_shares(&percent[p], vl_qc_key(qc, VL_QT_GC, 2, i), claims[p]);
    }
}

static void add_percents(const vl_reads_qc *qc, double percent[101])
{
    const size_t n = qc->table[VL_QT_GC].dim[0] ? vl_qc_dim(qc, VL_QT_GC, 1) : 0;
    for (int p = 0; p < 101; p++) percent[p] = 0;
    for (size_t i = 0, k; i < n; i = k) {
        const uint64_t length = vl_qc_key(qc, VL_QT_GC, 0, i);
        for (k = i + 1; k < n && vl_qc_key(qc, VL_QT_GC, 0, k) == length;) k++;
        if (length) add_length(qc, length, i, k, percent);
    }
}

/* The middle of the percents around the highest that have more than nine tenths of it. */
static double centre_of(const double percent[101])
{
    int top = 0, low, high;
    for (int p = 0; p < 101; p++)
        if (percent[p] > percent[top]) top = p;
    const double least = percent[top] - percent[top] / 10;
    for (low = top; low >= 0 && percent[low] > least;) low--;
    for (high = top; high < 101 && percent[high] > least;) high++;
    if (low < 0 || high > 100) return top;
    return (double)(low + high) / 2;
}

void vl_fq_gc_percents(const vl_reads_qc *qc, double percent[101], double normal[101])
{
    double all = 0, square = 0;
    add_percents(qc, percent);
    const double centre = centre_of(percent);
    for (int p = 0; p < 101; p++) {
        all += percent[p];
        square += (p - centre) * (p - centre) * percent[p];
    }
    const double sd = sqrt(square / (all - 1));
    for (int p = 0; p < 101; p++) {
        const double x = (p - centre) / sd;
        normal[p] = exp(-x * x / 2) / (sd * sqrt(2 * acos(-1))) * all;
    }
}

/* In percent of all reads, how far they are from a normal distribution. */
static double far_from_normal(const double percent[101], const double normal[101])
{
    double all = 0, far = 0;
    for (int p = 0; p < 101; p++) {
        all += percent[p];
        far += fabs(normal[p] - percent[p]);
    }
    return 100 * far / all;
}

vl_fq_state vl_fq_gc(vl_fq *fq)
{
    double percent[101], normal[101];
    vl_fq_gc_percents(fq->qc, percent, normal);
    vl_fq_put(fq, "#GC Content\tCount\n");
    for (int p = 0; p < 101; p++) {
        vl_fq_put(fq, "%d", p);
        vl_fq_cell(fq, percent[p]);
        vl_fq_put(fq, "\n");
    }
    const double far = far_from_normal(percent, normal);
    return far > 30 ? VL_FQ_FAIL : far > 15 ? VL_FQ_WARN : VL_FQ_PASS;
}

/* ---- lengths ---- */

static uint64_t length_step(uint64_t range)
{
    for (uint64_t ten = 1;; ten *= 10)
        for (int i = 0; i < 3; i++) {
            const uint64_t k = (i == 0 ? 1 : i == 1 ? 2 : 5) * ten;
            if (range / k <= 50) return k;
        }
}

vl_fq_state vl_fq_lengths(vl_fq *fq)
{
    const vl_reads_qc *const qc = fq->qc;
    vl_fq_put(fq, "#Length\tCount\n");
    if (!qc->nread) return VL_FQ_PASS;
    const uint64_t low = qc->shortest ? qc->shortest - 1 : 0, high = qc->longest + 1;
    const uint64_t step = length_step(high - low);
    for (uint64_t from = low / step * step; from <= high; from += step) {
        const uint64_t to = from + step - 1 > high ? high : from + step - 1,
                       n = vl_reads_qc_reads_of(qc, from, to);
        if (!n && (from <= low || from + step > high)) continue;
        if (step == 1) vl_fq_put(fq, "%" PRIu64, from);
        else vl_fq_put(fq, "%" PRIu64 "-%" PRIu64, from, to);
        vl_fq_cell(fq, (double)n);
        vl_fq_put(fq, "\n");
    }
    return !qc->shortest ? VL_FQ_FAIL : qc->shortest != qc->longest ? VL_FQ_WARN : VL_FQ_PASS;
}

/* ---- adapters ---- */

uint64_t vl_fq_begun(const vl_reads_qc *qc, unsigned adapter, size_t p)
{
    uint64_t n = 0;
    for (size_t i = 0; qc->table[VL_QT_ADAPTER].dim[0] && i < vl_qc_dim(qc, VL_QT_ADAPTER, 1); i++)
        if (vl_qc_key(qc, VL_QT_ADAPTER, 0, i) == adapter && vl_qc_key(qc, VL_QT_ADAPTER, 1, i) <= p)
            n += vl_qc_key(qc, VL_QT_ADAPTER, 2, i);
    return n;
}

vl_fq_state vl_fq_adapters(vl_fq *fq)
{
    const vl_reads_qc *const qc = fq->qc;
    vl_fq_group group[VL_FQ_GROUPS];
    double most = 0;
    if (qc->longest <= VL_QC_ADAPTER) return VL_FQ_WARN;
    const size_t n = vl_fq_groups(qc->longest - VL_QC_ADAPTER + 1, group);
    vl_fq_put(fq, "#Position");
    for (int a = 0; a < VL_QC_ADAPTERS; a++)
        if (vl_qc_adapter_list[a].older) vl_fq_put(fq, "\t%s", vl_qc_adapter_list[a].name);
    vl_fq_put(fq, "\n");
    for (size_t i = 0; i < n; i++) {
        vl_fq_label(fq, group[i]);
        for (unsigned a = 0; a < VL_QC_ADAPTERS; a++) {
            if (!vl_qc_adapter_list[a].older) continue;
            double v = 0;
            for (size_t p = group[i].first; p <= group[i].last; p++)
                v += 100 * (double)vl_fq_begun(qc, a, p) / (double)qc->nread;
            v /= (double)(group[i].last - group[i].first + 1);
            vl_fq_cell(fq, v);
            if (v > most) most = v;
        }
        vl_fq_put(fq, "\n");
    }
    return most > 10 ? VL_FQ_FAIL : most > 5 ? VL_FQ_WARN : VL_FQ_PASS;
}
