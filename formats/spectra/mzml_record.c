/*
 * One spectrum or chromatogram: what its terms say becomes a row, its precursors and selected ions rows of
 * their tables, its arrays pieces. Terms may stand in any order, so rows and arrays are made when the record
 * ends.
 *
 *     spectrum: ms level, polarity, ...     first scan: time, injection, mobility, first scan window
 *     precursor: isolationWindow, activation; selectedIon, any number      binaryDataArray, any number
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/spectra/mzml.h"

enum { ARRAYS_MOST = 65535 };

static const vl_mz_array no_array = { .encoded_length = UINT64_MAX };

vl_code vl_mz_uint_attr(const vl_xml *x, const char *name, uint64_t *out, bool *there, vl_err *err)
{
    vl_xml_span v;
    if (vl_xml_value(x, name, &v, err)) return err->code;
    *there = v.at != NULL;
    if (!*there || vl_mz_uint(v, out)) return VL_OK;
    return vl_xml_fail(x, x->from, VL_EFORMAT, err, "%s=\"%.*s\" is no number", name,
                       (int)(v.n < 40 ? v.n : 40), (const char *)v.at);
}

void vl_mz_record_reset(vl_mz_record *r, vl_mz_element what, vl_xml_span id, size_t from, uint64_t text_at)
{
    vl_mz_array *const array = r->array;
    const size_t carray = r->carray;
    *r = (vl_mz_record){ .what = what,
                         .id = id,
                         .from = from,
                         .text_at = text_at,
                         .centroid = 255,
                         .time = NAN,
                         .tic = NAN,
                         .base_mz = NAN,
                         .base_intensity = NAN,
                         .low = NAN,
                         .high = NAN,
                         .mobility = NAN,
                         .injection = NAN,
                         .faims = NAN,
                         .position = { VL_SP_NO_POSITION, VL_SP_NO_POSITION, VL_SP_NO_POSITION },
                         .precursor_mz = NAN,
                         .product_mz = NAN,
                         .array = array,
                         .carray = carray };
}

/* Before mzML 1.0. */
static vl_code begin_old(vl_mz_record *r, const vl_xml *x, vl_err *err)
{
    bool there = false;
    if (vl_mz_uint_attr(x, "msLevel", &r->ms_level, &there, err)) return err->code;
    if (r->ms_level <= UINT8_MAX) return VL_OK;
    return vl_xml_fail(x, x->from, VL_EFORMAT, err, "msLevel=\"%llu\", more than %d",
                       (unsigned long long)r->ms_level, UINT8_MAX);
}

vl_code vl_mz_record_begin(vl_mz_record *r, const vl_xml *x, vl_mz_element what, vl_xml_span id,
                           uint64_t text_at, vl_err *err)
{
    bool there = false;
    vl_mz_record_reset(r, what, id, x->from, text_at);
    if (!r->id.at) return vl_xml_fail(x, x->from, VL_EFORMAT, err, "%s without id", vl_mz_element_name(what));
    if (vl_mz_uint_attr(x, "defaultArrayLength", &r->array_length, &there, err)) return err->code;
    if (there) return VL_OK;
    r->no_length = vl_xml_get(x, "scanNumber").at != NULL;
    if (r->no_length) return begin_old(r, x, err);
    return vl_xml_fail(x, x->from, VL_EFORMAT, err, "%s without defaultArrayLength",
                       vl_mz_element_name(what));
}

vl_code vl_mz_record_array(vl_mz_record *r, const vl_xml *x, vl_err *err)
{
    if (r->narray == ARRAYS_MOST)
        return vl_xml_fail(x, x->from, VL_EUNSUP, err, "more than %d arrays in one record", ARRAYS_MOST);
    if (r->narray == r->carray) {
        const size_t want = r->carray ? 2 * r->carray : 8;
        vl_mz_array *const p = realloc(r->array, want * sizeof *p);
        if (!p) return vl_fail(err, VL_ENOMEM, "no memory for %zu arrays", want);
        r->array = p;
        r->carray = want;
    }
    r->array[r->narray] = no_array;
    r->array[r->narray++].nvalue = r->array_length;
    return VL_OK;
}

static vl_code new_array(vl_mz_record *r, const vl_xml *x, vl_err *err)
{
    bool there = false;
    if (vl_mz_record_array(r, x, err)) return err->code;
    vl_mz_array *const a = &r->array[r->narray - 1];
    if (vl_mz_uint_attr(x, "arrayLength", &a->nvalue, &there, err)) return err->code;
    if (r->no_length && r->narray == 1) r->array_length = a->nvalue;
    return vl_mz_uint_attr(x, "encodedLength", &a->encoded_length, &there, err);
}

vl_code vl_mz_record_open(vl_mz_record *r, const vl_xml *x, vl_mz_element what, vl_err *err)
{
    switch (what) {
    case VL_MZ_SCAN: r->nscan++; return VL_OK;
    case VL_MZ_SCAN_WINDOW: r->nwindow++; return VL_OK;
    case VL_MZ_PRECURSOR:
        r->in_precursor = true;
        r->target = r->lower = r->upper = r->energy = NAN;
        return VL_OK;
    case VL_MZ_SELECTED_ION:
        r->ion_mz = r->ion_intensity = NAN;
        r->ion_charge = 0;
        r->npossible = 0;
        return VL_OK;
    case VL_MZ_ARRAY: return new_array(r, x, err);
    default: return VL_OK;
    }
}

/* Pushes one element to each of n columns; each value has the width of its column. */
typedef struct cell {
    int field;
    const void *value;
} cell;
static vl_code push_cells(vl_batch *out, const cell *cells, size_t n, vl_err *err)
{
    for (size_t i = 0; i < n; i++)
        if (vl_push(out, cells[i].field, cells[i].value, err)) return err->code;
    return VL_OK;
}

static vl_code push_precursor(vl_mz_record *r, vl_batch *out, vl_err *err)
{
    const uint64_t spectrum = out->nrow[VL_SPT_SPECTRUM];
    const cell cells[] = { { VL_SP_PREC_SPECTRUM, &spectrum },
                           { VL_SP_PREC_TARGET, &r->target },
                           { VL_SP_PREC_LOWER, &r->lower },
                           { VL_SP_PREC_UPPER, &r->upper },
                           { VL_SP_PREC_COLLISION_ENERGY, &r->energy } };
    out->nrow[VL_SPT_PRECURSOR]++;
    r->in_precursor = false;
    return push_cells(out, cells, sizeof cells / sizeof *cells, err);
}

static vl_code push_ion(vl_mz_record *r, vl_batch *out, vl_err *err)
{
    const uint64_t spectrum = out->nrow[VL_SPT_SPECTRUM];
    const uint64_t precursor = out->nrow[VL_SPT_PRECURSOR]; /* that it is in, whose row comes when it ends */
    const cell cells[] = { { VL_SP_ION_SPECTRUM, &spectrum },
                           { VL_SP_ION_PRECURSOR, &precursor },
                           { VL_SP_ION_MZ, &r->ion_mz },
                           { VL_SP_ION_CHARGE, &r->ion_charge },
                           { VL_SP_ION_INTENSITY, &r->ion_intensity } };
    if (vl_push_row(out, VL_SP_ION_POSSIBLE, r->possible, r->npossible, err)) return err->code;
    out->nrow[VL_SPT_SELECTED_ION]++;
    return push_cells(out, cells, sizeof cells / sizeof *cells, err);
}

vl_code vl_mz_record_close(vl_mz_record *r, vl_mz_element what, vl_batch *out, vl_err *err)
{
    if (r->what != VL_MZ_SPECTRUM) return VL_OK;
    if (what == VL_MZ_PRECURSOR) return push_precursor(r, out, err);
    if (what == VL_MZ_SELECTED_ION && r->in_precursor) return push_ion(r, out, err);
    return VL_OK;
}

/* A number into its place; what is none leaves it absent and is counted. */
static void take(double *to, const vl_mz_param *p, vl_batch *out)
{
    if (!p->value.at || !vl_mz_double(p->value, to)) out->counter[VL_SPC_NOT_A_NUMBER]++;
}

static void take_once(double *to, const vl_mz_param *p, vl_batch *out)
{
    if (isnan(*to)) take(to, p, out);
}

/* Units of time: those of UO, and those that PSI-MS had before. */
static const struct {
    uint32_t unit;
    unsigned seconds;
} times[] = {
    { VL_MZ_UO | 10, 1 }, { VL_MZ_UO | 31, 60 }, { VL_MZ_UO | 32, 3600 }, { 1000039, 1 }, { 1000038, 60 }
};

/* Of the first scan that says it. */
static void take_time(vl_mz_record *r, const vl_mz_param *p, vl_batch *out)
{
    if (!isnan(r->time)) return;
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        if (times[i].unit != p->unit) continue;
        if (!p->value.at || !vl_mz_times(p->value, times[i].seconds, &r->time))
            out->counter[VL_SPC_NOT_A_NUMBER]++;
        return;
    }
    double v = NAN;
    take(&v, p, out);
    if (p->unit == (VL_MZ_UO | 28)) r->time = v / 1000;
    else out->counter[VL_SPC_TIME_WITHOUT_UNIT]++;
}

static void take_level(vl_mz_record *r, const vl_mz_param *p, vl_batch *out)
{
    uint64_t v = 0;
    const bool good = p->value.at && vl_mz_uint(p->value, &v) && v <= 255;
    if (good && v) r->ms_level = v; /* 0 is none, whatever a term says besides */
    else if (!good) out->counter[VL_SPC_NOT_A_NUMBER]++;
}

static bool read_charge(const vl_mz_param *p, int8_t *charge, vl_batch *out)
{
    double v = 0;
    const bool good =
        p->value.at && vl_mz_double(p->value, &v) && v >= -128 && v <= 127 && v == (double)(int8_t)v;
    if (good) *charge = (int8_t)v;
    else out->counter[VL_SPC_NOT_A_NUMBER]++;
    return good;
}

/* Terms of the spectrum itself. */
static void spectrum_param(vl_mz_record *r, const vl_mz_param *p, vl_batch *out)
{
    switch (p->term) {
    case 1000511: take_level(r, p, out); break;
    case 1000579: r->ms_level = r->ms_level ? r->ms_level : 1; break; /* "MS1 spectrum" */
    case 1000127: r->centroid = 1; break;
    case 1000128: r->centroid = 0; break;
    case 1000130: r->polarity = 1; break;
    case 1000129: r->polarity = -1; break;
    case 1000285: take(&r->tic, p, out); break;
    case 1000504: take(&r->base_mz, p, out); break;
    case 1000505: take(&r->base_intensity, p, out); break;
    case 1002476:
    case 1002815: take_once(&r->mobility, p, out); break;
    case 1001581: take_once(&r->faims, p, out); break;
    default: break;
    }
}

/* IMS:1000050, 51, 52: x, y, z, of the first scan that says them. */
static void take_position(int32_t *to, const vl_mz_param *p, vl_batch *out)
{
    double v = 0;
    const bool good = p->value.at && vl_mz_double(p->value, &v) && v > -2147483648.0 && v <= 2147483647.0 &&
                      v == (double)(int32_t)v;
    if (*to != VL_SP_NO_POSITION) return;
    if (good) *to = (int32_t)v;
    else out->counter[VL_SPC_NOT_A_NUMBER]++;
}

static void scan_param(vl_mz_record *r, const vl_mz_param *p, vl_batch *out)
{
    const uint32_t axis = p->term - (VL_MZ_IMS | 1000050);
    if (axis < 3) take_position(&r->position[axis], p, out);
    if (p->term == 1000016) take_time(r, p, out);
    if (r->nscan != 1) return;
    switch (p->term) {
    case 1000927: take(&r->injection, p, out); break;
    case 1002476:
    case 1002815: take_once(&r->mobility, p, out); break;
    case 1001581: take_once(&r->faims, p, out); break;
    case 1000130: r->polarity = r->polarity ? r->polarity : 1; break; /* mzML 1.0 */
    case 1000129: r->polarity = r->polarity ? r->polarity : -1; break;
    default: break;
    }
}

static void window_param(vl_mz_record *r, const vl_mz_param *p, vl_batch *out)
{
    if (r->nscan > 1 || r->nwindow != 1) return;
    if (p->term == 1000501) take(&r->low, p, out);
    if (p->term == 1000500) take(&r->high, p, out);
}

/* MS:1000040 and MS:1000023, m/z and isolation width, are the window in documents of before 2010. */
static void isolation_param(vl_mz_record *r, const vl_mz_param *p, vl_mz_element above, vl_batch *out)
{
    const bool target = p->term == 1000827;
    if (above == VL_MZ_PRODUCT) {
        if (target) take(&r->product_mz, p, out);
        return;
    }
    if (above != VL_MZ_PRECURSOR) return;
    if (target) take(&r->target, p, out);
    if (p->term == 1000040) take_once(&r->target, p, out);
    if (p->term == 1000023 && isnan(r->lower)) {
        take(&r->lower, p, out);
        r->upper = r->lower /= 2;
    }
    if (target && isnan(r->precursor_mz)) r->precursor_mz = r->target;
    if (p->term == 1000828) take(&r->lower, p, out);
    if (p->term == 1000829) take(&r->upper, p, out);
}

/* MS:1000040, m/z, stands for the selected ion's m/z in documents of before 2010. */
static void ion_param(vl_mz_record *r, const vl_mz_param *p, vl_batch *out)
{
    if (p->term == 1000744) take(&r->ion_mz, p, out);
    if (p->term == 1000040) take_once(&r->ion_mz, p, out);
    if (p->term == 1000041) read_charge(p, &r->ion_charge, out);
    if (p->term == 1000042) take(&r->ion_intensity, p, out);
    if (p->term == 1000633 && r->npossible < VL_SP_CHARGES)
        r->npossible = (uint8_t)(r->npossible + read_charge(p, &r->possible[r->npossible], out));
}

vl_code vl_mz_record_param(vl_mz_record *r, const vl_mz_param *p, vl_mz_element in, vl_mz_element above,
                           vl_batch *out, vl_err *err)
{
    switch (in) {
    case VL_MZ_SPECTRUM:
    case VL_MZ_DESCRIPTION: spectrum_param(r, p, out); break;
    case VL_MZ_CHROM:
        if (vl_mz_chromatogram_term(p->term)) r->kind = p->term;
        break;
    case VL_MZ_SCAN: scan_param(r, p, out); break;
    case VL_MZ_SCAN_WINDOW: window_param(r, p, out); break;
    case VL_MZ_ISOLATION: isolation_param(r, p, above, out); break;
    case VL_MZ_SELECTED_ION: ion_param(r, p, out); break;
    case VL_MZ_ACTIVATION:
        if (p->term == 1000045) take(&r->energy, p, out);
        break;
    case VL_MZ_ARRAY: return vl_mz_array_param(&r->array[r->narray - 1], p, err);
    default: break;
    }
    return VL_OK;
}

static vl_mz_class class_of(const vl_mz_record *r)
{
    if (r->what == VL_MZ_CHROM) return VL_MZ_CHROMATOGRAM;
    if (!r->ms_level) return VL_MZ_OTHER_SPECTRUM;
    if (r->ms_level == 1)
        return r->centroid == 1   ? VL_MZ_MS1_CENTROID
               : r->centroid == 0 ? VL_MZ_MS1_PROFILE
                                  : VL_MZ_MS1_UNKNOWN;
    return r->centroid == 1 ? VL_MZ_MSN_CENTROID : r->centroid == 0 ? VL_MZ_MSN_PROFILE : VL_MZ_MSN_UNKNOWN;
}

/* Puts "spectrum 'scan=7', array mz: " before what went wrong with an array, and its place. */
static vl_code name_array(const vl_mz_record *r, const vl_xml *x, const vl_mz_array *a, vl_err *err)
{
    char what[sizeof err->what], kind[40];
    memcpy(what, err->what, sizeof what);
    vl_mz_kind_name(a->kind, kind, sizeof kind);
    snprintf(err->what, sizeof err->what, "%s '%.*s', array %s: %.120s", vl_mz_element_name(r->what),
             (int)(r->id.n < 60 ? r->id.n : 60), (const char *)r->id.at, kind, what);
    const size_t at = a->text.at ? (size_t)(a->text.at - x->data) : r->from;
    err->offset = x->offset + at;
    return err->code;
}

static vl_code push_arrays(vl_mz_record *r, const vl_xml *x, vl_mz_coder *coder, vl_batch *out, vl_err *err)
{
    const vl_mz_class class = class_of(r);
    for (size_t i = 0; i < r->narray; i++)
        if (vl_mz_array_push(coder, &r->array[i], class, out, err))
            return name_array(r, x, &r->array[i], err);
    return VL_OK;
}

/* Bytes of the record's text in the skeleton. */
static vl_code length_of(const vl_mz_record *r, const vl_batch *out, uint32_t *length, vl_err *err)
{
    const uint64_t n = out->col[VL_SP_SKELETON].data.len - r->text_at;
    if (n > UINT32_MAX) return vl_fail(err, VL_EUNSUP, "%s with 4 GiB of text", vl_mz_element_name(r->what));
    *length = (uint32_t)n;
    return VL_OK;
}

vl_code vl_mz_push_spectrum(const vl_mz_record *r, uint64_t array_at, vl_batch *out, vl_err *err)
{
    uint32_t text_length = 0;
    if (length_of(r, out, &text_length, err)) return err->code;
    const uint8_t level = (uint8_t)r->ms_level;
    const uint16_t narray = (uint16_t)(out->nrow[VL_SPT_ARRAY] - array_at);
    const cell cells[] = { { VL_SP_MS_LEVEL, &level },
                           { VL_SP_TIME, &r->time },
                           { VL_SP_POLARITY, &r->polarity },
                           { VL_SP_CENTROID, &r->centroid },
                           { VL_SP_TIC, &r->tic },
                           { VL_SP_BASE_PEAK_MZ, &r->base_mz },
                           { VL_SP_BASE_PEAK_INTENSITY, &r->base_intensity },
                           { VL_SP_SCAN_LOW, &r->low },
                           { VL_SP_SCAN_HIGH, &r->high },
                           { VL_SP_MOBILITY, &r->mobility },
                           { VL_SP_INJECTION_TIME, &r->injection },
                           { VL_SP_FAIMS, &r->faims },
                           { VL_SP_X, &r->position[0] },
                           { VL_SP_Y, &r->position[1] },
                           { VL_SP_Z, &r->position[2] },
                           { VL_SP_ARRAY_LENGTH, &r->array_length },
                           { VL_SP_TEXT_AT, &r->text_at },
                           { VL_SP_TEXT_LENGTH, &text_length },
                           { VL_SP_ARRAY_AT, &array_at },
                           { VL_SP_ARRAY_COUNT, &narray } };
    if (vl_push_row(out, VL_SP_ID, r->id.at, r->id.n, err)) return err->code;
    out->nrow[VL_SPT_SPECTRUM]++;
    return push_cells(out, cells, sizeof cells / sizeof *cells, err);
}

static vl_code push_chromatogram(const vl_mz_record *r, uint64_t array_at, vl_batch *out, vl_err *err)
{
    uint32_t text_length = 0;
    if (length_of(r, out, &text_length, err)) return err->code;
    const uint16_t narray = (uint16_t)(out->nrow[VL_SPT_ARRAY] - array_at);
    const cell cells[] = { { VL_SP_CHROM_KIND, &r->kind },
                           { VL_SP_CHROM_PRECURSOR_MZ, &r->precursor_mz },
                           { VL_SP_CHROM_PRODUCT_MZ, &r->product_mz },
                           { VL_SP_CHROM_ARRAY_LENGTH, &r->array_length },
                           { VL_SP_CHROM_TEXT_AT, &r->text_at },
                           { VL_SP_CHROM_TEXT_LENGTH, &text_length },
                           { VL_SP_CHROM_ARRAY_AT, &array_at },
                           { VL_SP_CHROM_ARRAY_COUNT, &narray } };
    if (vl_push_row(out, VL_SP_CHROM_ID, r->id.at, r->id.n, err)) return err->code;
    out->nrow[VL_SPT_CHROMATOGRAM]++;
    return push_cells(out, cells, sizeof cells / sizeof *cells, err);
}

/* Of a record whose arrays are outside, defaultArrayLength is 0 as a rule: what the first of them has counts.
 * Those of its peaks must be equally long. */
static void compare_outside(vl_mz_record *r, vl_batch *out)
{
    uint64_t n[2] = { UINT64_MAX, UINT64_MAX };
    bool first = true;
    for (size_t i = 0; i < r->narray; i++) {
        const vl_mz_array *const a = &r->array[i];
        if (!a->outside) continue;
        if (first) r->array_length = a->nvalue;
        first = false;
        if (a->kind == 1000514 || a->kind == 1000515) n[a->kind == 1000515] = a->nvalue;
    }
    if (n[0] != UINT64_MAX && n[1] != UINT64_MAX) out->counter[VL_SPC_ARRAY_LENGTH] += n[0] != n[1];
}

vl_code vl_mz_record_end(vl_mz_record *r, const vl_xml *x, vl_mz_coder *coder, vl_batch *out, vl_err *err)
{
    const uint64_t array_at = out->nrow[VL_SPT_ARRAY];
    if (push_arrays(r, x, coder, out, err)) return err->code;
    compare_outside(r, out);
    if (out->nrow[VL_SPT_ARRAY] - array_at > ARRAYS_MOST)
        return vl_xml_fail(x, r->from, VL_EUNSUP, err, "more than %d arrays in one record", ARRAYS_MOST);
    if (r->what == VL_MZ_SPECTRUM ? vl_mz_push_spectrum(r, array_at, out, err)
                                  : push_chromatogram(r, array_at, out, err))
        return vl_err_at(err, NULL, x->offset + r->from, VL_NOWHERE);
    r->what = VL_MZ_ANY;
    return VL_OK;
}
