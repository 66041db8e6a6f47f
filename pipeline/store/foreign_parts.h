/* Between foreign.c and foreign_chunk.c: a data set as it lies in its file. */
#ifndef VL_FOREIGN_PARTS_H
#define VL_FOREIGN_PARTS_H

#include "pipeline/store/foreign.h"

enum {
    VL_FOREIGN_FILTERS = 4,
    VL_FOREIGN_CACHE = 6,        /* chunks that stay unpacked */
    VL_FOREIGN_CHUNK = 32 << 20, /* most bytes of one */
    VL_FOREIGN_DEFLATE = 1,      /* numbers of filters (H5Zpublic.h) */
    VL_FOREIGN_SHUFFLE = 2,
    VL_FOREIGN_FLETCHER32 = 3
};

typedef struct vl_foreign_place { /* of a chunk */
    uint64_t at;
    uint32_t bytes, left_out; /* bit i: filter i was not used */
} vl_foreign_place;

/* How an element of a table lies in the file (foreign_form.c). */
typedef enum vl_foreign_kind {
    VL_FOREIGN_WHOLE, /* a number, little-endian, of `bytes` bytes */
    VL_FOREIGN_CHARS, /* letters, filled up with zeros */
    VL_FOREIGN_TEXT,  /* letters on a heap */
    VL_FOREIGN_ROW,   /* members */
    VL_FOREIGN_ROWS   /* elements of member[0].of on a heap */
} vl_foreign_kind;
struct vl_foreign_layout;
typedef struct vl_foreign_part {
    char name[64];
    size_t at;
    struct vl_foreign_layout *of; /* owned */
} vl_foreign_part;
typedef struct vl_foreign_layout {
    vl_foreign_kind kind;
    size_t bytes;            /* in the file */
    vl_foreign_part *member; /* owned; of ROW, and the one of ROWS, without a name */
    int n;
} vl_foreign_layout;
/* Of a type of HDF5 (hid_t); NULL: it is none of these, or memory is short. */
vl_foreign_layout *vl_foreign_layout_of(int64_t type);
void vl_foreign_layout_free(vl_foreign_layout *l); /* NULL is fine */

typedef struct vl_dataset_place {
    vl_foreign_set is;
    size_t width;              /* bytes of an element */
    vl_foreign_layout *layout; /* owned; NULL: an array of numbers or bytes, as `is` says */
    bool chunked;
    uint64_t at;    /* not chunked: of its bytes in the file */
    uint64_t chunk; /* bytes of a full one */
    uint64_t nchunk;
    vl_foreign_place *place;                 /* owned */
    int filter[VL_FOREIGN_FILTERS], nfilter; /* in the order in which they were used */
    size_t shuffled;                         /* bytes of an element */
} vl_dataset_place;

typedef struct vl_foreign_page {
    int set; /* -1: none */
    uint64_t nth, used;
    vl_buf plain;
} vl_foreign_page;

struct vl_foreign {
    char *path;
    int fd;
    uint64_t bytes, clock;
    vl_dataset_place *set; /* owned */
    int nset;
    uint64_t nplace; /* of all */
    vl_foreign_page page[VL_FOREIGN_CACHE];
    struct libdeflate_decompressor *inflater; /* owned; NULL until it is needed */
    vl_buf other;
};

/* As vl_foreign_find, of data sets that are no arrays. */
int vl_foreign_find_table(const vl_foreign *f, const char *name);
/* Replaces out by chunk nth of a data set. */
vl_code vl_foreign_unpack(vl_foreign *f, int set, uint64_t nth, vl_buf *out, vl_err *err);

#endif
