/* Describes a deflate stream and proves it: redeflate.h. */
#include "formats/leb.h"
#include "formats/redeflate/flush_markers.h"
#include "formats/redeflate/maker_replay.h"

/* A stream by one row. */
typedef struct account {
    vl_deflate_row row;
    vl_buf description;
    vl_replay told;
    vl_redeflate_found found;
} account;

typedef struct describing {
    const vl_redeflate_part *part;
    vl_deflate_reader reader;
    vl_deflate_row row;
    vl_deflate_parser parser;
    vl_replay *told; /* borrowed */
    vl_coder blocks, tokens;
    vl_buf said_blocks, said_tokens;
    vl_hits block_hits, token_hits;
    vl_block_odds block_odds;
    vl_token_odds token_odds;
    vl_markers *markers; /* borrowed */
    vl_deflate_block block;
    vl_deflate_head head; /* planned: of the dynamic block before */
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

/* The maker told one token, and took the other. */
static void take(describing *x, by_rule *rule, size_t at, vl_token told, vl_token t)
{
    vl_deflate_parser *const p = &x->parser;
    p->parse->took(p, at, t);
    const unsigned holds = p->parse->holds ? p->parse->holds(p, at + vl_token_length(t)) : 0;
    vl_replay_add(x->told, told, holds);
    if (t != told) vl_replay_call_add(x->told, VL_REPLAY_OTHER, p, at, t);
    rule->early |= rule->ends.full;
    vl_block_ends_after(&rule->ends, at, t, holds);
}

/* A token that is known, and one that the maker told there. */
static void take_token(describing *x, by_rule *rule, size_t at, vl_token told, vl_token t)
{
    if (t == told) vl_hits_hit(&x->token_hits);
    else {
        vl_token said = t;
        vl_hits_miss(&x->token_hits, &x->tokens);
        vl_say_token(&x->tokens, &x->token_odds, &x->parser, at, told, &said);
        x->found.ntoken_missed++;
    }
    take(x, rule, at, told, t);
}

/* As many hits as there are from *at on, where the rule of ends counts; the maker has then told the
 * next, if there is one. */
static size_t take_hits(describing *x, by_rule *rule, size_t *at, const vl_token *token, size_t n,
                        vl_token *told)
{
    const size_t begin = *at, nhit = x->parser.parse->agree(&x->parser, at, token, n, told);
    rule->early |= nhit && rule->ends.full;
    vl_block_ends_after_many(&rule->ends, begin, token, nhit, &rule->early);
    vl_replay_add_many(x->told, token, nhit);
    x->token_hits.left += nhit;
    return nhit;
}

static void take_tokens(describing *x, by_rule *rule, size_t at)
{
    vl_deflate_parser *const p = &x->parser;
    const vl_token *const token = x->block.token;
    const bool many = p->parse->agree && vl_block_ends_counts(&rule->ends);
    vl_replay_grow(x->told, x->block.ntoken);
    for (size_t i = 0; i < x->block.ntoken; i++) {
        vl_token told;
        if (many) {
            i += take_hits(x, rule, &at, token + i, x->block.ntoken - i, &told);
            if (i == x->block.ntoken) break;
        } else told = p->parse->next(p, at);
        take_token(x, rule, at, told, token[i]);
        at += vl_token_length(token[i]);
    }
    x->found.ntoken += x->block.ntoken;
}

/* The maker had tokens for what it then stored; they end with it, if need be as literals. */
static void take_stored(describing *x, by_rule *rule, size_t at)
{
    vl_deflate_parser *const p = &x->parser;
    vl_replay_grow(x->told, x->block.nplain);
    for (const size_t until = at + x->block.nplain; at < until;) {
        const vl_token told = p->parse->next(p, at);
        const bool fits = vl_token_length(told) <= until - at;
        const vl_token t = fits ? told : p->text[at];
        rule->early |= !fits;
        take(x, rule, at, told, t);
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
    vl_replay_call_add(x->told, VL_REPLAY_BLOCK, &x->parser, begin, 0);
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

/* Of each token it is said whether it is as told: how likely that is depends on what is told. */
static void take_planned(describing *x, size_t at)
{
    vl_deflate_parser *const p = &x->parser;
    vl_replay_grow(x->told, x->block.ntoken);
    for (size_t i = 0; i < x->block.ntoken; i++) {
        vl_token t = x->block.token[i];
        const vl_token told = p->parse->next(p, at);
        const unsigned doubt = p->parse->doubt(p, at);
        vl_replay_add(x->told, told, doubt);
        if (vl_say_bit(&x->tokens, &x->token_odds.doubt[doubt], t != told)) {
            vl_say_token(&x->tokens, &x->token_odds, p, at, told, &t);
            vl_replay_call_add(x->told, VL_REPLAY_OTHER, p, at, t);
            x->found.ntoken_missed++;
        }
        p->parse->took(p, at, t);
        at += vl_token_length(t);
    }
    x->found.ntoken += x->block.ntoken;
}

/* A block of a maker that has to know its codes: they and its bytes are said before its tokens. */
static vl_code describe_planned(describing *x, size_t begin, vl_err *err)
{
    vl_deflate_block *const b = &x->block;
    vl_block_end how = { .by_rule = false, .count = b->nplain };
    x->found.nblock++;
    x->found.kept = b->nplain > VL_PLAN_MOST;
    if (x->found.kept) return VL_OK;
    vl_hits_miss(&x->block_hits, &x->blocks);
    vl_say_block(&x->blocks, &x->block_odds, b, &how);
    if (b->head.type == VL_STORED) return VL_OK;
    if (b->head.type == VL_DYNAMIC) {
        if (vl_is_guessed(&x->row)) {
            x->told->full = true; /* a guess is not kept: it is proved by another */
            if (x->parser.parse->guess(&x->parser, begin, b->nplain, &x->head, err)) return err->code;
        }
        vl_say_head(&x->blocks, &x->block_odds, &x->row, &x->head, &b->head);
        x->head = b->head;
    }
    if (x->parser.parse->plan(&x->parser, begin, b->nplain, &b->head, err)) return err->code;
    vl_replay_call_add(x->told, VL_REPLAY_PLAN, &x->parser, begin, b->nplain);
    take_planned(x, begin);
    return VL_OK;
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
    vl_replay_call_add(x->told, VL_REPLAY_FLUSH, &x->parser, at, 0);
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
        if (!vl_is_planned(&x->row)) describe_block(x, begin);
        else if (describe_planned(x, begin, err)) return err->code;
        if (x->found.kept) return VL_OK;
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
    x->reader = vl_part_reader(part);
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
    vl_replay_begin(x->told, &x->parser);
    if (describe_blocks(x, err) || x->unlisted || x->found.kept) return err->code;
    vl_hits_end(&x->block_hits, &x->blocks);
    if (!vl_is_planned(&x->row)) vl_hits_end(&x->token_hits, &x->tokens);
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

/* Describes by the account's row. *unlisted: there are markers that are not listed. */
static vl_code describe_by(const vl_redeflate_part *part, account *a, vl_markers *markers, bool *unlisted,
                           vl_err *err)
{
    describing x = { .part = part, .row = a->row, .markers = markers, .told = &a->told };
    if (!describe_with(&x, err) && !x.unlisted && !x.found.kept) join(&x, &a->description, err);
    a->found = x.found;
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
    x.reader = vl_part_reader(part);
    do {
        if (vl_deflate_read(&x.reader, &x.block, err)) break;
        if (vl_markers_note(markers, &x.block, part->span.before, x.reader.at, err)) break;
    } while (vl_is_marker(&x.block) || !is_last(&x));
    vl_deflate_block_free(&x.block);
    return err->code;
}

static void free_account(account *a)
{
    vl_buf_free(&a->description);
    vl_replay_free(&a->told);
}

/* The shorter of both becomes the first. */
static void take_shorter(account *a, account *b)
{
    const account first = *a;
    if (b->found.kept || (!a->found.kept && b->description.len >= a->description.len)) return;
    *a = *b;
    *b = first;
}

/* With markers, what a flush does is tried; the row that tells most is taken. */
static vl_code describe_best(const vl_redeflate_part *part, account *a, vl_err *err)
{
    vl_markers markers = { 0 };
    account other = { 0 };
    bool unlisted;
    const vl_deflate_row first = a->row;
    if (describe_by(part, a, &markers, &unlisted, err)) goto out;
    if (!unlisted) goto out;
    if (list_markers(part, &markers, err)) goto out;
    if (describe_by(part, a, &markers, &unlisted, err)) goto out;
    for (uint8_t flush = 0; flush < VL_DEFLATE_FLUSHES; flush++) {
        if (!a->found.kept && !a->found.ntoken_missed) break;
        if (flush == first.flush) continue;
        other.row = first;
        other.row.flush = flush;
        if (describe_by(part, &other, &markers, &unlisted, err)) goto out;
        take_shorter(a, &other);
    }
out:
    vl_markers_free(&markers);
    free_account(&other);
    return err->code;
}

/* True when what was made is the stream from its first bit to its last. */
static bool is_the_same(const vl_redeflate_part *part, const vl_redeflate_found *found, const vl_buf *made)
{
    const unsigned before = part->bit & 7, behind = found->bit & 7;
    const size_t first = part->bit >> 3, n = (size_t)((found->bit + 7) >> 3) - first;
    if (made->len != n) return false;
    for (size_t i = 0; i<n; i += n> 1 ? n - 1 : 1) { /* the first and the last */
        uint8_t byte = part->stream[first + i];
        if (!i) byte = (uint8_t)(byte >> before << before);
        if (i == n - 1 && part->least && behind) byte = (uint8_t)(byte & ((1u << behind) - 1));
        if (byte != made->data[i]) return false;
    }
    return n < 3 || !memcmp(part->stream + first + 1, made->data + 1, n - 2);
}

/* What was told is made into the stream; where that was too much to keep, it is told once more. */
static vl_code prove(const vl_redeflate_part *part, account *a, vl_err *err)
{
    uint8_t row[VL_DEFLATE_ROW];
    vl_buf made = { 0 };
    vl_err own = VL_ERR_INIT;
    vl_deflate_text span = part->span;
    span.n = a->found.nplain;
    span.after += part->span.n - a->found.nplain;
    const size_t bytes = (size_t)((a->found.bit + 7) >> 3) - (part->bit >> 3);
    const vl_buf *const d = &a->description;
    vl_deflate_row_write(&a->row, row);
    if (a->told.full)
        vl_redeflate_make(row, d->data, d->len, &span, !part->least, part->bit & 7, bytes, &made, &own);
    else vl_replay_make(&a->told, row, d, &span, !part->least, part->bit & 7, bytes, &made, &own);
    a->found.kept = own.code || !is_the_same(part, &a->found, &made);
    if (own.code == VL_ENOMEM) *err = own;
    vl_buf_free(&made);
    return err->code;
}

/* A description by the row that the search gives; kept, when the one there is is shorter. */
static vl_code search_and_describe(const vl_redeflate_part *part, size_t ntoken, account *a, vl_err *err)
{
    account other = { 0 };
    if (vl_redeflate_search(part, ntoken, &other.row, err)) return err->code;
    if (!a->found.kept && !memcmp(&other.row, &a->row, sizeof a->row)) return VL_OK;
    if (!describe_best(part, &other, err)) take_shorter(a, &other);
    free_account(&other);
    return err->code;
}

/* By who seeks the cheapest way: each kind describes the beginning, and the best of them all. */
static vl_code describe_by_cost(const vl_redeflate_part *part, account *a, vl_err *err)
{
    enum { BEGINNING = 200000 };
    account other = { 0 };
    vl_redeflate_part beginning = *part;
    double least = 1;
    const vl_deflate_row row = { .version = VL_DEFLATE_ROWS_VERSION,
                                 .family = VL_MAKES_LEAST_COST,
                                 .window_bits = 15,
                                 .hash_bits = 15,
                                 .coding = a->row.version ? a->row.coding : VL_CODES_LIKE_LIBDEFLATE };
    vl_deflate_row best = row;
    if (part->span.n > 2 * BEGINNING && (!part->least || part->least > BEGINNING))
        beginning.least = BEGINNING;
    for (uint8_t level = 1; level <= VL_LEAST_COST_LEVELS; level++) {
        other.row = row;
        other.row.level = level;
        if (describe_best(&beginning, &other, err)) goto out;
        const double said = (double)other.description.len / (double)(other.found.bit - part->bit + 1);
        if (other.found.kept || said >= least) continue;
        least = said;
        best = other.row;
    }
    other.row = best;
    if (best.level && !describe_best(part, &other, err)) take_shorter(a, &other);
out:
    free_account(&other);
    return err->code;
}

/* The maker is sought by few tokens first. One that misses little may have a brother that misses none, which
 * is told from it late. */
static vl_code describe_by_search(const vl_redeflate_part *part, account *a, vl_err *err)
{
    enum { FEW = 30000, MANY = 1 << 20 };
    const vl_redeflate_found *const found = &a->found;
    if (search_and_describe(part, FEW, a, err)) return err->code;
    if ((found->kept || found->ntoken_missed > found->ntoken / 64) && describe_by_cost(part, a, err))
        return err->code;
    if (!found->ntoken_missed || found->ntoken_missed > found->ntoken / 4 || vl_is_planned(&a->row))
        return VL_OK;
    return search_and_describe(part, MANY, a, err);
}

/* Who seeks the cheapest way is never told exactly: it is enough that it takes a sixteenth of the stream. */
static bool is_enough(const vl_redeflate_part *part, const account *a)
{
    const vl_redeflate_found *const found = &a->found;
    if (found->kept) return false;
    if (!found->ntoken_missed && !found->nblock_missed) return true;
    return vl_is_planned(&a->row) && a->description.len * 16 * 8 < found->bit - part->bit;
}

/* One search less is left; false: there was none. */
static bool may_search(const vl_redeflate_part *part)
{
    if (!part->searches) return true;
    if (!*part->searches) return false;
    --*part->searches;
    return true;
}

static vl_code describe_and_prove(const vl_redeflate_part *part, account *a, bool has_row, vl_err *err)
{
    vl_redeflate_found *const found = &a->found;
    if (has_row && describe_best(part, a, err)) return err->code;
    if (!is_enough(part, a) && may_search(part) && describe_by_search(part, a, err)) return err->code;
    if (!found->kept) found->kept = a->description.len * 10 * 8 > (found->bit - part->bit) * 3;
    return found->kept ? VL_OK : prove(part, a, err);
}

vl_code vl_redeflate_describe(const vl_redeflate_part *part, uint8_t row[VL_DEFLATE_ROW], vl_buf *description,
                              vl_redeflate_found *found, vl_err *err)
{
    account a = { .found = { .kept = true } };
    vl_err own = VL_ERR_INIT, no_row = VL_ERR_INIT;
    *found = a.found;
    description->len = 0;
    if (part->span.before > VL_DEFLATE_PLAIN || part->span.n > VL_DEFLATE_PLAIN - part->span.before ||
        part->span.after > VL_DEFLATE_PLAIN - part->span.before - part->span.n)
        return VL_OK;
    const bool has_row = row[0] && !vl_deflate_row_read(&a.row, row, &no_row);
    vl_buf_swap(&a.description, description);
    describe_and_prove(part, &a, has_row, &own);
    vl_buf_swap(&a.description, description);
    if (!own.code) {
        *found = a.found;
        if (a.row.version) vl_deflate_row_write(&a.row, row);
    } else if (own.code != VL_EUNSUP) *err = own;
    free_account(&a);
    return err->code;
}
