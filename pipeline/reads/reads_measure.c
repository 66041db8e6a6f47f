/* The measures of reads (out/measure.h): both mates together, but for what is worse in one of them. */
#include "pipeline/out/measure.h"
#include "pipeline/reads/reads_fastqc.h"

#include <math.h>

enum {
    READS,
    BASES,
    MEAN_LENGTH,
    N50,
    MEAN_QUALITY,
    Q20,
    Q30,
    GC,
    N,
    DUPLICATES,
    ADAPTER,
    POLY_G,
    INSERT,
    COPIES,
    ALL
};
_Static_assert((int)ALL < (int)VL_MEASURES, "measures of reads");

static const vl_measure list[ALL + 1] = {
    [READS] = { "reads", "Reads", "", "of a pair both", 0, true },
    [BASES] = { "bases", "Bases", "", "of all reads", 0, true },
    [MEAN_LENGTH] = { "mean_length", "Mean length", "", "bases a read", 1, true },
    [N50] = { "n50", "N50", "", "half of all bases are in reads of so many; the longer mate", 0, true },
    [MEAN_QUALITY] = { "mean_quality", "Mean quality", "", "Phred, mean of all bases", 2, false },
    [Q20] = { "q20", "Q20 or more", "%", "% of the bases", 2, false },
    [Q30] = { "q30", "Q30 or more", "%", "% of the bases", 2, false },
    [GC] = { "gc", "G and C", "%", "% of A, C, G and T", 2, false },
    [N] = { "n", "N and others", "%", "% of the letters", 3, false },
    [DUPLICATES] = { "duplicates", "Duplicates", "%", "% of the reads, by FastQC's rule; the worse mate", 2,
                     false },
    [ADAPTER] = { "adapter", "Adapter", "%", "% of the reads, of the adapter found most; the worse mate", 2,
                  false },
    [INSERT] = { "insert_size", "Fragment", "", "bases: the length of most fragments, as mates overlap", 0,
                 true },
    [COPIES] = { "copies", "Copies", "%", "% of whole reads, or of pairs, that are copies of another", 2,
                 false },
    [POLY_G] = { "poly_g", "PolyG", "%", "% of the reads with 12 times G; the worse mate", 2, false },
};

/* Percent of the reads in which the adapter is found that most have; or that one alone. */
static double adapters(const vl_reads_qc *qc, bool poly_g)
{
    enum { G = 6 };
    uint64_t most = 0;
    for (unsigned a = 0; a < VL_QC_ADAPTERS; a++) {
        const uint64_t n = vl_fq_begun(qc, a, SIZE_MAX);
        if ((poly_g ? a == G : vl_qc_adapter_list[a].older) && n > most) most = n;
    }
    return 100 * (double)most / (double)qc->nread;
}

/* What is the worse of both mates. */
static void add_worst(const vl_reads_qc *qc, double value[VL_MEASURES])
{
    if (!qc->whole || !qc->nread) return;
    value[DUPLICATES] = fmax(value[DUPLICATES], 100 - vl_fq_deduplicated(qc));
    value[ADAPTER] = fmax(value[ADAPTER], adapters(qc, false));
    value[POLY_G] = fmax(value[POLY_G], adapters(qc, true));
}

static void add_sums(const vl_reads_qc *qc, double value[VL_MEASURES])
{
    double bases = 0;
    for (int q = 0; q < VL_QC_LEVELS; q++) {
        const double n = (double)qc->quality[q];
        bases += n;
        value[MEAN_QUALITY] += n * q;
        value[Q20] += q >= 20 ? n : 0;
        value[Q30] += q >= 30 ? n : 0;
    }
    value[READS] += (double)qc->nread;
    value[BASES] += bases;
    value[GC] += (double)(qc->base[1] + qc->base[2]);
    value[N] += (double)qc->base[4];
    value[N50] = fmax(value[N50], (double)vl_reads_qc_n50(qc));
}

/* Sums to shares. */
static void finish(double value[VL_MEASURES], bool cut)
{
    const double reads = value[READS], bases = value[BASES];
    value[MEAN_LENGTH] = bases / reads;
    value[MEAN_QUALITY] /= bases;
    value[Q20] *= 100 / bases;
    value[Q30] *= 100 / bases;
    value[GC] *= 100 / (bases - value[N]);
    value[N] *= 100 / bases;
    if (cut) value[BASES] = value[MEAN_LENGTH] = value[N50] = NAN; /* longer reads were counted in part */
}

static vl_code read_all(vl_store *st, double value[VL_MEASURES], vl_err *err)
{
    bool cut = false;
    vl_reads_whole whole;
    for (int i = 0; i < VL_MEASURES; i++) value[i] = 0;
    value[DUPLICATES] = value[ADAPTER] = value[POLY_G] = value[INSERT] = value[COPIES] = NAN;
    for (int m = 0; m < 3 && !err->code; m++) {
        vl_reads_qc qc = { 0 };
        if (!vl_reads_qc_load(&qc, st, m, err)) {
            add_sums(&qc, value);
            add_worst(&qc, value);
            cut |= qc.cut;
            if (!m && !vl_reads_whole_of(&qc, st, &whole, err)) {
                if (whole.found) value[INSERT] = (double)whole.peak;
                if (whole.copies) value[COPIES] = whole.copied;
            }
        }
        vl_reads_qc_free(&qc);
    }
    finish(value, cut);
    return err->code;
}

const vl_measures vl_reads_measures = { list, read_all };
