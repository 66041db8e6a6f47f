/*
 * Indexes: whatever the names and however they come in batches, an index never leaves out a unit that holds
 * what is wanted; it leaves out nearly all others when names are in an instrument's order, and most when they
 * are in none; the same rows give the same bytes. Bytes that are no index end in an error or an answer,
 * within their bounds.
 *
 * Suites: index store. Also: asan.
 */
#include "pipeline/test/check.h"

#include "pipeline/index/index.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { UNIT = 64, BLOCK = UNIT * VL_INDEX_BLOCK, MOST = 200 };

static const vl_field fields[] = { { "x/name", VL_U8, VL_RAGGED, 0, VL_USE_TEXT, "", "", "", 0, 0, 0 },
                                   { "x/base", VL_U8, VL_RAGGED, 1, VL_USE_TEXT, "", "", "", 0, 0, 0 },
                                   { "x/time", VL_F64, VL_FIXED, 0, VL_USE_NUMBER, "", "", "", 0, 0, 0 } };
static const char *const tables[] = { "name", "read" };
static const vl_schema schema = {
    .kind = "x", .version = 1, .ntable = 2, .table = tables, .nfield = 3, .field = fields
};

static const vl_index by_name = {
    .name = "name", .unit = UNIT, .field = 0, .weigh = 1, .filter = true, .extend = vl_name_extend
};
static const vl_index by_time = {
    .name = "time", .unit = UNIT, .field = 2, .weigh = -1, .extend = vl_f64_extend
};

static uint64_t seed = 1;
static uint64_t below(uint64_t n) { return check_random(&seed) % n; }

/* ---- names ---- */

typedef struct list {
    char (*name)[MOST];
    size_t n;
} list;

/* Name i of a list in its maker's order. */
typedef void maker(char *out, size_t i);
static void flow_cell(char *out, size_t i)
{
    sprintf(out, "A00123:45:HXXDSX2:1:%zu:%zu:%zu", 1101 + i / 3000, 1000 + (i * 7919) % 30000,
            1000 + i % 3000 / 40 * 17);
}
static void archive(char *out, size_t i) { sprintf(out, "SRR3927310.%zu", i + 1); }
static void umi(char *out, size_t i)
{
    flow_cell(out, i);
    sprintf(out + strlen(out), ":%c%c%cAC+GT", "ACGTN"[below(5)], "ACGT"[below(4)], "ACGT"[below(4)]);
}
static void long_read(char *out, size_t i)
{
    (void)i;
    for (int k = 0; k < 36; k++)
        out[k] = k == 8 || k == 13 || k == 18 || k == 23 ? '-' : "0123456789abcdef"[below(16)];
    out[36] = 0;
}
static void odd(char *out, size_t i)
{
    static const char *const some[] = { "",
                                        "0",
                                        "00",
                                        "-",
                                        "\xff\xfe",
                                        "a",
                                        "A",
                                        "a0",
                                        "99999999999999999999999999",
                                        "18446744073709551615",
                                        "x.y",
                                        "1:2:3",
                                        "1:2:3:" };
    sprintf(out, "%s", some[below(sizeof some / sizeof *some)]);
    if (below(2)) sprintf(out + strlen(out), "%zu", i % 7);
    const size_t at = strlen(out), more = below(4) ? 0 : below(80);
    for (size_t k = 0; k < more; k++) out[at + k] = (char)(1 + below(255));
    out[at + more] = 0;
}

static list make(maker *m, size_t n)
{
    list l = { calloc(n + 1, sizeof *l.name), n };
    for (size_t i = 0; i < n; i++) m(l.name[i], i);
    return l;
}

static void shuffle(list *l)
{
    char t[MOST];
    for (size_t i = l->n; i > 1; i--) {
        const size_t k = below(i);
        memcpy(t, l->name[k], MOST);
        memcpy(l->name[k], l->name[i - 1], MOST);
        memcpy(l->name[i - 1], t, MOST);
    }
}

/* ---- making ---- */

/* Rows [from, to) as a batch; two reads of `bases` letters to a name. shift: offsets begin there, as lay
 * leaves them. */
static void fill(vl_batch *b, const list *l, size_t from, size_t to, size_t bases, uint64_t shift)
{
    static const uint8_t letters[MOST * 4] = { 'A' };
    vl_err err = VL_ERR_INIT;
    vl_batch_clear(b);
    for (size_t i = from; i < to; i++) {
        double time = i % 97 ? (double)i * 0.25 - 100 : NAN;
        vl_push_row(b, 0, l->name[i], strlen(l->name[i]), &err);
        vl_push_row(b, 1, letters, bases, &err);
        vl_push_row(b, 1, letters, bases, &err);
        vl_push(b, 2, &time, &err);
    }
    b->nrow[0] = to - from;
    b->nrow[1] = 2 * (to - from);
    b->first[0] = from;
    b->first[1] = 2 * from;
    for (int f = 0; f < 2; f++)
        for (size_t i = 0; i <= b->nrow[f] && b->col[f].offset; i++) b->col[f].offset[i] += shift;
}

/* The whole index of a list, its rows in batches of random sizes up to `most`. */
static void build(const vl_index *x, const list *l, size_t most, size_t bases, vl_buf out[2])
{
    vl_batch b;
    vl_index_part part = { 0 };
    vl_index_sum sum;
    vl_err err = VL_ERR_INIT;
    vl_batch_init(&b, &schema, &err);
    vl_index_start(&sum, x, &err);
    for (size_t at = 0; at < l->n && !err.code;) {
        const size_t n = 1 + below(most), to = at + n < l->n ? at + n : l->n;
        fill(&b, l, at, to, bases, below(2) * 1000);
        if (vl_index_part_make(x, &b, &part, &err) || vl_index_add(&sum, &part, &err)) break;
        at = to;
    }
    CHECK(!vl_index_end(&sum, &err), "%s", err.what);
    for (int i = 0; i < 2; i++) {
        out[i] = (vl_buf){ 0 };
        vl_buf_swap(&out[i], &sum.out[i]);
    }
    vl_index_sum_free(&sum);
    vl_index_part_free(&part);
    vl_batch_free(&b);
}

/* Units that may hold what is wanted. */
static size_t ask(const vl_index *x, const vl_buf out[2], size_t nrow, const vl_wanted *want, size_t nwant,
                  vl_index_found *f)
{
    vl_err err = VL_ERR_INIT;
    size_t n = 0;
    CHECK(!vl_index_find(x, out[0].data, out[0].len, nrow, want, nwant, f, &err), "%s", err.what);
    for (size_t i = 0; i < f->nblock && !err.code; i++) {
        if (CHECK(f->block[i].at + f->block[i].bytes <= out[1].len, "filter at %zu", (size_t)f->block[i].at))
            CHECK(!vl_index_sift(&f->block[i], out[1].data + f->block[i].at, want, nwant, f, &err), "%s",
                  err.what);
    }
    for (size_t u = 0; u < f->nunit; u++) n += f->may[u];
    return n;
}

static vl_wanted wanted(const char *name)
{
    vl_wanted w;
    w.hash = vl_name_key((const uint8_t *)name, strlen(name), &w.key);
    return w;
}

/* ---- checks ---- */

/* Every name is found where it is; *mean: units that a look-up goes to. */
static void check_all_found(const char *what, const list *l, const vl_buf out[2], double *mean)
{
    size_t units = 0, asked = 0;
    for (size_t i = 0; i < l->n; i += 1 + below(l->n / 500 + 1)) {
        const vl_wanted w = wanted(l->name[i]);
        vl_index_found f;
        units += ask(&by_name, out, l->n, &w, 1, &f);
        CHECK(f.may[i / UNIT], "%s: '%s', row %zu is left out", what, l->name[i], i);
        vl_index_found_free(&f);
        asked++;
    }
    *mean = (double)units / (double)asked;
}

/* Many names at once: each unit that holds one may hold one. */
static void check_many(const char *what, const list *l, const vl_buf out[2])
{
    const size_t n = l->n < 300 ? l->n : 300;
    vl_wanted *const w = calloc(n, sizeof *w);
    size_t *const row = calloc(n, sizeof *row);
    vl_index_found f;
    for (size_t i = 0; i < n; i++) w[i] = wanted(l->name[row[i] = below(l->n)]);
    ask(&by_name, out, l->n, w, n, &f);
    for (size_t i = 0; i < n; i++)
        CHECK(f.may[row[i] / UNIT], "%s: row %zu of many is left out", what, row[i]);
    vl_index_found_free(&f);
    free(row);
    free(w);
}

static void check_names(const char *what, maker *m, size_t n, bool in_order, double most_units)
{
    list l = make(m, n);
    vl_buf out[2], again[2];
    double mean = 0;
    if (!in_order) shuffle(&l);
    build(&by_name, &l, 700, 151, out);
    build(&by_name, &l, l.n, 151, again);
    for (int i = 0; i < 2; i++) {
        CHECK(out[i].len == again[i].len && (!out[i].len || !memcmp(out[i].data, again[i].data, out[i].len)),
              "%s: stream %d depends on batches", what, i);
        vl_buf_free(&again[i]);
    }
    check_all_found(what, &l, out, &mean);
    CHECK(mean <= most_units, "%s: a look-up goes to %.1f units of %zu", what, mean, (n + UNIT - 1) / UNIT);
    CHECK(out[1].len <= n, "%s: filters of %zu bytes for %zu names", what, out[1].len, n);
    check_many(what, &l, out);
    vl_buf_free(&out[0]);
    vl_buf_free(&out[1]);
    free(l.name);
}

/* The lighter the rows, the smaller the filters; none where they would be of no use. */
static void check_budget(void)
{
    static const size_t bases[] = { 10, 30, 75, 151, 10000 };
    list l = make(long_read, 8 * BLOCK);
    size_t before = 0;
    for (size_t i = 0; i < sizeof bases / sizeof *bases; i++) {
        vl_buf out[2];
        build(&by_name, &l, 5000, bases[i] > MOST * 4 ? MOST * 4 : bases[i], out);
        const double budget = 0.012 * (double)l.n * (2 * 0.3 * (double)bases[i] + 4);
        CHECK((double)out[1].len <= budget + 8 * 8, "%zu bases: filters of %zu bytes, %.0f are allowed",
              bases[i], out[1].len, budget);
        CHECK(out[1].len >= before, "%zu bases: less than for shorter ones", bases[i]);
        CHECK(bases[i] < 75 || out[1].len, "%zu bases: no filters", bases[i]);
        before = out[1].len;
        vl_buf_free(&out[0]);
        vl_buf_free(&out[1]);
    }
    free(l.name);
}

static void check_times(void)
{
    list l = make(archive, 5 * BLOCK + 13);
    vl_buf out[2];
    build(&by_time, &l, 900, 1, out);
    CHECK(!out[1].len, "times have no filter");
    for (int i = 0; i < 200; i++) {
        const double from = (double)below(1500) - 150, to = from + (double)below(50);
        vl_wanted w = { .key = { .n = 1, .lo = { vl_f64_order(from) }, .hi = { vl_f64_order(to) } } };
        vl_index_found f;
        const size_t n = ask(&by_time, out, l.n, &w, 1, &f);
        for (size_t row = 0; row < l.n; row++) {
            const double t = (double)row * 0.25 - 100;
            if (row % 97 && t >= from && t <= to)
                CHECK(f.may[row / UNIT], "row %zu at %g is left out", row, t);
        }
        CHECK(n <= (size_t)((to - from) * 4) / UNIT + 2, "%zu units for %g s", n, to - from);
        vl_index_found_free(&f);
    }
    CHECK(vl_f64_order(-INFINITY) < vl_f64_order(-1) && vl_f64_order(-1) < vl_f64_order(-0.0) &&
              vl_f64_order(-0.0) == vl_f64_order(0) && vl_f64_order(0) < vl_f64_order(1e-300) &&
              vl_f64_order(1e300) < vl_f64_order(INFINITY),
          "order of numbers");
    vl_buf_free(&out[0]);
    vl_buf_free(&out[1]);
    free(l.name);
}

/* Bytes changed, cut and made up, in memory of just their size; and a number of rows that is not theirs. */
static void check_hostile(maker *m, bool in_order)
{
    list l = make(m, 6 * BLOCK + 100);
    vl_buf out[2];
    if (!in_order) shuffle(&l);
    build(&by_name, &l, 3000, 151, out);
    const vl_wanted w = wanted(l.name[17]);
    for (int round = 0; round < 3000; round++) {
        const size_t n = below(3) ? out[0].len : below(out[0].len + 1);
        uint8_t *const bytes = malloc(n + !n);
        memcpy(bytes, out[0].data, n);
        for (uint64_t k = below(6); k && n; k--) bytes[below(n)] = (uint8_t)(below(2) ? 255 : below(256));
        const uint64_t nrow = below(4) ? l.n : below(2) ? check_random(&seed) : below(4 * BLOCK);
        vl_index_found f;
        vl_err err = VL_ERR_INIT;
        const vl_code code = vl_index_find(&by_name, bytes, n, nrow, &w, 1, &f, &err);
        CHECK(code == VL_OK || code == VL_ESTORE, "round %d: %s", round, err.what);
        for (size_t i = 0; !code && i < f.nblock; i++) {
            uint8_t *const filter = malloc(f.block[i].bytes);
            for (size_t k = 0; k < f.block[i].bytes; k++) filter[k] = (uint8_t)below(256);
            CHECK(vl_index_sift(&f.block[i], filter, &w, 1, &f, &err) == VL_ESTORE, "a made up filter");
            err = (vl_err)VL_ERR_INIT;
            free(filter);
        }
        vl_index_found_free(&f);
        free(bytes);
    }
    vl_buf_free(&out[0]);
    vl_buf_free(&out[1]);
    free(l.name);
}

/* Numbers of a key, its shape left out, against what they are. */
static void check_numbers(const char *name, int n, const uint64_t *number)
{
    const vl_wanted w = wanted(name);
    CHECK(w.key.n == n + 1, "'%s' has %d numbers, not %d", name, w.key.n - 1, n);
    for (int i = 0; i < n && i + 1 < w.key.n; i++)
        CHECK(w.key.lo[i + 1] == number[i] && w.key.hi[i + 1] == number[i],
              "'%s': number %d is %llu, not %llu", name, i, (unsigned long long)w.key.lo[i + 1],
              (unsigned long long)number[i]);
}

static uint64_t letters(const char *text)
{
    uint64_t v = 0;
    for (int i = 0; i < 8; i++) v = v << 8 | (uint8_t)*text, text += *text != 0;
    return v;
}

/* The key of a name alone is the one that it has in a column. */
static void check_keys(void)
{
    check_numbers("", 0, NULL);
    check_numbers("::", 0, NULL);
    check_numbers("0007", 1, (uint64_t[]){ 7 });
    check_numbers("12345678", 1, (uint64_t[]){ 12345678 });
    check_numbers("123456789", 1, (uint64_t[]){ 123456789 });
    check_numbers("9999999999999999999", 1, (uint64_t[]){ 9999999999999999999u });
    check_numbers("10000000000000000000", 1, (uint64_t[]){ UINT64_MAX });
    check_numbers("A00123:45:HX2:1:1101:1759:1000", 9,
                  (uint64_t[]){ letters("A"), 123, 45, letters("HX"), 2, 1, 1101, 1759, 1000 });
    check_numbers("m54238_1/4194370/ccs", 5, (uint64_t[]){ letters("m"), 54238, 1, 4194370, letters("ccs") });
    check_numbers("ABCDEFGHIJ-1", 2, (uint64_t[]){ letters("ABCDEFGH"), 1 });
    list l = make(odd, 20000);
    vl_batch b;
    vl_err err = VL_ERR_INIT;
    uint64_t *const hash = calloc(l.n, sizeof *hash);
    vl_box box = { 0 };
    vl_batch_init(&b, &schema, &err);
    fill(&b, &l, 0, l.n, 1, 77);
    vl_name_extend(&b, 0, 0, l.n, &box, hash);
    for (size_t i = 0; i < l.n; i++) {
        const vl_wanted w = wanted(l.name[i]);
        CHECK(w.hash == hash[i], "'%s': another hash in a column", l.name[i]);
        for (int k = 0; k < w.key.n; k++)
            CHECK(k < box.n && w.key.lo[k] >= box.lo[k] && w.key.hi[k] <= box.hi[k], "'%s': number %d",
                  l.name[i], k);
    }
    vl_batch_free(&b);
    free(hash);
    free(l.name);
}

int main(void)
{
    check_keys();
    check_names("flow cell", flow_cell, 30000, true, 3.1);
    check_names("archive", archive, 30011, true, 1.01);
    check_names("umi", umi, 30000, true, 3.1);
    check_names("one block", archive, 100, true, 1.01);
    check_names("flow cell in no order", flow_cell, 60000, false, 2 * VL_INDEX_BLOCK + 0.12 * 60000 / UNIT);
    check_names("long reads", long_read, 30000, true, 2 * VL_INDEX_BLOCK + 0.12 * 30000 / UNIT);
    check_names("odd", odd, 20000, true, 20000);
    check_budget();
    check_times();
    check_hostile(flow_cell, true);
    check_hostile(long_read, true);
    return check_end();
}
