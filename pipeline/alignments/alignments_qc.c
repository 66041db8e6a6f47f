/* Forms of vial qc for alignments (alignments_qc.h): for people, for programs, for MultiQC. */
#include "pipeline/alignments/alignments_qc.h"

#include "formats/text.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define say(text, ...) vl_text_put(text, err, __VA_ARGS__)

/* ---- for people ---- */

static void put_count(vl_buf *text, const char *name, uint64_t n, vl_err *err)
{
    say(text, "%-22s%20" PRIu64 "\n", name, n);
}

static void put_value(vl_buf *text, const char *name, double v, const char *unit, vl_err *err)
{
    char number[40] = "-";
    if (isfinite(v)) snprintf(number, sizeof number, "%.2f%s", v, unit);
    say(text, "%-22s%20s\n", name, number);
}

static double share(const vl_alignments_qc *q, int line, int of)
{
    return q->all[of] ? 100 * (double)q->all[line] / (double)q->all[of] : NAN;
}

static void put_contigs(const vl_alignments_qc *q, vl_buf *text, vl_err *err)
{
    enum { MOST = 30 };
    say(text, "\n%-30s%14s%14s%10s%10s%10s\n", "Contigs with records", "letters", "records", "depth",
        "quality", "mapq");
    for (size_t i = 0; i < q->none && i < MOST && !err->code; i++) {
        const vl_contig_qc *const one = &q->one[i];
        const size_t start = text->len;
        say(text, "  ");
        vl_text_show(text, one->contig->name.at, one->contig->name.n, err);
        say(text, "%*s", text->len - start < 30 ? (int)(30 - (text->len - start)) : 0, "");
        say(text, "%14" PRId64 "%14" PRIu64, one->contig->length, one->mapped + one->unmapped);
        const double number[] = { one->depth, one->quality, one->mapq };
        for (int k = 0; k < 3; k++)
            if (isfinite(number[k])) say(text, "%10.2f", number[k]);
            else say(text, "%10s", "-");
        say(text, "\n");
    }
    if (q->none > MOST) say(text, "  and %zu more\n", q->none - MOST);
}

static void put_page(const vl_alignments_qc *q, vl_buf *text, vl_err *err)
{
    put_count(text, "records", q->all[VL_FS_TOTAL], err);
    put_count(text, "primary", q->all[VL_FS_PRIMARY], err);
    put_count(text, "secondary", q->all[VL_FS_SECONDARY], err);
    put_count(text, "supplementary", q->all[VL_FS_SUPPLEMENTARY], err);
    put_value(text, "mapped", share(q, VL_FS_PRIMARY_MAPPED, VL_FS_PRIMARY), " %", err);
    put_value(text, "marked duplicates", share(q, VL_FS_PRIMARY_COPIES, VL_FS_PRIMARY), " %", err);
    put_value(text, "properly paired", share(q, VL_FS_PROPER, VL_FS_PAIRED), " %", err);
    put_value(text, "mate elsewhere", share(q, VL_FS_ELSEWHERE, VL_FS_PAIRED), " %", err);
    put_value(text, "mapping quality", q->mapq, "", err);
    put_value(text, "mapped base quality", q->quality, "", err);
    put_value(text, "depth", q->depth, "", err);
    put_value(text, "GC bias", q->bias, " %", err);
    if (q->pairs) {
        put_count(text, "template length", q->insert[1], err);
        say(text, "%-22s%11" PRIu64 " to %5" PRIu64 "\n", "  of half of them", q->insert[0], q->insert[2]);
    }
    if (q->sites.n) {
        put_count(text, "sites of the list", q->sites.n, err);
        put_count(text, "  with a genotype", q->called, err);
    }
    if (q->known) say(text, "%-22s%20s\n", "order of places", q->sorted ? "yes" : "no");
}

/* ---- for programs ---- */

static void put_number(vl_buf *text, const char *name, double v, vl_err *err)
{
    say(text, ",\"%s\":", name);
    if (isfinite(v)) vl_text_number(text, v, false, err);
    else say(text, "null");
}

static void put_list(vl_buf *text, const char *name, const uint64_t *list, int n, vl_err *err)
{
    while (n && !list[n - 1]) n--;
    say(text, ",\n\"%s\":[", name);
    for (int i = 0; i < n; i++) say(text, "%s%" PRIu64, i ? "," : "", list[i]);
    say(text, "]");
}

static void put_flags(const vl_alignments_qc *q, vl_buf *text, vl_err *err)
{
    static const char *const name[2] = { "passed", "filtered" };
    for (int k = 0; k < 2; k++) {
        say(text, ",\n\"%s\":{", name[k]);
        for (int i = 0; i < VL_FS_N; i++)
            say(text, "%s\"%s\":%" PRIu64, i ? "," : "", i ? vl_flagstat_words[i].words : "total",
                q->flag[k][i]);
        say(text, "}");
    }
}

static void put_by_gc(const vl_alignments_qc *q, vl_buf *text, vl_err *err)
{
    bool first = true;
    say(text, ",\n\"window_gc\":[");
    for (int i = 0; i < VL_GC && q->windows.by_gc; i++) {
        if (!q->windows.gc[i][0]) continue;
        say(text, "%s{\"gc\":%d,\"windows\":%" PRIu64, first ? "" : ",", i, q->windows.gc[i][0]);
        put_number(text, "depth", vl_windows_gc(&q->windows, i), err);
        say(text, "}");
        first = false;
    }
    say(text, "],\n\"window\":%" PRIu64, q->windows.width);
}

static void put_depths(const vl_alignments_qc *q, size_t i, vl_buf *text, vl_err *err)
{
    double *both[2];
    size_t n;
    if (vl_alignments_depths(q, i, &both[0], &both[1], &n, err)) return;
    for (int k = 0; k < 2; k++) {
        say(text, ",\"%s\":[", k ? "window_gc" : "window_depth");
        for (size_t j = 0; j < n; j++) {
            if (j) say(text, ",");
            if (isfinite(both[k][j])) vl_text_number(text, both[k][j], false, err);
            else say(text, "null");
        }
        say(text, "]");
        free(both[k]);
    }
}

static void put_json(const vl_qc_job *job, const vl_alignments_qc *q, vl_buf *text, vl_err *err)
{
    say(text, "{\"name\":");
    vl_text_json(text, job->name, strlen(job->name), err);
    say(text, ",\"records\":%" PRIu64 ",\"sorted\":%s", q->all[VL_FS_TOTAL],
        !q->known   ? "null"
        : q->sorted ? "true"
                    : "false");
    put_number(text, "depth", q->depth, err);
    put_number(text, "mapq", q->mapq, err);
    put_number(text, "mapped_quality", q->quality, err);
    put_number(text, "gc_bias", q->bias, err);
    put_by_gc(q, text, err);
    if (q->sites.n)
        say(text, ",\"sites\":{\"digest\":\"%s\",\"n\":%" PRIu64 ",\"called\":%" PRIu64 "}", q->sites.digest,
            q->sites.n, q->called);
    put_flags(q, text, err);
    put_list(text, "mapping_quality", q->counts.mapq, 256, err);
    put_list(text, "template_length", q->counts.insert, VL_INSERTS + 1, err);
    say(text, ",\n\"contigs\":[");
    for (size_t i = 0; i < q->none && !err->code; i++) {
        const vl_contig_qc *const one = &q->one[i];
        say(text, "%s{\"name\":", i ? ",\n" : "");
        vl_text_json(text, one->contig->name.at, one->contig->name.n, err);
        say(text, ",\"length\":%" PRId64 ",\"mapped\":%" PRIu64 ",\"unmapped\":%" PRIu64, one->contig->length,
            one->mapped, one->unmapped);
        put_number(text, "depth", one->depth, err);
        put_number(text, "mapq", one->mapq, err);
        put_number(text, "mapped_quality", one->quality, err);
        put_depths(q, i, text, err);
        say(text, "}");
    }
    say(text, "]}\n");
}

/* ---- the forms ---- */

/* Counts of the store; a note where it has none. */
static vl_alignments_qc *load(vl_qc_job *job, vl_err *err)
{
    vl_alignments_qc *const q = calloc(1, sizeof *q);
    if (!q) vl_fail(err, VL_ENOMEM, "no memory for counts");
    else if (!vl_alignments_qc_load(q, job->store, err) && !q->there)
        snprintf(job->note, VL_QC_NOTE, "%s", "no record was counted when it came in");
    return q;
}

static void drop(vl_alignments_qc *q)
{
    if (q) vl_alignments_qc_free(q);
    free(q);
}

static vl_code print_text(vl_qc_job *job, vl_err *err)
{
    vl_buf text = { 0 };
    vl_alignments_qc *const q = load(job, err);
    if (!err->code) {
        put_page(q, &text, err);
        if (q->none) put_contigs(q, &text, err);
        vl_qc_put_limits(job, &text, err);
        if (!err->code) job->put(job, "", &text, err);
    }
    drop(q);
    vl_buf_free(&text);
    return err->code;
}

static vl_code print_json(vl_qc_job *job, vl_err *err)
{
    vl_buf text = { 0 };
    vl_alignments_qc *const q = load(job, err);
    if (!err->code) put_json(job, q, &text, err);
    if (!err->code) job->put(job, "", &text, err);
    drop(q);
    vl_buf_free(&text);
    return err->code;
}

static vl_code print_multiqc(vl_qc_job *job, vl_err *err)
{
    char file[320];
    vl_buf text = { 0 };
    vl_alignments_qc *const q = load(job, err);
    if (!err->code) {
        vl_flagstat_put(&q->counts, &text, err);
        snprintf(file, sizeof file, "%s.flagstat", job->name);
        if (!err->code) job->put(job, file, &text, err);
        text.len = 0;
        vl_idxstats_put(&q->counts, &q->contigs, &text, err);
        snprintf(file, sizeof file, "%s.idxstats", job->name);
        if (!err->code) job->put(job, file, &text, err);
    }
    drop(q);
    vl_buf_free(&text);
    return err->code;
}

const vl_qc_form vl_alignments_qc_text = { "text", "the most important numbers, for people", false,
                                           print_text };
const vl_qc_form vl_alignments_qc_json = { "json", "all that was counted, docs/json.schema.json", false,
                                           print_json };
const vl_qc_form vl_alignments_qc_multiqc = { "multiqc", "what MultiQC reads: flagstat and idxstats", true,
                                              print_multiqc };
