/*
 * Seals (seal.h). In front: 512 bytes of text, so that `head -c 512` says what the file is; lines at fixed
 * places:
 *
 *       0  "VIALSEAL 2"
 *      11  "bytes    " and 20 digits: length of the file, seal included
 *      41  "xxh3_128 " and 32 hexadecimal digits: hash (vl_seal_hash) of all bytes from 512 on
 *      83  "record   ", 20 digits, a blank, 20 digits: first byte and length of the record in a sample.h5;
 *          else 0
 *     134  words for people
 *     486  "check    " and 16 hexadecimal digits: XXH3-64 of the 495 bytes before these digits
 *
 * Behind (version 1), little-endian: "VIALSEAL", u32 version 1, u32 bytes of text between HDF5's end and this
 * (0 in stores; the record in a sample.h5), u64 bytes before the trailer, hash of these, u64 XXH3-64 of the
 * 40 bytes so far.
 */
#include "pipeline/store/seal.h"

#include "formats/letter.h"
#include "pipeline/store/file.h"
#include "formats/xxh3.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char magic[8] = "VIALSEAL";
enum { BYTES_AT = 20, HASH_AT = 50, RECORD_AT = 92, RECORD_BYTES_AT = 113, WORDS_AT = 134, CHECK_AT = 495 };

/* ---- in front ---- */

static const char store_words[] =
    "This is a vial store: one acquisition of an instrument, checked, packed and indexed.\n"
    "From byte 512 on it is HDF5, and HDF5 programs read it as it is; columns that say so\n"
    "need the HDF5 filter 33017. xxh3_128 is over the XXH3-128 of each MiB from byte 512\n"
    "on. vial verify checks it; vial export gives the original files back.\n";
static const char sample_words[] =
    "This is the sample.h5 of vial: what is known of a sample, and links to its stores.\n"
    "From byte 512 on it is HDF5, and HDF5 programs read it as it is. record says where in\n"
    "this file the record of the sample lies, JSON. xxh3_128 is over the XXH3-128 of each\n"
    "MiB from byte 512 on.\n";

static void print_block(const vl_seal *seal, char block[VL_SEAL_BLOCK])
{
    char hex[33], text[VL_SEAL_BLOCK + 1], check[32];
    vl_hex(seal->hash, 16, hex);
    const int n = snprintf(
        text, sizeof text,
        "VIALSEAL 2\nbytes    %020" PRIu64 "\nxxh3_128 %s\nrecord   %020" PRIu64 " %020" PRIu64 "\n%s",
        seal->bytes, hex, seal->record_at, seal->record_bytes, seal->record_at ? sample_words : store_words);
    memset(block, ' ', VL_SEAL_BLOCK);
    memcpy(block, text, (size_t)n);
    memcpy(block + CHECK_AT - 10, "\ncheck    ", 10);
    snprintf(check, sizeof check, "%016" PRIx64 "\n", XXH3_64bits(block, CHECK_AT));
    memcpy(block + CHECK_AT, check, 17);
}

static bool read_number(const char *text, size_t digits, uint64_t *value)
{
    *value = 0;
    for (size_t i = 0; i < digits; i++)
        if (text[i] < '0' || text[i] > '9' || __builtin_mul_overflow(*value, 10, value) ||
            __builtin_add_overflow(*value, (uint64_t)(text[i] - '0'), value))
            return false;
    return true;
}

static bool read_hash(const char *text, uint8_t hash[16])
{
    for (int i = 0; i < 16; i++) {
        const int high = vl_hex_digit(text[2 * i]), low = vl_hex_digit(text[2 * i + 1]);
        if (high < 0 || low < 0) return false;
        hash[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static vl_code read_block(const char block[VL_SEAL_BLOCK], vl_seal *seal, vl_err *err)
{
    char check[32];
    snprintf(check, sizeof check, "%016" PRIx64 "\n", XXH3_64bits(block, CHECK_AT));
    if (memcmp(check, block + CHECK_AT, 17))
        return vl_fail(err, VL_ESTORE, "its seal, the first %d bytes, is damaged", VL_SEAL_BLOCK);
    if (memcmp(block + 8, " 2\n", 3))
        return vl_fail(err, VL_ESTORE, "a seal of another version: '%.3s'", block + 8);
    if (!read_number(block + BYTES_AT, 20, &seal->bytes) || !read_hash(block + HASH_AT, seal->hash) ||
        !read_number(block + RECORD_AT, 20, &seal->record_at) ||
        !read_number(block + RECORD_BYTES_AT, 20, &seal->record_bytes) || seal->bytes <= VL_SEAL_BLOCK)
        return vl_fail(err, VL_ESTORE, "its seal, the first %d bytes, holds no numbers", VL_SEAL_BLOCK);
    return VL_OK;
}

/* ---- behind ---- */

static void print_trailer(const vl_seal *seal, uint8_t trailer[VL_TRAILER])
{
    memcpy(trailer, magic, sizeof magic);
    vl_put_le32(trailer + 8, 1);
    vl_put_le32(trailer + 12, (uint32_t)seal->record_bytes);
    vl_put_le64(trailer + 16, seal->bytes - VL_TRAILER);
    memcpy(trailer + 24, seal->hash, 16);
    vl_put_le64(trailer + 40, XXH3_64bits(trailer, 40));
}

static vl_code read_trailer(const uint8_t trailer[VL_TRAILER], vl_seal *seal, vl_err *err)
{
    if (vl_le64(trailer + 40) != XXH3_64bits(trailer, 40))
        return vl_fail(err, VL_ESTORE, "its seal, the last %d bytes, is damaged", VL_TRAILER);
    if (vl_le32(trailer + 8) != 1) return vl_fail(err, VL_ESTORE, "seal of version %u", vl_le32(trailer + 8));
    if (__builtin_add_overflow(vl_le64(trailer + 16), (uint64_t)VL_TRAILER, &seal->bytes))
        return vl_fail(err, VL_ESTORE, "its seal, the last %d bytes, holds no length", VL_TRAILER);
    memcpy(seal->hash, trailer + 24, 16);
    seal->record_bytes = vl_le32(trailer + 12);
    seal->record_at = seal->record_bytes ? seal->bytes - VL_TRAILER - seal->record_bytes : 0;
    return VL_OK;
}

uint64_t vl_seal_end(const vl_seal *seal)
{
    return seal->place == VL_SEAL_FRONT ? seal->bytes : seal->bytes - VL_TRAILER;
}

/* ---- write ---- */

/* The file has a temporary name until all of it, the seal too, is on the disk: one sync for both. */
vl_code vl_seal_write(int fd, int threads, vl_seal *seal, vl_err *err)
{
    struct stat st;
    char block[VL_SEAL_BLOCK];
    uint8_t trailer[VL_TRAILER];
    const bool front = seal->place == VL_SEAL_FRONT;
    if (fstat(fd, &st)) return vl_fail_errno(err, VL_EIO, errno, "cannot size the store");
    const uint64_t end = (uint64_t)st.st_size, from = front ? VL_SEAL_BLOCK : 0;
    if (end <= from) return vl_fail(err, VL_EBUG, "nothing to seal in %" PRIu64 " bytes", end);
    seal->bytes = front ? end : end + VL_TRAILER;
    (void)sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE); /* advice: the disk works while we hash */
    if (vl_seal_hash(fd, from, end, threads, seal->hash, err)) return err->code;
    if (front) print_block(seal, block);
    else print_trailer(seal, trailer);
    if (front ? vl_write_at(fd, block, sizeof block, 0, err)
              : vl_write_at(fd, trailer, sizeof trailer, end, err))
        return err->code;
    return fsync(fd) ? vl_fail_errno(err, VL_EIO, errno, "cannot sync the store") : VL_OK;
}

/* ---- check ---- */

static vl_code read_seal(int fd, uint64_t size, vl_seal *seal, vl_err *err)
{
    char block[VL_SEAL_BLOCK];
    uint8_t trailer[VL_TRAILER], hdf5[8];
    *seal = (vl_seal){ .place = VL_SEAL_FRONT };
    if (size < sizeof hdf5 + VL_TRAILER)
        return vl_fail(err, VL_ESTORE, "not a vial store: only %" PRIu64 " bytes", size);
    if (vl_read_at(fd, block, size < sizeof block ? size : sizeof block, 0, err)) return err->code;
    if (!memcmp(block, magic, sizeof magic) && size > sizeof block) return read_block(block, seal, err);
    seal->place = VL_SEAL_BEHIND;
    if (vl_read_at(fd, trailer, VL_TRAILER, size - VL_TRAILER, err)) return err->code;
    if (!memcmp(block, VL_HDF5_MAGIC, 8) && !memcmp(trailer, magic, sizeof magic))
        return read_trailer(trailer, seal, err);
    return vl_seal_lost(fd, size, err);
}

static vl_code check_length(const vl_seal *seal, uint64_t size, vl_err *err)
{
    const uint64_t room = vl_seal_end(seal);
    if (seal->bytes > size)
        vl_fail(err, VL_ESTORE, "is cut short: %" PRIu64 " of %" PRIu64 " bytes are there", size,
                seal->bytes);
    else if (seal->bytes < size)
        vl_fail(err, VL_ESTORE, "was changed since it was sealed: it has %" PRIu64 " bytes, and had %" PRIu64,
                size, seal->bytes);
    else if (seal->record_at > room || seal->record_bytes > room - seal->record_at)
        vl_fail(err, VL_ESTORE,
                "its seal points at a record of %" PRIu64 " bytes at %" PRIu64 ", beyond its end",
                seal->record_bytes, seal->record_at);
    return err->code;
}

/* HDF5's signature, and its mark of a program that has the file open for writing: one that was killed leaves
 * it. */
static vl_code check_signature(int fd, const vl_seal *seal, vl_err *err)
{
    uint8_t hdf5[VL_HDF5_FLAGS_AT + 1];
    const uint64_t at = seal->place == VL_SEAL_FRONT ? VL_SEAL_BLOCK : 0;
    if (seal->bytes < at + sizeof hdf5) return vl_fail(err, VL_ESTORE, "its seal is of no HDF5 file");
    if (vl_read_at(fd, hdf5, sizeof hdf5, at, err)) return err->code;
    if (memcmp(hdf5, VL_HDF5_MAGIC, 8))
        return vl_fail(err, VL_ESTORE, "is damaged: no HDF5 signature at byte %" PRIu64, at);
    if (!hdf5[VL_HDF5_FLAGS_AT]) return VL_OK;
    return vl_fail(err, VL_ESTORE,
                   "an HDF5 program has it open for writing, or was killed while it had; then `vial "
                   "reseal` proves the content and seals it again");
}

vl_code vl_seal_look(int fd, uint64_t size, int threads, vl_seal *seal, vl_err *err)
{
    uint8_t hash[16];
    if (read_seal(fd, size, seal, err) || check_length(seal, size, err) || check_signature(fd, seal, err) ||
        !threads)
        return err->code;
    const bool front = seal->place == VL_SEAL_FRONT;
    if (vl_seal_hash(fd, front ? VL_SEAL_BLOCK : 0, vl_seal_end(seal), threads, hash, err)) return err->code;
    if (memcmp(hash, seal->hash, sizeof hash))
        return vl_fail(err, VL_ESTORE,
                       "was changed since it was sealed: its bytes do not match the hash in its seal");
    return VL_OK;
}

static vl_code open_sealed(const char *path, int *fd, uint64_t *bytes, vl_err *err)
{
    struct stat st;
    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe is refused, not waited for */
    if (*fd < 0) return vl_fail_errno(err, VL_ENOIN, errno, "cannot open");
    if (fstat(*fd, &st)) return vl_fail_errno(err, VL_EIO, errno, "cannot size");
    if (S_ISDIR(st.st_mode)) return vl_fail(err, VL_ENOIN, "is a folder, not a store");
    if (!S_ISREG(st.st_mode)) return vl_fail(err, VL_ESTORE, "not a vial store: not a regular file");
    *bytes = (uint64_t)st.st_size;
    return VL_OK;
}

vl_code vl_seal_check(const char *path, int threads, uint64_t *bytes, vl_err *err)
{
    vl_seal seal;
    uint64_t size = 0;
    int fd = -1;
    if (!open_sealed(path, &fd, &size, err) && !vl_seal_look(fd, size, threads, &seal, err) &&
        seal.record_bytes)
        vl_fail(err, VL_ESTORE, "not a store: its seal speaks of a record, as that of a sample.h5 does");
    if (bytes) *bytes = err->code ? 0 : size;
    if (fd >= 0) close(fd);
    return vl_err_file(err, path);
}

vl_code vl_seal_read(const char *path, vl_sealed *out, vl_buf *text, vl_err *err)
{
    vl_seal seal;
    uint64_t size = 0;
    int fd = -1;
    if (open_sealed(path, &fd, &size, err) || vl_seal_look(fd, size, text ? 1 : 0, &seal, err)) goto out;
    out->bytes = size;
    vl_hex(seal.hash, sizeof seal.hash, out->hash);
    if (!text) goto out;
    text->len = 0;
    if (!vl_buf_reserve(text, seal.record_bytes, err) &&
        !vl_read_at(fd, text->data, seal.record_bytes, seal.record_at, err))
        text->len = seal.record_bytes;
out:
    if (fd >= 0) close(fd);
    return vl_err_file(err, path);
}

void vl_seal_said(const char *path, char hex[33])
{
    vl_seal seal;
    vl_err err = VL_ERR_INIT;
    uint64_t size = 0;
    int fd = -1;
    hex[0] = 0;
    if (!open_sealed(path, &fd, &size, &err) && !read_seal(fd, size, &seal, &err)) vl_hex(seal.hash, 16, hex);
    if (fd >= 0) close(fd);
}
