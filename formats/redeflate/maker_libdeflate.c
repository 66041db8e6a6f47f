/*
 * Which tokens libdeflate takes (lib/deflate_compress.c and the match finders beside it): 1.10 to 1.18 at
 * levels 2 to 9, measured with 1.14 (level 1: maker_libdeflate_fast.c); and 1.0 to 1.8 at levels 1 to 7,
 * measured with 1.8.
 *
 * There is one position for each hash of three bytes and a chain for each of four, of which `depth` are
 * looked at. 2 to 4 take what they find; 5 to 7 look for a better match one byte later with half the depth, 8
 * and 9 also two bytes later with a quarter. Better is said in bits: four for each byte that it is longer,
 * less the bits that its distance is longer.
 *
 * Matches have to be longer where a block has few different literals. The first position of all is put under
 * the hash 0, whatever its bytes are; the last four are not put at all.
 *
 * Up to 1.8 the least length is always three, level 1 is as 2 to 4 are, and a match one byte later is better
 * when it is longer.
 */
#include "formats/redeflate/deflate_maker.h"

enum { NEAR = 32767, HASH3 = 15, HASH4 = 16, LEAST_AHEAD = 5, GUESS = 4096, SETTLED = 10000 };

typedef struct numbers {
    uint16_t depth, nice, far3; /* far3: the greatest distance of a match of three bytes */
    uint8_t later;              /* how many bytes later it looks too */
} numbers;

static const numbers levels[10] = {
    [2] = { 6, 10, 4096, 0 },    [3] = { 12, 14, 4096, 0 },   [4] = { 16, 30, 4096, 0 },
    [5] = { 16, 30, 8192, 1 },   [6] = { 35, 65, 8192, 1 },   [7] = { 100, 130, 8192, 1 },
    [8] = { 300, 258, 8192, 2 }, [9] = { 600, 258, 8192, 2 },
};
static const numbers older_levels[8] = {
    [1] = { 2, 8, NEAR, 0 },     [2] = { 6, 10, NEAR, 0 },  [3] = { 12, 14, NEAR, 0 },
    [4] = { 24, 24, NEAR, 0 },   [5] = { 20, 30, NEAR, 1 }, [6] = { 40, 65, NEAR, 1 },
    [7] = { 100, 130, NEAR, 1 },
};

typedef struct match {
    unsigned length, distance;
} match;

/* Positions are one more than in the text: 0 is none. */
typedef struct finder {
    numbers by;
    size_t put; /* all before it are in the hash */
    bool older;
    size_t held; /* of which a match is already chosen to be the better one: literals up to there */
    match holds;
    unsigned passed;      /* how long the match is that is no more taken then */
    size_t begin, settle; /* of the block; where the least length is thought of again */
    unsigned least;
    uint32_t literal[256]; /* how often in the block */
    uint32_t head3[1 << HASH3], head4[1 << HASH4], before[VL_DEFLATE_FAR];
} finder;

static uint32_t hash(uint32_t bytes, unsigned bits) { return bytes * UINT32_C(0x1e35a7bd) >> (32 - bits); }

static uint32_t hash_of(const vl_deflate_parser *p, size_t at, uint32_t mask, unsigned bits)
{
    return at ? hash(vl_le32(p->text + at) & mask, bits) : 0;
}

static void put_all(const vl_deflate_parser *p, finder *f, size_t to)
{
    if (p->end < LEAST_AHEAD) return;
    if (to > p->end - LEAST_AHEAD + 1) to = p->end - LEAST_AHEAD + 1;
    for (; f->put < to; f->put++) {
        const uint32_t at = (uint32_t)f->put + 1, four = hash_of(p, f->put, UINT32_MAX, HASH4);
        f->head3[hash_of(p, f->put, 0xffffff, HASH3)] = at;
        f->before[f->put & (VL_DEFLATE_FAR - 1)] = f->head4[four];
        f->head4[four] = at;
    }
}

static unsigned ahead(const vl_deflate_parser *p, size_t at)
{
    return p->end - at < VL_DEFLATE_LONGEST ? (unsigned)(p->end - at) : VL_DEFLATE_LONGEST;
}

static unsigned nice(const vl_deflate_parser *p, size_t at)
{
    const finder *const f = p->state;
    const unsigned most = ahead(p, at);
    return f->by.nice < most ? f->by.nice : most;
}

static bool is_near(size_t at, uint32_t from) { return from && at - (from - 1) <= NEAR; }

/* A match longer than `than`; of that length and distance 0 when there is none. */
static match find(const vl_deflate_parser *p, finder *f, size_t at, unsigned than, unsigned depth)
{
    match best = { than, 0 };
    const uint8_t *const text = p->text;
    const unsigned most = ahead(p, at), enough = nice(p, at);
    if (most < LEAST_AHEAD) return best;
    put_all(p, f, at);
    uint32_t from = f->head3[hash_of(p, at, 0xffffff, HASH3)];
    if (than < 4 && !is_near(at, from)) return best;
    if (than < 3 && vl_equal_bytes(text, at, from - 1, 3) == 3)
        best = (match){ 3, (unsigned)(at - (from - 1)) };
    if (than >= 4 && than >= enough) return best;
    unsigned longer = best.length < 3 ? 3 : best.length;
    for (from = f->head4[hash_of(p, at, UINT32_MAX, HASH4)]; is_near(at, from) && depth;
         from = f->before[(from - 1) & (VL_DEFLATE_FAR - 1)], depth--) {
        uint16_t a, b;
        memcpy(&a, text + at + longer - 1, 2);
        memcpy(&b, text + from - 1 + longer - 1, 2);
        if (a != b) continue;
        const unsigned n = vl_equal_bytes(text, at, from - 1, most);
        if (n <= longer) continue;
        longer = n;
        best = (match){ n, (unsigned)(at - (from - 1)) };
        if (n >= enough) break;
    }
    return best;
}

/* ---- the least length of a match ---- */

static unsigned least_length(unsigned nliteral, unsigned depth)
{
    static const uint8_t least[] = { 9, 9, 9, 9, 9, 9, 8, 8, 7, 7, 6, 6, 6, 6, 6, 6 };
    unsigned n = nliteral < 16 ? least[nliteral] : nliteral < 45 ? 5 : nliteral < 80 ? 4 : 3;
    const unsigned most = depth < 5 ? 4 : depth < 10 ? 5 : depth < 16 ? 7 : 9;
    return n < most ? n : most;
}

static void begin_block(vl_deflate_parser *p, size_t at)
{
    finder *const f = p->state;
    const size_t left = p->end - at, n = left < GUESS ? left : GUESS;
    unsigned nliteral = 0;
    f->least = 3;
    f->settle = SIZE_MAX;
    if (f->older) return;
    memset(f->literal, 0, sizeof f->literal);
    for (size_t i = 0; i < n; i++) nliteral += !f->literal[p->text[at + i]]++;
    memset(f->literal, 0, sizeof f->literal);
    f->least = least_length(nliteral, f->by.depth);
    f->begin = at;
    f->settle = at + (left < SETTLED ? left : SETTLED);
}

/* Literals that are rare in the block do not count. */
static void settle_least(const vl_deflate_parser *p, finder *f, size_t at)
{
    uint32_t all = 0;
    unsigned nliteral = 0;
    for (int i = 0; i < 256; i++) all += f->literal[i];
    for (int i = 0; i < 256; i++) nliteral += f->literal[i] > all >> 10;
    f->least = least_length(nliteral, f->by.depth);
    const size_t left = p->end - f->settle, more = at - f->begin;
    f->settle += left < more ? left : more;
}

/* ---- tokens ---- */

static int bits_of(unsigned distance) { return 31 - __builtin_clz(distance); }

static bool is_better(match later, match now, int by)
{
    return later.distance && later.length >= now.length &&
           4 * (int)(later.length - now.length) + bits_of(now.distance) - bits_of(later.distance) > by;
}

static bool begin(vl_deflate_parser *p)
{
    finder *const f = p->state;
    f->older = p->row.family == VL_MAKES_LIBDEFLATE_OLDER;
    f->by = f->older ? older_levels[p->row.level] : levels[p->row.level];
    f->put = p->start > NEAR ? p->start - NEAR : 0;
    f->held = SIZE_MAX;
    put_all(p, f, p->start);
    return true;
}

static vl_token hold(const vl_deflate_parser *p, finder *f, size_t at, match now, size_t later, match m)
{
    f->held = later;
    f->holds = m;
    f->passed = now.length;
    return p->text[at];
}

static vl_token next(vl_deflate_parser *p, size_t at)
{
    finder *const f = p->state;
    match now, later;
    if (f->held != SIZE_MAX && f->held > at) return p->text[at];
    if (f->held == at) now = f->holds;
    else {
        if (f->by.later && at >= f->settle) settle_least(p, f, at);
        now = find(p, f, at, f->least - 1, f->by.depth);
        if (!now.distance || now.length < f->least || (now.length == 3 && now.distance > f->by.far3)) {
            f->held = SIZE_MAX;
            return p->text[at];
        }
    }
    f->held = SIZE_MAX;
    if (!f->by.later || now.length >= nice(p, at)) return vl_token_match(now.length, now.distance);
    later = find(p, f, at + 1, f->older ? now.length : now.length - 1, f->by.depth >> 1);
    if (f->older)
        return later.distance ? hold(p, f, at, now, at + 1, later) : vl_token_match(now.length, now.distance);
    if (is_better(later, now, 2)) return hold(p, f, at, now, at + 1, later);
    if (f->by.later == 1) return vl_token_match(now.length, now.distance);
    later = find(p, f, at + 2, now.length - 1, f->by.depth >> 2);
    if (is_better(later, now, 6)) return hold(p, f, at, now, at + 2, later);
    return vl_token_match(now.length, now.distance);
}

static void took(vl_deflate_parser *p, size_t at, vl_token token)
{
    finder *const f = p->state;
    (void)at;
    if (vl_token_is_match(token)) f->held = SIZE_MAX;
    else f->literal[token]++;
}

static void flushed(vl_deflate_parser *p, size_t at)
{
    finder *const f = p->state;
    (void)at;
    f->held = SIZE_MAX;
}

static unsigned holds(const vl_deflate_parser *p, size_t at)
{
    const finder *const f = p->state;
    return f->held == SIZE_MAX || f->held < at ? 0 : f->passed >= VL_ENDS_LONG ? 2 : 1;
}

const vl_deflate_parse vl_parse_libdeflate = {
    .bytes = sizeof(finder),
    .begin = begin,
    .next = next,
    .took = took,
    .flushed = flushed,
    .begin_block = begin_block,
    .holds = holds,
};
