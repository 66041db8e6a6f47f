/*
 * Names of files: what a name promises, whose mate it is, of which lane and sample. One set of rules for
 * inboxes, sheets and the command line. What a file holds is found out from its content; its name only says
 * what to expect.
 *
 *     S1_S12_L001_R1_001.fastq.gz
 *     ~~                             sample: what stands before Illumina's number of the sample, _S12
 *           ~~~~~                    lane: _L and up to three digits
 *                ~~~                 mark: _R1, _r1, .R1, _1 or 2 (mates), _I1, _I2 (index reads)
 *                   ~~~~             number of a piece; three digits, may be missing
 *                       ~~~~~~       what it holds: an ending of a format (vl_format.ending)
 *                             ~~~    how it is packed (vl_packed_endings)
 *
 * Endings are compared without case, marks as they are. Only formats with mates have marks: A_1.mzML is no
 * mate of A_2.mzML.
 */
#ifndef VL_NAMES_H
#define VL_NAMES_H

#include "formats/format.h"

/* Sample and lane [0, stem), mark [stem, plain) with its digit, ".fastq" [plain, packed), ".gz" from packed
 * on. All within the name; without a mark stem is plain. */
typedef struct vl_name {
    const vl_format *format;  /* that has this ending; NULL: none that we know */
    char mark;                /* 'R' mates, 'I' index reads, 0 none */
    char mate;                /* '1', '2', or 0 */
    int lane, piece;          /* -1: none */
    size_t lane_at, lane_end; /* of "_L001" in the name, when there is a lane */
    size_t stem, digit, plain, packed;
} vl_name;

vl_name vl_name_split(const char *name);

/* Does the name promise a format whose files may be empty, so that one is without rows? */
bool vl_name_may_be_empty(const char *path);

/* Endings of packed files: "", ".gz", ".bgz", ".zst"; ends with NULL. */
extern const char *const vl_packed_endings[];

/* Of a file that no output can be (x.cram): what its text is called when it is given back (x.bam), into text
 * of n bytes. False: it keeps its name. */
bool vl_name_given_back(const char *name, char *text, size_t n);

/* The last part of a path. */
const char *vl_name_base(const char *path);

/* Name of the acquisition that a file holds: its base name without endings and mate's mark:
 * "S1_L001_R1_001.fastq.gz" -> "S1_L001". Index reads keep theirs: they are an acquisition beside the reads.
 * Into text of 256 bytes. */
void vl_name_acquisition(const char *path, char text[256]);

/* The same without the lane: what lanes of one library have in common. "" if nothing is left. */
void vl_name_library(const char *path, char text[256]);
/* Of two lanes of a library, which is read first: by lane, then by piece, then by name. As strcmp does. */
int vl_name_order(const char *a, const char *b);

/* What two names say of each other: mates of one library; nothing; or that they are none, as one is of index
 * reads, or both of first mates. */
typedef enum vl_mates { VL_MATES_MAYBE, VL_MATES_YES, VL_MATES_NO } vl_mates;
vl_mates vl_name_mates(const char *first, const char *second);
/* Mates by their names, and the second stands first: a_R2, a_R1. */
bool vl_name_swapped(const char *first, const char *second);
/* VL_EARG when one file is of index reads and the other is not: their records fit together, so content cannot
 * tell. */
vl_code vl_name_refuse_index(const char *first, const char *second, vl_err *err);

/* The usual rule for the sample: the name without its endings and mate's mark, up to Illumina's number of the
 * sample (_S12_L001, or _S12 before a mark). Into text of 256 bytes; empty if nothing is left. */
void vl_name_sample(const char *name, char text[256]);

#endif
