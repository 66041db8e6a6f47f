/*
 * BAM: reads as binary records with tags (SAM specification, section 4.2). Only what is not aligned is taken
 * here: PacBio's reads, Nanopore's base calls, libraries that were never mapped.
 *
 * In: the inflated stream. A header (text and references), then records, each with its length in front:
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
 * Out: a batch of reads (reads.h). A tag is two letters, a type and a value. Each tag is a column of its own,
 * which holds elements where a read has it:
 *
 *     reads/tag/RG:Z   text (Z), hexadecimal digits (H), or a letter (A)
 *     reads/tag/np:i   whole numbers of any width, as i64
 *     reads/tag/rq:f   single floats
 *     reads/tag/fi:BC  arrays of one type of element: c C s S i I f
 *
 * Column tags says which tags a read has, in their order and by the types in which they stand in BAM:
 * "RG:Z np:n rq:f fi:BC". Type n is the one of c C s S i I that takes the fewest bytes, unsigned first.
 *
 * Where the first two records are mates by their flags, so all must be, and a name is kept once for a pair.
 * Of a file in which one is missing, each read then is taken by itself (vl_err.again).
 *
 * What these columns do not say is rare. Column odd has it (vl_bam_odd), so that every byte of a record comes
 * back. The header is a stream of its own, as it was.
 *
 * bam.c         the table's entry: header, where records end, facts
 * bam_record.c  a record, split and checked
 * bam_tag.c     tags: their types, and how wide they are
 * bam_parse.c   records to rows
 * bam_print.c   rows to records
 * bam_made.c    the same for reads that came as FASTQ: what stands for flags, tags and header
 */
#ifndef VL_BAM_H
#define VL_BAM_H

#include "formats/reads/reads.h"

enum { VL_BAM_FIXED = 36, VL_BAM_MOST = 1 << 28 }; /* bytes before a record's name; of the longest record */

/* What stands in column odd: a byte with these bits, and for each of them, in their order, bytes. Numbers are
 * those of BAM. */
typedef enum vl_bam_odd {
    VL_ODD_PLACE = 1,    /* refID, pos, next_refID, next_pos, tlen: 20 bytes; else -1, -1, -1, -1, 0 */
    VL_ODD_MAPQ = 2,     /* mapq and bin, 3 bytes; else as of the first record (facts) */
    VL_ODD_CIGAR = 4,    /* n_cigar_op and the operations */
    VL_ODD_PAD = 8,      /* the low half of the last byte of an odd number of letters; else 0 */
    VL_ODD_QUALITY = 16, /* qualities that begin with 0xff and are not all 0xff: a byte a letter */
    VL_ODD_REST = 32     /* tags that are in no column, to the end: from the first that stands there twice */
} vl_bam_odd;

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
} vl_bam_tag;

/* The tag at p, of a record that ends at end. *bad: the byte that is wrong. */
vl_code vl_bam_tag_read(const uint8_t *p, const uint8_t *end, vl_bam_tag *out, const uint8_t **bad,
                        vl_err *err);
int64_t vl_bam_number(char type, const uint8_t *value); /* of a whole number */
/* The type in which a whole number stands, where it says n. */
char vl_bam_narrow(int64_t number);
/* Bytes of a number or an element; 0: of no such type. */
size_t vl_bam_width(char type);

/* The path of a tag's column, and its type among columns. kind: 'A', 'Z', 'H', 'i' for all whole numbers,
 * 'f', or 'B' with `of`. */
enum { VL_BAM_PATH = 24 };
void vl_bam_path(const uint8_t name[2], char kind, char of, char path[VL_BAM_PATH]);
vl_type vl_bam_column_type(char kind, char of);

/* ---- the table's entry and its parts ---- */

typedef struct vl_bam_head {
    size_t nheader; /* bytes */
    uint32_t ncontig;
    vl_buf header; /* owned */
    uint8_t mapq;  /* of the first record */
    uint16_t bin;
    bool paired; /* mates in turn, as the flags and names of the first two records say */
} vl_bam_head;

/* Are they mates, the first one first, by flags and names? bytes: two records that were split. */
bool vl_bam_mates(const vl_bam_record *a, const vl_bam_record *b);

vl_code vl_bam_parse(const void *head, const vl_block *in, vl_batch *out, vl_err *err);

/* How reads are printed, as a store's facts say. */
typedef struct vl_bam_how {
    bool paired; /* names are kept once for each pair */
    uint8_t mapq;
    uint16_t bin;
    bool made;        /* they did not come as BAM: what FASTQ lacks is made (bam_made.c) */
    char group[88];   /* then: of tag RG; "": none */
    char header[512]; /* then: the text of the header */
} vl_bam_how;

vl_code vl_bam_unfinish(void *how, const vl_facts *facts, const uint64_t *counter, int ntext, vl_way *way,
                        vl_err *err);
vl_code vl_bam_print(const void *how, const vl_batch *batch, bool last, vl_buf *out, vl_err *err);
/* The same of n rows from `first` on, without a header. */
vl_code vl_bam_print_rows(const vl_bam_how *how, const vl_batch *batch, size_t first, size_t n, vl_buf *out,
                          vl_err *err);
/* The header; kept: that of the store, "" if the reads did not come as BAM. */
vl_code vl_bam_print_header(const vl_bam_how *how, vl_cell kept, vl_buf *out, vl_err *err);

/* ---- of reads that came as FASTQ ---- */

unsigned vl_bam_made_flag(bool paired, size_t row);
/* Appends the tags that a comment is, and adds to the flag what it says; group: as of vl_bam_how. */
vl_code vl_bam_made_tags(vl_cell comment, const char *group, unsigned *flag, vl_buf *out, vl_err *err);
/* Fills group and header. */
void vl_bam_made_header(vl_bam_how *how, const vl_facts *facts);

#endif
