/*
 * What checks of redeflate share: texts of many kinds, makers of streams, and the check that a stream comes
 * back bit for bit, from a description or kept.
 */
#ifndef VL_REDEFLATE_CASE_H
#define VL_REDEFLATE_CASE_H

#include <zlib.h>

#include "formats/redeflate/redeflate.h"
#include "pipeline/test/check.h"

/* With sanitizers texts are less long, more than a window still. */
enum { REDEFLATE_TEXTS = 9, REDEFLATE_LONG = CHECK_SANITIZED ? 48000 : 80000, REDEFLATE_ANY = INT32_MAX };

extern const char *const redeflate_text_name[REDEFLATE_TEXTS];
extern vl_buf redeflate_text[REDEFLATE_TEXTS];
void redeflate_make_texts(void);

size_t redeflate_any(size_t n); /* the next of numbers that look random, below n */
void redeflate_add(vl_buf *out, const void *bytes, size_t n);
void redeflate_add_words(vl_buf *out, size_t n);

/* How zlib is asked; flush: Z_NO_FLUSH or what follows each `each` bytes. */
typedef struct redeflate_wish {
    int level, memory, window, strategy, flush;
    size_t each;
} redeflate_wish;
void redeflate_zlib_makes(const vl_deflate_text *span, const redeflate_wish *w, vl_buf *out);
void redeflate_libdeflate_makes(const vl_buf *text, int level, vl_buf *out);

void redeflate_same(const vl_buf *made, const uint8_t *stream, size_t n, const char *about);
/* A stream of the span, of whose tokens no more than `most` are to be corrected; REDEFLATE_ANY: it may be
 * kept too. */
void redeflate_back_with(const vl_deflate_text *span, const vl_buf *stream, uint64_t most, const char *about);

#endif
