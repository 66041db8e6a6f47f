/* UTF-8, letters that hide, hex digits (letter.h). */
#include "formats/letter.h"

#include <stdio.h>
#include <string.h>

size_t vl_letter(const void *at, size_t n, uint32_t *letter)
{
    static const uint32_t least[5] = { 0, 0, 0x80, 0x800, 0x10000 }; /* shorter forms exist below */
    const uint8_t *const p = at;
    const uint8_t c = p[0];
    *letter = c;
    if (c < 0x80) return 1;
    *letter = VL_LETTER_BAD;
    const size_t len = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
    if (c < 0xc2 || c > 0xf4 || len > n) return 0;
    uint32_t made = c & (0x7fu >> len);
    for (size_t i = 1; i < len; i++) {
        if ((p[i] & 0xc0) != 0x80) return 0;
        made = made << 6 | (p[i] & 0x3fu);
    }
    if (made < least[len] || made > 0x10ffff || (made >= 0xd800 && made < 0xe000)) return 0;
    *letter = made;
    return len;
}

size_t vl_letter_put(uint32_t letter, uint8_t out[4])
{
    const size_t len = letter < 0x80 ? 1 : letter < 0x800 ? 2 : letter < 0x10000 ? 3 : 4;
    if (len == 1) {
        out[0] = (uint8_t)letter;
        return 1;
    }
    for (size_t i = len; i-- > 1; letter >>= 6) out[i] = (uint8_t)(0x80 | (letter & 0x3f));
    out[0] = (uint8_t)(0xf00u >> len | letter);
    return len;
}

/* Source: Unicode 15, DerivedCoreProperties.txt, Default_Ignorable_Code_Point; and the controls, the
 * separators of lines and paragraphs, the marks of interlinear annotation (U+FFF9 ...) and the
 * non-characters. */
bool vl_letter_hidden(uint32_t c)
{
    static const uint32_t range[][2] = {
        { 0, 0x1f },        { 0x7f, 0x9f },       { 0xad, 0xad },       { 0x34f, 0x34f },
        { 0x61c, 0x61c },   { 0x115f, 0x1160 },   { 0x17b4, 0x17b5 },   { 0x180b, 0x180f },
        { 0x200b, 0x200f }, { 0x2028, 0x202e },   { 0x2060, 0x206f },   { 0x3164, 0x3164 },
        { 0xfdd0, 0xfdef }, { 0xfe00, 0xfe0f },   { 0xfeff, 0xfeff },   { 0xffa0, 0xffa0 },
        { 0xfff0, 0xfffb }, { 0x1bca0, 0x1bca3 }, { 0x1d173, 0x1d17a }, { 0xe0000, 0xe0fff },
    };
    if (c < 0x7f) return c < 0x20;
    if ((c & 0xfffe) == 0xfffe) return true;
    for (size_t i = 0; i < sizeof range / sizeof *range; i++)
        if (c >= range[i][0] && c <= range[i][1]) return true;
    return false;
}

size_t vl_letter_show(const void *at, size_t n, char shown[VL_LETTER_SHOWN])
{
    const uint8_t *const p = at;
    uint32_t letter;
    const size_t len = vl_letter(p, n, &letter), stands = len ? len : 1;
    const char *const code = letter == '\n' ? "\\n" : letter == '\t' ? "\\t" : letter == '\r' ? "\\r" : NULL;
    if (len && !vl_letter_hidden(letter)) {
        memcpy(shown, p, len);
        shown[len] = 0;
    } else if (code) {
        strcpy(shown, code);
    } else {
        for (size_t i = 0; i < stands; i++) snprintf(shown + 4 * i, 5, "\\x%02x", p[i]);
    }
    return stands;
}

size_t vl_letters_show(const char *text, char *shown, size_t n)
{
    size_t at = 0;
    for (size_t left = strlen(text); left;) {
        char one[VL_LETTER_SHOWN];
        const size_t step = vl_letter_show(text, left, one), len = strlen(one);
        if (at + len >= n) break;
        memcpy(shown + at, one, len);
        at += len;
        text += step;
        left -= step;
    }
    if (n) shown[at] = 0;
    return at;
}

typedef struct block {
    uint32_t first, last;
} block;

static bool lies_in(uint32_t letter, const block *b, size_t n)
{
    for (size_t i = 0; i < n && b[i].first <= letter; i++)
        if (letter <= b[i].last) return true;
    return false;
}

/* Source: Unicode 15, EastAsianWidth.txt (W and F) and general category Mn, by whole blocks of the scripts
 * that names are written in. */
static size_t cells_of(uint32_t c)
{
    static const block wide[] = { { 0x1100, 0x115f },   { 0x2e80, 0x303e },   { 0x3041, 0xa4cf },
                                  { 0xa960, 0xa97f },   { 0xac00, 0xd7a3 },   { 0xf900, 0xfaff },
                                  { 0xfe30, 0xfe6f },   { 0xff01, 0xff60 },   { 0xffe0, 0xffe6 },
                                  { 0x16fe0, 0x1b2ff }, { 0x1f300, 0x1f64f }, { 0x1f680, 0x1f6ff },
                                  { 0x1f900, 0x1faff }, { 0x20000, 0x3fffd } };
    static const block over[] = { { 0x300, 0x36f },   { 0x483, 0x489 },   { 0x591, 0x5bd },
                                  { 0x610, 0x61a },   { 0x64b, 0x65f },   { 0x1ab0, 0x1aff },
                                  { 0x1dc0, 0x1dff }, { 0x20d0, 0x20f0 }, { 0x302a, 0x302d },
                                  { 0x3099, 0x309a }, { 0xfe20, 0xfe2f } };
    if (c < 0x300 && c != 0xad) return 1;
    if (vl_letter_hidden(c) || lies_in(c, over, sizeof over / sizeof *over)) return 0;
    return lies_in(c, wide, sizeof wide / sizeof *wide) ? 2 : 1;
}

size_t vl_letters_cells(const char *text)
{
    size_t n = 0, step;
    uint32_t letter;
    for (size_t left = strlen(text); left; left -= step, text += step) {
        step = vl_letter(text, left, &letter);
        if (!step) step = 1;
        n += cells_of(letter);
    }
    return n;
}

size_t vl_letters_whole(const char *text, size_t n)
{
    size_t start = n; /* of the last letter */
    while (start && n - start < 3 && ((uint8_t)text[start - 1] & 0xc0) == 0x80) start--;
    if (!start || (uint8_t)text[start - 1] < 0xc2) return n;
    start--;
    const size_t len = (uint8_t)text[start] >= 0xf0 ? 4 : (uint8_t)text[start] >= 0xe0 ? 3 : 2;
    return n - start < len ? start : n;
}

static const char digits[] = "0123456789abcdef";

void vl_hex(const void *bytes, size_t n, char *hex)
{
    const uint8_t *const p = bytes;
    for (size_t i = 0; i < n; i++) {
        hex[2 * i] = digits[p[i] >> 4];
        hex[2 * i + 1] = digits[p[i] & 15];
    }
    hex[2 * n] = 0;
}

int vl_hex_digit(char c)
{
    const char *const at = c ? strchr(digits, c | (c >= 'A' ? 0x20 : 0)) : NULL;
    return at ? (int)(at - digits) : -1;
}
