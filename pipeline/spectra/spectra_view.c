/*
 * View of spectra: which ones. Rows are found from the query columns (id, MS level, time) and the tables of
 * precursors and ions; a leaf then carries up to LEAF neighbours with their arrays.
 */
#include "pipeline/spectra/spectra_view.h"

#include "formats/spectra/mzml.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LEAF = 32, SCAN = 1 << 14 };

const char *const vl_spectra_columns[] = { "index",
                                           "id",
                                           "ms_level",
                                           "time",
                                           "polarity",
                                           "centroid",
                                           "tic",
                                           "base_peak_mz",
                                           "base_peak_intensity",
                                           "scan_low",
                                           "scan_high",
                                           "mobility",
                                           "injection_time",
                                           "precursor_mz",
                                           "charge",
                                           "peaks",
                                           "mz",
                                           "intensity",
                                           NULL };

/* ---- finding ---- */

static bool fits(const vl_viewer *v, const vl_batch *b, size_t i)
{
    const vl_view *const ask = v->ask;
    const vl_spectra_own *const o = v->own;
    const uint64_t row = b->first[VL_SPT_SPECTRUM] + i;
    if (ask->ms_level && b->col[VL_SP_MS_LEVEL].data.data[i] != ask->ms_level) return false;
    if (ask->by_time) {
        const double t = vl_f64_at(b, VL_SP_TIME, i);
        if (!(t >= ask->time[0] && t <= ask->time[1])) return false;
    }
    if (ask->id || ask->scan != VL_NOWHERE) {
        const vl_cell id = vl_row(&b->col[VL_SP_ID], i);
        if (ask->id && (strlen(ask->id) != id.n || (id.n && memcmp(id.at, ask->id, id.n)))) return false;
        if (ask->scan != VL_NOWHERE && vl_scan_number(id.at, id.n, row) != ask->scan) return false;
    }
    if (!isnan(ask->precursor)) {
        const double within = ask->tolerance_ppm ? ask->precursor * ask->tolerance * 1e-6 : ask->tolerance;
        return vl_has_precursor(&o->ions, row, ask->precursor, within);
    }
    return true;
}

static vl_code find(vl_viewer *v, vl_err *err)
{
    const uint64_t n = vl_reader_nrow(v->r, VL_SPT_SPECTRUM), to = v->ask->to < n ? v->ask->to + 1 : n;
    const bool id = v->ask->id || v->ask->scan != VL_NOWHERE;
    const bool want[VL_SP_NFIELD] = { [VL_SP_MS_LEVEL] = true, [VL_SP_TIME] = true, [VL_SP_ID] = id };
    vl_plan plan = { 0 };
    if (vl_plan_init(&plan, v->r, err)) goto out;
    for (uint64_t at = v->ask->from; at < to && !err->code; at += SCAN) {
        const size_t k = to - at < SCAN ? (size_t)(to - at) : SCAN;
        if (vl_reader_rows(v->r, &plan, VL_SPT_SPECTRUM, at, k, want, &v->work, err) ||
            vl_reader_load(v->r, &plan, &v->work, err))
            break;
        for (size_t i = 0; i < k && !err->code; i++) {
            if (!fits(v, &plan.batch, i)) continue;
            v->found++;
            vl_rows_add(&v->rows, at + i, 1, err);
        }
    }
out:
    vl_plan_free(v->r, &plan);
    return err->code;
}

static vl_code load_ions(vl_viewer *v, vl_spectra_own *o, vl_err *err)
{
    vl_ions *const s = &o->ions;
    const struct {
        int field;
        uint64_t n;
        vl_buf *to;
    } part[] = { { VL_SP_PREC_SPECTRUM, vl_reader_nrow(v->r, VL_SPT_PRECURSOR), &s->precursor_of },
                 { VL_SP_PREC_TARGET, vl_reader_nrow(v->r, VL_SPT_PRECURSOR), &s->target },
                 { VL_SP_ION_SPECTRUM, vl_reader_nrow(v->r, VL_SPT_SELECTED_ION), &s->ion_of },
                 { VL_SP_ION_MZ, vl_reader_nrow(v->r, VL_SPT_SELECTED_ION), &s->mz },
                 { VL_SP_ION_CHARGE, vl_reader_nrow(v->r, VL_SPT_SELECTED_ION), &s->charge },
                 { VL_SP_ION_INTENSITY, vl_reader_nrow(v->r, VL_SPT_SELECTED_ION), &s->intensity } };
    s->nprecursor = (size_t)part[0].n;
    s->nion = (size_t)part[2].n;
    for (size_t i = 0; i < sizeof part / sizeof *part; i++)
        if (vl_reader_elements(v->r, vl_reader_column(v->r, part[i].field), 0, part[i].n, part[i].to,
                               &v->work, err))
            return err->code;
    return VL_OK;
}

static vl_code choose_format(vl_viewer *v, vl_spectra_own *o, vl_err *err)
{
    const vl_view *const ask = v->ask;
    const char *const f = ask->format ? ask->format : ask->columns ? "tsv" : "mzml";
    if (!strcmp(f, "mzml")) o->print = vl_print_spectrum_mzml;
    else if (!strcmp(f, "mgf")) o->print = vl_print_spectrum_mgf;
    else if (!strcmp(f, "json")) o->print = vl_print_spectrum_json;
    else if (!strcmp(f, "tsv")) o->print = vl_print_spectrum_tsv;
    else return vl_fail(err, VL_EARG, "spectra are printed as mzml, mgf, tsv or json, not as '%s'", f);
    if (o->print != vl_print_spectrum_tsv && ask->columns)
        return vl_fail(err, VL_EARG, "--columns goes with -O tsv");
    if (vl_view_choose(ask->columns,
                       "index,id,ms_level,time,polarity,precursor_mz,charge,tic,base_peak_mz,peaks",
                       vl_spectra_columns, o->column, err))
        return err->code;
    for (int i = 0; o->column[i] >= 0; i++)
        o->peaks |= o->column[i] == VL_SC_MZ || o->column[i] == VL_SC_INTENSITY;
    return VL_OK;
}

static vl_code open(vl_viewer *v, vl_err *err)
{
    vl_spectra_own *const o = v->own = calloc(1, sizeof *o);
    if (!o) return vl_fail(err, VL_ENOMEM, "no memory to view spectra");
    if (v->ask->name)
        return vl_fail(err, VL_EARG, "the store holds spectra: they have an --id, not a --name");
    if (choose_format(v, o, err)) return err->code;
    return load_ions(v, o, err) || find(v, err) ? err->code : VL_OK;
}

/* ---- one leaf ---- */

/* Element i of a u64 or u16 field. Ordered. */
static vl_code field_at(vl_viewer *v, int field, uint64_t row, uint64_t *out, vl_work *work, vl_err *err)
{
    vl_buf one = { 0 };
    if (!vl_reader_elements(v->r, vl_reader_column(v->r, field), row, 1, &one, work, err))
        *out = one.len == 8 ? vl_le64(one.data) : one.len == 4 ? vl_le32(one.data) : vl_le16(one.data);
    vl_buf_free(&one);
    return err->code;
}

static vl_code plan(vl_viewer *v, vl_leaf *leaf, vl_err *err)
{
    vl_spectra_own *const o = v->own;
    vl_spectra_leaf *l = leaf->own;
    if (!l && !(l = leaf->own = calloc(1, sizeof *l)))
        return vl_fail(err, VL_ENOMEM, "no memory for spectra");
    leaf->n = vl_rows_take(&v->rows, LEAF, &leaf->first);
    const uint64_t last = leaf->first + leaf->n - 1;
    uint64_t from = 0, to = 0, count = 0, text = 0, end = 0, length = 0;
    if (field_at(v, VL_SP_ARRAY_AT, leaf->first, &from, &leaf->work, err) ||
        field_at(v, VL_SP_ARRAY_AT, last, &to, &leaf->work, err) ||
        field_at(v, VL_SP_ARRAY_COUNT, last, &count, &leaf->work, err) ||
        field_at(v, VL_SP_TEXT_AT, leaf->first, &text, &leaf->work, err) ||
        field_at(v, VL_SP_TEXT_AT, last, &end, &leaf->work, err) ||
        field_at(v, VL_SP_TEXT_LENGTH, last, &length, &leaf->work, err))
        return err->code;
    if (to < from || end < text)
        return vl_fail(err, VL_ESTORE, "spectra are not in the order of their arrays");
    vl_plan *const p = &leaf->plan;
    if (vl_reader_rows(v->r, p, VL_SPT_SPECTRUM, leaf->first, leaf->n, NULL, &leaf->work, err) ||
        vl_reader_rows(v->r, p, VL_SPT_ARRAY, from, (size_t)(to + count - from), NULL, &leaf->work, err) ||
        vl_reader_load(v->r, p, &leaf->work, err) ||
        vl_reader_pieces(v->r, p, p->batch.nrow[VL_SPT_ARRAY], err))
        return err->code;
    l->skeleton_first = text;
    l->number = o->printed;
    o->printed += leaf->n;
    return vl_reader_stream(v->r, p, VL_SP_SKELETON, text, end + length - text, err);
}

static vl_code print(const vl_viewer *v, vl_leaf *leaf, vl_err *err)
{
    const vl_spectra_own *const o = v->own;
    if (vl_reader_load_pieces(v->r, &leaf->plan, &leaf->work, err) ||
        vl_reader_load_stream(v->r, &leaf->plan, VL_SP_SKELETON, &leaf->work, err))
        return err->code;
    for (size_t i = 0; i < leaf->n; i++)
        if (o->print(v, leaf, i, err)) return err->code;
    return VL_OK;
}

static vl_code head(vl_viewer *v, vl_buf *text, vl_err *err)
{
    const vl_spectra_own *const o = v->own;
    if (o->print == vl_print_spectrum_mzml) return vl_mzml_head(v, text, err);
    if (o->print != vl_print_spectrum_tsv) return VL_OK;
    for (int i = 0; o->column[i] >= 0; i++)
        if (vl_text_add(text, i ? "\t" : "", err) || vl_text_add(text, vl_spectra_columns[o->column[i]], err))
            return err->code;
    return vl_text_add(text, "\n", err);
}

static vl_code tail(vl_viewer *v, vl_buf *text, vl_err *err)
{
    const vl_spectra_own *const o = v->own;
    if (!v->found && v->ask->id) return vl_fail(err, VL_ENOIN, "no spectrum has the id '%.120s'", v->ask->id);
    if (!v->found && v->ask->scan != VL_NOWHERE)
        return vl_fail(err, VL_ENOIN, "no spectrum has scan number %llu", (unsigned long long)v->ask->scan);
    return o->print == vl_print_spectrum_mzml ? vl_mzml_tail(v, text, err) : VL_OK;
}

static void drop(vl_leaf *leaf)
{
    vl_spectra_leaf *const l = leaf->own;
    vl_buf_free(&l->mz);
    vl_buf_free(&l->intensity);
    free(l);
}

static void close(vl_viewer *v)
{
    vl_spectra_own *const o = v->own;
    if (!o) return;
    vl_buf *const all[] = { &o->ions.precursor_of, &o->ions.target, &o->ions.ion_of,
                            &o->ions.mz,           &o->ions.charge, &o->ions.intensity };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) vl_buf_free(all[i]);
    free(o);
}

extern const vl_question vl_spectra_question;
const vl_question vl_spectra_question = { open, head, plan, print, tail, drop, close };
