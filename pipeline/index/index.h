/*
 * Indexes: where in a store the rows may be that a question asks for, so that only these are read.
 *
 * An index says of each unit of rows (a thousand or so) between which bounds its keys lie. A key is a few
 * numbers made of a row: a name gives one for its shape, one for each run of digits and one for each run of
 * letters; a time gives one. What instruments write is in some order, so the bounds are narrow and a look-up
 * goes to one unit or two, for 30 bytes a thousand names. Where the order is lost (names shuffled, random
 * ones) the bounds say nothing; there a block of units gets a filter (bloom.c), as many bits a row as the
 * weight of the rows allows. An index may say "perhaps" for rows that are not what is asked for; it never
 * leaves out one that is.
 *
 *     parallel   vl_index_part_make   rows of a batch -> bounds of the units they touch
 *     ordered    vl_index_add         bounds of whole units -> bytes; vl_index_end after the last row
 *     asking     vl_index_find        bytes, wanted keys -> units
 *
 * The same rows give the same bytes, however they were cut into batches. Layout of the bytes, all numbers
 * LEB128 unless said otherwise: a block is u8 bits a row of its filter (0: it has none), then, if it has one,
 * u64 XXH3-64 of it; then its units, VL_INDEX_BLOCK of them but in the last block: numbers in the key, and
 * for each the lower bound (zigzag difference to that of the unit before) and what the upper one is above it.
 * The filters lie in a stream of their own, one behind the other.
 */
#ifndef VL_INDEX_H
#define VL_INDEX_H

#include "formats/batch.h"

enum {
    VL_KEY_NUMBERS = 24, /* at most, in a key */
    VL_INDEX_BLOCK = 16, /* units */
    VL_INDEX_LEAST = 8   /* units; with fewer there is little to leave out, and a store keeps no index */
};

/* Bounds of keys: number i of each lies in lo[i] .. hi[i]. Keys may have fewer than n numbers. */
typedef struct vl_box {
    int n;
    uint64_t lo[VL_KEY_NUMBERS], hi[VL_KEY_NUMBERS];
} vl_box;

/* One index of a kind. */
typedef struct vl_index {
    const char *name, *doc; /* /index/<name> */
    uint32_t version;       /* raised when keys are made in another way */
    uint32_t unit;          /* rows of a unit */
    int field;              /* that it is of; its table is the one that is indexed */
    int weigh;              /* ragged field whose elements say what a row weighs in the store; -1: much */
    bool filter;            /* blocks without order get one */
    /* Extends box by the keys of rows [from, to) of the batch. hash [to - from], of the keys; NULL unless
     * there are filters. Rows without a key are left out. Offsets of a ragged field need not begin at 0. */
    void (*extend)(const vl_batch *b, int field, size_t from, size_t to, vl_box *box, uint64_t *hash);
} vl_index;

/* ---- keys ---- */

/* Key of a name: its shape (bytes that are no letters or digits, and between them letters or digits), then a
 * number for each run of letters or digits. Returns its hash. */
uint64_t vl_name_key(const uint8_t *name, size_t n, vl_box *key);
/* extend for a ragged field of names. */
void vl_name_extend(const vl_batch *b, int field, size_t from, size_t to, vl_box *box, uint64_t *hash);
/* extend for a fixed field of f64; NaN is no key. */
void vl_f64_extend(const vl_batch *b, int field, size_t from, size_t to, vl_box *box, uint64_t *hash);
/* In the order of the numbers; not for NaN. */
uint64_t vl_f64_order(double x);

/* Number i of one more key; i is at most box->n. */
static inline void vl_box_take(vl_box *box, int i, uint64_t v)
{
    if (i >= box->n) {
        box->n = i + 1;
        box->lo[i] = box->hi[i] = v;
        return;
    }
    if (v < box->lo[i]) box->lo[i] = v;
    if (v > box->hi[i]) box->hi[i] = v;
}

/* ---- making ---- */

/* What a batch adds: for each unit that it has rows of the bounds and the weight of these rows. Reused. */
typedef struct vl_index_part {
    uint64_t first; /* row of the store */
    size_t n;       /* rows */
    vl_box *box;    /* owned; [units touched] */
    uint64_t *weight;
    size_t cunit;
    uint64_t *hash; /* owned; [n]; only where there are filters */
    size_t chash;
} vl_index_part;
vl_code vl_index_part_make(const vl_index *x, const vl_batch *b, vl_index_part *part, vl_err *err);
void vl_index_part_free(vl_index_part *part);

/* An index that is being made. */
typedef struct vl_index_sum {
    const vl_index *x;             /* borrowed */
    vl_buf out[2];                 /* bounds and filters so far; who takes them away sets len to 0 */
    uint64_t nrow;                 /* rows so far */
    uint64_t nblock;               /* blocks that are whole */
    vl_box box[VL_INDEX_BLOCK];    /* of the open block */
    int nunit;                     /* whole ones in it */
    uint64_t weight;               /* of the open block */
    uint64_t *hash;                /* owned; [rows of a block] of the open block */
    uint64_t last[VL_KEY_NUMBERS]; /* lower bounds of the unit before */
} vl_index_sum;
vl_code vl_index_start(vl_index_sum *sum, const vl_index *x, vl_err *err);
/* Parts in the order of their rows. */
vl_code vl_index_add(vl_index_sum *sum, const vl_index_part *part, vl_err *err);
vl_code vl_index_end(vl_index_sum *sum, vl_err *err);
void vl_index_sum_free(vl_index_sum *sum);

/* ---- asking ---- */

/* Of more than that, some lie in every unit most likely, and to look at all rows is quicker. */
enum { VL_WANTED_MOST = 1 << 16 };

typedef struct vl_wanted {
    vl_box
        key; /* rows whose keys may lie in it are wanted; a key lies in it when each number of the box fits */
    uint64_t hash; /* where lo is hi everywhere: of the key */
} vl_wanted;

/* A block that may hold what is wanted, unless its filter says that it does not. */
typedef struct vl_index_block {
    size_t unit, nunit; /* first, how many */
    uint64_t at;        /* of the filter in the stream of filters */
    size_t bytes;
    unsigned bits;
    uint64_t check;
} vl_index_block;

typedef struct vl_index_found {
    uint8_t *may; /* owned; [nunit] 1: rows of this unit may be wanted */
    size_t nunit;
    vl_index_block *block; /* owned; those that have filters */
    size_t nblock;
} vl_index_found;
/* bytes [n] may be hostile: VL_ESTORE when they are no index of nrow rows. */
vl_code vl_index_find(const vl_index *x, const uint8_t *bytes, size_t n, uint64_t nrow, const vl_wanted *want,
                      size_t nwant, vl_index_found *found, vl_err *err);
/* Takes a block's units back when its filter knows none of what is wanted. VL_ESTORE: it is another filter.
 * */
vl_code vl_index_sift(const vl_index_block *block, const uint8_t *filter, const vl_wanted *want, size_t nwant,
                      vl_index_found *found, vl_err *err);
void vl_index_found_free(vl_index_found *found);

/* ---- filters ---- */

/* Bytes of a filter for n rows. */
size_t vl_bloom_bytes(size_t n, unsigned bits);
/* Sets out, which is zero, for hash [n]. */
void vl_bloom_make(uint8_t *out, size_t bytes, unsigned bits, const uint64_t *hash, size_t n);
bool vl_bloom_has(const uint8_t *filter, size_t bytes, unsigned bits, uint64_t hash);

#endif
