/* Attributes of a damaged sample.h5 (sample_read.h). */
#include "pipeline/store/sample_read.h"

#include "pipeline/store/h5.h"

#include <stdlib.h>

typedef struct visiting {
    void (*visit)(void *to, const char *name, const char *value);
    void *to;
} visiting;

/* As sample.c writes it. */
static void visit_fixed(const visiting *v, const char *name, hid_t attribute, hid_t type)
{
    enum { MOST = 1 << 20 };
    const size_t n = H5Tget_size(type);
    char *const text = n && n < MOST ? calloc(1, n + 1) : NULL;
    if (text && H5Aread(attribute, type, text) >= 0) v->visit(v->to, name, text);
    free(text);
}

/* As other programs write it who change one. */
static void visit_variable(const visiting *v, const char *name, hid_t attribute, hid_t type)
{
    char *text = NULL;
    if (H5Aread(attribute, type, &text) >= 0 && text) v->visit(v->to, name, text);
    if (text) H5free_memory(text);
}

/* One text; others are passed over. */
static void visit_text(const visiting *v, const char *name, hid_t attribute)
{
    const hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
    if (type >= 0 && H5Tget_class(type) == H5T_STRING && H5Sget_simple_extent_npoints(space) == 1) {
        if (H5Tis_variable_str(type) > 0) visit_variable(v, name, attribute, type);
        else visit_fixed(v, name, attribute, type);
    }
    if (type >= 0) H5Tclose(type);
    if (space >= 0) H5Sclose(space);
}

static herr_t visit_one(hid_t root, const char *name, const H5A_info_t *info, void *to)
{
    (void)info;
    const hid_t attribute = H5Aopen(root, name, H5P_DEFAULT);
    if (attribute < 0) return 0;
    visit_text(to, name, attribute);
    H5Aclose(attribute);
    return 0;
}

vl_code vl_sample_attributes(const char *path, void (*visit)(void *to, const char *name, const char *value),
                             void *to, vl_err *err)
{
    visiting v = { visit, to };
    if (vl_hdf5_start(err)) return err->code;
    const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_file_locking(access, 0, 1);
    const hid_t file = H5Fopen(path, H5F_ACC_RDONLY, access),
                root = file < 0 ? -1 : H5Gopen2(file, "/", H5P_DEFAULT);
    if (root < 0 || H5Aiterate2(root, H5_INDEX_NAME, H5_ITER_INC, NULL, visit_one, &v) < 0)
        vl_hdf5_fail(err, VL_ESTORE, "HDF5 cannot read the file");
    if (root >= 0) H5Gclose(root);
    if (file >= 0) H5Fclose(file);
    H5Pclose(access);
    return err->code;
}
