/*
 * Which alignments: by regions, flags and mapping quality, with the rules of samtools view. Places are looked
 * at first, and the index says where; what is left is looked at for its mapping quality, last for its tags.
 */
#include "pipeline/alignments/alignments_index.h"
#include "pipeline/alignments/alignments_view.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- flags ---- */

static unsigned flag_named(const char *name, size_t n)
{
    static const char *const names[] = { "PAIRED",    "PROPER_PAIR", "UNMAP", "MUNMAP",
                                         "REVERSE",   "MREVERSE",    "READ1", "READ2",
                                         "SECONDARY", "QCFAIL",      "DUP",   "SUPPLEMENTARY" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i]) == n && !strncasecmp(names[i], name, n)) return 1u << i;
    return 0;
}

bool vl_flags_read(const char *text, unsigned *flags)
{
    char *end;
    const long number = strtol(text, &end, 0);
    *flags = (unsigned)number;
    if (end > text && !*end) return number >= 0 && number <= 0xffff;
    *flags = 0;
    for (const char *p = text;; p++) {
        const size_t n = strcspn(p, ",");
        const unsigned one = flag_named(p, n);
        *flags |= one;
        if (!one || !p[n]) return one;
        p += n;
    }
}

static bool has_flags(const unsigned rule[4], unsigned flag)
{
    const unsigned not_all = rule[VL_FLAGS_NOT_ALL], any = rule[VL_FLAGS_ANY];
    return (flag & rule[VL_FLAGS_ALL]) == rule[VL_FLAGS_ALL] && !(flag & rule[VL_FLAGS_NONE]) &&
           (!not_all || (flag & not_all) != not_all) && (!any || flag & any);
}

/* ---- places ---- */

static bool asks_place(const vl_viewer *v)
{
    const vl_alignments_own *const o = v->own;
    return (o->by_region && !o->region.all) || o->by_bed || o->flag[0] || o->flag[1] || o->flag[2] ||
           o->flag[3];
}

static vl_code has_place(const void *viewer, const vl_batch *b, size_t n, uint8_t *what, vl_err *err)
{
    const vl_viewer *const v = viewer;
    const vl_alignments_own *const o = v->own;
    const uint64_t *const offset = b->col[VL_AL_PLACE].offset;
    size_t which;
    for (size_t i = 0; i < n; i++) {
        if (offset[i] != VL_PLACE_N * i || offset[i + 1] != VL_PLACE_N * (i + 1))
            return vl_fail(err, VL_ESTORE, "a place is not of eight numbers");
        const int64_t flag = vl_place_at(b, i, VL_PLACE_FLAG), from = vl_place_at(b, i, VL_PLACE_POSITION);
        const int64_t to = vl_place_end(from, vl_place_at(b, i, VL_PLACE_SPAN), flag);
        const int64_t contig = vl_place_at(b, i, VL_PLACE_CONTIG);
        what[i] = has_flags(o->flag, (unsigned)flag) &&
                  (!o->by_region || vl_regions_meet(&o->region, contig, from, to, &which)) &&
                  (!o->by_bed || vl_regions_meet(&o->bed, contig, from, to, &which));
    }
    return VL_OK;
}

/* What the index is asked of many regions: those of one contig that lie near each other as one. */
static vl_code make_wants(const vl_regions *r, vl_wanted **out, size_t *n, vl_err *err)
{
    enum { MOST = 1 << 12 };
    vl_wanted *const want = calloc(r->n + 1, sizeof *want);
    int64_t gap = 0;
    if (!(*out = want)) return vl_fail(err, VL_ENOMEM, "no memory for regions");
    for (*n = MOST + 1; *n > MOST; gap = gap ? gap * 4 : 1024) {
        *n = 0;
        for (size_t i = 0; i < r->n; i++) {
            const vl_region *const x = &r->region[i];
            const vl_box key =
                x->contig < 0 ? vl_region_key(-1, -2, INT64_MAX) : vl_region_key(x->contig, x->from, x->to);
            if (i && x->contig >= 0 && x[-1].contig == x->contig && x->from - x[-1].to < gap)
                want[*n - 1].key.hi[VL_AK_FROM] = key.hi[VL_AK_FROM];
            else want[(*n)++].key = key;
        }
        if (gap > INT64_MAX / 8) break;
    }
    return VL_OK;
}

static vl_code narrow_by(vl_viewer *v, const vl_regions *r, vl_rows *may, vl_err *err)
{
    vl_wanted *want = NULL;
    size_t n = 0;
    vl_rows some = { 0 };
    if (!make_wants(r, &want, &n, err) &&
        !vl_find_may(v->r, &vl_alignments_by_place, want, n, &v->work, &some, err))
        vl_rows_cross(may, &some, err);
    free(some.run);
    free(want);
    return err->code;
}

static vl_code narrow_place(vl_viewer *v, vl_rows *may, vl_err *err)
{
    const vl_alignments_own *const o = v->own;
    if (o->by_region && !o->region.all && narrow_by(v, &o->region, may, err)) return err->code;
    return o->by_bed ? narrow_by(v, &o->bed, may, err) : VL_OK;
}

/* ---- names ---- */

static bool asks_names(const vl_viewer *v) { return vl_alignments_own_of(v)->names; }

static vl_code has_name(const void *viewer, const vl_batch *b, size_t n, uint8_t *what, vl_err *err)
{
    const vl_rows *const rows = vl_alignments_names_rows(vl_alignments_own_of(viewer)->names);
    if (b->col[VL_AL_PLACE].offset[n] != VL_PLACE_N * n)
        return vl_fail(err, VL_ESTORE, "a place is not of eight numbers");
    for (size_t i = 0; i < n; i++) what[i] = vl_rows_has(rows, (uint64_t)vl_place_at(b, i, VL_PLACE_NAME));
    return VL_OK;
}

/* Rows that may point at one of the names; of many names any between the first and the last. */
static vl_code narrow_name(vl_viewer *v, vl_rows *may, vl_err *err)
{
    enum { MOST = 1 << 12 };
    const vl_rows *const rows = vl_alignments_names_rows(vl_alignments_own_of(v)->names);
    const size_t step = rows->n / MOST + 1, n = rows->n ? (rows->n - 1) / step + 1 : 0;
    vl_wanted *const want = calloc(n + 1, sizeof *want);
    vl_rows some = { 0 };
    if (!want) return vl_fail(err, VL_ENOMEM, "no memory for names");
    for (size_t i = 0; i < n; i++) {
        const size_t last = (i + 1) * step < rows->n ? (i + 1) * step - 1 : rows->n - 1;
        want[i].key =
            (vl_box){ .n = VL_AK_N,
                      .lo = { 0, 0, rows->run[i * step].first },
                      .hi = { UINT64_MAX, UINT64_MAX, rows->run[last].first + rows->run[last].n - 1 } };
    }
    if (!vl_find_may(v->r, &vl_alignments_by_place, want, n, &v->work, &some, err))
        vl_rows_cross(may, &some, err);
    free(some.run);
    free(want);
    return err->code;
}

static vl_code take_names(vl_viewer *v, vl_alignments_own *o, vl_err *err)
{
    const vl_alignments_asked *const ask = v->asked;
    if (ask->name && ask->names) return vl_fail(err, VL_EARG, "either --name or --names");
    if (!ask->name && !ask->names) return VL_OK;
    return vl_alignments_names_open(&o->names, ask->name, ask->names, err)
               ? err->code
               : vl_alignments_names_find(o->names, v->r, v->ask->threads, err);
}

/* ---- mapping qualities ---- */

static bool asks_mapq(const vl_viewer *v) { return vl_alignments_asked_of(v)->mapq > 0; }

static vl_code has_mapq(const void *viewer, const vl_batch *b, size_t n, uint8_t *what, vl_err *err)
{
    const uint64_t least = vl_alignments_asked_of(viewer)->mapq;
    (void)err;
    for (size_t i = 0; i < n; i++) what[i] = b->col[VL_AL_MAPQ].data.data[i] >= least;
    return VL_OK;
}

/* ---- what is asked ---- */

static const char *const flag_option[4] = { "require-flags", "exclude-flags", "exclude-all",
                                            "include-flags" };

/* Options that may be given several times. */
static vl_code take_given(vl_viewer *v, vl_alignments_own *o, vl_err *err)
{
    const vl_given *const given = v->ask->given;
    for (int i = 0; given && i < given->n && !err->code; i++) {
        const char *const name = given->option[i].name, *const text = given->option[i].text;
        unsigned flags;
        for (int k = 0; k < 4; k++) {
            if (strcmp(name, flag_option[k]) != 0) continue;
            if (!vl_flags_read(text, &flags)) vl_fail(err, VL_EARG, "--%s: '%.80s' is no flags", name, text);
            else o->flag[k] |= flags;
        }
        if (!strcmp(name, "tag")) vl_tag_ask(&o->tag, name, text, err);
        if (!strcmp(name, "read-group")) vl_tag_ask(&o->group, name, text, err);
    }
    return err->code;
}

static vl_code take_regions(vl_viewer *v, vl_alignments_own *o, vl_err *err)
{
    const vl_alignments_asked *const ask = v->asked;
    o->by_region = v->ask->nmore > 0;
    o->by_bed = ask->bed != NULL;
    for (int i = 0; i < v->ask->nmore; i++)
        if (vl_regions_add(&o->region, &o->contigs, v->ask->more[i], err)) return err->code;
    if (o->by_bed && vl_regions_read(&o->bed, &o->contigs, ask->bed, err)) return err->code;
    if (ask->pairs && !o->by_region && !o->by_bed)
        return vl_fail(err, VL_EARG, "--fetch-pairs goes with a region or --regions-file");
    vl_regions_settle(&o->region);
    vl_regions_settle(&o->bed);
    return VL_OK;
}

vl_code vl_alignments_select(vl_viewer *v, vl_err *err)
{
    vl_alignments_own *const o = v->own;
    vl_predicate predicate[] = {
        { asks_place, { { VL_AL_PLACE, VL_WANT_ROWS } }, narrow_place, has_place },
        { asks_names, { { VL_AL_PLACE, VL_WANT_ROWS } }, narrow_name, has_name },
        { asks_mapq, { { VL_AL_MAPQ, VL_WANT_ROWS } }, NULL, has_mapq },
        { .asked = NULL },
        { .asked = NULL },
        { .asked = NULL },
    };
    if (take_given(v, o, err) || take_regions(v, o, err)) return err->code;
    vl_predicate *p = predicate + 3;
    if (o->group.asked) vl_tag_predicate(v, p++, true);
    if (o->tag.asked) vl_tag_predicate(v, p++, false);
    const vl_selection what = { predicate, VL_AT_ALIGNMENT, -1, 1 };
    if (vl_alignments_asked_of(v)->only_header || take_names(v, o, err)) return err->code;
    if (vl_select(v, &what, v->ask->rows[0], v->ask->rows[1], err)) return err->code;
    return vl_alignments_asked_of(v)->pairs ? vl_alignments_mates(v, &what, err) : VL_OK;
}

void vl_alignments_select_free(vl_alignments_own *o)
{
    vl_regions_free(&o->region);
    vl_regions_free(&o->bed);
    free(o->group.value);
    free(o->tag.value);
    vl_alignments_names_close(o->names);
}
