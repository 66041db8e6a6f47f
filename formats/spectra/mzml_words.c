/*
 * What a document says of the arrays of a record that the tables of a store do not keep: names of arrays that
 * are no standard ones, and units of any vocabulary, as they are written there or in a group that is
 * referred to.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "formats/spectra/mzml.h"
#include "formats/text.h"

enum { MINUTE = VL_MZML_UO | 31, SECOND = VL_MZML_UO | 10, MILLISECOND = VL_MZML_UO | 28 };
enum { OLD_MINUTE = 1000038, OLD_SECOND = 1000039, NONSTANDARD = 1000786 };
_Static_assert((int)VL_MZML_UO == (int)VL_MZ_UO, "one mark for terms of UO");

double vl_mzml_seconds(uint32_t unit, double time, bool single)
{
    vl_buf text = { 0 };
    vl_err err = VL_ERR_INIT;
    double seconds = time * 60;
    switch (unit) {
    case SECOND:
    case OLD_SECOND: return time;
    case MILLISECOND: return time / 1000;
    case MINUTE:
    case OLD_MINUTE: break;
    default: return (double)NAN;
    }
    if (isfinite(time) && !single && !vl_text_number(&text, time, false, &err))
        vl_mz_times((vl_xml_span){ text.data, text.len }, 60, &seconds);
    vl_buf_free(&text);
    return seconds;
}

/* ---- groups ---- */

static vl_code add_group(vl_mzml_groups *g, const vl_xml *x, vl_err *err)
{
    if (g->n == g->cap) {
        const size_t cap = g->cap ? 2 * g->cap : 16;
        struct vl_mzml_group *const p = realloc(g->group, cap * sizeof *p);
        if (!p) return vl_fail(err, VL_ENOMEM, "no memory for %zu groups", cap);
        g->group = p;
        g->cap = cap;
    }
    struct vl_mzml_group *const one = &g->group[g->n];
    *one = (struct vl_mzml_group){ .inside = { x->data + x->at, 0 } };
    if (vl_xml_value(x, "id", &one->id, err)) return err->code;
    g->n += one->id.at != NULL;
    return VL_OK;
}

vl_code vl_mzml_groups_read(vl_mzml_groups *g, vl_buf *head, vl_err *err)
{
    *g = (vl_mzml_groups){ .head = *head };
    *head = (vl_buf){ 0 };
    vl_xml x = { .data = g->head.data, .n = g->head.len, .texts = &g->texts };
    if (x.n >= 3 && !memcmp(x.data, "\xef\xbb\xbf", 3)) x.at = 3;
    while (x.at < x.n && !vl_xml_next(&x, err) && x.kind != VL_XML_END) {
        const bool group =
            (x.kind == VL_XML_OPEN || x.kind == VL_XML_CLOSE) && vl_xml_is(x.name, "referenceableParamGroup");
        if (x.kind == VL_XML_PI && x.from <= 3) x.encoding = g->encoding = vl_xml_declared(&x);
        if (x.kind == VL_XML_OPEN && group && add_group(g, &x, err)) break;
        if (x.kind == VL_XML_CLOSE && group && g->n) {
            vl_xml_span *const inside = &g->group[g->n - 1].inside;
            inside->n = (size_t)(x.data + x.from - inside->at);
        }
    }
    return err->code;
}

void vl_mzml_groups_free(vl_mzml_groups *g)
{
    free(g->group);
    vl_xml_text_free(g->texts);
    vl_buf_free(&g->head);
    *g = (vl_mzml_groups){ .n = 0 };
}

/* ---- arrays ---- */

/* Appends an attribute as UTF-8; where and how many bytes. */
static vl_code keep(const vl_xml *x, const char *name, vl_mzml_words *w, size_t *at, size_t *n, vl_err *err)
{
    const vl_xml_span value = vl_xml_get(x, name);
    *at = w->text.len;
    if (value.at && vl_xml_decode(value, x->encoding, &w->text, err)) return err->code;
    *n = w->text.len - *at;
    return VL_OK;
}

/* A term: does it say what the array is of? */
static vl_code take_term(const vl_xml *x, vl_mz_array *a, vl_mzml_words *w, vl_err *err)
{
    vl_mz_param p;
    vl_mzml_word *const word = &w->array[w->n - 1];
    const uint32_t before = a->kind;
    if (vl_mz_read_param(x, &p, err) || vl_mz_array_param(a, &p, err)) return err->code;
    if (a->kind == before || a->kind != p.term) return VL_OK;
    word->kind = a->kind;
    word->unit = a->unit;
    if (p.term == NONSTANDARD && keep(x, "value", w, &word->name, &word->nname, err)) return err->code;
    return keep(x, "unitName", w, &word->symbol, &word->nsymbol, err);
}

static vl_code take_group(const vl_mzml_groups *g, const vl_xml *from, vl_mz_array *a, vl_mzml_words *w,
                          vl_err *err)
{
    vl_xml_span ref;
    if (vl_xml_value(from, "ref", &ref, err)) return err->code;
    for (size_t i = 0; i < g->n; i++) {
        const vl_xml_span id = g->group[i].id, inside = g->group[i].inside;
        if (!ref.at || id.n != ref.n || memcmp(id.at, ref.at, id.n) != 0) continue;
        vl_xml x = { .data = inside.at, .n = inside.n, .offset = 1 };
        x.encoding = g->encoding;
        x.texts = from->texts;
        while (x.at < x.n && !vl_xml_next(&x, err) && x.kind != VL_XML_END)
            if ((x.kind == VL_XML_OPEN || x.kind == VL_XML_EMPTY) && vl_xml_is(x.name, "cvParam") &&
                take_term(&x, a, w, err))
                break;
        break;
    }
    return err->code;
}

static vl_code add_array(vl_mzml_words *w, vl_err *err)
{
    if (w->n == w->cap) {
        const size_t cap = w->cap ? 2 * w->cap : 8;
        vl_mzml_word *const p = realloc(w->array, cap * sizeof *p);
        if (!p) return vl_fail(err, VL_ENOMEM, "no memory for %zu arrays", cap);
        w->array = p;
        w->cap = cap;
    }
    w->array[w->n++] = (vl_mzml_word){ .kind = 0 };
    return VL_OK;
}

vl_code vl_mzml_words_read(const vl_mzml_groups *g, const uint8_t *record, size_t n, vl_mzml_words *w,
                           vl_err *err)
{
    vl_xml_text *texts = NULL;
    vl_xml x = { .data = record, .n = n, .offset = 1, .encoding = g->encoding, .texts = &texts };
    vl_mz_array a = { 0 };
    bool inside = false;
    w->text.len = w->n = 0;
    while (x.at < x.n && !vl_xml_next(&x, err) && x.kind != VL_XML_END) {
        const bool begins = x.kind == VL_XML_OPEN || x.kind == VL_XML_EMPTY;
        if ((begins || x.kind == VL_XML_CLOSE) && vl_xml_is(x.name, "binaryDataArray")) {
            inside = x.kind == VL_XML_OPEN;
            a = (vl_mz_array){ 0 };
            if (begins && add_array(w, err)) break;
        }
        if (!inside || !begins) continue;
        if (vl_xml_is(x.name, "cvParam") && take_term(&x, &a, w, err)) break;
        if (vl_xml_is(x.name, "referenceableParamGroupRef") && take_group(g, &x, &a, w, err)) break;
    }
    vl_xml_text_free(texts);
    return err->code;
}

void vl_mzml_words_free(vl_mzml_words *w)
{
    free(w->array);
    vl_buf_free(&w->text);
    *w = (vl_mzml_words){ .n = 0 };
}
