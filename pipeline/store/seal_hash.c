/* The hash of a seal (seal.h): pieces of a MiB, read and hashed by all threads. */
#include "pipeline/store/seal.h"

#include "formats/xxh3.h"
#include "pipeline/run/run.h"
#include "pipeline/store/file.h"

#include <stdlib.h>
#include <string.h>

enum { PIECE = 1 << 20 };
enum { A_THREAD = 32 }; /* pieces that are worth another one: of less, all are hashed before it is awake */

/* One MiB of the store on its way through the stages. */
typedef struct load {
    uint8_t *bytes;
    XXH128_canonical_t hash;
} load;

typedef struct body {
    int fd;
    uint64_t from, bytes;
    XXH3_state_t *hash; /* over the hashes of the pieces */
} body;

static vl_code begin(void *self, vl_slot *slot, vl_err *err)
{
    const body *const b = self;
    (void)err;
    slot->end = (slot->seq + 1) * PIECE >= b->bytes;
    return VL_OK;
}

static vl_code hash_piece(void *self, vl_slot *slot, vl_err *err)
{
    const body *const b = self;
    load *const l = slot->body;
    const uint64_t at = slot->seq * PIECE, left = b->bytes - at;
    const size_t n = left < PIECE ? (size_t)left : PIECE;
    if (vl_read_at(b->fd, l->bytes, n, b->from + at, err)) return err->code;
    XXH128_canonicalFromHash(&l->hash, XXH3_128bits(l->bytes, n));
    return VL_OK;
}

static vl_code add_hash(void *self, vl_slot *slot, vl_err *err)
{
    const body *const b = self;
    const load *const l = slot->body;
    (void)err;
    XXH3_128bits_update(b->hash, l->hash.digest, sizeof l->hash.digest);
    return VL_OK;
}

vl_code vl_seal_hash(int fd, uint64_t from, uint64_t to, int threads, uint8_t hash[16], vl_err *err)
{
    const uint64_t worth = 1 + (to - from) / PIECE / A_THREAD;
    if (worth < (uint64_t)threads) threads = (int)worth;
    XXH128_canonical_t all;
    body b = { .fd = fd, .from = from, .bytes = to - from, .hash = XXH3_createState() };
    const vl_stage stage[] = { { "begin", VL_ORDERED, begin, &b },
                               { "hash", VL_PARALLEL, hash_piece, &b },
                               { "add", VL_ORDERED, add_hash, &b } };
    const int n = vl_slots_for(threads);
    load *const l = calloc((size_t)n, sizeof *l);
    vl_slot *const slot = calloc((size_t)n, sizeof *slot);
    uint8_t *const room = vl_alloc((size_t)n * PIECE);
    if (!b.hash || !l || !slot || !room) {
        vl_fail(err, VL_ENOMEM, "no memory to hash a store");
        goto out;
    }
    XXH3_128bits_reset(b.hash);
    for (int i = 0; i < n; i++) {
        l[i].bytes = room + (size_t)i * PIECE;
        slot[i].body = &l[i];
    }
    if (vl_run(stage, 3, slot, n, threads, NULL, err)) goto out;
    XXH128_canonicalFromHash(&all, XXH3_128bits_digest(b.hash));
    memcpy(hash, all.digest, sizeof all.digest);
out:
    XXH3_freeState(b.hash);
    free(room);
    free(slot);
    free(l);
    return err->code;
}
