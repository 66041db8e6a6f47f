/* The root of a document: what stands before it, its name, what of it is not read (xml_root.h). */
#include "formats/spectra/xml_root.h"

#include <string.h>

enum { FAR = 1 << 16 };

static bool utf16(const uint8_t *bytes, size_t n)
{
    if (n < 4) return false;
    return (bytes[0] == 0xff && bytes[1] == 0xfe) || (bytes[0] == 0xfe && bytes[1] == 0xff) ||
           (bytes[0] == '<' && bytes[1] == 0) || (bytes[0] == 0 && bytes[1] == '<');
}

/* The word in 16-bit letters. */
static int probe_utf16(const char *word, const uint8_t *bytes, size_t n)
{
    uint8_t wide[32];
    size_t len = 0;
    for (; word[len] && 2 * len + 2 < sizeof wide; len++) {
        wide[2 * len] = (uint8_t)word[len];
        wide[2 * len + 1] = 0;
    }
    return memmem(bytes, n < FAR ? n : FAR, wide, 2 * len - 1) ? 60 : 0;
}

size_t vl_xml_bom(const uint8_t *bytes, size_t n)
{
    return n >= 3 && !memcmp(bytes, "\xef\xbb\xbf", 3) ? 3 : 0;
}

/* Where the first start tag is, or would be; before it only blanks, comments and processing instructions.
 * SIZE_MAX: one of these has no end. */
static size_t find_root(const uint8_t *bytes, size_t n)
{
    size_t at = vl_xml_bom(bytes, n);
    for (;;) {
        static const char *const begins[] = { "<!--", "<?" }, *const ends[] = { "-->", "?>" };
        size_t skipped = 0;
        while (at < n && vl_xml_blank((vl_xml_span){ bytes + at, 1 })) at++;
        for (int i = 0; i < 2; i++) {
            const size_t len = strlen(begins[i]);
            if (n - at < len || memcmp(bytes + at, begins[i], len) != 0) continue;
            const uint8_t *const end = memmem(bytes + at + len, n - at - len, ends[i], strlen(ends[i]));
            if (!end) return SIZE_MAX;
            skipped = (size_t)(end - (bytes + at)) + strlen(ends[i]);
        }
        if (!skipped) return at;
        at += skipped;
    }
}

/* Is it this name, with what may follow one? */
static bool is_root(const char *const *roots, const uint8_t *p, size_t n)
{
    for (int i = 0; roots[i]; i++) {
        const size_t len = strlen(roots[i]);
        if (n > len && !memcmp(p, roots[i], len) &&
            (vl_xml_blank((vl_xml_span){ p + len, 1 }) || p[len] == '>'))
            return true;
    }
    return false;
}

/* Bytes of the prefix of the root's name, with its ':'. */
static size_t prefix_of(const char *const *roots, const uint8_t *p, size_t n)
{
    enum { MOST = 64 };
    const uint8_t *const colon = n > 1 ? memchr(p + 1, ':', n - 1 < MOST ? n - 1 : MOST) : NULL;
    const size_t len = colon ? (size_t)(colon - p) : 0;
    return colon && is_root(roots, p + 1 + len, n - 1 - len) ? len : 0;
}

int vl_xml_probe_root(const char *const *roots, const uint8_t *bytes, size_t n)
{
    if (utf16(bytes, n)) return probe_utf16(roots[0], bytes, n);
    const size_t at = find_root(bytes, n);
    if (at >= n) return 0;
    /* a DTD is refused by name later, so it must not hide what document it is */
    const uint8_t *p = bytes + at;
    size_t left = n - at;
    if (left > 9 && !memcmp(p, "<!DOCTYPE", 9)) {
        const uint8_t *const root = memmem(p, left < FAR ? left : FAR, roots[0], strlen(roots[0]));
        return root ? 90 : 0;
    }
    return *p == '<' && (is_root(roots, p + 1, left - 1) || prefix_of(roots, p, left)) ? 100 : 0;
}

vl_code vl_xml_refuse_root(const char *const *roots, const uint8_t *bytes, size_t n, vl_err *err)
{
    if (utf16(bytes, n))
        return vl_fail(err, VL_EUNSUP, "document in UTF-16; only UTF-8 and its like are read");
    const size_t root = find_root(bytes, n), prefix = root < n ? prefix_of(roots, bytes + root, n - root) : 0;
    if (prefix)
        return vl_fail(err, VL_EUNSUP,
                       "its elements have the namespace prefix '%.*s'; only names without one "
                       "are read",
                       (int)prefix, (const char *)bytes + root + 1);
    return VL_OK;
}

/* *short_of: the bytes end before. */
static vl_code read_tags(const vl_xml_head *head, vl_xml *x, bool whole, bool *short_of, vl_err *err)
{
    for (bool done = false; !done;) {
        if (vl_xml_next(x, err)) {
            *short_of = err->code == VL_ETRUNC && !whole;
            return err->code;
        }
        if (x->kind == VL_XML_END) {
            *short_of = !whole; /* a document may have no records */
            return VL_OK;
        }
        if (x->kind == VL_XML_PI && vl_xml_is(x->name, "xml"))
            *head->encoding = x->encoding = vl_xml_declared(x);
        if ((x->kind == VL_XML_OPEN || x->kind == VL_XML_EMPTY || x->kind == VL_XML_CLOSE) &&
            head->tag(head->self, x, &done, err))
            return err->code;
    }
    return VL_OK;
}

vl_code vl_xml_read_head(const vl_xml_head *head, vl_xml_span bytes, bool whole, bool *more, vl_err *err)
{
    enum { MOST = 16 << 20 };
    vl_xml_text *texts = NULL;
    bool short_of = false;
    if (vl_xml_refuse_root(head->roots, bytes.at, bytes.n, err)) return err->code;
    vl_xml x = { .data = bytes.at,
                 .n = bytes.n < MOST ? bytes.n : MOST,
                 .at = vl_xml_bom(bytes.at, bytes.n),
                 .last = true,
                 .texts = &texts };
    read_tags(head, &x, whole && bytes.n <= MOST, &short_of, err);
    vl_xml_text_free(texts);
    if (!short_of) return err->code;
    vl_err_clear(err);
    if (bytes.n > MOST) return vl_fail(err, VL_EFORMAT, "no %s in the first %d bytes", head->until, MOST);
    *more = true;
    return VL_OK;
}
