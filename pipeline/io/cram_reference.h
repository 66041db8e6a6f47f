/*
 * The reference that a CRAM needs to be read, or is written by: the FASTA that was named, and no other; where
 * the header points (UR) nobody looks. It is compared before the first record: contigs of the header that it
 * has must be the same by their digests (M5).
 */
#ifndef VL_CRAM_REFERENCE_H
#define VL_CRAM_REFERENCE_H

#include "formats/err.h"

#include <stdbool.h>

struct sam_hdr_t;
struct htsFile;

/* Starts as { 0 }. */
typedef struct vl_cram_reference {
    bool named;
    char folder[64]; /* of our own, with an index of the FASTA where none stands beside it; "" */
} vl_cram_reference;

/* The library asks servers and folders for references unless it is told of others. Before it is entered. */
void vl_cram_stay_here(void);

/* For a CRAM that is read. path: NULL for none. */
vl_code vl_cram_reference_open(vl_cram_reference *r, const char *path, struct sam_hdr_t *header,
                               struct htsFile *file, vl_err *err);
/* For one that is to be written, before its header is: all contigs of the header must be there, at their
 * lengths, and those lines @SQ that have no M5 get one. */
vl_code vl_cram_reference_lend(vl_cram_reference *r, const char *path, struct sam_hdr_t *header,
                               struct htsFile *file, vl_err *err);
void vl_cram_reference_close(vl_cram_reference *r);

#endif
