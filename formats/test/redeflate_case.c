/* What checks of redeflate share (redeflate_case.h). */
#include "formats/test/redeflate_case.h"

#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

static uint64_t dice = 12;
size_t redeflate_any(size_t n) { return (size_t)(check_random(&dice) % n); }

const char *const redeflate_text_name[REDEFLATE_TEXTS] = { "empty", "a byte", "ten bytes",
                                                           "text",  "reads",  "numbers",
                                                           "zeros", "random", "random, then text" };
vl_buf redeflate_text[REDEFLATE_TEXTS];

void redeflate_add(vl_buf *out, const void *bytes, size_t n)
{
    vl_err err = VL_ERR_INIT;
    if (vl_buf_append(out, bytes, n, &err)) abort();
}

void redeflate_add_words(vl_buf *out, size_t n)
{
    static const char *const words[] = { "the ",   "bases ", "of a ", "read ",  "and, ", "where ",  "one ",
                                         "looks ", "for ",   "it.\n", "again ", "a ",    "sample ", "is " };
    while (out->len < n) {
        const char *const word = words[redeflate_any(redeflate_any(14) + 1)];
        redeflate_add(out, word, strlen(word));
    }
}

static void add_reads(vl_buf *out, size_t n)
{
    char genome[5000], line[400];
    for (size_t i = 0; i < sizeof genome; i++) genome[i] = "ACGT"[redeflate_any(4)];
    for (unsigned i = 0; out->len < n; i++) {
        char quality[101];
        for (size_t k = 0; k < 100; k++) quality[k] = "FFFFFFF:,#"[redeflate_any(redeflate_any(10) + 1)];
        quality[100] = 0;
        const int len = snprintf(line, sizeof line, "@run:1:%u:%zu\n%.100s\n+\n%s\n", i,
                                 redeflate_any(100000), genome + redeflate_any(4900), quality);
        redeflate_add(out, line, (size_t)len);
    }
}

static void add_numbers(vl_buf *out, size_t n)
{
    uint32_t v = 0;
    while (out->len < n) {
        v += (uint32_t)redeflate_any(redeflate_any(400) + 1);
        redeflate_add(out, &v, sizeof v);
    }
}

void redeflate_make_texts(void)
{
    redeflate_add(&redeflate_text[0], "", 0);
    redeflate_add(&redeflate_text[1], "x", 1);
    redeflate_add(&redeflate_text[2], "abcabcabca", 10);
    redeflate_add_words(&redeflate_text[3], REDEFLATE_LONG);
    add_reads(&redeflate_text[4], REDEFLATE_LONG);
    add_numbers(&redeflate_text[5], REDEFLATE_LONG);
    for (int i = 0; i < REDEFLATE_LONG; i++) {
        const uint8_t byte = (uint8_t)redeflate_any(256);
        redeflate_add(&redeflate_text[6], "", 1);
        redeflate_add(&redeflate_text[7], &byte, 1);
        if (i < REDEFLATE_LONG / 3) redeflate_add(&redeflate_text[8], &byte, 1);
    }
    redeflate_add_words(&redeflate_text[8], REDEFLATE_LONG);
    for (int i = 0; i < REDEFLATE_LONG / 4; i++)
        redeflate_add(&redeflate_text[8], &redeflate_text[7].data[i], 1);
}

/* ---- a stream ---- */

void redeflate_same(const vl_buf *made, const uint8_t *stream, size_t n, const char *about)
{
    CHECK(made->len == n && !memcmp(made->data, stream, n), "%s: %zu bytes, not the %zu there were", about,
          made->len, n);
}

/* Blocks that a stream is taken apart into while its text is made: the same is said of them. */
static void taken_apart(vl_redeflate_part part, const uint8_t row[VL_DEFLATE_ROW], const vl_buf *said,
                        const char *about)
{
    vl_err err = VL_ERR_INIT;
    vl_deflate_block block = { 0 };
    vl_deflate_blocks blocks = { 0 };
    vl_buf text = { 0 }, again = { 0 };
    vl_redeflate_found found;
    uint8_t own[VL_DEFLATE_ROW] = { 0 };
    redeflate_add(&text, part.span.plain, part.span.before);
    vl_deflate_reader r = { .stream = part.stream, .n = part.n, .bit = part.bit, .at = text.len };
    while (!block.final && !vl_deflate_inflate(&r, &text, &block, &err) &&
           !vl_deflate_blocks_add(&blocks, &block, &err))
        continue;
    CHECK(!err.code, "%s: %s", about, err.what);
    CHECK(text.len == part.span.before + part.span.n && !memcmp(text.data, part.span.plain, text.len),
          "%s: %zu bytes of text are inflated", about, text.len);
    if (!blocks.over) part.blocks = &blocks;
    CHECK(!vl_redeflate_describe(&part, own, &again, &found, &err), "%s: %s", about, err.what);
    CHECK(!memcmp(own, row, sizeof own) && again.len == said->len &&
              (!again.len || !memcmp(again.data, said->data, again.len)),
          "%s: blocks that are known are described otherwise", about);
    vl_deflate_block_free(&block);
    vl_deflate_blocks_free(&blocks);
    vl_buf_free(&text);
    vl_buf_free(&again);
}

/* A stream of the span, of whose tokens no more than `most` are to be corrected; REDEFLATE_ANY: it may be
 * kept too. */
void redeflate_back_with(const vl_deflate_text *span, const vl_buf *stream, uint64_t most, const char *about)
{
    vl_err err = VL_ERR_INIT;
    vl_buf said = { 0 }, made = { 0 };
    vl_redeflate_found found;
    uint8_t row[VL_DEFLATE_ROW] = { 0 };
    const vl_redeflate_part part = { .stream = stream->data, .n = stream->len, .span = *span };
    CHECK(!vl_redeflate_describe(&part, row, &said, &found, &err), "%s: %s", about, err.what);
    if (most != REDEFLATE_ANY)
        CHECK(!found.kept && found.ntoken_missed <= most, "%s: kept %d, %llu tokens missed of %llu", about,
              found.kept, (unsigned long long)found.ntoken_missed, (unsigned long long)found.ntoken);
    if (!found.kept) {
        CHECK(found.nplain == span->n && (found.bit + 7) / 8 == stream->len, "%s: all is said", about);
        vl_redeflate_make(row, said.data, said.len, span, true, 0, stream->len, &made, &err);
        CHECK(!err.code, "%s: %s", about, err.what);
        redeflate_same(&made, stream->data, stream->len, about);
    }
    if (stream->len < 1 << 14) taken_apart(part, row, &said, about);
    vl_buf_free(&said);
    vl_buf_free(&made);
}

void redeflate_zlib_makes(const vl_deflate_text *span, const redeflate_wish *w, vl_buf *out)
{
    vl_err err = VL_ERR_INIT;
    z_stream z = { 0 };
    const uint8_t *const text = span->plain + span->before;
    if (deflateInit2(&z, w->level, Z_DEFLATED, -w->window, w->memory, w->strategy)) abort();
    if (span->before) deflateSetDictionary(&z, span->plain, (unsigned)span->before);
    if (vl_buf_reserve(out, 2 * span->n + (span->n / w->each + 2) * 64, &err)) abort();
    z.next_out = out->data;
    z.avail_out = (unsigned)out->cap;
    for (size_t at = 0; at < span->n; at += w->each) {
        z.next_in = (uint8_t *)(uintptr_t)text + at;
        z.avail_in = (unsigned)(span->n - at < w->each ? span->n - at : w->each);
        deflate(&z, w->flush);
    }
    if (deflate(&z, Z_FINISH) != Z_STREAM_END) abort();
    out->len = z.total_out;
    deflateEnd(&z);
}

void redeflate_libdeflate_makes(const vl_buf *text, int level, vl_buf *out)
{
    vl_err err = VL_ERR_INIT;
    struct libdeflate_compressor *const c = libdeflate_alloc_compressor(level);
    const size_t most = libdeflate_deflate_compress_bound(c, text->len);
    if (!c || vl_buf_reserve(out, most, &err)) abort();
    out->len = libdeflate_deflate_compress(c, text->data, text->len, out->data, most);
    libdeflate_free_compressor(c);
}
