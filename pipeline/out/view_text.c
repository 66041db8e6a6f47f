/* Runs of rows, the choice of columns, and fields and JSON strings as text, for view (view.h). */
#include "pipeline/out/view.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

vl_code vl_rows_add(vl_rows *rows, uint64_t first, uint64_t n, vl_err *err)
{
    if (!n) return VL_OK;
    if (rows->n && rows->run[rows->n - 1].first + rows->run[rows->n - 1].n == first) {
        rows->run[rows->n - 1].n += n;
        return VL_OK;
    }
    if (rows->n == rows->cap) {
        const size_t cap = rows->cap ? 2 * rows->cap : 256;
        struct vl_run_of_rows *const p = realloc(rows->run, cap * sizeof *p);
        if (!p) return vl_fail(err, VL_ENOMEM, "no memory for %zu rows", cap);
        rows->run = p;
        rows->cap = cap;
    }
    rows->run[rows->n].first = first;
    rows->run[rows->n++].n = n;
    return VL_OK;
}

size_t vl_rows_take(vl_rows *rows, size_t most, uint64_t *first)
{
    if (rows->at == rows->n) return 0;
    const uint64_t left = rows->run[rows->at].n - rows->done;
    const size_t n = left < most ? (size_t)left : most;
    *first = rows->run[rows->at].first + rows->done;
    rows->done += n;
    if (n == left) {
        rows->at++;
        rows->done = 0;
    }
    return n;
}

vl_code vl_view_choose(const char *asked, const char *usual, const char *const *known,
                       int chosen[VL_VIEW_COLUMNS + 1], vl_err *err)
{
    int n = 0;
    for (const char *p = asked ? asked : usual; *p;) {
        const size_t len = strcspn(p, ",");
        int k = 0;
        while (known[k] && (strlen(known[k]) != len || strncmp(known[k], p, len))) k++;
        if (!known[k]) return vl_fail(err, VL_EARG, "no column is called '%.*s'", (int)len, p);
        if (n == VL_VIEW_COLUMNS) return vl_fail(err, VL_EARG, "more than %d columns", VL_VIEW_COLUMNS);
        chosen[n++] = k;
        p += len + (p[len] == ',');
    }
    chosen[n] = -1;
    return n ? VL_OK : vl_fail(err, VL_EARG, "no columns");
}

vl_code vl_text_add(vl_buf *text, const char *s, vl_err *err)
{
    return vl_buf_append(text, s, strlen(s), err);
}

vl_code vl_text_u64(vl_buf *text, uint64_t v, vl_err *err)
{
    char s[24];
    snprintf(s, sizeof s, "%" PRIu64, v);
    return vl_text_add(text, s, err);
}

/* Length of the UTF-8 letter at p; 0 if there is none. RFC 3629. */
static size_t utf8(const uint8_t *p, size_t n)
{
    const size_t len = p[0] < 0x80   ? 1
                       : p[0] < 0xc2 ? 0
                       : p[0] < 0xe0 ? 2
                       : p[0] < 0xf0 ? 3
                       : p[0] < 0xf5 ? 4
                                     : 0;
    if (!len || len > n) return 0;
    for (size_t i = 1; i < len; i++)
        if ((p[i] & 0xc0) != 0x80) return 0;
    if (p[0] == 0xe0 && p[1] < 0xa0) return 0; /* longer than needed */
    if (p[0] == 0xed && p[1] > 0x9f) return 0; /* surrogates */
    if (p[0] == 0xf0 && p[1] < 0x90) return 0;
    if (p[0] == 0xf4 && p[1] > 0x8f) return 0;
    return len;
}

vl_code vl_text_json(vl_buf *text, const uint8_t *bytes, size_t n, vl_err *err)
{
    if (vl_buf_grow(text, 6 * n + 2, err)) return err->code;
    uint8_t *p = text->data + text->len;
    *p++ = '"';
    for (size_t i = 0; i < n;) {
        const uint8_t c = bytes[i];
        const size_t len = utf8(bytes + i, n - i);
        if (!len) { /* JSON is UTF-8: the replacement character stands for what is not */
            memcpy(p, "\\ufffd", 6);
            p += 6;
        } else if (c == '"' || c == '\\') {
            *p++ = '\\';
            *p++ = c;
        } else if (c < 32 || c == 127) {
            p += sprintf((char *)p, "\\u%04x", c);
        } else {
            memcpy(p, bytes + i, len);
            p += len;
        }
        i += len ? len : 1;
    }
    *p++ = '"';
    text->len = (size_t)(p - text->data);
    return VL_OK;
}

vl_code vl_text_field(vl_buf *text, const uint8_t *bytes, size_t n, vl_err *err)
{
    if (vl_buf_grow(text, 2 * n, err)) return err->code;
    uint8_t *p = text->data + text->len;
    for (size_t i = 0; i < n; i++) {
        const uint8_t c = bytes[i];
        const char plain = c == '\t' ? 't' : c == '\n' ? 'n' : c == '\r' ? 'r' : c == '\\' ? '\\' : 0;
        if (plain) *p++ = '\\';
        *p++ = plain ? (uint8_t)plain : c;
    }
    text->len = (size_t)(p - text->data);
    return VL_OK;
}
