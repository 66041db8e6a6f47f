/* look: what is asked, and the records that lie there (look.h). */
#include "pipeline/alignments/look.h"

#include "pipeline/alignments/alignments_index.h"
#include "pipeline/alignments/alignments_view.h"
#include "pipeline/alignments/depth.h"
#include "pipeline/out/find.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>

enum { ROWS = 1024, USUAL = 80 };

typedef struct asked {
    const char *exclude;
    uint64_t mapq, rows;
    bool svg;
} asked;

typedef struct question {
    vl_look look;
    unsigned exclude;
    uint64_t mapq;
    int md, cg; /* fields; -1: the store has none */
} question;

/* ---- records ---- */

static vl_code append(vl_buf *to, const void *bytes, size_t n, size_t *at, vl_err *err)
{
    *at = to->len;
    return vl_buf_append(to, bytes, n, err);
}

static vl_code keep(question *q, const vl_batch *b, size_t row, const vl_alignment *a, vl_err *err)
{
    vl_look *const l = &q->look;
    vl_look_record r = { .position = a->position, .reverse = a->flag & VL_FLAG_REVERSE, .nbase = a->base.n };
    const uint8_t *cigar;
    if (l->n == VL_LOOK_RECORDS) {
        l->left++;
        return VL_OK;
    }
    if (l->n == l->cap) {
        const size_t n = 2 * l->cap + 64;
        vl_look_record *const p = realloc(l->record, n * sizeof *p);
        if (!p) return vl_fail(err, VL_ENOMEM, "no memory for %zu records", n);
        l->record = p;
        l->cap = n;
    }
    vl_cigar_of_row(b, row, q->cg, &cigar, &r.nop);
    const vl_cell md =
        q->md >= 0 && b->col[q->md].offset ? vl_row(&b->col[q->md], row) : (vl_cell){ NULL, 0 };
    r.nmd = md.n;
    if (append(&l->cigar, cigar, 4 * r.nop, &r.cigar, err) ||
        append(&l->base, a->base.at, r.nbase, &r.base, err) || append(&l->md, md.at, md.n, &r.md, err))
        return err->code;
    l->record[l->n++] = r;
    return VL_OK;
}

static vl_code take_rows(question *q, const vl_batch *b, vl_err *err)
{
    vl_alignments_out rows = { 0 };
    vl_alignment a;
    const vl_region *const r = &q->look.region;
    if (!vl_alignments_out_init(&rows, b, err)) {
        rows.bare = true;
        for (size_t i = 0; i < b->nrow[VL_AT_ALIGNMENT] && !err->code; i++) {
            if (vl_alignments_row(&rows, i, &a, err) || a.contig != r->contig || a.flag & q->exclude ||
                a.mapq < q->mapq || a.position >= r->to ||
                vl_place_end(a.position, a.span, a.flag) <= r->from)
                continue;
            keep(q, b, i, &a, err);
        }
    }
    vl_alignments_out_free(&rows);
    return err->code;
}

static vl_code choose_columns(const vl_reader *r, question *q, vl_want **want, vl_err *err)
{
    const vl_schema *const schema = vl_reader_columns(r)->schema;
    vl_sight sight[VL_AL_NFIELD + 2];
    int n = 0;
    for (int f = 0; f <= VL_AL_QUALITY; f++)
        if (f != VL_AL_NAME) sight[n++] = (vl_sight){ f, VL_WANT_ROWS };
    sight[n++] = (vl_sight){ VL_AL_ODD, VL_WANT_ROWS };
    q->md = vl_alignments_tag_field(schema, "MD:Z");
    q->cg = vl_alignments_tag_field(schema, "CG:BI");
    if (q->md >= 0) sight[n++] = (vl_sight){ q->md, VL_WANT_ROWS };
    if (q->cg >= 0) sight[n++] = (vl_sight){ q->cg, VL_WANT_ROWS };
    return vl_reader_want(r, sight, n, want, err);
}

static vl_code read_records(vl_summary_job *job, question *q, vl_err *err)
{
    const vl_region *const r = &q->look.region;
    const vl_wanted wanted = { .key = vl_region_key(r->contig, r->from, r->to) };
    vl_rows rows = { 0 };
    vl_want *want = NULL;
    vl_plan plan = { 0 };
    uint64_t first;
    size_t n;
    if (!choose_columns(job->r, q, &want, err) && !vl_plan_init(&plan, job->r, err))
        vl_find_may(job->r, &vl_alignments_by_place, &wanted, 1, &job->work, &rows, err);
    while (!err->code && (n = vl_rows_take(&rows, ROWS, &first))) {
        if (!vl_reader_rows(job->r, &plan, VL_AT_ALIGNMENT, first, n, want, &job->work, err) &&
            !vl_reader_referred(job->r, &plan, VL_AL_PLACE, first, n, NULL, &job->work, err) &&
            !vl_reader_load(job->r, &plan, &job->work, err))
            take_rows(q, &plan.batch, err);
    }
    vl_plan_free(job->r, &plan);
    free(rows.run);
    free(want);
    return err->code;
}

/* ---- what is asked ---- */

/* Where it has no end, some places from its beginning on. */
static vl_code take_region(question *q, const vl_summary_job *job, const vl_contigs *contigs, vl_err *err)
{
    vl_regions all = { 0 };
    vl_region *const r = &q->look.region;
    if (!job->ask->argument) return vl_fail(err, VL_EARG, "no region: STORE chr2:5000-5080");
    if (!vl_alignments_one_region(&all, contigs, job->ask->argument, err)) {
        *r = all.region[0];
        const vl_contig *const contig = &contigs->contig[r->contig];
        q->look.name = contig->name;
        if (r->to == INT64_MAX) r->to = r->from + USUAL;
        if (r->to > contig->length) r->to = contig->length;
        if (r->to <= r->from) vl_fail(err, VL_EARG, "'%.80s' has no place", job->ask->argument);
        else if (r->to - r->from > VL_LOOK_PLACES)
            vl_fail(err, VL_EARG, "'%.80s' has %" PRId64 " places: %d at most", job->ask->argument,
                    r->to - r->from, VL_LOOK_PLACES);
    }
    vl_regions_free(&all);
    return err->code;
}

static vl_code take_asked(question *q, const vl_summary_job *job, const vl_contigs *contigs, vl_err *err)
{
    enum { MOST = 2000 };
    const asked *const ask = job->asked;
    q->exclude = VL_FLAGS_PASSED;
    q->mapq = ask->mapq;
    q->look.most = (size_t)ask->rows;
    if (ask->exclude && !vl_flags_read(ask->exclude, &q->exclude))
        return vl_fail(err, VL_EARG, "--exclude-flags: '%.80s' is no flags", ask->exclude);
    if (!ask->rows || ask->rows > MOST)
        return vl_fail(err, VL_EARG, "--rows: %" PRIu64 ", expected 1 to %d", ask->rows, MOST);
    return take_region(q, job, contigs, err);
}

static vl_code print(vl_summary_job *job, vl_err *err)
{
    const asked *const ask = job->asked;
    vl_buf header = { 0 }, text = { 0 };
    vl_contigs contigs = { 0 };
    question *const q = calloc(1, sizeof *q);
    if (!q) return vl_fail(err, VL_ENOMEM, "no memory for a picture");
    if (!vl_alignments_contigs_load(vl_reader_store(job->r), &header, &contigs, &job->work, err) &&
        !take_asked(q, job, &contigs, err) && !read_records(job, q, err) && !vl_look_lay(&q->look, err) &&
        !(ask->svg ? vl_look_svg : vl_look_text)(&q->look, &text, err))
        vl_output_put(job->out, &text, err);
    vl_buf *const buf[] = { &q->look.cigar, &q->look.base, &q->look.md, &header, &text };
    for (size_t i = 0; i < sizeof buf / sizeof *buf; i++) vl_buf_free(buf[i]);
    free(q->look.record);
    free(q->look.reference);
    free(q->look.cell);
    free(q);
    vl_contigs_free(&contigs);
    return err->code;
}

static void defaults(void *a) { *(asked *)a = (asked){ .rows = 60 }; }

#define AT(member) offsetof(asked, member)
static const vl_opt options[] = {
    { 'F', "exclude-flags", VL_OPT_TEXT, NULL, "FLAGS", "leave out records with any of these; default: 0x704",
      AT(exclude) },
    { 'q', "min-MQ", VL_OPT_WHOLE, NULL, "N", "records of mapping quality N and more", AT(mapq) },
    { 0, "rows", VL_OPT_WHOLE, NULL, "N", "lines of records; default: 60", AT(rows) },
    { 0, "svg", VL_OPT_FLAG, NULL, NULL, "a drawing, as SVG", AT(svg) },
    { .name = "" },
};
#undef AT

const vl_summary vl_alignments_look = {
    .name = "look",
    .doc = "a picture of how records lie upon a region",
    .more = "REGION has 500 places at most; without an end it has 80. "
            "Below the "
            "places stands\n"
            "the reference, as tags MD tell it, elsewhere, small, what most records have. A letter that is "
            "the same "
            "is a dot, or\n"
            "a comma on the other strand; another stands there, small on the other strand; * is deleted, or "
            "where "
            "others have\n"
            "letters inserted; > and < are skipped.\n"
            "Examples:\n"
            "  vial look S1.h5 chr7:55,191,800\n"
            "  vial look --svg S1.h5 chr7:55,191,780-55,191,860 -o EGFR.svg\n",
    .argument = "REGION",
    .option = options,
    .size = sizeof(asked),
    .defaults = defaults,
    .print = print
};
