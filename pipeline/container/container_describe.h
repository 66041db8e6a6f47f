/*
 * Describes a compressed file (container.h): cut (ordered) -> describe and prove (parallel) -> records
 * (ordered). A pass over the file alone, at any time; the same description for any number of threads.
 *
 * The maker is sought in the first piece, and again where one fits badly, VL_REDEFLATE_SEARCHES times in all.
 * So that threads make no difference, a piece is told the row that was in force VL_ROW_LAG pieces before it;
 * one that fits badly is tried again, in order, by the row that is then in force.
 */
#ifndef VL_CONTAINER_DESCRIBE_H
#define VL_CONTAINER_DESCRIBE_H

#include "pipeline/container/container.h"
#include "pipeline/run/progress.h"

enum { VL_ROW_LAG = 32 };

typedef struct vl_describe {
    const char *path;
    int threads;
    vl_progress_how progress;
    /* Gets the description, in order. */
    vl_code (*put)(void *to, const uint8_t *bytes, size_t n, vl_err *err);
    void *to;
} vl_describe;

typedef struct vl_described {
    uint64_t file_bytes, plain_bytes, bytes; /* of the file; of its text; of the description */
    uint8_t sha256[32];                      /* of the file */
    uint64_t stream, kept;                   /* bytes of deflate streams; those of them that are kept */
    uint8_t row[VL_DEFLATE_ROW];             /* of the first piece that is not kept; zeros: there is none */
} vl_described;

/* The maker that a row stands for, in words: "zlib 6"; "" for zeros. */
enum { VL_MAKER_WORDS = 48 };
void vl_maker_tell(const uint8_t row[VL_DEFLATE_ROW], char text[VL_MAKER_WORDS]);
/* A family of makers (vl_deflate_family): its name, its levels ("" where it has none), and who they are.
 * NULL: there are no more. */
typedef struct vl_maker_words {
    const char *name, *levels, *who;
} vl_maker_words;
const vl_maker_words *vl_maker_family(int family);

/* VL_EUNSUP: what is in it is not described, though it can be read. Other errors: as of input.h. */
vl_code vl_describe_file(const vl_describe *ask, vl_described *done, vl_err *err);

#endif
