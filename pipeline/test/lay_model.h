/*
 * A whole made-up sample as plain arrays (the model), which keeps for each row how much of every column
 * belongs to it. Batches are slices of the model, cut anywhere, with references that count within the batch.
 */
#ifndef LAY_MODEL_H
#define LAY_MODEL_H

#include "formats/batch.h"
#include "pipeline/store/store.h"

enum { ROW, ITEM, NTABLE };
enum {
    NUMBER,
    REAL,
    TEXT,
    TEXT_QUALITY,
    EIGHT,
    EIGHT_QUALITY,
    LATE,
    LATE_TWIN,
    EMPTY,
    EMPTY_TWIN,
    WIDE,
    STREAM,
    NOTHING,
    AT_ROW,
    AT_TEXT,
    AT_BYTE,
    AT_STREAM,
    PIECE_COLUMN,
    PIECE_START,
    NFIELD
};

extern const vl_field model_fields[NFIELD];
extern const vl_schema model_schema;

enum { MOST_PIECE_COLUMN = 9 };

typedef struct scene {
    size_t nrow, late; /* row `late` is the first of another length in LATE; nrow or more: none */
    uint64_t seed;
    bool thin; /* little but LATE */
    vl_profile profile;
} scene;

/* Where a row's share of everything begins; row nrow is the end. */
typedef struct mark {
    size_t item, text, late, stream;
    uint64_t byte;
} mark;

typedef struct model {
    vl_buf col[NFIELD];
    mark *mark;      /* [nrow + 1] */
    vl_piece *piece; /* [nitem]; column: 3 * path + type */
    vl_buf values;   /* of all pieces */
    /* as they must come out: in order of first appearance */
    int ncolumn, number[MOST_PIECE_COLUMN]; /* number of 3 * path + type; -1: none */
    char path[MOST_PIECE_COLUMN][VL_PATH + 16];
    vl_buf piece_col[MOST_PIECE_COLUMN];
    vl_type type[MOST_PIECE_COLUMN];
    size_t nitem;
} model;

void model_make(model *m, const scene *s);
void model_free(model *m);
/* Elements of a field before row r of the sample (of the row's table: before the row's first item). */
size_t elements_before(const model *m, int f, size_t r);
/* Rows [from, to) as a parser would give them: all references count within the batch. */
void slice_batch(const model *m, size_t from, size_t to, vl_batch *batch);
void put_u64(vl_buf *buf, uint64_t x);

#endif
