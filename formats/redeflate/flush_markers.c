/* Markers of flushes: flush_markers.h. */
#include "formats/redeflate/flush_markers.h"

#include <stdlib.h>

enum { PIGZ = 1 << 17 }; /* bytes between its flushes, unless -b says other */

static vl_code add(vl_markers *m, vl_marker marker, vl_err *err)
{
    if (m->n == m->cap) {
        const size_t more = m->cap ? 2 * m->cap : 64;
        vl_marker *const all = realloc(m->marker, more * sizeof *all);
        if (!all) return vl_fail(err, VL_ENOMEM, "no memory for %zu flushes of a deflate stream", more);
        m->marker = all;
        m->cap = more;
    }
    m->marker[m->n++] = marker;
    return VL_OK;
}

void vl_markers_free(vl_markers *m)
{
    free(m->marker);
    *m = (vl_markers){ 0 };
}

bool vl_is_marker(const vl_deflate_block *block)
{
    return !block->final && !block->nplain && block->head.type != VL_DYNAMIC;
}

vl_code vl_markers_note(vl_markers *m, const vl_deflate_block *block, size_t start, size_t at, vl_err *err)
{
    vl_marker one = { (uint32_t)at, block->head.type, block->pad };
    const vl_marker *const last = m->n ? &m->marker[m->n - 1] : NULL;
    if (vl_is_marker(block)) {
        if (last && last->at == at && last->type == VL_MARKER_NONE) m->n--;
    } else {
        if (block->final || (last && last->at == at)) return VL_OK;
        const size_t gap = last && (m->marker[0].at - start) % PIGZ ? m->marker[0].at - start : PIGZ;
        if ((at - start) % gap) return VL_OK;
        one = (vl_marker){ (uint32_t)at, VL_MARKER_NONE, 0 };
    }
    return add(m, one, err);
}

const vl_marker *vl_marker_due(const vl_markers *m, size_t at)
{
    return m->next < m->n && m->marker[m->next].at == at ? &m->marker[m->next] : NULL;
}

size_t vl_markers_end(const vl_markers *m, size_t at, size_t n)
{
    size_t i = m->next;
    while (i < m->n && m->marker[i].at <= at) i++;
    return i < m->n ? m->marker[i].at : n;
}

vl_code vl_say_markers(vl_coder *c, vl_markers *m, size_t start, size_t end, size_t most, vl_err *err)
{
    struct {
        vl_number_odds count, gap, pad;
        vl_odds same, type[4];
    } odds;
    uint64_t gap = 0;
    vl_odds_init(&odds, sizeof odds);
    const uint64_t n = vl_say_number(c, &odds.count, m->n);
    if (n > most) return vl_fail(err, VL_ESTORE, "%llu flushes, %zu bytes", (unsigned long long)n, most);
    for (size_t i = 0; i < n; i++) {
        vl_marker one = i < m->n ? m->marker[i] : (vl_marker){ 0 };
        const uint64_t before = i ? m->marker[i - 1].at : start;
        if (!vl_say_bit(c, &odds.same, one.at - before != gap)) one.at = (uint32_t)(before + gap);
        else {
            gap = vl_say_number(c, &odds.gap, one.at - before);
            if (gap > end - before) return vl_fail(err, VL_ESTORE, "a flush behind the end");
            one.at = (uint32_t)(before + gap);
        }
        if (gap > end - before) return vl_fail(err, VL_ESTORE, "a flush behind the end");
        one.type = (uint8_t)vl_say_tree(c, odds.type, 2, one.type);
        if (one.type > VL_MARKER_NONE) return vl_fail(err, VL_ESTORE, "a flush of no kind");
        if (one.type == VL_STORED) one.pad = (uint8_t)vl_say_number(c, &odds.pad, one.pad);
        if (i < m->n) m->marker[i] = one;
        else if (add(m, one, err)) return err->code;
    }
    return VL_OK;
}
