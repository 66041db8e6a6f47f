/*
 * Indexes in a store (store.h): /index/<name>, data sets that say of themselves how they were made, from
 * what, and what their bytes hash to. /digest does not list them, so that to make them again leaves the
 * store's identity as it was.
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

static vl_code open_index(vl_store *st, vl_dataset *col, vl_index_note *note, vl_err *err)
{
    char hex[40] = "";
    bool there = false;
    const hid_t id = H5Dopen2(st->file, col->is.path, H5P_DEFAULT);
    if (id < 0) return vl_hdf5_fail(err, VL_ESTORE, "cannot read %s", col->is.path);
    *note = (vl_index_note){ 0 };
    if (!vl_store_text_of(st, id, "xxh3_128", hex, sizeof hex, err) &&
        !get_u32(st, id, "version", &note->version, err) && !get_u32(st, id, "unit", &note->unit, err) &&
        !vl_store_u64_of(st, id, "rows", &note->rows, &there, err))
        vl_store_text_of(st, id, "of", note->of, sizeof note->of, err);
    H5Dclose(id);
    if (!err->code && strlen(hex) != 32) vl_fail(err, VL_ESTORE, "%s has no digest", col->is.path);
    if (!err->code && !vl_store_open_column(st, col, hex, err)) memcpy(note->digest, col->is.digest, 16);
    return err->code;
}

vl_code vl_store_index(vl_store *st, const char *path, int *column, vl_index_note *note, vl_err *err)
{
    vl_hdf5_quiet();
    *column = -1;
    if (H5Lexists(st->file, VL_INDEX_GROUP, H5P_DEFAULT) <= 0 || H5Lexists(st->file, path, H5P_DEFAULT) <= 0)
        return VL_OK;
    int i = st->ncolumn;
    while (i < st->ncolumn + st->nindex && strcmp(st->column[i].is.path, path)) i++;
    if (i == st->ncolumn + VL_MAX_INDEX) return vl_fail(err, VL_ESTORE, "more than %d indexes", VL_MAX_INDEX);
    vl_dataset *const col = &st->column[i];
    if (i < st->ncolumn + st->nindex && col->id >= 0) H5Dclose(col->id);
    *col = (vl_dataset){ .id = -1, .is = { .index = true } };
    if (i == st->ncolumn + st->nindex) st->nindex++;
    snprintf(col->is.path, sizeof col->is.path, "%s", path);
    if (!open_index(st, col, note, err)) *column = i;
    return vl_err_file(err, st->path);
}

vl_code vl_store_indexes(vl_store *st, char path[VL_MAX_INDEX][VL_PATH], int *n, vl_err *err)
{
    H5G_info_t info = { 0 };
    vl_hdf5_quiet();
    *n = 0;
    if (H5Lexists(st->file, VL_INDEX_GROUP, H5P_DEFAULT) <= 0) return VL_OK;
    if (H5Gget_info_by_name(st->file, VL_INDEX_GROUP, &info, H5P_DEFAULT) < 0 || info.nlinks > VL_MAX_INDEX) {
        vl_hdf5_fail(err, VL_ESTORE, "%llu indexes", (unsigned long long)info.nlinks);
        return vl_err_file(err, st->path);
    }
    for (hsize_t i = 0; i < info.nlinks; i++) {
        char name[VL_PATH - sizeof VL_INDEX_GROUP];
        const ssize_t len = H5Lget_name_by_idx(st->file, VL_INDEX_GROUP, H5_INDEX_NAME, H5_ITER_INC, i, name,
                                               sizeof name, H5P_DEFAULT);
        if (len < 0 || (size_t)len >= sizeof name) {
            vl_hdf5_fail(err, VL_ESTORE, "the name of an index cannot be read");
            return vl_err_file(err, st->path);
        }
        snprintf(path[(*n)++], VL_PATH, VL_INDEX_GROUP "/%s", name);
    }
    return VL_OK;
}
