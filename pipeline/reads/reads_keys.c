/* How often a read occurs (reads_keys.h). */
#include "pipeline/reads/reads_keys.h"

#include "formats/xxh3.h"
#include "pipeline/reads/reads_counts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER_BITS = 17 };
_Static_assert(VL_KEYS < 1 << NUMBER_BITS, "numbers of keys");

static uint8_t upper(uint8_t c) { return c >= 'a' && c <= 'z' ? (uint8_t)(c - 32) : c; }

/* May any of them be a small letter? */
static bool has_small(const uint8_t *base, size_t n)
{
    uint64_t word, all = 0;
    size_t i = 0;
    for (; i + sizeof word <= n; i += sizeof word) {
        memcpy(&word, base + i, sizeof word);
        all |= word;
    }
    for (; i < n; i++) all |= base[i];
    return all & UINT64_C(0x2020202020202020);
}

vl_key vl_key_of(const uint8_t *base, size_t n)
{
    uint8_t large[VL_KEY_WHOLE];
    n = vl_key_length(n);
    const bool small = has_small(base, n);
    for (size_t i = 0; small && i < n; i++) large[i] = upper(base[i]);
    const XXH128_hash_t h = XXH3_128bits(small ? large : base, n);
    return (vl_key){ h.low64, h.high64 };
}

/* What a slot holds beside the number, so that a key that is another is seldom looked at. */
static uint32_t mark_of(vl_key key) { return (uint32_t)(key.high >> 49) << NUMBER_BITS; }

/* 1 + number of the key of a slot; 0: free */
static uint32_t number_of(uint32_t slot) { return slot & ((1u << NUMBER_BITS) - 1); }

/* Where a key is, or could be. */
static uint32_t *place(const vl_key_table *t, vl_key key)
{
    const uint32_t mark = mark_of(key);
    for (uint64_t h = key.low;; h++) {
        uint32_t *const slot = &t->slot[h & (VL_KEY_SLOTS - 1)];
        if (!*slot) return slot;
        if ((*slot ^ mark) >> NUMBER_BITS) continue;
        const vl_key *const k = &t->key[number_of(*slot) - 1];
        if (k->low == key.low && k->high == key.high) return slot;
    }
}

int vl_keys_find(const vl_key_table *t, vl_key key) { return (int)number_of(*place(t, key)) - 1; }

static vl_code make(vl_key_table *t, vl_err *err)
{
    t->slot = calloc(VL_KEY_SLOTS, sizeof *t->slot);
    t->key = calloc(VL_KEYS, sizeof *t->key);
    t->seen = calloc(VL_KEYS, sizeof *t->seen);
    t->text = calloc(VL_KEYS, VL_KEY_WHOLE);
    if (t->slot && t->key && t->seen && t->text) return VL_OK;
    return vl_fail(err, VL_ENOMEM, "no memory for %d keys of reads", VL_KEYS);
}

vl_code vl_keys_join(vl_key_table *t, vl_key key, const uint8_t *base, size_t n, vl_err *err)
{
    if (!t->slot && make(t, err)) return err->code;
    t->nread++;
    uint32_t *const slot = place(t, key);
    if (*slot) {
        t->seen[number_of(*slot) - 1]++;
        return VL_OK;
    }
    if (t->n == VL_KEYS) return VL_OK;
    t->key[t->n] = key;
    uint8_t *const text = t->text + t->n * VL_KEY_WHOLE;
    n = vl_key_length(n);
    if (n) memcpy(text, base, n);
    if (has_small(text, n))
        for (size_t i = 0; i < n; i++) text[i] = upper(text[i]);
    t->seen[t->n] = 1;
    t->last = t->nread;
    *slot = mark_of(key) | (uint32_t)++t->n;
    if (t->n == VL_KEYS) atomic_store_explicit(&t->full, true, memory_order_release);
    return VL_OK;
}

/* ---- tables ---- */

/* Keys of more than a thousandth of the reads, in the order they came. */
static vl_code store_frequent(const vl_key_table *t, const uint64_t *seen, uint64_t nread, vl_store *st,
                              const char *mate, vl_err *err)
{
    char path[2][48];
    uint8_t *const text = malloc(1000 * VL_KEY_WHOLE);
    uint64_t count[1000], n = 0;
    if (!text) return vl_fail(err, VL_ENOMEM, "no memory for frequent reads");
    for (size_t i = 0; i < t->n && n < 1000; i++) {
        const uint64_t c = t->seen[i] + (seen ? seen[i] : 0);
        if (!((double)c / (double)nread * 100 > 0.1)) continue;
        memcpy(text + n * VL_KEY_WHOLE, t->text + i * VL_KEY_WHOLE, VL_KEY_WHOLE);
        count[n++] = c;
    }
    snprintf(path[0], sizeof path[0], "qc/frequent%s", mate);
    snprintf(path[1], sizeof path[1], "qc/frequent_count%s", mate);
    if (n &&
        !vl_store_table(st, path[0], VL_U8, text, 2, (const uint64_t[]){ n, VL_KEY_WHOLE },
                        (const char *const[]){ "in the order they came", "letters, then zeros" }, "letter",
                        "reads, or their first 50 letters, that are more than 0.1 % of all", err))
        vl_store_table(st, path[1], VL_U64, count, 1, &n, (const char *const[]){ "as in frequent" }, "reads",
                       "how many reads they are", err);
    free(text);
    return err->code;
}

vl_code vl_keys_store(const vl_key_table *t, const uint64_t *seen, uint64_t nread, vl_store *st,
                      const char *mate, vl_err *err)
{
    char path[48];
    vl_counts levels = { 0 };
    if (!t->n) return VL_OK;
    snprintf(path, sizeof path, "qc/duplication%s", mate);
    for (size_t i = 0; i < t->n && !err->code; i++)
        vl_counts_add(&levels, t->seen[i] + (seen ? seen[i] : 0), 1, err);
    if (!err->code)
        vl_counts_store(&levels, st, path, false, "times seen, keys seen so often",
                        "how often each of the first 100,000 distinct reads occurs", err);
    if (!err->code && t->n == VL_KEYS) {
        snprintf(path, sizeof path, "full_at%s", mate);
        vl_store_note_u64(st, "qc", path, t->last, err);
    }
    vl_counts_free(&levels);
    return err->code ? err->code : store_frequent(t, seen, nread, st, mate, err);
}

void vl_keys_free(vl_key_table *t)
{
    free(t->slot);
    free(t->key);
    free(t->seen);
    free(t->text);
}
