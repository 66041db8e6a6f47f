/* Quality control of a run (mass_qc.h): what is known of it, and the list of its numbers. */
#include "pipeline/spectra/mass_qc.h"

#include "pipeline/run/run.h"

#include <math.h>
#include <stdio.h>

static vl_code load(vl_mass_qc *q, vl_reader *r, bool currents, vl_err *err)
{
    if (vl_run_columns_load(&q->columns, r, err)) return err->code;
    if (currents && vl_run_currents_count(&q->columns, r, vl_cores(), err)) return err->code;
    if (vl_run_qc_count(&q->run, &q->columns, err)) return err->code;
    return vl_background_find(&q->background, &q->columns, &q->run, r, vl_cores(), err);
}

vl_code vl_mass_qc_open(vl_mass_qc *q, vl_store *st, bool currents, char note[VL_QC_NOTE], vl_err *err)
{
    vl_reader *r = NULL;
    const vl_kind *kind;
    *q = (vl_mass_qc){ 0 };
    if (!vl_kind_of(&kind, st, err) && !vl_reader_open(&r, st, kind->schema, kind->old, err))
        load(q, r, currents, err);
    vl_reader_close(r);
    if (!err->code && q->columns.ncounted)
        snprintf(note, VL_QC_NOTE, "of %zu spectra the total ion current was counted from their peaks",
                 q->columns.ncounted);
    return err->code;
}

void vl_mass_qc_free(vl_mass_qc *q)
{
    vl_run_columns_free(&q->columns);
    vl_run_qc_free(&q->run);
    vl_background_free(&q->background);
}

/* ---- the list ---- */

typedef struct list {
    vl_mass_number *number;
    int n;
} list;

static void add(list *l, const char *name, const char *unit, double value)
{
    if (l->n >= VL_MASS_NUMBERS) return;
    vl_mass_number *const to = &l->number[l->n++];
    *to = (vl_mass_number){ .unit = unit, .value = value };
    snprintf(to->name, sizeof to->name, "%s", name);
}

/* Quartiles: "_q1", "_median", "_q3". */
static void add_quartiles(list *l, const char *name, const char *unit, const vl_spread *s)
{
    static const char *const end[] = { "q1", "median", "q3" };
    char all[32];
    for (int k = 0; k < 3; k++) {
        snprintf(all, sizeof all, "%.24s_%s", name, end[k]);
        add(l, all, unit, s->quartile[k]);
    }
}

static void add_level(list *l, const vl_level_qc *level)
{
    const struct {
        const char *name, *unit;
        double value;
    } one[] = { { "spectra", "", (double)level->spectra },
                { "positive", "", (double)level->positive },
                { "negative", "", (double)level->negative },
                { "centroid", "", (double)level->centroid },
                { "empty", "", (double)level->empty },
                { "rate", "Hz", level->rate },
                { "peaks", "", level->points },
                { "tic_area", "counts s", level->tic_area },
                { "tic_most", "counts", level->tic.most },
                { "bpc_area", "counts s", level->base_area },
                { "bpc_most", "counts", level->base.most },
                { "tic_gained_q1", "s", level->gained[0] },
                { "tic_gained_median", "s", level->gained[1] },
                { "tic_gained_q3", "s", level->gained[2] },
                { "bpc_gained_q1", "s", level->base_gained[0] },
                { "bpc_gained_median", "s", level->base_gained[1] },
                { "bpc_gained_q3", "s", level->base_gained[2] },
                { "injection_mean", "ms", level->injection.mean } };
    char prefix[16] = "no_level", name[32];
    if (level->level) snprintf(prefix, sizeof prefix, "ms%d", level->level);
    for (size_t i = 0; i < sizeof one / sizeof *one; i++) {
        snprintf(name, sizeof name, "%s_%s", prefix, one[i].name);
        add(l, name, one[i].unit, one[i].value);
    }
    snprintf(name, sizeof name, "%s_peaks", prefix);
    add_quartiles(l, name, "", &level->peaks);
    snprintf(name, sizeof name, "%s_tic", prefix);
    add_quartiles(l, name, "counts", &level->tic);
    snprintf(name, sizeof name, "%s_injection", prefix);
    add_quartiles(l, name, "ms", &level->injection);
}

static void add_run(list *l, const vl_run_qc *q, size_t counted)
{
    add(l, "spectra", "", (double)q->spectra);
    add(l, "chromatograms", "", (double)q->chromatograms);
    add(l, "transitions", "", (double)q->transitions);
    add_quartiles(l, "chromatogram_points", "", &q->trace);
    add(l, "precursors", "", (double)q->precursors);
    add(l, "selected_ions", "", (double)q->ions);
    add(l, "time_from", "s", q->from);
    add(l, "time_to", "s", q->to);
    add(l, "duration", "s", q->to - q->from);
    add(l, "scan_low", "Th", q->low);
    add(l, "scan_high", "Th", q->high);
    add(l, "cycle", "s", q->cycle);
    add_quartiles(l, "msn_a_cycle", "", &q->top);
    add(l, "tic_counted", "", (double)counted);
    add(l, "tic_jumps", "", (double)q->jumps);
    add(l, "tic_falls", "", (double)q->falls);
    add(l, "dead_before", "s", q->dead.before);
    add(l, "dead_gap", "s", q->dead.gap);
    add(l, "dead_gap_from", "s", q->dead.gap_from);
    add(l, "dead_after", "s", q->dead.after);
}

static void add_precursors(list *l, const vl_run_qc *q)
{
    add(l, "charges_given", "", (double)q->charges.n);
    add(l, "charges_not_given", "", (double)q->charge[128]);
    add(l, "charge_mean", "", q->charges.mean);
    add(l, "charge_median", "", q->charges.quartile[1]);
    add(l, "precursor_mz_least", "Th", q->chosen_mz.least);
    add(l, "precursor_mz_most", "Th", q->chosen_mz.most);
    add_quartiles(l, "precursor_intensity", "counts", &q->chosen);
    add(l, "isolation_width_least", "Th", q->width.least);
    add_quartiles(l, "isolation_width", "Th", &q->width);
    add(l, "isolation_width_most", "Th", q->width.most);
    add(l, "windows", "", (double)q->nwindow);
    add(l, "window_cycle", "s", q->again.quartile[1]);
}

int vl_mass_numbers(const vl_mass_qc *q, vl_mass_number *number)
{
    list l = { number, 0 };
    add_run(&l, &q->run, q->columns.ncounted);
    add_precursors(&l, &q->run);
    add(&l, "background_ions", "", (double)q->background.nion);
    add(&l, "mass_error", "ppm", q->background.error);
    add(&l, "mass_drift", "ppm", q->background.drift);
    for (int k = 0; k < q->run.nlevel; k++) add_level(&l, &q->run.level[k]);
    return l.n;
}
