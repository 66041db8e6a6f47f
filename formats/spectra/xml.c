/* XML tokens from memory (xml.h). */
#include "formats/spectra/xml.h"
#include "formats/letter.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    BLANK = 1,
    NAME = 2,   /* may be in a name; all bytes from 128 are let through */
    FIRST = 4,  /* may begin one */
    DSTOP = 8,  /* ends, or may not be in, a value in double quotes */
    SSTOP = 16, /* in single quotes */
    ODD = 32    /* in a value, is not what it says */
};

static const uint8_t class[256] = {
    [' '] = BLANK,
    ['\t'] = BLANK | ODD,
    ['\r'] = BLANK | ODD,
    ['\n'] = BLANK | ODD,
    ['"'] = DSTOP,
    ['\''] = SSTOP,
    ['<'] = DSTOP | SSTOP,
    ['&'] = ODD,
    ['-'] = NAME,
    ['.'] = NAME,
    ['0' ... '9'] = NAME,
    [':'] = NAME | FIRST,
    ['_'] = NAME | FIRST,
    ['A' ... 'Z'] = NAME | FIRST,
    ['a' ... 'z'] = NAME | FIRST,
    [128 ... 255] = NAME | FIRST | ODD,
};

vl_code vl_xml_fail(const vl_xml *x, size_t at, vl_code code, vl_err *err, const char *fmt, ...)
{
    char what[sizeof err->what];
    va_list args;
    va_start(args, fmt);
    vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    vl_fail(err, code, "%s", what);
    return vl_err_at(err, NULL, x->offset + at, VL_NOWHERE);
}

/* The token that began at x->from has no end. */
static vl_code unfinished(const vl_xml *x, const char *what, vl_err *err)
{
    if (x->last) return vl_xml_fail(x, x->from, VL_ETRUNC, err, "document ends inside %s", what);
    return vl_xml_fail(x, x->from, VL_EFORMAT, err, "%s goes on past the end of its record", what);
}

/* Bytes of the reference at p, with its ';', and the character it stands for; 0 if it is none of ours. */
static size_t reference(const uint8_t *p, size_t n, uint32_t *c)
{
    static const struct {
        const char *text;
        uint8_t c;
    } known[] = { { "&lt;", '<' }, { "&gt;", '>' }, { "&amp;", '&' }, { "&quot;", '"' }, { "&apos;", '\'' } };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const size_t len = strlen(known[i].text);
        if (n >= len && !memcmp(p, known[i].text, len)) {
            *c = known[i].c;
            return len;
        }
    }
    if (n < 4 || p[1] != '#') return 0;
    const bool hex = p[2] == 'x';
    size_t i = hex ? 3 : 2;
    const size_t first = i;
    uint32_t v = 0;
    for (; i < n && p[i] != ';'; i++) {
        const uint8_t d = p[i];
        const bool digit = d >= '0' && d <= '9', letter = hex && (d | 32) >= 'a' && (d | 32) <= 'f';
        if (!digit && !letter) return 0;
        v = v * (hex ? 16 : 10) + (digit ? d - 48u : (d | 32) - 87u);
        if (v > 0x10ffff) return 0;
    }
    if (i == n || i == first || (v >= 0xd800 && v < 0xe000) || v == 0xfffe || v == 0xffff) return 0;
    if (v < 32 && v != 9 && v != 10 && v != 13) return 0;
    *c = v;
    return i + 1;
}

/* Checks the reference at data[at], which must end before data[end]; moves over it. */
static vl_code check_reference(const vl_xml *x, size_t *at, size_t end, vl_err *err)
{
    uint32_t c;
    const size_t len = reference(x->data + *at, end - *at, &c);
    if (!len) {
        enum { LONGEST = 16 }; /* with zeros before its number, at most */
        const size_t show = end - *at < LONGEST ? end - *at : LONGEST;
        if (end == x->n && show < LONGEST && !memchr(x->data + *at, ';', show))
            return unfinished(x, "a reference", err);
        return vl_xml_fail(x, *at, VL_EFORMAT, err, "'%.*s' is no reference that XML without a DTD knows",
                           (int)show, (const char *)x->data + *at);
    }
    *at += len;
    return VL_OK;
}

static vl_code check_references(const vl_xml *x, vl_xml_span span, vl_err *err)
{
    size_t at = (size_t)(span.at - x->data);
    const size_t end = at + span.n;
    for (;;) {
        const uint8_t *const p = memchr(x->data + at, '&', end - at);
        if (!p) return VL_OK;
        at = (size_t)(p - x->data);
        if (check_reference(x, &at, end, err)) return err->code;
    }
}

/* The name at x->at; n is 0 if there is none. */
static vl_xml_span take_name(vl_xml *x)
{
    const uint8_t *const p = x->data + x->at;
    const size_t left = x->n - x->at;
    size_t n = 0;
    if (left && class[p[0]] & FIRST)
        for (n = 1; n < left && class[p[n]] & NAME; n++) {
        }
    x->at += n;
    return (vl_xml_span){ p, n };
}

static bool skip_blanks(vl_xml *x)
{
    const size_t from = x->at;
    while (x->at < x->n && class[x->data[x->at]] & BLANK) x->at++;
    return x->at > from;
}

/* name = "value" at x->at; the name has been seen to begin there. */
static vl_code take_attribute(vl_xml *x, vl_xml_attr *a, vl_err *err)
{
    a->name = take_name(x);
    skip_blanks(x);
    if (x->at == x->n) return unfinished(x, "a tag", err);
    if (x->data[x->at] != '=')
        return vl_xml_fail(x, x->at, VL_EFORMAT, err, "no '=' after the attribute name");
    x->at++;
    skip_blanks(x);
    if (x->at == x->n) return unfinished(x, "a tag", err);
    const uint8_t quote = x->data[x->at];
    if (quote != '"' && quote != '\'')
        return vl_xml_fail(x, x->at, VL_EFORMAT, err, "attribute value without quotes");
    const unsigned stop = quote == '"' ? DSTOP : SSTOP;
    const size_t from = ++x->at;
    size_t at = from;
    unsigned met = 0;
    while (at < x->n && !(class[x->data[at]] & stop)) met |= class[x->data[at++]];
    if (at == x->n) return unfinished(x, "an attribute value", err);
    if (x->data[at] == '<') return vl_xml_fail(x, at, VL_EFORMAT, err, "'<' inside an attribute value");
    a->value = (vl_xml_span){ x->data + from, at - from };
    a->odd = met & ODD;
    x->at = at + 1;
    return a->odd ? check_references(x, a->value, err) : VL_OK;
}

static bool same_name(const vl_xml_attr *a, const vl_xml_attr *b)
{
    return a->name.n == b->name.n && !memcmp(a->name.at, b->name.at, a->name.n);
}

static vl_code twice(const vl_xml *x, const vl_xml_attr *a, vl_err *err)
{
    return vl_xml_fail(x, (size_t)(a->value.at - x->data), VL_EFORMAT, err, "attribute '%.*s' is there twice",
                       (int)(a->name.n < 40 ? a->name.n : 40), (const char *)a->name.at);
}

/* The attributes behind those held, one by one. */
static vl_xml_attr next_attribute(vl_xml *x)
{
    vl_err none = VL_ERR_INIT; /* they have been read before */
    vl_xml_attr a;
    skip_blanks(x);
    take_attribute(x, &a, &none);
    return a;
}

static int by_name(const void *a, const void *b)
{
    const vl_xml_attr *const x = a, *const y = b;
    if (x->name.n != y->name.n) return x->name.n < y->name.n ? -1 : 1;
    return memcmp(x->name.at, y->name.at, x->name.n);
}

/* No attribute is there twice: of more than are held. */
static vl_code check_many(const vl_xml *x, vl_err *err)
{
    const size_t n = VL_XML_ATTR + x->nmore;
    vl_xml_attr *const all = malloc(n * sizeof *all);
    vl_xml rest = *x;
    if (!all) return vl_fail(err, VL_ENOMEM, "no memory for %zu attributes", n);
    memcpy(all, x->attr, sizeof x->attr);
    rest.at = x->more_at;
    for (size_t i = VL_XML_ATTR; i < n; i++) all[i] = next_attribute(&rest);
    qsort(all, n, sizeof *all, by_name);
    for (size_t i = 1; i < n && !err->code; i++)
        if (same_name(&all[i - 1], &all[i])) twice(x, &all[i], err);
    free(all);
    return err->code;
}

/* Holds an attribute, or counts it. */
static vl_code add_attribute(vl_xml *x, vl_err *err)
{
    const size_t at = x->at;
    vl_xml_attr a;
    if (take_attribute(x, &a, err)) return err->code;
    if (x->nattr == VL_XML_ATTR) {
        if (!x->nmore++) x->more_at = at;
        return VL_OK;
    }
    for (int i = 0; i < x->nattr; i++)
        if (same_name(&x->attr[i], &a)) return twice(x, &a, err);
    x->attr[x->nattr++] = a;
    return VL_OK;
}

/* After "<": a start tag or an empty element. */
static vl_code take_open(vl_xml *x, vl_err *err)
{
    x->nattr = 0;
    x->nmore = 0;
    x->name = take_name(x);
    if (!x->name.n)
        return x->at == x->n ? unfinished(x, "a tag", err)
                             : vl_xml_fail(x, x->from, VL_EFORMAT, err, "'<' is not followed by a name");
    for (;;) {
        const bool blank = skip_blanks(x);
        if (x->at == x->n) return unfinished(x, "a tag", err);
        const uint8_t c = x->data[x->at];
        if (c == '>') {
            x->at++;
            x->kind = VL_XML_OPEN;
            return x->nmore ? check_many(x, err) : VL_OK;
        }
        if (c == '/') {
            if (x->at + 1 == x->n) return unfinished(x, "a tag", err);
            if (x->data[x->at + 1] != '>') return vl_xml_fail(x, x->at, VL_EFORMAT, err, "'/' inside a tag");
            x->at += 2;
            x->kind = VL_XML_EMPTY;
            return x->nmore ? check_many(x, err) : VL_OK;
        }
        if (!blank || !(class[c] & FIRST))
            return vl_xml_fail(x, x->at, VL_EFORMAT, err, "byte 0x%02x inside a tag", c);
        if (add_attribute(x, err)) return err->code;
    }
}

/* After "</". */
static vl_code take_close(vl_xml *x, vl_err *err)
{
    x->kind = VL_XML_CLOSE;
    x->name = take_name(x);
    skip_blanks(x);
    if (x->at == x->n) return unfinished(x, "a tag", err);
    if (!x->name.n || x->data[x->at] != '>')
        return vl_xml_fail(x, x->from, VL_EFORMAT, err, "malformed end tag");
    x->at++;
    return VL_OK;
}

/* From x->at to the closing text, which is stepped over. */
static vl_code take_until(vl_xml *x, vl_xml_kind kind, const char *close, const char *what, vl_err *err)
{
    const uint8_t *const p = x->data + x->at, *const end = memmem(p, x->n - x->at, close, strlen(close));
    if (!end) return unfinished(x, what, err);
    x->kind = kind;
    x->text = (vl_xml_span){ p, (size_t)(end - p) };
    x->at = (size_t)(end - x->data) + strlen(close);
    return VL_OK;
}

static vl_code take_pi(vl_xml *x, vl_err *err)
{
    x->name = take_name(x);
    if (!x->name.n && x->at < x->n)
        return vl_xml_fail(x, x->from, VL_EFORMAT, err, "'<?' is not followed by a name");
    if (vl_xml_is(x->name, "xml")) {
        const bool bom = x->from == 3 && x->data[0] == 0xef;
        if (x->offset || (x->from && !bom))
            return vl_xml_fail(x, x->from, VL_EFORMAT, err, "XML declaration inside the document");
    }
    return take_until(x, VL_XML_PI, "?>", "a processing instruction", err);
}

/* After "<!". */
static vl_code take_bang(vl_xml *x, vl_err *err)
{
    static const char *const known[] = { "--", "[CDATA[", "DOCTYPE" };
    const uint8_t *const p = x->data + x->at;
    const size_t left = x->n - x->at;
    for (int i = 0; i < 3; i++) {
        const size_t len = strlen(known[i]);
        if (memcmp(p, known[i], left < len ? left : len) != 0) continue;
        if (left < len) return unfinished(x, "a tag", err);
        x->at += len;
        if (i == 0) return take_until(x, VL_XML_COMMENT, "-->", "a comment", err);
        if (i == 1) return take_until(x, VL_XML_CDATA, "]]>", "a CDATA section", err);
        return vl_xml_fail(x, x->from, VL_EFORMAT, err, "DTD refused");
    }
    return vl_xml_fail(x, x->from, VL_EFORMAT, err, "'<!' begins neither a comment nor CDATA");
}

vl_code vl_xml_next(vl_xml *x, vl_err *err)
{
    x->from = x->at;
    if (x->at == x->n) {
        x->kind = VL_XML_END;
        return VL_OK;
    }
    const uint8_t *const p = x->data + x->at;
    if (*p != '<') {
        const uint8_t *const end = memchr(p, '<', x->n - x->at);
        x->kind = VL_XML_TEXT;
        x->text = (vl_xml_span){ p, end ? (size_t)(end - p) : x->n - x->at };
        x->at += x->text.n;
        return check_references(x, x->text, err);
    }
    const uint8_t c = x->at + 1 < x->n ? p[1] : 0;
    x->at += c == '/' || c == '!' || c == '?' ? 2 : 1;
    switch (c) {
    case '/': return take_close(x, err);
    case '!': return take_bang(x, err);
    case '?': return take_pi(x, err);
    default: return take_open(x, err);
    }
}

const vl_xml_attr *vl_xml_find(const vl_xml *x, const char *name, vl_xml_attr *room)
{
    for (int i = 0; i < x->nattr; i++)
        if (vl_xml_is(x->attr[i].name, name)) return &x->attr[i];
    if (!x->nmore) return NULL;
    vl_xml rest = *x;
    rest.at = x->more_at;
    for (size_t i = 0; i < x->nmore; i++) {
        *room = next_attribute(&rest);
        if (vl_xml_is(room->name, name)) return room;
    }
    return NULL;
}

vl_xml_span vl_xml_get(const vl_xml *x, const char *name)
{
    vl_xml_attr room;
    const vl_xml_attr *const a = vl_xml_find(x, name, &room);
    return a ? a->value : (vl_xml_span){ NULL, 0 };
}

bool vl_xml_blank(vl_xml_span span)
{
    for (size_t i = 0; i < span.n; i++)
        if (!(class[span.at[i]] & BLANK)) return false;
    return true;
}

vl_xml_span vl_xml_ahead(const vl_xml *x)
{
    const uint8_t *const at = x->data + x->at, *const end = memchr(at, '<', x->n - x->at);
    return (vl_xml_span){ at, end ? (size_t)(end - at) : x->n - x->at };
}

vl_xml_span vl_xml_trim(vl_xml_span span)
{
    while (span.n && class[*span.at] & BLANK) span.at++, span.n--;
    while (span.n && class[span.at[span.n - 1]] & BLANK) span.n--;
    return span;
}

/* The letters of Windows-1252 from 128 to 159; what it has not stands for itself. */
static const uint16_t windows1252[32] = {
    0x20ac, 0x81,   0x201a, 0x192,  0x201e, 0x2026, 0x2020, 0x2021, 0x2c6,  0x2030, 0x160,
    0x2039, 0x152,  0x8d,   0x17d,  0x8f,   0x90,   0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x2dc,  0x2122, 0x161,  0x203a, 0x153,  0x9d,   0x17e,  0x178,
};

/* The letter that one byte is. */
static uint32_t letter_of(uint8_t c, vl_xml_encoding encoding)
{
    return encoding == VL_XML_WINDOWS1252 && c >= 128 && c < 160 ? windows1252[c - 128] : c;
}

vl_code vl_xml_decode(vl_xml_span span, vl_xml_encoding encoding, vl_buf *out, vl_err *err)
{
    if (vl_buf_grow(out, span.n, err)) return err->code;
    for (size_t i = 0; i < span.n;) {
        const uint8_t c = span.at[i];
        uint8_t letter[4] = { class[c] & BLANK ? ' ' : c };
        size_t len = 1, n = 1;
        if (c == '&') {
            uint32_t wide = 0;
            len = reference(span.at + i, span.n - i, &wide);
            if (!len) return vl_fail(err, VL_EFORMAT, "unknown reference in a value");
            n = vl_letter_put(wide, letter);
        } else if (c >= 128 && encoding != VL_XML_UTF8) {
            n = vl_letter_put(letter_of(c, encoding), letter);
        } else if (c == '\r' && i + 1 < span.n && span.at[i + 1] == '\n') {
            len = 2;
        }
        if (vl_buf_append(out, letter, n, err)) return err->code;
        i += len;
    }
    return VL_OK;
}

/* ---- values as they are meant ---- */

struct vl_xml_text {
    vl_xml_text *next; /* owned */
    uint8_t at[];
};

void vl_xml_text_free(vl_xml_text *texts)
{
    while (texts) {
        vl_xml_text *const next = texts->next;
        free(texts);
        texts = next;
    }
}

vl_code vl_xml_plain(const vl_xml *x, const vl_xml_attr *attr, vl_xml_span *out, vl_err *err)
{
    vl_buf plain = { 0 };
    *out = attr->value;
    if (!attr->odd || !x->texts) return VL_OK;
    if (vl_xml_decode(attr->value, x->encoding, &plain, err)) goto out;
    vl_xml_text *const text = malloc(sizeof *text + plain.len + 1);
    if (!text) {
        vl_fail(err, VL_ENOMEM, "no memory for a value of %zu bytes", plain.len);
        goto out;
    }
    if (plain.len) memcpy(text->at, plain.data, plain.len);
    text->next = *x->texts;
    *x->texts = text;
    *out = (vl_xml_span){ text->at, plain.len };
out:
    vl_buf_free(&plain);
    return err->code;
}

vl_code vl_xml_value(const vl_xml *x, const char *name, vl_xml_span *out, vl_err *err)
{
    vl_xml_attr room;
    const vl_xml_attr *const a = vl_xml_find(x, name, &room);
    *out = (vl_xml_span){ NULL, 0 };
    return a ? vl_xml_plain(x, a, out, err) : VL_OK;
}

/* Is it this name, in letters of either case? */
static bool is_named(vl_xml_span span, const char *name)
{
    return span.n == strlen(name) && !strncasecmp((const char *)span.at, name, span.n);
}

vl_xml_encoding vl_xml_declared(const vl_xml *x)
{
    static const char *const latin1[] = { "iso-8859-1", "iso_8859-1", "latin1", "l1" }, *const windows[] = {
        "windows-1252", "cp1252"
    };
    static const uint8_t word[] = "encoding";
    const uint8_t *p = memmem(x->text.at, x->text.n, word, sizeof word - 1);
    const uint8_t *const end = x->text.at + x->text.n;
    if (!vl_xml_is(x->name, "xml") || !p) return VL_XML_UTF8;
    for (p += sizeof word - 1; p < end && (class[*p] & BLANK || *p == '=');) p++;
    const uint8_t *const close = p < end ? memchr(p + 1, *p, (size_t)(end - p) - 1) : NULL;
    if (!close) return VL_XML_UTF8;
    const vl_xml_span name = { p + 1, (size_t)(close - p) - 1 };
    for (size_t i = 0; i < sizeof latin1 / sizeof *latin1; i++)
        if (is_named(name, latin1[i])) return VL_XML_LATIN1;
    for (size_t i = 0; i < sizeof windows / sizeof *windows; i++)
        if (is_named(name, windows[i])) return VL_XML_WINDOWS1252;
    return VL_XML_UTF8;
}

/* All eight bytes are in 0x20 .. 0x7f. */
static bool plain8(const uint8_t *p)
{
    const uint64_t v = vl_le64(p), high = 0x8080808080808080u;
    return !((v | (v - 0x2020202020202020u)) & high); /* a borrow can only add a false alarm */
}

vl_code vl_xml_check(const vl_xml *x, size_t from, size_t to, uint64_t *nbad, vl_err *err)
{
    for (size_t i = from; i < to;) {
        if (to - i >= 8 && plain8(x->data + i)) {
            i += 8;
            continue;
        }
        const size_t stop = to - i >= 8 ? i + 8 : to;
        while (i < stop) {
            const uint8_t c = x->data[i];
            if (c < 32 && !(class[c] & BLANK))
                return vl_xml_fail(x, i, VL_EFORMAT, err, "byte 0x%02x is not allowed in XML", c);
            uint32_t letter;
            const size_t len = x->encoding == VL_XML_UTF8 ? vl_letter(x->data + i, to - i, &letter) : 1;
            *nbad += len == 0;
            i += len ? len : 1;
        }
    }
    return VL_OK;
}
