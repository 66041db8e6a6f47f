/* Counts by position of reads (reads_tally.h). */
#include "pipeline/reads/reads_tally.h"

#include <stdlib.h>
#include <string.h>

/* Room for npos positions; what is there stays. */
static vl_code grow(vl_qc_mate *m, size_t npos, vl_err *err)
{
    if (npos > VL_QC_POSITIONS) npos = VL_QC_POSITIONS;
    if (!m->length && !(m->length = calloc(VL_QC_POSITIONS + 1, sizeof *m->length)))
        return vl_fail(err, VL_ENOMEM, "no memory for read lengths");
    if (npos <= m->npos) return VL_OK;
    uint64_t *const base = calloc(npos * VL_QC_LETTERS, sizeof *base);
    uint64_t *const quality = calloc(npos * VL_QC_LEVELS, sizeof *quality);
    if (!base || !quality) {
        free(base);
        free(quality);
        return vl_fail(err, VL_ENOMEM, "no memory for counts of %zu positions", npos);
    }
    if (m->npos) {
        memcpy(base, m->base, m->npos * VL_QC_LETTERS * sizeof *base);
        memcpy(quality, m->quality, m->npos * VL_QC_LEVELS * sizeof *quality);
    }
    free(m->base);
    free(m->quality);
    m->base = base;
    m->quality = quality;
    m->npos = npos;
    return VL_OK;
}

static void count(vl_qc_mate *m, const uint8_t *base, const uint8_t *quality, const uint64_t *offset,
                  size_t nread)
{
    vl_k.base_count(m->base, base, offset, nread, m->npos);
    vl_k.quality_count(m->quality, quality, offset, nread, m->npos);
}

/* Pairs that are all equally long count as reads of twice the length: position p of mate 2 is behind mate 1.
 */
static vl_code count_equal_pairs(vl_qc *qc, const vl_batch *b, size_t first, size_t second, vl_err *err)
{
    const size_t npair = b->nrow[VL_RT_READ] / 2, both = first + second;
    vl_qc_mate m = { 0 };
    uint64_t *const offset = malloc((npair + 1) * sizeof *offset);
    if (!offset) return vl_fail(err, VL_ENOMEM, "no memory for offsets of pairs");
    if (grow(&m, both, err) || grow(&qc->mate[0], first, err) || grow(&qc->mate[1], second, err)) goto out;
    for (size_t i = 0; i <= npair; i++) offset[i] = i * both;
    count(&m, b->col[VL_RD_BASE].data.data, b->col[VL_RD_QUALITY].data.data, offset, npair);
    for (size_t k = 0; k < both; k++) {
        vl_qc_mate *const to = &qc->mate[k >= first];
        const size_t p = k < first ? k : k - first;
        for (size_t j = 0; j < VL_QC_LETTERS; j++)
            to->base[p * VL_QC_LETTERS + j] += m.base[k * VL_QC_LETTERS + j];
        for (size_t j = 0; j < VL_QC_LEVELS; j++)
            to->quality[p * VL_QC_LEVELS + j] += m.quality[k * VL_QC_LEVELS + j];
    }
    qc->mate[0].length[first] += npair;
    qc->mate[1].length[second] += npair;
out:
    free(offset);
    free(m.base);
    free(m.quality);
    free(m.length);
    return err->code;
}

static bool equal_pairs(const uint64_t *offset, size_t nread)
{
    if (nread < 2 || offset[2] > VL_QC_POSITIONS) return false;
    for (size_t i = 2; i < nread; i++)
        if (offset[i + 1] - offset[i] != offset[(i & 1) + 1] - offset[i & 1]) return false;
    return true;
}

static vl_code add(void *state, const vl_batch *b, vl_err *err)
{
    vl_qc *const qc = state;
    const vl_column *const base = &b->col[VL_RD_BASE];
    const uint8_t *const quality = b->col[VL_RD_QUALITY].data.data;
    const size_t n = b->nrow[VL_RT_READ];
    size_t longest[2] = { 0 };
    if (!n) return VL_OK;
    const bool paired = qc->paired = b->nrow[VL_RT_NAME] < n;
    if (paired && equal_pairs(base->offset, n))
        return count_equal_pairs(qc, b, base->offset[1], base->offset[2] - base->offset[1], err);
    for (size_t i = 0; i < n; i++) {
        const size_t len = base->offset[i + 1] - base->offset[i], m = paired ? i & 1 : 0;
        if (len > longest[m]) longest[m] = len;
    }
    for (int m = 0; m < (paired ? 2 : 1); m++)
        if (grow(&qc->mate[m], longest[m], err)) return err->code;
    for (size_t i = 0; i < n; i++) {
        const size_t len = base->offset[i + 1] - base->offset[i];
        qc->mate[paired ? i & 1 : 0].length[len < VL_QC_POSITIONS ? len : VL_QC_POSITIONS]++;
    }
    if (!paired) {
        count(&qc->mate[0], base->data.data, quality, base->offset, n);
        return VL_OK;
    }
    for (size_t i = 0; i < n; i++) count(&qc->mate[i & 1], base->data.data, quality, base->offset + i, 1);
    return VL_OK;
}

static vl_code merge(void *state, const void *other, vl_err *err)
{
    vl_qc *const into = state;
    const vl_qc *const from = other;
    into->paired |= from->paired;
    for (int m = 0; m < 2; m++) {
        const vl_qc_mate *const f = &from->mate[m];
        vl_qc_mate *const t = &into->mate[m];
        if (!f->length) continue;
        if (grow(t, f->npos, err)) return err->code;
        for (size_t i = 0; i < f->npos * VL_QC_LETTERS; i++) t->base[i] += f->base[i];
        for (size_t i = 0; i < f->npos * VL_QC_LEVELS; i++) t->quality[i] += f->quality[i];
        for (size_t i = 0; i <= VL_QC_POSITIONS; i++) t->length[i] += f->length[i];
    }
    return VL_OK;
}

/* Length bins up to the longest read. */
static uint64_t bins(const vl_qc_mate *q)
{
    uint64_t n = VL_QC_POSITIONS + 1;
    while (n > 1 && !q->length[n - 1]) n--;
    return n;
}

static vl_code store(const void *state, vl_store *st, vl_err *err)
{
    const vl_qc *const qc = state;
    const bool paired = qc->paired;
    static const char *const names[3][3] = { { "qc/base_count", "qc/quality_count", "qc/read_length" },
                                             { "qc/base_count_1", "qc/quality_count_1", "qc/read_length_1" },
                                             { "qc/base_count_2", "qc/quality_count_2",
                                               "qc/read_length_2" } };
    static const char *const base_axes[] = { "position in the read", "A, C, G, T, other" };
    static const char *const quality_axes[] = { "position in the read", "Phred" };
    static const char *const length_axes[] = { "bases; bin 1024 holds all longer reads" };
    for (int m = 0; m < (paired ? 2 : 1); m++) {
        const vl_qc_mate *const q = &qc->mate[m];
        const char *const *const name = names[paired ? m + 1 : 0];
        if (!q->npos) continue;
        const uint64_t base[] = { q->npos, VL_QC_LETTERS }, quality[] = { q->npos, VL_QC_LEVELS };
        const uint64_t length[] = { bins(q) };
        if (vl_store_table(st, name[0], VL_U64, q->base, 2, base, base_axes, "reads", "letters by position",
                           err) ||
            vl_store_table(st, name[1], VL_U64, q->quality, 2, quality, quality_axes, "reads",
                           "qualities by position", err) ||
            vl_store_table(st, name[2], VL_U64, q->length, 1, length, length_axes, "reads",
                           "lengths of reads", err))
            return err->code;
    }
    return VL_OK;
}

static void free_all(void *state)
{
    vl_qc *const qc = state;
    for (int m = 0; m < 2; m++) {
        free(qc->mate[m].base);
        free(qc->mate[m].quality);
        free(qc->mate[m].length);
    }
    *qc = (vl_qc){ 0 };
}

const vl_tally vl_reads_tally = { sizeof(vl_qc), add, merge, store, free_all };
