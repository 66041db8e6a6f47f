/* How traces of extracted ions are printed: a table, JSON lines, mzML, a drawing (xic.h). */
#include "formats/spectra/mzml.h"
#include "pipeline/spectra/mass_record.h"
#include "pipeline/spectra/trace.h"
#include "pipeline/spectra/xic.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- totals ---- */

typedef struct total {
    double sum, most, time; /* NaN: no peak is in the window anywhere */
} total;

static total total_of(const vl_xic *x, const double *value, const size_t *row, size_t n)
{
    total t = { .most = 0, .time = (double)NAN };
    for (size_t i = 0; i < n; i++) {
        if (isnan(value[i])) continue;
        t.sum += value[i];
        if (value[i] > t.most) t = (total){ t.sum, value[i], x->row[row[i]].time };
    }
    return t;
}

/* ---- a table ---- */

static vl_code tsv_head(vl_xic *x, vl_buf *text, vl_err *err)
{
    return vl_text_add(text,
                       x->asked->total ? "target\tmz\tn_spectra\tsum\tmax\ttime_of_max\n"
                                       : "target\ttime\tintensity\n",
                       err);
}

static vl_code tsv_total(const vl_xic *x, const vl_xic_target *t, const total *sum, size_t n, vl_buf *text,
                         vl_err *err)
{
    const double numbers[] = { sum->sum, sum->most, sum->time };
    (void)x;
    if (vl_text_field(text, t->name.at, t->name.n, err) || vl_text_add(text, "\t", err) ||
        vl_text_number(text, t->mz, false, err) || vl_text_add(text, "\t", err) || vl_text_u64(text, n, err))
        return err->code;
    for (int i = 0; i < 3; i++)
        if (vl_text_add(text, "\t", err) || vl_text_number(text, numbers[i], false, err)) return err->code;
    return vl_text_add(text, "\n", err);
}

static vl_code tsv_trace(const vl_xic *x, size_t target, const double *value, const size_t *row, size_t n,
                         vl_buf *text, vl_err *err)
{
    const vl_xic_target *const t = &x->target[target];
    const total sum = x->asked->total ? total_of(x, value, row, n) : (total){ 0 };
    vl_buf name = { 0 };
    if (x->asked->total) return tsv_total(x, t, &sum, n, text, err);
    if (!vl_text_field(&name, t->name.at, t->name.n, err)) vl_text_add(&name, "\t", err);
    for (size_t i = 0; i < n && !err->code; i++) {
        const uint64_t from = vl_le64(x->time_end.data + 8 * row[i]),
                       to = vl_le64(x->time_end.data + 8 * row[i] + 8);
        if (vl_buf_append(text, name.data, name.len, err) ||
            (to > from && vl_buf_append(text, x->time_text.data + from, to - from, err)))
            break;
        if (value[i] == 0) vl_buf_append(text, "\t0\n", 3, err);
        else if (!vl_text_add(text, "\t", err) && !vl_text_number(text, value[i], false, err))
            vl_buf_append(text, "\n", 1, err);
    }
    vl_buf_free(&name);
    return err->code;
}

/* ---- JSON ---- */

static vl_code json_number(vl_buf *t, const char *name, double v, vl_err *err)
{
    if (vl_text_add(t, name, err)) return err->code;
    return isfinite(v) ? vl_text_number(t, v, false, err) : vl_text_add(t, "null", err);
}

static vl_code json_total(const total *sum, size_t n, vl_buf *text, vl_err *err)
{
    if (vl_text_add(text, ",\"n_spectra\":", err) || vl_text_u64(text, n, err)) return err->code;
    return json_number(text, ",\"sum\":", sum->sum, err) || json_number(text, ",\"max\":", sum->most, err) ||
                   json_number(text, ",\"time_of_max\":", sum->time, err) || vl_text_add(text, "}\n", err)
               ? err->code
               : VL_OK;
}

static vl_code json_trace(const vl_xic *x, size_t target, const double *value, const size_t *row, size_t n,
                          vl_buf *text, vl_err *err)
{
    const vl_xic_target *const t = &x->target[target];
    if (vl_text_add(text, "{\"target\":", err) || vl_text_json(text, t->name.at, t->name.n, err) ||
        json_number(text, ",\"mz\":", t->mz, err) || json_number(text, ",\"low\":", t->low, err) ||
        json_number(text, ",\"high\":", t->high, err))
        return err->code;
    if (x->asked->total) {
        const total sum = total_of(x, value, row, n);
        return json_total(&sum, n, text, err);
    }
    for (size_t i = 0; i < n; i++)
        if (json_number(text, i ? "," : ",\"time\":[", x->row[row[i]].time, err)) return err->code;
    if (!n && vl_text_add(text, ",\"time\":[", err)) return err->code;
    for (size_t i = 0; i < n; i++)
        if (json_number(text, i ? "," : "],\"intensity\":[", value[i], err)) return err->code;
    return vl_text_add(text, n ? "]}\n" : "],\"intensity\":[]}\n", err);
}

/* ---- mzML: a document of its own ---- */

static vl_code mzml_head(vl_xic *x, vl_buf *text, vl_err *err)
{
    vl_text_put(
        text, err,
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
        "<mzML xmlns=\"http://psi.hupo.org/ms/mzml\" version=\"1.1.0\">\n"
        "<cvList count=\"2\"><cv id=\"MS\" fullName=\"Proteomics Standards Initiative Mass Spectrometry "
        "Ontology\" URI=\"https://purl.obolibrary.org/obo/ms.obo\"/><cv id=\"UO\" fullName=\"Unit Ontology\" "
        "URI=\"https://purl.obolibrary.org/obo/uo.obo\"/></cvList>\n"
        "<fileDescription><fileContent><cvParam cvRef=\"MS\" accession=\"MS:1000627\" name=\"selected ion "
        "current chromatogram\" value=\"\"/></fileContent></fileDescription>\n"
        "<softwareList count=\"1\"><software id=\"vial\" version=\"%s\"><cvParam cvRef=\"MS\" "
        "accession=\"MS:1000799\" name=\"custom unreleased software tool\" value=\"vial\"/></software>"
        "</softwareList>\n",
        VL_VERSION);
    vl_text_put(
        text, err,
        "<instrumentConfigurationList count=\"1\"><instrumentConfiguration id=\"IC\"><cvParam cvRef=\"MS\" "
        "accession=\"MS:1000031\" name=\"instrument model\" value=\"\"/></instrumentConfiguration>"
        "</instrumentConfigurationList>\n"
        "<dataProcessingList count=\"1\"><dataProcessing id=\"xic\"><processingMethod order=\"0\" "
        "softwareRef=\"vial\"><cvParam cvRef=\"MS\" accession=\"MS:1000544\" name=\"Conversion to mzML\" "
        "value=\"\"/></processingMethod></dataProcessing></dataProcessingList>\n"
        "<run id=\"xic\" defaultInstrumentConfigurationRef=\"IC\">\n"
        "<chromatogramList count=\"%zu\" defaultDataProcessingRef=\"xic\">\n",
        x->ntarget);
    return err->code;
}

/* An array of doubles. term: kind and unit. */
static vl_code mzml_array(vl_html *h, const double *v, size_t n, const char *term, vl_err *err)
{
    vl_buf binary = { 0 };
    if (!vl_mzml_array_text(VL_RECIPE_ZLIB + 6, (const uint8_t *)v, 8 * n, NULL, 0, &binary, err)) {
        vl_html_putf(h,
                     "<binaryDataArray encodedLength=\"%zu\"><cvParam cvRef=\"MS\" "
                     "accession=\"MS:1000523\" name=\"64-bit float\" value=\"\"/><cvParam cvRef=\"MS\" "
                     "accession=\"MS:1000574\" name=\"zlib compression\" value=\"\"/><cvParam "
                     "cvRef=\"MS\" %s/><binary>",
                     binary.len, term);
        vl_buf_append(&h->text, binary.data, binary.len, err);
        vl_html_put(h, "</binary></binaryDataArray>");
    }
    vl_buf_free(&binary);
    return err->code;
}

static vl_code mzml_trace(const vl_xic *x, size_t target, const double *value, const size_t *row, size_t n,
                          vl_buf *text, vl_err *err)
{
    const vl_xic_target *const t = &x->target[target];
    vl_html h = { .text = *text, .err = err };
    vl_buf name = { 0 };
    double *const time = malloc((n + 1) * sizeof *time);
    if (!time) vl_fail(err, VL_ENOMEM, "no memory for %zu times", n);
    for (size_t i = 0; time && i < n; i++) time[i] = x->row[row[i]].time;
    if (!err->code && !vl_buf_append(&name, t->name.at, t->name.n, err)) vl_buf_append(&name, "", 1, err);
    if (!err->code) {
        vl_html_putf(&h, "<chromatogram index=\"%zu\" id=\"", target);
        vl_html_text(&h, (const char *)name.data);
        vl_html_putf(&h, "\" defaultArrayLength=\"%zu\">", n);
        vl_html_put(&h, !isnan(t->mz) ? "<cvParam cvRef=\"MS\" accession=\"MS:1000627\" name=\"selected ion "
                                        "current chromatogram\" value=\"\"/>"
                        : t->highest  ? "<cvParam cvRef=\"MS\" accession=\"MS:1000628\" name=\"basepeak "
                                        "chromatogram\" value=\"\"/>"
                                      : "<cvParam cvRef=\"MS\" accession=\"MS:1000235\" name=\"total ion "
                                        "current chromatogram\" value=\"\"/>");
        if (!isnan(t->mz))
            vl_html_putf(&h,
                         "<userParam name=\"m/z from\" value=\"%.17g\" type=\"xsd:double\"/><userParam "
                         "name=\"m/z to\" value=\"%.17g\" type=\"xsd:double\"/>",
                         t->low, t->high);
        vl_html_put(&h, "<binaryDataArrayList count=\"2\">");
        mzml_array(&h, time, n,
                   "accession=\"MS:1000595\" name=\"time array\" value=\"\" unitCvRef=\"UO\" "
                   "unitAccession=\"UO:0000010\" unitName=\"second\"",
                   err);
        mzml_array(&h, value, n,
                   "accession=\"MS:1000515\" name=\"intensity array\" value=\"\" "
                   "unitCvRef=\"MS\" unitAccession=\"MS:1000131\" unitName=\"number of "
                   "detector counts\"",
                   err);
        vl_html_put(&h, "</binaryDataArrayList></chromatogram>\n");
    }
    *text = h.text;
    vl_buf_free(&name);
    free(time);
    return err->code;
}

static vl_code mzml_tail(vl_xic *x, vl_buf *text, vl_err *err)
{
    (void)x;
    return vl_text_add(text, "</chromatogramList>\n</run>\n</mzML>\n", err);
}

/* ---- a drawing: each target a panel ---- */

static vl_code svg_trace(const vl_xic *x, size_t target, const double *value, const size_t *row, size_t n,
                         vl_buf *text, vl_err *err)
{
    const vl_xic_target *const t = &x->target[target];
    vl_trace trace = { .unit = "intensity" };
    if (target >= VL_TRACE_PANELS) return VL_OK;
    double *const time = malloc((n + 1) * sizeof *time);
    if (!time) return vl_fail(err, VL_ENOMEM, "no memory for %zu times", n);
    for (size_t i = 0; i < n; i++) time[i] = x->row[row[i]].time;
    snprintf(trace.caption, sizeof trace.caption, "%.*s", t->name.n < 120 ? (int)t->name.n : 120,
             t->name.n ? (const char *)t->name.at : "");
    if (!isnan(t->mz) && strlen(trace.caption) < 100)
        snprintf(trace.caption + strlen(trace.caption), 40, ", m/z %.4f to %.4f", t->low, t->high);
    vl_trace_take(&trace, time, value, n);
    free(time);
    return vl_buf_append(text, &trace, sizeof trace, err);
}

static vl_code svg_tail(vl_xic *x, vl_buf *text, vl_err *err)
{
    const vl_trace *trace[VL_TRACE_PANELS];
    vl_html h = { .err = err };
    const size_t n = x->collected.len / sizeof **trace;
    for (size_t i = 0; i < n; i++) trace[i] = (const vl_trace *)(const void *)x->collected.data + i;
    vl_trace_draw(&h, "Intensity of ions over time", trace, (int)n, x->ntarget);
    if (!err->code) vl_buf_append(text, h.text.data, h.text.len, err);
    vl_html_free(&h);
    return err->code;
}

static const vl_xic_form tsv = { .name = "tsv", .totals = true, .head = tsv_head, .trace = tsv_trace };
static const vl_xic_form json = { .name = "json", .totals = true, .trace = json_trace };
static const vl_xic_form mzml = { .name = "mzml", .head = mzml_head, .trace = mzml_trace, .tail = mzml_tail };
static const vl_xic_form svg = { .name = "svg", .late = true, .trace = svg_trace, .tail = svg_tail };
const vl_xic_form *const vl_xic_forms[] = { &tsv, &json, &mzml, &svg, NULL };
