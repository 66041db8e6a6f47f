/*
 * A made-up genome for the read generator: seeded, with waves of GC content, few CpG, families of scattered
 * repeats with their own mutations, and short tandem repeats. Both strands are kept, so that any read is one
 * copy.
 */
#ifndef VIAL_BENCH_GENOME_H
#define VIAL_BENCH_GENOME_H

#include <stddef.h>
#include <stdint.h>

typedef struct genome {
    uint8_t *plus, *minus; /* owned; letters ACGT; minus is the reverse complement of plus */
    size_t len;
} genome;

/* Ends the program when there is no memory. */
void genome_make(genome *g, size_t len, uint64_t seed);
void genome_free(genome *g);

/* A FASTA file of another individual of the species: a letter in 1000 is another, and in 8000 letters some
 * are missing or new. Three sequences with N at both ends, in lines of 60, repeats here and there in lower
 * case. Ends the program when it cannot be written. */
void genome_write(const genome *g, uint64_t seed, const char *path);

#endif
