/*
 * The letters of text that may be anything: names of files, words of instruments.
 *
 * What a log, a JSON or a page shows of such text must be UTF-8 and must stay where it stands: no byte of it
 * ends a line or turns the writing direction around.
 */
#ifndef VL_LETTER_H
#define VL_LETTER_H

#include <stdbool.h>
#include <stdint.h>

enum { VL_LETTER_BAD = 0xfffd }; /* the replacement character, for a byte that is not UTF-8 */
#define VL_LETTER_BAD_TEXT "\xef\xbf\xbd"

/* The letter at *text, which is not at its final 0; moves *text behind it. RFC 3629. */
static inline uint32_t vl_letter(const char **text)
{
    static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 }; /* shorter forms exist below */
    const uint8_t *const p = (const uint8_t *)*text;
    const int more = p[0] < 0x80   ? 0
                     : p[0] < 0xc2 ? -1
                     : p[0] < 0xe0 ? 1
                     : p[0] < 0xf0 ? 2
                     : p[0] < 0xf5 ? 3
                                   : -1;
    uint32_t c = more > 0 ? p[0] & (0x3fu >> more) : p[0];
    int n = 0;
    for (; n < more && (p[n + 1] & 0xc0) == 0x80; n++) c = c << 6 | (p[n + 1] & 0x3fu);
    const bool good =
        more >= 0 && n == more && c >= least[more] && c <= 0x10ffff && (c < 0xd800 || c > 0xdfff);
    *text += good ? more + 1 : 1;
    return good ? c : VL_LETTER_BAD;
}

/* Controls, line and paragraph separators, marks of direction, non-characters. */
static inline bool vl_letter_is_control(uint32_t c)
{
    return c < 32 || (c >= 127 && c < 160) || c == 0x200e || c == 0x200f || (c >= 0x2028 && c <= 0x202e) ||
           (c >= 0x2066 && c <= 0x2069) || c == 0xfeff || (c & 0xfffe) == 0xfffe;
}

#endif
