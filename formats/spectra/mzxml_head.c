/*
 * What stands before the first scan of an mzXML document: is it one, which version, what made it, and whether
 * scans that do not say are centroids.
 */
#include <string.h>

#include "formats/spectra/mzxml.h"
#include "formats/spectra/xml_root.h"

/* A document without an index may have the run as its root. */
static const char *const roots[] = { "mzXML", "msRun", NULL };

int vl_mx_probe(const uint8_t *bytes, size_t n) { return vl_xml_probe_root(roots, bytes, n); }

uint8_t vl_mx_flag(vl_xml_span value, uint8_t none)
{
    if (!value.at) return none;
    const vl_xml_span t = vl_xml_trim(value);
    if (vl_xml_is(t, "1") || vl_xml_is(t, "true")) return 1;
    return vl_xml_is(t, "0") || vl_xml_is(t, "false") ? 0 : none;
}

/* A fact, once. */
static void note(vl_mx_head *h, const char *name, vl_xml_span text)
{
    if (text.at && !*vl_fact_get(&h->facts, name))
        vl_fact_add(&h->facts, name, "%.*s", text.n < 80 ? (int)text.n : 80, (const char *)text.at);
}

/* "3.2" of a namespace that ends in mzXML_3.2. */
static vl_code note_version(vl_mx_head *h, const vl_xml *x, vl_err *err)
{
    static const uint8_t word[] = "mzXML_";
    vl_xml_span space;
    if (vl_xml_value(x, "xmlns", &space, err) || !space.at) return err->code;
    const uint8_t *const at = memmem(space.at, space.n, word, sizeof word - 1);
    if (!at) return VL_OK;
    const uint8_t *const from = at + sizeof word - 1, *to = from;
    while (to < space.at + space.n && ((*to >= '0' && *to <= '9') || *to == '.')) to++;
    if (to > from) note(h, "mzxml.version", (vl_xml_span){ from, (size_t)(to - from) });
    return VL_OK;
}

/* "ThermoFinnigan LCQ Deca": the maker, then the model. */
static vl_code note_instrument(vl_mx_head *h, const vl_xml *x, vl_buf *maker, vl_err *err)
{
    vl_xml_span value;
    if (vl_xml_value(x, "value", &value, err) || !value.at || *vl_fact_get(&h->facts, "instrument"))
        return err->code;
    const bool model = vl_xml_is(x->name, "msModel");
    if (maker->len && vl_buf_append(maker, " ", 1, err)) return err->code;
    if (vl_buf_append(maker, value.at, value.n, err)) return err->code;
    if (model) note(h, "instrument", (vl_xml_span){ maker->data, maker->len });
    return VL_OK;
}

typedef struct reading {
    vl_mx_head *head;
    vl_buf maker; /* of the instrument, and its model */
} reading;

/* *done at the first scan. */
static vl_code head_tag(void *self, const vl_xml *x, bool *done, vl_err *err)
{
    reading *const r = self;
    vl_mx_head *const h = r->head;
    vl_xml_span value;
    if (x->kind == VL_XML_CLOSE) return VL_OK;
    *done = vl_xml_is(x->name, "scan");
    if (vl_xml_is(x->name, "mzXML") || vl_xml_is(x->name, "msRun")) return note_version(h, x, err);
    if (vl_xml_is(x->name, "msManufacturer") || vl_xml_is(x->name, "msModel"))
        return note_instrument(h, x, &r->maker, err);
    if (vl_xml_is(x->name, "parentFile")) {
        if (!vl_xml_value(x, "fileName", &value, err)) note(h, "parent_file", value);
        if (!err->code && !vl_xml_value(x, "fileSha1", &value, err)) note(h, "parent_sha1", value);
    }
    if (vl_xml_is(x->name, "dataProcessing") && h->centroid != 1) {
        if (!vl_xml_value(x, "centroided", &value, err)) h->centroid = vl_mx_flag(value, h->centroid);
    }
    return err->code;
}

vl_code vl_mx_open(void *head, const vl_ask *ask, const uint8_t *const *bytes, const size_t *n,
                   const bool *whole, bool *more, vl_err *err)
{
    reading r = { .head = head };
    *r.head = (vl_mx_head){ .centroid = 255, .cut_short = ask->cut_short };
    const vl_xml_head how = { roots, "<scan>", &r.head->encoding, head_tag, &r };
    vl_xml_read_head(&how, (vl_xml_span){ bytes[0], n[0] }, whole[0], more, err);
    vl_buf_free(&r.maker);
    return err->code;
}
