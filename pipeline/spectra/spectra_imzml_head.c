/*
 * The head of an imzML that is made of some spectra of another, or of an mzML whose spectra say which pixel
 * they are of: that document's own, token by token, in UTF-8, with what it said of its .ibd, of the size of
 * the image and of its arrays gone, and in its place what is so of the new one:
 *
 *     cvList > cv IMS                          where there was none
 *     fileContent                              mode, UUID and SHA-1 of the .ibd (vl_imzml_facts)
 *     referenceableParamGroupList > group      vial_mz and vial_intensity: how arrays stand in the .ibd
 *     scanSettings                             max count of pixels: of the document, or of the spectra
 *
 * The image keeps its size, as pixels keep their places, whatever part of it is printed.
 *
 * Source: imzML 1.1.0, Schramm et al. 2012, doi:10.1016/j.jprot.2012.07.026; mzML1.1.0.xsd for the order.
 */
#include "formats/spectra/xml.h"
#include "pipeline/spectra/spectra_imzml.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

typedef struct from_to {
    size_t from, to;
} from_to;

typedef struct rewriting {
    vl_imzml_made *made;
    vl_buf *out; /* borrowed */
    vl_xml x;    /* of the document's head as it was */
    /* what a look at it found */
    size_t ncv, ngroup;         /* groups that stay */
    bool ims, groups, settings; /* it has the vocabulary, such a list, such an element */
    uint64_t size[2];           /* that it says; 0: nothing */
    vl_buf gone;                /* owned: from_to of the groups that do not stay */
    /* while it is written */
    size_t ngone;                       /* of these, those that are behind us */
    const char *in;                     /* this element waits for our params; NULL: none does */
    bool said, sized, skip, has_groups; /* done; within a cvParam that goes */
} rewriting;

static bool opens(const vl_xml *x) { return x->kind == VL_XML_OPEN || x->kind == VL_XML_EMPTY; }
static bool is_open(const vl_xml *x, const char *name) { return opens(x) && vl_xml_is(x->name, name); }
static bool is_close(const vl_xml *x, const char *name)
{
    return x->kind == VL_XML_CLOSE && vl_xml_is(x->name, name);
}
static bool is_term(const vl_xml *x, const char *accession)
{
    return is_open(x, "cvParam") && vl_xml_is(vl_xml_get(x, "accession"), accession);
}

/* ---- a look ---- */

static uint64_t whole(vl_xml_span text)
{
    uint64_t n = 0;
    for (size_t i = 0; i < text.n && text.at[i] >= '0' && text.at[i] <= '9' && n < INT32_MAX; i++)
        n = 10 * n + (uint64_t)(text.at[i] - '0');
    return n;
}

static vl_code look_at_groups(rewriting *w, from_to *group, bool *of_array, vl_err *err)
{
    const vl_xml *const x = &w->x;
    w->groups |= is_open(x, "referenceableParamGroupList");
    if (is_open(x, "referenceableParamGroup")) {
        *group = (from_to){ x->from, 0 };
        *of_array = false;
        w->ngroup++;
    }
    *of_array |= is_term(x, "MS:1000514") || is_term(x, "MS:1000515");
    if (!is_close(x, "referenceableParamGroup") || !*of_array) return VL_OK;
    group->to = x->at;
    w->ngroup--;
    return vl_buf_append(&w->gone, group, sizeof *group, err);
}

static vl_code look(rewriting *w, vl_err *err)
{
    const vl_xml start = w->x;
    vl_xml *const x = &w->x;
    from_to group = { 0 };
    bool of_array = false, content = false;
    while (!vl_xml_next(x, err) && x->kind != VL_XML_END) {
        if (is_open(x, "cv")) w->ncv++, w->ims |= vl_xml_is(vl_xml_get(x, "id"), "IMS");
        w->settings |= is_open(x, "scanSettings");
        content |= is_open(x, "fileContent");
        if (is_term(x, "IMS:1000042")) w->size[0] = whole(vl_xml_get(x, "value"));
        if (is_term(x, "IMS:1000043")) w->size[1] = whole(vl_xml_get(x, "value"));
        if (look_at_groups(w, &group, &of_array, err)) break;
    }
    if (!err->code && !content)
        vl_fail(err, VL_EARG, "the document that the store was made from has no fileContent");
    w->x = start;
    return err->code;
}

/* ---- what is new ---- */

vl_code vl_imzml_facts(bool continuous, const uint8_t uuid[VL_IMZML_UUID], const uint8_t *digest,
                       vl_buf *text, vl_err *err)
{
    vl_text_put(text, err, "<cvParam cvRef=\"IMS\" accession=\"IMS:100003%d\" name=\"%s\" value=\"\"/>%s\n",
                continuous ? 0 : 1, continuous ? "continuous" : "processed", continuous ? "" : " ");
    vl_text_put(text, err,
                "<cvParam cvRef=\"IMS\" accession=\"IMS:1000080\" name=\"universally unique identifier\" "
                "value=\"");
    for (int i = 0; i < VL_IMZML_UUID; i++)
        vl_text_put(text, err, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", uuid[i]);
    vl_text_put(text, err,
                "\"/>\n<cvParam cvRef=\"IMS\" accession=\"IMS:1000091\" name=\"ibd SHA-1\" value=\"");
    for (int i = 0; i < SHA_DIGEST_LENGTH; i++) vl_text_put(text, err, "%02x", digest[i]);
    vl_text_put(text, err, "\"/>\n");
    return err->code;
}

static vl_code put_facts(rewriting *w, vl_err *err)
{
    static const uint8_t none[SHA_DIGEST_LENGTH];
    w->made->facts_at = w->out->len;
    return vl_imzml_facts(false, none, none, w->out, err);
}

static vl_code put_size(rewriting *w, vl_err *err)
{
    for (int k = 0; k < 2; k++) {
        const uint64_t printed = (uint64_t)w->made->size[k];
        vl_text_put(w->out, err,
                    "<cvParam cvRef=\"IMS\" accession=\"IMS:100004%d\" name=\"max count of pixels %c\" "
                    "value=\"%" PRIu64 "\"/>\n",
                    2 + k, 'x' + k, w->size[k] > printed ? w->size[k] : printed);
    }
    return err->code;
}

static vl_code put_settings(rewriting *w, vl_err *err)
{
    vl_text_put(w->out, err, "<scanSettingsList count=\"1\">\n<scanSettings id=\"vial_image\">\n");
    if (put_size(w, err)) return err->code;
    return vl_text_add(w->out, "</scanSettings>\n</scanSettingsList>\n", err);
}

static void put_group(vl_buf *t, const char *id, const char *term, bool wide, vl_err *err)
{
    vl_text_put(t, err,
                "<referenceableParamGroup id=\"vial_%s\">\n%s\n"
                "<cvParam cvRef=\"MS\" accession=\"MS:10005%s-bit float\" value=\"\"/>\n"
                "<cvParam cvRef=\"MS\" accession=\"MS:1000576\" name=\"no compression\" value=\"\"/>\n"
                "<cvParam cvRef=\"IMS\" accession=\"IMS:1000101\" name=\"external data\" value=\"true\"/>\n"
                "</referenceableParamGroup>\n",
                id, term, wide ? "23\" name=\"64" : "21\" name=\"32");
}

static vl_code put_groups(rewriting *w, vl_err *err)
{
    if (w->has_groups) return VL_OK;
    w->has_groups = true;
    vl_text_put(w->out, err, "\n<referenceableParamGroupList count=\"%zu\">\n", w->ngroup + 2);
    put_group(w->out, "mz",
              "<cvParam cvRef=\"MS\" accession=\"MS:1000514\" name=\"m/z array\" value=\"\" "
              "unitCvRef=\"MS\" unitAccession=\"MS:1000040\" unitName=\"m/z\"/>",
              w->made->wide[0], err);
    put_group(w->out, "intensity",
              "<cvParam cvRef=\"MS\" accession=\"MS:1000515\" name=\"intensity array\" value=\"\" "
              "unitCvRef=\"MS\" unitAccession=\"MS:1000131\" unitName=\"number of detector counts\"/>",
              w->made->wide[1], err);
    return err->code;
}

/* ---- token by token ---- */

/* Letters of the document, in UTF-8. */
static vl_code put_letters(const rewriting *w, size_t from, size_t to, vl_err *err)
{
    const uint8_t *const at = w->x.data;
    while (from < to && !err->code) {
        const bool high = at[from] >= 128;
        size_t end = from;
        while (end < to && (at[end] >= 128) == high) end++;
        if (high) vl_xml_decode((vl_xml_span){ at + from, end - from }, w->x.encoding, w->out, err);
        else vl_buf_append(w->out, at + from, end - from, err);
        from = end;
    }
    return err->code;
}

/* What waited within an element, now that its params are over. */
static vl_code put_waiting(rewriting *w, vl_err *err)
{
    const char *const in = w->in;
    w->in = NULL;
    return !strcmp(in, "fileContent") ? put_facts(w, err) : put_size(w, err);
}

/* A token that stands within what waits: do its params end here? */
static bool ends_params(const rewriting *w)
{
    const vl_xml *const x = &w->x;
    if (!w->in) return false;
    return is_close(x, w->in) ||
           (opens(x) && !vl_xml_is(x->name, "cvParam") && !vl_xml_is(x->name, "referenceableParamGroupRef"));
}

/* The start of an element that gets params of ours. */
static vl_code put_start(rewriting *w, const char *name, bool *done, vl_err *err)
{
    const vl_xml *const x = &w->x;
    const bool empty = x->kind == VL_XML_EMPTY;
    *done = true;
    w->in = name;
    if (!empty) return put_letters(w, x->from, x->at, err);
    if (put_letters(w, x->from, x->at - 2, err) || vl_text_add(w->out, ">\n", err) || put_waiting(w, err))
        return err->code;
    vl_text_put(w->out, err, "</%s>", name);
    return err->code;
}

/* A list whose count changes. */
static vl_code put_cvs(rewriting *w, vl_err *err)
{
    if (w->x.kind != VL_XML_CLOSE) {
        vl_text_put(w->out, err, "<cvList count=\"%zu\">", w->ncv + 1);
        if (w->x.kind == VL_XML_OPEN) return err->code;
    }
    return vl_text_add(
        w->out,
        "<cv id=\"IMS\" fullName=\"Imaging MS Ontology\" version=\"1.1.0\" "
        "URI=\"https://raw.githubusercontent.com/imzML/imzML/master/imagingMS.obo\"/>\n</cvList>",
        err);
}

static bool goes(const vl_xml *x)
{
    static const char *const terms[] = { "IMS:1000030", "IMS:1000031", "IMS:1000042", "IMS:1000043",
                                         "IMS:1000080", "IMS:1000090", "IMS:1000091", "IMS:1000092" };
    for (size_t i = 0; i < sizeof terms / sizeof *terms; i++)
        if (is_term(x, terms[i])) return true;
    return false;
}

/* What is left out: terms that are said anew, groups of arrays. */
static bool is_gone(rewriting *w)
{
    const vl_xml *const x = &w->x;
    const from_to *const gone = (const from_to *)(const void *)w->gone.data;
    const size_t n = w->gone.len / sizeof *gone;
    while (w->ngone < n && gone[w->ngone].to <= x->from) w->ngone++;
    if (w->ngone < n && gone[w->ngone].from <= x->from) return true;
    if (w->skip) {
        w->skip = !is_close(x, "cvParam");
        return true;
    }
    w->skip = goes(x) && x->kind == VL_XML_OPEN;
    return goes(x);
}

/* Scan settings stand before what comes behind them, where the document had none. */
static bool is_behind_settings(const vl_xml *x)
{
    return is_open(x, "instrumentConfigurationList") || is_open(x, "dataProcessingList") || is_open(x, "run");
}

static vl_code put_token(rewriting *w, vl_err *err)
{
    const vl_xml *const x = &w->x;
    if (x->kind == VL_XML_PI && vl_xml_is(x->name, "xml")) {
        w->x.encoding = vl_xml_declared(x);
        return vl_text_add(w->out, "<?xml version=\"1.0\" encoding=\"utf-8\"?>", err);
    }
    if (ends_params(w) && put_waiting(w, err)) return err->code;
    if (is_gone(w)) return VL_OK;
    if (!w->ims && (is_open(x, "cvList") || is_close(x, "cvList"))) return put_cvs(w, err);
    if (is_open(x, "fileContent") && !w->said) return put_start(w, "fileContent", &w->said, err);
    if (is_open(x, "scanSettings") && !w->sized) return put_start(w, "scanSettings", &w->sized, err);
    if (is_open(x, "referenceableParamGroupList")) {
        if (put_groups(w, err) || x->kind == VL_XML_OPEN) return err->code;
        return vl_text_add(w->out, "</referenceableParamGroupList>", err);
    }
    if (!w->settings && is_behind_settings(x)) {
        w->settings = true;
        if (put_settings(w, err)) return err->code;
    }
    if (put_letters(w, x->from, x->at, err) || w->groups || !is_close(x, "fileDescription")) return err->code;
    return put_groups(w, err) ? err->code : vl_text_add(w->out, "</referenceableParamGroupList>", err);
}

vl_code vl_imzml_head(vl_viewer *v, uint64_t n, vl_buf *text, vl_err *err)
{
    vl_buf before = { 0 };
    rewriting w = { .made = ((const vl_spectra_own *)v->own)->imzml, .out = text };
    if (!vl_record_document_head(v, &vl_record_spectrum, n, &before, err)) {
        w.x = (vl_xml){ .data = before.data, .n = before.len, .last = false };
        if (!look(&w, err))
            while (!vl_xml_next(&w.x, err) && w.x.kind != VL_XML_END && !put_token(&w, err)) {
            }
    }
    if (!err->code) vl_text_add(text, "\n", err);
    vl_buf_free(&w.gone);
    vl_buf_free(&before);
    return err->code;
}
