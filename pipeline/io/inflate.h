/*
 * Decompression inside the input: magic bytes, gzip headers, one member of gzip or frame of zstd as a stream.
 * BGZF blocks are found here too, but inflated by vl_packet_inflate (input.h).
 */
#ifndef VL_INFLATE_H
#define VL_INFLATE_H

#include "pipeline/io/input_raw.h"

/* VL_EUNSUP, naming it, if these are the first bytes of a compression that we do not read. */
vl_code vl_magic_refuse(const uint8_t *bytes, size_t n, vl_err *err);
/* Is it the start of a gzip member (RFC 1952), of a zstd frame (RFC 8878, section 3.1)? If there are fewer
 * bytes than the magic has: can it be? */
bool vl_magic_gzip(const uint8_t *bytes, size_t n);
bool vl_magic_zstd(const uint8_t *bytes, size_t n);

/* Behind the last member may be a few bytes that are none. All up to the end of the file: is that so little,
 * and so unlike a member, that they cannot be what is left of one that was damaged? */
enum { VL_BEHIND_MOST = 1 << 16 };
bool vl_magic_behind(const uint8_t *bytes, size_t n);

enum { VL_BGZF_TEXT = 65536 }; /* most bytes of text in a BGZF block */

typedef struct vl_gzip_head {
    size_t len;   /* of the header; 0 if the bytes end inside it */
    size_t block; /* of the whole BGZF block, header and trailer included; 0 if it is a plain member */
} vl_gzip_head;

/* Reads the header of a gzip member (RFC 1952, section 2.3) from its first byte on. VL_EFORMAT, VL_EUNSUP. */
vl_code vl_gzip_head_parse(const uint8_t *bytes, size_t n, vl_gzip_head *head, vl_err *err);
/* The same from the file; its end inside the header is VL_ETRUNC. Uses up nothing. */
vl_code vl_gzip_head_read(vl_raw *raw, vl_gzip_head *head, vl_err *err);
/* The BGZF block of that header: all of it comes into the window, and its ISIZE is read and checked. */
vl_code vl_bgzf_block_read(vl_raw *raw, const vl_gzip_head *head, uint32_t *text, vl_err *err);

/* A decompressor for members in order; the same one serves all files. */
typedef struct vl_member {
    struct inflate_state *gzip; /* owned; NULL until the first gzip member */
    struct ZSTD_DCtx_s *zstd;   /* owned; NULL until the first zstd frame */
    bool is_zstd;               /* what the current member is */
    uint64_t member_at;         /* where it starts in the file */
    uint64_t text;              /* bytes it gave so far */
    size_t window;              /* bytes of memory that windows of zstd frames were counted for */
} vl_member;

/* Starts a member. A gzip header is stepped over; a zstd frame's is left to the stream. */
vl_code vl_member_gzip(vl_member *s, vl_raw *raw, const vl_gzip_head *head, vl_err *err);
vl_code vl_member_zstd(vl_member *s, vl_raw *raw, vl_err *err);
/* Fills out [room], *made bytes of it; less only if the member ends, which sets *end, or is damaged: then
 * what precedes the damage. Checks the trailer. */
vl_code vl_member_run(vl_member *s, vl_raw *raw, uint8_t *out, size_t room, size_t *made, bool *end,
                      vl_err *err);
void vl_member_free(vl_member *s);

/* Adds the byte of the file to an error that has none yet. */
static inline vl_code vl_err_packed(vl_err *err, uint64_t packed)
{
    if (err->packed == VL_NOWHERE) err->packed = packed;
    return err->code;
}

#endif
