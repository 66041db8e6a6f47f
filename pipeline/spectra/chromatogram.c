/* One chromatogram of a load: its time in seconds and all its other arrays, with names and units. */
#include "pipeline/spectra/chromatograms_view.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *vl_chromatogram_kind(uint32_t term)
{
    static const struct {
        uint32_t term;
        const char *name;
    } known[] = { { 1000235, "total ion current" },
                  { 1000627, "selected ion current" },
                  { 1000628, "base peak" },
                  { 1000810, "ion current" },
                  { 1000811, "electromagnetic radiation" },
                  { 1000812, "absorption" },
                  { 1000813, "emission" },
                  { 1001472, "selected ion monitoring" },
                  { 1001473, "selected reaction monitoring" },
                  { 1001474, "consecutive reaction monitoring" },
                  { 1002715, "temperature" },
                  { 1003019, "pressure" },
                  { 1003020, "flow rate" },
                  { 4000025, "precursor ion current" } };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].term == term) return known[i].name;
    return "";
}

static bool is_time(const vl_piece_column *column) { return !strcmp(column->role, "time array"); }

/* The unit of a time: what the document says, else the column's. */
static uint32_t time_unit(const vl_mzml_word *word, const vl_piece_column *column)
{
    static const struct {
        const char *symbol;
        uint32_t term;
    } known[] = { { "min", VL_MZML_UO | 31 }, { "s", VL_MZML_UO | 10 }, { "ms", VL_MZML_UO | 28 } };
    if (word && word->unit) return word->unit;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (!strcmp(column->unit, known[i].symbol)) return known[i].term;
    return 0;
}

static vl_code take_time(vl_chromatogram_load *l, const vl_array *a, const vl_mzml_word *word, vl_err *err)
{
    const uint32_t unit = time_unit(word, a->column);
    bool none;
    if (vl_array_numbers(a, &l->time, &none, err)) return err->code;
    l->single_time = a->column->type == VL_F32;
    if (none) l->time.len = 0;
    for (size_t k = 0; k < l->time.len / 8; k++) {
        double t = vl_mzml_seconds(unit, vl_value_at(&l->time, k), l->single_time);
        if (l->single_time) t = (double)(float)t;
        memcpy(l->time.data + 8 * k, &t, 8);
    }
    return VL_OK;
}

/* "intensity" of "intensity array"; what the document calls it where that is no standard array. */
static vl_cell name_of(const vl_mzml_words *w, const vl_mzml_word *word, const vl_piece_column *column)
{
    const char *const role = column->role;
    const size_t n = strlen(role);
    if (word && word->nname) return (vl_cell){ w->text.data + word->name, word->nname };
    if (!n) return vl_array_word(column);
    return (vl_cell){ (const uint8_t *)role, n > 6 && !strcmp(role + n - 6, " array") ? n - 6 : n };
}

/* The document's own word; the term where it has none; of no document, the column's. */
static vl_cell unit_of(const vl_mzml_words *w, const vl_mzml_word *word, const vl_piece_column *column,
                       char accession[16])
{
    if (word && word->nsymbol) return (vl_cell){ w->text.data + word->symbol, word->nsymbol };
    if (word && word->unit)
        snprintf(accession, 16, "%s:%07" PRIu32, word->unit & VL_MZML_UO ? "UO" : "MS",
                 word->unit & (VL_MZML_UO - 1));
    else snprintf(accession, 16, "%s", word ? "" : column->unit);
    return (vl_cell){ (const uint8_t *)accession, strlen(accession) };
}

/* Room for n arrays, so that none of them moves. */
static vl_code make_room(vl_chromatogram_load *l, size_t n, vl_err *err)
{
    l->narray = 0;
    if (n <= l->carray) return VL_OK;
    vl_chromatogram_array *const p = realloc(l->array, n * sizeof *p);
    if (!p) return vl_fail(err, VL_ENOMEM, "no memory for %zu arrays", n);
    memset(p + l->carray, 0, (n - l->carray) * sizeof *p);
    l->array = p;
    l->carray = n;
    return VL_OK;
}

static vl_code take_array(vl_chromatogram_load *l, const vl_array *a, const vl_mzml_word *word, vl_err *err)
{
    vl_chromatogram_array *const to = &l->array[l->narray++];
    to->single = a->column->type == VL_F32;
    to->name = name_of(&l->words, word, a->column);
    to->unit = unit_of(&l->words, word, a->column, to->accession);
    return vl_array_numbers(a, &to->value, &to->none, err);
}

vl_code vl_chromatogram_take(const vl_viewer *v, vl_load *load, size_t i, vl_err *err)
{
    const vl_chromatograms_own *const o = v->own;
    vl_chromatogram_load *const l = load->own;
    size_t first, n;
    vl_cell text;
    bool timed = false;
    l->time.len = l->words.n = 0;
    if (vl_record_arrays(load, &l->run, i, &first, &n, err) || vl_record_text(load, &l->run, i, &text, err) ||
        make_room(l, n, err))
        return err->code;
    if (o->groups.head.len && vl_mzml_words_read(&o->groups, text.at, text.n, &l->words, err))
        return err->code == VL_ENOMEM
                   ? err->code
                   : vl_fail(err, VL_ESTORE, "chromatogram %" PRIu64 ": its text is no XML", load->first + i);
    for (size_t k = 0; k < n && !err->code; k++) {
        const vl_array a = vl_array_of(&load->plan.batch, first + k);
        const vl_mzml_word *const word = l->words.n == n ? &l->words.array[k] : NULL;
        if (!timed && is_time(a.column)) take_time(l, &a, word, err);
        else take_array(l, &a, word, err);
        timed |= is_time(a.column);
    }
    return err->code;
}
