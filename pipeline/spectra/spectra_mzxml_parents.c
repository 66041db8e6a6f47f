/*
 * The files that mzXML was made from, parentFile: those that the document of the store says it was made from,
 * else the one that the store was.
 *
 * fileSha1 must be there, and of 40 digits: all 0 where nobody said it. msconvert makes ids after the ending
 * of the first of these files, and refuses a document made from ".mzML" (seen of ProteoWizard 3.0.18342). So
 * such files are named only where there are no others, and then without this ending.
 */
#include "pipeline/spectra/spectra_mzxml.h"

#include "formats/spectra/mzml.h"
#include "formats/spectra/mzxml.h"
#include "pipeline/spectra/spectra_mzml.h"

#include <string.h>
#include <strings.h>

/* A file of mzML's list; all borrowed from the text of its head, where they are text of XML. */
typedef struct parent {
    vl_cell name, location, sha1;
} parent;

static vl_cell value_of(const vl_xml *x, const char *name)
{
    const vl_xml_span v = vl_xml_get(x, name);
    return (vl_cell){ v.at, v.at ? v.n : 0 };
}

static bool ends_in_mzml(const uint8_t *name, size_t n)
{
    return n > 5 && !strncasecmp((const char *)name + n - 5, ".mzML", 5);
}

static vl_code put_attribute(vl_buf *t, const char *name, const char *value, vl_err *err)
{
    if (vl_text_add(t, name, err) || vl_text_add(t, "=\"", err) ||
        vl_mzml_escape(t, (const uint8_t *)value, strlen(value), err))
        return err->code;
    return vl_text_add(t, "\"", err);
}

static vl_code put_sha1(vl_buf *t, const uint8_t *at, size_t n, vl_err *err)
{
    bool good = n == 40;
    for (size_t i = 0; i < n && good; i++) good = strchr("0123456789abcdefABCDEF", at[i]) && at[i];
    vl_text_put(t, err, " fileSha1=\"%.40s\"/>\n",
                good ? (const char *)at : "0000000000000000000000000000000000000000");
    return err->code;
}

static vl_code put_parent(const parent *p, vl_buf *t, vl_err *err)
{
    const bool slash = p->location.n && p->location.at[p->location.n - 1] != '/';
    if (vl_text_add(t, "<parentFile fileName=\"", err) || vl_mzml_put_said(t, p->location, err) ||
        vl_text_add(t, slash ? "/" : "", err) || vl_mzml_put_said(t, p->name, err) ||
        vl_text_add(t, "\" fileType=\"RAWData\"", err))
        return err->code;
    return put_sha1(t, p->sha1.at, p->sha1.n, err);
}

/* Puts what is complete at the end of a sourceFile. */
static vl_code end_parent(parent *p, size_t *n, vl_buf *t, vl_err *err)
{
    if (p->name.n && !ends_in_mzml(p->name.at, p->name.n)) {
        put_parent(p, t, err);
        ++*n;
    }
    *p = (parent){ .name = { NULL, 0 } };
    return err->code;
}

/* One of mzXML, as it stands there. */
static vl_code copy_parent(const vl_xml *x, vl_buf *t, vl_err *err)
{
    const vl_cell kind = value_of(x, "fileType"), sha1 = value_of(x, "fileSha1");
    if (vl_text_add(t, "<parentFile fileName=\"", err) || vl_mzml_put_said(t, value_of(x, "fileName"), err) ||
        vl_text_add(t, "\" fileType=\"", err) ||
        (kind.n ? vl_mzml_put_said(t, kind, err) : vl_text_add(t, "RAWData", err)) ||
        vl_text_add(t, "\"", err))
        return err->code;
    return put_sha1(t, sha1.at, sha1.n, err);
}

/* Those that a document says in its head, mzML or mzXML; *n of them. */
static vl_code put_said_parents(const vl_buf *head, size_t *n, vl_buf *t, vl_err *err)
{
    vl_xml x = { .data = head->data, .n = head->len };
    parent p = { .name = { NULL, 0 } };
    while (x.at < x.n && !vl_xml_next(&x, err)) {
        const bool opens = x.kind == VL_XML_OPEN || x.kind == VL_XML_EMPTY;
        const bool file = (opens || x.kind == VL_XML_CLOSE) && vl_xml_is(x.name, "sourceFile");
        if (file && opens) p = (parent){ value_of(&x, "name"), value_of(&x, "location"), { NULL, 0 } };
        if (file && x.kind != VL_XML_OPEN && end_parent(&p, n, t, err)) break;
        if (opens && vl_xml_is(x.name, "parentFile") && ++*n && copy_parent(&x, t, err)) break;
        if (opens && vl_xml_is(x.name, "cvParam") && vl_xml_is(vl_xml_get(&x, "accession"), "MS:1000569"))
            p.sha1 = value_of(&x, "value");
    }
    return err->code;
}

/* What stands before the first spectrum of a document that is kept; empty of other formats. */
static vl_code read_head(vl_viewer *v, vl_buf *head, vl_err *err)
{
    char format[32];
    vl_buf at = { 0 };
    if (vl_store_get(vl_reader_store(v->r), "source/0", "format", format, sizeof format, err))
        return err->code;
    if (strcmp(format, vl_mzxml.name) != 0) return vl_record_head(v, head, err);
    if (!vl_reader_elements(v->r, vl_reader_column(v->r, VL_SP_TEXT_AT), 0, 1, &at, &v->work, err))
        vl_reader_elements(v->r, vl_reader_column(v->r, VL_SP_SKELETON), 0, vl_le64(at.data), head, &v->work,
                           err);
    vl_buf_free(&at);
    return err->code;
}

/* The file that the store was made from. */
static vl_code put_known(vl_viewer *v, vl_buf *t, vl_err *err)
{
    vl_store *const store = vl_reader_store(v->r);
    char name[256] = "";
    if (vl_store_get(store, "source/0", "name", name, sizeof name, err)) return err->code;
    if (ends_in_mzml((const uint8_t *)name, strlen(name))) name[strlen(name) - 5] = 0;
    if (vl_text_add(t, "<parentFile ", err) || put_attribute(t, "fileName", name, err) ||
        vl_text_add(t, " fileType=\"processedData\"", err))
        return err->code;
    return put_sha1(t, NULL, 0, err);
}

vl_code vl_mzxml_parents(vl_viewer *v, vl_buf *t, vl_err *err)
{
    vl_buf head = { 0 };
    size_t n = 0;
    if (!read_head(v, &head, err)) put_said_parents(&head, &n, t, err);
    if (!err->code && !n) put_known(v, t, err);
    vl_buf_free(&head);
    return err->code;
}
