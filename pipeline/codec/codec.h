/*
 * Codecs: reversible packings of one chunk of one column. They know bytes, types and rows, not HDF5.
 *
 * A packed chunk is a frame of VL_FRAME bytes and the codec's payload:
 *      0  u8   'V'
 *      1  u8   frame version, 1
 *      2  u8   codec number (codec.def)
 *      3  u8   element width in bytes
 *      4  u32  plain length in bytes
 *      8  u64  XXH3-64 of the plain bytes
 *     16  u64  XXH3-64 of the payload bytes and the 16 bytes above: a flipped bit is found before it is
 *              decoded
 * All little-endian. Profile `portable` has no frame: its chunks are HDF5's own shuffle and deflate.
 */
#ifndef VL_CODEC_H
#define VL_CODEC_H

#include "formats/batch.h"

enum { VL_FRAME = 24, VL_FRAME_VERSION = 1, VL_MAX_CHUNK = 1 << 26, VL_MAX_CODEC = 64 };
enum { VL_CODEC_NAMES = 512 }; /* room for the names of all codecs of the table in a row */

typedef enum vl_codec_id {
#define VL_CODEC(name, number) VL_CODEC_##name = number,
#include "pipeline/codec/codec.def"
#undef VL_CODEC
} vl_codec_id;

/* What codecs need while they work: one for each thread, reused. Starts as { 0 }; made when first needed. */
typedef struct vl_work {
    vl_buf a, b, part, trial, rows;
    struct vl_numbers *numbers; /* room that codecs with columns of numbers share (numbers.h) */
    void *state[VL_MAX_CODEC];  /* by number: what a codec keeps from chunk to chunk (vl_codec.release) */
} vl_work;
void vl_work_free(vl_work *work);

/* How hard the coder behind a codec looks for what repeats: 0 not at all, it codes letters; each one is
 * slower than the one before. What they are for zstd and for deflate is said in codec_zstd.c and
 * codec_deflate.c. */
enum { VL_EFFORTS = 7 };

/* What was learned of a whole column, once, by the codec of that number. It puts what unpacking needs of it
 * into every chunk: the HDF5 filter sees nothing else. */
typedef struct vl_model {
    uint8_t codec;
    vl_buf bytes; /* empty: there is none */
} vl_model;

/* What all chunks of a column share by a codec of that number, and need to be unpacked: it was grown from the
 * first of them, and lies once in the store, in a data set beside the column. */
typedef struct vl_shared {
    uint8_t codec;
    vl_buf plain; /* the elements of that data set; empty: there is none */
    void *state;  /* owned; what packing needs besides (vl_sharing) */
} vl_shared;

/* What stands in other columns of the rows that have elements in a chunk: of row i bytes [end[i - 1],
 * end[i]). */
typedef struct vl_guide {
    const uint8_t *bytes;
    const uint32_t *end;
    size_t n;        /* rows; one more than end in the chunk where the last goes on in the next */
    uint64_t before; /* elements of the first that lie in chunks before */
} vl_guide;

/* What a codec may see beside the bytes of its chunk, as far as it asks for it; NULL: it is not there. */
typedef struct vl_beside {
    const uint32_t
        *row; /* [nrow]: the element of the chunk at which each row ends; the first row may have begun in the
                               chunk before, the last may go on in the next */
    size_t nrow;
    const vl_guide *guide;
    const uint8_t *near; /* [elements of the chunk]: the same elements of the column that has the same rows */
    vl_type near_type;
    const vl_model *model;   /* of this codec */
    const vl_shared *shared; /* the same */
    const uint64_t *part;    /* the chunk is a part of what is shared, from this element on */
} vl_beside;

/* Whether codecs may learn a model of a column: of none; of those of many values, and of a few when none of
 * them is nearly all, as what holds others is quicker; of any. */
typedef enum vl_learns { VL_LEARNS_NONE, VL_LEARNS_MANY, VL_LEARNS_ANY } vl_learns;
enum { VL_FEW_VALUES = 16 };

typedef struct vl_pack_job {
    const uint8_t *plain; /* [len] */
    size_t len;           /* bytes; a whole number of elements */
    vl_type type;
    vl_beside beside;
    int effort; /* 0 .. VL_EFFORTS - 1 */
    vl_learns learns;
    size_t fill;    /* bytes at the end that only fill the chunk up, with its last element */
    uint64_t first; /* element of the column that the chunk begins with */
    vl_work *work;  /* borrowed */
} vl_pack_job;

typedef struct vl_part {
    size_t from, to;      /* [from, to) of a chunk; to 0: all of it */
    const uint64_t *some; /* borrowed; [nsome] elements of the chunk, in any order; NULL: all of that */
    size_t nsome;
} vl_part;

typedef struct vl_unpack_job {
    const uint8_t *payload; /* [n]; may be hostile */
    size_t n;
    uint8_t *plain;       /* [len], to be filled */
    size_t len, width;    /* bytes; len is a multiple of width, which is 1 to 8 */
    vl_part want;         /* from, to: bytes; a codec that has `parts` may leave others as they are */
    const vl_buf *shared; /* what the chunks share (vl_shared); NULL or empty: it is not known */
    vl_work *work;        /* borrowed */
} vl_unpack_job;

/* The elements that hold what is wanted, of all n. */
static inline vl_part vl_wanted_elements(const vl_unpack_job *job, size_t n)
{
    const size_t w = job->width;
    return job->want.to ? (vl_part){ .from = job->want.from / w, .to = (job->want.to + w - 1) / w }
                        : (vl_part){ .to = n };
}

/* Sets of uses and types, for vl_codec.uses and .types. */
#define VL_ONE(x) (1u << (x))
enum { VL_ANY = -1, VL_BYTES = VL_ONE(VL_U8) | VL_ONE(VL_I8), VL_WIDE = ~VL_BYTES };

/* How a codec makes what chunks share. A payload that needs it begins with a number that stands for it. It
 * lies in one chunk, and the number is the XXH3-64 of its bytes; or in parts, each of which says where it
 * stands. */
typedef struct vl_sharing {
    const char *name, *doc; /* of the data set: column.name; its use is VL_USE_SHARED */
    uint64_t most;          /* elements that it may have, of the column's type */
    uint64_t wait;          /* bytes of chunks that are taken in at most */
    /* Reads the head of a part's payload; false: it is none. NULL: it lies in one chunk. */
    bool (*part)(const uint8_t *payload, size_t n, uint64_t *number, uint64_t *all, uint64_t *first);
    uint8_t blank; /* in parts: a byte that no chunk needs; another store of the same number may */
    /* Takes a chunk in, with its rows, one after the other from the first on. *more false: it has seen
     * enough. *memory: bytes that it needs, at most, until it has taken the next and has come to the end.
     * NULL: it is not made of chunks; somebody gives its bytes, and the codec is tried where they did. */
    vl_code (*grow)(vl_shared *shared, const vl_pack_job *chunk, bool *more, uint64_t *memory, vl_err *err);
    /* Fills shared->plain, or takes what was given, and makes chunks ready to be packed. */
    vl_code (*end)(vl_shared *shared, vl_err *err);
    void (*release)(void *state);
} vl_sharing;

typedef struct vl_codec {
    const char *name; /* as attributes and tables say it: "delta+shuffle+zstd" */
    uint8_t id;
    int uses, types; /* sets: which columns it is tried on. 0: on none */
    bool first;      /* quickly says no: tried before all others on the whole chunk, and taken when it fits */
    bool far;  /* sees more in the whole chunk than in a part, by which others are chosen: tried on both */
    bool even; /* every effort makes the same of it */
    int from_effort; /* only profiles that go to this effort try it */
    /* Appends the payload to out. *fits false: this codec cannot hold these bytes (what out got is
     * dropped). */
    vl_code (*pack)(const vl_pack_job *job, vl_buf *out, bool *fits, vl_err *err);
    /* Fills plain. VL_ESTORE. */
    vl_code (*unpack)(const vl_unpack_job *job, vl_err *err);
    void (*release)(void *state); /* frees work->state[id]; NULL: the codec keeps nothing */
    bool rows, guide, near; /* it wants to see these (vl_beside); what unpack needs of them, pack packs */
    /* Learns from the first chunk of a column: appends the bytes of a model, or nothing. NULL: it does not.
     * Of several for one column the first of the table learns. */
    vl_code (*learn)(const vl_pack_job *job, vl_buf *model, vl_err *err);
    const vl_sharing *sharing; /* NULL: its chunks share nothing */
    bool parts;                /* unpack heeds what is wanted */
    /* Whether unpack of this payload takes little time for some elements here and there. NULL: it never
     * does. */
    bool (*picks)(const uint8_t *payload, size_t n);
} vl_codec;

extern const vl_codec *const vl_codecs[];  /* the table, in the order of codec.def; NULL at its end */
const vl_codec *vl_codec_find(uint8_t id); /* NULL if unknown */
const char *vl_codec_name(uint8_t id);     /* "unknown" if unknown */
/* Whether the table says that a codec is for a column. A use that is not known is any bytes. */
bool vl_codec_suits(const vl_codec *codec, unsigned use, vl_type type);

/* The codec that learns of such a column; NULL: none does. And whether one that suits it wants to see the
 * column near it. */
const vl_codec *vl_codec_learner(unsigned use, vl_type type);
bool vl_codec_wants_near(unsigned use, vl_type type);

/* What a profile may try, and what speed is worth to it. */
typedef struct vl_trial {
    int neffort;
    uint8_t effort[VL_EFFORTS]; /* ascending */
    /* per mille of the bytes that a slower effort must save, for each step of its cost (choose.c) */
    unsigned gain;
    vl_learns learns;
    bool folds; /* what rows say twice is left out (formats/fold.h) */
} vl_trial;

/* Whether a profile tries a codec on such a column. */
bool vl_codec_may_try(const vl_trial *trial, const vl_codec *codec, unsigned use, vl_type type);
/* Whether a codec that the trial has for such a column wants to see rows. And the one whose chunks share
 * something; NULL: none does. */
bool vl_codec_wants_rows(const vl_trial *trial, unsigned use, vl_type type);
bool vl_codec_wants_guide(const vl_trial *trial, unsigned use, vl_type type);
const vl_codec *vl_codec_sharer(const vl_trial *trial, unsigned use, vl_type type);
void vl_shared_free(vl_shared *shared);

/* Frame and payload, replacing packed, by the codec and the effort that give the fewest bytes: a pure
 * function of the trial, the use, the type and the bytes. */
vl_code vl_pack_best(const vl_trial *trial, unsigned use, const vl_pack_job *job, vl_buf *packed,
                     vl_err *err);
/* The effort that gives the fewest bytes for one codec. */
vl_code vl_choose_effort(const vl_trial *trial, const vl_codec *codec, const vl_pack_job *job, int *effort,
                         vl_err *err);
/* Frame and payload by this codec, replacing packed. *fits false: it cannot hold the bytes. */
vl_code vl_pack(const vl_codec *codec, const vl_pack_job *job, vl_buf *packed, bool *fits, vl_err *err);

typedef struct vl_frame {
    uint8_t codec, width;
    size_t len; /* plain bytes */
    uint64_t hash;
} vl_frame;
/* Reads and checks the frame and the payload's hash. VL_ESTORE with what is wrong. */
vl_code vl_frame_read(const uint8_t *packed, size_t n, vl_frame *frame, vl_err *err);
/* The plain bytes of a packed chunk, replacing plain; hashes checked. shared: what the column's chunks share;
 * NULL: it is not known. */
vl_code vl_unpack_with(const vl_buf *shared, const uint8_t *packed, size_t n, vl_buf *plain, vl_work *work,
                       vl_err *err);
/* The same of a part, in bytes, at least: then the hash of the packed bytes alone is checked, and *part says
 * what plain holds. */
vl_code vl_unpack_part(const vl_buf *shared, const uint8_t *packed, size_t n, vl_part *part, vl_buf *plain,
                       vl_work *work, vl_err *err);
/* Whether some elements of a packed chunk take little time. */
bool vl_codec_picks(const uint8_t *packed, size_t n);
static inline vl_code vl_unpack(const uint8_t *packed, size_t n, vl_buf *plain, vl_work *work, vl_err *err)
{
    return vl_unpack_with(NULL, packed, n, plain, work, err);
}

/* HDF5's own shuffle and deflate, as profile portable stores them. */
vl_code vl_deflate_pack(const vl_trial *trial, const vl_pack_job *job, vl_buf *packed, vl_err *err);
vl_code vl_deflate_unpack(const uint8_t *packed, size_t n, size_t len, size_t width, vl_buf *plain,
                          vl_work *work, vl_err *err);

/* zstd as codecs use it: appends to out; and fills plain [len], whose length must come out exactly. */
vl_code vl_zstd_pack(const uint8_t *bytes, size_t n, int effort, vl_work *work, vl_buf *out, vl_err *err);
vl_code vl_zstd_unpack(const uint8_t *packed, size_t n, uint8_t *plain, size_t len, vl_work *work,
                       vl_err *err);

#endif
