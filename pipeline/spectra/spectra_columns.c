/* Columns of a view of spectra that are no fields of the spectra as they are. */
#include "pipeline/spectra/spectra_view.h"

static vl_code put_index(const vl_viewer *v, const vl_load *load, size_t i, size_t line, vl_buf *text,
                         vl_err *err)
{
    (void)v, (void)line;
    return vl_text_u64(text, load->first + i, err);
}

static vl_code put_polarity(const vl_viewer *v, const vl_load *load, size_t i, size_t line, vl_buf *text,
                            vl_err *err)
{
    (void)v, (void)line;
    const int8_t p = (int8_t)load->plan.batch.col[VL_SP_POLARITY].data.data[i];
    return vl_text_add(text, p > 0 ? "+" : p < 0 ? "-" : "", err);
}

static vl_code put_centroid(const vl_viewer *v, const vl_load *load, size_t i, size_t line, vl_buf *text,
                            vl_err *err)
{
    (void)v, (void)line;
    const uint8_t c = load->plan.batch.col[VL_SP_CENTROID].data.data[i];
    return vl_text_add(text, c == 1 ? "centroid" : c == 0 ? "profile" : "", err);
}

static vl_code put_precursor(const vl_viewer *v, const vl_load *load, size_t i, size_t line, vl_buf *text,
                             vl_err *err)
{
    (void)line;
    return vl_text_number(text, vl_parent_of(vl_ions_of(v), load->first + i).mz, false, err);
}

static vl_code put_charge(const vl_viewer *v, const vl_load *load, size_t i, size_t line, vl_buf *text,
                          vl_err *err)
{
    (void)line;
    const int z = vl_parent_of(vl_ions_of(v), load->first + i).charge;
    return z ? vl_text_number(text, z, false, err) : VL_OK;
}

static vl_code put_peaks(const vl_viewer *v, const vl_load *load, size_t i, size_t line, vl_buf *text,
                         vl_err *err)
{
    (void)v, (void)i, (void)line;
    return vl_text_u64(text, vl_peak_count(load), err);
}

/* Value `line` of a peak array; nothing where the other array is longer. */
static vl_code put_value(const vl_buf *values, size_t line, bool single, vl_buf *text, vl_err *err)
{
    return line < values->len / 8 ? vl_text_number(text, vl_value_at(values, line), single, err) : VL_OK;
}

static vl_code put_mz(const vl_viewer *v, const vl_load *load, size_t i, size_t line, vl_buf *text,
                      vl_err *err)
{
    (void)v, (void)i;
    const vl_spectra_load *const l = load->own;
    return put_value(&l->mz, line, l->single_mz, text, err);
}

static vl_code put_intensity(const vl_viewer *v, const vl_load *load, size_t i, size_t line, vl_buf *text,
                             vl_err *err)
{
    (void)v, (void)i;
    const vl_spectra_load *const l = load->own;
    return put_value(&l->intensity, line, l->single_intensity, text, err);
}

/* A coordinate of its pixel. */
static vl_code put_position(const vl_load *load, size_t i, int field, vl_buf *text, vl_err *err)
{
    const int32_t at = vl_position_at(&load->plan.batch, field, i);
    return at == VL_SP_NO_POSITION ? VL_OK : vl_text_number(text, at, false, err);
}

static vl_code put_x(const vl_viewer *v, const vl_load *load, size_t i, size_t line, vl_buf *text,
                     vl_err *err)
{
    (void)v, (void)line;
    return put_position(load, i, VL_SP_X, text, err);
}

static vl_code put_y(const vl_viewer *v, const vl_load *load, size_t i, size_t line, vl_buf *text,
                     vl_err *err)
{
    (void)v, (void)line;
    return put_position(load, i, VL_SP_Y, text, err);
}

static vl_code put_z(const vl_viewer *v, const vl_load *load, size_t i, size_t line, vl_buf *text,
                     vl_err *err)
{
    (void)v, (void)line;
    return put_position(load, i, VL_SP_Z, text, err);
}

const vl_view_column vl_spectra_columns[] = {
    { "index", put_index, false, false },
    { "x", put_x, false, false },
    { "y", put_y, false, false },
    { "z", put_z, false, false },
    { "polarity", put_polarity, false, false },
    { "centroid", put_centroid, false, false },
    { "precursor_mz", put_precursor, false, false },
    { "charge", put_charge, false, false },
    { "peaks", put_peaks, true, false },
    { "mz", put_mz, true, true },
    { "intensity", put_intensity, true, true },
    { NULL, NULL, false, false },
};
