/*
 * A block of a document becomes a batch (xml_walk.h): its tokens in order, with what is open.
 *
 * Text goes to the skeleton in runs as long as possible: from the end of one array's text to the next.
 */
#include "formats/spectra/xml_walk.h"

#include <stdlib.h>
#include <string.h>

#include "formats/spectra/xml_root.h"
#include "formats/xxh3.h"

enum { EVENTS_MOST = 4096 };

static bool is_spine(const vl_xml_walk_dialect *d, int what) { return what && what < d->spine_end; }

static int shown(vl_xml_span name) { return (int)(name.n < 40 ? name.n : 40); }

static vl_code copy_to(vl_xml_walk *w, size_t to, vl_err *err)
{
    return vl_mz_copy(&w->x, &w->copied, to, w->out, err);
}

/* ---- what nest is told ---- */

/* Adds what has gathered since the last event, and this one. */
static vl_code push_event(vl_xml_walk *w, const vl_xml_walk_event *event, vl_err *err)
{
    vl_xml_walk_extra *const e = w->extra;
    if (e->nevent == EVENTS_MOST)
        return vl_xml_fail(&w->x, w->x.from, VL_EFORMAT, err, "<%s> over and over",
                           w->dialect->name_of(event->element));
    if (e->nevent == e->cevent) {
        const size_t want = e->cevent ? 2 * e->cevent : 32;
        vl_xml_walk_event *const more = realloc(e->event, want * sizeof *more);
        if (!more) return vl_fail(err, VL_ENOMEM, "no memory for %zu tags", want);
        e->event = more;
        e->cevent = want;
    }
    w->since.nbegun = w->nopen;
    e->event[e->nevent] = *event;
    e->event[e->nevent++].since = w->since;
    w->nopen = 0;
    w->since = (vl_xml_walk_since){ .at = SIZE_MAX };
    return VL_OK;
}

/* Something at x.from that nest must know the place of, if it does not belong there. */
static void mark(vl_xml_walk *w)
{
    if (w->since.at == SIZE_MAX) w->since.at = w->x.from;
}

vl_code vl_xml_walk_refuse_inside(const vl_xml_walk *w, int what, vl_err *err)
{
    const vl_xml_span name = w->open[w->depth - 1].name;
    return vl_xml_fail(&w->x, w->x.from, VL_EFORMAT, err, "<%s> inside <%.*s>", w->dialect->name_of(what),
                       shown(name), (const char *)name.at);
}

static vl_code open_spine(vl_xml_walk *w, int what, vl_err *err)
{
    if (w->depth) return vl_xml_walk_refuse_inside(w, what, err);
    const vl_xml_walk_event event = { .what = VL_XML_WALK_OPEN,
                                      .element = what,
                                      .at = w->x.from,
                                      .number = w->dialect->number_of(&w->x, what) };
    return push_event(w, &event, err);
}

static vl_code close_spine(vl_xml_walk *w, int what, vl_err *err)
{
    const vl_xml_walk_event event = { .what = VL_XML_WALK_CLOSE, .element = what, .at = w->x.from };
    return push_event(w, &event, err);
}

/* An entry of the index. */
static vl_code take_offset(vl_xml_walk *w, vl_err *err)
{
    vl_xml_span id;
    uint64_t at = UINT64_MAX;
    if (vl_xml_value(&w->x, w->dialect->offset_of, &id, err)) return err->code;
    if (!vl_mz_uint(vl_xml_ahead(&w->x), &at)) at = UINT64_MAX; /* true of no record */
    w->since.noffset++;
    w->since.offset_sum += XXH3_64bits_withSeed(id.at ? (const void *)id.at : "", id.n, at);
    return VL_OK;
}

vl_code vl_xml_walk_outside(vl_xml_walk *w, int what, vl_err *err)
{
    vl_xml_walk_event event = { .element = what, .at = w->x.from };
    if (what && what == w->dialect->index_at) {
        event.what = VL_XML_WALK_INDEX_AT;
        if (!vl_mz_uint(vl_xml_ahead(&w->x), &event.number)) event.number = UINT64_MAX;
        return push_event(w, &event, err);
    }
    if (what && what == w->dialect->checksum) {
        event.what = VL_XML_WALK_CHECKSUM;
        event.at = w->x.at;
        event.text = vl_xml_ahead(&w->x);
        return push_event(w, &event, err);
    }
    mark(w);
    if (what && what == w->dialect->offset) return take_offset(w, err);
    w->since.nother++;
    return VL_OK;
}

uint64_t vl_xml_walk_count(const vl_xml *x, const char *attribute)
{
    uint64_t number = UINT64_MAX;
    const vl_xml_span count = vl_xml_get(x, attribute);
    if (count.at && !vl_mz_uint(count, &number)) return UINT64_MAX - 1; /* true of no list */
    return number;
}

/* ---- records ---- */

vl_code vl_xml_walk_begin_record(vl_xml_walk *w, int sort, vl_xml_span id, vl_err *err)
{
    mark(w);
    w->since.nrecord[sort]++;
    if (id.at) w->since.record_sum[sort] += XXH3_64bits_withSeed(id.at, id.n, w->x.offset + w->x.from);
    return copy_to(w, w->x.from, err);
}

vl_code vl_xml_walk_end_record(vl_xml_walk *w, size_t to, vl_err *err)
{
    if (!w->record->what) return VL_OK;
    if (copy_to(w, to, err)) return err->code;
    return vl_mz_record_end(w->record, &w->x, w->coder, w->out, err);
}

/* ---- tokens ---- */

static vl_code close_nesting(vl_xml_walk *w, int what, vl_err *err)
{
    if (w->depth) return vl_mz_wrong_end(&w->x, w->open[w->depth - 1].name, err);
    if (w->nopen) w->nopen--;
    else {
        mark(w);
        w->since.nend++;
        w->since.end_at = w->x.from;
    }
    return w->dialect->close(w, what, err);
}

static vl_code open_nesting(vl_xml_walk *w, int what, bool empty, vl_err *err)
{
    bool taken = false;
    if (w->depth) return vl_xml_walk_refuse_inside(w, what, err);
    if (w->dialect->open(w, what, &taken, err)) return err->code;
    w->nopen++;
    return empty ? close_nesting(w, what, err) : VL_OK;
}

static vl_code start_tag(vl_xml_walk *w, vl_err *err)
{
    const vl_xml_walk_dialect *const d = w->dialect;
    const vl_xml_walk_element element = { w->x.name, d->element_of(w->x.name) };
    const bool empty = w->x.kind == VL_XML_EMPTY;
    bool taken = false;
    if (is_spine(d, element.what))
        return open_spine(w, element.what, err) || !empty ? err->code : close_spine(w, element.what, err);
    if (element.what && element.what == d->nests) return open_nesting(w, element.what, empty, err);
    if (d->open(w, element.what, &taken, err) || taken) return err->code;
    if (empty) return d->close(w, element.what, err);
    if (w->depth == VL_XML_WALK_DEEPEST)
        return vl_xml_fail(&w->x, w->x.from, VL_EFORMAT, err, "elements nested deeper than %d",
                           VL_XML_WALK_DEEPEST);
    w->open[w->depth++] = element;
    return VL_OK;
}

/* Of an element that did not begin in this block, or of none. */
static vl_code end_of_outer(vl_xml_walk *w, int what, vl_err *err)
{
    const vl_xml_span name = w->x.name;
    if (is_spine(w->dialect, what)) return close_spine(w, what, err);
    return vl_xml_fail(&w->x, w->x.from, VL_EFORMAT, err, "</%.*s> without its start tag", shown(name),
                       (const char *)name.at);
}

static vl_code end_tag(vl_xml_walk *w, vl_err *err)
{
    const vl_xml_walk_dialect *const d = w->dialect;
    const vl_xml_span name = w->x.name;
    if (!w->depth || d->nests) {
        const int what = d->element_of(name);
        if (what && what == d->nests) return close_nesting(w, what, err);
        if (!w->depth) return end_of_outer(w, what, err);
    }
    const vl_xml_walk_element *const top = &w->open[w->depth - 1];
    if (top->name.n != name.n || memcmp(top->name.at, name.at, name.n) != 0)
        return vl_mz_wrong_end(&w->x, top->name, err);
    w->depth--;
    return d->close(w, top->what, err);
}

static vl_code take_token(vl_xml_walk *w, vl_err *err)
{
    switch (w->x.kind) {
    case VL_XML_OPEN:
    case VL_XML_EMPTY: return start_tag(w, err);
    case VL_XML_CLOSE: return end_tag(w, err);
    case VL_XML_TEXT:
    case VL_XML_CDATA:
        if (!w->depth && (w->x.kind == VL_XML_CDATA || !vl_xml_blank(w->x.text)))
            return vl_mz_refuse_text(&w->x, err);
        return VL_OK;
    default: return VL_OK;
    }
}

/* ---- the block ---- */

static vl_code refuse_end(const vl_xml_walk *w, const char *name, int n, vl_err *err)
{
    return vl_xml_fail(&w->x, w->x.n, w->in->last ? VL_ETRUNC : VL_EFORMAT, err, "%s ends inside <%.*s>",
                       w->in->last ? "document" : w->dialect->part, n, name);
}

static vl_code walk(vl_xml_walk *w, vl_err *err)
{
    if (!w->in->offset) w->x.at = vl_xml_bom(w->x.data, w->x.n);
    for (;;) {
        if (vl_xml_next(&w->x, err)) return err->code;
        if (w->x.kind == VL_XML_END) break;
        if (take_token(w, err)) return err->code;
    }
    if (w->depth) {
        const vl_xml_span name = w->open[w->depth - 1].name;
        return refuse_end(w, (const char *)name.at, shown(name), err);
    }
    if (w->record->what) return refuse_end(w, w->dialect->name_of(w->dialect->record[0]), 40, err);
    const vl_xml_walk_event end = { .what = VL_XML_WALK_END, .at = w->x.n };
    return copy_to(w, w->x.n, err) || push_event(w, &end, err) ? err->code : VL_OK;
}

vl_code vl_xml_walk_block(vl_xml_walk *w, vl_xml_encoding encoding, const vl_block *in, vl_batch *out,
                          vl_err *err)
{
    if (!out->extra) out->extra = calloc(1, sizeof(vl_xml_walk_extra));
    w->x = (vl_xml){ .data = in->bytes.data,
                     .n = in->bytes.len,
                     .offset = in->offset,
                     .last = in->last,
                     .encoding = encoding,
                     .texts = &w->texts };
    w->in = in;
    w->out = out;
    w->extra = out->extra;
    w->since.at = SIZE_MAX;
    out->nbyte += in->bytes.len;
    if (!w->extra) {
        vl_fail(err, VL_ENOMEM, "no memory for a parser");
        goto out;
    }
    w->extra->nevent = 0;
    if (!vl_mz_coder_open(&w->coder, err)) walk(w, err);
out:
    vl_err_file(err, err->code ? in->file : NULL);
    vl_mz_coder_close(w->coder);
    vl_xml_text_free(w->texts);
    free(w->record->array);
    return err->code;
}

void vl_xml_walk_drop(vl_batch *batch)
{
    vl_xml_walk_extra *const e = batch->extra;
    if (e) free(e->event);
    free(e);
    batch->extra = NULL;
}
