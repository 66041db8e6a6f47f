/* Codec anchor: reads that lie on a small contig, and payloads that lie. */
#include "pipeline/codec/anchor.h"
#include "pipeline/codec/test/codec_test.h"

#include "formats/place.h"
#include "pipeline/test/check.h"

#include <stdlib.h>
#include <string.h>

enum { ENOUGH = 900, CONTIG = 3000, BEFORE = 7, MOST_ROWS = 1 << 16, PLACE_BYTES = 8 * VL_PLACE_N };

/* What guides to the bytes that were drawn last. */
static vl_buf guide_bytes;
static uint32_t guide_end[MOST_ROWS], row_end[MOST_ROWS];
static size_t nguide, nrow, drawn;

static uint8_t contig_letter(uint64_t i)
{
    uint64_t dice = 11 + i % CONTIG * 77;
    return (uint8_t) "ACGT"[check_random(&dice) >> 20 & 3];
}

static void put_op(unsigned code, uint32_t n)
{
    uint8_t op[4];
    vl_put_le32(op, n << 4 | code);
    put(&guide_bytes, op, sizeof op);
}

static void put_place(int64_t position, int64_t flag)
{
    uint8_t place[PLACE_BYTES] = { 0 };
    vl_put_le64(place + 8 * VL_PLACE_POSITION, (uint64_t)position);
    vl_put_le64(place + 8 * VL_PLACE_FLAG, (uint64_t)flag);
    put(&guide_bytes, place, sizeof place);
}

static uint8_t with_errors(uint8_t c, uint64_t *dice)
{
    return check_random(dice) % 60 ? c : (uint8_t) "ACGTNr"[*dice % 6];
}

/* A read into `to`, clipped, with a gap of one sort or the other: 20S 30M, 3I or 5D or 400N, 30M. Its letters
 * from `skip` on, as far as there is room. */
static size_t draw_read(uint8_t *to, size_t room, int64_t position, unsigned sort_of, size_t skip,
                        uint64_t *dice)
{
    uint8_t letters[83];
    const uint32_t gap[] = { 3, 5, 400 };
    size_t n = 0;
    int64_t at = position;
    for (int i = 0; i < 20; i++) letters[n++] = (uint8_t) "ACGT"[check_random(dice) >> 9 & 3];
    for (int i = 0; i < 30; i++) letters[n++] = with_errors(contig_letter((uint64_t)at++), dice);
    for (int i = 0; i < 3 && sort_of == 1; i++) letters[n++] = 'T';
    if (sort_of == 2 || sort_of == 3) at += gap[sort_of - 1];
    for (int i = 0; i < 30; i++) letters[n++] = with_errors(contig_letter((uint64_t)at++), dice);
    put_place(position, sort_of == 4 ? 4 : 0);
    put_op(4, 20);
    put_op(0, 30);
    if (sort_of && sort_of < 4) put_op(sort_of, gap[sort_of - 1]);
    put_op(7, 30);
    n -= skip;
    if (n > room) n = room;
    memcpy(to, letters + skip, n);
    return n;
}

static void draw_reads(vl_buf *plain, size_t n, vl_type type, uint64_t seed)
{
    vl_err err = VL_ERR_INIT;
    int64_t position = 40;
    (void)type;
    if (vl_buf_reserve(plain, n + 1, &err)) abort();
    guide_bytes.len = nguide = nrow = 0;
    for (plain->len = 0; plain->len < n && nguide < MOST_ROWS; nguide++) {
        const unsigned what = (unsigned)(check_random(&seed) % 40), sort_of = what < 4 ? what + 1 : 0;
        const size_t skip = nguide ? 0 : BEFORE, whole = (sort_of == 1 ? 83u : 80u) - skip;
        const size_t room = n - plain->len;
        plain->len += draw_read(plain->data + plain->len, room, position, sort_of, skip, &seed);
        guide_end[nguide] = (uint32_t)guide_bytes.len;
        if (whole <= room) row_end[nrow++] = (uint32_t)plain->len;
        position = (position + (int64_t)(check_random(&seed) % 3)) % (CONTIG - 600);
    }
    drawn = plain->len;
}

static void see(vl_pack_job *job)
{
    static vl_guide guide;
    if (job->len != drawn || !nguide) return;
    guide = (vl_guide){ guide_bytes.data, guide_end, nguide, BEFORE };
    job->beside.guide = &guide;
    job->beside.row = row_end;
    job->beside.nrow = nrow;
}

/* ---- payloads that lie ---- */

static void put_equal(vl_buf *f, uint8_t form, uint8_t v) { put(f, (const uint8_t[]){ form, v }, 2); }

/* A chunk of 16 letters: a run of 12 in a consensus of 12, with one mismatch, and 4 literals. */
typedef struct lie {
    uint8_t fill, consensus, items, kind, run, literal, place, mismatches, gap, subs, way, size, list;
    const char *reason;
} lie;

static void put_lie(vl_buf *f, const lie *l)
{
    begin(f, VL_CODEC_anchor, 1, 16);
    put(f, &l->fill, 1);
    put(f, &l->consensus, 1);
    put(f, "\x1b\x1b\x1b", 3);
    put(f, &l->items, 1);
    put(f, (const uint8_t[]){ 0, l->kind, VL_ANCHOR_LITERAL }, 3); /* symbols as they are */
    put_equal(f, VL_NUMBERS_EQUAL, l->run);
    put_equal(f, VL_NUMBERS_EQUAL, l->literal);
    put_equal(f, VL_NUMBERS_EQUAL, l->place);
    put(f, &l->mismatches, 1);
    put_equal(f, VL_NUMBERS_EQUAL, l->gap);
    put(f, &l->subs, 1);
    if (l->subs) put_equal(f, 1, 1);
    put(f, "\0\0\0", 3);
    put(f, &l->way, 1);
    put(f, &l->size, 1);
    put(f, "\x1b", 1);
    put(f, &l->list, 1);
    put(f, "\0", 1);
}

static void crafted(void)
{
    static const lie lies[] = {
        { 0, 12, 2, 0, 12, 4, 0, 1, 3, 1, 0, 1, 0, "do not match" }, /* fits: only the hash is wrong */
        { 16, 12, 2, 0, 12, 4, 0, 1, 3, 1, 0, 1, 0, "first bytes" },
        { 0, 17, 2, 0, 12, 4, 0, 1, 3, 1, 0, 1, 0, "consensus" },
        { 0, 12, 17, 0, 12, 4, 0, 1, 3, 1, 0, 1, 0, "items" },
        { 0, 12, 2, 3, 12, 4, 0, 1, 3, 1, 0, 1, 0, "items" },
        { 0, 12, 2, 0, 13, 4, 0, 1, 3, 1, 0, 1, 0, "places in the consensus" },
        { 0, 12, 2, 0, 12, 5, 0, 1, 3, 1, 0, 1, 0, "letters of items" },
        { 0, 12, 2, 0, 11, 4, 0, 1, 3, 1, 0, 1, 0, "items" },
        { 0, 12, 2, 0, 12, 4, 2, 1, 3, 1, 0, 1, 0, "places in the consensus" },
        { 0, 12, 2, 0, 12, 4, 1, 1, 3, 1, 0, 1, 0, "places in the consensus" },
        { 0, 12, 2, 0, 12, 4, 0, 17, 3, 1, 0, 1, 0, "mismatches" },
        { 0, 12, 2, 0, 12, 4, 0, 1, 12, 1, 0, 1, 0, "mismatches" },
        { 0, 12, 2, 0, 12, 4, 0, 1, 3, 2, 0, 1, 0, "mismatches" },
        { 0, 12, 2, 0, 12, 4, 0, 1, 3, 0, 0, 1, 0, "mismatches" },
        { 0, 12, 2, 0, 12, 4, 0, 1, 3, 1, 0, 2, 0, "literals" },
        { 0, 12, 2, 0, 12, 4, 0, 1, 3, 1, 1, 1, 0, "zstd" },
        { 0, 12, 2, 0, 12, 4, 0, 1, 3, 1, 0, 1, 2, "zstd" },
    };
    vl_buf f = { 0 };
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        put_lie(&f, &lies[i]);
        REFUSE(&f, lies[i].reason);
    }
    put_lie(&f, &lies[0]);
    for (size_t cut = f.len; cut > VL_FRAME; cut--) {
        f.len = cut - 1;
        REFUSE(&f, "make no sense");
    }
    vl_buf_free(&f);
    vl_buf_free(&guide_bytes);
    nguide = 0;
}

const vl_codec_test vl_codec_test_anchor = {
    .draw = draw_reads, .see = see, .enough = ENOUGH, .crafted = crafted
};
