/* Spectra as TSV (a line a spectrum, or a line a peak), as JSON lines, and as MGF. */
#include "pipeline/spectra/spectra_view.h"

#include <math.h>
#include <string.h>

static const vl_batch *batch(const vl_leaf *leaf) { return &leaf->plan.batch; }
static uint64_t row_of(const vl_leaf *leaf, size_t i) { return leaf->first + i; }
static const vl_ions *ions(const vl_viewer *v) { return &((const vl_spectra_own *)v->own)->ions; }

static double number(const vl_buf *values, size_t i)
{
    double v;
    memcpy(&v, values->data + 8 * i, 8);
    return v;
}

static const uint8_t *id_of(const vl_batch *b, size_t i, size_t *n)
{
    const vl_cell id = vl_row(&b->col[VL_SP_ID], i);
    *n = id.n;
    return id.at;
}

static size_t npeak(const vl_spectra_leaf *l)
{
    const size_t a = l->mz.len / 8, b = l->intensity.len / 8;
    return a && b ? (a < b ? a : b) : a + b;
}

/* A column that is one number of the spectrum; false: it is not one of these. */
static bool f64_field(int column, int *field)
{
    static const int fields[] = { [VL_SC_TIME] = VL_SP_TIME,
                                  [VL_SC_TIC] = VL_SP_TIC,
                                  [VL_SC_BASE_PEAK_MZ] = VL_SP_BASE_PEAK_MZ,
                                  [VL_SC_BASE_PEAK_INTENSITY] = VL_SP_BASE_PEAK_INTENSITY,
                                  [VL_SC_SCAN_LOW] = VL_SP_SCAN_LOW,
                                  [VL_SC_SCAN_HIGH] = VL_SP_SCAN_HIGH,
                                  [VL_SC_MOBILITY] = VL_SP_MOBILITY,
                                  [VL_SC_INJECTION_TIME] = VL_SP_INJECTION_TIME };
    *field = column < (int)(sizeof fields / sizeof *fields) ? fields[column] : 0;
    return *field != 0;
}

static vl_code print_cell(const vl_viewer *v, vl_leaf *leaf, size_t i, int column, size_t peak, vl_err *err)
{
    vl_buf *const t = &leaf->text;
    const vl_batch *const b = batch(leaf);
    const vl_spectra_leaf *const l = leaf->own;
    int field = 0;
    size_t n = 0;
    if (f64_field(column, &field)) return vl_text_number(t, vl_f64_at(b, field, i), false, err);
    switch (column) {
    case VL_SC_INDEX: return vl_text_u64(t, row_of(leaf, i), err);
    case VL_SC_ID: {
        const uint8_t *const id = id_of(b, i, &n);
        return vl_text_field(t, id, n, err);
    }
    case VL_SC_MS_LEVEL: return vl_text_u64(t, b->col[VL_SP_MS_LEVEL].data.data[i], err);
    case VL_SC_POLARITY: {
        const int8_t p = (int8_t)b->col[VL_SP_POLARITY].data.data[i];
        return vl_text_add(t, p > 0 ? "+" : p < 0 ? "-" : "", err);
    }
    case VL_SC_CENTROID: {
        const uint8_t c = b->col[VL_SP_CENTROID].data.data[i];
        return vl_text_add(t, c == 1 ? "centroid" : c == 0 ? "profile" : "", err);
    }
    case VL_SC_PRECURSOR_MZ: return vl_text_number(t, vl_parent_of(ions(v), row_of(leaf, i)).mz, false, err);
    case VL_SC_CHARGE: {
        const int z = vl_parent_of(ions(v), row_of(leaf, i)).charge;
        return z ? vl_text_number(t, z, false, err) : VL_OK;
    }
    case VL_SC_PEAKS: return vl_text_u64(t, npeak(l), err);
    case VL_SC_MZ:
        return peak < l->mz.len / 8 ? vl_text_number(t, number(&l->mz, peak), l->single_mz, err) : VL_OK;
    case VL_SC_INTENSITY:
        return peak < l->intensity.len / 8
                   ? vl_text_number(t, number(&l->intensity, peak), l->single_intensity, err)
                   : VL_OK;
    default: return VL_OK;
    }
}

vl_code vl_print_spectrum_tsv(const vl_viewer *v, vl_leaf *leaf, size_t i, vl_err *err)
{
    const vl_spectra_own *const o = v->own;
    if (vl_load_peaks(v, leaf, i, err)) return err->code;
    const size_t lines = o->peaks ? npeak(leaf->own) : 1;
    for (size_t peak = 0; peak < lines; peak++) {
        for (int k = 0; o->column[k] >= 0; k++)
            if ((k && vl_text_add(&leaf->text, "\t", err)) || print_cell(v, leaf, i, o->column[k], peak, err))
                return err->code;
        if (vl_text_add(&leaf->text, "\n", err)) return err->code;
    }
    return VL_OK;
}

/* Numbers as a JSON array; JSON has no NaN and no infinity. */
static vl_code json_array(vl_buf *t, const vl_buf *values, bool single, vl_err *err)
{
    if (vl_text_add(t, "[", err)) return err->code;
    for (size_t k = 0; k < values->len / 8; k++) {
        const double x = number(values, k);
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

vl_code vl_print_spectrum_json(const vl_viewer *v, vl_leaf *leaf, size_t i, vl_err *err)
{
    vl_buf *const t = &leaf->text;
    const vl_batch *const b = batch(leaf);
    const vl_spectra_leaf *const l = leaf->own;
    const vl_parent parent = vl_parent_of(ions(v), row_of(leaf, i));
    size_t n = 0;
    const uint8_t *const id = id_of(b, i, &n);
    if (vl_load_peaks(v, leaf, i, err) || vl_text_add(t, "{\"index\":", err) ||
        vl_text_u64(t, row_of(leaf, i), err) || vl_text_add(t, ",\"id\":", err) ||
        vl_text_json(t, id, n, err) || vl_text_add(t, ",\"ms_level\":", err) ||
        vl_text_u64(t, b->col[VL_SP_MS_LEVEL].data.data[i], err))
        return err->code;
    if ((int8_t)b->col[VL_SP_POLARITY].data.data[i] &&
        json_number(t, "polarity", (int8_t)b->col[VL_SP_POLARITY].data.data[i], err))
        return err->code;
    for (int c = VL_SC_TIME; c <= VL_SC_INJECTION_TIME; c++) {
        int field = 0;
        if (f64_field(c, &field) && json_number(t, vl_spectra_columns[c], vl_f64_at(b, field, i), err))
            return err->code;
    }
    if (json_number(t, "precursor_mz", parent.mz, err) ||
        (parent.charge && json_number(t, "charge", parent.charge, err)) || vl_text_add(t, ",\"mz\":", err) ||
        json_array(t, &l->mz, l->single_mz, err) || vl_text_add(t, ",\"intensity\":", err) ||
        json_array(t, &l->intensity, l->single_intensity, err))
        return err->code;
    return vl_text_add(t, "}\n", err);
}

static vl_code mgf_line(vl_buf *t, const char *key, double x, vl_err *err)
{
    if (isnan(x)) return VL_OK;
    return vl_text_add(t, key, err) || vl_text_number(t, x, false, err) || vl_text_add(t, "\n", err)
               ? err->code
               : VL_OK;
}

/* MGF has no MS1: spectra of level 1 are left out unless --ms-level 1 asks for them. */
vl_code vl_print_spectrum_mgf(const vl_viewer *v, vl_leaf *leaf, size_t i, vl_err *err)
{
    vl_buf *const t = &leaf->text;
    const vl_batch *const b = batch(leaf);
    const vl_spectra_leaf *const l = leaf->own;
    const vl_parent parent = vl_parent_of(ions(v), row_of(leaf, i));
    size_t n = 0;
    const uint8_t *const id = id_of(b, i, &n);
    if (b->col[VL_SP_MS_LEVEL].data.data[i] < 2 && !v->ask->ms_level) return VL_OK;
    if (vl_load_peaks(v, leaf, i, err) || vl_text_add(t, "BEGIN IONS\nTITLE=", err) ||
        vl_text_field(t, id, n, err) || vl_text_add(t, "\n", err) ||
        mgf_line(t, "RTINSECONDS=", vl_f64_at(b, VL_SP_TIME, i), err))
        return err->code;
    if (!isnan(parent.mz)) {
        if (vl_text_add(t, "PEPMASS=", err) || vl_text_number(t, parent.mz, false, err)) return err->code;
        if (!isnan(parent.intensity) &&
            (vl_text_add(t, " ", err) || vl_text_number(t, parent.intensity, false, err)))
            return err->code;
        if (vl_text_add(t, "\n", err)) return err->code;
    }
    if (parent.charge) {
        if (vl_text_add(t, "CHARGE=", err) || vl_text_number(t, fabs((double)parent.charge), false, err) ||
            vl_text_add(t, parent.charge < 0 ? "-\n" : "+\n", err))
            return err->code;
    }
    if (vl_text_add(t, "SCANS=", err) || vl_text_u64(t, vl_scan_number(id, n, row_of(leaf, i)), err) ||
        vl_text_add(t, "\n", err))
        return err->code;
    for (size_t k = 0; k < l->mz.len / 8 && k < l->intensity.len / 8; k++)
        if (vl_text_number(t, number(&l->mz, k), l->single_mz, err) || vl_text_add(t, " ", err) ||
            vl_text_number(t, number(&l->intensity, k), l->single_intensity, err) ||
            vl_text_add(t, "\n", err))
            return err->code;
    return vl_text_add(t, "END IONS\n\n", err);
}
