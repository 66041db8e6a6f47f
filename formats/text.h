/*
 * Text that grows: words, numbers and bytes from anywhere, in the notations that we write.
 */
#ifndef VL_TEXT_H
#define VL_TEXT_H

#include "formats/buf.h"

#include <stdbool.h>

vl_code vl_text_add(vl_buf *text, const char *s, vl_err *err);
/* As printf; nothing once err is set. */
void vl_text_put(vl_buf *text, vl_err *err, const char *format, ...) __attribute__((format(printf, 3, 4)));
vl_code vl_text_u64(vl_buf *text, uint64_t v, vl_err *err);
/* The shortest decimal that reads back as the same double (or float, when single). Absent (NaN): nothing. */
vl_code vl_text_number(vl_buf *text, double v, bool single, vl_err *err);

/* A JSON string with its quotes. Hidden letters (letter.h) are escaped, bytes that are not UTF-8 become
 * U+FFFD. */
vl_code vl_text_json(vl_buf *text, const void *bytes, size_t n, vl_err *err);
/* What stands between those quotes. */
vl_code vl_text_json_inside(vl_buf *text, const void *bytes, size_t n, vl_err *err);
/* A TSV field of data: \t \n \r \\, all other bytes as they are. It reads back. */
vl_code vl_text_field(vl_buf *text, const void *bytes, size_t n, vl_err *err);
/* A TSV field of names and facts, which people look at: also \xHH for each byte that is not UTF-8 or is of a
 * hidden letter. It reads back. */
vl_code vl_text_listed(vl_buf *text, const void *bytes, size_t n, vl_err *err);
/* The same for people: a backslash is one. */
vl_code vl_text_show(vl_buf *text, const void *bytes, size_t n, vl_err *err);
/* UTF-8 as it is, U+FFFD for each byte that is not. */
vl_code vl_text_utf8(vl_buf *text, const void *bytes, size_t n, vl_err *err);

#endif
