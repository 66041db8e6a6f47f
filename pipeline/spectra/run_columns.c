/* Columns of a run in memory (run_columns.h), and the middle of numbers. */
#include "pipeline/spectra/run_columns.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static vl_code load(vl_reader *r, int field, size_t n, vl_buf *out, vl_err *err)
{
    vl_work work = { 0 };
    const int column = vl_reader_column(r, field);
    if (column >= 0 && n) vl_reader_elements(r, column, 0, n, out, &work, err);
    vl_work_free(&work);
    return err->code;
}

vl_code vl_run_columns_load(vl_run_columns *c, vl_reader *r, vl_err *err)
{
    c->nspectrum = vl_reader_nrow(r, VL_SPT_SPECTRUM);
    c->nchromatogram = vl_reader_nrow(r, VL_SPT_CHROMATOGRAM);
    c->nprecursor = vl_reader_nrow(r, VL_SPT_PRECURSOR);
    c->nion = vl_reader_nrow(r, VL_SPT_SELECTED_ION);
    const struct {
        int field;
        size_t n;
        vl_buf *to;
    } want[] = { { VL_SP_MS_LEVEL, c->nspectrum, &c->level },
                 { VL_SP_TIME, c->nspectrum, &c->time },
                 { VL_SP_POLARITY, c->nspectrum, &c->polarity },
                 { VL_SP_CENTROID, c->nspectrum, &c->centroid },
                 { VL_SP_TIC, c->nspectrum, &c->tic },
                 { VL_SP_BASE_PEAK_INTENSITY, c->nspectrum, &c->peak },
                 { VL_SP_SCAN_LOW, c->nspectrum, &c->low },
                 { VL_SP_SCAN_HIGH, c->nspectrum, &c->high },
                 { VL_SP_INJECTION_TIME, c->nspectrum, &c->injection },
                 { VL_SP_ARRAY_LENGTH, c->nspectrum, &c->length },
                 { VL_SP_ION_MZ, c->nion, &c->ion_mz },
                 { VL_SP_ION_CHARGE, c->nion, &c->charge },
                 { VL_SP_ION_INTENSITY, c->nion, &c->ion_intensity },
                 { VL_SP_ION_SPECTRUM, c->nion, &c->ion_of },
                 { VL_SP_PREC_TARGET, c->nprecursor, &c->target },
                 { VL_SP_PREC_LOWER, c->nprecursor, &c->lower },
                 { VL_SP_PREC_UPPER, c->nprecursor, &c->upper },
                 { VL_SP_PREC_COLLISION_ENERGY, c->nprecursor, &c->energy },
                 { VL_SP_PREC_SPECTRUM, c->nprecursor, &c->target_of },
                 { VL_SP_CHROM_PRECURSOR_MZ, c->nchromatogram, &c->trace_precursor },
                 { VL_SP_CHROM_PRODUCT_MZ, c->nchromatogram, &c->trace_product },
                 { VL_SP_CHROM_ARRAY_LENGTH, c->nchromatogram, &c->trace_length } };
    for (size_t i = 0; i < sizeof want / sizeof *want; i++)
        if (load(r, want[i].field, want[i].n, want[i].to, err)) return err->code;
    return VL_OK;
}

void vl_run_columns_free(vl_run_columns *c)
{
    vl_buf *const all[] = { &c->level,         &c->time,          &c->polarity,  &c->centroid,
                            &c->tic,           &c->peak,          &c->injection, &c->length,
                            &c->low,           &c->high,          &c->ion_mz,    &c->charge,
                            &c->ion_of,        &c->ion_intensity, &c->target,    &c->lower,
                            &c->upper,         &c->energy,        &c->target_of, &c->trace_precursor,
                            &c->trace_product, &c->trace_length };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) vl_buf_free(all[i]);
}

double vl_run_number(const vl_buf *b, size_t i)
{
    double v;
    if (8 * i + 8 > b->len) return (double)NAN;
    memcpy(&v, b->data + 8 * i, 8);
    return v;
}

uint64_t vl_run_whole(const vl_buf *b, size_t i)
{
    return 8 * i + 8 <= b->len ? vl_le64(b->data + 8 * i) : 0;
}

int vl_run_level(const vl_run_columns *c, size_t i) { return i < c->level.len ? c->level.data[i] : 0; }

int vl_run_charge(const vl_run_columns *c, size_t i)
{
    return i < c->charge.len ? (int8_t)c->charge.data[i] : 0;
}

bool vl_run_is_empty(const vl_run_columns *c, size_t i)
{
    return !vl_run_whole(&c->length, i) || vl_run_number(&c->tic, i) == 0;
}

size_t vl_run_count(const vl_run_columns *c, int level)
{
    size_t n = 0;
    for (size_t i = 0; i < c->nspectrum; i++) n += vl_run_level(c, i) == level;
    return n;
}

/* ---- the middle of numbers ---- */

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double quantile(const double *sorted, size_t n, double share)
{
    const double at = share * (double)(n - 1);
    const size_t i = (size_t)at;
    return i + 1 < n ? sorted[i] + (at - (double)i) * (sorted[i + 1] - sorted[i]) : sorted[n - 1];
}

vl_spread vl_spread_of(double *v, size_t n)
{
    const double none = (double)NAN;
    vl_spread s = { n, none, none, { none, none, none }, none };
    double sum = 0;
    if (!n) return s;
    qsort(v, n, sizeof *v, ascending);
    for (size_t i = 0; i < n; i++) sum += v[i];
    s.mean = sum / (double)n;
    s.least = v[0];
    s.most = v[n - 1];
    for (int q = 0; q < 3; q++) s.quartile[q] = quantile(v, n, (q + 1) / 4.);
    return s;
}

double vl_median(double *v, size_t n)
{
    if (!n) return (double)NAN;
    qsort(v, n, sizeof *v, ascending);
    return quantile(v, n, 0.5);
}

double vl_run_cycle(const vl_run_columns *c, double *room)
{
    double before = (double)NAN;
    size_t n = 0;
    for (size_t i = 0; i < c->nspectrum; i++) {
        const double t = vl_run_number(&c->time, i);
        if (vl_run_level(c, i) != 1 || !isfinite(t)) continue;
        if (t > before) room[n++] = t - before;
        before = t;
    }
    return vl_median(room, n);
}
