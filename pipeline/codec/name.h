/*
 * Names, and other texts of rows, as columns: codec_name_tokens.c has what stands around them in a chunk.
 *
 * A column of n texts is a node: u8 kind, then
 *     0 equal   leb128 bytes, and the bytes: all texts are this one
 *     1 number  u8 width; numbers (numbers.h): digits, with zeros in front up to the width
 *     2 hex     u8 1 if in upper case; leb128 digits of each; for every two digits a stream of symbols, and
 *               one for the last where their number is odd
 *     3 words   leb128 how many words, at most 255; the words, as texts; symbols: which word each text is,
 *               or that number for another; the others, if there are any, as a node
 *     4 texts   as texts
 *     5 split   u8 how many shapes, at most 64; symbols: the shape of each text, or that number for none;
 *               then the shapes; those of no shape, if there are any, as a node
 *     6 twice   u8 1 or 2: so many texts are equal at the beginning, then each two; a node of one of each
 *   as texts: numbers: bytes of each; their bytes, as symbols, if there are any
 *   a shape: u8 1 if separators stand between its words; leb128 how many words; the separators, a byte each;
 *     the words' columns, a node each, from the last to the first. A column of numbers may lean on one of the
 *     same shape behind it (numbers.h: its word's number), when both are twice in the same way, or neither is
 * Symbols are streams of symbols.h, numbers are columns of numbers.h.
 */
#ifndef VL_NAME_H
#define VL_NAME_H

#include "pipeline/codec/numbers.h"

#include <string.h>

enum vl_name_kind {
    VL_NAME_EQUAL,
    VL_NAME_NUMBER,
    VL_NAME_HEX,
    VL_NAME_WORDS,
    VL_NAME_TEXTS,
    VL_NAME_SPLIT,
    VL_NAME_TWICE
};

enum {
    VL_NAME_PARTS = 128,  /* words of a shape */
    VL_NAME_SHAPES = 64,  /* of a column */
    VL_NAME_DIGITS = 18,  /* of a number */
    VL_NAME_DEPTH = 12,   /* nodes within nodes */
    VL_NAME_NODES = 4096, /* in a chunk */
    VL_NAME_WORD = 255    /* words of a column */
};

/* A text: bytes at this place of the chunk. */
typedef struct vl_text {
    uint32_t at, n;
} vl_text;

/* Numbers of one word, for others of the shape to lean on. */
typedef struct vl_name_number {
    const uint64_t *v; /* NULL: the word is no number */
    size_t n;
    unsigned twice; /* 0, or as in the node */
} vl_name_number;

/* Whether two texts are the same. plain is padded. */
static inline bool vl_text_same(const uint8_t *plain, vl_text a, vl_text b)
{
    uint64_t x, y;
    if (a.n != b.n) return false;
    if (a.n > 8) return !memcmp(plain + a.at, plain + b.at, a.n);
    memcpy(&x, plain + a.at, 8);
    memcpy(&y, plain + b.at, 8);
    return !a.n || !((x ^ y) << (64 - 8 * a.n));
}

/* ---- packing ---- */

typedef struct vl_name_packer vl_name_packer;
vl_name_packer *vl_name_packer_new(void);
void vl_name_packer_free(vl_name_packer *p);

/* Appends the node of text [n], which lie in plain. *fits false: they make too much of a tree. */
vl_code vl_name_pack(vl_name_packer *p, const uint8_t *plain, size_t len, const vl_text *text, size_t n,
                     vl_work *work, vl_buf *out, bool *fits, vl_err *err);

/* ---- shapes (name_shape.c) ---- */

typedef struct vl_name_shape {
    uint8_t key[VL_NAME_PARTS]; /* separators; or what stands in the parts: digits or other bytes */
    size_t nkey, nword, count;
    size_t alike; /* words at the beginning that are the same in all texts */
} vl_name_shape;

typedef struct vl_name_shapes {
    size_t n;
    vl_name_shape shape[VL_NAME_SHAPES];
    vl_buf part;  /* vl_text: the words of all texts, one behind the other */
    vl_buf which; /* u8: the shape of each text; n: none */
} vl_name_shapes;

/* Texts into words between bytes that are no letters or digits; `within`: into runs of digits and of other
 * bytes. Shapes that few have are left out. */
vl_code vl_name_cut(vl_name_shapes *s, const uint8_t *plain, const vl_text *text, size_t n, bool within,
                    vl_err *err);

/* ---- words (name_words.c) ---- */

typedef struct vl_name_words {
    vl_buf slot, at;
    size_t n;                     /* words */
    uint32_t first[VL_NAME_WORD]; /* a text that is this word */
    size_t others;                /* texts that are none */
    vl_buf which;                 /* u8: the word of each text; n: none */
} vl_name_words;

/* Whether few words, at most `most`, are all but others of these texts. */
vl_code vl_name_count(vl_name_words *w, const uint8_t *plain, const vl_text *text, size_t n, size_t most,
                      bool *few, vl_err *err);

/* ---- unpacking ---- */

typedef struct vl_name_reader vl_name_reader;
vl_name_reader *vl_name_reader_new(void);
void vl_name_reader_free(vl_name_reader *r);

/* Where groups of 1 << shift texts each begin, in bytes of plain; n 0: it is not known. */
typedef struct vl_name_groups {
    unsigned shift;
    size_t n;
    const uint64_t *start;
} vl_name_groups;

/* Fills plain [len] with n texts, bytes [want.from, want.to) at least. VL_ESTORE. */
vl_code vl_name_unpack(vl_name_reader *r, vl_rest *in, size_t n, uint8_t *plain, size_t len,
                       const vl_name_groups *groups, vl_part want, vl_work *work, vl_err *err);

#endif
