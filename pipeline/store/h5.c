/* HDF5 set up once, types, and its errors in our words (h5.h). */
#include "pipeline/store/h5.h"

#include <H5PLpublic.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A store is one file: nothing in it leads to another. The class of external links is replaced by this one;
 * they can still be written (sample.h5). */
static hid_t lead_nowhere(const char *name, hid_t group, const void *to, size_t n, hid_t access,
                          hid_t transfer)
{
    (void)name, (void)group, (void)to, (void)n, (void)access, (void)transfer;
    return -1;
}

vl_code vl_hdf5_start(vl_err *err)
{
    static const H5L_class_t external = { .version = H5L_LINK_CLASS_T_VERS,
                                          .id = H5L_TYPE_EXTERNAL,
                                          .comment = "external",
                                          .trav_func = lead_nowhere };
    static bool started; /* only the ordered stages and the commands come here: one thread */
    if (started) return VL_OK;
    H5dont_atexit();
    if (H5open() < 0 || H5Eset_auto2(H5E_DEFAULT, NULL, NULL) < 0 || H5Zregister(&vl_filter) < 0 ||
        H5Lregister(&external) < 0 || H5PLset_loading_state(0) < 0)
        return vl_fail(err, VL_EBUG, "the HDF5 library does not start");
    started = true;
    return VL_OK;
}

void vl_hdf5_quiet(void)
{
    static _Thread_local bool quiet;
    if (!quiet) H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    quiet = true;
}

hid_t vl_hdf5_type(vl_type type)
{
    switch (type) {
    case VL_U8: return H5T_STD_U8LE;
    case VL_I8: return H5T_STD_I8LE;
    case VL_U16: return H5T_STD_U16LE;
    case VL_I16: return H5T_STD_I16LE;
    case VL_U32: return H5T_STD_U32LE;
    case VL_I32: return H5T_STD_I32LE;
    case VL_U64: return H5T_STD_U64LE;
    case VL_I64: return H5T_STD_I64LE;
    case VL_F32: return H5T_IEEE_F32LE;
    case VL_F64: return H5T_IEEE_F64LE;
    }
    return H5T_STD_U8LE;
}

bool vl_hdf5_type_of(hid_t type, vl_type *out)
{
    for (int t = VL_U8; t <= VL_F64; t++) {
        if (H5Tequal(type, vl_hdf5_type((vl_type)t)) > 0) {
            *out = (vl_type)t;
            return true;
        }
    }
    return false;
}

/* What is left of them after a failure is let go, here and below: closing it would forget why they failed. */
hid_t vl_hdf5_text_type(size_t n)
{
    const hid_t type = H5Tcopy(H5T_C_S1);
    const bool good = type >= 0 && H5Tset_size(type, n ? n : 1) >= 0 &&
                      H5Tset_cset(type, H5T_CSET_UTF8) >= 0 && H5Tset_strpad(type, H5T_STR_NULLPAD) >= 0;
    return good ? type : -1;
}

hid_t vl_hdf5_timeless(hid_t class)
{
    const hid_t create = H5Pcreate(class);
    return create >= 0 && H5Pset_obj_track_times(create, 0) >= 0 ? create : -1;
}

bool vl_hdf5_compact_group(hid_t create)
{
    enum { MOST = 64 };
    return create >= 0 && H5Pset_link_phase_change(create, MOST, 0) >= 0 &&
           H5Pset_attr_phase_change(create, MOST, 0) >= 0;
}

hid_t vl_hdf5_digest_type(void)
{
    const hid_t text = H5Tcopy(H5T_C_S1),
                type = text >= 0 ? H5Tcreate(H5T_COMPOUND, sizeof(vl_digest_row)) : -1;
    const bool good = type >= 0 && H5Tset_size(text, sizeof((vl_digest_row *)0)->path) >= 0 &&
                      H5Tinsert(type, "path", offsetof(vl_digest_row, path), text) >= 0 &&
                      H5Tset_size(text, sizeof((vl_digest_row *)0)->xxh3_128) >= 0 &&
                      H5Tset_strpad(text, H5T_STR_NULLPAD) >= 0 &&
                      H5Tinsert(type, "xxh3_128", offsetof(vl_digest_row, xxh3_128), text) >= 0;
    if (!good) return -1;
    H5Tclose(text);
    return type;
}

/* What the error stack says: whether memory ran out, or HDF5 lost something of its own, and the system's own
 * words if a system call failed. */
typedef struct cause {
    bool no_memory, broken, system;
    char text[1024];
} cause;

/* HDF5 lists its errors from the outside in: the last one it shows is the cause. */
static herr_t look(unsigned n, const H5E_error2_t *e, void *to)
{
    cause *const c = to;
    (void)n;
    /* "data size exceeds buffer size": so it calls what a file says that cannot be */
    const bool size = e->desc && strstr(e->desc, "exceeds");
    c->no_memory |=
        !size && (e->min_num == H5E_NOSPACE || e->min_num == H5E_CANTALLOC || e->maj_num == H5E_RESOURCE);
    /* a property that HDF5 misses in lists of its own is no fault of a file: memory once failed it */
    c->broken |= e->maj_num == H5E_PLIST && e->min_num == H5E_NOTFOUND;
    /* "..., errno = 28, error message = 'No space left on device', buf = ..." */
    if (c->system || !e->desc || !e->desc[0]) return 0;
    const char *const words = strstr(e->desc, "error message = '");
    c->system = words != NULL;
    snprintf(c->text, sizeof c->text, "%s", words ? words + 17 : e->desc);
    if (words) c->text[strcspn(c->text, "'")] = 0;
    return 0;
}

vl_code vl_hdf5_fail(vl_err *err, vl_code code, const char *fmt, ...)
{
    char what[120];
    cause c = { .text = "" };
    va_list args;
    va_start(args, fmt);
    vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_DOWNWARD, look, &c);
    H5Eclear2(H5E_DEFAULT);
    if (c.system) code = VL_EIO;
    else if (c.no_memory) code = VL_ENOMEM;
    else if (c.broken) code = VL_EBUG;
    return vl_fail(err, code, "%s%s%.90s", what, c.text[0] ? ": " : "", c.text);
}

vl_code vl_hdf5_has(hid_t file, const char *path, bool *there, vl_code code, vl_err *err)
{
    const htri_t exists = H5Lexists(file, path, H5P_DEFAULT);
    *there = exists > 0;
    return exists < 0 ? vl_hdf5_fail(err, code, "cannot look for %s", path) : VL_OK;
}
