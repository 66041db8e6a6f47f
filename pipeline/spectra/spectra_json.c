/* View of spectra as JSON lines: an object a spectrum, with its peaks. */
#include "pipeline/spectra/spectra_view.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

vl_code vl_json_numbers(vl_buf *t, const vl_buf *values, bool single, bool none, vl_err *err)
{
    if (none) return vl_text_add(t, "null", err);
    if (vl_text_add(t, "[", err)) return err->code;
    for (size_t k = 0; k < values->len / 8; k++) {
        const double x = vl_value_at(values, k);
        if (k && vl_text_add(t, ",", err)) return err->code;
        if (isfinite(x) ? vl_text_number(t, x, single, err) : vl_text_add(t, "null", err)) return err->code;
    }
    return vl_text_add(t, "]", err);
}

static vl_code json_number(vl_buf *t, const char *name, double x, vl_err *err)
{
    if (!isfinite(x)) return VL_OK;
    return vl_text_add(t, ",\"", err) || vl_text_add(t, name, err) || vl_text_add(t, "\":", err) ||
                   vl_text_number(t, x, false, err)
               ? err->code
               : VL_OK;
}

/* Numbers of a spectrum, where they are known. */
static const struct {
    const char *name;
    int field;
} numbers[] = { { "time", VL_SP_TIME },
                { "tic", VL_SP_TIC },
                { "base_peak_mz", VL_SP_BASE_PEAK_MZ },
                { "base_peak_intensity", VL_SP_BASE_PEAK_INTENSITY },
                { "scan_low", VL_SP_SCAN_LOW },
                { "scan_high", VL_SP_SCAN_HIGH },
                { "mobility", VL_SP_MOBILITY },
                { "injection_time", VL_SP_INJECTION_TIME },
                { "faims_cv", VL_SP_FAIMS } };

/* A member, the first of its object or not. */
static vl_code member(vl_buf *t, bool *first, const char *name, double x, vl_err *err)
{
    if (!isfinite(x)) return VL_OK;
    if (vl_text_add(t, *first ? "\"" : ",\"", err) || vl_text_add(t, name, err) || vl_text_add(t, "\":", err))
        return err->code;
    *first = false;
    return vl_text_number(t, x, false, err);
}

static vl_code put_ion(const vl_ions *ions, size_t i, vl_buf *t, vl_err *err)
{
    const uint64_t from = vl_le64(ions->possible_end.data + 8 * i),
                   to = vl_le64(ions->possible_end.data + 8 * i + 8);
    const int charge = (int8_t)ions->charge.data[i];
    bool first = true;
    if (vl_text_add(t, "{", err) || member(t, &first, "mz", vl_value_at(&ions->mz, i), err) ||
        member(t, &first, "charge", charge ? (double)charge : (double)NAN, err) ||
        member(t, &first, "intensity", vl_value_at(&ions->intensity, i), err))
        return err->code;
    if (from < to && vl_text_add(t, first ? "\"possible_charges\":[" : ",\"possible_charges\":[", err))
        return err->code;
    for (uint64_t k = from; k < to; k++)
        if ((k > from && vl_text_add(t, ",", err)) ||
            vl_text_number(t, (int8_t)ions->possible.data[k], false, err))
            return err->code;
    return vl_text_add(t, from < to ? "]}" : "}", err);
}

/* Isolation windows, each with the ions selected in it. */
static vl_code put_precursors(const vl_ions *ions, const vl_parent *p, vl_buf *t, vl_err *err)
{
    for (size_t i = p->precursor; i < p->precursor_end; i++) {
        bool first = true, any = false;
        if (vl_text_add(t, i == p->precursor ? ",\"precursors\":[{" : ",{", err) ||
            member(t, &first, "target", vl_value_at(&ions->target, i), err) ||
            member(t, &first, "lower", vl_value_at(&ions->lower, i), err) ||
            member(t, &first, "upper", vl_value_at(&ions->upper, i), err) ||
            member(t, &first, "collision_energy", vl_value_at(&ions->energy, i), err) ||
            vl_text_add(t, first ? "\"ions\":[" : ",\"ions\":[", err))
            return err->code;
        for (size_t k = p->ion; k < p->ion_end; k++) {
            if (vl_le64(ions->of_precursor.data + 8 * k) != i) continue;
            if ((any && vl_text_add(t, ",", err)) || put_ion(ions, k, t, err)) return err->code;
            any = true;
        }
        if (vl_text_add(t, "]}", err)) return err->code;
    }
    return p->precursor < p->precursor_end ? vl_text_add(t, "]", err) : VL_OK;
}

/* The name of array k, of those from first on: the second of one word has _2 behind it. */
static vl_code put_name(const vl_batch *b, size_t first, size_t k, vl_buf *t, vl_err *err)
{
    const vl_array a = vl_array_of(b, k);
    const vl_cell word = vl_array_word(a.column);
    char name[128];
    size_t nth = 1;
    for (size_t i = first; i < k; i++) {
        const vl_array other = vl_array_of(b, i);
        const vl_cell before = vl_array_word(other.column);
        nth += before.n == word.n && !memcmp(before.at, word.at, word.n);
    }
    if (nth == 1) return vl_text_json(t, word.at, word.n, err);
    const int n =
        snprintf(name, sizeof name, "%.*s_%zu", word.n < 100 ? (int)word.n : 100, (const char *)word.at, nth);
    return vl_text_json(t, (const uint8_t *)name, (size_t)n, err);
}

/* Member arrays: those beside m/z and intensity, whose numbers nobody cut to a range; null: they cannot be
 * read. */
static vl_code put_others(const vl_viewer *v, vl_load *load, size_t i, vl_buf *values, vl_err *err)
{
    vl_buf *const t = &load->text;
    const vl_batch *const b = &load->plan.batch;
    const vl_spectra_load *const l = load->own;
    size_t first, n;
    bool any = false;
    if (vl_record_arrays(load, &l->run, i, &first, &n, err)) return err->code;
    for (size_t k = first; k < first + n && !((const vl_spectra_own *)v->own)->cut; k++) {
        const vl_array a = vl_array_of(b, k);
        bool none = false;
        if (vl_is_mz(a.column) || vl_is_intensity(a.column)) continue;
        if (vl_array_numbers(&a, values, &none, err)) return err->code;
        if (vl_text_add(t, any ? "," : ",\"arrays\":{", err) || put_name(b, first, k, t, err) ||
            vl_text_add(t, ":", err) || vl_json_numbers(t, values, a.column->type == VL_F32, none, err))
            return err->code;
        any = true;
    }
    return any ? vl_text_add(t, "}", err) : VL_OK;
}

/* The pixel that it is of. */
static vl_code put_position(const vl_batch *b, size_t i, vl_buf *t, vl_err *err)
{
    static const char *const names[] = { "x", "y", "z" };
    for (int k = 0; k < 3; k++) {
        const int32_t at = vl_position_at(b, VL_SP_X + k, i);
        if (at != VL_SP_NO_POSITION && json_number(t, names[k], at, err)) return err->code;
    }
    return VL_OK;
}

static vl_code print_one(const vl_viewer *v, vl_load *load, size_t i, vl_err *err)
{
    vl_buf *const t = &load->text;
    const vl_batch *const b = &load->plan.batch;
    const vl_spectra_load *const l = load->own;
    const vl_parent parent = vl_parent_of(vl_ions_of(v), load->first + i);
    const vl_cell id = vl_row(&b->col[VL_SP_ID], i);
    if (vl_load_peaks(v, load, i, err) || vl_text_add(t, "{\"index\":", err) ||
        vl_text_u64(t, load->first + i, err) || vl_text_add(t, ",\"id\":", err) ||
        vl_text_json(t, id.at, id.n, err) || vl_text_add(t, ",\"ms_level\":", err) ||
        vl_text_u64(t, b->col[VL_SP_MS_LEVEL].data.data[i], err))
        return err->code;
    if ((int8_t)b->col[VL_SP_POLARITY].data.data[i] &&
        json_number(t, "polarity", (int8_t)b->col[VL_SP_POLARITY].data.data[i], err))
        return err->code;
    for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++)
        if (json_number(t, numbers[k].name, vl_f64_at(b, numbers[k].field, i), err)) return err->code;
    if (put_position(b, i, t, err) || json_number(t, "precursor_mz", parent.mz, err) ||
        (parent.charge && json_number(t, "charge", parent.charge, err)) ||
        put_precursors(vl_ions_of(v), &parent, t, err) || vl_text_add(t, ",\"mz\":", err) ||
        vl_json_numbers(t, &l->mz, l->single_mz, l->no_mz, err) || vl_text_add(t, ",\"intensity\":", err) ||
        vl_json_numbers(t, &l->intensity, l->single_intensity, l->no_intensity, err))
        return err->code;
    vl_buf values = { 0 };
    const vl_code code = put_others(v, load, i, &values, err);
    vl_buf_free(&values);
    return code ? code : vl_text_add(t, "}\n", err);
}

static vl_code print(const vl_viewer *v, vl_load *load, vl_err *err)
{
    for (size_t i = 0; i < load->n; i++)
        if (print_one(v, load, i, err)) return err->code;
    return VL_OK;
}

const vl_form vl_spectra_json = { "json", false, NULL, print, NULL };
