/* How often whole reads or pairs occur (reads_copies.h): open addressing. */
#include "pipeline/reads/reads_copies.h"

#include "formats/xxh3.h"
#include "pipeline/reads/reads_counts.h"

#include <stdlib.h>

enum { SLOTS = 2 * VL_COPIES, SLOT_BITS = 20 };
_Static_assert(SLOTS == 1 << SLOT_BITS, "slots of copies");

uint64_t vl_whole_of(const uint8_t *base, size_t n, size_t n1)
{
    return XXH3_64bits(base, n) ^ n1 * UINT64_C(0x9E3779B97F4A7C15);
}

/* Low bits are alike for all that are kept; the high ones say where. */
static size_t place(const vl_copies *c, uint64_t hash)
{
    size_t at = hash >> (64 - SLOT_BITS);
    while (c->n[at] && c->hash[at] != hash) at = (at + 1) & (SLOTS - 1);
    return at;
}

static bool is_kept(const vl_copies *c, uint64_t hash) { return !(hash & ((UINT64_C(1) << c->bits) - 1)); }

static vl_code make(vl_copies *c, vl_err *err)
{
    c->hash = calloc(SLOTS, sizeof *c->hash);
    c->n = calloc(SLOTS, sizeof *c->n);
    if (c->hash && c->n) return VL_OK;
    vl_copies_free(c);
    return vl_fail(err, VL_ENOMEM, "no memory for %d hashes of reads", SLOTS);
}

/* About half of them. */
static vl_code thin_out(vl_copies *c, vl_err *err)
{
    vl_copies fewer = { .bits = c->bits + 1 };
    if (make(&fewer, err)) return err->code;
    for (size_t i = 0; i < SLOTS; i++) {
        if (!c->n[i] || !is_kept(&fewer, c->hash[i])) continue;
        const size_t at = place(&fewer, c->hash[i]);
        fewer.hash[at] = c->hash[i];
        fewer.n[at] = c->n[i];
        fewer.used++;
    }
    vl_copies_free(c);
    *c = fewer;
    return VL_OK;
}

vl_code vl_copies_add(vl_copies *c, uint64_t hash, vl_err *err)
{
    if (!is_kept(c, hash)) return VL_OK;
    if (!c->n && make(c, err)) return err->code;
    const size_t at = place(c, hash);
    c->used += !c->n[at];
    c->hash[at] = hash;
    c->n[at] += c->n[at] < UINT32_MAX;
    while (c->used > VL_COPIES && c->bits < 44)
        if (thin_out(c, err)) return err->code;
    return VL_OK;
}

vl_code vl_copies_store(const vl_copies *c, vl_store *st, vl_err *err)
{
    vl_counts levels = { 0 };
    if (!c->used) return VL_OK;
    for (size_t i = 0; i < SLOTS && !err->code; i++)
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
