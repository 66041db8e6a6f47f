/* View of reads: rows by range or by name; the columns that are no fields of the rows as they are. */
#include "pipeline/reads/reads_names.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BLOCK = 4096,
    BUNCH = 4 * BLOCK /* rows here and there within these are one slot's: it has the chunks to itself */
};

/* ---- finding ---- */

static vl_code find_rows(vl_viewer *v, vl_err *err)
{
    const uint64_t n = vl_reader_nrow(v->r, VL_RT_READ), from = v->ask->rows[0];
    const uint64_t to = v->ask->rows[1] < n ? v->ask->rows[1] + 1 : n;
    return from < to ? vl_rows_add(&v->rows, from, to - from, err) : VL_OK;
}

static vl_code find_names(vl_viewer *v, vl_reads_own *o, vl_err *err)
{
    const vl_reads_asked *const asked = v->asked;
    if (asked->name && asked->names) return vl_fail(err, VL_EARG, "either --name or --names");
    if (vl_reads_names_open(&o->names, asked->name, asked->names, &o->how, err)) return err->code;
    return vl_reads_names_find(o->names, v, err);
}

/* A name for each read, or for each pair. */
static vl_code check_names(const vl_reader *r, bool paired, vl_err *err)
{
    const uint64_t reads = vl_reader_nrow(r, VL_RT_READ), names = vl_reader_nrow(r, VL_RT_NAME);
    if (reads / (paired ? 2 : 1) == names && !(paired && reads % 2)) return VL_OK;
    return vl_fail(err, VL_ESTORE, "%" PRIu64 " %s reads have %" PRIu64 " names", reads,
                   paired ? "paired" : "single", names);
}

static vl_code open(vl_viewer *v, vl_err *err)
{
    char text[32];
    vl_store *const st = vl_reader_store(v->r);
    const vl_reads_asked *const asked = v->asked;
    vl_reads_own *const o = v->own = calloc(1, sizeof *o);
    if (!o) return vl_fail(err, VL_ENOMEM, "no memory to view reads");
    if (vl_store_get(st, "source", "layout", text, sizeof text, err) ||
        vl_fastq_is_paired(text, &o->how.paired, err) || check_names(v->r, o->how.paired, err) ||
        vl_store_get(st, "source", "mate_mark", text, sizeof text, err))
        return err->code;
    bool known;
    o->how.mark = vl_mark_find(text, &known);
    if (!known) return vl_fail(err, VL_ESTORE, "unknown mark of mates '%.20s'", text);
    return asked->name || asked->names ? find_names(v, o, err) : find_rows(v, err);
}

static vl_code missed(const vl_viewer *v, vl_err *err)
{
    const vl_reads_asked *const asked = v->asked;
    const vl_reads_own *const o = v->own;
    size_t all = 0, none = 0;
    if (asked->name) return vl_fail(err, VL_ENOIN, "no read is called '%.120s'", asked->name);
    if (!asked->names) return VL_OK;
    vl_reads_names_count(o->names, &all, &none);
    return vl_fail(err, VL_ENOIN, "no read has one of the %zu names in %.100s", all, asked->names);
}

static void note(const vl_viewer *v, char text[VL_VIEW_NOTE])
{
    const vl_reads_own *const o = v->own;
    size_t all = 0, none = 0;
    if (o->names) vl_reads_names_count(o->names, &all, &none);
    if (none) snprintf(text, VL_VIEW_NOTE, "%zu of %zu names were not found", none, all);
}

static void close(vl_viewer *v)
{
    vl_reads_own *const o = v->own;
    if (o) vl_reads_names_close(o->names);
    free(o);
}

/* ---- rows ---- */

/* A run of rows that follow each other, BLOCK at most; with pairs the rows of whole pairs are read. */
static vl_code plan(vl_viewer *v, vl_load *load, vl_err *err)
{
    const uint64_t step = vl_reads_how(v)->paired ? 2 : 1;
    load->n = vl_rows_take(&v->rows, BLOCK, &load->first);
    const uint64_t from = load->first / step * step, to = (load->first + load->n + step - 1) / step * step;
    load->skip = (size_t)(load->first - from);
    if (vl_reader_rows(v->r, &load->plan, VL_RT_READ, from, (size_t)(to - from), v->want, load->work, err))
        return err->code;
    return vl_reader_rows(v->r, &load->plan, VL_RT_NAME, from / step, (size_t)((to - from) / step), v->want,
                          load->work, err);
}

static vl_code load_rows(const vl_viewer *v, vl_load *load, vl_err *err)
{
    return vl_reader_load(v->r, &load->plan, load->work, err);
}

/* ---- columns ---- */

static vl_code put_row(const vl_viewer *v, const vl_load *load, size_t i, size_t line, vl_buf *text,
                       vl_err *err)
{
    (void)v, (void)line;
    return vl_text_u64(text, load->plan.batch.first[VL_RT_READ] + i, err);
}

static vl_code put_name(const vl_viewer *v, const vl_load *load, size_t i, size_t line, vl_buf *text,
                        vl_err *err)
{
    (void)line;
    const vl_cell s = vl_row(&load->plan.batch.col[VL_RD_NAME], vl_reads_how(v)->paired ? i / 2 : i);
    return vl_text_field(text, s.at, s.n, err);
}

static vl_code put_mate(const vl_viewer *v, const vl_load *load, size_t i, size_t line, vl_buf *text,
                        vl_err *err)
{
    (void)load, (void)line;
    return vl_text_u64(text, vl_reads_how(v)->paired ? 1 + (i & 1) : 0, err);
}

static vl_code put_length(const vl_viewer *v, const vl_load *load, size_t i, size_t line, vl_buf *text,
                          vl_err *err)
{
    (void)v, (void)line;
    return vl_text_u64(text, vl_row(&load->plan.batch.col[VL_RD_BASE], i).n, err);
}

/* Letters, as FASTQ writes them: Phred + 33. */
static vl_code put_quality(const vl_viewer *v, const vl_load *load, size_t i, size_t line, vl_buf *text,
                           vl_err *err)
{
    (void)v, (void)line;
    const vl_cell s = vl_row(&load->plan.batch.col[VL_RD_QUALITY], i);
    if (vl_buf_grow(text, s.n, err)) return err->code;
    vl_k.phred_encode(text->data + text->len, s.at, s.n);
    text->len += s.n;
    return VL_OK;
}

static const vl_view_column columns[] = {
    { "row", put_row, false, false },         { "name", put_name, false, false },
    { "mate", put_mate, false, false },       { "length", put_length, false, false },
    { "quality", put_quality, false, false }, { NULL, NULL, false, false },
};

/* ---- the table's entry ---- */

static const vl_opt options[] = {
    { 0, "name", VL_OPT_TEXT, NULL, "N", "reads called N, with pairs both mates",
      offsetof(vl_reads_asked, name), NULL },
    { 0, "names", VL_OPT_TEXT, NULL, "FILE", "reads whose names FILE lists, a line each",
      offsetof(vl_reads_asked, names), NULL },
    { .name = "" },
};
static const vl_form *const forms[] = { &vl_reads_fastq, &vl_form_tsv, NULL };

const vl_question vl_reads_question = { .option = options,
                                        .size = sizeof(vl_reads_asked),
                                        .form = forms,
                                        .column = columns,
                                        .usual = "name,mate,base,quality",
                                        .open = open,
                                        .span = BUNCH,
                                        .plan = plan,
                                        .load = load_rows,
                                        .missed = missed,
                                        .note = note,
                                        .close = close };
