/*
 * The store: one HDF5 file with one acquisition, written once. The one place that calls HDF5, and only from
 * one thread at a time; chunks are packed and unpacked elsewhere, in parallel.
 *
 * Writing: create (a temporary name in the same folder), append packed chunks column by column in element
 * order, notes and small tables, seal (digests, close, fsync, the seal, fsync), verify from a fresh open by
 * the caller, publish (rename, fsync of the folder). A store that has its name is whole.
 *
 * In the file (docs/store.md): data sets; attributes; /source/manifest, the notes as text; /digest,
 * one row a data set with the XXH3-128 of its plain bytes; in front, before HDF5's own bytes, the seal,
 * VL_SEAL_BLOCK bytes with an XXH3-128 of all others, so that a flipped bit is found before HDF5 sees it
 * (seal.h).
 */
#ifndef VL_STORE_H
#define VL_STORE_H

#include "formats/batch.h"
#include "pipeline/codec/profile.h"

enum {
    VL_CHUNK_BYTES = 1 << 20,
    VL_SEAL_BLOCK = 512,
    VL_TRAILER = 48,
    VL_FILTER = 33017,
    VL_STORE_USUAL = 2,  /* version of stores whose rows say nothing that older programs do not know */
    VL_STORE_VERSION = 3 /* of those that are folded by more rules than these know; the last that is read */
};

/* Where a store says what its columns are (formats/schema.h), and the note with the names of its tables. */
#define VL_SCHEMA_PATH "schema"
#define VL_TABLES_NOTE "vial.tables"

/* What a data set is; stable while a store is being written. */
typedef struct vl_spec {
    char path[VL_PATH + 16];
    vl_type type;
    vl_use use;
    const char *unit, *missing, *doc; /* borrowed; live as long as the store is written */
    const char *role, *coding;        /* the same; NULL: none */
    vl_model *model; /* borrowed; filled before the first chunk is packed; NULL: none of its codecs learns */
    const vl_shared *shared;    /* the same; NULL: its chunks share nothing */
    const struct vl_spec *near; /* borrowed; the column that has the same rows; NULL: none, or nobody looks */
    bool looked_at;             /* it is near another: its plain bytes are wanted until that is packed */
    bool brief;                 /* its chunks are a quarter as large (vl_field) */
    bool index;                 /* made from columns or inputs, and no part of the identity (below) */
} vl_spec;

/* Rows of a chunk as a codec is shown them (vl_beside). */
typedef struct vl_rows_shown {
    vl_buf end;       /* u32: where rows end */
    vl_buf guide;     /* what guides it, of each row that has elements in the chunk */
    vl_buf guide_end; /* u32: where each one's ends */
    uint64_t before;  /* elements of the first row that lie in chunks before */
} vl_rows_shown;
void vl_rows_shown_free(vl_rows_shown *shown);
/* Says in beside what there is; guide: room for it. */
void vl_rows_show(const vl_rows_shown *shown, vl_guide *guide, vl_beside *beside);

/* A fixed-size piece of one column, before and after pack. */
typedef struct vl_chunk {
    const vl_spec *spec;   /* borrowed */
    uint64_t first, count; /* elements; count is smaller than a full chunk only in the last one */
    bool last;             /* no chunk of this column follows */
    uint64_t line; /* elements between the end of the chunk before and first that were left out: i * line */
    vl_buf raw, packed;
    vl_rows_shown shown; /* its rows; empty unless a codec wants to see them */
    uint8_t codec;
} vl_chunk;

static inline size_t vl_chunk_bytes(const vl_spec *spec) /* of a full chunk */
{
    return spec->brief ? VL_CHUNK_BYTES / 4 : VL_CHUNK_BYTES;
}
static inline size_t vl_chunk_elements(const vl_spec *spec)
{
    return vl_chunk_bytes(spec) / vl_type_width(spec->type);
}
/* Packs raw into packed as the profile says; a short chunk that is not the first is padded to a full one. */
/* near: the chunk of spec->near with the same elements; NULL: none. */
vl_code vl_chunk_pack(vl_chunk *chunk, const vl_chunk *near, vl_profile profile, vl_work *work, vl_err *err);

typedef struct vl_store vl_store;

/* ---- writing ---- */
vl_code vl_store_create(vl_store **out, const char *path, vl_profile profile, bool force, vl_err *err);
vl_code vl_store_append(vl_store *st, vl_chunk *chunk, vl_work *work, vl_err *err);
/* A small table or histogram; dims [ndim]; attributes axis<i> take the names of the axes ("" for none). */
vl_code vl_store_table(vl_store *st, const char *path, vl_type type, const void *data, int ndim,
                       const uint64_t *dims, const char *const *axis, const char *unit, const char *doc,
                       vl_err *err);
/* A note: an attribute of the group or data set `where` ("/" is the root), and a line of /source/manifest. */
vl_code vl_store_note(vl_store *st, const char *where, const char *name, const char *text, vl_err *err);
vl_code vl_store_note_u64(vl_store *st, const char *where, const char *name, uint64_t value, vl_err *err);
/* Row lengths are all equal: an attribute instead of an offset column. */
vl_code vl_store_row_length(vl_store *st, const vl_spec *spec, uint64_t length, vl_err *err);
/* A second name for a data set. */
vl_code vl_store_link(vl_store *st, const char *path, const char *also, vl_err *err);
/* Plain digest of a column, as computed by the layer above. */
vl_code vl_store_digest(vl_store *st, const char *path, const uint8_t xxh128[16], vl_err *err);
vl_code vl_store_seal(vl_store *st, int threads, vl_err *err);

/* ---- indexes: data sets made from columns, which can be made again; and what is said of the files that
 * inputs were (out/delivered.h), which is proven by their SHA-256. They are no part of the store's identity
 * ---- */
#define VL_INDEX_GROUP    "index"
#define VL_ORIGINAL_GROUP "original"
enum { VL_MAX_INDEX = 32 };
/* What stands beside an index, as attributes. */
typedef struct vl_index_note {
    uint32_t version, unit; /* of how it is made; rows that an entry speaks of */
    uint64_t rows;          /* of the table that it is of */
    char of[33];            /* hash of the digests of what it was made from */
    uint8_t digest[16];     /* XXH3-128 of its bytes */
} vl_index_note;
/* Of an index whose last chunk was appended (vl_spec.index). */
vl_code vl_store_note_index(vl_store *st, const char *path, const vl_index_note *note, vl_err *err);
/* A copy of the store `from`, without one of these groups, that is to be called `to`, which may be the same:
 * append, note, finish, publish. VL_EBUSY from publish: somebody else has replaced the store. */
vl_code vl_store_rewrite(vl_store **out, const char *from, const char *to, const char *group,
                         vl_profile profile, vl_err *err);
vl_code vl_store_finish(vl_store *st, int threads, vl_err *err);
/* A copy of `from`, whatever became of its seal, that is to be called `to`: drop, finish, be proven,
 * publish. */
vl_code vl_store_reseal(vl_store **out, const char *from, const char *to, vl_err *err);
/* A copy of `from`, that is to be called `to`, in which a note of the root says another text; digest table
 * and identity follow. Finish, be proven, publish. */
vl_code vl_store_relabel(vl_store **out, const char *from, const char *to, const char *note, const char *text,
                         vl_err *err);
/* Takes an attribute of an object, or an object (attribute NULL), out of such a copy; finish it again. */
vl_code vl_store_drop(vl_store *st, const char *object, const char *attribute, vl_err *err);
/* Reading: the column of an index, -1 if there is none. Not while other threads work with the store. */
vl_code vl_store_index(vl_store *st, const char *path, int *column, vl_index_note *note, vl_err *err);
/* Opens all of both groups: columns vl_store_ncolumn and the *n - 1 behind it. VL_ESTORE: more than
 * VL_MAX_INDEX. */
vl_code vl_store_indexes(vl_store *st, int *n, vl_err *err);

const char *vl_store_part(const vl_store *st); /* the temporary name */
vl_profile vl_store_profile(const vl_store *st);
vl_code vl_store_publish(vl_store *st, vl_err *err);
/* The same, and the folder is not synced: for who gives the store another name at once, and syncs that. */
vl_code vl_store_name(vl_store *st, vl_err *err);
uint64_t vl_store_bytes(const vl_store *st); /* size of the file */

/* ---- reading ---- */
typedef struct vl_stored {
    char path[VL_PATH + 16];
    vl_type type;
    uint64_t nelem, chunk; /* elements: all, of a chunk */
    uint64_t nchunk;
    int ndim;
    uint64_t dims[4];
    bool uniform; /* ragged, and all rows are row_length long: there is no offset column */
    uint64_t row_length;
    uint8_t digest[16];
    bool index;                 /* made from columns */
    bool portable;              /* HDF5's filters instead of ours */
    bool plain;                 /* not packed: its one chunk lies in the data set's header */
    char codec[VL_CODEC_NAMES]; /* that occur in its chunks, with commas between */
    uint64_t packed_bytes;      /* in the file */
    const vl_buf *shared;       /* what its chunks share, once one was fetched; NULL: nothing */
} vl_stored;

/* What is in it, and its notes, which are checked: that they are those of the manifest, and what they
 * count. */
vl_code vl_store_open(vl_store **out, const char *path, vl_err *err);
/* The same for a look: columns stay closed until they are looked at, and notes are taken from the manifest as
 * it is, not held against what HDF5 programs see of them. */
vl_code vl_store_look(vl_store **out, const char *path, vl_err *err);
/* Opens a column that such a look has left closed; or all of them but tables of counts. */
vl_code vl_store_look_at(vl_store *st, int column, vl_err *err);
vl_code vl_store_look_at_rows(vl_store *st, vl_err *err);
/* The same as open whatever its seal says: to find out what became of it. */
vl_code vl_store_open_lost(vl_store **out, const char *path, vl_err *err);
int vl_store_ncolumn(const vl_store *st);
const vl_stored *vl_store_column(const vl_store *st, int column);
int vl_store_find(const vl_store *st, const char *path); /* -1 if there is none */
/* The nth chunk as it lies in the file. Errors name data set and chunk. Two threads may ask at a time, once
 * all is open. */
vl_code vl_store_fetch(vl_store *st, int column, uint64_t nth, vl_buf *packed, vl_err *err);
/* Unpacks what fetch gave. Touches only its arguments and the constant description: any thread. */
vl_code vl_stored_unpack(const vl_stored *col, uint64_t nth, const vl_buf *packed, vl_buf *plain,
                         vl_work *work, vl_err *err);
/* The same of a part of it, in elements, at least; *part becomes what plain holds, to 0: all. Of a part no
 * hash of plain bytes is checked, only that of the packed ones. */
vl_code vl_stored_unpack_part(const vl_stored *col, uint64_t nth, const vl_buf *packed, vl_part *part,
                              vl_buf *plain, vl_work *work, vl_err *err);
/* Whether some elements of it, here and there, take much less time than all. */
bool vl_stored_picks(const vl_stored *col, const vl_buf *packed);
/* A whole small data set into plain; one that is closed is opened. */
vl_code vl_store_read(vl_store *st, int column, vl_buf *plain, vl_work *work, vl_err *err);
/* Text of a note; empty if there is none. Of a data set that has no such note: of its attribute. */
vl_code vl_store_get(vl_store *st, const char *where, const char *name, char *text, size_t n, vl_err *err);
vl_code vl_store_get_u64(vl_store *st, const char *where, const char *name, uint64_t *value,
                         vl_err *err); /* 0 if none */
/* Tells each note, in the order they were written. number: a whole one in the file, in decimal here. */
typedef void vl_note_fn(void *to, const char *where, const char *name, const char *text, bool number);
void vl_store_notes(const vl_store *st, vl_note_fn *tell, void *to);
/* The table /digest as it lies in the file and the SHA-256 over it against attribute vial.digest. */
vl_code vl_store_check_digest(vl_store *st, vl_err *err);
/* Tells each thing in the file that vial did not write: an attribute of an object ("/" is the root), or an
 * object or a link, attribute NULL; in no group that was told already. */
typedef void vl_added_fn(void *to, const char *object, const char *attribute);
vl_code vl_store_added(vl_store *st, vl_added_fn *tell, void *to, vl_err *err);
vl_code vl_store_identity(vl_store *st, char hex[65], vl_err *err);
const char *vl_store_path(const vl_store *st);
unsigned
vl_store_version(const vl_store *st); /* that it was written in: 1, VL_STORE_USUAL or VL_STORE_VERSION */

/* Seal and length of the file; threads > 0: also the hash over all bytes, by so many. Needs no HDF5. */
vl_code vl_seal_check(const char *path, int threads, uint64_t *bytes, vl_err *err);

/* What the seal says: size, hash of all bytes in hex. With text, also the record that it points at, after the
 * hash was checked. Needs no HDF5. */
typedef struct vl_sealed {
    uint64_t bytes;
    char hash[33];
} vl_sealed;
vl_code vl_seal_read(const char *path, vl_sealed *out, vl_buf *text, vl_err *err);

/* The hash that a seal says, in hex, though the file may not fit it; "" if there is none. */
void vl_seal_said(const char *path, char hex[33]);

void vl_store_close(vl_store *st); /* NULL is fine; drops the temporary file of what was not published */

/* The names of all profiles (vl_profile_name) in their order, with `between` between them: for texts. */
#define VL_PROFILE_NAMES(between) "fast" between "compact" between "archive" between "portable"

#endif
