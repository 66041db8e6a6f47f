/*
 * The schema of alignments (SAM specification, section 1.4): tables, fields, counters (docs/store.md), and
 * one row of them. Rows of table ALIGNMENT are records in the order of the input. Rows of table NAME are
 * names: records of one batch that have the same share it, mates most of all.
 *
 * Contigs are numbers of the header's list. Positions count from 0, -1: none. Text counts them from 1.
 *
 * alignments.c       the schema
 * alignments_push.c  a record to a row
 * alignments_row.c   a row to a record
 * cigar.c            CIGARs
 * contigs.c          the header's contigs
 */
#ifndef VL_ALIGNMENTS_H
#define VL_ALIGNMENTS_H

#include "formats/bam/bam_columns.h"
#include "formats/format.h"
#include "formats/place.h"
#include "formats/schema.h"

enum { VL_AT_ALIGNMENT, VL_AT_NAME };

enum {
    VL_AL_PLACE, /* formats/place.h */
    VL_AL_MAPQ,
    VL_AL_CIGAR,
    VL_AL_NAME,
    VL_AL_BASE,
    VL_AL_QUALITY,
    VL_AL_TAGS, /* and tags, a field each, which are named by the data (bam/bam_columns.h) */
    VL_AL_ODD,
    VL_AL_HEADER,
    VL_AL_NFIELD
};

/* Quality of all letters of a record that came without qualities. */
enum { VL_AL_NO_QUALITY = 255 };

enum {
    VL_AC_NO_QUALITY, /* records with letters and without qualities */
    VL_AC_ODD,        /* records with something in column odd */
    VL_AC_NO_FINAL,   /* 1 if the last line has no line break */
    VL_AC_N
};

extern const vl_schema vl_alignments_schema;
extern const vl_bam_fields vl_alignments_fields;
extern const struct vl_fold vl_alignments_fold; /* formats/fold.h */
extern const vl_way vl_alignments_way;          /* how they come to be printed, in every format */

/* What stands in column odd: a byte with these bits, and for each of them, in their order, bytes. */
typedef enum vl_alignment_odd {
    VL_AO_BIN = 1,     /* u16: bin of BAM, where it is not as of the place */
    VL_AO_PAD = 2,     /* u8: the low half of the last byte of an odd number of letters in BAM; else 0 */
    VL_AO_QUALITY = 4, /* qualities of BAM that begin with 0xff and are not all 0xff: a byte a letter */
    VL_AO_LINE = 8,    /* u32 bytes, and the line of SAM, which is not as we would write it */
    VL_AO_REST = 16    /* tags of BAM that are in no column, to the end */
} vl_alignment_odd;

/* One record. Borrowed from what it came of. */
typedef struct vl_alignment {
    int64_t contig, position, span, mate_contig, mate_position, template_length;
    uint16_t flag;
    uint8_t mapq;
    vl_cell name;
    const uint8_t *cigar; /* u32 each, length << 4 | operation */
    size_t nop;
    vl_cell base;              /* letters as text; of BAM that comes in their number alone */
    vl_cell quality;           /* Phred; NULL: there are none */
    const uint8_t *tags, *end; /* as BAM has them */
    unsigned odd;              /* bits of vl_alignment_odd, and what they are of: */
    uint16_t bin;              /* always; in BAM that comes in as it is there */
    uint8_t pad;
    const uint8_t *odd_quality; /* [base.n] */
    vl_cell line, rest;
} vl_alignment;

/* ---- CIGARs ---- */

/* Letters of the contig, and of the read, that operations cover. False: one of them is none. */
bool vl_cigar_lengths(const uint8_t *cigar, size_t nop, int64_t *contig, int64_t *read);
/* The CIGAR that a record means. One of more than 65,535 operations is in tag CG of BAM, behind a placeholder
 * (section 4.2.2); *tag: where that tag stands, NULL: there is none. */
void vl_cigar_meant(const vl_alignment *a, const uint8_t **cigar, size_t *nop, const uint8_t **tag);
/* Appends the operations as text; of none '*'. And back, replacing out: false: it is no CIGAR. */
vl_code vl_cigar_put(const uint8_t *cigar, size_t nop, vl_buf *text, vl_err *err);
bool vl_cigar_read(vl_cell text, vl_buf *out, vl_err *err);
/* The bin that BAM gives such a place (section 5.3). */
uint16_t vl_alignment_bin(const vl_alignment *a);

/* ---- in ---- */

typedef struct vl_alignments_in {
    vl_batch *out;
    vl_bam_columns tags;
    vl_buf slot; /* u32: 1 + row of a name */
    vl_buf odd;
} vl_alignments_in;

void vl_alignments_in_init(vl_alignments_in *in, vl_batch *out);
/* Checks and pushes a record, but for its letters and qualities, which have been pushed. *bad: NULL, or the
 * byte of its tags that is wrong. */
vl_code vl_alignments_push(vl_alignments_in *in, vl_alignment *a, const uint8_t **bad, vl_err *err);
/* Behind the last record. */
vl_code vl_alignments_end(vl_alignments_in *in, vl_err *err);
void vl_alignments_in_free(vl_alignments_in *in);

/* ---- out ---- */

typedef struct vl_alignments_out {
    const vl_batch *batch; /* borrowed */
    vl_bam_columns columns;
    vl_buf tags;
    bool bare; /* records have no tags: their columns were not read */
} vl_alignments_out;

vl_code vl_alignments_out_init(vl_alignments_out *out, const vl_batch *batch, vl_err *err);
/* Row i of the batch; valid until the next. VL_ESTORE. */
vl_code vl_alignments_row(vl_alignments_out *out, size_t i, vl_alignment *a, vl_err *err);
void vl_alignments_out_free(vl_alignments_out *out);
/* Number k (formats/place.h) of the place of row i. */
static inline int64_t vl_place_at(const vl_batch *b, size_t i, int k)
{
    return (int64_t)vl_le64(b->col[VL_AL_PLACE].data.data + 8 * (VL_PLACE_N * i + (size_t)k));
}

/* ---- the header ---- */

/* The contigs of a header, as BAM or as SAM has it. */
typedef struct vl_contig {
    vl_cell name;
    int64_t length;
} vl_contig;

typedef struct vl_contigs {
    vl_contig *contig; /* owned; names are borrowed from the header */
    size_t n;
    uint32_t *slot; /* owned: 1 + number, by names */
    size_t nslot;
    bool binary;          /* the header is BAM's */
    vl_cell header, text; /* borrowed: all of it, its lines */
} vl_contigs;

/* Refuses a name that stands there twice; *line: of SAM, or 0. */
vl_code vl_contigs_read(vl_contigs *c, vl_cell header, uint64_t *line, vl_err *err);
int64_t vl_contigs_find(const vl_contigs *c, vl_cell name); /* -1: there is none */
void vl_contigs_free(vl_contigs *c);

/* ---- the formats ---- */

/* begin and end of vl_format, where `how` begins with vl_contigs; and whether the header goes before a
 * batch. */
vl_code vl_alignments_how_begin(void *how, vl_cell header, vl_err *err);
void vl_alignments_how_end(void *how);
bool vl_alignments_begins(const vl_batch *batch, const vl_contigs *c);

/* How alignments are printed as BAM. */
vl_code vl_aligned_bam_put(const vl_alignment *a, vl_buf *out, vl_err *err);
/* The header of BAM. */
vl_code vl_aligned_bam_header(const vl_contigs *c, vl_buf *out, vl_err *err);
/* The lines of the header. BAM may name contigs in its list alone: then lines @SQ are made of that. */
vl_code vl_sam_header(const vl_contigs *c, vl_buf *out, vl_err *err);
/* As SAM, without the end of the line. */
vl_code vl_sam_put(const vl_alignment *a, const vl_contigs *c, vl_buf *out, vl_err *err);

#endif
