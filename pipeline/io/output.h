/*
 * Output: bytes in order to a file or to standard output, plain, BGZF or zstd: what the name's ending
 * promises is what is written (vl_output_promises), or the name is refused. What no compressor of text makes,
 * a writer does.
 *
 * A regular file is written under a temporary name in the same folder, synced, and renamed by commit, so that
 * a file that has its name is whole. Standard output, pipes and devices are written directly.
 */
#ifndef VL_OUTPUT_H
#define VL_OUTPUT_H

#include "formats/buf.h"
#include <stdbool.h>

typedef struct vl_output vl_output;

/* How text is packed on its way out. */
typedef enum vl_packing {
    VL_PACK_BY_NAME,
    VL_PACK_PLAIN,
    VL_PACK_BGZF,
    VL_PACK_ZSTD,
    VL_PACK_WRITER
} vl_packing;

/* Who makes a file of another sort of what is written to an output: in order, from calls that end with whole
 * records. A file that was not ended is of no use. */
typedef struct vl_writer {
    const char *name; /* what it makes, as vl_output_promises says it: "CRAM" */
    /* fd: borrowed, written from where it stands. reference: a FASTA; NULL: none. */
    vl_code (*open)(void **self, int fd, const char *reference, vl_err *err);
    vl_code (*write)(void *self, const uint8_t *bytes, size_t n, vl_err *err);
    vl_code (*end)(void *self, vl_err *err);
    void (*close)(void *self); /* NULL is fine */
} vl_writer;

/* path "-" is standard output. force: an existing file is replaced, else VL_EEXIST. VL_EARG: a name that
 * promises a compression that is not written. */
vl_code vl_output_open(vl_output **out, const char *path, bool force, vl_err *err);
/* The same, packed so whatever the name promises. */
vl_code vl_output_open_as(vl_output **out, const char *path, vl_packing packing, bool force, vl_err *err);
/* What --level takes, and its number among these: at first the level that suits the name, 1 for BAM, which is
 * read on by programs mostly, and 6 for text. */
#define VL_OUTPUT_LEVELS "usual 0 1 2 3 4 5 6 7 8 9 10 11 12"
void vl_output_set_level(vl_output *out, int which);
/* Of an output that was opened as VL_PACK_WRITER; both borrowed. Before the first byte. */
void vl_output_set_writer(vl_output *out, const vl_writer *writer, const char *reference);
/* Is what is written packed, piece by piece? Then text is to go through vl_output_pack, which is parallel: it
 * appends the text to packed, as it will stand in the file. */
bool vl_output_packs(const vl_output *out);
vl_packing vl_output_packing(const vl_output *out); /* never by name */
vl_code vl_output_pack(const vl_output *out, const vl_buf *text, vl_buf *packed, vl_err *err);
vl_code vl_output_write(vl_output *out, const void *bytes, size_t n, vl_err *err); /* as they are; VL_EIO */
/* Text, packed if need be. */
vl_code vl_output_put(vl_output *out, const vl_buf *text, vl_err *err);
/* Is it a plain file under a temporary name? Then bytes that are there already may be looked at, and be given
 * other values. VL_EIO. */
bool vl_output_is_file(const vl_output *out);
vl_code vl_output_patch(vl_output *out, uint64_t at, const void *bytes, size_t n, vl_err *err);
vl_code vl_output_look(const vl_output *out, uint64_t at, void *bytes, size_t n, vl_err *err);
/* Of files that belong together: the end of one without its name, so that commit has only that to do; and its
 * name taken back, where it replaced no other file, as another could not be committed. */
vl_code vl_output_settle(vl_output *out, vl_err *err);
void vl_output_withdraw(vl_output *out);
vl_code vl_output_commit(vl_output *out, vl_err *err); /* the end; fsync, rename, fsync of the folder */
void vl_output_close(vl_output *out);                  /* NULL is fine; drops what was not committed */
uint64_t vl_output_bytes(const vl_output *out);

/* Appends text as BGZF blocks (SAM specification 4.1) to packed; parallel, touches only its arguments.
 * level 0 (stored) .. 12 (libdeflate). Blocks hold 65,280 bytes of text; the last of a call may
 * be short. */
vl_code vl_bgzf_pack(const uint8_t *text, size_t n, int level, vl_buf *packed, vl_err *err);
/* The empty block that ends a BGZF file. */
extern const uint8_t vl_bgzf_eof[28];

/* Which compression the ending of a name promises: "gzip", "zstd", "bzip2" ...; NULL: none. Static. */
const char *vl_output_promises(const char *path);
/* It promises one that text is not written in. */
bool vl_output_cannot(const char *path);

/* True when both names lead to one file that exists; "-" is standard input. */
bool vl_same_file(const char *a, const char *b);

#endif
