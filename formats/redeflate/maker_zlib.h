/* What zlib's fast and slow levels have in common: their numbers, the hash and the window. */
#ifndef VL_MAKER_ZLIB_H
#define VL_MAKER_ZLIB_H

#include "formats/redeflate/deflate_maker.h"

enum { VL_ZLIB_LOOKAHEAD = VL_DEFLATE_LONGEST + 3 + 1 };

typedef struct vl_zlib_numbers {
    uint16_t good, lazy, nice, chain;
} vl_zlib_numbers;

extern const vl_zlib_numbers vl_zlib_levels[10];

typedef struct vl_zlib_window {
    uint32_t size, far; /* bytes; the greatest distance */
    size_t base;        /* its first byte, which is never the source of a match */
} vl_zlib_window;

static inline vl_zlib_window vl_zlib_window_at(const vl_deflate_parser *p, size_t at)
{
    const uint32_t size = UINT32_C(1) << p->row.window_bits;
    return (vl_zlib_window){ size, size - VL_ZLIB_LOOKAHEAD, at > size ? at - size : 0 };
}

/* Its beginning moves by half when it is full. */
static inline void vl_zlib_slide(vl_zlib_window *w, size_t at)
{
    while (at >= w->base + 2 * w->size - VL_ZLIB_LOOKAHEAD + 1) w->base += w->size;
}

/* The hash of three bytes, or Chromium's of four. */
typedef struct vl_zlib_hash_by {
    uint32_t mask, shift;
    bool four;
} vl_zlib_hash_by;

static inline vl_zlib_hash_by vl_zlib_hash_by_row(const vl_deflate_row *row)
{
    return (vl_zlib_hash_by){ (UINT32_C(1) << row->hash_bits) - 1, (row->hash_bits + 2u) / 3,
                              row->family == VL_MAKES_CHROMIUM };
}

/* bytes: the first one lowest. */
static inline uint32_t vl_zlib_hash_of(const vl_zlib_hash_by *by, uint32_t bytes)
{
    if (by->four) return (bytes * 66521 + 66521) >> 16 & by->mask;
    return ((bytes & 0xff) << 2 * by->shift ^ (bytes >> 8 & 0xff) << by->shift ^ (bytes >> 16 & 0xff)) &
           by->mask;
}

/* At `at`, where there are three bytes at least. */
static inline uint32_t vl_zlib_hash(const vl_deflate_parser *p, size_t at)
{
    const uint8_t *const b = p->text + at;
    const vl_zlib_hash_by by = vl_zlib_hash_by_row(&p->row);
    if (p->n - at > 3) return vl_zlib_hash_of(&by, vl_le32(b));
    return vl_zlib_hash_of(&by, b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16);
}

#endif
