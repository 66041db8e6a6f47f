/*
 * What ISA-L is given at a time (igzip.c, isal_deflate, and igzip_cli.c of 2.30): all, or what igzip reads,
 * which is a MiB. It stops 288 bytes before the end of what it has, and starts anew when there is more; the
 * first 64 KiB of what is given later go through a buffer, in two calls.
 */
#ifndef VL_ISAL_FEED_H
#define VL_ISAL_FEED_H

#include "formats/redeflate/deflate_maker.h"

enum { VL_ISAL_LOOK_AHEAD = 288, VL_ISAL_READ = 1 << 20 };

typedef struct vl_isal_feed {
    size_t seen, read; /* up to where it was given; what was read for that */
    unsigned ncall;    /* which of three calls for a MiB is next */
    bool last;         /* it knows that no more comes before the flush or the end */
} vl_isal_feed;

void vl_isal_feed_first(vl_isal_feed *feed, const vl_deflate_parser *p);
/* It stopped at `at`, and is called again. */
void vl_isal_feed_next(vl_isal_feed *feed, const vl_deflate_parser *p, size_t at);

/* Of the hash, whose table is smaller for a text that is known to be short. */
uint32_t vl_isal_hash_mask(const vl_deflate_parser *p, uint32_t most);

#endif
