/*
 * Deflate streams that are said by their text (formats/redeflate): those of zlib, libdeflate and ISA-L, at
 * each level, of many kinds of text, flushed, with a dictionary, in other windows, cut into parts; and any
 * valid stream that a writer could think of. All must come back bit for bit, from a description or kept; what
 * the known makers make, with nothing to correct.
 *
 * Suites: formats. Also: asan scalar.
 */
#include <isa-l/igzip_lib.h>
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "formats/redeflate/redeflate.h"
#include "pipeline/test/check.h"

enum { TEXTS = 9, LONG = 80000 };

static uint64_t dice = 12;
static size_t any(size_t n) { return (size_t)(check_random(&dice) % n); }

static const char *const text_name[TEXTS] = { "empty", "a byte", "ten bytes",
                                              "text",  "reads",  "numbers",
                                              "zeros", "random", "random, then text" };
static vl_buf texts[TEXTS];

static void add(vl_buf *out, const void *bytes, size_t n)
{
    vl_err err = VL_ERR_INIT;
    if (vl_buf_append(out, bytes, n, &err)) abort();
}

static void add_words(vl_buf *out, size_t n)
{
    static const char *const words[] = { "the ",   "bases ", "of a ", "read ",  "and, ", "where ",  "one ",
                                         "looks ", "for ",   "it.\n", "again ", "a ",    "sample ", "is " };
    while (out->len < n) {
        const char *const word = words[any(any(14) + 1)];
        add(out, word, strlen(word));
    }
}

static void add_reads(vl_buf *out, size_t n)
{
    char genome[5000], line[400];
    for (size_t i = 0; i < sizeof genome; i++) genome[i] = "ACGT"[any(4)];
    for (unsigned i = 0; out->len < n; i++) {
        char quality[101];
        for (size_t k = 0; k < 100; k++) quality[k] = "FFFFFFF:,#"[any(any(10) + 1)];
        quality[100] = 0;
        const int len = snprintf(line, sizeof line, "@run:1:%u:%zu\n%.100s\n+\n%s\n", i, any(100000),
                                 genome + any(4900), quality);
        add(out, line, (size_t)len);
    }
}

static void add_numbers(vl_buf *out, size_t n)
{
    uint32_t v = 0;
    while (out->len < n) {
        v += (uint32_t)any(any(400) + 1);
        add(out, &v, sizeof v);
    }
}

static void make_texts(void)
{
    add(&texts[0], "", 0);
    add(&texts[1], "x", 1);
    add(&texts[2], "abcabcabca", 10);
    add_words(&texts[3], LONG);
    add_reads(&texts[4], LONG);
    add_numbers(&texts[5], LONG);
    for (int i = 0; i < LONG; i++) {
        const uint8_t byte = (uint8_t)any(256);
        add(&texts[6], "", 1);
        add(&texts[7], &byte, 1);
        if (i < LONG / 3) add(&texts[8], &byte, 1);
    }
    add_words(&texts[8], LONG);
    for (int i = 0; i < LONG / 4; i++) add(&texts[8], &texts[7].data[i], 1);
}

/* ---- a stream ---- */

static void same(const vl_buf *made, const uint8_t *stream, size_t n, const char *about)
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
    add(&text, part.span.plain, part.span.before);
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

enum { ANY = INT32_MAX };

/* A stream of the span, of whose tokens no more than `most` are to be corrected; ANY: it may be kept too. */
static void back_with(const vl_deflate_text *span, const vl_buf *stream, uint64_t most, const char *about)
{
    vl_err err = VL_ERR_INIT;
    vl_buf said = { 0 }, made = { 0 };
    vl_redeflate_found found;
    uint8_t row[VL_DEFLATE_ROW] = { 0 };
    const vl_redeflate_part part = { .stream = stream->data, .n = stream->len, .span = *span };
    CHECK(!vl_redeflate_describe(&part, row, &said, &found, &err), "%s: %s", about, err.what);
    if (most != ANY)
        CHECK(!found.kept && found.ntoken_missed <= most, "%s: kept %d, %llu tokens missed of %llu", about,
              found.kept, (unsigned long long)found.ntoken_missed, (unsigned long long)found.ntoken);
    if (!found.kept) {
        CHECK(found.nplain == span->n && (found.bit + 7) / 8 == stream->len, "%s: all is said", about);
        vl_redeflate_make(row, said.data, said.len, span, true, 0, stream->len, &made, &err);
        CHECK(!err.code, "%s: %s", about, err.what);
        same(&made, stream->data, stream->len, about);
    }
    if (stream->len < 1 << 14) taken_apart(part, row, &said, about);
    vl_buf_free(&said);
    vl_buf_free(&made);
}

/* told: nothing is to be corrected in its tokens. */
static void back(const vl_deflate_text *span, const vl_buf *stream, bool told, const char *about)
{
    back_with(span, stream, told ? 0 : ANY, about);
}

/* ---- zlib ---- */

typedef struct wish {
    int level, memory, window, strategy, flush;
    size_t each; /* bytes between flushes */
} wish;

static void zlib_makes(const vl_deflate_text *span, const wish *w, vl_buf *out)
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

static void check_zlib(const vl_deflate_text *span, const wish *w, const char *name)
{
    char about[160];
    vl_buf stream = { 0 };
    snprintf(about, sizeof about,
             "zlib %d, %s of %zu: memory %d, window %d, strategy %d, flush %d each %zu, %zu before", w->level,
             name, span->n, w->memory, w->window, w->strategy, w->flush, w->each, span->before);
    zlib_makes(span, w, &stream);
    back(span, &stream, span->n > 100, about);
    vl_buf_free(&stream);
}

static void check_all_of_zlib(const vl_buf *text, const char *name)
{
    const vl_deflate_text span = { text->data, 0, text->len, 0 };
    for (int level = 0; level <= 9; level++) {
        const wish w = { level, 8, 15, Z_DEFAULT_STRATEGY, Z_NO_FLUSH, SIZE_MAX / 4 };
        check_zlib(&span, &w, name);
        if (text->len < LONG) continue;
        for (int strategy = Z_FILTERED; strategy <= Z_FIXED; strategy++) {
            wish one = w;
            one.strategy = strategy;
            if (level % 5 == 1 || strategy == Z_FILTERED) check_zlib(&span, &one, name);
        }
        static const int flushes[] = { Z_PARTIAL_FLUSH, Z_SYNC_FLUSH, Z_FULL_FLUSH };
        for (int i = 0; i < 3 && level; i++) {
            wish one = w;
            one.flush = flushes[i];
            one.each = i == 1 ? 777 : 50000;
            if ((level + i) % 3 == 0) check_zlib(&span, &one, name);
        }
    }
    for (int size = 1; size <= 9 && text->len >= LONG; size++) {
        const wish memory = { 6 - size % 2 * 5, size, 15, Z_DEFAULT_STRATEGY, Z_NO_FLUSH, SIZE_MAX / 4 },
                   window = { 6 - size % 2 * 5, 8, 6 + size, Z_DEFAULT_STRATEGY, Z_NO_FLUSH, SIZE_MAX / 4 };
        check_zlib(&span, &memory, name);
        if (size > 2) check_zlib(&span, &window, name);
    }
}

static void check_dictionaries(const vl_buf *text, const char *name)
{
    static const size_t before[] = { 1, 2, 3, 300, 32767, 32768, 32769, 70000 };
    for (size_t i = 0; i < sizeof before / sizeof *before; i++)
        for (int level = 1; level <= 9; level += 4) {
            const wish w = { level, 8, 15, Z_DEFAULT_STRATEGY, Z_NO_FLUSH, SIZE_MAX / 4 };
            const vl_deflate_text span = { text->data, before[i], text->len - before[i], 0 };
            check_zlib(&span, &w, name);
        }
}

/* Ends of a text that are near a flush or the end: every length. */
static void check_short(const vl_buf *text, const char *name)
{
    for (size_t n = 0; n < 40; n++)
        for (int level = (int)n % 3; level <= 9; level += 3) {
            const wish w = { level, 8, 15, Z_DEFAULT_STRATEGY, n % 3 ? Z_SYNC_FLUSH : Z_NO_FLUSH, 1 + n % 7 };
            const vl_deflate_text span = { text->data, 0, n, 0 };
            check_zlib(&span, &w, name);
        }
}

/* ---- libdeflate ---- */

static void libdeflate_makes(const vl_buf *text, int level, vl_buf *out)
{
    vl_err err = VL_ERR_INIT;
    struct libdeflate_compressor *const c = libdeflate_alloc_compressor(level);
    const size_t most = libdeflate_deflate_compress_bound(c, text->len);
    if (!c || vl_buf_reserve(out, most, &err)) abort();
    out->len = libdeflate_deflate_compress(c, text->data, text->len, out->data, most);
    libdeflate_free_compressor(c);
}

static void check_libdeflate(const vl_buf *text, const char *name)
{
    const vl_deflate_text span = { text->data, 0, text->len, 0 };
    for (int level = 0; level <= 12; level += level == 9 ? 3 : 1) {
        char about[80];
        vl_buf stream = { 0 };
        libdeflate_makes(text, level, &stream);
        snprintf(about, sizeof about, "libdeflate %d, %s", level, name);
        /* who seeks the cheapest way is told nearly, the others exactly */
        const uint64_t missed = level < 10 ? 0 : text->len / 100;
        back_with(&span, &stream, level && text->len > 100 ? missed : ANY, about);
        vl_buf_free(&stream);
    }
}

/* ---- ISA-L ---- */

/* Its choices are known of the kernels that a processor of today picks; level 3 has others without
 * AVX-512. */
static bool isal_is_known(int level)
{
#if defined __x86_64__
    if (level < 3) return __builtin_cpu_supports("avx2");
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512cd") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl");
#else
    return level < 0;
#endif
}

/* buffer: 0 to 4, how large it is; each: bytes that are given at a time, SIZE_MAX: all, by one call for
 * it. */
static void isal_makes(const vl_buf *text, int level, int buffer, unsigned short flush, size_t each,
                       vl_buf *out)
{
    static const uint32_t sizes[4][5] = {
        { 0 },
        { ISAL_DEF_LVL1_MIN, ISAL_DEF_LVL1_SMALL, ISAL_DEF_LVL1_MEDIUM, ISAL_DEF_LVL1_LARGE,
          ISAL_DEF_LVL1_EXTRA_LARGE },
        { ISAL_DEF_LVL2_MIN, ISAL_DEF_LVL2_SMALL, ISAL_DEF_LVL2_MEDIUM, ISAL_DEF_LVL2_LARGE,
          ISAL_DEF_LVL2_EXTRA_LARGE },
        { ISAL_DEF_LVL3_MIN, ISAL_DEF_LVL3_SMALL, ISAL_DEF_LVL3_MEDIUM, ISAL_DEF_LVL3_LARGE,
          ISAL_DEF_LVL3_EXTRA_LARGE },
    };
    vl_err err = VL_ERR_INIT;
    struct isal_zstream z;
    const bool whole = each == SIZE_MAX;
    uint8_t *const own = calloc(1, sizes[level][buffer] + 1);
    if (!own || vl_buf_reserve(out, 2 * text->len + 4096, &err)) abort();
    if (whole) isal_deflate_stateless_init(&z);
    else isal_deflate_init(&z);
    z.level = (uint32_t)level;
    z.level_buf = own;
    z.level_buf_size = sizes[level][buffer];
    z.next_out = out->data;
    z.avail_out = (uint32_t)out->cap;
    for (size_t at = 0, n; at < text->len || !at; at += n) {
        n = text->len - at < each ? text->len - at : each;
        z.next_in = text->data + at;
        z.avail_in = (uint32_t)n;
        z.end_of_stream = at + n == text->len;
        z.flush = z.end_of_stream ? NO_FLUSH : flush;
        if (whole ? isal_deflate_stateless(&z) : isal_deflate(&z)) abort();
        if (!n) break;
    }
    out->len = z.total_out;
    free(own);
}

static void check_isal_by(const vl_buf *text, const char *name, int level, int buffer, unsigned short flush,
                          size_t each)
{
    char about[120];
    vl_buf stream = { 0 };
    const vl_deflate_text span = { text->data, 0, text->len, 0 };
    isal_makes(text, level, buffer, flush, each, &stream);
    snprintf(about, sizeof about, "ISA-L %d, %s: buffer %d, flush %d each %zu", level, name, buffer, flush,
             each);
    const bool all = each >= text->len || flush != NO_FLUSH;
    /* it hashes its own address for the third byte, of each beginning; and has special tokens for zeros, that
     * it looks at first */
    const uint64_t most = 2 + (flush == FULL_FLUSH ? text->len / each : 0);
    back_with(&span, &stream, isal_is_known(level) && text->len > 100 && all ? most : ANY, about);
    vl_buf_free(&stream);
}

static void check_isal(const vl_buf *text, const char *name)
{
    for (int level = 0; level <= 3; level++) {
        for (int buffer = level; buffer < 5; buffer += level ? 2 : 5)
            check_isal_by(text, name, level, buffer, NO_FLUSH, SIZE_MAX / 2);
        check_isal_by(text, name, level, 3, NO_FLUSH, SIZE_MAX);
        check_isal_by(text, name, level, 3, SYNC_FLUSH, 9999);
        check_isal_by(text, name, level, 3, FULL_FLUSH, 30000);
        check_isal_by(text, name, level, 3, NO_FLUSH, 20000);
    }
}

/* Texts that are so short that tables are smaller, or that all of it is an end. */
static void check_short_isal(const vl_buf *text, const char *name)
{
    for (size_t n = 1; n < 6000; n += n < 24 ? 1 : n / 9) {
        const vl_buf head = { .data = text->data, .len = n };
        for (int level = 0; level <= 3; level++) {
            check_isal_by(&head, name, level, 1, NO_FLUSH, SIZE_MAX / 2);
            check_isal_by(&head, name, level, 1, NO_FLUSH, SIZE_MAX);
        }
    }
}

/* ---- parts ---- */

/* Levels over 9 are libdeflate's. */
static void check_parts(const vl_buf *text, const char *name, int level)
{
    char about[80];
    const wish w = { level, 5, 15, Z_DEFAULT_STRATEGY, Z_NO_FLUSH, SIZE_MAX / 4 };
    const vl_deflate_text all = { text->data, 0, text->len, 0 };
    vl_buf stream = { 0 }, joined = { 0 }, said = { 0 }, made = { 0 };
    vl_err err = VL_ERR_INIT;
    uint64_t bit = 0, missed = 0;
    unsigned nparts = 0;
    snprintf(about, sizeof about, "level %d, %s, in parts", level, name);
    if (level > 9) libdeflate_makes(text, level, &stream);
    else zlib_makes(&all, &w, &stream);
    for (size_t at = 0; at < text->len && !err.code; nparts++) {
        const size_t before = at < 32768 ? at : 32768, left = text->len - at;
        vl_redeflate_part part = { stream.data,
                                   stream.len,
                                   bit,
                                   { text->data + at - before, before, left, 0 },
                                   left > 40000 ? 30000 : 0,
                                   NULL };
        vl_redeflate_found found;
        uint8_t row[VL_DEFLATE_ROW] = { 0 };
        vl_redeflate_describe(&part, row, &said, &found, &err);
        CHECK(!err.code && !found.kept, "%s: %s", about, err.what);
        if (err.code || found.kept) break;
        part.span.n = found.nplain;
        part.span.after = left - found.nplain < 600 ? left - found.nplain : 600;
        made.len = 0;
        CHECK(!vl_redeflate_make(row, said.data, said.len, &part.span, !part.least, bit & 7, stream.len,
                                 &made, &err),
              "%s: %s", about, err.what);
        if (joined.len && bit & 7) joined.data[joined.len - 1] |= made.data[0];
        add(&joined, made.data + ((bit & 7) != 0), made.len - ((bit & 7) != 0));
        if (!nparts) joined.data[0] |= made.data[0];
        at += found.nplain;
        bit = found.bit;
        missed += found.ntoken_missed;
    }
    CHECK(nparts > 1 && missed < 200 * nparts, "%s: %u, %llu missed", about, nparts,
          (unsigned long long)missed);
    same(&joined, stream.data, stream.len, about);
    vl_buf_free(&stream);
    vl_buf_free(&joined);
    vl_buf_free(&said);
    vl_buf_free(&made);
}

/* ---- any valid stream ---- */

static void any_spelling(vl_deflate_head *h)
{
    uint8_t all[VL_DEFLATE_LITLEN + VL_DEFLATE_DIST];
    const unsigned n = h->nlit + h->ndist;
    memcpy(all, h->lit, h->nlit);
    memcpy(all + h->nlit, h->dist, h->ndist);
    for (unsigned i = 0, run; i < n; i += run) {
        unsigned same = 1, symbol = all[i], more = 0;
        while (i + same < n && all[i + same] == all[i]) same++;
        run = 1;
        if (i && all[i] == all[i - 1] && same >= 3 && any(3)) {
            symbol = 16;
            run = 3 + (more = (unsigned)any(same > 6 ? 4 : same - 2));
        } else if (!all[i] && same >= 11 && any(3)) {
            symbol = 18;
            run = 11 + (more = (unsigned)any(same > 138 ? 128 : same - 10));
        } else if (!all[i] && same >= 3 && any(3)) {
            symbol = 17;
            run = 3 + (more = (unsigned)any(same > 10 ? 8 : same - 2));
        }
        h->sent[h->nsent] = (uint8_t)symbol;
        h->more[h->nsent++] = (uint8_t)more;
    }
    for (unsigned i = 0; i < VL_DEFLATE_PRE; i++) h->pre[i] = i < 13 ? 4 : 5;
    h->npre = VL_DEFLATE_PRE;
}

/* Codes that have all symbols, of lengths that no maker would choose. */
static void any_codes(vl_deflate_head *h)
{
    h->nlit = (uint16_t)(286 + any(3));
    h->ndist = (uint16_t)(30 + any(3));
    for (unsigned i = 0; i < 286; i++) h->lit[i] = (uint8_t)(i == any(300) ? 15 : 9);
    for (unsigned i = 0; i < 30; i++) h->dist[i] = (uint8_t)(5 + (i > 20 ? any(11) : 0));
    any_spelling(h);
}

static void any_tokens(vl_deflate_block *b, vl_buf *text)
{
    vl_err err = VL_ERR_INIT;
    for (size_t n = any(any(2) ? 3000 : 5); n; n--) {
        if (vl_deflate_block_grow(b, &err)) abort();
        const uint8_t letter = (uint8_t) "ACGTacgt"[any(8)];
        vl_token t = letter;
        if (text->len && any(2)) {
            const size_t far = 1 + any(any(text->len < 32768 ? text->len : 32768) + 1);
            const unsigned length = (unsigned)(any(9) ? 3 + any(any(256) + 1) : 258 + any(2));
            if (far <= text->len) t = vl_token_match(length, (unsigned)far);
        }
        for (unsigned i = vl_token_length(t); i; i--) {
            const uint8_t byte = vl_token_is_match(t) ? text->data[text->len - vl_token_distance(t)] : letter;
            add(text, &byte, 1);
        }
        b->token[b->ntoken++] = t;
    }
}

static void any_stream(void)
{
    vl_err err = VL_ERR_INIT;
    vl_buf text = { 0 }, stream = { 0 };
    vl_bits_out bits = { .out = &stream };
    vl_deflate_block b = { 0 };
    add(&text, "", 0);
    add(&stream, "", 0);
    for (unsigned left = 1 + (unsigned)any(6); left; left--) {
        const size_t at = text.len;
        b = (vl_deflate_block){ .token = b.token, .ctoken = b.ctoken, .final = left == 1 };
        b.head.type = (uint8_t)any(3);
        b.pad = (uint8_t)any(256);
        if (b.head.type == VL_STORED && any(3)) add_words(&text, at + any(500));
        if (b.head.type != VL_STORED && any(4)) any_tokens(&b, &text);
        if (b.head.type == VL_STATIC) vl_static_lengths(&b.head);
        if (b.head.type == VL_DYNAMIC) any_codes(&b.head);
        b.nplain = (uint32_t)(text.len - at);
        const vl_deflate_text span = { text.data, 0, text.len, 0 };
        CHECK(!vl_deflate_write(&bits, &b, &span, at, &err), "%s", err.what);
    }
    const unsigned fill = (8 - bits.nheld) & 7;
    vl_bits_put(&bits, any(256) & ((1u << fill) - 1), fill);
    const vl_deflate_text span = { text.data, 0, text.len, 0 };
    back(&span, &stream, false, "any stream");
    vl_deflate_block_free(&b);
    vl_buf_free(&text);
    vl_buf_free(&stream);
}

/* ---- how often a maker is sought ---- */

static void check_searches(const vl_buf *text)
{
    const wish first = { 6, 8, 15, Z_DEFAULT_STRATEGY, Z_NO_FLUSH, SIZE_MAX / 4 },
               other = { 1, 8, 15, Z_DEFAULT_STRATEGY, Z_NO_FLUSH, SIZE_MAX / 4 };
    const vl_deflate_text span = { text->data, 0, text->len, 0 };
    vl_buf streams[2] = { { 0 } }, said = { 0 };
    vl_err err = VL_ERR_INIT;
    uint8_t row[VL_DEFLATE_ROW] = { 0 };
    unsigned searches = 0;
    vl_redeflate_found found;
    zlib_makes(&span, &first, &streams[0]);
    zlib_makes(&span, &other, &streams[1]);
    vl_redeflate_part part = {
        .stream = streams[0].data, .n = streams[0].len, .span = span, .searches = &searches
    };
    CHECK(!vl_redeflate_describe(&part, row, &said, &found, &err) && found.kept && !row[0], "%s", err.what);
    searches = 1;
    CHECK(!vl_redeflate_describe(&part, row, &said, &found, &err) && !found.kept, "%s", err.what);
    CHECK(!searches && !found.ntoken_missed, "one search: %u left", searches);
    CHECK(!vl_redeflate_describe(&part, row, &said, &found, &err) && !found.ntoken_missed, "%s", err.what);
    part.stream = streams[1].data;
    part.n = streams[1].len;
    CHECK(!vl_redeflate_describe(&part, row, &said, &found, &err), "%s", err.what);
    CHECK(found.kept || (found.ntoken_missed && row[2] == 6), "no search: level %d", row[2]);
    searches = 3;
    CHECK(!vl_redeflate_describe(&part, row, &said, &found, &err) && row[2] == 1, "level %d", row[2]);
    CHECK(searches == 2 && !found.ntoken_missed, "%u left", searches);
    vl_buf_free(&streams[0]);
    vl_buf_free(&streams[1]);
    vl_buf_free(&said);
}

/* ---- what is no stream, or no description ---- */

static void check_refused(const vl_buf *text)
{
    const wish w = { 6, 8, 15, Z_DEFAULT_STRATEGY, Z_NO_FLUSH, SIZE_MAX / 4 };
    const vl_deflate_text span = { text->data, 0, 5000, 0 };
    vl_buf stream = { 0 }, said = { 0 };
    zlib_makes(&span, &w, &stream);
    for (size_t n = 0; n < stream.len; n += 7) {
        vl_err err = VL_ERR_INIT;
        vl_redeflate_found found;
        uint8_t row[VL_DEFLATE_ROW] = { 0 }, *const cut = malloc(n + 1); /* as long as it is: for asan */
        memcpy(cut, stream.data, n);
        const vl_redeflate_part part = { cut, n, 0, span, 0, NULL };
        CHECK(vl_redeflate_describe(&part, row, &said, &found, &err) == VL_ETRUNC, "cut at %zu: %s", n,
              err.what);
        free(cut);
    }
    vl_err err = VL_ERR_INIT;
    vl_redeflate_found found;
    uint8_t row[VL_DEFLATE_ROW] = { 0 };
    vl_redeflate_part part = { stream.data, stream.len, 0, { text->data, 0, 4999, 0 }, 0, NULL };
    CHECK(vl_redeflate_describe(&part, row, &said, &found, &err) == VL_EFORMAT, "a text that is shorter");
    vl_err_clear(&err);
    part.span = (vl_deflate_text){ text->data + 1, 0, 5000, 0 };
    CHECK(vl_redeflate_describe(&part, row, &said, &found, &err) == VL_EFORMAT, "another text");
    vl_buf_free(&stream);
    vl_buf_free(&said);
}

static void check_rows(void)
{
    const uint8_t good[VL_DEFLATE_ROW] = { 1, VL_MAKES_ZLIB, 6, 15, 15, 14, 0, 0 };
    vl_err err = VL_ERR_INIT;
    vl_buf out = { 0 };
    const vl_deflate_text span = { (const uint8_t *)"abc", 0, 3, 0 };
    CHECK(!vl_redeflate_make(good, NULL, 0, &span, true, 0, 100, &out, &err) && out.len, "%s", err.what);
    CHECK(vl_redeflate_make(good, NULL, 0, &span, true, 0, 1, &out, &err) == VL_ESTORE,
          "more than it may be");
    for (int i = 0; i < VL_DEFLATE_ROW; i++) {
        uint8_t bad[VL_DEFLATE_ROW];
        memcpy(bad, good, sizeof bad);
        bad[i] = 99;
        vl_err_clear(&err);
        CHECK(vl_redeflate_make(bad, NULL, 0, &span, true, 0, 100, &out, &err) == VL_EUNSUP, "byte %d", i);
    }
    vl_buf_free(&out);
}

int main(void)
{
    vl_kernels_init(&vl_k, vl_isa_from_env());
    make_texts();
    for (int i = 0; i < TEXTS; i++) {
        check_all_of_zlib(&texts[i], text_name[i]);
        check_libdeflate(&texts[i], text_name[i]);
        check_isal(&texts[i], text_name[i]);
    }
    check_dictionaries(&texts[4], text_name[4]);
    check_dictionaries(&texts[5], text_name[5]);
    check_short(&texts[2 + 1], text_name[3]);
    check_short(&texts[6], text_name[6]);
    check_short_isal(&texts[3], text_name[3]);
    check_short_isal(&texts[4], text_name[4]);
    for (int level = 1; level <= 9; level++) check_parts(&texts[4], text_name[4], level);
    check_parts(&texts[8], text_name[8], 12);
    for (int i = 0; i < 60; i++) any_stream();
    check_searches(&texts[4]);
    check_refused(&texts[4]);
    check_rows();
    for (int i = 0; i < TEXTS; i++) vl_buf_free(&texts[i]);
    return check_end();
}
