/*
 * What parsers of mass spectra in XML share: text goes to the skeleton in runs as long as possible, from the
 * end of one array's text to the next; that text is left out, and what may be wrong around it is said.
 */
#include <string.h>

#include "formats/spectra/mzml.h"

vl_code vl_mz_copy(const vl_xml *x, size_t *copied, size_t to, vl_batch *out, vl_err *err)
{
    const size_t from = *copied;
    if (from == to) return VL_OK; /* of an empty block there are no bytes */
    if (vl_xml_check(x, from, to, &out->counter[VL_SPC_NOT_UTF8], err)) return err->code;
    *copied = to;
    return vl_buf_append(&out->col[VL_SP_SKELETON].data, x->data + from, to - from, err);
}

vl_code vl_mz_wrong_end(const vl_xml *x, vl_xml_span expected, vl_err *err)
{
    return vl_xml_fail(x, x->from, VL_EFORMAT, err, "</%.*s> where </%.*s> is expected",
                       (int)(x->name.n < 40 ? x->name.n : 40), (const char *)x->name.at,
                       (int)(expected.n < 40 ? expected.n : 40), (const char *)expected.at);
}

vl_code vl_mz_take_text(vl_xml *x, const char *name, bool empty, vl_mz_array *a, size_t *copied,
                        vl_batch *out, vl_err *err)
{
    const size_t from = x->at;
    if (a->text.at) return vl_xml_fail(x, x->from, VL_EFORMAT, err, "a second <%s> in one array", name);
    if (vl_mz_copy(x, copied, from, out, err)) return err->code;
    a->text_at = out->col[VL_SP_SKELETON].data.len;
    a->text = empty ? (vl_xml_span){ x->data + from, 0 } : vl_xml_ahead(x);
    if (empty) return VL_OK;
    x->at += a->text.n;
    while (!vl_xml_next(x, err) && x->kind != VL_XML_CLOSE) {
        if (x->kind == VL_XML_END)
            return x->last ? vl_xml_fail(x, from, VL_ETRUNC, err, "document ends inside <%s>", name)
                           : vl_xml_fail(x, from, VL_EFORMAT, err, "<%s> does not end in its record", name);
        if (x->kind == VL_XML_OPEN || x->kind == VL_XML_EMPTY)
            return vl_xml_fail(x, x->from, VL_EFORMAT, err, "element inside <%s>", name);
        a->markup = true;
    }
    if (err->code) return err->code;
    if (!vl_xml_is(x->name, name))
        return vl_mz_wrong_end(x, (vl_xml_span){ (const uint8_t *)name, strlen(name) }, err);
    a->text.n = x->from - from;
    *copied = x->from;
    if (!a->markup && memchr(a->text.at, '&', a->text.n)) a->markup = true;
    return VL_OK;
}

vl_code vl_mz_refuse_text(const vl_xml *x, vl_err *err)
{
    const size_t nul = vl_k.count_byte(x->data + x->from, x->at - x->from, 0);
    if (!nul) return vl_xml_fail(x, x->from, VL_EFORMAT, err, "text between elements");
    const uint8_t *const at = memchr(x->data + x->from, 0, x->at - x->from);
    return vl_xml_fail(x, (size_t)(at - x->data), VL_EFORMAT, err,
                       "%zu NUL bytes between elements, or after the end", nul);
}
