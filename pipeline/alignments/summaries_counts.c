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
#include <string.h>

vl_code vl_alignments_contigs_load(vl_store *st, vl_buf *header, vl_contigs *contigs, vl_work *work,
                                   vl_err *err)
{
    const int column = vl_store_find(st, vl_alignments_schema.field[VL_AL_HEADER].path);
    if (column >= 0 && vl_store_read(st, column, header, work, err)) return err->code;
    return vl_contigs_read(contigs, (vl_cell){ header->data, header->len }, NULL, err);
}

/* ---- flagstat ---- */

static void add_paired(uint64_t n[VL_FS_N], unsigned flag, uint64_t count)
{
    const bool mapped = !(flag & VL_FLAG_UNMAPPED), mate = !(flag & VL_FLAG_MATE_UNMAPPED);
    n[VL_FS_PAIRED] += count;
    if (flag & VL_FLAG_PROPER && mapped) n[VL_FS_PROPER] += count;
    if (flag & VL_FLAG_FIRST) n[VL_FS_FIRST] += count;
    if (flag & VL_FLAG_SECOND) n[VL_FS_SECOND] += count;
    if (mapped && !mate) n[VL_FS_SINGLE] += count;
    if (mapped && mate) n[VL_FS_BOTH] += count;
}

static void add_flag(uint64_t n[VL_FS_N], unsigned flag, uint64_t count)
{
    const bool mapped = !(flag & VL_FLAG_UNMAPPED), copy = flag & VL_FLAG_DUPLICATE;
    const vl_flagstat_line sort = flag & VL_FLAG_SECONDARY       ? VL_FS_SECONDARY
                                  : flag & VL_FLAG_SUPPLEMENTARY ? VL_FS_SUPPLEMENTARY
                                                                 : VL_FS_PRIMARY;
    n[VL_FS_TOTAL] += count;
    n[sort] += count;
    if (mapped) n[VL_FS_MAPPED] += count;
    if (copy) n[VL_FS_COPIES] += count;
    if (sort != VL_FS_PRIMARY) return;
    if (mapped) n[VL_FS_PRIMARY_MAPPED] += count;
    if (copy) n[VL_FS_PRIMARY_COPIES] += count;
    if (flag & VL_FLAG_PAIRED) add_paired(n, flag, count);
}

void vl_flagstat_count(uint64_t n[2][VL_FS_N], const vl_alignments_counts *c)
{
    memset(n, 0, 2 * sizeof n[0]);
    for (unsigned flag = 0; flag < c->nflag; flag++)
        if (c->flag[flag]) add_flag(n[!!(flag & VL_FLAG_FILTERED)], flag, c->flag[flag]);
    for (int k = 0; k < 2; k++) {
        n[k][VL_FS_ELSEWHERE] = c->elsewhere[k][0] + c->elsewhere[k][1];
        n[k][VL_FS_ELSEWHERE_5] = c->elsewhere[k][1];
    }
}

const vl_flagstat_word vl_flagstat_words[VL_FS_N] = {
    [VL_FS_TOTAL] = { "in total (QC-passed reads + QC-failed reads)", -1 },
    [VL_FS_PRIMARY] = { "primary", -1 },
    [VL_FS_SECONDARY] = { "secondary", -1 },
    [VL_FS_SUPPLEMENTARY] = { "supplementary", -1 },
    [VL_FS_COPIES] = { "duplicates", -1 },
    [VL_FS_PRIMARY_COPIES] = { "primary duplicates", -1 },
    [VL_FS_MAPPED] = { "mapped", VL_FS_TOTAL },
    [VL_FS_PRIMARY_MAPPED] = { "primary mapped", VL_FS_PRIMARY },
    [VL_FS_PAIRED] = { "paired in sequencing", -1 },
    [VL_FS_FIRST] = { "read1", -1 },
    [VL_FS_SECOND] = { "read2", -1 },
    [VL_FS_PROPER] = { "properly paired", VL_FS_PAIRED },
    [VL_FS_BOTH] = { "with itself and mate mapped", -1 },
    [VL_FS_SINGLE] = { "singletons", VL_FS_PAIRED },
    [VL_FS_ELSEWHERE] = { "with mate mapped to a different chr", -1 },
    [VL_FS_ELSEWHERE_5] = { "with mate mapped to a different chr (mapQ>=5)", -1 }
};

/* In single precision, as samtools divides. */
static const char *percent(uint64_t n, uint64_t of, char text[32])
{
    if (of) snprintf(text, 32, "%.2f%%", (double)((float)n / (float)of) * 100.0);
    else snprintf(text, 32, "N/A");
    return text;
}

void vl_flagstat_put(const vl_alignments_counts *c, vl_buf *out, vl_err *err)
{
    uint64_t n[2][VL_FS_N];
    vl_flagstat_count(n, c);
    for (int i = 0; i < VL_FS_N; i++) {
        char a[32], b[32];
        const int of = vl_flagstat_words[i].of;
        vl_text_put(out, err, "%" PRIu64 " + %" PRIu64 " %s", n[0][i], n[1][i], vl_flagstat_words[i].words);
        if (of >= 0)
            vl_text_put(out, err, " (%s : %s)", percent(n[0][i], n[0][of], a), percent(n[1][i], n[1][of], b));
        vl_text_put(out, err, "\n");
    }
}

/* From the tables; from rows in a store that has none. */
static vl_code load_counts(vl_alignments_counts *c, vl_summary_job *job, vl_err *err)
{
    bool whole;
    if (vl_alignments_counts_tables(c, job->store, &whole, &job->work, err) || whole) return err->code;
    return vl_summary_rows(job, err) ? err->code
                                     : vl_alignments_counts_load(c, job->r, &whole, &job->work, err);
}

static vl_code print_flagstat(vl_summary_job *job, vl_err *err)
{
    vl_buf out = { 0 };
    vl_alignments_counts *const c = calloc(1, sizeof *c);
    if (!c) return vl_fail(err, VL_ENOMEM, "no memory for counts");
    if (!load_counts(c, job, err)) vl_flagstat_put(c, &out, err);
    if (!err->code) vl_output_put(job->out, &out, err);
    vl_alignments_counts_free(c);
    free(c);
    vl_buf_free(&out);
    return err->code;
}

/* ---- idxstats ---- */

void vl_idxstats_put(const vl_alignments_counts *c, const vl_contigs *contigs, vl_buf *out, vl_err *err)
{
    const uint64_t none = c->ncontig ? c->contig[0][VL_CC_MAPPED] + c->contig[0][VL_CC_UNMAPPED] : 0;
    for (size_t i = 0; i < contigs->n && !err->code; i++) {
        static const uint64_t nothing[VL_CC_N];
        const uint64_t *const n = i + 1 < c->ncontig ? c->contig[i + 1] : nothing;
        vl_buf_append(out, contigs->contig[i].name.at, contigs->contig[i].name.n, err);
        vl_text_put(out, err, "\t%" PRId64 "\t%" PRIu64 "\t%" PRIu64 "\n", contigs->contig[i].length,
                    n[VL_CC_MAPPED], n[VL_CC_UNMAPPED]);
    }
    vl_text_put(out, err, "*\t0\t0\t%" PRIu64 "\n", none);
}

static vl_code print_idxstats(vl_summary_job *job, vl_err *err)
{
    vl_buf out = { 0 }, header = { 0 };
    vl_contigs contigs = { 0 };
    vl_alignments_counts *const c = calloc(1, sizeof *c);
    if (!c) return vl_fail(err, VL_ENOMEM, "no memory for counts");
    if (!vl_alignments_contigs_load(job->store, &header, &contigs, &job->work, err) &&
        !load_counts(c, job, err))
        vl_idxstats_put(c, &contigs, &out, err);
    if (!err->code) vl_output_put(job->out, &out, err);
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
    .counts = true,
    .print = print_flagstat
};

const vl_summary vl_alignments_idxstats = {
    .name = "idxstats",
    .doc = "how many records lie on each contig",
    .more = "A line a contig: name, length, mapped and unmapped records; the last is of those on none, as "
            "samtools\n"
            "idxstats prints them of an indexed file. Nothing is read again.\n",
    .option = none,
    .counts = true,
    .print = print_idxstats
};
