/*
 * Learning: a codec may learn something of a column once, from its first chunk, and use it for all. It is
 * done in the ordered stage that lays columns, so that what is learned depends on the data alone, and is
 * there before any chunk of the column is packed.
 */
#ifndef VL_LEARN_H
#define VL_LEARN_H

#include "pipeline/in/lay.h"

/* Learns from those of the chunks, from number `from` on, that are the first of their column. */
vl_code vl_learn(vl_learns learns, vl_work *work, const vl_chunks *chunks, size_t from, vl_err *err);

/* The chunk in a list with the same elements of the column that has the same rows; NULL: there is none, or no
 * codec looks. */
const vl_chunk *vl_chunk_near(const vl_chunks *chunks, const vl_chunk *chunk);

#endif
