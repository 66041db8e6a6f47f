/* Codec overlap: reads of a small genome, what a consensus of them is like, and payloads that lie. */
#include "pipeline/codec/consensus.h"
#include "pipeline/codec/overlap.h"
#include "pipeline/codec/test/codec_test.h"

#include "pipeline/test/check.h"

#include <stdlib.h>
#include <string.h>

enum { ENOUGH = 6000, GENOME = 700, MOST_READ = 120 };

/* Letter i of the genome, or of its other strand. */
static uint8_t genome_letter(size_t i, bool back)
{
    uint64_t dice = 7 + (back ? GENOME - 1 - i : i) * 77;
    const uint8_t c = (uint8_t) "ACGT"[check_random(&dice) >> 20 & 3];
    return back ? vl_base_complement(c) : c;
}

/* A read of either strand, with errors; in front, as a row begins there, an N. */
static size_t draw_read(uint8_t *to, size_t room, uint64_t *dice)
{
    const size_t n = 60 + check_random(dice) % (MOST_READ - 60), from = check_random(dice) % (GENOME - n);
    const bool back = check_random(dice) % 2;
    for (size_t i = 0; i <= n && i < room; i++)
        to[i] = !i                        ? 'N'
                : check_random(dice) % 90 ? genome_letter(from + i - 1, back)
                                          : (uint8_t) "ACGTRn"[*dice % 6];
    return n + 1 < room ? n + 1 : room;
}

void draw_overlapping(vl_buf *plain, size_t n, vl_type type, uint64_t seed)
{
    vl_err err = VL_ERR_INIT;
    (void)type;
    if (vl_buf_reserve(plain, n, &err)) abort();
    for (plain->len = 0; plain->len < n;)
        plain->len += draw_read(plain->data + plain->len, n - plain->len, &seed);
}

/* ---- the consensus itself ---- */

/* Grown of reads that go forth and back it is the genome, in one piece, without their errors. */
static void check_grown(void)
{
    vl_err err = VL_ERR_INIT;
    vl_buf letters = { 0 };
    uint8_t genome[GENOME], row[MOST_READ + 1];
    uint64_t dice = 3, seen, known;
    vl_grower *const g = vl_grower_new();
    bool there = false, turned = false;
    if (!g) abort();
    for (size_t i = 0; i < 400; i++) {
        const size_t n = draw_read(row, sizeof row, &dice);
        if (vl_grower_add(g, row + 1, n - 1, &err)) abort();
    }
    vl_grower_seen(g, &seen, &known);
    HOLDS(!vl_grower_end(g, &letters, &err) && known > seen / 10 * 9, "%llu of %llu letters known: %s",
          (unsigned long long)known, (unsigned long long)seen, err.what);
    HOLDS(letters.len > GENOME * 9 / 10 && letters.len < GENOME * 11 / 10, "a consensus of %zu letters",
          letters.len);
    for (int back = 0; back < 2; back++) {
        for (size_t i = 0; i < GENOME; i++) genome[i] = genome_letter(i, back);
        const bool found = memmem(letters.data, letters.len, genome + 50, GENOME - 100) != NULL;
        *(back ? &turned : &there) = found;
    }
    HOLDS(there != turned, "the genome is %s the consensus", there ? "twice in" : "not in");
    vl_grower_free(g);
    vl_buf_free(&letters);
}

/* Rows that meet in rings, repeat themselves, or are of one letter. */
static void check_strange_rows(void)
{
    static const char *const unit[] = {
        "A", "AC", "GATTACA", "ACGTTGCATGCCATAGCAGT", "NNNNNNNN", "acgt", ""
    };
    vl_err err = VL_ERR_INIT;
    vl_buf letters = { 0 }, kmers = { 0 }, found = { 0 };
    uint8_t row[500 + VL_PAD];
    vl_grower *const g = vl_grower_new();
    if (!g) abort();
    for (size_t k = 0; k < 7 * 60; k++) {
        const size_t n = strlen(unit[k % 7]), len = n ? 500 - k : 0;
        for (size_t i = 0; i < len; i++) row[i] = (uint8_t)unit[k % 7][i % n];
        if (vl_grower_add(g, row, len, &err)) abort();
    }
    HOLDS(!vl_grower_end(g, &letters, &err), "%s", err.what);
    for (size_t i = 0; i < letters.len; i++)
        if (!vl_is_base(letters.data[i])) HOLDS(false, "letter %zu is 0x%02x", i, letters.data[i]);
    vl_finder f = { 0 };
    HOLDS(!vl_finder_make(&f, letters.data, letters.len, &err) &&
              !vl_finder_find(&f, row, 80, &kmers, &found, &err),
          "%s", err.what);
    vl_finder_free(&f);
    vl_grower_free(g);
    vl_buf_free(&letters);
    vl_buf_free(&kmers);
    vl_buf_free(&found);
}

/* ---- payloads that lie ---- */

enum { LETTERS = 64 };

/* A chunk of 16 letters: one match of 12 at `place`, two of which differ; letters before it. */
typedef struct lie {
    uint8_t consensus, fill, odd, matches, before, length, way, place, ndiffer, gap, shift;
    const char *reason;
} lie;

static void put_equal(vl_buf *f, uint8_t form, uint8_t v) { put(f, (const uint8_t[]){ form, v }, 2); }

static void put_lie(vl_buf *f, const lie *l)
{
    begin(f, VL_CODEC_overlap, 1, 16);
    put(f, "\0\0\0\0\0\0\0\0", 8);
    put(f, &l->consensus, 1);
    put(f, &l->fill, 1);
    put(f, &l->odd, 1);
    put(f, &l->matches, 1);
    put_equal(f, VL_NUMBERS_EQUAL, l->before);
    put_equal(f, VL_NUMBERS_EQUAL, l->length);
    put_equal(f, 1, l->way); /* symbols: all are this one */
    put_equal(f, VL_NUMBERS_EQUAL, l->place);
    put_equal(f, VL_NUMBERS_EQUAL, l->ndiffer);
    if (l->ndiffer) put_equal(f, VL_NUMBERS_EQUAL, l->gap);
    if (l->ndiffer) put_equal(f, 1, l->shift);
    put(f, "\x1b", 1); /* four letters */
}

static void crafted(void)
{
    static const lie lies[] = {
        { LETTERS, 0, 0, 1, 4, 12, 0, 0, 2, 1, 1, "do not match" }, /* fits: only the hash is wrong */
        { LETTERS, 0, 0, 1, 4, 12, 0, 52, 2, 5, 1, "do not match" },
        { LETTERS, 0, 0, 1, 4, 12, 1, 11, 2, 1, 3, "do not match" },
        { LETTERS - 1, 0, 0, 1, 4, 12, 0, 0, 2, 1, 1, "consensus of 63 letters" },
        { LETTERS, 16, 0, 1, 4, 12, 0, 0, 2, 1, 1, "first bytes" },
        { LETTERS, 0, 28, 1, 4, 12, 0, 0, 2, 1, 1, "odd letters" },
        { LETTERS, 0, 0, 17, 4, 12, 0, 0, 2, 1, 1, "matches" },
        { LETTERS, 0, 0, 2, 4, 12, 0, 0, 2, 1, 1, "lengths" },
        { LETTERS, 0, 0, 1, 5, 12, 0, 0, 2, 1, 1, "lengths" },
        { LETTERS, 0, 0, 1, 4, 17, 0, 0, 2, 1, 1, "lengths" },
        { LETTERS, 0, 0, 1, 4, 11, 0, 0, 2, 1, 1, "letters" },
        { LETTERS, 0, 0, 1, 4, 12, 4, 0, 2, 1, 1, "directions" },
        { LETTERS, 0, 0, 1, 4, 12, 2, 0, 2, 1, 1, "directions" },
        { LETTERS, 0, 0, 1, 4, 12, 0, 53, 2, 1, 1, "places" },
        { LETTERS, 0, 0, 1, 4, 12, 0, 64, 2, 1, 1, "places" },
        { LETTERS, 0, 0, 1, 4, 12, 1, 10, 2, 1, 1, "places" },
        { LETTERS, 0, 0, 1, 4, 12, 1, 64, 2, 1, 1, "places" },
        { LETTERS, 0, 0, 1, 4, 12, 0, 0, 13, 0, 1, "differences" },
        { LETTERS, 0, 0, 1, 4, 12, 0, 0, 2, 6, 1, "differences" },
        { LETTERS, 0, 0, 1, 4, 12, 0, 0, 1, 12, 1, "differences" },
        { LETTERS, 0, 0, 1, 4, 12, 0, 0, 1, 127, 1, "differences" },
        { LETTERS, 0, 0, 4, 1, 3, 0, 0, 0, 0, 0, "do not match" },
        { LETTERS, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0, "letters" },
    };
    vl_buf f = { 0 };
    vl_err err = VL_ERR_INIT;
    check_grown();
    check_strange_rows();
    vl_shared_free(&old_shared);
    put_lie(&f, &lies[0]);
    REFUSE(&f, "not known here");
    if (vl_buf_reserve(&old_shared.plain, LETTERS, &err)) abort();
    memset(old_shared.plain.data, 'G', old_shared.plain.len = LETTERS);
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        put_lie(&f, &lies[i]);
        const size_t whole = f.len;
        REFUSE(&f, lies[i].reason);
        for (f.len = VL_FRAME; f.len < whole; f.len++) REFUSE(&f, "");
        f.len = whole;
        put(&f, "", 1);
        REFUSE(&f, "");
    }
    vl_buf_free(&f);
}

const vl_codec_test vl_codec_test_overlap = {
    .draw = draw_overlapping, .starts = 'N', .crafted = crafted, .enough = ENOUGH
};
