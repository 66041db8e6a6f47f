/*
 * View of chromatograms: all that a store has, or the one with an id; as a table, JSON, mzML or a drawing.
 * The table has a line for each value of each array but the time.
 */
#include "pipeline/spectra/chromatograms_view.h"

#include "pipeline/out/select.h"
#include "pipeline/spectra/spectra_view.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { LOAD = 32 };

/* ---- finding ---- */

static const char *wanted(const vl_viewer *v) { return vl_spectra_asked_of(v)->chromatogram; }
static bool asks_id(const vl_viewer *v) { return strcmp(wanted(v), "all") != 0; }

static vl_code has_id(const void *viewer, const vl_batch *b, size_t n, uint8_t *what, vl_err *err)
{
    const char *const want = wanted(viewer);
    const size_t len = strlen(want);
    (void)err;
    for (size_t i = 0; i < n; i++) {
        const vl_cell id = vl_row(&b->col[VL_SP_CHROM_ID], i);
        what[i] = id.n == len && (!len || !memcmp(id.at, want, len));
    }
    return VL_OK;
}

static const vl_predicate predicates[] = { { asks_id, { { VL_SP_CHROM_ID, VL_WANT_ROWS } }, NULL, has_id },
                                           { .asked = NULL } };

/* Options of spectra change nothing here, so they are not taken. */
static vl_code only_its_own(const vl_viewer *v, vl_err *err)
{
    for (int i = 0; v->ask->given && i < v->ask->given->n; i++)
        if (strcmp(v->ask->given->option[i].name, "chromatogram") != 0)
            return vl_fail(err, VL_EARG, "--%s asks for spectra, --chromatogram for none of them",
                           v->ask->given->option[i].name);
    return VL_OK;
}

static vl_code open(vl_viewer *v, vl_err *err)
{
    const vl_selection what = { predicates, VL_SPT_CHROMATOGRAM, -1, 1 };
    vl_chromatograms_own *const o = v->own = calloc(1, sizeof *o);
    vl_buf head = { 0 };
    if (!o) return vl_fail(err, VL_ENOMEM, "no memory to view chromatograms");
    if (!only_its_own(v, err) && !vl_record_head(v, &head, err) &&
        !vl_mzml_groups_read(&o->groups, &head, err))
        vl_select(v, &what, v->ask->rows[0], v->ask->rows[1], err);
    if (err->code == VL_EFORMAT || err->code == VL_ETRUNC)
        vl_fail(err, VL_ESTORE, "the head of the document is no XML");
    vl_buf_free(&head);
    return err->code;
}

static vl_code missed(const vl_viewer *v, vl_err *err)
{
    if (!vl_reader_nrow(v->r, VL_SPT_CHROMATOGRAM))
        return vl_fail(err, VL_ENOIN, "the store has no chromatograms");
    if (asks_id(v)) return vl_fail(err, VL_ENOIN, "no chromatogram has the id '%.120s'", wanted(v));
    return VL_OK;
}

/* ---- one load ---- */

static vl_code plan(vl_viewer *v, vl_load *load, vl_err *err)
{
    if (!load->own && !(load->own = calloc(1, sizeof(vl_chromatogram_load))))
        return vl_fail(err, VL_ENOMEM, "no memory for chromatograms");
    vl_chromatogram_load *const l = load->own;
    l->run.of = &vl_record_chromatogram;
    return vl_record_plan(v, load, &l->run, &((vl_chromatograms_own *)v->own)->printed, err);
}

static void drop(vl_load *load)
{
    vl_chromatogram_load *const l = load->own;
    for (size_t i = 0; i < l->carray; i++) vl_buf_free(&l->array[i].value);
    free(l->array);
    vl_mzml_words_free(&l->words);
    vl_buf_free(&l->time);
    free(l);
}

static void close(vl_viewer *v)
{
    vl_chromatograms_own *const o = v->own;
    if (!o) return;
    for (size_t i = 0; o->drawn && i < o->ndrawn; i++) free(o->drawn[i].trace);
    free(o->drawn);
    vl_mzml_groups_free(&o->groups);
    free(o);
}

/* ---- columns ---- */

static size_t values_of(const vl_chromatogram_array *a) { return a->value.len / 8; }

static size_t count_lines(const vl_load *load)
{
    const vl_chromatogram_load *const l = load->own;
    size_t n = 0;
    for (size_t k = 0; k < l->narray; k++) n += values_of(&l->array[k]);
    return n;
}

/* The array that a line is of; *at: which of its values. */
static const vl_chromatogram_array *array_at(const vl_chromatogram_load *l, size_t line, size_t *at)
{
    size_t k = 0;
    for (*at = line; *at >= values_of(&l->array[k]); k++) *at -= values_of(&l->array[k]);
    return &l->array[k];
}

static vl_code put_index(const vl_viewer *v, const vl_load *load, size_t i, size_t line, vl_buf *text,
                         vl_err *err)
{
    (void)v, (void)line;
    return vl_text_u64(text, load->first + i, err);
}

static vl_code put_kind(const vl_viewer *v, const vl_load *load, size_t i, size_t line, vl_buf *text,
                        vl_err *err)
{
    (void)v, (void)line;
    const uint32_t term = vl_le32(load->plan.batch.col[VL_SP_CHROM_KIND].data.data + 4 * i);
    const char *const name = vl_chromatogram_kind(term);
    if (*name || !term) return vl_text_add(text, name, err);
    vl_text_put(text, err, "MS:%07" PRIu32, term);
    return err->code;
}

static vl_code put_points(const vl_viewer *v, const vl_load *load, size_t i, size_t line, vl_buf *text,
                          vl_err *err)
{
    const vl_chromatogram_load *const l = load->own;
    size_t n = l->time.len / 8;
    (void)v, (void)i, (void)line;
    for (size_t k = 0; k < l->narray; k++) n = values_of(&l->array[k]) > n ? values_of(&l->array[k]) : n;
    return vl_text_u64(text, n, err);
}

static vl_code put_array(const vl_viewer *v, const vl_load *load, size_t i, size_t line, vl_buf *text,
                         vl_err *err)
{
    size_t at;
    const vl_chromatogram_array *const a = array_at(load->own, line, &at);
    (void)v, (void)i;
    return vl_text_field(text, a->name.at, a->name.n, err);
}

static vl_code put_unit(const vl_viewer *v, const vl_load *load, size_t i, size_t line, vl_buf *text,
                        vl_err *err)
{
    size_t at;
    const vl_chromatogram_array *const a = array_at(load->own, line, &at);
    (void)v, (void)i;
    return vl_text_field(text, a->unit.at, a->unit.n, err);
}

static vl_code put_time(const vl_viewer *v, const vl_load *load, size_t i, size_t line, vl_buf *text,
                        vl_err *err)
{
    const vl_chromatogram_load *const l = load->own;
    size_t at;
    array_at(l, line, &at);
    (void)v, (void)i;
    return at < l->time.len / 8 ? vl_text_number(text, vl_value_at(&l->time, at), l->single_time, err)
                                : VL_OK;
}

static vl_code put_value(const vl_viewer *v, const vl_load *load, size_t i, size_t line, vl_buf *text,
                         vl_err *err)
{
    size_t at;
    const vl_chromatogram_array *const a = array_at(load->own, line, &at);
    (void)v, (void)i;
    return vl_text_number(text, vl_value_at(&a->value, at), a->single, err);
}

static const vl_view_column columns[] = {
    { "index", put_index, false, false },  { "kind", put_kind, false, false },
    { "points", put_points, true, false }, { "array", put_array, true, true },
    { "unit", put_unit, true, true },      { "time", put_time, true, true },
    { "value", put_value, true, true },    { NULL, NULL, false, false },
};

/* ---- the table's entry ---- */

static const vl_form *const forms[] = { &vl_form_tsv, &vl_chromatograms_json, &vl_chromatograms_mzml,
                                        &vl_chromatograms_svg, NULL };

const vl_question vl_chromatograms_question = {
    .form = forms,
    .column = columns,
    .usual = "index,id,kind,array,unit,time,value",
    .open = open,
    .span = LOAD,
    .block = LOAD,
    .plan = plan,
    .load = vl_record_fill,
    .row = vl_chromatogram_take,
    .lines = count_lines,
    .missed = missed,
    .drop = drop,
    .close = close,
    .table = VL_SPT_CHROMATOGRAM,
    .rows = "chromatograms",
};
