/*
 * The table of kernels: what the CPU can do, what VIAL_ISA leaves of it, and the best versions within that.
 *
 * VIAL_ISA is a list of words between commas or blanks: scalar, sse41, avx2, avx512, vbmi, neon. A word
 * allows its instructions and all that came before them on the same kind of CPU; the highest word counts.
 * With no known word, all the CPU has is allowed.
 */
#include <stdlib.h>
#include <string.h>

#include "kernels/choose.h"

#if defined(__aarch64__)
#include <sys/auxv.h>
#endif

vl_kernels vl_k;

unsigned vl_isa_cpu(void)
{
    unsigned isa = VL_SCALAR;
#if defined(__x86_64__)
    __builtin_cpu_init(); /* what it says includes whether the operating system saves the registers */
    if (__builtin_cpu_supports("sse4.1")) isa |= VL_SSE41;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&
        __builtin_cpu_supports("popcnt"))
        isa |= VL_AVX2;
    if ((isa & VL_AVX2) && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
        isa |= VL_AVX512;
    if ((isa & VL_AVX512) && __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512vbmi2"))
        isa |= VL_VBMI;
#elif defined(__aarch64__)
    enum { HAS_ASIMD = 1 << 1 }; /* HWCAP_ASIMD of Linux */
    if (getauxval(AT_HWCAP) & HAS_ASIMD) isa |= VL_NEON;
#endif
    return isa;
}

typedef struct word {
    const char *name;
    unsigned allows;
} word;

static const word words[] = {
    { "scalar", VL_SCALAR },
    { "sse41", VL_SSE41 },
    { "avx2", VL_SSE41 | VL_AVX2 },
    { "avx512", VL_SSE41 | VL_AVX2 | VL_AVX512 },
    { "vbmi", VL_SSE41 | VL_AVX2 | VL_AVX512 | VL_VBMI },
    { "neon", VL_NEON },
};

unsigned vl_isa_from_env(void)
{
    const char *text = getenv("VIAL_ISA");
    unsigned allowed = 0;
    int nknown = 0;

    while (text && *text) {
        const size_t len = strcspn(text, ", \t");
        for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
            if (strlen(words[i].name) != len || memcmp(text, words[i].name, len)) continue;
            allowed |= words[i].allows;
            nknown++;
        }
        text += len;
        text += strspn(text, ", \t");
    }
    return nknown ? vl_isa_cpu() & allowed : vl_isa_cpu();
}

void vl_kernels_init(vl_kernels *k, unsigned isa)
{
    /* a file with several kernels is there several times, in a row */
    static void (*const choose[])(vl_kernels *, unsigned) = {
#define VL_KERNEL(file, returns, name, args) vl_##file##_choose,
#include "kernels/kernels.def"
#undef VL_KERNEL
    };

    for (size_t i = 0; i < sizeof choose / sizeof *choose; i++)
        if (i == 0 || choose[i] != choose[i - 1]) choose[i](k, isa);
}
