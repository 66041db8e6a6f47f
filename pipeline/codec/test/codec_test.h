/*
 * What the checks of a codec share. check_codec.c runs every codec of the table over generic bytes; a codec
 * that has more to say for itself has a file check_<name>.c here with a vl_codec_test, which is found by its
 * name.
 */
#ifndef VL_CODEC_TEST_H
#define VL_CODEC_TEST_H

#include "pipeline/codec/codec.h"

/* Sorts of bytes; what they are is in draw.c. */
typedef enum sort {
    EQUAL,
    LINE,
    RANDOM,
    ALL_VALUES,
    TWO_VALUES,
    FOUR_VALUES,
    SIXTEEN_VALUES,
    BASES,
    N_RUNS,
    IUPAC,
    LOWER,
    QUALITIES,
    NAMES,
    COUNTS,
    PEAKS,
    FLOATS,
    NSORT
} sort;
extern const char *const sort_name[NSORT];

/* n elements of a sort, in an aligned, padded buffer of just that size. */
void draw(vl_buf *plain, sort of, size_t n, vl_type type, uint64_t seed);

/* Reads of a small genome, as a codec's draw; each begins with the letter N (check_overlap.c). */
void draw_overlapping(vl_buf *plain, size_t n, vl_type type, uint64_t seed);

/* Rows of pairs, as draw of the codecs of places (check_place.c). */
void draw_places(vl_buf *plain, size_t n, vl_type type, uint64_t seed);

/* Names of reads, as draw of the codecs of names (check_name_tokens.c). */
void draw_flow_names(vl_buf *plain, size_t n, vl_type type, uint64_t seed);

/* What a codec's own file says. All may be NULL. */
typedef struct vl_codec_test {
    /* Bytes that the codec must hold itself; without this, it must hold some sort of each type that it
     * suits. */
    bool (*holds)(sort of, size_t n, size_t width);
    /* Bytes that no generic sort is like: replaces plain by n elements that the codec must hold. */
    void (*draw)(vl_buf *plain, size_t n, vl_type type, uint64_t seed);
    /* Says what else the codec sees of bytes that draw made, if they are the last ones. */
    void (*see)(vl_pack_job *job);
    uint8_t starts; /* rows begin where this letter stands; 0: anywhere */
    size_t enough;  /* elements that it needs to hold any at all; 0: few */
    /* Payloads that lie. */
    void (*crafted)(void);
} vl_codec_test;

/* ---- frames that are sealed rightly and lie all the same ---- */

extern vl_shared old_shared; /* what the chunks at hand share */
extern vl_work old_work;     /* used again and again: what a bad chunk leaves behind must not hurt the next */
void put(vl_buf *buf, const void *bytes, size_t n);
void put_zstd(vl_buf *buf, const void *bytes, size_t n); /* a zstd frame of them */
void begin(vl_buf *frame, uint8_t codec, uint8_t width, uint32_t len);
void seal(vl_buf *frame);
/* The frame, once sealed, must be refused for the reason given. */
void refuse(vl_buf *frame, const char *reason, const char *file, int line);
#define REFUSE(frame, reason) refuse(frame, reason, __FILE__, __LINE__)

/* Bytes that a codec makes of elements; it must hold them, and they must come back. */
size_t packed_and_back(uint8_t codec, const vl_buf *plain, vl_type type);

/* CHECK of check.h for all files of one program. */
bool codec_check(bool ok, const char *file, int line, const char *about, ...)
    __attribute__((format(printf, 4, 5)));
#define HOLDS(ok, ...) codec_check((ok), __FILE__, __LINE__, __VA_ARGS__)

#endif
