/* Symbols and canonical codes of deflate: deflate_code.h. */
#include "formats/redeflate/deflate_code.h"

#include <string.h>

const uint16_t vl_length_base[29] = { 3,  4,  5,  6,  7,  8,  9,  10, 11,  13,  15,  17,  19,  23, 27,
                                      31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258 };
const uint8_t vl_length_bits[29] = { 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,
                                     2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0 };
const uint16_t vl_distance_base[30] = { 1,    2,    3,    4,    5,    7,    9,    13,    17,    25,
                                        33,   49,   65,   97,   129,  193,  257,  385,   513,   769,
                                        1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577 };
const uint8_t vl_distance_bits[30] = { 0, 0, 0, 0, 1, 1, 2, 2,  3,  3,  4,  4,  5,  5,  6,
                                       6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13 };
const uint8_t vl_pre_order[VL_DEFLATE_PRE] = { 16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                               11, 4,  12, 3, 13, 2, 14, 1, 15 };

const uint8_t vl_length_symbols[VL_DEFLATE_OTHER_258 + 1] = {
    [3] = 0,
    [4] = 1,
    [5] = 2,
    [6] = 3,
    [7] = 4,
    [8] = 5,
    [9] = 6,
    [10] = 7,
    [11 ... 12] = 8,
    [13 ... 14] = 9,
    [15 ... 16] = 10,
    [17 ... 18] = 11,
    [19 ... 22] = 12,
    [23 ... 26] = 13,
    [27 ... 30] = 14,
    [31 ... 34] = 15,
    [35 ... 42] = 16,
    [43 ... 50] = 17,
    [51 ... 58] = 18,
    [59 ... 66] = 19,
    [67 ... 82] = 20,
    [83 ... 98] = 21,
    [99 ... 114] = 22,
    [115 ... 130] = 23,
    [131 ... 162] = 24,
    [163 ... 194] = 25,
    [195 ... 226] = 26,
    [227 ... 257] = 27,
    [258] = 28,
    [259] = 27,
};

static inline void count_token(vl_deflate_counts *counts, vl_token t)
{
    const bool match = vl_token_is_match(t);
    counts->lit[match ? 257 + vl_length_symbol(t >> 16) : t]++;
    if (match) counts->dist[vl_distance_symbol(vl_token_distance(t))]++;
}

/* Every other token apart, so that one need not wait for the one before it, which is often of the same
 * kind. */
void vl_deflate_count(const vl_deflate_block *block, vl_deflate_counts *counts)
{
    vl_deflate_counts other = { 0 };
    size_t i = 0;
    *counts = (vl_deflate_counts){ .lit = { [VL_DEFLATE_EOB] = 1 } };
    for (; i + 1 < block->ntoken; i += 2) {
        count_token(counts, block->token[i]);
        count_token(&other, block->token[i + 1]);
    }
    if (i < block->ntoken) count_token(counts, block->token[i]);
    for (i = 0; i < VL_DEFLATE_LITLEN; i++) counts->lit[i] += other.lit[i];
    for (i = 0; i < VL_DEFLATE_DIST; i++) counts->dist[i] += other.dist[i];
}

void vl_static_lengths(vl_deflate_head *head)
{
    for (unsigned i = 0; i < VL_DEFLATE_LITLEN; i++)
        head->lit[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
    memset(head->dist, 5, sizeof head->dist);
}

/* The last bit first, of 16. */
static inline unsigned turned(unsigned v)
{
    v = (v & 0x5555) << 1 | (v >> 1 & 0x5555);
    v = (v & 0x3333) << 2 | (v >> 2 & 0x3333);
    v = (v & 0x0f0f) << 4 | (v >> 4 & 0x0f0f);
    return (v & 0x00ff) << 8 | v >> 8;
}

void vl_canonical_codes(const uint8_t *length, unsigned n, uint16_t *code)
{
    unsigned count[16] = { 0 }, next[16] = { 0 };
    for (unsigned i = 0; i < n; i++) count[length[i]]++;
    count[0] = 0;
    for (unsigned bits = 1; bits < 16; bits++) next[bits] = (next[bits - 1] + count[bits - 1]) << 1;
    for (unsigned i = 0; i < n; i++) {
        const unsigned bits = length[i];
        code[i] = bits ? (uint16_t)(turned(next[bits]++ & 0xffff) >> (16 - bits)) : 0;
    }
}

bool vl_decoder_make(vl_decoder *d, const uint8_t *length, const uint32_t *given, unsigned n)
{
    uint16_t code[VL_DEFLATE_LITLEN], next[16];
    unsigned left = 1, sum = 0;
    memset(d->count, 0, sizeof d->count);
    memset(d->fast, 0, sizeof d->fast);
    for (unsigned i = 0; i < n; i++) d->count[length[i]]++;
    d->count[0] = 0;
    for (unsigned bits = 1; bits < 16; bits++) {
        left <<= 1;
        if (d->count[bits] > left) return false;
        left -= d->count[bits];
        d->first[bits] = next[bits] = (uint16_t)sum;
        sum += d->count[bits];
    }
    vl_canonical_codes(length, n, code);
    for (unsigned i = 0; i < n; i++) {
        const uint32_t v = given[i] | length[i];
        if (!length[i]) continue;
        d->coded[next[length[i]]++] = v;
        for (unsigned k = code[i]; k < 1 << VL_FAST_BITS && length[i] <= VL_FAST_BITS; k += 1u << length[i])
            d->fast[k] = v;
    }
    return true;
}

uint32_t vl_decode_long(const vl_decoder *d, uint64_t held)
{
    unsigned code = 0, first = 0;
    for (unsigned bits = 1; bits < 16; bits++) {
        code |= (unsigned)(held >> (bits - 1) & 1);
        if (code < first + d->count[bits]) return d->coded[d->first[bits] + code - first];
        first = (first + d->count[bits]) << 1;
        code <<= 1;
    }
    return VL_CODE_NONE;
}

/* ---- headers ---- */

void vl_send_length(vl_deflate_head *head, unsigned symbol, unsigned more)
{
    head->sent[head->nsent] = (uint8_t)symbol;
    head->more[head->nsent++] = (uint8_t)more;
}

static void send_run(vl_deflate_head *head, unsigned bits, unsigned run)
{
    while (!bits && run > 10) {
        const unsigned n = run > 138 ? 138 : run;
        vl_send_length(head, 18, n - 11);
        run -= n;
    }
    if (!bits && run > 2) {
        vl_send_length(head, 17, run - 3);
        run = 0;
    }
    if (bits) {
        vl_send_length(head, bits, 0);
        for (run--; run > 2;) {
            const unsigned n = run > 6 ? 6 : run;
            vl_send_length(head, 16, n - 3);
            run -= n;
        }
    }
    for (; run; run--) vl_send_length(head, bits, 0);
}

void vl_send_lengths(vl_deflate_head *head, uint32_t often[VL_DEFLATE_PRE])
{
    uint8_t length[VL_DEFLATE_LITLEN + VL_DEFLATE_DIST];
    const unsigned n = head->nlit + head->ndist;
    memcpy(length, head->lit, head->nlit);
    memcpy(length + head->nlit, head->dist, head->ndist);
    memset(often, 0, VL_DEFLATE_PRE * sizeof *often);
    head->nsent = 0;
    for (unsigned i = 0, run; i < n; i += run) {
        for (run = 1; i + run < n && length[i + run] == length[i];) run++;
        send_run(head, length[i], run);
    }
    for (unsigned i = 0; i < head->nsent; i++) often[head->sent[i]]++;
}

void vl_send_no_zeros(vl_deflate_head *head)
{
    head->npre = VL_DEFLATE_PRE;
    while (head->npre > 4 && !head->pre[vl_pre_order[head->npre - 1]]) head->npre--;
}
