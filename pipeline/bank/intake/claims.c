/* Claims (claims.h): a list in memory that all workers map, behind a lock that survives the death of its
 * holder. */
#include "pipeline/bank/intake/claims.h"

#include "formats/xxh3.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

enum { HEX = 64 };

typedef struct claim {
    size_t item; /* SIZE_MAX: free */
    XXH64_hash_t sample;
    char sha256[HEX];
} claim;

struct vl_claims {
    pthread_mutex_t lock;
    size_t n, room;
    claim claim[];
};

static size_t size_for(size_t room) { return sizeof(vl_claims) + room * sizeof(claim); }

vl_claims *vl_claims_new(size_t ninput)
{
    pthread_mutexattr_t shared;
    void *const at = mmap(NULL, size_for(ninput), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) return NULL;
    vl_claims *const c = at;
    c->room = ninput;
    pthread_mutexattr_init(&shared);
    pthread_mutexattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&shared, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&c->lock, &shared);
    pthread_mutexattr_destroy(&shared);
    return c;
}

void vl_claims_free(vl_claims *c)
{
    if (c) munmap(c, size_for(c->room));
}

/* A claim is written before it counts, so the list is whole whenever its holder died. */
static void lock(vl_claims *c)
{
    if (pthread_mutex_lock(&c->lock) == EOWNERDEAD) pthread_mutex_consistent(&c->lock);
}

size_t vl_claims_take(vl_claims *c, size_t item, const char *sample, const char *sha256)
{
    const XXH64_hash_t of = XXH3_64bits(sample, strlen(sample));
    size_t other = SIZE_MAX, at;
    lock(c);
    at = c->n;
    for (size_t i = 0; i < c->n && other == SIZE_MAX; i++) {
        const claim *const k = &c->claim[i];
        if (k->item == SIZE_MAX) at = i;
        else if (k->sample != of && !memcmp(k->sha256, sha256, HEX)) other = k->item;
    }
    if (other == SIZE_MAX && at < c->room) {
        c->claim[at].sample = of;
        memcpy(c->claim[at].sha256, sha256, HEX);
        c->claim[at].item = item;
        if (at == c->n) c->n++;
    }
    pthread_mutex_unlock(&c->lock);
    return other;
}

void vl_claims_release(vl_claims *c, size_t item)
{
    lock(c);
    for (size_t i = 0; i < c->n; i++)
        if (c->claim[i].item == item) c->claim[i].item = SIZE_MAX;
    pthread_mutex_unlock(&c->lock);
}
