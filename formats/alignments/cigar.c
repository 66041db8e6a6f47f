/* CIGARs, and what depends on them (alignments.h; SAM specification, sections 1.4 and 4.2). */
#include "formats/alignments/alignments.h"

#include <string.h>

enum { MATCH, INSERTION, DELETION, SKIP, SOFT_CLIP, HARD_CLIP, PAD, EQUAL, DIFFERENT, BACK, NCODE };
static const char letter[NCODE + 1] = "MIDNSHP=XB";
static const uint8_t on_contig[NCODE] = {
    [MATCH] = 1, [DELETION] = 1, [SKIP] = 1, [EQUAL] = 1, [DIFFERENT] = 1
};
static const uint8_t in_read[NCODE] = {
    [MATCH] = 1, [INSERTION] = 1, [SOFT_CLIP] = 1, [EQUAL] = 1, [DIFFERENT] = 1
};
enum { CODE = 15, LONGEST = (1 << 28) - 1 };

bool vl_cigar_lengths(const uint8_t *cigar, size_t nop, int64_t *contig, int64_t *read)
{
    *contig = *read = 0;
    for (size_t i = 0; i < nop; i++) {
        const uint32_t op = vl_le32(cigar + 4 * i), code = op & CODE, n = op >> 4;
        if (code >= NCODE) return false;
        if (on_contig[code]) *contig += n;
        if (in_read[code]) *read += n;
    }
    return true;
}

void vl_cigar_meant(const vl_alignment *a, const uint8_t **cigar, size_t *nop, const uint8_t **tag)
{
    *cigar = a->cigar;
    *nop = a->nop;
    *tag = NULL;
    if (!a->nop || a->contig < 0 || a->position < 0) return;
    const uint32_t first = vl_le32(a->cigar);
    if ((first & CODE) != SOFT_CLIP || first >> 4 != a->base.n) return;
    vl_bam_tag t = { .end = a->tags };
    vl_err none = VL_ERR_INIT;
    const uint8_t *bad;
    while (t.end < a->end && !vl_bam_tag_read(t.end, a->end, &t, &bad, &none)) {
        if (memcmp(t.at, "CG", 2) != 0) continue;
        if (t.type != 'B' || (t.of != 'I' && t.of != 'i') || t.n < a->nop) return;
        *cigar = t.value;
        *nop = t.n;
        *tag = t.at;
        return;
    }
}

vl_code vl_cigar_put(const uint8_t *cigar, size_t nop, vl_buf *text, vl_err *err)
{
    enum { MOST = 11 }; /* letters of an operation */
    if (!nop) return vl_buf_append(text, "*", 1, err);
    if (vl_buf_grow(text, MOST * nop, err)) return err->code;
    for (size_t i = 0; i < nop; i++) {
        const uint32_t op = vl_le32(cigar + 4 * i);
        uint8_t digit[MOST];
        size_t n = 0;
        uint32_t length = op >> 4;
        do digit[n++] = (uint8_t)('0' + length % 10);
        while (length /= 10);
        while (n) text->data[text->len++] = digit[--n];
        text->data[text->len++] = (op & CODE) < NCODE ? (uint8_t)letter[op & CODE] : '?';
    }
    return VL_OK;
}

bool vl_cigar_read(vl_cell text, vl_buf *out, vl_err *err)
{
    out->len = 0;
    if (text.n == 1 && text.at[0] == '*') return true;
    for (size_t i = 0; i < text.n; i++) {
        uint64_t n = 0;
        const size_t start = i;
        for (; i < text.n && text.at[i] >= '0' && text.at[i] <= '9'; i++)
            if ((n = 10 * n + (text.at[i] - '0')) > LONGEST) return false;
        const char *const code = i < text.n && text.at[i] ? strchr(letter, text.at[i]) : NULL;
        uint8_t op[4];
        if (i == start || !code) return false;
        vl_put_le32(op, (uint32_t)(n << 4 | (uint64_t)(code - letter)));
        if (vl_buf_append(out, op, sizeof op, err)) return false;
    }
    return text.n > 0;
}

uint16_t vl_alignment_bin(const vl_alignment *a)
{
    const bool one = a->flag & VL_FLAG_UNMAPPED || a->span == 0;
    const int64_t from = a->position, last = from + (one ? 1 : a->span) - 1;
    int64_t first = ((1 << 15) - 1) / 7; /* of the bins of 16 kb; those of 128 kb are before them, ... */
    for (int shift = 14, level = 15; level > 0; shift += 3, level -= 3) {
        if (from >> shift == last >> shift) return (uint16_t)(first + (from >> shift));
        first -= (int64_t)1 << (level - 3);
    }
    return 0;
}
