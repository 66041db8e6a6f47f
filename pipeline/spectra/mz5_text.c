/*
 * mz5 as mzML 1.1 (mz5.h): what its tables say, in the order of the schema. Arrays are written as 64-bit
 * floats, as mz5 holds them, without compression; what a document of before said of width and compression of
 * its arrays is left out.
 */
#include "pipeline/spectra/mz5.h"

#include "formats/spectra/mzml.h"
#include "pipeline/spectra/spectra_mzml.h"

#include <inttypes.h>
#include <string.h>

enum { NONE = UINT32_MAX };

/* ---- attributes ---- */

static vl_code put(vl_buf *t, const char *text, vl_err *err)
{
    return text ? vl_mzml_escape(t, (const uint8_t *)text, strlen(text), err) : VL_OK;
}

/* An attribute with a blank before it; nothing where there is no text. */
static vl_code attribute(vl_buf *t, const char *name, const char *text, vl_err *err)
{
    if (!text || !*text) return VL_OK;
    vl_text_put(t, err, " %s=\"", name);
    return err->code || put(t, text, err) ? err->code : vl_text_add(t, "\"", err);
}

/* The same, which must be there. */
static vl_code needed(vl_buf *t, const char *name, const char *text, vl_err *err)
{
    vl_text_put(t, err, " %s=\"", name);
    return err->code || put(t, text, err) ? err->code : vl_text_add(t, "\"", err);
}

/* A row of a table; NULL: the number is none of its. */
static const void *row_of(const vl_foreign_rows *table, uint32_t i, size_t size)
{
    return i < table->n ? (const uint8_t *)table->row + i * size : NULL;
}

/* A reference to what has an id first of all its members. */
static vl_code reference(vl_buf *t, const char *name, const vl_foreign_rows *table, uint32_t i, size_t size,
                         vl_err *err)
{
    const char *const *const row = row_of(table, i, size);
    return row ? attribute(t, name, *row, err) : VL_OK;
}

static vl_code to_processing(const vl_mz5 *z, vl_buf *t, const char *name, uint32_t i, vl_err *err)
{
    return reference(t, name, &z->processing, i, sizeof(vl_mz5_processing), err);
}

static vl_code to_file(const vl_mz5 *z, vl_buf *t, const char *name, uint32_t i, vl_err *err)
{
    return reference(t, name, &z->source, i, sizeof(vl_mz5_named), err);
}

static vl_code to_software(const vl_mz5 *z, vl_buf *t, const char *name, uint32_t i, vl_err *err)
{
    return reference(t, name, &z->software, i, sizeof(vl_mz5_named), err);
}

static vl_code to_instrument(const vl_mz5 *z, vl_buf *t, const char *name, uint32_t i, vl_err *err)
{
    return reference(t, name, &z->instrument, i, sizeof(vl_mz5_instrument), err);
}

/* ---- params ---- */

static const vl_mz5_term *term_of(const vl_mz5 *z, uint32_t i)
{
    const vl_mz5_term *const term = row_of(&z->term, i, sizeof *term);
    return term && term->prefix && *term->prefix && *term->prefix != '?' ? term : NULL;
}

static vl_code put_unit(const vl_mz5 *z, vl_buf *t, uint32_t unit, vl_err *err)
{
    const vl_mz5_term *const term = term_of(z, unit);
    if (!term) return VL_OK;
    if (needed(t, "unitCvRef", term->prefix, err) || vl_text_add(t, " unitAccession=\"", err) ||
        put(t, term->prefix, err))
        return err->code;
    vl_text_put(t, err, ":%07" PRIu32 "\"", term->accession);
    return needed(t, "unitName", term->name, err);
}

static vl_code put_param(const vl_mz5 *z, vl_buf *t, const vl_mz5_param *p, vl_err *err)
{
    const vl_mz5_term *const term = term_of(z, p->term);
    if (!term)
        return vl_fail(err, VL_EFORMAT, "CVParam points at row %" PRIu32 " of CVReference: no term", p->term);
    if (vl_text_add(t, "<cvParam", err) || needed(t, "cvRef", term->prefix, err) ||
        vl_text_add(t, " accession=\"", err) || put(t, term->prefix, err))
        return err->code;
    vl_text_put(t, err, ":%07" PRIu32 "\"", term->accession);
    if (needed(t, "name", term->name, err) || needed(t, "value", p->value, err) ||
        put_unit(z, t, p->unit, err))
        return err->code;
    return vl_text_add(t, "/>", err);
}

static vl_code put_user(const vl_mz5 *z, vl_buf *t, const vl_mz5_user *u, vl_err *err)
{
    if (vl_text_add(t, "<userParam", err) || needed(t, "name", u->name, err) ||
        needed(t, "value", u->value, err) || attribute(t, "type", u->type, err) ||
        put_unit(z, t, u->unit, err))
        return err->code;
    return vl_text_add(t, "/>", err);
}

/* Terms that say how an array is encoded. */
static bool is_encoding(const vl_mz5_term *term)
{
    const uint32_t a = term ? term->accession : 0;
    return (a >= 1000518 && a <= 1000523) || (a >= 1000572 && a <= 1000576) ||
           (a >= 1002312 && a <= 1002314) || (a >= 1002746 && a <= 1002748);
}

static vl_code check_range(const uint32_t range[2], const vl_foreign_rows *table, const char *name,
                           vl_err *err)
{
    if (range[0] <= range[1] && range[1] <= table->n) return VL_OK;
    return vl_fail(err, VL_EFORMAT, "params are rows %" PRIu32 " to %" PRIu32 " of %s, which has %zu",
                   range[0], range[1], name, table->n);
}

/* encoding: with the terms of that. */
static vl_code put_terms(const vl_mz5 *z, vl_buf *t, const vl_mz5_params *p, bool encoding, vl_err *err)
{
    if (check_range(p->cv, &z->param, "CVParam", err) || check_range(p->user, &z->user, "UserParam", err) ||
        check_range(p->group, &z->group_of, "RefParam", err))
        return err->code;
    for (uint32_t i = p->group[0]; i < p->group[1]; i++) {
        const uint32_t *const group = row_of(&z->group_of, i, sizeof *group);
        if (vl_text_add(t, "<referenceableParamGroupRef", err) ||
            reference(t, "ref", &z->group, *group, sizeof(vl_mz5_named), err) || vl_text_add(t, "/>", err))
            return err->code;
    }
    for (uint32_t i = p->cv[0]; i < p->cv[1]; i++) {
        const vl_mz5_param *const one = row_of(&z->param, i, sizeof *one);
        if ((encoding || !is_encoding(term_of(z, one->term))) && put_param(z, t, one, err)) return err->code;
    }
    for (uint32_t i = p->user[0]; i < p->user[1]; i++)
        if (put_user(z, t, row_of(&z->user, i, sizeof(vl_mz5_user)), err)) return err->code;
    return VL_OK;
}

static vl_code put_params(const vl_mz5 *z, vl_buf *t, const vl_mz5_params *p, vl_err *err)
{
    return put_terms(z, t, p, true, err);
}

static bool any(const vl_mz5_params *p)
{
    return p->cv[0] < p->cv[1] || p->user[0] < p->user[1] || p->group[0] < p->group[1];
}

/* An element that holds params alone. */
static vl_code put_element(const vl_mz5 *z, vl_buf *t, const char *name, const vl_mz5_params *p, vl_err *err)
{
    vl_text_put(t, err, "<%s>", name);
    if (err->code || put_params(z, t, p, err)) return err->code;
    vl_text_put(t, err, "</%s>", name);
    return err->code;
}

/* A list of them; nothing where it is empty. */
static vl_code put_elements(const vl_mz5 *z, vl_buf *t, const char *list, const char *name,
                            const vl_foreign_rows *rows, vl_err *err)
{
    const vl_mz5_params *const p = rows->row;
    if (rows->n) vl_text_put(t, err, "<%s count=\"%zu\">", list, rows->n);
    for (size_t i = 0; i < rows->n && !err->code; i++) put_element(z, t, name, &p[i], err);
    if (rows->n) vl_text_put(t, err, "</%s>", list);
    return err->code;
}

/* ---- the head ---- */

static vl_code put_vocabularies(const vl_mz5 *z, vl_buf *t, vl_err *err)
{
    vl_text_put(t, err, "<cvList count=\"%zu\">\n", z->cv.n);
    for (uint32_t i = 0; i < z->cv.n && !err->code; i++) {
        const vl_mz5_cv *const cv = row_of(&z->cv, i, sizeof *cv);
        if (vl_text_add(t, "<cv", err) || needed(t, "id", cv->id, err) ||
            needed(t, "fullName", cv->name, err) || attribute(t, "version", cv->version, err) ||
            needed(t, "URI", cv->uri, err))
            break;
        vl_text_add(t, "/>\n", err);
    }
    return vl_text_add(t, "</cvList>\n", err);
}

/* Elements with an id, a name and so on, as far as they have these. */
static vl_code put_named(const vl_mz5 *z, vl_buf *t, const char *list, const char *name,
                         const vl_foreign_rows *rows, vl_err *err)
{
    if (rows->n) vl_text_put(t, err, "<%s count=\"%zu\">\n", list, rows->n);
    for (uint32_t i = 0; i < rows->n && !err->code; i++) {
        const vl_mz5_named *const one = row_of(rows, i, sizeof *one);
        vl_text_put(t, err, "<%s", name);
        if (err->code || needed(t, "id", one->id, err) ||
            (one->version && needed(t, "version", one->version, err)) ||
            (one->name && needed(t, "name", one->name, err)) ||
            (one->location && needed(t, "location", one->location, err)) || vl_text_add(t, ">", err) ||
            put_params(z, t, &one->params, err))
            break;
        vl_text_put(t, err, "</%s>\n", name);
    }
    if (rows->n) vl_text_put(t, err, "</%s>\n", list);
    return err->code;
}

static vl_code put_file(const vl_mz5 *z, vl_buf *t, vl_err *err)
{
    static const vl_mz5_params none = { { 0 }, { 0 }, { 0 } };
    const vl_mz5_params *const contact = z->contact.row;
    if (vl_text_add(t, "<fileDescription>\n", err) ||
        put_element(z, t, "fileContent", z->content.n ? z->content.row : &none, err) ||
        put_named(z, t, "sourceFileList", "sourceFile", &z->source, err))
        return err->code;
    for (size_t i = 0; i < z->contact.n; i++)
        if (put_element(z, t, "contact", &contact[i], err)) return err->code;
    return vl_text_add(t, "</fileDescription>\n", err);
}

static vl_code put_components(const vl_mz5 *z, vl_buf *t, const vl_mz5_instrument *one, vl_err *err)
{
    static const char *const names[3] = { "source", "analyzer", "detector" };
    size_t n = 0;
    for (int k = 0; k < 3; k++) n += one->component[k].n;
    if (n) vl_text_put(t, err, "<componentList count=\"%zu\">", n);
    for (int k = 0; k < 3; k++) {
        const vl_mz5_component *const c = one->component[k].row;
        for (size_t i = 0; i < one->component[k].n && !err->code; i++) {
            vl_text_put(t, err, "<%s order=\"%" PRIu32 "\">", names[k], c[i].order);
            if (!err->code && !put_params(z, t, &c[i].params, err)) vl_text_put(t, err, "</%s>", names[k]);
        }
    }
    if (n) vl_text_put(t, err, "</componentList>");
    return err->code;
}

static vl_code put_instruments(const vl_mz5 *z, vl_buf *t, vl_err *err)
{
    if (z->instrument.n)
        vl_text_put(t, err, "<instrumentConfigurationList count=\"%zu\">\n", z->instrument.n);
    for (uint32_t i = 0; i < z->instrument.n && !err->code; i++) {
        const vl_mz5_instrument *const one = row_of(&z->instrument, i, sizeof *one);
        if (vl_text_add(t, "<instrumentConfiguration", err) || needed(t, "id", one->id, err) ||
            vl_text_add(t, ">", err) || put_params(z, t, &one->params, err) || put_components(z, t, one, err))
            break;
        if (one->software < z->software.n &&
            (vl_text_add(t, "<softwareRef", err) || to_software(z, t, "ref", one->software, err) ||
             vl_text_add(t, "/>", err)))
            break;
        vl_text_add(t, "</instrumentConfiguration>\n", err);
    }
    if (z->instrument.n) vl_text_put(t, err, "</instrumentConfigurationList>\n");
    return err->code;
}

static vl_code put_methods(const vl_mz5 *z, vl_buf *t, const vl_mz5_processing *one, vl_err *err)
{
    const vl_mz5_method *const m = one->method.row;
    for (size_t i = 0; i < one->method.n; i++) {
        vl_text_put(t, err, "<processingMethod order=\"%" PRIu32 "\"", m[i].order);
        if (err->code || to_software(z, t, "softwareRef", m[i].software, err) || vl_text_add(t, ">", err) ||
            put_params(z, t, &m[i].params, err) || vl_text_add(t, "</processingMethod>", err))
            return err->code;
    }
    return VL_OK;
}

static vl_code put_processings(const vl_mz5 *z, vl_buf *t, vl_err *err)
{
    if (z->processing.n) vl_text_put(t, err, "<dataProcessingList count=\"%zu\">\n", z->processing.n);
    for (uint32_t i = 0; i < z->processing.n && !err->code; i++) {
        const vl_mz5_processing *const one = row_of(&z->processing, i, sizeof *one);
        if (vl_text_add(t, "<dataProcessing", err) || needed(t, "id", one->id, err) ||
            vl_text_add(t, ">", err) || put_methods(z, t, one, err))
            break;
        vl_text_add(t, "</dataProcessing>\n", err);
    }
    if (z->processing.n) vl_text_put(t, err, "</dataProcessingList>\n");
    return err->code;
}

static vl_code put_run(const vl_mz5 *z, vl_buf *t, vl_err *err)
{
    const vl_mz5_run *const run = z->run.row;
    if (vl_text_add(t, "<run", err) || needed(t, "id", run->id, err) ||
        to_instrument(z, t, "defaultInstrumentConfigurationRef", run->instrument, err) ||
        reference(t, "sampleRef", &z->sample, run->sample, sizeof(vl_mz5_named), err) ||
        attribute(t, "startTimeStamp", run->start, err) ||
        to_file(z, t, "defaultSourceFileRef", run->file, err) || vl_text_add(t, ">", err) ||
        put_params(z, t, &run->params, err))
        return err->code;
    return vl_text_add(t, "\n", err);
}

vl_code vl_mz5_put_head(const vl_mz5 *z, vl_buf *t, vl_err *err)
{
    if (vl_text_add(t,
                    "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
                    "<mzML xmlns=\"http://psi.hupo.org/ms/mzml\" version=\"1.1.0\">\n",
                    err) ||
        put_vocabularies(z, t, err) || put_file(z, t, err) ||
        put_named(z, t, "referenceableParamGroupList", "referenceableParamGroup", &z->group, err) ||
        put_named(z, t, "sampleList", "sample", &z->sample, err) ||
        put_named(z, t, "softwareList", "software", &z->software, err) || put_instruments(z, t, err) ||
        put_processings(z, t, err))
        return err->code;
    return put_run(z, t, err);
}

vl_code vl_mz5_put_list(const vl_mz5 *z, int sort, vl_buf *t, vl_err *err)
{
    const vl_mz5_run *const run = z->run.row;
    vl_text_put(t, err, "<%s count=\"%zu\"", sort ? "chromatogramList" : "spectrumList", z->record[sort].n);
    if (err->code || to_processing(z, t, "defaultDataProcessingRef",
                                   sort ? run->chromatogram_processing : run->spectra_processing, err))
        return err->code;
    return vl_text_add(t, ">\n", err);
}

/* ---- a record ---- */

/* References to a spectrum, here or in a file that is named. */
static vl_code to_spectrum(const vl_mz5 *z, vl_buf *t, uint32_t spectrum, uint32_t file, const char *external,
                           vl_err *err)
{
    if (reference(t, "spectrumRef", &z->record[0], spectrum, sizeof(vl_mz5_spectrum), err) ||
        to_file(z, t, "sourceFileRef", file, err))
        return err->code;
    return attribute(t, "externalSpectrumID", external, err);
}

static vl_code put_scans(const vl_mz5 *z, vl_buf *t, const vl_mz5_spectrum *s, vl_err *err)
{
    const vl_mz5_scan *const scan = s->scan.row;
    if (!s->scan.n && !any(&s->scans)) return VL_OK;
    vl_text_put(t, err, "<scanList count=\"%zu\">", s->scan.n);
    if (err->code || put_params(z, t, &s->scans, err)) return err->code;
    for (size_t i = 0; i < s->scan.n; i++)
        if (vl_text_add(t, "<scan", err) ||
            to_spectrum(z, t, scan[i].spectrum, scan[i].file, scan[i].external, err) ||
            to_instrument(z, t, "instrumentConfigurationRef", scan[i].instrument, err) ||
            vl_text_add(t, ">", err) || put_params(z, t, &scan[i].params, err) ||
            put_elements(z, t, "scanWindowList", "scanWindow", &scan[i].window, err) ||
            vl_text_add(t, "</scan>", err))
            return err->code;
    return vl_text_add(t, "</scanList>\n", err);
}

static vl_code put_precursor(const vl_mz5 *z, vl_buf *t, const vl_mz5_precursor *p, vl_err *err)
{
    if (vl_text_add(t, "<precursor", err) || to_spectrum(z, t, p->spectrum, p->file, p->external, err) ||
        vl_text_add(t, ">", err) ||
        (any(&p->isolation) && put_element(z, t, "isolationWindow", &p->isolation, err)) ||
        put_elements(z, t, "selectedIonList", "selectedIon", &p->ion, err) ||
        put_element(z, t, "activation", &p->activation, err))
        return err->code;
    return vl_text_add(t, "</precursor>", err);
}

static vl_code put_product(const vl_mz5 *z, vl_buf *t, const vl_mz5_params *window, vl_err *err)
{
    if (vl_text_add(t, "<product>", err) || put_element(z, t, "isolationWindow", window, err))
        return err->code;
    return vl_text_add(t, "</product>", err);
}

static vl_code put_ions(const vl_mz5 *z, vl_buf *t, const vl_mz5_spectrum *s, vl_err *err)
{
    const vl_mz5_precursor *const p = s->precursor.row;
    const vl_mz5_params *const product = s->product.row;
    if (s->precursor.n) vl_text_put(t, err, "<precursorList count=\"%zu\">", s->precursor.n);
    for (size_t i = 0; i < s->precursor.n && !err->code; i++) put_precursor(z, t, &p[i], err);
    if (s->precursor.n) vl_text_put(t, err, "</precursorList>\n");
    if (s->product.n) vl_text_put(t, err, "<productList count=\"%zu\">", s->product.n);
    for (size_t i = 0; i < s->product.n && !err->code; i++) put_product(z, t, &product[i], err);
    if (s->product.n) vl_text_put(t, err, "</productList>\n");
    return err->code;
}

/* What an array is, where its params do not say it. */
static const char *kind_of(int sort, int a)
{
    static const char *const kinds[2][2] = {
        { "MS:1000514\" name=\"m/z array", "MS:1000515\" name=\"intensity array" },
        { "MS:1000595\" name=\"time array", "MS:1000515\" name=\"intensity array" }
    };
    return kinds[sort][a];
}

static bool says_kind(const vl_mz5 *z, const vl_mz5_params *p)
{
    for (uint32_t i = p->cv[0]; i < p->cv[1] && i < z->param.n; i++) {
        const vl_mz5_param *const one = row_of(&z->param, i, sizeof *one);
        if (!is_encoding(term_of(z, one->term))) return true;
    }
    return false;
}

static vl_code put_array(vl_mz5 *z, vl_buf *t, int sort, size_t i, int a, vl_err *err)
{
    const vl_mz5_binary *const b = (const vl_mz5_binary *)z->binary[sort].row + i;
    const vl_buf *const v = &z->values;
    if (vl_mz5_values(z, sort, i, a, err)) return err->code;
    vl_text_put(t, err, "<binaryDataArray encodedLength=\"%zu\"", (v->len + 2) / 3 * 4);
    if (err->code || to_processing(z, t, "dataProcessingRef", b->processing[a], err) ||
        vl_text_add(t, ">", err) || put_terms(z, t, &b->params[a], false, err))
        return err->code;
    if (!says_kind(z, &b->params[a]))
        vl_text_put(t, err, "<cvParam cvRef=\"MS\" accession=\"%s\" value=\"\"/>", kind_of(sort, a));
    vl_text_put(
        t, err,
        "<cvParam cvRef=\"MS\" accession=\"MS:1000523\" name=\"64-bit float\" value=\"\"/>"
        "<cvParam cvRef=\"MS\" accession=\"MS:1000576\" name=\"no compression\" value=\"\"/><binary>");
    if (err->code ||
        vl_mzml_array_text(v->len ? VL_RECIPE_BASE64 : VL_RECIPE_EMPTY, v->data, v->len, NULL, 0, t, err))
        return err->code;
    return vl_text_add(t, "</binary></binaryDataArray>\n", err);
}

static vl_code put_arrays(vl_mz5 *z, vl_buf *t, int sort, size_t i, vl_err *err)
{
    if (vl_text_add(t, "<binaryDataArrayList count=\"2\">\n", err) || put_array(z, t, sort, i, 0, err) ||
        put_array(z, t, sort, i, 1, err))
        return err->code;
    return vl_text_add(t, "</binaryDataArrayList>\n", err);
}

static vl_code put_length(const vl_mz5 *z, vl_buf *t, int sort, size_t i, vl_err *err)
{
    vl_text_put(t, err, " defaultArrayLength=\"%" PRIu64 "\"", vl_mz5_count(z, sort, i));
    return err->code;
}

static vl_code put_spectrum(vl_mz5 *z, size_t i, vl_buf *t, vl_err *err)
{
    const vl_mz5_spectrum *const s = (const vl_mz5_spectrum *)z->record[0].row + i;
    vl_text_put(t, err, "<spectrum index=\"%zu\"", i);
    if (err->code || needed(t, "id", s->id, err) || attribute(t, "spotID", s->spot, err) ||
        put_length(z, t, 0, i, err) || to_processing(z, t, "dataProcessingRef", s->processing, err) ||
        to_file(z, t, "sourceFileRef", s->file, err) || vl_text_add(t, ">", err) ||
        put_params(z, t, &s->params, err) || vl_text_add(t, "\n", err) || put_scans(z, t, s, err) ||
        put_ions(z, t, s, err) || put_arrays(z, t, 0, i, err))
        return err->code;
    return vl_text_add(t, "</spectrum>\n", err);
}

static vl_code put_chromatogram(vl_mz5 *z, size_t i, vl_buf *t, vl_err *err)
{
    const vl_mz5_chromatogram *const c = (const vl_mz5_chromatogram *)z->record[1].row + i;
    const vl_mz5_precursor *const p = &c->precursor;
    vl_text_put(t, err, "<chromatogram index=\"%zu\"", i);
    if (err->code || needed(t, "id", c->id, err) || put_length(z, t, 1, i, err) ||
        to_processing(z, t, "dataProcessingRef", c->processing, err) || vl_text_add(t, ">", err) ||
        put_params(z, t, &c->params, err) ||
        ((any(&p->isolation) || any(&p->activation) || p->ion.n) && put_precursor(z, t, p, err)) ||
        (any(&c->product) && put_product(z, t, &c->product, err)) || vl_text_add(t, "\n", err) ||
        put_arrays(z, t, 1, i, err))
        return err->code;
    return vl_text_add(t, "</chromatogram>\n", err);
}

vl_code vl_mz5_put_record(vl_mz5 *z, int sort, size_t i, vl_buf *t, vl_err *err)
{
    return sort ? put_chromatogram(z, i, t, err) : put_spectrum(z, i, t, err);
}
