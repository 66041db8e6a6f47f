/* xic: intensity over time of ions, from the peaks of spectra (xic.h). */
#include "pipeline/spectra/xic.h"
#include "pipeline/spectra/spectra_summaries.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static vl_code choose_form(const vl_xic_asked *ask, const vl_xic_form **out, vl_err *err)
{
    *out = vl_xic_forms[0];
    for (int i = 0; ask->form && vl_xic_forms[i]; i++) {
        *out = vl_xic_forms[i];
        if (!strcmp(ask->form, (*out)->name)) break;
        *out = NULL;
    }
    if (!*out)
        return vl_fail(err, VL_EARG, "-O: traces are printed as tsv, json, mzml, svg, not as '%.40s'",
                       ask->form);
    if (ask->total && !(*out)->totals) return vl_fail(err, VL_EARG, "--total goes with -O tsv or json");
    return VL_OK;
}

static vl_code print(vl_summary_job *job, vl_err *err)
{
    vl_xic x = { .job = job, .asked = job->asked };
    const vl_xic_form *form = NULL;
    if (!choose_form(x.asked, &form, err) && !vl_xic_ask(&x, err) && !vl_xic_choose(&x, err))
        vl_xic_print(&x, form, err);
    vl_buf *const all[] = {
        &x.file, &x.target_mz, &x.lower, &x.upper, &x.time_text, &x.time_end, &x.collected
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) vl_buf_free(all[i]);
    free(x.target);
    free(x.row);
    free(x.order);
    free(x.value);
    return err->code;
}

static void defaults(void *asked)
{
    *(vl_xic_asked *)asked =
        (vl_xic_asked){ .isolation = (double)NAN, .mobility = { (double)NAN, (double)NAN } };
}

#define AT(member) offsetof(vl_xic_asked, member)
static const vl_opt options[] = {
    { 0, "mz", VL_OPT_TEXT, NULL, "MZ", "the trace of this m/z", AT(mz), NULL },
    { 0, "targets", VL_OPT_TEXT, NULL, "FILE", "one of each line of a table; see below", AT(targets), NULL },
    { 0, "tol", VL_OPT_TEXT, NULL, "T", "around m/z, both ways: 10ppm (default), 0.02Th, 0.02", AT(tolerance),
      NULL },
    { 0, "tic", VL_OPT_FLAG, NULL, NULL, "the sum of all peaks of each spectrum", AT(tic), NULL },
    { 0, "bpc", VL_OPT_FLAG, NULL, NULL, "the highest peak of each spectrum", AT(bpc), NULL },
    { 0, "time", VL_OPT_TEXT, NULL, "A-B", "spectra of this time: 600-660 in seconds, 10m-11m", AT(time),
      NULL },
    { 0, "ms-level", VL_OPT_COUNT, NULL, "N", "spectra of this MS level; default: 1", AT(level), NULL },
    { 0, "isolation", VL_OPT_NUMBER, NULL, "MZ",
      "spectra an isolation window of which has this m/z; of any MS level", AT(isolation), NULL },
    { 0, "mobility", VL_OPT_INTERVAL, NULL, "A-B", "peaks, or spectra, of this ion mobility", AT(mobility),
      NULL },
    { 0, "agg", VL_OPT_CHOICE, NULL, "A", "of the peaks in the window: sum or max", AT(highest), "sum max" },
    { 0, "total", VL_OPT_FLAG, NULL, NULL, "a line a target, not one a spectrum", AT(total), NULL },
    { 'O', "output-format", VL_OPT_TEXT, NULL, "F", "tsv (default), json, mzml, svg", AT(form), NULL },
    { .name = "" },
};
#undef AT

const vl_summary vl_spectra_xic = {
    .name = "xic",
    .doc = "intensity over time of ions, from the peaks of spectra",
    .more =
        "A line a target and spectrum: target, time in seconds, intensity: the sum of the peaks from m/z - T "
        "to m/z + T, ends\n"
        "included, or the highest of them; 0 where there is none. Spectra without a time have an empty "
        "field, as have those\n"
        "whose arrays nobody can read. With --total a line a target: target, mz, n_spectra, sum, max, "
        "time_of_max.\n"
        "FILE has a first line with the names of columns, between tabulators or commas: mz, and any of name, "
        "tol,\n"
        "time_start, time_end, ms_level, isolation; what a line leaves empty is as the options say. Times "
        "are seconds, 12m\n"
        "minutes. As mzML, a document of these chromatograms; as svg, a drawing of up to 24.\n"
        "An isolation window reaches from its target by its offsets. Traces that the document has itself "
        "are printed by\n"
        "'vial view --chromatogram'.\n"
        "Examples:\n"
        "  vial xic --mz 445.12 --tol 10ppm run7.h5\n"
        "  vial xic --targets peptides.tsv --total run7.h5 -o areas.tsv\n"
        "  vial xic --mz 445.12 --time 10m-12m -O svg run7.h5 -o ion.svg\n"
        "  vial xic --tic --bpc run7.h5\n",
    .option = options,
    .size = sizeof(vl_xic_asked),
    .defaults = defaults,
    .print = print,
};
