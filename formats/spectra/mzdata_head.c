/*
 * What stands before the spectra of an mzData document: is it one, which version, what it was made from, and
 * the instrument.
 */
#include <string.h>

#include "formats/spectra/mzdata.h"
#include "formats/spectra/xml_root.h"

static const char *const roots[] = { "mzData", NULL };

int vl_md_probe(const uint8_t *bytes, size_t n) { return vl_xml_probe_root(roots, bytes, n); }

/* A fact, once, of XML text as it is written. Text that the head ends in may go on. */
static vl_code note(vl_md_head *h, const vl_xml *x, const char *name, vl_xml_span text, vl_err *err)
{
    vl_buf plain = { 0 };
    const vl_xml_span t = vl_xml_trim(text);
    if (t.n && text.at + text.n < x->data + x->n && !*vl_fact_get(&h->facts, name) &&
        !vl_xml_decode(t, h->encoding, &plain, err))
        vl_fact_add(&h->facts, name, "%.*s", plain.len < 80 ? (int)plain.len : 80, (const char *)plain.data);
    vl_buf_free(&plain);
    return err->code;
}

typedef struct reading {
    vl_md_head *head;
    bool source; /* in a sourceFile */
} reading;

/* *done at the spectra. */
static vl_code head_tag(void *self, const vl_xml *x, bool *done, vl_err *err)
{
    reading *const r = self;
    vl_md_head *const h = r->head;
    *done = vl_xml_is(x->name, "spectrumList") || vl_xml_is(x->name, "spectrum");
    if (vl_xml_is(x->name, "sourceFile")) r->source = x->kind == VL_XML_OPEN;
    if (x->kind == VL_XML_OPEN && vl_xml_is(x->name, "mzData")) {
        const vl_xml_span version = vl_xml_get(x, "version");
        return version.at ? note(h, x, "mzdata.version", version, err) : VL_OK;
    }
    if (x->kind != VL_XML_OPEN) return VL_OK;
    if (vl_xml_is(x->name, "instrumentName")) return note(h, x, "instrument", vl_xml_ahead(x), err);
    if (r->source && vl_xml_is(x->name, "nameOfFile")) return note(h, x, "parent_file", vl_xml_ahead(x), err);
    return VL_OK;
}

vl_code vl_md_open(void *head, const vl_ask *ask, const uint8_t *const *bytes, const size_t *n,
                   const bool *whole, bool *more, vl_err *err)
{
    reading r = { .head = head };
    *r.head = (vl_md_head){ .cut_short = ask->cut_short };
    const vl_xml_head how = { roots, "<spectrumList>", &r.head->encoding, head_tag, &r };
    return vl_xml_read_head(&how, (vl_xml_span){ bytes[0], n[0] }, whole[0], more, err);
}
