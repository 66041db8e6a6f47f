/* The tables of mz5, and the peaks of a record (mz5.h). */
#include "pipeline/spectra/mz5.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define U16(name, type, member)                                                                              \
    {                                                                                                        \
        name, VL_WANTED_U16, offsetof(type, member), 0, NULL                                                 \
    }
#define U32(name, type, member)                                                                              \
    {                                                                                                        \
        name, VL_WANTED_U32, offsetof(type, member), 0, NULL                                                 \
    }
#define TEXT(name, type, member)                                                                             \
    {                                                                                                        \
        name, VL_WANTED_TEXT, offsetof(type, member), 0, NULL                                                \
    }
#define CHARS(name, type, member)                                                                            \
    {                                                                                                        \
        name, VL_WANTED_CHARS, offsetof(type, member), sizeof((type *)0)->member, NULL                       \
    }
#define ROW(name, type, member, form)                                                                        \
    {                                                                                                        \
        name, VL_WANTED_ROW, offsetof(type, member), 0, &form                                                \
    }
#define ROWS(name, type, member, form)                                                                       \
    {                                                                                                        \
        name, VL_WANTED_ROWS, offsetof(type, member), 0, &form                                               \
    }
#define FORM(type, members)                                                                                  \
    {                                                                                                        \
        sizeof(type), sizeof members / sizeof *members, members                                              \
    }

static const vl_foreign_member about_members[] = { U16("majorVersion", vl_mz5_about, major),
                                                   U16("minorVersion", vl_mz5_about, minor),
                                                   U16("deltaMZ", vl_mz5_about, steps) };
static const vl_foreign_form about = FORM(vl_mz5_about, about_members);

static const vl_foreign_member params_members[] = {
    U32("cvstart", vl_mz5_params, cv[0]),     U32("cvend", vl_mz5_params, cv[1]),
    U32("usrstart", vl_mz5_params, user[0]),  U32("usrend", vl_mz5_params, user[1]),
    U32("refstart", vl_mz5_params, group[0]), U32("refend", vl_mz5_params, group[1])
};
static const vl_foreign_form params = FORM(vl_mz5_params, params_members);

static const vl_foreign_member ref_members[] = { { "refID", VL_WANTED_U32, 0, 0, NULL } };
static const vl_foreign_form ref = FORM(uint32_t, ref_members);

static const vl_foreign_member cv_members[] = { TEXT("uri", vl_mz5_cv, uri),
                                                TEXT("fullname", vl_mz5_cv, name), TEXT("id", vl_mz5_cv, id),
                                                TEXT("version", vl_mz5_cv, version) };
static const vl_foreign_form cv = FORM(vl_mz5_cv, cv_members);

static const vl_foreign_member term_members[] = { TEXT("name", vl_mz5_term, name),
                                                  TEXT("prefix", vl_mz5_term, prefix),
                                                  U32("accession", vl_mz5_term, accession) };
static const vl_foreign_form term = FORM(vl_mz5_term, term_members);

static const vl_foreign_member param_members[] = { CHARS("value", vl_mz5_param, value),
                                                   U32("cvRefID", vl_mz5_param, term),
                                                   U32("uRefID", vl_mz5_param, unit) };
static const vl_foreign_form param = FORM(vl_mz5_param, param_members);

static const vl_foreign_member user_members[] = { CHARS("name", vl_mz5_user, name),
                                                  CHARS("value", vl_mz5_user, value),
                                                  CHARS("type", vl_mz5_user, type),
                                                  U32("uRefID", vl_mz5_user, unit) };
static const vl_foreign_form user = FORM(vl_mz5_user, user_members);

static const vl_foreign_member source_members[] = { TEXT("id", vl_mz5_named, id),
                                                    TEXT("location", vl_mz5_named, location),
                                                    TEXT("name", vl_mz5_named, name),
                                                    ROW("params", vl_mz5_named, params, params) };
static const vl_foreign_form source = FORM(vl_mz5_named, source_members);

static const vl_foreign_member group_members[] = { TEXT("id", vl_mz5_named, id),
                                                   ROW("params", vl_mz5_named, params, params) };
static const vl_foreign_form group = FORM(vl_mz5_named, group_members);

static const vl_foreign_member sample_members[] = { TEXT("id", vl_mz5_named, id),
                                                    TEXT("name", vl_mz5_named, name),
                                                    ROW("params", vl_mz5_named, params, params) };
static const vl_foreign_form sample = FORM(vl_mz5_named, sample_members);

static const vl_foreign_member software_members[] = { TEXT("id", vl_mz5_named, id),
                                                      TEXT("version", vl_mz5_named, version),
                                                      ROW("params", vl_mz5_named, params, params) };
static const vl_foreign_form software = FORM(vl_mz5_named, software_members);

static const vl_foreign_member component_members[] = { ROW("paramList", vl_mz5_component, params, params),
                                                       U32("order", vl_mz5_component, order) };
static const vl_foreign_form component = FORM(vl_mz5_component, component_members);

static const vl_foreign_member components_members[] = {
    { "sources", VL_WANTED_ROWS, 0, 0, &component },
    { "analyzers", VL_WANTED_ROWS, sizeof(vl_foreign_rows), 0, &component },
    { "detectors", VL_WANTED_ROWS, 2 * sizeof(vl_foreign_rows), 0, &component }
};
static const vl_foreign_form components = FORM(vl_foreign_rows[3], components_members);

static const vl_foreign_member instrument_members[] = {
    TEXT("id", vl_mz5_instrument, id), ROW("params", vl_mz5_instrument, params, params),
    ROW("components", vl_mz5_instrument, component, components),
    ROW("refSoftware", vl_mz5_instrument, software, ref)
};
static const vl_foreign_form instrument = FORM(vl_mz5_instrument, instrument_members);

static const vl_foreign_member method_members[] = { ROW("params", vl_mz5_method, params, params),
                                                    ROW("refSoftware", vl_mz5_method, software, ref),
                                                    U32("order", vl_mz5_method, order) };
static const vl_foreign_form method = FORM(vl_mz5_method, method_members);

static const vl_foreign_member processing_members[] = { TEXT("id", vl_mz5_processing, id),
                                                        ROWS("method", vl_mz5_processing, method, method) };
static const vl_foreign_form processing = FORM(vl_mz5_processing, processing_members);

static const vl_foreign_member run_members[] = { TEXT("id", vl_mz5_run, id),
                                                 TEXT("startTimeStamp", vl_mz5_run, start),
                                                 ROW("params", vl_mz5_run, params, params),
                                                 ROW("refSpectrumDP", vl_mz5_run, spectra_processing, ref),
                                                 ROW("refChromatogramDP", vl_mz5_run, chromatogram_processing,
                                                     ref),
                                                 ROW("refDefaultInstrument", vl_mz5_run, instrument, ref),
                                                 ROW("refSourceFile", vl_mz5_run, file, ref),
                                                 ROW("refSample", vl_mz5_run, sample, ref) };
static const vl_foreign_form run = FORM(vl_mz5_run, run_members);

static const vl_foreign_member scan_members[] = { TEXT("externalSpectrumID", vl_mz5_scan, external),
                                                  ROW("params", vl_mz5_scan, params, params),
                                                  ROWS("scanWindowList", vl_mz5_scan, window, params),
                                                  ROW("refInstrumentConfiguration", vl_mz5_scan, instrument,
                                                      ref),
                                                  ROW("refSourceFile", vl_mz5_scan, file, ref),
                                                  ROW("refSpectrum", vl_mz5_scan, spectrum, ref) };
static const vl_foreign_form scan = FORM(vl_mz5_scan, scan_members);

typedef struct scans {
    vl_mz5_params params;
    vl_foreign_rows scan;
} scans;
static const vl_foreign_member scans_members[] = { ROW("params", scans, params, params),
                                                   ROWS("scanList", scans, scan, scan) };
static const vl_foreign_form scans_form = FORM(scans, scans_members);
/* as they stand in vl_mz5_spectrum */
_Static_assert(offsetof(vl_mz5_spectrum, scan) == offsetof(vl_mz5_spectrum, scans) + offsetof(scans, scan),
               "scans stand together");

static const vl_foreign_member precursor_members[] = {
    TEXT("externalSpectrumId", vl_mz5_precursor, external),
    ROW("activation", vl_mz5_precursor, activation, params),
    ROW("isolationWindow", vl_mz5_precursor, isolation, params),
    ROWS("selectedIonList", vl_mz5_precursor, ion, params),
    ROW("refSpectrum", vl_mz5_precursor, spectrum, ref),
    ROW("refSourceFile", vl_mz5_precursor, file, ref)
};
static const vl_foreign_form precursor = FORM(vl_mz5_precursor, precursor_members);

static const vl_foreign_member spectrum_members[] = {
    TEXT("id", vl_mz5_spectrum, id),
    TEXT("spotID", vl_mz5_spectrum, spot),
    ROW("params", vl_mz5_spectrum, params, params),
    ROW("scanList", vl_mz5_spectrum, scans, scans_form),
    ROWS("precursors", vl_mz5_spectrum, precursor, precursor),
    ROWS("products", vl_mz5_spectrum, product, params),
    ROW("refDataProcessing", vl_mz5_spectrum, processing, ref),
    ROW("refSourceFile", vl_mz5_spectrum, file, ref)
};
static const vl_foreign_form spectrum = FORM(vl_mz5_spectrum, spectrum_members);

static const vl_foreign_member chromatogram_members[] = {
    TEXT("id", vl_mz5_chromatogram, id), ROW("params", vl_mz5_chromatogram, params, params),
    ROW("precursor", vl_mz5_chromatogram, precursor, precursor),
    ROW("productIsolationWindow", vl_mz5_chromatogram, product, params),
    ROW("refDataProcessing", vl_mz5_chromatogram, processing, ref)
};
static const vl_foreign_form chromatogram = FORM(vl_mz5_chromatogram, chromatogram_members);

static const vl_foreign_member binary_members[] = {
    ROW("xParams", vl_mz5_binary, params[0], params), ROW("yParams", vl_mz5_binary, params[1], params),
    ROW("xrefDataProcessing", vl_mz5_binary, processing[0], ref),
    ROW("yrefDataProcessing", vl_mz5_binary, processing[1], ref)
};
static const vl_foreign_form binary = FORM(vl_mz5_binary, binary_members);

/* ---- reading them ---- */

static const char *const ends[2] = { "SpectrumIndex", "ChromatogramIndex" };
static const char *const arrays[2][2] = { { "SpectrumMZ", "SpectrumIntensity" },
                                          { "ChomatogramTime", "ChromatogramIntensity" } };

/* Where the peaks of each record end. What the columns have is checked, so that every place lies in them. */
static vl_code read_ends(vl_mz5 *z, int sort, vl_err *err)
{
    const uint64_t n = vl_foreign_count(z->file, ends[sort]),
                   npeak[2] = { vl_foreign_count(z->file, arrays[sort][0]),
                                vl_foreign_count(z->file, arrays[sort][1]) };
    if (n != z->record[sort].n || n != z->binary[sort].n)
        return vl_fail(err, VL_EFORMAT, "%s has %" PRIu64 " rows, for %zu records with arrays of %zu",
                       ends[sort], n, z->record[sort].n, z->binary[sort].n);
    if (vl_foreign_numbers(z->file, ends[sort], 0, (size_t)n, &z->ends[sort], err)) return err->code;
    const double *const end = z->end[sort] = (const double *)(const void *)z->ends[sort].data;
    const double last = n ? end[n - 1] : 0;
    if (npeak[0] != npeak[1] || last != (double)npeak[0])
        return vl_fail(err, VL_EFORMAT, "%s ends at %.0f; %s has %" PRIu64 " values and %s %" PRIu64,
                       ends[sort], last, arrays[sort][0], npeak[0], arrays[sort][1], npeak[1]);
    for (uint64_t i = 0; i < n; i++)
        if (!(end[i] >= (i ? end[i - 1] : 0)))
            return vl_fail(err, VL_EFORMAT, "%s, row %" PRIu64 ": values from %.0f to %.0f", ends[sort], i,
                           i ? end[i - 1] : 0, end[i]);
    return VL_OK;
}

static vl_code read_tables(vl_mz5 *z, vl_err *err)
{
    vl_foreign_rows said;
    const struct {
        const char *name;
        const vl_foreign_form *form;
        vl_foreign_rows *to;
        bool needed;
    } table[] = { { "FileInformation", &about, &said, true },
                  { "ControlledVocabulary", &cv, &z->cv, true },
                  { "CVReference", &term, &z->term, true },
                  { "CVParam", &param, &z->param, true },
                  { "UserParam", &user, &z->user, false },
                  { "RefParam", &ref, &z->group_of, false },
                  { "FileContent", &params, &z->content, false },
                  { "Contact", &params, &z->contact, false },
                  { "SourceFiles", &source, &z->source, false },
                  { "ParamGroups", &group, &z->group, false },
                  { "Samples", &sample, &z->sample, false },
                  { "Software", &software, &z->software, false },
                  { "InstrumentConfiguration", &instrument, &z->instrument, false },
                  { "DataProcessing", &processing, &z->processing, false },
                  { "Run", &run, &z->run, true },
                  { "SpectrumMetaData", &spectrum, &z->record[0], false },
                  { "SpectrumListBinaryData", &binary, &z->binary[0], false },
                  { "ChromatogramList", &chromatogram, &z->record[1], false },
                  { "ChromatogramListBinaryData", &binary, &z->binary[1], false } };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        *table[i].to = (vl_foreign_rows){ 0, NULL };
        if (!table[i].needed && !vl_foreign_has_table(z->file, table[i].name)) continue;
        if (vl_foreign_table(z->file, table[i].name, table[i].form, z->pool, table[i].to, err))
            return err->code;
    }
    if (said.n != 1 || z->run.n != 1)
        return vl_fail(err, VL_EFORMAT, "FileInformation has %zu rows and Run %zu: one each is expected",
                       said.n, z->run.n);
    z->about = *(const vl_mz5_about *)said.row;
    return VL_OK;
}

vl_code vl_mz5_open(vl_mz5 *z, const char *path, vl_err *err)
{
    *z = (vl_mz5){ 0 };
    if (vl_foreign_open(&z->file, path, err) || vl_foreign_pool_open(&z->pool, z->file, err) ||
        read_tables(z, err))
        return err->code;
    return read_ends(z, 0, err) || read_ends(z, 1, err) ? err->code : VL_OK;
}

void vl_mz5_close(vl_mz5 *z)
{
    vl_foreign_close(z->file);
    vl_foreign_pool_close(z->pool);
    vl_buf_free(&z->ends[0]);
    vl_buf_free(&z->ends[1]);
    vl_buf_free(&z->values);
    *z = (vl_mz5){ 0 };
}

uint64_t vl_mz5_count(const vl_mz5 *z, int sort, size_t i)
{
    return (uint64_t)(z->end[sort][i] - (i ? z->end[sort][i - 1] : 0));
}

vl_code vl_mz5_values(vl_mz5 *z, int sort, size_t i, int a, vl_err *err)
{
    const uint64_t from = i ? (uint64_t)z->end[sort][i - 1] : 0;
    const size_t n = (size_t)vl_mz5_count(z, sort, i);
    if (vl_foreign_numbers(z->file, arrays[sort][a], from, n, &z->values, err)) return err->code;
    double *const v = (double *)(void *)z->values.data;
    for (size_t k = 1; z->about.steps && !sort && !a && k < n; k++) v[k] += v[k - 1];
    return VL_OK;
}
