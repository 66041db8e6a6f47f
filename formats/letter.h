/*
 * Letters of text that may be anything (names of files, ids in documents, words of instruments), and hex
 * digits.
 *
 * Text from outside that goes into a message, a log, a list or a page must be UTF-8 and must stay where it
 * stands: no byte of it ends a line, hides another or turns the writing direction around. Which letters
 * could is decided here, for all. How they are written instead depends on the notation:
 *     messages, TSV   \n \t \r, else \xHH for each byte: nothing is lost (vl_letter_show)
 *     JSON, HTML      cannot write a byte: U+FFFD for what is not UTF-8 (text.h)
 */
#ifndef VL_LETTER_H
#define VL_LETTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { VL_LETTER_BAD = 0xfffd }; /* the replacement character */
#define VL_LETTER_BAD_TEXT "\xef\xbf\xbd"

/* Bytes of the UTF-8 letter at the first of n (at least one), its code point in *letter; 0 and
 * VL_LETTER_BAD when there is none. RFC 3629: no surrogates, no longer forms than needed, nothing above
 * U+10FFFF. */
size_t vl_letter(const void *at, size_t n, uint32_t *letter);
/* Writes a code point up to U+10FFFF as UTF-8; returns its bytes. */
size_t vl_letter_put(uint32_t letter, uint8_t out[4]);

/* Letters that are not seen, or that change what a reader sees of the others: controls, ends of lines and
 * paragraphs, marks of direction, blanks of no width, soft hyphens, variation selectors, non-characters. */
bool vl_letter_hidden(uint32_t letter);

/* The letter at the first of n bytes as it may stand in a line that people read: itself, or in place of a
 * hidden one, or of a byte that is not UTF-8, \n \t \r or \xHH for each of its bytes. Ends in 0. Returns
 * the bytes that it stands for. */
enum { VL_LETTER_SHOWN = 20 };
size_t vl_letter_show(const void *at, size_t n, char shown[VL_LETTER_SHOWN]);
/* A whole text likewise, into n bytes; cut between letters when it is longer. Returns the length. */
size_t vl_letters_show(const char *text, char *shown, size_t n);
/* How many cells of a terminal a text takes: wide letters (Chinese, Japanese, Korean, emoji) two, accents
 * that stand over the letter before none, hidden ones none. */
size_t vl_letters_cells(const char *text);
/* The length of the first n bytes of text without a letter that the end cuts in two. */
size_t vl_letters_whole(const char *text, size_t n);

/* n bytes as 2 n lower-case digits and a 0. */
void vl_hex(const void *bytes, size_t n, char *hex);
/* The value of a hex digit, in either case; -1 if it is none. */
int vl_hex_digit(char c);

#endif
