/* Numbers of alignments, and the measures by which their stores are judged and compared (alignments_qc.h). */
#include "pipeline/alignments/alignments_qc.h"

#include "pipeline/out/identity.h"

#include <math.h>
#include <stdlib.h>

/* The size that a share of the proper pairs do not reach. */
static uint64_t insert_at(const vl_alignments_counts *c, uint64_t all, double share)
{
    uint64_t sum = 0;
    for (uint64_t i = 0; i <= VL_INSERTS; i++)
        if ((double)(sum += c->insert[i]) >= share * (double)all) return i;
    return VL_INSERTS;
}

static double mean(uint64_t sum, uint64_t n) { return n ? (double)sum / (double)n : NAN; }

static vl_code sum_contigs(vl_alignments_qc *q, vl_err *err)
{
    uint64_t sum[VL_CC_N] = { 0 };
    double places = 0;
    if (!(q->one = calloc(q->contigs.n + 1, sizeof *q->one)))
        return vl_fail(err, VL_ENOMEM, "no memory for %zu contigs", q->contigs.n);
    for (size_t i = 0; i < q->contigs.n; i++) {
        const vl_contig *const contig = &q->contigs.contig[i];
        const uint64_t *const n = i + 1 < q->counts.ncontig ? q->counts.contig[i + 1] : NULL;
        places += (double)contig->length;
        if (!n || !(n[VL_CC_MAPPED] + n[VL_CC_UNMAPPED])) continue;
        for (int k = 0; k < VL_CC_N; k++) sum[k] += n[k];
        q->one[q->none++] =
            (vl_contig_qc){ .contig = contig,
                            .mapped = n[VL_CC_MAPPED],
                            .unmapped = n[VL_CC_UNMAPPED],
                            .depth =
                                contig->length > 0 ? (double)n[VL_CC_LETTERS] / (double)contig->length : NAN,
                            .quality = mean(n[VL_CC_QUALITY], n[VL_CC_LETTERS]),
                            .mapq = mean(n[VL_CC_MAPQ], n[VL_CC_RECORDS]) };
    }
    q->depth = places > 0 ? (double)sum[VL_CC_LETTERS] / places : NAN;
    q->quality = mean(sum[VL_CC_QUALITY], sum[VL_CC_LETTERS]);
    q->mapq = mean(sum[VL_CC_MAPQ], sum[VL_CC_RECORDS]);
    return VL_OK;
}

static void call_sites(vl_alignments_qc *q)
{
    for (uint64_t i = 0; i < q->sites.n; i++) {
        const uint8_t *const n = q->sites.count.data + 4 * VL_SITE_N * i;
        q->called += vl_genotype_of(vl_le32(n + 4 * VL_SITE_REF), vl_le32(n + 4 * VL_SITE_ALT),
                                    vl_le32(n + 4 * VL_SITE_OTHER)) != VL_GT_NONE;
    }
}

vl_code vl_alignments_qc_load(vl_alignments_qc *q, vl_store *st, vl_err *err)
{
    vl_work work = { 0 };
    if (!vl_alignments_contigs_load(st, &q->header, &q->contigs, &work, err) &&
        !vl_alignments_order_noted(st, &q->known, &q->sorted, &work, err) &&
        !vl_sites_load(&q->sites, st, &work, err))
        if (!vl_alignments_counts_tables(&q->counts, st, &q->there, &work, err) && q->there)
            vl_windows_load(&q->windows, st, &work, err);
    vl_work_free(&work);
    if (err->code || !q->there) return err->code;
    vl_flagstat_count(q->flag, &q->counts);
    for (int i = 0; i < VL_FS_N; i++) q->all[i] = q->flag[0][i] + q->flag[1][i];
    for (int i = 0; i <= VL_INSERTS; i++) q->pairs += q->counts.insert[i];
    q->bias = vl_windows_bias(&q->windows);
    call_sites(q);
    for (int k = 0; k < 3; k++) q->insert[k] = insert_at(&q->counts, q->pairs, (k + 1) / 4.);
    return sum_contigs(q, err);
}

void vl_alignments_qc_free(vl_alignments_qc *q)
{
    vl_alignments_counts_free(&q->counts);
    vl_contigs_free(&q->contigs);
    vl_buf_free(&q->header);
    vl_windows_qc_free(&q->windows);
    vl_buf_free(&q->sites.count);
    free(q->one);
}

/* Lines of one contig: from *first on. */
static size_t lines_of(const vl_windows_qc *w, uint64_t contig, size_t *first)
{
    size_t low = 0, high = w->n;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (w->line[middle].contig < contig) low = middle + 1;
        else high = middle;
    }
    *first = low;
    while (high < w->n && w->line[high].contig == contig) high++;
    return high - low;
}

vl_code vl_alignments_depths(const vl_alignments_qc *q, size_t i, double **depth, double **gc, size_t *n,
                             vl_err *err)
{
    enum { MOST = 1 << 20 };
    const vl_windows_qc *const w = &q->windows;
    const vl_contig *const contig = q->one[i].contig;
    size_t first;
    const size_t nline = lines_of(w, (uint64_t)(contig - q->contigs.contig), &first);
    *depth = *gc = NULL;
    *n = 0;
    if (!nline || !w->line[first + nline - 1].window) return VL_OK;
    if (w->line[first + nline - 1].window >= MOST)
        return vl_fail(err, VL_ESTORE, "qc/window has more windows than are made");
    *n = (size_t)w->line[first + nline - 1].window + 1;
    *depth = calloc(*n, sizeof **depth);
    *gc = calloc(*n, sizeof **gc);
    if (!*depth || !*gc) {
        free(*depth);
        free(*gc);
        *depth = *gc = NULL;
        return vl_fail(err, VL_ENOMEM, "no memory for %zu windows", *n);
    }
    for (size_t k = 0; k < *n; k++) (*gc)[k] = NAN;
    for (size_t k = first; k < first + nline; k++) {
        const struct vl_window_line *const l = &w->line[k];
        const double start = (double)l->window * (double)w->width, left = (double)contig->length - start;
        const double width = left > 0 && left < (double)w->width ? left : (double)w->width;
        (*depth)[l->window] = (double)l->sum[VL_WS_LETTERS] / width;
        if (l->sum[VL_WS_KNOWN])
            (*gc)[l->window] = 100 * (double)l->sum[VL_WS_GC] / (double)l->sum[VL_WS_KNOWN];
    }
    return VL_OK;
}

/* ---- measures ---- */

enum { RECORDS, MAPPED, PROPER, COPIES, MAPQ, DEPTH, BASE_QUALITY, INSERT, BIAS, ALL };
_Static_assert((int)ALL < (int)VL_MEASURES, "measures of alignments");

static const vl_measure list[ALL + 1] = {
    [RECORDS] = { "records", "Records", "", "of alignments, all of them", 0, true },
    [MAPPED] = { "mapped", "Mapped", "%", "% of the primary records", 2, false },
    [PROPER] = { "proper_pairs", "Properly paired", "%", "% of the paired records", 2, false },
    [COPIES] = { "marked_duplicates", "Marked duplicates", "%", "% of the primary records", 2, false },
    [MAPQ] = { "mapq", "Mapping quality", "", "Phred, mean of records without flags 0x704", 2, false },
    [DEPTH] = { "depth", "Depth", "", "mean of all places of all contigs", 2, true },
    [BASE_QUALITY] = { "mapped_quality", "Mapped base quality", "", "Phred, mean of letters upon contigs", 2,
                       false },
    [INSERT] = { "template_length", "Template length", "", "letters: the middle one of proper pairs", 0,
                 true },
    [BIAS] = { "gc_bias", "GC bias", "%",
               "how far depth of windows of 100 letters is off by their GC, % of the mean", 2, false },
};

static vl_code read_all(vl_store *st, double value[VL_MEASURES], vl_err *err)
{
    vl_alignments_qc *const q = calloc(1, sizeof *q);
    for (int i = 0; i < VL_MEASURES; i++) value[i] = NAN;
    if (!q) return vl_fail(err, VL_ENOMEM, "no memory for counts");
    if (!vl_alignments_qc_load(q, st, err) && q->there) {
        value[RECORDS] = (double)q->all[VL_FS_TOTAL];
        value[MAPPED] = 100 * mean(q->all[VL_FS_PRIMARY_MAPPED], q->all[VL_FS_PRIMARY]);
        value[PROPER] = 100 * mean(q->all[VL_FS_PROPER], q->all[VL_FS_PAIRED]);
        value[COPIES] = 100 * mean(q->all[VL_FS_PRIMARY_COPIES], q->all[VL_FS_PRIMARY]);
        value[MAPQ] = q->mapq;
        value[DEPTH] = q->depth;
        value[BASE_QUALITY] = q->quality;
        value[BIAS] = q->bias;
        if (q->pairs) value[INSERT] = (double)q->insert[1];
    }
    vl_alignments_qc_free(q);
    free(q);
    return err->code;
}

const vl_measures vl_alignments_measures = { list, read_all };
