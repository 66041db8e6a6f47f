/* What a source gives: bytes in packets, and what is known of each file (source.h). */
#ifndef VL_PACKET_H
#define VL_PACKET_H

#include "formats/buf.h"
#include <stdbool.h>

typedef struct vl_packet {
    vl_buf packed;      /* bytes still to be inflated; empty otherwise. Of a stream: whole BGZF blocks */
    vl_buf plain;       /* decompressed bytes; after inflate all of them */
    uint64_t packed_at; /* of packed.data[0] in the file */
    int file;           /* number of the file in its stream */
    bool file_end;      /* these are the last bytes of that file; may be none */
    bool damaged;       /* inflate found damage behind its plain bytes; of one who salvages */
    bool end;           /* nothing follows, in any file; plain may be empty */
} vl_packet;
void vl_packet_free(vl_packet *p);

/* What is known of one file once it has been read to its end. */
typedef struct vl_file_facts {
    const char *name;        /* as given; "-" is standard input */
    const char *compression; /* "none", "gzip", "bgzf", "zstd", "mixed", "cram" */
    const char *decoder;  /* the library that made the plain bytes, where another one may make others; or NULL
                              */
    uint64_t bytes;       /* of the file as it is */
    uint64_t plain_bytes; /* decompressed; counted by take and by inflate, exact at the end */
    uint8_t sha256[32];   /* of the file as it is; valid at the end */
    uint8_t text_xxh3[16];   /* XXH3-128 of its plain bytes, canonical; of sources that weave texts */
    uint64_t members;        /* gzip members, or BGZF blocks, or zstd frames */
    bool damaged;            /* its text ends before its bytes do (vl_inputs.salvages) */
    bool no_eof_block;       /* BGZF without the final empty block: legal, odd */
    uint64_t trailing_zeros; /* zero bytes behind the last member */
    uint64_t trailing_bytes; /* others behind it and those, which are no member (vl_inputs.keeps_behind) */
} vl_file_facts;

#endif
