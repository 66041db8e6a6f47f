/*
 * Fuzz target for deflate streams said by their text (formats/redeflate). Input: a control byte, then by its
 * lower two bits
 *   0  a raw deflate stream: what zlib inflates is described and proved, the rest is refused
 *   1  a row, two bytes that say how much text follows, the text, and a description: makes a stream or is
 *   refused
 *   2  two bytes that say how zlib deflates the text behind them: comes back, as told by its row
 *   3  as 0, cut into two parts where a block ends
 *
 * Corpus: testdata/fuzz/redeflate. Suites: formats fuzz. Also: asan.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "formats/redeflate/redeflate.h"

enum { MOST = 1 << 17 };

#define MUST(ok) must((ok), #ok, __LINE__)
static void must(bool ok, const char *text, int line)
{
    if (ok) return;
    fprintf(stderr, "fuzz_redeflate.c:%d: broken: %s\n", line, text);
    abort();
}

/* As many bytes as it is, so that reading behind them is seen. */
static uint8_t *copy_of(const uint8_t *bytes, size_t n)
{
    uint8_t *const copy = malloc(n + 1);
    MUST(copy);
    if (n) memcpy(copy, bytes, n);
    uint8_t *const fitted = realloc(copy, n ? n : 1);
    return fitted ? fitted : copy;
}

/* True when it is all of a stream. *used, *nplain: of what there is. */
static bool inflate_all(const uint8_t *bytes, size_t n, uint8_t *plain, size_t *used, size_t *nplain)
{
    z_stream z = {
        .next_in = (uint8_t *)(uintptr_t)bytes, .avail_in = (unsigned)n, .next_out = plain, .avail_out = MOST
    };
    MUST(inflateInit2(&z, -15) == Z_OK);
    const int code = inflate(&z, Z_FINISH);
    *used = z.total_in;
    *nplain = z.total_out;
    inflateEnd(&z);
    return code == Z_STREAM_END;
}

/* Describes a part; it is made again. Returns the plain bytes that it stands for; 0 when it is refused. */
static size_t back(const vl_redeflate_part *part, uint64_t *bit, bool valid, bool *kept)
{
    vl_err err = VL_ERR_INIT;
    vl_buf said = { 0 }, made = { 0 };
    vl_redeflate_found found;
    uint8_t row[VL_DEFLATE_ROW] = { 0 };
    vl_redeflate_describe(part, row, &said, &found, &err);
    MUST(!err.code || (!valid && err.what[0]));
    *kept = found.kept;
    if (!err.code && !found.kept) {
        vl_deflate_text span = part->span;
        span.n = found.nplain;
        span.after += part->span.n - found.nplain;
        MUST(!vl_redeflate_make(row, said.data, said.len, &span, !part->least, part->bit & 7, part->n, &made,
                                &err));
        MUST(made.len == ((found.bit + 7) >> 3) - (part->bit >> 3));
        if (!part->bit && !part->least) MUST(!memcmp(made.data, part->stream, made.len));
    }
    *bit = found.bit;
    vl_buf_free(&said);
    vl_buf_free(&made);
    return err.code ? 0 : found.nplain;
}

static void describe(const uint8_t *bytes, size_t n, bool cut)
{
    static uint8_t text[MOST];
    size_t used, nplain;
    uint64_t bit;
    bool kept;
    const bool valid = inflate_all(bytes, n, text, &used, &nplain);
    uint8_t *const stream = copy_of(bytes, valid ? used : n), *const plain = copy_of(text, nplain);
    vl_redeflate_part part = { stream, valid ? used : n, 0, { plain, 0, nplain, 0 }, 0 };
    if (cut && valid && nplain > 1) part.least = nplain / 2;
    const size_t first = back(&part, &bit, valid, &kept);
    if (part.least && !kept && first < nplain) {
        part = (vl_redeflate_part){ stream, used, bit, { plain, first, nplain - first, 0 }, 0 };
        back(&part, &bit, valid, &kept);
    }
    free(stream);
    free(plain);
}

static void make(const uint8_t *bytes, size_t n)
{
    vl_err err = VL_ERR_INIT;
    vl_buf out = { 0 };
    if (n < VL_DEFLATE_ROW + 2) return;
    const vl_deflate_row any = { VL_DEFLATE_ROWS_VERSION,       bytes[1] % VL_DEFLATE_FAMILIES,
                                 (uint8_t)(1 + bytes[2] % 9),   (uint8_t)(9 + bytes[3] % 7),
                                 (uint8_t)(8 + bytes[4] % 9),   bytes[5] % VL_DEFLATE_ENDS,
                                 bytes[6] % VL_DEFLATE_CODINGS, bytes[7] % VL_DEFLATE_FLUSHES };
    uint8_t row[VL_DEFLATE_ROW];
    vl_deflate_row_write(&any, row);
    bytes += VL_DEFLATE_ROW;
    n -= VL_DEFLATE_ROW;
    const size_t given = vl_le16(bytes), nplain = given < n - 2 ? given : n - 2,
                 before = nplain * (row[2] % 2) / 4;
    uint8_t *const plain = copy_of(bytes + 2, nplain), *const said =
                                                           copy_of(bytes + 2 + nplain, n - 2 - nplain);
    const vl_deflate_text span = { plain, before, nplain - before, 0 };
    const bool whole = row[2] % 3;
    const unsigned bit = row[4] % 8;
    if (vl_redeflate_make(row, said, n - 2 - nplain, &span, whole, bit, MOST, &out, &err))
        MUST((err.code == VL_ESTORE || err.code == VL_EUNSUP) && err.what[0]);
    vl_buf_free(&out);
    free(plain);
    free(said);
}

static void deflate_it(const uint8_t *bytes, size_t n)
{
    static const int flushes[] = { Z_NO_FLUSH, Z_PARTIAL_FLUSH, Z_SYNC_FLUSH, Z_FULL_FLUSH };
    static uint8_t out[2 * MOST];
    uint64_t bit;
    bool kept;
    if (n < 3 || n > MOST / 4) return;
    z_stream z = { .next_in = (uint8_t *)(uintptr_t)bytes + 2,
                   .avail_in = (unsigned)(n - 2) / 2,
                   .next_out = out,
                   .avail_out = sizeof out };
    MUST(deflateInit2(&z, bytes[0] % 10, 8, -9 - bytes[0] / 10 % 7, 1 + bytes[1] % 9, bytes[1] / 9 % 5) ==
         Z_OK);
    deflate(&z, flushes[bytes[1] / 45 % 4]);
    z.avail_in += (unsigned)(n - 2) - (unsigned)(n - 2) / 2;
    MUST(deflate(&z, Z_FINISH) == Z_STREAM_END);
    uint8_t *const plain = copy_of(bytes + 2, n - 2), *const stream = copy_of(out, z.total_out);
    const vl_redeflate_part part = { stream, z.total_out, 0, { plain, 0, n - 2, 0 }, 0 };
    back(&part, &bit, true, &kept);
    free(plain);
    free(stream);
    deflateEnd(&z);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static bool ready;
    if (!ready) vl_kernels_init(&vl_k, vl_isa_from_env());
    ready = true;
    if (!n) return 0;
    const unsigned mode = bytes[0] & 3;
    if (mode == 1) make(bytes + 1, n - 1);
    else if (mode == 2) deflate_it(bytes + 1, n - 1);
    else describe(bytes + 1, n - 1, mode == 3);
    return 0;
}
