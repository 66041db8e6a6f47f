/* View of reads: what may be asked; the columns that are no fields of the rows as they are. */
#include "pipeline/out/weigh.h"
#include "pipeline/reads/reads_names.h"

#include <inttypes.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BLOCK = 4096,
    BUNCH = 4 * BLOCK, /* rows here and there within these are one slot's: it has the chunks to itself */
    GAP = 64           /* to copy so many reads takes no longer than to plan another load */
};

/* ---- finding ---- */

/* A name for each read, or for each pair. */
static vl_code check_names(const vl_reader *r, bool paired, vl_err *err)
{
    const uint64_t reads = vl_reader_nrow(r, VL_RT_READ), names = vl_reader_nrow(r, VL_RT_NAME);
    if (reads / (paired ? 2 : 1) == names && !(paired && reads % 2)) return VL_OK;
    return vl_fail(err, VL_ESTORE, "%" PRIu64 " %s reads have %" PRIu64 " names", reads,
                   paired ? "paired" : "single", names);
}

static vl_code find(vl_viewer *v, vl_reads_own *o, vl_err *err)
{
    const vl_reads_asked *const ask = v->asked;
    const vl_selection what = { vl_reads_predicates, VL_RT_NAME, VL_RT_READ, vl_reads_step(v) };
    if ((ask->name || ask->names) && vl_reads_names_open(&o->names, ask->name, ask->names, &o->how, err))
        return err->code;
    if (vl_select(v, &what, v->ask->rows[0], v->ask->rows[1], err)) return err->code;
    return ask->order == VL_READS_LIST ? vl_reads_names_order(o->names, v, err) : VL_OK;
}

static vl_code open(vl_viewer *v, vl_err *err)
{
    char text[32];
    vl_store *const st = vl_reader_store(v->r);
    vl_reads_own *const o = v->own = calloc(1, sizeof *o);
    if (!o) return vl_fail(err, VL_ENOMEM, "no memory to view reads");
    if (vl_store_get(st, "source", "layout", text, sizeof text, err) ||
        vl_fastq_is_paired(text, &o->how.paired, err) || check_names(v->r, o->how.paired, err) ||
        vl_store_get(st, "source", "mate_mark", text, sizeof text, err))
        return err->code;
    bool known;
    o->how.mark = vl_mark_find(text, &known);
    if (!known) return vl_fail(err, VL_ESTORE, "unknown mark of mates '%.20s'", text);
    return vl_reads_check_asked(v, err) ? err->code : find(v, o, err);
}

static vl_code missed(const vl_viewer *v, vl_err *err)
{
    const vl_reads_asked *const asked = v->asked;
    const vl_reads_own *const o = v->own;
    size_t all = 0, none = 0;
    if (o->names) vl_reads_names_count(o->names, &all, &none);
    if (none < all || !o->names) return VL_OK;
    if (asked->name) return vl_fail(err, VL_ENOIN, "no read is called '%.120s'", asked->name);
    return vl_fail(err, VL_ENOIN, "no read has one of the %zu names in %.100s", all, asked->names);
}

static void note(const vl_viewer *v, char text[VL_VIEW_NOTE])
{
    const vl_reads_own *const o = v->own;
    size_t all = 0, none = 0;
    if (o->names) vl_reads_names_count(o->names, &all, &none);
    if (none) snprintf(text, VL_VIEW_NOTE, "%zu of %zu names were not found", none, all);
    else if (o->lacks) snprintf(text, VL_VIEW_NOTE, "as BAM: %s", o->lacks);
}

static void close(vl_viewer *v)
{
    vl_reads_own *const o = v->own;
    if (o) vl_reads_names_close(o->names);
    free(o);
}

/* ---- rows ---- */

/* Fields of reads that may have any length; qualities have that of bases. */
static bool is_weighed(const vl_viewer *v, int f)
{
    if (f < VL_RD_FASTQ) return f == VL_RD_BASE || f == VL_RD_COMMENT || f == VL_RD_PLUS;
    const vl_field *const field = &vl_reader_columns(v->r)->schema->field[f];
    return field->shape == VL_RAGGED && field->table == VL_RT_READ && vl_reader_column(v->r, f) >= 0;
}

/* Rows may be of any length, and so may be their names. */
static vl_code weigh(vl_viewer *v, uint64_t first, uint64_t most, size_t *n, uint64_t *elements, vl_err *err)
{
    const int nfield = v->form->whole ? vl_reader_columns(v->r)->schema->nfield : VL_RD_FASTQ;
    const uint64_t step = vl_reads_step(v), from = first / step;
    size_t names = (size_t)((first + *n + step - 1) / step - from);
    uint64_t some = 0;
    for (int f = 0; f < nfield; f++) {
        if (!is_weighed(v, f)) continue;
        if (vl_weigh_rows(v->r, f, first, 1, most, n, &some, &v->work, err)) return err->code;
        *elements += some;
    }
    if (vl_weigh_rows(v->r, VL_RD_NAME, from, 1, most, &names, &some, &v->work, err)) return err->code;
    *elements += some;
    if ((from + names) * step < first + *n) *n = (size_t)((from + names) * step - first);
    return VL_OK;
}

/* With pairs the rows of whole pairs are read. */
static vl_code plan(vl_viewer *v, vl_load *load, vl_err *err)
{
    const uint64_t step = vl_reads_step(v), from = load->first / step * step,
                   to = (load->first + load->n + step - 1) / step * step;
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
    const vl_cell s = vl_row(&load->plan.batch.col[VL_RD_NAME], i / vl_reads_step(v));
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
    if (vl_no_quality(s)) return VL_OK;
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

static void defaults(void *asked)
{
    *(vl_reads_asked *)asked = (vl_reads_asked){
        .length = { 0, UINT64_MAX }, .mean_phred = { NAN, NAN }, .mean_quality = { NAN, NAN }, .fraction = NAN
    };
}

#define AT(member) offsetof(vl_reads_asked, member)
static const vl_opt options[] = {
    { 0, "name", VL_OPT_TEXT, NULL, "N", "reads called N, with pairs both mates", AT(name), NULL },
    { 0, "names", VL_OPT_TEXT, NULL, "FILE", "reads whose names FILE lists, a line each", AT(names), NULL },
    { 0, "order", VL_OPT_CHOICE, NULL, "O", "of --names: 'store' (default), or 'list': as FILE has them",
      AT(order), "store list" },
    { 0, "name-regex", VL_OPT_TEXT, NULL, "RE", "names, up to their first blank, in which RE matches",
      AT(name_regex), NULL },
    { 0, "comment-regex", VL_OPT_TEXT, NULL, "RE", "the same of what follows that blank", AT(comment_regex),
      NULL },
    { 0, "length", VL_OPT_ROWS, NULL, "A-B", "of A to B bases; also A, A-, -B", AT(length), NULL },
    { 0, "mean-quality", VL_OPT_LEAST, NULL, "MIN[-MAX]", "mean probability of error, as a quality",
      AT(mean_quality), NULL },
    { 0, "mean-phred", VL_OPT_LEAST, NULL, "MIN[-MAX]", "mean of the numbers", AT(mean_phred), NULL },
    { 0, "motif", VL_OPT_TEXT, NULL, "M", "in whose bases M occurs, IUPAC letters, as they stand", AT(motif),
      NULL },
    { 0, "fraction", VL_OPT_NUMBER, NULL, "F", "a share F of the names, 0 to 1, mates together", AT(fraction),
      NULL },
    { 0, "seed", VL_OPT_WHOLE, NULL, "N", "of --fraction: which ones; default: 0", AT(seed), NULL },
    { .name = "" },
};
#undef AT
static const vl_form *const forms[] = { &vl_reads_fastq, &vl_reads_fasta, &vl_form_tsv,
                                        &vl_reads_json,  &vl_reads_bam,   NULL };

const vl_question vl_reads_question = { .option = options,
                                        .size = sizeof(vl_reads_asked),
                                        .defaults = defaults,
                                        .form = forms,
                                        .column = columns,
                                        .usual = "name,mate,base,quality",
                                        .open = open,
                                        .span = BUNCH,
                                        .block = BLOCK,
                                        .weigh = weigh,
                                        .gap = GAP,
                                        .plan = plan,
                                        .load = load_rows,
                                        .missed = missed,
                                        .note = note,
                                        .close = close };
