/* The made-up genome (genome.h). */
#include "genome.h"
#include "draw.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    NWAVE = 26,    /* GC levels, 34 % to 59 % */
    NFAMILY = 200, /* kinds of scattered repeat, of 250 to 2750 bases */
    FAMILY_MAX = 2750,
    STRETCH = 1024 /* bases between two decisions: GC level, repeat or not */
};

static const char letter[] = "ACGT";

/* Letters of one GC level; after C a G comes four times less often than it would. */
static void random_bases(draw *d, uint8_t *dst, size_t n, int wave)
{
    const uint32_t gc = (uint32_t)(34 + wave) * 65536 / 100;
    int last = 0;
    for (size_t i = 0; i < n; i++) {
        const uint64_t r = draw_bits(d);
        int b = (r & 0xffff) < gc ? 1 + (int)(r >> 16 & 1) : (int)(r >> 16 & 1) * 3;
        if (b == 2 && last == 1 && (r >> 32 & 3)) b = (int)(r >> 34 & 1) * 3;
        dst[i] = (uint8_t)letter[b];
        last = b;
    }
}

static uint8_t complement(uint8_t base)
{
    return base == 'A' ? 'T' : base == 'C' ? 'G' : base == 'G' ? 'C' : 'A';
}

/* A copy of a repeat, on either strand, one base in eight changed. */
static size_t repeat_copy(draw *d, uint8_t *dst, const uint8_t *family, size_t n)
{
    const size_t from = draw_below(d, (uint32_t)n / 2);
    const size_t len = n - from;
    const int turn = (int)(draw_bits(d) & 1);
    for (size_t i = 0; i < len; i++) {
        const uint64_t r = draw_bits(d);
        const uint8_t base = turn ? complement(family[n - 1 - i]) : family[from + i];
        dst[i] = r & 7 ? base : (uint8_t)letter[r >> 3 & 3];
    }
    return len;
}

static size_t tandem(draw *d, uint8_t *dst)
{
    const size_t unit = 1 + draw_below(d, 6);
    const size_t n = unit * (8 + draw_below(d, 30));
    random_bases(d, dst, unit, 10);
    for (size_t i = unit; i < n; i++) dst[i] = dst[i - unit];
    return n;
}

void genome_make(genome *g, size_t len, uint64_t seed)
{
    draw d = draw_part(seed, 1);
    static uint8_t family[NFAMILY][FAMILY_MAX];
    static size_t family_len[NFAMILY];

    *g = (genome){ .len = len };
    g->plus = malloc(len + STRETCH + FAMILY_MAX);
    g->minus = malloc(len);
    if (!g->plus || !g->minus) {
        fprintf(stderr, "make-data: no memory for a genome of %zu bases\n", len);
        exit(71);
    }
    for (int i = 0; i < NFAMILY; i++) {
        family_len[i] = 250 + draw_below(&d, FAMILY_MAX - 250);
        random_bases(&d, family[i], family_len[i], 12);
    }
    int wave = 8;
    for (size_t at = 0; at < len;) {
        wave += (int)draw_below(&d, 5) - 2;
        wave = wave < 0 ? 0 : wave >= NWAVE ? NWAVE - 1 : wave;
        random_bases(&d, g->plus + at, STRETCH, wave);
        at += STRETCH;
        const uint32_t what = draw_below(&d, 64);
        if (at >= len) break;
        if (what < 24) {
            const uint32_t a = draw_below(&d, NFAMILY), b = draw_below(&d, NFAMILY);
            const uint32_t f = a < b ? a : b; /* some families are common */
            at += repeat_copy(&d, g->plus + at, family[f], family_len[f]);
        } else if (what < 27) {
            at += tandem(&d, g->plus + at);
        }
    }
    for (size_t i = 0; i < len; i++) g->minus[len - 1 - i] = complement(g->plus[i]);
}

enum { LINE = 60, ENDS = 10000, CHROMOSOMES = 3 };

typedef struct lines {
    FILE *file;
    int at; /* in the line */
} lines;

static void put_base(lines *l, int base)
{
    putc(base, l->file);
    if (++l->at < LINE) return;
    putc('\n', l->file);
    l->at = 0;
}

/* The letter at *at as the other individual has it: with letters before it, another one, or some missing. */
static void put_variant(lines *l, draw *d, const genome *g, size_t *at, int lower)
{
    const uint64_t r = draw_bits(d);
    if (r % 8000 == 1) *at += 1 + (r >> 32 & 7);
    if (*at >= g->len) return;
    for (uint64_t i = r % 8000 == 2 ? 1 + (r >> 32 & 7) : 0; i; i--)
        put_base(l, letter[draw_bits(d) & 3] | lower);
    put_base(l, (r % 1000 ? g->plus[*at] : (uint8_t)letter[r >> 32 & 3]) | lower);
}

void genome_write(const genome *g, uint64_t seed, const char *path)
{
    draw d = draw_part(seed, 3);
    lines l = { fopen(path, "w"), 0 };
    for (size_t c = 0, at = 0; l.file && c < CHROMOSOMES; c++) {
        fprintf(l.file, "%s>chr%zu made\n", l.at ? "\n" : "", c + 1);
        l.at = 0;
        for (int i = 0; i < ENDS; i++) put_base(&l, 'N');
        for (; at < g->len / CHROMOSOMES * (c + 1); at++)
            put_variant(&l, &d, g, &at, at / STRETCH % 7 < 3 ? 0x20 : 0);
        for (int i = 0; i < ENDS; i++) put_base(&l, 'N');
    }
    if (l.file && !fprintf(l.file, "\n")) l.at = -1;
    if (!l.file || l.at < 0 || fclose(l.file)) {
        fprintf(stderr, "make-data: %s: cannot be written\n", path);
        exit(74);
    }
}

void genome_free(genome *g)
{
    free(g->plus);
    free(g->minus);
    *g = (genome){ 0 };
}
