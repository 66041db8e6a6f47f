/*
 * Tails of one letter (reads_tally.h): what a two-colour sequencer writes where it sees nothing (G), and
 * poly-A.
 *
 * A tail of a letter goes from the read's end inwards as long as at most one in eight letters, and five in
 * all, are others; N is none. It ends with the letter, and has 10 letters at least. Of the letters that fit,
 * A before C before G before T, the one with the longest tail is taken.
 */
#include "pipeline/reads/reads_tally.h"

#include <string.h>

enum { LEAST = 10, PER_OTHER = 8, MOST_OTHERS = 5 };

/* How long the tail of a letter is; 0: there is none. */
static uint64_t tail_of(const uint8_t *base, uint64_t n, uint8_t letter)
{
    uint64_t others = 0, length = 0;
    for (uint64_t i = 1; i <= n; i++) {
        const uint8_t c = base[n - i] & 0xdf;
        others += c != letter && c != 'N';
        if (others > MOST_OTHERS || (i >= LEAST && others > i / PER_OTHER) || (i < LEAST && others > 1))
            break;
        if (c == letter) length = i;
    }
    return length >= LEAST ? length : 0;
}

/* Of the last 8 letters, one at most is another, or there is an N: few reads are looked at closely. */
static bool may_have_tail(const uint8_t *end)
{
    uint64_t v, x;
    memcpy(&v, end - 8, 8);
    v &= UINT64_C(0xdfdfdfdfdfdfdfdf);
    x = (v ^ v >> 8) & UINT64_C(0x00ffffffffffffff); /* 0 where neighbours are alike */
    x = (x & UINT64_C(0x7f7f7f7f7f7f7f7f)) + UINT64_C(0x7f7f7f7f7f7f7f7f);
    const int unlike = __builtin_popcountll(x & UINT64_C(0x0080808080808080));
    v ^= UINT64_C(0x4e4e4e4e4e4e4e4e); /* 0 where there is an N */
    return unlike <= 2 || ((v - UINT64_C(0x0101010101010101)) & ~v & UINT64_C(0x8080808080808080));
}

vl_code vl_qc_tails(vl_qc *qc, const vl_qc_batch *b, vl_err *err)
{
    for (size_t i = 0; i < b->n; i++) {
        const uint64_t n = b->offset[i + 1] - b->offset[i];
        uint64_t longest = 0, letter = 0;
        if (n < LEAST || !may_have_tail(b->base + b->offset[i + 1])) continue;
        for (uint64_t k = 0; k < 4; k++) {
            const uint64_t length = tail_of(b->base + b->offset[i], n, (uint8_t) "ACGT"[k]);
            if (length > longest) longest = length, letter = k;
        }
        vl_qc_mate *const m = &qc->mate[b->paired ? i & 1 : 0];
        if (longest && vl_counts_add(&m->tail, vl_count_key(letter, longest), 1, err)) return err->code;
    }
    return VL_OK;
}
