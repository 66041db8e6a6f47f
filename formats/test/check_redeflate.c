/*
 * Deflate streams that are said by their text (formats/redeflate): those of zlib, libdeflate and ISA-L, at
 * each level, of many kinds of text, flushed, with a dictionary, in other windows. All must come back bit for
 * bit, and what the known makers make with nothing to correct.
 *
 * Suites: formats. Also: asan scalar.
 */
#include <isa-l/igzip_lib.h>
#include <stdlib.h>

#include "formats/test/redeflate_case.h"

/* Is a case taken? With sanitizers a third are. */
static bool taken(int i) { return !CHECK_SANITIZED || i % 3 == 0; }

/* ---- zlib ---- */

static void check_zlib(const vl_deflate_text *span, const redeflate_wish *w, const char *name)
{
    char about[160];
    vl_buf stream = { 0 };
    snprintf(about, sizeof about,
             "zlib %d, %s of %zu: memory %d, window %d, strategy %d, flush %d each %zu, %zu before", w->level,
             name, span->n, w->memory, w->window, w->strategy, w->flush, w->each, span->before);
    redeflate_zlib_makes(span, w, &stream);
    redeflate_back_with(span, &stream, span->n > 100 ? 0 : REDEFLATE_ANY, about);
    vl_buf_free(&stream);
}

static void check_all_of_zlib(int which)
{
    const vl_buf *const text = &redeflate_text[which];
    const char *const name = redeflate_text_name[which];
    const vl_deflate_text span = { text->data, 0, text->len, 0 };
    for (int level = 0; level <= 9; level++) {
        const redeflate_wish w = { level, 8, 15, Z_DEFAULT_STRATEGY, Z_NO_FLUSH, SIZE_MAX / 4 };
        if (!taken(level + which)) continue;
        check_zlib(&span, &w, name);
        if (text->len < REDEFLATE_LONG) continue;
        for (int strategy = Z_FILTERED; strategy <= Z_FIXED; strategy++) {
            redeflate_wish one = w;
            one.strategy = strategy;
            if (level % 5 == 1 || strategy == Z_FILTERED) check_zlib(&span, &one, name);
        }
        static const int flushes[] = { Z_PARTIAL_FLUSH, Z_SYNC_FLUSH, Z_FULL_FLUSH };
        for (int i = 0; i < 3 && level; i++) {
            redeflate_wish one = w;
            one.flush = flushes[i];
            one.each = i == 1 ? 777 : 50000;
            if ((level + i) % 3 == 0) check_zlib(&span, &one, name);
        }
    }
    for (int size = 1; size <= 9 && text->len >= REDEFLATE_LONG; size++) {
        if (!taken(size + which)) continue;
        const redeflate_wish memory = { 6 - size % 2 * 5,   size,       15,
                                        Z_DEFAULT_STRATEGY, Z_NO_FLUSH, SIZE_MAX / 4 },
                             window = { 6 - size % 2 * 5,   8,          6 + size,
                                        Z_DEFAULT_STRATEGY, Z_NO_FLUSH, SIZE_MAX / 4 };
        check_zlib(&span, &memory, name);
        if (size > 2) check_zlib(&span, &window, name);
    }
}

static void check_dictionaries(int which)
{
    const vl_buf *const text = &redeflate_text[which];
    const char *const name = redeflate_text_name[which];
    static const size_t before[] = { 1, 2, 3, 300, 32767, 32768, 32769, 70000 };
    for (size_t i = 0; i < sizeof before / sizeof *before; i++)
        for (int level = 1; level <= 9 && before[i] < text->len; level += 4) {
            if (!taken((int)i + level)) continue;
            const redeflate_wish w = { level, 8, 15, Z_DEFAULT_STRATEGY, Z_NO_FLUSH, SIZE_MAX / 4 };
            const vl_deflate_text span = { text->data, before[i], text->len - before[i], 0 };
            check_zlib(&span, &w, name);
        }
}

/* Ends of a text that are near a flush or the end: every length. */
static void check_short(int which)
{
    const vl_buf *const text = &redeflate_text[which];
    const char *const name = redeflate_text_name[which];
    for (size_t n = 0; n < 40; n++)
        for (int level = (int)n % 3; level <= 9; level += 3) {
            if (!taken((int)(n / 3) + level / 3)) continue;
            const redeflate_wish w = { level,    8, 15, Z_DEFAULT_STRATEGY, n % 3 ? Z_SYNC_FLUSH : Z_NO_FLUSH,
                                       1 + n % 7 };
            const vl_deflate_text span = { text->data, 0, n, 0 };
            check_zlib(&span, &w, name);
        }
}

/* ---- libdeflate ---- */

static void check_libdeflate(int which)
{
    const vl_buf *const text = &redeflate_text[which];
    const char *const name = redeflate_text_name[which];
    const vl_deflate_text span = { text->data, 0, text->len, 0 };
    for (int level = 0; level <= 12; level += level == 9 ? 3 : 1) {
        if (!taken(level + which)) continue;
        char about[80];
        vl_buf stream = { 0 };
        redeflate_libdeflate_makes(text, level, &stream);
        snprintf(about, sizeof about, "libdeflate %d, %s", level, name);
        /* who seeks the cheapest way is told nearly, the others exactly */
        const uint64_t missed = level < 10 ? 0 : text->len / 100;
        redeflate_back_with(&span, &stream, level && text->len > 100 ? missed : REDEFLATE_ANY, about);
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
    redeflate_back_with(&span, &stream, isal_is_known(level) && text->len > 100 && all ? most : REDEFLATE_ANY,
                        about);
    vl_buf_free(&stream);
}

static void check_isal(int which)
{
    const vl_buf *const text = &redeflate_text[which];
    const char *const name = redeflate_text_name[which];
    for (int level = 0; level <= 3; level++) {
        if (!taken(level + which)) continue;
        for (int buffer = level; buffer < 5; buffer += level ? 2 : 5)
            check_isal_by(text, name, level, buffer, NO_FLUSH, SIZE_MAX / 2);
        check_isal_by(text, name, level, 3, NO_FLUSH, SIZE_MAX);
        check_isal_by(text, name, level, 3, SYNC_FLUSH, 9999);
        check_isal_by(text, name, level, 3, FULL_FLUSH, 30000);
        check_isal_by(text, name, level, 3, NO_FLUSH, 20000);
    }
}

/* Texts that are so short that tables are smaller, or that all of it is an end. */
static void check_short_isal(int which)
{
    const vl_buf *const text = &redeflate_text[which];
    const char *const name = redeflate_text_name[which];
    for (size_t n = 1; n < 6000; n += n < 24 ? 1 : n / 9) {
        const vl_buf head = { .data = text->data, .len = n };
        for (int level = 0; level <= 3; level++) {
            if (!taken(level + (int)n)) continue;
            check_isal_by(&head, name, level, 1, NO_FLUSH, SIZE_MAX / 2);
            check_isal_by(&head, name, level, 1, NO_FLUSH, SIZE_MAX);
        }
    }
}

int main(void)
{
    vl_kernels_init(&vl_k, vl_isa_from_env());
    redeflate_make_texts();
    for (int i = 0; i < REDEFLATE_TEXTS; i++) {
        check_all_of_zlib(i);
        check_libdeflate(i);
        check_isal(i);
    }
    check_dictionaries(4);
    check_dictionaries(5);
    check_short(3);
    check_short(6);
    check_short_isal(3);
    check_short_isal(4);
    for (int i = 0; i < REDEFLATE_TEXTS; i++) vl_buf_free(&redeflate_text[i]);
    return check_end();
}
