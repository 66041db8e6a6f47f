/*
 * Waiting: where a codec makes something that all chunks of a column share, the first ones wait until it is
 * made of them. That is done in the ordered stage that lays columns, so that it depends on the data alone.
 */
#ifndef VL_WAIT_H
#define VL_WAIT_H

#include "pipeline/in/lay.h"

typedef struct vl_wait {
    const vl_codec *codec; /* NULL: none wait, or no longer */
    uint64_t most;         /* bytes that may wait */
    uint64_t bytes, room;  /* that wait; that they may take with all that is made of them */
    vl_chunks chunks;      /* owned: those that wait */
    vl_shared shared;      /* owned */
    vl_work work;
} vl_wait;

void vl_wait_open(vl_wait *w, const vl_codec *codec);
/* Leaves what chunks that wait take, with all that is made of them, within so many bytes. */
void vl_wait_limit(vl_wait *w, uint64_t bytes);
/* The last one of w->chunks came. *over: none need wait any more. */
vl_code vl_wait_take(vl_wait *w, const vl_chunk *chunk, bool *over, vl_err *err);
/* Makes what they share, and ends the wait; then the chunks go on to a list. */
vl_code vl_wait_end(vl_wait *w, vl_err *err);
vl_code vl_wait_move(vl_wait *w, vl_chunks *to, vl_err *err);
void vl_wait_free(vl_wait *w);

#endif
