/*
 * Output: bytes in order to a file or to standard output, plain or BGZF.
 *
 * A regular file is written under a temporary name in the same folder, synced, and renamed by commit, so that
 * a file that has its name is whole. Standard output, pipes and devices are written directly.
 */
#ifndef VL_OUTPUT_H
#define VL_OUTPUT_H

#include "formats/buf.h"
#include <stdbool.h>

typedef struct vl_output vl_output;

/* path "-" is standard output. force: an existing file is replaced, else VL_EEXIST. */
vl_code vl_output_open(vl_output **out, const char *path, bool force, vl_err *err);
vl_code vl_output_write(vl_output *out, const void *bytes, size_t n, vl_err *err); /* VL_EIO */
vl_code vl_output_commit(vl_output *out, vl_err *err); /* fsync, rename, fsync of the folder */
void vl_output_close(vl_output *out);                  /* NULL is fine; drops what was not committed */
uint64_t vl_output_bytes(const vl_output *out);

/* Appends text as BGZF blocks (SAM specification 4.1) to packed; parallel, touches only its arguments.
 * level 1..12 (libdeflate). Blocks hold 65,280 bytes of text; the last of a call may be short. */
vl_code vl_bgzf_pack(const uint8_t *text, size_t n, int level, vl_buf *packed, vl_err *err);
/* The empty block that ends a BGZF file. */
extern const uint8_t vl_bgzf_eof[28];

/* true if the name ends in .gz or .bgz */
bool vl_output_is_gz(const char *path);

/* True when both names lead to one file that exists; "-" is standard input. */
bool vl_same_file(const char *a, const char *b);

#endif
