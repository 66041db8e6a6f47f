/*
 * coverage, as samtools 1.16 prints its table: a line a contig, or one of a region: records, covered places
 * and their share, mean depth, mean base and mapping quality. Contigs with records come first. Depth has no
 * limit here (samtools: 1,000,000).
 *
 * Of all contigs, with nothing else asked for, sums of qualities were counted when the records came in; then
 * no quality is read.
 */
#include "pipeline/alignments/alignments_view.h"
#include "pipeline/alignments/depth.h"

#include "formats/text.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

typedef struct asked {
    const char *region, *any, *exclude;
    uint64_t quality, mapq, length;
    bool no_header, svg;
} asked;

typedef struct one {
    vl_depth_sum sum;
    uint64_t covered;
} one;

typedef struct coverage {
    vl_contigs contigs;
    vl_regions region;
    bool by_region;
    one *one; /* owned; [contigs] */
} coverage;

static void places(const void *self, int64_t contig, bool records, int64_t *from, int64_t *to)
{
    (void)self, (void)contig, (void)records;
    *from = *to = 0;
}

/* The places of a contig that count. */
static void bounds(const coverage *c, int64_t contig, int64_t *from, int64_t *to)
{
    const int64_t length = c->contigs.contig[contig].length;
    *from = c->by_region ? c->region.region->from : 0;
    *to = c->by_region && c->region.region->to < INT64_MAX ? c->region.region->to : length;
}

static vl_code use(const void *self, int64_t contig, int64_t at, const int32_t *depth, size_t n, vl_buf *text,
                   uint64_t *covered, vl_err *err)
{
    const coverage *const c = self;
    int64_t from, to;
    (void)text;
    if ((uint64_t)contig >= c->contigs.n)
        return vl_fail(err, VL_ESTORE, "there is no contig %" PRId64, contig);
    bounds(c, contig, &from, &to);
    const size_t first = from > at ? (size_t)(from - at < (int64_t)n ? from - at : (int64_t)n) : 0;
    const size_t end = to < at + (int64_t)n ? (size_t)(to > at ? to - at : 0) : n;
    uint64_t sum = 0;
    for (size_t i = first; i < end; i++) sum += depth[i] > 0;
    *covered += sum;
    return VL_OK;
}

static vl_code add_sum(void *self, int64_t contig, const vl_depth_sum *sum, vl_err *err)
{
    coverage *const c = self;
    if ((uint64_t)contig >= c->contigs.n)
        return vl_fail(err, VL_ESTORE, "there is no contig %" PRId64, contig);
    vl_depth_sum *const to = &c->one[contig].sum;
    to->record += sum->record;
    to->mapped += sum->mapped;
    to->mapq += sum->mapq;
    to->letter += sum->letter;
    to->quality += sum->quality;
    return VL_OK;
}

static vl_code add_covered(void *self, int64_t contig, uint64_t n, vl_err *err)
{
    (void)err;
    ((coverage *)self)->one[contig].covered += n;
    return VL_OK;
}

/* ---- what was counted before ---- */

/* Sums of letters and qualities; false: they are not there, or a record reaches beyond its contig, where
 * letters do not count here. */
static bool take_counted(coverage *c, vl_summary_job *job, vl_err *err)
{
    bool whole = false;
    vl_alignments_counts *const n = calloc(1, sizeof *n);
    if (!n) return false;
    vl_alignments_counts_load(n, job->r, &whole, &job->work, err);
    for (size_t i = 1; i < n->ncontig && whole; i++)
        whole = i - 1 < c->contigs.n && n->contig[i][VL_CC_END] <= (uint64_t)c->contigs.contig[i - 1].length;
    for (size_t i = 1; i < n->ncontig && whole; i++) {
        c->one[i - 1].sum.letter = n->contig[i][VL_CC_LETTERS];
        c->one[i - 1].sum.quality = n->contig[i][VL_CC_QUALITY];
    }
    vl_alignments_counts_free(n);
    free(n);
    return whole;
}

/* ---- the table ---- */

static void print_line(const coverage *c, size_t i, vl_buf *text, vl_err *err)
{
    const one *const x = &c->one[i];
    int64_t from, to;
    bounds(c, (int64_t)i, &from, &to);
    const double n = (double)to - (double)from;
    vl_buf_append(text, c->contigs.contig[i].name.at, c->contigs.contig[i].name.n, err);
    vl_text_put(text, err, "\t%" PRId64 "\t%" PRId64 "\t%" PRIu64 "\t%" PRIu64 "\t%g\t%g\t%.3g\t%.3g\n",
                from + 1, to, x->sum.record, x->covered, 100.0 * (double)x->covered / n,
                (double)x->sum.letter / n, x->sum.letter ? (double)x->sum.quality / (double)x->sum.letter : 0,
                x->sum.record ? (double)x->sum.mapq / (double)x->sum.record : 0);
}

static vl_code print_table(const coverage *c, const vl_summary_job *job, vl_err *err)
{
    vl_buf text = { 0 };
    if (!((const asked *)job->asked)->no_header)
        vl_text_put(
            &text, err,
            "#rname\tstartpos\tendpos\tnumreads\tcovbases\tcoverage\tmeandepth\tmeanbaseq\tmeanmapq\n");
    if (c->by_region) print_line(c, (size_t)c->region.region->contig, &text, err);
    for (int bare = 0; bare < 2 && !c->by_region; bare++)
        for (size_t i = 0; i < c->contigs.n && !err->code; i++)
            if ((c->one[i].sum.mapped == 0) == bare) print_line(c, i, &text, err);
    if (!err->code) vl_output_put(job->out, &text, err);
    vl_buf_free(&text);
    return err->code;
}

/* ---- what is asked ---- */

static vl_code take_flags(const char *name, const char *text, unsigned *flags, vl_err *err)
{
    if (!text || vl_flags_read(text, flags)) return VL_OK;
    return vl_fail(err, VL_EARG, "--%s: '%.80s' is no flags", name, text);
}

static vl_code walk(coverage *c, vl_summary_job *job, vl_err *err)
{
    const asked *const ask = job->asked;
    vl_depth_rule rule = { .exclude = VL_FLAGS_PASSED,
                           .quality = ask->quality,
                           .mapq = ask->mapq,
                           .length = ask->length,
                           .clipped = true,
                           .mapped = true,
                           .sums = true,
                           .contigs = &c->contigs };
    const vl_depth_user user = {
        .places = places, .use = use, .sum = add_sum, .covered = add_covered, .self = c
    };
    if (take_flags("ff", ask->exclude, &rule.exclude, err) || take_flags("rf", ask->any, &rule.any, err))
        return err->code;
    if (ask->region && vl_alignments_one_region(&c->region, &c->contigs, ask->region, err)) return err->code;
    c->by_region = ask->region;
    rule.region = ask->region ? c->region.region : NULL;
    if (ask->svg && !ask->region) return vl_fail(err, VL_EARG, "--svg draws a region: -r REGION");
    const bool usual = !ask->quality && !ask->mapq && !ask->length && !ask->region && !rule.any &&
                       rule.exclude == VL_FLAGS_PASSED;
    if (usual) rule.sums = !take_counted(c, job, err);
    if (ask->svg) rule.sums = false;
    if (ask->svg) return vl_coverage_draw(job, &rule, err);
    return err->code ? err->code
                     : vl_depth_walk(job->r, &rule, &user, NULL, job->ask->threads, &job->work, err);
}

static vl_code print(vl_summary_job *job, vl_err *err)
{
    vl_buf header = { 0 };
    coverage c = { .by_region = false };
    if (!vl_alignments_contigs_load(vl_reader_store(job->r), &header, &c.contigs, &job->work, err)) {
        if (!(c.one = calloc(c.contigs.n + 1, sizeof *c.one)))
            vl_fail(err, VL_ENOMEM, "no memory for contigs");
        else if (!walk(&c, job, err) && !((const asked *)job->asked)->svg) print_table(&c, job, err);
    }
    free(c.one);
    vl_contigs_free(&c.contigs);
    vl_regions_free(&c.region);
    vl_buf_free(&header);
    return err->code;
}

#define AT(member) offsetof(asked, member)
static const vl_opt options[] = {
    { 'r', "region", VL_OPT_TEXT, NULL, "REGION", "only there, as chr2:5000-6000", AT(region) },
    { 'Q', "min-BQ", VL_OPT_WHOLE, NULL, "N", "letters of base quality N and more", AT(quality) },
    { 'q', "min-MQ", VL_OPT_WHOLE, NULL, "N", "records of mapping quality N and more", AT(mapq) },
    { 'l', "min-read-len", VL_OPT_WHOLE, NULL, "N", "records of N letters and more", AT(length) },
    { 0, "rf", VL_OPT_TEXT, NULL, "FLAGS", "only records with any of these", AT(any) },
    { 0, "ff", VL_OPT_TEXT, NULL, "FLAGS", "leave out those with any of these; default: 0x704", AT(exclude) },
    { 'H', "no-header", VL_OPT_FLAG, NULL, NULL, "without the line that names the columns", AT(no_header) },
    { 0, "svg", VL_OPT_FLAG, NULL, NULL, "of a region: a drawing of how deep its places are", AT(svg) },
    { .name = "" },
};
#undef AT

const vl_summary vl_alignments_coverage = { .name = "coverage",
                                            .doc =
                                                "how much of each contig is covered, how deep and how well",
                                            .more = "The table of samtools coverage 1.16: records, covered "
                                                    "places and their share, mean depth, mean base and\n"
                                                    "mapping quality; contigs with records first. Records "
                                                    "that are unmapped, secondary, failed by a filter or\n"
                                                    "copies (0x704) do not count, nor do deleted letters. "
                                                    "They may lie in any order.\n"
                                                    "Example:\n"
                                                    "  vial coverage -r chr20:1-2000000 S1.h5\n"
                                                    "  vial coverage --svg -r chr20 S1.h5 -o chr20.svg\n",
                                            .option = options,
                                            .size = sizeof(asked),
                                            .print = print };
