/*
 * What needs an mzML document's blocks in order (xml_nest.c), and what it says of the whole: the counts of
 * its lists, its index, its checksum.
 *
 *     document > [indexedmzML >] mzML > run > spectrumList, chromatogramList
 *                 indexedmzML > indexList > index,  indexListOffset, fileChecksum
 */
#include "formats/spectra/xml_walk.h"

vl_code vl_mz_join(const void *head, void *tail, const vl_block *in, vl_batch *batch, vl_err *err)
{
    (void)head;
    return vl_xml_walk_nest(&vl_mz_dialect, tail, in, batch, err);
}

/* A kind of record without any entry is not indexed; entries must be those of all records of their kind. */
static const char *index_fact(const vl_xml_walk_tail *t)
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
    const vl_xml_walk_tail *const t = tail;
    if (vl_xml_walk_ended(&vl_mz_dialect, t, VL_MZ_MZML, h->cut_short, err)) return err->code;
    for (int i = 0; i < h->facts.n; i++)
        vl_fact_add(facts, h->facts.fact[i].name, "%s", h->facts.fact[i].text);
    vl_mz_count_fact(facts, "spectrum_count", t->seen[VL_MZ_SPECTRA], t->said[0], t->nrecord[0]);
    vl_mz_count_fact(facts, "chromatogram_count", t->seen[VL_MZ_CHROMATOGRAMS], t->said[1], t->nrecord[1]);
    vl_fact_add(facts, "index", "%s", index_fact(t));
    vl_fact_add(facts, "checksum", "%s", vl_mz_sum_fact(&t->sum));
    return VL_OK;
}
