/* Writes sample.h5 (sample.h). */
#include "pipeline/store/sample.h"

#include "pipeline/store/file.h"
#include "pipeline/run/guard.h"
#include "pipeline/store/h5.h"
#include "pipeline/store/seal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static vl_code add_fact(hid_t root, const vl_sample_fact *fact, vl_err *err)
{
    const hid_t type = vl_hdf5_text_type(strlen(fact->value)), space = type < 0 ? -1 : H5Screate(H5S_SCALAR);
    const hid_t attribute =
        space < 0 ? -1 : H5Acreate2(root, fact->name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    if (attribute < 0 || H5Awrite(attribute, type, fact->value) < 0 || H5Aclose(attribute) < 0)
        return vl_hdf5_fail(err, VL_EIO, "cannot write fact '%.60s'", fact->name);
    H5Tclose(type);
    H5Sclose(space);
    return VL_OK;
}

static vl_code add_link(hid_t file, const vl_sample_link *link, vl_err *err)
{
    bool there;
    if (vl_hdf5_has(file, link->kind, &there, VL_EIO, err)) return err->code;
    if (!there) {
        const hid_t create = vl_hdf5_timeless(H5P_GROUP_CREATE);
        const hid_t made = create < 0 ? -1 : H5Gcreate2(file, link->kind, H5P_DEFAULT, create, H5P_DEFAULT);
        if (made < 0 || H5Gclose(made) < 0)
            return vl_hdf5_fail(err, VL_EIO, "cannot write group %s", link->kind);
        H5Pclose(create);
    }
    const hid_t group = H5Gopen2(file, link->kind, H5P_DEFAULT);
    if (group < 0 || H5Lcreate_external(link->file, "/", group, link->name, H5P_DEFAULT, H5P_DEFAULT) < 0 ||
        H5Gclose(group) < 0)
        return vl_hdf5_fail(err, VL_EIO, "cannot write the link to %.60s", link->file);
    return VL_OK;
}

/* The record as one text in one piece of the file; *at: where. */
static vl_code add_text(hid_t file, const vl_sample_file *s, uint64_t *at, vl_err *err)
{
    const hid_t type = vl_hdf5_text_type(s->record_bytes), space = type < 0 ? -1 : H5Screate(H5S_SCALAR),
                create = space < 0 ? -1 : vl_hdf5_timeless(H5P_DATASET_CREATE);
    hid_t id = -1;
    if (create >= 0 && H5Pset_layout(create, H5D_CONTIGUOUS) >= 0)
        id = H5Dcreate2(file, "record", type, space, H5P_DEFAULT, create, H5P_DEFAULT);
    haddr_t where = HADDR_UNDEF;
    if (id < 0 || H5Dwrite(id, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, s->record) < 0 ||
        (where = H5Dget_offset(id)) == HADDR_UNDEF || H5Dclose(id) < 0)
        return vl_hdf5_fail(err, VL_EIO, "cannot write the record");
    *at = where;
    H5Pclose(create);
    H5Sclose(space);
    H5Tclose(type);
    return VL_OK;
}

static vl_code write_hdf5(const char *part, const vl_sample_file *s, uint64_t *record_at, vl_err *err)
{
    if (vl_hdf5_start(err)) return err->code;
    const hid_t access = H5Pcreate(H5P_FILE_ACCESS), create = H5Pcreate(H5P_FILE_CREATE);
    if (access < 0 || create < 0 || H5Pset_libver_bounds(access, H5F_LIBVER_V110, H5F_LIBVER_V110) < 0 ||
        H5Pset_obj_track_times(create, 0) < 0 || H5Pset_file_locking(access, 0, 1) < 0 ||
        H5Pset_userblock(create, VL_SEAL_BLOCK) < 0)
        return vl_hdf5_fail(err, VL_EIO, "file properties");
    const hid_t file = H5Fcreate(part, H5F_ACC_TRUNC, create, access);
    H5Pclose(access);
    H5Pclose(create);
    if (file < 0) return vl_hdf5_fail(err, VL_EIO, "cannot create the file");
    const hid_t root = H5Gopen2(file, "/", H5P_DEFAULT);
    for (size_t i = 0; i < s->nfact && !err->code; i++) add_fact(root, &s->fact[i], err);
    for (size_t i = 0; i < s->nlink && !err->code; i++) add_link(file, &s->link[i], err);
    if (!err->code) add_text(file, s, record_at, err);
    if (err->code) return err->code; /* HDF5 is not called for this file again: it may crash then */
    if (H5Gclose(root) < 0 || H5Fclose(file) < 0) return vl_hdf5_fail(err, VL_EIO, "cannot write the file");
    return VL_OK;
}

/* Where the record lies is HDF5's word: it is looked at before it is sealed. */
static vl_code seal_record(int fd, const vl_sample_file *s, uint64_t at, vl_err *err)
{
    vl_seal seal = { .record_at = at, .record_bytes = s->record_bytes };
    char *const there = malloc(s->record_bytes);
    if (!there) vl_fail(err, VL_ENOMEM, "no memory for the record of a sample");
    else if (!vl_read_at(fd, there, s->record_bytes, at, err) && memcmp(there, s->record, s->record_bytes))
        vl_fail(err, VL_EBUG, "the record does not lie where HDF5 says");
    free(there);
    return err->code ? err->code : vl_seal_write(fd, 1, &seal, err);
}

vl_code vl_sample_write(const char *path, const vl_sample_file *sample, vl_err *err)
{
    char part[4200];
    uint64_t record_at = 0;
    struct stat made;
    const char *const slash = strrchr(path, '/');
    const int folder = slash ? (int)(slash - path) + 1 : 0;
    snprintf(part, sizeof part, "%.*s.%s.part", folder, path, path + folder);
    vl_guard_name(part);
    if (unlink(part) && errno != ENOENT)
        vl_fail_errno(err, VL_EIO, errno, "cannot clear what a dead run left");
    if (!err->code) write_hdf5(part, sample, &record_at, err);
    const int fd = err->code ? -1 : open(part, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (!err->code && fd < 0) vl_fail_errno(err, VL_EIO, errno, "cannot open what was written");
    if (!err->code) seal_record(fd, sample, record_at, err);
    if (!err->code && !fstat(fd, &made))
        (void)fchmod(fd, made.st_mode & 0444); /* it is replaced, never changed */
    if (fd >= 0 && close(fd) && !err->code) vl_fail_errno(err, VL_EIO, errno, "cannot close");
    if (!err->code && rename(part, path)) vl_fail_errno(err, VL_EIO, errno, "cannot rename");
    if (err->code) unlink(part);
    vl_guard_forget(part);
    if (!err->code) vl_sync_folder(path, err);
    return vl_err_file(err, path);
}
