/* A block of an mzML document becomes a batch: what its elements mean to the walk (xml_walk.h). */
#include <stdlib.h>

#include "formats/spectra/outside.h"
#include "formats/spectra/xml_walk.h"

typedef struct parser {
    vl_xml_walk walk;
    const vl_mz_head *head;
    vl_mz_record record;
    vl_outside *outside; /* borrowed; NULL: all arrays are in the text */
} parser;

static bool is_record(vl_mz_element what) { return what == VL_MZ_SPECTRUM || what == VL_MZ_CHROM; }

static vl_code open_record(parser *p, vl_mz_element what, vl_err *err)
{
    vl_xml_walk *const w = &p->walk;
    vl_xml_span id;
    if (w->depth)
        return vl_xml_fail(&w->x, w->x.from, VL_EFORMAT, err, "<%s> inside an element",
                           vl_mz_element_name(what));
    if (vl_xml_value(&w->x, "id", &id, err) || vl_xml_walk_begin_record(w, what == VL_MZ_CHROM, id, err))
        return err->code;
    if (p->outside &&
        vl_outside_literals(p->outside, w->copied, w->out->col[VL_SP_SKELETON].data.len, w->out, err))
        return err->code;
    return vl_mz_record_begin(&p->record, &w->x, what, id, w->out->col[VL_SP_SKELETON].data.len, err);
}

static vl_code record_param(parser *p, const vl_mz_param *param, vl_err *err)
{
    vl_xml_walk *const w = &p->walk;
    const vl_mz_element in = (vl_mz_element)vl_xml_walk_around(w, 0),
                        above = (vl_mz_element)vl_xml_walk_around(w, 1);
    if (vl_mz_record_param(&p->record, param, in, above, w->out, err))
        return vl_err_at(err, NULL, w->x.offset + w->x.from, VL_NOWHERE);
    return VL_OK;
}

static vl_code take_param(parser *p, vl_err *err)
{
    vl_mz_param param;
    return vl_mz_read_param(&p->walk.x, &param, err) ? err->code : record_param(p, &param, err);
}

static vl_code take_reference(parser *p, vl_err *err)
{
    const vl_xml *const x = &p->walk.x;
    vl_xml_span ref;
    if (vl_xml_value(x, "ref", &ref, err)) return err->code;
    const vl_mz_group *const g = ref.at ? vl_mz_find_group(p->head, ref) : NULL;
    if (!g)
        return vl_xml_fail(x, x->from, VL_EFORMAT, err, "there is no referenceableParamGroup '%.*s'",
                           (int)(ref.n < 60 ? ref.n : 60), ref.at ? (const char *)ref.at : "");
    for (size_t i = 0; i < g->nparam; i++)
        if (record_param(p, &g->param[i], err)) return err->code;
    return VL_OK;
}

/* The text of an array. */
static vl_code take_binary(parser *p, vl_err *err)
{
    vl_xml_walk *const w = &p->walk;
    return vl_mz_take_text(&w->x, "binary", w->x.kind == VL_XML_EMPTY, &p->record.array[p->record.narray - 1],
                           &w->copied, w->out, err);
}

static vl_code open_part(parser *p, vl_mz_element what, vl_err *err)
{
    vl_xml_walk *const w = &p->walk;
    if (vl_mz_record_open(&p->record, &w->x, what, err)) return err->code;
    if (what != VL_MZ_ARRAY) return VL_OK;
    vl_mz_array *const a = &p->record.array[p->record.narray - 1];
    /* where its text goes if it has no <binary> at all */
    a->text_at = w->out->col[VL_SP_SKELETON].data.len + (w->x.at - w->copied);
    if (p->outside) a->outside = vl_outside_find(p->outside, w->x.from);
    return VL_OK;
}

static vl_code open_element(vl_xml_walk *w, int element, bool *taken, vl_err *err)
{
    parser *const p = (parser *)w;
    const vl_mz_element what = (vl_mz_element)element;
    if (p->record.what && what == VL_MZ_CV_PARAM) return take_param(p, err);
    *taken = p->record.what && what == VL_MZ_BINARY && vl_xml_walk_around(w, 0) == VL_MZ_ARRAY &&
             !p->record.array[p->record.narray - 1].outside;
    if (*taken) return take_binary(p, err);
    if (is_record(what)) return open_record(p, what, err);
    if (p->record.what) return what == VL_MZ_GROUP_REF ? take_reference(p, err) : open_part(p, what, err);
    return w->depth ? VL_OK : vl_xml_walk_outside(w, element, err);
}

static vl_code close_element(vl_xml_walk *w, int element, vl_err *err)
{
    parser *const p = (parser *)w;
    if (!p->record.what) return VL_OK;
    if ((vl_mz_element)element == p->record.what) return vl_xml_walk_end_record(w, w->x.at, err);
    return vl_mz_record_close(&p->record, (vl_mz_element)element, w->out, err);
}

static int element_of(vl_xml_span name) { return (int)vl_mz_element_of(name); }
static const char *name_of(int what) { return vl_mz_element_name((vl_mz_element)what); }

static uint64_t number_of(const vl_xml *x, int what)
{
    if (what != VL_MZ_INDEX) return vl_xml_walk_count(x, "count");
    const vl_xml_span of = vl_xml_get(x, "name");
    return !of.at ? 2 : vl_xml_is(of, "spectrum") ? 0 : vl_xml_is(of, "chromatogram") ? 1 : 2;
}

static const int holds[][2] = { { VL_MZ_ANY, VL_MZ_INDEXED },
                                { VL_MZ_ANY, VL_MZ_MZML },
                                { VL_MZ_INDEXED, VL_MZ_MZML },
                                { VL_MZ_MZML, VL_MZ_RUN },
                                { VL_MZ_RUN, VL_MZ_SPECTRA },
                                { VL_MZ_RUN, VL_MZ_CHROMATOGRAMS },
                                { VL_MZ_INDEXED, VL_MZ_INDEX_LIST },
                                { VL_MZ_INDEX_LIST, VL_MZ_INDEX },
                                { 0, 0 } };

const vl_xml_walk_dialect vl_mz_dialect = {
    .spine_end = VL_MZ_SPINE_END,
    .repeats = VL_MZ_INDEX,
    .list = { VL_MZ_SPECTRA, VL_MZ_CHROMATOGRAMS },
    .record = { VL_MZ_SPECTRUM, VL_MZ_CHROM },
    .index_list = VL_MZ_INDEX_LIST,
    .index = VL_MZ_INDEX,
    .offset = VL_MZ_OFFSET,
    .footer_in = VL_MZ_INDEXED,
    .index_at = VL_MZ_INDEX_AT,
    .checksum = VL_MZ_CHECKSUM,
    .root = VL_MZ_MZML,
    .part = "a record",
    .offset_of = "idRef",
    .holds = holds,
    .element_of = element_of,
    .name_of = name_of,
    .number_of = number_of,
    .open = open_element,
    .close = close_element,
};

vl_code vl_mz_parse_text(const void *head, const vl_block *in, vl_outside *outside, vl_batch *out,
                         vl_err *err)
{
    parser *const p = calloc(1, sizeof *p);
    if (!p) return vl_fail(err, VL_ENOMEM, "no memory for a parser");
    p->head = head;
    p->outside = outside;
    p->walk.dialect = &vl_mz_dialect;
    p->walk.record = &p->record;
    if (!vl_xml_walk_block(&p->walk, p->head->encoding, in, out, err) && outside)
        vl_outside_literals(outside, UINT64_MAX, out->col[VL_SP_SKELETON].data.len, out, err);
    free(p);
    return err->code;
}

vl_code vl_mz_parse(const void *head, const vl_block *in, vl_batch *out, vl_err *err)
{
    return vl_mz_parse_text(head, in, NULL, out, err);
}
