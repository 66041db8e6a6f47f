/* Whole files (file.h). */
#include "pipeline/store/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

vl_code vl_write_all(int fd, const void *bytes, size_t n, vl_err *err)
{
    for (size_t done = 0; done < n;) {
        const ssize_t put = write(fd, (const char *)bytes + done, n - done);
        if (put < 0 && errno == EINTR) continue;
        if (put <= 0) return vl_fail_errno(err, VL_EIO, put ? errno : EIO, "cannot write");
        done += (size_t)put;
    }
    return VL_OK;
}

vl_code vl_read_at(int fd, void *bytes, size_t n, uint64_t at, vl_err *err)
{
    for (size_t done = 0; done < n;) {
        const ssize_t got = pread(fd, (uint8_t *)bytes + done, n - done, (off_t)(at + done));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0)
            return vl_fail_errno(err, VL_EIO, errno, "cannot read byte %llu",
                                 (unsigned long long)(at + done));
        if (!got) return vl_fail(err, VL_ESTORE, "ends at byte %llu", (unsigned long long)(at + done));
        done += (size_t)got;
    }
    return VL_OK;
}

vl_code vl_write_at(int fd, const void *bytes, size_t n, uint64_t at, vl_err *err)
{
    for (size_t done = 0; done < n;) {
        const ssize_t put = pwrite(fd, (const uint8_t *)bytes + done, n - done, (off_t)(at + done));
        if (put < 0 && errno == EINTR) continue;
        if (put <= 0) return vl_fail_errno(err, VL_EIO, put ? errno : EIO, "cannot write");
        done += (size_t)put;
    }
    return VL_OK;
}

vl_code vl_sync_folder(const char *path, vl_err *err)
{
    char *const copy = strdup(path);
    if (!copy) return vl_fail(err, VL_ENOMEM, "no memory for a path");
    const int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd)) vl_fail_errno(err, VL_EIO, errno, "cannot sync the folder");
    if (fd >= 0) close(fd);
    free(copy);
    return err->code;
}

vl_code vl_copy_bytes(int from, int to, uint64_t n, vl_err *err)
{
    enum { PIECE = 1 << 20 };
    ssize_t got = 1;
    for (; n && got > 0; n -= (uint64_t)got) {
        got = copy_file_range(from, NULL, to, NULL, n, 0);
        if (got < 0 && errno == EINTR) got = 0;
        if (got <= 0) break;
    }
    if (!n) return VL_OK;
    uint8_t *const piece = malloc(PIECE);
    if (!piece) return vl_fail(err, VL_ENOMEM, "no memory to copy a file");
    while (n && !err->code) {
        got = read(from, piece, n < PIECE ? n : PIECE);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) vl_fail_errno(err, VL_EIO, errno, "cannot read");
        else if (!got) vl_fail(err, VL_ESTORE, "%llu bytes are missing", (unsigned long long)n);
        else if (!vl_write_all(to, piece, (size_t)got, err)) n -= (uint64_t)got;
    }
    free(piece);
    return err->code;
}
