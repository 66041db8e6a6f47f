/* Sampled k-mers (consensus.h): which are taken depends on the k-mer alone, so that two rows that share
 * letters share samples. */
#include "pipeline/codec/consensus.h"

static uint64_t scatter(uint64_t x)
{
    x *= UINT64_C(0x9e3779b97f4a7c15);
    x ^= x >> 32;
    x *= UINT64_C(0xd6e8feb86659fd93);
    return x ^ x >> 32;
}

vl_code vl_kmers_list(const uint8_t *letter, size_t n, unsigned each, vl_buf *out, vl_err *err)
{
    enum { TOP = 2 * VL_KMER - 2 };
    const uint64_t mask = (UINT64_C(1) << (TOP + 2)) - 1;
    uint64_t there = 0, back = 0;
    size_t run = 0, found = 0;
    out->len = 0;
    if (n < VL_KMER) return VL_OK;
    if (vl_buf_reserve(out, (n - VL_KMER + 2) * sizeof(vl_kmer), err)) return err->code;
    vl_kmer *const kmer = (vl_kmer *)(void *)out->data;
    for (size_t i = 0; i < n; i++) {
        const uint64_t code = vl_base_code(letter[i]);
        there = (there << 2 | code) & mask;
        back = back >> 2 | (code ^ 2) << TOP;
        run = vl_is_base(letter[i]) ? run + 1 : 0;
        if (run < VL_KMER) continue;
        const uint64_t hash = scatter(there < back ? there : back);
        kmer[found] = (vl_kmer){ (uint32_t)(i - VL_KMER_HALF), (uint32_t)hash, there > back };
        found += !(hash >> 40 & (each - 1)); /* no branch: it would be guessed wrong */
    }
    out->len = found * sizeof *kmer;
    return VL_OK;
}
