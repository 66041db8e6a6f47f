/*
 * The trailer behind HDF5's end of a store: says how long the store is and what all its bytes hash to. HDF5
 * programs do not see it. Layout, little-endian: "VIALSEAL", u32 version 1, u32 bytes of text that lies
 * between the two (0 in stores; the record in a sample.h5), u64 bytes before the trailer, their hash, u64
 * XXH3-64 of the 40 bytes so far. The hash is XXH3-128 over the XXH3-128 of each MiB (all in canonical
 * order), so that all threads can work on it.
 */
#include "pipeline/store/seal.h"

#include "formats/letter.h"
#include "formats/xxh3.h"
#include "pipeline/run/run.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char magic[8] = "VIALSEAL";
enum { PIECE = 1 << 20 };

/* Reads exactly n bytes at `at`. */
static vl_code read_at(int fd, uint8_t *bytes, size_t n, uint64_t at, vl_err *err)
{
    for (size_t done = 0; done < n;) {
        const ssize_t got = pread(fd, bytes + done, n - done, (off_t)(at + done));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0)
            return vl_fail_errno(err, VL_EIO, errno, "cannot read byte %llu",
                                 (unsigned long long)(at + done));
        if (!got) return vl_fail(err, VL_ESTORE, "ends at byte %llu", (unsigned long long)(at + done));
        done += (size_t)got;
    }
    return VL_OK;
}

/* One MiB of the store on its way through the stages. */
typedef struct load {
    uint8_t *bytes;
    XXH128_canonical_t hash;
} load;

typedef struct body {
    int fd;
    uint64_t bytes;
    XXH3_state_t *hash; /* over the hashes of the pieces */
} body;

static vl_code begin(void *self, vl_slot *slot, vl_err *err)
{
    const body *const b = self;
    (void)err;
    slot->end = (slot->seq + 1) * PIECE >= b->bytes;
    return VL_OK;
}

static vl_code hash_piece(void *self, vl_slot *slot, vl_err *err)
{
    const body *const b = self;
    load *const l = slot->body;
    const uint64_t at = slot->seq * PIECE, left = b->bytes - at;
    const size_t n = left < PIECE ? (size_t)left : PIECE;
    if (read_at(b->fd, l->bytes, n, at, err)) return err->code;
    XXH128_canonicalFromHash(&l->hash, XXH3_128bits(l->bytes, n));
    return VL_OK;
}

static vl_code add_hash(void *self, vl_slot *slot, vl_err *err)
{
    const body *const b = self;
    const load *const l = slot->body;
    (void)err;
    XXH3_128bits_update(b->hash, l->hash.digest, sizeof l->hash.digest);
    return VL_OK;
}

/* bytes > 0 */
static vl_code hash_body(int fd, uint64_t bytes, int threads, XXH128_canonical_t *hash, vl_err *err)
{
    body b = { .fd = fd, .bytes = bytes, .hash = XXH3_createState() };
    const vl_stage stage[] = { { "begin", VL_ORDERED, begin, &b },
                               { "hash", VL_PARALLEL, hash_piece, &b },
                               { "add", VL_ORDERED, add_hash, &b } };
    const int n = vl_slots_for(threads);
    load *const l = calloc((size_t)n, sizeof *l);
    vl_slot *const slot = calloc((size_t)n, sizeof *slot);
    uint8_t *const room = vl_alloc((size_t)n * PIECE);
    if (!b.hash || !l || !slot || !room) {
        vl_fail(err, VL_ENOMEM, "no memory to hash a store");
        goto out;
    }
    XXH3_128bits_reset(b.hash);
    for (int i = 0; i < n; i++) {
        l[i].bytes = room + (size_t)i * PIECE;
        slot[i].body = &l[i];
    }
    if (vl_run(stage, 3, slot, n, threads, NULL, err)) goto out;
    XXH128_canonicalFromHash(hash, XXH3_128bits_digest(b.hash));
out:
    XXH3_freeState(b.hash);
    free(room);
    free(slot);
    free(l);
    return err->code;
}

static vl_code write_all(int fd, const uint8_t *bytes, size_t n, uint64_t at, vl_err *err)
{
    for (size_t done = 0; done < n;) {
        const ssize_t put = pwrite(fd, bytes + done, n - done, (off_t)(at + done));
        if (put < 0 && errno == EINTR) continue;
        if (put <= 0) return vl_fail_errno(err, VL_EIO, put ? errno : EIO, "cannot write the trailer");
        done += (size_t)put;
    }
    return VL_OK;
}

vl_code vl_seal_write(int fd, int threads, uint32_t text, uint64_t *total, vl_err *err)
{
    struct stat st;
    uint8_t trailer[VL_TRAILER] = { 0 };
    XXH128_canonical_t hash;
    if (fstat(fd, &st)) return vl_fail_errno(err, VL_EIO, errno, "cannot size the store");
    const uint64_t bytes = (uint64_t)st.st_size;
    (void)sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE); /* advice: the disk works while we hash */
    if (hash_body(fd, bytes, threads, &hash, err)) return err->code;
    memcpy(trailer, magic, sizeof magic);
    vl_put_le32(trailer + 8, 1);
    vl_put_le32(trailer + 12, text);
    vl_put_le64(trailer + 16, bytes);
    memcpy(trailer + 24, hash.digest, 16);
    vl_put_le64(trailer + 40, XXH3_64bits(trailer, 40));
    if (write_all(fd, trailer, sizeof trailer, bytes, err)) return err->code;
    if (fsync(fd)) return vl_fail_errno(err, VL_EIO, errno, "cannot sync the store");
    *total = bytes + VL_TRAILER;
    return VL_OK;
}

static vl_code check(int fd, int threads, uint64_t size, uint8_t trailer[VL_TRAILER], vl_err *err)
{
    uint8_t first[8];
    XXH128_canonical_t hash;
    if (size < VL_TRAILER + sizeof first)
        return vl_fail(err, VL_ESTORE, "not a vial store: only %llu bytes", (unsigned long long)size);
    if (read_at(fd, first, sizeof first, 0, err)) return err->code;
    if (memcmp(first, "\x89HDF\r\n\x1a\n", 8))
        return vl_fail(err, VL_ESTORE, "not a vial store: no HDF5 signature");
    if (read_at(fd, trailer, VL_TRAILER, size - VL_TRAILER, err)) return err->code;
    if (memcmp(trailer, magic, sizeof magic))
        return vl_fail(err, VL_ESTORE, "no trailer: the store is cut short, or the file is no vial store");
    if (vl_le64(trailer + 40) != XXH3_64bits(trailer, 40))
        return vl_fail(err, VL_ESTORE, "the trailer is damaged");
    if (vl_le32(trailer + 8) != 1) return vl_fail(err, VL_ESTORE, "trailer version %u", vl_le32(trailer + 8));
    if (vl_le64(trailer + 16) != size - VL_TRAILER)
        return vl_fail(err, VL_ESTORE, "store has %llu bytes, its trailer says %llu",
                       (unsigned long long)size, (unsigned long long)vl_le64(trailer + 16) + VL_TRAILER);
    if (!threads) return VL_OK;
    if (hash_body(fd, size - VL_TRAILER, threads, &hash, err)) return err->code;
    if (memcmp(hash.digest, trailer + 24, 16))
        return vl_fail(err, VL_ESTORE, "bytes do not match the hash in the trailer");
    return VL_OK;
}

static vl_code open_sealed(const char *path, int *fd, uint64_t *bytes, vl_err *err)
{
    struct stat st;
    *fd = open(path, O_RDONLY | O_CLOEXEC);
    if (*fd < 0) return vl_fail_errno(err, VL_ENOIN, errno, "cannot open");
    if (fstat(*fd, &st)) return vl_fail_errno(err, VL_EIO, errno, "cannot size");
    if (S_ISDIR(st.st_mode)) return vl_fail(err, VL_ENOIN, "is a folder, not a store");
    if (!S_ISREG(st.st_mode)) return vl_fail(err, VL_ESTORE, "not a vial store: not a regular file");
    *bytes = (uint64_t)st.st_size;
    return VL_OK;
}

vl_code vl_seal_check(const char *path, int threads, uint64_t *bytes, vl_err *err)
{
    uint8_t trailer[VL_TRAILER];
    uint64_t size = 0;
    int fd = -1;
    if (!open_sealed(path, &fd, &size, err)) check(fd, threads, size, trailer, err);
    if (bytes) *bytes = err->code ? 0 : size;
    if (fd >= 0) close(fd);
    return vl_err_file(err, path);
}

vl_code vl_seal_read(const char *path, vl_sealed *out, vl_buf *text, vl_err *err)
{
    uint8_t trailer[VL_TRAILER];
    uint64_t size = 0;
    int fd = -1;
    if (open_sealed(path, &fd, &size, err) || check(fd, text ? 1 : 0, size, trailer, err)) goto out;
    const uint32_t n = vl_le32(trailer + 12);
    out->bytes = size;
    vl_hex(trailer + 24, 16, out->hash);
    if (!text) goto out;
    text->len = 0;
    if (n > size - VL_TRAILER) vl_fail(err, VL_ESTORE, "the trailer is damaged");
    else if (!vl_buf_reserve(text, n, err) && !read_at(fd, text->data, n, size - VL_TRAILER - n, err))
        text->len = n;
out:
    if (fd >= 0) close(fd);
    return vl_err_file(err, path);
}
