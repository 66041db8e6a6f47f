/* View of spectra as JSON lines: an object a spectrum, with its peaks. */
#include "pipeline/spectra/spectra_view.h"

#include <math.h>

/* Numbers as a JSON array; JSON has no NaN and no infinity. */
static vl_code json_array(vl_buf *t, const vl_buf *values, bool single, vl_err *err)
{
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
                { "injection_time", VL_SP_INJECTION_TIME } };

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
    if (json_number(t, "precursor_mz", parent.mz, err) ||
        (parent.charge && json_number(t, "charge", parent.charge, err)) || vl_text_add(t, ",\"mz\":", err) ||
        json_array(t, &l->mz, l->single_mz, err) || vl_text_add(t, ",\"intensity\":", err) ||
        json_array(t, &l->intensity, l->single_intensity, err))
        return err->code;
    return vl_text_add(t, "}\n", err);
}

static vl_code print(const vl_viewer *v, vl_load *load, vl_err *err)
{
    for (size_t i = 0; i < load->n; i++)
        if (print_one(v, load, i, err)) return err->code;
    return VL_OK;
}

const vl_form vl_spectra_json = { "json", false, NULL, print, NULL };
