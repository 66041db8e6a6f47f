/* stats: what is asked, and the stages (stats.h). */
#include "pipeline/alignments/stats.h"

#include "formats/text.h"
#include "pipeline/alignments/alignments_view.h"
#include "pipeline/out/weigh.h"
#include "pipeline/run/run.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 1 << 13, LETTERS = 1 << 22 };

typedef struct asked {
    const char *require, *exclude, *depth, *group;
    uint64_t insert, trim, length, bin;
    double most;
    bool no_duplicates, sparse;
} asked;

typedef struct walk {
    vl_reader *r;
    vl_want *want; /* owned */
    vl_stats_tags tag;
    vl_rows rows;
    vl_stats *stats;
} walk;

/* ---- stages ---- */

static vl_code fetch(void *self, vl_slot *slot, vl_err *err)
{
    walk *const w = self;
    vl_stats_load *const l = slot->body;
    uint64_t first = vl_rows_next(&w->rows), elements = 0;
    size_t n = vl_rows_ahead(&w->rows, ROWS);
    l->plan.batch.nrow[VL_AT_ALIGNMENT] = 0;
    if (n && (vl_weigh_rows(w->r, VL_AL_BASE, first, 1, LETTERS, &n, &elements, &l->work, err) ||
              vl_weigh_rows(w->r, VL_AL_CIGAR, first, 1, LETTERS, &n, &elements, &l->work, err)))
        return err->code;
    n = vl_rows_take(&w->rows, n, &first);
    slot->end = w->rows.at == w->rows.n;
    if (!n || vl_reader_rows(w->r, &l->plan, VL_AT_ALIGNMENT, first, n, w->want, &l->work, err))
        return err->code;
    return vl_reader_referred(w->r, &l->plan, VL_AL_PLACE, first, n, NULL, &l->work, err);
}

static vl_code count(void *self, vl_slot *slot, vl_err *err)
{
    const walk *const w = self;
    vl_stats_load *const l = slot->body;
    l->nline = 0;
    if (!l->plan.batch.nrow[VL_AT_ALIGNMENT] || vl_reader_load(w->r, &l->plan, &l->work, err))
        return err->code;
    return vl_stats_count(l, &w->stats->rule, &w->tag, err);
}

static vl_code follow(void *self, vl_slot *slot, vl_err *err)
{
    walk *const w = self;
    vl_stats_load *const l = slot->body;
    for (size_t i = 0; i < l->nline && !err->code; i++) {
        const vl_stats_line *const line = &l->line[i];
        if (line->original && line->end != VL_SE_NEITHER) {
            const vl_stats_side *const side = &l->side[line->end][line->reverse];
            vl_stats_cycles_add(&w->stats->cycles, line, side->base.data + line->at,
                                side->quality.data + line->at, err);
            if (line->end == VL_SE_FIRST)
                vl_stats_barcodes_add(w->stats->barcode, &l->plan.batch, line->row, err);
        }
        vl_stats_depth_add(&w->stats->depth, &w->stats->rule, line, err);
    }
    return err->code;
}

/* ---- the run ---- */

static vl_code choose_columns(walk *w, vl_err *err)
{
    const vl_schema *const schema = vl_reader_columns(w->r)->schema;
    vl_sight sight[VL_AL_NFIELD + 3 + 2 * VL_STATS_BARCODES];
    int n = 0;
    for (int f = 0; f <= VL_AL_QUALITY; f++)
        if (f != VL_AL_NAME) sight[n++] = (vl_sight){ f, VL_WANT_ROWS };
    sight[n++] = (vl_sight){ VL_AL_ODD, VL_WANT_ROWS };
    w->tag = (vl_stats_tags){ vl_alignments_tag_field(schema, "NM:i"),
                              w->stats->rule.grouped ? vl_alignments_tag_field(schema, "RG:Z") : -1,
                              vl_alignments_tag_field(schema, "CG:BI") };
    const int tags[] = { w->tag.mismatch, w->tag.group, w->tag.cigar };
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
        if (tags[i] >= 0) sight[n++] = (vl_sight){ tags[i], VL_WANT_ROWS };
    vl_stats_barcodes_init(w->stats->barcode, schema);
    for (int i = 0; i < 2 * VL_STATS_BARCODES; i++) {
        const int field = w->stats->barcode[i / 2].field[i % 2];
        if (field >= 0) sight[n++] = (vl_sight){ field, VL_WANT_ROWS };
    }
    return vl_reader_want(w->r, sight, n, &w->want, err);
}

static vl_code run_stages(walk *w, int threads, vl_err *err)
{
    const vl_stage stage[] = { { "fetch", VL_ORDERED, fetch, w },
                               { "count", VL_PARALLEL, count, w },
                               { "follow", VL_ORDERED, follow, w } };
    const int n = vl_slots_for(threads);
    vl_stats *const s = w->stats;
    vl_stats_load *const l = calloc((size_t)n, sizeof *l);
    vl_slot *const slot = calloc((size_t)n, sizeof *slot);
    if (!l || !slot) vl_fail(err, VL_ENOMEM, "no memory for %d slots", n);
    for (int i = 0; i < n && !err->code; i++) {
        slot[i].body = &l[i];
        if (!(l[i].sums = calloc(1, sizeof *l[i].sums))) vl_fail(err, VL_ENOMEM, "no memory for sums");
        else if (!vl_stats_sums_init(l[i].sums, &s->rule, err)) vl_plan_init(&l[i].plan, w->r, err);
    }
    if (!err->code) vl_run(stage, 3, slot, n, threads, NULL, err);
    for (int i = 0; l && i < n; i++) {
        if (!err->code) vl_stats_sums_add(&s->sums, l[i].sums, &s->rule, err);
        vl_stats_load_free(&l[i], w->r);
    }
    free(l);
    free(slot);
    return err->code;
}

static uint64_t longest(const vl_stats_sums *s)
{
    uint64_t n = 0;
    for (int e = 0; e < VL_SE_N; e++) n = s->longest[e] > n ? s->longest[e] : n;
    return n;
}

/* Room for one cycle more than the longest read has is what text needs, of near ones. */
static vl_code walk_all(walk *w, int threads, vl_err *err)
{
    vl_stats *const s = w->stats;
    if (vl_rows_add(&w->rows, 0, vl_reader_nrow(w->r, VL_AT_ALIGNMENT), err) || choose_columns(w, err) ||
        vl_stats_sums_init(&s->sums, &s->rule, err) || vl_stats_depth_init(&s->depth, &s->rule, err) ||
        run_stages(w, threads, err))
        return err->code;
    vl_stats_depth_end(&s->depth, &s->rule);
    const uint64_t n = longest(&s->sums) + 1;
    return vl_stats_cycles_near(&s->cycles, s->sums.near, n < VL_STATS_NEAR ? (size_t)n : VL_STATS_NEAR, err);
}

/* ---- what is asked ---- */

/* A value of a line of the header, "ID:"; nothing: it has none. */
static vl_cell value_of(vl_cell line, const char *key)
{
    while (line.n) {
        const vl_cell part = vl_sam_split(&line, '\t');
        if (part.n >= 3 && !memcmp(part.at, key, 3)) return (vl_cell){ part.at + 3, part.n - 3 };
    }
    return (vl_cell){ NULL, 0 };
}

static bool is(vl_cell value, const char *text)
{
    return value.n == strlen(text) && !memcmp(value.at, text, value.n);
}

/* Read groups of that name or sample. */
static vl_code take_groups(vl_stats_rule *rule, const char *text, const vl_contigs *contigs, vl_err *err)
{
    vl_cell all = contigs->text;
    rule->grouped = true;
    while (all.n && !err->code) {
        vl_cell line = vl_sam_split(&all, '\n');
        if (line.n < 4 || memcmp(line.at, "@RG\t", 4) != 0) continue;
        if (line.at[line.n - 1] == '\r') line.n--;
        const vl_cell id = value_of(line, "ID:");
        if (!is(id, text) && !is(value_of(line, "SM:"), text)) continue;
        vl_cell *const p = realloc(rule->group, (rule->ngroup + 1) * sizeof *p);
        if (!p) return vl_fail(err, VL_ENOMEM, "no memory for read groups");
        rule->group = p;
        rule->group[rule->ngroup++] = id;
    }
    if (!rule->ngroup) vl_fail(err, VL_EARG, "--id: there is no read group or sample '%.80s'", text);
    return err->code;
}

static vl_code take_depth(vl_stats_rule *rule, const char *text, vl_err *err)
{
    enum { MOST = 1 << 24 };
    int from = 1, to = 1000, step = 1, end = 0;
    if (text && (sscanf(text, "%d,%d,%d%n", &from, &to, &step, &end) != 3 || text[end] || from < 0 ||
                 step < 1 || to < from || to > MOST))
        return vl_fail(err, VL_EARG, "--coverage: '%.80s' is not as 1,1000,1: least, most, step", text);
    rule->depth_from = from;
    rule->depth_to = to;
    rule->depth_step = step;
    return VL_OK;
}

static vl_code take_asked(const vl_summary_job *job, vl_stats_rule *rule, const vl_contigs *contigs,
                          vl_err *err)
{
    enum { MOST = 1 << 24 };
    const asked *const ask = job->asked;
    *rule = (vl_stats_rule){ .length = ask->length,
                             .trim = ask->trim,
                             .insert = ask->insert,
                             .bin = ask->bin,
                             .most = (float)ask->most,
                             .sparse = ask->sparse };
    if (ask->require && !vl_flags_read(ask->require, &rule->require))
        return vl_fail(err, VL_EARG, "--required-flag: '%.80s' is no flags", ask->require);
    if (ask->exclude && !vl_flags_read(ask->exclude, &rule->exclude))
        return vl_fail(err, VL_EARG, "--filtering-flag: '%.80s' is no flags", ask->exclude);
    if (ask->no_duplicates) rule->exclude |= VL_FLAG_DUPLICATE;
    if (!ask->insert || ask->insert > MOST)
        return vl_fail(err, VL_EARG, "--insert-size: %" PRIu64 ", expected 1 to %d", ask->insert, MOST);
    if (!ask->bin || ask->bin > INT32_MAX)
        return vl_fail(err, VL_EARG, "--GC-depth: %" PRIu64 ", expected 1 to %d", ask->bin, INT32_MAX);
    if (!(ask->most > 0 && ask->most <= 1))
        return vl_fail(err, VL_EARG, "--most-inserts: %g, expected a share above 0 and up to 1", ask->most);
    if (ask->group && take_groups(rule, ask->group, contigs, err)) return err->code;
    return take_depth(rule, ask->depth, err);
}

/* ---- the text ---- */

static vl_code put_head(const vl_summary_job *job, vl_buf *text, vl_err *err)
{
    const vl_given *const given = job->ask->given;
    const char *const slash = strrchr(job->ask->store, '/');
    vl_text_put(text, err,
                "# This file was produced by samtools stats rules (1.16) in vial " VL_VERSION
                " and can be plotted using plot-bamstats\n"
                "# This file contains statistics for all reads.\n# The command line was:  stats");
    for (int i = 0; i < given->n; i++)
        vl_text_put(text, err, " --%s%s%s", given->option[i].name, *given->option[i].text ? " " : "",
                    given->option[i].text);
    vl_text_put(text, err, " %s\n", slash ? slash + 1 : job->ask->store);
    return err->code;
}

static vl_code print(vl_summary_job *job, vl_err *err)
{
    vl_buf header = { 0 }, text = { 0 };
    vl_contigs contigs = { 0 };
    vl_stats *const s = calloc(1, sizeof *s);
    walk w = { .r = job->r, .stats = s };
    if (!s) return vl_fail(err, VL_ENOMEM, "no memory for sums");
    if (!vl_alignments_contigs_load(vl_reader_store(job->r), &header, &contigs, &job->work, err) &&
        !take_asked(job, &s->rule, &contigs, err) && !walk_all(&w, job->ask->threads, err) &&
        !put_head(job, &text, err) && !vl_output_put(job->out, &text, err))
        vl_stats_print(s, job->out, err);
    vl_stats_sums_free(&s->sums);
    vl_stats_cycles_free(&s->cycles);
    vl_stats_depth_free(&s->depth);
    vl_stats_barcodes_free(s->barcode);
    free(s->rule.group);
    free(s);
    free(w.rows.run);
    free(w.want);
    vl_contigs_free(&contigs);
    vl_buf_free(&header);
    vl_buf_free(&text);
    return err->code;
}

static void defaults(void *a)
{
    *(asked *)a = (asked){ .insert = 8000, .length = UINT64_MAX, .bin = 20000, .most = 0.99 };
}

#define AT(member) offsetof(asked, member)
static const vl_opt options[] = {
    { 'c', "coverage", VL_OPT_TEXT, NULL, "A,B,STEP",
      "depths that are counted by themselves; default: 1,1000,1", AT(depth) },
    { 'd', "remove-dups", VL_OPT_FLAG, NULL, NULL, "leave out records marked as copies", AT(no_duplicates) },
    { 'f', "required-flag", VL_OPT_TEXT, NULL, "FLAGS", "only records with all of these", AT(require) },
    { 'F', "filtering-flag", VL_OPT_TEXT, NULL, "FLAGS", "leave out those with any of these", AT(exclude) },
    { 0, "GC-depth", VL_OPT_WHOLE, NULL, "N", "places of a stretch whose GC is looked at; default: 20000",
      AT(bin) },
    { 'i', "insert-size", VL_OPT_WHOLE, NULL, "N", "the longest insert size; default: 8000", AT(insert) },
    { 'I', "id", VL_OPT_TEXT, NULL, "ID", "only records of this read group or sample", AT(group) },
    { 'l', "read-length", VL_OPT_WHOLE, NULL, "N", "only records of N letters", AT(length) },
    { 'm', "most-inserts", VL_OPT_NUMBER, NULL, "F", "share of insert sizes that is shown; default: 0.99",
      AT(most) },
    { 'q', "trim-quality", VL_OPT_WHOLE, NULL, "N", "count letters that bwa would trim for this quality",
      AT(trim) },
    { 'x', "sparse", VL_OPT_FLAG, NULL, NULL, "only insert sizes that occur", AT(sparse) },
    { .name = "" },
};
#undef AT

const vl_summary vl_alignments_stats = {
    .name = "stats",
    .doc = "letters, qualities, lengths, inserts, indels, depth and GC",
    .more =
        "The text of samtools stats 1.16, byte for byte but for the lines that name the program: CHK, SN, "
        "FFQ, "
        "LFQ,\n"
        "GCF, GCL, GCC, GCT, FBC, FTC, LBC, LTC, barcodes, IS, RL, FRL, LRL, ID, IC, COV and GCD. "
        "plot-bamstats and\n"
        "MultiQC read it. As there, the share of G and C in GCD is that of the reads, COV and GCD are of "
        "what comes\n"
        "before the first record out of order, and CHK takes of qualities half the letters. Where samtools "
        "stops, as at\n"
        "a mapped record without CIGAR, this goes on.\n"
        "Examples:\n"
        "  vial stats S1.h5 -o S1.stats\n"
        "  vial stats -F 0x900 -I S1 S1.h5 | grep ^SN | cut -f 2-\n",
    .option = options,
    .size = sizeof(asked),
    .defaults = defaults,
    .print = print
};
