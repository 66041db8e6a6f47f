/*
 * The files of a row (sheet_part.h): are they there, may they be read, were they named before, do they fit
 * together.
 *
 * A cell names a file, or several in a row with commas between, such as the lanes of a library; a file whose
 * own name has a comma in it is looked for first.
 */
#include "pipeline/bank/sheet/sheet_part.h"
#include "pipeline/io/names.h"
#include "pipeline/io/source.h"
#include "pipeline/run/say.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Looks beside the sheet, then in the current folder; *folder: where it is. 0 or errno. */
static int find_file(const vl_sheet_reader *r, const char *path, struct stat *st, int *folder)
{
    *folder = *path == '/' ? AT_FDCWD : r->folder;
    if (!fstatat(*folder, path, st, 0)) return 0;
    if (*folder == AT_FDCWD || (errno != ENOENT && errno != ENOTDIR)) return errno;
    *folder = AT_FDCWD;
    return fstatat(*folder, path, st, 0) ? errno : 0;
}

/* The mode says yes for most files; only where it does not is the kernel asked. */
static bool can_read(const vl_sheet_reader *r, const char *path, const struct stat *st, int folder)
{
    const mode_t all = S_IRUSR | S_IRGRP | S_IROTH;
    if ((st->st_mode & all) == all || (st->st_uid == r->uid && st->st_mode & S_IRUSR)) return true;
    return !faccessat(folder, path, R_OK, AT_EACCESS);
}

/* A link, beside the sheet or in the current folder? */
static bool is_link(const vl_sheet_reader *r, const char *path)
{
    struct stat st;
    return (!fstatat(r->folder, path, &st, AT_SYMLINK_NOFOLLOW) || !lstat(path, &st)) && S_ISLNK(st.st_mode);
}

/* A file that cannot be taken: says why. failed: errno of the search. */
static void blame_file(vl_sheet_reader *r, const vl_csv_cell *cell, size_t column, int failed,
                       const struct stat *st)
{
    const vl_sheet_shown path = vl_sheet_show(cell->text);
    const bool missing = failed == ENOENT || failed == ENOTDIR;
    const char *const what =
        vl_value_is_formula_error(cell->text) ? "is the error of a formula in a spreadsheet"
        : failed && strstr(cell->text, "://") ? "is a web address: copy the file here first"
        : missing && strchr(cell->text, '\\') ? "not found: folders are parted by '/', not by '\\'"
        : missing && *cell->text == '~'       ? "not found: '~' means nothing here, write the folder out"
        : missing && is_link(r, cell->text)   ? "is a link that leads nowhere"
        : missing && *cell->text == '/'       ? "not found"
        : missing               ? "not found, neither beside the sheet nor in the current folder"
        : failed                ? strerror(failed)
        : S_ISDIR(st->st_mode)  ? "is a folder"
        : !S_ISREG(st->st_mode) ? "is not a regular file"
        : !st->st_size && !vl_name_may_be_empty(cell->text) ? "is empty (0 bytes)"
                                                            : "may not be read: permission denied";
    vl_sheet_wrong(r, cell->line, column, "\"%s\" %s", path.text, what);
}

/* Is the file there and fit to be read? True with *st and *folder when it is. */
static bool check_file(vl_sheet_reader *r, const vl_csv_cell *cell, size_t column, struct stat *st,
                       int *folder)
{
    const int failed = find_file(r, cell->text, st, folder);
    const bool bytes = !failed && (st->st_size || vl_name_may_be_empty(cell->text));
    if (!failed && S_ISREG(st->st_mode) && bytes && can_read(r, cell->text, st, *folder)) return true;
    blame_file(r, cell, column, failed, st);
    return false;
}

/* Was the file named before, in whatever way? True when it was, which is said. */
static bool is_used(vl_sheet_reader *r, const vl_csv_cell *cell, size_t column, uint32_t row,
                    const struct stat *st)
{
    const uint64_t id[] = { st->st_dev, st->st_ino, (uint64_t)st->st_size, (uint64_t)st->st_mtim.tv_sec,
                            (uint64_t)st->st_mtim.tv_nsec };
    vl_sheet_seen *const before = vl_sheet_look_up(&r->files, XXH3_128bits(id, sizeof id), r->err);
    if (!before) return true;
    if (!before->line) {
        before->line = row;
        return false;
    }
    const vl_sheet_shown path = vl_sheet_show(cell->text);
    if (before->line == row && column == r->at[VL_SHEET_FILE_1])
        vl_sheet_wrong(r, cell->line, column, "\"%s\" stands twice in this list", path.text);
    else if (before->line == row)
        vl_sheet_wrong(r, cell->line, column, "\"%s\" is the same file as in column %s", path.text,
                       vl_sheet_show(r->column[r->at[VL_SHEET_FILE_1] - 1].title).text);
    else
        vl_sheet_wrong(r, cell->line, column, "\"%s\" is the file of line %u too%s", path.text, before->line,
                       r->dialect == VL_SHEET_SDRF
                           ? " (one file of several samples, as labels give, cannot be taken in)"
                           : "");
    return true;
}

static void add_file(vl_sheet_reader *r, vl_item *item, int stream, const char *path, int folder)
{
    const size_t n = strlen(path), before = folder == AT_FDCWD ? 0 : r->folder_len;
    char *const text = vl_sheet_text_of(r, before + n);
    if (!text) return;
    memcpy(text, r->path, before);
    memcpy(text + before, path, n);
    if (!vl_inputs_add(&item->inputs, stream, text, r->err)) vl_source_complete(&item->inputs, r->err);
    free(text);
}

/* One file. False when it was named before. */
static bool take_file(vl_sheet_reader *r, vl_item *item, int stream, const vl_csv_cell *cell, size_t column)
{
    struct stat st;
    int folder = AT_FDCWD;
    if (!check_file(r, cell, column, &st, &folder)) return true;
    const bool used = is_used(r, cell, column, item->line, &st);
    add_file(r, item, stream, cell->text, folder);
    return !used;
}

/* The files of a cell. False when one was named before. */
static bool take_cell(vl_sheet_reader *r, vl_item *item, int stream, const vl_csv_cell *cell, size_t column)
{
    struct stat st;
    int folder;
    bool good = true;
    if (!strchr(cell->text, ',') || !find_file(r, cell->text, &st, &folder))
        return take_file(r, item, stream, cell, column);
    char *const list = vl_sheet_copy(r, cell->text, cell->len), *rest = list;
    while (rest && !r->err->code) {
        vl_csv_cell one = *cell;
        one.text = strsep(&rest, ",");
        while (*one.text == ' ') one.text++;
        for (one.len = strlen(one.text); one.len && one.text[one.len - 1] == ' ';) one.text[--one.len] = 0;
        if (one.len) good &= take_file(r, item, stream, &one, column);
        else
            vl_sheet_wrong(r, cell->line, column, "\"%s\" has an empty name in its list",
                           vl_sheet_show(cell->text).text);
    }
    free(list);
    return good;
}

static size_t count_names(const vl_csv_cell *cell)
{
    size_t n = cell->len > 0;
    for (const char *p = cell->text; *p; p++) n += *p == ',';
    return n;
}

/* Second mates: of a format that has them, of reads, and as many as first ones. */
static void check_mates(vl_sheet_reader *r, const vl_item *item, const vl_csv_cell *const cell[2],
                        size_t column)
{
    vl_err err = VL_ERR_INIT;
    const vl_inputs *const in = &item->inputs;
    for (int m = 0; m < 2; m++) {
        const vl_format *const format = vl_name_split(vl_name_base(cell[m]->text)).format;
        if (!format || format->mates) continue;
        vl_sheet_wrong(r, cell[1]->line, column, "%s has no second mates: give each file a row of its own",
                       format->title);
        return;
    }
    if (vl_name_refuse_index(cell[0]->text, cell[1]->text, &err))
        vl_sheet_wrong(r, cell[1]->line, column, "\"%s\" %s", vl_sheet_show(err.file).text, err.what);
    const size_t n = vl_inputs_count(in, 0), m = vl_inputs_count(in, 1);
    if (n && m && n != m && n == count_names(cell[0]) && m == count_names(cell[1]))
        vl_sheet_wrong(r, cell[1]->line, column, "%zu file%s here, and %zu of first mates", m, vl_s(m), n);
    if (item->options)
        vl_sheet_wrong(r, vl_sheet_cell_of(r, VL_SHEET_INTERLEAVED)->line, r->at[VL_SHEET_INTERLEAVED],
                       "two files are pairs already: leave it out");
}

bool vl_sheet_take_files(vl_sheet_reader *r, vl_item *item)
{
    const vl_csv_cell *const cell[2] = { vl_sheet_cell_of(r, VL_SHEET_FILE_1),
                                         vl_sheet_cell_of(r, VL_SHEET_FILE_2) };
    const size_t column[2] = { r->at[VL_SHEET_FILE_1], r->at[VL_SHEET_FILE_2] };
    bool good = true;
    if (!cell[0]->len && cell[1]->len)
        vl_sheet_wrong(r, cell[1]->line, column[1], "second mates without first mates: %s is empty",
                       vl_sheet_show(r->column[column[0] - 1].title).text);
    else if (!cell[0]->len) vl_sheet_wrong(r, cell[0]->line, column[0], "is empty");
    for (int m = 0; m < 2; m++)
        if (cell[m]->len) good &= take_cell(r, item, m, cell[m], column[m]);
    if (cell[1]->len) check_mates(r, item, cell, column[1]);
    vl_inputs_name_roles(&item->inputs);
    return good && cell[0]->len;
}
