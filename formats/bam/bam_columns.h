/*
 * Letters and tags of BAM records as columns of a batch, and back. A tag is two letters, a type and a value.
 * Each tag is a column of its own, which the data names and which holds elements where a row has it:
 *
 *     GROUP/tag/RG:Z   text (Z), hexadecimal digits (H), or a letter (A)
 *     GROUP/tag/np:i   whole numbers of any width, as i64
 *     GROUP/tag/rq:f   single floats
 *     GROUP/tag/fi:BC  arrays of one type of element: c C s S i I f
 *
 * A column of the schema, `list`, says which tags a row has, in their order and by the types in which they
 * stand in BAM: "RG:Z np:n rq:f fi:BC". Type n is the one of c C s S i I that takes the fewest bytes,
 * unsigned first. GROUP is the schema's kind.
 */
#ifndef VL_BAM_COLUMNS_H
#define VL_BAM_COLUMNS_H

#include "formats/bam/bam_record.h"

/* Where a schema has what records hold. */
typedef struct vl_bam_fields {
    int table, base, list, nfield; /* nfield: fields of the schema; tags come behind them */
    bool brief;                    /* of tags' fields (vl_field) */
} vl_bam_fields;

typedef struct vl_bam_column {
    uint8_t name[2];
    char kind, of; /* kind: 'A', 'Z', 'H', 'i' for all whole numbers, 'f', or 'B' with `of` */
    int field;
    uint64_t last; /* 1 + the row that has it last; of records that come in */
} vl_bam_column;

/* One tag of a list. */
typedef struct vl_bam_entry {
    uint8_t name[2];
    char type, of;
    bool whole, text; /* a whole number; Z or H */
    size_t width;     /* of an element */
    const vl_column *column;
} vl_bam_entry;

/* The tag columns of a batch. */
typedef struct vl_bam_columns {
    const vl_bam_fields *at;
    vl_bam_column *column; /* owned */
    size_t n, cap, guess;
    vl_buf list;         /* of a row that comes in; of rows that go out, the one before */
    vl_bam_entry *entry; /* owned; [nentry]: what that one says */
    size_t nentry, centry;
} vl_bam_columns;

/* Rows of a column up to `to` that have nothing. */
vl_code vl_bam_skip_rows(vl_batch *b, int field, uint64_t to, vl_err *err);

/* ---- in ---- */

vl_code vl_bam_push_letters(vl_batch *b, int field, const vl_bam_record *r, vl_err *err);
/* Tags [from, end) into their columns, as a row that is not counted yet. All are checked. *rest: from where
 * on they are in none: the first that stands there twice, or whose name no column can have; NULL. *bad: the
 * byte that is wrong. */
vl_code vl_bam_push_tags(vl_bam_columns *c, vl_batch *b, const uint8_t *from, const uint8_t *end,
                         const uint8_t **rest, const uint8_t **bad, vl_err *err);
/* Columns of tags get the rows that they have nothing in, up to the last. */
vl_code vl_bam_end_tags(vl_bam_columns *c, vl_batch *b, vl_err *err);

/* ---- out ---- */

/* Finds the columns of tags in a batch. */
vl_code vl_bam_list_columns(vl_bam_columns *c, const vl_batch *b, vl_err *err);
/* Appends the tags of a row, as BAM has them. VL_ESTORE. */
vl_code vl_bam_put_tags(vl_bam_columns *c, const vl_batch *b, size_t row, vl_buf *out, vl_err *err);
/* Appends letters, two a byte; pad: the low half of the last byte of an odd number of them. *known false:
 * some of them BAM has not. */
vl_code vl_bam_put_letters(vl_cell base, uint8_t pad, vl_buf *out, bool *known, vl_err *err);
/* Writes the letters again, each as the nearest that BAM has: T for U, upper case, N for all else. */
void vl_bam_put_nearest(vl_cell base, uint8_t *to);

void vl_bam_columns_free(vl_bam_columns *c);

#endif
