/*
 * Makes FASTQ as instruments write it, from a seed, with the truth beside it. See usage below.
 *
 * novaseq  pairs of 151 bases, four qualities (2, 11, 25, 37). Names follow a patterned flow cell: wells lie
 * on a lattice (9.04 apart in x, 15.655 in y, odd rows shifted), a sample owns one well in 32, and reads come
 *          tile by tile, row by row, x rising in a row. --coordinates random gives free x and rising y
 * instead. hiseq    pairs of 100 bases, 40 qualities, rising y and random x, tails of quality 2. scrna
 * novaseq names and qualities; R1 is 16 bases of cell barcode and 12 of UMI, R2 91 bases of a transcript.
 * long     one file; 200 to 60000 bases, names that are UUIDs, key=value comments, qualities 1 to 50.
 *
 * --reference writes the genome of another individual of the species as FASTA (genome.h).
 *
 * Out: PREFIX_R1.fastq[.gz] and PREFIX_R2.fastq[.gz] (long: PREFIX.fastq[.gz]) and PREFIX.truth.json with
 * counts of bases and qualities and digests of the plain text. Equal seeds give equal text on every machine.
 */
#include "draw.h"
#include "genome.h"
#include "sink.h"

#include <stdlib.h>
#include <string.h>

enum { NOVASEQ, HISEQ, LONG, SCRNA };
enum { LONGEST = 60000, NLEVEL = 16, NQUALITY = 64 };

typedef struct place { /* of a cluster on the flow cell */
    uint32_t tile;     /* 0-based count of tiles */
    uint32_t row, well;
    uint32_t x, y;
} place;

typedef struct maker {
    int model;
    bool random_x;
    uint64_t npair, seed;
    genome genome;
    uint32_t len[2];
    draw d;
    place place;
    /* novaseq: limits of a 16-bit number for [mate][level][position / 16][bad among the last 8][last quality]
     */
    uint16_t limit[2][NLEVEL][10][9][3][2];
    uint16_t level_limit[2][NLEVEL];
    uint64_t base[256], quality[NQUALITY]; /* the truth */
} maker;

typedef struct read {
    uint8_t base[LONGEST], quality[LONGEST];
    uint32_t len;
} read;

/* ---- qualities ---- */

/*
 * Odds of a worse quality than 37 rise with the level of the read, along the read, and where it was bad just
 * before. The numbers were fitted so that order-1 rANS with packing, fqzcomp and zstd code the result in
 * about as many bits as they need for NovaSeq data (0.45, 0.40 and 0.80 bits a value).
 */
static void novaseq_limit(uint16_t *limit, double odds, int bad, bool worst)
{
    odds *= 1 + 0.35 * bad + 0.038 * bad * bad + (worst ? 0.35 : 0.0);
    if (odds > 1.5) odds = 1.5 + (odds - 1.5) * 0.3;
    const double p37 = 1 / (1 + odds);
    const double share11 = 0.48 + 0.042 * bad + (worst ? 0.07 : 0.0);
    limit[0] = (uint16_t)(65535 * p37);
    limit[1] = (uint16_t)(65535 * (p37 + (1 - p37) * (1 - share11)));
}

static void novaseq_limits(maker *m)
{
    for (int mate = 0; mate < 2; mate++) {
        double level = mate ? 0.0074 : 0.0052, weight = 1, sum = 0, total = 0;
        for (int l = 0; l < NLEVEL; l++, weight *= 0.83) total += weight;
        weight = 1;
        for (int l = 0; l < NLEVEL; l++, weight *= 0.83, level *= 1.33) {
            sum += weight;
            m->level_limit[mate][l] = (uint16_t)(65535 * (sum / total));
            for (int p = 0; p < 10; p++)
                for (int bad = 0; bad < 9; bad++)
                    for (int last = 0; last < 3; last++)
                        novaseq_limit(m->limit[mate][l][p][bad][last], level * (0.67 + 0.3 * p), bad,
                                      last == 0);
        }
    }
}

/* Fills qualities as numbers; lists the places that are not 37. */
static uint32_t novaseq_quality(maker *m, read *r, int mate, uint16_t *bad_at)
{
    static const uint8_t value[3] = { 11, 25, 37 };
    static const uint8_t count8[16] = { 0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4 };
    uint32_t level = 0, nbad = 0;
    const uint64_t first = draw_bits(&m->d);
    while (level < NLEVEL - 1 && (first & 0xffff) > m->level_limit[mate][level]) level++;
    unsigned history = 0, last = 2;
    for (uint32_t i = 0; i < r->len;) {
        uint64_t bits = draw_bits(&m->d);
        uint16_t(*const row)[3][2] = m->limit[mate][level][i / 16];
        const uint32_t end = i + 4 < r->len ? i + 4 : r->len;
        for (; i < end; i++, bits >>= 16) {
            const uint16_t u = (uint16_t)bits;
            const uint16_t *const limit = row[count8[history & 15] + count8[history >> 4]][last];
            last = u < limit[0] ? 2 : u < limit[1] ? 1 : 0;
            history = (history << 1 | (last != 2)) & 255;
            r->quality[i] = value[last];
            bad_at[nbad] = (uint16_t)i;
            nbad += last != 2;
        }
    }
    return nbad;
}

/* A walk that starts high and sinks, steeper for a bad read, with a tail of 2 where it is low for long. */
static void hiseq_quality(maker *m, read *r, int mate)
{
    const double u = draw_unit(&m->d), v = draw_unit(&m->d);
    const double slope = (mate ? 0.11 : 0.08) * (0.2 + 1.8 * (u * v));
    double wander = 0;
    uint32_t low = 0;
    for (uint32_t i = 0; i < r->len; i++) {
        const double noise = draw_normal(&m->d);
        wander = 0.88 * wander + 1.5 * draw_normal(&m->d);
        if (noise > 1.9) wander -= 3 + 60 * slope; /* a cycle went wrong */
        const double start = i < 5 ? 34.5 : 42;
        double q = start - slope * i + (wander > 0 ? 0.25 : 1.0) * wander + 0.8 * noise;
        if (q > 41) q = 41;
        if (q < 4) q = 4;
        r->quality[i] = (uint8_t)q;
        low = q < 15 ? low + 1 : 0;
        if (low == 4 && i > 30) {
            memset(r->quality + i, 2, r->len - i);
            return;
        }
    }
}

static void long_quality(maker *m, read *r)
{
    const double mean = 15 + 3.2 * draw_normal(&m->d);
    double wander = 0;
    for (uint32_t i = 0; i < r->len; i++) {
        wander = 0.85 * wander + 1.0 * draw_normal(&m->d);
        double q = mean + wander + 3.4 * draw_normal(&m->d);
        if (q > 40) q = 40 + (q - 40) / 3;
        r->quality[i] = (uint8_t)(q < 1 ? 1 : q > 50 ? 50 : q);
    }
}

/* ---- bases ---- */

static const char letter[] = "ACGT";

static uint8_t other_base(uint8_t base, uint64_t bits)
{
    const uint8_t b = (uint8_t)letter[bits & 3];
    return b != base ? b : (uint8_t)letter[(bits + 1) & 3];
}

/* No call, quality 2: a read in 300 has one, and a few reads have several in a row. */
static void no_calls(maker *m, read *r)
{
    const uint64_t u = draw_bits(&m->d);
    if ((u & 0xffff) > 220) return;
    const uint32_t at = (uint32_t)(u >> 32) % r->len;
    uint32_t n = u >> 16 & 7 ? 1 : 2 + (uint32_t)(u >> 20 & 15);
    if (n > r->len - at) n = r->len - at;
    memset(r->base + at, 'N', n);
    memset(r->quality + at, 2, n);
}

/* One error in 17 bases of quality 11, in 350 of 25, and in 5000 of 37. */
static void novaseq_errors(maker *m, read *r, const uint16_t *bad_at, uint32_t nbad)
{
    for (uint32_t i = 0; i < nbad; i++) {
        const uint64_t u = draw_bits(&m->d);
        if ((u & 0xffff) < (r->quality[bad_at[i]] == 11 ? 3855 : 187))
            r->base[bad_at[i]] = other_base(r->base[bad_at[i]], u >> 16);
    }
    const uint32_t at = draw_below(&m->d, 5000);
    if (at < r->len) r->base[at] = other_base(r->base[at], at);
}

static void any_errors(maker *m, read *r)
{
    for (uint32_t i = 0; i < r->len; i++) {
        const uint64_t u = draw_bits(&m->d);
        const uint32_t q = r->quality[i];
        if (q == 2 && (u >> 20 & 7) == 0) r->base[i] = 'N';
        else if ((u & 0xffff) < 65536u / (2 + q * q * q / 8)) r->base[i] = other_base(r->base[i], u >> 16);
    }
}

/* ---- names ---- */

static uint8_t *put_text(uint8_t *p, const char *text)
{
    const size_t n = strlen(text);
    memcpy(p, text, n);
    return p + n;
}

static uint8_t *put_number(uint8_t *p, uint64_t v)
{
    char digits[20];
    int n = 0;
    do digits[n++] = (char)('0' + v % 10);
    while (v /= 10);
    while (n) *p++ = (uint8_t)digits[--n];
    return p;
}

static uint32_t tile_number(uint32_t n) /* 1101 .. 1678, then 2101 .. 2678 */
{
    n %= 2 * 6 * 78;
    return (1 + n / (6 * 78)) * 1000 + (1 + n / 78 % 6) * 100 + 1 + n % 78;
}

static void next_place(maker *m)
{
    place *const p = &m->place;
    if (m->random_x) { /* 120 000 reads a tile, in y steps of 0 or 1 or 2 */
        p->y += (uint32_t)(draw_bits(&m->d) >> 60) < 5;
        if (p->y > 37000) p->y = 1000, p->tile++;
        p->x = 1000 + draw_below(&m->d, 32768);
        return;
    }
    do p->well++; /* one well in 32 */
    while (draw_bits(&m->d) >> 59);
    while (p->well >= 1767) {
        p->well -= 1767;
        if (++p->row > 2303) p->row = 0, p->tile++;
    }
    p->x = 1000 + ((p->well * 2 + (p->row & 1)) * 904 + 50) / 100;
    p->y = 1000 + (p->row * 15655 + 500) / 1000;
}

/* The name up to the mate's number, in and after the comment's index; mates get the same draws. */
static uint8_t *illumina_name(const maker *m, uint8_t *p, int mate, uint32_t oddity)
{
    p = put_text(p, m->model == HISEQ ? "@D00234:311:HXXXXADXX:1:" : "@A00123:45:HXXXXXXXX:1:");
    p = put_number(p, tile_number(m->place.tile));
    *p++ = ':';
    p = put_number(p, m->place.x);
    *p++ = ':';
    p = put_number(p, m->place.y);
    p = put_text(p, mate ? " 2:N:0:" : " 1:N:0:");
    uint8_t *const index = p;
    p = put_text(p, m->model == HISEQ ? "ACGTACGT" : "ACGTACGT+TGCATGCA");
    if (oddity < 8) index[oddity] = oddity % 3 ? 'T' : 'N'; /* an index read with one error still counts */
    *p++ = '\n';
    return p;
}

static uint8_t *put_uuid(maker *m, uint8_t *p)
{
    for (int part = 0; part < 2; part++) {
        uint64_t bits = draw_bits(&m->d);
        if (!part) bits = (bits & ~0xf000ull) | 0x4000;
        if (part) bits = (bits & ~(3ull << 62)) | 2ull << 62;
        for (int i = 0; i < 16; i++) {
            *p++ = (uint8_t) "0123456789abcdef"[bits >> (60 - 4 * i) & 15];
            if ((!part && (i == 7 || i == 11 || i == 15)) || (part && i == 3)) *p++ = '-';
        }
    }
    return p;
}

static uint8_t *two(uint8_t *p, uint64_t v)
{
    *p++ = (uint8_t)('0' + v / 10 % 10);
    *p++ = (uint8_t)('0' + v % 10);
    return p;
}

static uint8_t *long_name(maker *m, uint8_t *p, uint64_t n)
{
    const uint64_t second = n * 11 + draw_below(&m->d, 40);
    *p++ = '@';
    p = put_uuid(m, p);
    p = put_text(p, " runid=5f1e2d0c9b8a79685746352413021f0e1d2c3b4a read=");
    p = put_number(p, 10 + n / 3 + draw_below(&m->d, 500));
    p = put_text(p, " ch=");
    p = put_number(p, 1 + draw_below(&m->d, 512));
    p = put_text(p, " start_time=2024-03-");
    p = two(p, 11 + second / 86400);
    *p++ = 'T';
    p = two(p, second / 3600 % 24);
    *p++ = ':';
    p = two(p, second / 60 % 60);
    *p++ = ':';
    p = two(p, second % 60);
    return put_text(p, "Z flow_cell_id=FAX00001 protocol_group_id=bench sample_id=sample1 "
                       "basecall_model_version_id=dna_r10.4.1_e8.2_400bps_sup@v4.3.0\n");
}

/* ---- records ---- */

static void count(maker *m, const read *r)
{
    for (uint32_t i = 0; i < r->len; i++) m->base[r->base[i]]++;
    for (uint32_t i = 0; i < r->len; i++) m->quality[r->quality[i]]++;
}

/* Bases, a bare '+', qualities. */
static uint8_t *put_rest(uint8_t *p, const read *r)
{
    memcpy(p, r->base, r->len);
    p += r->len;
    p = put_text(p, "\n+\n");
    for (uint32_t i = 0; i < r->len; i++) p[i] = (uint8_t)(r->quality[i] + 33);
    p[r->len] = '\n';
    return p + r->len + 1;
}

/* Where the two mates lie: an insert of 350 +- 80 on either strand. */
static void wgs_bases(maker *m, read *r)
{
    int32_t insert = (int32_t)(350 + 80 * draw_normal(&m->d));
    if (insert < (int32_t)m->len[0]) insert = (int32_t)m->len[0];
    const size_t at = (size_t)draw_below(&m->d, (uint32_t)(m->genome.len - (size_t)insert));
    const size_t back = m->genome.len - at - (size_t)insert;
    const int turn = (int)(draw_bits(&m->d) & 1);
    memcpy(r[turn].base, m->genome.plus + at, m->len[turn]);
    memcpy(r[!turn].base, m->genome.minus + back, m->len[!turn]);
}

/* One of 6000 cells and 12 random bases; the end of one of 16384 transcripts, few of which are common. */
static void scrna_bases(maker *m, read *r)
{
    const uint32_t a = draw_below(&m->d, 6000), b = draw_below(&m->d, 6000);
    draw cell = draw_part(m->seed + 7, a < b ? a : b);
    uint64_t bits = draw_bits(&cell), umi = draw_bits(&m->d);
    for (int i = 0; i < 16; i++, bits >>= 2) r[0].base[i] = (uint8_t)letter[bits & 3];
    for (int i = 16; i < 28; i++, umi >>= 2) r[0].base[i] = (uint8_t)letter[umi & 3];
    const double u = draw_unit(&m->d);
    const uint32_t gene = (uint32_t)(16384 * u * u * u);
    const size_t at = gene * (m->genome.len / 16384) + draw_below(&m->d, 400);
    memcpy(r[1].base, m->genome.plus + at, m->len[1]);
}

static void make_pairs(maker *m, sink *out)
{
    static read r[2];
    uint16_t bad_at[LONGEST < 256 ? LONGEST : 256];
    for (uint64_t n = 0; n < m->npair; n++) {
        next_place(m);
        const uint32_t oddity = draw_below(&m->d, 900);
        r[0].len = m->len[0];
        r[1].len = m->len[1];
        if (m->model == SCRNA) scrna_bases(m, r);
        else wgs_bases(m, r);
        for (int mate = 0; mate < 2; mate++) {
            if (m->model == HISEQ) {
                hiseq_quality(m, &r[mate], mate);
                any_errors(m, &r[mate]);
            } else {
                const uint32_t nbad = novaseq_quality(m, &r[mate], mate, bad_at);
                novaseq_errors(m, &r[mate], bad_at, nbad);
                no_calls(m, &r[mate]);
            }
            count(m, &r[mate]);
            uint8_t *const start = sink_room(&out[mate], 1024);
            sink_took(&out[mate],
                      (size_t)(put_rest(illumina_name(m, start, mate, oddity), &r[mate]) - start));
        }
    }
}

/* Length: the product of two uniform numbers leans to short ones; mean about 9700. */
static void make_long(maker *m, sink *out)
{
    static read r;
    for (uint64_t n = 0; n < m->npair; n++) {
        const double a = draw_unit(&m->d), b = draw_unit(&m->d), u = a * b;
        r.len = (uint32_t)(200 + (LONGEST - 200) * u * (0.3 + 0.7 * u));
        const uint8_t *const strand = draw_bits(&m->d) & 1 ? m->genome.plus : m->genome.minus;
        memcpy(r.base, strand + draw_below(&m->d, (uint32_t)(m->genome.len - r.len)), r.len);
        long_quality(m, &r);
        any_errors(m, &r);
        count(m, &r);
        uint8_t *const start = sink_room(out, 2 * (size_t)r.len + 1024);
        sink_took(out, (size_t)(put_rest(long_name(m, start, n), &r) - start));
    }
}

/* ---- the program ---- */

static void put_truth(const maker *m, const char *prefix, const char *model, const sink *out, int nout)
{
    char path[4096];
    snprintf(path, sizeof path, "%s.truth.json", prefix);
    FILE *const json = fopen(path, "w");
    if (!json) {
        fprintf(stderr, "make-data: %s: cannot be written\n", path);
        exit(74);
    }
    uint64_t bases = 0;
    for (int i = 0; i < 256; i++) bases += m->base[i];
    fprintf(json, "{\"model\":\"%s\",\"seed\":%llu,\"%s\":%llu,\"bases\":%llu,\n \"base\":{", model,
            (unsigned long long)m->seed, nout == 2 ? "pairs" : "reads", (unsigned long long)m->npair,
            (unsigned long long)bases);
    for (const char *p = "ACGTN"; *p; p++)
        fprintf(json, "%s\"%c\":%llu", *p == 'A' ? "" : ",", *p, (unsigned long long)m->base[(uint8_t)*p]);
    fprintf(json, "},\n \"quality\":{");
    for (int i = 0, any = 0; i < NQUALITY; i++)
        if (m->quality[i])
            fprintf(json, "%s\"%d\":%llu", any++ ? "," : "", i, (unsigned long long)m->quality[i]);
    fprintf(json, "},\n \"files\":[");
    for (int i = 0; i < nout; i++) {
        if (i) fprintf(json, ",\n  ");
        sink_truth(&out[i], json);
    }
    fprintf(json, "]}\n");
    if (fclose(json)) exit(74);
}

static int usage(void)
{
    fprintf(
        stderr,
        "usage: make-data reads --pairs N --seed S --out PREFIX [--gzip none|plain|bgzf]\n"
        "           [--model novaseq|hiseq|long|scrna] [--coordinates lattice|random] [--genome-mb 50]\n"
        "           [--reference FASTA]\n"
        "Writes PREFIX_R1.fastq, PREFIX_R2.fastq (or .fastq.gz; long: PREFIX.fastq) and PREFIX.truth.json.\n"
        "With --model long N is the number of reads, about 20 kB each. --reference also writes the genome "
        "of\n"
        "another individual: letters differ, are missing or new.\n");
    return 64;
}

int main(int argc, char **argv)
{
    static maker m = { .npair = 100000, .seed = 1 };
    static const char *const models[] = { "novaseq", "hiseq", "long", "scrna" };
    static const uint32_t lengths[][2] = { { 151, 151 }, { 100, 100 }, { 0, 0 }, { 28, 91 } };
    const char *prefix = NULL, *coordinates = NULL, *reference = NULL;
    unsigned long long mb = 50;
    sink_kind kind = SINK_PLAIN;

    for (int i = 1; i + 1 < argc + (argc % 2 == 0); i += 2) {
        if (i + 1 >= argc) return usage();
        const char *const key = argv[i], *const value = argv[i + 1];
        if (!strcmp(key, "--pairs")) m.npair = strtoull(value, NULL, 10);
        else if (!strcmp(key, "--seed")) m.seed = strtoull(value, NULL, 10);
        else if (!strcmp(key, "--out")) prefix = value;
        else if (!strcmp(key, "--genome-mb")) mb = strtoull(value, NULL, 10);
        else if (!strcmp(key, "--coordinates")) coordinates = value;
        else if (!strcmp(key, "--reference")) reference = value;
        else if (!strcmp(key, "--gzip") && sink_kind_of(value, &kind)) continue;
        else if (!strcmp(key, "--model")) {
            for (m.model = 0; m.model < 4 && strcmp(models[m.model], value); m.model++) continue;
            if (m.model == 4) return usage();
        } else return usage();
    }
    if (!prefix || mb < 1 || mb > 4000) return usage();
    m.random_x = coordinates ? !strcmp(coordinates, "random") : m.model == HISEQ;
    m.place = (place){ .y = 1000 };
    memcpy(m.len, lengths[m.model], sizeof m.len);
    m.d = draw_part(m.seed, 2);
    genome_make(&m.genome, (size_t)mb * 1000000, m.seed);
    if (reference) genome_write(&m.genome, m.seed, reference);
    novaseq_limits(&m);

    sink out[2];
    const int nout = m.model == LONG ? 1 : 2;
    for (int i = 0; i < nout; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s%s.fastq%s", prefix,
                 nout == 1 ? ""
                 : i       ? "_R2"
                           : "_R1",
                 kind ? ".gz" : "");
        sink_open(&out[i], path, kind);
    }
    if (m.model == LONG) make_long(&m, out);
    else make_pairs(&m, out);
    for (int i = 0; i < nout; i++) sink_close(&out[i]);
    put_truth(&m, prefix, models[m.model], out, nout);
    for (int i = 0; i < nout; i++) sink_free(&out[i]);
    genome_free(&m.genome);
    return 0;
}
