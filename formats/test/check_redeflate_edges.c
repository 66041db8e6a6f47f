/*
 * Deflate streams that are said by their text (formats/redeflate), at the edges: cut into parts; any valid
 * stream that a writer could think of; how often a maker is sought; and what is no stream or no description.
 *
 * Suites: formats. Also: asan.
 */
#include <stdlib.h>
#include <string.h>

#include "formats/test/redeflate_case.h"

/* ---- parts ---- */

/* Levels over 9 are libdeflate's. */
static void check_parts(int which, int level)
{
    const vl_buf *const text = &redeflate_text[which];
    const char *const name = redeflate_text_name[which];
    char about[80];
    const redeflate_wish w = { level, 5, 15, Z_DEFAULT_STRATEGY, Z_NO_FLUSH, SIZE_MAX / 4 };
    const vl_deflate_text all = { text->data, 0, text->len, 0 };
    vl_buf stream = { 0 }, joined = { 0 }, said = { 0 }, made = { 0 };
    vl_err err = VL_ERR_INIT;
    uint64_t bit = 0, missed = 0;
    unsigned nparts = 0;
    snprintf(about, sizeof about, "level %d, %s, in parts", level, name);
    if (level > 9) redeflate_libdeflate_makes(text, level, &stream);
    else redeflate_zlib_makes(&all, &w, &stream);
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
        redeflate_add(&joined, made.data + ((bit & 7) != 0), made.len - ((bit & 7) != 0));
        if (!nparts) joined.data[0] |= made.data[0];
        at += found.nplain;
        bit = found.bit;
        missed += found.ntoken_missed;
    }
    CHECK(nparts > 1 && missed < 200 * nparts, "%s: %u, %llu missed", about, nparts,
          (unsigned long long)missed);
    redeflate_same(&joined, stream.data, stream.len, about);
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
        if (i && all[i] == all[i - 1] && same >= 3 && redeflate_any(3)) {
            symbol = 16;
            run = 3 + (more = (unsigned)redeflate_any(same > 6 ? 4 : same - 2));
        } else if (!all[i] && same >= 11 && redeflate_any(3)) {
            symbol = 18;
            run = 11 + (more = (unsigned)redeflate_any(same > 138 ? 128 : same - 10));
        } else if (!all[i] && same >= 3 && redeflate_any(3)) {
            symbol = 17;
            run = 3 + (more = (unsigned)redeflate_any(same > 10 ? 8 : same - 2));
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
    h->nlit = (uint16_t)(286 + redeflate_any(3));
    h->ndist = (uint16_t)(30 + redeflate_any(3));
    for (unsigned i = 0; i < 286; i++) h->lit[i] = (uint8_t)(i == redeflate_any(300) ? 15 : 9);
    for (unsigned i = 0; i < 30; i++) h->dist[i] = (uint8_t)(5 + (i > 20 ? redeflate_any(11) : 0));
    any_spelling(h);
}

static void any_tokens(vl_deflate_block *b, vl_buf *text)
{
    vl_err err = VL_ERR_INIT;
    for (size_t n = redeflate_any(redeflate_any(2) ? 3000 : 5); n; n--) {
        if (vl_deflate_block_grow(b, &err)) abort();
        const uint8_t letter = (uint8_t) "ACGTacgt"[redeflate_any(8)];
        vl_token t = letter;
        if (text->len && redeflate_any(2)) {
            const size_t far = 1 + redeflate_any(redeflate_any(text->len < 32768 ? text->len : 32768) + 1);
            const unsigned length = (unsigned)(redeflate_any(9) ? 3 + redeflate_any(redeflate_any(256) + 1)
                                                                : 258 + redeflate_any(2));
            if (far <= text->len) t = vl_token_match(length, (unsigned)far);
        }
        for (unsigned i = vl_token_length(t); i; i--) {
            const uint8_t byte = vl_token_is_match(t) ? text->data[text->len - vl_token_distance(t)] : letter;
            redeflate_add(text, &byte, 1);
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
    redeflate_add(&text, "", 0);
    redeflate_add(&stream, "", 0);
    for (unsigned left = 1 + (unsigned)redeflate_any(6); left; left--) {
        const size_t at = text.len;
        b = (vl_deflate_block){ .token = b.token, .ctoken = b.ctoken, .final = left == 1 };
        b.head.type = (uint8_t)redeflate_any(3);
        b.pad = (uint8_t)redeflate_any(256);
        if (b.head.type == VL_STORED && redeflate_any(3)) redeflate_add_words(&text, at + redeflate_any(500));
        if (b.head.type != VL_STORED && redeflate_any(4)) any_tokens(&b, &text);
        if (b.head.type == VL_STATIC) vl_static_lengths(&b.head);
        if (b.head.type == VL_DYNAMIC) any_codes(&b.head);
        b.nplain = (uint32_t)(text.len - at);
        const vl_deflate_text span = { text.data, 0, text.len, 0 };
        CHECK(!vl_deflate_write(&bits, &b, &span, at, &err), "%s", err.what);
    }
    const unsigned fill = (8 - bits.nheld) & 7;
    vl_bits_put(&bits, redeflate_any(256) & ((1u << fill) - 1), fill);
    const vl_deflate_text span = { text.data, 0, text.len, 0 };
    redeflate_back_with(&span, &stream, REDEFLATE_ANY, "any stream");
    vl_deflate_block_free(&b);
    vl_buf_free(&text);
    vl_buf_free(&stream);
}

/* ---- how often a maker is sought ---- */

static void check_searches(const vl_buf *text)
{
    const redeflate_wish first = { 6, 8, 15, Z_DEFAULT_STRATEGY, Z_NO_FLUSH, SIZE_MAX / 4 },
                         other = { 1, 8, 15, Z_DEFAULT_STRATEGY, Z_NO_FLUSH, SIZE_MAX / 4 };
    const vl_deflate_text span = { text->data, 0, text->len, 0 };
    vl_buf streams[2] = { { 0 } }, said = { 0 };
    vl_err err = VL_ERR_INIT;
    uint8_t row[VL_DEFLATE_ROW] = { 0 };
    unsigned searches = 0;
    vl_redeflate_found found;
    redeflate_zlib_makes(&span, &first, &streams[0]);
    redeflate_zlib_makes(&span, &other, &streams[1]);
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
    const redeflate_wish w = { 6, 8, 15, Z_DEFAULT_STRATEGY, Z_NO_FLUSH, SIZE_MAX / 4 };
    const vl_deflate_text span = { text->data, 0, 5000, 0 };
    vl_buf stream = { 0 }, said = { 0 };
    redeflate_zlib_makes(&span, &w, &stream);
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
    redeflate_make_texts();
    for (int level = 1; level <= 9; level += CHECK_SANITIZED ? 4 : 1) check_parts(4, level);
    check_parts(8, 12);
    for (int i = 0; i < (CHECK_SANITIZED ? 20 : 40); i++) any_stream();
    check_searches(&redeflate_text[4]);
    check_refused(&redeflate_text[4]);
    check_rows();
    for (int i = 0; i < REDEFLATE_TEXTS; i++) vl_buf_free(&redeflate_text[i]);
    return check_end();
}
