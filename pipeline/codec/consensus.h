/*
 * The consensus of a sample: letters of which many of its reads are copies, but for errors. It is grown from
 * the first reads (consensus_grow.c); what of a row lies where in it is found (consensus_find.c) and said by
 * codec overlap. Both know places by a sample of k-mers: those whose hash says so, wherever they stand.
 */
#ifndef VL_CONSENSUS_H
#define VL_CONSENSUS_H

#include <stdbool.h>

#include "formats/buf.h"

/* ---- k-mers (consensus_kmers.c) ---- */

enum { VL_KMER = 17, VL_KMER_HALF = VL_KMER / 2, VL_KMER_EACH = 4 }; /* odd: it has a middle; one in EACH */

/* A k-mer of a row, the same as its reverse complement. */
typedef struct vl_kmer {
    uint32_t mid;  /* of the row: where its middle stands */
    uint32_t hash; /* of the k-mer and of its reverse complement */
    bool turned;   /* it is the greater of the two */
} vl_kmer;

/* Replaces out by the sampled k-mers of n letters, one in `each`, a power of 2, vl_kmer each; none has
 * another letter than A, C, G, T. */
vl_code vl_kmers_list(const uint8_t *letter, size_t n, unsigned each, vl_buf *out, vl_err *err);

static inline uint8_t vl_base_code(uint8_t letter) { return letter >> 1 & 3; } /* as kernels/base2.c */
static inline uint8_t vl_base_letter(unsigned code) { return (uint8_t) "ACTG"[code & 3]; }
static inline bool vl_is_base(uint8_t letter) { return vl_base_letter(vl_base_code(letter)) == letter; }
/* Of one of the four letters. */
static inline uint8_t vl_base_complement(uint8_t letter) { return letter ^ (letter & 2 ? 0x04 : 0x15); }

enum { VL_AT_ONCE = 8 }; /* letters that are looked at together */

/* Eight of the four letters, complemented, from the last to the first. */
static inline uint64_t vl_turn_eight(const uint8_t *letter)
{
    const uint64_t x = vl_le64(letter), c_or_g = x >> 1 & UINT64_C(0x0101010101010101);
    return __builtin_bswap64(x ^ UINT64_C(0x1515151515151515) ^ c_or_g * 0x11);
}
/* Whether eight letters from `row` on are those from `there` on or, turned, what vl_turn_eight makes of
 * them. */
static inline bool vl_same_eight(const uint8_t *row, const uint8_t *there, bool turned)
{
    return (turned ? vl_turn_eight(there) : vl_le64(there)) == vl_le64(row);
}

/* ---- growing ---- */

typedef struct vl_grower vl_grower;
vl_grower *vl_grower_new(void);    /* NULL: no memory */
void vl_grower_free(vl_grower *g); /* NULL is fine */
/* Takes a row in. */
vl_code vl_grower_add(vl_grower *g, const uint8_t *letter, size_t n, vl_err *err);
/* Letters taken in, and those of them that were there already. */
void vl_grower_seen(const vl_grower *g, uint64_t *letters, uint64_t *known);
/* Bytes that it takes at most until so many letters more are taken in and the end has come. */
uint64_t vl_grower_memory(const vl_grower *g, size_t letters);
/* Appends the letters that are worth being kept. */
vl_code vl_grower_end(vl_grower *g, vl_buf *letters, vl_err *err);

/* ---- finding ---- */

enum { VL_CONSENSUS_MOST = 1 << 26 }; /* letters: one chunk */

/* A part of a row that lies in the consensus. */
typedef struct vl_match {
    uint32_t from, to; /* of the row */
    uint32_t at;       /* of the consensus: where the letter `from` lies */
    bool back;         /* from there backwards, complemented */
} vl_match;

typedef struct vl_finder {
    const uint8_t *letter; /* borrowed */
    size_t n;
    unsigned each; /* one k-mer in so many is known: fewer of many letters */
    vl_buf table;  /* u32: middles of k-mers */
} vl_finder;
/* letter [n], of fewer than 2^32 - 1, must stay. */
vl_code vl_finder_make(vl_finder *f, const uint8_t *letter, size_t n, vl_err *err);
/* Bytes that a finder of n letters takes beside them. */
uint64_t vl_finder_memory(size_t n);
void vl_finder_free(vl_finder *f);
/* Replaces out by the matches of a row, vl_match each, in their order; kmers: room. */
vl_code vl_finder_find(const vl_finder *f, const uint8_t *row, size_t n, vl_buf *kmers, vl_buf *out,
                       vl_err *err);

#endif
