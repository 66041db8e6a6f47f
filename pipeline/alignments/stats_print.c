/* The text of stats (stats.h), as samtools 1.16 writes it: single precision where it divides so. */
#include "pipeline/alignments/stats.h"

#include "formats/text.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct page {
    const vl_stats *s;
    vl_output *out;
    vl_buf text;
    vl_err *err;
    uint64_t reads, letters, longest;    /* of ends of all sorts */
    uint64_t (*insert)[VL_ORIENTATIONS]; /* owned; pairs: each has two records */
    size_t ninsert;                      /* sizes that are shown */
    unsigned nquality;                   /* qualities that are shown */
    uint64_t quality;                    /* sum of all */
    float length;                        /* of a read, whole letters */
} page;

#define say(p, ...) vl_text_put(&(p)->text, (p)->err, __VA_ARGS__)

/* A tabulator and a number. */
static void put_count(page *p, uint64_t v)
{
    char digit[24];
    size_t n = sizeof digit;
    do digit[--n] = (char)('0' + v % 10);
    while (v /= 10);
    digit[--n] = '\t';
    vl_buf_append(&p->text, digit + n, sizeof digit - n, p->err);
}

/* What there is goes out, if it is much. */
static void flush(page *p, size_t much)
{
    if (p->err->code || p->text.len < much) return;
    vl_output_put(p->out, &p->text, p->err);
    p->text.len = 0;
}

/* The end of a line. */
static void end_line(page *p)
{
    enum { MUCH = 1 << 20 };
    say(p, "\n");
    flush(p, MUCH);
}

static uint64_t of(const page *p, unsigned k) { return p->s->sums.n[k]; }
static float ratio(uint64_t a, uint64_t b) { return b ? (float)a / (float)b : 0; }

/* ---- insert sizes ---- */

typedef struct inserts {
    uint64_t pairs[VL_ORIENTATIONS];
    double mean, deviation;
} inserts;

static uint64_t pairs_of(const page *p, size_t size)
{
    return p->insert[size][VL_INWARD] + p->insert[size][VL_OUTWARD] + p->insert[size][VL_OTHERWISE];
}

/* Mean and deviation are of the smallest sizes that make up the share that is shown. */
static inserts look_at_inserts(page *p)
{
    inserts x = { .mean = 0 };
    const size_t n = (size_t)p->s->rule.insert + 1;
    uint64_t all = 0;
    double some = 0;
    for (size_t i = 0; i < n; i++)
        for (int k = 0; k < VL_ORIENTATIONS; k++) {
            p->insert[i][k] = p->s->sums.insert[i][k] / 2;
            x.pairs[k] += p->insert[i][k];
            all += p->insert[i][k];
        }
    for (size_t i = 0; i < n; i++) {
        if (pairs_of(p, i)) p->ninsert = i + 1;
        some += (double)pairs_of(p, i);
        x.mean += (double)(i * pairs_of(p, i));
        if (!(some / (double)all > (double)p->s->rule.most)) continue;
        p->ninsert = i + 1;
        all = (uint64_t)some;
        break;
    }
    const double count = all ? (double)all : 1;
    x.mean /= count;
    for (size_t i = 1; i < p->ninsert; i++) {
        const double off = (double)i - x.mean;
        x.deviation += (double)pairs_of(p, i) * off * off / count;
    }
    x.deviation = sqrt(x.deviation);
    return x;
}

static void put_inserts(page *p)
{
    say(p, "# Insert sizes. Use `grep ^IS | cut -f 2-` to extract this part. The columns are: insert size, "
           "pairs "
           "total, inward oriented pairs, outward oriented pairs, other pairs\n");
    for (size_t i = 0; i < p->ninsert; i++) {
        if (p->s->rule.sparse && !pairs_of(p, i)) continue;
        say(p, "IS");
        put_count(p, i);
        put_count(p, pairs_of(p, i));
        for (int k = 0; k < VL_ORIENTATIONS; k++) put_count(p, p->insert[i][k]);
        end_line(p);
    }
}

/* ---- summary ---- */

static void put_number(page *p, const char *name, uint64_t n, const char *remark)
{
    say(p, "SN\t%s:\t%" PRIu64 "%s%s\n", name, n, *remark ? "\t# " : "", remark);
}

static void put_reads(page *p)
{
    put_number(p, "raw total sequences", of(p, VL_SN_FILTERED) + p->reads,
               "excluding supplementary and secondary reads");
    put_number(p, "filtered sequences", of(p, VL_SN_FILTERED), "");
    put_number(p, "sequences", p->reads, "");
    put_number(p, "is sorted", p->s->depth.sorted, "");
    put_number(p, "1st fragments", of(p, VL_SN_READS + VL_SE_FIRST), "");
    put_number(p, "last fragments", of(p, VL_SN_READS + VL_SE_LAST), "");
    put_number(p, "reads mapped", of(p, VL_SN_MAPPED_PAIR) + of(p, VL_SN_MAPPED_SINGLE), "");
    put_number(p, "reads mapped and paired", of(p, VL_SN_MAPPED_PAIR),
               "paired-end technology bit set + both mates mapped");
    put_number(p, "reads unmapped", of(p, VL_SN_UNMAPPED), "");
    put_number(p, "reads properly paired", of(p, VL_SN_PROPER), "proper-pair bit set");
    put_number(p, "reads paired", of(p, VL_SN_PAIRED), "paired-end technology bit set");
    put_number(p, "reads duplicated", of(p, VL_SN_DUPLICATE), "PCR or optical duplicate bit set");
    put_number(p, "reads MQ0", of(p, VL_SN_MAPQ_0), "mapped and MQ=0");
    put_number(p, "reads QC failed", of(p, VL_SN_FAILED), "");
    put_number(p, "non-primary alignments", of(p, VL_SN_SECONDARY), "");
    put_number(p, "supplementary alignments", of(p, VL_SN_SUPPLEMENTARY), "");
}

static void put_letter_sums(page *p)
{
    const uint64_t placed = of(p, VL_SN_LETTERS_PLACED);
    put_number(p, "total length", p->letters, "ignores clipping");
    put_number(p, "total first fragment length", of(p, VL_SN_LETTERS + VL_SE_FIRST), "ignores clipping");
    put_number(p, "total last fragment length", of(p, VL_SN_LETTERS + VL_SE_LAST), "ignores clipping");
    put_number(p, "bases mapped", of(p, VL_SN_LETTERS_MAPPED), "ignores clipping");
    put_number(p, "bases mapped (cigar)", placed, "more accurate");
    put_number(p, "bases trimmed", of(p, VL_SN_LETTERS_TRIMMED), "");
    put_number(p, "bases duplicated", of(p, VL_SN_LETTERS_DUPLICATE), "");
    put_number(p, "mismatches", of(p, VL_SN_MISMATCH), "from NM fields");
    say(p, "SN\terror rate:\t%e\t# mismatches / bases mapped (cigar)\n",
        (double)ratio(of(p, VL_SN_MISMATCH), placed));
}

static void put_lengths_of_reads(page *p)
{
    const uint64_t *const longest = p->s->sums.longest;
    const uint64_t first = of(p, VL_SN_READS + VL_SE_FIRST), last = of(p, VL_SN_READS + VL_SE_LAST);
    say(p, "SN\taverage length:\t%.0f\n", (double)p->length);
    say(p, "SN\taverage first fragment length:\t%.0f\n",
        (double)ratio(of(p, VL_SN_LETTERS + VL_SE_FIRST), first));
    say(p, "SN\taverage last fragment length:\t%.0f\n",
        (double)ratio(of(p, VL_SN_LETTERS + VL_SE_LAST), last));
    put_number(p, "maximum length", p->longest, "");
    put_number(p, "maximum first fragment length", longest[VL_SE_FIRST], "");
    put_number(p, "maximum last fragment length", longest[VL_SE_LAST], "");
    say(p, "SN\taverage quality:\t%.1f\n", p->letters ? (double)p->quality / (double)p->letters : 0);
}

static void put_pairs(page *p, const inserts *x)
{
    say(p, "SN\tinsert size average:\t%.1f\n", x->mean);
    say(p, "SN\tinsert size standard deviation:\t%.1f\n", x->deviation);
    put_number(p, "inward oriented pairs", x->pairs[VL_INWARD], "");
    put_number(p, "outward oriented pairs", x->pairs[VL_OUTWARD], "");
    put_number(p, "pairs with other orientation", x->pairs[VL_OTHERWISE], "");
    put_number(p, "pairs on different chromosomes", of(p, VL_SN_ELSEWHERE) / 2, "");
    say(p, "SN\tpercentage of properly paired reads (%%):\t%.1f\n",
        (double)ratio(100 * of(p, VL_SN_PROPER), p->reads));
}

/* ---- by cycle ---- */

static const char per_cycle[] =
    "The columns are: cycle; A,C,G,T base counts as a percentage of all A/C/G/T bases "
    "[%]; and N and O counts as a percentage of all A/C/G/T bases [%]";

/* Reads without qualities have 255 in each cycle. */
static void put_qualities(page *p, const char *name, const char *which, int end)
{
    const vl_stats_cycles *const c = &p->s->cycles;
    uint64_t bare = 0;
    say(p,
        "# %s Fragment Qualities. Use `grep ^%s | cut -f 2-` to extract this part.\n"
        "# Columns correspond to qualities and rows to cycles. First column is the cycle number.\n",
        which, name);
    for (size_t i = 1; i < c->n; i++) bare += c->bare[end][i];
    for (size_t i = 0; i < p->s->sums.longest[end] && !p->err->code; i++) {
        const uint64_t *const line = i < c->n ? c->quality[end] + i * c->nlevel : NULL;
        say(p, "%s", name);
        put_count(p, i + 1);
        for (unsigned q = 0; q < p->nquality; q++)
            put_count(p, (line && q < c->nlevel ? line[q] : 0) + (q == VL_AL_NO_QUALITY ? bare : 0));
        end_line(p);
        if (i + 1 < c->n) bare -= c->bare[end][i + 1];
    }
}

static void put_gc(page *p, const char *name, const char *which, int end)
{
    uint64_t now = 0, before = 0;
    int from = 0;
    say(p, "# GC Content of %s fragments. Use `grep ^%s | cut -f 2-` to extract this part.\n", which, name);
    for (int i = 0; i < VL_STATS_GC; i++) {
        now += p->s->sums.gc[end][i];
        if (!i) before = now;
        if (now == before) continue;
        say(p, "%s\t%.2f\t%" PRIu64 "\n", name, (i + from) * 0.5 * 100. / (VL_STATS_GC - 1), before);
        from = i;
        before = now;
    }
}

/* Shares of n letters among the first four. */
static void put_shares(page *p, const char *name, size_t cycle, const uint64_t *letter, int n)
{
    const uint64_t all = letter[0] + letter[1] + letter[2] + letter[3];
    if (!all) return;
    say(p, "%s\t%zu", name, cycle + 1);
    for (int k = 0; k < n; k++) say(p, "\t%.2f", 100. * (double)letter[k] / (double)all);
    end_line(p);
}

static void put_letters(page *p)
{
    const vl_stats_cycles *const c = &p->s->cycles;
    say(p, "# ACGT content per cycle. Use `grep ^GCC | cut -f 2-` to extract this part. %s\n", per_cycle);
    for (size_t i = 0; i < c->n; i++) {
        uint64_t both[6];
        for (int k = 0; k < 6; k++) both[k] = c->letter[0][i][k] + c->letter[1][i][k];
        put_shares(p, "GCC", i, both, 6);
    }
    say(p, "# ACGT content per cycle, read oriented. Use `grep ^GCT | cut -f 2-` to extract this part. The "
           "columns "
           "are: cycle; A,C,G,T base counts as a percentage of all A/C/G/T bases [%%]\n");
    for (size_t i = 0; i < c->n; i++) put_shares(p, "GCT", i, c->turned[i], 4);
}

static void put_letters_of(page *p, const char *name, const char *total, const char *which, int end)
{
    const vl_stats_cycles *const c = &p->s->cycles;
    uint64_t sum[5] = { 0 };
    say(p, "# ACGT content per cycle for %s fragments. Use `grep ^%s | cut -f 2-` to extract this part. %s\n",
        which, name, per_cycle);
    for (size_t i = 0; i < c->n; i++) {
        put_shares(p, name, i, c->letter[end][i], 6);
        for (int k = 0; k < 5; k++) sum[k] += c->letter[end][i][k];
    }
    say(p,
        "# ACGT raw counters for %s fragments. Use `grep ^%s | cut -f 2-` to extract this part. The columns "
        "are: "
        "A,C,G,T,N base counters\n%s",
        which, total, total);
    for (int k = 0; k < 5; k++) put_count(p, sum[k]);
    say(p, "\n");
}

static void put_barcode(page *p, const vl_stats_barcode *bc, const char *const tag[2])
{
    enum { LEVELS = 256 };
    if (!bc->n) return;
    say(p,
        "# ACGT content per cycle for barcodes. Use `grep ^%.2sC | cut -f 2-` to extract this part. The "
        "columns "
        "are: cycle; A,C,G,T base counts as a percentage of all A/C/G/T bases [%%]; and N counts as a "
        "percentage "
        "of all A/C/G/T bases [%%]\n",
        tag[0]);
    for (int what = 0; what < 2; what++) {
        for (size_t i = 0; i < bc->n; i++) {
            const bool second = bc->separator >= 0 && (int64_t)i > bc->separator;
            const size_t cycle = second ? i - (size_t)bc->separator - 1 : i;
            char name[8] = { tag[what][0], tag[what][1], what ? 'Q' : 'C', second ? '2' : '1' };
            if ((int64_t)i == bc->separator) continue;
            if (!what) {
                put_shares(p, name, cycle, bc->letter[i], 5);
                continue;
            }
            say(p, "%s", name);
            put_count(p, cycle + 1);
            for (int q = 0; q <= bc->best; q++) put_count(p, bc->quality[i * LEVELS + (size_t)q]);
            end_line(p);
        }
        if (!what)
            say(p,
                "# Barcode Qualities. Use `grep ^%.2sQ | cut -f 2-` to extract this part.\n"
                "# Columns correspond to qualities and rows to barcode cycles. First column is the cycle "
                "number.\n",
                tag[1]);
    }
}

/* ---- lengths, insertions, deletions ---- */

static int by_number(const void *a, const void *b)
{
    const uint64_t x = vl_le64(a), y = vl_le64(b);
    return (x > y) - (x < y);
}

/* end: VL_SE_N: of all. longer: sorted. */
static void put_lengths(page *p, const char *name, const char *words, int end)
{
    const vl_stats_sums *const s = &p->s->sums;
    say(p,
        "# Read lengths%s. Use `grep ^%s | cut -f 2-` to extract this part. The columns are: read length, "
        "count\n",
        words, name);
    for (size_t i = 1; i < VL_STATS_NEAR; i++) {
        uint64_t n = 0;
        for (int e = 0; e < VL_SE_N; e++) n += end == VL_SE_N || e == end ? s->length[e][i] : 0;
        if (n) say(p, "%s\t%zu\t%" PRIu64 "\n", name, i, n);
    }
    for (size_t i = 0, n = 0; i < s->longer.len; i += 8) {
        const uint64_t key = vl_le64(s->longer.data + i),
                       next = i + 8 < s->longer.len ? vl_le64(s->longer.data + i + 8) : 0;
        n += end == VL_SE_N || (key & 3) == (unsigned)end;
        if (key >> 2 == next >> 2) continue;
        if (n) say(p, "%s\t%" PRIu64 "\t%zu\n", name, key >> 2, n);
        n = 0;
    }
}

static void put_indels(page *p)
{
    const vl_stats_sums *const s = &p->s->sums;
    say(p, "# Indel distribution. Use `grep ^ID | cut -f 2-` to extract this part. The columns are: length, "
           "number of "
           "insertions, number of deletions\n");
    for (int i = 1; i <= VL_STATS_INDELS; i++)
        if (s->indel[VL_INSERTED][i] || s->indel[VL_DELETED][i])
            say(p, "ID\t%d\t%" PRIu64 "\t%" PRIu64 "\n", i, s->indel[VL_INSERTED][i],
                s->indel[VL_DELETED][i]);
    say(p, "# Indels per cycle. Use `grep ^IC | cut -f 2-` to extract this part. The columns are: cycle, "
           "number of "
           "insertions (fwd), .. (rev) , number of deletions (fwd), .. (rev)\n");
    for (size_t i = 0; i < s->ncycle; i++) {
        const uint64_t n[4] = { s->cycle[i][0][VL_INSERTED], s->cycle[i][1][VL_INSERTED],
                                s->cycle[i][0][VL_DELETED], s->cycle[i][1][VL_DELETED] };
        if (n[0] || n[1] || n[2] || n[3])
            say(p, "IC\t%zu\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\n", i + 1, n[0], n[1], n[2],
                n[3]);
    }
}

/* ---- depth ---- */

static void put_depth(page *p)
{
    const vl_stats_depth *const d = &p->s->depth;
    const int least = p->s->rule.depth_from, step = p->s->rule.depth_step,
              last = least + (d->ncov - 2) * step - 1;
    say(p, "# Coverage distribution. Use `grep ^COV | cut -f 2-` to extract this part.\n");
    if (d->cov[0]) say(p, "COV\t[<%d]\t%d\t%" PRIu64 "\n", least, least - 1, d->cov[0]);
    for (int i = 1; i < d->ncov - 1; i++)
        if (d->cov[i])
            say(p, "COV\t[%d-%d]\t%d\t%" PRIu64 "\n", least + (i - 1) * step, least + i * step - 1,
                least + i * step - 1, d->cov[i]);
    if (d->cov[d->ncov - 1]) say(p, "COV\t[%d<]\t%d\t%" PRIu64 "\n", last, last, d->cov[d->ncov - 1]);
}

static int by_gc(const void *a, const void *b)
{
    const vl_stats_stretch *const x = a, *const y = b;
    if (x->gc < y->gc || x->gc > y->gc) return x->gc < y->gc ? -1 : 1;
    return (x->depth > y->depth) - (x->depth < y->depth);
}

/* Between those of n stretches in the order of their depths. */
static float percentile(const vl_stats_stretch *s, int n, int percent)
{
    const float at = (float)percent * (float)(n + 1) / 100;
    const int k = (int)at;
    if (k <= 0) return (float)s[0].depth;
    if (k >= n) return (float)s[n - 1].depth;
    return (float)s[k - 1].depth + (at - (float)k) * (float)(s[k].depth - s[k - 1].depth);
}

/* The empty stretch before the first is among them; the last is not, but for its place in their order. */
static void put_stretches(page *p, vl_stats_stretch *all, size_t n)
{
    static const int percents[] = { 10, 25, 50, 75, 90 };
    for (size_t i = 0; i < n; i++)
        if (all[i].depth) all[i].gc = (float)rint(100. * (double)all[i].gc / all[i].depth);
    qsort(all, n + 1, sizeof *all, by_gc);
    for (size_t i = 0, same; i < n; i += same) {
        for (same = 1; i + same < n && fabs((double)(all[i + same].gc - all[i].gc)) < 0.1;) same++;
        say(p, "GCD\t%.1f\t%.3f", (double)all[i].gc, (double)(i + same + 1) * 100. / (double)(n + 1));
        for (int k = 0; k < 5; k++)
            say(p, "\t%.3f",
                (double)(percentile(all + i, (int)same, percents[k]) * p->length / (float)p->s->rule.bin));
        end_line(p);
    }
}

static void put_gc_depth(page *p)
{
    const vl_stats_depth *const d = &p->s->depth;
    const size_t bytes = (d->nstretch + 1) * sizeof *d->stretch;
    vl_stats_stretch *const copy = malloc(bytes);
    if (!copy) {
        vl_fail(p->err, VL_ENOMEM, "no memory for %zu stretches", d->nstretch);
        return;
    }
    say(p, "# GC-depth. Use `grep ^GCD | cut -f 2-` to extract this part. The columns are: GC%%, unique "
           "sequence "
           "percentiles, 10th, 25th, 50th, 75th and 90th depth percentile\n");
    if (d->stretch) {
        memcpy(copy, d->stretch, bytes);
        put_stretches(p, copy, d->nstretch);
    }
    free(copy);
}

/* ---- the whole ---- */

/* Sum of all qualities, and one more than the greatest that there is. */
static void look_at_qualities(page *p)
{
    const vl_stats_cycles *const c = &p->s->cycles;
    unsigned n = 1;
    for (int end = 0; end < 2; end++)
        for (size_t i = 0; i < c->n; i++) {
            for (unsigned q = 0; q < c->nlevel; q++) {
                const uint64_t k = c->quality[end][i * c->nlevel + q];
                p->quality += q * k;
                if (k && q >= n) n = q + 1;
            }
            p->quality += VL_AL_NO_QUALITY * i * c->bare[end][i];
            if (c->bare[end][i]) n = VL_AL_NO_QUALITY + 1;
        }
    p->nquality = n < 256 ? n + 1 : n;
}

static void put_all(page *p)
{
    const vl_stats_sums *const s = &p->s->sums;
    const inserts x = look_at_inserts(p);
    look_at_qualities(p);
    say(p,
        "# CHK, Checksum\t[2]Read Names\t[3]Sequences\t[4]Qualities\n"
        "# CHK, CRC32 of reads which passed filtering followed by addition (32bit overflow)\n"
        "CHK\t%08x\t%08x\t%08x\n"
        "# Summary Numbers. Use `grep ^SN | cut -f 2-` to extract this part.\n",
        s->crc[0], s->crc[1], s->crc[2]);
    put_reads(p);
    put_letter_sums(p);
    put_lengths_of_reads(p);
    put_pairs(p, &x);
    put_qualities(p, "FFQ", "First", VL_SE_FIRST);
    put_qualities(p, "LFQ", "Last", VL_SE_LAST);
    put_gc(p, "GCF", "first", VL_SE_FIRST);
    put_gc(p, "GCL", "last", VL_SE_LAST);
    put_letters(p);
    put_letters_of(p, "FBC", "FTC", "first", VL_SE_FIRST);
    put_letters_of(p, "LBC", "LTC", "last", VL_SE_LAST);
    for (int i = 0; i < VL_STATS_BARCODES; i++) put_barcode(p, &p->s->barcode[i], vl_stats_barcode_tags[i]);
    put_inserts(p);
    if (s->longer.len) qsort(s->longer.data, s->longer.len / 8, 8, by_number);
    put_lengths(p, "RL", "", VL_SE_N);
    put_lengths(p, "FRL", " - first fragments", VL_SE_FIRST);
    put_lengths(p, "LRL", " - last fragments", VL_SE_LAST);
    put_indels(p);
    put_depth(p);
    put_gc_depth(p);
}

vl_code vl_stats_print(const vl_stats *s, vl_output *out, vl_err *err)
{
    page p = { .s = s, .out = out, .err = err };
    for (int e = 0; e < VL_SE_N; e++) {
        p.reads += s->sums.n[VL_SN_READS + e];
        p.letters += s->sums.n[VL_SN_LETTERS + e];
        if (s->sums.longest[e] > p.longest) p.longest = s->sums.longest[e];
    }
    p.length = p.reads ? (float)(p.letters / p.reads) : 0;
    p.insert = calloc((size_t)s->rule.insert + 1, sizeof *p.insert);
    if (p.insert) put_all(&p);
    else vl_fail(err, VL_ENOMEM, "no memory for insert sizes");
    flush(&p, 1);
    free(p.insert);
    vl_buf_free(&p.text);
    return err->code;
}
