/*
 * What needs an mzXML document's blocks in order: that its outermost elements and its scans nest as they must
 * and all end, how many scans there are, its index, its checksum. Parsing has left lists of tags
 * (vl_mx_event).
 *
 * An index is compared as a sum of hashes of (num, position), so memory does not grow with the document.
 */
#include "formats/spectra/mzxml.h"

static vl_mx_element top(const vl_mx_tail *t) { return t->depth ? t->open[t->depth - 1] : VL_MX_ANY; }

static vl_code fail_at(const vl_mx_tail *t, const vl_block *in, size_t at, vl_err *err, const char *what,
                       const char *element)
{
    vl_fail(err, VL_EFORMAT, "%s <%s> in <%s>", what, element,
            t->nopen ? "scan" : vl_mx_element_name(top(t)));
    return vl_err_at(err, in->file, in->offset + at, VL_NOWHERE);
}

static bool may_hold(vl_mx_element outer, vl_mx_element inner)
{
    switch (inner) {
    case VL_MX_MZXML: return outer == VL_MX_ANY;
    case VL_MX_RUN: return outer == VL_MX_MZXML || outer == VL_MX_ANY;
    case VL_MX_INDEX: return outer == VL_MX_MZXML;
    default: return false;
    }
}

/* What came between two tags must belong into the element that is open. */
static vl_code check_since(vl_mx_tail *t, const vl_block *in, const vl_mx_since *s, vl_err *err)
{
    if (s->nend > t->nopen) {
        t->nopen = 0;
        return fail_at(t, in, s->end_at, err, "an end tag too many, of a", "scan");
    }
    if (s->nscan && top(t) != VL_MX_RUN) return fail_at(t, in, s->at, err, "misplaced", "scan");
    if (s->noffset && top(t) != VL_MX_INDEX) return fail_at(t, in, s->at, err, "misplaced", "offset");
    if (s->nother && !t->depth) return fail_at(t, in, s->at, err, "unknown element besides", "mzXML");
    t->nopen += s->nbegun - s->nend;
    t->nscan += s->nscan;
    t->scan_sum += s->scan_sum;
    t->noffset += s->noffset;
    t->offset_sum += s->offset_sum;
    return VL_OK;
}

static vl_code open_element(vl_mx_tail *t, const vl_block *in, const vl_mx_event *e, vl_err *err)
{
    const vl_mx_element what = e->element;
    if (t->nopen || !may_hold(top(t), what) || t->depth == (int)(sizeof t->open / sizeof *t->open))
        return fail_at(t, in, e->at, err, "misplaced", vl_mx_element_name(what));
    /* a document has one root */
    if (t->seen[what] || (!t->depth && (t->seen[VL_MX_MZXML] || t->seen[VL_MX_RUN])))
        return fail_at(t, in, e->at, err, "a second", vl_mx_element_name(what));
    t->seen[what] = true;
    t->open[t->depth++] = what;
    if (what == VL_MX_RUN) t->said = e->number;
    if (what == VL_MX_INDEX) t->index_at = in->offset + e->at;
    return VL_OK;
}

static vl_code close_element(vl_mx_tail *t, const vl_block *in, const vl_mx_event *e, vl_err *err)
{
    if (t->nopen || !t->depth || top(t) != e->element)
        return fail_at(t, in, e->at, err, "end tag of", vl_mx_element_name(e->element));
    t->depth--;
    return VL_OK;
}

/* indexOffset and sha1 stand in the root. */
static vl_code take_footer(vl_mx_tail *t, const vl_block *in, const vl_mx_event *e, vl_err *err)
{
    if (t->nopen || top(t) != VL_MX_MZXML)
        return fail_at(t, in, e->at, err, "misplaced", vl_mx_element_name(e->element));
    if (e->what == VL_MX_EV_INDEX_AT) {
        t->index_at_said = e->number;
        return VL_OK;
    }
    if (t->sum.seen) return fail_at(t, in, e->at, err, "a second", "sha1");
    vl_mz_sum_take(&t->sum, in->bytes.data, e->at, e->text);
    return VL_OK;
}

static vl_code take_event(vl_mx_tail *t, const vl_block *in, const vl_mx_event *e, vl_err *err)
{
    if (check_since(t, in, &e->since, err)) return err->code;
    switch (e->what) {
    case VL_MX_EV_OPEN: return open_element(t, in, e, err);
    case VL_MX_EV_CLOSE: return close_element(t, in, e, err);
    case VL_MX_EV_INDEX_AT:
    case VL_MX_EV_CHECKSUM: return take_footer(t, in, e, err);
    case VL_MX_EV_END: return VL_OK;
    }
    return VL_OK;
}

vl_code vl_mx_join(const void *head, void *tail, const vl_block *in, vl_batch *batch, vl_err *err)
{
    vl_mx_tail *const t = tail;
    const vl_mx_extra *const extra = batch->extra;
    (void)head;
    if (!t->begun) {
        t->begun = true;
        t->said = t->index_at = t->index_at_said = UINT64_MAX;
        vl_mz_sum_begin(&t->sum, true);
    }
    for (size_t i = 0; i < extra->nevent; i++)
        if (take_event(t, in, &extra->event[i], err)) return err->code;
    vl_mz_sum_add(&t->sum, in->bytes.data, in->bytes.len);
    return VL_OK;
}

/* Entries must be those of all scans, and the index where the document says. */
static const char *index_fact(const vl_mx_tail *t)
{
    if (!t->seen[VL_MX_INDEX] || (!t->noffset && t->nscan)) return "absent";
    if (t->index_at_said != UINT64_MAX && t->index_at_said != t->index_at) return "mismatch";
    return t->noffset == t->nscan && t->offset_sum == t->scan_sum ? "ok" : "mismatch";
}

vl_code vl_mx_finish(const void *head, void *tail, vl_facts *facts, vl_err *err)
{
    const vl_mx_head *const h = head;
    const vl_mx_tail *const t = tail;
    if (t->nopen) return vl_fail_end(err, "document ends inside <scan>");
    if (t->depth) return vl_fail_end(err, "document ends inside <%s>", vl_mx_element_name(top(t)));
    if (!t->seen[VL_MX_RUN]) return vl_fail_end(err, "document has no <msRun>");
    for (int i = 0; i < h->facts.n; i++)
        vl_fact_add(facts, h->facts.fact[i].name, "%s", h->facts.fact[i].text);
    vl_fact_add(facts, "native_id_format", "MS:1000776"); /* scan number only */
    vl_mz_count_fact(facts, "spectrum_count", true, t->said, t->nscan);
    vl_fact_add(facts, "index", "%s", index_fact(t));
    vl_fact_add(facts, "checksum", "%s", vl_mz_sum_fact(&t->sum));
    return VL_OK;
}
