/* The inputs of an acquisition (inputs.h). */
#include "pipeline/io/inputs.h"
#include "pipeline/io/names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

const char *vl_role_name(vl_role role)
{
    static const char *const names[VL_NROLE] = {
        [VL_ROLE_DATA] = "data",    [VL_ROLE_R1] = "R1", [VL_ROLE_R2] = "R2",
        [VL_ROLE_I1] = "I1",        [VL_ROLE_I2] = "I2", [VL_ROLE_REFERENCE] = "reference",
        [VL_ROLE_BESIDE] = "beside"
    };
    return names[role];
}

vl_code vl_inputs_add(vl_inputs *in, int stream, const char *path, vl_err *err)
{
    if (in->n == in->cap) {
        const size_t cap = in->cap ? 2 * in->cap : 2;
        vl_file *const file = reallocarray(in->file, cap, sizeof *file);
        if (!file) return vl_fail(err, VL_ENOMEM, "no memory for %zu inputs", cap);
        in->file = file;
        in->cap = cap;
    }
    char *const copy = strdup(path);
    if (!copy) return vl_fail(err, VL_ENOMEM, "no memory for a file name");
    size_t at = in->n++;
    for (; at && in->file[at - 1].stream > stream; at--) in->file[at] = in->file[at - 1];
    in->file[at] = (vl_file){ .path = copy, .stream = stream };
    return VL_OK;
}

int vl_inputs_nstream(const vl_inputs *in) { return in->n ? in->file[in->n - 1].stream + 1 : 0; }

size_t vl_inputs_first(const vl_inputs *in, int stream)
{
    size_t at = 0;
    while (at < in->n && in->file[at].stream < stream) at++;
    return at;
}

size_t vl_inputs_count(const vl_inputs *in, int stream)
{
    return vl_inputs_first(in, stream + 1) - vl_inputs_first(in, stream);
}

void vl_inputs_name_roles(vl_inputs *in)
{
    int nstream = vl_inputs_nstream(in);
    if (in->n && in->file[in->n - 1].role == VL_ROLE_BESIDE) nstream = 1;
    for (size_t i = 0; i < in->n; i++) {
        vl_file *const f = &in->file[i];
        const vl_name name = vl_name_split(vl_name_base(f->path));
        const bool second = nstream == 2 ? f->stream == 1 : name.mate == '2';
        if (f->role == VL_ROLE_REFERENCE || f->role == VL_ROLE_BESIDE) continue;
        if (name.mark == 'I') f->role = second ? VL_ROLE_I2 : VL_ROLE_I1;
        else if (name.mark || nstream == 2) f->role = second ? VL_ROLE_R2 : VL_ROLE_R1;
        else f->role = VL_ROLE_DATA;
    }
}

vl_role vl_inputs_role(const vl_inputs *in, int stream, int file)
{
    return (size_t)file < vl_inputs_count(in, stream)
               ? in->file[vl_inputs_first(in, stream) + (size_t)file].role
               : VL_ROLE_DATA;
}

bool vl_inputs_are_files(const vl_inputs *in)
{
    for (size_t i = 0; i < in->n; i++) {
        struct stat st;
        if (!strcmp(in->file[i].path, "-") || stat(in->file[i].path, &st) || S_ISFIFO(st.st_mode))
            return false;
    }
    return true;
}

bool vl_inputs_equal(const vl_inputs *a, const vl_inputs *b)
{
    if (a->n != b->n) return false;
    for (size_t i = 0; i < a->n; i++)
        if (a->file[i].stream != b->file[i].stream || strcmp(a->file[i].path, b->file[i].path)) return false;
    return true;
}

vl_code vl_fail_open(vl_err *err, const char *path, int errnum)
{
    struct stat st;
    const bool missing = errnum == ENOENT || errnum == ENOTDIR;
    if (missing && !lstat(path, &st) && S_ISLNK(st.st_mode))
        return vl_fail(err, VL_ENOIN, "cannot open: is a link that leads nowhere");
    if (missing && *path == '~')
        return vl_fail(err, VL_ENOIN, "cannot open: not found; '~' means nothing here, write the folder out");
    if (missing && strchr(path, '\\'))
        return vl_fail(err, VL_ENOIN, "cannot open: not found; folders are parted by '/', not by '\\'");
    return vl_fail_errno(err, VL_ENOIN, errnum, "cannot open");
}

void vl_inputs_free(vl_inputs *in)
{
    for (size_t i = 0; i < in->n; i++) free(in->file[i].path);
    free(in->file);
    *in = (vl_inputs){ 0 };
}

bool vl_inputs_acquisition(const vl_inputs *in, char text[256])
{
    char first[256], other[256];
    const size_t n = vl_inputs_count(in, 0);
    text[0] = 0;
    if (n) vl_name_acquisition(in->file[0].path, text);
    if (n < 2) return n;
    vl_name_library(in->file[0].path, first);
    for (size_t i = 1; i < n && first[0]; i++) {
        vl_name_library(in->file[i].path, other);
        if (strcmp(first, other)) first[0] = 0;
    }
    if (first[0]) memcpy(text, first, sizeof first);
    return first[0];
}
