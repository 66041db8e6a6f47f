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

/* Room for groups up to that of the last position. */
static vl_code grow_far(vl_qc_mate *m, uint64_t last, vl_err *err)
{
    const size_t n = vl_qc_group(last) - VL_QC_GROUP_FAR + 1;
    if (n <= m->nfar) return VL_OK;
    void *const base = realloc(m->base_far, n * sizeof *m->base_far);
    if (base) m->base_far = base;
    void *const quality = realloc(m->quality_far, n * sizeof *m->quality_far);
    if (quality) m->quality_far = quality;
    if (!base || !quality) return vl_fail(err, VL_ENOMEM, "no memory for counts of %zu groups", n);
    memset(m->base_far + m->nfar, 0, (n - m->nfar) * sizeof *m->base_far);
    memset(m->quality_far + m->nfar, 0, (n - m->nfar) * sizeof *m->quality_far);
    m->nfar = n;
    return VL_OK;
}

/* Letters in fields of 12 bits of one word: A, C, G, T, other. */
enum { FIELD = 12, FIELD_MOST = (1 << FIELD) - 1 };

static void fill_fields(uint64_t field[256])
{
    for (int c = 0; c < 256; c++) field[c] = UINT64_C(1) << 4 * FIELD;
    for (unsigned k = 0; k < 4; k++)
        field[(uint8_t) "ACGT"[k]] = field[(uint8_t) "acgt"[k]] = UINT64_C(1) << k * FIELD;
}

static void add_letters(uint64_t count[VL_QC_LETTERS], const uint8_t *base, uint64_t n, const uint64_t *field)
{
    for (uint64_t from = 0; from < n; from += FIELD_MOST) {
        const uint64_t to = n - from < FIELD_MOST ? n : from + FIELD_MOST;
        uint64_t sum = 0;
        for (uint64_t i = from; i < to; i++) sum += field[base[i]];
        for (unsigned k = 0; k < VL_QC_LETTERS; k++) count[k] += sum >> k * FIELD & FIELD_MOST;
    }
}

/* Equal neighbours are many: they take turns, so that none waits for the one before it. */
static void add_levels(uint64_t count[VL_QC_WAYS][VL_QC_LEVELS], const uint8_t *quality, uint64_t n)
{
    uint64_t i = 0;
    for (; i + VL_QC_WAYS <= n; i += VL_QC_WAYS)
        for (int w = 0; w < VL_QC_WAYS; w++) count[w][quality[i + (uint64_t)w]]++;
    for (; i < n; i++) count[0][quality[i]]++;
}

/* One read of so many letters, which are more than VL_QC_POSITIONS. */
static vl_code count_end(vl_qc_mate *m, const uint8_t *base, const uint8_t *quality, uint64_t n,
                         const uint64_t *field, vl_err *err)
{
    if (grow_far(m, n - 1, err)) return err->code;
    for (uint64_t p = VL_QC_POSITIONS, next; p < n; p = next) {
        const size_t group = vl_qc_group(p), far = group - VL_QC_GROUP_FAR;
        uint64_t count[VL_QC_LETTERS] = { 0 };
        next = vl_qc_group_from(group + 1) < n ? vl_qc_group_from(group + 1) : n;
        add_letters(count, base + p, next - p, field);
        for (int k = 0; k < VL_QC_LETTERS; k++) {
            m->base_far[far][k] += count[k];
            m->base_beyond[k] += count[k];
        }
        if (quality) add_levels(m->quality_far[far], quality + p, next - p);
    }
    return VL_OK;
}

static vl_code count_beyond(vl_qc *qc, const vl_qc_batch *b, vl_err *err)
{
    uint64_t field[256];
    fill_fields(field);
    for (size_t i = 0; i < b->n; i++) {
        const uint64_t at = b->offset[i], n = b->offset[i + 1] - at;
        if (n > VL_QC_POSITIONS && count_end(&qc->mate[b->paired ? i & 1 : 0], b->base + at,
                                             b->quality ? b->quality + at : NULL, n, field, err))
            return err->code;
    }
    return VL_OK;
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
    if (count_beyond(qc, b, err)) return err->code;
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
    if (from->nfar && grow_far(into, vl_qc_group_from(from->nfar - 1 + VL_QC_GROUP_FAR), err))
        return err->code;
    for (size_t g = 0; g < from->nfar; g++) {
        for (size_t k = 0; k < VL_QC_LETTERS; k++) into->base_far[g][k] += from->base_far[g][k];
        for (size_t w = 0; w < VL_QC_WAYS; w++)
            for (size_t q = 0; q < VL_QC_LEVELS; q++)
                into->quality_far[g][w][q] += from->quality_far[g][w][q];
    }
    return VL_OK;
}
