/* Foreign HDF5 files (foreign.h): what data sets they have, and their bytes. */
#include "pipeline/store/foreign_parts.h"

#include "pipeline/run/guard.h"
#include "pipeline/store/confine.h"
#include "pipeline/store/file.h"
#include "pipeline/store/h5.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SETS_MOST = 256, LINKS_MOST = 4096, PLACES_MOST = 1 << 22 };

/* ---- what there is ---- */

/* Numbers as a column of ours can have them, little-endian, or bytes. */
static bool find_type(hid_t type, vl_type *out)
{
    const H5T_class_t class = H5Tget_class(type);
    const bool letter = class == H5T_STRING && H5Tis_variable_str(type) == 0 && H5Tget_size(type) == 1;
    *out = VL_U8;
    if (letter) return true;
    if (!vl_hdf5_type_of(type, out)) return false;
    if (*out == VL_I8) *out = VL_U8;
    return *out == VL_U8 || *out == VL_I32 || *out == VL_I64 || *out == VL_F32 || *out == VL_F64;
}

static vl_code read_filters(vl_dataset_place *d, hid_t create, vl_err *err)
{
    d->nfilter = H5Pget_nfilters(create);
    if (d->nfilter < 0 || d->nfilter > VL_FOREIGN_FILTERS)
        return vl_fail(err, VL_EUNSUP, "data set %.60s has %d filters", d->is.name, d->nfilter);
    for (int i = 0; i < d->nfilter; i++) {
        unsigned flags = 0, value[8] = { 0 };
        size_t n = 8;
        char name[8];
        d->filter[i] = (int)H5Pget_filter2(create, (unsigned)i, &flags, &n, value, sizeof name, name, NULL);
        if (d->filter[i] == VL_FOREIGN_SHUFFLE) d->shuffled = n ? value[0] : 0;
    }
    return VL_OK;
}

static bool lies_in(const vl_foreign *f, uint64_t at, uint64_t n)
{
    return at <= f->bytes && n <= f->bytes - at;
}

static vl_code find_chunks(vl_foreign *f, vl_dataset_place *d, hid_t id, uint64_t elements, vl_err *err)
{
    d->chunked = true;
    if (!elements || elements > VL_FOREIGN_CHUNK / d->width)
        return vl_fail(err, VL_EUNSUP, "data set %.60s has chunks of %" PRIu64 " values", d->is.name,
                       elements);
    d->chunk = elements * d->width;
    d->nchunk = d->is.nelem / elements + (d->is.nelem % elements != 0);
    if (d->nchunk > PLACES_MOST || (f->nplace += d->nchunk) > PLACES_MOST)
        return vl_fail(err, VL_EUNSUP, "data set %.60s has %" PRIu64 " chunks", d->is.name, d->nchunk);
    if (!(d->place = calloc(d->nchunk + 1, sizeof *d->place)))
        return vl_fail(err, VL_ENOMEM, "no memory for %" PRIu64 " chunks", d->nchunk);
    for (uint64_t i = 0; i < d->nchunk; i++) {
        const hsize_t first = i * elements;
        unsigned mask = 0;
        haddr_t at = HADDR_UNDEF;
        hsize_t bytes = 0;
        if (H5Dget_chunk_info_by_coord(id, &first, &mask, &at, &bytes) < 0)
            return vl_hdf5_fail(err, VL_EFORMAT, "cannot find chunk %" PRIu64 " of %.60s", i, d->is.name);
        if (at == HADDR_UNDEF || !lies_in(f, at, bytes) || bytes > 2 * VL_FOREIGN_CHUNK)
            return vl_fail(err, VL_EFORMAT, "data set %.60s: chunk %" PRIu64 " is not in the file",
                           d->is.name, i);
        d->place[i] = (vl_foreign_place){ at, (uint32_t)bytes, mask };
    }
    return VL_OK;
}

static vl_code find_bytes(vl_foreign *f, vl_dataset_place *d, hid_t id, hid_t create, vl_err *err)
{
    hsize_t elements = 0;
    const H5D_layout_t layout = H5Pget_layout(create);
    if (H5Pget_external_count(create) != 0)
        return vl_fail(err, VL_EUNSUP, "data set %.60s lies in another file", d->is.name);
    if (layout == H5D_CHUNKED && H5Pget_chunk(create, 1, &elements) == 1)
        return read_filters(d, create, err) ? err->code : find_chunks(f, d, id, elements, err);
    const haddr_t at = layout == H5D_CONTIGUOUS && d->is.nelem ? H5Dget_offset(id) : HADDR_UNDEF;
    if (!d->is.nelem) return VL_OK;
    if (layout != H5D_CONTIGUOUS)
        return vl_fail(err, VL_EUNSUP, "data set %.60s is neither in chunks nor in one piece", d->is.name);
    d->at = at;
    if (at == HADDR_UNDEF || !lies_in(f, at, d->is.nelem * d->width))
        return vl_fail(err, VL_EFORMAT, "data set %.60s is not in the file", d->is.name);
    return VL_OK;
}

/* Of what is no array there may be any, also such as nobody can read. */
static void pass_over(vl_foreign *f, vl_dataset_place *d, bool *taken, vl_err *err)
{
    if (!d->layout) return;
    if (*taken && (err->code == VL_EFORMAT || err->code == VL_EUNSUP)) {
        vl_err_clear(err);
        *taken = false;
    }
    if (*taken) return;
    vl_foreign_layout_free(d->layout);
    f->nplace -= d->place ? d->nchunk : 0;
    free(d->place);
    d->layout = NULL;
    d->place = NULL;
}

/* One that is no array of ours and no table is passed over; *taken says. */
static vl_code read_set(vl_foreign *f, vl_dataset_place *d, hid_t id, bool *taken, vl_err *err)
{
    hsize_t n = 0;
    const hid_t type = H5Dget_type(id), space = type >= 0 ? H5Dget_space(id) : -1,
                create = space >= 0 ? H5Dget_create_plist(id) : -1;
    if (create < 0) vl_hdf5_fail(err, VL_EFORMAT, "cannot read data set %.60s", d->is.name);
    const bool array = !err->code && find_type(type, &d->is.type);
    if (!array && !err->code) d->layout = vl_foreign_layout_of(type);
    d->width = array ? vl_type_width(d->is.type) : d->layout ? d->layout->bytes : 0;
    *taken =
        d->width && H5Sget_simple_extent_ndims(space) == 1 && H5Sget_simple_extent_dims(space, &n, NULL) == 1;
    d->is.nelem = n;
    if (*taken && n > UINT64_MAX / d->width / 8)
        vl_fail(err, VL_EFORMAT, "data set %.60s is endless", d->is.name);
    else if (*taken) find_bytes(f, d, id, create, err);
    pass_over(f, d, taken, err);
    if (create >= 0) H5Pclose(create);
    if (space >= 0) H5Sclose(space);
    if (type >= 0) H5Tclose(type);
    return err->code;
}

static vl_code read_link(vl_foreign *f, hid_t file, uint64_t i, vl_err *err)
{
    vl_dataset_place *const d = &f->set[f->nset];
    H5L_info_t info;
    *d = (vl_dataset_place){ .chunked = false };
    const ssize_t n = H5Lget_name_by_idx(file, ".", H5_INDEX_NAME, H5_ITER_INC, i, d->is.name,
                                         sizeof d->is.name, H5P_DEFAULT);
    if (n < 0) return vl_hdf5_fail(err, VL_EFORMAT, "cannot read the name of object %" PRIu64, i);
    if ((size_t)n >= sizeof d->is.name) return VL_OK;
    if (H5Lget_info(file, d->is.name, &info, H5P_DEFAULT) < 0)
        return vl_hdf5_fail(err, VL_EFORMAT, "cannot look at %.60s", d->is.name);
    if (info.type != H5L_TYPE_HARD) return VL_OK;
    const hid_t id = H5Oopen(file, d->is.name, H5P_DEFAULT);
    bool taken = false;
    if (id < 0) return vl_hdf5_fail(err, VL_EFORMAT, "cannot open %.60s", d->is.name);
    if (H5Iget_type(id) == H5I_DATASET) read_set(f, d, id, &taken, err);
    H5Oclose(id);
    if (taken) f->nset++;
    if (f->nset == SETS_MOST) vl_fail(err, VL_EUNSUP, "%d data sets or more", SETS_MOST);
    return err->code;
}

static vl_code read_links(vl_foreign *f, hid_t file, vl_err *err)
{
    H5G_info_t group;
    hsize_t front = 0;
    const hid_t create = H5Fget_create_plist(file);
    const bool known = create >= 0 && H5Pget_userblock(create, &front) >= 0;
    if (create >= 0) H5Pclose(create);
    if (!known || H5Gget_info(file, &group) < 0) return vl_hdf5_fail(err, VL_EFORMAT, "cannot read its root");
    if (front) return vl_fail(err, VL_EUNSUP, "%llu bytes stand before its HDF5", (unsigned long long)front);
    if (group.nlinks > LINKS_MOST)
        return vl_fail(err, VL_EUNSUP, "%llu objects below its root", (unsigned long long)group.nlinks);
    for (uint64_t i = 0; i < group.nlinks; i++)
        if (read_link(f, file, i, err)) return err->code;
    return VL_OK;
}

static vl_code look(vl_foreign *f, vl_err *err)
{
    const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_file_locking(access, 0, 1);
    const hid_t file = H5Fopen(f->path, H5F_ACC_RDONLY, access);
    if (file < 0) vl_hdf5_fail(err, VL_EFORMAT, "begins as HDF5, and cannot be opened as that");
    else read_links(f, file, err);
    if (file >= 0) H5Fclose(file);
    H5Pclose(access);
    return err->code;
}

static vl_code start(vl_foreign *f, const char *path, vl_err *err)
{
    struct stat st;
    vl_confined was;
    f->path = strdup(path);
    f->set = calloc(SETS_MOST, sizeof *f->set);
    if (!f->path || !f->set) return vl_fail(err, VL_ENOMEM, "no memory for an HDF5 file");
    f->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (f->fd < 0 || fstat(f->fd, &st)) return vl_fail_errno(err, VL_ENOIN, errno, "cannot open");
    f->bytes = (uint64_t)st.st_size;
    if (vl_hdf5_start(err)) return err->code;
    vl_hdf5_quiet();
    vl_guard_store(path);
    vl_confine(&was, f->bytes);
    look(f, err);
    vl_unconfine(&was);
    vl_guard_store("");
    if (err->code != VL_ENOMEM || !vl_confine_was_enough(f->bytes)) return err->code;
    vl_err_clear(err);
    return vl_fail(err, VL_EFORMAT, "its HDF5 is damaged: its tables ask for more memory than it can need");
}

vl_code vl_foreign_open(vl_foreign **out, const char *path, vl_err *err)
{
    vl_foreign *const f = *out = calloc(1, sizeof *f);
    if (!f) return vl_fail(err, VL_ENOMEM, "no memory for an HDF5 file");
    f->fd = -1;
    for (int i = 0; i < VL_FOREIGN_CACHE; i++) f->page[i].set = -1;
    return start(f, path, err) ? vl_err_file(err, path) : VL_OK;
}

int vl_foreign_find(const vl_foreign *f, const char *name, size_t n)
{
    for (int i = 0; i < f->nset; i++)
        if (!f->set[i].layout && strlen(f->set[i].is.name) == n && !memcmp(f->set[i].is.name, name, n))
            return i;
    return -1;
}

int vl_foreign_find_table(const vl_foreign *f, const char *name)
{
    for (int i = 0; i < f->nset; i++)
        if (f->set[i].layout && !strcmp(f->set[i].is.name, name)) return i;
    return -1;
}

const vl_foreign_set *vl_foreign_set_of(const vl_foreign *f, int set) { return &f->set[set].is; }
uint64_t vl_foreign_bytes(const vl_foreign *f) { return f->bytes; }

/* ---- bytes ---- */

/* An unpacked chunk; NULL: err is set. The one that was used longest ago goes. */
static const vl_buf *chunk(vl_foreign *f, int set, uint64_t nth, vl_err *err)
{
    vl_foreign_page *oldest = &f->page[0];
    f->clock++;
    for (int i = 0; i < VL_FOREIGN_CACHE; i++) {
        vl_foreign_page *const p = &f->page[i];
        if (p->set == set && p->nth == nth) {
            p->used = f->clock;
            return &p->plain;
        }
        if (p->used < oldest->used) oldest = p;
    }
    oldest->set = -1;
    if (vl_foreign_unpack(f, set, nth, &oldest->plain, err)) return NULL;
    oldest->set = set;
    oldest->nth = nth;
    oldest->used = f->clock;
    return &oldest->plain;
}

static vl_code read_plain(vl_foreign *f, const vl_dataset_place *d, uint64_t from, uint64_t n, vl_buf *to,
                          vl_err *err)
{
    if (vl_buf_grow(to, (size_t)n, err)) return err->code;
    if (vl_read_at(f->fd, to->data + to->len, (size_t)n, d->at + from, err) == VL_ESTORE)
        err->code = VL_EFORMAT;
    if (!err->code) to->len += (size_t)n;
    return err->code;
}

vl_code vl_foreign_read(vl_foreign *f, int set, uint64_t from, uint64_t n, vl_buf *to, vl_err *err)
{
    const vl_dataset_place *const d = &f->set[set];
    const uint64_t all = d->is.nelem * d->width;
    if (from > all || n > all - from)
        return vl_fail(err, VL_EBUG, "bytes beyond the end of data set %.60s", d->is.name);
    if (!d->chunked) return n && read_plain(f, d, from, n, to, err) ? vl_err_file(err, f->path) : VL_OK;
    while (n) {
        const uint64_t nth = from / d->chunk, skip = from % d->chunk,
                       here = d->chunk - skip < n ? d->chunk - skip : n;
        const vl_buf *const plain = chunk(f, set, nth, err);
        if (!plain || vl_buf_append(to, plain->data + skip, (size_t)here, err))
            return vl_err_file(err, f->path);
        from += here;
        n -= here;
    }
    return VL_OK;
}

void vl_foreign_close(vl_foreign *f)
{
    if (!f) return;
    for (int i = 0; f->set && i < SETS_MOST; i++) {
        free(f->set[i].place);
        vl_foreign_layout_free(f->set[i].layout);
    }
    for (int i = 0; i < VL_FOREIGN_CACHE; i++) vl_buf_free(&f->page[i].plain);
    libdeflate_free_decompressor(f->inflater);
    vl_buf_free(&f->other);
    if (f->fd >= 0) close(f->fd);
    free(f->set);
    free(f->path);
    free(f);
}
