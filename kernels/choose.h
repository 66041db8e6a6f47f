/*
 * Inside kernels/ only: what kernels.c asks of each file, and the words that mark a version's instructions.
 *
 * vl_<family>_choose fills its entries of the table with the best versions that isa allows.
 */
#ifndef VL_CHOOSE_H
#define VL_CHOOSE_H

#include "kernels/kernels.h"

#define VL_TARGET_AVX2   __attribute__((target("avx2,bmi,bmi2,popcnt")))
#define VL_TARGET_AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,bmi,bmi2,popcnt")))
#define VL_TARGET_VBMI                                                                                       \
    __attribute__((target("avx512vbmi,avx512vbmi2,avx512f,avx512bw,avx512dq,avx512vl,avx2,bmi,bmi2,"         \
                          "popcnt")))

void vl_find_byte_choose(vl_kernels *k, unsigned isa); /* count_byte, find_nth, find_all */
void vl_find_outside_choose(vl_kernels *k, unsigned isa);
void vl_phred_choose(vl_kernels *k, unsigned isa);
void vl_base2_choose(vl_kernels *k, unsigned isa);
void vl_rank_choose(vl_kernels *k, unsigned isa);
void vl_position_count_choose(vl_kernels *k, unsigned isa); /* base_count, quality_count */
void vl_byte_shuffle_choose(vl_kernels *k, unsigned isa);
void vl_delta_zigzag_choose(vl_kernels *k, unsigned isa);
void vl_b64_choose(vl_kernels *k, unsigned isa);

#endif
