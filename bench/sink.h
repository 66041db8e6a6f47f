/*
 * Where a generator's bytes go: a file, as they are, as plain gzip or as BGZF, with the digests of the plain
 * bytes.
 *
 * plain gzip: one member, zlib level 6, as `gzip` writes. BGZF: blocks of 65280 bytes, libdeflate level 4,
 * which comes close in size to the level 4 of zlib that bcl2fastq uses. The plain bytes depend on the seed
 * alone; the compressed ones also on the version of those libraries.
 */
#ifndef VIAL_BENCH_SINK_H
#define VIAL_BENCH_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "sha.h"

typedef enum sink_kind { SINK_PLAIN, SINK_GZIP, SINK_BGZF } sink_kind;

typedef struct sink {
    char *path; /* owned */
    FILE *file; /* owned */
    sink_kind kind;
    uint8_t *bytes; /* owned; plain bytes waiting, cap SINK_ROOM */
    size_t len;
    uint64_t total;  /* plain bytes, those waiting included */
    uint64_t stored; /* bytes in the file */
    sha sha256;      /* of the plain bytes already written */
    void *xxh3;      /* owned */
    void *deflate;   /* owned; z_stream or libdeflate_compressor */
    uint8_t *packed; /* owned */
} sink;

enum { SINK_ROOM = 1 << 20 };

/* "none", "plain" (gzip), "bgzf"; false if it is another word */
bool sink_kind_of(const char *word, sink_kind *kind);
/* All of these end the program with a message when something fails. */
void sink_open(sink *s, const char *path, sink_kind kind);
void sink_put(sink *s, const void *bytes, size_t n);
/* At least n free bytes at the end, n <= SINK_ROOM; then sink_took says how many were written there. */
uint8_t *sink_room(sink *s, size_t n);
void sink_took(sink *s, size_t n);
void sink_close(sink *s);
/* {"file":...,"bytes":...,"stored":...,"xxh3":"...","sha256":"..."}; after sink_close. Then sink_free. */
void sink_truth(const sink *s, FILE *json);
void sink_free(sink *s);

#endif
