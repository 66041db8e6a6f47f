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

#endif
