/* View of alignments: what may be asked; rows and their names; columns as SAM has them. */
#include "pipeline/alignments/alignments_view.h"
#include "pipeline/out/weigh.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BLOCK = 4096,
    BUNCH = 4 * BLOCK, /* rows here and there within these are one slot's: it has the chunks to itself */
    GAP = 64           /* to copy so many records takes no longer than to plan another load */
};

static vl_code check_form(const vl_viewer *v, vl_err *err)
{
    const vl_alignments_asked *const ask = v->asked;
    if (ask->no_header && ask->only_header) return vl_fail(err, VL_EARG, "either --no-header or --header");
    const bool packed = v->form == &vl_alignments_bam || v->form == &vl_alignments_cram;
    if (ask->no_header && packed)
        return vl_fail(err, VL_EARG, "--no-header goes with -O sam: without a header %s is none",
                       v->form == &vl_alignments_bam ? "BAM" : "CRAM");
    if (ask->only_header && v->form != &vl_alignments_sam && !packed)
        return vl_fail(err, VL_EARG, "--header goes with -O sam, bam and cram");
    return VL_OK;
}

static vl_code open(vl_viewer *v, vl_err *err)
{
    vl_alignments_own *const o = v->own = calloc(1, sizeof *o);
    if (!o) return vl_fail(err, VL_ENOMEM, "no memory to view alignments");
    const int column = vl_reader_column(v->r, VL_AL_HEADER);
    if (column >= 0 && vl_store_read(vl_reader_store(v->r), column, &o->header, &v->work, err))
        return err->code;
    if (vl_contigs_read(&o->contigs, (vl_cell){ o->header.data, o->header.len }, NULL, err)) return err->code;
    return check_form(v, err) ? err->code : vl_alignments_select(v, err);
}

/* Names of a list that no read has; with only one, or with none of them, that is an error. */
static void count_names(const vl_viewer *v, size_t *all, size_t *none)
{
    const vl_alignments_own *const o = v->own;
    *all = *none = 0;
    if (o->names) vl_alignments_names_count(o->names, all, none);
}

static vl_code missed(const vl_viewer *v, vl_err *err)
{
    const vl_alignments_asked *const ask = v->asked;
    size_t all, none;
    count_names(v, &all, &none);
    if (none < all || !all) return VL_OK;
    if (ask->name) return vl_fail(err, VL_ENOIN, "no read is called '%.120s'", ask->name);
    return vl_fail(err, VL_ENOIN, "no read has one of the %zu names in %.100s", all, ask->names);
}

static void note(const vl_viewer *v, char text[VL_VIEW_NOTE])
{
    size_t all, none;
    count_names(v, &all, &none);
    if (none) snprintf(text, VL_VIEW_NOTE, "%zu of %zu names were not found", none, all);
}

static void close(vl_viewer *v)
{
    vl_alignments_own *const o = v->own;
    if (!o) return;
    vl_alignments_select_free(o);
    vl_contigs_free(&o->contigs);
    vl_buf_free(&o->header);
    free(o);
}

/* ---- rows ---- */

static bool is_weighed(const vl_viewer *v, int f)
{
    const vl_field *const field = &vl_reader_columns(v->r)->schema->field[f];
    return field->shape == VL_RAGGED && field->table == VL_AT_ALIGNMENT && f != VL_AL_QUALITY &&
           f != VL_AL_PLACE && vl_reader_column(v->r, f) >= 0;
}

static vl_code weigh(vl_viewer *v, uint64_t first, uint64_t most, size_t *n, uint64_t *elements, vl_err *err)
{
    const int nfield = v->form->whole ? vl_reader_columns(v->r)->schema->nfield : VL_AL_NFIELD;
    uint64_t some = 0;
    for (int f = 0; f < nfield; f++) {
        if (!is_weighed(v, f)) continue;
        if (vl_weigh_rows(v->r, f, first, 1, most, n, &some, &v->work, err)) return err->code;
        *elements += some;
    }
    return VL_OK;
}

static vl_code plan(vl_viewer *v, vl_load *load, vl_err *err)
{
    if (vl_reader_rows(v->r, &load->plan, VL_AT_ALIGNMENT, load->first, load->n, v->want, load->work, err))
        return err->code;
    return vl_reader_referred(v->r, &load->plan, VL_AL_PLACE, load->first, load->n, v->want, load->work, err);
}

static vl_code load_rows(const vl_viewer *v, vl_load *load, vl_err *err)
{
    return vl_reader_load(v->r, &load->plan, load->work, err);
}

vl_code vl_alignments_each(const vl_viewer *v, vl_load *load,
                           vl_code (*one)(const vl_viewer *v, uint64_t row, const vl_alignment *a,
                                          vl_buf *out, vl_err *err),
                           vl_err *err)
{
    vl_alignments_out rows;
    vl_alignment a;
    const vl_code code = vl_alignments_out_init(&rows, &load->plan.batch, err);
    rows.bare = !v->form->whole;
    if (!code)
        for (size_t i = load->skip; i < load->skip + load->n && !err->code; i++)
            if (!vl_alignments_row(&rows, i, &a, err))
                one(v, load->plan.batch.first[VL_AT_ALIGNMENT] + i, &a, &load->text, err);
    vl_alignments_out_free(&rows);
    return err->code;
}

/* ---- columns ---- */

static vl_code put_number(vl_buf *text, int64_t v, vl_err *err)
{
    if (v < 0 && vl_text_add(text, "-", err)) return err->code;
    return vl_text_u64(text, v < 0 ? -(uint64_t)v : (uint64_t)v, err);
}

static vl_code put_row(const vl_viewer *v, const vl_load *load, size_t i, size_t line, vl_buf *text,
                       vl_err *err)
{
    (void)v, (void)line;
    return vl_text_u64(text, load->plan.batch.first[VL_AT_ALIGNMENT] + i, err);
}

static vl_code put_name(const vl_viewer *v, const vl_load *load, size_t i, size_t line, vl_buf *text,
                        vl_err *err)
{
    (void)v, (void)line;
    const vl_batch *const b = &load->plan.batch;
    const uint64_t row = (uint64_t)vl_place_at(b, i, VL_PLACE_NAME) - b->first[VL_AT_NAME];
    if (row >= b->nrow[VL_AT_NAME]) return vl_fail(err, VL_ESTORE, "a name is not where its place says");
    const vl_cell s = vl_row(&b->col[VL_AL_NAME], (size_t)row);
    return vl_text_field(text, s.at, s.n, err);
}

static vl_code put_contig_name(const vl_viewer *v, int64_t number, vl_buf *text, vl_err *err)
{
    const vl_contigs *const c = &vl_alignments_own_of(v)->contigs;
    if (number < 0 || (uint64_t)number >= c->n) return vl_text_add(text, "*", err);
    return vl_text_field(text, c->contig[number].name.at, c->contig[number].name.n, err);
}

#define PLACE(function, k, print)                                                                            \
    static vl_code function(const vl_viewer *v, const vl_load *load, size_t i, size_t line, vl_buf *text,    \
                            vl_err *err)                                                                     \
    {                                                                                                        \
        (void)v, (void)line;                                                                                 \
        const int64_t n = vl_place_at(&load->plan.batch, i, k);                                              \
        return print;                                                                                        \
    }
PLACE(put_flag, VL_PLACE_FLAG, put_number(text, n, err))
PLACE(put_contig, VL_PLACE_CONTIG, put_contig_name(v, n, text, err))
PLACE(put_position, VL_PLACE_POSITION, put_number(text, n + 1, err))
PLACE(put_span, VL_PLACE_SPAN, put_number(text, n, err))
PLACE(put_mate_contig, VL_PLACE_MATE_CONTIG, put_contig_name(v, n, text, err))
PLACE(put_mate_position, VL_PLACE_MATE_POSITION, put_number(text, n + 1, err))
PLACE(put_template_length, VL_PLACE_TEMPLATE_LENGTH, put_number(text, n, err))
#undef PLACE

static vl_code put_cigar(const vl_viewer *v, const vl_load *load, size_t i, size_t line, vl_buf *text,
                         vl_err *err)
{
    (void)v, (void)line;
    const vl_column *const c = &load->plan.batch.col[VL_AL_CIGAR];
    const size_t n = (size_t)(c->offset[i + 1] - c->offset[i]);
    return vl_cigar_put(n ? c->data.data + 4 * c->offset[i] : NULL, n, text, err);
}

static vl_code put_length(const vl_viewer *v, const vl_load *load, size_t i, size_t line, vl_buf *text,
                          vl_err *err)
{
    (void)v, (void)line;
    return vl_text_u64(text, vl_row(&load->plan.batch.col[VL_AL_BASE], i).n, err);
}

/* Letters, as SAM writes them: Phred + 33. */
static vl_code put_quality(const vl_viewer *v, const vl_load *load, size_t i, size_t line, vl_buf *text,
                           vl_err *err)
{
    (void)v, (void)line;
    const vl_cell s = vl_row(&load->plan.batch.col[VL_AL_QUALITY], i);
    if (!s.n || s.at[0] == VL_AL_NO_QUALITY) return VL_OK;
    if (vl_buf_grow(text, s.n, err)) return err->code;
    vl_k.phred_encode(text->data + text->len, s.at, s.n);
    text->len += s.n;
    return VL_OK;
}

static const vl_view_column columns[] = {
    { "row", put_row, false, false },
    { "name", put_name, false, false },
    { "flag", put_flag, false, false },
    { "contig", put_contig, false, false },
    { "position", put_position, false, false },
    { "span", put_span, false, false },
    { "cigar", put_cigar, false, false },
    { "mate_contig", put_mate_contig, false, false },
    { "mate_position", put_mate_position, false, false },
    { "template_length", put_template_length, false, false },
    { "length", put_length, false, false },
    { "quality", put_quality, false, false },
    { NULL, NULL, false, false },
};

/* ---- the table's entry ---- */

#define AT(member) offsetof(vl_alignments_asked, member)
static const vl_opt options[] = {
    { 'L', "regions-file", VL_OPT_TEXT, NULL, "BED", "that lie on intervals of this file", AT(bed), NULL },
    { 'f', "require-flags", VL_OPT_TEXT, NULL, "FLAGS", "with all of these bits", AT(flag[VL_FLAGS_ALL]),
      NULL },
    { 'F', "exclude-flags", VL_OPT_TEXT, NULL, "FLAGS", "with none of them", AT(flag[VL_FLAGS_NONE]), NULL },
    { 0, "include-flags", VL_OPT_TEXT, NULL, "FLAGS", "with any of them", AT(flag[VL_FLAGS_ANY]), NULL },
    { 'G', "exclude-all", VL_OPT_TEXT, NULL, "FLAGS", "but those with all of them",
      AT(flag[VL_FLAGS_NOT_ALL]), NULL },
    { 'q', "min-mapq", VL_OPT_WHOLE, NULL, "N", "of mapping quality N and more", AT(mapq), NULL },
    { 'r', "read-group", VL_OPT_TEXT, NULL, "ID", "of this read group, or of none; any number of times",
      AT(group), NULL },
    { 'd', "tag", VL_OPT_TEXT, NULL, "TAG[:VALUE]", "with this tag, and this value; any number of values",
      AT(tag), NULL },
    { 'P', "fetch-pairs", VL_OPT_FLAG, NULL, NULL, "and their mates, wherever these lie", AT(pairs), NULL },
    { 0, "name", VL_OPT_TEXT, NULL, "N", "whose read is called N", AT(name), NULL },
    { 0, "names", VL_OPT_TEXT, NULL, "FILE", "whose read FILE names, a line each", AT(names), NULL },
    { 0, "no-header", VL_OPT_FLAG, NULL, NULL, "SAM without its header", AT(no_header), NULL },
    { 'H', "header", VL_OPT_FLAG, NULL, NULL, "only the header", AT(only_header), NULL },
    { .name = "" },
};
#undef AT
static const vl_form *const forms[] = { &vl_alignments_sam,
                                        &vl_alignments_bam,
                                        &vl_alignments_cram,
                                        &vl_alignments_fastq,
                                        &vl_form_tsv,
                                        &vl_alignments_json,
                                        NULL };

const vl_question vl_alignments_question = {
    .option = options,
    .more = "REGION",
    .size = sizeof(vl_alignments_asked),
    .form = forms,
    .column = columns,
    .usual = "name,flag,contig,position,mapq,cigar,mate_contig,mate_position,template_length,base,quality",
    .open = open,
    .span = BUNCH,
    .block = BLOCK,
    .weigh = weigh,
    .gap = GAP,
    .plan = plan,
    .load = load_rows,
    .missed = missed,
    .note = note,
    .close = close
};
