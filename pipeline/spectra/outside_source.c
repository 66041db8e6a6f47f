/* A document and its arrays as frames (outside_source.h). */
#include "pipeline/spectra/outside_source.h"

#include "formats/spectra/xml_cut.h"
#include "formats/spectra/xml_root.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    HEAD_MOST = 16 << 20,
    TEXT_MOST = 1 << 28, /* of one stretch */
    INDEX_STRETCH = 1 << 18,
    ARRAYS_MOST = 65535
};

vl_code vl_outside_source_bad(const vl_outside_source *o, const vl_placed *a, vl_err *err, const char *fmt,
                              ...)
{
    char what[160], kind[40];
    va_list args;
    va_start(args, fmt);
    vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    vl_mz_kind_name(a->is.kind, kind, sizeof kind);
    vl_fail(err, VL_EFORMAT, "%s, array %s: %s", o->id, kind, what);
    return vl_err_at(err, NULL, a->tag, VL_NOWHERE);
}

/* ---- the head ---- */

vl_code vl_outside_source_open(vl_outside_source *o, vl_err *err)
{
    bool more = true;
    if (!(o->hash = XXH3_createState())) return vl_fail(err, VL_ENOMEM, "no memory to hash the input");
    XXH3_128bits_reset(o->hash);
    while (more) {
        more = false;
        if (!o->text_ended && o->text(o->who, &o->document, &o->text_ended, err)) return err->code;
        const vl_xml_span text = { o->document.data, o->document.len };
        if (vl_mz_open_head(&o->head, text, o->text_ended, true, &more, err)) return err->code;
    }
    return o->begun ? o->begun(o->who, err) : VL_OK;
}

/* ---- text ---- */

/* More of it, of which whole tokens are known. */
static vl_code more_text(vl_outside_source *o, vl_err *err)
{
    static const char *const names[] = { "</spectrum", "</chromatogram", "</offset", NULL };
    const size_t used = o->from;
    if (used) memmove(o->document.data, o->document.data + used, o->document.len - used);
    o->document.len -= used;
    o->at += used;
    o->from = o->pos = o->whole = 0;
    for (;;) {
        const vl_cut cut =
            vl_xml_cut_behind(names, o->document.data, o->document.len, o->text_ended, UINT64_MAX);
        if ((o->whole = cut.used) || o->text_ended) return VL_OK;
        if (o->document.len > TEXT_MOST) {
            vl_fail(err, VL_EFORMAT, "a spectrum with more than %d MiB of text", TEXT_MOST >> 20);
            return vl_err_at(err, NULL, o->at, VL_NOWHERE);
        }
        for (const size_t had = o->document.len; !o->text_ended && o->document.len < 2 * had + 1;)
            if (o->text(o->who, &o->document, &o->text_ended, err)) return err->code;
    }
}

static vl_placed *new_array(vl_outside_source *o, const vl_xml *x, vl_err *err)
{
    static const vl_outside_entry somewhere;
    bool there = false;
    if (o->nplaced == ARRAYS_MOST) {
        vl_xml_fail(x, x->from, VL_EUNSUP, err, "more than %d arrays in one record", ARRAYS_MOST);
        return NULL;
    }
    if (o->nplaced == o->cplaced) {
        const size_t want = o->cplaced ? 2 * o->cplaced : 8;
        vl_placed *const more = realloc(o->placed, want * sizeof *more);
        if (!more) {
            vl_fail(err, VL_ENOMEM, "no memory for %zu arrays", want);
            return NULL;
        }
        o->placed = more;
        o->cplaced = want;
    }
    vl_placed *const a = &o->placed[o->nplaced++];
    *a = (vl_placed){ .tag = x->offset + x->from, .is = { .outside = &somewhere, .nvalue = UINT64_MAX } };
    return vl_mz_uint_attr(x, "arrayLength", &a->is.nvalue, &there, err) ? NULL : a;
}

static vl_code number(const vl_xml *x, const vl_mz_param *p, uint64_t *out, vl_err *err)
{
    if (p->value.at && vl_mz_uint(p->value, out)) return VL_OK;
    return vl_xml_fail(x, x->from, VL_EFORMAT, err, "'%.*s' is no number of bytes or values",
                       (int)(p->value.n < 40 ? p->value.n : 40),
                       p->value.at ? (const char *)p->value.at : "");
}

static vl_code take_param(vl_placed *a, const vl_xml *x, const vl_mz_param *p, vl_err *err)
{
    switch (p->term) {
    case VL_MZ_IMS | 1000101: a->external = !p->value.at || !vl_xml_is(p->value, "false"); return VL_OK;
    case VL_MZ_IMS | 1000102: a->has_at = true; return number(x, p, &a->at, err);
    case VL_MZ_IMS | 1000103: return number(x, p, &a->is.nvalue, err);
    case VL_MZ_IMS | 1000104: a->has_bytes = true; return number(x, p, &a->bytes, err);
    case 1002841:
        a->external = true;
        a->set = p->value;
        return VL_OK;
    case 1002842: a->has_at = true; return number(x, p, &a->at, err);
    case 1002843: return number(x, p, &a->is.nvalue, err);
    default: return vl_mz_array_param(&a->is, p, err);
    }
}

static vl_code take_params(vl_outside_source *o, vl_placed *a, const vl_xml *x, bool reference, vl_err *err)
{
    vl_mz_param p;
    vl_xml_span ref;
    if (!reference) return vl_mz_read_param(x, &p, err) ? err->code : take_param(a, x, &p, err);
    if (vl_xml_value(x, "ref", &ref, err)) return err->code;
    const vl_mz_group *const g = ref.at ? vl_mz_find_group(&o->head, ref) : NULL;
    for (size_t i = 0; g && i < g->nparam; i++)
        if (take_param(a, x, &g->param[i], err)) return err->code;
    return VL_OK;
}

static void name_record(vl_outside_source *o, const vl_xml *x)
{
    const vl_xml_span id = vl_xml_get(x, "id");
    snprintf(o->id, sizeof o->id, "%s '%.*s'", vl_xml_is(x->name, "spectrum") ? "spectrum" : "chromatogram",
             (int)(id.n < 40 ? id.n : 40), id.at ? (const char *)id.at : "");
}

static bool is_record(vl_xml_span name)
{
    return vl_xml_is(name, "spectrum") || vl_xml_is(name, "chromatogram");
}

/* A start tag. */
static vl_code take_open(vl_outside_source *o, const vl_xml *x, vl_err *err)
{
    const bool empty = x->kind == VL_XML_EMPTY;
    if (is_record(x->name)) {
        name_record(o, x);
        o->in_record = !empty;
        return VL_OK;
    }
    if (!o->in_record) return VL_OK;
    if (vl_xml_is(x->name, "binaryDataArray")) {
        o->in_array = !empty;
        return new_array(o, x, err) ? VL_OK : err->code;
    }
    const bool reference = vl_xml_is(x->name, "referenceableParamGroupRef");
    if (!o->in_array || (!reference && !vl_xml_is(x->name, "cvParam"))) return VL_OK;
    return take_params(o, &o->placed[o->nplaced - 1], x, reference, err);
}

/* Reads on to the end of a stretch: behind a record, before the first one, behind a part of the index; *to is
 * 0 where the text ends before. */
static vl_code read_stretch(vl_outside_source *o, size_t *to, vl_err *err)
{
    vl_xml x = { .data = o->document.data,
                 .n = o->whole,
                 .offset = o->at,
                 .last = o->text_ended && o->whole == o->document.len,
                 .encoding = o->head.encoding,
                 .texts = &o->texts,
                 .at = o->pos };
    if (!o->at && !o->pos) x.at = vl_xml_bom(x.data, x.n);
    for (*to = 0; !*to;) {
        if (vl_xml_next(&x, err)) return err->code;
        o->pos = x.at;
        const bool opens = x.kind == VL_XML_OPEN || x.kind == VL_XML_EMPTY;
        if (x.kind == VL_XML_END) return VL_OK;
        if (opens && !o->head_given && is_record(x.name) && x.from > o->from) {
            o->pos = *to = x.from;
            continue;
        }
        if (opens && take_open(o, &x, err)) return err->code;
        if (x.kind == VL_XML_EMPTY && is_record(x.name)) *to = x.at;
        if (x.kind != VL_XML_CLOSE) continue;
        if (vl_xml_is(x.name, "binaryDataArray")) o->in_array = false;
        if (is_record(x.name)) {
            o->in_record = o->in_array = false;
            *to = x.at;
        }
        if (vl_xml_is(x.name, "offset") && x.at - o->from > INDEX_STRETCH) *to = x.at;
    }
    return VL_OK;
}

/* ---- arrays ---- */

/* A short document can name each byte of the file beside over and over: no image does. */
static vl_code check_named(vl_outside_source *o, const vl_placed *a, vl_err *err)
{
    enum { TIMES = 64, AT_LEAST = 1 << 26 };
    o->named += a->n;
    if (!o->beside || o->named <= AT_LEAST || o->named / TIMES <= o->size) return VL_OK;
    return vl_outside_source_bad(o, a, err, "with it arrays have %" PRIu64 " bytes of a file of %" PRIu64,
                                 o->named, o->size);
}

/* Arrays in the document alone are the format's own business. */
static vl_code find_arrays(vl_outside_source *o, vl_err *err)
{
    uint64_t all = 0;
    size_t n = 0;
    for (size_t i = 0; i < o->nplaced; i++) {
        vl_placed a = o->placed[i];
        if (!a.external && !a.has_at) continue;
        if (o->find(o->who, &a, err)) return err->code;
        if (a.n > VL_OUTSIDE_ARRAY || (all += a.n) > VL_OUTSIDE_ARRAY)
            return vl_outside_source_bad(o, &a, err, "arrays of more than %d MiB", VL_OUTSIDE_ARRAY >> 20);
        if (check_named(o, &a, err)) return err->code;
        o->placed[n++] = a;
    }
    o->nplaced = n;
    return VL_OK;
}

/* Which arrays are own: those whose bytes come next, but for a gap. *before: where the first of them begins;
 * a gap before it may be of any length. */
static void choose_own(vl_outside_source *o, uint64_t *before)
{
    uint64_t done = o->done;
    bool first = true;
    *before = o->done;
    for (size_t i = 0; o->beside && i < o->nplaced; i++) {
        vl_placed *const a = &o->placed[i];
        a->own = a->n && a->from >= done && (first || a->from - done <= VL_OUTSIDE_GAP);
        if (!a->own) continue;
        if (first && a->from - done > VL_OUTSIDE_GAP) *before = a->from;
        first = false;
        done = a->from + a->n;
    }
}

static vl_outside_sort sort_of(const vl_outside_source *o)
{
    return o->beside ? VL_OUTSIDE_BESIDE : VL_OUTSIDE_AROUND;
}

static vl_code put_numbers(vl_outside_source *o, const uint64_t *v, size_t n, vl_err *err)
{
    uint8_t bytes[VL_OUTSIDE_ENTRY];
    for (size_t i = 0; i < n; i++) vl_put_le64(bytes + 8 * i, v[i]);
    return vl_buf_append(&o->out, bytes, 8 * n, err);
}

static vl_code put_entries(vl_outside_source *o, uint64_t *bytes, vl_err *err)
{
    uint64_t done = o->done;
    for (size_t i = 0; i < o->nplaced; i++) {
        const vl_placed *const a = &o->placed[i];
        const uint64_t gap = a->own ? a->from - done : 0;
        const uint64_t v[6] = { a->tag - o->at - o->from,
                                gap,
                                a->n,
                                a->from,
                                a->number,
                                (uint64_t)a->own | (uint64_t)a->plain << 1 | (uint64_t)a->type << 8 };
        if (put_numbers(o, v, 6, err)) return err->code;
        if (a->own) done = a->from + a->n;
        *bytes += gap + a->n;
    }
    return VL_OK;
}

static vl_code put_arrays(vl_outside_source *o, vl_err *err)
{
    for (size_t i = 0; i < o->nplaced; i++) {
        const vl_placed *const a = &o->placed[i];
        if (a->own && a->from > o->done &&
            o->bytes(o->who, a->number, o->done, a->from - o->done, &o->out, err))
            return err->code;
        if (a->n && o->bytes(o->who, a->number, a->from, a->n, &o->out, err)) return err->code;
        if (a->own) o->done = a->from + a->n;
    }
    return VL_OK;
}

/* The stretch up to byte `to` as a frame. */
static vl_code put_text(vl_outside_source *o, size_t to, vl_err *err)
{
    const size_t header = o->out.len, n = to - o->from;
    const uint64_t fixed[3] = { o->at + o->from, n, o->nplaced };
    uint64_t bytes = VL_OUTSIDE_TEXT + n + VL_OUTSIDE_ENTRY * (uint64_t)o->nplaced;
    XXH3_128bits_update(o->hash, o->document.data + o->from, n);
    if (vl_outside_begin(&o->out, sort_of(o), VL_OUTSIDE_IS_TEXT, 0, err) || put_numbers(o, fixed, 3, err) ||
        put_entries(o, &bytes, err) || vl_buf_append(&o->out, o->document.data + o->from, n, err) ||
        vl_buf_grow(&o->out, (size_t)bytes, err))
        return err->code;
    vl_put_le64(o->out.data + header + 8, bytes);
    if (put_arrays(o, err)) return err->code;
    o->from = to;
    o->nplaced = 0;
    o->head_given = true;
    vl_xml_text_free(o->texts);
    o->texts = NULL;
    return VL_OK;
}

/* The next bytes of the file beside that are no array's, up to byte `to` of it. */
static vl_code put_literal(vl_outside_source *o, uint64_t to, vl_err *err)
{
    const uint64_t left = to - o->done, n = left < VL_OUTSIDE_LITERAL ? left : VL_OUTSIDE_LITERAL;
    if (vl_outside_begin(&o->out, sort_of(o), VL_OUTSIDE_IS_LITERAL, n, err) ||
        o->bytes(o->who, 0, o->done, n, &o->out, err))
        return err->code;
    o->done += n;
    return VL_OK;
}

vl_code vl_outside_source_fact(vl_outside_source *o, const char *name, const char *text, vl_err *err)
{
    const size_t n = strlen(name) + 1, len = strlen(text);
    if (vl_outside_begin(&o->out, sort_of(o), VL_OUTSIDE_IS_FACT, n + len, err) ||
        vl_buf_append(&o->out, name, n, err))
        return err->code;
    return vl_buf_append(&o->out, text, len, err);
}

/* ---- frames ---- */

/* Behind the last stretch. */
static vl_code end(vl_outside_source *o, vl_err *err)
{
    if (o->beside && o->done < o->size) return put_literal(o, o->size, err);
    o->over = true;
    return o->ended ? o->ended(o->who, err) : VL_OK;
}

/* One frame more, or a step towards it. */
static vl_code step(vl_outside_source *o, vl_err *err)
{
    uint64_t before;
    if (!o->to) {
        if (read_stretch(o, &o->to, err)) return err->code;
        if (!o->to && !(o->text_ended && o->whole == o->document.len)) return more_text(o, err);
        if (!o->to && o->from == o->document.len) return end(o, err);
        if (!o->to) o->to = o->document.len;
        if (find_arrays(o, err)) return err->code;
    }
    choose_own(o, &before);
    if (before > o->done) return put_literal(o, before, err);
    if (put_text(o, o->to, err)) return err->code;
    o->to = 0;
    return VL_OK;
}

/* Frames until there are n bytes to come, or all. */
static vl_code fill(vl_outside_source *o, size_t n, vl_err *err)
{
    if (o->given && o->given >= o->out.len / 2) {
        memmove(o->out.data, o->out.data + o->given, o->out.len - o->given);
        o->out.len -= o->given;
        o->given = 0;
    }
    while (!o->over && o->out.len - o->given < n)
        if (step(o, err)) return err->code;
    return VL_OK;
}

vl_code vl_outside_source_peek(vl_outside_source *o, size_t want, const uint8_t **bytes, size_t *n,
                               bool *whole, vl_err *err)
{
    if (fill(o, want, err)) return err->code;
    *bytes = o->out.data + o->given;
    *n = o->out.len - o->given;
    *whole = o->over;
    return VL_OK;
}

vl_code vl_outside_source_take(vl_outside_source *o, size_t want, vl_packet *packet, vl_err *err)
{
    if (fill(o, want, err)) return err->code;
    packet->packed.len = packet->plain.len = 0;
    packet->file = 0;
    packet->file_end = packet->end = o->over;
    if (vl_buf_append(&packet->plain, o->out.data + o->given, o->out.len - o->given, err)) return err->code;
    o->out.len = o->given = 0;
    return VL_OK;
}

void vl_outside_source_free(vl_outside_source *o)
{
    vl_mz_head_free(&o->head);
    vl_xml_text_free(o->texts);
    vl_buf_free(&o->document);
    vl_buf_free(&o->out);
    free(o->placed);
    XXH3_freeState(o->hash);
}
