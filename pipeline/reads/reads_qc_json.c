/*
 * Quality control of reads as JSON: in the shape of fastp's report, before any filter, which is all there is
 * here; and a table for MultiQC. Both are read by MultiQC: *.fastp.json and *_mqc.json.
 */
#include "formats/text.h"
#include "pipeline/out/qc.h"
#include "pipeline/reads/reads_qc.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct page {
    vl_reads_qc qc[3];
    int first, end; /* mates that there are */
    vl_reads_whole whole;
    vl_buf text;
    vl_err *err;
} page;

#define say(p, ...) vl_text_put(&(p)->text, (p)->err, __VA_ARGS__)

static void put_text(page *p, const char *text) /* a JSON string */
{
    if (!p->err->code) vl_text_json(&p->text, text, strlen(text), p->err);
}

static vl_code open_page(page *p, vl_qc_job *job, vl_err *err)
{
    p->err = err;
    for (int m = 0; m < 3; m++)
        if (vl_reads_qc_load(&p->qc[m], job->store, m, err)) return err->code;
    p->first = p->qc[1].nread || p->qc[2].nread;
    p->end = p->first ? 3 : 1;
    for (int m = p->first; m < p->end; m++) vl_reads_qc_missing(&p->qc[m], job->note);
    return vl_reads_whole_of(&p->qc[0], job->store, &p->whole, err);
}

static void close_page(page *p)
{
    for (int m = 0; m < 3; m++) vl_reads_qc_free(&p->qc[m]);
    vl_buf_free(&p->text);
}

/* ---- sums ---- */

typedef struct sums {
    uint64_t reads, bases, q20, q30, gc, cycles;
} sums;

/* fastp takes a letter for the base that has the same three low bits; where it is a C or a G. */
static bool is_gc(uint64_t letter) { return (letter & 7) == 3 || (letter & 7) == 7; }

static uint64_t other_at(const vl_reads_qc *qc, uint64_t position, bool only_n, bool only_gc)
{
    uint64_t n = 0;
    for (size_t i = 0; qc->table[VL_QT_OTHER].dim[0] && i < vl_qc_dim(qc, VL_QT_OTHER, 1); i++) {
        const uint64_t letter = vl_qc_key(qc, VL_QT_OTHER, 1, i), low = letter & 7;
        if (position != UINT64_MAX && vl_qc_key(qc, VL_QT_OTHER, 0, i) != position) continue;
        if ((only_n && low != 6) || (only_gc && !is_gc(letter))) continue;
        n += vl_qc_key(qc, VL_QT_OTHER, 2, i);
    }
    return n;
}

static sums sums_of(const vl_reads_qc *qc)
{
    sums s = { .reads = qc->nread, .cycles = qc->longest };
    for (size_t q = 0; q < VL_QC_LEVELS; q++) {
        s.bases += qc->quality[q];
        s.q20 += q >= 20 ? qc->quality[q] : 0;
        s.q30 += q >= 30 ? qc->quality[q] : 0;
    }
    s.gc = qc->base[1] + qc->base[2] + other_at(qc, UINT64_MAX, false, true);
    return s;
}

static sums sums_of_all(const page *p)
{
    sums all = { 0 };
    for (int m = p->first; m < p->end; m++) {
        const sums s = sums_of(&p->qc[m]);
        all.reads += s.reads;
        all.bases += s.bases;
        all.q20 += s.q20;
        all.q30 += s.q30;
        all.gc += s.gc;
    }
    return all;
}

static double part(uint64_t n, uint64_t all) { return all ? (double)n / (double)all : 0; }

/* ---- fastp's shape ---- */

static void put_summary(page *p, const char *name)
{
    const sums s = sums_of_all(p);
    say(p, "\t\t\"%s\": {\n\t\t\t\"total_reads\":%" PRIu64 ",\n\t\t\t\"total_bases\":%" PRIu64 ",\n", name,
        s.reads, s.bases);
    say(p, "\t\t\t\"q20_bases\":%" PRIu64 ",\n\t\t\t\"q30_bases\":%" PRIu64 ",\n", s.q20, s.q30);
    say(p, "\t\t\t\"q20_rate\":%.6g,\n\t\t\t\"q30_rate\":%.6g,\n", part(s.q20, s.bases),
        part(s.q30, s.bases));
    for (int m = p->first; m < p->end; m++) {
        const sums one = sums_of(&p->qc[m]);
        say(p, "\t\t\t\"read%d_mean_length\":%" PRIu64 ",\n", m ? m : 1,
            one.reads ? one.bases / one.reads : 0);
    }
    say(p, "\t\t\t\"gc_content\":%.6g\n\t\t}", part(s.gc, s.bases));
}

static uint64_t reads_at(const vl_reads_qc *qc, size_t p)
{
    uint64_t n = 0;
    for (size_t k = 0; k < VL_QC_LETTERS; k++) n += vl_qc_at(qc, VL_QT_BASE, p, k, 0);
    return n;
}

static double mean_at(const vl_reads_qc *qc, size_t p)
{
    uint64_t n = 0, sum = 0;
    for (size_t q = 0; q < VL_QC_LEVELS; q++) {
        n += vl_qc_at(qc, VL_QT_QUALITY, p, q, 0);
        sum += q * vl_qc_at(qc, VL_QT_QUALITY, p, q, 0);
    }
    return part(sum, n);
}

static double gc_at(const vl_reads_qc *qc, size_t p)
{
    return part(vl_qc_at(qc, VL_QT_BASE, p, 1, 0) + vl_qc_at(qc, VL_QT_BASE, p, 2, 0) +
                    other_at(qc, p, false, true),
                reads_at(qc, p));
}

static double n_at(const vl_reads_qc *qc, size_t p)
{
    return part(other_at(qc, p, true, false), reads_at(qc, p));
}

static void put_curve(page *p, const vl_reads_qc *qc, const char *name,
                      double (*at)(const vl_reads_qc *, size_t))
{
    const size_t n = qc->longest <= VL_QC_POSITIONS ? vl_qc_dim(qc, VL_QT_QUALITY, 0) : 0;
    say(p, "\t\t\t\"%s\":[", name);
    for (size_t i = 0; i < n; i++) say(p, "%s%.6g", i ? "," : "", at(qc, i));
    say(p, "]");
}

static void put_read(page *p, int m, const char *when)
{
    const vl_reads_qc *const qc = &p->qc[m];
    const sums s = sums_of(qc);
    say(p, "\t\"read%d_%s\": {\n\t\t\"total_reads\": %" PRIu64 ",\n\t\t\"total_bases\": %" PRIu64 ",\n",
        m ? m : 1, when, s.reads, s.bases);
    say(p,
        "\t\t\"q20_bases\": %" PRIu64 ",\n\t\t\"q30_bases\": %" PRIu64 ",\n\t\t\"total_cycles\": %" PRIu64
        ",\n",
        s.q20, s.q30, s.cycles);
    say(p, "\t\t\"quality_curves\": {\n");
    put_curve(p, qc, "mean", mean_at);
    say(p, "\n\t\t},\n\t\t\"content_curves\": {\n");
    put_curve(p, qc, "N", n_at);
    say(p, ",\n");
    put_curve(p, qc, "GC", gc_at);
    say(p, "\n\t\t}\n\t},\n");
}

/* Copies, fragments and what lies behind them; fastp would cut that. */
static void put_whole(page *p)
{
    const vl_reads_whole *const w = &p->whole;
    if (w->copies) say(p, "\t\"duplication\": {\n\t\t\"rate\": %.6g\n\t},\n", w->copied / 100);
    if (!w->pairs) return;
    say(p,
        "\t\"insert_size\": {\n\t\t\"peak\": %" PRIu64 ",\n\t\t\"unknown\": %" PRIu64
        ",\n\t\t\"histogram\": [",
        w->peak, w->unknown);
    for (size_t i = 0; i < VL_QC_INSERTS; i++)
        say(p, "%s%" PRIu64, i ? "," : "", vl_qc_at(&p->qc[0], VL_QT_INSERT, i, 0, 0));
    say(p,
        "]\n\t},\n\t\"adapter_cutting\": {\n\t\t\"adapter_trimmed_reads\": %" PRIu64
        ",\n\t\t\"adapter_trimmed_bases\": %" PRIu64,
        2 * w->through, w->behind);
    for (int mate = 0; mate < 2; mate++) {
        say(p, ",\n\t\t\"read%d_adapter_sequence\": \"", mate + 1);
        for (size_t i = 0; vl_reads_overhang(&p->qc[0], mate, i); i++)
            say(p, "%c", vl_reads_overhang(&p->qc[0], mate, i));
        say(p, "\"");
    }
    say(p, "\n\t},\n");
}

static void put_fastp(page *p, const char *name)
{
    say(p,
        "{\n\t\"summary\": {\n\t\t\"fastp_version\": \"none, vial " VL_VERSION
        "\",\n\t\t\"sequencing\": \"%s",
        p->first ? "paired end" : "single end");
    for (int m = p->first; m < p->end; m++)
        say(p, "%s%" PRIu64 " cycles", m == p->first ? " (" : " + ", p->qc[m].longest);
    say(p, ")\",\n");
    put_summary(p, "before_filtering");
    say(p, ",\n");
    put_summary(p, "after_filtering");
    say(p, "\n\t},\n\t\"filtering_result\": {\n\t\t\"passed_filter_reads\": %" PRIu64 ",\n",
        sums_of_all(p).reads);
    say(p, "\t\t\"low_quality_reads\": 0,\n\t\t\"too_many_N_reads\": 0,\n\t\t\"too_short_reads\": 0,\n"
           "\t\t\"too_long_reads\": 0\n\t},\n");
    put_whole(p);
    for (int m = p->first; m < p->end; m++) put_read(p, m, "before_filtering");
    for (int m = p->first; m < p->end; m++) put_read(p, m, "after_filtering");
    say(p, "\t\"command\": ");
    char command[300];
    snprintf(command, sizeof command, "vial ingest -i %s", name);
    put_text(p, command);
    say(p, "\n}\n");
}

static vl_code print_json(vl_qc_job *job, vl_err *err)
{
    page p = { .err = err };
    if (!open_page(&p, job, err)) put_fastp(&p, job->name);
    if (!err->code) job->put(job, "", &p.text, err);
    close_page(&p);
    return err->code;
}

/* ---- a table for MultiQC ---- */

static void put_table(page *p, const vl_qc_job *job)
{
    const sums s = sums_of_all(p);
    vl_light light = VL_GREEN;
    vl_qc_judge(job, &light, NULL, p->err);
    say(p, "{\"id\":\"vial_reads\",\"section_name\":\"vial: reads\",\"plot_type\":\"table\",\n"
           "\"pconfig\":{\"id\":\"vial_reads_table\",\"title\":\"vial: reads\",\"namespace\":\"vial\"},\n"
           "\"headers\":{\"reads\":{\"title\":\"Reads\",\"min\":0,\"format\":\"{:,.0f}\"},\n"
           "\"bases\":{\"title\":\"Bases\",\"min\":0,\"format\":\"{:,.0f}\"},\n"
           "\"q20\":{\"title\":\"Q20 %%\",\"min\":0,\"max\":100,\"suffix\":\"%%\"},\n"
           "\"q30\":{\"title\":\"Q30 %%\",\"min\":0,\"max\":100,\"suffix\":\"%%\"},\n"
           "\"gc\":{\"title\":\"GC %%\",\"min\":0,\"max\":100,\"suffix\":\"%%\"}");
    if (job->ask->nlimit)
        say(p, ",\n\"state\":{\"title\":\"State\",\"cond_formatting_rules\":{\"pass\":[{\"s_eq\":\"green\"}],"
               "\"warn\":[{\"s_eq\":\"yellow\"}],\"fail\":[{\"s_eq\":\"red\"}]}}");
    say(p, "},\n\"data\":{");
    put_text(p, job->name);
    say(p, ":{\"reads\":%" PRIu64 ",\"bases\":%" PRIu64 ",\"q20\":%.6g,\"q30\":%.6g,\"gc\":%.6g", s.reads,
        s.bases, 100 * part(s.q20, s.bases), 100 * part(s.q30, s.bases), 100 * part(s.gc, s.bases));
    if (job->ask->nlimit) say(p, ",\"state\":\"%s\"", vl_light_name(light));
    say(p, "}}}\n");
}

static vl_code print_multiqc(vl_qc_job *job, vl_err *err)
{
    page p = { .err = err };
    char file[320];
    if (!open_page(&p, job, err)) put_fastp(&p, job->name);
    snprintf(file, sizeof file, "%s.fastp.json", job->name);
    if (!err->code && !job->put(job, file, &p.text, err)) {
        p.text.len = 0;
        put_table(&p, job);
        snprintf(file, sizeof file, "%s_mqc.json", job->name);
        if (!err->code) job->put(job, file, &p.text, err);
    }
    close_page(&p);
    return err->code ? err->code : vl_reads_qc_fastqc.print(job, err);
}

const vl_qc_form vl_reads_qc_json = { "json",
                                      "totals and curves in the shape of fastp's report, before its filters",
                                      false, print_json };
const vl_qc_form vl_reads_qc_multiqc = { "multiqc",
                                         "what MultiQC reads: FastQC's tables, fastp's shape, a table", true,
                                         print_multiqc };
