/*
 * coverage as a drawing: how deep the places of a region are, one SVG by itself. Of places that share a unit
 * of its width, the mean, and around it the least and the greatest depth.
 */
#include "pipeline/alignments/depth.h"
#include "pipeline/page/svg.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { MOST = 370 }; /* columns: about a unit of the drawing each */

/* Places of one column: of all, or of a piece. */
typedef struct part {
    int64_t column, n, sum;
    int32_t least, most;
} part;

typedef struct drawing {
    const vl_region *region;
    int64_t from, to; /* places */
    int64_t ncolumn;
    part *column; /* owned; [ncolumn] */
} drawing;

static void add(part *to, const part *from)
{
    if (!to->n || from->least < to->least) to->least = from->least;
    if (!to->n || from->most > to->most) to->most = from->most;
    to->n += from->n;
    to->sum += from->sum;
}

static vl_code use(const void *self, int64_t contig, int64_t at, const int32_t *depth, size_t n,
                   vl_buf *parts, uint64_t *covered, vl_err *err)
{
    const drawing *const d = self;
    part now = { .column = -1 };
    (void)covered;
    for (size_t i = 0; i < n && contig == d->region->contig && !err->code; i++) {
        const int64_t place = at + (int64_t)i;
        if (place < d->from || place >= d->to) continue;
        const part one = { (place - d->from) * d->ncolumn / (d->to - d->from), 1, depth[i], depth[i],
                           depth[i] };
        if (one.column != now.column) {
            if (now.n) vl_buf_append(parts, &now, sizeof now, err);
            now = (part){ .column = one.column };
        }
        add(&now, &one);
    }
    return now.n && !err->code ? vl_buf_append(parts, &now, sizeof now, err) : err->code;
}

static vl_code emit(void *self, const vl_buf *parts, vl_err *err)
{
    drawing *const d = self;
    const part *const all = (const part *)(const void *)parts->data;
    for (size_t i = 0; i < parts->len / sizeof *all; i++) add(&d->column[all[i].column], &all[i]);
    return err->code;
}

static void places(const void *self, int64_t contig, bool records, int64_t *from, int64_t *to)
{
    const drawing *const d = self;
    (void)records;
    *from = *to = 0;
    if (contig != d->region->contig) return;
    *from = d->from;
    *to = d->to;
}

/* ---- the drawing ---- */

static vl_code draw(const drawing *d, vl_cell name, vl_output *out, vl_err *err)
{
    const size_t n = (size_t)d->ncolumn;
    double *const y = calloc(3 * n, sizeof *y), sum = 0;
    vl_html h = { .err = err };
    char caption[400], text[32];
    if (!y) return vl_fail(err, VL_ENOMEM, "no memory for a drawing");
    for (size_t i = 0; i < n; i++) {
        const part *const c = &d->column[i];
        y[i] = c->n ? (double)c->sum / (double)c->n : 0;
        y[n + i] = c->least;
        y[2 * n + i] = c->most;
        sum += (double)c->sum;
    }
    snprintf(caption, sizeof caption, "%.*s:%lld-%lld, mean depth %s", name.n < 255 ? (int)name.n : 255,
             (const char *)name.at, (long long)d->from + 1, (long long)d->to,
             vl_show_number(sum / (double)(d->to - d->from), text));
    const vl_curve curve = { "mean", 0, y };
    const vl_band band = { "least to greatest", "least", "greatest", y + n, y + 2 * n };
    vl_svg_file(&h, &(vl_plot){ .caption = caption,
                                .title = "How many records lie on each place",
                                .x = "place",
                                .y = "depth",
                                .from = (double)d->from + 1,
                                .step = (double)(d->to - d->from) / (double)n,
                                .n = (int)n,
                                .unit = VL_CHART_NUMBER,
                                .band = &band,
                                .nband = 1,
                                .curve = &curve,
                                .ncurve = 1 });
    if (!err->code) vl_output_put(out, &h.text, err);
    vl_html_free(&h);
    free(y);
    return err->code;
}

vl_code vl_coverage_draw(vl_summary_job *job, const vl_depth_rule *rule, vl_err *err)
{
    drawing d = { .region = rule->region, .from = rule->region->from, .to = rule->region->to };
    const vl_contig *const contig = &rule->contigs->contig[d.region->contig];
    const vl_depth_user user = { .places = places, .all = true, .use = use, .emit = emit, .self = &d };
    if (d.to > contig->length) d.to = contig->length;
    if (d.from >= d.to) return vl_fail(err, VL_EARG, "the region has no place");
    d.ncolumn = d.to - d.from < MOST ? d.to - d.from : MOST;
    if (!(d.column = calloc((size_t)d.ncolumn, sizeof *d.column)))
        return vl_fail(err, VL_ENOMEM, "no memory for a drawing");
    if (!vl_depth_walk(job->r, rule, &user, NULL, job->ask->threads, &job->work, err))
        draw(&d, contig->name, job->out, err);
    free(d.column);
    return err->code;
}
