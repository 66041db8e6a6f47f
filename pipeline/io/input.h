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

#include "pipeline/io/packet.h"

typedef struct vl_input vl_input;

/* path [npath]: "-" is standard input (once at most). Opens the first file and reads its head. */
vl_code vl_input_open(vl_input **out, const char *const *path, int npath, vl_err *err);

/* From here on a file may have a few bytes behind its last gzip member (vl_magic_behind): they are counted,
 * not refused. Before the first take. */
void vl_input_keep_behind(vl_input *in);
/* Of one file: damage of its packing is no error, but the end of its text; its bytes are read to their
 * end. */
void vl_input_salvage(vl_input *in);

/* The first bytes of the decompressed stream, without consuming them: up to want, fewer only when the first
 * file that holds text ends there (*whole is set then). Borrowed until the next call. Later on: of the file
 * take is in. Files without text are stepped over, and take gives none of them. */
vl_code vl_input_peek(vl_input *in, size_t want, const uint8_t **bytes, size_t *n, bool *whole, vl_err *err);

/* About want bytes of text (BGZF: whole blocks whose ISIZE add up to at least want, or the end). */
vl_code vl_input_take(vl_input *in, size_t want, vl_packet *p, vl_err *err);
/* Thread-safe: touches only p. Errors carry packed and no file name; the caller knows p->file. */
vl_code vl_packet_inflate(vl_packet *p, vl_err *err);

int vl_input_nfile(const vl_input *in);
const vl_file_facts *vl_input_facts(const vl_input *in, int file);
uint64_t vl_input_read(const vl_input *in);  /* bytes read so far, all files: for progress */
uint64_t vl_input_total(const vl_input *in); /* sum of the sizes of regular files; 0 if unknown */
void vl_input_close(vl_input *in);           /* NULL is fine */

#endif
