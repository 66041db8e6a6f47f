/*
 * The file of a store on its way: a temporary name that its process has locked, and the name at the end
 * (store.h).
 */
#include "pipeline/store/file.h"

#include "pipeline/run/guard.h"
#include "pipeline/store/h5.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The temporary name: hidden, in the same folder. */
static char *part_name(const char *path)
{
    char *const copy = strdup(path);
    if (!copy) return NULL;
    const char *const slash = strrchr(path, '/');
    const size_t folder = slash ? (size_t)(slash - path) + 1 : 0, n = strlen(path) + 16;
    char *const part = malloc(n);
    if (part) snprintf(part, n, "%.*s.%s.part", (int)folder, path, path + folder);
    free(copy);
    return part;
}

/* The temporary file is not ours: it is not to be removed. */
static vl_code not_ours(vl_store *st, vl_err *err)
{
    if (st->fd >= 0) close(st->fd);
    st->fd = -1;
    free(st->part);
    st->part = NULL;
    return vl_err_file(err, st->path);
}

/* Makes or takes over the temporary file and locks it: what a dead process left behind has no lock. Between
 * open and lock another process may have published what we opened: then the name is gone, or is another
 * file's. */
static vl_code open_part(vl_store *st, vl_err *err)
{
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    struct stat open_one, named = { 0 };
    st->fd = open(st->part, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
    const bool made = st->fd >= 0;
    if (!made && errno == EEXIST) st->fd = open(st->part, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (st->fd < 0) {
        vl_fail_errno(err, VL_EEXIST, errno, "cannot create the store");
        return not_ours(st, err);
    }
    if (fcntl(st->fd, F_OFD_SETLK, &lock)) {
        const bool taken = errno == EAGAIN || errno == EACCES;
        if (taken) vl_fail(err, VL_EBUSY, "another vial is writing this store");
        else vl_fail_errno(err, VL_EIO, errno, "cannot lock the new store");
        return made && !taken ? vl_err_file(err, st->path) : not_ours(st, err);
    }
    vl_guard_name(st->part); /* locked: whatever it was, it is ours now */
    if (fstat(st->fd, &open_one) || (lstat(st->part, &named) && errno != ENOENT)) {
        vl_fail_errno(err, VL_EIO, errno, "cannot look at the new store");
        return vl_err_file(err, st->path);
    }
    if (open_one.st_nlink && open_one.st_ino == named.st_ino && open_one.st_dev == named.st_dev) return VL_OK;
    vl_guard_forget(st->part);
    vl_fail(err, VL_EBUSY, "another vial was writing this store");
    return not_ours(st, err);
}

static vl_code create_file(vl_store *st, vl_err *err)
{
    enum {
        PIECE = 512
    }; /* of the file, that HDF5 sets aside for small things: what is left of the last is lost */
    const hid_t access = H5Pcreate(H5P_FILE_ACCESS), create = H5Pcreate(H5P_FILE_CREATE);
    if (access < 0 || create < 0 || H5Pset_libver_bounds(access, H5F_LIBVER_V110, H5F_LIBVER_V110) < 0 ||
        H5Pset_meta_block_size(access, PIECE) < 0 || H5Pset_small_data_block_size(access, PIECE) < 0 ||
        H5Pset_obj_track_times(create, 0) < 0 || H5Pset_file_locking(access, 0, 1) < 0 ||
        H5Pset_userblock(create, VL_SEAL_BLOCK) < 0 || !vl_hdf5_compact_group(create))
        vl_store_give_up(st, err, "file properties");
    else if ((st->file = H5Fcreate(st->part, H5F_ACC_TRUNC, create, access)) < 0)
        vl_store_give_up(st, err, "a new HDF5 file");
    H5Pclose(access);
    H5Pclose(create);
    return err->code;
}

vl_code vl_store_begin(vl_store **out, const char *path, vl_profile profile, bool force, vl_err *err)
{
    struct stat there;
    vl_store *const st = *out = calloc(1, sizeof *st);
    if (!st) return vl_fail(err, VL_ENOMEM, "no memory for a store");
    st->fd = -1;
    st->file = -1;
    st->profile = profile;
    st->force = force;
    st->path = strdup(path);
    st->part = part_name(path);
    if (!st->path || !st->part) vl_fail(err, VL_ENOMEM, "no memory for a store");
    else if (!force && !access(path, F_OK)) vl_fail(err, VL_EEXIST, "exists already; --force replaces it");
    else if (!stat(path, &there) && !S_ISREG(there.st_mode))
        vl_fail(err, VL_EEXIST, "exists already and is no regular file");
    return err->code ? not_ours(st, err) : open_part(st, err);
}

vl_code vl_store_create(vl_store **out, const char *path, vl_profile profile, bool force, vl_err *err)
{
    if (!vl_store_begin(out, path, profile, force, err) && !vl_hdf5_start(err) && !create_file(*out, err))
        return VL_OK;
    vl_store_close(*out);
    *out = NULL;
    return err->code;
}

/* Is what has the name still what the copy was made of? */
static bool is_replaced(const vl_store *st)
{
    struct stat now;
    const struct stat *const was = &st->replaces;
    return was->st_ino && (stat(st->path, &now) || now.st_ino != was->st_ino || now.st_dev != was->st_dev ||
                           now.st_size != was->st_size);
}

/* ---- publish ---- */

/* A store never changes: who opens it for writing by mistake is told so. Where a file system has no modes,
 * all is as well as it can be. Only now: a dead run's temporary file must be writable for who takes it
 * over. */
static void make_read_only(const vl_store *st)
{
    struct stat now;
    if (!fstat(st->fd, &now)) (void)fchmod(st->fd, (st->readers ? st->readers : now.st_mode) & 0444);
}

vl_code vl_store_name(vl_store *st, vl_err *err)
{
    if (is_replaced(st)) {
        vl_fail(err, VL_EBUSY, "another vial has replaced it meanwhile");
        return vl_err_file(err, st->path);
    }
    int failed = renameat2(AT_FDCWD, st->part, AT_FDCWD, st->path, st->force ? 0 : RENAME_NOREPLACE);
    if (failed && errno == EINVAL && !st->force) /* a file system that cannot refuse to replace */
        failed = access(st->path, F_OK) ? rename(st->part, st->path) : (errno = EEXIST, -1);
    if (failed) {
        vl_fail_errno(err, errno == EEXIST ? VL_EEXIST : VL_EIO, errno, "cannot give the store its name");
        return vl_err_file(err, st->path);
    }
    vl_guard_forget(st->part);
    free(st->part);
    st->part = NULL;
    make_read_only(st);
    return VL_OK;
}

vl_code vl_store_publish(vl_store *st, vl_err *err)
{
    if (vl_store_name(st, err)) return err->code;
    vl_sync_folder(st->path, err);
    return vl_err_file(err, st->path);
}

const char *vl_store_part(const vl_store *st) { return st->part; }
vl_profile vl_store_profile(const vl_store *st) { return st->profile; }
uint64_t vl_store_bytes(const vl_store *st) { return st->bytes; }
