/* The consensus of a chunk: for each place the letter that most of its reads have (anchor.h). */
#include "pipeline/codec/anchor.h"

#include <string.h>

/* Two bits of a letter as kernels/base2.c has them, and 4 for others. */
static const uint8_t *codes(void)
{
    static const uint8_t code[256] = { ['A'] = 8, ['C'] = 9, ['T'] = 10, ['G'] = 11 };
    return code;
}

/* Letters that are all the same as the consensus so far only add to the places' votes: those are counted for
 * each letter at each place, as bytes would overflow in 16 bits where a chunk is one place. */
vl_code vl_anchor_vote(vl_anchor *s, const uint8_t *letter, size_t size, vl_err *err)
{
    static const uint8_t name[4] = { 'A', 'C', 'T', 'G' };
    const uint8_t *const code = codes();
    const vl_anchor_item *const item = (const vl_anchor_item *)(const void *)s->item.data;
    if (vl_buf_reserve(&s->vote, size * 4 * sizeof(uint32_t), err) ||
        vl_buf_reserve(&s->consensus, size + 1, err))
        return err->code;
    uint32_t *const vote = (uint32_t *)(void *)s->vote.data;
    memset(vote, 0, size * 4 * sizeof *vote);
    for (size_t i = 0; i < s->item.len / sizeof *item; i++) {
        if (item[i].kind == VL_ANCHOR_LITERAL) continue;
        uint32_t *v = vote + 4 * (size_t)item[i].at;
        const uint8_t *p = letter + item[i].letter;
        for (uint32_t k = 0; k < item[i].n; k++, v += 4) {
            const uint8_t c = code[p[k]];
            v[c & 3] += c >> 3;
        }
    }
    for (size_t i = 0; i < size; i++) {
        const uint32_t *const v = vote + 4 * i;
        unsigned best = 0;
        for (unsigned c = 1; c < 4; c++)
            if (v[c] > v[best]) best = c;
        s->consensus.data[i] = name[best];
    }
    s->consensus.len = size;
    return VL_OK;
}
