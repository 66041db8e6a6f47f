/*
 * Originals: the files that a store was made of, under their names, packed or not as they were. Lanes, files
 * of one stream, follow each other as one text, and a store knows how many bytes of it are each file's, so
 * that a text is cut into them again as it is printed.
 */
#ifndef VL_ORIGINALS_H
#define VL_ORIGINALS_H

#include "pipeline/io/output.h"
#include "pipeline/store/store.h"

typedef struct vl_original {
    char *path; /* owned */
    int stream; /* from 0 */
    uint64_t bytes;
    vl_packing packing;
} vl_original;

typedef struct vl_originals {
    vl_original *file; /* owned; in order of streams, and in the order of their text */
    size_t n;
} vl_originals;

/* What they are called. */
typedef struct vl_originals_ask {
    const char *path[2]; /* one file a stream, and as many streams as names; NULL: by their names in: */
    const char *folder;  /* both NULL: they are written nowhere, their paths are empty */
    bool delivered;      /* they will be packed as they were, so that their names are what these were */
} vl_originals_ask;

/* All of a store. VL_EARG: one that came from standard input has no name, or there are more than paths;
 * VL_EEXIST: two of one name; VL_ESTORE: names that are none of files, or other bytes than the texts have. */
vl_code vl_originals_of(vl_originals *out, vl_store *store, const vl_originals_ask *ask, vl_err *err);
size_t vl_originals_count(const vl_originals *all, int stream);
void vl_originals_free(vl_originals *all);

/* Where one text goes: one file, or originals one behind the other. */
typedef struct vl_original_out vl_original_out;
/* One file of any length, as vl_output_open takes it. */
vl_code vl_original_open_file(vl_original_out **out, const char *path, bool force, vl_err *err);
/* All originals of a stream. */
vl_code vl_original_open(vl_original_out **out, const vl_originals *all, int stream, bool force, vl_err *err);
void vl_original_set_level(vl_original_out *out, int which); /* vl_output_set_level, of all files */
/* Is text packed, in one way for all files? Then it is to go through vl_original_pack first, which is
 * parallel. */
bool vl_original_pack_first(const vl_original_out *out);
vl_code vl_original_pack(const vl_original_out *out, const vl_buf *text, vl_buf *packed, vl_err *err);
/* The next text, and what vl_original_pack made of it. */
vl_code vl_original_write(vl_original_out *out, const vl_buf *text, const vl_buf *packed, vl_err *err);
vl_code vl_original_commit(vl_original_out *out, vl_err *err); /* all of them */
void vl_original_close(vl_original_out *out); /* NULL is fine; drops what was not committed */

#endif
