/*
 * SHA-1 and SHA-256 (FIPS 180-4) of a stream, for the bench's data generators: an indexed mzML carries the
 * SHA-1 of itself, and the truth files carry SHA-256 so that `sha256sum` can check what vial gives back.
 */
#ifndef VIAL_BENCH_SHA_H
#define VIAL_BENCH_SHA_H

#include <stddef.h>
#include <stdint.h>

typedef struct sha {
    uint32_t h[8];
    uint64_t total; /* bytes so far */
    uint8_t block[64];
    size_t len; /* bytes waiting in block */
    int nword;  /* 5: SHA-1, 8: SHA-256 */
} sha;

void sha1_start(sha *s);
void sha256_start(sha *s);
void sha_add(sha *s, const void *bytes, size_t n);
/* Writes 40 or 64 hex digits and a NUL. s is copied: adding may go on. */
void sha_hex(const sha *s, char *hex);

#endif
