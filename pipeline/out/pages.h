/*
 * Pages: chunks of a store in memory, each unpacked once by the first thread that needs it. What the reader
 * (reader.h) stands on.
 *
 * A page is pinned while somebody needs its chunk. After that it stays as it is until another chunk takes its
 * place: those first that were read to their end, as whoever reads in order does not come back.
 */
#ifndef VL_PAGES_H
#define VL_PAGES_H

#include "pipeline/store/store.h"

#include <pthread.h>

typedef enum vl_page_state {
    VL_PAGE_EMPTY,
    VL_PAGE_PACKED,
    VL_PAGE_BUSY, /* somebody unpacks it */
    VL_PAGE_READY,
    VL_PAGE_BAD
} vl_page_state;

typedef struct vl_page {
    int column;
    uint64_t nth;
    vl_page_state state;
    int pins;
    uint64_t used; /* clock when last pinned */
    bool passed;   /* its last element was read */
    vl_buf packed, plain;
    vl_part part; /* elements that plain holds or, before, that are wanted */
    vl_err err;   /* of VL_PAGE_BAD */
} vl_page;

typedef struct vl_pages {
    vl_store *store; /* borrowed */
    vl_page **page;  /* owned */
    size_t npage, cpage, most;
    uint64_t clock; /* counted up by whoever plans; what is old is told from it */
    vl_buf spare;   /* memory of a page that was given back */
    pthread_mutex_t lock;
    pthread_cond_t change;
} vl_pages;

/* most: that are kept when nobody needs them. */
void vl_pages_open(vl_pages *p, vl_store *store, size_t most);
void vl_pages_close(vl_pages *p);

/* Ordered. The page of a chunk, pinned; *fetched: it was not here, or only another part of it was. */
vl_page *vl_page_pin(vl_pages *p, int column, uint64_t nth, vl_part part, bool *fetched, vl_err *err);
/* Once more. */
void vl_page_hold(vl_pages *p, vl_page *page);
void vl_page_unpin(vl_pages *p, vl_page *page, bool passed);

/* Unpacks a page that is still packed. */
void vl_page_unpack_here(vl_pages *p, vl_page *page, vl_work *work);
/* Unpacks a page, or waits until another thread has. */
vl_code vl_page_unpack(vl_pages *p, vl_page *page, vl_work *work, vl_err *err);
/* Where the elements of a page's chunk are, of which only these, numbers in the chunk, are asked for: in the
 * page if it is unpacked, or must be as a whole, else in room. NULL: an error. */
const uint8_t *vl_page_pick(vl_pages *p, vl_page *page, const uint64_t *some, size_t n, vl_buf *room,
                            vl_work *work, vl_err *err);
/* What a page held is not asked for again, unless others have pinned it too. */
void vl_page_give_back(vl_pages *p, vl_page *page);

#endif
