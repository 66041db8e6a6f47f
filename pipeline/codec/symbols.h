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

/* Heads of order 0 and 1, that begin with this form: how often symbols occur, or follow each other, becomes
 * their frequencies f, first << 16 | frequency. */
vl_code vl_symbols_put_0(uint8_t form, const uint32_t *count, uint32_t *f, vl_buf *out, vl_err *err);
vl_code vl_symbols_put_1(uint8_t form, const uint8_t *value, size_t nsymbol,
                         uint32_t (*count)[VL_SYMBOLS_FEW], uint32_t (*f)[VL_SYMBOLS_FEW], vl_buf *out,
                         vl_err *err);
/* The same behind the form, into slots of s->table; value: of the symbols, in the payload. VL_ESTORE. */
vl_code vl_symbols_take_0(vl_symbols *s, vl_rest *in, vl_err *err);
vl_code vl_symbols_take_1(vl_symbols *s, vl_rest *in, const uint8_t **value, size_t *nsymbol, vl_err *err);

/* Bytes of order 0, with the table; and of order 1 by how often each follows each. About. */
uint64_t vl_symbols_size_0(const vl_symbols *s, const uint32_t *count, size_t n);
uint64_t vl_symbols_size_1(const vl_symbols *s, uint32_t (*count)[VL_SYMBOLS_FEW], size_t nsymbol,
                           size_t lanes);

/* What n symbols with these counts take by their frequencies, in bits, without the table. */
uint64_t vl_symbols_bits(const vl_log2 *log, const uint32_t *count, size_t nsymbol, size_t n);

/* Words of s->pair [nstep * lanes], first << 16 | frequency each. */
vl_code vl_symbols_put_words(vl_symbols *s, size_t nstep, size_t lanes, vl_buf *out, vl_err *err);

/* Words of one stream in a payload. */
typedef struct vl_symbol_words {
    const uint8_t *at; /* [n, and 16 more that may be read] of two bytes; borrowed until the next are taken */
    size_t n;
    uint32_t state[VL_STREAM_LANES];
} vl_symbol_words;
/* Of n symbols. VL_ESTORE. */
vl_code vl_symbols_take_words(vl_symbols *s, vl_rest *in, size_t n, vl_symbol_words *out, vl_err *err);

/* text: bytes that may repeat at a distance; zstd is tried as well. */
vl_code vl_symbols_pack(vl_symbols *s, const uint8_t *bytes, size_t n, bool text, vl_work *work, vl_buf *out,
                        vl_err *err);
/* to [n, and 16 more that may be written]. VL_ESTORE. */
vl_code vl_symbols_unpack(vl_symbols *s, vl_rest *in, uint8_t *to, size_t n, vl_work *work, vl_err *err);

#endif
