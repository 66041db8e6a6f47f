/*
 * How the title of a sheet's column becomes the name of a fact: "characteristics[organism part]" is kept as
 * organism_part. The sheet reader names facts by it, and --where finds them by it, however they are written.
 */
#ifndef VL_FACT_NAME_H
#define VL_FACT_NAME_H

#include <stddef.h>

/* Small letters, blanks and '-' as '_', none of them beside brackets or at the ends. name: len + 1 bytes, may
 * be the title itself. */
void vl_fact_fold(const char *title, size_t len, char *name);

/* What SDRF-Proteomics 1.0 says before brackets: characteristics[...] speak of the sample, comment[...] and
 * factor value[...] of the acquisition. Takes it off a folded name; of factor values it stays as a head. */
typedef enum vl_fact_of { VL_FACT_OF_NEITHER, VL_FACT_OF_SAMPLE, VL_FACT_OF_ACQUISITION } vl_fact_of;
vl_fact_of vl_fact_unwrap(char *name);

#endif
