/* The command that gives the files back that a store was made of, as a shell takes it. */
#ifndef VL_WAY_BACK_H
#define VL_WAY_BACK_H

#include "formats/buf.h"

enum { VL_WAY_BACK_NAME = 700 };

typedef struct vl_way_back {
    const char *bank, *sample, *acquisition;
    const char *file[2]; /* the first file of each stream; NULL: there is none */
    int nfile[2];        /* lanes that were joined come back as one */
} vl_way_back;

/* "vial export -b /data/bank S1/L001 -1 S1_R1.fastq.gz -2 S1_R2.fastq.gz", and a 0, behind what out has.
 * stream of an input: from 1, as records count. */
void vl_way_back_add(vl_way_back *w, int stream, const char *path);
/* The name that stream k, 0 or 1, gets: that of its file, or, of several, that of the acquisition. Only gzip
 * is packed again, and what no output has is called as the usual files of its format are (.cram: .bam). */
void vl_way_back_name(const vl_way_back *w, int k, char name[VL_WAY_BACK_NAME]);
vl_code vl_way_back_print(const vl_way_back *w, vl_buf *out, vl_err *err);

#endif
