/*
 * The arrays of mzML: documents made here, with every compression, type and size, come back byte for byte;
 * and which arrays are proven to come back, and which are kept as they are.
 *
 * Suites: formats spectra. Also: asan scalar.
 */
#include "formats/test/mzml_run.h"
#include "pipeline/test/check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

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
    outcome o;
    run_mzml(m->doc.data, m->doc.len, SIZE_MAX / 2, &o);
    char line[600];
    vl_err_print(&o.err, line, sizeof line);
    if (o.err.code) printf("%s: %s\n", name, line);
    const vl_buf *const r = &o.field[VL_SP_ARR_RECIPE];
    CHECK(!o.err.code && r->len > 0, "%s", name);
    for (size_t i = 0; i < r->len; i++) CHECK(r->data[i] >= lo && r->data[i] <= hi, "%s", name);
    outcome_free(&o);
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
                    hi = VL_RECIPE_REDEFLATE;
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

/* 200 arrays of one kind, one of which another compressor wrote: that one is described. */
static void check_one_odd(void)
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
        round_trip("one odd array", m.doc.data, m.doc.len);
        outcome o;
        run_mzml(m.doc.data, m.doc.len, SIZE_MAX / 2, &o);
        CHECK(!o.counter[VL_SPC_KEPT_STREAM], "one odd array: kept");
        CHECK(o.counter[VL_SPC_PROVEN] == 200, "one odd array: proven");
        CHECK((o.field[VL_SP_ARR_RECIPE].data[odd] == VL_RECIPE_REDEFLATE) == (odd > 0),
              "one odd array: how");
        outcome_free(&o);
        vl_buf_free(&m.doc);
    }
}

/* A writer with memory level 9, as Perl's, deflates small arrays as others do, and large ones otherwise. */
static void check_more_memory(void)
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
        round_trip("memory level 9", m.doc.data, m.doc.len);
        outcome o;
        run_mzml(m.doc.data, m.doc.len, SIZE_MAX / 2, &o);
        CHECK(!o.counter[VL_SPC_KEPT_STREAM], "memory level 9: kept");
        const uint8_t *const recipe = o.field[VL_SP_ARR_RECIPE].data;
        CHECK(recipe[3] == VL_RECIPE_ZLIB_MEMORY9 + 6 && recipe[20] == recipe[3], "memory level 9: recipe");
        outcome_free(&o);
        vl_buf_free(&m.doc);
    }
    free(plain);
    free(packed);
}

int main(void)
{
    vl_kernels_init(&vl_k, vl_isa_from_env());
    check_codings();
    check_one_odd();
    check_more_memory();
    return check_end();
}
