/*
 * Checks the file of a store: its seal, which finds every flipped bit and every cut; the names it has while
 * it is written and after; and what stands in its way there.
 *
 * Suites: store. Also: asan.
 */
#include "pipeline/store/store.h"
#include "pipeline/test/check.h"
#include "pipeline/test/recipe.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static bool exists(const char *path) { return !access(path, F_OK); }

static void write_byte(int fd, size_t at, uint8_t byte)
{
    if (pwrite(fd, &byte, 1, (off_t)at) != 1) abort();
}

/* Notes what every store has, seals and publishes. */
static vl_code finish(vl_store *st, vl_err *err)
{
    if (vl_store_note(st, "/", "vial.format", "store", err) ||
        vl_store_note_u64(st, "/", "vial.version", VL_STORE_VERSION, err) || vl_store_seal(st, 2, err))
        return err->code;
    return vl_store_publish(st, err);
}

/* A store of one column and a note. */
static vl_code write_small(const char *path)
{
    vl_err err = VL_ERR_INIT;
    vl_store *st = NULL;
    vl_work work = { 0 };
    const vl_spec spec = {
        .path = "t/text", .type = VL_U8, .use = VL_USE_TEXT, .unit = "letter", .missing = "", .doc = ""
    };
    vl_chunk chunk = { .spec = &spec, .count = 26, .last = true };
    recipe_put(&chunk.raw, "abcdefghijklmnopqrstuvwxyz", 26);
    if (!vl_store_create(&st, path, VL_FAST, false, &err) &&
        !vl_chunk_pack(&chunk, NULL, VL_FAST, &work, &err) && !vl_store_append(st, &chunk, &work, &err))
        finish(st, &err);
    vl_store_close(st);
    vl_buf_free(&chunk.raw);
    vl_buf_free(&chunk.packed);
    vl_work_free(&work);
    return err.code;
}

static void check_flip(size_t at, int bit, size_t n)
{
    vl_err err = VL_ERR_INIT;
    CHECK(vl_seal_check("small", 1, NULL, &err) == VL_ESTORE, "bit %d of byte %zu of %zu flipped: %s", bit,
          at, n, err.what);
    /* a quick look leaves out the hash of all bytes, but the trailer has one of its own */
    const bool edge = at < 8 || at + VL_TRAILER >= n;
    vl_err_clear(&err);
    vl_seal_check("small", 0, NULL, &err);
    CHECK(err.code == (edge ? VL_ESTORE : VL_OK), "quick look: bit %d of byte %zu flipped: %s", bit, at,
          err.what);
}

/* A flipped bit in any byte, and any cut of a small store are found. */
static void check_seal(void)
{
    vl_buf file = { 0 };
    vl_err err = VL_ERR_INIT;
    vl_store *st = NULL;
    CHECK(!write_small("small"), "small store");
    recipe_read("small", &file);
    const int fd = open("small", O_RDWR);
    if (fd < 0) abort();
    for (size_t i = 0; i < file.len; i++) {
        const bool edge = i < 8 || i + VL_TRAILER >= file.len; /* all bits there, else one of each byte */
        for (int bit = edge ? 0 : (int)(i % 8); bit < 8; bit += edge ? 1 : 8) {
            write_byte(fd, i, (uint8_t)(file.data[i] ^ 1 << bit));
            check_flip(i, bit, file.len);
        }
        write_byte(fd, i, file.data[i]);
    }
    CHECK(!vl_seal_check("small", 2, NULL, &err), "mended: %s", err.what);
    write_byte(fd, file.len, 0);
    CHECK(vl_seal_check("small", 0, NULL, &err) == VL_ESTORE, "a byte behind");
    for (size_t n = file.len; n-- > 0;) {
        vl_err_clear(&err);
        if (ftruncate(fd, (off_t)n)) abort();
        CHECK(vl_seal_check("small", 0, NULL, &err) == VL_ESTORE, "cut to %zu of %zu bytes", n, file.len);
        if (n % 16) continue;
        vl_err_clear(&err);
        CHECK(vl_store_open(&st, "small", &err) == VL_ESTORE && !st, "open cut to %zu bytes", n);
    }
    close(fd);
    unlink("small");
    vl_err_clear(&err);
    CHECK(vl_seal_check("small", 2, NULL, &err) == VL_ENOIN, "no file");
    vl_err_clear(&err);
    CHECK(vl_seal_check(".", 2, NULL, &err) == VL_ENOIN, "a folder");
    vl_buf_free(&file);
}

static vl_code create(vl_store **st, const char *path, bool force)
{
    vl_err err = VL_ERR_INIT;
    return vl_store_create(st, path, VL_FAST, force, &err);
}

static vl_code publish(vl_store *st)
{
    vl_err err = VL_ERR_INIT;
    return finish(st, &err);
}

static void write_text(const char *path, const char *text)
{
    FILE *const f = fopen(path, "w");
    if (!f || fputs(text, f) < 0 || fclose(f)) abort();
}

static void check_names(void)
{
    vl_store *a = NULL, *b = NULL;
    char part[64];
    CHECK(!create(&a, "one", false), "create");
    snprintf(part, sizeof part, "%s", vl_store_part(a));
    CHECK(!exists("one") && exists(part), "only the temporary name");
    CHECK(create(&b, "one", false) == VL_EBUSY && !b && exists(part), "a second writer");
    CHECK(create(&b, "one", true) == VL_EBUSY && !b && exists(part), "a second writer, by force");
    CHECK(!create(&b, "other", false), "another store meanwhile");
    vl_store_close(b);
    CHECK(!publish(a) && exists("one") && !exists(part), "publish");
    vl_store_close(a);
    CHECK(exists("one"), "close after publish");
    CHECK(create(&a, "one", false) == VL_EEXIST && !a && exists("one") && !exists(part), "exists");
    CHECK(!create(&a, "one", true) && exists("one"), "force");
    vl_store_close(a);
    CHECK(exists("one") && !exists(part) && !exists("other"), "close without publish");
    write_text(part, "left behind by one that died");
    CHECK(!create(&a, "two", false) && !create(&b, "one", true) && !publish(b),
          "a temporary file left behind");
    vl_store_close(b);
    vl_err err = VL_ERR_INIT;
    CHECK(!vl_seal_check("one", 2, NULL, &err), "replaced by force: %s", err.what);
    write_text("two", "theirs");
    CHECK(publish(a) == VL_EEXIST, "the name was taken meanwhile");
    vl_store_close(a);
    struct stat st;
    CHECK(!stat("two", &st) && st.st_size == 6 && !exists(".two.part"), "theirs stays");
    CHECK(create(&a, "no/folder/x", false) == VL_EEXIST && !a, "no such folder");
    CHECK(!mkdir("folder", 0700) && !create(&a, "folder/x", false) && !publish(a) && exists("folder/x"),
          "in a folder");
    vl_store_close(a);
    unlink("folder/x");
    CHECK(!rmdir("folder"), "nothing else is left in the folder");
    unlink("one");
    unlink("two");
}

int main(void)
{
    vl_kernels_init(&vl_k, vl_isa_from_env());
    check_enter("check_seal");
    check_names();
    check_seal();
    return check_leave();
}
