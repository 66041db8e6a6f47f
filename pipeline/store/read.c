/*
 * Reading a store: what is in it, packed chunks, notes, digests (store.h). What the file claims is checked
 * before it is used: sizes against the file, types against those we write.
 */
#include "formats/letter.h"
#include "pipeline/run/guard.h"
#include "pipeline/store/confine.h"
#include "pipeline/store/h5.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COUNTS "qc/" /* tables that no row needs */
enum { MAX_COLUMN = 4096 };

vl_code vl_store_bad(vl_store *st, vl_err *err, const char *what)
{
    vl_hdf5_fail(err, VL_ESTORE, "cannot read %s", what);
    return vl_err_file(err, st->path);
}

/* An attribute that is there: its type and its one value. Closed by the caller, also after an error. */
typedef struct attribute {
    hid_t id, type;
    bool there;
} attribute;

static vl_code open_attribute(vl_store *st, hid_t object, const char *name, attribute *a, vl_err *err)
{
    *a = (attribute){ -1, -1, false };
    const htri_t exists = H5Aexists(object, name);
    if (!exists) return VL_OK;
    a->there = true;
    if (exists > 0) a->id = H5Aopen(object, name, H5P_DEFAULT);
    const hid_t space = a->id >= 0 ? H5Aget_space(a->id) : -1;
    if (space >= 0) a->type = H5Aget_type(a->id);
    const bool good = a->type >= 0 && H5Sget_simple_extent_npoints(space) == 1;
    if (!good) vl_store_bad(st, err, name);
    if (space >= 0) H5Sclose(space);
    return err->code;
}

static void close_attribute(attribute *a)
{
    if (a->type >= 0) H5Tclose(a->type);
    if (a->id >= 0) H5Aclose(a->id);
}

static vl_code read_text(vl_store *st, const attribute *a, const char *name, char *text, size_t n,
                         vl_err *err)
{
    const size_t size = H5Tget_size(a->type);
    if (H5Tis_variable_str(a->type) || size > VL_NOTE_TEXT)
        return vl_fail(err, VL_ESTORE, "note %s has a type of others", name);
    char *const whole = calloc(1, size + 1);
    if (!whole) return vl_fail(err, VL_ENOMEM, "no memory for a note");
    if (H5Aread(a->id, a->type, whole) < 0) vl_store_bad(st, err, name);
    else snprintf(text, n, "%s", whole);
    free(whole);
    return err->code;
}

vl_code vl_store_text_of(vl_store *st, hid_t object, const char *name, char *text, size_t n, bool *number,
                         vl_err *err)
{
    attribute a;
    uint64_t value = 0;
    text[0] = 0;
    if (open_attribute(st, object, name, &a, err) || !a.there) goto out;
    const bool whole = H5Tget_class(a.type) == H5T_INTEGER;
    if (number) *number = whole;
    if (H5Tget_class(a.type) == H5T_STRING) read_text(st, &a, name, text, n, err);
    else if (whole && H5Aread(a.id, H5T_NATIVE_UINT64, &value) >= 0) snprintf(text, n, "%" PRIu64, value);
    else vl_store_bad(st, err, name);
out:
    close_attribute(&a);
    return err->code;
}

/* A number; 0 and *there false if there is none. */
vl_code vl_store_u64_of(vl_store *st, hid_t object, const char *name, uint64_t *value, bool *there,
                        vl_err *err)
{
    attribute a;
    *value = 0;
    if (!open_attribute(st, object, name, &a, err) && a.there &&
        (H5Tget_class(a.type) != H5T_INTEGER || H5Aread(a.id, H5T_NATIVE_UINT64, value) < 0))
        vl_store_bad(st, err, name);
    *there = a.there;
    close_attribute(&a);
    return err->code;
}

/* Chunk size and whether HDF5's own filters or ours packed the data set. False: a layout we do not write. */
static bool read_layout(vl_dataset *col, hid_t create)
{
    hsize_t size[4] = { 0 }, chunk = 1;
    const H5D_layout_t layout = H5Pget_layout(create);
    const int nfilter = H5Pget_nfilters(create);
    if (layout == H5D_COMPACT && !nfilter) { /* in the header, which is 64 KiB at most */
        col->is.plain = true;
        col->is.chunk = col->is.nelem;
        col->is.nchunk = 1;
        return col->is.nelem > 0;
    }
    if (layout != H5D_CHUNKED || H5Pget_chunk(create, 4, size) != col->is.ndim) return false;
    for (int i = 0; i < col->is.ndim; i++) {
        if (col->is.ndim > 1 && size[i] != col->is.dims[i]) return false; /* a table is one chunk */
        if (__builtin_mul_overflow(chunk, size[i], &chunk)) return false;
    }
    if (!chunk || chunk > VL_MAX_CHUNK / vl_type_width(col->is.type)) return false;
    unsigned flags = 0, param[8];
    size_t nparam = 8;
    char name[8];
    if (nfilter < 1 || nfilter > 2) return false;
    const H5Z_filter_t first = H5Pget_filter2(create, 0, &flags, &nparam, param, sizeof name, name, NULL);
    col->is.portable = first != VL_FILTER;
    col->is.chunk = chunk;
    col->is.nchunk = (col->is.nelem + chunk - 1) / chunk;
    if (col->is.portable) return first == H5Z_FILTER_SHUFFLE || first == H5Z_FILTER_DEFLATE;
    return vl_filter_known(param, nparam);
}

vl_code vl_store_take_digest(vl_dataset *col, const char *hex, vl_err *err)
{
    for (int i = 0; i < 16; i++) {
        const int high = vl_hex_digit(hex[2 * i]), low = high < 0 ? -1 : vl_hex_digit(hex[2 * i + 1]);
        if (low < 0) return vl_fail(err, VL_ESTORE, "digest of %s is no hexadecimal", col->is.path);
        col->is.digest[i] = (uint8_t)(high << 4 | low);
    }
    return VL_OK;
}

/* Every chunk takes some bytes of the file: elements that the file cannot hold would be read for ever. */
static bool can_hold(const vl_store *st, const vl_stored *col)
{
    if (col->plain) return col->packed_bytes == col->nelem * vl_type_width(col->type);
    const uint64_t least = col->portable ? 8 : VL_FRAME; /* an empty zlib stream; a frame */
    return col->packed_bytes / least >= col->nchunk && col->packed_bytes <= st->bytes;
}

vl_code vl_store_open_column(vl_store *st, vl_dataset *col, vl_err *err)
{
    hsize_t dims[4] = { 0 };
    col->id = H5Dopen2(st->file, col->is.path, H5P_DEFAULT);
    if (col->id < 0) return vl_store_bad(st, err, col->is.path);
    const hid_t type = H5Dget_type(col->id), space = type >= 0 ? H5Dget_space(col->id) : -1,
                create = space >= 0 ? H5Dget_create_plist(col->id) : -1;
    bool good = create >= 0 && vl_hdf5_type_of(type, &col->is.type);
    col->is.ndim = good ? H5Sget_simple_extent_ndims(space) : 0;
    good =
        good && col->is.ndim >= 1 && col->is.ndim <= 4 && H5Sget_simple_extent_dims(space, dims, NULL) >= 0;
    col->is.nelem = 1;
    for (int i = 0; good && i < col->is.ndim; i++) {
        col->is.dims[i] = dims[i];
        good = !__builtin_mul_overflow(col->is.nelem, dims[i], &col->is.nelem);
    }
    good = good && col->is.nelem < UINT64_MAX / 64 && read_layout(col, create);
    if (!good) vl_store_bad(st, err, col->is.path);
    if (type >= 0) H5Tclose(type);
    if (space >= 0) H5Sclose(space);
    if (create >= 0) H5Pclose(create);
    if (!good) return err->code;
    if (vl_store_u64_of(st, col->id, "row_length", &col->is.row_length, &col->is.uniform, err))
        return err->code;
    col->is.packed_bytes = H5Dget_storage_size(col->id);
    if (!can_hold(st, &col->is)) return vl_store_bad(st, err, col->is.path);
    return vl_store_text_of(st, col->id, "codec", col->is.codec, sizeof col->is.codec, NULL, err);
}

/* Its bytes are in this file, not in others that it names. */
static bool lies_here(hid_t id)
{
    const hid_t create = H5Dget_create_plist(id);
    const bool here = create >= 0 && H5Pget_layout(create) != H5D_VIRTUAL && !H5Pget_external_count(create);
    if (create >= 0) H5Pclose(create);
    return here;
}

vl_digest_row *vl_store_digest_rows(vl_store *st, int *n, vl_err *err)
{
    vl_digest_row *row = NULL;
    hsize_t count = 0;
    /* each only when the one before went well: a call that is made after a failed one forgets why that failed
     * */
    const hid_t want = vl_hdf5_digest_type(), id = want >= 0 ? H5Dopen2(st->file, "digest", H5P_DEFAULT) : -1,
                type = id >= 0 ? H5Dget_type(id) : -1, space = type >= 0 ? H5Dget_space(id) : -1;
    bool good = space >= 0 && lies_here(id) && H5Tequal(type, want) > 0 &&
                H5Sget_simple_extent_ndims(space) == 1 &&
                H5Sget_simple_extent_dims(space, &count, NULL) == 1 && count <= MAX_COLUMN;
    row = good ? calloc(count + 1, sizeof *row) : NULL;
    if (good && !row) vl_fail(err, VL_ENOMEM, "no memory for %llu digests", (unsigned long long)count);
    good = row && H5Dread(id, want, H5S_ALL, H5S_ALL, H5P_DEFAULT, row) >= 0;
    if (!good) vl_store_bad(st, err, "/digest");
    if (space >= 0) H5Sclose(space);
    if (type >= 0) H5Tclose(type);
    if (want >= 0) H5Tclose(want);
    if (id >= 0) H5Dclose(id);
    *n = (int)count;
    if (good) return row;
    free(row);
    return NULL;
}

static vl_code read_columns(vl_store *st, vl_err *err)
{
    int n = 0;
    vl_digest_row *const row = vl_store_digest_rows(st, &n, err);
    if (!row) return err->code;
    st->column = calloc((size_t)n + VL_MAX_INDEX, sizeof *st->column);
    if (!st->column) vl_fail(err, VL_ENOMEM, "no memory for %d columns", n);
    for (int i = 0; i < n && !err->code; i++) {
        st->column[i].id = -1;
        row[i].path[sizeof row[i].path - 1] = 0;
        st->ncolumn = i + 1;
        memcpy(st->column[i].is.path, row[i].path, sizeof st->column[i].is.path - 1);
        if (!vl_store_take_digest(&st->column[i], row[i].xxh3_128, err) && !st->look)
            vl_store_open_column(st, &st->column[i], err);
    }
    free(row);
    return err->code;
}

static vl_code open_file(vl_store *st, vl_err *err)
{
    char format[16];
    const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_file_locking(access, 0,
                        1); /* a store never changes: nothing to lock, and read-only media have no locks */
    st->file = H5Fopen(st->path, H5F_ACC_RDONLY, access);
    if (st->file < 0) vl_store_bad(st, err, "the file");
    H5Pclose(access);
    if (err->code) return err->code;
    if (vl_store_get(st, "/", "vial.format", format, sizeof format, err)) return err->code;
    if (strcmp(format, "store"))
        return vl_fail(err, VL_ESTORE, "not a vial store: vial.format is '%s'", format);
    uint64_t version = 0;
    if (vl_store_get_u64(st, "/", "vial.version", &version, err)) return err->code;
    if (version < 1 || version > VL_STORE_VERSION)
        return vl_fail(err, VL_ESTORE, "store of version %" PRIu64 ", this program reads 1 to %d", version,
                       VL_STORE_VERSION);
    st->version = (unsigned)version;
    return read_columns(st, err) ? err->code : vl_store_open_notes(st, err);
}

static vl_code open_confined(vl_store **out, const char *path, uint64_t bytes, bool rows_alone, vl_err *err)
{
    vl_confined was;
    vl_store *const st = *out = calloc(1, sizeof *st);
    if (!st) return vl_fail(err, VL_ENOMEM, "no memory for a store");
    st->fd = -1;
    st->file = -1;
    st->bytes = bytes;
    st->look = rows_alone;
    st->path = strdup(path);
    if (!st->path) return vl_fail(err, VL_ENOMEM, "no memory for a store");
    vl_confine(&was, bytes);
    open_file(st, err);
    vl_unconfine(&was);
    return err->code;
}

static vl_code asks_too_much(vl_err *err)
{
    vl_err_clear(err);
    return vl_fail(err, VL_ESTORE, "the store is damaged: its tables ask for more memory than it can need");
}

/* What wanted too much memory twice, when there is enough of it, is not a store as we write them. */
static vl_code open_again(vl_store **out, const char *path, uint64_t bytes, bool rows_alone, vl_err *err)
{
    vl_err why = VL_ERR_INIT;
    vl_store_close(*out);
    vl_err_clear(err);
    if (open_confined(out, path, bytes, rows_alone, &why) == VL_ENOMEM && vl_confine_was_enough(bytes))
        return asks_too_much(err);
    *err = why;
    return err->code;
}

static vl_code open_store(vl_store **out, const char *path, uint64_t bytes, bool rows_alone, vl_err *err)
{
    if (vl_hdf5_start(err)) return err->code;
    vl_guard_store(path);
    if (open_confined(out, path, bytes, rows_alone, err) == VL_ENOMEM)
        open_again(out, path, bytes, rows_alone, err);
    if (!err->code) return VL_OK;
    vl_store_close(*out);
    *out = NULL;
    return vl_err_file(err, path);
}

static vl_code open_sealed(vl_store **out, const char *path, bool rows_alone, vl_err *err)
{
    uint64_t bytes = 0;
    *out = NULL;
    return vl_seal_check(path, 0, &bytes, err) ? err->code : open_store(out, path, bytes, rows_alone, err);
}

vl_code vl_store_open(vl_store **out, const char *path, vl_err *err)
{
    return open_sealed(out, path, false, err);
}

vl_code vl_store_look(vl_store **out, const char *path, vl_err *err)
{
    return open_sealed(out, path, true, err);
}

vl_code vl_store_open_lost(vl_store **out, const char *path, vl_err *err)
{
    struct stat there;
    *out = NULL;
    if (stat(path, &there)) return vl_fail_errno(err, VL_ENOIN, errno, "cannot open"), vl_err_file(err, path);
    return open_store(out, path, (uint64_t)there.st_size, false, err);
}

static vl_code look_confined(vl_store *st, vl_dataset *col, vl_err *err)
{
    vl_confined was;
    vl_confine(&was, st->bytes);
    if (vl_store_open_column(st, col, err) && col->id >= 0) {
        H5Dclose(col->id);
        col->id = -1;
    }
    vl_unconfine(&was);
    return err->code;
}

vl_code vl_store_look_at(vl_store *st, int column, vl_err *err)
{
    vl_dataset *const col = &st->column[column];
    if (col->id >= 0 || !look_confined(st, col, err)) return err->code;
    if (err->code == VL_ENOMEM) { /* as with the whole store */
        vl_err_clear(err);
        if (look_confined(st, col, err) == VL_ENOMEM && vl_confine_was_enough(st->bytes)) asks_too_much(err);
    }
    return vl_err_file(err, st->path);
}

vl_code vl_store_look_at_rows(vl_store *st, vl_err *err)
{
    for (int i = 0; i < st->ncolumn && !err->code; i++)
        if (strncmp(st->column[i].is.path, COUNTS, sizeof COUNTS - 1)) vl_store_look_at(st, i, err);
    return err->code;
}

int vl_store_ncolumn(const vl_store *st) { return st->ncolumn; }
const vl_stored *vl_store_column(const vl_store *st, int column) { return &st->column[column].is; }
const char *vl_store_path(const vl_store *st) { return st->path; }
unsigned vl_store_version(const vl_store *st) { return st->version; }

int vl_store_find(const vl_store *st, const char *path)
{
    for (int i = 0; i < st->ncolumn; i++)
        if (!strcmp(st->column[i].is.path, path)) return i;
    return -1;
}

static vl_code fetch(vl_store *st, const vl_dataset *col, uint64_t nth, vl_buf *packed, vl_err *err)
{
    const hsize_t offset[4] = { nth * col->is.chunk };
    hsize_t size = 0;
    uint32_t mask = 0;
    if (H5Dget_chunk_storage_size(col->id, offset, &size) < 0 || size > st->bytes || !size)
        return vl_hdf5_fail(err, VL_ESTORE, "%s, chunk %" PRIu64 ": cannot be found", col->is.path, nth);
    if (vl_buf_reserve(packed, size, err)) return err->code;
    if (H5Dread_chunk(col->id, H5P_DEFAULT, offset, &mask, packed->data) < 0 || mask)
        return vl_hdf5_fail(err, VL_ESTORE, "%s, chunk %" PRIu64 ": cannot be read", col->is.path, nth);
    packed->len = size;
    return VL_OK;
}

static vl_code fetch_plain(const vl_dataset *col, vl_buf *packed, vl_err *err)
{
    const size_t n = (size_t)col->is.packed_bytes;
    if (vl_buf_reserve(packed, n, err)) return err->code;
    if (H5Dread(col->id, vl_hdf5_type(col->is.type), H5S_ALL, H5S_ALL, H5P_DEFAULT, packed->data) < 0)
        return vl_hdf5_fail(err, VL_ESTORE, "%s: cannot be read", col->is.path);
    packed->len = n;
    return VL_OK;
}

/* What the chunks of a column share: a data set beside it, named by the codec that made it. It is read whole
 * when the first of them is. */
static vl_code read_shared(vl_store *st, vl_dataset *col, vl_err *err)
{
    vl_work work = { 0 };
    char path[VL_PATH + 32];
    int beside = -1;
    uint64_t most = 0;
    bool grown = false;
    for (const vl_codec *const *c = vl_codecs; *c && beside < 0; c++) {
        if (!(*c)->sharing) continue;
        snprintf(path, sizeof path, "%s.%s", col->is.path, (*c)->sharing->name);
        beside = vl_store_find(st, path);
        most = (*c)->sharing->most;
        grown = (*c)->sharing->grow != NULL;
    }
    col->looked = true;
    if (beside < 0 || vl_store_look_at(st, beside, err)) return err->code;
    const vl_stored *const is = &st->column[beside].is;
    if (is->type != col->is.type || is->nelem > most || (grown && is->nelem > col->is.nelem))
        return vl_fail(err, VL_ESTORE, "%s: %" PRIu64 " elements do not fit %s", is->path, is->nelem,
                       col->is.path);
    if (vl_buf_reserve(&col->shared, is->nelem * vl_type_width(is->type), err)) return err->code;
    vl_store_read(st, beside, &col->shared, &work, err);
    vl_work_free(&work);
    col->is.shared = &col->shared;
    return err->code;
}

/* HDF5 is entered by one thread at a time; of what reads a store, two stages may fetch. */
static pthread_mutex_t at_hdf5 = PTHREAD_MUTEX_INITIALIZER;

vl_code vl_store_fetch(vl_store *st, int column, uint64_t nth, vl_buf *packed, vl_err *err)
{
    vl_dataset *const col = &st->column[column];
    packed->len = 0;
    if (nth >= col->is.nchunk) return vl_fail(err, VL_EBUG, "%s: no chunk %" PRIu64, col->is.path, nth);
    if (!col->looked && read_shared(st, col, err)) return vl_err_file(err, st->path);
    pthread_mutex_lock(&at_hdf5);
    vl_hdf5_quiet();
    vl_guard_hdf5(true);
    if (col->is.plain) fetch_plain(col, packed, err);
    else fetch(st, col, nth, packed, err);
    vl_guard_hdf5(false);
    pthread_mutex_unlock(&at_hdf5);
    return vl_err_file(err, st->path);
}

vl_code vl_stored_unpack(const vl_stored *col, uint64_t nth, const vl_buf *packed, vl_buf *plain,
                         vl_work *work, vl_err *err)
{
    vl_part all = { 0 };
    return vl_stored_unpack_part(col, nth, packed, &all, plain, work, err);
}

bool vl_stored_picks(const vl_stored *col, const vl_buf *packed)
{
    return !col->plain && !col->portable && vl_codec_picks(packed->data, packed->len);
}

vl_code vl_stored_unpack_part(const vl_stored *col, uint64_t nth, const vl_buf *packed, vl_part *part,
                              vl_buf *plain, vl_work *work, vl_err *err)
{
    const size_t width = vl_type_width(col->type), want = (size_t)col->chunk * width;
    vl_part bytes = { part->from * width, part->to * width, part->some, part->nsome };
    vl_err inner = VL_ERR_INIT;
    plain->len = 0;
    *part = (vl_part){ 0 };
    if (col->plain) vl_buf_append(plain, packed->data, packed->len, &inner);
    else if (col->portable) vl_deflate_unpack(packed->data, packed->len, want, width, plain, work, &inner);
    else if (!vl_unpack_part(col->shared, packed->data, packed->len, &bytes, plain, work, &inner))
        *part = (vl_part){ bytes.from / width, bytes.to / width, bytes.some, bytes.nsome };
    if (!inner.code && plain->len != want)
        vl_fail(&inner, VL_ESTORE, "%zu plain bytes, expected %zu", plain->len, want);
    if (inner.code) return vl_fail(err, inner.code, "%s, chunk %" PRIu64 ": %s", col->path, nth, inner.what);
    const uint64_t first = nth * col->chunk;
    if (col->nelem - first < col->chunk)
        plain->len = (size_t)(col->nelem - first) * width; /* the rest is padding */
    return VL_OK;
}

vl_code vl_store_read(vl_store *st, int column, vl_buf *plain, vl_work *work, vl_err *err)
{
    const vl_stored *const col = &st->column[column].is;
    vl_buf packed = { 0 }, piece = { 0 };
    plain->len = 0;
    if (vl_store_look_at(st, column, err)) return err->code;
    for (uint64_t i = 0; i < col->nchunk; i++) {
        if (vl_store_fetch(st, column, i, &packed, err)) break;
        if (vl_stored_unpack(col, i, &packed, &piece, work, err)) break;
        if (vl_buf_append(plain, piece.data, piece.len, err)) break;
    }
    vl_buf_free(&packed);
    vl_buf_free(&piece);
    return err->code;
}

/* ---- digests ---- */

vl_code vl_store_check_digest(vl_store *st, vl_err *err)
{
    char hex[65], said[65];
    int n = 0;
    vl_digest_row *const row = vl_store_digest_rows(st, &n, err);
    if (!row) return err->code;
    vl_digest_identity(row, n, hex);
    free(row);
    if (vl_store_identity(st, said, err)) return err->code;
    if (strcmp(hex, said))
        vl_fail(err, VL_ESTORE, "/digest hashes to %.16s..., vial.digest says %.16s...", hex, said);
    return vl_err_file(err, st->path);
}

void vl_store_close(vl_store *st)
{
    if (!st) return;
    if (!st->dead) {
        for (int i = 0; i < st->ncolumn + st->nindex; i++)
            if (st->column[i].id >= 0) H5Dclose(st->column[i].id);
        if (st->file >= 0) H5Fclose(st->file);
    }
    if (st->part) {
        unlink(st->part);
        vl_guard_forget(st->part);
    }
    if (st->fd >= 0) close(st->fd);
    for (int i = 0; st->column && i < st->ncolumn + st->nindex; i++) vl_buf_free(&st->column[i].shared);
    vl_buf_free(&st->manifest);
    free(st->note);
    free(st->column);
    free(st->path);
    free(st->part);
    free(st);
}
