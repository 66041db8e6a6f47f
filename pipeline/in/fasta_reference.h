/*
 * A reference as a FASTA file: letters that bases are coded by (pipeline/codec/reference.h), and what of the
 * file and its sequences is said in the store.
 */
#ifndef VL_FASTA_REFERENCE_H
#define VL_FASTA_REFERENCE_H

#include "formats/fasta.h"
#include "pipeline/codec/reference.h"
#include "pipeline/io/input.h"
#include "pipeline/store/store.h"

/* Starts as { 0 }. */
typedef struct vl_fasta_reference {
    vl_shared shared; /* owned; ready for packing */
    vl_fasta fasta;   /* owned; its letters went to shared */
    vl_input *input;  /* owned */
    uint64_t letters;
} vl_fasta_reference;

/* Plain, gzip, BGZF or zstd; "-" is not taken. Errors name the file. */
vl_code vl_fasta_reference_open(vl_fasta_reference *r, const char *path, vl_err *err);
/* Bytes that it takes. */
uint64_t vl_fasta_reference_memory(const vl_fasta_reference *r);
/* Notes, and the table of sequences. */
vl_code vl_fasta_reference_note(const vl_fasta_reference *r, vl_store *st, vl_err *err);
void vl_fasta_reference_close(vl_fasta_reference *r);

#endif
