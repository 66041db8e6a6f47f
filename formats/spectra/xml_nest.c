/*
 * What needs a document's blocks in order (xml_walk.h): that its outermost elements nest as they must and all
 * end, how many records there are, its index, its checksum. Parsing has left lists of tags
 * (vl_xml_walk_event), so nothing is read twice but by the checksum.
 *
 * An index is compared as a sum of hashes of (id, position), so memory does not grow with the document.
 */
#include "formats/spectra/xml_walk.h"

static int top(const vl_xml_walk_tail *t) { return t->depth ? t->open[t->depth - 1] : 0; }

/* The innermost element that is open, for messages. */
static const char *top_name(const vl_xml_walk_dialect *d, const vl_xml_walk_tail *t)
{
    return d->name_of(t->nopen ? d->nests : top(t));
}

static vl_code fail_at(const vl_xml_walk_dialect *d, const vl_xml_walk_tail *t, const vl_block *in, size_t at,
                       const char *what, int element, vl_err *err)
{
    vl_fail(err, VL_EFORMAT, "%s <%s> in <%s>", what, d->name_of(element), top_name(d, t));
    return vl_err_at(err, in->file, in->offset + at, VL_NOWHERE);
}

static bool may_hold(const vl_xml_walk_dialect *d, int outer, int inner)
{
    for (const int(*pair)[2] = d->holds; (*pair)[1]; pair++)
        if ((*pair)[0] == outer && (*pair)[1] == inner) return true;
    return false;
}

/* What came between two tags must belong into the element that is open. */
static vl_code check_since(const vl_xml_walk_dialect *d, vl_xml_walk_tail *t, const vl_block *in,
                           const vl_xml_walk_since *s, vl_err *err)
{
    if (s->nend > t->nopen) {
        t->nopen = 0;
        return fail_at(d, t, in, s->end_at, "an end tag too many, of a", d->nests, err);
    }
    for (int i = 0; i < 2; i++)
        if (s->nrecord[i] && top(t) != d->list[i])
            return fail_at(d, t, in, s->at, "misplaced", d->record[i], err);
    if (s->noffset && top(t) != d->index) return fail_at(d, t, in, s->at, "misplaced", d->offset, err);
    if (s->nother && !t->depth) return fail_at(d, t, in, s->at, "unknown element besides", d->root, err);
    t->nopen += s->nbegun - s->nend;
    for (int i = 0; i < 2; i++) {
        t->nrecord[i] += s->nrecord[i];
        t->record_sum[i] += s->record_sum[i];
    }
    t->noffset[t->index] += s->noffset;
    t->offset_sum[t->index] += s->offset_sum;
    return VL_OK;
}

/* A document has one root, whatever its name. */
static bool root_seen(const vl_xml_walk_dialect *d, const vl_xml_walk_tail *t)
{
    for (int i = 1; i < d->spine_end; i++)
        if (t->seen[i] && may_hold(d, 0, i)) return true;
    return false;
}

static vl_code open_element(const vl_xml_walk_dialect *d, vl_xml_walk_tail *t, const vl_block *in,
                            const vl_xml_walk_event *e, vl_err *err)
{
    const int what = e->element;
    if (t->nopen || !may_hold(d, top(t), what) || t->depth == (int)(sizeof t->open / sizeof *t->open))
        return fail_at(d, t, in, e->at, "misplaced", what, err);
    if (t->seen[what] && what != d->repeats) return fail_at(d, t, in, e->at, "a second", what, err);
    if (!t->depth && root_seen(d, t)) return fail_at(d, t, in, e->at, "a second root", what, err);
    t->seen[what] = true;
    t->open[t->depth++] = what;
    for (int i = 0; i < 2; i++)
        if (what == d->list[i]) t->said[i] = e->number;
    if (what == d->index) t->index = e->number < 2 ? e->number : 2;
    if (what == d->index_list) t->index_at = in->offset + e->at;
    return VL_OK;
}

static vl_code close_element(const vl_xml_walk_dialect *d, vl_xml_walk_tail *t, const vl_block *in,
                             const vl_xml_walk_event *e, vl_err *err)
{
    if (t->nopen || !t->depth || top(t) != e->element)
        return fail_at(d, t, in, e->at, "end tag of", e->element, err);
    t->depth--;
    return VL_OK;
}

/* Where the index is, and the checksum. */
static vl_code take_footer(const vl_xml_walk_dialect *d, vl_xml_walk_tail *t, const vl_block *in,
                           const vl_xml_walk_event *e, vl_err *err)
{
    if (t->nopen || top(t) != d->footer_in) return fail_at(d, t, in, e->at, "misplaced", e->element, err);
    if (e->what == VL_XML_WALK_INDEX_AT) {
        t->index_at_said = e->number;
        return VL_OK;
    }
    if (t->sum.seen) return fail_at(d, t, in, e->at, "a second", e->element, err);
    vl_mz_sum_take(&t->sum, in->bytes.data, e->at, e->text);
    return VL_OK;
}

static vl_code take_event(const vl_xml_walk_dialect *d, vl_xml_walk_tail *t, const vl_block *in,
                          const vl_xml_walk_event *e, vl_err *err)
{
    if (check_since(d, t, in, &e->since, err)) return err->code;
    switch (e->what) {
    case VL_XML_WALK_OPEN: return open_element(d, t, in, e, err);
    case VL_XML_WALK_CLOSE: return close_element(d, t, in, e, err);
    case VL_XML_WALK_INDEX_AT:
    case VL_XML_WALK_CHECKSUM: return take_footer(d, t, in, e, err);
    case VL_XML_WALK_END: return VL_OK;
    }
    return VL_OK;
}

/* Only a document of this root can have a checksum; its tag is in the first block. */
static void begin(const vl_xml_walk_dialect *d, vl_xml_walk_tail *t, const vl_xml_walk_extra *extra)
{
    t->begun = true;
    t->said[0] = t->said[1] = t->index_at = t->index_at_said = UINT64_MAX;
    vl_mz_sum_begin(&t->sum, d->checksum && extra->event[0].element == d->footer_in);
}

vl_code vl_xml_walk_nest(const vl_xml_walk_dialect *d, vl_xml_walk_tail *t, const vl_block *in,
                         const vl_batch *batch, vl_err *err)
{
    const vl_xml_walk_extra *const extra = batch->extra;
    if (!t->begun) begin(d, t, extra);
    for (size_t i = 0; i < extra->nevent; i++)
        if (take_event(d, t, in, &extra->event[i], err)) return err->code;
    vl_mz_sum_add(&t->sum, in->bytes.data, in->bytes.len);
    return VL_OK;
}

vl_code vl_xml_walk_ended(const vl_xml_walk_dialect *d, const vl_xml_walk_tail *t, int needed, bool cut_short,
                          vl_err *err)
{
    if ((t->nopen || t->depth) && !cut_short)
        return vl_fail_end(err, "document ends inside <%s>", top_name(d, t));
    if (!t->seen[needed]) return vl_fail_end(err, "document has no <%s>", d->name_of(needed));
    return VL_OK;
}
