/*
 * Codecs: reversible packings of one chunk of one column. They know bytes and element widths, not HDF5.
 *
 * A packed chunk is a frame of VL_FRAME bytes and the codec's payload:
 *      0  u8   'V'
 *      1  u8   frame version, 1
 *      2  u8   codec number (codec.def)
 *      3  u8   element width in bytes
 *      4  u32  plain length in bytes
 *      8  u64  XXH3-64 of the plain bytes
 *     16  u64  XXH3-64 of the payload bytes and the 16 bytes above: a flipped bit is found before it is
 * decoded All little-endian. Profile `portable` has no frame: its chunks are HDF5's own shuffle and deflate.
 */
#ifndef VL_CODEC_H
#define VL_CODEC_H

#include "formats/batch.h"

enum { VL_FRAME = 24, VL_FRAME_VERSION = 1, VL_MAX_CHUNK = 1 << 26 };

typedef enum vl_codec_id {
#define VL_CODEC(name, number) VL_CODEC_##name = number,
#include "pipeline/codec/codec.def"
#undef VL_CODEC
} vl_codec_id;

/* What codecs need while they work: one for each thread, reused. Starts as { 0 }; made when first needed. */
typedef struct vl_work {
    vl_buf a, b;
    void *cctx, *dctx;         /* of zstd */
    void *deflater, *inflater; /* of libdeflate */
} vl_work;
void vl_work_free(vl_work *work);

typedef struct vl_pack_job {
    const uint8_t *plain; /* [len] */
    size_t len;
    size_t width;  /* element size; len is a multiple */
    int level;     /* of zstd */
    vl_work *work; /* borrowed */
} vl_pack_job;

typedef struct vl_codec {
    const char *name; /* as attributes and tables say it: "delta+shuffle+zstd" */
    uint8_t id;
    /* Appends the payload to out. *fits false: this codec cannot hold these bytes (out is as before). */
    vl_code (*pack)(const vl_pack_job *job, vl_buf *out, bool *fits, vl_err *err);
    /* Fills plain [len] from payload [n], which may be hostile. VL_ESTORE. */
    vl_code (*unpack)(const uint8_t *payload, size_t n, uint8_t *plain, size_t len, size_t width,
                      vl_work *work, vl_err *err);
} vl_codec;

const vl_codec *vl_codec_find(uint8_t id); /* NULL if unknown */
const char *vl_codec_name(uint8_t id);     /* "unknown" if unknown */

/* Frame and payload, replacing packed. Falls back to zstd and then to raw when codec cannot hold the bytes.
 */
vl_code vl_pack(vl_codec_id codec, const vl_pack_job *job, vl_buf *packed, vl_err *err);

typedef struct vl_frame {
    uint8_t codec, width;
    size_t len; /* plain bytes */
    uint64_t hash;
} vl_frame;
/* Reads and checks the frame and the payload's hash. VL_ESTORE with what is wrong. */
vl_code vl_frame_read(const uint8_t *packed, size_t n, vl_frame *frame, vl_err *err);
/* The plain bytes of a packed chunk, replacing plain; hashes checked. */
vl_code vl_unpack(const uint8_t *packed, size_t n, vl_buf *plain, vl_work *work, vl_err *err);

/* HDF5's own shuffle and deflate, as profile portable stores them. */
vl_code vl_deflate_pack(const vl_pack_job *job, vl_buf *packed, vl_err *err);
vl_code vl_deflate_unpack(const uint8_t *packed, size_t n, size_t len, size_t width, vl_buf *plain,
                          vl_work *work, vl_err *err);

/* zstd as codecs use it: appends to out; and fills plain [len], whose length must come out exactly. */
vl_code vl_zstd_pack(const uint8_t *bytes, size_t n, int level, vl_work *work, vl_buf *out, vl_err *err);
vl_code vl_zstd_unpack(const uint8_t *packed, size_t n, uint8_t *plain, size_t len, vl_work *work,
                       vl_err *err);

/* Which codec suits a chunk best: a pure function of the use, the width and the bytes themselves. */
vl_code vl_choose(vl_use use, const vl_pack_job *job, vl_codec_id *best, vl_err *err);

#endif
