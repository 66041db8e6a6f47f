/*
 * Mates of alignments that lie elsewhere, as samtools view --fetch-pairs finds them (samtools-view(1)). Of
 * the rows that regions and rules select, those are taken whose flag says paired and whose mate lies on none
 * of the regions; rows at the places where their mates are said to lie come as well, if they have one of
 * their names and hold to the same rules. A mate that is unmapped may lie on no contig too.
 */
#include "pipeline/alignments/alignments_view.h"

#include <stdlib.h>

/* What is gathered of the rows that are there. */
typedef struct mates {
    vl_viewer *v;
    vl_want *want; /* owned: places and names */
    vl_regions at; /* where mates are said to lie */
    bool nowhere;  /* some may lie on no contig */
    vl_buf name;   /* their names, one behind the other */
    vl_buf end;    /* u64: where each ends */
    vl_alignments_names *names;
    vl_rows found;
} mates;

/* Rows of a list with their places and names, some thousand at a time. */
typedef vl_code each_fn(mates *m, const vl_batch *b, size_t n, vl_err *err);

static vl_code walk(mates *m, vl_rows *rows, each_fn *each, vl_err *err)
{
    enum { ROWS = 4096 };
    vl_reader *const r = m->v->r;
    vl_work *const work = &m->v->work;
    vl_plan plan = { 0 };
    uint64_t first;
    size_t n;
    rows->at = 0;
    rows->done = 0;
    if (!vl_plan_init(&plan, r, err))
        while (!err->code && (n = vl_rows_take(rows, ROWS, &first)))
            if (!vl_reader_rows(r, &plan, VL_AT_ALIGNMENT, first, n, m->want, work, err) &&
                !vl_reader_referred(r, &plan, VL_AL_PLACE, first, n, m->want, work, err) &&
                !vl_reader_load(r, &plan, work, err))
                each(m, &plan.batch, n, err);
    vl_plan_free(r, &plan);
    rows->at = 0;
    rows->done = 0;
    return err->code;
}

static vl_code name_of(const vl_batch *b, size_t i, vl_cell *name, vl_err *err)
{
    if (b->col[VL_AL_PLACE].offset[i + 1] != VL_PLACE_N * (i + 1))
        return vl_fail(err, VL_ESTORE, "a place is not of eight numbers");
    const uint64_t row = (uint64_t)vl_place_at(b, i, VL_PLACE_NAME) - b->first[VL_AT_NAME];
    if (row >= b->nrow[VL_AT_NAME]) return vl_fail(err, VL_ESTORE, "a name is not where its place says");
    *name = vl_row(&b->col[VL_AL_NAME], (size_t)row);
    return VL_OK;
}

/* A mate there is found by what was asked already. */
static bool is_asked(const vl_alignments_own *o, int64_t contig, int64_t position)
{
    size_t which;
    return contig >= 0 &&
           (!o->by_region || vl_regions_meet(&o->region, contig, position, position, &which)) &&
           (!o->by_bed || vl_regions_meet(&o->bed, contig, position, position, &which));
}

static vl_code gather(mates *m, const vl_batch *b, size_t n, vl_err *err)
{
    const vl_alignments_own *const o = vl_alignments_own_of(m->v);
    for (size_t i = 0; i < n && !err->code; i++) {
        vl_cell name = { NULL, 0 };
        if (name_of(b, i, &name, err)) break;
        const int64_t flag = vl_place_at(b, i, VL_PLACE_FLAG),
                      contig = vl_place_at(b, i, VL_PLACE_MATE_CONTIG),
                      position = vl_place_at(b, i, VL_PLACE_MATE_POSITION);
        if (!(flag & VL_FLAG_PAIRED) || is_asked(o, contig, position)) continue;
        if (vl_buf_append(&m->name, name.at, name.n, err)) break;
        const uint64_t end = m->name.len;
        vl_buf_append(&m->end, &end, sizeof end, err);
        m->nowhere |= contig < 0 || flag & VL_FLAG_MATE_UNMAPPED;
        if (contig >= 0) vl_regions_put(&m->at, contig, position, position + 1, err);
    }
    return err->code;
}

static vl_code keep(mates *m, const vl_batch *b, size_t n, vl_err *err)
{
    for (size_t i = 0; i < n && !err->code; i++) {
        vl_cell name = { NULL, 0 };
        if (!name_of(b, i, &name, err) && vl_alignments_names_has(m->names, name))
            vl_rows_add(&m->found, b->first[VL_AT_ALIGNMENT] + i, 1, err);
    }
    return err->code;
}

static vl_code list_names(mates *m, vl_err *err)
{
    const uint64_t *const end = (const uint64_t *)(const void *)m->end.data;
    uint64_t start = 0;
    if (vl_alignments_names_open(&m->names, NULL, NULL, err)) return err->code;
    for (size_t i = 0; i < m->end.len / sizeof *end && !err->code; start = end[i++])
        vl_alignments_names_add(m->names, (vl_cell){ m->name.data + start, end[i] - start }, err);
    return err->code;
}

/* Rows at the places of mates, by the same rules. */
static vl_code select_there(mates *m, const vl_selection *what, vl_rows *rows, vl_err *err)
{
    vl_viewer *const v = m->v;
    vl_alignments_own *const o = v->own;
    const vl_regions asked = o->region;
    const vl_rows had = v->rows;
    const bool by_region = o->by_region, by_bed = o->by_bed;
    if (m->nowhere && vl_regions_put(&m->at, -1, 0, 1, err)) return err->code;
    vl_regions_settle(&m->at);
    o->region = m->at;
    o->by_region = true;
    o->by_bed = false;
    v->rows = (vl_rows){ 0 };
    vl_select(v, what, v->ask->rows[0], v->ask->rows[1], err);
    *rows = v->rows;
    v->rows = had;
    o->region = asked;
    o->by_region = by_region;
    o->by_bed = by_bed;
    return err->code;
}

vl_code vl_alignments_mates(vl_viewer *v, const vl_selection *what, vl_err *err)
{
    static const vl_sight sight[] = { { VL_AL_PLACE, VL_WANT_ROWS }, { VL_AL_NAME, VL_WANT_ROWS } };
    mates m = { .v = v };
    vl_rows there = { 0 };
    if (vl_reader_want(v->r, sight, 2, &m.want, err) || walk(&m, &v->rows, gather, err)) goto out;
    if (!m.end.len || list_names(&m, err) || select_there(&m, what, &there, err)) goto out;
    if (!walk(&m, &there, keep, err)) vl_rows_join(&v->rows, &m.found, err);
out:
    vl_alignments_names_close(m.names);
    vl_regions_free(&m.at);
    vl_buf_free(&m.name);
    vl_buf_free(&m.end);
    free(there.run);
    free(m.found.run);
    free(m.want);
    return err->code;
}
