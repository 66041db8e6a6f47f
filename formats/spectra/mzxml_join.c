/* What needs an mzXML document's blocks in order (xml_nest.c), and what it says of the whole: how many scans
 * it has, its index, its checksum. */
#include "formats/spectra/mzxml.h"

vl_code vl_mx_join(const void *head, void *tail, const vl_block *in, vl_batch *batch, vl_err *err)
{
    (void)head;
    return vl_xml_walk_nest(&vl_mx_dialect, tail, in, batch, err);
}

/* Entries must be those of all scans, and the index where the document says. */
static const char *index_fact(const vl_xml_walk_tail *t)
{
    if (!t->seen[VL_MX_INDEX] || (!t->noffset[0] && t->nrecord[0])) return "absent";
    if (t->index_at_said != UINT64_MAX && t->index_at_said != t->index_at) return "mismatch";
    return t->noffset[0] == t->nrecord[0] && t->offset_sum[0] == t->record_sum[0] ? "ok" : "mismatch";
}

vl_code vl_mx_finish(const void *head, void *tail, vl_facts *facts, vl_err *err)
{
    const vl_mx_head *const h = head;
    const vl_xml_walk_tail *const t = tail;
    if (vl_xml_walk_ended(&vl_mx_dialect, t, VL_MX_RUN, h->cut_short, err)) return err->code;
    for (int i = 0; i < h->facts.n; i++)
        vl_fact_add(facts, h->facts.fact[i].name, "%s", h->facts.fact[i].text);
    vl_fact_add(facts, "native_id_format", "MS:1000776"); /* scan number only */
    vl_mz_count_fact(facts, "spectrum_count", true, t->said[0], t->nrecord[0]);
    vl_fact_add(facts, "index", "%s", index_fact(t));
    vl_fact_add(facts, "checksum", "%s", vl_mz_sum_fact(&t->sum));
    return VL_OK;
}
