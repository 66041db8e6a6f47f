/* What the writing and the reading half of the store share: HDF5 set up once, its errors in our words. */
#ifndef VL_H5_H
#define VL_H5_H

#include "pipeline/store/filter.h"
#include "pipeline/store/seal.h"

#include <sys/stat.h>

/* No messages of its own, no work at exit (it crashes there after a failed write), our filter known, and no
 * plugin is loaded: stores need none, and one that brings the shared HDF5 along would be a second HDF5 in the
 * process. */
vl_code vl_hdf5_start(vl_err *err);
/* HDF5 keeps its errors, and whether it prints them, for each thread apart: called before HDF5 in ordered
 * stages. */
void vl_hdf5_quiet(void);
hid_t vl_hdf5_type(vl_type type); /* in the file and in memory: little-endian; borrowed */
bool vl_hdf5_type_of(hid_t type, vl_type *out);
/* UTF-8 text of n bytes in a file, filled up with zeros; a property list that keeps no times of objects. -1:
 * they cannot be made. */
hid_t vl_hdf5_text_type(size_t n);
hid_t vl_hdf5_timeless(hid_t class);
/* Up to 64 links and attributes of a group that is made so, or of a file's root, lie in its header: HDF5
 * would make tables of more than eight, of some kilobytes. */
bool vl_hdf5_compact_group(hid_t create);
/* Whether the file has a link of this path, whose groups are there; code: of the error if it cannot be
 * told. */
vl_code vl_hdf5_has(hid_t file, const char *path, bool *there, vl_code code, vl_err *err);
/* VL_EIO (writing) or VL_ESTORE (reading), with the innermost message that HDF5 has. */
vl_code vl_hdf5_fail(vl_err *err, vl_code code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

vl_code vl_store_add_text(vl_store *st, hid_t object, const char *name, const char *text, vl_err *err);
vl_code vl_store_add_u64(vl_store *st, hid_t object, const char *name, uint64_t value, vl_err *err);
/* Reading: the attributes of an open object; text empty and number 0 where there is none. */
/* Text of an attribute of an open object, a number in decimal; empty if there is none. *number (NULL: not
 * asked): it is a whole one. */
vl_code vl_store_text_of(vl_store *st, hid_t object, const char *name, char *text, size_t n, bool *number,
                         vl_err *err);
vl_code vl_store_u64_of(vl_store *st, hid_t object, const char *name, uint64_t *value, bool *there,
                        vl_err *err);
/* VL_ESTORE: what of it cannot be read, and why. */
vl_code vl_store_bad(vl_store *st, vl_err *err, const char *what);
/* Reading: the notes, checked (notes.c). Its columns are open. */
vl_code vl_store_open_notes(vl_store *st, vl_err *err);
enum { VL_NOTE_TEXT = 65536 }; /* most bytes of one */
/* Reading: opens the data set at a column's path and reads what it is; its digest from 32 letters. */
struct vl_dataset;
vl_code vl_store_open_column(vl_store *st, struct vl_dataset *col, vl_err *err);
vl_code vl_store_take_digest(struct vl_dataset *col, const char *hex, vl_err *err);

/* A store that is to be written: its names, and the temporary file, locked. */
vl_code vl_store_begin(vl_store **out, const char *path, vl_profile profile, bool force, vl_err *err);

/* An HDF5 call failed while writing: it is not called for this file again. Names the file. */
vl_code vl_store_give_up(vl_store *st, vl_err *err, const char *what);

/* One row of /digest. */
typedef struct vl_digest_row {
    char path[VL_PATH + 16];
    char xxh3_128[32]; /* hex */
} vl_digest_row;
void vl_digest_identity(const vl_digest_row *row, int n, char hex[65]); /* SHA-256 of n rows */
hid_t vl_hdf5_digest_type(void);                                        /* a new type; the caller closes it */
/* The rows of /digest, to be freed; *n of them. NULL: err is set. */
vl_digest_row *vl_store_digest_rows(vl_store *st, int *n, vl_err *err);
/* Writes /digest and vial.digest, which are not there yet. */
vl_code vl_store_write_digest_rows(vl_store *st, const vl_digest_row *row, int n, vl_err *err);
/* Writes /source/manifest, which is not there yet, from the lines that st->manifest holds. */
vl_code vl_store_write_manifest(vl_store *st, vl_err *err);
vl_code vl_store_add_line(vl_store *st, const char *where, const char *name, const char *text, vl_err *err);

struct vl_store {
    char *path, *part; /* owned; part: NULL when reading or published */
    int fd;            /* of part; holds the lock */
    hid_t file;
    bool dead; /* an HDF5 call failed while writing: HDF5 is not to be called for this file again */
    bool force;
    vl_seal_place place; /* of the seal */
    vl_profile profile;
    unsigned version;
    bool look; /* for a look at rows alone */
    uint64_t bytes, unsynced;
    struct vl_dataset *column; /* owned; when reading, indexes that were asked for lie behind the columns */
    int ncolumn, ccolumn;
    int nindex;           /* when reading */
    struct stat replaces; /* what the new file is made of: nothing else may be replaced by it */
    mode_t readers;       /* who may read the new file; 0: whoever the umask says */
    vl_buf manifest;      /* when reading, the texts of the notes, a 0 behind each */
    struct vl_note *note; /* owned; [nnote]; NULL when writing */
    size_t nnote, found;  /* found: where one was looked up last; the next is most often behind it */
};

/* A line of the manifest; texts lie there. */
typedef struct vl_note {
    const char *where, *name, *text;
    bool number; /* a whole one in the file */
} vl_note;

/* A column under way, or one that is read. */
typedef struct vl_dataset {
    vl_stored is;
    const vl_spec *spec;
    hid_t id;
    uint64_t next;   /* first element of the chunk that comes next */
    uint64_t codecs; /* bit i: codec i occurs */
    vl_buf shared;   /* owned; when reading, what its chunks share */
    bool looked;     /* for that */
} vl_dataset;

#endif
