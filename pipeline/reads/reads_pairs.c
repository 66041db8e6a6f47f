/*
 * What the overlap of mates tells (reads_tally.h): how long the fragment is that both were read from, and
 * what they have behind its end, which is the adapter. By fastp's rule, before anything is cut
 * (kernels/overlap.c).
 */
#include "pipeline/reads/reads_tally.h"

#include <stdlib.h>

static uint64_t least(uint64_t a, uint64_t b) { return a < b ? a : b; }

static void add_overhang(vl_qc_pairs *p, int mate, const uint8_t *base, uint64_t n)
{
    static const uint8_t letter[256] = {
        ['A'] = 1, ['C'] = 2, ['G'] = 3, ['T'] = 4, ['a'] = 1, ['c'] = 2, ['g'] = 3, ['t'] = 4
    };
    p->behind += n;
    for (uint64_t i = 0; i < n && i < VL_QC_OVERHANG; i++) {
        const unsigned k = letter[base[i]];
        p->overhang[mate][i][k ? k - 1 : 4]++;
    }
}

/* The fragment goes from the first letter of the one to the first of the other. */
static void add_pair(vl_qc_pairs *p, int32_t place, const uint8_t *base, const uint64_t *offset)
{
    const uint64_t n1 = offset[1] - offset[0], n2 = offset[2] - offset[1];
    uint64_t size = VL_QC_INSERTS;
    if (place > 0) size = n1 + n2 - least(n1 - (uint64_t)place, n2);
    else if (place != VL_NO_OVERLAP) {
        size = least(n1, n2 - (uint64_t) - (int64_t)place);
        if (place < 0) {
            p->through++;
            add_overhang(p, 0, base + offset[0] + size, n1 - size);
            add_overhang(p, 1, base + offset[1] + size, n2 - size);
        }
    }
    p->insert[size < VL_QC_INSERTS ? size : VL_QC_INSERTS]++;
}

vl_code vl_qc_pairs_add(vl_qc *qc, const vl_qc_batch *b, vl_err *err)
{
    const size_t n = b->paired ? b->n / 2 : 0;
    if (qc->nplace < n) {
        free(qc->place);
        qc->place = malloc(n * sizeof *qc->place);
        qc->nplace = qc->place ? n : 0;
        if (!qc->place) return vl_fail(err, VL_ENOMEM, "no memory for overlaps of %zu pairs", n);
    }
    if (n) vl_k.mate_overlap(qc->place, b->base, b->offset, n);
    for (size_t i = 0; i < n; i++) add_pair(&qc->pairs, qc->place[i], b->base, b->offset + 2 * i);
    return VL_OK;
}

void vl_qc_pairs_merge(vl_qc_pairs *into, const vl_qc_pairs *from)
{
    for (size_t i = 0; i <= VL_QC_INSERTS; i++) into->insert[i] += from->insert[i];
    for (size_t i = 0; i < sizeof into->overhang / sizeof ***into->overhang; i++)
        (&into->overhang[0][0][0])[i] += (&from->overhang[0][0][0])[i];
    into->through += from->through;
    into->behind += from->behind;
}

vl_code vl_qc_pairs_store(const vl_qc_pairs *p, vl_store *st, vl_err *err)
{
    const uint64_t sizes[] = { VL_QC_INSERTS + 1 }, hang[] = { 2, VL_QC_OVERHANG, VL_QC_LETTERS };
    if (vl_store_table(st, "qc/insert_size", VL_U64, p->insert, 1, sizes,
                       (const char *const[]){ "bases; bin 512: longer, or the mates do not overlap" },
                       "pairs", "lengths of fragments, as the overlap of mates tells them", err) ||
        vl_store_note_u64(st, "qc", "overhang_pairs", p->through, err) ||
        vl_store_note_u64(st, "qc", "overhang_letters", p->behind, err) || !p->through)
        return err->code;
    return vl_store_table(
        st, "qc/overhang", VL_U64, p->overhang, 3, hang,
        (const char *const[]){ "mate", "position behind the fragment's end", "A, C, G, T, other" }, "letters",
        "what reads have behind the end of their fragment", err);
}
