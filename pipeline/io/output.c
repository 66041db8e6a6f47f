/*
 * Output (output.h): a temporary file .NAME.part-PID beside the file to be, or a pipe or device as it is.
 *
 * Everything is done relative to the folder, which is held open, so that moving it away in between does no
 * harm. Without force, the rename itself refuses an existing file: nobody can slip one in behind our check.
 */
#include "pipeline/io/output.h"
#include "pipeline/run/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

enum { TEXT_LEVEL = 6, BAM_LEVEL = 1, ZSTD_LEVEL = 6 };

struct vl_output {
    char *path;       /* owned; as given, links followed */
    const char *name; /* last part of path */
    char temp[256];   /* name in the folder while it is being written; "" if there is none */
    int folder;       /* -1 if written directly */
    int fd;           /* owned unless it is standard output */
    bool force, failed, settled, committed;
    vl_packing packing;
    int level; /* of BGZF */
    uint64_t bytes;
    const vl_writer *writer; /* NULL: none */
    const char *reference;   /* of the writer; borrowed, or NULL */
    void *written;           /* owned: the writer's; NULL: it was given nothing yet */
};

/* Endings of packed files, and how they are written; 0: they are not. */
static const struct {
    const char *ending, *name;
    vl_packing packing;
    int level;
} endings[] = {
    { ".gz", "gzip", VL_PACK_BGZF, TEXT_LEVEL },
    { ".bgz", "BGZF", VL_PACK_BGZF, TEXT_LEVEL },
    { ".bam", "BGZF", VL_PACK_BGZF, BAM_LEVEL },
    { ".ubam", "BGZF", VL_PACK_BGZF, BAM_LEVEL },
    { ".zst", "zstd", VL_PACK_ZSTD },
    { ".cram", "CRAM", 0 },
    { ".mz5", "mz5", 0 },
    { ".bz2", "bzip2", 0 },
    { ".xz", "xz", 0 },
    { ".lzma", "LZMA", 0 },
    { ".zip", "zip", 0 },
    { ".7z", "7z", 0 },
    { ".lz4", "LZ4", 0 },
    { ".Z", "compress", 0 },
    { ".br", "Brotli", 0 },
};

/* The number of the ending of a name; -1: none of these. */
static int find_ending(const char *path)
{
    const size_t n = strlen(path);
    for (int i = 0; i < (int)(sizeof endings / sizeof *endings); i++) {
        const size_t len = strlen(endings[i].ending);
        if (n > len && path[n - len - 1] != '/' && !strcasecmp(path + n - len, endings[i].ending)) return i;
    }
    return -1;
}

const char *vl_output_promises(const char *path)
{
    const int i = find_ending(path);
    return i < 0 ? NULL : endings[i].name;
}

bool vl_output_cannot(const char *path)
{
    const int i = find_ending(path);
    return i >= 0 && !endings[i].packing;
}

static vl_code choose_packing(vl_output *out, vl_err *err)
{
    const int i = find_ending(out->path);
    if (out->packing) return VL_OK;
    out->packing = i < 0 ? VL_PACK_PLAIN : endings[i].packing;
    if (out->packing) return VL_OK;
    vl_fail(err, VL_EARG,
            "promises %s, which is not written; .gz, .bgz and .bam (BGZF) and .zst are, all else is plain",
            endings[i].name);
    return vl_err_file(err, out->path);
}

static vl_code fail_to(const vl_output *out, vl_code code, int errnum, const char *what, vl_err *err)
{
    vl_fail_errno(err, code, errnum, "%s", what);
    return vl_err_file(err, out->path);
}

static vl_code fail_exists(const vl_output *out, vl_err *err)
{
    vl_fail(err, VL_EEXIST, "exists already; --force replaces it");
    return vl_err_file(err, out->path);
}

static vl_code open_direct(vl_output *out, vl_err *err)
{
    out->fd = open(out->path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    return out->fd < 0 ? fail_to(out, VL_EEXIST, errno, "cannot write to it", err) : VL_OK;
}

/* Splits path at its last slash and opens the folder. */
static vl_code open_folder(vl_output *out, vl_err *err)
{
    char *const slash = strrchr(out->path, '/');
    out->name = slash ? slash + 1 : out->path;
    if (!*out->name) {
        vl_fail(err, VL_EEXIST, "is not the name of a file");
        return vl_err_file(err, out->path);
    }
    const char *folder = slash == out->path ? "/" : ".";
    if (slash && slash != out->path) {
        *slash = 0;
        folder = out->path;
    }
    out->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const int errnum = errno;
    if (slash) *slash = '/';
    return out->folder < 0 ? fail_to(out, VL_EEXIST, errnum, "cannot open its folder", err) : VL_OK;
}

/* Tells the guard about the temporary file, with its folder. */
static void name_temp(const vl_output *out)
{
    char path[4096];
    if (snprintf(path, sizeof path, "%.*s%s", (int)(out->name - out->path), out->path, out->temp) <
        (int)sizeof path)
        vl_guard_name(path);
}

static vl_code open_temp(vl_output *out, vl_err *err)
{
    if (open_folder(out, err)) return err->code;
    /* a name in a folder has 255 bytes at most */
    snprintf(out->temp, sizeof out->temp, ".%.200s.part-%ld", out->name, (long)getpid());
    out->fd = openat(out->folder, out->temp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (out->fd >= 0) {
        name_temp(out);
        return VL_OK;
    }
    out->temp[0] = 0; /* not ours to drop */
    return fail_to(out, VL_EEXIST, errno, "cannot make a file in its folder", err);
}

/* The file behind a link is replaced, not the link (which may be /dev/stdout). */
static vl_code follow_link(vl_output *out, vl_err *err)
{
    struct stat st;
    if (lstat(out->path, &st) || !S_ISLNK(st.st_mode)) return VL_OK;
    char *const real = realpath(out->path, NULL);
    if (!real) return fail_to(out, VL_EEXIST, errno, "is a link that leads nowhere", err);
    free(out->path);
    out->path = real;
    return VL_OK;
}

static vl_code open_path(vl_output *out, vl_err *err)
{
    struct stat st;
    if (!strcmp(out->path, "-")) {
        out->fd = STDOUT_FILENO;
        if (!out->packing) out->packing = VL_PACK_PLAIN;
        return VL_OK;
    }
    if (choose_packing(out, err)) return err->code;
    const bool exists = !stat(out->path, &st);
    if (exists && S_ISDIR(st.st_mode)) return fail_to(out, VL_EEXIST, EISDIR, "cannot write to it", err);
    if (exists && !S_ISREG(st.st_mode)) return open_direct(out, err);
    if (exists && !out->force) return fail_exists(out, err);
    if (follow_link(out, err)) return err->code;
    return open_temp(out, err);
}

vl_code vl_output_open(vl_output **out, const char *path, bool force, vl_err *err)
{
    return vl_output_open_as(out, path, VL_PACK_BY_NAME, force, err);
}

vl_code vl_output_open_as(vl_output **result, const char *path, vl_packing packing, bool force, vl_err *err)
{
    *result = NULL;
    vl_output *const out = calloc(1, sizeof *out);
    if (!out) return vl_fail(err, VL_ENOMEM, "no memory for the output");
    out->fd = out->folder = -1;
    out->force = force;
    out->packing = packing;
    const int ending = find_ending(path);
    out->level = ending < 0 ? BAM_LEVEL : endings[ending].level;
    out->path = strdup(path);
    if (!out->path) vl_fail(err, VL_ENOMEM, "no memory for a file name");
    else open_path(out, err);
    if (err->code) vl_output_close(out);
    else *result = out;
    return err->code;
}

void vl_output_set_level(vl_output *out, int which)
{
    if (which) out->level = which - 1;
}

void vl_output_set_writer(vl_output *out, const vl_writer *writer, const char *reference)
{
    out->writer = writer;
    out->reference = reference;
}

bool vl_output_packs(const vl_output *out)
{
    return out->packing == VL_PACK_BGZF || out->packing == VL_PACK_ZSTD;
}

vl_packing vl_output_packing(const vl_output *out) { return out->packing; }

/* One frame, with its checksum. */
static vl_code pack_frame(const vl_buf *text, vl_buf *packed, vl_err *err)
{
    const size_t room = ZSTD_compressBound(text->len);
    if (vl_buf_grow(packed, room, err)) return err->code;
    ZSTD_CCtx *const packer = ZSTD_createCCtx();
    if (!packer) return vl_fail(err, VL_ENOMEM, "no memory for a compressor");
    ZSTD_CCtx_setParameter(packer, ZSTD_c_compressionLevel, ZSTD_LEVEL);
    ZSTD_CCtx_setParameter(packer, ZSTD_c_checksumFlag, 1);
    const size_t n = ZSTD_compress2(packer, packed->data + packed->len, room, text->data, text->len);
    if (ZSTD_isError(n)) vl_fail(err, VL_ENOMEM, "cannot pack: %s", ZSTD_getErrorName(n));
    else packed->len += n;
    ZSTD_freeCCtx(packer);
    return err->code;
}

vl_code vl_output_pack(const vl_output *out, const vl_buf *text, vl_buf *packed, vl_err *err)
{
    if (!text->len) return VL_OK;
    return out->packing == VL_PACK_ZSTD ? pack_frame(text, packed, err)
                                        : vl_bgzf_pack(text->data, text->len, out->level, packed, err);
}

vl_code vl_output_put(vl_output *out, const vl_buf *text, vl_err *err)
{
    vl_buf packed = { 0 };
    if (!vl_output_packs(out)) return vl_output_write(out, text->data, text->len, err);
    if (!vl_output_pack(out, text, &packed, err)) vl_output_write(out, packed.data, packed.len, err);
    vl_buf_free(&packed);
    return err->code;
}

/* The block that ends a BGZF file; a zstd file of no text is a frame of none. */
static vl_code write_end(vl_output *out, vl_err *err)
{
    const vl_buf none = { 0 };
    vl_buf frame = { 0 };
    if (out->writer && out->writer->end(out->written, err)) return vl_err_file(err, out->path);
    if (out->packing == VL_PACK_BGZF) return vl_output_write(out, vl_bgzf_eof, sizeof vl_bgzf_eof, err);
    if (out->packing != VL_PACK_ZSTD || out->bytes) return VL_OK;
    if (!pack_frame(&none, &frame, err)) vl_output_write(out, frame.data, frame.len, err);
    vl_buf_free(&frame);
    return err->code;
}

static vl_code hand_on(vl_output *out, const void *bytes, size_t n, vl_err *err)
{
    if (!n) return VL_OK;
    if (out->written || !out->writer->open(&out->written, out->fd, out->reference, err))
        out->writer->write(out->written, bytes, n, err);
    out->failed = err->code != VL_OK;
    return vl_err_file(err, err->code == VL_EIO || err->code == VL_ECLOSED ? out->path : NULL);
}

vl_code vl_output_write(vl_output *out, const void *bytes, size_t n, vl_err *err)
{
    const char *from = bytes;
    if (out->writer) return hand_on(out, bytes, n, err);
    while (n) {
        const ssize_t done = write(out->fd, from, n < (1u << 30) ? n : 1u << 30);
        if (done >= 0) {
            from += done;
            n -= (size_t)done;
            out->bytes += (uint64_t)done;
        } else if (errno == EAGAIN) { /* somebody made our standard output non-blocking */
            struct pollfd wait = { .fd = out->fd, .events = POLLOUT };
            (void)poll(&wait, 1, -1);
        } else if (errno != EINTR) {
            out->failed = true;
            if (errno != EPIPE) return fail_to(out, VL_EIO, errno, "cannot write", err);
            vl_fail(err, VL_ECLOSED, "pipe closed by reader after %llu bytes",
                    (unsigned long long)out->bytes);
            return vl_err_file(err, out->path);
        }
    }
    return VL_OK;
}

/* Takes the name, and refuses if a file has it. Not every file system can do both at once. */
static int rename_new(const vl_output *out)
{
    if (!renameat2(out->folder, out->temp, out->folder, out->name, RENAME_NOREPLACE)) return 0;
    if (errno != EINVAL && errno != ENOSYS) return errno;
    if (linkat(out->folder, out->temp, out->folder, out->name, 0)) return errno;
    unlinkat(out->folder, out->temp, 0);
    return 0;
}

static int rename_over(const vl_output *out)
{
    return renameat(out->folder, out->temp, out->folder, out->name) ? errno : 0;
}

/* ---- bytes that are there already ---- */

bool vl_output_is_file(const vl_output *out) { return out->folder >= 0 && out->packing == VL_PACK_PLAIN; }

vl_code vl_output_patch(vl_output *out, uint64_t at, const void *bytes, size_t n, vl_err *err)
{
    const char *from = bytes;
    while (n) {
        const ssize_t done = pwrite(out->fd, from, n, (off_t)at);
        if (done < 0 && errno == EINTR) continue;
        if (done < 0) {
            out->failed = true;
            return fail_to(out, VL_EIO, errno, "cannot write", err);
        }
        from += done;
        at += (uint64_t)done;
        n -= (size_t)done;
    }
    return VL_OK;
}

vl_code vl_output_look(const vl_output *out, uint64_t at, void *bytes, size_t n, vl_err *err)
{
    char *to = bytes;
    while (n) {
        const ssize_t done = pread(out->fd, to, n, (off_t)at);
        if (done < 0 && errno == EINTR) continue;
        if (done < 0) return fail_to(out, VL_EIO, errno, "cannot read what was written", err);
        if (!done) return fail_to(out, VL_EIO, EIO, "has become shorter while it was written", err);
        to += done;
        at += (uint64_t)done;
        n -= (size_t)done;
    }
    return VL_OK;
}

/* ---- the end ---- */

vl_code vl_output_settle(vl_output *out, vl_err *err)
{
    if (out->failed || out->committed) {
        vl_fail(err, VL_EBUG, "output is committed %s", out->failed ? "after a failed write" : "twice");
        return vl_err_file(err, out->path);
    }
    if (out->settled) return VL_OK;
    if (write_end(out, err)) return err->code;
    out->settled = true;
    if (out->folder < 0) return VL_OK;
    if (fsync(out->fd)) return fail_to(out, VL_EIO, errno, "cannot write", err);
    const int fd = out->fd;
    out->fd = -1;
    return close(fd) ? fail_to(out, VL_EIO, errno, "cannot write", err) : VL_OK;
}

void vl_output_withdraw(vl_output *out)
{
    if (out->committed && out->folder >= 0 && !out->force) unlinkat(out->folder, out->name, 0);
}

vl_code vl_output_commit(vl_output *out, vl_err *err)
{
    if (vl_output_settle(out, err)) return err->code;
    if (out->folder < 0) {
        out->committed = true;
        return VL_OK;
    }
    const int errnum = out->force ? rename_over(out) : rename_new(out);
    if (errnum == EEXIST) return fail_exists(out, err);
    if (errnum) return fail_to(out, VL_EIO, errnum, "cannot rename", err);
    out->committed = true;
    if (fsync(out->folder) && errno != EINVAL)
        return fail_to(out, VL_EIO, errno, "cannot write its folder", err);
    return VL_OK;
}

void vl_output_close(vl_output *out)
{
    if (!out) return;
    if (out->writer) out->writer->close(out->written);
    if (out->fd >= 0 && out->fd != STDOUT_FILENO) close(out->fd);
    if (out->folder >= 0) {
        if (out->temp[0] && !out->committed) unlinkat(out->folder, out->temp, 0);
        if (out->temp[0]) vl_guard_forget(out->temp);
        close(out->folder);
    }
    free(out->path);
    free(out);
}

uint64_t vl_output_bytes(const vl_output *out) { return out->bytes; }

bool vl_same_file(const char *a, const char *b)
{
    struct stat x, y;
    if ((strcmp(a, "-") ? stat(a, &x) : fstat(STDIN_FILENO, &x)) || stat(b, &y)) return false;
    return S_ISREG(y.st_mode) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}
