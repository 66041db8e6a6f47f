/*
 * Spectra as mzXML 3.2, whatever they came as: one scan behind the other, none inside another, then the index
 * of where each begins and the SHA-1 of what is before its end, so that readers may jump.
 *
 *     mzXML > msRun > parentFile, msInstrument?, dataProcessing, scan*        mzXML > index, indexOffset,
 *     sha1
 *
 * What mzXML has no word for is left out, and counted: spectra without m/z or intensity in numbers, or
 * without an MS level, arrays beside these two, chromatograms.
 *
 * Source: mzXML_3.2.xsd, mzXML_idx_3.2.xsd of the Sashimi project.
 */
#include "pipeline/spectra/spectra_mzxml.h"

#include "pipeline/spectra/spectra_mzml.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

void vl_mzxml_made_free(vl_mzxml_made *made)
{
    if (!made) return;
    vl_buf_free(&made->numbers.id);
    vl_buf_free(&made->index);
    free(made);
}

/* ---- what comes before the scans ---- */

static const char before[] =
    "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
    "<mzXML xmlns=\"http://sashimi.sourceforge.net/schema_revision/mzXML_3.2\" "
    "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "
    "xsi:schemaLocation=\"http://sashimi.sourceforge.net/schema_revision/mzXML_3.2 "
    "http://sashimi.sourceforge.net/schema_revision/mzXML_3.2/mzXML_idx_3.2.xsd\">\n<msRun";

static vl_code get(vl_viewer *v, const char *where, const char *name, char value[256], vl_err *err)
{
    *value = 0;
    return vl_store_get(vl_reader_store(v->r), where, name, value, 256, err);
}

/* One whose model is known. mzXML wants more to be said of it than the store knows. */
static vl_code put_instrument(vl_viewer *v, vl_buf *t, vl_err *err)
{
    static const char *const unknown[] = { "msIonisation", "msMassAnalyzer", "msDetector" };
    char model[256];
    if (get(v, "source", "instrument", model, err) || !*model) return err->code;
    const char *const name = !strncmp(model, "MS:", 3) && strchr(model, ' ') ? strchr(model, ' ') + 1 : model;
    vl_text_put(t, err,
                "<msInstrument msInstrumentID=\"1\">\n"
                "<msManufacturer category=\"msManufacturer\" value=\"\"/>\n"
                "<msModel category=\"msModel\"");
    if (err->code || vl_text_add(t, " value=\"", err) ||
        vl_mzml_escape(t, (const uint8_t *)name, strlen(name), err))
        return err->code;
    vl_text_put(t, err, "\"/>\n");
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
        vl_text_put(t, err, "<%s category=\"%s\" value=\"\"/>\n", unknown[i], unknown[i]);
    return vl_text_add(t,
                       "<software type=\"acquisition\" name=\"\" version=\"\"/>\n"
                       "</msInstrument>\n",
                       err);
}

static vl_code put_run(vl_viewer *v, vl_buf *t, vl_err *err)
{
    const vl_pairs_found *const found = &((const vl_spectra_own *)v->own)->pairs;
    if (vl_text_add(t, before, err)) return err->code;
    if (found->nspectrum) vl_text_put(t, err, " scanCount=\"%" PRIu64 "\"", found->nspectrum);
    if (vl_mzxml_duration(t, "startTime", found->time[0], err) ||
        vl_mzxml_duration(t, "endTime", found->time[1], err) || vl_text_add(t, ">\n", err) ||
        vl_mzxml_parents(v, t, err) || put_instrument(v, t, err))
        return err->code;
    vl_text_put(t, err,
                "<dataProcessing>\n<software type=\"conversion\" name=\"vial\" version=\"%s\"/>\n"
                "<processingOperation name=\"Conversion to mzXML\"/>\n</dataProcessing>\n",
                VL_VERSION);
    return err->code;
}

/* Bytes of the document that are there for good. */
static void pass(vl_mzxml_made *m, const vl_buf *text)
{
    SHA1_Update(&m->sha1, text->data, text->len);
    m->bytes += text->len;
}

static vl_code head(vl_viewer *v, vl_buf *text, vl_err *err)
{
    vl_spectra_own *const o = v->own;
    if (vl_pairs_none(v, err)) return err->code;
    vl_mzxml_made *const m = o->mzxml = calloc(1, sizeof *m);
    if (!m) return vl_fail(err, VL_ENOMEM, "no memory for mzXML");
    SHA1_Init(&m->sha1);
    if (vl_scan_numbers_find(v, &m->numbers, err) || vl_pairs_find(v, true, &o->pairs, err) ||
        put_run(v, text, err))
        return err->code;
    pass(m, text);
    return VL_OK;
}

/* ---- the scans ---- */

static vl_code print_one(const vl_viewer *v, vl_load *load, size_t i, vl_buf *bytes, vl_err *err)
{
    vl_spectra_load *const l = load->own;
    const vl_batch *const b = &load->plan.batch;
    vl_pairs pairs;
    if (vl_pairs_of(load, i, &pairs, err) || !vl_are_pairs(&pairs) || !b->col[VL_SP_MS_LEVEL].data.data[i])
        return err->code;
    const vl_scan_numbers *const numbers = &((const vl_spectra_own *)v->own)->mzxml->numbers;
    const vl_mzxml_mark mark = { vl_scan_numbers_of(numbers, vl_row(&b->col[VL_SP_ID], i), load->first + i),
                                 load->text.len };
    if (vl_buf_append(&l->marks, &mark, sizeof mark, err)) return err->code;
    return vl_mzxml_scan(v, load, i, mark.number, bytes, err);
}

static vl_code print(const vl_viewer *v, vl_load *load, vl_err *err)
{
    vl_buf bytes = { 0 };
    for (size_t i = 0; i < load->n; i++)
        if (print_one(v, load, i, &bytes, err)) break;
    vl_buf_free(&bytes);
    return err->code;
}

static vl_code follow(vl_viewer *v, const vl_load *load, int n, vl_buf *text, vl_err *err)
{
    vl_mzxml_made *const m = ((vl_spectra_own *)v->own)->mzxml;
    for (int k = 0; k < n; k++) {
        const vl_buf *const marks = &((const vl_spectra_load *)load[k].own)->marks;
        for (size_t i = 0; i < marks->len / sizeof(vl_mzxml_mark); i++) {
            vl_mzxml_mark mark = ((const vl_mzxml_mark *)(const void *)marks->data)[i];
            mark.at += m->bytes;
            if (vl_buf_append(&m->index, &mark, sizeof mark, err)) return err->code;
        }
    }
    pass(m, text);
    return VL_OK;
}

/* ---- what comes behind them ---- */

/* The index may be empty: then there is none. */
static vl_code put_index(vl_mzxml_made *m, vl_buf *t, vl_err *err)
{
    const vl_mzxml_mark *const mark = (const vl_mzxml_mark *)(const void *)m->index.data;
    const size_t n = m->index.len / sizeof *mark;
    if (vl_text_add(t, "</msRun>\n", err)) return err->code;
    const uint64_t at = n ? m->bytes + t->len : 0;
    if (n) vl_text_put(t, err, "<index name=\"scan\">\n");
    for (size_t i = 0; i < n; i++)
        vl_text_put(t, err, "<offset id=\"%" PRIu64 "\">%" PRIu64 "</offset>\n", mark[i].number, mark[i].at);
    if (n) vl_text_put(t, err, "</index>\n");
    vl_text_put(t, err, "<indexOffset>%" PRIu64 "</indexOffset>\n<sha1>", at);
    return err->code;
}

static vl_code tail(vl_viewer *v, vl_buf *text, vl_err *err)
{
    vl_mzxml_made *const m = ((vl_spectra_own *)v->own)->mzxml;
    uint8_t digest[SHA_DIGEST_LENGTH];
    if (put_index(m, text, err)) return err->code;
    pass(m, text);
    SHA1_Final(digest, &m->sha1);
    for (size_t i = 0; i < sizeof digest; i++) vl_text_put(text, err, "%02x", digest[i]);
    return err->code ? err->code : vl_text_add(text, "</sha1>\n</mzXML>\n", err);
}

const vl_form vl_spectra_mzxml = {
    .name = "mzxml", .head = head, .print = print, .tail = tail, .follow = follow
};
