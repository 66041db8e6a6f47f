/* What ISA-L is given at a time: isal_feed.h. */
#include "formats/redeflate/isal_feed.h"

enum { BUFFER = VL_DEFLATE_FAR + VL_ISAL_LOOK_AHEAD, STATELESS = 14 };

static bool is_igzip(const vl_deflate_parser *p) { return p->row.family == VL_MAKES_IGZIP; }

static void see(vl_isal_feed *feed, const vl_deflate_parser *p, size_t to)
{
    feed->seen = to < feed->read ? to : feed->read;
    if (feed->seen > p->end) feed->seen = p->end;
    feed->last = feed->seen == p->end && feed->read > p->end;
}

void vl_isal_feed_first(vl_isal_feed *feed, const vl_deflate_parser *p)
{
    feed->read = is_igzip(p) ? VL_ISAL_READ : SIZE_MAX;
    feed->ncall = 0;
    see(feed, p, feed->read);
}

void vl_isal_feed_next(vl_isal_feed *feed, const vl_deflate_parser *p, size_t at)
{
    feed->read += feed->ncall ? 0 : VL_ISAL_READ;
    see(feed, p, feed->ncall < 2 ? at + BUFFER : feed->read);
    feed->ncall = (feed->ncall + 1) % 3;
}

static unsigned bits_of(size_t n) { return n ? 64 - (unsigned)__builtin_clzll(n) : 0; }

uint32_t vl_isal_hash_mask(const vl_deflate_parser *p, uint32_t most)
{
    const size_t n = p->end - p->start;
    if (most <= 2 * n || (is_igzip(p) && n >= VL_ISAL_READ)) return most;
    return (1u << bits_of(p->row.hash_bits == STATELESS ? n : 2 * n)) - 1;
}
