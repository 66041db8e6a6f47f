/* FastQC's file (reads_fastqc.h): its modules in their order. */
#include "pipeline/reads/reads_fastqc.h"

#include "pipeline/out/qc.h"

#include <stdio.h>
#include <string.h>

static const struct module {
    const char *name;
    vl_fq_module *run;
    bool places, newer; /* of every position, up to the longest read; not in stores of earlier versions */
    const char *warns, *fails;
} module[VL_FQ_MODULES] = {
    { "Basic Statistics", vl_fq_basic, false, false, "", "" },
    { "Per base sequence quality", vl_fq_quality, true, false,
      "lower quartile below 10, or median below 25, at any place",
      "lower quartile below 5, or median below 20" },
    { "Per tile sequence quality", vl_fq_tiles, true, true,
      "a tile more than 5 from the mean of all tiles, at any place", "more than 10" },
    { "Per sequence quality scores", vl_fq_means, false, true, "mean quality of most reads 27 or less",
      "20 or less" },
    { "Per base sequence content", vl_fq_content, true, false,
      "A and T, or G and C, differ by more than 10 %, at any place", "more than 20 %" },
    { "Per sequence GC content", vl_fq_gc, false, true,
      "more than 15 % of the reads beside a normal distribution", "more than 30 %" },
    { "Per base N content", vl_fq_n, true, true, "more than 5 % N, at any place", "more than 20 %" },
    { "Sequence Length Distribution", vl_fq_lengths, false, false, "reads of several lengths",
      "an empty read" },
    { "Sequence Duplication Levels", vl_fq_duplication, false, true,
      "less than 70 % left when each read is kept once", "less than 50 %" },
    { "Overrepresented sequences", vl_fq_frequent, false, true, "a sequence is more than 0.1 % of all",
      "more than 1 %" },
    { "Adapter Content", vl_fq_adapters, false, true, "an adapter in more than 5 % of the reads",
      "more than 10 %" },
};

/* What FastQC takes the qualities for: it goes by the lowest of the whole file. */
static void find_encoding(vl_fq *fq)
{
    size_t low = VL_QC_LEVELS - 1;
    for (size_t q = VL_QC_LEVELS; q-- > 0;)
        if (fq->qc->quality[q]) low = q;
    const size_t byte = low + 33;
    fq->offset = byte < 64 ? 0 : -31;
    fq->encoding = byte < 64 ? "Sanger / Illumina 1.9" : byte == 65 ? "Illumina 1.3" : "Illumina 1.5";
}

static bool is_here(const vl_reads_qc *qc, size_t i)
{
    return !(module[i].places && qc->longest > VL_QC_POSITIONS) && (!module[i].newer || qc->whole);
}

const char *vl_fq_module_name(size_t i) { return module[i].name; }
const char *vl_fq_module_warns(size_t i) { return module[i].warns; }
const char *vl_fq_module_fails(size_t i) { return module[i].fails; }

bool vl_fq_takes_64(const vl_reads_qc *qc)
{
    vl_fq fq = { .qc = qc };
    find_encoding(&fq);
    return qc->longest && fq.offset;
}

static const char *const word[] = { "pass", "warn", "fail", "-" };

const char *vl_fq_state_of(const vl_reads_qc *qc, size_t i, vl_err *err)
{
    vl_fq fq = { .qc = qc, .file = "", .err = err };
    if (!is_here(qc, i)) return word[VL_FQ_ABSENT];
    find_encoding(&fq);
    const vl_fq_state is = module[i].run(&fq);
    vl_buf_free(&fq.text);
    return word[is];
}

vl_code vl_fq_print(vl_fq *fq, vl_buf *summary)
{
    static const char *const large[] = { "PASS", "WARN", "FAIL" };
    vl_buf text = { 0 };
    char line[600];
    find_encoding(fq);
    vl_fq_put(fq, "##FastQC\t%s\n", VL_FQ_RULES);
    for (size_t i = 0; i < VL_FQ_MODULES && !fq->err->code; i++) {
        if (!is_here(fq->qc, i)) continue;
        vl_buf_swap(&text, &fq->text);
        fq->text.len = 0;
        const vl_fq_state is = module[i].run(fq);
        vl_buf_swap(&text, &fq->text);
        if (is == VL_FQ_ABSENT) continue;
        vl_fq_put(fq, ">>%s\t%s\n", module[i].name, word[is]);
        if (text.len && !fq->err->code) vl_buf_append(&fq->text, text.data, text.len, fq->err);
        vl_fq_put(fq, ">>END_MODULE\n");
        snprintf(line, sizeof line, "%s\t%s\t%s\n", large[is], module[i].name, fq->file);
        if (!fq->err->code) vl_buf_append(summary, line, strlen(line), fq->err);
    }
    vl_buf_free(&text);
    return fq->err->code;
}

/* ---- the form ---- */

static vl_code put_mate(vl_qc_job *job, const vl_reads_qc *qc, int mate, vl_err *err)
{
    static const char *const end[] = { "", "_R1", "_R2" };
    char path[600], file[320];
    vl_buf summary = { 0 };
    vl_fq fq = { .qc = qc, .file = file, .list = job->ask->list, .err = err };
    snprintf(file, sizeof file, "%s%s.fastq", job->name, end[mate]);
    snprintf(path, sizeof path, "%s%s_fastqc/fastqc_data.txt", job->name, end[mate]);
    if (!vl_fq_print(&fq, &summary) && !job->put(job, path, &fq.text, err)) {
        snprintf(path, sizeof path, "%s%s_fastqc/summary.txt", job->name, end[mate]);
        job->put(job, path, &summary, err);
    }
    vl_buf_free(&summary);
    vl_buf_free(&fq.text);
    return err->code;
}

static vl_code print_fastqc(vl_qc_job *job, vl_err *err)
{
    const char *const rules = job->ask->rules;
    if (rules && strcmp(rules, VL_FQ_RULES))
        return vl_fail(err, VL_EARG, "rules '%s': there are those of %s", rules, VL_FQ_RULES);
    vl_reads_qc qc[3] = { 0 };
    for (int m = 0; m < 3 && !err->code; m++) vl_reads_qc_load(&qc[m], job->store, m, err);
    const bool paired = qc[1].nread || qc[2].nread;
    for (int m = paired; m < (paired ? 3 : 1) && !err->code; m++) {
        vl_reads_qc_missing(&qc[m], job->note);
        put_mate(job, &qc[m], m, err);
    }
    for (int m = 0; m < 3; m++) vl_reads_qc_free(&qc[m]);
    return err->code;
}

const vl_qc_form vl_reads_qc_fastqc = { "fastqc",
                                        "FastQC's tables: fastqc_data.txt and summary.txt of each mate", true,
                                        print_fastqc };
