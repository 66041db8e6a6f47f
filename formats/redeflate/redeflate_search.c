/*
 * Finds the maker of a stream (redeflate.h) by its first tokens: each maker that is known tells them, and the
 * one that misses fewest is taken, of equal ones the first. It is given up on a maker as soon as it has
 * missed more than the best so far. How it ends and codes blocks is then chosen by the blocks of these
 * tokens.
 */
#include "formats/redeflate/flush_markers.h"
#include "formats/redeflate/redeflate.h"

#include <stdlib.h>

enum { BLOCKS = 16, ROOM = 1 << 15 };

/* Blocks one after another that are not stored. */
typedef struct sample {
    vl_token *token; /* owned */
    size_t ntoken, ctoken;
    size_t begin; /* in the text */
    vl_markers markers;
    size_t first;    /* of the markers behind begin */
    uint32_t *start; /* owned; of blocks */
    size_t nstart, cstart;
    unsigned farthest; /* of all distances */
    struct {
        size_t at, first, ntoken, nplain; /* first: in token */
        bool is_open;                     /* the last of the stream, or before a flush */
        vl_deflate_head head;
    } block[BLOCKS];
    unsigned nblock;
} sample;

static vl_code add(sample *s, const vl_deflate_block *b, size_t at, vl_err *err)
{
    if (s->ntoken + b->ntoken > s->ctoken) {
        const size_t more = s->ctoken + b->ntoken + ROOM;
        vl_token *const token = realloc(s->token, more * sizeof *token);
        if (!token) return vl_fail(err, VL_ENOMEM, "no memory for %zu deflate tokens", more);
        s->token = token;
        s->ctoken = more;
    }
    if (b->ntoken) memcpy(s->token + s->ntoken, b->token, b->ntoken * sizeof *b->token);
    if (s->nblock < BLOCKS) {
        s->block[s->nblock].at = at;
        s->block[s->nblock].first = s->ntoken;
        s->block[s->nblock].ntoken = b->ntoken;
        s->block[s->nblock].nplain = b->nplain;
        s->block[s->nblock].is_open = b->final;
        s->block[s->nblock++].head = b->head;
    }
    for (size_t i = 0; i < b->ntoken; i++)
        if (vl_token_is_match(b->token[i]) && vl_token_distance(b->token[i]) > s->farthest)
            s->farthest = vl_token_distance(b->token[i]);
    s->ntoken += b->ntoken;
    return VL_OK;
}

static vl_code add_start(sample *s, size_t at, vl_err *err)
{
    if (s->nstart == s->cstart) {
        const size_t more = s->cstart ? 2 * s->cstart : BLOCKS;
        uint32_t *const start = realloc(s->start, more * sizeof *start);
        if (!start) return vl_fail(err, VL_ENOMEM, "no memory for %zu deflate blocks", more);
        s->start = start;
        s->cstart = more;
    }
    s->start[s->nstart++] = (uint32_t)at;
    return VL_OK;
}

/* The block before a flush ends with what there is. */
static void open_before(sample *s, size_t at)
{
    if (s->nblock && s->block[s->nblock - 1].at + s->block[s->nblock - 1].nplain == at)
        s->block[s->nblock - 1].is_open = true;
}

/* Behind the part, the stream is not looked at. */
static bool is_behind(const vl_redeflate_part *part, const vl_deflate_reader *reader)
{
    return part->least && reader->at - part->span.before >= part->least;
}

static vl_code take_sample(const vl_redeflate_part *part, size_t ntoken, sample *s, vl_err *err)
{
    vl_deflate_reader reader = vl_part_reader(part);
    vl_deflate_block block = { 0 };
    s->begin = part->span.before;
    while (s->ntoken < ntoken && !block.final && !is_behind(part, &reader)) {
        const size_t at = reader.at;
        if (vl_deflate_read(&reader, &block, err)) break;
        if (vl_markers_note(&s->markers, &block, part->span.before, reader.at, err)) break;
        if (vl_is_marker(&block)) open_before(s, at);
        else if (block.head.type != VL_STORED) {
            if (add_start(s, at, err) || add(s, &block, at, err)) break;
        } else if (s->ntoken) break;
        else s->begin = reader.at;
    }
    while (vl_marker_due(&s->markers, s->begin) ||
           (s->markers.next < s->markers.n && s->markers.marker[s->markers.next].at < s->begin))
        s->markers.next++;
    s->first = s->markers.next;
    vl_deflate_block_free(&block);
    return err->code;
}

/* Misses of the tokens at first, and of all that are looked at. */
enum { FIRST = 4096 };
typedef struct misses {
    size_t first, all;
} misses;

/* How many tokens of the sample the row misses, of the first n; more than `most` are not counted. */
static vl_code count_misses(const vl_redeflate_part *part, sample *s, size_t n, const vl_deflate_row *row,
                            misses most, misses *missed, vl_err *err)
{
    vl_deflate_parser p;
    vl_deflate_text span = part->span;
    vl_markers *const m = &s->markers;
    span.n -= s->begin - span.before;
    span.before = s->begin;
    *missed = (misses){ 0 };
    m->next = s->first;
    const size_t end = span.before + span.n + span.after;
    if (vl_deflate_parser_open(&p, row, &span, vl_markers_end(m, s->begin, end), err)) return err->code;
    for (size_t i = 0, block = 0, at = s->begin; i < n && i < s->ntoken && missed->all <= most.all; i++) {
        const vl_token t = s->token[i];
        if (i < FIRST) missed->first = missed->all;
        else if (missed->first > most.first) {
            missed->all = SIZE_MAX;
            break;
        }
        if (vl_marker_due(m, at)) {
            while (vl_marker_due(m, at)) m->next++;
            p.end = vl_markers_end(m, at, end);
            p.parse->flushed(&p, at);
        }
        if (block < s->nstart && s->start[block] == at) {
            while (block < s->nstart && s->start[block] == at) block++;
            if (p.parse->begin_block) p.parse->begin_block(&p, at);
        }
        missed->all += p.parse->next(&p, at) != t;
        p.parse->took(&p, at, t);
        at += vl_token_length(t);
    }
    vl_deflate_parser_close(&p);
    return VL_OK;
}

/* ---- blocks ---- */

static unsigned blocks_told(const sample *s, const vl_deflate_row *row, size_t end)
{
    unsigned told = 0;
    for (unsigned b = 0; b < s->nblock; b++) {
        vl_block_ends ends;
        size_t at = s->block[b].at;
        bool early = false;
        vl_block_ends_begin(&ends, row, at, end);
        for (size_t i = 0; i < s->block[b].ntoken; i++) {
            const vl_token t = s->token[s->block[b].first + i];
            early |= ends.full;
            vl_block_ends_after(&ends, at, t, false);
            at += vl_token_length(t);
        }
        told += !early && (ends.full || s->block[b].is_open);
    }
    return told;
}

static unsigned heads_told(const sample *s, const vl_deflate_row *row)
{
    unsigned told = 0;
    for (unsigned b = 0; b < s->nblock; b++) {
        vl_deflate_head head;
        vl_deflate_counts counts;
        const size_t n = s->block[b].ntoken;
        const vl_deflate_block block = { .token = n ? s->token + s->block[b].first : NULL, .ntoken = n };
        vl_deflate_count(&block, &counts);
        vl_deflate_choose(row, &counts, s->block[b].nplain, &head);
        told += vl_same_head(&head, &s->block[b].head);
    }
    return told;
}

/* The most likely first: what has no block to tell stays at that. */
static void choose_blocks(const sample *s, vl_deflate_row *row, size_t end)
{
    static const uint8_t usual[] = { 14, 15, VL_ENDS_LIKE_GZIP, 13, 12, 11, 10, 9, 8, 7, VL_ENDS_NEVER },
                         isal[] = { 21, 22, 20, 19, 18, VL_ENDS_NEVER };
    const bool is_isal = vl_is_isal(row);
    const uint8_t *const ends = is_isal ? isal : usual;
    const size_t nends = is_isal ? sizeof isal : sizeof usual;
    vl_deflate_row best = *row;
    unsigned most = 0;
    const bool libdeflate = row->family == VL_MAKES_LIBDEFLATE,
               older = row->family == VL_MAKES_LIBDEFLATE_OLDER;
    best.ends = libdeflate ? VL_ENDS_LIKE_LIBDEFLATE : older ? VL_ENDS_LIKE_LIBDEFLATE_OLDER : ends[0];
    for (size_t i = 0; i < nends && !libdeflate && !older; i++) {
        row->ends = ends[i];
        const unsigned told = blocks_told(s, row, end);
        if (told > most) {
            most = told;
            best.ends = row->ends;
        }
    }
    best.coding = libdeflate || older ? VL_CODES_LIKE_LIBDEFLATE
                  : is_isal           ? VL_CODES_LIKE_ISAL
                                      : VL_CODES_LIKE_ZLIB;
    most = 0;
    uint8_t coding = best.coding;
    for (unsigned i = 0; i < VL_DEFLATE_CODINGS; i++) {
        row->coding = (uint8_t)((best.coding + i) % VL_DEFLATE_CODINGS);
        const unsigned told = heads_told(s, row);
        if (told > most) {
            most = told;
            coding = row->coding;
        }
    }
    best.coding = coding;
    *row = best;
}

/* ---- tokens ---- */

typedef struct finding {
    const vl_redeflate_part *part;
    sample s;
    size_t ntoken; /* that are looked at */
    vl_deflate_row best;
    misses least; /* of it; first: of any */
} finding;

/* Who misses far more than another at first is looked at no longer. */
static vl_code attempt(finding *f, vl_deflate_row row, vl_err *err)
{
    enum { SLACK = 64 };
    misses missed;
    if (!f->least.all) return VL_OK;
    const size_t first = f->least.first > SIZE_MAX / 4 ? SIZE_MAX : 2 * f->least.first + SLACK;
    const misses most = { first, f->least.all - 1 };
    if (count_misses(f->part, &f->s, f->ntoken, &row, most, &missed, err)) return err->code;
    if (missed.all > most.all) return VL_OK;
    if (missed.first < f->least.first) f->least.first = missed.first;
    f->least.all = missed.all;
    f->best = row;
    return VL_OK;
}

static const struct {
    uint8_t family, level;
} makers[] = {
    { VL_MAKES_ZLIB, 6 },
    { VL_MAKES_ZLIB, 1 },
    { VL_MAKES_ZLIB, 9 },
    { VL_MAKES_ZLIB, 5 },
    { VL_MAKES_ZLIB, 4 },
    { VL_MAKES_ZLIB, 3 },
    { VL_MAKES_ZLIB, 2 },
    { VL_MAKES_ZLIB, 8 },
    { VL_MAKES_ZLIB, 7 },
    { VL_MAKES_LIBDEFLATE, 6 },
    { VL_MAKES_LIBDEFLATE, 7 },
    { VL_MAKES_LIBDEFLATE, 1 },
    { VL_MAKES_LIBDEFLATE, 5 },
    { VL_MAKES_LIBDEFLATE, 9 },
    { VL_MAKES_LIBDEFLATE, 8 },
    { VL_MAKES_LIBDEFLATE, 4 },
    { VL_MAKES_LIBDEFLATE, 3 },
    { VL_MAKES_LIBDEFLATE, 2 },
    { VL_MAKES_LIBDEFLATE_OLDER, 6 },
    { VL_MAKES_LIBDEFLATE_OLDER, 7 },
    { VL_MAKES_LIBDEFLATE_OLDER, 1 },
    { VL_MAKES_LIBDEFLATE_OLDER, 5 },
    { VL_MAKES_LIBDEFLATE_OLDER, 4 },
    { VL_MAKES_LIBDEFLATE_OLDER, 3 },
    { VL_MAKES_LIBDEFLATE_OLDER, 2 },
    { VL_MAKES_ISAL, 1 },
    { VL_MAKES_ISAL, 2 },
    { VL_MAKES_ISAL, 0 },
    { VL_MAKES_IGZIP, 1 },
    { VL_MAKES_IGZIP, 2 },
    { VL_MAKES_IGZIP, 0 },
    { VL_MAKES_ISAL, 3 },
    { VL_MAKES_IGZIP, 3 },
    { VL_MAKES_ISAL_OLDER, 1 },
    { VL_MAKES_ISAL_OLDER, 2 },
    { VL_MAKES_ISAL_OLDER, 0 },
    { VL_MAKES_RUNS, 6 },
    { VL_MAKES_LITERALS, 6 },
    { VL_MAKES_FILTERED, 6 },
    { VL_MAKES_FILTERED, 4 },
    { VL_MAKES_FILTERED, 5 },
    { VL_MAKES_FILTERED, 7 },
    { VL_MAKES_FILTERED, 8 },
    { VL_MAKES_FILTERED, 9 },
    { VL_MAKES_CHROMIUM, 6 },
    { VL_MAKES_CHROMIUM, 1 },
    { VL_MAKES_CHROMIUM, 9 },
    { VL_MAKES_CHROMIUM, 5 },
    { VL_MAKES_CHROMIUM, 4 },
    { VL_MAKES_CHROMIUM, 3 },
    { VL_MAKES_CHROMIUM, 2 },
    { VL_MAKES_CHROMIUM, 8 },
    { VL_MAKES_CHROMIUM, 7 },
    { VL_MAKES_ZLIB_MEDIUM, 5 },
    { VL_MAKES_ZLIB_MEDIUM, 4 },
    { VL_MAKES_ZLIB_MEDIUM, 6 },
};

static vl_code attempt_all(finding *f, vl_deflate_row row, vl_err *err)
{
    for (size_t i = 0; i < sizeof makers / sizeof *makers; i++) {
        row.family = makers[i].family;
        row.level = makers[i].level;
        if (attempt(f, row, err)) return err->code;
    }
    return VL_OK;
}

/* One that misses none of a few tokens may miss none of all: if so, the first of these is taken, as it would
 * be after the others had been looked at. */
static vl_code attempt_spotless(finding *f, vl_deflate_row row, vl_err *err)
{
    enum { A_FEW = 1024 };
    if (f->s.ntoken < 4 * A_FEW) return VL_OK;
    for (size_t i = 0; i < sizeof makers / sizeof *makers && f->least.all; i++) {
        misses missed;
        row.family = makers[i].family;
        row.level = makers[i].level;
        if (count_misses(f->part, &f->s, A_FEW, &row, (misses){ 0, 0 }, &missed, err)) return err->code;
        if (!missed.all && attempt(f, row, err)) return err->code;
    }
    return VL_OK;
}

/* The smallest window that has all distances. */
static uint8_t least_window(const sample *s)
{
    uint8_t bits = 9;
    while (bits < 15 && s->farthest > (1u << bits) - 262) bits++;
    return bits;
}

/* zlib's hash by the size of its blocks, where the first that is full tells it: 0 when it does not. */
static uint8_t hash_by_blocks(const sample *s)
{
    for (unsigned i = 0; i < s->nblock; i++) {
        const size_t n = s->block[i].ntoken + 1;
        if (!s->block[i].is_open && n >= 1 << 7 && n <= 1 << 15 && !(n & (n - 1)))
            return (uint8_t)(__builtin_ctzll(n) + 1);
    }
    return 0;
}

/* Sizes and flushes that are not as usual, for the maker that is best with usual ones. */
static vl_code attempt_like(finding *f, vl_err *err)
{
    vl_deflate_row row = f->best;
    for (row.flush = 1; f->s.markers.n && row.flush < VL_DEFLATE_FLUSHES; row.flush++)
        if (attempt(f, row, err)) return err->code;
    row = f->best;
    for (row.hash_bits = 16; row.hash_bits >= 8; row.hash_bits--)
        if (attempt(f, row, err)) return err->code;
    row = f->best;
    for (row.window_bits = 14; row.window_bits >= least_window(&f->s); row.window_bits--)
        if (attempt(f, row, err)) return err->code;
    return VL_OK;
}

/* zlib's hash and its blocks grow together. */
static vl_code settle_hash(finding *f, vl_err *err)
{
    const vl_deflate_row found = f->best;
    vl_deflate_row row = found;
    if (row.ends < 7 || row.ends > 15 || row.hash_bits == row.ends + 1) return VL_OK;
    row.hash_bits = (uint8_t)(row.ends + 1);
    const size_t least = f->least.all++;
    if (attempt(f, row, err)) return err->code;
    if (f->best.hash_bits == found.hash_bits) f->least.all = least;
    return VL_OK;
}

static vl_code find_maker(finding *f, vl_err *err)
{
    const vl_deflate_row usual = { .version = VL_DEFLATE_ROWS_VERSION,
                                   .family = VL_MAKES_ZLIB,
                                   .level = 6,
                                   .window_bits = 15,
                                   .hash_bits = 15,
                                   .ends = 14 };
    vl_deflate_row small = usual;
    small.window_bits = least_window(&f->s);
    f->best = usual;
    f->least = (misses){ SIZE_MAX, SIZE_MAX };
    if (attempt_spotless(f, usual, err) || attempt_all(f, usual, err)) return err->code;
    if (f->least.all && small.window_bits < 15 && attempt_all(f, small, err)) return err->code;
    small.hash_bits = hash_by_blocks(&f->s);
    if (f->least.all && small.hash_bits && attempt_all(f, small, err)) return err->code;
    if (f->least.all && f->least.all < f->s.ntoken / 8 && attempt_like(f, err)) return err->code;
    const vl_deflate_text *const text = &f->part->span;
    choose_blocks(&f->s, &f->best, text->before + text->n + text->after);
    return settle_hash(f, err);
}

vl_code vl_redeflate_search(const vl_redeflate_part *part, size_t ntoken, vl_deflate_row *row, vl_err *err)
{
    finding f = { .part = part, .ntoken = ntoken };
    if (!take_sample(part, ntoken, &f.s, err) && !find_maker(&f, err)) *row = f.best;
    free(f.s.token);
    free(f.s.start);
    vl_markers_free(&f.s.markers);
    return err->code;
}
