/*
 * Qualities of few values, one of which is the usual one: how far the next unusual value is, and which it is.
 * Codec qrun writes and reads them (codec_qrun.c, quality_runs_read.c).
 *
 * A row is runs of the usual value with one unusual value behind each; a run that goes to the row's end has
 * none. A run's token is 0 when it goes to the end, 1 and 2 for the lengths 0 and 1; else 2 b + 1 + the bit
 * below the highest one, b the number of the highest bit, and the b - 1 bits that are left follow in a stream
 * of bits, the low ones first.
 *
 * A run stands in a context of 9 bits, most significant first:
 *     3  how dense unusual values are so far: floor(log2((4 bad + 1) / (8 * floor(seen / 8) + 8))) + 7, 0 to
 *        7, of the row's values seen so far and the unusual ones among them. Behind an unusual value seen is
 *        at most 2047; both are halved, rounded down, when seen is above 1023 or bad above 63
 *     4  the highest bit of what is left of the row, at most 15
 *     2  how many of the last 8 values were unusual: none, 1 or 2, 3 or 4, more
 * An unusual value stands in the context ((far * 9 + near) * 8 + last) * 4 + second: far, 2 when the run has
 * 8 values or more, 1 when less, but some; near, how many of the 8 values before the run were unusual; last
 * and second, the unusual values before it in the row, from 1 on, 0 when there were none, second at most 3.
 *
 * Payload, LEB128 for numbers unless said otherwise:
 *     u8   1: the lengths of rows follow, else a chunk is one row
 *     number  how many of the chunk's bytes, at its end, are only the last of those before
 *     u8   how many values, 1 to 8, and they themselves, u8 each, the usual one first
 *     rows (quality_rows.h)
 *     frequencies of runs, then of unusual values: u8 how many kinds of symbols, u8 clusters - 1; *symbols*
 *     (symbols.h): levels of each cluster, kinds of them (clusters.h), each less the one of the cluster
 *     before, modulo 256; and *symbols*: the cluster of each context
 *     of the first half of the rows, rounded down, then of the others: number of bytes and the stream of
 *     bits; *words* (symbols.h) of 4 lanes of the runs, and of the unusual values
 */
#ifndef VL_QUALITY_RUNS_H
#define VL_QUALITY_RUNS_H

#include "pipeline/codec/codec.h"
#include "pipeline/codec/payload.h"
#include "pipeline/codec/symbols.h"

enum {
    VL_RUN_VALUES = 8,
    VL_RUN_TOKENS = 64, /* a chunk's longest run has token 2 * 25 + 2 */
    VL_RUN_CONTEXTS = 512,
    VL_BAD_CONTEXTS = 3 * 9 * 8 * 4,
    VL_RUN_CLUSTERS = 16,
    VL_RUN_LANES = 4,
    VL_RUN_HALVES = 2 /* they are read at once: a CPU has more to do then while it waits */
};

/* What contexts and tokens are made of: small tables, as these are looked up ten million times a second. */
typedef struct vl_run_tables {
    uint16_t dense[64 * 128]; /* [bad][seen / 8]: the highest bits of a run's context */
    uint8_t near[256],
        most[256];               /* of the last 8 values, a bit each: how many are unusual, and their class */
    uint16_t far[VL_RUN_TOKENS]; /* highest part of a bad value's context behind this token */
    uint32_t first[VL_RUN_TOKENS]; /* the least length of a token ... */
    uint8_t more[VL_RUN_TOKENS];   /* ... and the bits that follow it */
} vl_run_tables;
void vl_run_tables_fill(vl_run_tables *t);

/* What is known of a row: `bad` values are the unusual ones. */
typedef struct vl_run_past {
    uint32_t seen, bad, left, near /* bit 0: the value before was bad */, before /* last * 4 + second */;
} vl_run_past;

static inline uint32_t vl_run_context(const vl_run_tables *t, const vl_run_past *p)
{
    const uint32_t high = 31u - (uint32_t)__builtin_clz(p->left);
    return t->dense[p->bad << 7 | p->seen >> 3] | (high < 15 ? high : 15) << 2 | t->most[p->near];
}

static inline uint32_t vl_bad_context(const vl_run_tables *t, const vl_run_past *p, uint32_t token)
{
    return t->far[token] + t->near[p->near] * 32u + p->before;
}

/* Behind a run and the bad value that ends it, counted from 1. */
static inline void vl_run_step(vl_run_past *p, uint32_t run, uint32_t value)
{
    const uint32_t seen = p->seen + run + 1, last = p->before >> 2;
    p->seen = seen < 2047 ? seen : 2047;
    p->bad++;
    const uint32_t half = (p->seen | p->bad << 4) > 1023;
    p->seen >>= half;
    p->bad >>= half;
    p->left -= run + 1;
    p->near = (p->near << (run < 7 ? run : 7) << 1 & 255) | 1;
    p->before = value << 2 | (last < 3 ? last : 3);
}

/* One kind of symbols: runs, or bad values. */
typedef struct vl_run_kind {
    uint32_t ncontext, nsymbol; /* the latter a power of 2 */
    vl_buf symbol, freq, slot, of;
} vl_run_kind;

/* What is kept from chunk to chunk. */
typedef struct vl_runs {
    vl_run_tables tables;
    vl_symbols symbols;
    vl_run_kind run, bad;
    vl_buf row, at, length, bits, count, level, copy;
} vl_runs;
vl_runs *vl_runs_of(vl_work *work, vl_err *err);

vl_code vl_runs_unpack(const vl_unpack_job *job, vl_err *err);

#endif
