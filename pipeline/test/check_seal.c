/*
 * Checks the file of a store: its seal, which finds every flipped bit and every cut; the names it has while
 * it is written and after; and what stands in its way there.
 *
 * Suites: store. Also: asan.
 */
#include "pipeline/store/seal.h"
#include "pipeline/test/check.h"
#include "pipeline/test/recipe.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
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

/* Where a quick look, which leaves out the hash of all bytes, finds any flip: the seal and HDF5's
 * signature. */
typedef struct edges {
    size_t front, behind; /* bytes at either end */
    size_t flags;         /* the byte of HDF5's that says who writes */
} edges;

static void check_flip(size_t at, int bit, size_t n, bool edge)
{
    vl_err err = VL_ERR_INIT;
    CHECK(vl_seal_check("small", 1, NULL, &err) == VL_ESTORE, "bit %d of byte %zu of %zu flipped: %s", bit,
          at, n, err.what);
    vl_err_clear(&err);
    vl_seal_check("small", 0, NULL, &err);
    CHECK(err.code == (edge ? VL_ESTORE : VL_OK), "quick look: bit %d of byte %zu flipped: %s", bit, at,
          err.what);
}

static void check_flips(int fd, const vl_buf *file, edges e)
{
    for (size_t i = 0; i < file->len; i++) {
        const bool edge = i < e.front || i == e.flags ||
                          i + e.behind >= file->len; /* all bits there, else one of each byte */
        for (int bit = edge ? 0 : (int)(i % 8); bit < 8; bit += edge ? 1 : 8) {
            write_byte(fd, i, (uint8_t)(file->data[i] ^ 1 << bit));
            check_flip(i, bit, file->len, edge);
        }
        write_byte(fd, i, file->data[i]);
    }
}

/* A flipped bit in any byte, a byte behind and any cut of a small file are found. Leaves it empty. */
static void check_bytes(int fd, const vl_buf *file, edges e)
{
    vl_err err = VL_ERR_INIT;
    vl_store *st = NULL;
    CHECK(!vl_seal_check("small", 2, NULL, &err), "whole: %s", err.what);
    check_flips(fd, file, e);
    CHECK(!vl_seal_check("small", 2, NULL, &err), "mended: %s", err.what);
    write_byte(fd, file->len, 0);
    CHECK(vl_seal_check("small", 0, NULL, &err) == VL_ESTORE, "a byte behind");
    for (size_t n = file->len; n-- > 0;) {
        vl_err_clear(&err);
        if (ftruncate(fd, (off_t)n)) abort();
        CHECK(vl_seal_check("small", 0, NULL, &err) == VL_ESTORE, "cut to %zu of %zu bytes", n, file->len);
        if (n % 16) continue;
        vl_err_clear(&err);
        CHECK(vl_store_open(&st, "small", &err) == VL_ESTORE && !st, "open cut to %zu bytes", n);
    }
}

static void put_file(int fd, const uint8_t *bytes, size_t n)
{
    if (ftruncate(fd, 0) || pwrite(fd, bytes, n, 0) != (ssize_t)n) abort();
}

/* Each part of the seal that a killed run may have written. */
static void check_half_seals(int fd, const vl_buf *file)
{
    static const uint8_t none[VL_SEAL_BLOCK];
    for (size_t n = 0; n <= VL_SEAL_BLOCK; n++) {
        vl_err err = VL_ERR_INIT;
        if (pwrite(fd, file->data, n, 0) != (ssize_t)n ||
            pwrite(fd, none, VL_SEAL_BLOCK - n, (off_t)n) != (ssize_t)(VL_SEAL_BLOCK - n))
            abort();
        const vl_code code = vl_seal_check("small", 0, NULL, &err);
        CHECK(code == (n < VL_SEAL_BLOCK ? VL_ESTORE : VL_OK), "%zu bytes of the seal: %s", n, err.what);
        CHECK(n || strstr(err.what, "never sealed"), "no seal yet: %s", err.what);
    }
}

/* The seal of earlier stores: behind HDF5's end. */
static void check_behind(int fd, const vl_buf *front)
{
    vl_buf file = { 0 };
    vl_err err = VL_ERR_INIT;
    vl_seal seal = { .place = VL_SEAL_BEHIND };
    put_file(fd, front->data + VL_SEAL_BLOCK, front->len - VL_SEAL_BLOCK);
    CHECK(!vl_seal_write(fd, 2, &seal, &err) && seal.bytes == front->len - VL_SEAL_BLOCK + VL_TRAILER,
          "behind: %s", err.what);
    recipe_read("small", &file);
    check_bytes(fd, &file, (edges){ .front = 8, .flags = VL_HDF5_FLAGS_AT, .behind = VL_TRAILER });
    vl_buf_free(&file);
}

static void check_seal(void)
{
    vl_buf file = { 0 };
    vl_err err = VL_ERR_INIT;
    struct stat made;
    CHECK(!write_small("small"), "small store");
    CHECK(!stat("small", &made) && !(made.st_mode & 0333), "a store is for reading: mode %o", made.st_mode);
    if (chmod("small", 0600)) abort();
    recipe_read("small", &file);
    const int fd = open("small", O_RDWR);
    if (fd < 0) abort();
    check_half_seals(fd, &file);
    check_bytes(fd, &file, (edges){ .front = VL_SEAL_BLOCK + 8, .flags = VL_SEAL_BLOCK + VL_HDF5_FLAGS_AT });
    check_behind(fd, &file);
    close(fd);
    unlink("small");
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
