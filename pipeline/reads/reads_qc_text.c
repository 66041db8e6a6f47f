/* Quality control of reads for people: the numbers of each mate beside each other. */
#include "formats/text.h"
#include "pipeline/out/qc.h"
#include "pipeline/reads/reads_fastqc.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { CELL = 40, MATES = 3 };

typedef struct page {
    const vl_reads_qc *qc; /* [MATES] */
    int first, end;        /* mates that there are */
    vl_buf text;
    vl_err *err;
} page;

#define say(p, ...) vl_text_put(&(p)->text, (p)->err, __VA_ARGS__)

/* One line: a number of each mate. */
typedef void cell(const vl_reads_qc *qc, char text[CELL]);

static void put_line(page *p, const char *name, cell *print)
{
    say(p, "%-22s", name);
    for (int m = p->first; m < p->end; m++) {
        char text[CELL];
        print(&p->qc[m], text);
        say(p, "%20s", text);
    }
    say(p, "\n");
}

/* ---- numbers ---- */

typedef struct qualities {
    double bases, sum, q20, q30;
} qualities;

static qualities add_up(const vl_reads_qc *qc)
{
    qualities s = { 0 };
    for (size_t q = 0; q < VL_QC_LEVELS; q++) {
        const double n = (double)qc->quality[q];
        s.bases += n;
        s.sum += n * (double)q;
        s.q20 += q >= 20 ? n : 0;
        s.q30 += q >= 30 ? n : 0;
    }
    return s;
}

static void share(double part, double all, char text[CELL])
{
    if (all > 0) snprintf(text, CELL, "%.2f %%", 100 * part / all);
    else snprintf(text, CELL, "-");
}

static void say_name(const vl_reads_qc *qc, char text[CELL]) { snprintf(text, CELL, "%s", qc->name); }
static void say_reads(const vl_reads_qc *qc, char text[CELL]) { snprintf(text, CELL, "%" PRIu64, qc->nread); }

static void say_length(const vl_reads_qc *qc, char text[CELL])
{
    if (!qc->nread || qc->shortest == qc->longest) snprintf(text, CELL, "%" PRIu64, qc->longest);
    else snprintf(text, CELL, "%" PRIu64 "-%" PRIu64, qc->shortest, qc->longest);
}

static void say_n50(const vl_reads_qc *qc, char text[CELL])
{
    if (qc->nread) snprintf(text, CELL, "%" PRIu64, vl_reads_qc_n50(qc));
    else snprintf(text, CELL, "-");
}

static void say_quality(const vl_reads_qc *qc, char text[CELL])
{
    const qualities s = add_up(qc);
    snprintf(text, CELL, s.bases > 0 ? "%.2f" : "-", s.sum / s.bases);
}

static void say_q20(const vl_reads_qc *qc, char text[CELL])
{
    const qualities s = add_up(qc);
    share(s.q20, s.bases, text);
}

static void say_q30(const vl_reads_qc *qc, char text[CELL])
{
    const qualities s = add_up(qc);
    share(s.q30, s.bases, text);
}

static void say_gc(const vl_reads_qc *qc, char text[CELL])
{
    const double gc = (double)(qc->base[1] + qc->base[2]);
    share(gc, gc + (double)(qc->base[0] + qc->base[3]), text);
}

static void say_n(const vl_reads_qc *qc, char text[CELL])
{
    double all = 0;
    for (size_t k = 0; k < VL_QC_LETTERS; k++) all += (double)qc->base[k];
    share((double)qc->base[4], all, text);
}

static void say_tiles(const vl_reads_qc *qc, char text[CELL])
{
    if (vl_qc_dim(qc, VL_QT_TILE, 0)) snprintf(text, CELL, "%zu", vl_qc_dim(qc, VL_QT_TILE, 0));
    else snprintf(text, CELL, "-");
}

static void say_seldom(const vl_reads_qc *qc, char text[CELL])
{
    const double v = qc->whole && qc->nread ? vl_fq_deduplicated(qc) : -1;
    if (v >= 0) snprintf(text, CELL, "%.2f %%", 100 - v);
    else snprintf(text, CELL, "-");
}

/* ---- the page ---- */

static void put_adapters(page *p)
{
    for (unsigned a = 0; a < VL_QC_ADAPTERS; a++) {
        uint64_t most = 0;
        for (int m = p->first; m < p->end; m++) {
            const uint64_t n = vl_fq_begun(&p->qc[m], a, SIZE_MAX);
            most = n > most ? n : most;
        }
        if (!most) continue;
        say(p, "  %-30s", vl_qc_adapter_list[a].name);
        for (int m = p->first; m < p->end; m++) {
            char text[CELL];
            share((double)vl_fq_begun(&p->qc[m], a, SIZE_MAX), (double)p->qc[m].nread, text);
            say(p, m == p->first ? "%12s" : "%20s", text);
        }
        say(p, "\n");
    }
}

static void put_tails(page *p)
{
    static const char *const name[] = { "PolyA tail", "PolyC tail", "PolyG tail", "PolyT tail" };
    for (unsigned k = 0; k < 4; k++) {
        uint64_t reads[MATES] = { 0 }, letters, all = 0;
        for (int m = p->first; m < p->end; m++) {
            vl_reads_qc_tails(&p->qc[m], k, &reads[m], &letters);
            all += reads[m];
        }
        if (!all) continue;
        say(p, "  %-30s", name[k]);
        for (int m = p->first; m < p->end; m++) {
            char text[CELL];
            share((double)reads[m], (double)p->qc[m].nread, text);
            say(p, m == p->first ? "%12s" : "%20s", text);
        }
        say(p, "\n");
    }
}

/* What there is of pairs, or of whole reads; of stores of earlier versions nothing. */
static void put_whole(page *p, vl_store *st)
{
    vl_reads_whole w;
    char text[CELL];
    if (vl_reads_whole_of(&p->qc[0], st, &w, p->err)) return;
    if (w.pairs) {
        const double all = (double)(w.found + w.unknown);
        share((double)w.found, all, text);
        say(p, "%-22s%20s\n", "pairs that overlap", text);
        share((double)w.through, all, text);
        say(p, "%-22s%20s\n", "with adapter behind", text);
        snprintf(text, CELL, w.found ? "%" PRIu64 : "-", w.peak);
        say(p, "%-22s%20s\n", "fragment, most", text);
    }
    if (w.copies) {
        snprintf(text, CELL, "%s%.2f %%", w.exact ? "" : "about ", w.copied);
        say(p, "%-22s%20s\n", p->first ? "copies of pairs" : "copies of reads", text);
    }
}

/* What FastQC says of each of its modules, a line each. */
static void put_states(page *p)
{
    say(p, "\nBy FastQC's limits\n");
    for (size_t i = 0; i < VL_FQ_MODULES; i++) {
        say(p, "  %-30s", vl_fq_module_name(i));
        for (int m = p->first; m < p->end; m++)
            say(p, m == p->first ? "%12s" : "%20s", vl_fq_state_of(&p->qc[m], i, p->err));
        say(p, "\n");
    }
}

static void put_page(page *p, vl_store *st)
{
    static const struct {
        const char *name;
        cell *print;
    } line[] = { { "reads", say_reads },          { "bases a read", say_length }, { "N50", say_n50 },
                 { "mean quality", say_quality }, { "Q20 or more", say_q20 },     { "Q30 or more", say_q30 },
                 { "G and C", say_gc },           { "N and others", say_n },      { "tiles", say_tiles },
                 { "duplicates", say_seldom } };
    if (p->first) put_line(p, "", say_name);
    for (size_t i = 0; i < sizeof line / sizeof *line; i++) put_line(p, line[i].name, line[i].print);
    put_whole(p, st);
    if (p->qc[p->first].whole) say(p, "\nReads with the beginning of an adapter, or a tail of one letter\n");
    put_adapters(p);
    put_tails(p);
    put_states(p);
}

static vl_code print_text(vl_qc_job *job, vl_err *err)
{
    vl_reads_qc qc[MATES] = { 0 };
    page p = { .qc = qc, .err = err };
    for (int m = 0; m < MATES && !err->code; m++) vl_reads_qc_load(&qc[m], job->store, m, err);
    const bool paired = qc[1].nread || qc[2].nread;
    p.first = paired;
    p.end = paired ? MATES : 1;
    for (int m = p.first; m < p.end; m++) vl_reads_qc_missing(&qc[m], job->note);
    if (!err->code) put_page(&p, job->store);
    if (!err->code) vl_qc_put_limits(job, &p.text, err);
    if (!err->code) job->put(job, "", &p.text, err);
    for (int m = 0; m < MATES; m++) vl_reads_qc_free(&qc[m]);
    vl_buf_free(&p.text);
    return err->code;
}

const vl_qc_form vl_reads_qc_text = { "text", "the most important numbers, for people", false, print_text };
