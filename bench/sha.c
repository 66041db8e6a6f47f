/* SHA-1 and SHA-256 as FIPS 180-4 words them (sha.h). */
#include "sha.h"

#include <string.h>

static const uint32_t k256[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2
};

static uint32_t left(uint32_t x, int n) { return x << n | x >> (32 - n); }
static uint32_t right(uint32_t x, int n) { return x >> n | x << (32 - n); }

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void block256(uint32_t *h, const uint8_t *p)
{
    uint32_t w[64];
    for (int i = 0; i < 16; i++) w[i] = be32(p + 4 * i);
    for (int i = 16; i < 64; i++) {
        const uint32_t s0 = right(w[i - 15], 7) ^ right(w[i - 15], 18) ^ w[i - 15] >> 3;
        const uint32_t s1 = right(w[i - 2], 17) ^ right(w[i - 2], 19) ^ w[i - 2] >> 10;
        w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
    uint32_t a = h[0], b = h[1], c = h[2], d = h[3], e = h[4], f = h[5], g = h[6], last = h[7];
    for (int i = 0; i < 64; i++) {
        const uint32_t s1 = right(e, 6) ^ right(e, 11) ^ right(e, 25);
        const uint32_t t1 = last + s1 + ((e & f) ^ (~e & g)) + k256[i] + w[i];
        const uint32_t s0 = right(a, 2) ^ right(a, 13) ^ right(a, 22);
        const uint32_t t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
        last = g;
        g = f;
        f = e;
        e = d + t1;
        d = c;
        c = b;
        b = a;
        a = t1 + t2;
    }
    const uint32_t add[8] = { a, b, c, d, e, f, g, last };
    for (int i = 0; i < 8; i++) h[i] += add[i];
}

static inline void round1(uint32_t *v, uint32_t f, uint32_t kw)
{
    const uint32_t t = left(v[0], 5) + f + v[4] + kw;
    v[4] = v[3];
    v[3] = v[2];
    v[2] = left(v[1], 30);
    v[1] = v[0];
    v[0] = t;
}

static void block1(uint32_t *h, const uint8_t *p)
{
    uint32_t w[80];
    for (int i = 0; i < 16; i++) w[i] = be32(p + 4 * i);
    for (int i = 16; i < 80; i++) w[i] = left(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    uint32_t v[5];
    memcpy(v, h, sizeof v);
    for (int i = 0; i < 20; i++) round1(v, (v[1] & v[2]) | (~v[1] & v[3]), 0x5a827999 + w[i]);
    for (int i = 20; i < 40; i++) round1(v, v[1] ^ v[2] ^ v[3], 0x6ed9eba1 + w[i]);
    for (int i = 40; i < 60; i++) round1(v, (v[1] & v[2]) | (v[1] & v[3]) | (v[2] & v[3]), 0x8f1bbcdc + w[i]);
    for (int i = 60; i < 80; i++) round1(v, v[1] ^ v[2] ^ v[3], 0xca62c1d6 + w[i]);
    for (int i = 0; i < 5; i++) h[i] += v[i];
}

static void add_block(sha *s, const uint8_t *p)
{
    if (s->nword == 5) block1(s->h, p);
    else block256(s->h, p);
}

void sha1_start(sha *s)
{
    *s = (sha){ .h = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0 }, .nword = 5 };
}

void sha256_start(sha *s)
{
    *s = (sha){ .h = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab,
                       0x5be0cd19 },
                .nword = 8 };
}

void sha_add(sha *s, const void *bytes, size_t n)
{
    const uint8_t *p = bytes;
    s->total += n;
    if (s->len) {
        const size_t take = n < 64 - s->len ? n : 64 - s->len;
        memcpy(s->block + s->len, p, take);
        s->len += take;
        p += take;
        n -= take;
        if (s->len < 64) return;
        add_block(s, s->block);
        s->len = 0;
    }
    for (; n >= 64; p += 64, n -= 64) add_block(s, p);
    memcpy(s->block, p, n);
    s->len = n;
}

void sha_hex(const sha *s, char *hex)
{
    sha t = *s;
    uint8_t tail[72] = { 0x80 };
    const size_t pad = (t.len < 56 ? 56 : 120) - t.len;
    for (int i = 0; i < 8; i++) tail[pad + (size_t)i] = (uint8_t)(s->total * 8 >> (56 - 8 * i));
    sha_add(&t, tail, pad + 8);
    for (int i = 0; i < t.nword * 8; i++) hex[i] = "0123456789abcdef"[t.h[i / 8] >> (28 - 4 * (i % 8)) & 15];
    hex[t.nword * 8] = 0;
}
