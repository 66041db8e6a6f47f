/* Records upon sites (alignments_sites.h): a hit is u32, four times the number of the site and which
 * letter. */
#include "pipeline/alignments/alignments_sites.h"

#include "pipeline/alignments/alignments_counts.h"

#include <stdlib.h>

static const int64_t far = INT64_C(1) << 41; /* beyond it no list has a site */

/* ---- the list upon contigs ---- */

/* Two contigs of a header may be one of the list, 1 and chr1: then that which is written as there. */
static void give(vl_sites_laid *l, const vl_contigs *contigs, int64_t *owner)
{
    for (size_t c = 0; c < contigs->n; c++) {
        const int64_t k = vl_sites_contig(l->list, contigs->contig[c].name);
        if (k >= 0 && (owner[k] < 0 || vl_sites_writes_so(l->list, (size_t)k, contigs->contig[c].name)))
            owner[k] = (int64_t)c;
    }
}

vl_code vl_sites_lay(vl_sites_laid *l, const vl_sites *list, const vl_contigs *contigs, vl_err *err)
{
    int64_t *const owner = malloc((list->ncontig + 1) * sizeof *owner);
    *l = (vl_sites_laid){ .list = list, .ncontig = contigs->n };
    l->on = calloc(contigs->n + 1, sizeof *l->on);
    l->count = calloc(list->n + 1, sizeof *l->count);
    if (!owner || !l->on || !l->count) vl_fail(err, VL_ENOMEM, "no memory for counts of %zu sites", list->n);
    for (size_t k = 0; k < list->ncontig && !err->code; k++) owner[k] = -1;
    if (!err->code) give(l, contigs, owner);
    for (size_t k = 0; k < list->ncontig && !err->code; k++) {
        const size_t from = list->contig[k].first, to = list->contig[k + 1].first;
        if (owner[k] < 0) continue;
        l->on[owner[k]] = (struct vl_sites_span){ from, to };
        l->found += to - from;
        l->contigs++;
        l->otherwise += !vl_sites_writes_so(list, k, contigs->contig[owner[k]].name);
    }
    free(owner);
    return err->code;
}

void vl_sites_laid_free(vl_sites_laid *l)
{
    free(l->on);
    free(l->count);
    *l = (vl_sites_laid){ 0 };
}

/* ---- one record ---- */

/* The first site of a span that is at a place or behind it. */
static size_t first_from(const vl_sites *list, struct vl_sites_span on, int64_t place)
{
    while (on.from < on.to) {
        const size_t mid = on.from + (on.to - on.from) / 2;
        if (list->site[mid].position < place) on.from = mid + 1;
        else on.to = mid;
    }
    return on.from;
}

/* What a letter is at a site; -1: nothing. */
static int which(const vl_site *site, uint8_t letter)
{
    const uint8_t c = letter & 0xdf;
    if (c == site->ref || letter == '=') return VL_SITE_REF;
    if (c == site->alt) return VL_SITE_ALT;
    return c == 'A' || c == 'C' || c == 'G' || c == 'T' ? VL_SITE_OTHER : -1;
}

/* What a record lies on, operation by operation, from site i on. */
static vl_code walk(const vl_sites_laid *l, size_t i, size_t to, int64_t place, const vl_batch *b, size_t row,
                    int cg, vl_buf *hits, vl_err *err)
{
    const vl_site *const site = l->list->site;
    const vl_cell base = vl_row(&b->col[VL_AL_BASE], row), quality = vl_row(&b->col[VL_AL_QUALITY], row);
    const uint8_t *cigar;
    size_t nop;
    uint64_t at = 0;
    vl_cigar_of_row(b, row, cg, &cigar, &nop);
    for (size_t k = 0; k < nop && i < to; k++) {
        const uint32_t op = vl_le32(cigar + 4 * k), n = op >> 4;
        if (!vl_op_on_contig(op)) {
            if (vl_op_in_read(op)) at += n;
            continue;
        }
        for (; i < to && site[i].position < place + n; i++) {
            const uint64_t letter = at + (uint64_t)(site[i].position - place);
            if (!vl_op_matches(op) || letter >= base.n) continue;
            if (letter < quality.n && quality.at[letter] < VL_SITE_QUALITY) continue;
            const int what = which(&site[i], base.at[letter]);
            uint8_t hit[4];
            vl_put_le32(hit, (uint32_t)(4 * i) + (uint32_t)what);
            if (what >= 0 && vl_buf_append(hits, hit, 4, err)) return err->code;
        }
        place += n;
        if (vl_op_in_read(op)) at += n;
    }
    return VL_OK;
}

vl_code vl_sites_hit(const vl_sites_laid *l, const vl_batch *b, vl_buf *hits, vl_err *err)
{
    const int cg = vl_alignments_tag_field(b->schema, "CG:BI");
    const size_t nrow = b->nrow[VL_AT_ALIGNMENT];
    const uint64_t *const offset = b->col[VL_AL_PLACE].offset;
    struct vl_sites_span on = { 0, 0 };
    int64_t contig = -1, behind = 0; /* no site of `on` lies between `behind` and the one at on.from */
    if (!l->found) return VL_OK;
    if (nrow && offset[nrow] - offset[0] != VL_PLACE_N * nrow)
        return vl_fail(err, VL_ESTORE, "a place is not of eight numbers");
    for (size_t i = 0; i < nrow; i++) {
        const int64_t c = vl_place_at(b, i, VL_PLACE_CONTIG), place = vl_place_at(b, i, VL_PLACE_POSITION);
        const int64_t span = vl_place_at(b, i, VL_PLACE_SPAN);
        if (c < 0 || (uint64_t)c >= l->ncontig || place < 0 || place > far || span < 1) continue;
        if (vl_place_at(b, i, VL_PLACE_FLAG) & VL_FLAGS_PASSED) continue;
        if (b->col[VL_AL_MAPQ].data.data[i] < VL_SITE_MAPQ) continue;
        const size_t to = l->on[c].to;
        if (c != contig || place < behind || (on.from < to && l->list->site[on.from].position < place)) {
            on = l->on[c];
            on.from = first_from(l->list, on, place);
            contig = c;
        }
        behind = place;
        if (on.from < to && l->list->site[on.from].position - place < span &&
            walk(l, on.from, to, place, b, i, cg, hits, err))
            return err->code;
    }
    return VL_OK;
}

void vl_sites_take(vl_sites_laid *l, vl_buf *hits)
{
    for (size_t i = 0; i < hits->len / 4; i++) {
        const uint32_t hit = vl_le32(hits->data + 4 * i);
        uint32_t *const count = &l->count[hit / 4][hit % 4];
        *count += *count < UINT32_MAX;
    }
    hits->len = 0;
}
