/*
 * Bytes by their frequencies: one stream of a codec that makes several, in the form that takes the fewest
 * bytes. The reader knows how many bytes there are.
 *
 *     u8 form, then
 *     0 plain    the bytes
 *     1 equal    u8: all are this one
 *     2 order 0  u8 greatest byte; frequencies of all bytes up to it; words
 *     3 order 1  u8 number of symbols - 1, at most 31; the byte of each, ascending; for each of them, the
 *     symbol before,
 *                the frequencies of all; words. 16 lanes run through as many stretches of the bytes
 *     4 zstd     leb128 bytes of a zstd frame, and the frame
 *
 * Frequencies: leb128 each, a zero with how many more zeros follow; their sum is 4096, or 0 where a symbol
 * stands before none. Words: leb128 how many, u32 a lane: states, u16 each (kernels/stream_rans.c). There are
 * 4 lanes for less than 4096 bytes, else 16. Words code whole steps: what is more than there are bytes is any
 * symbol.
 */
#ifndef VL_SYMBOLS_H
#define VL_SYMBOLS_H

#include "kernels/stream.h"
#include "pipeline/codec/codec.h"
#include "pipeline/codec/log2.h"
#include "pipeline/codec/payload.h"

enum { VL_SYMBOLS_FEW = 32 }; /* of more, what stood before is not asked */

static inline size_t vl_symbols_lanes(size_t n) { return n < 4096 ? 4 : VL_STREAM_LANES; }

/* Room, kept from stream to stream. */
typedef struct vl_symbols {
    vl_buf split, pair, words, table;
    vl_log2 log;
} vl_symbols;

void vl_symbols_init(vl_symbols *s);
void vl_symbols_free(vl_symbols *s);

/* What n symbols with these counts take by their frequencies, in bits, without the table. */
uint64_t vl_symbols_bits(const vl_log2 *log, const uint32_t *count, size_t nsymbol, size_t n);

/* Words of s->pair [nstep * lanes], first << 16 | frequency each. */
vl_code vl_symbols_put_words(vl_symbols *s, size_t nstep, size_t lanes, vl_buf *out, vl_err *err);

/* text: bytes that may repeat at a distance; zstd is tried as well. */
vl_code vl_symbols_pack(vl_symbols *s, const uint8_t *bytes, size_t n, bool text, vl_work *work, vl_buf *out,
                        vl_err *err);
/* to [n, and 16 more that may be written]. VL_ESTORE. */
vl_code vl_symbols_unpack(vl_symbols *s, vl_rest *in, uint8_t *to, size_t n, vl_work *work, vl_err *err);

#endif
