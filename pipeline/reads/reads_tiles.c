/*
 * Qualities by tile of the flow cell and position (reads_tally.h), on every 10th read.
 *
 * The tile is a field of the name line between ':', the fifth of seven or more, the third of five or six.
 * Names that differ in that are no names of one flow cell: then there are no tiles.
 */
#include "pipeline/reads/reads_tally.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TITLE = 512, FIELDS = 7, SECOND_FORM = 2, THIRD_FORM = 4 };

/* The name line as it was but for the mate's mark, as far as it fits. */
static size_t put_title(char *title, const vl_qc_batch *b, size_t i)
{
    const size_t row = b->first + i;
    const vl_cell name = vl_qc_row(&b->batch->col[VL_RD_NAME], row / (b->paired ? 2 : 1));
    const vl_cell comment = vl_qc_row(&b->batch->col[VL_RD_COMMENT], row);
    size_t n = name.n < TITLE ? name.n : TITLE;
    if (n) memcpy(title, name.at, n);
    if (comment.n && n < TITLE && comment.at[0] != ' ' && comment.at[0] != '\t') title[n++] = ' ';
    const size_t more = comment.n < TITLE - n ? comment.n : TITLE - n;
    if (more) memcpy(title + n, comment.at, more);
    return n + more;
}

/* The first FIELDS fields of a title; how many there are of them. */
static int fields_of(const char *title, size_t n, vl_cell field[FIELDS])
{
    int nfield = 0;
    while (n && title[n - 1] == ':') n--; /* empty fields at the end are none */
    for (size_t from = 0; nfield < FIELDS && from <= n;) {
        const char *const colon = memchr(title + from, ':', n - from);
        const size_t len = colon ? (size_t)(colon - title) - from : n - from;
        field[nfield++] = (vl_cell){ (const uint8_t *)title + from, len };
        from += len + 1;
    }
    return nfield;
}

static bool number_of(vl_cell cell, uint32_t *number)
{
    uint64_t n = 0;
    if (!cell.n) return false;
    for (size_t i = 0; i < cell.n; i++) {
        if (cell.at[i] < '0' || cell.at[i] > '9') return false;
        n = 10 * n + (uint64_t)(cell.at[i] - '0');
        if (n > INT32_MAX) return false;
    }
    *number = (uint32_t)n;
    return true;
}

/* The tile of a read; false: there are no tiles. */
static bool tile_of(vl_qc_tiles *t, const vl_qc_batch *b, size_t i, uint32_t *number)
{
    char title[TITLE];
    vl_cell field[FIELDS];
    const int nfield = fields_of(title, put_title(title, b, i), field);
    const int tile = nfield == FIELDS ? THIRD_FORM : nfield >= 5 ? SECOND_FORM : 0;
    if (!t->field) t->field = tile;
    return tile && tile == t->field && number_of(field[tile], number);
}

static vl_qc_tile *find(vl_qc_tiles *t, uint32_t number, vl_err *err)
{
    if (t->last < t->n && t->tile[t->last].number == number) return &t->tile[t->last];
    for (size_t i = 0; i < t->n; i++)
        if (t->tile[i].number == number) return &t->tile[t->last = i];
    if (t->n == VL_QC_TILES) {
        t->none = true;
        return NULL;
    }
    if (!(t->n & (t->n - 1))) {
        vl_qc_tile *const more = realloc(t->tile, (t->n ? 2 * t->n : 1) * sizeof *more);
        if (!more) return vl_fail(err, VL_ENOMEM, "no memory for %zu tiles", t->n), NULL;
        t->tile = more;
    }
    t->tile[t->n] = (vl_qc_tile){ .number = number };
    return &t->tile[t->last = t->n++];
}

static vl_code grow(vl_qc_tile *t, size_t npos, vl_err *err)
{
    if (npos <= t->npos && t->quality) return VL_OK;
    const size_t from = t->ends ? t->npos + 1 : 0;
    uint64_t *const quality = realloc(t->quality, (npos + 1) * sizeof *quality);
    if (quality) t->quality = quality;
    uint64_t *const ends = realloc(t->ends, (npos + 1) * sizeof *ends);
    if (ends) t->ends = ends;
    if (!quality || !ends) return vl_fail(err, VL_ENOMEM, "no memory for a tile");
    memset(quality + t->npos, 0, (npos + 1 - t->npos) * sizeof *quality);
    memset(ends + from, 0, (npos + 1 - from) * sizeof *ends);
    t->npos = npos;
    return VL_OK;
}

static vl_code add_read(vl_qc_tiles *t, const vl_qc_batch *b, size_t i, vl_err *err)
{
    uint32_t number;
    if (!tile_of(t, b, i, &number)) {
        t->none = true;
        return VL_OK;
    }
    const uint64_t len = b->offset[i + 1] - b->offset[i];
    const size_t n = (size_t)(len < VL_QC_POSITIONS ? len : VL_QC_POSITIONS);
    const uint8_t *const q = b->quality + b->offset[i];
    vl_qc_tile *const tile = find(t, number, err);
    if (!tile || grow(tile, n, err)) return err->code;
    for (size_t p = 0; p < n; p++) tile->quality[p] += q[p];
    tile->ends[n]++;
    return VL_OK;
}

vl_code vl_qc_tiles_add(vl_qc *qc, const vl_qc_batch *b, vl_err *err)
{
    if (!b->quality) return VL_OK;
    const uint64_t first = b->batch->first[VL_RT_READ] + b->first, mates = b->paired ? 2 : 1;
    const uint64_t every = VL_QC_TILE_EVERY * mates; /* of each ten reads of a mate the last */
    for (uint64_t r = first + (2 * every - mates - first % every) % every; r - first < b->n; r += every) {
        for (uint64_t k = 0; k < mates; k++) {
            vl_qc_tiles *const t = &qc->mate[k].tiles;
            if (!t->none && add_read(t, b, (size_t)(r + k - first), err)) return err->code;
        }
    }
    return VL_OK;
}

vl_code vl_qc_tiles_merge(vl_qc_tiles *into, const vl_qc_tiles *from, vl_err *err)
{
    into->none |= from->none || (into->field && from->field && into->field != from->field);
    if (!into->field) into->field = from->field;
    for (size_t i = 0; i < from->n && !into->none; i++) {
        const vl_qc_tile *const f = &from->tile[i];
        vl_qc_tile *const t = find(into, f->number, err);
        if (!t || grow(t, f->npos, err)) return err->code;
        for (size_t p = 0; p < f->npos; p++) t->quality[p] += f->quality[p];
        for (size_t p = 0; p <= f->npos; p++) t->ends[p] += f->ends[p];
    }
    return err->code;
}

/* ---- tables ---- */

static int by_number(const void *a, const void *b)
{
    const uint32_t x = ((const vl_qc_tile *)a)->number, y = ((const vl_qc_tile *)b)->number;
    return (x > y) - (x < y);
}

vl_code vl_qc_tiles_store(const vl_qc_tiles *t, vl_store *st, const char *mate, vl_err *err)
{
    static const char *const axes[] = { "tile, as in tile", "sum of qualities, reads",
                                        "position in the read" };
    char path[2][48];
    uint64_t npos = 0;
    if (t->none || !t->n) return VL_OK;
    qsort(t->tile, t->n, sizeof *t->tile, by_number);
    for (size_t i = 0; i < t->n; i++) npos = t->tile[i].npos > npos ? t->tile[i].npos : npos;
    uint64_t *const all = calloc(t->n * 2 * (npos + 1), sizeof *all);
    uint32_t *const number = calloc(t->n, sizeof *number);
    snprintf(path[0], sizeof path[0], "qc/tile%s", mate);
    snprintf(path[1], sizeof path[1], "qc/tile_quality%s", mate);
    if (!all || !number) {
        vl_fail(err, VL_ENOMEM, "no memory for %zu tiles", t->n);
        goto out;
    }
    for (size_t i = 0; i < t->n; i++) {
        uint64_t *const sum = all + i * 2 * npos, *const reads = sum + npos;
        uint64_t left = 0;
        number[i] = t->tile[i].number;
        for (size_t p = t->tile[i].npos; p-- > 0;) {
            reads[p] = left += t->tile[i].ends[p + 1];
            sum[p] = t->tile[i].quality[p];
        }
    }
    if (npos && !vl_store_table(st, path[0], VL_U32, number, 1, (const uint64_t[]){ t->n },
                                (const char *const[]){ "ascending" }, "", "tiles of the flow cell", err))
        vl_store_table(st, path[1], VL_U64, all, 3, (const uint64_t[]){ t->n, 2, npos }, axes, "",
                       "qualities of every 10th read by tile and position", err);
out:
    free(all);
    free(number);
    return err->code;
}

void vl_qc_tiles_free(vl_qc_tiles *t)
{
    for (size_t i = 0; i < t->n; i++) {
        free(t->tile[i].quality);
        free(t->tile[i].ends);
    }
    free(t->tile);
}
