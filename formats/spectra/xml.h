/*
 * XML in memory, token by token. Nothing is copied: names, values and text are spans of the input as written,
 * with references (&amp; &#65;) still in them; vl_xml_decode resolves those where it matters.
 *
 *     vl_xml x = { .data = bytes, .n = n, .offset = where, .last = true };
 *     while (!vl_xml_next(&x, err) && x.kind != VL_XML_END) ...
 *
 * A token is refused when it is malformed (VL_EFORMAT, with its place) or not whole (VL_ETRUNC when last,
 * else VL_EFORMAT). No DTD, so no entities but the five predefined; that names of start and end tags match,
 * and that there is one root, is for the caller to check, as a span may begin and end anywhere between
 * tokens. Source: XML 1.0, fifth edition.
 */
#ifndef VL_XML_H
#define VL_XML_H

#include <stdbool.h>

#include "formats/buf.h"

typedef enum vl_xml_kind {
    VL_XML_END,
    VL_XML_OPEN,  /* <name ...> */
    VL_XML_EMPTY, /* <name .../> */
    VL_XML_CLOSE, /* </name> */
    VL_XML_TEXT,  /* up to the next '<' or the end */
    VL_XML_COMMENT,
    VL_XML_PI, /* also the XML declaration, only at byte 0 of the document */
    VL_XML_CDATA
} vl_xml_kind;

typedef struct vl_xml_span {
    const uint8_t *at; /* borrowed from the input */
    size_t n;
} vl_xml_span;

typedef struct vl_xml_attr {
    vl_xml_span name, value; /* as written */
    bool odd;                /* with references, tabs, line ends or bytes from 128 in it (vl_xml_plain) */
} vl_xml_attr;

enum { VL_XML_ATTR = 48 }; /* attributes of a tag that are held; what is behind them is looked for anew */

/* Encodings of one byte a letter; all others are taken for UTF-8. */
typedef enum vl_xml_encoding { VL_XML_UTF8, VL_XML_LATIN1, VL_XML_WINDOWS1252 } vl_xml_encoding;

/* Values that are not as they were written, for as long as somebody points at them. NULL: none yet. */
typedef struct vl_xml_text vl_xml_text;
void vl_xml_text_free(vl_xml_text *texts);

typedef struct vl_xml {
    const uint8_t *data; /* borrowed */
    size_t n;
    uint64_t offset; /* of data[0] in the document, for errors */
    bool last;       /* nothing follows data[n - 1] */
    vl_xml_encoding encoding;
    vl_xml_text **texts; /* borrowed; for vl_xml_plain */
    size_t at;           /* the next token begins here */
    /* the token */
    vl_xml_kind kind;
    size_t from;      /* its first byte */
    vl_xml_span name; /* of OPEN, EMPTY, CLOSE, PI */
    vl_xml_span text; /* of TEXT, COMMENT, PI, CDATA: what is inside */
    int nattr;        /* of OPEN, EMPTY: those held */
    vl_xml_attr attr[VL_XML_ATTR];
    size_t nmore, more_at; /* those behind them, and where they begin */
} vl_xml;

vl_code vl_xml_next(vl_xml *x, vl_err *err);

/* Text between this tag and the next, which is left unread. */
vl_xml_span vl_xml_ahead(const vl_xml *x);

/* vl_fail with the place x->offset + at. */
vl_code vl_xml_fail(const vl_xml *x, size_t at, vl_code code, vl_err *err, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

static inline bool vl_xml_is(vl_xml_span span, const char *text)
{
    return span.n == __builtin_strlen(text) && !__builtin_memcmp(span.at, text, span.n);
}
/* An attribute; NULL if there is none. `room` holds it where it is not one of those held. */
const vl_xml_attr *vl_xml_find(const vl_xml *x, const char *name, vl_xml_attr *room);
/* Its value as written; at is NULL if there is none. */
vl_xml_span vl_xml_get(const vl_xml *x, const char *name);
/* The value of an attribute as it is meant (vl_xml_decode), among x->texts where it is not as it was written.
 */
vl_code vl_xml_plain(const vl_xml *x, const vl_xml_attr *attr, vl_xml_span *out, vl_err *err);
/* The same by name; at is NULL if there is none. */
vl_code vl_xml_value(const vl_xml *x, const char *name, vl_xml_span *out, vl_err *err);
/* What an XML declaration says, of a token VL_XML_PI. */
vl_xml_encoding vl_xml_declared(const vl_xml *x);
bool vl_xml_blank(vl_xml_span span);       /* only blanks, tabs and line ends */
vl_xml_span vl_xml_trim(vl_xml_span span); /* without those at both ends */

/* Appends an attribute's value in UTF-8: references resolved, each tab or line end a blank. Refuses what
 * vl_xml_next would. */
vl_code vl_xml_decode(vl_xml_span span, vl_xml_encoding encoding, vl_buf *out, vl_err *err);

/* Refuses control bytes that XML does not allow in data[from .. to), adds bytes that are no letters of its
 * encoding to *nbad. Not done by vl_xml_next, as the caller knows which text is checked in other ways. */
vl_code vl_xml_check(const vl_xml *x, size_t from, size_t to, uint64_t *nbad, vl_err *err);

#endif
