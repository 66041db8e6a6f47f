/*
 * Where a lost or damaged store can be made from: its originals, where the record says that they were or
 * below a folder, known by size and then SHA-256; or a copy of the store below that folder. HDF5 is not
 * asked.
 */
#ifndef VL_HEAL_SEARCH_H
#define VL_HEAL_SEARCH_H

#include "formats/err.h"
#include <jansson.h>
#include <stdbool.h>

/* The regular files below a path: itself, if it is one. Links are followed only if the path is one. */
typedef struct vl_heal_file {
    char *path; /* owned */
    uint64_t bytes;
    char sha256[65]; /* "" until it was asked for */
} vl_heal_file;
typedef struct vl_heal_files {
    vl_heal_file *file; /* owned; by size */
    size_t n, cap;
} vl_heal_files;

/* from: NULL finds nothing. VL_ENOIN: it is not there. */
vl_code vl_heal_files_list(vl_heal_files *files, const char *from, vl_err *err);
void vl_heal_files_free(vl_heal_files *files);

/* The original of an input of a record: its path, borrowed from the record or the files; NULL: it is neither
 * where it was nor among the files. A file that cannot be read is none. VL_ENOMEM. */
const char *vl_heal_original(const json_t *input, vl_heal_files *files, vl_err *err);
/* Is a file of the size that the record says where the original was? Cheap: nothing is read. */
bool vl_heal_is_there(const char *path, uint64_t bytes);

/* The next file, from *at on, that may be a copy of a store of the record, which has the seal: its content
 * must still be looked at. NULL: there is none. */
const char *vl_heal_copy(const json_t *store, const vl_heal_files *files, size_t *at);

#endif
