/*
 * A deflate stream (RFC 1951) taken apart into blocks of tokens, and put together again, bit for bit. Nothing
 * that a writer may choose is lost: where blocks end and how each is coded, code lengths and the form of
 * their header, both spellings of a length of 258, and the bits that fill up bytes.
 *
 * All that is told of the text is told by a span: the plain bytes, which are known, and what lies before
 * them.
 */
#ifndef VL_DEFLATE_BLOCK_H
#define VL_DEFLATE_BLOCK_H

#include "formats/redeflate/deflate_bits.h"

enum {
    VL_DEFLATE_LITLEN = 288, /* symbols, of which the last two must not occur */
    VL_DEFLATE_DIST = 32,    /* the same */
    VL_DEFLATE_EOB = 256,
    VL_DEFLATE_PRE = 19,    /* symbols of the code of code lengths */
    VL_DEFLATE_FAR = 32768, /* the greatest distance */
    VL_DEFLATE_LONGEST = 258,
    VL_DEFLATE_OTHER_258 = 259,  /* a length: 258 spelled as symbol 284 with all bits set, not as 285 */
    VL_DEFLATE_TOKENS = 1 << 22, /* of one block, at most: what has more is not taken apart */
    VL_DEFLATE_PLAIN = 1 << 30   /* bytes of a span with what is before it, at most */
};

/* A literal is its byte; a match is its length in the upper 16 bits and its distance, up to 32768. */
typedef uint32_t vl_token;

static inline vl_token vl_token_match(unsigned length, unsigned distance) { return length << 16 | distance; }
static inline bool vl_token_is_match(vl_token t) { return t >> 16; }
static inline unsigned vl_token_distance(vl_token t) { return t & 0xffff; }
/* Plain bytes that it stands for. */
static inline unsigned vl_token_length(vl_token t)
{
    const unsigned length = t >> 16;
    return length > VL_DEFLATE_LONGEST ? VL_DEFLATE_LONGEST : length ? length : 1;
}

typedef enum vl_deflate_type { VL_STORED, VL_STATIC, VL_DYNAMIC } vl_deflate_type;

/* What stands before the tokens of a block; codes only of a dynamic one. */
typedef struct vl_deflate_head {
    uint8_t type;
    uint16_t nlit, ndist; /* code lengths that were sent: 257 to 288, 1 to 32 */
    uint8_t lit[VL_DEFLATE_LITLEN],
        dist[VL_DEFLATE_DIST];   /* bits of each symbol, 0 to 15; 0 behind the sent */
    uint8_t npre;                /* 4 to 19: of the code of code lengths, in the order of the format */
    uint8_t pre[VL_DEFLATE_PRE]; /* bits of each of its symbols, 0 to 7, by symbol */
    uint16_t nsent;              /* the symbols that say lit and dist, and the number behind 16, 17, 18 */
    uint8_t sent[VL_DEFLATE_LITLEN + VL_DEFLATE_DIST], more[VL_DEFLATE_LITLEN + VL_DEFLATE_DIST];
} vl_deflate_head;

typedef struct vl_deflate_block {
    bool final;
    uint8_t pad; /* of a stored block: the bits before its length */
    vl_deflate_head head;
    uint64_t nbit;   /* of the stream, when it was read */
    uint32_t nplain; /* bytes that it stands for; of a stored one up to 65535 */
    vl_token *token; /* owned, kept from block to block; none of a stored one. ctoken 0: borrowed */
    size_t ntoken, ctoken;
} vl_deflate_block;

void vl_deflate_block_free(vl_deflate_block *block);
/* Room for one more token. VL_ENOMEM; VL_EUNSUP: more than VL_DEFLATE_TOKENS. */
vl_code vl_deflate_block_more(vl_deflate_block *block, vl_err *err); /* where there is none */
static inline vl_code vl_deflate_block_grow(vl_deflate_block *block, vl_err *err)
{
    return block->ntoken < block->ctoken ? VL_OK : vl_deflate_block_more(block, err);
}

/* The text: plain [before + n + after], of which the first bytes are known to the stream as its window, and
 * the last are what its maker saw when it was at the span's end. */
typedef struct vl_deflate_text {
    const uint8_t *plain; /* borrowed */
    size_t before, n, after;
} vl_deflate_text;

/* Blocks in a row that were taken apart. */
typedef struct vl_deflate_blocks {
    vl_deflate_block *block; /* owned; their tokens lie in `token`, from ntoken of those before on */
    size_t n, c;
    vl_buf token; /* of vl_token */
    bool over;    /* there were more than are kept: there are none */
} vl_deflate_blocks;

void vl_deflate_blocks_free(vl_deflate_blocks *blocks);
void vl_deflate_blocks_clear(vl_deflate_blocks *blocks);
/* Adds one. Errors: VL_ENOMEM. */
vl_code vl_deflate_blocks_add(vl_deflate_blocks *blocks, const vl_deflate_block *block, vl_err *err);
/* The first n leave, the others stay; *to is cleared before. Errors: VL_ENOMEM. */
vl_code vl_deflate_blocks_split(vl_deflate_blocks *from, size_t n, vl_deflate_blocks *to, vl_err *err);

typedef struct vl_deflate_reader {
    const uint8_t *stream; /* borrowed; [n] */
    size_t n;
    uint64_t bit; /* where the next block begins */
    vl_deflate_text span;
    size_t at;                       /* in span.plain, the first byte that no block has stood for */
    const vl_deflate_blocks *blocks; /* borrowed: all there are from `bit` on; NULL: they are not known yet */
    size_t nblock, ntoken;           /* of these, that were given */
} vl_deflate_reader;

/*
 * Takes the next block apart and compares it with the text.
 *
 * reader  bit and at go to the block's end; after an error they stay
 * block   filled; its tokens' memory is used again
 *
 * Errors: VL_ETRUNC the stream ends within the block; VL_EFORMAT it is no deflate, or stands for other bytes
 * than the span has, or for more; VL_EUNSUP more than VL_DEFLATE_TOKENS tokens; VL_ENOMEM.
 */
vl_code vl_deflate_read(vl_deflate_reader *reader, vl_deflate_block *block, vl_err *err);

/*
 * The same where the text is not known: what the block stands for is added to it.
 *
 * reader  span is not looked at; at: text.len
 * text    at least 32 KiB of what is before, or all; its length stays after an error
 *
 * Errors: as vl_deflate_read; VL_EUNSUP: it stands for more than VL_INFLATE_MOST bytes.
 */
enum { VL_INFLATE_MOST = 4 << 20 };
vl_code vl_deflate_inflate(vl_deflate_reader *reader, vl_buf *text, vl_deflate_block *block, vl_err *err);

/*
 * Writes a block, of which all tokens are in the text from `at` on (only a stored one's bytes are read).
 * Errors: VL_EFORMAT a symbol without a code; VL_ENOMEM.
 */
vl_code vl_deflate_write(vl_bits_out *out, const vl_deflate_block *block, const vl_deflate_text *span,
                         size_t at, vl_err *err);

#endif
