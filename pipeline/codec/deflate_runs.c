/*
 * A deflate encoder that knows letters and runs of one letter, and no other matches: for bytes near their
 * entropy, as bases and qualities are. There it makes smaller streams than the quick levels of libdeflate,
 * many times as fast as the thorough ones. Any inflate reads them (RFC 1950, RFC 1951).
 *
 * Bytes are coded in blocks of BLOCK, each with its own Huffman codes. A run is a letter and matches of
 * distance 1; it is taken where the letters themselves, by their share of the block, would cost more bits.
 */
#include "pipeline/codec/deflate_runs.h"

#include <libdeflate.h>
#include <stdbool.h>
#include <string.h>

enum {
    BLOCK = 1 << 16,
    NLITERAL = 286, /* letters, end of block, lengths of matches */
    NCODELEN = 19,
    END = 256,
    SHORTEST = 3,
    LONGEST = 258, /* match */
    RUN = 256      /* a token of RUN + n is a match of n letters; below it is a letter */
};

/* A prefix code: lengths in bits and the codes, first bit lowest. */
typedef struct code {
    uint8_t len[NLITERAL];
    uint16_t bits[NLITERAL];
} code;

typedef struct writer {
    uint8_t *at;
    uint64_t held;
    unsigned n; /* bits held */
} writer;

static inline void put_bits(writer *w, uint64_t bits, unsigned n)
{
    w->held |= bits << w->n;
    w->n += n;
    if (w->n < 32) return;
    vl_put_le32(w->at, (uint32_t)w->held);
    w->at += 4;
    w->held >>= 32;
    w->n -= 32;
}

/* ---- codes ---- */

/* Sorts the symbols that occur by their count; insertion, as there are few or they come almost in order. */
static int by_count(const uint32_t *count, int n, uint16_t *symbol)
{
    int used = 0;
    for (int s = 0; s < n; s++) {
        if (!count[s]) continue;
        int i = used++;
        for (; i && count[symbol[i - 1]] > count[s]; i--) symbol[i] = symbol[i - 1];
        symbol[i] = (uint16_t)s;
    }
    return used;
}

/* Huffman's lengths of n sorted symbols, by two queues: leaves, and nodes in the order they are made. Returns
 * the longest. */
static unsigned tree_lengths(const uint32_t *count, const uint16_t *symbol, int n, uint8_t *len)
{
    uint32_t weight[NLITERAL];
    uint16_t leaf_parent[NLITERAL], node_parent[NLITERAL];
    uint8_t depth[NLITERAL];
    int leaf = 0, node = 0;
    for (int made = 0; made < n - 1; made++) {
        weight[made] = 0;
        for (int k = 0; k < 2; k++) {
            const bool take_leaf = leaf < n && (node == made || count[symbol[leaf]] <= weight[node]);
            weight[made] += take_leaf ? count[symbol[leaf]] : weight[node];
            if (take_leaf) leaf_parent[leaf++] = (uint16_t)made;
            else node_parent[node++] = (uint16_t)made;
        }
    }
    for (int i = n - 2; i >= 0; i--) depth[i] = i == n - 2 ? 0 : (uint8_t)(depth[node_parent[i]] + 1);
    for (int i = 0; i < n; i++) len[symbol[i]] = (uint8_t)(depth[leaf_parent[i]] + 1);
    return depth[leaf_parent[0]] + 1u;
}

/* Canonical codes for the lengths, bits turned round as deflate wants them. */
static void number_codes(code *c, int n)
{
    uint16_t next[17] = { 0 };
    uint32_t at = 0;
    for (int i = 0; i < n; i++) next[c->len[i]]++;
    next[0] = 0;
    for (int l = 1; l < 17; l++) {
        const uint16_t here = next[l];
        next[l] = (uint16_t)at;
        at = (at + here) << 1;
    }
    for (int i = 0; i < n; i++) {
        unsigned v = c->len[i] ? next[c->len[i]]++ : 0u, turned = 0;
        for (int b = 0; b < c->len[i]; b++, v >>= 1) turned = turned << 1 | (v & 1);
        c->bits[i] = (uint16_t)turned;
    }
}

/* A code of at most `longest` bits. Counts that make a longer one are made more alike until they do not. */
static void make_code(code *c, const uint32_t *given, int n, unsigned longest)
{
    uint32_t count[NLITERAL];
    uint16_t symbol[NLITERAL];
    memset(c->len, 0, sizeof c->len);
    memcpy(count, given, (size_t)n * sizeof *count);
    const int used = by_count(count, n, symbol);
    if (used < 2) { /* a code needs two symbols */
        const int one = used ? symbol[0] : 0;
        c->len[one] = c->len[one ? 0 : 1] = 1;
    } else {
        while (tree_lengths(count, symbol, used, c->len) > longest)
            for (int i = 0; i < n; i++)
                if (count[i]) count[i] = count[i] / 2 + 1;
    }
    number_codes(c, n);
}

/* ---- tokens ---- */

/* Symbol, extra bits and their number for a match of n letters. */
static inline unsigned length_symbol(unsigned n, unsigned *extra, unsigned *nextra)
{
    *extra = *nextra = 0;
    if (n == LONGEST) return 285;
    const unsigned v = n - SHORTEST;
    if (v < 8) return 257 + v;
    *nextra = 29 - (unsigned)__builtin_clz(v);
    *extra = v & ((1u << *nextra) - 1);
    return 257 + 4 * *nextra + (v >> *nextra);
}

/* How long a run of each letter must be, behind its first letter, to be worth a match of about ten bits. */
static void shortest_runs(const uint8_t *bytes, size_t n, uint16_t shortest[256])
{
    enum { MATCH = 10 };
    uint32_t count[4][256] = { { 0 } }; /* four, so that equal neighbours do not wait for each other */
    size_t i = 0;
    for (; i + 4 <= n; i += 4)
        for (size_t k = 0; k < 4; k++) count[k][bytes[i + k]]++;
    for (; i < n; i++) count[0][bytes[i]]++;
    for (int b = 0; b < 256; b++) {
        const uint32_t all = count[0][b] + count[1][b] + count[2][b] + count[3][b];
        unsigned bits = 1; /* at least; then by the letter's share */
        while (bits < MATCH && (uint64_t)all << bits < n) bits++;
        const unsigned least = (MATCH + bits - 1) / bits;
        shortest[b] = (uint16_t)(least < SHORTEST ? SHORTEST : least);
    }
}

static size_t run_at(const uint8_t *at, const uint8_t *end)
{
    const uint8_t *p = at;
    while (p < end && *p == *at) p++;
    return (size_t)(p - at);
}

/* Tokens of a block, and how often each symbol occurs. */
static size_t make_tokens(const uint8_t *bytes, size_t n, uint16_t *token, uint32_t *count)
{
    uint16_t shortest[256];
    const uint8_t *p = bytes, *const end = bytes + n;
    uint16_t *t = token;
    unsigned extra, nextra;
    shortest_runs(bytes, n, shortest);
    while (p < end) {
        const uint8_t b = *p;
        *t++ = b;
        count[b]++;
        if (++p == end || *p != b) continue;
        size_t run = run_at(p, end);
        for (; run >= shortest[b];) {
            const size_t take = run > LONGEST ? LONGEST : run;
            *t++ = (uint16_t)(RUN + take);
            count[length_symbol((unsigned)take, &extra, &nextra)]++;
            p += take;
            run -= take;
        }
        for (; run; run--, p++) {
            *t++ = b;
            count[b]++;
        }
    }
    return (size_t)(t - token);
}

/* ---- blocks ---- */

/* Code lengths of letters and of two distances, with runs of zeros as 18 and 17; returns how many symbols. */
static int pack_lengths(const uint8_t *len, int n, uint8_t *symbol, uint8_t *extra, uint32_t *count)
{
    int made = 0;
    for (int i = 0; i < n;) {
        int zeros = 0;
        while (i + zeros < n && zeros < 138 && !len[i + zeros]) zeros++;
        extra[made] = (uint8_t)(zeros > 10 ? zeros - 11 : zeros - 3);
        symbol[made] = zeros > 10 ? 18 : zeros > 2 ? 17 : len[i];
        i += zeros > 2 ? zeros : 1;
        count[symbol[made++]]++;
    }
    return made;
}

static void put_head(writer *w, const code *letters, bool last)
{
    static const uint8_t order[NCODELEN] = {
        16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15
    };
    uint8_t len[NLITERAL + 2], symbol[NLITERAL + 2], extra[NLITERAL + 2];
    uint32_t count[NCODELEN] = { 0 };
    code c;
    int n = NLITERAL, ncode = NCODELEN;
    while (n > 257 && !letters->len[n - 1]) n--;
    memcpy(len, letters->len, (size_t)n);
    len[n] = len[n + 1] = 1; /* distances 1, and 2, which never comes: some decoders want a whole code */
    const int made = pack_lengths(len, n + 2, symbol, extra, count);
    make_code(&c, count, NCODELEN, 7);
    while (ncode > 4 && !c.len[order[ncode - 1]]) ncode--;
    put_bits(w, last ? 5 : 4, 3); /* last block or not; codes of its own */
    put_bits(w, (unsigned)(n - 257) | 1u << 5 | (unsigned)(ncode - 4) << 10, 14);
    for (int i = 0; i < ncode; i++) put_bits(w, c.len[order[i]], 3);
    for (int i = 0; i < made; i++) {
        put_bits(w, c.bits[symbol[i]], c.len[symbol[i]]);
        if (symbol[i] > 16) put_bits(w, extra[i], symbol[i] == 18 ? 7 : 3);
    }
}

static void put_tokens(writer *w, const code *letters, const uint16_t *token, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned extra, nextra;
        if (token[i] < RUN) {
            put_bits(w, letters->bits[token[i]], letters->len[token[i]]);
            continue;
        }
        const unsigned s = length_symbol(token[i] - RUN, &extra, &nextra);
        put_bits(w, letters->bits[s], letters->len[s]);
        put_bits(w, extra, nextra + 1); /* and distance 1, whose code is one bit, 0 */
    }
    put_bits(w, letters->bits[END], letters->len[END]);
}

/* Appends a block; what it takes at most must be free. */
static void put_block(writer *w, const uint8_t *bytes, size_t n, bool last)
{
    uint16_t token[BLOCK];
    uint32_t count[NLITERAL] = { 0 };
    code letters;
    const size_t ntoken = make_tokens(bytes, n, token, count);
    count[END] = 1;
    make_code(&letters, count, NLITERAL, 15);
    put_head(w, &letters, last);
    put_tokens(w, &letters, token, ntoken);
}

vl_code vl_deflate_runs(const uint8_t *bytes, size_t n, vl_buf *out, vl_err *err)
{
    enum { HEAD = 1024 }; /* of a block, and the ends of the stream: more than they take */
    writer w = { 0 };
    if (vl_buf_append(out, "\x78\x01", 2, err)) return err->code;
    size_t done = 0;
    do {
        const size_t part = n - done < BLOCK ? n - done : BLOCK;
        if (vl_buf_grow(out, 2 * part + HEAD, err)) return err->code;
        w.at = out->data + out->len;
        put_block(&w, bytes + done, part, done + part == n);
        out->len = (size_t)(w.at - out->data);
        done += part;
    } while (done < n);
    for (; w.n; w.n = w.n > 8 ? w.n - 8 : 0, w.held >>= 8) out->data[out->len++] = (uint8_t)w.held;
    const uint32_t sum = libdeflate_adler32(1, bytes, n);
    for (int shift = 24; shift >= 0; shift -= 8) out->data[out->len++] = (uint8_t)(sum >> shift);
    return VL_OK;
}
