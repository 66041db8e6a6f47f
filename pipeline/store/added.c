/*
 * What lies in a store that vial did not write (store.h): objects that neither /digest nor a note names,
 * attributes that no note and no column has. Their values are checked elsewhere: columns by their digests,
 * notes by the manifest.
 */
#include "pipeline/store/h5.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Names that are expected, in order, none twice: groups and data sets without '/' in front, "" the root; and
 * notes, "object\tname". */
typedef struct names {
    char **name; /* owned, and so is each */
    size_t n, cap;
} names;

typedef struct search {
    vl_store *st;
    names object, note;
    vl_added_fn *tell;
    void *to;
    vl_err *err;
} search;

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static bool has(const names *list, const char *name)
{
    return list->n && bsearch(&name, list->name, list->n, sizeof *list->name, by_name);
}

static void add_name(names *list, const char *name, size_t n, vl_err *err)
{
    if (list->n == list->cap) {
        const size_t cap = list->cap ? 2 * list->cap : 256;
        char **const p = reallocarray(list->name, cap, sizeof *p);
        if (p) list->name = p, list->cap = cap;
    }
    char *const copy = list->n < list->cap ? strndup(name, n) : NULL;
    if (copy) list->name[list->n++] = copy;
    else vl_fail(err, VL_ENOMEM, "no memory for the names of a store");
}

static void free_names(names *list)
{
    for (size_t i = 0; i < list->n; i++) free(list->name[i]);
    free(list->name);
}

/* ---- what is expected ---- */

/* An object and the groups that it lies in. */
static void expect_object(search *s, const char *path)
{
    const char *const name = path + (*path == '/');
    for (const char *slash = strchr(name, '/'); slash; slash = strchr(slash + 1, '/'))
        add_name(&s->object, name, (size_t)(slash - name), s->err);
    add_name(&s->object, name, strlen(name), s->err);
}

static void expect_note(void *to, const char *where, const char *name, const char *text, bool number)
{
    search *const s = to;
    char note[2 * VL_PATH + 64];
    (void)text, (void)number;
    expect_object(s, where);
    snprintf(note, sizeof note, "%s\t%s", where + (*where == '/'), name);
    add_name(&s->note, note, strlen(note), s->err);
}

static vl_code list_expected(search *s)
{
    for (int i = 0; i < s->st->ncolumn; i++) expect_object(s, s->st->column[i].is.path);
    expect_object(s, "digest");
    expect_object(s, VL_INDEX_GROUP);
    expect_object(s, VL_ORIGINAL_GROUP);
    expect_object(s, "");
    vl_store_notes(s->st, expect_note, s);
    qsort(s->object.name, s->object.n, sizeof *s->object.name, by_name);
    if (s->note.n) qsort(s->note.name, s->note.n, sizeof *s->note.name, by_name);
    return s->err->code;
}

/* ---- what is there ---- */

/* Of a data set that /digest does not list. */
static bool is_aside(const char *path)
{
    return !strncmp(path, VL_INDEX_GROUP "/", sizeof VL_INDEX_GROUP) ||
           !strncmp(path, VL_ORIGINAL_GROUP "/", sizeof VL_ORIGINAL_GROUP);
}

/* Attributes that are no notes: what stands beside columns, tables, indexes and the digest table. */
static bool stands_beside(const char *object, const char *name)
{
    static const char *const column[] = { "unit",  "missing", "description", "role",  "coding",
                                          "codec", "axis0",   "axis1",       "axis2", "axis3" };
    static const char *const index[] = { "version",  "unit",  "rows",        "of",
                                         "xxh3_128", "codec", "description", "missing" };
    const bool is_index = is_aside(object);
    const char *const *const list = is_index ? index : column;
    const size_t n = is_index ? sizeof index / sizeof *index : sizeof column / sizeof *column;
    if (!*object) return !strcmp(name, "vial.digest");
    for (size_t i = 0; i < n; i++)
        if (!strcmp(name, list[i])) return true;
    return false;
}

typedef struct at_object {
    search *s;
    const char *object;
    bool dataset;
} at_object;

static herr_t visit_attribute(hid_t id, const char *name, const H5A_info_t *info, void *to)
{
    const at_object *const at = to;
    char note[2 * VL_PATH + 64];
    (void)id;
    (void)info;
    snprintf(note, sizeof note, "%s\t%s", at->object, name);
    if (has(&at->s->note, note) || ((at->dataset || !*at->object) && stands_beside(at->object, name)))
        return 0;
    at->s->tell(at->s->to, *at->object ? at->object : "/", name);
    return 0;
}

static herr_t visit_attributes(search *s, hid_t object, const char *path, bool dataset)
{
    at_object at = { s, path, dataset };
    return H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_INC, NULL, visit_attribute, &at);
}

static bool same_object(hid_t a, hid_t b)
{
    H5O_info_t x, y;
#if H5_VERSION_GE(1, 12, 0)
    int order = 1;
    return H5Oget_info3(a, &x, H5O_INFO_BASIC) >= 0 && H5Oget_info3(b, &y, H5O_INFO_BASIC) >= 0 &&
           H5Otoken_cmp(a, &x.token, &y.token, &order) >= 0 && !order;
#else
    return H5Oget_info2(a, &x, H5O_INFO_BASIC) >= 0 && H5Oget_info2(b, &y, H5O_INFO_BASIC) >= 0 &&
           x.addr == y.addr;
#endif
}

/* Row offsets that two columns share have two names. */
static bool is_second_name(const search *s, hid_t object, const char *path)
{
    const size_t n = strlen(path);
    if (n < 7 || strcmp(path + n - 7, ".offset")) return false;
    for (int i = 0; i < s->st->ncolumn; i++)
        if (same_object(s->st->column[i].id, object)) return true;
    return false;
}

/* Does it lie in a group that is none of ours? Then that one was told. */
static bool is_inside(const search *s, const char *path)
{
    char group[2 * VL_PATH + 64];
    const char *const slash = strrchr(path, '/');
    if (!slash) return false;
    snprintf(group, sizeof group, "%.*s", (int)(slash - path), path);
    return !has(&s->object, group);
}

static herr_t visit_link(hid_t root, const char *path, const H5L_info_t *info, void *to)
{
    search *const s = to;
    const bool hard = info->type == H5L_TYPE_HARD, in_index = is_aside(path);
    const hid_t object = hard ? H5Oopen(root, path, H5P_DEFAULT) : -1;
    if (hard && object < 0) return -1;
    if (is_inside(s, path)) return object < 0 ? 0 : H5Oclose(object);
    const H5I_type_t type = hard ? H5Iget_type(object) : H5I_BADID;
    const bool known = has(&s->object, path) || (in_index && type == H5I_DATASET);
    herr_t code = 0;
    if (hard && known) code = visit_attributes(s, object, path, type == H5I_DATASET);
    else if (!hard || !is_second_name(s, object, path)) s->tell(s->to, path, NULL);
    if (object >= 0) H5Oclose(object);
    return code;
}

vl_code vl_store_added(vl_store *st, vl_added_fn *tell, void *to, vl_err *err)
{
    search s = { .st = st, .tell = tell, .to = to, .err = err };
    vl_hdf5_quiet();
    const hid_t root = list_expected(&s) ? -1 : H5Gopen2(st->file, "/", H5P_DEFAULT);
    if (!err->code && (root < 0 || visit_attributes(&s, root, "", false) < 0 ||
                       H5Lvisit(root, H5_INDEX_NAME, H5_ITER_INC, visit_link, &s) < 0))
        vl_hdf5_fail(err, VL_ESTORE, "cannot list what is in it");
    if (root >= 0) H5Gclose(root);
    free_names(&s.object);
    free_names(&s.note);
    return vl_err_file(err, st->path);
}
