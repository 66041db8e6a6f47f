/*
 * Input files made from recipes: a letter a part, so that a case is one line of a table.
 *
 *     p plain              n plain without line break at its end
 *     g gzip member        N the same without line break    G with all header fields  e of no text
 *     c wrong CRC          i wrong ISIZE                    k bad deflate data        r m bad header
 *     b three BGZF blocks  M without line break             C wrong CRC               I wrong ISIZE
 *     B empty BGZF block   H ISIZE too large                S BSIZE too small
 *     z zstd frame         s zstd frame to skip             0 512 zero bytes          x a stray byte
 *     2 3 bzip2            4 xz    5 zip    6 compress    7 lz4 (their first bytes)
 */
#ifndef VL_RECIPE_H
#define VL_RECIPE_H

#include "formats/buf.h"

extern size_t recipe_part; /* bytes of text in a part */

/* Makes the file: its bytes replace file, its text is appended. */
void recipe_make(const char *path, const char *recipe, vl_buf *file, vl_buf *text);
/* Appends lines of n bytes in all. */
void recipe_text(vl_buf *text, size_t n);
void recipe_put(vl_buf *to, const void *bytes, size_t n);
void recipe_write(const char *path, const uint8_t *bytes, size_t n);
void recipe_read(const char *path, vl_buf *out); /* the whole file replaces out */

#endif
