/* Chromatograms as JSON lines, as mzML and as a drawing. */
#include "pipeline/spectra/chromatograms_view.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- JSON: an object a chromatogram ---- */

static vl_code put_mz(vl_buf *t, const char *name, double mz, vl_err *err)
{
    if (!isfinite(mz)) return VL_OK;
    vl_text_put(t, err, ",\"%s\":", name);
    return err->code ? err->code : vl_text_number(t, mz, false, err);
}

static vl_code put_array(vl_buf *t, const vl_chromatogram_array *a, vl_err *err)
{
    if (vl_text_add(t, "{\"name\":", err) || vl_text_json(t, a->name.at, a->name.n, err) ||
        vl_text_add(t, ",\"unit\":", err) ||
        (a->unit.n ? vl_text_json(t, a->unit.at, a->unit.n, err) : vl_text_add(t, "null", err)) ||
        vl_text_add(t, ",\"values\":", err) || vl_json_numbers(t, &a->value, a->single, a->none, err))
        return err->code;
    return vl_text_add(t, "}", err);
}

static vl_code put_object(const vl_viewer *v, vl_load *load, size_t i, vl_err *err)
{
    vl_buf *const t = &load->text;
    const vl_batch *const b = &load->plan.batch;
    const vl_chromatogram_load *const l = load->own;
    const vl_cell id = vl_row(&b->col[VL_SP_CHROM_ID], i);
    const uint32_t term = vl_le32(b->col[VL_SP_CHROM_KIND].data.data + 4 * i);
    if (vl_chromatogram_take(v, load, i, err)) return err->code;
    vl_text_put(t, err, "{\"index\":%" PRIu64 ",\"id\":", load->first + i);
    if (err->code || vl_text_json(t, id.at, id.n, err)) return err->code;
    if (term)
        vl_text_put(t, err, ",\"kind\":\"%s\",\"accession\":\"MS:%07" PRIu32 "\"", vl_chromatogram_kind(term),
                    term);
    if (put_mz(t, "precursor_mz", vl_f64_at(b, VL_SP_CHROM_PRECURSOR_MZ, i), err) ||
        put_mz(t, "product_mz", vl_f64_at(b, VL_SP_CHROM_PRODUCT_MZ, i), err) ||
        vl_text_add(t, ",\"time\":", err) || vl_json_numbers(t, &l->time, l->single_time, false, err) ||
        vl_text_add(t, ",\"arrays\":[", err))
        return err->code;
    for (size_t k = 0; k < l->narray; k++)
        if ((k && vl_text_add(t, ",", err)) || put_array(t, &l->array[k], err)) return err->code;
    return vl_text_add(t, "]}\n", err);
}

static vl_code print_json(const vl_viewer *v, vl_load *load, vl_err *err)
{
    for (size_t i = 0; i < load->n; i++)
        if (put_object(v, load, i, err)) return err->code;
    return VL_OK;
}

/* ---- mzML ---- */

static vl_code mzml_head(vl_viewer *v, vl_buf *text, vl_err *err)
{
    /* an empty list is none of a document */
    return v->rows.n ? vl_record_mzml_head(v, &vl_record_chromatogram, text, err) : VL_OK;
}

static vl_code print_mzml(const vl_viewer *v, vl_load *load, vl_err *err)
{
    const vl_chromatogram_load *const l = load->own;
    vl_buf array = { 0 };
    (void)v;
    for (size_t i = 0; i < load->n && !err->code; i++) vl_record_mzml(load, &l->run, i, NULL, 0, &array, err);
    vl_buf_free(&array);
    return err->code;
}

static vl_code mzml_tail(vl_viewer *v, vl_buf *text, vl_err *err)
{
    return v->rows.n ? vl_text_add(text, "</chromatogramList>\n</run>\n</mzML>\n", err) : VL_OK;
}

/* ---- a drawing: each array a panel ---- */

static vl_code svg_head(vl_viewer *v, vl_buf *text, vl_err *err)
{
    vl_chromatograms_own *const o = v->own;
    const uint64_t n = vl_rows_count(&v->rows);
    (void)text;
    o->ndrawn = n < VL_TRACE_PANELS ? (size_t)n : VL_TRACE_PANELS;
    o->drawn = calloc(o->ndrawn + 1, sizeof *o->drawn);
    return o->drawn ? VL_OK : vl_fail(err, VL_ENOMEM, "no memory for a drawing");
}

static vl_code draw_one(vl_load *load, size_t i, vl_drawings *to, vl_err *err)
{
    const vl_chromatogram_load *const l = load->own;
    const vl_cell id = vl_row(&load->plan.batch.col[VL_SP_CHROM_ID], i);
    const size_t n = l->narray < VL_TRACE_PANELS ? l->narray : VL_TRACE_PANELS;
    if (!(to->trace = calloc(n + 1, sizeof *to->trace)))
        return vl_fail(err, VL_ENOMEM, "no memory for a drawing");
    for (size_t k = 0; k < n; k++) {
        const vl_chromatogram_array *const a = &l->array[k];
        const size_t nt = l->time.len / 8, nv = a->value.len / 8;
        vl_trace *const t = &to->trace[to->n++];
        snprintf(t->caption, sizeof t->caption, "%.*s: %.*s", id.n < 80 ? (int)id.n : 80,
                 id.n ? (const char *)id.at : "", a->name.n < 60 ? (int)a->name.n : 60,
                 a->name.n ? (const char *)a->name.at : "");
        snprintf(t->unit, sizeof t->unit, "%.*s", a->unit.n < 60 ? (int)a->unit.n : 60,
                 a->unit.n ? (const char *)a->unit.at : "");
        vl_trace_take(t, (const double *)(const void *)l->time.data,
                      (const double *)(const void *)a->value.data, nt < nv ? nt : nv);
    }
    return VL_OK;
}

/* Each has its own place among those drawn, so that threads need not wait. */
static vl_code print_svg(const vl_viewer *v, vl_load *load, vl_err *err)
{
    const vl_chromatograms_own *const o = v->own;
    const vl_chromatogram_load *const l = load->own;
    for (size_t i = 0; i < load->n && l->run.number + i < o->ndrawn; i++)
        if (vl_chromatogram_take(v, load, i, err) || draw_one(load, i, &o->drawn[l->run.number + i], err))
            return err->code;
    return VL_OK;
}

static vl_code svg_tail(vl_viewer *v, vl_buf *text, vl_err *err)
{
    const vl_chromatograms_own *const o = v->own;
    const vl_trace *trace[VL_TRACE_PANELS];
    vl_html h = { .err = err };
    size_t all = (size_t)vl_rows_count(&v->rows) - o->ndrawn;
    int n = 0;
    for (size_t i = 0; i < o->ndrawn; i++) {
        all += o->drawn[i].n;
        for (size_t k = 0; k < o->drawn[i].n && n < VL_TRACE_PANELS; k++) trace[n++] = &o->drawn[i].trace[k];
    }
    vl_trace_draw(&h, "Chromatograms over time", trace, n, all);
    if (!err->code) vl_buf_append(text, h.text.data, h.text.len, err);
    vl_html_free(&h);
    return err->code;
}

const vl_form vl_chromatograms_json = { "json", false, NULL, print_json, NULL };
const vl_form vl_chromatograms_mzml = { "mzml", false, mzml_head, print_mzml, mzml_tail };
const vl_form vl_chromatograms_svg = { "svg", false, svg_head, print_svg, svg_tail };
