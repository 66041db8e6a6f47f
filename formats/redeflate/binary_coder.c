/* The coder of corrections: binary_coder.h. */
#include "formats/redeflate/binary_coder.h"

enum { MOVE = 4, EVEN = 1 << 15 };

void vl_odds_init(void *odds, size_t bytes)
{
    vl_odds *const o = odds;
    for (size_t i = 0; i < bytes / sizeof *o; i++) o[i] = EVEN;
}

void vl_coder_write(vl_coder *c, vl_buf *out)
{
    *c = (vl_coder){ .out = out, .start = out->len, .range = UINT32_MAX };
}

static uint8_t take(vl_coder *c) { return c->next < c->end ? *c->next++ : 0; }

void vl_coder_read(vl_coder *c, const uint8_t *bytes, size_t n)
{
    *c = (vl_coder){ .next = bytes, .end = n ? bytes + n : bytes, .range = UINT32_MAX };
    for (int i = 0; i < 4; i++) c->code = c->code << 8 | take(c);
}

static void give(vl_coder *c, uint8_t byte)
{
    vl_err err = VL_ERR_INIT;
    if (vl_buf_append(c->out, &byte, 1, &err)) c->failed = err.code;
}

/* The upper byte of low goes out, unless a carry could still change it. */
static void shift(vl_coder *c)
{
    if (c->low < 0xff000000u || c->low > UINT32_MAX) {
        const uint8_t carry = (uint8_t)(c->low >> 32);
        for (; c->nwaiting; c->nwaiting--) {
            give(c, (uint8_t)(c->waiting + carry));
            c->waiting = 0xff;
        }
        c->waiting = (uint8_t)(c->low >> 24);
    } else if (!c->nwaiting) c->waiting = 0xff; /* the first byte of all */
    c->nwaiting++;
    c->low = (c->low & 0xffffff) << 8;
}

unsigned vl_say_bit(vl_coder *c, vl_odds *odds, unsigned bit)
{
    const uint32_t bound = (c->range >> 16) * *odds;
    if (!c->out) bit = c->code >= bound;
    if (bit) {
        c->low += bound;
        c->code -= bound;
        c->range -= bound;
        *odds = (vl_odds)(*odds - (*odds >> MOVE));
        if (*odds < 1 << MOVE) *odds = 1 << MOVE;
    } else {
        c->range = bound;
        *odds = (vl_odds)(*odds + ((UINT16_MAX - *odds) >> MOVE));
    }
    for (; c->range < 1u << 24; c->range <<= 8) {
        if (c->out) shift(c);
        else c->code = c->code << 8 | take(c);
    }
    return bit;
}

unsigned vl_say_tree(vl_coder *c, vl_odds *odds, unsigned n, unsigned v)
{
    unsigned node = 1;
    for (unsigned i = n; i-- > 0;) node = node << 1 | vl_say_bit(c, &odds[node], v >> i & 1);
    return node - (1u << n);
}

uint64_t vl_say_number(vl_coder *c, vl_number_odds *odds, uint64_t v)
{
    const uint64_t more = c->out ? v + 1 : 1; /* 1 is the least that has bits; a reader says none */
    unsigned bits = 63 - (unsigned)__builtin_clzll(more), n = 0;
    while (n < 33 && vl_say_bit(c, &odds->size[n], n < bits)) n++;
    if (n > 32) n = 32;
    uint64_t said = 1;
    vl_odds even;
    for (unsigned i = n; i-- > 0;) {
        even = EVEN;
        vl_odds *const o = said < 8 ? &odds->upper[n][said] : &even;
        said = said << 1 | vl_say_bit(c, o, more >> i & 1);
    }
    return said - 1;
}

/* Behind a number of bytes that is known, zeros follow: of all values from low to low + range the one that
 * ends with most of them. */
vl_code vl_coder_end(vl_coder *c, vl_err *err)
{
    const uint64_t top = c->low + c->range - 1;
    for (unsigned zeros = 33; zeros-- > 0;) {
        const uint64_t v = top >> zeros << zeros;
        if (v < c->low) continue;
        c->low = v;
        break;
    }
    for (int i = 0; i < 5; i++) shift(c);
    if (c->failed) return vl_fail(err, c->failed, "no memory for corrections");
    while (c->out->len > c->start && !c->out->data[c->out->len - 1]) c->out->len--;
    return VL_OK;
}
