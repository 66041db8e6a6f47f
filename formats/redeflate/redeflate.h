/*
 * A deflate stream said by the text it stands for: who makes such streams (deflate_maker.h), and where this
 * one differs. From both and the text it is made again, bit for bit; by code of our own alone, so that no
 * version of a library has a say in it.
 *
 * A row is shared by all streams of a file as a rule. A description is empty when the row tells all. Else:
 *
 *     leb128  bytes of the next part
 *     blocks  by an adaptive coder: bits behind the last block; markers of flushes; for each block that is
 *     not
 *             as the rules say: how it is (corrections.h), after how many that are
 *     tokens  to the end, by a coder of its own: those that are not as told, after how many that are
 *
 * Of a maker that has to know a block's codes before its tokens (vl_is_planned), all blocks are said, with
 * their bytes and codes; and of each token whether it is as told, in place of the runs of those that are.
 *
 * A marker is an empty block that is not the last, and is stored or static: what zlib writes for a flush. All
 * are listed first, as makers see no further than to the next.
 */
#ifndef VL_REDEFLATE_H
#define VL_REDEFLATE_H

#include "formats/redeflate/deflate_maker.h"

enum { VL_REDEFLATE_SEARCHES = 8 }; /* for a maker, in a file */

/* A stream, or blocks of one: a long stream is cut where blocks end, and each piece is described alone. */
typedef struct vl_redeflate_part {
    const uint8_t *stream; /* borrowed */
    size_t n;
    uint64_t bit;         /* where it begins */
    vl_deflate_text span; /* what it stands for at most, and what is before and after that */
    size_t least; /* it ends with the first block that ends this far or further behind its beginning; 0: with
                   * the last block of the stream */
    unsigned
        *searches; /* borrowed: how often a maker may still be sought in this file, counted down; NULL: each
                         * time that the row does not tell all */
    const vl_deflate_blocks *blocks; /* borrowed: it is taken apart already; NULL: it is not */
} vl_redeflate_part;

/* At its beginning. */
static inline vl_deflate_reader vl_part_reader(const vl_redeflate_part *part)
{
    return (vl_deflate_reader){ .stream = part->stream,
                                .n = part->n,
                                .bit = part->bit,
                                .span = part->span,
                                .at = part->span.before,
                                .blocks = part->blocks };
}

typedef struct vl_redeflate_found {
    bool kept;     /* it is not worth it, or cannot be made again: keep the stream */
    uint64_t bit;  /* where it ends: before the bits that fill up the last byte */
    size_t nplain; /* of the span, what it stands for */
    uint64_t ntoken, ntoken_missed, nblock, nblock_missed;
} vl_redeflate_found;

/*
 * Describes a stream, and proves it: what is described has been made again and compared.
 *
 * row          tried first when its version is not 0; the one that the description is of
 * part         when no search is left, the row alone is tried, and without one the stream is kept
 * description  is overwritten; more than about 30 % of the stream are kept instead
 *
 * Errors: VL_ETRUNC, VL_EFORMAT as vl_deflate_read; VL_ENOMEM. A text of more than VL_DEFLATE_PLAIN bytes,
 * and a block of more than VL_DEFLATE_TOKENS tokens are kept.
 */
vl_code vl_redeflate_describe(const vl_redeflate_part *part, uint8_t row[VL_DEFLATE_ROW], vl_buf *description,
                              vl_redeflate_found *found, vl_err *err);

/*
 * Makes a stream again.
 *
 * description  [n]
 * span         the text as it was described, where n is found.nplain and after is what was behind that
 * whole        up to the last block; else a part, which ends with the block that ends with the span
 * bit          0 to 7: bits of the first byte that are not its own, and are 0 in out
 * most         bytes that it may become
 * out          appended; the upper bits of the last byte are 0 unless whole
 *
 * Errors: VL_EUNSUP a row of another program; VL_ESTORE a description that is not one of this text, or
 * becomes more than `most`; VL_ENOMEM.
 */
vl_code vl_redeflate_make(const uint8_t row[VL_DEFLATE_ROW], const uint8_t *description, size_t n,
                          const vl_deflate_text *span, bool whole, unsigned bit, size_t most, vl_buf *out,
                          vl_err *err);

/*
 * The row of the maker that told the first ntoken tokens of a stream best, among all that are known.
 * Errors: as vl_deflate_read.
 */
vl_code vl_redeflate_search(const vl_redeflate_part *part, size_t ntoken, vl_deflate_row *row, vl_err *err);

#endif
