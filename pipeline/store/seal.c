/*
 * The trailer behind HDF5's end of a store: says how long the store is and what all its bytes hash to. HDF5
 * programs do not see it. Layout, little-endian: "VIALSEAL", u32 version 1, u32 0, u64 bytes before the
 * trailer, XXH3-128 of them (canonical order), u64 XXH3-64 of the 40 bytes so far.
 */
#include "pipeline/store/seal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

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

static vl_code hash_body(int fd, uint64_t bytes, XXH128_canonical_t *hash, vl_err *err)
{
    uint8_t *const piece = vl_alloc(PIECE);
    XXH3_state_t *const state = XXH3_createState();
    if (!piece || !state) {
        vl_fail(err, VL_ENOMEM, "no memory to hash a store");
        goto out;
    }
    XXH3_128bits_reset(state);
    for (uint64_t at = 0; at < bytes;) {
        const size_t n = bytes - at < PIECE ? (size_t)(bytes - at) : PIECE;
        if (read_at(fd, piece, n, at, err)) goto out;
        XXH3_128bits_update(state, piece, n);
        at += n;
    }
    XXH128_canonicalFromHash(hash, XXH3_128bits_digest(state));
out:
    XXH3_freeState(state);
    free(piece);
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

vl_code vl_seal_write(int fd, uint64_t *total, vl_err *err)
{
    struct stat st;
    uint8_t trailer[VL_TRAILER] = { 0 };
    XXH128_canonical_t hash;
    if (fstat(fd, &st)) return vl_fail_errno(err, VL_EIO, errno, "cannot size the store");
    const uint64_t bytes = (uint64_t)st.st_size;
    if (hash_body(fd, bytes, &hash, err)) return err->code;
    memcpy(trailer, magic, sizeof magic);
    vl_put_le32(trailer + 8, 1);
    vl_put_le64(trailer + 16, bytes);
    memcpy(trailer + 24, hash.digest, 16);
    vl_put_le64(trailer + 40, XXH3_64bits(trailer, 40));
    if (write_all(fd, trailer, sizeof trailer, bytes, err)) return err->code;
    if (fsync(fd)) return vl_fail_errno(err, VL_EIO, errno, "cannot sync the store");
    *total = bytes + VL_TRAILER;
    return VL_OK;
}

static vl_code check(int fd, bool whole, uint64_t size, vl_err *err)
{
    uint8_t trailer[VL_TRAILER], first[8];
    XXH128_canonical_t hash;
    if (size < VL_TRAILER + sizeof first)
        return vl_fail(err, VL_ESTORE, "not a vial store: only %llu bytes", (unsigned long long)size);
    if (read_at(fd, first, sizeof first, 0, err)) return err->code;
    if (memcmp(first, "\x89HDF\r\n\x1a\n", 8))
        return vl_fail(err, VL_ESTORE, "not a vial store: no HDF5 signature");
    if (read_at(fd, trailer, sizeof trailer, size - VL_TRAILER, err)) return err->code;
    if (memcmp(trailer, magic, sizeof magic))
        return vl_fail(err, VL_ESTORE, "no trailer: the store is cut short, or the file is no vial store");
    if (vl_le64(trailer + 40) != XXH3_64bits(trailer, 40))
        return vl_fail(err, VL_ESTORE, "the trailer is damaged");
    if (vl_le32(trailer + 8) != 1) return vl_fail(err, VL_ESTORE, "trailer version %u", vl_le32(trailer + 8));
    if (vl_le64(trailer + 16) != size - VL_TRAILER)
        return vl_fail(err, VL_ESTORE, "store has %llu bytes, its trailer says %llu",
                       (unsigned long long)size, (unsigned long long)vl_le64(trailer + 16) + VL_TRAILER);
    if (!whole) return VL_OK;
    if (hash_body(fd, size - VL_TRAILER, &hash, err)) return err->code;
    if (memcmp(hash.digest, trailer + 24, 16))
        return vl_fail(err, VL_ESTORE, "bytes do not match the hash in the trailer");
    return VL_OK;
}

vl_code vl_seal_check(const char *path, bool whole, uint64_t *bytes, vl_err *err)
{
    struct stat st;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return vl_fail_errno(err, VL_ENOIN, errno, "cannot open"), vl_err_file(err, path);
    if (fstat(fd, &st)) vl_fail_errno(err, VL_EIO, errno, "cannot size");
    else if (S_ISDIR(st.st_mode)) vl_fail(err, VL_ENOIN, "is a folder, not a store");
    else if (!S_ISREG(st.st_mode)) vl_fail(err, VL_ESTORE, "not a vial store: not a regular file");
    else check(fd, whole, (uint64_t)st.st_size, err);
    if (bytes) *bytes = err->code ? 0 : (uint64_t)st.st_size;
    close(fd);
    return vl_err_file(err, path);
}
