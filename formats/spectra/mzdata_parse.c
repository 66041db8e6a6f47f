/* A block of an mzData document becomes a batch: what its elements mean to the walk (xml_walk.h). */
#include <stdlib.h>

#include "formats/spectra/mzdata.h"

static const struct {
    const char *name;
    vl_md_element what;
} elements[] = { /* of each the one of 1.05 first */
                 { "mzData", VL_MD_MZDATA },
                 { "spectrumList", VL_MD_SPECTRA },
                 { "spectrum", VL_MD_SPECTRUM },
                 { "acqSpecification", VL_MD_ACQUISITION },
                 { "spectrumInstrument", VL_MD_INSTRUMENT },
                 { "acqInstrument", VL_MD_INSTRUMENT },
                 { "precursor", VL_MD_PRECURSOR },
                 { "ionSelection", VL_MD_IONS },
                 { "activation", VL_MD_ACTIVATION },
                 { "mzArrayBinary", VL_MD_MZ },
                 { "intenArrayBinary", VL_MD_INTENSITY },
                 { "supDataArrayBinary", VL_MD_OTHER_ARRAY },
                 { "data", VL_MD_DATA },
                 { "cvParam", VL_MD_PARAM }
};
enum { NELEMENT = sizeof elements / sizeof *elements };

static const char *name_of(int what)
{
    for (int i = 0; i < NELEMENT; i++)
        if ((int)elements[i].what == what) return elements[i].name;
    return "document";
}

static int element_of(vl_xml_span name)
{
    for (int i = 0; i < NELEMENT; i++)
        if (vl_xml_is(name, elements[i].name)) return (int)elements[i].what;
    return VL_MD_ANY;
}

typedef struct parser {
    vl_xml_walk walk;
    vl_md_spectrum spectrum;
} parser;

static vl_code open_spectrum(parser *p, vl_err *err)
{
    vl_xml_walk *const w = &p->walk;
    vl_xml_span id;
    if (w->depth) return vl_xml_walk_refuse_inside(w, VL_MD_SPECTRUM, err);
    if (vl_xml_value(&w->x, "id", &id, err) || vl_xml_walk_begin_record(w, 0, id, err)) return err->code;
    return vl_md_spectrum_begin(&p->spectrum, &w->x, id, w->out->col[VL_SP_SKELETON].data.len, err);
}

/* The text of an array. */
static vl_code take_data(parser *p, vl_md_element in, vl_err *err)
{
    vl_xml_walk *const w = &p->walk;
    vl_mz_record *const r = &p->spectrum.record;
    if (vl_md_spectrum_data(&p->spectrum, &w->x, in, err)) return err->code;
    return vl_mz_take_text(&w->x, "data", w->x.kind == VL_XML_EMPTY, &r->array[r->narray - 1], &w->copied,
                           w->out, err);
}

static vl_code open_element(vl_xml_walk *w, int element, bool *taken, vl_err *err)
{
    parser *const p = (parser *)w;
    const vl_md_element what = (vl_md_element)element, in = (vl_md_element)vl_xml_walk_around(w, 0);
    if (what == VL_MD_SPECTRUM) return open_spectrum(p, err);
    if (!p->spectrum.record.what) return w->depth ? VL_OK : vl_xml_walk_outside(w, element, err);
    *taken = what == VL_MD_DATA && (in == VL_MD_MZ || in == VL_MD_INTENSITY || in == VL_MD_OTHER_ARRAY);
    if (*taken) return take_data(p, in, err);
    if (what == VL_MD_PARAM) return vl_md_spectrum_param(&p->spectrum, &w->x, in, w->out, err);
    return vl_md_spectrum_open(&p->spectrum, &w->x, what, w->out, err);
}

static vl_code close_element(vl_xml_walk *w, int what, vl_err *err)
{
    parser *const p = (parser *)w;
    if (what == VL_MD_SPECTRUM) return vl_xml_walk_end_record(w, w->x.at, err);
    return p->spectrum.record.what ? vl_md_spectrum_close(&p->spectrum, (vl_md_element)what, w->out, err)
                                   : VL_OK;
}

static uint64_t number_of(const vl_xml *x, int what)
{
    return what == VL_MD_SPECTRA ? vl_xml_walk_count(x, "count") : UINT64_MAX;
}

static const int holds[][2] = { { VL_MD_ANY, VL_MD_MZDATA }, { VL_MD_MZDATA, VL_MD_SPECTRA }, { 0, 0 } };

static const vl_xml_walk_dialect dialect = {
    .spine_end = VL_MD_SPINE_END,
    .list = { VL_MD_SPECTRA },
    .record = { VL_MD_SPECTRUM },
    .root = VL_MD_MZDATA,
    .part = "a spectrum",
    .holds = holds,
    .element_of = element_of,
    .name_of = name_of,
    .number_of = number_of,
    .open = open_element,
    .close = close_element,
};

vl_code vl_md_parse(const void *head, const vl_block *in, vl_batch *out, vl_err *err)
{
    const vl_md_head *const h = head;
    parser *const p = calloc(1, sizeof *p);
    if (!p) return vl_fail(err, VL_ENOMEM, "no memory for a parser");
    p->walk.dialect = &dialect;
    p->walk.record = &p->spectrum.record;
    vl_xml_walk_block(&p->walk, h->encoding, in, out, err);
    free(p);
    return err->code;
}

vl_code vl_md_join(const void *head, void *tail, const vl_block *in, vl_batch *batch, vl_err *err)
{
    (void)head;
    return vl_xml_walk_nest(&dialect, tail, in, batch, err);
}

vl_code vl_md_finish(const void *head, void *tail, vl_facts *facts, vl_err *err)
{
    const vl_md_head *const h = head;
    const vl_xml_walk_tail *const t = tail;
    if (vl_xml_walk_ended(&dialect, t, VL_MD_SPECTRA, h->cut_short, err)) return err->code;
    for (int i = 0; i < h->facts.n; i++)
        vl_fact_add(facts, h->facts.fact[i].name, "%s", h->facts.fact[i].text);
    vl_fact_add(facts, "native_id_format", "MS:1000777"); /* spectrum=N */
    vl_mz_count_fact(facts, "spectrum_count", true, t->said[0], t->nrecord[0]);
    return VL_OK;
}
