/*
 * depth, as samtools 1.16 prints it: a line a place, contig, place from 1 on, how many records have a letter
 * there. Without -a of the places that some record spans, also where all of them have a gap.
 */
#include "pipeline/alignments/alignments_view.h"
#include "pipeline/alignments/bedgraph.h"
#include "pipeline/alignments/depth.h"

#include "formats/text.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

typedef struct asked {
    const char *region, *bed, *spared, *excluded;
    uint64_t quality, mapq, length;
    bool all, deletions, once, header, bedgraph;
} asked;

/* ---- lines ---- */

/* A line to be: name, tabulator, digits of the place; the last are counted on. */
typedef struct line {
    char text[512]; /* behind it there is room for what a copy takes too much */
    size_t n, digits;
} line;

static bool start_line(line *l, vl_cell name, int64_t place)
{
    char digit[24];
    size_t k = 0;
    if (name.n > sizeof l->text - 80) return false;
    memcpy(l->text, name.at, name.n);
    l->text[name.n] = '\t';
    for (int64_t v = place; v || !k; v /= 10) digit[k++] = (char)('0' + v % 10);
    l->digits = k;
    l->n = name.n + 1;
    while (k) l->text[l->n++] = digit[--k];
    return true;
}

static void next_line(line *l)
{
    size_t i = l->n, left = l->digits;
    while (left && l->text[i - 1] == '9') {
        l->text[--i] = '0';
        left--;
    }
    if (left) {
        l->text[i - 1]++;
        return;
    }
    memmove(l->text + i + 1, l->text + i, l->digits); /* all were 9 */
    l->text[i] = '1';
    l->n++;
    l->digits++;
}

/* Tabulator, depth, end of the line, in the first bytes of eight; their number. */
typedef struct ending {
    char text[8];
    size_t n;
} ending;
enum { ENDINGS = 1000 };

typedef struct question {
    vl_contigs contigs;
    vl_regions region, bed;
    bool by_region, by_bed;
    int all;        /* how often it was asked for */
    ending *ending; /* owned; [ENDINGS] */
    bool as_bedgraph;
    vl_bedgraph bedgraph;
} question;

static size_t make_ending(char *text, uint32_t depth)
{
    char digit[12];
    size_t k = 0, n = 0;
    text[n++] = '\t';
    do digit[k++] = (char)('0' + depth % 10);
    while (depth /= 10);
    while (k) text[n++] = digit[--k];
    text[n++] = '\n';
    return n;
}

static vl_code print_range(const question *d, int64_t contig, int64_t at, const int32_t *depth, size_t n,
                           vl_buf *text, vl_err *err)
{
    enum { SHORT = 32, DEPTH = 14 }; /* bytes of a copy that is always the same; of the longest ending */
    const vl_cell name = d->contigs.contig[contig].name;
    line l;
    if (d->as_bedgraph) return vl_bedgraph_find(contig, at, depth, n, d->all, text, err);
    if (!n) return VL_OK;
    if (!start_line(&l, name, at + 1))
        return vl_fail(err, VL_EUNSUP, "a contig's name has %zu letters", name.n);
    if (vl_buf_grow(text, n * (l.n + 1 + DEPTH) + SHORT, err)) return err->code;
    char *p = (char *)text->data + text->len;
    for (size_t i = 0; i < n; i++) {
        const uint32_t deep = (uint32_t)depth[i];
        if (l.n <= SHORT) memcpy(p, l.text, SHORT);
        else memcpy(p, l.text, l.n);
        p += l.n;
        if (deep < ENDINGS) {
            memcpy(p, d->ending[deep].text, sizeof d->ending->text);
            p += d->ending[deep].n;
        } else {
            p += make_ending(p, deep);
        }
        next_line(&l);
    }
    text->len = (size_t)(p - (char *)text->data);
    return VL_OK;
}

/* ---- which places ---- */

/* Of places [from, to) those within the intervals of the file. */
static vl_code print_within(const question *d, int64_t contig, int64_t from, int64_t to, int64_t at,
                            const int32_t *deep, vl_buf *text, vl_err *err)
{
    size_t k;
    if (from >= to) return VL_OK;
    if (!d->by_bed) return print_range(d, contig, from, deep + (from - at), (size_t)(to - from), text, err);
    vl_regions_meet(&d->bed, contig, from, to, &k);
    for (; k < d->bed.n && d->bed.region[k].contig == contig && d->bed.region[k].from < to && !err->code;
         k++) {
        const int64_t a = d->bed.region[k].from > from ? d->bed.region[k].from : from;
        const int64_t b = d->bed.region[k].to < to ? d->bed.region[k].to : to;
        if (a < b) print_range(d, contig, a, deep + (a - at), (size_t)(b - a), text, err);
    }
    return err->code;
}

static vl_code use(const void *self, int64_t contig, int64_t at, const int32_t *deep, size_t n, vl_buf *text,
                   uint64_t *covered, vl_err *err)
{
    const question *const d = self;
    int64_t from = at, to = at + (int64_t)n;
    (void)covered;
    if ((uint64_t)contig >= d->contigs.n)
        return vl_fail(err, VL_ESTORE, "there is no contig %" PRId64, contig);
    if (d->by_region) {
        const vl_region *const r = d->region.region;
        from = from > r->from ? from : r->from;
        to = to < r->to ? to : r->to;
    }
    return print_within(d, contig, from, to, at, deep, text, err);
}

static vl_code emit(void *self, const vl_buf *runs, vl_err *err)
{
    return vl_bedgraph_emit(&((question *)self)->bedgraph, runs, err);
}

static void places(const void *self, int64_t contig, bool records, int64_t *from, int64_t *to)
{
    const question *const d = self;
    const int64_t length = (uint64_t)contig < d->contigs.n ? d->contigs.contig[contig].length : 0;
    *from = *to = 0;
    if (!d->all) return;
    if (d->by_region) {
        const vl_region *const r = d->region.region;
        if (contig != r->contig) return;
        *from = r->from;
        *to = r->to < length ? r->to : length;
    } else if (records || d->all > 1) {
        *to = length;
    }
}

/* ---- what is asked ---- */

static vl_code take_flags(const vl_summary_job *job, unsigned *flags, vl_err *err)
{
    const vl_given *const given = job->ask->given;
    *flags = VL_FLAGS_PASSED;
    for (int i = 0; i < given->n && !err->code; i++) {
        const bool spare = !strcmp(given->option[i].name, "spare-flags");
        unsigned bits = 0;
        if (!spare && strcmp(given->option[i].name, "exclude-flags") != 0) continue;
        if (!vl_flags_read(given->option[i].text, &bits))
            vl_fail(err, VL_EARG, "--%s: '%.80s' is no flags", given->option[i].name, given->option[i].text);
        *flags = spare ? *flags & ~bits : *flags | bits;
    }
    return err->code;
}

vl_code vl_alignments_one_region(vl_regions *r, const vl_contigs *c, const char *text, vl_err *err)
{
    if (vl_regions_add(r, c, text, err)) return err->code;
    return r->region[0].contig < 0 ? vl_fail(err, VL_EARG, "'%.80s' is no region of a contig", text) : VL_OK;
}

static vl_code take_asked(const vl_summary_job *job, question *d, vl_depth_rule *rule, vl_err *err)
{
    const asked *const ask = job->asked;
    if (take_flags(job, &rule->exclude, err)) return err->code;
    for (int i = 0; i < job->ask->given->n; i++) d->all += !strcmp(job->ask->given->option[i].name, "all");
    rule->quality = ask->quality;
    rule->mapq = ask->mapq;
    rule->length = ask->length;
    rule->deletions = ask->deletions;
    rule->once = ask->once;
    rule->contigs = &d->contigs;
    d->by_region = ask->region;
    d->by_bed = ask->bed;
    if (ask->region && vl_alignments_one_region(&d->region, &d->contigs, ask->region, err)) return err->code;
    if (ask->bed && vl_regions_read(&d->bed, &d->contigs, ask->bed, err)) return err->code;
    vl_regions_settle(&d->bed);
    rule->region = ask->region ? d->region.region : NULL;
    return VL_OK;
}

static vl_code make_endings(question *d, vl_err *err)
{
    if (!(d->ending = calloc(ENDINGS, sizeof *d->ending)))
        return vl_fail(err, VL_ENOMEM, "no memory for depths");
    for (uint32_t k = 0; k < ENDINGS; k++) d->ending[k].n = make_ending(d->ending[k].text, k);
    return VL_OK;
}

static vl_code print_header(const vl_summary_job *job, bool bedgraph, vl_err *err)
{
    vl_buf text = { 0 };
    if (bedgraph) vl_text_put(&text, err, "track type=bedGraph\n");
    else vl_text_put(&text, err, "#CHROM\tPOS\t%s\n", job->ask->store);
    if (!err->code) vl_output_put(job->out, &text, err);
    vl_buf_free(&text);
    return err->code;
}

static vl_code print(vl_summary_job *job, vl_err *err)
{
    const asked *const ask = job->asked;
    vl_buf header = { 0 };
    question d = { .all = 0 };
    vl_depth_rule rule = { .exclude = 0 };
    if (!vl_alignments_contigs_load(vl_reader_store(job->r), &header, &d.contigs, &job->work, err) &&
        !make_endings(&d, err) && !take_asked(job, &d, &rule, err) &&
        !(ask->header && print_header(job, ask->bedgraph, err))) {
        const vl_depth_user user = {
            .places = places, .all = d.all, .use = use, .emit = ask->bedgraph ? emit : NULL, .self = &d
        };
        d.as_bedgraph = ask->bedgraph;
        d.bedgraph = (vl_bedgraph){ .contigs = &d.contigs, .out = job->out };
        vl_depth_walk(job->r, &rule, &user, job->out, job->ask->threads, &job->work, err);
        vl_bedgraph_end(&d.bedgraph, err);
    }
    free(d.ending);
    vl_contigs_free(&d.contigs);
    vl_regions_free(&d.region);
    vl_regions_free(&d.bed);
    vl_buf_free(&header);
    return err->code;
}

#define AT(member) offsetof(asked, member)
static const vl_opt options[] = {
    { 'a', "all", VL_OPT_FLAG, NULL, NULL, "all places of contigs with records; -aa: of all contigs",
      AT(all) },
    { 'r', "region", VL_OPT_TEXT, NULL, "REGION", "only there, as chr2:5000-6000", AT(region) },
    { 'b', "regions-file", VL_OPT_TEXT, NULL, "BED", "only places on intervals of this file", AT(bed) },
    { 'q', "min-BQ", VL_OPT_WHOLE, NULL, "N", "letters of base quality N and more", AT(quality) },
    { 'Q', "min-MQ", VL_OPT_WHOLE, NULL, "N", "records of mapping quality N and more", AT(mapq) },
    { 'l', "min-length", VL_OPT_WHOLE, NULL, "N", "records of N letters and more, without clipped ones",
      AT(length) },
    { 'g', "spare-flags", VL_OPT_TEXT, NULL, "FLAGS", "do not leave out records with these", AT(spared) },
    { 'G', "exclude-flags", VL_OPT_TEXT, NULL, "FLAGS", "leave out those with these as well as with 0x704",
      AT(excluded) },
    { 'J', "deletions", VL_OPT_FLAG, NULL, NULL, "deleted letters count as well", AT(deletions) },
    { 's', "overlap-once", VL_OPT_FLAG, NULL, NULL, "where mates overlap only the first counts", AT(once) },
    { 'H', "header", VL_OPT_FLAG, NULL, NULL, "a first line that names the columns", AT(header) },
    { 0, "bedgraph", VL_OPT_FLAG, NULL, NULL, "a line a run of places of one depth; with -a also of none",
      AT(bedgraph) },
    { .name = "" },
};
#undef AT

const vl_summary vl_alignments_depth = { .name = "depth",
                                         .doc = "how many records have a letter at each place",
                                         .more = "A line a place: contig, place from 1 on, depth, byte for "
                                                 "byte as by samtools depth 1.16. Records that are\n"
                                                 "unmapped, secondary, failed by a filter or copies (0x704) "
                                                 "do not count; deleted letters count with -J,\n"
                                                 "those of N never. Mates that overlap count twice, unless "
                                                 "-s takes what the first covers from the second.\n"
                                                 "Without -a places that a record spans are printed, also "
                                                 "where its letters are deleted. Records in any\n"
                                                 "other order than that of their places are read twice "
                                                 "and more, and give the same; -s needs the order.\n"
                                                 "--bedgraph prints contig, first place from 0 on, the place "
                                                 "behind the last, depth, as bedtools genomecov -bg.\n"
                                                 "Examples:\n"
                                                 "  vial depth -a S1.h5 -o S1.depth.gz\n"
                                                 "  vial depth --bedgraph -Q 20 S1.h5 -o S1.bedgraph\n"
                                                 "  vial depth -J -b exons.bed -Q 20 S1.h5\n",
                                         .option = options,
                                         .size = sizeof(asked),
                                         .print = print };
