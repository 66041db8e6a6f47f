/*
 * What stands before the first record of an mzML document: is it one, which version, and the
 * referenceableParamGroups, which records refer to for terms that they share.
 */
#include <stdlib.h>
#include <string.h>

#include "formats/spectra/mzml.h"

enum { HEAD_MOST = 16 << 20, PROBE_FAR = 1 << 16 };

static bool utf16(const uint8_t *bytes, size_t n)
{
    if (n < 4) return false;
    return (bytes[0] == 0xff && bytes[1] == 0xfe) || (bytes[0] == 0xfe && bytes[1] == 0xff) ||
           (bytes[0] == '<' && bytes[1] == 0) || (bytes[0] == 0 && bytes[1] == '<');
}

/* "mzML" in 16-bit letters. */
static int probe_utf16(const uint8_t *bytes, size_t n)
{
    static const uint8_t name[] = { 'm', 0, 'z', 0, 'M', 0, 'L' };
    const size_t far = n < PROBE_FAR ? n : PROBE_FAR;
    return memmem(bytes, far, name, sizeof name) ? 60 : 0;
}

static size_t bom(const uint8_t *bytes, size_t n)
{
    return n >= 3 && !memcmp(bytes, "\xef\xbb\xbf", 3) ? 3 : 0;
}

/* Where the first start tag is, or would be; before it only blanks, comments and processing instructions.
 * SIZE_MAX: one of these has no end. */
static size_t find_root(const uint8_t *bytes, size_t n)
{
    size_t at = bom(bytes, n);
    for (;;) {
        static const char *const begins[] = { "<!--", "<?" }, *const ends[] = { "-->", "?>" };
        size_t skipped = 0;
        while (at < n && vl_xml_blank((vl_xml_span){ bytes + at, 1 })) at++;
        for (int i = 0; i < 2; i++) {
            const size_t len = strlen(begins[i]);
            if (n - at < len || memcmp(bytes + at, begins[i], len) != 0) continue;
            const uint8_t *const end = memmem(bytes + at + len, n - at - len, ends[i], strlen(ends[i]));
            if (!end) return SIZE_MAX;
            skipped = (size_t)(end - (bytes + at)) + strlen(ends[i]);
        }
        if (!skipped) return at;
        at += skipped;
    }
}

/* Is it this name, with what may follow one? */
static bool is_root(const uint8_t *p, size_t n)
{
    static const char *const roots[] = { "mzML", "indexedmzML" };
    for (int i = 0; i < 2; i++) {
        const size_t len = strlen(roots[i]);
        if (n > len && !memcmp(p, roots[i], len) &&
            (vl_xml_blank((vl_xml_span){ p + len, 1 }) || p[len] == '>'))
            return true;
    }
    return false;
}

/* Bytes of the prefix of the root's name, with its ':'. */
static size_t prefix_of(const uint8_t *p, size_t n)
{
    enum { MOST = 64 };
    const uint8_t *const colon = n > 1 ? memchr(p + 1, ':', n - 1 < MOST ? n - 1 : MOST) : NULL;
    const size_t len = colon ? (size_t)(colon - p) : 0;
    return colon && is_root(p + 1 + len, n - 1 - len) ? len : 0;
}

int vl_mz_probe(const uint8_t *bytes, size_t n)
{
    if (utf16(bytes, n)) return probe_utf16(bytes, n);
    const size_t at = find_root(bytes, n);
    if (at >= n) return 0;
    /* a DTD is refused by name later, so it must not hide what document it is */
    const uint8_t *p = bytes + at;
    size_t left = n - at;
    if (left > 9 && !memcmp(p, "<!DOCTYPE", 9)) {
        const uint8_t *const root = memmem(p, left < PROBE_FAR ? left : PROBE_FAR, "mzML", 4);
        return root ? 90 : 0;
    }
    return *p == '<' && (is_root(p + 1, left - 1) || prefix_of(p, left)) ? 100 : 0;
}

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

/* A param of fileDescription, sourceFile, instrumentConfiguration. */
static vl_code head_param(vl_mz_head *h, const vl_xml *x, const vl_mz_param *p, vl_xml_span in, vl_err *err)
{
    const uint32_t ims = p->term & VL_MZ_IMS ? p->term & ~(uint32_t)VL_MZ_IMS : 0;
    if (ims == 1000080 || ims == 1000030 || ims == 1000031)
        return vl_xml_fail(x, x->from, VL_EUNSUP, err,
                           "imzML: the peaks are in an .ibd file (IMS:%u), which is not read yet", ims);
    if (vl_xml_is(in, "sourceFile") && vl_mz_native_id_term(p->term) &&
        !*vl_fact_get(&h->facts, "native_id_format"))
        vl_fact_add(&h->facts, "native_id_format", "MS:%07u", p->term);
    if (vl_xml_is(in, "instrumentConfiguration") && p->term && p->term < VL_MZ_IMS) {
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
                 .at = bom(h->text.data, h->text.len),
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
    bool short_of = false;
    vl_mz_head_free(h);
    if (utf16(bytes[0], n[0]))
        return vl_fail(err, VL_EUNSUP, "document in UTF-16; only UTF-8 and its like are read");
    const size_t root = find_root(bytes[0], n[0]),
                 prefix = root < n[0] ? prefix_of(bytes[0] + root, n[0] - root) : 0;
    if (prefix)
        return vl_fail(err, VL_EUNSUP,
                       "its elements have the namespace prefix '%.*s'; only names without one "
                       "are read",
                       (int)prefix, (const char *)bytes[0] + root + 1);
    const size_t most = n[0] < HEAD_MOST ? n[0] : HEAD_MOST;
    if (vl_buf_append(&h->text, bytes[0], most, err)) return err->code;
    (void)ask;
    read_head(h, whole[0] && n[0] <= HEAD_MOST, &short_of, err);
    if (!short_of) return err->code;
    vl_err_clear(err);
    if (n[0] > HEAD_MOST) return vl_fail(err, VL_EFORMAT, "no <run> in the first %d bytes", HEAD_MOST);
    *more = true;
    return VL_OK;
}
