/*
 * A block of an mzXML document becomes a batch. All blocks but the first begin right behind a scan, or an
 * entry of the index, so what is open around them is not known here:
 *
 *     mzXML, msRun, index and scans may be open between blocks: their tags are only listed, or counted, for
 *     join to check in order; every other element must end in the block that it begins in.
 */
#include <stdlib.h>
#include <string.h>

#include "formats/spectra/mzxml.h"
#include "formats/xxh3.h"

enum { DEEPEST = 64, EVENTS_MOST = 4096 };

static const char *const names[] = {
    [VL_MX_ANY] = "document",          [VL_MX_MZXML] = "mzXML",  [VL_MX_RUN] = "msRun",
    [VL_MX_INDEX] = "index",           [VL_MX_SPINE_END] = NULL, [VL_MX_SCAN] = "scan",
    [VL_MX_PRECURSOR] = "precursorMz", [VL_MX_PEAKS] = "peaks",  [VL_MX_OFFSET] = "offset",
    [VL_MX_INDEX_AT] = "indexOffset",  [VL_MX_CHECKSUM] = "sha1"
};
enum { NNAME = sizeof names / sizeof *names };

const char *vl_mx_element_name(vl_mx_element what) { return names[what]; }

static vl_mx_element element_of(vl_xml_span name)
{
    for (int i = 1; i < NNAME; i++)
        if (names[i] && vl_xml_is(name, names[i])) return (vl_mx_element)i;
    return VL_MX_ANY;
}

typedef struct parser {
    vl_xml x;
    vl_xml_text *texts; /* owned; x's */
    const vl_mx_head *head;
    const vl_block *in;
    vl_batch *out;
    vl_mx_extra *extra; /* out's */
    vl_mz_coder *coder; /* owned */
    vl_mx_scan scan;
    vl_xml_span open[DEEPEST]; /* names of open elements: neither spine nor scans */
    int depth;
    uint64_t nscan; /* scans that are open and began since the last event */
    size_t copied;  /* bytes of the block that are in the skeleton, or are not meant to be */
    vl_mx_since since;
} parser;

static bool is_spine(vl_mx_element what) { return what > VL_MX_ANY && what < VL_MX_SPINE_END; }

/* Adds what has gathered since the last event, and the event of this tag. */
static vl_code push_event(parser *p, const vl_mx_event *event, vl_err *err)
{
    vl_mx_extra *const e = p->extra;
    if (e->nevent == EVENTS_MOST)
        return vl_xml_fail(&p->x, p->x.from, VL_EFORMAT, err, "<%s> over and over",
                           vl_mx_element_name(event->element));
    if (e->nevent == e->cevent) {
        const size_t want = e->cevent ? 2 * e->cevent : 32;
        vl_mx_event *const more = realloc(e->event, want * sizeof *more);
        if (!more) return vl_fail(err, VL_ENOMEM, "no memory for %zu tags", want);
        e->event = more;
        e->cevent = want;
    }
    p->since.nbegun = p->nscan;
    e->event[e->nevent] = *event;
    e->event[e->nevent++].since = p->since;
    p->nscan = 0;
    p->since = (vl_mx_since){ .at = SIZE_MAX };
    return VL_OK;
}

/* Something at x.from that join must know the place of, if it does not belong there. */
static void mark(parser *p)
{
    if (p->since.at == SIZE_MAX) p->since.at = p->x.from;
}

/* What the open scan says of itself is all read, up to here. */
static vl_code end_record(parser *p, size_t to, vl_err *err)
{
    if (!p->scan.record.what) return VL_OK;
    if (vl_mz_copy(&p->x, &p->copied, to, p->out, err)) return err->code;
    return vl_mz_record_end(&p->scan.record, &p->x, p->coder, p->out, err);
}

static vl_code inside(const parser *p, vl_mx_element what, vl_err *err)
{
    const vl_xml_span name = p->open[p->depth - 1];
    return vl_xml_fail(&p->x, p->x.from, VL_EFORMAT, err, "<%s> inside <%.*s>", vl_mx_element_name(what),
                       (int)(name.n < 40 ? name.n : 40), (const char *)name.at);
}

static vl_code open_spine(parser *p, vl_mx_element what, vl_err *err)
{
    vl_mx_event event = { VL_MX_EV_OPEN, what, p->x.from, UINT64_MAX, { NULL, 0 }, { 0 } };
    if (p->depth) return inside(p, what, err);
    const vl_xml_span count = vl_xml_get(&p->x, "scanCount");
    if (what == VL_MX_RUN && count.at && !vl_mz_uint(count, &event.number))
        event.number = UINT64_MAX - 1; /* true of no run */
    return push_event(p, &event, err);
}

static vl_code close_spine(parser *p, vl_mx_element what, vl_err *err)
{
    const vl_mx_event event = { VL_MX_EV_CLOSE, what, p->x.from, 0, { NULL, 0 }, { 0 } };
    return push_event(p, &event, err);
}

/* An entry of the index. */
static vl_code take_offset(parser *p, vl_err *err)
{
    vl_xml_span id;
    uint64_t at = UINT64_MAX;
    if (vl_xml_value(&p->x, "id", &id, err)) return err->code;
    if (!vl_mz_uint(vl_xml_ahead(&p->x), &at)) at = UINT64_MAX; /* true of no scan */
    p->since.noffset++;
    p->since.offset_sum += XXH3_64bits_withSeed(id.at ? (const void *)id.at : "", id.n, at);
    return VL_OK;
}

static vl_code open_scan(parser *p, vl_err *err)
{
    vl_xml_span num;
    if (p->depth) return inside(p, VL_MX_SCAN, err);
    if (end_record(p, p->x.from, err) || vl_xml_value(&p->x, "num", &num, err) ||
        vl_mz_copy(&p->x, &p->copied, p->x.from, p->out, err))
        return err->code;
    mark(p);
    p->nscan++;
    p->since.nscan++;
    if (num.at) p->since.scan_sum += XXH3_64bits_withSeed(num.at, num.n, p->x.offset + p->x.from);
    return vl_mx_scan_begin(&p->scan, &p->x, p->head, num, p->out->col[VL_SP_SKELETON].data.len, p->out, err);
}

static vl_code close_scan(parser *p, vl_err *err)
{
    if (p->depth) return vl_mz_wrong_end(&p->x, p->open[p->depth - 1], err);
    if (p->nscan) p->nscan--;
    else {
        mark(p);
        p->since.nend++;
        p->since.end_at = p->x.from;
    }
    return end_record(p, p->x.at, err);
}

/* What must belong to a scan, and stand before the scans within it. */
static vl_code take_part(parser *p, vl_mx_element what, vl_err *err)
{
    if (!p->scan.record.what || p->depth)
        return vl_xml_fail(&p->x, p->x.from, VL_EFORMAT, err,
                           "<%s> outside of a scan, or behind a scan within its own",
                           vl_mx_element_name(what));
    if (what == VL_MX_PRECURSOR)
        return vl_mx_scan_precursor(
            &p->scan, &p->x, p->x.kind == VL_XML_EMPTY ? (vl_xml_span){ p->x.data, 0 } : vl_xml_ahead(&p->x),
            p->out, err);
    if (vl_mx_scan_peaks(&p->scan, &p->x, err)) return err->code;
    vl_mz_record *const r = &p->scan.record;
    return vl_mz_take_text(&p->x, "peaks", p->x.kind == VL_XML_EMPTY, &r->array[r->narray - 1], &p->copied,
                           p->out, err);
}

/* A start tag outside of scans. */
static vl_code take_footer(parser *p, vl_mx_element what, vl_err *err)
{
    vl_mx_event event = { VL_MX_EV_INDEX_AT, what, p->x.from, UINT64_MAX, { NULL, 0 }, { 0 } };
    if (what == VL_MX_OFFSET) {
        mark(p);
        return take_offset(p, err);
    }
    if (what == VL_MX_INDEX_AT) {
        if (!vl_mz_uint(vl_xml_ahead(&p->x), &event.number)) event.number = UINT64_MAX;
        return push_event(p, &event, err);
    }
    if (what == VL_MX_CHECKSUM) {
        event = (vl_mx_event){ VL_MX_EV_CHECKSUM, what, p->x.at, 0, vl_xml_ahead(&p->x), { 0 } };
        return push_event(p, &event, err);
    }
    mark(p);
    p->since.nother++;
    return VL_OK;
}

static vl_code start_tag(parser *p, vl_err *err)
{
    const vl_mx_element what = element_of(p->x.name);
    const bool empty = p->x.kind == VL_XML_EMPTY;
    const vl_xml_span name = p->x.name;
    if (is_spine(what)) return open_spine(p, what, err) || !empty ? err->code : close_spine(p, what, err);
    if (what == VL_MX_SCAN) return open_scan(p, err) || !empty ? err->code : close_scan(p, err);
    if (what == VL_MX_PEAKS) return take_part(p, what, err);
    if (what == VL_MX_PRECURSOR ? take_part(p, what, err)
                                : !p->depth && !p->scan.record.what && take_footer(p, what, err))
        return err->code;
    if (empty) return VL_OK;
    if (p->depth == DEEPEST)
        return vl_xml_fail(&p->x, p->x.from, VL_EFORMAT, err, "elements nested deeper than %d", DEEPEST);
    p->open[p->depth++] = name;
    return VL_OK;
}

static vl_code end_tag(parser *p, vl_err *err)
{
    const vl_xml_span name = p->x.name;
    const vl_mx_element what = element_of(name);
    if (what == VL_MX_SCAN) return close_scan(p, err);
    if (!p->depth) {
        if (is_spine(what)) return close_spine(p, what, err);
        return vl_xml_fail(&p->x, p->x.from, VL_EFORMAT, err, "</%.*s> without its start tag",
                           (int)(name.n < 40 ? name.n : 40), (const char *)name.at);
    }
    const vl_xml_span top = p->open[p->depth - 1];
    if (top.n != name.n || memcmp(top.at, name.at, name.n) != 0) return vl_mz_wrong_end(&p->x, top, err);
    p->depth--;
    return VL_OK;
}

static vl_code take_token(parser *p, vl_err *err)
{
    switch (p->x.kind) {
    case VL_XML_OPEN:
    case VL_XML_EMPTY: return start_tag(p, err);
    case VL_XML_CLOSE: return end_tag(p, err);
    case VL_XML_TEXT:
    case VL_XML_CDATA:
        if (!p->depth && (p->x.kind == VL_XML_CDATA || !vl_xml_blank(p->x.text)))
            return vl_mz_refuse_text(&p->x, err);
        return VL_OK;
    default: return VL_OK;
    }
}

static vl_code unfinished(const parser *p, vl_xml_span name, vl_err *err)
{
    return vl_xml_fail(&p->x, p->x.n, p->in->last ? VL_ETRUNC : VL_EFORMAT, err, "%s <%.*s>",
                       p->in->last ? "document ends inside" : "a scan ends inside",
                       (int)(name.n < 40 ? name.n : 40), (const char *)name.at);
}

static vl_code take_block(parser *p, vl_err *err)
{
    static const vl_xml_span scan = { (const uint8_t *)"scan", 4 };
    if (!p->in->offset && p->x.n >= 3 && !memcmp(p->x.data, "\xef\xbb\xbf", 3)) p->x.at = 3;
    for (;;) {
        if (vl_xml_next(&p->x, err)) return err->code;
        if (p->x.kind == VL_XML_END) break;
        if (take_token(p, err)) return err->code;
    }
    if (p->depth) return unfinished(p, p->open[p->depth - 1], err);
    if (p->scan.record.what) return unfinished(p, scan, err);
    const vl_mx_event end = { VL_MX_EV_END, VL_MX_ANY, p->x.n, 0, { NULL, 0 }, { 0 } };
    return vl_mz_copy(&p->x, &p->copied, p->x.n, p->out, err) || push_event(p, &end, err) ? err->code : VL_OK;
}

vl_code vl_mx_parse(const void *head, const vl_block *in, vl_batch *out, vl_err *err)
{
    parser *const p = calloc(1, sizeof *p);
    if (!p) return vl_fail(err, VL_ENOMEM, "no memory for a parser");
    if (!out->extra) out->extra = calloc(1, sizeof(vl_mx_extra));
    p->head = head;
    p->x = (vl_xml){ .data = in->bytes.data,
                     .n = in->bytes.len,
                     .offset = in->offset,
                     .last = in->last,
                     .encoding = p->head->encoding,
                     .texts = &p->texts };
    p->in = in;
    p->out = out;
    p->extra = out->extra;
    p->since.at = SIZE_MAX;
    out->nbyte += in->bytes.len;
    if (!p->extra) {
        vl_fail(err, VL_ENOMEM, "no memory for a parser");
        goto out;
    }
    p->extra->nevent = 0;
    if (!vl_mz_coder_open(&p->coder, err)) take_block(p, err);
out:
    vl_err_file(err, err->code ? in->file : NULL);
    vl_mz_coder_close(p->coder);
    vl_xml_text_free(p->texts);
    free(p->scan.record.array);
    free(p);
    return err->code;
}

void vl_mx_drop(vl_batch *batch)
{
    vl_mx_extra *const e = batch->extra;
    if (e) free(e->event);
    free(e);
    batch->extra = NULL;
}
