/* The search for originals and copies (heal_search.h). */
#include "pipeline/bank/heal_search.h"

#include "pipeline/bank/hash_file.h"
#include "pipeline/io/names.h"
#include "pipeline/store/store.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { DEEPEST = 32, PATH = 4096 };

/* ---- the files ---- */

static vl_code add(vl_heal_files *files, const char *path, uint64_t bytes, vl_err *err)
{
    if (files->n == files->cap) {
        const size_t cap = 2 * files->cap + 64;
        vl_heal_file *const more = realloc(files->file, cap * sizeof *more);
        if (!more) return vl_fail(err, VL_ENOMEM, "no memory for %zu files", cap);
        files->file = more;
        files->cap = cap;
    }
    char *const copy = strdup(path);
    if (!copy) return vl_fail(err, VL_ENOMEM, "no memory for a path");
    files->file[files->n++] = (vl_heal_file){ .path = copy, .bytes = bytes };
    return VL_OK;
}

static vl_code walk(vl_heal_files *files, const char *path, const struct stat *st, int depth, vl_err *err)
{
    char below[PATH];
    if (S_ISREG(st->st_mode)) return add(files, path, (uint64_t)st->st_size, err);
    DIR *const dir = S_ISDIR(st->st_mode) && depth < DEEPEST ? opendir(path) : NULL;
    for (const struct dirent *e; dir && !err->code && (e = readdir(dir));) {
        struct stat one;
        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..") ||
            snprintf(below, sizeof below, "%s/%s", path, e->d_name) >= PATH || lstat(below, &one))
            continue;
        walk(files, below, &one, depth + 1, err);
    }
    if (dir) closedir(dir);
    return err->code;
}

static int by_size(const void *a, const void *b)
{
    const vl_heal_file *const one = a, *const two = b;
    if (one->bytes != two->bytes) return one->bytes < two->bytes ? -1 : 1;
    return strcmp(one->path, two->path);
}

vl_code vl_heal_files_list(vl_heal_files *files, const char *from, vl_err *err)
{
    struct stat st;
    *files = (vl_heal_files){ 0 };
    if (!from) return VL_OK;
    if (stat(from, &st)) return vl_fail_errno(err, VL_ENOIN, errno, "cannot open"), vl_err_file(err, from);
    if (!walk(files, from, &st, 0, err) && files->n)
        qsort(files->file, files->n, sizeof *files->file, by_size);
    return err->code;
}

void vl_heal_files_free(vl_heal_files *files)
{
    for (size_t i = 0; i < files->n; i++) free(files->file[i].path);
    free(files->file);
    *files = (vl_heal_files){ 0 };
}

/* ---- originals ---- */

bool vl_heal_is_there(const char *path, uint64_t bytes)
{
    struct stat st;
    return !stat(path, &st) && S_ISREG(st.st_mode) && (uint64_t)st.st_size == bytes;
}

/* Its SHA-256 in hex; "" when it cannot be read. */
static vl_code hash(const char *path, char hex[65], vl_err *err)
{
    vl_err why = VL_ERR_INIT;
    if (*hex) return VL_OK;
    if (vl_hash_file(path, hex, &why)) *hex = 0;
    return why.code == VL_ENOMEM ? (*err = why, why.code) : VL_OK;
}

const char *vl_heal_original(const json_t *input, vl_heal_files *files, vl_err *err)
{
    char hex[65] = "";
    const char *const path = json_string_value(json_object_get(input, "path")), *const sha =
                                                                                    json_string_value(
                                                                                        json_object_get(
                                                                                            input, "sha256"));
    const uint64_t bytes = (uint64_t)json_integer_value(json_object_get(input, "bytes"));
    if (vl_heal_is_there(path, bytes) && !hash(path, hex, err) && !strcmp(hex, sha)) return path;
    for (size_t i = 0; i < files->n && !err->code; i++) {
        vl_heal_file *const file = &files->file[i];
        if (file->bytes == bytes && !hash(file->path, file->sha256, err) && !strcmp(file->sha256, sha))
            return file->path;
    }
    return NULL;
}

/* ---- copies ---- */

/* The only file, one with the seal of the store, or one with its name. */
const char *vl_heal_copy(const json_t *store, const vl_heal_files *files, size_t *at)
{
    const char *const seal = json_string_value(json_object_get(store, "seal")), *const name =
                                                                                    json_string_value(
                                                                                        json_object_get(
                                                                                            store, "file"));
    const uint64_t bytes = (uint64_t)json_integer_value(json_object_get(store, "bytes"));
    while (*at < files->n) {
        char said[33] = "";
        const vl_heal_file *const file = &files->file[(*at)++];
        const size_t n = strlen(file->path);
        if (n < 4 || strcmp(file->path + n - 3, ".h5")) continue;
        if (files->n == 1 || !strcmp(vl_name_base(file->path), name)) return file->path;
        if (file->bytes != bytes) continue;
        vl_seal_said(file->path, said);
        if (!strcmp(said, seal)) return file->path;
    }
    return NULL;
}
