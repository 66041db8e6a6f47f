/*
 * Copies of a store, to be changed or sealed again, and published in its place or elsewhere (store.h): HDF5's
 * own bytes without the seal, which comes back, at the place it had, when the copy is finished.
 */
#include "pipeline/store/file.h"

#include "formats/letter.h"
#include "pipeline/store/h5.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Takes the seal off the temporary file. */
static vl_code unseal(vl_store *st, uint64_t end, vl_err *err)
{
    static const uint8_t unsealed[VL_SEAL_BLOCK];
    if (ftruncate(st->fd, (off_t)end)) return vl_fail_errno(err, VL_EIO, errno, "cannot write the new store");
    return st->place == VL_SEAL_FRONT ? vl_write_at(st->fd, unsealed, sizeof unsealed, 0, err) : VL_OK;
}

/* lost: whatever the seal says, if there is one. */
static vl_code copy_store(vl_store *st, const char *path, bool lost, vl_err *err)
{
    vl_seal seal = { .place = VL_SEAL_FRONT };
    const int from = open(path, O_RDONLY | O_CLOEXEC);
    if (from < 0 || fstat(from, &st->replaces)) vl_fail_errno(err, VL_ENOIN, errno, "cannot open");
    else if (lost) vl_seal_extent(from, (uint64_t)st->replaces.st_size, &seal, err);
    else vl_seal_look(from, (uint64_t)st->replaces.st_size, 0, &seal, err);
    if (!err->code && ftruncate(st->fd, 0)) vl_fail_errno(err, VL_EIO, errno, "cannot write the new store");
    st->place = seal.place;
    st->readers = st->replaces.st_mode & 0444;
    if (!err->code && !vl_copy_bytes(from, st->fd, vl_seal_end(&seal), err))
        unseal(st, vl_seal_end(&seal), err);
    if (from >= 0) close(from);
    return vl_err_file(err, path);
}

/* The copy, for writing. What a program that died while it wrote left of its claim to the file is cleared:
 * the copy is nobody else's. */
static vl_code open_copy(vl_store *st, vl_err *err)
{
    const hbool_t clear = true;
    const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    if (access < 0 || H5Pset_libver_bounds(access, H5F_LIBVER_V110, H5F_LIBVER_V110) < 0 ||
        H5Pset_file_locking(access, 0, 1) < 0 || H5Pset(access, "clear_status_flags", &clear) < 0)
        vl_store_give_up(st, err, "file properties");
    else if ((st->file = H5Fopen(st->part, H5F_ACC_RDWR, access)) < 0)
        vl_store_give_up(st, err, "to the copy");
    H5Pclose(access);
    return err->code;
}

static vl_code drop_group(vl_store *st, const char *group, vl_err *err)
{
    bool there;
    if (vl_hdf5_has(st->file, group, &there, VL_EIO, err) ||
        (there && H5Ldelete(st->file, group, H5P_DEFAULT) < 0))
        return vl_store_give_up(st, err, group);
    return VL_OK;
}

static vl_code end_copy(vl_store **out, const char *from, const char *to, vl_err *err)
{
    if (!err->code) {
        if (strcmp(from, to)) (*out)->replaces = (struct stat){ 0 };
        return VL_OK;
    }
    vl_store_close(*out);
    *out = NULL;
    return err->code;
}

vl_code vl_store_rewrite(vl_store **out, const char *from, const char *to, const char *group,
                         vl_profile profile, vl_err *err)
{
    if (!vl_store_begin(out, to, profile, true, err) && !copy_store(*out, from, false, err) &&
        !vl_hdf5_start(err) && !open_copy(*out, err))
        drop_group(*out, group, err);
    return end_copy(out, from, to, err);
}

vl_code vl_store_reseal(vl_store **out, const char *from, const char *to, vl_err *err)
{
    uint8_t flags = 0;
    if (!vl_store_begin(out, to, VL_COMPACT, true, err) && !copy_store(*out, from, true, err) &&
        !vl_read_at((*out)->fd, &flags, 1,
                    ((*out)->place == VL_SEAL_FRONT ? VL_SEAL_BLOCK : 0) + VL_HDF5_FLAGS_AT, err) &&
        flags && !vl_hdf5_start(err))
        open_copy(*out, err);
    return end_copy(out, from, to, err);
}

/* A copy that was finished is opened again. */
static vl_code reopen_copy(vl_store *st, vl_err *err)
{
    if (st->file >= 0) return VL_OK;
    const uint64_t end = st->place == VL_SEAL_FRONT ? st->bytes : st->bytes - VL_TRAILER;
    return unseal(st, end, err) || vl_hdf5_start(err) ? err->code : open_copy(st, err);
}

vl_code vl_store_drop(vl_store *st, const char *object, const char *attribute, vl_err *err)
{
    if (reopen_copy(st, err)) return err->code;
    if (attribute ? H5Adelete_by_name(st->file, object, attribute, H5P_DEFAULT) < 0
                  : H5Ldelete(st->file, object, H5P_DEFAULT) < 0)
        return vl_store_give_up(st, err, object);
    return VL_OK;
}

/* ---- another text for a note ---- */

/* The notes of `old` as lines of the copy's manifest, and its profile. */
static vl_code take_notes(vl_store *st, vl_store *old, const char *note, const char *text, vl_err *err)
{
    char profile[16];
    for (size_t i = 0; i < old->nnote && !err->code; i++) {
        const vl_note *const n = &old->note[i];
        const bool is_it = !strcmp(n->where, "/") && !strcmp(n->name, note);
        vl_store_add_line(st, n->where, n->name, is_it ? text : n->text, err);
    }
    if (err->code || vl_store_get(old, "/", "vial.profile", profile, sizeof profile, err)) return err->code;
    return vl_profile_find(profile, &st->profile)
               ? VL_OK
               : vl_fail(err, VL_ESTORE, "unknown profile '%.15s'", profile);
}

static vl_code set_text(vl_store *st, const char *name, const char *text, vl_err *err)
{
    const hid_t root = H5Gopen2(st->file, "/", H5P_DEFAULT);
    if (root < 0 || H5Adelete(root, name) < 0) vl_store_give_up(st, err, name);
    else vl_store_add_text(st, root, name, text, err);
    if (root >= 0) H5Gclose(root);
    return err->code;
}

/* The manifest anew, and its row of the digest table. */
static vl_code renew_manifest(vl_store *st, vl_err *err)
{
    int n = 0;
    char hex[33];
    vl_digest_row *const row = vl_store_digest_rows(st, &n, err);
    if (!row) return err->code;
    if (H5Ldelete(st->file, "source/manifest", H5P_DEFAULT) < 0 ||
        H5Ldelete(st->file, "digest", H5P_DEFAULT) < 0 ||
        H5Adelete_by_name(st->file, "/", "vial.digest", H5P_DEFAULT) < 0)
        vl_store_give_up(st, err, "the notes");
    if (!err->code && !vl_store_write_manifest(st, err)) {
        vl_hex(st->column[st->ncolumn - 1].is.digest, 16, hex);
        for (int i = 0; i < n; i++)
            if (!strcmp(row[i].path, "source/manifest")) memcpy(row[i].xxh3_128, hex, 32);
        vl_store_write_digest_rows(st, row, n, err);
    }
    free(row);
    return err->code;
}

vl_code vl_store_relabel(vl_store **out, const char *from, const char *to, const char *note, const char *text,
                         vl_err *err)
{
    vl_store *old = NULL;
    *out = NULL;
    if (vl_store_open(&old, from, err)) return err->code;
    if (!vl_store_begin(out, to, VL_COMPACT, true, err) && !copy_store(*out, from, false, err) &&
        !open_copy(*out, err) && !take_notes(*out, old, note, text, err) && !set_text(*out, note, text, err))
        renew_manifest(*out, err);
    vl_store_close(old);
    return end_copy(out, from, to, err);
}
