/*
 * Which tokens libdeflate takes at level 1 (maker_libdeflate.c has the others): two positions for each hash
 * of four bytes, the newest first, and of these the first of the longest.
 */
#include "formats/redeflate/deflate_maker.h"

enum { NEAR = 32767, BUCKETS = 15, LEAST_AHEAD = 5, LEAST = 4, NICE = 32 };

/* Positions are one more than in the text, the newer in the lower half: 0 is none. */
typedef struct finder {
    size_t put; /* all before it are in the hash */
    uint64_t bucket[1 << BUCKETS];
} finder;

static inline uint32_t hash(uint32_t bytes) { return bytes * UINT32_C(0x1e35a7bd) >> (32 - BUCKETS); }

/* The first position of all is put under the hash 0, whatever its bytes are. */
static inline uint64_t *bucket_of(finder *f, const uint8_t *text, size_t at)
{
    return &f->bucket[at ? hash(vl_le32(text + at)) : 0];
}

static inline void put(finder *f, const uint8_t *text, size_t at)
{
    uint64_t *const b = bucket_of(f, text, at);
    *b = *b << 32 | (at + 1);
}

/* The last four are not put at all. */
static void put_all(const vl_deflate_parser *p, finder *f, size_t to)
{
    if (p->end < LEAST_AHEAD) return;
    if (to > p->end - LEAST_AHEAD + 1) to = p->end - LEAST_AHEAD + 1;
    for (; f->put < to; f->put++) put(f, p->text, f->put);
}

/* How far the newer and the older are; more than NEAR: too far, or none. */
static inline size_t newer(uint64_t bucket, size_t at) { return at + 1 - (uint32_t)bucket; }
static inline size_t older(uint64_t bucket, size_t at) { return at + 1 - (bucket >> 32); }
static inline bool is_near(size_t far, size_t at) { return far <= NEAR && far <= at; }

static bool begin(vl_deflate_parser *p)
{
    finder *const f = p->state;
    f->put = p->start > NEAR ? p->start - NEAR : 0;
    put_all(p, f, p->start);
    return true;
}

static vl_token next(vl_deflate_parser *p, size_t at)
{
    finder *const f = p->state;
    const uint8_t *const text = p->text;
    const unsigned most = p->end - at < VL_DEFLATE_LONGEST ? (unsigned)(p->end - at) : VL_DEFLATE_LONGEST,
                   nice = NICE < most ? NICE : most;
    put_all(p, f, at);
    if (most < LEAST_AHEAD) return text[at];
    const uint64_t two = *bucket_of(f, text, at);
    const size_t far[2] = { newer(two, at), older(two, at) };
    unsigned longest = LEAST - 1, distance = 0;
    for (int i = 0; i < 2 && is_near(far[i], at) && longest < nice; i++) {
        const unsigned n = vl_equal_bytes(text, at, at - far[i], most);
        if (n <= longest) continue;
        longest = n;
        distance = (unsigned)far[i];
    }
    return distance ? vl_token_match(longest, distance) : text[at];
}

static void took(vl_deflate_parser *p, size_t at, vl_token token)
{
    (void)p;
    (void)at;
    (void)token;
}

static void flushed(vl_deflate_parser *p, size_t at)
{
    (void)p;
    (void)at;
}

/* ---- tokens that are known ---- */

/* Are n bytes equal? Eight of here are in `bytes`, and there is room for more. */
static inline bool are_equal(const uint8_t *text, size_t at, size_t far, uint64_t bytes, unsigned n)
{
    const uint64_t differs = vl_le64(text + at - far) ^ bytes;
    if (n <= 8) return !(differs << 8 * (8 - n));
    return !differs && vl_equal_bytes(text, at + 8, at + 8 - far, n - 8) == n - 8;
}

/* Is this match, of which the text has the bytes, as long as may be, and longer than the newer, or as long as
 * the older? */
static inline bool is_told(const uint8_t *text, size_t at, uint64_t two, unsigned length, unsigned distance)
{
    const uint64_t bytes = vl_le64(text + at);
    const size_t first = newer(two, at), second = older(two, at);
    if (length > VL_DEFLATE_LONGEST || length < LEAST || !is_near(first, at)) return false;
    if (length < VL_DEFLATE_LONGEST && text[at + length] == text[at + length - distance]) return false;
    if (distance == first)
        return length >= NICE || !is_near(second, at) || !are_equal(text, at, second, bytes, length + 1);
    return distance == second && is_near(second, at) &&
           !are_equal(text, at, first, bytes, length < NICE ? length : NICE);
}

/* Is a literal one, as none of both has four bytes of it? */
static inline bool is_alone(const uint8_t *text, size_t at, uint64_t two)
{
    const uint32_t bytes = vl_le32(text + at);
    const size_t first = newer(two, at), second = older(two, at);
    if (!is_near(first, at)) return true;
    return vl_le32(text + at - first) != bytes &&
           (!is_near(second, at) || vl_le32(text + at - second) != bytes);
}

/* All up to `to`. In a run of one byte all but the two last of a hash are the same as none. */
static inline void put_match(finder *f, const uint8_t *text, size_t at, size_t to, bool run)
{
    if (run && to - at > LEAST + 1) at = to - LEAST - 1;
    for (; at < to; at++) put(f, text, at);
}

static size_t agree_at_once(const vl_deflate_parser *p, finder *f, size_t *at, const vl_token *token,
                            size_t n)
{
    enum { ROOM = VL_DEFLATE_LONGEST + 8 };
    const uint8_t *const text = p->text;
    size_t i = 0, here = *at;
    put_all(p, f, here);
    if (p->end < ROOM || f->put != here) return 0;
    for (const size_t stop = p->end - ROOM; i < n && here < stop; i++) {
        const unsigned length = token[i] >> 16, distance = token[i] & 0xffff;
        uint64_t *const b = bucket_of(f, text, here);
        const uint64_t two = *b;
        if (!(length ? is_told(text, here, two, length, distance) : is_alone(text, here, two))) break;
        *b = two << 32 | (here + 1);
        if (length) put_match(f, text, here + 1, here + length, distance == 1);
        here += length + !length;
    }
    *at = f->put = here;
    return i;
}

static size_t agree(vl_deflate_parser *p, size_t *at, const vl_token *token, size_t n, vl_token *told)
{
    const size_t many = agree_at_once(p, p->state, at, token, n);
    return many + vl_agree_by(p, at, token + many, n - many, told, next, took);
}

static size_t tell(vl_deflate_parser *p, size_t *at, size_t stop, vl_token *token, size_t n)
{
    return vl_tell_by(p, at, stop, token, n, next, took);
}

const vl_deflate_parse vl_parse_libdeflate_fast = {
    .bytes = sizeof(finder),
    .begin = begin,
    .next = next,
    .took = took,
    .agree = agree,
    .tell = tell,
    .flushed = flushed,
};
