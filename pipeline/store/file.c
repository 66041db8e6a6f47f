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
