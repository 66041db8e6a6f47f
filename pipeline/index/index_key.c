/*
 * Keys of an index (index.h): what names and numbers are as numbers.
 *
 * A name is cut into runs of digits, runs of letters, and other bytes: "A00123:45:HX2:1:1101:1759:1000" has
 * the runs A, 123, 45, HX, 2, 1, 1101, 1759, 1000. A run of digits is its value, of letters its first eight
 * as a number that orders like they do; all else, and which kind of run stands where, is the name's shape, of
 * which 32 bits of a hash stand in front. Runs beyond the last number of a key, and bytes beyond LONGEST, do
 * not count. Names of equal keys may differ; equal names have equal keys.
 */
#include "pipeline/index/index.h"

#include <string.h>

enum { RUNS = VL_KEY_NUMBERS - 1, LONGEST = 512 };

static const uint64_t prime = 0x9e3779b97f4a7c15u;

/* The state of the scan behind a run. */
typedef struct run {
    size_t end;
    uint64_t value;
    uint64_t shape, hash; /* of all up to here */
} run;

static uint64_t mix(uint64_t h, uint64_t v)
{
    h = (h ^ v) * prime;
    return h ^ h >> 32;
}

static bool is_digit(uint8_t c) { return (unsigned)(c - '0') < 10; }
static bool is_letter(uint8_t c) { return (unsigned)((c | 32) - 'a') < 26; }

/* Eight letters as they lie in memory, the first lowest; name may be read up to VL_PAD bytes behind its end.
 * */
static uint64_t load(const uint8_t *name)
{
    uint64_t v;
    memcpy(&v, name, 8);
    return v;
}

/* The value of eight digits, the first highest: three steps that each join neighbours. */
static uint64_t value_of(uint64_t t)
{
    t = t * 10 + (t >> 8);
    t = (t & 0x00ff00ff00ff00ffu) * 100 + (t >> 16 & 0x00ff00ff00ff00ffu);
    return (t & 0xffff) * 10000 + (t >> 32 & 0xffff);
}

/* Eight letters at a time: branches that nobody can foresee would cost more than all else. */
static size_t scan_digits(const uint8_t *name, size_t i, size_t n, uint64_t *value)
{
    enum { FIT = 19 }; /* so many nines are below 2^64 */
    static const uint64_t power[] = { 1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000 };
    const size_t start = i;
    uint64_t v = 0;
    for (size_t len = 8; len == 8; i += len) {
        const uint64_t t = load(name + i) ^ 0x3030303030303030u,
                       over = (((t & 0x7f7f7f7f7f7f7f7fu) + 0x7676767676767676u) | t) & 0x8080808080808080u;
        len = over ? (size_t)__builtin_ctzll(over) / 8 : 8;
        if (len > n - i) len = n - i;
        if (len) v = v * power[len] + value_of(t << (8 - len) * 8);
    }
    *value = i - start > FIT ? UINT64_MAX : v;
    return i;
}

static size_t scan_letters(const uint8_t *name, size_t i, size_t n, uint64_t *value)
{
    uint64_t v = 0;
    int shift = 56;
    for (; i < n && is_letter(name[i]); i++) {
        if (shift >= 0) v |= (uint64_t)name[i] << shift;
        shift -= 8;
    }
    *value = v;
    return i;
}

/* Bytes that two names have in common at their beginning. */
static size_t common(const uint8_t *a, const uint8_t *b, size_t n)
{
    for (size_t i = 0; i < n; i += 8) {
        const uint64_t x = load(a + i) ^ load(b + i);
        if (!x) continue;
        i += (size_t)__builtin_ctzll(x) / 8;
        return i < n ? i : n;
    }
    return n;
}

/* A name and its runs. */
typedef struct scanned {
    const uint8_t *name;
    size_t n;
    int k; /* runs */
    uint64_t shape, hash;
    run run[RUNS];
} scanned;

/* Behind run k the name is what it was before: the runs there keep their values. */
static void keep_rest(scanned *s, int k, size_t was, uint64_t hash)
{
    const size_t move = s->run[k].end - was; /* may wrap around, and back again */
    for (int i = k + 1; i < s->k; i++) {
        hash = mix(hash, s->run[i].value);
        s->run[i].end += move;
        s->run[i].hash = hash;
    }
    s->hash = hash;
}

/* Scans a name in place of the one before, of which the first `from` runs stay. Returns the run up to which
 * values are new. */
static int scan(scanned *s, const uint8_t *name, size_t n, int from)
{
    size_t i = from ? s->run[from - 1].end : 0;
    uint64_t shape = from ? s->run[from - 1].shape : 0, hash = from ? s->run[from - 1].hash : 0;
    const uint8_t *const last = s->name;
    const size_t nlast = s->n;
    int k = from;
    s->name = name;
    s->n = n;
    while (i < n && k < RUNS) {
        const bool digit = is_digit(name[i]);
        if (!digit && !is_letter(name[i])) {
            shape = mix(shape, name[i++]);
            continue;
        }
        run *const r = &s->run[k];
        const run old = *r;
        i = digit ? scan_digits(name, i, n, &r->value) : scan_letters(name, i, n, &r->value);
        shape = mix(shape, digit ? 256 : 257);
        hash = mix(hash, r->value);
        *r = (run){ i, r->value, shape, hash };
        if (k++ < s->k && shape == old.shape && n - i == nlast - old.end &&
            common(name + i, last + old.end, n - i) == n - i) {
            keep_rest(s, k - 1, old.end, hash);
            return k;
        }
    }
    s->k = k;
    s->shape = shape;
    s->hash = hash;
    return k;
}

static size_t at_most(size_t n) { return n < LONGEST ? n : LONGEST; }

uint64_t vl_name_key(const uint8_t *name, size_t n, vl_box *key)
{
    uint8_t padded[LONGEST + VL_PAD] = { 0 };
    scanned s = { 0 };
    if (n) memcpy(padded, name, at_most(n));
    scan(&s, padded, at_most(n), 0);
    key->n = 0;
    vl_box_take(key, 0, s.shape >> 32);
    for (int i = 0; i < s.k; i++) vl_box_take(key, i + 1, s.run[i].value);
    return mix(s.shape, s.hash);
}

/* Neighbours mostly differ in a run or two: the others are neither scanned nor counted again. */
void vl_name_extend(const vl_batch *b, int field, size_t from, size_t to, vl_box *box, uint64_t *hash)
{
    const vl_column *const c = &b->col[field];
    const uint64_t base = c->offset[0];
    static const uint8_t none[VL_PAD];
    const uint8_t *const names = c->data.data ? c->data.data : none; /* all names may be empty */
    scanned s = { .n = 0 };
    for (size_t row = from; row < to; row++) {
        const uint8_t *const name = names + (c->offset[row] - base);
        const size_t n = at_most((size_t)(c->offset[row + 1] - c->offset[row]));
        const size_t same = row > from ? common(s.name, name, n < s.n ? n : s.n) : 0;
        int keep = 0;
        while (keep < s.k && s.run[keep].end < same) keep++;
        const int fresh = scan(&s, name, n, keep);
        vl_box_take(box, 0, s.shape >> 32);
        for (int i = keep; i < fresh; i++) vl_box_take(box, i + 1, s.run[i].value);
        if (hash) hash[row - from] = mix(s.shape, s.hash);
    }
}

uint64_t vl_f64_order(double x)
{
    uint64_t v;
    const double number = x + 0.0; /* -0 is 0 */
    memcpy(&v, &number, 8);
    return v >> 63 ? ~v : v | 1ull << 63;
}

void vl_f64_extend(const vl_batch *b, int field, size_t from, size_t to, vl_box *box, uint64_t *hash)
{
    (void)hash;
    for (size_t row = from; row < to; row++) {
        const uint64_t bits = vl_le64(b->col[field].data.data + 8 * row);
        double x;
        memcpy(&x, &bits, 8);
        if (x == x) vl_box_take(box, 0, vl_f64_order(x));
    }
}
