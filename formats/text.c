/* Bytes from anywhere in the notations that we write (text.h). What is plain goes through in runs. */
#include "formats/text.h"
#include "formats/letter.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

vl_code vl_text_add(vl_buf *text, const char *s, vl_err *err)
{
    return vl_buf_append(text, s, strlen(s), err);
}

void vl_text_put(vl_buf *text, vl_err *err, const char *format, ...)
{
    va_list list, again;
    va_start(list, format);
    va_copy(again, list);
    const int n = vsnprintf(NULL, 0, format, list);
    if (!err->code && n > 0 && !vl_buf_grow(text, (size_t)n + 1, err)) {
        vsnprintf((char *)text->data + text->len, (size_t)n + 1, format, again);
        text->len += (size_t)n;
    }
    va_end(again);
    va_end(list);
}

vl_code vl_text_u64(vl_buf *text, uint64_t v, vl_err *err)
{
    char s[24];
    snprintf(s, sizeof s, "%" PRIu64, v);
    return vl_text_add(text, s, err);
}

/* Letters of ASCII at p that are visible and neither '"' nor '\\'. */
static size_t plain_run(const uint8_t *p, size_t n)
{
    size_t i = 0;
    while (i < n && p[i] >= 0x20 && p[i] < 0x7f && p[i] != '"' && p[i] != '\\') i++;
    return i;
}

/* Writes the letter at p in the notation, in at most `most` bytes of out; *step: bytes that it stands for.
 * Returns the bytes written. */
typedef size_t notation(const uint8_t *p, size_t n, char *out, size_t *step);
enum { MOST = VL_LETTER_SHOWN };

static vl_code write_all(vl_buf *text, const void *bytes, size_t n, notation *write, vl_err *err)
{
    const uint8_t *p = bytes;
    while (n) {
        const size_t run = plain_run(p, n);
        char one[MOST];
        size_t step = 0;
        if (run && vl_buf_append(text, p, run, err)) return err->code;
        p += run;
        if (!(n -= run)) break;
        const size_t len = write(p, n, one, &step);
        if (vl_buf_append(text, one, len, err)) return err->code;
        p += step;
        n -= step;
    }
    return err->code;
}

/* UTF-8, or U+FFFD for one byte. */
static size_t write_utf8(const uint8_t *p, size_t n, char *out, size_t *step)
{
    uint32_t letter;
    const size_t len = vl_letter(p, n, &letter);
    *step = len ? len : 1;
    memcpy(out, len ? (const char *)p : VL_LETTER_BAD_TEXT, len ? len : 3);
    return len ? len : 3;
}

/* RFC 8259, section 7: above U+FFFF two escapes, of the halves of UTF-16. */
static size_t write_json(const uint8_t *p, size_t n, char *out, size_t *step)
{
    uint32_t letter;
    const bool bad = !vl_letter(p, n, &letter);
    const size_t len = write_utf8(p, n, out, step);
    if (letter == '"' || letter == '\\') return (size_t)snprintf(out, MOST, "\\%c", (char)letter);
    if (bad) return (size_t)snprintf(out, MOST, "\\ufffd");
    if (!vl_letter_hidden(letter)) return len;
    if (letter < 0x10000) return (size_t)snprintf(out, MOST, "\\u%04" PRIx32, letter);
    letter -= 0x10000;
    return (size_t)snprintf(out, MOST, "\\u%04" PRIx32 "\\u%04" PRIx32, 0xd800 | letter >> 10,
                            0xdc00 | (letter & 0x3ff));
}

static size_t write_shown(const uint8_t *p, size_t n, char *out, size_t *step)
{
    *step = vl_letter_show(p, n, out);
    return strlen(out);
}

static size_t write_listed(const uint8_t *p, size_t n, char *out, size_t *step)
{
    if (*p != '\\') return write_shown(p, n, out, step);
    *step = 1;
    return (size_t)snprintf(out, MOST, "\\\\");
}

static size_t write_field(const uint8_t *p, size_t n, char *out, size_t *step)
{
    const char code = *p == '\t' ? 't' : *p == '\n' ? 'n' : *p == '\r' ? 'r' : *p == '\\' ? '\\' : 0;
    (void)n;
    *step = 1;
    out[0] = code ? '\\' : (char)*p;
    out[1] = code;
    return code ? 2 : 1;
}

vl_code vl_text_json_inside(vl_buf *text, const void *bytes, size_t n, vl_err *err)
{
    return write_all(text, bytes, n, write_json, err);
}

vl_code vl_text_json(vl_buf *text, const void *bytes, size_t n, vl_err *err)
{
    if (vl_text_add(text, "\"", err) || vl_text_json_inside(text, bytes, n, err)) return err->code;
    return vl_text_add(text, "\"", err);
}

vl_code vl_text_field(vl_buf *text, const void *bytes, size_t n, vl_err *err)
{
    return write_all(text, bytes, n, write_field, err);
}

vl_code vl_text_listed(vl_buf *text, const void *bytes, size_t n, vl_err *err)
{
    return write_all(text, bytes, n, write_listed, err);
}

vl_code vl_text_show(vl_buf *text, const void *bytes, size_t n, vl_err *err)
{
    return write_all(text, bytes, n, write_shown, err);
}

vl_code vl_text_utf8(vl_buf *text, const void *bytes, size_t n, vl_err *err)
{
    return write_all(text, bytes, n, write_utf8, err);
}
