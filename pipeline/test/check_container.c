/*
 * Checks descriptions of compressed files (pipeline/container): what is described is made again, byte for
 * byte, from pieces of any size; the description is the same for any number of threads; a description that
 * was changed ends in an error or in other bytes, never in more than there were.
 *
 * Suites: io. Also: asan.
 */
#include "pipeline/container/container_describe.h"
#include "pipeline/container/container_make.h"
#include "pipeline/test/check.h"
#include "pipeline/test/recipe.h"

#include <stdlib.h>
#include <zlib.h>

static vl_code put(void *to, const uint8_t *bytes, size_t n, vl_err *err)
{
    return vl_buf_append(to, bytes, n, err);
}

static vl_code describe(const char *path, int threads, vl_buf *said, vl_described *done, vl_err *err)
{
    const vl_describe ask = {
        .path = path, .threads = threads, .progress = VL_PROGRESS_OFF, .put = put, .to = said
    };
    said->len = 0;
    return vl_describe_file(&ask, done, err);
}

/* From pieces of the text of `piece` bytes, and pieces of the description of as many. */
static vl_code make(const vl_buf *said, const vl_buf *text, uint64_t file_bytes, size_t piece, vl_buf *out,
                    vl_err *err)
{
    vl_remaking *m = NULL;
    vl_portion part = { 0 };
    vl_join join = { 0 };
    size_t at[2] = { 0, 0 };
    out->len = 0;
    vl_remaking_state state = VL_REMAKING_PART;
    if (!vl_remaking_open(&m, file_bytes, text->len, err))
        while (state != VL_REMAKING_END && !vl_remaking_next(m, &part, &state, err)) {
            const bool records = state == VL_REMAKING_RECORDS;
            const vl_buf *const from = records ? said : text;
            size_t *const done = &at[records];
            const size_t n = from->len - *done < piece ? from->len - *done : piece;
            if (state == VL_REMAKING_PART) {
                if (vl_portion_make(&part, err) || vl_join_portion(&join, &part, out, err)) break;
            } else if (state != VL_REMAKING_END) {
                if (!n) vl_fail(err, VL_ESTORE, records ? "no end" : "text is missing");
                else if (records) vl_remaking_records(m, from->data + *done, n, err);
                else vl_remaking_text(m, from->data + *done, n, err);
                if (err->code) break;
                *done += n;
            }
        }
    vl_portion_free(&part);
    vl_remaking_close(m);
    return err->code;
}

static bool same(const vl_buf *a, const vl_buf *b)
{
    return a->len == b->len && (!a->len || !memcmp(a->data, b->data, a->len));
}

/* The file "in" of this text. */
static void one_file(const char *about, const vl_buf *file, const vl_buf *text)
{
    static const size_t pieces[] = { 977, 65536, SIZE_MAX };
    vl_buf said = { 0 }, other = { 0 }, out = { 0 };
    vl_described done;
    vl_err err = VL_ERR_INIT;
    CHECK(!describe("in", 1, &said, &done, &err), "%s: %s", about, err.what);
    CHECK(done.plain_bytes == text->len && done.file_bytes == file->len, "%s", about);
    for (int threads = 5; threads; threads = threads == 5 && file->len < 100000 ? 2 : 0)
        CHECK(!describe("in", threads, &other, &done, &err) && same(&said, &other), "%s: %d threads: %s",
              about, threads, err.what);
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces && !err.code; i++)
        CHECK(!make(&said, text, file->len, pieces[i], &out, &err) && same(&out, file), "%s: by %zu: %s",
              about, pieces[i], err.what);
    vl_buf_free(&said);
    vl_buf_free(&other);
    vl_buf_free(&out);
}

/* ---- what inputs hold ---- */

static void new_file(const char *recipe, vl_buf *file, vl_buf *text)
{
    text->len = 0;
    recipe_make("in", recipe, file, text);
}

static void check_recipes(void)
{
    static const char *const recipe[] = { "gegG", "bB0", "bG",   "g", "e",  "b",    "bbbbbbbbB", "gb", "g0",
                                          "B",    "BB",  "bBbB", "N", "MB", "eeee", "g0x",       "bBx" };
    static const size_t part[] = { 300, 100000, 1,
                                   700000 }; /* the last two of few files: each costs a while */
    enum { FEW = 3 };
    vl_buf file = { 0 }, text = { 0 };
    for (size_t i = 0; i < sizeof part / sizeof *part; i++)
        for (size_t k = 0; k < (i < 2 ? sizeof recipe / sizeof *recipe : FEW); k++) {
            recipe_part = part[i];
            new_file(recipe[k], &file, &text);
            one_file(recipe[k], &file, &text);
        }
    vl_buf_free(&file);
    vl_buf_free(&text);
}

static void check_refused(void)
{
    static const char *const recipe[] = { "c", "i", "k", "C", "I", "gc", "bC", "p", "z", "gxg" };
    vl_buf file = { 0 }, text = { 0 }, said = { 0 };
    vl_described done;
    recipe_part = 1000;
    for (size_t k = 0; k < sizeof recipe / sizeof *recipe; k++) {
        vl_err err = VL_ERR_INIT;
        new_file(recipe[k], &file, &text);
        CHECK(describe("in", 2, &said, &done, &err) && *err.file, "%s: described", recipe[k]);
    }
    new_file("gb", &file, &text);
    for (size_t n = 3; n < file.len; n += 13) {
        vl_err err = VL_ERR_INIT;
        recipe_write("in", file.data, n);
        if (describe("in", 1, &said, &done, &err))
            CHECK(err.code == VL_ETRUNC, "cut at %zu: %s", n, err.what);
        else CHECK(done.file_bytes == n, "cut at %zu: described", n);
    }
    vl_buf_free(&file);
    vl_buf_free(&text);
    vl_buf_free(&said);
}

/* ---- long members ---- */

/* One member of zlib. flush: how often, in bytes; 0: never. */
static void deflate_member(const vl_buf *text, int level, int strategy, size_t flush, int how, vl_buf *file)
{
    vl_err err = VL_ERR_INIT;
    z_stream z = { 0 };
    if (deflateInit2(&z, level, Z_DEFLATED, 31, 8, strategy)) abort();
    file->len = 0;
    if (vl_buf_reserve(file, 2 * text->len + (1 << 20), &err)) abort();
    z.next_out = file->data;
    z.avail_out = (unsigned)file->cap;
    for (size_t at = 0; at < text->len;) {
        const size_t left = text->len - at, n = flush && flush < left ? flush : left;
        z.next_in = text->data + at;
        z.avail_in = (unsigned)n;
        at += n;
        deflate(&z, at == text->len ? Z_FINISH : how);
    }
    file->len = z.total_out;
    deflateEnd(&z);
    recipe_write("in", file->data, file->len);
}

/* Lines that are half alike; noise; one letter. */
static void make_text(vl_buf *text, size_t n, int kind)
{
    vl_err err = VL_ERR_INIT;
    uint64_t state = 7;
    text->len = 0;
    if (kind == 0) recipe_text(text, n);
    else if (vl_buf_reserve(text, n, &err)) abort();
    else
        for (; text->len < n; text->len++)
            text->data[text->len] = kind == 1 ? (uint8_t)check_random(&state) : 'A';
}

static void check_long(void)
{
    vl_buf text = { 0 }, file = { 0 };
    make_text(&text, 9 << 18, 0);
    for (int level = 0; level <= 9; level += 3) {
        deflate_member(&text, level, Z_DEFAULT_STRATEGY, 0, Z_NO_FLUSH, &file);
        one_file("long member", &file, &text);
    }
    deflate_member(&text, 6, Z_DEFAULT_STRATEGY, 100000, Z_SYNC_FLUSH, &file);
    one_file("sync flushes", &file, &text);
    deflate_member(&text, 6, Z_DEFAULT_STRATEGY, 1000000, Z_FULL_FLUSH, &file);
    one_file("full flushes", &file, &text);
    deflate_member(&text, 6, Z_FIXED, 0, Z_NO_FLUSH, &file);
    one_file("a block without end", &file, &text);
    make_text(&text, 3 << 20, 1);
    deflate_member(&text, 6, Z_DEFAULT_STRATEGY, 0, Z_NO_FLUSH, &file);
    one_file("noise", &file, &text);
    make_text(&text, 40 << 20, 2);
    deflate_member(&text, 6, Z_FIXED, 0, Z_NO_FLUSH, &file);
    one_file("one letter", &file, &text);
    vl_buf_free(&text);
    vl_buf_free(&file);
}

/* ---- descriptions that were changed ---- */

static void check_hostile(void)
{
    static const char *const recipe[] = { "Gg0", "bbB0", "gbg" };
    vl_buf file = { 0 }, text = { 0 }, said = { 0 }, out = { 0 };
    vl_described done;
    uint64_t state = 1;
    recipe_part = 20000;
    for (size_t k = 0; k < sizeof recipe / sizeof *recipe; k++) {
        vl_err err = VL_ERR_INIT;
        new_file(recipe[k], &file, &text);
        CHECK(!describe("in", 1, &said, &done, &err), "%s", err.what);
        for (size_t n = 0; n < said.len; n++) {
            const vl_buf part = { .data = said.data, .len = n };
            vl_err_clear(&err);
            CHECK(make(&part, &text, file.len, SIZE_MAX, &out, &err) == VL_ESTORE, "cut at %zu: made", n);
        }
        for (int i = 0; i < 300; i++) {
            vl_buf bad = { 0 };
            recipe_put(&bad, said.data, said.len);
            for (uint64_t left = 1 + check_random(&state) % 3; left; left--)
                bad.data[check_random(&state) % bad.len] = (uint8_t)check_random(&state);
            vl_err_clear(&err);
            make(&bad, &text, file.len, SIZE_MAX, &out, &err);
            CHECK(!err.code || err.code == VL_ESTORE || err.code == VL_EUNSUP, "%d: %s", i, err.what);
            CHECK(out.len <= file.len + (4 << 20), "%d: %zu bytes of %zu", i, out.len, file.len);
            vl_buf_free(&bad);
        }
    }
    vl_buf_free(&file);
    vl_buf_free(&text);
    vl_buf_free(&said);
    vl_buf_free(&out);
}

int main(void)
{
    check_enter("check_container");
    vl_kernels_init(&vl_k, vl_isa_from_env());
    check_recipes();
    check_refused();
    check_long();
    check_hostile();
    remove("in");
    return check_leave();
}
