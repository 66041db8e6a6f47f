/*
 * One spectrum of a load: its parent ion, its scan number, its peaks as doubles. What the forms print, and
 * spectra_view.c selects by.
 */
#include "pipeline/spectra/spectra_view.h"
#include "pipeline/spectra/tolerance.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The first of n ascending numbers that is not below key. */
static size_t lower_bound(const vl_buf *sorted, size_t n, uint64_t key)
{
    size_t from = 0;
    while (n) {
        const size_t half = n / 2;
        if (vl_le64(sorted->data + 8 * (from + half)) < key) {
            from += half + 1;
            n -= half + 1;
        } else {
            n = half;
        }
    }
    return from;
}

/* Rows of a table that are of one spectrum: the first, and the one behind the last. */
static void rows_of(const vl_buf *of, size_t n, uint64_t spectrum, size_t *from, size_t *to)
{
    *from = lower_bound(of, n, spectrum);
    for (*to = *from; *to < n && vl_le64(of->data + 8 * *to) == spectrum;) ++*to;
}

/* Some writers say 0 where they know none. */
static bool is_ion(const vl_ions *ions, size_t i) { return vl_value_at(&ions->mz, i) > 0; }

vl_parent vl_parent_of(const vl_ions *ions, uint64_t spectrum)
{
    vl_parent p = { .mz = NAN, .intensity = NAN };
    rows_of(&ions->ion_of, ions->nion, spectrum, &p.ion, &p.ion_end);
    rows_of(&ions->precursor_of, ions->nprecursor, spectrum, &p.precursor, &p.precursor_end);
    p.chosen = p.ion;
    while (p.chosen < p.ion_end && !is_ion(ions, p.chosen)) p.chosen++;
    if (p.chosen < p.ion_end) {
        p.mz = vl_value_at(&ions->mz, p.chosen);
        p.intensity = vl_value_at(&ions->intensity, p.chosen);
    } else if (p.precursor < p.precursor_end) {
        p.mz = vl_value_at(&ions->target, p.precursor);
        p.chosen = p.ion;
    }
    if (p.chosen < p.ion_end) p.charge = (int8_t)ions->charge.data[p.chosen];
    return p;
}

void vl_parent_in(const vl_ions *ions, size_t precursor, vl_parent *p)
{
    const size_t of = p->ion_end;
    size_t any = of;
    p->chosen = of;
    for (size_t k = p->ion; k < of && p->chosen == of; k++) {
        if (vl_le64(ions->of_precursor.data + 8 * k) != precursor) continue;
        if (any == of) any = k;
        if (is_ion(ions, k)) p->chosen = k;
    }
    const bool known = p->chosen < of;
    p->mz = vl_value_at(known ? &ions->mz : &ions->target, known ? p->chosen : precursor);
    p->intensity = known ? vl_value_at(&ions->intensity, p->chosen) : (double)NAN;
    if (!known) p->chosen = any;
    p->charge = p->chosen < of ? (int8_t)ions->charge.data[p->chosen] : 0;
}

/* Whether any ion of the spectrum, or without ions any target, is within the tolerance. */
bool vl_has_precursor(const vl_ions *ions, uint64_t spectrum, double mz, double within)
{
    bool any = false;
    for (size_t i = lower_bound(&ions->ion_of, ions->nion, spectrum);
         i < ions->nion && vl_le64(ions->ion_of.data + 8 * i) == spectrum; i++) {
        if (!is_ion(ions, i)) continue;
        any = true;
        if (fabs(vl_value_at(&ions->mz, i) - mz) <= within) return true;
    }
    for (size_t i = lower_bound(&ions->precursor_of, ions->nprecursor, spectrum);
         !any && i < ions->nprecursor && vl_le64(ions->precursor_of.data + 8 * i) == spectrum; i++)
        if (fabs(vl_value_at(&ions->target, i) - mz) <= within) return true;
    return false;
}

bool vl_isolates(const vl_ions *ions, uint64_t spectrum, double mz)
{
    size_t from, to;
    rows_of(&ions->precursor_of, ions->nprecursor, spectrum, &from, &to);
    for (size_t i = from; i < to; i++)
        if (vl_is_in_window(mz, vl_value_at(&ions->target, i), vl_value_at(&ions->lower, i),
                            vl_value_at(&ions->upper, i)))
            return true;
    return false;
}

bool vl_has_energy(const vl_ions *ions, uint64_t spectrum, const double range[2])
{
    size_t from, to;
    rows_of(&ions->precursor_of, ions->nprecursor, spectrum, &from, &to);
    for (size_t i = from; i < to; i++) {
        const double energy = vl_value_at(&ions->energy, i);
        if (energy >= range[0] && energy <= range[1]) return true;
    }
    return false;
}

bool vl_has_charge(const vl_ions *ions, uint64_t spectrum, int charge)
{
    size_t from, to;
    rows_of(&ions->ion_of, ions->nion, spectrum, &from, &to);
    for (size_t i = from; i < to; i++) {
        if (abs((int8_t)ions->charge.data[i]) == charge) return true;
        const uint64_t end = vl_le64(ions->possible_end.data + 8 * i + 8);
        for (uint64_t k = vl_le64(ions->possible_end.data + 8 * i); k < end; k++)
            if (abs((int8_t)ions->possible.data[k]) == charge) return true;
    }
    return false;
}

bool vl_scan_number(const uint8_t *id, size_t n, uint64_t *number)
{
    static const char *const word[] = { "scan=", "scanId=", "spectrum=" };
    for (size_t w = 0; w < sizeof word / sizeof *word; w++) {
        const size_t len = strlen(word[w]);
        for (size_t i = 0; i + len < n; i++) {
            if ((i && id[i - 1] != ' ') || memcmp(id + i, word[w], len)) continue;
            size_t k = i + len;
            for (*number = 0; k < n && id[k] >= '0' && id[k] <= '9' && *number < UINT64_MAX / 16; k++)
                *number = 10 * *number + (uint64_t)(id[k] - '0');
            if (k > i + len) return true;
        }
    }
    return false;
}

size_t vl_peak_count(const vl_load *load)
{
    const vl_spectra_load *const l = load->own;
    const size_t a = l->mz.len / 8, b = l->intensity.len / 8;
    return a && b ? (a < b ? a : b) : a + b;
}

vl_code vl_load_peaks(const vl_viewer *v, vl_load *load, size_t i, vl_err *err)
{
    vl_spectra_load *const l = load->own;
    const vl_batch *const b = &load->plan.batch;
    size_t first, n;
    l->mz.len = l->intensity.len = 0;
    l->no_mz = l->no_intensity = false;
    if (vl_record_arrays(load, &l->run, i, &first, &n, err)) return err->code;
    for (size_t k = first; k < first + n; k++) {
        const vl_array a = vl_array_of(b, k);
        const bool mz = vl_is_mz(a.column);
        vl_buf *const to = mz ? &l->mz : vl_is_intensity(a.column) ? &l->intensity : NULL;
        if (!to || to->len) continue;
        if (vl_array_numbers(&a, to, mz ? &l->no_mz : &l->no_intensity, err)) return err->code;
        *(mz ? &l->single_mz : &l->single_intensity) = a.column->type == VL_F32;
    }
    const size_t nmz = l->mz.len / 8, nint = l->intensity.len / 8, most = nmz < nint ? nmz : nint;
    const double *const range = vl_spectra_asked_of(v)->mz;
    if (!((const vl_spectra_own *)v->own)->cut) return VL_OK;
    size_t kept = 0;
    for (size_t k = 0; k < most; k++) {
        const double mz = vl_value_at(&l->mz, k);
        if (!(mz >= range[0] && mz <= range[1])) continue;
        memmove(l->mz.data + 8 * kept, l->mz.data + 8 * k, 8);
        memmove(l->intensity.data + 8 * kept++, l->intensity.data + 8 * k, 8);
    }
    l->mz.len = l->intensity.len = 8 * kept;
    return VL_OK;
}
