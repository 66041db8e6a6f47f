/*
 * What stands before the first record of an mzML document: is it one, which version, and the
 * referenceableParamGroups, which records refer to for terms that they share.
 */
#include <stdlib.h>
#include <string.h>

#include "formats/spectra/mzml.h"
#include "formats/spectra/xml_root.h"

enum { HEAD_MOST = 16 << 20 };

static const char *const roots[] = { "mzML", "indexedmzML", NULL };

int vl_mz_probe(const uint8_t *bytes, size_t n) { return vl_xml_probe_root(roots, bytes, n); }

void vl_mz_head_free(vl_mz_head *head)
{
    for (size_t i = 0; i < head->ngroup; i++) free(head->group[i].param);
    free(head->group);
    vl_xml_text_free(head->texts);
    vl_buf_free(&head->text);
    *head = (vl_mz_head){ 0 };
}

const vl_mz_group *vl_mz_find_group(const vl_mz_head *head, vl_xml_span id)
{
    for (size_t i = 0; i < head->ngroup; i++) {
        const vl_xml_span g = head->group[i].id;
        if (g.n == id.n && !memcmp(g.at, id.at, id.n)) return &head->group[i];
    }
    return NULL;
}

/* Doubles an array of elements of this size when it is full. */
static vl_code more_room(void **array, size_t n, size_t *cap, size_t size, vl_err *err)
{
    if (n < *cap) return VL_OK;
    const size_t want = *cap ? 2 * *cap : 8;
    void *const p = realloc(*array, want * size);
    if (!p) return vl_fail(err, VL_ENOMEM, "no memory for the head of the document");
    *array = p;
    *cap = want;
    return VL_OK;
}

static vl_code new_group(vl_mz_head *h, const vl_xml *x, vl_err *err)
{
    vl_xml_span id;
    if (vl_xml_value(x, "id", &id, err)) return err->code;
    if (!id.at) return vl_xml_fail(x, x->from, VL_EFORMAT, err, "referenceableParamGroup without id");
    if (more_room((void **)&h->group, h->ngroup, &h->cgroup, sizeof *h->group, err)) return err->code;
    h->group[h->ngroup++] = (vl_mz_group){ .id = id };
    return VL_OK;
}

static vl_code group_param(vl_mz_group *g, const vl_mz_param *p, vl_err *err)
{
    if (more_room((void **)&g->param, g->nparam, &g->cparam, sizeof *g->param, err)) return err->code;
    g->param[g->nparam++] = *p;
    return VL_OK;
}

/* A fact, once. */
static void note(vl_mz_head *h, const char *name, vl_xml_span text)
{
    if (text.at && !*vl_fact_get(&h->facts, name))
        vl_fact_add(&h->facts, name, "%.*s", text.n < 80 ? (int)text.n : 80, (const char *)text.at);
}

static vl_code note_attribute(vl_mz_head *h, const vl_xml *x, const char *attribute, const char *name,
                              vl_err *err)
{
    vl_xml_span value;
    if (!vl_xml_value(x, attribute, &value, err)) note(h, name, value);
    return err->code;
}

static void copy(char *to, size_t room, vl_xml_span text)
{
    const size_t n = text.n < room ? text.n : room - 1;
    if (n) memcpy(to, text.at, n);
    to[n] = 0;
}

/* What an image is of, and what is said of the file beside it. */
static void note_imaging(vl_mz_head *h, uint32_t ims, const vl_mz_param *p)
{
    static const struct {
        uint32_t term;
        const char *name;
    } sizes[] = { { 1000042, "pixels_x" },
                  { 1000043, "pixels_y" },
                  { 1000046, "pixel_size_x" },
                  { 1000047, "pixel_size_y" } };
    if (ims == 1000030 || ims == 1000031)
        note(h, "imaging",
             ims == 1000030 ? (vl_xml_span){ (const uint8_t *)"continuous", 10 }
                            : (vl_xml_span){ (const uint8_t *)"processed", 9 });
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        if (ims == sizes[i].term) note(h, sizes[i].name, p->value);
    if (ims == 1000080 && !*h->uuid) copy(h->uuid, sizeof h->uuid, p->value);
    if (ims >= 1000090 && ims <= 1000092 && !h->hash_term) {
        h->hash_term = ims;
        copy(h->hash, sizeof h->hash, p->value);
    }
}

/* A param of fileDescription, sourceFile, instrumentConfiguration, or of an instrument before mzML 1.0. */
static vl_code head_param(vl_mz_head *h, const vl_xml *x, const vl_mz_param *p, vl_xml_span in, vl_err *err)
{
    const uint32_t ims = p->term & VL_MZ_IMS ? p->term & ~(uint32_t)VL_MZ_IMS : 0;
    if (!h->outside && (ims == 1000080 || ims == 1000030 || ims == 1000031))
        return vl_xml_fail(x, x->from, VL_EUNSUP, err,
                           "imzML: the peaks are in an .ibd file beside it (IMS:%u); both are read when the "
                           "input is a file whose name ends in .imzML",
                           ims);
    if (ims) note_imaging(h, ims, p);
    if (vl_xml_is(in, "sourceFile") && vl_mz_native_id_term(p->term) &&
        !*vl_fact_get(&h->facts, "native_id_format"))
        vl_fact_add(&h->facts, "native_id_format", "MS:%07u", p->term);
    if ((vl_xml_is(in, "instrumentConfiguration") || vl_xml_is(in, "instrument")) && p->term &&
        p->term < VL_MZ_IMS) {
        if (p->term == 1000529) note(h, "instrument_serial", p->value);
        else if (!*vl_fact_get(&h->facts, "instrument"))
            vl_fact_add(&h->facts, "instrument", "MS:%07u %.*s", p->term,
                        p->name.n < 70 ? (int)p->name.n : 70, p->name.at ? (const char *)p->name.at : "");
    }
    return VL_OK;
}

static vl_code head_reference(vl_mz_head *h, const vl_xml *x, vl_xml_span in, vl_err *err)
{
    vl_xml_span ref;
    if (vl_xml_value(x, "ref", &ref, err)) return err->code;
    const vl_mz_group *const g = ref.at ? vl_mz_find_group(h, ref) : NULL;
    for (size_t i = 0; g && i < g->nparam; i++)
        if (head_param(h, x, &g->param[i], in, err)) return err->code;
    return VL_OK;
}

static bool is_leaf(vl_xml_span name)
{
    return vl_xml_is(name, "cvParam") || vl_xml_is(name, "userParam") ||
           vl_xml_is(name, "referenceableParamGroupRef");
}

/* One start tag; in is the element around it, as far as it matters. *done at the first record's list. */
static vl_code head_tag(vl_mz_head *h, const vl_xml *x, vl_xml_span *in, bool *done, vl_err *err)
{
    const bool opens = x->kind == VL_XML_OPEN;
    if (vl_xml_is(x->name, "cvParam")) {
        vl_mz_param p;
        if (vl_mz_read_param(x, &p, err)) return err->code;
        if (vl_xml_is(*in, "referenceableParamGroup")) return group_param(&h->group[h->ngroup - 1], &p, err);
        return head_param(h, x, &p, *in, err);
    }
    if (vl_xml_is(x->name, "userParam")) return VL_OK;
    if (vl_xml_is(x->name, "referenceableParamGroupRef")) return head_reference(h, x, *in, err);
    if (vl_xml_is(x->name, "mzML") && note_attribute(h, x, "version", "mzml.version", err)) return err->code;
    if (vl_xml_is(x->name, "run") && (note_attribute(h, x, "id", "run_id", err) ||
                                      note_attribute(h, x, "startTimeStamp", "start_time", err)))
        return err->code;
    if (vl_xml_is(x->name, "referenceableParamGroup") && new_group(h, x, err)) return err->code;
    *done = vl_xml_is(x->name, "run") || vl_xml_is(x->name, "spectrumList") ||
            vl_xml_is(x->name, "chromatogramList");
    *in = opens ? x->name : (vl_xml_span){ NULL, 0 };
    return VL_OK;
}

/* Reads as far as the run. *short_of: the head ends before. */
static vl_code read_head(vl_mz_head *h, bool whole, bool *short_of, vl_err *err)
{
    vl_xml x = { .data = h->text.data,
                 .n = h->text.len,
                 .at = vl_xml_bom(h->text.data, h->text.len),
                 .last = true,
                 .texts = &h->texts };
    vl_xml_span in = { NULL, 0 };
    bool done = false;
    while (!done) {
        if (vl_xml_next(&x, err)) {
            *short_of = err->code == VL_ETRUNC && !whole;
            return err->code;
        }
        if (x.kind == VL_XML_END) {
            *short_of = !whole;
            return whole ? vl_xml_fail(&x, x.n, VL_ETRUNC, err, "document ends before its <run>") : VL_OK;
        }
        if (x.kind == VL_XML_PI && vl_xml_is(x.name, "xml")) h->encoding = x.encoding = vl_xml_declared(&x);
        if (x.kind == VL_XML_CLOSE && !is_leaf(x.name)) in = (vl_xml_span){ NULL, 0 };
        if ((x.kind == VL_XML_OPEN || x.kind == VL_XML_EMPTY) && head_tag(h, &x, &in, &done, err))
            return err->code;
    }
    return VL_OK;
}

vl_code vl_mz_open(void *head, const vl_ask *ask, const uint8_t *const *bytes, const size_t *n,
                   const bool *whole, bool *more, vl_err *err)
{
    vl_mz_head *const h = head;
    vl_mz_open_head(h, (vl_xml_span){ bytes[0], n[0] }, whole[0], false, more, err);
    h->cut_short = ask->cut_short;
    return err->code;
}

vl_code vl_mz_open_head(vl_mz_head *h, vl_xml_span bytes, bool whole, bool outside, bool *more, vl_err *err)
{
    bool short_of = false;
    vl_mz_head_free(h);
    h->outside = outside;
    if (vl_xml_refuse_root(roots, bytes.at, bytes.n, err)) return err->code;
    const size_t most = bytes.n < HEAD_MOST ? bytes.n : HEAD_MOST;
    if (vl_buf_append(&h->text, bytes.at, most, err)) return err->code;
    read_head(h, whole && bytes.n <= HEAD_MOST, &short_of, err);
    if (!short_of) return err->code;
    vl_err_clear(err);
    if (bytes.n > HEAD_MOST) return vl_fail(err, VL_EFORMAT, "no <run> in the first %d bytes", HEAD_MOST);
    *more = true;
    return VL_OK;
}
