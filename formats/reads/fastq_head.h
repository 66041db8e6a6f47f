/* What a FASTQ input has in common, as its first records show it (fastq_open.c), for all that takes it apart
 * (fastq.c). */
#ifndef VL_FASTQ_HEAD_H
#define VL_FASTQ_HEAD_H

#include "formats/format.h"
#include "formats/reads/fastq_lines.h"
#include "formats/reads/mates.h"

typedef struct vl_fastq_asked {
    bool interleaved;
} vl_fastq_asked;
extern const vl_opt vl_fastq_options[];

typedef struct vl_fastq_head {
    int nstream;
    bool paired; /* two streams, or interleaved */
    bool interleaved;
    vl_usual usual[2];
    bool as_given;       /* which mate a read is, is not asked of names and comments */
    char alike;          /* '1', '2': both names of the first pair end in /1, in /2; else 0 */
    const vl_mark *mark; /* of mates; NULL: names are equal */
    bool neighbours;     /* single reads, which look like mates in turn */
} vl_fastq_head;

/* A title behind its '@'. */
typedef struct vl_title {
    vl_cell name;  /* up to the first blank */
    unsigned says; /* the number of the read that the comment says; 0: none */
} vl_title;

vl_title vl_fastq_title(vl_cell text);

int vl_fastq_probe(const uint8_t *bytes, size_t n);
vl_code vl_fastq_open(void *head, const vl_ask *ask, const uint8_t *const *bytes, const size_t *n,
                      const bool *whole, bool *more, vl_err *err);

#endif
