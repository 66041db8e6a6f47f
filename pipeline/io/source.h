/*
 * A source: where the bytes of an acquisition come from. A table beside the formats (sources.def): a format
 * says how bytes become rows, a source how inputs become bytes.
 *
 *     probe    is this mine?                           a name, what stat says of it, the first bytes
 *     gather   which files are it                      looks at names only; nothing is read
 *     open     files -> streams of bytes side by side  each file can be read, the first is begun
 *     peek     the head of a stream                    before its first take; tells the format
 *     take     the next packet of a stream             serial, must be quick: what needs the order
 *     inflate  packet -> its bytes                     the work; on many threads, touches only the packet
 *     file     what is known of a file                 exact at the end
 *
 * Streams are independent of each other: the next packets of two may be taken at the same time. Packets hold
 * no bytes of two files, and errors name the file and the byte in it or in its text. After an error only
 * close makes sense.
 *
 * A source may end after gather, when another one reads what it found: it writes that one into the inputs.
 */
#ifndef VL_SOURCE_H
#define VL_SOURCE_H

#include "pipeline/io/inputs.h"
#include "pipeline/io/packet.h"

/* Something that was named as an input. */
typedef struct vl_place {
    const char *path; /* "-" is standard input */
    bool folder, regular;
    uint8_t head[64]; /* of a regular file */
    size_t nhead;
} vl_place;

typedef struct vl_source {
    const char *name, *doc; /* "stream", "files in a row ..." */
    bool reference;         /* it is what a reference is for (vl_inputs) */
    bool woven;             /* its one stream is woven of texts, in frames of its format: file n is text n */
    int (*probe)(const vl_place *at); /* 0 not mine .. 100 certain */
    /* The name of a file that a file of this name does not come without, whether it is there or not; to be
     * freed. NULL: there is none, or no memory. */
    char *(*beside)(const char *path);
    /* Adds the files of path to all, which becomes stream, or several from it on. NULL: path is the one
     * file. */
    vl_code (*gather)(const char *path, int stream, vl_inputs *all, vl_err *err);
    vl_code (*open)(void **self, const vl_inputs *inputs, vl_err *err);
    int (*nstream)(const void *self);
    /* bytes: borrowed until the next call; less than want only where the stream's first file ends, which sets
     * *whole. */
    vl_code (*peek)(void *self, int stream, size_t want, const uint8_t **bytes, size_t *n, bool *whole,
                    vl_err *err);
    /* About want bytes of text. */
    vl_code (*take)(void *self, int stream, size_t want, vl_packet *packet, vl_err *err);
    vl_code (*inflate)(vl_packet *packet, vl_err *err);
    int (*nfile)(const void *self, int stream);
    const vl_file_facts *(*file)(const void *self, int stream, int file);
    /* Bytes of the stream's files that were read so far, and that there are in all; 0 if that is unknown. */
    void (*progress)(const void *self, int stream, uint64_t *read, uint64_t *total);
    void (*close)(void *self); /* NULL is fine */
} vl_source;

extern const vl_source *const vl_sources[]; /* ends with NULL */
extern const vl_source vl_source_stream;    /* reads what no other source asks for */

/* What a name on a command line means: adds its files to all as stream, or as several streams. "a.fq,b.fq"
 * names two files in a row, unless a file is called just that. VL_EARG. Roles are named when all are there
 * (inputs.h). */
vl_code vl_source_gather(const char *name, int stream, vl_inputs *all, vl_err *err);
/* A file that does not come alone, and is: what stands beside it is added as the next stream. Others stay. */
vl_code vl_source_complete(vl_inputs *all, vl_err *err);
/* Which source reads these inputs. */
const vl_source *vl_source_of(const vl_inputs *inputs);

#endif
