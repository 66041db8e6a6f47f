/*
 * Kernels: arrays in, arrays out. No allocation, no I/O, no errors, no threads; libc only.
 *
 * vl_k is a table of function pointers, filled once at start from what the CPU can do. VIAL_ISA=scalar, avx2,
 * avx512 or neon (see vl_isa_from_env) keeps it to less. Every version of a kernel gives the same bits.
 * A kernel may read up to VL_PAD bytes past the end of a source, and writes exactly what its file says.
 */
#ifndef VL_KERNELS_H
#define VL_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "kernels/context.h"

enum { VL_PAD = 64 };
enum { VL_NO_OVERLAP = INT32_MIN }; /* overlap.c */

enum {
    VL_SCALAR = 0,
    VL_SSE41 = 1 << 0,
    VL_AVX2 = 1 << 1,   /* with BMI1, BMI2, POPCNT */
    VL_AVX512 = 1 << 2, /* F, BW, DQ, VL */
    VL_VBMI = 1 << 3,   /* AVX-512 VBMI and VBMI2 as well */
    VL_NEON = 1 << 4
};

typedef struct vl_kernels {
#define VL_KERNEL(file, returns, name, args) returns(*name) args;
#include "kernels/kernels.def"
#undef VL_KERNEL
} vl_kernels;

extern vl_kernels vl_k; /* written once, before threads start */

/* What this CPU (and its operating system) can do, as a set of the bits above. */
unsigned vl_isa_cpu(void);
/* The same, reduced to what VIAL_ISA allows; unknown words in it are ignored. */
unsigned vl_isa_from_env(void);
/* Best versions within isa; tests build their own tables. */
void vl_kernels_init(vl_kernels *k, unsigned isa);

#endif
