/*
 * The bytes of one file as they are: read in pieces, counted and hashed on the way, looked at through a
 * window. Inside the input only; everybody else reads through input.h.
 */
#ifndef VL_INPUT_RAW_H
#define VL_INPUT_RAW_H

#include "formats/buf.h"
#include "formats/sha.h"
#include <stdbool.h>

typedef struct vl_raw {
    int fd;         /* owned unless it is standard input; -1 while no file is open */
    bool end;       /* the file was read to its end */
    SHA256_CTX sha; /* of what was read of it */
    vl_buf window;  /* owned; [0, used) is done with, [used, len) is to come */
    size_t used;
    uint64_t read; /* bytes of this file that were read */
    /* Set before start, for a look at the head of a file: */
    size_t piece;  /* bytes of one read; 0: 1 MiB */
    uint64_t most; /* the file is taken to end after so many; 0: no limit */
    bool unhashed; /* no digest is made */
} vl_raw;

/* An empty vl_raw without a file. */
#define VL_RAW_INIT                                                                                          \
    {                                                                                                        \
        .fd = -1                                                                                             \
    }

/* "-" is standard input. VL_ENOIN: missing, unreadable, a folder. */
vl_code vl_raw_open(vl_raw *raw, const char *path, vl_err *err);
/* The same with a file that is open; it becomes raw's own. */
void vl_raw_start(vl_raw *raw, int fd);
/* At least n bytes in the window, fewer only at the end of the file. VL_EIO. Moves the window's bytes. */
vl_code vl_raw_need(vl_raw *raw, size_t n, vl_err *err);
/* The digest of what was read; closes the file. */
void vl_raw_finish(vl_raw *raw, uint8_t sha256[32]);
void vl_raw_free(vl_raw *raw);

static inline const uint8_t *vl_raw_bytes(const vl_raw *raw) { return raw->window.data + raw->used; }
static inline size_t vl_raw_left(const vl_raw *raw) { return raw->window.len - raw->used; }
/* The place of the first byte to come in the file. */
static inline uint64_t vl_raw_at(const vl_raw *raw) { return raw->read - vl_raw_left(raw); }
/* Steps over n bytes of the window, or back by up to 8 of those used before. */
void vl_raw_step(vl_raw *raw, ptrdiff_t n);

#endif
