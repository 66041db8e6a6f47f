/*
 * FASTA, as a reference is written: lines that begin with '>' name a sequence, up to the first blank; its
 * letters follow in lines of any length and either case. Letters are the IUPAC codes of nucleotides, '*' and
 * '-'; blanks, and blank lines, are passed over.
 */
#ifndef VL_FASTA_H
#define VL_FASTA_H

#include "formats/buf.h"

typedef struct vl_fasta_sequence {
    uint64_t name, name_len; /* in the names */
    uint64_t length;         /* letters, whatever they are */
    uint8_t md5[16];         /* of the letters in upper case, as M5 of SAM's @SQ */
} vl_fasta_sequence;

struct evp_md_ctx_st;

/* Starts as { 0 }. */
typedef struct vl_fasta {
    vl_buf letter;   /* of all sequences, one behind the other: A, C, G, T, and N for what is none of them */
    vl_buf sequence; /* vl_fasta_sequence each */
    vl_buf name;
    uint64_t most; /* letters that are taken; 0: any number */
    bool usable;   /* one of the letters is A, C, G or T */
    /* where it is */
    uint64_t byte, line;
    enum { VL_FASTA_LINE_START, VL_FASTA_IN_NAME, VL_FASTA_IN_TITLE, VL_FASTA_IN_LETTERS } state;
    struct evp_md_ctx_st *md5; /* owned */
} vl_fasta;

/* The next bytes of the text, in pieces of any size. VL_EFORMAT with line and byte. */
vl_code vl_fasta_take(vl_fasta *f, const uint8_t *bytes, size_t n, vl_err *err);
vl_code vl_fasta_end(vl_fasta *f, vl_err *err);
void vl_fasta_free(vl_fasta *f);

#endif
