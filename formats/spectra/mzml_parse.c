/*
 * A block of an mzML document becomes a batch. The first block has the prolog, the last one the index; all
 * but the first begin right behind a record or an index entry, so what is open around them is not known here:
 *
 *     elements that may be open between records (the spine: mzML, run, spectrumList ...) are only listed, for
 *     join to check in order; every other element must end in the block that it begins in.
 *
 * Text goes to the skeleton in runs as long as possible: from the end of one array's text to the next.
 */
#include <stdlib.h>
#include <string.h>

#include "formats/spectra/outside.h"
#include "formats/xxh3.h"

enum { DEEPEST = 64, EVENTS_MOST = 4096 };

typedef struct open_element {
    vl_xml_span name;
    vl_mz_element what;
} open_element;

typedef struct parser {
    vl_xml x;
    vl_xml_text *texts; /* owned; x's */
    const vl_mz_head *head;
    const vl_block *in;
    vl_batch *out;
    vl_mz_extra *extra; /* out's */
    vl_mz_coder *coder; /* owned */
    vl_mz_record record;
    open_element open[DEEPEST]; /* no spine */
    int depth;
    size_t copied; /* bytes of the block that are in the skeleton, or are not meant to be */
    vl_mz_since since;
    vl_outside *outside; /* borrowed; NULL: all arrays are in the text */
} parser;

static bool is_spine(vl_mz_element what) { return what > VL_MZ_ANY && what < VL_MZ_SPINE_END; }
static bool is_record(vl_mz_element what) { return what == VL_MZ_SPECTRUM || what == VL_MZ_CHROM; }

static vl_code copy_to(parser *p, size_t to, vl_err *err)
{
    return vl_mz_copy(&p->x, &p->copied, to, p->out, err);
}

/* Adds what has gathered since the last event, and the event of this tag. */
static vl_code push_event(parser *p, vl_mz_what what, vl_mz_element element, uint64_t number, vl_err *err)
{
    vl_mz_extra *const e = p->extra;
    if (e->nevent == EVENTS_MOST)
        return vl_xml_fail(&p->x, p->x.from, VL_EFORMAT, err, "<%s> over and over",
                           vl_mz_element_name(element));
    if (e->nevent == e->cevent) {
        const size_t want = e->cevent ? 2 * e->cevent : 32;
        vl_mz_event *const more = realloc(e->event, want * sizeof *more);
        if (!more) return vl_fail(err, VL_ENOMEM, "no memory for %zu tags", want);
        e->event = more;
        e->cevent = want;
    }
    vl_mz_event *const event = &e->event[e->nevent++];
    *event = (vl_mz_event){ .what = what, .element = element, .at = p->x.from, .number = number };
    event->since = p->since;
    if (what == VL_MZ_EV_CHECKSUM) {
        event->at = p->x.at;
        event->text = vl_xml_ahead(&p->x);
    }
    p->since = (vl_mz_since){ .at = SIZE_MAX };
    return VL_OK;
}

/* Something at x.from that join must know the place of, if it does not belong there. */
static void mark(parser *p)
{
    if (p->since.at == SIZE_MAX) p->since.at = p->x.from;
}

static vl_code open_spine(parser *p, vl_mz_element what, vl_err *err)
{
    uint64_t number = UINT64_MAX;
    if (p->depth)
        return vl_xml_fail(&p->x, p->x.from, VL_EFORMAT, err, "<%s> inside <%.*s>", vl_mz_element_name(what),
                           (int)(p->open[p->depth - 1].name.n < 40 ? p->open[p->depth - 1].name.n : 40),
                           (const char *)p->open[p->depth - 1].name.at);
    if (what == VL_MZ_INDEX) {
        const vl_xml_span of = vl_xml_get(&p->x, "name");
        number = !of.at ? 2 : vl_xml_is(of, "spectrum") ? 0 : vl_xml_is(of, "chromatogram") ? 1 : 2;
    } else {
        const vl_xml_span count = vl_xml_get(&p->x, "count");
        if (count.at && !vl_mz_uint(count, &number)) number = UINT64_MAX - 1; /* true of no list */
    }
    return push_event(p, VL_MZ_EV_OPEN, what, number, err);
}

/* An entry of the index. */
static vl_code take_offset(parser *p, vl_err *err)
{
    vl_xml_span id;
    uint64_t at = UINT64_MAX;
    if (vl_xml_value(&p->x, "idRef", &id, err)) return err->code;
    if (!vl_mz_uint(vl_xml_ahead(&p->x), &at)) at = UINT64_MAX; /* true of no record */
    p->since.noffset++;
    p->since.offset_sum += XXH3_64bits_withSeed(id.at ? (const void *)id.at : "", id.n, at);
    return VL_OK;
}

/* What stands outside before this place of the text. */
static vl_code literals(parser *p, vl_err *err)
{
    return vl_outside_literals(p->outside, p->copied, p->out->col[VL_SP_SKELETON].data.len, p->out, err);
}

static vl_code open_record(parser *p, vl_mz_element what, vl_err *err)
{
    vl_xml_span id;
    if (vl_xml_value(&p->x, "id", &id, err) || copy_to(p, p->x.from, err)) return err->code;
    if (p->outside && literals(p, err)) return err->code;
    const int which = what == VL_MZ_CHROM;
    p->since.nrecord[which]++;
    if (id.at) p->since.record_sum[which] += XXH3_64bits_withSeed(id.at, id.n, p->x.offset + p->x.from);
    return vl_mz_record_begin(&p->record, &p->x, what, id, p->out->col[VL_SP_SKELETON].data.len, err);
}

/* Around the element that is open at this depth from the top: 0 its parent. */
static vl_mz_element around(const parser *p, int up)
{
    return p->depth > up ? p->open[p->depth - 1 - up].what : VL_MZ_ANY;
}

static vl_code take_param(parser *p, vl_err *err)
{
    vl_mz_param param;
    if (vl_mz_read_param(&p->x, &param, err)) return err->code;
    if (vl_mz_record_param(&p->record, &param, around(p, 0), around(p, 1), p->out, err))
        return vl_err_at(err, NULL, p->x.offset + p->x.from, VL_NOWHERE);
    return VL_OK;
}

static vl_code take_reference(parser *p, vl_err *err)
{
    vl_xml_span ref;
    if (vl_xml_value(&p->x, "ref", &ref, err)) return err->code;
    const vl_mz_group *const g = ref.at ? vl_mz_find_group(p->head, ref) : NULL;
    if (!g)
        return vl_xml_fail(&p->x, p->x.from, VL_EFORMAT, err, "there is no referenceableParamGroup '%.*s'",
                           (int)(ref.n < 60 ? ref.n : 60), ref.at ? (const char *)ref.at : "");
    for (size_t i = 0; i < g->nparam; i++)
        if (vl_mz_record_param(&p->record, &g->param[i], around(p, 0), around(p, 1), p->out, err))
            return vl_err_at(err, NULL, p->x.offset + p->x.from, VL_NOWHERE);
    return VL_OK;
}

/* What a start tag means; the element is not among the open ones yet. */
static vl_code begin(parser *p, vl_mz_element what, vl_err *err)
{
    if (is_record(what)) {
        if (p->depth)
            return vl_xml_fail(&p->x, p->x.from, VL_EFORMAT, err, "<%s> inside an element",
                               vl_mz_element_name(what));
        mark(p);
        return open_record(p, what, err);
    }
    if (p->record.what) {
        if (what == VL_MZ_CV_PARAM) return take_param(p, err);
        if (what == VL_MZ_GROUP_REF) return take_reference(p, err);
        if (vl_mz_record_open(&p->record, &p->x, what, err)) return err->code;
        if (what != VL_MZ_ARRAY) return VL_OK;
        vl_mz_array *const a = &p->record.array[p->record.narray - 1];
        /* where its text goes if it has no <binary> at all */
        a->text_at = p->out->col[VL_SP_SKELETON].data.len + (p->x.at - p->copied);
        if (p->outside) a->outside = vl_outside_find(p->outside, p->x.from);
        return VL_OK;
    }
    if (p->depth) return VL_OK;
    if (what == VL_MZ_OFFSET) {
        mark(p);
        return take_offset(p, err);
    }
    if (what == VL_MZ_INDEX_AT) {
        uint64_t at = UINT64_MAX;
        if (!vl_mz_uint(vl_xml_ahead(&p->x), &at)) at = UINT64_MAX;
        return push_event(p, VL_MZ_EV_INDEX_AT, what, at, err);
    }
    if (what == VL_MZ_CHECKSUM) return push_event(p, VL_MZ_EV_CHECKSUM, what, 0, err);
    mark(p);
    p->since.nother++;
    return VL_OK;
}

/* The element ended, and is not among the open ones any more. */
static vl_code end(parser *p, vl_mz_element what, vl_err *err)
{
    if (!p->record.what) return VL_OK;
    if (what != p->record.what) return vl_mz_record_close(&p->record, what, p->out, err);
    if (copy_to(p, p->x.at, err)) return err->code;
    return vl_mz_record_end(&p->record, &p->x, p->coder, p->out, err);
}

static vl_code start_tag(parser *p, vl_err *err)
{
    const vl_mz_element what = vl_mz_element_of(p->x.name);
    const open_element element = { p->x.name, what };
    const bool empty = p->x.kind == VL_XML_EMPTY;
    if (is_spine(what)) {
        if (open_spine(p, what, err) || !empty) return err->code;
        return push_event(p, VL_MZ_EV_CLOSE, what, 0, err);
    }
    if (p->record.what && what == VL_MZ_BINARY && around(p, 0) == VL_MZ_ARRAY &&
        !p->record.array[p->record.narray - 1].outside)
        return vl_mz_take_text(&p->x, "binary", empty, &p->record.array[p->record.narray - 1], &p->copied,
                               p->out, err);
    if (begin(p, what, err)) return err->code;
    if (empty) return end(p, what, err);
    if (p->depth == DEEPEST)
        return vl_xml_fail(&p->x, p->x.from, VL_EFORMAT, err, "elements nested deeper than %d", DEEPEST);
    p->open[p->depth++] = element;
    return VL_OK;
}

static vl_code end_tag(parser *p, vl_err *err)
{
    const vl_xml_span name = p->x.name;
    if (!p->depth) {
        const vl_mz_element what = vl_mz_element_of(name);
        if (!is_spine(what))
            return vl_xml_fail(&p->x, p->x.from, VL_EFORMAT, err, "</%.*s> without its start tag",
                               (int)(name.n < 40 ? name.n : 40), (const char *)name.at);
        return push_event(p, VL_MZ_EV_CLOSE, what, 0, err);
    }
    const open_element *const top = &p->open[p->depth - 1];
    if (top->name.n != name.n || memcmp(top->name.at, name.at, name.n) != 0)
        return vl_mz_wrong_end(&p->x, top->name, err);
    p->depth--;
    return end(p, top->what, err);
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

static vl_code take_block(parser *p, vl_err *err)
{
    if (!p->in->offset && p->x.n >= 3 && !memcmp(p->x.data, "\xef\xbb\xbf", 3)) p->x.at = 3;
    for (;;) {
        if (vl_xml_next(&p->x, err)) return err->code;
        if (p->x.kind == VL_XML_END) break;
        if (take_token(p, err)) return err->code;
    }
    if (p->depth) {
        const vl_xml_span name = p->open[p->depth - 1].name;
        return vl_xml_fail(&p->x, p->x.n, p->in->last ? VL_ETRUNC : VL_EFORMAT, err, "%s <%.*s>",
                           p->in->last ? "document ends inside" : "a record ends inside",
                           (int)(name.n < 40 ? name.n : 40), (const char *)name.at);
    }
    if (copy_to(p, p->x.n, err) || (p->outside && literals(p, err))) return err->code;
    return push_event(p, VL_MZ_EV_END, VL_MZ_ANY, 0, err);
}

vl_code vl_mz_parse_text(const void *head, const vl_block *in, vl_outside *outside, vl_batch *out,
                         vl_err *err)
{
    parser *const p = calloc(1, sizeof *p);
    if (!p) return vl_fail(err, VL_ENOMEM, "no memory for a parser");
    if (!out->extra) out->extra = calloc(1, sizeof(vl_mz_extra));
    p->head = head;
    p->x = (vl_xml){ .data = in->bytes.data,
                     .n = in->bytes.len,
                     .offset = in->offset,
                     .last = in->last,
                     .encoding = p->head->encoding,
                     .texts = &p->texts };
    p->in = in;
    p->out = out;
    p->outside = outside;
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
    free(p->record.array);
    free(p);
    return err->code;
}

vl_code vl_mz_parse(const void *head, const vl_block *in, vl_batch *out, vl_err *err)
{
    return vl_mz_parse_text(head, in, NULL, out, err);
}

void vl_mz_drop(vl_batch *batch)
{
    vl_mz_extra *const e = batch->extra;
    if (e) free(e->event);
    if (e) vl_outside_free(e->outside);
    if (e) free(e->outside);
    free(e);
    batch->extra = NULL;
}
