/*
 * Input: one logical stream of decompressed bytes from a file, several files in a row, or standard input.
 *
 * What lies in a file is found out from its magic bytes, never from its name: plain, gzip (members in any
 * number, empty ones too), BGZF (blocks inflated later, in parallel), zstd. The work is split in two:
 *
 *     vl_input_take      ordered: reads, finds BGZF block borders, inflates what can only be done in order
 *     vl_packet_inflate  parallel: BGZF blocks -> bytes
 *
 * A packet never holds bytes of two files. Errors name the file and the byte in it (packed) or in the text.
 * A file that another one follows must end with a line break, or records would run into each other; take sees
 * to it, BGZF included. After an error only close makes sense.
 */
#ifndef VL_INPUT_H
#define VL_INPUT_H

#include "formats/buf.h"
#include <stdbool.h>

typedef struct vl_input vl_input;

typedef struct vl_packet {
    vl_buf packed;      /* whole BGZF blocks, still to be inflated; empty otherwise */
    vl_buf plain;       /* decompressed bytes; after vl_packet_inflate all of them */
    uint64_t packed_at; /* of packed.data[0] in the file */
    int file;           /* number of the file in the row */
    bool file_end;      /* these are the last bytes of that file; may be none */
    bool end;           /* nothing follows, in any file; plain may be empty */
} vl_packet;
void vl_packet_free(vl_packet *p);

/* What is known of one file once it has been read to its end. */
typedef struct vl_source {
    const char *name;        /* as given; "-" is standard input */
    const char *compression; /* "none", "gzip", "bgzf", "zstd", "mixed" */
    uint64_t bytes;          /* of the file as it is */
    uint64_t plain_bytes;    /* decompressed; counted by take and by inflate, exact at the end */
    uint8_t sha256[32];      /* of the file as it is; valid at the end */
    uint64_t members;        /* gzip members, or BGZF blocks, or zstd frames */
    bool no_eof_block;       /* BGZF without the final empty block: legal, odd */
    uint64_t trailing_zeros; /* zero bytes behind the last member */
} vl_source;

/* path [npath]: "-" is standard input (once at most). Opens the first file and reads its head. */
vl_code vl_input_open(vl_input **out, const char *const *path, int npath, vl_err *err);

/* The first bytes of the decompressed stream, without consuming them: up to want, fewer only when the first
 * file ends there (*whole is set then). Borrowed until the next call. Later on: of the file take is in. */
vl_code vl_input_peek(vl_input *in, size_t want, const uint8_t **bytes, size_t *n, bool *whole, vl_err *err);

/* About want bytes of text (BGZF: whole blocks whose ISIZE add up to at least want, or the end). */
vl_code vl_input_take(vl_input *in, size_t want, vl_packet *p, vl_err *err);
/* Thread-safe: touches only p. Errors carry packed and no file name; the caller knows p->file. */
vl_code vl_packet_inflate(vl_packet *p, vl_err *err);

int vl_input_nfile(const vl_input *in);
const vl_source *vl_input_source(const vl_input *in, int file);
uint64_t vl_input_read(const vl_input *in);  /* bytes read so far, all files: for progress */
uint64_t vl_input_total(const vl_input *in); /* sum of the sizes of regular files; 0 if unknown */
void vl_input_close(vl_input *in);           /* NULL is fine */

#endif
