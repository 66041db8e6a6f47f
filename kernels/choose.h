/*
 * Inside kernels/ only: what kernels.c asks of each file, and the words that mark a version's instructions.
 *
 * vl_<file>_choose fills the file's entries of the table with the best versions that isa allows.
 */
#ifndef VL_CHOOSE_H
#define VL_CHOOSE_H

#include "kernels/kernels.h"

#define VL_TARGET_AVX2   __attribute__((target("avx2,bmi,bmi2,popcnt")))
#define VL_TARGET_AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,bmi,bmi2,popcnt")))
#define VL_TARGET_VBMI                                                                                       \
    __attribute__((target("avx512vbmi,avx512vbmi2,avx512f,avx512bw,avx512dq,avx512vl,avx2,bmi,bmi2,"         \
                          "popcnt")))

#define VL_KERNEL(file, returns, name, args) void vl_##file##_choose(vl_kernels *k, unsigned isa);
#include "kernels/kernels.def"
#undef VL_KERNEL

#endif
