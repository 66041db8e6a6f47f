/* Markers of flushes: flush_markers.h. */
#include "formats/redeflate/flush_markers.h"

#include <stdlib.h>

vl_code vl_markers_add(vl_markers *m, vl_marker marker, vl_err *err)
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
        vl_odds same, is_static;
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
        one.type = vl_say_bit(c, &odds.is_static, one.type == VL_STATIC) ? VL_STATIC : VL_STORED;
        if (one.type == VL_STORED) one.pad = (uint8_t)vl_say_number(c, &odds.pad, one.pad);
        if (i < m->n) m->marker[i] = one;
        else if (vl_markers_add(m, one, err)) return err->code;
    }
    return VL_OK;
}
