/* View of spectra as MGF: what search engines read of fragment spectra. */
#include "pipeline/spectra/spectra_mzml.h"

#include <math.h>
#include <string.h>

static vl_code mgf_line(vl_buf *t, const char *key, double x, vl_err *err)
{
    if (isnan(x)) return VL_OK;
    return vl_text_add(t, key, err) || vl_text_number(t, x, false, err) || vl_text_add(t, "\n", err)
               ? err->code
               : VL_OK;
}

/* "2+", of a negative spectrum "2-": charges of most documents have no sign. */
static vl_code put_charge(int charge, int polarity, vl_buf *t, vl_err *err)
{
    return vl_text_number(t, fabs((double)charge), false, err) ||
                   vl_text_add(t, charge < 0 || polarity < 0 ? "-" : "+", err)
               ? err->code
               : VL_OK;
}

/* The ion's charge, or those that it may have: "2+ and 3+". */
static vl_code put_charges(const vl_viewer *v, const vl_parent *parent, int polarity, vl_buf *t, vl_err *err)
{
    const vl_ions *const ions = vl_ions_of(v);
    const bool any = parent->chosen < parent->ion_end;
    const uint64_t from = any ? vl_le64(ions->possible_end.data + 8 * parent->chosen) : 0,
                   to = any ? vl_le64(ions->possible_end.data + 8 * parent->chosen + 8) : 0;
    if (!parent->charge && from == to) return VL_OK;
    vl_text_add(t, "CHARGE=", err);
    if (!err->code && parent->charge) put_charge(parent->charge, polarity, t, err);
    for (uint64_t k = from; k < to && !parent->charge && !err->code; k++)
        if (k == from || !vl_text_add(t, " and ", err))
            put_charge((int8_t)ions->possible.data[k], polarity, t, err);
    return err->code ? err->code : vl_text_add(t, "\n", err);
}

/* MGF has room for one precursor. Of a spectrum of level 3 and above, whose precursors are those of all
 * levels before, it is the first of the last level: of those that were chosen in the same spectrum as the
 * last one. */
static vl_code choose_parent(const vl_viewer *v, const vl_load *load, size_t i, vl_parent *parent,
                             vl_err *err)
{
    const vl_batch *const b = &load->plan.batch;
    const size_t n = parent->precursor_end - parent->precursor;
    vl_spectra_said last, said;
    vl_cell text;
    if (b->col[VL_SP_MS_LEVEL].data.data[i] < 3 || n < 2) return VL_OK;
    if (vl_record_text(load, &((const vl_spectra_load *)load->own)->run, i, &text, err) ||
        vl_spectra_say_any(v->own, text, n - 1, &last, err))
        return err->code;
    for (size_t k = 0; last.from.n && k < n; k++) {
        if (vl_spectra_say_any(v->own, text, k, &said, err)) return err->code;
        if (said.from.n != last.from.n || memcmp(said.from.at, last.from.at, last.from.n)) continue;
        if (k) vl_parent_in(vl_ions_of(v), parent->precursor + k, parent);
        break;
    }
    return VL_OK;
}

/* MGF has no MS1: spectra of level 1 are left out unless --ms-level 1 asks for them. */
static vl_code print_one(const vl_viewer *v, vl_load *load, size_t i, vl_err *err)
{
    vl_buf *const t = &load->text;
    const vl_batch *const b = &load->plan.batch;
    const vl_spectra_load *const l = load->own;
    vl_parent parent = vl_parent_of(vl_ions_of(v), load->first + i);
    const vl_cell id = vl_row(&b->col[VL_SP_ID], i);
    if (b->col[VL_SP_MS_LEVEL].data.data[i] < 2 && !vl_spectra_asked_of(v)->ms_level) return VL_OK;
    if (choose_parent(v, load, i, &parent, err) || vl_load_peaks(v, load, i, err) ||
        vl_text_add(t, "BEGIN IONS\nTITLE=", err) || vl_text_field(t, id.at, id.n, err) ||
        vl_text_add(t, "\n", err) || mgf_line(t, "RTINSECONDS=", vl_f64_at(b, VL_SP_TIME, i), err))
        return err->code;
    if (!isnan(parent.mz)) {
        if (vl_text_add(t, "PEPMASS=", err) || vl_text_number(t, parent.mz, false, err)) return err->code;
        if (!isnan(parent.intensity) &&
            (vl_text_add(t, " ", err) || vl_text_number(t, parent.intensity, false, err)))
            return err->code;
        if (vl_text_add(t, "\n", err)) return err->code;
    }
    if (put_charges(v, &parent, (int8_t)b->col[VL_SP_POLARITY].data.data[i], t, err)) return err->code;
    uint64_t scan = 0;
    if (vl_scan_number(id.at, id.n, &scan) &&
        (vl_text_add(t, "SCANS=", err) || vl_text_u64(t, scan, err) || vl_text_add(t, "\n", err)))
        return err->code;
    for (size_t k = 0; k < l->mz.len / 8 && k < l->intensity.len / 8; k++) {
        const double mz = vl_value_at(&l->mz, k), height = vl_value_at(&l->intensity, k);
        if (!isfinite(mz) || !isfinite(height)) continue; /* no reader takes these */
        if (vl_text_number(t, mz, l->single_mz, err) || vl_text_add(t, " ", err) ||
            vl_text_number(t, height, l->single_intensity, err) || vl_text_add(t, "\n", err))
            return err->code;
    }
    return vl_text_add(t, "END IONS\n\n", err);
}

static vl_code print(const vl_viewer *v, vl_load *load, vl_err *err)
{
    for (size_t i = 0; i < load->n; i++)
        if (print_one(v, load, i, err)) return err->code;
    return VL_OK;
}

const vl_form vl_spectra_mgf = { "mgf", false, NULL, print, NULL };
