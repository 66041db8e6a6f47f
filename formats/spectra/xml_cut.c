/*
 * Where a document of many records may be cut: behind an end tag of certain names. The search goes backward
 * from the end, so it looks at little more than one record.
 */
#include "formats/spectra/xml_cut.h"

#include <string.h>

#include "formats/spectra/xml.h"

/* Behind the end tag that begins at at, if it is one to cut at and is whole; else 0. */
static size_t end_of_tag(const char *const *names, const uint8_t *bytes, size_t n, size_t at)
{
    for (int i = 0; names[i]; i++) {
        const size_t len = strlen(names[i]);
        if (n - at <= len || memcmp(bytes + at, names[i], len) != 0) continue;
        size_t to = at + len;
        while (to < n && vl_xml_blank((vl_xml_span){ bytes + to, 1 })) to++;
        if (to < n && bytes[to] == '>') return to + 1;
    }
    return 0;
}

/* Where a comment or CDATA section begins that at is in; SIZE_MAX if it is in none. Bytes start outside of
 * both. There is hardly a '!' in a document, so this is quick. */
static size_t hidden_since(const uint8_t *bytes, size_t at)
{
    static const char *const begins[] = { "<!--", "<![CDATA[" }, *const ends[] = { "-->", "]]>" };
    for (size_t to = at; to;) {
        const uint8_t *const bang = memrchr(bytes, '!', to);
        if (!bang) return SIZE_MAX;
        to = (size_t)(bang - bytes);
        for (int i = 0; i < 2 && to; i++) {
            const size_t from = to - 1, len = strlen(begins[i]);
            if (at - from < len || memcmp(bytes + from, begins[i], len) != 0) continue;
            return memmem(bytes + from + len, at - from - len, ends[i], 3) ? SIZE_MAX : from;
        }
    }
    return SIZE_MAX;
}

vl_cut vl_xml_cut_behind(const char *const *names, const uint8_t *bytes, size_t n, bool last,
                         uint64_t max_record)
{
    vl_cut out = { 0 };
    if (!max_record) return out;
    if (last) {
        out.used = n;
    } else {
        for (size_t to = n; to && !out.used;) {
            const uint8_t *const p = memrchr(bytes, '<', to);
            if (!p) break;
            to = (size_t)(p - bytes);
            const size_t end = end_of_tag(names, bytes, n, to),
                         hidden = end ? hidden_since(bytes, to) : SIZE_MAX;
            if (hidden != SIZE_MAX) to = hidden;
            else out.used = end;
        }
    }
    out.nrecord = out.used > 0;
    return out;
}
