/* The folders of a bank: places, locks, whole files (bank.h). */
#include "pipeline/bank/bank.h"

#include "formats/letter.h"
#include "pipeline/store/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>
#include <xxhash.h>

/* ---- places ---- */

vl_code vl_bank_path(const vl_bank *bank, char text[VL_BANK_PATH], vl_err *err, const char *fmt, ...)
{
    va_list args;
    const int n = snprintf(text, VL_BANK_PATH, "%s/", bank->root);
    va_start(args, fmt);
    const int m = n < VL_BANK_PATH ? vsnprintf(text + n, (size_t)(VL_BANK_PATH - n), fmt, args) : 0;
    va_end(args);
    return n < VL_BANK_PATH && m < VL_BANK_PATH - n ? VL_OK
                                                    : vl_fail(err, VL_EARG, "a path of the bank is too long");
}

void vl_bank_escape(const char *name, char text[512])
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    size_t at = 0;
    for (const char *p = name; *p && at + 4 < 512; p++) {
        const bool as_is = strchr(plain, *p) && !(p == name && *p == '.');
        if (as_is) text[at++] = *p;
        else at += (size_t)snprintf(text + at, 4, "%%%02X", (unsigned char)*p);
    }
    text[at] = 0;
}

void vl_bank_unescape(const char *name, char text[512])
{
    size_t at = 0;
    for (const char *p = name; *p && at + 1 < 512; p++) {
        const int high = *p == '%' ? vl_hex_digit(p[1]) : -1, low = high >= 0 ? vl_hex_digit(p[2]) : -1;
        text[at++] = low >= 0 ? (char)(high << 4 | low) : *p;
        if (low >= 0) p += 2;
    }
    text[at] = 0;
}

vl_code vl_bank_sample_folder(const vl_bank *bank, const char *sample, char text[VL_BANK_PATH], vl_err *err)
{
    char escaped[512];
    vl_bank_escape(sample, escaped);
    return vl_bank_path(bank, text, err, "samples/%02x/%s",
                        (unsigned)(XXH3_64bits(sample, strlen(sample)) >> 56), escaped);
}

vl_code vl_bank_store_path(const vl_bank *bank, const char *sample, const char *file, char text[VL_BANK_PATH],
                           vl_err *err)
{
    char escaped[512];
    vl_bank_escape(sample, escaped);
    return vl_bank_path(bank, text, err, "samples/%02x/%s/%s",
                        (unsigned)(XXH3_64bits(sample, strlen(sample)) >> 56), escaped, file);
}

static vl_code make_one(const char *path, vl_err *err)
{
    struct stat st;
    if (!mkdir(path, 0777)) return vl_sync_folder(path, err);
    const int why = errno;
    if (!stat(path, &st) && S_ISDIR(st.st_mode)) return VL_OK;
    return vl_bank_cannot(path, why, "cannot make the folder", err);
}

vl_code vl_bank_make_folder(const vl_bank *bank, const char *path, vl_err *err)
{
    char part[VL_BANK_PATH];
    for (const char *p = path + strlen(bank->root) + 1; p; p = strchr(p, '/')) {
        while (*p == '/') p++;
        const char *const end = strchr(p, '/');
        snprintf(part, sizeof part, "%.*s", end ? (int)(end - path) : (int)strlen(path), path);
        if (make_one(part, err)) return err->code;
    }
    return VL_OK;
}

/* ---- locks ---- */

double vl_bank_now(void)
{
    struct timespec t;
    const char *const set = getenv("VIAL_NOW");
    if (set && *set) return strtod(set, NULL);
    clock_gettime(CLOCK_REALTIME, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double ticks(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Somebody may have removed or replaced the file between open and lock. */
static bool is_still(int fd, const char *path)
{
    struct stat mine, named;
    return !fstat(fd, &mine) && !stat(path, &named) && mine.st_ino == named.st_ino &&
           mine.st_dev == named.st_dev;
}

vl_code vl_bank_lock(const char *path, double wait, int *fd, vl_err *err)
{
    const double start = ticks();
    for (;;) {
        *fd = vl_bank_open_lock(path);
        if (*fd < 0) return vl_bank_cannot(path, errno, "cannot make the lock", err);
        if (!flock(*fd, LOCK_EX | LOCK_NB) && is_still(*fd, path)) return VL_OK;
        const int why = errno;
        close(*fd);
        *fd = -1;
        if (why != EWOULDBLOCK && why != EINTR && why != ENOENT && why) {
            vl_fail_errno(err, VL_ECONFIG, why, "the file system of the bank cannot lock files");
            return vl_err_file(err, path);
        }
        if (ticks() - start >= wait) {
            vl_fail(err, VL_EBUSY, "another run holds it");
            return vl_err_file(err, path);
        }
        nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
    }
}

/* ---- files ---- */

vl_code vl_bank_write_file(const char *path, const void *bytes, size_t n, vl_err *err)
{
    char part[VL_BANK_PATH + 64];
    const char *const slash = strrchr(path, '/');
    const int folder = slash ? (int)(slash - path) + 1 : 0;
    snprintf(part, sizeof part, "%.*s.%s.%ld.part", folder, path, path + folder, (long)getpid());
    const int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (fd < 0) return vl_bank_cannot(path, errno, "cannot create", err);
    if (!vl_write_all(fd, bytes, n, err) && fsync(fd)) vl_fail_errno(err, VL_EIO, errno, "cannot sync");
    if (close(fd) && !err->code) vl_fail_errno(err, VL_EIO, errno, "cannot close");
    if (!err->code && rename(part, path)) vl_fail_errno(err, VL_EIO, errno, "cannot rename");
    if (err->code) {
        unlink(part);
        return vl_err_file(err, path);
    }
    return vl_sync_folder(path, err);
}

vl_code vl_bank_room(const vl_bank *bank, uint64_t *bytes, vl_err *err)
{
    struct statvfs vfs;
    *bytes = 0;
    if (statvfs(bank->root, &vfs)) {
        vl_fail_errno(err, VL_EIO, errno, "cannot ask for free space");
        return vl_err_file(err, bank->root);
    }
    const uint64_t free = (uint64_t)vfs.f_bavail * vfs.f_frsize;
    *bytes = free > bank->reserve ? free - bank->reserve : 0;
    return VL_OK;
}

/* ---- time ---- */

const char *vl_bank_time(double now, char text[32])
{
    const time_t whole = (time_t)now;
    struct tm utc;
    if (!gmtime_r(&whole, &utc) || !strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &utc)) snprintf(text, 32, "-");
    return text;
}

const char *vl_bank_date(double now, char text[32])
{
    const time_t whole = (time_t)now;
    struct tm local;
    if (!localtime_r(&whole, &local) || !strftime(text, 32, "%Y-%m-%d", &local)) snprintf(text, 32, "-");
    return text;
}
