/* Letters and qualities by position of reads (reads_tally.h). */
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
    if (quality) vl_k.quality_count(m->quality, quality, offset, nread, m->npos);
}

/* Pairs that are all equally long count as reads of twice the length: position p of mate 2 is behind mate 1.
 */
static vl_code count_equal_pairs(vl_qc *qc, const vl_qc_batch *b, size_t first, size_t second, vl_err *err)
{
    const size_t npair = b->n / 2, both = first + second;
    vl_qc_mate m = { 0 };
    uint64_t *const offset = malloc((npair + 1) * sizeof *offset);
    if (!offset) return vl_fail(err, VL_ENOMEM, "no memory for offsets of pairs");
    if (grow(&m, both, err) || grow(&qc->mate[0], first, err) || grow(&qc->mate[1], second, err)) goto out;
    for (size_t i = 0; i <= npair; i++) offset[i] = i * both;
    count(&m, b->base, b->quality, offset, npair);
    for (size_t k = 0; k < both; k++) {
        vl_qc_mate *const to = &qc->mate[k >= first];
        const size_t p = k < first ? k : k - first;
        for (size_t j = 0; j < VL_QC_LETTERS; j++)
            to->base[p * VL_QC_LETTERS + j] += m.base[k * VL_QC_LETTERS + j];
        for (size_t j = 0; j < VL_QC_LEVELS; j++)
            to->quality[p * VL_QC_LEVELS + j] += m.quality[k * VL_QC_LEVELS + j];
    }
out:
    free(offset);
    free(m.base);
    free(m.quality);
    free(m.length);
    return err->code;
}

static bool is_equal_pairs(const uint64_t *offset, size_t nread)
{
    if (nread < 2 || offset[2] > VL_QC_POSITIONS) return false;
    for (size_t i = 2; i < nread; i++)
        if (offset[i + 1] - offset[i] != offset[(i & 1) + 1] - offset[i & 1]) return false;
    return true;
}

static vl_code count_each(vl_qc *qc, const vl_qc_batch *b, vl_err *err)
{
    size_t longest[2] = { 0 };
    for (size_t i = 0; i < b->n; i++) {
        const size_t len = b->offset[i + 1] - b->offset[i], m = b->paired ? i & 1 : 0;
        if (len > longest[m]) longest[m] = len;
    }
    for (int m = 0; m < (b->paired ? 2 : 1); m++)
        if (grow(&qc->mate[m], longest[m], err)) return err->code;
    if (!b->paired) count(&qc->mate[0], b->base, b->quality, b->offset, b->n);
    else
        for (size_t i = 0; i < b->n; i++) count(&qc->mate[i & 1], b->base, b->quality, b->offset + i, 1);
    return VL_OK;
}

/* ---- behind the positions that are counted one by one ---- */

static bool is_acgt(uint8_t c)
{
    c &= 0xdf;
    return c == 'A' || c == 'C' || c == 'G' || c == 'T';
}

static void count_end(vl_qc_mate *m, const uint8_t *base, const uint8_t *quality, uint64_t n)
{
    static const char letter[] = "ACGT";
    uint64_t seen[256] = { 0 }, acgt = 0;
    for (uint64_t i = 0; i < n; i++) seen[base[i]]++;
    for (uint64_t i = 0; i < n && quality; i++) m->quality_beyond[quality[i]]++;
    for (int k = 0; k < 4; k++) {
        const uint64_t some = seen[(uint8_t)letter[k]] + seen[letter[k] | 0x20];
        m->base_beyond[k] += some;
        acgt += some;
    }
    m->base_beyond[4] += n - acgt;
}

static void count_beyond(vl_qc *qc, const vl_qc_batch *b)
{
    for (size_t i = 0; i < b->n; i++) {
        const uint64_t from = b->offset[i] + VL_QC_POSITIONS, to = b->offset[i + 1];
        if (from < to)
            count_end(&qc->mate[b->paired ? i & 1 : 0], b->base + from, b->quality ? b->quality + from : NULL,
                      to - from);
    }
}

/* ---- other letters ---- */

static uint64_t sum_of_others(const vl_qc *qc)
{
    uint64_t n = 0;
    for (int m = 0; m < 2; m++) {
        for (size_t p = 0; p < qc->mate[m].npos; p++) n += qc->mate[m].base[p * VL_QC_LETTERS + 4];
        n += qc->mate[m].base_beyond[4];
    }
    return n;
}

static vl_code add_other(vl_qc *qc, const vl_qc_batch *b, size_t *read, uint64_t at, vl_err *err)
{
    while (at >= b->offset[*read + 1]) ++*read;
    uint64_t p = at - b->offset[*read];
    if (p > VL_QC_POSITIONS) p = VL_QC_POSITIONS;
    return vl_counts_add(&qc->mate[b->paired ? *read & 1 : 0].other, vl_count_key(p, b->base[at]), 1, err);
}

/* Mostly they are all N, which are found quickly; n: how many others there are. */
static vl_code count_others(vl_qc *qc, const vl_qc_batch *b, uint64_t n, vl_err *err)
{
    enum { PIECE = 4096 };
    uint32_t at[PIECE + 16];
    size_t read = 0, found = 0;
    const uint64_t end = b->offset[b->n], is_n = vl_k.count_byte(b->base, end, 'N');
    for (uint64_t from = 0; from < end && n == is_n; from += PIECE) {
        const size_t left = (size_t)(end - from < PIECE ? end - from : PIECE);
        found = vl_k.find_all(at, b->base + from, left, 'N');
        for (size_t i = 0; i < found; i++)
            if (add_other(qc, b, &read, from + at[i], err)) return err->code;
    }
    for (uint64_t i = 0; i < end && n != is_n; i++)
        if (!is_acgt(b->base[i]) && add_other(qc, b, &read, i, err)) return err->code;
    return VL_OK;
}

vl_code vl_qc_places(vl_qc *qc, const vl_qc_batch *b, vl_err *err)
{
    const uint64_t before = sum_of_others(qc);
    if (b->paired && is_equal_pairs(b->offset, b->n)
            ? count_equal_pairs(qc, b, b->offset[1], b->offset[2] - b->offset[1], err)
            : count_each(qc, b, err))
        return err->code;
    count_beyond(qc, b);
    const uint64_t others = sum_of_others(qc) - before;
    return others ? count_others(qc, b, others, err) : VL_OK;
}

vl_code vl_qc_places_merge(vl_qc_mate *into, const vl_qc_mate *from, vl_err *err)
{
    if (!from->length) return VL_OK;
    if (grow(into, from->npos, err)) return err->code;
    for (size_t i = 0; i < from->npos * VL_QC_LETTERS; i++) into->base[i] += from->base[i];
    for (size_t i = 0; i < from->npos * VL_QC_LEVELS; i++) into->quality[i] += from->quality[i];
    for (size_t i = 0; i <= VL_QC_POSITIONS; i++) into->length[i] += from->length[i];
    for (size_t i = 0; i < VL_QC_LETTERS; i++) into->base_beyond[i] += from->base_beyond[i];
    for (size_t i = 0; i < VL_QC_LEVELS; i++) into->quality_beyond[i] += from->quality_beyond[i];
    return VL_OK;
}
