/* Rows of makers, the simplest of them, and where blocks end: deflate_maker.h. */
#include "formats/redeflate/deflate_maker.h"

#include <stdlib.h>

/* ---- rows ---- */

static const vl_deflate_parse *const families[VL_DEFLATE_FAMILIES] = {
    [VL_MAKES_LITERALS] = &vl_parse_literals,
    [VL_MAKES_RUNS] = &vl_parse_runs,
    [VL_MAKES_ZLIB] = &vl_parse_zlib,
    [VL_MAKES_FILTERED] = &vl_parse_zlib,
    [VL_MAKES_LIBDEFLATE] = &vl_parse_libdeflate,
    [VL_MAKES_CHROMIUM] = &vl_parse_zlib,
    [VL_MAKES_ISAL] = &vl_parse_isal,
    [VL_MAKES_IGZIP] = &vl_parse_isal,
    [VL_MAKES_ISAL_OLDER] = &vl_parse_isal,
    [VL_MAKES_LIBDEFLATE_OLDER] = &vl_parse_libdeflate,
    [VL_MAKES_LEAST_COST] = &vl_parse_least_cost,
    [VL_MAKES_ZLIB_MEDIUM] = &vl_parse_zlib_medium,
};

static bool row_is_known(const vl_deflate_row *row)
{
    const bool isal = vl_is_isal(row), levels = row->family >= VL_MAKES_ZLIB && !isal;
    if (row->version != VL_DEFLATE_ROWS_VERSION || row->family >= VL_DEFLATE_FAMILIES) return false;
    if (row->ends >= VL_DEFLATE_ENDS || row->coding >= VL_DEFLATE_CODINGS) return false;
    if (row->flush >= VL_DEFLATE_FLUSHES || row->window_bits < 9 || row->window_bits > 15) return false;
    if (row->hash_bits < 8 || row->hash_bits > 16) return false;
    if (isal) return row->level <= (row->family == VL_MAKES_ISAL_OLDER ? 2 : 3);
    if (row->family == VL_MAKES_LIBDEFLATE_OLDER) return row->level && row->level <= 7;
    if (row->family == VL_MAKES_LEAST_COST) return row->level && row->level <= VL_LEAST_COST_LEVELS;
    if (row->family == VL_MAKES_ZLIB_MEDIUM) return row->level >= 4 && row->level <= 6;
    return row->level <= 9 && (!levels || row->level);
}

vl_code vl_deflate_row_read(vl_deflate_row *row, const uint8_t bytes[VL_DEFLATE_ROW], vl_err *err)
{
    *row = (vl_deflate_row){ bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5], bytes[6], bytes[7] };
    if (row_is_known(row)) return VL_OK;
    return vl_fail(err, VL_EUNSUP, "maker of a deflate stream is %d.%d, level %d: this program knows no such",
                   bytes[0], bytes[1], bytes[2]);
}

void vl_deflate_row_write(const vl_deflate_row *row, uint8_t bytes[VL_DEFLATE_ROW])
{
    const uint8_t all[VL_DEFLATE_ROW] = { row->version,   row->family, row->level,  row->window_bits,
                                          row->hash_bits, row->ends,   row->coding, row->flush };
    memcpy(bytes, all, sizeof all);
}

vl_code vl_deflate_parser_open(vl_deflate_parser *p, const vl_deflate_row *row, const vl_deflate_text *span,
                               size_t end, vl_err *err)
{
    *p = (vl_deflate_parser){ .row = *row,
                              .text = span->plain,
                              .start = span->before,
                              .n = span->before + span->n + span->after,
                              .end = end,
                              .parse = families[row->family] };
    if (p->parse == &vl_parse_isal && row->level == 3) p->parse = &vl_parse_isal_map;
    if (p->parse == &vl_parse_zlib && row->level < 4) p->parse = &vl_parse_zlib_fast;
    if (row->family == VL_MAKES_LIBDEFLATE && row->level == 1) p->parse = &vl_parse_libdeflate_fast;
    if (!p->parse->bytes) return VL_OK;
    p->state = calloc(1, p->parse->bytes);
    if (p->state && p->parse->begin(p)) return VL_OK;
    return vl_fail(err, VL_ENOMEM, "no memory for the maker of a deflate stream");
}

void vl_deflate_parser_close(vl_deflate_parser *p)
{
    if (p->state && p->parse->close) p->parse->close(p);
    free(p->state);
    *p = (vl_deflate_parser){ 0 };
}

/* ---- the simplest ---- */

static vl_token next_literal(vl_deflate_parser *p, size_t at) { return p->text[at]; }

static vl_token next_run(vl_deflate_parser *p, size_t at)
{
    const size_t left = p->end - at;
    if (at == p->start || left < 3) return p->text[at];
    const unsigned most = left < VL_DEFLATE_LONGEST ? (unsigned)left : VL_DEFLATE_LONGEST;
    const unsigned n = vl_equal_bytes(p->text, at, at - 1, most);
    return n < 3 ? p->text[at] : vl_token_match(n, 1);
}

static void took_nothing(vl_deflate_parser *p, size_t at, vl_token token)
{
    (void)p;
    (void)at;
    (void)token;
}

static void flushed_nothing(vl_deflate_parser *p, size_t at)
{
    (void)p;
    (void)at;
}

const vl_deflate_parse vl_parse_literals = { .next = next_literal,
                                             .took = took_nothing,
                                             .flushed = flushed_nothing };
const vl_deflate_parse vl_parse_runs = { .next = next_run, .took = took_nothing, .flushed = flushed_nothing };

/* ---- where blocks end ---- */

void vl_block_ends_begin(vl_block_ends *e, const vl_deflate_row *row, size_t at, size_t end)
{
    *e = (vl_block_ends){
        .rule = row->ends, .level = row->level, .begin = at, .end = end, .most = vl_isal_units(row)
    };
}

/* GNU gzip 1.12, trees.c, ct_tally: half of what it has seen, at eight bits a token and five a distance. */
static bool looks_good(const vl_block_ends *e, size_t seen)
{
    const size_t out = (e->ntoken * 8 + e->nmatch * 5 + e->distance) >> 3;
    return e->nmatch < e->ntoken / 2 && out < (seen - e->begin) / 2;
}

static bool ends_like_gzip(vl_block_ends *e, size_t at, vl_token token)
{
    if (vl_token_is_match(token)) {
        e->nmatch++;
        e->distance += vl_distance_bits[vl_distance_symbol(vl_token_distance(token))];
    }
    /* fast levels look before they go on */
    if (e->level > 2 && e->ntoken % 4096 == 0 && looks_good(e, e->level > 3 ? at + 1 : at)) return true;
    return e->ntoken == 32767;
}

bool vl_block_ends_after(vl_block_ends *e, size_t at, vl_token token, unsigned holds)
{
    e->ntoken++;
    if (e->rule == VL_ENDS_LIKE_GZIP) e->full = ends_like_gzip(e, at, token);
    else if (e->rule == VL_ENDS_LIKE_LIBDEFLATE || e->rule == VL_ENDS_LIKE_LIBDEFLATE_OLDER)
        e->full = vl_libdeflate_ends_after(e, at, token, holds);
    else if (e->most) e->full = vl_isal_ends_after(e, at, token, holds);
    else if (e->rule < VL_ENDS_LIKE_GZIP && e->rule) e->full = e->ntoken == (1u << e->rule) - 1;
    return e->full;
}

bool vl_block_is_last(const vl_block_ends *e) { return !e->full || e->rule >= VL_ENDS_LIKE_LIBDEFLATE; }

/* ---- how blocks are coded ---- */

uint64_t vl_symbol_bits(const vl_deflate_counts *counts, const vl_deflate_head *head)
{
    uint64_t bits = 0;
    for (unsigned i = 0; i < 286; i++)
        bits += (uint64_t)counts->lit[i] * (head->lit[i] + (i > 256 ? vl_length_bits[i - 257] : 0u));
    for (unsigned i = 0; i < 30; i++)
        bits += (uint64_t)counts->dist[i] * ((unsigned)head->dist[i] + vl_distance_bits[i]);
    return bits;
}

uint64_t vl_head_bits(const vl_deflate_head *head)
{
    uint64_t bits = 5 + 5 + 4 + 3u * head->npre;
    for (unsigned i = 0; i < head->nsent; i++) {
        const unsigned symbol = head->sent[i];
        bits += head->pre[symbol] + (symbol < 16 ? 0u : symbol == 16 ? 2u : symbol == 17 ? 3u : 7u);
    }
    return bits;
}

void vl_deflate_choose(const vl_deflate_row *row, const vl_deflate_counts *counts, size_t plain,
                       vl_deflate_head *head)
{
    if (row->coding == VL_CODES_LIKE_LIBDEFLATE) vl_libdeflate_choose(counts, plain, head);
    else if (row->coding >= VL_CODES_LIKE_ISAL) vl_isal_choose(row, counts, head);
    else vl_zlib_choose(row, counts, plain, head);
}

void vl_deflate_spell(const vl_deflate_row *row, vl_deflate_head *head)
{
    if (row->coding == VL_CODES_LIKE_LIBDEFLATE) vl_libdeflate_spell(head);
    else if (row->coding >= VL_CODES_LIKE_ISAL) vl_isal_spell(row, head);
    else vl_zlib_spell(head);
}
