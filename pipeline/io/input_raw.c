/*
 * Raw input bytes (input_raw.h). One read is 1 MiB: large enough that the system call costs nothing, small
 * enough that the digest and the decompressor find the piece in the cache.
 */
#include "pipeline/io/input_raw.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    PIECE = 1 << 20,
    BEHIND = 8 /* used bytes that stay in the window, for a decompressor that gives back what it read ahead */
};

void vl_raw_step(vl_raw *raw, ptrdiff_t n)
{
    assert(n <= (ptrdiff_t)vl_raw_left(raw) && -n <= (ptrdiff_t)raw->used);
    raw->used = (size_t)((ptrdiff_t)raw->used + n);
}

void vl_raw_start(vl_raw *raw, int fd)
{
    raw->window.len = raw->used = 0;
    raw->read = 0;
    raw->end = false;
    raw->fd = fd;
    if (!raw->unhashed) SHA256_Init(&raw->sha);
}

vl_code vl_raw_open(vl_raw *raw, const char *path, vl_err *err)
{
    const bool standard = !strcmp(path, "-");
    const int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    struct stat st;
    if (fd < 0) return vl_fail_errno(err, VL_ENOIN, errno, "cannot open");
    vl_raw_start(raw, fd);
    if (fstat(fd, &st)) return vl_fail_errno(err, VL_ENOIN, errno, "cannot open");
    if (S_ISDIR(st.st_mode)) return vl_fail(err, VL_ENOIN, "is a folder, not a file");
    (void)posix_fadvise(raw->fd, 0, 0, POSIX_FADV_SEQUENTIAL); /* a hint; pipes refuse it */
    return VL_OK;
}

static size_t piece_of(const vl_raw *raw) { return raw->piece ? raw->piece : PIECE; }

/* One read into the free end of the window, which has room for it. */
static vl_code read_piece(vl_raw *raw, vl_err *err)
{
    uint8_t *const to = raw->window.data + raw->window.len;
    ssize_t got;
    while ((got = read(raw->fd, to, piece_of(raw))) < 0) {
        if (errno == EAGAIN) { /* somebody made our standard input non-blocking */
            struct pollfd wait = { .fd = raw->fd, .events = POLLIN };
            (void)poll(&wait, 1, -1);
        } else if (errno != EINTR) {
            err->packed = raw->read;
            return vl_fail_errno(err, VL_EIO, errno, "cannot read");
        }
    }
    if (!got || (raw->most && raw->read >= raw->most)) raw->end = true;
    if (!raw->unhashed) SHA256_Update(&raw->sha, to, (size_t)got);
    raw->window.len += (size_t)got;
    raw->read += (uint64_t)got;
    return VL_OK;
}

vl_code vl_raw_need(vl_raw *raw, size_t n, vl_err *err)
{
    if (vl_raw_left(raw) >= n || raw->end) return VL_OK;
    const size_t drop = raw->used > BEHIND ? raw->used - BEHIND : 0;
    if (drop) {
        memmove(raw->window.data, raw->window.data + drop, raw->window.len - drop);
        raw->window.len -= drop;
        raw->used -= drop;
    }
    if (vl_buf_reserve(&raw->window, BEHIND + n + piece_of(raw), err)) return err->code;
    while (vl_raw_left(raw) < n && !raw->end)
        if (read_piece(raw, err)) return err->code;
    return VL_OK;
}

static void close_file(vl_raw *raw)
{
    if (raw->fd >= 0 && raw->fd != STDIN_FILENO) close(raw->fd);
    raw->fd = -1;
}

void vl_raw_finish(vl_raw *raw, uint8_t sha256[32])
{
    close_file(raw);
    SHA256_Final(sha256, &raw->sha);
}

void vl_raw_free(vl_raw *raw)
{
    close_file(raw);
    vl_buf_free(&raw->window);
    *raw = (vl_raw)VL_RAW_INIT;
}
