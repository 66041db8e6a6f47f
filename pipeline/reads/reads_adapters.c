/* Where adapters begin in reads (reads_tally.h): the first place of each, by the first 12 letters of it. */
#include "pipeline/reads/reads_tally.h"

#include <string.h>

const vl_qc_adapter vl_qc_adapter_list[VL_QC_ADAPTERS] = {
    { "Illumina Universal Adapter", "AGATCGGAAGAG", true },
    { "Illumina Small RNA 3' Adapter", "TGGAATTCTCGG", true },
    { "Illumina Small RNA 5' Adapter", "GATCGTCGGACT", true },
    { "Nextera Transposase Sequence", "CTGTCTCTTATA", true },
    { "SOLID Small RNA Adapter", "CGCCTTGGCCGT", true },
    { "PolyA", "AAAAAAAAAAAA", false },
    { "PolyG", "GGGGGGGGGGGG", false },
};

static void fill_places(uint8_t place[VL_QC_ADAPTER][16])
{
    memset(place, 0, VL_QC_ADAPTER * 16);
    for (unsigned a = 0; a < VL_QC_ADAPTERS; a++)
        for (int p = 0; p < VL_QC_ADAPTER; p++)
            place[p][vl_qc_adapter_list[a].letters[p] & 15] |= (uint8_t)(1 << a);
}

static bool is_there(const uint8_t *base, const char *letters)
{
    for (int p = 0; p < VL_QC_ADAPTER; p++)
        if (base[p] != (uint8_t)letters[p] && (base[p] & 0xdf) != (uint8_t)letters[p]) return false;
    return true;
}

/* The read that the places looked at are in. */
typedef struct walk {
    size_t read;
    unsigned found; /* adapters that were found in it */
} walk;

static vl_code take(vl_qc *qc, const vl_qc_batch *b, walk *w, uint64_t at, unsigned set, vl_err *err)
{
    while (at >= b->offset[w->read + 1]) w->read++, w->found = 0;
    if (at + VL_QC_ADAPTER > b->offset[w->read + 1]) return VL_OK;
    for (set &= ~w->found; set; set &= set - 1) {
        const unsigned a = (unsigned)__builtin_ctz(set);
        if (!is_there(b->base + at, vl_qc_adapter_list[a].letters)) continue;
        w->found |= 1u << a;
        vl_qc_mate *const m = &qc->mate[b->paired ? w->read & 1 : 0];
        if (vl_counts_add(&m->adapter, vl_count_key(a, at - b->offset[w->read]), 1, err)) return err->code;
    }
    return VL_OK;
}

vl_code vl_qc_adapters(vl_qc *qc, const vl_qc_batch *b, vl_err *err)
{
    enum { PIECE = 4096, MORE = PIECE + VL_QC_ADAPTER - 1 };
    uint8_t place[VL_QC_ADAPTER][16], set[MORE];
    uint32_t at[MORE];
    walk w = { 0 };
    const uint64_t end = b->offset[b->n];
    fill_places(place);
    for (uint64_t from = 0; from < end; from += PIECE) {
        const size_t n = (size_t)(end - from < MORE ? end - from : MORE);
        const size_t count = vl_k.motif_find(at, set, b->base + from, n, place[0]);
        for (size_t i = 0; i < count; i++)
            if (take(qc, b, &w, from + at[i], set[i], err)) return err->code;
    }
    return VL_OK;
}
