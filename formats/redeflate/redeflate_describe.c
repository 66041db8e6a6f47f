/* Describes a deflate stream and proves it: redeflate.h. */
#include "formats/leb.h"
#include "formats/redeflate/flush_markers.h"
#include "formats/redeflate/redeflate.h"

typedef struct describing {
    const vl_redeflate_part *part;
    vl_deflate_reader reader;
    vl_deflate_row row;
    vl_deflate_parser parser;
    vl_coder blocks, tokens;
    vl_buf said_blocks, said_tokens;
    vl_hits block_hits, token_hits;
    vl_block_odds block_odds;
    vl_token_odds token_odds;
    vl_markers *markers; /* borrowed */
    vl_deflate_block block;
    vl_redeflate_found found;
    bool unlisted; /* a marker that is not in markers */
    bool flushed;  /* markers were passed, and the maker was not told */
} describing;

/* ---- a block ---- */

/* Where a block ends by the maker's rules: behind this token, or with what it can see. */
typedef struct by_rule {
    vl_block_ends ends;
    bool early; /* it should have ended before it did */
} by_rule;

static void take(describing *x, by_rule *rule, size_t at, vl_token t)
{
    rule->early |= rule->ends.full;
    vl_deflate_took(&x->parser, &rule->ends, at, t);
}

static void take_tokens(describing *x, by_rule *rule, size_t at)
{
    vl_deflate_parser *const p = &x->parser;
    for (size_t i = 0; i < x->block.ntoken; i++) {
        vl_token t = x->block.token[i];
        const vl_token told = p->parse->next(p, at);
        if (t == told) vl_hits_hit(&x->token_hits);
        else {
            vl_hits_miss(&x->token_hits, &x->tokens);
            vl_say_token(&x->tokens, &x->token_odds, p, at, told, &t);
            x->found.ntoken_missed++;
        }
        take(x, rule, at, t);
        at += vl_token_length(t);
    }
    x->found.ntoken += x->block.ntoken;
}

/* The maker had tokens for what it then stored; they end with it, if need be as literals. */
static void take_stored(describing *x, by_rule *rule, size_t at)
{
    vl_deflate_parser *const p = &x->parser;
    for (const size_t until = at + x->block.nplain; at < until;) {
        const vl_token told = p->parse->next(p, at);
        const bool fits = vl_token_length(told) <= until - at;
        const vl_token t = fits ? told : p->text[at];
        rule->early |= !fits;
        take(x, rule, at, t);
        at += vl_token_length(t);
    }
}

static bool is_last(const describing *x)
{
    const size_t done = x->reader.at - x->part->span.before;
    return x->part->least ? done >= x->part->least : x->block.final;
}

static void describe_block(describing *x, size_t begin)
{
    vl_deflate_block *const b = &x->block;
    const bool stored = b->head.type == VL_STORED;
    const size_t at = x->reader.at, end = x->part->span.before + x->part->span.n;
    by_rule rule = { 0 };
    vl_deflate_counts counts;
    vl_deflate_head told = { 0 };
    vl_deflate_begin_block(&x->parser, &rule.ends, begin);
    if (stored) take_stored(x, &rule, begin);
    else take_tokens(x, &rule, begin);
    const bool seen_all = at == x->parser.end || at == end || (x->part->least && is_last(x)),
               last = !x->part->least && at == end && x->markers->next == x->markers->n &&
                      vl_block_is_last(&rule.ends);
    vl_block_end how = { .by_rule = !rule.early && (rule.ends.full || seen_all),
                         .count = stored ? b->nplain : b->ntoken };
    if (!stored) {
        vl_deflate_count(b, &counts);
        vl_deflate_choose(&x->row, &counts, b->nplain, &told);
    }
    x->found.nblock++;
    if (!stored && how.by_rule && b->final == last && vl_same_head(&told, &b->head)) {
        vl_hits_hit(&x->block_hits);
        return;
    }
    x->found.nblock_missed++;
    vl_hits_miss(&x->block_hits, &x->blocks);
    vl_say_block(&x->blocks, &x->block_odds, b, &how);
    if (b->head.type == VL_DYNAMIC) vl_say_head(&x->blocks, &x->block_odds, &x->row, &told, &b->head);
}

/* ---- all blocks ---- */

/* The maker goes on behind flushes. */
static void pass_flushes(describing *x, size_t at)
{
    for (const vl_marker *m; (m = vl_marker_due(x->markers, at)) && m->type == VL_MARKER_NONE;
         x->flushed = true)
        x->markers->next++;
    if (!x->flushed) return;
    x->parser.end = vl_markers_end(x->markers, at, x->parser.n);
    x->parser.parse->flushed(&x->parser, at);
    x->flushed = false;
}

static void pass_marker(describing *x)
{
    const vl_marker *const due = vl_marker_due(x->markers, x->reader.at);
    if (!due || due->type != x->block.head.type) x->unlisted = true;
    else x->markers->next++;
    x->flushed = true;
}

/* More than a third of what was read, and of more than a little. */
static bool is_too_much(const describing *x)
{
    const uint64_t bytes = (x->reader.bit - x->part->bit) / 8;
    return (x->said_blocks.len + x->said_tokens.len) * 10 > bytes * 3 + (1 << 16);
}

static vl_code describe_blocks(describing *x, vl_err *err)
{
    do {
        const size_t begin = x->reader.at;
        if (vl_deflate_read(&x->reader, &x->block, err)) return err->code;
        if (vl_is_marker(&x->block)) {
            pass_marker(x);
            if (x->unlisted) return VL_OK;
            continue;
        }
        pass_flushes(x, begin);
        describe_block(x, begin);
        if (is_too_much(x)) {
            x->found.kept = true;
            return VL_OK;
        }
    } while (vl_is_marker(&x->block) || !is_last(x));
    return VL_OK;
}

/* Bits that fill up the last byte of a stream. */
static unsigned last_bits(const describing *x)
{
    const uint64_t bit = x->reader.bit;
    return bit & 7 ? (unsigned)x->part->stream[bit >> 3] >> (bit & 7) : 0;
}

static vl_code describe_with(describing *x, vl_err *err)
{
    const vl_redeflate_part *const part = x->part;
    const size_t start = part->span.before, end = start + part->span.n;
    vl_number_odds odds;
    x->reader = (vl_deflate_reader){ part->stream, part->n, part->bit, part->span, start };
    x->markers->next = 0;
    vl_coder_write(&x->blocks, &x->said_blocks);
    vl_coder_write(&x->tokens, &x->said_tokens);
    vl_hits_init(&x->block_hits);
    vl_hits_init(&x->token_hits);
    vl_block_odds_init(&x->block_odds);
    vl_odds_init(&x->token_odds, sizeof x->token_odds);
    if (vl_say_markers(&x->blocks, x->markers, start, end, SIZE_MAX, err)) return err->code;
    const size_t first = vl_markers_end(x->markers, start, end + part->span.after);
    if (vl_deflate_parser_open(&x->parser, &x->row, &part->span, first, err)) return err->code;
    if (describe_blocks(x, err) || x->unlisted || x->found.kept) return err->code;
    vl_hits_end(&x->block_hits, &x->blocks);
    vl_hits_end(&x->token_hits, &x->tokens);
    vl_odds_init(&odds, sizeof odds);
    if (!part->least) vl_say_number(&x->blocks, &odds, last_bits(x));
    vl_coder_end(&x->blocks, err);
    vl_coder_end(&x->tokens, err);
    x->found.bit = x->reader.bit;
    x->found.nplain = x->reader.at - start;
    return err->code;
}

static vl_code join(const describing *x, vl_buf *description, vl_err *err)
{
    uint8_t bytes[VL_LEB_MOST];
    description->len = 0;
    if (!x->said_blocks.len && !x->said_tokens.len) return VL_OK;
    const size_t n = (size_t)(vl_put_leb(bytes, x->said_blocks.len) - bytes);
    if (vl_buf_append(description, bytes, n, err)) return err->code;
    if (vl_buf_append(description, x->said_blocks.data, x->said_blocks.len, err)) return err->code;
    return vl_buf_append(description, x->said_tokens.data, x->said_tokens.len, err);
}

/* Describes by one row. *unlisted: there are markers that are not listed. */
static vl_code describe_by(const vl_redeflate_part *part, const vl_deflate_row *row, vl_markers *markers,
                           vl_buf *description, vl_redeflate_found *found, bool *unlisted, vl_err *err)
{
    describing x = { .part = part, .row = *row, .markers = markers };
    if (!describe_with(&x, err) && !x.unlisted && !x.found.kept) join(&x, description, err);
    *found = x.found;
    *unlisted = x.unlisted;
    vl_deflate_parser_close(&x.parser);
    vl_deflate_block_free(&x.block);
    vl_buf_free(&x.said_blocks);
    vl_buf_free(&x.said_tokens);
    return err->code;
}

/* ---- what is found ---- */

static vl_code list_markers(const vl_redeflate_part *part, vl_markers *markers, vl_err *err)
{
    describing x = { .part = part };
    x.reader = (vl_deflate_reader){ part->stream, part->n, part->bit, part->span, part->span.before };
    do {
        if (vl_deflate_read(&x.reader, &x.block, err)) break;
        if (vl_markers_note(markers, &x.block, part->span.before, x.reader.at, err)) break;
    } while (vl_is_marker(&x.block) || !is_last(&x));
    vl_deflate_block_free(&x.block);
    return err->code;
}

/* With markers, what a flush does is tried; the row that tells most is taken. */
static vl_code describe_best(const vl_redeflate_part *part, vl_deflate_row *row, vl_buf *description,
                             vl_redeflate_found *found, vl_err *err)
{
    vl_markers markers = { 0 };
    vl_buf other = { 0 };
    bool unlisted;
    const vl_deflate_row first = *row;
    if (describe_by(part, row, &markers, description, found, &unlisted, err)) goto out;
    if (!unlisted) goto out;
    if (list_markers(part, &markers, err)) goto out;
    if (describe_by(part, row, &markers, description, found, &unlisted, err)) goto out;
    for (uint8_t flush = 0; flush < VL_DEFLATE_FLUSHES && (found->kept || found->ntoken_missed); flush++) {
        vl_redeflate_found more;
        vl_deflate_row by = first;
        by.flush = flush;
        if (flush == first.flush) continue;
        if (describe_by(part, &by, &markers, &other, &more, &unlisted, err)) goto out;
        if (more.kept || (!found->kept && other.len >= description->len)) continue;
        vl_buf_swap(description, &other);
        *found = more;
        *row = by;
    }
out:
    vl_markers_free(&markers);
    vl_buf_free(&other);
    return err->code;
}

/* True when what was made is the stream from its first bit to its last. */
static bool is_the_same(const vl_redeflate_part *part, const vl_redeflate_found *found, const vl_buf *made)
{
    const unsigned before = part->bit & 7, behind = found->bit & 7;
    const size_t first = part->bit >> 3, n = (size_t)((found->bit + 7) >> 3) - first;
    if (made->len != n) return false;
    for (size_t i = 0; i < n; i++) {
        uint8_t byte = part->stream[first + i];
        if (!i) byte = (uint8_t)(byte >> before << before);
        if (i == n - 1 && part->least && behind) byte = (uint8_t)(byte & ((1u << behind) - 1));
        if (byte != made->data[i]) return false;
    }
    return true;
}

static vl_code prove(const vl_redeflate_part *part, const uint8_t row[VL_DEFLATE_ROW],
                     const vl_buf *description, vl_redeflate_found *found, vl_err *err)
{
    vl_buf made = { 0 };
    vl_err own = VL_ERR_INIT;
    vl_deflate_text span = part->span;
    span.n = found->nplain;
    span.after += part->span.n - found->nplain;
    const size_t bytes = (size_t)((found->bit + 7) >> 3) - (part->bit >> 3);
    vl_redeflate_make(row, description->data, description->len, &span, !part->least, part->bit & 7, bytes,
                      &made, &own);
    found->kept = own.code || !is_the_same(part, found, &made);
    if (own.code == VL_ENOMEM) *err = own;
    vl_buf_free(&made);
    return err->code;
}

/* A description by the row that the search gives; kept, when the one there is is shorter. */
static vl_code search_and_describe(const vl_redeflate_part *part, size_t ntoken, vl_deflate_row *row,
                                   vl_buf *description, vl_redeflate_found *found, vl_err *err)
{
    vl_deflate_row by;
    vl_buf other = { 0 };
    vl_redeflate_found more;
    if (vl_redeflate_search(part, ntoken, &by, err)) return err->code;
    if (!found->kept && !memcmp(&by, row, sizeof by)) return VL_OK;
    if (!describe_best(part, &by, &other, &more, err) &&
        (found->kept || (!more.kept && other.len < description->len))) {
        vl_buf_swap(description, &other);
        *found = more;
        *row = by;
    }
    vl_buf_free(&other);
    return err->code;
}

/* The maker is sought by few tokens first. One that misses little may have a brother that misses none, which
 * is told from it late. */
static vl_code describe_by_search(const vl_redeflate_part *part, vl_deflate_row *row, vl_buf *description,
                                  vl_redeflate_found *found, vl_err *err)
{
    enum { FEW = 30000, MANY = 1 << 20 };
    if (search_and_describe(part, FEW, row, description, found, err)) return err->code;
    if (!found->ntoken_missed || found->ntoken_missed > found->ntoken / 4) return VL_OK;
    return search_and_describe(part, MANY, row, description, found, err);
}

/* One search less is left; false: there was none. */
static bool may_search(const vl_redeflate_part *part)
{
    if (!part->searches) return true;
    if (!*part->searches) return false;
    --*part->searches;
    return true;
}

vl_code vl_redeflate_describe(const vl_redeflate_part *part, uint8_t row[VL_DEFLATE_ROW], vl_buf *description,
                              vl_redeflate_found *found, vl_err *err)
{
    vl_deflate_row by = { 0 };
    vl_err own = VL_ERR_INIT;
    *found = (vl_redeflate_found){ .kept = true };
    description->len = 0;
    if (part->span.before > VL_DEFLATE_PLAIN || part->span.n > VL_DEFLATE_PLAIN - part->span.before ||
        part->span.after > VL_DEFLATE_PLAIN - part->span.before - part->span.n)
        return VL_OK;
    if (row[0] && !vl_deflate_row_read(&by, row, &own)) describe_best(part, &by, description, found, &own);
    else own = (vl_err)VL_ERR_INIT;
    if (!own.code && (found->kept || found->ntoken_missed || found->nblock_missed) && may_search(part))
        describe_by_search(part, &by, description, found, &own);
    if (own.code == VL_EUNSUP) {
        *found = (vl_redeflate_found){ .kept = true };
        return VL_OK;
    }
    if (own.code) {
        *err = own;
        return err->code;
    }
    if (by.version) vl_deflate_row_write(&by, row);
    if (!found->kept) found->kept = description->len * 10 * 8 > (found->bit - part->bit) * 3;
    return found->kept ? VL_OK : prove(part, row, description, found, err);
}
