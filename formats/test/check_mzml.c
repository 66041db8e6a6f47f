/*
 * mzML: what goes in comes out, byte for byte, however it is cut; what is wrong is refused, with its place.
 *
 *     check_mzml [CASES [DATA]]
 *
 * CASES  folder of NAME.in with NAME.tsv (rows and facts expected) or NAME.err (text of the error expected);
 *        default testdata/mzml. With --write before it, .tsv files are written instead of compared.
 * DATA   folder of any mzML files (also .gz), each of which must come back or be refused; else VIAL_SHARED is
 *
 * Suites: formats spectra. Also: asan scalar.
 */
#include <dirent.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <xxhash.h>
#include <zlib.h>
#include <zstd.h>

#include "formats/spectra/mzml.h"

static int npassed, nfailed;

/* Counts; says what failed, and about what. */
#define CHECK(ok, about)                                                                                     \
    do {                                                                                                     \
        if (ok) {                                                                                            \
            npassed++;                                                                                       \
        } else {                                                                                             \
            nfailed++;                                                                                       \
            printf("%s:%d: %s: %s\n", __FILE__, __LINE__, about, #ok);                                       \
        }                                                                                                    \
    } while (0)

/* A document after parsing: printed again, and all its rows. */
typedef struct outcome {
    vl_err err;
    vl_facts facts;
    vl_buf text;                 /* printed from the batches */
    vl_buf field[VL_SP_NFIELD];  /* elements; references count from the start of the document */
    vl_buf length[VL_SP_NFIELD]; /* u64: elements of each row, of ragged fields */
    vl_buf values, paths;        /* of all pieces */
    uint64_t nrow[VL_SPT_N], counter[VL_SPC_N];
    size_t nblock;
} outcome;

static void outcome_free(outcome *o)
{
    vl_buf_free(&o->text);
    for (int i = 0; i < VL_SP_NFIELD; i++) {
        vl_buf_free(&o->field[i]);
        vl_buf_free(&o->length[i]);
    }
    vl_buf_free(&o->values);
    vl_buf_free(&o->paths);
}

/* Prints a batch: the skeleton, with the text of each array where it belongs. */
static vl_code print_batch(const vl_batch *b, vl_buf *out, vl_err *err)
{
    const vl_buf *const skeleton = &b->col[VL_SP_SKELETON].data, *const at = &b->col[VL_SP_ARR_TEXT_AT].data;
    const vl_column *const kept = &b->col[VL_SP_ARR_KEPT];
    size_t done = 0;
    for (size_t i = 0; i < b->nrow[VL_SPT_ARRAY]; i++) {
        const size_t to = vl_le64(at->data + 8 * i);
        const vl_piece *const p = &b->piece[i];
        const size_t bytes = p->nelem * vl_type_width(b->piece_column[p->column].type);
        CHECK(to >= done && to <= skeleton->len, "array/text_at");
        vl_buf_append(out, skeleton->data + done, to - done, err);
        const size_t start = out->len;
        vl_mzml_array_text(b->col[VL_SP_ARR_RECIPE].data.data[i], b->values.data + p->at, bytes,
                           kept->data.data + kept->offset[i], kept->offset[i + 1] - kept->offset[i], out,
                           err);
        if (err->code) return err->code;
        CHECK(XXH3_64bits(out->data + start, out->len - start) ==
                  vl_le64(b->col[VL_SP_ARR_HASH].data.data + 8 * i),
              "array/hash");
        CHECK(vl_le16(b->col[VL_SP_ARR_COLUMN].data.data + 2 * i) == p->column, "array/column");
        CHECK(vl_le64(b->col[VL_SP_ARR_LENGTH].data.data + 8 * i) == p->nelem, "array/length");
        done = to;
    }
    return vl_buf_append(out, skeleton->data + done, skeleton->len - done, err);
}

/* Adds the rows of a batch, so that rows can be compared between runs with other blocks. */
static void gather(const vl_batch *b, outcome *o)
{
    vl_err err = VL_ERR_INIT;
    const uint64_t skeleton = o->field[VL_SP_SKELETON].len;
    for (int f = 0; f < VL_SP_NFIELD; f++) {
        const vl_field *const field = &b->schema->field[f];
        const vl_column *const col = &b->col[f];
        const size_t from = o->field[f].len;
        vl_buf_append(&o->field[f], col->data.data, col->data.len, &err);
        uint64_t base = 0;
        if (field->ref == VL_REF_ROW) base = o->nrow[field->ref_to];
        if (field->ref == VL_REF_ELEMENT) base = skeleton;
        for (size_t i = from; base && i < o->field[f].len; i += 8)
            vl_put_le64(o->field[f].data + i, vl_le64(o->field[f].data + i) + base);
        if (field->shape == VL_FIXED)
            CHECK(col->data.len == b->nrow[field->table] * vl_type_width(field->type), field->path);
        if (field->shape != VL_RAGGED) continue;
        CHECK(col->nrow == b->nrow[field->table], field->path);
        for (size_t i = 0; i < col->nrow; i++) {
            const uint64_t n = col->offset[i + 1] - col->offset[i];
            vl_buf_append(&o->length[f], &n, sizeof n, &err);
        }
    }
    CHECK(b->npiece == b->nrow[VL_SPT_ARRAY], "a piece for each array");
    for (size_t i = 0; i < b->npiece; i++) {
        const vl_piece_column *const pc = &b->piece_column[b->piece[i].column];
        vl_buf_append(&o->values, b->values.data + b->piece[i].at,
                      b->piece[i].nelem * vl_type_width(pc->type), &err);
        vl_buf_append(&o->paths, pc->path, strlen(pc->path), &err);
        vl_buf_append(&o->paths, "|", 1, &err);
        vl_buf_append(&o->paths, vl_type_name(pc->type), strlen(vl_type_name(pc->type)), &err);
        vl_buf_append(&o->paths, "\n", 1, &err);
    }
    for (int i = 0; i < VL_SPT_N; i++) o->nrow[i] += b->nrow[i];
    for (int i = 0; i < VL_SPC_N; i++) o->counter[i] += b->counter[i];
    o->nblock++;
}

/* Reads the whole of a document that arrives step bytes at a time. */
static void run(const uint8_t *bytes, size_t n, size_t step, bool exact_all, outcome *o)
{
    vl_err *const err = &o->err;
    const vl_format *const f = &vl_mzml;
    const vl_mz_asked asked = { exact_all };
    const vl_ask ask = { .nstream = 1, .option = &asked };
    void *const head = calloc(1, f->head_size), *const tail = calloc(1, f->tail_size);
    vl_batch batch = { 0 };
    vl_block block = { .file = "test" };
    size_t have = 0, done = 0;

    *o = (outcome){ .err = VL_ERR_INIT };
    if (vl_batch_init(&batch, f->schema, err)) goto out;
    if (f->probe(bytes, n) == 0) {
        vl_fail(err, VL_EFORMAT, "not mzML");
        goto out;
    }
    for (bool more = true; more;) {
        have = n - have < step ? n : have + step;
        const bool whole = have == n;
        const uint8_t *const copy = memcpy(malloc(have + VL_PAD), bytes, have);
        more = false;
        f->open(head, &ask, &copy, &have, &whole, &more, err);
        free((void *)(uintptr_t)copy);
        if (err->code) goto out;
        CHECK(!(more && whole), "open asks for more than there is");
        if (more && whole) goto out;
    }
    for (bool last = false; !last;) {
        size_t used = 0;
        uint64_t nrecord = 0;
        last = have == n;
        if (f->cut(head, bytes + done, have - done, last, UINT64_MAX, &used, &nrecord, err)) goto out;
        CHECK(used <= have - done && (used > 0) == (nrecord > 0), "cut");
        if (used) {
            /* a buffer of just this size, so that reading past it is noticed */
            vl_buf_free(&block.bytes);
            if (vl_buf_append(&block.bytes, bytes + done, used, err)) goto out;
            block.offset = done;
            block.last = last;
            vl_batch_clear(&batch);
            if (f->parse(head, &block, &batch, err)) goto out;
            if (f->join(head, tail, &block, &batch, err)) goto out;
            if (print_batch(&batch, &o->text, err)) goto out;
            gather(&batch, o);
            done += used;
        }
        have = n - have < step ? n : have + step;
    }
    f->finish(head, tail, &o->facts, err);
out:
    if (f->drop) f->drop(&batch);
    f->close(head, tail);
    vl_batch_free(&batch);
    vl_buf_free(&block.bytes);
    free(head);
    free(tail);
}

static bool same(const vl_buf *a, const vl_buf *b)
{
    return a->len == b->len && (!a->len || !memcmp(a->data, b->data, a->len));
}

/* Rows of two runs that were cut differently. */
static void compare(const outcome *a, const outcome *b, const char *name)
{
    for (int f = 0; f < VL_SP_NFIELD; f++) {
        if (f == VL_SP_ARR_COLUMN) continue; /* counted anew in each batch */
        char about[400];
        snprintf(about, sizeof about, "%s: %s", name, vl_spectra_schema.field[f].path);
        CHECK(same(&a->field[f], &b->field[f]) && same(&a->length[f], &b->length[f]), about);
    }
    CHECK(same(&a->values, &b->values), name);
    CHECK(same(&a->paths, &b->paths), name);
    CHECK(a->facts.n == b->facts.n && !memcmp(a->facts.fact, b->facts.fact, sizeof a->facts.fact), name);
}

/* A document that must come back, for all cuts and both ways of proving. */
static void round_trip(const char *name, const uint8_t *bytes, size_t n)
{
    static const size_t steps[] = { SIZE_MAX / 2, 65536, 300, 7, 1 };
    outcome whole;
    run(bytes, n, steps[0], true, &whole);
    char line[600];
    vl_err_print(&whole.err, line, sizeof line);
    if (whole.err.code) printf("%s: %s\n", name, line);
    CHECK(!whole.err.code, name);
    CHECK(whole.text.len == n && (!n || !memcmp(whole.text.data, bytes, n)), name);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        if (n / steps[i] > 20000) continue;
        for (int exact = 0; exact < 2; exact++) {
            outcome o;
            run(bytes, n, steps[i], exact, &o);
            CHECK(!o.err.code && o.text.len == n && !memcmp(o.text.data, bytes, n), name);
            if (exact) compare(&whole, &o, name);
            outcome_free(&o);
        }
    }
    outcome_free(&whole);
}

static bool ends_with(const char *name, const char *end)
{
    const size_t n = strlen(name), m = strlen(end);
    return n >= m && !strcasecmp(name + n - m, end);
}

/* A whole file, unpacked if it is gzip. */
static bool slurp(const char *path, vl_buf *out)
{
    vl_err err = VL_ERR_INIT;
    gzFile f = gzopen(path, "rb");
    int got = -1;
    out->len = 0;
    if (!f) return false;
    for (;;) {
        if (vl_buf_grow(out, 1 << 20, &err)) break;
        got = gzread(f, out->data + out->len, 1 << 20);
        if (got <= 0) break;
        out->len += (size_t)got;
    }
    gzclose(f);
    return got == 0;
}

/* ---- documents made here ---- */

typedef struct making {
    vl_buf doc;
    vl_err err;
} making;

static void say(making *m, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void say(making *m, const char *fmt, ...)
{
    char text[4096];
    va_list args;
    va_start(args, fmt);
    const int n = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    vl_buf_append(&m->doc, text, (size_t)n, &m->err);
}

static void say_base64(making *m, const void *bytes, size_t n)
{
    vl_buf_grow(&m->doc, n * 2 + 8, &m->err);
    m->doc.len += vl_k.b64_encode(m->doc.data + m->doc.len, bytes, n);
}

static void begin_document(making *m)
{
    *m = (making){ .err = VL_ERR_INIT };
    say(m, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<mzML xmlns=\"http://psi.hupo.org/ms/mzml\" "
           "version=\"1.1.0\">\n"
           "<run id=\"r\"><spectrumList count=\"1\" defaultDataProcessingRef=\"x\">\n");
}

static void end_document(making *m) { say(m, "</spectrumList></run></mzML>\n"); }

static void begin_spectrum(making *m, const char *id, uint64_t length)
{
    say(m,
        "<spectrum index=\"0\" id=\"%s\" defaultArrayLength=\"%llu\"><cvParam cvRef=\"MS\" "
        "accession=\"MS:1000511\" "
        "name=\"ms level\" value=\"2\"/><binaryDataArrayList count=\"1\">",
        id, (unsigned long long)length);
}

static void end_spectrum(making *m) { say(m, "</binaryDataArrayList></spectrum>\n"); }

static void say_array(making *m, unsigned kind, unsigned type, unsigned coding, const void *bytes, size_t n)
{
    say(m, "<binaryDataArray encodedLength=\"%zu\">", (n + 2) / 3 * 4);
    if (type) say(m, "<cvParam accession=\"MS:%u\"/>", type);
    if (coding) say(m, "<cvParam accession=\"MS:%u\"/>", coding);
    say(m, "<cvParam accession=\"MS:%u\"/><binary>", kind);
    say_base64(m, bytes, n);
    say(m, "</binary></binaryDataArray>");
}

static uint64_t seed = 7;
static uint64_t next_random(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

/* m/z-like values of a type, n of them; then bytes that are no nice numbers. */
static void make_values(uint8_t *out, size_t n, unsigned type, bool hostile)
{
    for (size_t i = 0; i < n; i++) {
        const double v = 100 + (double)i * 1.5 + (double)(next_random() % 1000) / 1000;
        const float f = (float)v;
        const int32_t whole = (int32_t)v;
        const int64_t wide = whole;
        static const double odd[] = { NAN, INFINITY, -INFINITY, -0.0, 5e-324, -1, 0, 1e300 };
        const double d = hostile ? odd[i % 8] : v;
        const float g = hostile ? (float)odd[i % 8] : f;
        switch (type) {
        case 1000519: memcpy(out + 4 * i, &whole, 4); break;
        case 1000520: vl_put_le32(out + 2 * i, (uint32_t)next_random()); break;
        case 1000521: memcpy(out + 4 * i, &g, 4); break;
        case 1000522: memcpy(out + 8 * i, &wide, 8); break;
        case 1000523: memcpy(out + 8 * i, &d, 8); break;
        default: out[i] = i % 5 == 4 || i + 1 == n ? 0 : 'a'; break;
        }
    }
}

static size_t width_of(unsigned type)
{
    return type == 1000520 ? 2 : type == 1000519 || type == 1000521 ? 4 : type == 1001479 ? 1 : 8;
}

/* Deflate as an mzML writer does; other_memory makes a stream that our recipes cannot. */
static size_t zlib_pack(uint8_t *dst, size_t room, const uint8_t *src, size_t n, int level, bool other_memory)
{
    z_stream z = {
        .next_in = (Bytef *)(uintptr_t)src, .avail_in = (uInt)n, .next_out = dst, .avail_out = (uInt)room
    };
    deflateInit2(&z, level, Z_DEFLATED, 15, other_memory ? 1 : 8,
                 other_memory ? Z_HUFFMAN_ONLY : Z_DEFAULT_STRATEGY);
    deflate(&z, Z_FINISH);
    const size_t len = room - z.avail_out;
    deflateEnd(&z);
    return len;
}

static void expect_recipe(const making *m, const char *name, unsigned lo, unsigned hi)
{
    for (int exact = 0; exact < 2; exact++) {
        outcome o;
        run(m->doc.data, m->doc.len, SIZE_MAX / 2, exact, &o);
        char line[600];
        vl_err_print(&o.err, line, sizeof line);
        if (o.err.code) printf("%s: %s\n", name, line);
        const vl_buf *const r = &o.field[VL_SP_ARR_RECIPE];
        CHECK(!o.err.code && r->len > 0, name);
        for (size_t i = 0; i < r->len; i++) CHECK(r->data[i] >= lo && r->data[i] <= hi, name);
        outcome_free(&o);
    }
}

/* Every compression with every type, small, odd and empty. */
static void check_codings(void)
{
    static const unsigned types[] = { 1000519, 1000520, 1000521, 1000522, 1000523, 1001479 };
    static const size_t counts[] = { 0, 1, 3, 300, 5000 };
    uint8_t *const plain = malloc(1 << 20), *const packed = malloc(1 << 20), *const turned = malloc(1 << 20);
    for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
        for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
            for (int how = -2; how < 30; how++) {
                const size_t n = types[t] == 1001479 && counts[c] ? counts[c] : counts[c];
                const size_t width = width_of(types[t]), bytes = n * width;
                making m;
                char name[100];
                snprintf(name, sizeof name, "type %u, %zu values, coding %d", types[t], n, how);
                make_values(plain, n, types[t], false);
                begin_document(&m);
                begin_spectrum(&m, "s", n);
                unsigned lo = VL_RECIPE_BASE64, hi = lo;
                if (how == -2) {
                    say_array(&m, 1000514, types[t], 1000576, plain, bytes);
                    if (!n) lo = hi = VL_RECIPE_EMPTY;
                } else if (how == -1) {
                    const size_t len = zlib_pack(packed, 1 << 20, plain, bytes, 6, true);
                    say_array(&m, 1000514, types[t], 1000574, packed, len);
                    lo = n > 100 ? VL_RECIPE_KEPT_STREAM : 0;
                    hi = VL_RECIPE_ZLIB + 9;
                } else if (how < 10) {
                    const size_t len = zlib_pack(packed, 1 << 20, plain, bytes, how, false);
                    say_array(&m, 1000514, types[t], 1000574, packed, len);
                    lo = VL_RECIPE_ZLIB;
                    hi = lo + 9;
                } else if (how < 20) {
                    const size_t len = ZSTD_compress(packed, 1 << 20, plain, bytes, how - 9);
                    say_array(&m, 1000514, types[t], 1003780, packed, len);
                    lo = VL_RECIPE_ZSTD + 1;
                    hi = lo + 21;
                } else {
                    vl_k.byte_shuffle(turned, plain, n, width);
                    const size_t len = ZSTD_compress(packed, 1 << 20, turned, bytes, how - 19);
                    say_array(&m, 1000514, types[t], 1003781, packed, len);
                    lo = width < 4 ? VL_RECIPE_KEPT_STREAM : VL_RECIPE_SHUFFLE4_ZSTD + 1;
                    hi = width < 4 ? VL_RECIPE_KEPT_STREAM : VL_RECIPE_SHUFFLE8_ZSTD + 22;
                }
                end_spectrum(&m);
                end_document(&m);
                expect_recipe(&m, name, lo, hi);
                if (how < 11 || how == 22) round_trip(name, m.doc.data, m.doc.len);
                vl_buf_free(&m.doc);
            }
        }
    }
    free(plain);
    free(packed);
    free(turned);
}

/* 200 arrays of one kind, one of which another compressor wrote: only that one is kept. */
static void check_sampling(void)
{
    uint8_t plain[4000], packed[8000];
    for (int odd = 0; odd < 200; odd += 64) {
        making m;
        begin_document(&m);
        for (int i = 0; i < 200; i++) {
            make_values(plain, 500, 1000523, i == 3);
            const size_t len =
                zlib_pack(packed, sizeof packed, plain, 4000, i == 100 ? 9 : 6, i == odd && odd);
            begin_spectrum(&m, "s", 500);
            say_array(&m, 1000514, 1000523, 1000574, packed, len);
            end_spectrum(&m);
        }
        end_document(&m);
        round_trip("sampling", m.doc.data, m.doc.len);
        outcome o;
        run(m.doc.data, m.doc.len, SIZE_MAX / 2, false, &o);
        CHECK(o.counter[VL_SPC_KEPT_STREAM] == (odd > 0), "sampling: kept");
        CHECK(o.counter[VL_SPC_PROVEN] >= 2 && o.counter[VL_SPC_PROVEN] < 10, "sampling: proven");
        outcome_free(&o);
        vl_buf_free(&m.doc);
    }
}

/* A writer with more memory than we assume deflates small arrays as we do, and large ones otherwise. */
static void check_other_memory(void)
{
    enum { LARGE = 20000 };
    uint8_t *const plain = malloc(8 * LARGE), *const packed = malloc(16 * LARGE);
    for (int last = 0; last < 2; last++) {
        making m;
        begin_document(&m);
        for (int i = 0; i < 40; i++) {
            const size_t n = i == 3 || i == 20 || (last && i == 39) ? LARGE : 300;
            z_stream z = {
                .next_in = plain, .avail_in = (uInt)n * 8, .next_out = packed, .avail_out = 16 * LARGE
            };
            for (size_t j = 0; j < n; j++)
                vl_put_le64(plain + 8 * j, next_random() >> 12 | UINT64_C(0x3ff) << 52);
            deflateInit2(&z, 6, Z_DEFLATED, 15, 9, Z_DEFAULT_STRATEGY);
            deflate(&z, Z_FINISH);
            begin_spectrum(&m, "s", n);
            say_array(&m, 1000514, 1000523, 1000574, packed, z.total_out);
            end_spectrum(&m);
            deflateEnd(&z);
        }
        end_document(&m);
        round_trip("other memory level", m.doc.data, m.doc.len);
        outcome o;
        run(m.doc.data, m.doc.len, SIZE_MAX / 2, false, &o);
        CHECK(o.counter[VL_SPC_KEPT_STREAM] == (last ? 3 : 2), "other memory level: kept");
        outcome_free(&o);
        vl_buf_free(&m.doc);
    }
    free(plain);
    free(packed);
}

/* Cut off anywhere, it is an error; only blanks after the root may be missing. */
static void check_truncation(const char *name, const uint8_t *bytes, size_t n)
{
    size_t whole = n;
    while (whole && bytes[whole - 1] != '>') whole--;
    for (size_t len = 0; len < n; len++) {
        outcome o;
        run(bytes, len, len % 3 ? SIZE_MAX / 2 : 1000, len % 2, &o);
        CHECK((o.err.code == VL_OK) == (len >= whole), name);
        if (o.err.code && len > 200) CHECK(o.err.code == VL_ETRUNC, name);
        outcome_free(&o);
    }
}

/* Any byte changed: no crash, and if it is taken, it comes back. */
static void check_damage(const char *name, const uint8_t *bytes, size_t n, int rounds)
{
    uint8_t *const copy = malloc(n);
    for (int i = 0; i < rounds; i++) {
        memcpy(copy, bytes, n);
        const int nchange = 1 + (int)(next_random() % 3);
        for (int j = 0; j < nchange; j++) {
            static const char letters[] = "<>/=\"'& !-[]A0\0\xff";
            copy[next_random() % n] = (uint8_t)letters[next_random() % (sizeof letters - 1)];
        }
        outcome o;
        run(copy, n, 1 + next_random() % 3000, true, &o);
        if (!o.err.code) CHECK(o.text.len == n && !memcmp(o.text.data, copy, n), name);
        outcome_free(&o);
    }
    free(copy);
}

/* ---- files of testdata ---- */

static double f64_at(const vl_buf *b, size_t i)
{
    double v;
    memcpy(&v, b->data + 8 * i, 8);
    return v;
}

/* All rows as text, one a line. */
static void describe(const outcome *o, making *m)
{
    const vl_buf *const f = o->field;
    size_t at = 0;
    for (int i = 0; i < o->facts.n; i++)
        say(m, "fact\t%s\t%s\n", o->facts.fact[i].name, o->facts.fact[i].text);
    for (int i = 0; i < VL_SPC_N; i++)
        if (o->counter[i] && i != VL_SPC_PROVEN)
            say(m, "counter\t%s\t%llu\n", vl_spectra_schema.counter[i], (unsigned long long)o->counter[i]);
    for (size_t i = 0; i < o->nrow[VL_SPT_SPECTRUM]; i++) {
        const size_t n = vl_le64(o->length[VL_SP_ID].data + 8 * i);
        say(m, "spectrum\t%.*s\tlevel %u\tpolarity %d\tcentroid %u", (int)n,
            (const char *)f[VL_SP_ID].data + at, f[VL_SP_MS_LEVEL].data[i], (int8_t)f[VL_SP_POLARITY].data[i],
            f[VL_SP_CENTROID].data[i]);
        at += n;
        for (int k = VL_SP_TIME; k <= VL_SP_INJECTION_TIME; k++)
            if (vl_spectra_schema.field[k].type == VL_F64 && !isnan(f64_at(&f[k], i)))
                say(m, "\t%s %.10g", vl_spectra_schema.field[k].path + 8, f64_at(&f[k], i));
        const size_t from = vl_le64(f[VL_SP_TEXT_AT].data + 8 * i),
                     len = vl_le32(f[VL_SP_TEXT_LENGTH].data + 4 * i);
        CHECK(!memcmp(f[VL_SP_SKELETON].data + from, "<spectrum", 9) &&
                  f[VL_SP_SKELETON].data[from + len - 1] == '>',
              "spectra/text_at");
        say(m, "\tlength %llu\tarrays %llu+%u\n",
            (unsigned long long)vl_le64(f[VL_SP_ARRAY_LENGTH].data + 8 * i),
            (unsigned long long)vl_le64(f[VL_SP_ARRAY_AT].data + 8 * i),
            vl_le16(f[VL_SP_ARRAY_COUNT].data + 2 * i));
    }
    at = 0;
    for (size_t i = 0; i < o->nrow[VL_SPT_CHROMATOGRAM]; i++) {
        const size_t n = vl_le64(o->length[VL_SP_CHROM_ID].data + 8 * i);
        say(m, "chromatogram\t%.*s\tkind %u\tprecursor %g\tproduct %g\tlength %llu\tarrays %llu+%u\n", (int)n,
            (const char *)f[VL_SP_CHROM_ID].data + at, vl_le32(f[VL_SP_CHROM_KIND].data + 4 * i),
            fabs(f64_at(&f[VL_SP_CHROM_PRECURSOR_MZ], i)), fabs(f64_at(&f[VL_SP_CHROM_PRODUCT_MZ], i)),
            (unsigned long long)vl_le64(f[VL_SP_CHROM_ARRAY_LENGTH].data + 8 * i),
            (unsigned long long)vl_le64(f[VL_SP_CHROM_ARRAY_AT].data + 8 * i),
            vl_le16(f[VL_SP_CHROM_ARRAY_COUNT].data + 2 * i));
        at += n;
    }
    for (size_t i = 0; i < o->nrow[VL_SPT_PRECURSOR]; i++)
        say(m, "precursor\tof %llu\ttarget %g\tlower %g\tupper %g\tenergy %g\n",
            (unsigned long long)vl_le64(f[VL_SP_PREC_SPECTRUM].data + 8 * i),
            fabs(f64_at(&f[VL_SP_PREC_TARGET], i)), fabs(f64_at(&f[VL_SP_PREC_LOWER], i)),
            fabs(f64_at(&f[VL_SP_PREC_UPPER], i)), fabs(f64_at(&f[VL_SP_PREC_COLLISION_ENERGY], i)));
    for (size_t i = 0; i < o->nrow[VL_SPT_SELECTED_ION]; i++)
        say(m, "ion\tof %llu\tprecursor %llu\tmz %g\tcharge %d\tintensity %g\n",
            (unsigned long long)vl_le64(f[VL_SP_ION_SPECTRUM].data + 8 * i),
            (unsigned long long)vl_le64(f[VL_SP_ION_PRECURSOR].data + 8 * i),
            fabs(f64_at(&f[VL_SP_ION_MZ], i)), (int8_t)f[VL_SP_ION_CHARGE].data[i],
            fabs(f64_at(&f[VL_SP_ION_INTENSITY], i)));
    const char *path = (const char *)o->paths.data;
    for (size_t i = 0; i < o->nrow[VL_SPT_ARRAY]; i++) {
        const char *const end =
            memchr(path, '\n', (size_t)((const char *)o->paths.data + o->paths.len - path));
        if (!end) break;
        say(m, "array\t%.*s\tlength %llu\trecipe %u\tkept %llu\n", (int)(end - path), path,
            (unsigned long long)vl_le64(f[VL_SP_ARR_LENGTH].data + 8 * i), f[VL_SP_ARR_RECIPE].data[i],
            (unsigned long long)vl_le64(o->length[VL_SP_ARR_KEPT].data + 8 * i));
        path = end + 1;
    }
}

static void good_case(const char *base, const vl_buf *in, bool rewrite)
{
    char path[1000];
    outcome o;
    making m = { .err = VL_ERR_INIT };
    vl_buf want = { 0 };
    round_trip(base, in->data, in->len);
    run(in->data, in->len, SIZE_MAX / 2, true, &o);
    describe(&o, &m);
    snprintf(path, sizeof path, "%s.tsv", base);
    if (rewrite) {
        FILE *const f = fopen(path, "wb");
        if (f) fwrite(m.doc.data, 1, m.doc.len, f);
        if (f) fclose(f);
    } else {
        CHECK(slurp(path, &want) && same(&want, &m.doc), path);
    }
    outcome_free(&o);
    vl_buf_free(&m.doc);
    vl_buf_free(&want);
}

/* The error's line must have the text of the .err file in it, whatever the cuts. */
static void bad_case(const char *base, const vl_buf *in, const vl_buf *want)
{
    static const size_t steps[] = { SIZE_MAX / 2, 300, 1 };
    size_t n = want->len;
    while (n && want->data[n - 1] == '\n') n--;
    for (int i = 0; i < 3; i++) {
        outcome o;
        char line[600];
        run(in->data, in->len, steps[i], false, &o);
        vl_err_print(&o.err, line, sizeof line);
        const bool found = o.err.code && memmem(line, strlen(line), want->data, n);
        if (!found)
            printf("%s: error is \"%s\", expected \"%.*s\"\n", base, line, (int)n, (const char *)want->data);
        CHECK(found, base);
        outcome_free(&o);
    }
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void check_cases(const char *folder, bool rewrite)
{
    struct dirent **entry = NULL;
    const int n = scandir(folder, &entry, NULL, by_name);
    CHECK(n > 2, folder);
    for (int i = 0; i < n; i++) {
        vl_buf in = { 0 }, want = { 0 };
        char base[500], path[600];
        const size_t len = strlen(entry[i]->d_name);
        snprintf(base, sizeof base, "%s/%.*s", folder, (int)(len > 3 ? len - 3 : 0), entry[i]->d_name);
        snprintf(path, sizeof path, "%s/%s", folder, entry[i]->d_name);
        if (ends_with(path, ".in") && slurp(path, &in)) {
            snprintf(path, sizeof path, "%s.err", base);
            if (slurp(path, &want)) bad_case(base, &in, &want);
            else good_case(base, &in, rewrite);
            check_damage(base, in.data, in.len, 200);
            if (in.len < 6000) check_truncation(base, in.data, want.len ? 0 : in.len);
        }
        vl_buf_free(&in);
        vl_buf_free(&want);
        free(entry[i]);
    }
    free(entry);
}

/* ---- other people's files ---- */

static void check_file(const char *path)
{
    vl_buf in = { 0 };
    outcome o = { .err = VL_ERR_INIT };
    char line[600];
    if (!slurp(path, &in)) {
        printf("%s: cannot be read\n", path);
        goto out;
    }
    if (vl_mzml.probe(in.data, in.len) == 0) {
        printf("%s: not mzML\n", path);
        goto out;
    }
    for (int exact = 0; exact < 2; exact++) {
        outcome_free(&o);
        run(in.data, in.len, exact ? 65536 : 1 << 22, exact, &o);
        vl_err_print(&o.err, line, sizeof line);
        if (o.err.code) {
            printf("%s: refused: %s\n", path, line);
            goto out;
        }
        CHECK(o.text.len == in.len && !memcmp(o.text.data, in.data, in.len), path);
    }
    printf("%s: %llu spectra, %llu chromatograms; index %s, checksum %s, counts %s, %s; kept %llu streams, "
           "%llu texts\n",
           path, (unsigned long long)o.nrow[0], (unsigned long long)o.nrow[1], vl_fact_get(&o.facts, "index"),
           vl_fact_get(&o.facts, "checksum"), vl_fact_get(&o.facts, "spectrum_count"),
           vl_fact_get(&o.facts, "chromatogram_count"), (unsigned long long)o.counter[VL_SPC_KEPT_STREAM],
           (unsigned long long)o.counter[VL_SPC_KEPT_TEXT]);
out:
    outcome_free(&o);
    vl_buf_free(&in);
}

static void check_folder(const char *folder)
{
    struct dirent **entry = NULL;
    const int n = scandir(folder, &entry, NULL, by_name);
    for (int i = 0; i < n; i++) {
        char path[1000];
        struct stat st;
        const char *const name = entry[i]->d_name;
        snprintf(path, sizeof path, "%s/%s", folder, name);
        if (name[0] != '.' && !lstat(path, &st)) {
            if (S_ISDIR(st.st_mode)) check_folder(path);
            else if (ends_with(name, "mzml") || ends_with(name, "mzml.gz") || ends_with(name, ".mzXML"))
                check_file(path);
        }
        free(entry[i]);
    }
    free(entry);
}

int main(int argc, char **argv)
{
    const bool rewrite = argc > 1 && !strcmp(argv[1], "--write");
    const char *const cases = argc > 1 + rewrite ? argv[1 + rewrite] : "testdata/mzml";
    const char *const data = argc > 2 + rewrite ? argv[2 + rewrite] : getenv("VIAL_SHARED");
    struct stat st;
    vl_kernels_init(&vl_k, vl_isa_from_env());
    check_codings();
    check_sampling();
    check_other_memory();
    check_cases(cases, rewrite);
    if (data && !stat(data, &st)) check_folder(data);
    else printf("skipped: no folder of real files%s%s\n", data ? ": " : "", data ? data : "");
    printf("%d passed, %d failed\n", npassed, nfailed);
    return nfailed > 0;
}
