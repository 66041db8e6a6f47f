/* A block of an mzXML document becomes a batch: what its elements mean to the walk (xml_walk.h). */
#include <stdlib.h>

#include "formats/spectra/mzxml.h"

static const char *const names[] = {
    [VL_MX_ANY] = "document",          [VL_MX_MZXML] = "mzXML",  [VL_MX_RUN] = "msRun",
    [VL_MX_INDEX] = "index",           [VL_MX_SPINE_END] = NULL, [VL_MX_SCAN] = "scan",
    [VL_MX_PRECURSOR] = "precursorMz", [VL_MX_PEAKS] = "peaks",  [VL_MX_OFFSET] = "offset",
    [VL_MX_INDEX_AT] = "indexOffset",  [VL_MX_CHECKSUM] = "sha1"
};
enum { NNAME = sizeof names / sizeof *names };

static const char *name_of(int what) { return names[what]; }

static int element_of(vl_xml_span name)
{
    for (int i = 1; i < NNAME; i++)
        if (names[i] && vl_xml_is(name, names[i])) return i;
    return VL_MX_ANY;
}

typedef struct parser {
    vl_xml_walk walk;
    const vl_mx_head *head;
    vl_mx_scan scan;
} parser;

/* What the scan around it says of itself is all read. */
static vl_code open_scan(parser *p, vl_err *err)
{
    vl_xml_walk *const w = &p->walk;
    vl_xml_span num;
    if (vl_xml_walk_end_record(w, w->x.from, err) || vl_xml_value(&w->x, "num", &num, err) ||
        vl_xml_walk_begin_record(w, 0, num, err))
        return err->code;
    return vl_mx_scan_begin(&p->scan, &w->x, p->head, num, w->out->col[VL_SP_SKELETON].data.len, w->out, err);
}

/* What must belong to a scan, and stand before the scans within it. */
static vl_code take_part(parser *p, int what, vl_err *err)
{
    vl_xml_walk *const w = &p->walk;
    vl_mz_record *const r = &p->scan.record;
    const bool empty = w->x.kind == VL_XML_EMPTY;
    if (!r->what || w->depth)
        return vl_xml_fail(&w->x, w->x.from, VL_EFORMAT, err,
                           "<%s> outside of a scan, or behind a scan within its own", name_of(what));
    if (what == VL_MX_PRECURSOR)
        return vl_mx_scan_precursor(&p->scan, &w->x,
                                    empty ? (vl_xml_span){ w->x.data, 0 } : vl_xml_ahead(&w->x), w->out, err);
    if (vl_mx_scan_peaks(&p->scan, &w->x, err)) return err->code;
    return vl_mz_take_text(&w->x, "peaks", empty, &r->array[r->narray - 1], &w->copied, w->out, err);
}

static vl_code open_element(vl_xml_walk *w, int what, bool *taken, vl_err *err)
{
    parser *const p = (parser *)w;
    if (what == VL_MX_SCAN) return open_scan(p, err);
    *taken = what == VL_MX_PEAKS;
    if (*taken || what == VL_MX_PRECURSOR) return take_part(p, what, err);
    return w->depth || p->scan.record.what ? VL_OK : vl_xml_walk_outside(w, what, err);
}

static vl_code close_element(vl_xml_walk *w, int what, vl_err *err)
{
    return what == VL_MX_SCAN ? vl_xml_walk_end_record(w, w->x.at, err) : VL_OK;
}

static uint64_t number_of(const vl_xml *x, int what)
{
    if (what == VL_MX_INDEX) return 0;
    return what == VL_MX_RUN ? vl_xml_walk_count(x, "scanCount") : UINT64_MAX;
}

static const int holds[][2] = { { VL_MX_ANY, VL_MX_MZXML },
                                { VL_MX_ANY, VL_MX_RUN },
                                { VL_MX_MZXML, VL_MX_RUN },
                                { VL_MX_MZXML, VL_MX_INDEX },
                                { 0, 0 } };

const vl_xml_walk_dialect vl_mx_dialect = {
    .spine_end = VL_MX_SPINE_END,
    .nests = VL_MX_SCAN,
    .list = { VL_MX_RUN },
    .record = { VL_MX_SCAN },
    .index_list = VL_MX_INDEX,
    .index = VL_MX_INDEX,
    .offset = VL_MX_OFFSET,
    .footer_in = VL_MX_MZXML,
    .index_at = VL_MX_INDEX_AT,
    .checksum = VL_MX_CHECKSUM,
    .root = VL_MX_MZXML,
    .part = "a scan",
    .offset_of = "id",
    .holds = holds,
    .element_of = element_of,
    .name_of = name_of,
    .number_of = number_of,
    .open = open_element,
    .close = close_element,
};

vl_code vl_mx_parse(const void *head, const vl_block *in, vl_batch *out, vl_err *err)
{
    parser *const p = calloc(1, sizeof *p);
    if (!p) return vl_fail(err, VL_ENOMEM, "no memory for a parser");
    p->head = head;
    p->walk.dialect = &vl_mx_dialect;
    p->walk.record = &p->scan.record;
    vl_xml_walk_block(&p->walk, p->head->encoding, in, out, err);
    free(p);
    return err->code;
}
