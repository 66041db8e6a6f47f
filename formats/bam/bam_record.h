/*
 * Records of BAM, whatever kind they become (SAM specification, section 4.2): split and checked, their tags,
 * and the header before them. The inflated stream is a header (text and references), then records, each with
 * its length in front:
 *
 *      0  i32  block_size: bytes behind these four            20  i32  l_seq
 *      4  i32  refID, -1: none                                24  i32  next_refID
 *      8  i32  pos                                            28  i32  next_pos
 *     12  u8   l_read_name, with its NUL                      32  i32  tlen
 *     13  u8   mapq                                           36  name, CIGAR (u32 each), two letters a
 *     14  u16  bin                                                byte, qualities (all 0xff: none), tags
 *     16  u16  n_cigar_op
 *     18  u16  flag
 *
 * bam_record.c   a record, split and checked
 * bam_tag.c      tags: their types, and how wide they are
 * bam_header.c   the header
 * bam_columns.c  letters and tags as columns, and back (bam_columns.h)
 * sam_tag.c      tags from text
 */
#ifndef VL_BAM_RECORD_H
#define VL_BAM_RECORD_H

#include "formats/batch.h"

enum { VL_BAM_FIXED = 36, VL_BAM_MOST = 1 << 28 }; /* bytes before a record's name; of the longest record */
enum { VL_BAM_NAME = 254 };                        /* letters of a name */

/* FLAG, section 1.4. */
enum {
    VL_FLAG_PAIRED = 1,
    VL_FLAG_PROPER = 2,
    VL_FLAG_UNMAPPED = 4,
    VL_FLAG_MATE_UNMAPPED = 8,
    VL_FLAG_REVERSE = 16,
    VL_FLAG_MATE_REVERSE = 32,
    VL_FLAG_FIRST = 64,
    VL_FLAG_SECOND = 128,
    VL_FLAG_SECONDARY = 256,
    VL_FLAG_FILTERED = 512,
    VL_FLAG_DUPLICATE = 1024,
    VL_FLAG_SUPPLEMENTARY = 2048
};

/* One record; borrowed from its bytes. */
typedef struct vl_bam_record {
    const uint8_t *at; /* its length first */
    size_t n;          /* bytes, those of the length among them */
    int32_t contig, position;
    uint16_t flag, nop;
    size_t nletter;
    vl_cell name; /* without its NUL */
    const uint8_t *cigar, *letters, *quality, *tags, *end;
} vl_bam_record;

/* Bytes of the record that begins bytes [n]; 0: more are needed; VL_BAM_BAD: it cannot be one. */
#define VL_BAM_BAD SIZE_MAX
size_t vl_bam_length(const uint8_t *bytes, size_t n);
/* Splits bytes [n], a record or what is left of one. ncontig: references of the header. */
vl_code vl_bam_split(const uint8_t *bytes, size_t n, uint32_t ncontig, vl_bam_record *out,
                     const uint8_t **bad, vl_err *err);
/* It has letters, and no qualities: all 0xff stands for none, and the first alone says it. */
static inline bool vl_bam_no_quality(const vl_bam_record *r) { return r->nletter && r->quality[0] == 0xff; }

/* ---- the header ---- */

enum { VL_BAM_MAGIC = 4 };
extern const uint8_t vl_bam_magic[VL_BAM_MAGIC];

typedef struct vl_bam_header {
    size_t n; /* bytes of all of it */
    vl_cell text;
    uint32_t ncontig;
    size_t contigs; /* where the first of them stands: i32 bytes of the name with its NUL, name, i32 length */
} vl_bam_header;
/* Of the stream's first bytes [n]. *more: they do not hold all of it. */
vl_code vl_bam_header_read(const uint8_t *bytes, size_t n, vl_bam_header *out, bool *more, vl_err *err);
/* Bytes of the header [nheader] that bytes [n] begin with: all of it or none; *part: they are fewer, and may
 * be it. */
size_t vl_bam_header_in(const uint8_t *header, size_t nheader, const uint8_t *bytes, size_t n, bool *part);

/* ---- tags ---- */

/* A tag and the column that its values are in. */
typedef struct vl_bam_tag {
    const uint8_t *at;  /* of its name in the record; borrowed */
    const uint8_t *end; /* of its value */
    const uint8_t *value;
    size_t n;    /* elements: letters without the NUL, numbers */
    char type;   /* of BAM: A c C s S i I f Z H B */
    char of;     /* of a B: c C s S i I f; else 0 */
    bool narrow; /* a whole number in the fewest bytes that hold it */
    bool usual;  /* vl_bam_usual */
} vl_bam_tag;

/* The tag at p, of a record that ends at end. *bad: the byte that is wrong. */
vl_code vl_bam_tag_read(const uint8_t *p, const uint8_t *end, vl_bam_tag *out, const uint8_t **bad,
                        vl_err *err);
/* Is a name a letter, and a letter or digit (SAM specification, section 1.5)? */
bool vl_bam_usual(const uint8_t *name);
int64_t vl_bam_number(char type, const uint8_t *value); /* of a whole number */
/* The type in which a whole number stands, where it says n. */
char vl_bam_narrow(int64_t number);
/* Bytes of a number or an element; 0: of no such type. */
size_t vl_bam_width(char type);

/* ---- tags as SAM writes them (section 1.5) ---- */

/* Whole digits with a sign, within what BAM holds. */
bool vl_sam_whole(vl_cell s, int64_t *out);
/* The part of a list before the next `end`; *s is what stands behind it. */
vl_cell vl_sam_split(vl_cell *s, char end);
/* Letters that tags hold: printable, or hexadecimal digits in pairs. */
bool vl_sam_is_text(vl_cell s, bool hex);
/* Appends "RG:Z:a" as BAM has it. False: it is no tag, or there is no memory (err). */
bool vl_sam_tag(vl_cell s, vl_buf *out, vl_err *err);

#endif
