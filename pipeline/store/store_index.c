/*
 * Indexes in a store (store.h): /index/<name>, and /original/<name> likewise, data sets that say of
 * themselves how they were made, from what, and what their bytes hash to. /digest does not list them, so that
 * to make them again leaves the store's identity as it was.
 */
#include "formats/letter.h"
#include "pipeline/store/h5.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

vl_code vl_store_note_index(vl_store *st, const char *path, const vl_index_note *note, vl_err *err)
{
    char hex[33];
    for (int i = 0; i < st->ncolumn; i++) {
        const vl_dataset *const col = &st->column[i];
        if (strcmp(col->is.path, path)) continue;
        vl_hex(note->digest, sizeof note->digest, hex);
        if (vl_store_add_u64(st, col->id, "version", note->version, err) ||
            vl_store_add_u64(st, col->id, "unit", note->unit, err) ||
            vl_store_add_u64(st, col->id, "rows", note->rows, err) ||
            vl_store_add_text(st, col->id, "of", note->of, err))
            return err->code;
        return vl_store_add_text(st, col->id, "xxh3_128", hex, err);
    }
    return vl_fail(err, VL_EBUG, "no index %s", path);
}

/* A number that fits. */
static vl_code get_u32(vl_store *st, hid_t object, const char *name, uint32_t *out, vl_err *err)
{
    uint64_t value = 0;
    bool there = false;
    if (vl_store_u64_of(st, object, name, &value, &there, err)) return err->code;
    if (value > UINT32_MAX) return vl_fail(err, VL_ESTORE, "%s %" PRIu64 " of an index", name, value);
    *out = (uint32_t)value;
    return VL_OK;
}

static vl_code read_note(vl_store *st, vl_dataset *col, vl_index_note *note, vl_err *err)
{
    char hex[40] = "";
    bool there = false;
    if (vl_store_text_of(st, col->id, "xxh3_128", hex, sizeof hex, NULL, err) ||
        get_u32(st, col->id, "version", &note->version, err) ||
        get_u32(st, col->id, "unit", &note->unit, err) ||
        vl_store_u64_of(st, col->id, "rows", &note->rows, &there, err) ||
        vl_store_text_of(st, col->id, "of", note->of, sizeof note->of, NULL, err) ||
        vl_store_take_digest(col, hex, err))
        return err->code;
    memcpy(note->digest, col->is.digest, sizeof note->digest);
    return VL_OK;
}

vl_code vl_store_index(vl_store *st, const char *path, int *column, vl_index_note *note, vl_err *err)
{
    vl_hdf5_quiet();
    *column = -1;
    *note = (vl_index_note){ 0 };
    int i = st->ncolumn;
    while (i < st->ncolumn + st->nindex && strcmp(st->column[i].is.path, path)) i++;
    vl_dataset *const col = &st->column[i];
    if (i == st->ncolumn + st->nindex) {
        bool there;
        char group[VL_PATH];
        snprintf(group, sizeof group, "%.*s", (int)strcspn(path, "/"), path);
        if (vl_hdf5_has(st->file, group, &there, VL_ESTORE, err) ||
            (there && vl_hdf5_has(st->file, path, &there, VL_ESTORE, err)))
            return vl_err_file(err, st->path);
        if (!there) return VL_OK;
        if (st->nindex == VL_MAX_INDEX) return vl_fail(err, VL_ESTORE, "more than %d indexes", VL_MAX_INDEX);
        *col = (vl_dataset){ .id = -1, .is = { .index = true } };
        snprintf(col->is.path, sizeof col->is.path, "%s", path);
        st->nindex++;
        vl_store_open_column(st, col, err);
    }
    if (!err->code && col->id < 0) vl_fail(err, VL_ESTORE, "%s cannot be read", path);
    if (!err->code && !read_note(st, col, note, err)) *column = i;
    return vl_err_file(err, st->path);
}

/* Opens all of a group, and adds their number. */
static vl_code open_group(vl_store *st, const char *group, int *n, vl_err *err)
{
    H5G_info_t info = { 0 };
    vl_index_note note;
    int column = -1;
    bool there;
    if (vl_hdf5_has(st->file, group, &there, VL_ESTORE, err)) return vl_err_file(err, st->path);
    if (!there) return VL_OK;
    if (H5Gget_info_by_name(st->file, group, &info, H5P_DEFAULT) < 0 || info.nlinks > VL_MAX_INDEX) {
        vl_hdf5_fail(err, VL_ESTORE, "%llu data sets in %s", (unsigned long long)info.nlinks, group);
        return vl_err_file(err, st->path);
    }
    for (hsize_t i = 0; i < info.nlinks; i++) {
        char path[VL_PATH];
        const size_t used = (size_t)snprintf(path, sizeof path, "%s/", group);
        const ssize_t len = H5Lget_name_by_idx(st->file, group, H5_INDEX_NAME, H5_ITER_INC, i, path + used,
                                               sizeof path - used, H5P_DEFAULT);
        if (len < 0 || (size_t)len >= sizeof path - used) {
            vl_hdf5_fail(err, VL_ESTORE, "the name of a data set in %s cannot be read", group);
            return vl_err_file(err, st->path);
        }
        if (vl_store_index(st, path, &column, &note, err)) return err->code;
        ++*n;
    }
    return VL_OK;
}

vl_code vl_store_indexes(vl_store *st, int *n, vl_err *err)
{
    vl_hdf5_quiet();
    *n = 0;
    return open_group(st, VL_INDEX_GROUP, n, err) ? err->code : open_group(st, VL_ORIGINAL_GROUP, n, err);
}
