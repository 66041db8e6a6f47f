/* How often whole reads or pairs occur (reads_copies.h): open addressing. */
#include "pipeline/reads/reads_copies.h"

#include "formats/xxh3.h"
#include "pipeline/reads/reads_counts.h"

#include <stdlib.h>

enum { FIRST_BITS = 12, MOST_BITS = 20 };
_Static_assert(2 * VL_COPIES == 1 << MOST_BITS, "slots of copies");

static size_t slots(const vl_copies *c) { return c->n ? (size_t)1 << c->slot_bits : 0; }

uint64_t vl_whole_of(const uint8_t *base, size_t n, size_t n1)
{
    return XXH3_64bits(base, n) ^ n1 * UINT64_C(0x9E3779B97F4A7C15);
}

/* Low bits are alike for all that are kept; the high ones say where. */
static size_t place(const vl_copies *c, uint64_t hash)
{
    size_t at = hash >> (64 - c->slot_bits);
    while (c->n[at] && c->hash[at] != hash) at = (at + 1) & (slots(c) - 1);
    return at;
}

static bool is_kept(const vl_copies *c, uint64_t hash) { return !(hash & ((UINT64_C(1) << c->bits) - 1)); }

/* Those of them whose hash ends with so many zeros, in so many slots. */
static vl_code make(vl_copies *c, unsigned bits, unsigned slot_bits, vl_err *err)
{
    const size_t n = (size_t)1 << slot_bits;
    vl_copies made = { .hash = calloc(n, sizeof *made.hash),
                       .n = calloc(n, sizeof *made.n),
                       .bits = bits,
                       .slot_bits = slot_bits };
    if (!made.hash || !made.n) {
        vl_copies_free(&made);
        return vl_fail(err, VL_ENOMEM, "no memory for %zu hashes of reads", n);
    }
    for (size_t i = 0; i < slots(c); i++) {
        if (!c->n[i] || !is_kept(&made, c->hash[i])) continue;
        const size_t at = place(&made, c->hash[i]);
        made.hash[at] = c->hash[i];
        made.n[at] = c->n[i];
        made.used++;
    }
    vl_copies_free(c);
    *c = made;
    return VL_OK;
}

/* Twice the slots, or, of the most there are, about half of what they hold. */
static vl_code make_room(vl_copies *c, vl_err *err)
{
    return c->slot_bits < MOST_BITS ? make(c, c->bits, c->slot_bits + 1, err)
                                    : make(c, c->bits + 1, MOST_BITS, err);
}

vl_code vl_copies_add(vl_copies *c, uint64_t hash, vl_err *err)
{
    if (!is_kept(c, hash)) return VL_OK;
    if (!c->n && make(c, 0, FIRST_BITS, err)) return err->code;
    const size_t at = place(c, hash);
    c->used += !c->n[at];
    c->hash[at] = hash;
    c->n[at] += c->n[at] < UINT32_MAX;
    while (2 * c->used > slots(c) && c->bits < 44)
        if (make_room(c, err)) return err->code;
    return VL_OK;
}

vl_code vl_copies_store(const vl_copies *c, vl_store *st, vl_err *err)
{
    vl_counts levels = { 0 };
    if (!c->used) return VL_OK;
    for (size_t i = 0; i < slots(c) && !err->code; i++)
        if (c->n[i]) vl_counts_add(&levels, c->n[i], 1, err);
    if (!err->code)
        vl_counts_store(
            &levels, st, "qc/copies", false, "times seen, distinct ones seen so often",
            "how often whole reads, or pairs, occur; of those whose hash ends with copies_bits zeros", err);
    if (!err->code) vl_store_note_u64(st, "qc", "copies_bits", c->bits, err);
    vl_counts_free(&levels);
    return err->code;
}

void vl_copies_free(vl_copies *c)
{
    free(c->hash);
    free(c->n);
    *c = (vl_copies){ 0 };
}
