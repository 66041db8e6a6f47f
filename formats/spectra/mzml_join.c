/*
 * What needs an mzML document's blocks in order: that its outermost elements nest as they must and all end,
 * the counts of its lists, its index, its checksum. Parsing has left lists of tags (vl_mz_event), so nothing
 * is read twice but by the checksum.
 *
 *     document > [indexedmzML >] mzML > run > spectrumList, chromatogramList
 *                 indexedmzML > indexList > index,  indexListOffset, fileChecksum
 *
 * An index is compared as a sum of hashes of (id, position), so memory does not grow with the document.
 */
#include "formats/spectra/mzml.h"

static vl_mz_element top(const vl_mz_tail *t) { return t->depth ? t->open[t->depth - 1] : VL_MZ_ANY; }

static vl_code fail_at(const vl_block *in, size_t at, vl_err *err, const char *what, const char *a,
                       const char *b)
{
    vl_fail(err, VL_EFORMAT, "%s <%s> in <%s>", what, a, b);
    return vl_err_at(err, in->file, in->offset + at, VL_NOWHERE);
}

static bool may_hold(vl_mz_element outer, vl_mz_element inner)
{
    switch (inner) {
    case VL_MZ_INDEXED: return outer == VL_MZ_ANY;
    case VL_MZ_MZML: return outer == VL_MZ_ANY || outer == VL_MZ_INDEXED;
    case VL_MZ_RUN: return outer == VL_MZ_MZML;
    case VL_MZ_SPECTRA:
    case VL_MZ_CHROMATOGRAMS: return outer == VL_MZ_RUN;
    case VL_MZ_INDEX_LIST: return outer == VL_MZ_INDEXED;
    case VL_MZ_INDEX: return outer == VL_MZ_INDEX_LIST;
    default: return false;
    }
}

/* What came between two tags must belong into the element that is open. */
static vl_code check_since(vl_mz_tail *t, const vl_block *in, const vl_mz_since *s, vl_err *err)
{
    const char *const outer = vl_mz_element_name(top(t));
    if (s->nrecord[0] && top(t) != VL_MZ_SPECTRA)
        return fail_at(in, s->at, err, "misplaced", "spectrum", outer);
    if (s->nrecord[1] && top(t) != VL_MZ_CHROMATOGRAMS)
        return fail_at(in, s->at, err, "misplaced", "chromatogram", outer);
    if (s->noffset && top(t) != VL_MZ_INDEX) return fail_at(in, s->at, err, "misplaced", "offset", outer);
    if (s->nother && !t->depth) return fail_at(in, s->at, err, "unknown element besides", "mzML", outer);
    for (int i = 0; i < 2; i++) {
        t->nrecord[i] += s->nrecord[i];
        t->record_sum[i] += s->record_sum[i];
    }
    t->noffset[t->index] += s->noffset;
    t->offset_sum[t->index] += s->offset_sum;
    return VL_OK;
}

static vl_code open_element(vl_mz_tail *t, const vl_block *in, const vl_mz_event *e, vl_err *err)
{
    const vl_mz_element what = e->element;
    if (!may_hold(top(t), what))
        return fail_at(in, e->at, err, "misplaced", vl_mz_element_name(what), vl_mz_element_name(top(t)));
    if (t->seen[what] && what != VL_MZ_INDEX)
        return fail_at(in, e->at, err, "a second", vl_mz_element_name(what), vl_mz_element_name(top(t)));
    if (what == VL_MZ_INDEXED && t->seen[VL_MZ_MZML])
        return fail_at(in, e->at, err, "a second root", "indexedmzML", "document");
    if (what == VL_MZ_MZML && t->seen[VL_MZ_INDEXED] && !t->depth)
        return fail_at(in, e->at, err, "a second root", "mzML", "document");
    t->seen[what] = true;
    t->open[t->depth++] = what;
    if (what == VL_MZ_SPECTRA) t->said[0] = e->number;
    if (what == VL_MZ_CHROMATOGRAMS) t->said[1] = e->number;
    if (what == VL_MZ_INDEX) t->index = e->number;
    if (what == VL_MZ_INDEX_LIST) t->index_at = in->offset + e->at;
    return VL_OK;
}

static vl_code close_element(vl_mz_tail *t, const vl_block *in, const vl_mz_event *e, vl_err *err)
{
    if (!t->depth || top(t) != e->element)
        return fail_at(in, e->at, err, "end tag of", vl_mz_element_name(e->element),
                       vl_mz_element_name(top(t)));
    t->depth--;
    return VL_OK;
}

static vl_code take_checksum(vl_mz_tail *t, const vl_block *in, const vl_mz_event *e, vl_err *err)
{
    if (top(t) != VL_MZ_INDEXED)
        return fail_at(in, e->at, err, "misplaced", "fileChecksum", vl_mz_element_name(top(t)));
    if (t->sum.seen) return fail_at(in, e->at, err, "a second", "fileChecksum", "indexedmzML");
    vl_mz_sum_take(&t->sum, in->bytes.data, e->at, e->text);
    return VL_OK;
}

static vl_code take_event(vl_mz_tail *t, const vl_block *in, const vl_mz_event *e, vl_err *err)
{
    if (check_since(t, in, &e->since, err)) return err->code;
    switch (e->what) {
    case VL_MZ_EV_OPEN: return open_element(t, in, e, err);
    case VL_MZ_EV_CLOSE: return close_element(t, in, e, err);
    case VL_MZ_EV_INDEX_AT:
        if (top(t) != VL_MZ_INDEXED)
            return fail_at(in, e->at, err, "misplaced", "indexListOffset", vl_mz_element_name(top(t)));
        t->index_at_said = e->number;
        return VL_OK;
    case VL_MZ_EV_CHECKSUM: return take_checksum(t, in, e, err);
    case VL_MZ_EV_END: return VL_OK;
    }
    return VL_OK;
}

/* Only an indexedmzML can have a checksum; its tag is in the first block. */
static void begin(vl_mz_tail *t, const vl_mz_extra *extra)
{
    t->begun = true;
    t->said[0] = t->said[1] = t->index_at = t->index_at_said = UINT64_MAX;
    vl_mz_sum_begin(&t->sum, extra->event[0].element == VL_MZ_INDEXED);
}

vl_code vl_mz_join(const void *head, void *tail, const vl_block *in, vl_batch *batch, vl_err *err)
{
    vl_mz_tail *const t = tail;
    const vl_mz_extra *const extra = batch->extra;
    (void)head;
    if (!t->begun) begin(t, extra);
    for (size_t i = 0; i < extra->nevent; i++)
        if (take_event(t, in, &extra->event[i], err)) return err->code;
    vl_mz_sum_add(&t->sum, in->bytes.data, in->bytes.len);
    return VL_OK;
}

/* A kind of record without any entry is not indexed; entries must be those of all records of their kind. */
static const char *index_fact(const vl_mz_tail *t)
{
    if (!t->seen[VL_MZ_INDEX_LIST]) return "absent";
    if (t->index_at_said != UINT64_MAX && t->index_at_said != t->index_at) return "mismatch";
    bool any = !t->nrecord[0] && !t->nrecord[1];
    for (int i = 0; i < 2; i++) {
        if (!t->noffset[i]) continue;
        if (t->noffset[i] != t->nrecord[i] || t->offset_sum[i] != t->record_sum[i]) return "mismatch";
        any = true;
    }
    return any ? "ok" : "absent";
}

vl_code vl_mz_finish(const void *head, void *tail, vl_facts *facts, vl_err *err)
{
    const vl_mz_head *const h = head;
    const vl_mz_tail *const t = tail;
    if (t->depth) return vl_fail_end(err, "document ends inside <%s>", vl_mz_element_name(top(t)));
    if (!t->seen[VL_MZ_MZML]) return vl_fail_end(err, "document has no <mzML>");
    for (int i = 0; i < h->facts.n; i++)
        vl_fact_add(facts, h->facts.fact[i].name, "%s", h->facts.fact[i].text);
    vl_mz_count_fact(facts, "spectrum_count", t->seen[VL_MZ_SPECTRA], t->said[0], t->nrecord[0]);
    vl_mz_count_fact(facts, "chromatogram_count", t->seen[VL_MZ_CHROMATOGRAMS], t->said[1], t->nrecord[1]);
    vl_fact_add(facts, "index", "%s", index_fact(t));
    vl_fact_add(facts, "checksum", "%s", vl_mz_sum_fact(&t->sum));
    return VL_OK;
}
