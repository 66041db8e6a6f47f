/*
 * Which tokens ISA-L takes at level 3 (igzip_icf_body.c, igzip_gen_icf_map_lh1_06.asm and
 * igzip_set_long_icf_fg_06.asm of 2.30, as kernels for AVX-512 have them).
 *
 * For up to 4096 bytes, less 288 that must come behind them, a map says what each position could take: the
 * match that a hash of four bytes has, of 4 to 8 bytes, unless the next position has a longer one. 16
 * positions are looked up before one of them is put into the hash; as it is done by words of 32 bits, each
 * puts back what its neighbour in the table was. Then matches of 8 bytes are made longer, and the longer ones
 * take the place of what was at the positions behind their first. The text is gone through by the map. What
 * is not in a map, at the end, is looked at one by one.
 */
#include "formats/redeflate/isal_feed.h"

enum { LEAST = 4, EIGHT = 8, LANES = 16, MAP = 4096, LOOK_AHEAD = VL_ISAL_LOOK_AHEAD, TABLE = 1 << 15 };

typedef struct mapper {
    vl_isal_feed feed;
    uint32_t mask;
    bool first, open;  /* open: a literal was the last, and the next shares its unit if it is one too */
    size_t begin, end; /* of the map */
    size_t units;
    uint16_t head[TABLE + 1];
    vl_token map[MAP + 2 * LANES];
} mapper;

/* Two sums of products of signed words, as vpmaddwd makes them. */
static uint32_t mixed(uint32_t v)
{
    const int32_t low = (int16_t)(v & 0xffff), high = (int16_t)(v >> 16);
    return (uint32_t)(low * -6069) + (uint32_t)(high * -26703);
}

static uint32_t hash(const vl_deflate_parser *p, const mapper *m, size_t at)
{
    if (p->n - at < LEAST) return 0;
    return mixed(mixed(vl_le32(p->text + at))) & m->mask;
}

static void forget(mapper *m, size_t at)
{
    for (size_t i = 0; i < TABLE; i++) m->head[i] = (uint16_t)at;
    m->first = true;
}

static bool begin(vl_deflate_parser *p)
{
    mapper *const m = p->state;
    m->mask = vl_isal_hash_mask(p, TABLE - 1);
    forget(m, p->start ? p->start - 1 : 0);
    m->first = !p->start;
    for (size_t i = p->start > VL_DEFLATE_FAR ? p->start - VL_DEFLATE_FAR : 0; i + LEAST <= p->start; i++)
        m->head[hash(p, m, i)] = (uint16_t)i;
    vl_isal_feed_first(&m->feed, p);
    return true;
}

/* ---- the map ---- */

static unsigned distance_to(uint16_t from, size_t at)
{
    return ((unsigned)(at - 1 - from) & (VL_DEFLATE_FAR - 1)) + 1;
}

static unsigned length_at(const vl_deflate_parser *p, size_t at, unsigned distance)
{
    return distance <= at ? vl_equal_bytes(p->text, at, at - distance, EIGHT) : 0;
}

typedef struct found {
    unsigned length, distance;
} found;

static found look_at_first(const vl_deflate_parser *p, mapper *m, size_t at)
{
    found one = { 0, 0 };
    const uint32_t h = hash(p, m, at);
    if (!m->first) {
        one.distance = distance_to(m->head[h], at);
        one.length = length_at(p, at, one.distance);
    }
    m->first = false;
    m->head[h] = (uint16_t)at;
    return one;
}

static void look_at_lanes(const vl_deflate_parser *p, mapper *m, size_t at, found one[LANES])
{
    uint16_t neighbour[LANES];
    uint32_t h[LANES];
    for (unsigned i = 0; i < LANES; i++) {
        h[i] = hash(p, m, at + i);
        neighbour[i] = m->head[h[i] + 1];
        one[i].distance = distance_to(m->head[h[i]], at + i);
        one[i].length = length_at(p, at + i, one[i].distance);
    }
    for (unsigned i = 0; i < LANES; i++) {
        m->head[h[i]] = (uint16_t)(at + i);
        m->head[h[i] + 1] = neighbour[i];
    }
}

/* Of `n` bytes that are seen; at least one lane behind LOOK_AHEAD. */
static void make_map(const vl_deflate_parser *p, mapper *m, size_t at, size_t n)
{
    const size_t end = at + n - LOOK_AHEAD;
    found before = look_at_first(p, m, at), one[LANES] = { { 0, 0 } };
    size_t lane = at + 1;
    m->begin = m->end = at;
    if (lane > end) return;
    do {
        look_at_lanes(p, m, lane, one);
        for (unsigned i = 0; i < LANES; i++) {
            const bool takes = before.length >= LEAST && one[i].length <= before.length;
            m->map[m->end - m->begin] =
                takes ? vl_token_match(before.length, before.distance) : p->text[m->end];
            m->end++;
            before = one[i];
        }
        lane += LANES;
    } while (lane <= end);
    m->head[hash(p, m, m->end)] = (uint16_t)(m->end - before.distance);
}

/* ---- longer matches ---- */

static unsigned length_of(vl_token t) { return t >> 16; }

static unsigned equal(const vl_deflate_parser *p, size_t at, unsigned distance, size_t most)
{
    return vl_equal_bytes(p->text, at, at - distance, (unsigned)most);
}

/* The match at i goes on for `length` bytes: positions behind it take the rest, by 16 until one has
 * better. */
static void spread(mapper *m, size_t i, unsigned length, unsigned distance)
{
    bool all = true;
    for (; all; i += LANES, length -= LANES) {
        for (unsigned k = 0; k < LANES; k++) {
            const unsigned rest = length > k ? length - k : 0;
            const bool better = i + k < MAP + LANES && rest > 2 && rest > length_of(m->map[i + k]);
            all &= better;
            if (better)
                m->map[i + k] =
                    vl_token_match(rest < VL_DEFLATE_LONGEST ? rest : VL_DEFLATE_LONGEST, distance);
        }
        if (length <= LANES) return;
    }
}

static void make_longer(const vl_deflate_parser *p, mapper *m, size_t n)
{
    const ptrdiff_t count = (ptrdiff_t)(m->end - m->begin);
    const size_t seen = m->begin + n, far = m->end + VL_DEFLATE_LONGEST, end_in = seen < far ? seen : far;
    vl_token now[LANES];
    ptrdiff_t until = count - (LANES - 1);
    for (unsigned i = 0; i < LANES; i++) m->map[count + i] = m->map[count + LANES + i] = 0;
    memcpy(now, m->map, sizeof now);
    for (ptrdiff_t i = 0;;) {
        if (i >= until) {
            until = count;
            if (i >= count) return;
            for (ptrdiff_t k = count - i; k < LANES; k++) now[k] = 0;
        }
        ptrdiff_t sixteen = -1;
        for (ptrdiff_t k = 0; k < LANES; k++) {
            if (length_of(now[k]) < EIGHT) continue;
            const size_t at = m->begin + (size_t)(i + k);
            const unsigned distance = vl_token_distance(now[k]), more = equal(p, at + EIGHT, distance, EIGHT);
            m->map[i + k] = vl_token_match(EIGHT + more, distance);
            if (more == EIGHT && sixteen < 0) sixteen = k;
        }
        if (sixteen < 0) i += LANES;
        else {
            const size_t at = m->begin + (size_t)(i + sixteen);
            const unsigned distance = vl_token_distance(now[sixteen]),
                           length = equal(p, at, distance, end_in - at);
            const ptrdiff_t from = i + sixteen, left = until - from;
            i = from + ((ptrdiff_t)length > left ? left : (ptrdiff_t)length);
            memcpy(now, m->map + i, sizeof now);
            spread(m, (size_t)from, length, distance);
            continue;
        }
        memcpy(now, m->map + i, sizeof now);
    }
}

/* ---- the end ---- */

static vl_token look_at_one(const vl_deflate_parser *p, mapper *m, size_t at)
{
    const size_t left = m->feed.seen - at;
    if (left < LEAST) return p->text[at];
    const uint32_t h = hash(p, m, at);
    const unsigned distance = (unsigned)(at - m->head[h]) & 0xffff;
    m->head[h] = (uint16_t)at;
    if (!distance || distance >= VL_DEFLATE_FAR || distance > at) return p->text[at];
    const unsigned n = equal(p, at, distance, left < VL_DEFLATE_LONGEST ? left : VL_DEFLATE_LONGEST);
    return n < LEAST ? p->text[at] : vl_token_match(n, distance);
}

/* ---- tokens ---- */

static vl_token next(vl_deflate_parser *p, size_t at)
{
    mapper *const m = p->state;
    for (;;) {
        if (at < m->end) return m->map[at - m->begin];
        const size_t left = m->feed.seen - at, n = left < MAP ? left : MAP;
        if (at < m->feed.seen && n > LOOK_AHEAD) {
            make_map(p, m, at, n);
            make_longer(p, m, n);
        } else if (m->feed.last) return look_at_one(p, m, at);
        else vl_isal_feed_next(&m->feed, p, at);
    }
}

static void took(vl_deflate_parser *p, size_t at, vl_token token)
{
    mapper *const m = p->state;
    const bool match = vl_token_is_match(token);
    const size_t most = vl_isal_units(&p->row);
    const bool pairs = at + 1 < m->end && (!most || m->units + 1 < most);
    m->units += match || !m->open;
    m->open = !match && !m->open && pairs;
}

static void flushed(vl_deflate_parser *p, size_t at)
{
    mapper *const m = p->state;
    m->end = 0;
    m->open = false;
    if (p->row.flush != VL_FLUSH_KEEPS) forget(m, at);
    vl_isal_feed_first(&m->feed, p);
}

static void begin_block(vl_deflate_parser *p, size_t at)
{
    mapper *const m = p->state;
    (void)at;
    m->units = 0;
    m->open = false;
}

static unsigned holds(const vl_deflate_parser *p, size_t at)
{
    const mapper *const m = p->state;
    (void)at;
    return m->open;
}

const vl_deflate_parse vl_parse_isal_map = {
    .bytes = sizeof(mapper),
    .begin = begin,
    .next = next,
    .took = took,
    .flushed = flushed,
    .begin_block = begin_block,
    .holds = holds,
};
