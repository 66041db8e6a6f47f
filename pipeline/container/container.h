/*
 * A compressed file said by its text: what of gzip members, BGZF blocks and zeros is around it, and how the
 * deflate streams differ from what their makers are known to do (formats/redeflate). From both the file is
 * made again, byte for byte. Whatever kind of text is within.
 *
 * A description is a row of records: u8 type, LEB128 length, and as many bytes. Numbers are LEB128.
 *
 *     M  a member of gzip (RFC 1952) begins: its header
 *     P  a piece of its deflate stream: u8 how (bits 0 to 2: of its first byte that are the piece's before;
 *        8 it is the last; 16 kept; 32 a new row); plain bytes that it stands for; of plain bytes behind it
 *        how many its maker saw; bits; the row if it is new, 8 bytes; then its description or, kept, its
 *        bytes, in which bits that are not its own are 0
 *     T  the trailer of the member: CRC-32 and length, which follow from the text
 *     G  BGZF blocks (SAM specification, section 4.1), each a stream: how many; u8 1: six bytes of their
 *        headers follow, time, XFL and OS (else as of the group before); plain bytes of the first; u8 1: the
 *        others have as many, but the last, whose number follows; else zigzag of each of the others, less
 *        that of the one before; then of each n * 2 + s, where n bytes are its description; s 1: u8 what (1 a
 *        new row, 2 kept) and the row; then the n bytes
 *     Z  zero bytes behind members: how many
 *     B  bytes behind members and those zeros that are neither: as they are
 *     E  the end
 *
 * A stream of many MiB is cut where its blocks end, behind VL_PIECE_TEXT of text or more; a piece sees 32 KiB
 * of text before it. So all threads describe and make one member. The row of a piece or block is the last
 * that was given.
 */
#ifndef VL_CONTAINER_H
#define VL_CONTAINER_H

#include "formats/buf.h"
#include "formats/redeflate/redeflate.h"

enum {
    VL_PIECE_TEXT = 1 << 20,   /* bytes of text, at least */
    VL_PIECE_MOST = 32 << 20,  /* the same at most: what has no end of a block by then is kept */
    VL_PIECE_STREAM = 8 << 20, /* bytes of stream at most, the same */
    VL_PIECE_AFTER = 4096,     /* of text behind a piece: what makers look at */
    VL_GROUP_BLOCKS = 16,      /* of BGZF, in a group, as they are described */
    VL_GROUP_MOST = 64,        /* the same, that are read */
    VL_BLOCK_BYTES = 1 << 16,  /* of BGZF: text, and the block, at most */
    VL_BLOCK_HEAD = 18,
    VL_GZIP_TRAILER = 8,
    VL_RECORD_MOST = 24 << 20,
    VL_ZEROS_MOST = 1 << 30 /* behind members: a few bytes must not become a full disk */
};

typedef enum vl_record_type {
    VL_RECORD_MEMBER = 'M',
    VL_RECORD_PIECE = 'P',
    VL_RECORD_TRAILER = 'T',
    VL_RECORD_GROUP = 'G',
    VL_RECORD_ZEROS = 'Z',
    VL_RECORD_BEHIND = 'B',
    VL_RECORD_END = 'E'
} vl_record_type;

/* A deflate stream, or a piece of one. */
typedef struct vl_unit {
    size_t stream;          /* of its first byte, in part.stream */
    unsigned bit;           /* of that, where it begins; the bits before are another's */
    uint64_t nbit;          /* of a whole one up to its last byte's end */
    size_t text;            /* in part.text, of `before` */
    uint32_t before, after; /* bytes of text around it */
    uint64_t n;             /* plain bytes; of a piece that is kept they are not in part.text */
    bool whole;             /* up to the stream's end */
    bool kept;
    uint8_t row[VL_DEFLATE_ROW];
    size_t said, nsaid; /* description, in part.said */
    uint64_t ntoken, missed;
} vl_unit;

/* Work for one thread: a piece, or a group of blocks; or nothing but what goes with it. */
typedef enum vl_portion_kind { VL_PORTION_NONE, VL_PORTION_PIECE, VL_PORTION_GROUP } vl_portion_kind;
typedef struct vl_portion {
    vl_portion_kind kind;
    vl_unit unit[VL_GROUP_MOST];
    unsigned nunit;
    uint8_t block_head[6];    /* of a group: time, XFL, OS */
    vl_buf stream;            /* of a piece from its first byte on; of a group all blocks */
    vl_deflate_blocks blocks; /* of a piece that is described, where it is known already */
    vl_buf text, said;
    vl_buf before, behind; /* describing: records; making: before: bytes as they are */
} vl_portion;
void vl_portion_clear(vl_portion *part);
void vl_portion_free(vl_portion *part);

/* The header of a BGZF block, whose length in all is `block`. */
void vl_block_head_write(uint8_t head[VL_BLOCK_HEAD], const uint8_t some[6], size_t block);
/* Is it one that this writes? */
bool vl_block_head_known(const uint8_t *head, size_t n);

/* Byte `at` of what may be empty. */
static inline const uint8_t *vl_bytes_at(const vl_buf *buf, size_t at)
{
    static const uint8_t none[1];
    return buf->data ? buf->data + at : none;
}

/* Appends a record. */
vl_code vl_record_put(vl_buf *out, vl_record_type type, const uint8_t *bytes, size_t n, vl_err *err);
vl_code vl_leb_append(vl_buf *out, uint64_t v, vl_err *err);

typedef struct vl_record {
    uint8_t type;
    const uint8_t *bytes; /* borrowed */
    size_t n;
} vl_record;
/* The record at the beginning of so many bytes; *used 0: they end within it. VL_ESTORE: it cannot be one. */
vl_code vl_record_get(const uint8_t *bytes, size_t n, vl_record *record, size_t *used, vl_err *err);

#endif
