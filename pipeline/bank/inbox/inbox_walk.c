/*
 * What lies in an inbox (inbox_parts.h): its folders are read one after the other, names in order, so that
 * the same files give the same items in the same order on every file system.
 *
 * Symbolic links to folders are not followed, those to files are. Names that no pattern asks for are only
 * counted, without a look at the file: a run folder holds hundreds of thousands of them. A folder is taken
 * with all its files or not at all: where some were missing, a read would seem to have no mate.
 */
#include "pipeline/bank/inbox/inbox_parts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

char *vl_walk_path(const vl_walk *walk, const vl_lying *file, vl_err *err)
{
    char *path = NULL;
    if (asprintf(&path, "%s/%s%s", walk->root, walk->folder[file->folder].rel, file->name) >= 0) return path;
    vl_fail(err, VL_ENOMEM, "no memory for the name of a file");
    return NULL;
}

/* The same of a folder, without '/' at its end. */
static char *folder_path(const vl_walk *walk, const char *rel, vl_err *err)
{
    char *path = NULL;
    if (asprintf(&path, "%s%s%s", walk->root, *rel ? "/" : "", rel) < 0) {
        vl_fail(err, VL_ENOMEM, "no memory for the name of a folder");
        return NULL;
    }
    const size_t n = strlen(path);
    if (*rel && n > 1 && path[n - 1] == '/') path[n - 1] = 0;
    return path;
}

/* ---- the names of one folder ---- */

typedef struct entry {
    char *name;         /* owned */
    unsigned char type; /* DT_REG ... */
} entry;

typedef struct entries {
    entry *entry; /* owned */
    size_t n, cap;
} entries;

static void free_entries(entries *e)
{
    for (size_t i = 0; i < e->n; i++) free(e->entry[i].name);
    free(e->entry);
    *e = (entries){ 0 };
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const entry *)a)->name, ((const entry *)b)->name);
}

static vl_code add_entry(entries *e, const struct dirent *d, vl_err *err)
{
    if (e->n == e->cap) {
        const size_t cap = e->cap ? 2 * e->cap : 64;
        entry *const more = realloc(e->entry, cap * sizeof *more);
        if (!more) return vl_fail(err, VL_ENOMEM, "no memory for the names in a folder");
        e->entry = more;
        e->cap = cap;
    }
    e->entry[e->n] = (entry){ .name = strdup(d->d_name), .type = d->d_type };
    if (!e->entry[e->n].name) return vl_fail(err, VL_ENOMEM, "no memory for the names in a folder");
    e->n++;
    return VL_OK;
}

/* All names of the folder in order; *code is the errno if it cannot be read. Counts what it sees; beyond
 * walk->most it stops. fd stays open. */
static vl_code read_names(vl_walk *walk, int fd, entries *e, int *code, vl_err *err)
{
    const int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    DIR *const dir = own < 0 ? NULL : fdopendir(own);
    *code = dir ? 0 : errno;
    if (!dir && own >= 0) close(own);
    while (dir && walk->nentry <= walk->most && !err->code) {
        errno = 0;
        const struct dirent *const d = readdir(dir);
        if (!d) *code = errno;
        if (!d) break;
        if (!strcmp(d->d_name, ".") || !strcmp(d->d_name, "..")) continue;
        walk->nentry++;
        add_entry(e, d, err);
    }
    if (dir) closedir(dir);
    if (e->n) qsort(e->entry, e->n, sizeof *e->entry, by_name);
    return err->code;
}

/* Is it still being written, or hidden? */
static bool left_alone(const char *name)
{
    static const char *const endings[] = { ".part", ".tmp", ".filepart", ".crdownload" };
    const size_t n = strlen(name);
    if (name[0] == '.') return true;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        const size_t len = strlen(endings[i]);
        if (n >= len && !strcasecmp(name + n - len, endings[i])) return true;
    }
    return false;
}

/* A pattern with '/' speaks of the path below the inbox. */
static bool matches(const char *pattern, const char *rel, const char *name)
{
    char path[PATH_MAX];
    if (!strchr(pattern, '/')) return !fnmatch(pattern, name, 0);
    const int n = snprintf(path, sizeof path, "%s%s", rel, name);
    return n > 0 && (size_t)n < sizeof path && !fnmatch(pattern, path, FNM_PATHNAME);
}

/* ---- files ---- */

static double seconds(struct timespec t) { return (double)t.tv_sec + (double)t.tv_nsec * 1e-9; }

/* The time of the content: a rename or a new owner is no change of what will be read. */
static double last_change(const struct stat *st) { return seconds(st->st_mtim); }

/* Size, times and trouble of a name. *type: DT_DIR, DT_REG for what is to be looked at; DT_UNKNOWN: it is
 * gone again, or a link to a folder. */
static void look_at(int fd, const char *name, vl_lying *file, unsigned char *type)
{
    struct stat st, target;
    *type = DT_UNKNOWN;
    if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW)) {
        file->trouble = errno;
        if (errno != ENOENT) *type = DT_REG; /* the folder may be listed but not entered */
        return;
    }
    file->changed = last_change(&st);
    if (S_ISLNK(st.st_mode)) {
        if (fstatat(fd, name, &target, 0)) {
            file->trouble = errno;
            *type = DT_REG;
            return;
        }
        if (S_ISDIR(target.st_mode)) return;
        if (last_change(&target) > file->changed) file->changed = last_change(&target);
        st = target;
    }
    file->bytes = (uint64_t)st.st_size;
    if (!S_ISREG(st.st_mode)) file->trouble = VL_NO_FILE;
    *type = S_ISDIR(st.st_mode) ? DT_DIR : DT_REG;
}

static vl_code add_file(vl_lyings *files, const vl_lying *file, vl_err *err)
{
    if (files->n == files->cap) {
        const size_t cap = files->cap ? 2 * files->cap : 64;
        vl_lying *const more = realloc(files->file, cap * sizeof *more);
        if (!more) return vl_fail(err, VL_ENOMEM, "no memory for the files of an inbox");
        files->file = more;
        files->cap = cap;
    }
    files->file[files->n] = *file;
    files->file[files->n].name = strdup(file->name);
    if (!files->file[files->n].name) return vl_fail(err, VL_ENOMEM, "no memory for the files of an inbox");
    files->n++;
    return VL_OK;
}

static void note_flag(vl_folder *f, const vl_lying *file)
{
    if (!f->flagged || file->changed > f->flag_changed) f->flag_changed = file->changed;
    f->flagged = true;
}

/* Takes one name of the folder that is the last of the walk. Folders come back as DT_DIR, for later. */
static vl_code take_name(vl_walk *walk, vl_found *found, int fd, entry *e, vl_err *err)
{
    const vl_inbox *const in = walk->inbox;
    const size_t number = walk->nfolder - 1;
    const char *const rel = walk->folder[number].rel, *const complete = vl_inbox_given(in->complete);
    const char *const pattern = vl_inbox_given(in->sheet) ? in->sheet : vl_inbox_given(in->match);
    vl_lying file = { .name = e->name, .folder = number };
    const bool hides = left_alone(e->name) && !(complete && complete[0] == '.' && e->name[0] == '.');
    const bool flag = complete && !hides && !fnmatch(complete, e->name, FNM_CASEFOLD | FNM_PERIOD);
    const bool wanted = !hides && !flag && (!pattern || matches(pattern, rel, e->name));
    if (left_alone(e->name) && !flag) {
        if (e->type == DT_DIR) e->type = DT_UNKNOWN;
        return add_file(&walk->left, &file, err);
    }
    if (!flag && !wanted && e->type == DT_REG) {
        found->nother++;
        return VL_OK;
    }
    if (e->type == DT_DIR) return VL_OK;
    look_at(fd, e->name, &file, &e->type);
    if (e->type != DT_REG) return VL_OK;
    if (flag && !file.trouble) note_flag(&walk->folder[number], &file);
    else if (wanted) return add_file(&walk->files, &file, err);
    else if (!flag) found->nother++;
    return VL_OK;
}

/* ---- folders ---- */

static vl_code add_folder(vl_walk *walk, const char *rel, size_t parent, vl_err *err)
{
    if (walk->nfolder == walk->cfolder) {
        const size_t cap = walk->cfolder ? 2 * walk->cfolder : 16;
        vl_folder *const more = realloc(walk->folder, cap * sizeof *more);
        if (!more) return vl_fail(err, VL_ENOMEM, "no memory for the folders of an inbox");
        walk->folder = more;
        walk->cfolder = cap;
    }
    vl_folder *const f = &walk->folder[walk->nfolder];
    *f = (vl_folder){
        .rel = strdup(rel), .parent = parent, .first = walk->files.n, .first_left = walk->left.n
    };
    if (!f->rel) return vl_fail(err, VL_ENOMEM, "no memory for the folders of an inbox");
    walk->nfolder++;
    return VL_OK;
}

static vl_code take_names(vl_walk *walk, vl_found *found, int fd, entries *e, vl_err *err)
{
    for (size_t i = 0; i < e->n; i++)
        if (take_name(walk, found, fd, &e->entry[i], err)) return err->code;
    vl_folder *const f = &walk->folder[walk->nfolder - 1];
    f->nfile = walk->files.n - f->first;
    f->nleft = walk->left.n - f->first_left;
    return VL_OK;
}

static vl_code walk_folder(vl_walk *walk, vl_found *found, int fd, const char *rel, size_t parent, int depth,
                           vl_err *err);

/* Opens a folder below the one of that number and walks it. */
static vl_code walk_into(vl_walk *walk, vl_found *found, int fd, size_t number, const char *name, int depth,
                         vl_err *err)
{
    char *rel = NULL;
    if (asprintf(&rel, "%s%s/", walk->folder[number].rel, name) < 0)
        return vl_fail(err, VL_ENOMEM, "no memory for the name of a folder");
    if (depth > VL_INBOX_DEEP) {
        vl_found_wait(found, folder_path(walk, rel, err), true, NULL, err,
                      "lies more than %d folders deep, was not looked into", VL_INBOX_DEEP);
    } else {
        const int sub = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (sub >= 0) walk_folder(walk, found, sub, rel, number, depth, err);
        else if (errno != ENOENT && errno != ENOTDIR && errno != ELOOP) /* it is gone, or a link by now */
            vl_found_wait(found, folder_path(walk, rel, err), true, NULL, err, "cannot open the folder: %s",
                          strerror(errno));
        if (sub >= 0) close(sub);
    }
    free(rel);
    return err->code;
}

/* Reads a folder, takes its files, then walks the folders in it. */
static vl_code walk_folder(vl_walk *walk, vl_found *found, int fd, const char *rel, size_t parent, int depth,
                           vl_err *err)
{
    entries e = { 0 };
    int code = 0;
    if (read_names(walk, fd, &e, &code, err)) goto out;
    if (code) {
        if (!*rel) vl_fail_errno(err, VL_ENOIN, code, "cannot read the folder");
        else
            vl_found_wait(found, folder_path(walk, rel, err), true, NULL, err, "cannot read the folder: %s",
                          strerror(code));
        goto out;
    }
    if (walk->nentry > walk->most) {
        vl_found_wait(found, folder_path(walk, rel, err), true, NULL, err,
                      "the inbox holds more than %zu files and folders; from here on none was taken",
                      walk->most);
        goto out;
    }
    if (add_folder(walk, rel, parent, err)) goto out;
    const size_t number = walk->nfolder - 1;
    if (take_names(walk, found, fd, &e, err)) goto out;
    for (size_t i = 0; i < e.n && walk->nentry <= walk->most && !err->code; i++)
        if (e.entry[i].type == DT_DIR) walk_into(walk, found, fd, number, e.entry[i].name, depth + 1, err);
out:
    free_entries(&e);
    return err->code;
}

vl_code vl_inbox_walk(vl_walk *walk, vl_found *found, vl_err *err)
{
    const int fd = open(*walk->root ? walk->root : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) vl_fail_errno(err, VL_ENOIN, errno, "cannot open the inbox");
    else walk_folder(walk, found, fd, "", 0, 0, err);
    if (fd >= 0) close(fd);
    return vl_err_file(err, walk->root);
}

void vl_walk_free(vl_walk *walk)
{
    for (size_t i = 0; i < walk->nfolder; i++) free(walk->folder[i].rel);
    for (size_t i = 0; i < walk->files.n; i++) free(walk->files.file[i].name);
    for (size_t i = 0; i < walk->left.n; i++) free(walk->left.file[i].name);
    free(walk->folder);
    free(walk->files.file);
    free(walk->left.file);
    *walk = (vl_walk){ 0 };
}
