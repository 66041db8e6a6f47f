/*
 * Writing a store: append, notes, tables, seal (store.h); its file is part.c's. A data set is made when its
 * first chunk comes. After a failed HDF5 call the file is given up: HDF5 is not called for it again, as it
 * may crash then.
 */
#include "pipeline/store/h5.h"

#include "formats/letter.h"
#include "formats/sha.h"
#include "formats/xxh3.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_PLAIN = 4096 }; /* bytes that lie in the header of a data set */

void vl_rows_shown_free(vl_rows_shown *shown)
{
    vl_buf_free(&shown->end);
    vl_buf_free(&shown->guide);
    vl_buf_free(&shown->guide_end);
}

void vl_rows_show(const vl_rows_shown *shown, vl_guide *guide, vl_beside *beside)
{
    const uint32_t *const end = (const uint32_t *)(const void *)shown->end.data;
    *guide = (vl_guide){ shown->guide.data, (const uint32_t *)(const void *)shown->guide_end.data,
                         shown->guide_end.len / sizeof(uint32_t), shown->before };
    beside->row = shown->end.len ? end : NULL;
    beside->nrow = shown->end.len / sizeof(uint32_t);
    beside->guide = guide->n ? guide : NULL;
}

vl_code vl_chunk_pack(vl_chunk *chunk, const vl_chunk *near, vl_profile profile, vl_work *work, vl_err *err)
{
    const size_t width = vl_type_width(chunk->spec->type), real = chunk->raw.len,
                 full = vl_chunk_bytes(chunk->spec);
    if (chunk->first && real < full) {
        if (vl_buf_reserve(&chunk->raw, full, err)) return err->code;
        /* the last element again and again: zeros could cost a codec for few values its place */
        for (; chunk->raw.len < full; chunk->raw.len += width)
            memcpy(chunk->raw.data + chunk->raw.len, chunk->raw.data + chunk->raw.len - width, width);
    }
    vl_beside beside = { .model = chunk->spec->model, .shared = chunk->spec->shared };
    if (chunk->spec->use == VL_USE_SHARED) beside.part = &chunk->first;
    vl_guide guide;
    vl_rows_show(&chunk->shown, &guide, &beside);
    if (near && real == chunk->raw.len) { /* what fills a chunk up has nothing beside it */
        beside.near = near->raw.data;
        beside.near_type = near->spec->type;
    }
    const vl_trial *const trial = vl_profile_trial(profile);
    const vl_pack_job job = { .beside = beside,
                              .learns = trial->learns,
                              .plain = chunk->raw.data,
                              .len = chunk->raw.len,
                              .fill = chunk->raw.len - real,
                              .first = chunk->first,
                              .type = chunk->spec->type,
                              .work = work };
    if (profile == VL_PORTABLE) return vl_deflate_pack(trial, &job, &chunk->packed, err);
    return vl_pack_best(trial, chunk->spec->use, &job, &chunk->packed, err);
}

/* ---- the file ---- */

vl_code vl_store_give_up(vl_store *st, vl_err *err, const char *what)
{
    st->dead = true;
    vl_hdf5_fail(err, VL_EIO, "cannot write %s", what);
    return vl_err_file(err, st->path);
}

/* ---- data sets ---- */

static vl_code has(vl_store *st, const char *path, bool *there, vl_err *err)
{
    if (vl_hdf5_has(st->file, path, there, VL_EIO, err)) vl_store_give_up(st, err, path);
    return err->code;
}

/* Intermediate groups made by HDF5 would carry times; make them ourselves. */
static vl_code make_groups(vl_store *st, const char *path, vl_err *err)
{
    char name[VL_PATH + 16];
    bool there;
    for (const char *slash = strchr(path + (path[0] == '/'), '/'); slash; slash = strchr(slash + 1, '/')) {
        snprintf(name, sizeof name, "%.*s", (int)(slash - path), path);
        if (has(st, name, &there, err)) return err->code;
        if (there) continue;
        const hid_t create = vl_hdf5_timeless(H5P_GROUP_CREATE);
        const hid_t group =
            vl_hdf5_compact_group(create) ? H5Gcreate2(st->file, name, H5P_DEFAULT, create, H5P_DEFAULT) : -1;
        if (group < 0 || H5Gclose(group) < 0) return vl_store_give_up(st, err, name);
        H5Pclose(create);
    }
    return VL_OK;
}

vl_code vl_store_add_text(vl_store *st, hid_t object, const char *name, const char *text, vl_err *err)
{
    const hid_t type = vl_hdf5_text_type(strlen(text)), space = type < 0 ? -1 : H5Screate(H5S_SCALAR);
    const hid_t attribute = space < 0 ? -1 : H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    if (attribute < 0 || H5Awrite(attribute, type, text) < 0 || H5Aclose(attribute) < 0)
        return vl_store_give_up(st, err, name);
    H5Tclose(type);
    H5Sclose(space);
    return VL_OK;
}

vl_code vl_store_add_u64(vl_store *st, hid_t object, const char *name, uint64_t value, vl_err *err)
{
    const hid_t space = H5Screate(H5S_SCALAR);
    const hid_t attribute =
        space < 0 ? -1 : H5Acreate2(object, name, H5T_STD_U64LE, space, H5P_DEFAULT, H5P_DEFAULT);
    if (attribute < 0 || H5Awrite(attribute, H5T_NATIVE_UINT64, &value) < 0 || H5Aclose(attribute) < 0)
        return vl_store_give_up(st, err, name);
    H5Sclose(space);
    return VL_OK;
}

static vl_code describe(vl_store *st, hid_t id, const char *unit, const char *missing, const char *doc,
                        vl_err *err)
{
    if (*unit && vl_store_add_text(st, id, "unit", unit, err)) return err->code;
    if (*missing && vl_store_add_text(st, id, "missing", missing, err)) return err->code;
    if (*doc && vl_store_add_text(st, id, "description", doc, err)) return err->code;
    return VL_OK;
}

static vl_dataset *new_column(vl_store *st, vl_err *err)
{
    if (st->ncolumn == st->ccolumn) {
        const int cap = st->ccolumn ? 2 * st->ccolumn : 64;
        vl_dataset *const p = realloc(st->column, (size_t)cap * sizeof *p);
        if (!p) {
            vl_fail(err, VL_ENOMEM, "no memory for %d columns", cap);
            return NULL;
        }
        st->column = p;
        st->ccolumn = cap;
    }
    vl_dataset *const col = &st->column[st->ncolumn++];
    *col = (vl_dataset){ .id = -1 };
    return col;
}

static vl_dataset *find_path(vl_store *st, const char *path)
{
    for (int i = 0; i < st->ncolumn; i++)
        if (!strcmp(st->column[i].is.path, path)) return &st->column[i];
    return NULL;
}

static vl_dataset *find_or_add(vl_store *st, const vl_spec *spec, vl_err *err)
{
    vl_dataset *col = find_path(st, spec->path);
    if (col || !(col = new_column(st, err))) return col;
    col->spec = spec;
    snprintf(col->is.path, sizeof col->is.path, "%s", spec->path);
    col->is.type = spec->type;
    col->is.index = spec->index;
    return col;
}

/* Of a new data set: one axis that grows by chunks; one chunk; or what it holds lies as it is in its
 * header. */
typedef enum layout { GROWS, ONE_CHUNK, PLAIN } layout;

/* In chunks of this shape, packed by our filter or, in profile portable, by HDF5's own. */
static bool set_chunks(const vl_store *st, hid_t create, int ndim, const hsize_t *size, const vl_spec *spec)
{
    const unsigned width = (unsigned)vl_type_width(spec->type);
    const unsigned param[VL_FILTER_PARAMS] = { 1, width, (unsigned)spec->use };
    if (H5Pset_chunk(create, ndim, size) < 0 || H5Pset_fill_time(create, H5D_FILL_TIME_NEVER) < 0)
        return false;
    if (st->profile == VL_PORTABLE)
        return (width == 1 || H5Pset_shuffle(create) >= 0) && H5Pset_deflate(create, 6) >= 0;
    return H5Pset_filter(create, VL_FILTER, H5Z_FLAG_MANDATORY, VL_FILTER_PARAMS, param) >= 0;
}

static vl_code new_dataset(vl_store *st, vl_dataset *col, int ndim, const hsize_t *size, layout kind,
                           const vl_spec *spec, vl_err *err)
{
    const hsize_t none = 0, all = H5S_UNLIMITED;
    const hid_t create = vl_hdf5_timeless(H5P_DATASET_CREATE);
    const bool good = create >= 0 && (kind == PLAIN ? H5Pset_layout(create, H5D_COMPACT) >= 0
                                                    : set_chunks(st, create, ndim, size, spec));
    const hid_t space = !good           ? -1
                        : kind == GROWS ? H5Screate_simple(1, &none, &all)
                                        : H5Screate_simple(ndim, size, NULL);
    if (space >= 0)
        col->id = H5Dcreate2(st->file, col->is.path, vl_hdf5_type(spec->type), space, H5P_DEFAULT, create,
                             H5P_DEFAULT);
    if (col->id < 0) return vl_store_give_up(st, err, col->is.path);
    H5Sclose(space);
    H5Pclose(create);
    return VL_OK;
}

/* A column that fits one chunk gets exactly that chunk; others grow chunk by chunk. */
static vl_code make_dataset(vl_store *st, vl_dataset *col, const vl_chunk *chunk, vl_err *err)
{
    const vl_spec *const spec = col->spec;
    const bool single = chunk->first == 0 && chunk->last;
    const hsize_t size = single ? chunk->count : vl_chunk_elements(spec);
    if (make_groups(st, spec->path, err) ||
        new_dataset(st, col, 1, &size, single ? ONE_CHUNK : GROWS, spec, err))
        return err->code;
    col->is.chunk = size;
    if (spec->role && *spec->role && vl_store_add_text(st, col->id, "role", spec->role, err))
        return err->code;
    if (spec->coding && *spec->coding && vl_store_add_text(st, col->id, "coding", spec->coding, err))
        return err->code;
    return describe(st, col->id, spec->unit, spec->missing, spec->doc, err);
}

/* Lets the disk begin early, so that the fsync at the end finds little left to do. Advice: it may fail. */
static void start_writeback(vl_store *st, size_t bytes)
{
    enum { EVERY = 16 << 20 };
    st->unsynced += bytes;
    if (st->unsynced < EVERY) return;
    st->unsynced = 0;
    (void)sync_file_range(st->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
}

static vl_code put_chunk(vl_store *st, vl_dataset *col, const vl_chunk *chunk, vl_err *err)
{
    vl_hdf5_quiet();
    if (col->id < 0 && make_dataset(st, col, chunk, err)) return err->code;
    const hsize_t offset = chunk->first, extent = chunk->first + chunk->count;
    if (!(chunk->first == 0 && chunk->last) && H5Dset_extent(col->id, &extent) < 0)
        return vl_store_give_up(st, err, col->is.path);
    if (H5Dwrite_chunk(col->id, H5P_DEFAULT, 0, &offset, chunk->packed.len, chunk->packed.data) < 0)
        return vl_store_give_up(st, err, col->is.path);
    start_writeback(st, chunk->packed.len);
    col->codecs |= st->profile == VL_PORTABLE ? 0 : UINT64_C(1) << chunk->packed.data[2];
    col->next = col->is.nelem = extent;
    col->is.packed_bytes += chunk->packed.len;
    return VL_OK;
}

/* Offsets of equally long rows that lay left out because they might never have been needed. */
static vl_code fill_line(vl_store *st, vl_dataset *col, uint64_t to, uint64_t step, vl_work *work,
                         vl_err *err)
{
    const size_t count = vl_chunk_elements(col->spec);
    vl_chunk chunk = { .spec = col->spec, .count = count };
    while (col->next < to && !err->code) {
        chunk.first = col->next;
        chunk.raw.len = 0;
        if (vl_buf_reserve(&chunk.raw, vl_chunk_bytes(col->spec), err)) break;
        for (size_t i = 0; i < count; i++) vl_put_le64(chunk.raw.data + 8 * i, (chunk.first + i) * step);
        chunk.raw.len = count * 8;
        if (vl_chunk_pack(&chunk, NULL, st->profile, work, err)) break;
        put_chunk(st, col, &chunk, err);
    }
    vl_buf_free(&chunk.raw);
    vl_buf_free(&chunk.packed);
    return err->code;
}

vl_code vl_store_append(vl_store *st, vl_chunk *chunk, vl_work *work, vl_err *err)
{
    vl_dataset *const col = find_or_add(st, chunk->spec, err);
    if (!col) return err->code;
    if (col->next < chunk->first && fill_line(st, col, chunk->first, chunk->line, work, err))
        return err->code;
    if (col->next != chunk->first)
        return vl_fail(err, VL_EBUG, "%s: chunk at element %" PRIu64 " after %" PRIu64, col->is.path,
                       chunk->first, col->next);
    return put_chunk(st, col, chunk, err);
}

/* The whole table: one chunk or, where that takes less of the file, plain. */
static vl_code write_table(vl_store *st, vl_dataset *col, int ndim, const hsize_t *size, const void *data,
                           vl_err *err)
{
    const vl_spec spec = { .type = col->is.type, .use = col->is.type == VL_U8 ? VL_USE_TEXT : VL_USE_NUMBER };
    vl_chunk chunk = { .spec = &spec, .count = col->is.nelem, .last = true };
    vl_work work = { 0 };
    const hsize_t zero[4] = { 0 };
    herr_t put = 0;
    enum { CHUNK_COSTS = 96 }; /* bytes that say where it lies, how it is packed, and name the codec */
    if (vl_buf_append(&chunk.raw, data, col->is.nelem * vl_type_width(spec.type), err) ||
        vl_chunk_pack(&chunk, NULL, st->profile, &work, err))
        goto out;
    col->is.plain = chunk.raw.len <= chunk.packed.len + CHUNK_COSTS && chunk.raw.len <= MOST_PLAIN;
    if (new_dataset(st, col, ndim, size, col->is.plain ? PLAIN : ONE_CHUNK, &spec, err)) goto out;
    if (col->is.plain) put = H5Dwrite(col->id, vl_hdf5_type(spec.type), H5S_ALL, H5S_ALL, H5P_DEFAULT, data);
    else put = H5Dwrite_chunk(col->id, H5P_DEFAULT, 0, zero, chunk.packed.len, chunk.packed.data);
    if (put < 0) vl_store_give_up(st, err, col->is.path);
    else if (!col->is.plain && st->profile != VL_PORTABLE) col->codecs |= UINT64_C(1) << chunk.packed.data[2];
out:
    vl_buf_free(&chunk.raw);
    vl_buf_free(&chunk.packed);
    vl_work_free(&work);
    return err->code;
}

vl_code vl_store_table(vl_store *st, const char *path, vl_type type, const void *data, int ndim,
                       const uint64_t *dims, const char *const *axis, const char *unit, const char *doc,
                       vl_err *err)
{
    hsize_t size[4] = { 0 };
    uint64_t n = 1;
    if (ndim < 1 || ndim > 4) return vl_fail(err, VL_EBUG, "%s: %d axes", path, ndim);
    for (int i = 0; i < ndim; i++) n *= size[i] = dims[i];
    if (!n || n * vl_type_width(type) > VL_MAX_CHUNK)
        return vl_fail(err, VL_EBUG, "%s: table of %" PRIu64, path, n);
    if (make_groups(st, path, err)) return err->code;
    vl_dataset *const col = new_column(st, err);
    if (!col) return err->code;
    snprintf(col->is.path, sizeof col->is.path, "%s", path);
    col->is.type = type;
    col->is.nelem = n;
    if (write_table(st, col, ndim, size, data, err)) return err->code;
    for (int i = 0; i < ndim && axis; i++) {
        const char name[] = { 'a', 'x', 'i', 's', (char)('0' + i), 0 };
        if (axis[i][0] && vl_store_add_text(st, col->id, name, axis[i], err)) return err->code;
    }
    XXH128_canonical_t hash;
    XXH128_canonicalFromHash(&hash, XXH3_128bits(data, n * vl_type_width(type)));
    memcpy(col->is.digest, hash.digest, 16);
    return describe(st, col->id, unit, "", doc, err);
}

/* ---- notes ---- */

static hid_t open_object(vl_store *st, const char *where, vl_err *err)
{
    char path[VL_PATH + 20];
    if (!strcmp(where, "/")) return H5Gopen2(st->file, "/", H5P_DEFAULT);
    const vl_dataset *const col = find_path(st, where);
    if (col && col->id >= 0) return H5Oopen(st->file, where, H5P_DEFAULT);
    snprintf(path, sizeof path, "%s/", where); /* the slash makes the last name a group too */
    if (make_groups(st, path, err)) return -1;
    return H5Gopen2(st->file, where, H5P_DEFAULT);
}

vl_code vl_store_add_line(vl_store *st, const char *where, const char *name, const char *text, vl_err *err)
{
    const char *const part[] = { where, "\t", name, "\t", text, "\n" };
    for (int i = 0; i < 6; i++)
        if (vl_buf_append(&st->manifest, part[i], strlen(part[i]), err)) return err->code;
    return VL_OK;
}

vl_code vl_store_note(vl_store *st, const char *where, const char *name, const char *text, vl_err *err)
{
    const hid_t object = open_object(st, where, err);
    if (object < 0) return vl_store_give_up(st, err, where);
    if (vl_store_add_text(st, object, name, text, err)) return err->code;
    if (H5Oclose(object) < 0) return vl_store_give_up(st, err, where);
    return vl_store_add_line(st, where, name, text, err);
}

vl_code vl_store_note_u64(vl_store *st, const char *where, const char *name, uint64_t value, vl_err *err)
{
    char text[24];
    const hid_t object = open_object(st, where, err);
    if (object < 0) return vl_store_give_up(st, err, where);
    if (vl_store_add_u64(st, object, name, value, err)) return err->code;
    if (H5Oclose(object) < 0) return vl_store_give_up(st, err, where);
    snprintf(text, sizeof text, "%" PRIu64, value);
    return vl_store_add_line(st, where, name, text, err);
}

vl_code vl_store_row_length(vl_store *st, const vl_spec *spec, uint64_t length, vl_err *err)
{
    const vl_dataset *const col = find_path(st, spec->path);
    if (!col || col->id < 0) return VL_OK; /* no elements: no data set */
    return vl_store_note_u64(st, spec->path, "row_length", length, err);
}

vl_code vl_store_link(vl_store *st, const char *path, const char *also, vl_err *err)
{
    bool there;
    if (has(st, path, &there, err)) return err->code;
    if (!there) return VL_OK;
    if (H5Lcreate_hard(st->file, path, st->file, also, H5P_DEFAULT, H5P_DEFAULT) < 0)
        return vl_store_give_up(st, err, also);
    return VL_OK;
}

vl_code vl_store_digest(vl_store *st, const char *path, const uint8_t xxh128[16], vl_err *err)
{
    vl_dataset *const col = find_path(st, path);
    if (!col) return vl_fail(err, VL_EBUG, "digest of %s, which is not in the store", path);
    memcpy(col->is.digest, xxh128, 16);
    return VL_OK;
}

/* ---- seal ---- */

static vl_code name_codecs(vl_store *st, const vl_dataset *col, vl_err *err)
{
    char text[VL_CODEC_NAMES] = "";
    if (col->is.plain) return VL_OK;
    if (st->profile == VL_PORTABLE)
        return vl_store_add_text(st, col->id, "codec",
                                 vl_type_width(col->is.type) > 1 ? "shuffle+deflate" : "deflate", err);
    for (uint8_t i = 0; i < VL_MAX_CODEC; i++) {
        if (!(col->codecs >> i & 1)) continue;
        const size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "%s%s", used ? "," : "", vl_codec_name(i));
    }
    return vl_store_add_text(st, col->id, "codec", text, err);
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const vl_digest_row *)a)->path, ((const vl_digest_row *)b)->path);
}

void vl_digest_identity(const vl_digest_row *row, int n, char hex[65])
{
    SHA256_CTX hash;
    uint8_t sha[32];
    SHA256_Init(&hash);
    SHA256_Update(&hash, row, (size_t)n * sizeof *row);
    SHA256_Final(sha, &hash);
    vl_hex(sha, sizeof sha, hex);
}

vl_code vl_store_write_digest_rows(vl_store *st, const vl_digest_row *row, int n, vl_err *err)
{
    char hex[65];
    const hsize_t count = (hsize_t)n;
    const hid_t type = vl_hdf5_digest_type(), space = type < 0 ? -1 : H5Screate_simple(1, &count, NULL);
    const hid_t create = space < 0 ? -1 : vl_hdf5_timeless(H5P_DATASET_CREATE);
    const hid_t id =
        create < 0 ? -1 : H5Dcreate2(st->file, "digest", type, space, H5P_DEFAULT, create, H5P_DEFAULT);
    if (id < 0 || H5Dwrite(id, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, row) < 0 || H5Dclose(id) < 0)
        return vl_store_give_up(st, err, "digest");
    H5Pclose(create);
    H5Sclose(space);
    H5Tclose(type);
    vl_digest_identity(row, n, hex);
    const hid_t root = H5Gopen2(st->file, "/", H5P_DEFAULT);
    if (root < 0 || vl_store_add_text(st, root, "vial.digest", hex, err) || H5Gclose(root) < 0)
        return vl_store_give_up(st, err, "digest");
    return VL_OK;
}

/* Indexes are not of the content: they can be made again, and the identity stays what it was. */
static vl_code write_digest(vl_store *st, vl_err *err)
{
    vl_digest_row *const row = calloc((size_t)st->ncolumn + 1, sizeof *row);
    int n = 0;
    if (!row) return vl_fail(err, VL_ENOMEM, "no memory for %d digests", st->ncolumn);
    for (int i = 0; i < st->ncolumn; i++) {
        char hex[33];
        if (st->column[i].is.index) continue;
        memcpy(row[n].path, st->column[i].is.path, sizeof row[n].path);
        vl_hex(st->column[i].is.digest, 16, hex);
        memcpy(row[n++].xxh3_128, hex, 32);
    }
    qsort(row, (size_t)n, sizeof *row, by_path);
    vl_store_write_digest_rows(st, row, n, err);
    free(row);
    return err->code;
}

vl_code vl_store_finish(vl_store *st, int threads, vl_err *err)
{
    for (int i = 0; i < st->ncolumn; i++)
        if (name_codecs(st, &st->column[i], err)) return err->code;
    for (int i = 0; i < st->ncolumn; i++) {
        if (H5Dclose(st->column[i].id) < 0) return vl_store_give_up(st, err, st->column[i].is.path);
        st->column[i].id = -1;
    }
    if (st->file >= 0 && H5Fclose(st->file) < 0) return vl_store_give_up(st, err, "the end of the file");
    st->file = -1;
    vl_seal seal = { .place = st->place };
    vl_seal_write(st->fd, threads, &seal, err);
    st->bytes = seal.bytes;
    return vl_err_file(err, st->path);
}

vl_code vl_store_write_manifest(vl_store *st, vl_err *err)
{
    const uint64_t n = st->manifest.len;
    return vl_store_table(st, "source/manifest", VL_U8, st->manifest.data, 1, &n, NULL, "",
                          "notes of the store: where, name and text of each, one a line", err);
}

vl_code vl_store_seal(vl_store *st, int threads, vl_err *err)
{
    if (vl_store_write_manifest(st, err) || write_digest(st, err)) return err->code;
    return vl_store_finish(st, threads, err);
}
