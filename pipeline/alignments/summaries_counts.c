/*
 * flagstat and idxstats, as samtools 1.16 prints them, from counts that were made when the alignments came
 * in. Of flagstat the first number is of records that passed filters, the second of those that have not (flag
 * 0x200); primary is what is neither secondary nor supplementary. idxstats counts records by the contig that
 * they stand on, unmapped ones as well, and in the last line those on none.
 */
#include "pipeline/alignments/alignments_counts.h"
#include "pipeline/alignments/alignments_summaries.h"

#include "formats/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

vl_code vl_alignments_contigs_load(vl_reader *r, vl_buf *header, vl_contigs *contigs, vl_work *work,
                                   vl_err *err)
{
    const int column = vl_reader_column(r, VL_AL_HEADER);
    if (column >= 0 && vl_store_read(vl_reader_store(r), column, header, work, err)) return err->code;
    return vl_contigs_read(contigs, (vl_cell){ header->data, header->len }, NULL, err);
}

/* ---- flagstat ---- */

typedef enum line {
    TOTAL,
    PRIMARY,
    SECONDARY,
    SUPPLEMENTARY,
    COPIES,
    PRIMARY_COPIES,
    MAPPED,
    PRIMARY_MAPPED,
    PAIRED,
    FIRST,
    SECOND,
    PROPER,
    BOTH,
    SINGLE,
    ELSEWHERE,
    ELSEWHERE_5,
    NLINE
} line;

static void add_paired(uint64_t n[NLINE], unsigned flag, uint64_t count)
{
    const bool mapped = !(flag & VL_FLAG_UNMAPPED), mate = !(flag & VL_FLAG_MATE_UNMAPPED);
    n[PAIRED] += count;
    if (flag & VL_FLAG_PROPER && mapped) n[PROPER] += count;
    if (flag & VL_FLAG_FIRST) n[FIRST] += count;
    if (flag & VL_FLAG_SECOND) n[SECOND] += count;
    if (mapped && !mate) n[SINGLE] += count;
    if (mapped && mate) n[BOTH] += count;
}

static void add_flag(uint64_t n[NLINE], unsigned flag, uint64_t count)
{
    const bool mapped = !(flag & VL_FLAG_UNMAPPED), copy = flag & VL_FLAG_DUPLICATE;
    const line sort = flag & VL_FLAG_SECONDARY       ? SECONDARY
                      : flag & VL_FLAG_SUPPLEMENTARY ? SUPPLEMENTARY
                                                     : PRIMARY;
    n[TOTAL] += count;
    n[sort] += count;
    if (mapped) n[MAPPED] += count;
    if (copy) n[COPIES] += count;
    if (sort != PRIMARY) return;
    if (mapped) n[PRIMARY_MAPPED] += count;
    if (copy) n[PRIMARY_COPIES] += count;
    if (flag & VL_FLAG_PAIRED) add_paired(n, flag, count);
}

/* In single precision, as samtools divides. */
static const char *percent(uint64_t n, uint64_t of, char text[32])
{
    if (of) snprintf(text, 32, "%.2f%%", (double)((float)n / (float)of) * 100.0);
    else snprintf(text, 32, "N/A");
    return text;
}

static vl_code print_flagstat(vl_summary_job *job, vl_err *err)
{
    static const struct {
        const char *words;
        int of; /* of which a share is given; -1: none is */
    } text[NLINE] = { [TOTAL] = { "in total (QC-passed reads + QC-failed reads)", -1 },
                      [PRIMARY] = { "primary", -1 },
                      [SECONDARY] = { "secondary", -1 },
                      [SUPPLEMENTARY] = { "supplementary", -1 },
                      [COPIES] = { "duplicates", -1 },
                      [PRIMARY_COPIES] = { "primary duplicates", -1 },
                      [MAPPED] = { "mapped", TOTAL },
                      [PRIMARY_MAPPED] = { "primary mapped", PRIMARY },
                      [PAIRED] = { "paired in sequencing", -1 },
                      [FIRST] = { "read1", -1 },
                      [SECOND] = { "read2", -1 },
                      [PROPER] = { "properly paired", PAIRED },
                      [BOTH] = { "with itself and mate mapped", -1 },
                      [SINGLE] = { "singletons", PAIRED },
                      [ELSEWHERE] = { "with mate mapped to a different chr", -1 },
                      [ELSEWHERE_5] = { "with mate mapped to a different chr (mapQ>=5)", -1 } };
    uint64_t n[2][NLINE] = { { 0 } };
    bool whole;
    vl_buf out = { 0 };
    vl_alignments_counts *const c = calloc(1, sizeof *c);
    if (!c) return vl_fail(err, VL_ENOMEM, "no memory for counts");
    vl_alignments_counts_load(c, job->r, &whole, &job->work, err);
    for (unsigned flag = 0; flag < c->nflag && !err->code; flag++)
        if (c->flag[flag]) add_flag(n[!!(flag & VL_FLAG_FILTERED)], flag, c->flag[flag]);
    for (int k = 0; k < 2; k++) {
        n[k][ELSEWHERE] = c->elsewhere[k][0] + c->elsewhere[k][1];
        n[k][ELSEWHERE_5] = c->elsewhere[k][1];
    }
    for (int i = 0; i < NLINE; i++) {
        char a[32], b[32];
        const int of = text[i].of;
        vl_text_put(&out, err, "%" PRIu64 " + %" PRIu64 " %s", n[0][i], n[1][i], text[i].words);
        if (of >= 0)
            vl_text_put(&out, err, " (%s : %s)", percent(n[0][i], n[0][of], a),
                        percent(n[1][i], n[1][of], b));
        vl_text_put(&out, err, "\n");
    }
    if (!err->code) vl_output_put(job->out, &out, err);
    vl_alignments_counts_free(c);
    free(c);
    vl_buf_free(&out);
    return err->code;
}

/* ---- idxstats ---- */

static vl_code print_idxstats(vl_summary_job *job, vl_err *err)
{
    vl_buf out = { 0 }, header = { 0 };
    vl_contigs contigs = { 0 };
    bool whole;
    vl_alignments_counts *const c = calloc(1, sizeof *c);
    if (!c) return vl_fail(err, VL_ENOMEM, "no memory for counts");
    if (!vl_alignments_contigs_load(job->r, &header, &contigs, &job->work, err))
        vl_alignments_counts_load(c, job->r, &whole, &job->work, err);
    for (size_t i = 0; i < contigs.n && !err->code; i++) {
        static const uint64_t none[VL_CC_N];
        const uint64_t *const n = i + 1 < c->ncontig ? c->contig[i + 1] : none;
        vl_buf_append(&out, contigs.contig[i].name.at, contigs.contig[i].name.n, err);
        vl_text_put(&out, err, "\t%" PRId64 "\t%" PRIu64 "\t%" PRIu64 "\n", contigs.contig[i].length,
                    n[VL_CC_MAPPED], n[VL_CC_UNMAPPED]);
    }
    if (!err->code) {
        const uint64_t none = c->ncontig ? c->contig[0][VL_CC_MAPPED] + c->contig[0][VL_CC_UNMAPPED] : 0;
        vl_text_put(&out, err, "*\t0\t0\t%" PRIu64 "\n", none);
        vl_output_put(job->out, &out, err);
    }
    vl_alignments_counts_free(c);
    free(c);
    vl_contigs_free(&contigs);
    vl_buf_free(&header);
    vl_buf_free(&out);
    return err->code;
}

static const vl_opt none[] = { { .name = "" } };

const vl_summary vl_alignments_flagstat = {
    .name = "flagstat",
    .doc = "how many records have which flags",
    .more = "Numbers of records that passed filters, and of those that have not (flag 0x200), as samtools "
            "flagstat\n"
            "prints them. Nothing is read again: they were counted when the data came in.\n",
    .option = none,
    .print = print_flagstat
};

const vl_summary vl_alignments_idxstats = {
    .name = "idxstats",
    .doc = "how many records lie on each contig",
    .more = "A line a contig: name, length, mapped and unmapped records; the last is of those on none, as "
            "samtools\n"
            "idxstats prints them of an indexed file. Nothing is read again.\n",
    .option = none,
    .print = print_idxstats
};
