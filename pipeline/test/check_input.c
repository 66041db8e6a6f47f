/*
 * Checks the input: every kind of file, whole, cut off and damaged, alone and in a row, from disk and from a
 * pipe, must give its text, or an error in its place.
 *
 * Suites: io. Also: asan.
 */
#include "formats/sha.h"
#include "pipeline/io/input.h"
#include "pipeline/io/output.h"
#include "pipeline/test/recipe.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int npassed, nfailed;
#define CHECK(ok, about) check((ok), #ok, __LINE__, (about))

static void check(bool ok, const char *text, int line, const char *about)
{
    if (ok) npassed++;
    else {
        nfailed++;
        printf("%s:%d: %s: %s\n", __FILE__, line, about, text);
    }
}

typedef struct reading { /* what came of reading a row */
    vl_err err;
    vl_buf text;
    vl_file_facts last; /* of the last file that was opened */
    bool sane;          /* packets kept their promises */
} reading;

static vl_code take_all(vl_input *in, size_t want, size_t peek, reading *r)
{
    vl_packet p = { 0 };
    int file = 0;
    uint64_t given = 0;
    bool ended = false, file_ended = false;
    for (int i = 0; !ended; i++) {
        const uint8_t *bytes;
        size_t n;
        bool whole;
        if (peek && i % 3 == 0 && vl_input_peek(in, peek, &bytes, &n, &whole, &r->err)) break;
        vl_buf seen = { 0 };
        if (peek && i % 3 == 0) {
            recipe_put(&seen, bytes, n);
            r->sane = r->sane && (whole || n == peek);
        }
        if (vl_input_take(in, want, &p, &r->err)) {
            vl_buf_free(&seen);
            break;
        }
        r->sane = r->sane && !(p.packed.len && p.plain.len) && (!file_ended || p.file == file + 1);
        if (vl_packet_inflate(&p, &r->err) == VL_OK) {
            const size_t common = seen.len < p.plain.len ? seen.len : p.plain.len;
            if (common) r->sane = r->sane && !memcmp(seen.data, p.plain.data, common);
            recipe_put(&r->text, p.plain.data, p.plain.len);
            given += p.plain.len;
        }
        vl_buf_free(&seen);
        if (r->err.code) break;
        file = p.file;
        file_ended = p.file_end;
        ended = p.end;
        if (file_ended) {
            r->sane = r->sane && vl_input_facts(in, file)->plain_bytes == given;
            given = 0;
        }
    }
    vl_packet_free(&p);
    r->last = *vl_input_facts(in, file);
    return r->err.code;
}

static vl_code read_row(const char *const *path, int npath, size_t want, size_t peek, reading *r)
{
    vl_input *in = NULL;
    r->err = (vl_err)VL_ERR_INIT;
    r->text.len = 0;
    r->sane = true;
    if (vl_input_open(&in, path, npath, &r->err) == VL_OK) take_all(in, want, peek, r);
    r->last.name = NULL;
    vl_input_close(in);
    return r->err.code;
}

static bool same(const vl_buf *a, const vl_buf *b)
{
    return a->len == b->len && (!a->len || !memcmp(a->data, b->data, a->len));
}

/* The bytes through a pipe as standard input, in pieces. */
static vl_code read_pipe(const vl_buf *file, size_t piece, size_t want, reading *r)
{
    int end[2];
    if (pipe(end)) abort();
    const pid_t writer = fork();
    if (!writer) {
        close(end[0]);
        for (size_t at = 0; at < file->len; at += piece)
            if (write(end[1], file->data + at, file->len - at < piece ? file->len - at : piece) < 0) _exit(1);
        _exit(0);
    }
    close(end[1]);
    dup2(end[0], STDIN_FILENO);
    close(end[0]);
    read_row((const char *[]){ "-" }, 1, want, 0, r);
    close(STDIN_FILENO);
    open("/dev/null", O_RDONLY);
    waitpid(writer, NULL, 0);
    return r->err.code;
}

typedef struct one_case {
    const char *recipe, *compression;
    uint64_t members; /* a part of BGZF is three blocks */
    bool no_eof_block;
    uint64_t zeros;
} one_case;

static const one_case good[] = {
    { "", "none", 0, false, 0 },         { "p", "none", 0, false, 0 },       { "n", "none", 0, false, 0 },
    { "g", "gzip", 1, false, 0 },        { "e", "gzip", 1, false, 0 },       { "G", "gzip", 1, false, 0 },
    { "gGg", "gzip", 3, false, 0 },      { "egeege", "gzip", 6, false, 0 },  { "g0", "gzip", 1, false, 512 },
    { "bB", "bgzf", 4, false, 0 },       { "b", "bgzf", 3, true, 0 },        { "B", "bgzf", 1, false, 0 },
    { "bBbBBbB", "bgzf", 13, false, 0 }, { "BbB0", "bgzf", 5, false, 512 },  { "bBg", "mixed", 5, true, 0 },
    { "gbB", "mixed", 5, false, 0 },     { "bgebBG", "mixed", 10, true, 0 }, { "z", "zstd", 1, false, 0 },
    { "zz", "zstd", 2, false, 0 },       { "szsz0", "zstd", 4, false, 512 }, { "s", "zstd", 1, false, 0 },
    { "N", "gzip", 1, false, 0 },        { "M", "bgzf", 3, true, 0 },
};

static const struct {
    const char *recipe;
    vl_code code;
    const char *what; /* part of the message */
} bad[] = {
    { "c", VL_EFORMAT, "CRC-32" },
    { "gci", VL_EFORMAT, "CRC-32" },
    { "i", VL_EFORMAT, "it says" },
    { "gGi", VL_EFORMAT, "it says" },
    { "C", VL_EFORMAT, "CRC-32" },
    { "bC", VL_EFORMAT, "CRC-32" },
    { "I", VL_EFORMAT, "it says" },
    { "H", VL_EFORMAT, "at most 65536" },
    { "bS", VL_EFORMAT, "21 bytes long" },
    { "gx", VL_EFORMAT, "byte 78 follows" },
    { "bBx", VL_EFORMAT, "byte 78" },
    { "g0x", VL_EFORMAT, "zero bytes" },
    { "zx", VL_EFORMAT, "byte 78 follows" },
    { "k", VL_EFORMAT, "bad deflate" },
    { "gk", VL_EFORMAT, "bad deflate" },
    { "r", VL_EFORMAT, "reserved flags" },
    { "m", VL_EUNSUP, "method is 7" },
    { "g0g", VL_EFORMAT, "zero bytes" },
    { "2", VL_EUNSUP, "bzip2-compressed" },
    { "3", VL_EUNSUP, "bzip2" },
    { "4", VL_EUNSUP, "xz-compressed" },
    { "5", VL_EUNSUP, "zip-compressed" },
    { "6", VL_EUNSUP, "(.Z)" },
    { "7", VL_EUNSUP, "lz4" },
    { "gz", VL_EFORMAT, "byte 28 follows" },
    { "zg", VL_EFORMAT, "byte 1f" },
    { "gp", VL_EFORMAT, "follows the last" },
};

static const size_t wants[] = { 1, 7, 4096, 1 << 20 }, peeks[] = { 0, 100, 1 << 24 };

static void check_digest(const reading *r, const vl_buf *file, const char *about)
{
    uint8_t sha256[32];
    SHA256_CTX hash;
    SHA256_Init(&hash);
    SHA256_Update(&hash, file->data, file->len);
    SHA256_Final(sha256, &hash);
    CHECK(!memcmp(sha256, r->last.sha256, 32), about);
    CHECK(r->last.bytes == file->len, about);
}

static void check_good(size_t first_want, const char *path)
{
    vl_buf file = { 0 }, text = { 0 };
    reading r = { 0 };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        const char *const recipe = good[i].recipe;
        text.len = 0;
        recipe_make(path, recipe, &file, &text);
        for (size_t w = first_want; w < 4; w++) {
            for (size_t p = 0; p < 3; p++) {
                CHECK(!read_row(&path, 1, wants[w], peeks[p], &r), recipe);
                CHECK(same(&r.text, &text) && r.sane, recipe);
            }
            if (recipe_part < 1000 || w == 3)
                CHECK(!read_pipe(&file, recipe_part < 1000 ? w * 2 + 1 : 70001, wants[w], &r), recipe);
            CHECK(same(&r.text, &text) && r.sane, recipe);
        }
        check_digest(&r, &file, recipe);
        CHECK(!strcmp(r.last.compression, good[i].compression), recipe);
        CHECK(recipe_part > 1000 || r.last.members == good[i].members, recipe);
        CHECK(r.last.no_eof_block == good[i].no_eof_block && r.last.trailing_zeros == good[i].zeros, recipe);
    }
    vl_buf_free(&file);
    vl_buf_free(&text);
    vl_buf_free(&r.text);
}

static void check_bad(const char *path)
{
    vl_buf file = { 0 }, text = { 0 };
    reading r = { 0 };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        text.len = 0;
        recipe_make(path, bad[i].recipe, &file, &text);
        for (size_t w = 0; w < 4; w++) {
            CHECK(read_row(&path, 1, wants[w], w % 2 * 50, &r) == bad[i].code, bad[i].recipe);
            CHECK(strstr(r.err.what, bad[i].what), r.err.what);
            CHECK(bad[i].code == VL_EUNSUP || r.err.packed < file.len, bad[i].recipe);
        }
    }
    vl_buf_free(&file);
    vl_buf_free(&text);
    vl_buf_free(&r.text);
}

/* Cut anywhere: the end is missed, unless the cut leaves whole members; their text is a prefix then. */
static void check_cuts(const char *path)
{
    static const char *const recipes[] = { "gGe", "bBbB", "zsz", "bg" };
    static const int borders[] = { 3, 8, 3, 4 }; /* before the first member, and between two */
    vl_buf file = { 0 }, text = { 0 };
    reading r = { 0 };
    for (size_t i = 0; i < sizeof recipes / sizeof *recipes; i++) {
        text.len = 0;
        recipe_make(path, recipes[i], &file, &text);
        int whole = 0;
        for (size_t cut = 0; cut < file.len; cut++) {
            recipe_write(path, file.data, cut);
            const vl_code code = read_row(&path, 1, wants[cut % 4], cut % 5, &r);
            if (code)
                CHECK(code == VL_ETRUNC && r.err.packed == cut && !strcmp(r.err.file, path), r.err.what);
            else if (cut == 1)
                CHECK(recipes[i][0] == 'z' && r.text.len == 1, recipes[i]); /* "(" is a letter */
            else {
                whole++;
                CHECK(r.text.len <= text.len && (!r.text.len || !memcmp(r.text.data, text.data, r.text.len)),
                      recipes[i]);
            }
        }
        CHECK(whole == borders[i], recipes[i]);
    }
    vl_buf_free(&file);
    vl_buf_free(&text);
    vl_buf_free(&r.text);
}

/* Every bit flipped: an error, or the right text; without its magic a file is plain. */
static void check_flips(const char *path)
{
    static const char *const recipes[] = { "gG", "bB" };
    vl_buf file = { 0 }, text = { 0 };
    reading r = { 0 };
    for (size_t i = 0; i < 2; i++) {
        text.len = 0;
        recipe_make(path, recipes[i], &file, &text);
        int accepted = 0;
        for (size_t bit = 0; bit < file.len * 8; bit++) {
            file.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
            recipe_write(path, file.data, file.len);
            if (!read_row(&path, 1, wants[bit % 4], 0, &r)) {
                accepted++;
                CHECK(same(&r.text, bit < 16 ? &file : &text), recipes[i]);
            } else CHECK(r.err.packed <= file.len, r.err.what);
            file.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        CHECK(accepted < 600, recipes[i]); /* magic 16, and a header: time 32, XFL 8, OS 8, FTEXT, BC 32 */
        printf("%s: %d of %zu flipped bits carry no meaning\n", recipes[i], accepted, file.len * 8);
    }
    vl_buf_free(&file);
    vl_buf_free(&text);
    vl_buf_free(&r.text);
}

static void check_rows(void)
{
    static const char *const path[] = { "row1", "row2", "row3", "row4", "row5" };
    static const struct {
        const char *recipe[5];
        int bad; /* the file that lacks its line break; -1: none */
    } rows[] = {
        { { "p", "g", "bB", "z", "p" }, -1 }, { { "bB", "bB", "", "bBg", "n" }, -1 },
        { { "e", "B", "s", "", "e" }, -1 },   { { "p", "n", "p", "p", "p" }, 1 },
        { { "N", "p", "p", "p", "p" }, 0 },   { { "p", "g", "MBBB", "", "p" }, 2 },
        { { "bM", "p", "p", "p", "M" }, 0 },  { { "g", "b", "z", "Me", "p" }, 3 },
        { { "Mg", "gN", "p", "p", "N" }, 1 },
    };
    vl_buf file = { 0 }, text = { 0 };
    reading r = { 0 };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (int n = 1; n <= 5; n++) {
            text.len = 0;
            for (int k = 0; k < n; k++) recipe_make(path[k], rows[i].recipe[k], &file, &text);
            const bool fails = rows[i].bad >= 0 && rows[i].bad + 1 < n;
            for (size_t w = 0; w < 4; w++) {
                const vl_code code = read_row(path, n, wants[w], w % 2 * 99, &r);
                CHECK(code == (fails ? VL_EFORMAT : VL_OK) && r.sane, r.err.what);
                if (!fails) CHECK(same(&r.text, &text), "row");
                else
                    CHECK(!strcmp(r.err.file, path[rows[i].bad]) && strstr(r.err.what, path[rows[i].bad + 1]),
                          r.err.what);
            }
        }
    vl_buf_free(&file);
    vl_buf_free(&text);
    vl_buf_free(&r.text);
}

static void check_missing(void)
{
    reading r = { 0 };
    recipe_write("some", (const uint8_t *)"a\n", 2);
    CHECK(read_row((const char *[]){ "nowhere" }, 1, 1, 0, &r) == VL_ENOIN && !strcmp(r.err.file, "nowhere"),
          "missing");
    CHECK(read_row((const char *[]){ "some", "nowhere" }, 2, 1, 0, &r) == VL_ENOIN, "missing second");
    CHECK(read_row((const char *[]){ "." }, 1, 1, 0, &r) == VL_ENOIN, "folder");
    CHECK(read_row((const char *[]){ "-", "-" }, 2, 1, 0, &r) == VL_EARG, "standard input twice");
    CHECK(read_row(NULL, 0, 1, 0, &r) == VL_EARG, "no file");
    CHECK(read_row((const char *[]){ "/proc/self/mem" }, 1, 1, 0, &r) == VL_EIO && r.err.packed == 0,
          "read error");
    chmod("some", 0);
    if (geteuid()) CHECK(read_row((const char *[]){ "some" }, 1, 1, 0, &r) == VL_ENOIN, "no permission");
    vl_buf_free(&r.text);
}

static void check_pack(const char *path)
{
    vl_err err = VL_ERR_INIT;
    vl_buf text = { 0 }, packed = { 0 };
    reading r = { 0 };
    recipe_text(&text, 200000);
    for (size_t i = 0; i < 100000; i++)
        text.data[i] = (uint8_t)(rand() >> 8); /* half of it does not compress */
    for (int level = 0; level <= 12; level++) {
        packed.len = 0;
        CHECK(!vl_bgzf_pack(text.data, text.len, level, &packed, &err) &&
                  !vl_bgzf_pack(NULL, 0, level, &packed, &err),
              "pack");
        recipe_put(&packed, vl_bgzf_eof, sizeof vl_bgzf_eof);
        recipe_write(path, packed.data, packed.len);
        CHECK(!read_row(&path, 1, 100000, 0, &r) && same(&r.text, &text) && r.last.members == 5 &&
                  !r.last.no_eof_block,
              "round trip");
    }
    CHECK(vl_bgzf_pack(text.data, 1, 13, &packed, &err) == VL_EARG, "level");
    vl_buf_free(&text);
    vl_buf_free(&packed);
    vl_buf_free(&r.text);
}

int main(void)
{
    char folder[] = "/tmp/check_input.XXXXXX";
    vl_kernels_init(&vl_k, vl_isa_from_env());
    signal(SIGPIPE, SIG_IGN);
    if (!mkdtemp(folder) || chdir(folder)) return 1;
    check_good(0, "file");
    check_bad("file");
    check_cuts("file");
    check_flips("file");
    check_rows();
    check_missing();
    check_pack("file");
    recipe_part = 1300000;
    check_good(2, "file");
    char remove[64];
    snprintf(remove, sizeof remove, "rm -rf %s", folder);
    if (chdir("/") || system(remove)) nfailed++;
    printf("%d passed, %d failed\n", npassed, nfailed);
    return nfailed != 0;
}
