/* FastQC's modules of reads that occur often (reads_fastqc.h): duplication, and the sequences themselves. */
#include "pipeline/reads/fastqc_source.h"
#include "pipeline/reads/reads_fastqc.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- duplication ---- */

/* How many keys that are seen so often there must be, when n were seen among the first reads that fill the
 * table: some more were not met so early. The probability to miss one is a product over these reads. */
static double corrected(uint64_t seen, uint64_t n, uint64_t nread, uint64_t first)
{
    if (first == nread || nread - n < first) return (double)n;
    const double enough = 1 - (double)n / ((double)n + 0.01);
    double missed = 1;
    for (uint64_t i = 0; i < first; i++) {
        missed *= ((double)(nread - i) - (double)seen) / (double)(nread - i);
        if (missed < enough) {
            missed = 0;
            break;
        }
    }
    return (double)n / (1 - missed);
}

static const struct bin {
    const char *name;
    uint64_t last;
} bin[] = { { "1", 1 },       { "2", 2 },      { "3", 3 },       { "4", 4 },
            { "5", 5 },       { "6", 6 },      { "7", 7 },       { "8", 8 },
            { "9", 9 },       { ">10", 50 },   { ">50", 100 },   { ">100", 500 },
            { ">500", 1000 }, { ">1k", 5000 }, { ">5k", 10000 }, { ">10k+", UINT64_MAX } };
_Static_assert(sizeof bin / sizeof *bin == VL_FQ_LEVELS, "levels");

const char *vl_fq_level_name(size_t i) { return bin[i].name; }

/* Where a number stands in Java's table of n of them: sums are made in that order, which decides on the last
 * digit. */
static uint64_t java_place(uint32_t hash, uint64_t n)
{
    uint64_t cap = 16;
    while (4 * n > 3 * cap) cap *= 2;
    return (hash ^ hash >> 16) & (cap - 1);
}

typedef struct level {
    uint64_t seen, n, place;
} level;

static int by_place(const void *a, const void *b)
{
    const level *const x = a, *const y = b;
    if (x->place != y->place) return (x->place > y->place) - (x->place < y->place);
    return (x->seen > y->seen) - (x->seen < y->seen);
}

vl_code vl_fq_levels_of(const vl_reads_qc *qc, vl_fq_levels *out, vl_err *err)
{
    const size_t n = qc->table[VL_QT_DUPLICATION].dim[0] ? vl_qc_dim(qc, VL_QT_DUPLICATION, 1) : 0;
    level *const l = malloc((n + 1) * sizeof *l);
    *out = (vl_fq_levels){ 0 };
    if (!l) return vl_fail(err, VL_ENOMEM, "no memory for %zu levels", n);
    for (size_t i = 0; i < n; i++) {
        const uint64_t seen = vl_qc_key(qc, VL_QT_DUPLICATION, 0, i);
        l[i] = (level){ seen, vl_qc_key(qc, VL_QT_DUPLICATION, 1, i), java_place((uint32_t)seen, n) };
    }
    qsort(l, n, sizeof *l, by_place);
    for (size_t i = 0; i < n; i++) {
        const double keys = corrected(l[i].seen, l[i].n, qc->nread, qc->full_at ? qc->full_at : qc->nread);
        size_t b = 0;
        while (l[i].seen > bin[b].last) b++;
        out->keys[b] += keys;
        out->reads[b] += keys * (double)l[i].seen;
        out->all_keys += keys;
        out->all_reads += keys * (double)l[i].seen;
    }
    free(l);
    return VL_OK;
}

double vl_fq_deduplicated(const vl_reads_qc *qc)
{
    vl_fq_levels l;
    vl_err err = VL_ERR_INIT;
    return !vl_fq_levels_of(qc, &l, &err) && l.all_reads > 0 ? l.all_keys / l.all_reads * 100 : -1;
}

vl_fq_state vl_fq_duplication(vl_fq *fq)
{
    vl_fq_levels l;
    if (vl_fq_levels_of(fq->qc, &l, fq->err)) return VL_FQ_ABSENT;
    const double left = l.all_reads > 0 ? l.all_keys / l.all_reads * 100 : 100;
    vl_fq_put(fq, "#Total Deduplicated Percentage");
    vl_fq_cell(fq, left);
    vl_fq_put(fq, "\n#Duplication Level\tPercentage of deduplicated\tPercentage of total\n");
    for (int b = 0; b < VL_FQ_LEVELS; b++) {
        vl_fq_put(fq, "%s", bin[b].name);
        vl_fq_cell(fq, l.keys[b] / l.all_keys * 100);
        vl_fq_cell(fq, l.reads[b] / l.all_reads * 100);
        vl_fq_put(fq, "\n");
    }
    return left < 50 ? VL_FQ_FAIL : left < 70 ? VL_FQ_WARN : VL_FQ_PASS;
}

/* ---- sequences ---- */

static int by_count(const void *a, const void *b)
{
    const vl_fq_sequence *const x = a, *const y = b;
    if (x->n != y->n) return (x->n < y->n) - (x->n > y->n);
    if (x->place != y->place) return (x->place > y->place) - (x->place < y->place);
    return (x->number > y->number) - (x->number < y->number);
}

static uint64_t nkeys(const vl_reads_qc *qc)
{
    uint64_t n = 0;
    for (size_t i = 0; qc->table[VL_QT_DUPLICATION].dim[0] && i < vl_qc_dim(qc, VL_QT_DUPLICATION, 1); i++)
        n += vl_qc_key(qc, VL_QT_DUPLICATION, 1, i);
    return n;
}

static void take(const vl_reads_qc *qc, size_t i, uint64_t keys, vl_fq_sequence *f)
{
    uint32_t hash = 0;
    *f = (vl_fq_sequence){ .n = vl_qc_at(qc, VL_QT_FREQUENT_COUNT, i, 0, 0), .number = i };
    for (size_t k = 0; k < VL_KEY_WHOLE; k++) {
        const uint8_t c = (uint8_t)vl_qc_at(qc, VL_QT_FREQUENT, i, k, 0);
        f->letters[k] = (char)(!c || (c > 32 && c < 127) ? c : '?');
    }
    for (const char *p = f->letters; *p; p++) hash = 31 * hash + (uint8_t)*p;
    f->place = java_place(hash, keys);
}

vl_fq_sequence *vl_fq_sequences(const vl_reads_qc *qc, size_t *count, vl_err *err)
{
    size_t n = vl_qc_dim(qc, VL_QT_FREQUENT, 0);
    if (n > vl_qc_dim(qc, VL_QT_FREQUENT_COUNT, 0)) n = vl_qc_dim(qc, VL_QT_FREQUENT_COUNT, 0);
    *count = n;
    if (!n) return NULL;
    vl_fq_sequence *const f = calloc(n, sizeof *f);
    if (!f) return vl_fail(err, VL_ENOMEM, "no memory for %zu sequences", n), NULL;
    const uint64_t keys = nkeys(qc);
    for (size_t i = 0; i < n; i++) take(qc, i, keys, &f[i]);
    qsort(f, n, sizeof *f, by_count);
    return f;
}

vl_fq_state vl_fq_frequent(vl_fq *fq)
{
    const double reads = (double)fq->qc->nread;
    size_t n;
    vl_sources sources = { 0 };
    vl_fq_sequence *const f = vl_fq_sequences(fq->qc, &n, fq->err);
    if (!f) return fq->err->code ? VL_FQ_ABSENT : VL_FQ_PASS;
    const double first = (double)f[0].n / reads * 100;
    vl_fq_put(fq, "#Sequence\tCount\tPercentage\tPossible Source\n");
    if (!vl_sources_read(&sources, fq->list ? fq->list : VL_SOURCES_FASTQC, fq->list, fq->err))
        for (size_t i = 0; i < n; i++) {
            char source[VL_SOURCE_TEXT];
            vl_fq_put(fq, "%s\t%" PRIu64, f[i].letters, f[i].n);
            vl_fq_cell(fq, (double)f[i].n / reads * 100);
            vl_fq_put(fq, "\t%s\n", vl_sources_name(&sources, f[i].letters, source));
        }
    vl_sources_free(&sources);
    free(f);
    return first > 1 ? VL_FQ_FAIL : VL_FQ_WARN;
}
