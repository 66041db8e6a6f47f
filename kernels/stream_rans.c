/*
 * Symbols <-> 16-bit words, by frequencies that hang on nothing or on the symbol before in the same lane:
 * rANS as in context_rans.c, in up to 16 lanes, for streams that may be short.
 *
 * Symbols lie step after step, lanes of them each; lanes is 1 to 16.
 *
 * stream_write   codes freq [nstep * lanes], first << 16 | frequency each, backwards; words end at end, and
 *                state [lanes] is what reading starts from. Returns the words; there is room for one a
 *                symbol.
 * stream_read    the other way. word [nword + 16], of two bytes each, little-endian, anywhere; the last 16
 *                are not used. table [contexts * 4096] of VL_STREAM_ENTRY: slots of the first context, of the
 *                second ...; the context is the lane's symbol before (0 at first) & mask: mask 0 has one
 *                context, 255 one for each symbol. Returns the words used; SIZE_MAX when they do not suffice.
 *                Of arbitrary words come arbitrary symbols, all of the table.
 * stream_read_two  the same of two streams of nstep steps of 16 lanes each, which wait for each other's words
 *                less: used [2] is what stream_read returns of each.
 */
#include "kernels/choose.h"
#include "kernels/stream.h"

#include <string.h>

enum { LOW = 1 << 16 };

static size_t stream_write_scalar(uint16_t *end, uint32_t *state, const uint32_t *freq, size_t nstep,
                                  size_t lanes)
{
    uint16_t *word = end;
    for (size_t l = 0; l < lanes; l++) state[l] = LOW;
    for (size_t i = nstep; i-- > 0;) {
        for (size_t l = lanes; l-- > 0;) {
            const uint32_t f = freq[i * lanes + l] & 0xffff, first = freq[i * lanes + l] >> 16;
            uint32_t x = state[l];
            if (x >> 20 >= f) {
                *--word = (uint16_t)x;
                x >>= 16;
            }
            state[l] = (x / f << VL_STREAM_BITS) + x % f + first;
        }
    }
    return (size_t)(end - word);
}

/* As every machine that this runs on has them. */
static inline uint32_t word_at(const uint8_t *word, size_t i)
{
    uint16_t w;
    memcpy(&w, word + 2 * i, sizeof w);
    return w;
}

static size_t stream_read_scalar(uint8_t *sym, const uint8_t *word, size_t nword, uint32_t *state,
                                 size_t nstep, size_t lanes, const uint32_t *table, uint32_t mask)
{
    uint32_t last[VL_STREAM_LANES] = { 0 };
    size_t used = 0;
    for (size_t i = 0; i < nstep; i++) {
        for (size_t l = 0; l < lanes; l++) {
            uint32_t x = state[l];
            const uint32_t entry = table[(last[l] & mask) << VL_STREAM_BITS | (x & (VL_STREAM_ALL - 1))];
            x = ((entry >> 20) + 1) * (x >> VL_STREAM_BITS) + (entry >> 8 & (VL_STREAM_ALL - 1));
            const uint32_t low = x < LOW; /* as likely as not: no branch */
            x = low ? x << 16 | word_at(word, used) : x;
            used += low;
            state[l] = x;
            last[l] = entry & 255;
            *sym++ = (uint8_t)entry;
        }
        if (used > nword) return SIZE_MAX;
    }
    return used;
}

static void stream_read_two_scalar(uint8_t *const *sym, const uint8_t *const *word, const size_t *nword,
                                   uint32_t (*state)[VL_STREAM_LANES], size_t nstep, const uint32_t *table,
                                   uint32_t mask, size_t *used)
{
    for (int k = 0; k < 2; k++)
        used[k] =
            stream_read_scalar(sym[k], word[k], nword[k], state[k], nstep, VL_STREAM_LANES, table, mask);
}

#if defined(__x86_64__)
#include "kernels/rans_avx2.h"

/* One step of 8 lanes from their symbols before, which become those of now; returns the words it took. */
VL_TARGET_AVX2 static inline size_t read_eight(__m256i *state, __m256i *last, const uint8_t *word,
                                               const uint32_t *table, __m256i known)
{
    const __m256i slots = _mm256_set1_epi32(VL_STREAM_ALL - 1), one = _mm256_set1_epi32(1);
    const __m256i context = _mm256_slli_epi32(_mm256_and_si256(*last, known), VL_STREAM_BITS);
    const __m256i at = _mm256_or_si256(context, _mm256_and_si256(*state, slots));
    const __m256i entry = _mm256_i32gather_epi32((const int *)(const void *)table, at, 4);
    const __m256i f = _mm256_add_epi32(_mm256_srli_epi32(entry, 20), one);
    *state = _mm256_add_epi32(_mm256_mullo_epi32(f, _mm256_srli_epi32(*state, VL_STREAM_BITS)),
                              _mm256_and_si256(_mm256_srli_epi32(entry, 8), slots));
    *last = _mm256_and_si256(entry, _mm256_set1_epi32(255));
    return refill8(state, word);
}

VL_TARGET_AVX2 static size_t stream_write_avx2(uint16_t *end, uint32_t *state, const uint32_t *freq,
                                               size_t nstep, size_t lanes)
{
    if (lanes != VL_STREAM_LANES) return stream_write_scalar(end, state, freq, nstep, lanes);
    __m256i x = _mm256_set1_epi32(LOW), y = x;
    uint16_t *word = end;
    for (const uint32_t *f = freq + nstep * VL_STREAM_LANES; f > freq;) {
        word = write8(word, &y, f -= VL_EIGHT);
        word = write8(word, &x, f -= VL_EIGHT);
    }
    _mm256_storeu_si256((void *)state, x);
    _mm256_storeu_si256((void *)(state + VL_EIGHT), y);
    return (size_t)(end - word);
}

VL_TARGET_AVX2 static size_t stream_read_avx2(uint8_t *sym, const uint8_t *word, size_t nword,
                                              uint32_t *state, size_t nstep, size_t lanes,
                                              const uint32_t *table, uint32_t mask)
{
    if (lanes != VL_STREAM_LANES)
        return stream_read_scalar(sym, word, nword, state, nstep, lanes, table, mask);
    const __m256i known = _mm256_set1_epi32((int)mask & 255);
    __m256i x = _mm256_loadu_si256((const void *)state), y = _mm256_loadu_si256((const void *)(state + 8)),
            last = _mm256_setzero_si256(), other = last;
    size_t used = 0;
    for (size_t i = 0; i < nstep && used <= nword; i++, sym += VL_STREAM_LANES) {
        used += read_eight(&x, &last, word + 2 * used, table, known);
        used += read_eight(&y, &other, word + 2 * used, table, known);
        store8_byte(sym, last);
        store8_byte(sym + 8, other);
    }
    _mm256_storeu_si256((void *)state, x);
    _mm256_storeu_si256((void *)(state + 8), y);
    return used <= nword ? used : SIZE_MAX;
}

VL_TARGET_AVX2 static void stream_read_two_avx2(uint8_t *const *sym, const uint8_t *const *word,
                                                const size_t *nword, uint32_t (*state)[VL_STREAM_LANES],
                                                size_t nstep, const uint32_t *table, uint32_t mask,
                                                size_t *used)
{
    for (int k = 0; k < 2; k++) /* one has two vectors already */
        used[k] = stream_read_avx2(sym[k], word[k], nword[k], state[k], nstep, VL_STREAM_LANES, table, mask);
}

/* x / f, exactly: both are far below 2^53. */
VL_TARGET_AVX512 static inline __m512i divide(__m512i x, __m512i f)
{
    const __m512d low = _mm512_div_pd(_mm512_cvtepu32_pd(_mm512_castsi512_si256(x)),
                                      _mm512_cvtepu32_pd(_mm512_castsi512_si256(f)));
    const __m512d high = _mm512_div_pd(_mm512_cvtepu32_pd(_mm512_extracti64x4_epi64(x, 1)),
                                       _mm512_cvtepu32_pd(_mm512_extracti64x4_epi64(f, 1)));
    return _mm512_inserti64x4(_mm512_castsi256_si512(_mm512_cvttpd_epu32(low)), _mm512_cvttpd_epu32(high), 1);
}

VL_TARGET_AVX512 static size_t stream_write_avx512(uint16_t *end, uint32_t *state, const uint32_t *freq,
                                                   size_t nstep, size_t lanes)
{
    if (lanes != VL_STREAM_LANES) return stream_write_scalar(end, state, freq, nstep, lanes);
    uint16_t *word = end;
    __m512i x = _mm512_set1_epi32(LOW);
    for (size_t i = nstep; i-- > 0;) {
        const __m512i pair = _mm512_loadu_si512(freq + i * VL_STREAM_LANES);
        const __m512i f = _mm512_and_si512(pair, _mm512_set1_epi32(0xffff)),
                      first = _mm512_srli_epi32(pair, 16);
        const __mmask16 full = _mm512_cmpge_epu32_mask(_mm512_srli_epi32(x, 20), f);
        const size_t n = (size_t)__builtin_popcount(full);
        const __m512i out = _mm512_maskz_compress_epi32(full, x);
        word -= n;
        _mm256_mask_storeu_epi16(word, (__mmask16)((1u << n) - 1), _mm512_cvtepi32_epi16(out));
        x = _mm512_mask_srli_epi32(x, full, x, 16);
        const __m512i q = divide(x, f), r = _mm512_sub_epi32(x, _mm512_mullo_epi32(q, f));
        x = _mm512_add_epi32(_mm512_slli_epi32(q, VL_STREAM_BITS), _mm512_add_epi32(r, first));
    }
    _mm512_storeu_si512(state, x);
    return (size_t)(end - word);
}

/* One step of 16 lanes from their symbols before, which become those of now with other bits above them;
 * returns the words it took. */
VL_TARGET_AVX512 static inline size_t read_sixteen(__m512i *state, __m512i *last, const uint8_t *word,
                                                   const uint32_t *table, __m512i known)
{
    const __m512i slots = _mm512_set1_epi32(VL_STREAM_ALL - 1), one = _mm512_set1_epi32(1);
    const __m512i context = _mm512_slli_epi32(_mm512_and_si512(*last, known), VL_STREAM_BITS);
    const __m512i entry =
        _mm512_i32gather_epi32(_mm512_or_si512(context, _mm512_and_si512(*state, slots)), table, 4);
    const __m512i f = _mm512_add_epi32(_mm512_srli_epi32(entry, 20), one);
    const __m512i x = _mm512_add_epi32(_mm512_mullo_epi32(f, _mm512_srli_epi32(*state, VL_STREAM_BITS)),
                                       _mm512_and_si512(_mm512_srli_epi32(entry, 8), slots));
    const __mmask16 low = _mm512_cmplt_epu32_mask(x, _mm512_set1_epi32(LOW));
    const __m512i next =
        _mm512_maskz_expand_epi32(low, _mm512_cvtepu16_epi32(_mm256_loadu_si256((const void *)word)));
    *state = _mm512_mask_or_epi32(x, low, _mm512_slli_epi32(x, 16), next);
    *last = entry;
    return (size_t)__builtin_popcount(low);
}

VL_TARGET_AVX512 static inline void store_sixteen(uint8_t *sym, __m512i entry)
{
    _mm_storeu_si128((void *)sym, _mm512_cvtepi32_epi8(entry));
}

VL_TARGET_AVX512 static size_t stream_read_avx512(uint8_t *sym, const uint8_t *word, size_t nword,
                                                  uint32_t *state, size_t nstep, size_t lanes,
                                                  const uint32_t *table, uint32_t mask)
{
    if (lanes != VL_STREAM_LANES)
        return stream_read_scalar(sym, word, nword, state, nstep, lanes, table, mask);
    const __m512i known = _mm512_set1_epi32((int)mask & 255);
    __m512i x = _mm512_loadu_si512(state), last = _mm512_setzero_si512();
    size_t used = 0;
    for (size_t i = 0; i < nstep && used <= nword; i++) {
        used += read_sixteen(&x, &last, word + 2 * used, table, known);
        store_sixteen(sym + i * VL_STREAM_LANES, last);
    }
    _mm512_storeu_si512(state, x);
    return used <= nword ? used : SIZE_MAX;
}

VL_TARGET_AVX512 static void stream_read_two_avx512(uint8_t *const *sym, const uint8_t *const *word,
                                                    const size_t *nword, uint32_t (*state)[VL_STREAM_LANES],
                                                    size_t nstep, const uint32_t *table, uint32_t mask,
                                                    size_t *used)
{
    const __m512i known = _mm512_set1_epi32((int)mask & 255);
    __m512i x = _mm512_loadu_si512(state[0]), y = _mm512_loadu_si512(state[1]);
    __m512i last = _mm512_setzero_si512(), other = last;
    size_t a = 0, b = 0;
    for (size_t i = 0; i < nstep * VL_STREAM_LANES; i += VL_STREAM_LANES) {
        if (a > nword[0] || b > nword[1]) break;
        a += read_sixteen(&x, &last, word[0] + 2 * a, table, known);
        b += read_sixteen(&y, &other, word[1] + 2 * b, table, known);
        store_sixteen(sym[0] + i, last);
        store_sixteen(sym[1] + i, other);
    }
    _mm512_storeu_si512(state[0], x);
    _mm512_storeu_si512(state[1], y);
    used[0] = a <= nword[0] ? a : SIZE_MAX;
    used[1] = b <= nword[1] ? b : SIZE_MAX;
}

#endif

void vl_stream_rans_choose(vl_kernels *k, unsigned isa)
{
    (void)isa;
    k->stream_write = stream_write_scalar;
    k->stream_read = stream_read_scalar;
    k->stream_read_two = stream_read_two_scalar;
#if defined(__x86_64__)
    if (isa & VL_AVX2) {
        k->stream_write = stream_write_avx2;
        k->stream_read = stream_read_avx2;
        k->stream_read_two = stream_read_two_avx2;
    }
    if (isa & VL_AVX512) {
        k->stream_write = stream_write_avx512;
        k->stream_read = stream_read_avx512;
        k->stream_read_two = stream_read_two_avx512;
    }
#endif
}
