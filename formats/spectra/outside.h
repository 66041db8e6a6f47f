/*
 * Documents of mass spectra whose arrays lie outside of them: in a file of bytes beside the document (imzML's
 * .ibd), or in data sets around it (mzMLb).
 *
 * What reads such files (pipeline/spectra) weaves document and arrays into one stream of frames, so that a
 * format sees both side by side, in memory, a part at a time. All numbers are little-endian.
 *
 *     frame     "VlOu"  u16 kind  u16 sort: 0 a file beside, 1 data sets around  u64 bytes behind this header
 *     text      u64 where it stands in the document  u64 bytes of text  u64 entries, 48 bytes each; the text;
 *               of each entry its gap and its array. Texts follow each other without a gap.
 *     entry     u64 where its <binaryDataArray begins in the text  u64 bytes of gap  u64 bytes of array
 *               u64 where the array stands outside  u64 number of the file or data set
 *               u64 1: own, 2: values as they are, whatever compression the document names; and from bit 8
 *               on then their type (vl_mz_number)
 *     literal   bytes of the file beside that stand before those of the next own array, and belong to none
 *     fact      name, 0, text: what the reader found out (vl_fact)
 *
 * An array is own where its bytes are the next ones of the file beside: gap, array, gap, array ... is that
 * file. Bytes that were there before (arrays that spectra share, that overlap, or that are in another order
 * than the document has them) come with the entry as well, but are nobody's.
 */
#ifndef VL_OUTSIDE_H
#define VL_OUTSIDE_H

#include "formats/spectra/mzml.h"

#define VL_OUTSIDE_COLUMN "source/beside" /* where literal bytes lie in a store */
enum {
    VL_OUTSIDE_HEAD = 16,  /* bytes of a frame's header */
    VL_OUTSIDE_TEXT = 24,  /* bytes before the entries of a text */
    VL_OUTSIDE_ENTRY = 48, /* bytes of one */
    VL_OUTSIDE_GAP = 4096, /* most bytes of a gap; a longer one is literal */
    VL_OUTSIDE_LITERAL = 1 << 20,
    VL_OUTSIDE_ARRAY = 1 << 30 /* most bytes of one array, and of all in one frame */
};
typedef enum vl_outside_sort { VL_OUTSIDE_BESIDE, VL_OUTSIDE_AROUND } vl_outside_sort;
typedef enum vl_outside_kind {
    VL_OUTSIDE_IS_TEXT = 1,
    VL_OUTSIDE_IS_LITERAL = 2,
    VL_OUTSIDE_IS_FACT = 3
} vl_outside_kind;

/* An array, or, where it is literal, bytes that are none. */
typedef struct vl_outside_entry {
    uint64_t tag;           /* where its start tag begins in the text of the block */
    vl_xml_span gap, bytes; /* borrowed from the block */
    uint64_t at, set;       /* outside; number of the file or data set */
    bool own, literal, plain;
    uint8_t number; /* of plain ones: vl_mz_number */
} vl_outside_entry;

/* A block of frames, taken apart. */
typedef struct vl_outside {
    vl_buf text;             /* owned: of all its frames */
    uint64_t offset;         /* of it in the document */
    vl_outside_entry *entry; /* owned; in the order of the text */
    size_t n, cap, next;
    vl_facts facts;
} vl_outside;

/* Appends the header of a frame of n bytes. */
vl_code vl_outside_begin(vl_buf *out, vl_outside_sort sort, vl_outside_kind kind, uint64_t n, vl_err *err);
/* Is this the beginning of such a stream of text? */
bool vl_outside_is(const uint8_t *bytes, size_t n, vl_outside_sort sort);
/* Whole frames at the start of bytes [n]; *used their bytes. VL_EFORMAT: there is something else. */
vl_code vl_outside_cut(const uint8_t *bytes, size_t n, size_t *used, vl_err *err);
/* Takes a block of whole frames apart. Errors: VL_EFORMAT it contradicts itself; VL_ENOMEM. */
vl_code vl_outside_read(vl_outside *o, const uint8_t *bytes, size_t n, vl_err *err);
/* The text of the head of a stream [n], as far as it is there. Appends. */
vl_code vl_outside_head(const uint8_t *bytes, size_t n, vl_buf *text, vl_err *err);
/* The entry of the array whose start tag begins here; NULL: it is in the document. */
const vl_outside_entry *vl_outside_find(vl_outside *o, uint64_t tag);
/* Adds rows of the literal bytes that stand before this byte of the text. */
vl_code vl_outside_literals(vl_outside *o, uint64_t before, uint64_t text_at, vl_batch *out, vl_err *err);
void vl_outside_free(vl_outside *o);

/* What the row of an outside array keeps: how its bytes are made, and what stands before them. Appends. */
vl_code vl_outside_keep(const vl_outside_entry *e, const vl_mz_proof *proof, vl_buf *out, vl_err *err);
/* Appends what rows of arrays in the document's order are of the file beside. */
vl_code vl_outside_print(const vl_batch *b, vl_buf *out, vl_err *err);

extern const vl_format vl_imzml, vl_mzmlb;

#endif
