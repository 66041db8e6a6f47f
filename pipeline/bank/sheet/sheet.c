/*
 * Sample sheets (sheet.h): text -> items, and all that is wrong with it.
 *
 * In: one file, read whole. csv.c makes rows of it, sheet_header.c finds out what its columns are,
 * sheet_row.c takes rows one by one. Every question is asked of every row, so that one reading finds all that
 * must be mended; only a row that is too wide is not looked into, as its cells may stand in wrong columns.
 * Out: items of good rows, errors in order of line and column (cells counted from 1, as a spreadsheet does).
 */
#include "pipeline/bank/sheet/sheet.h"
#include "pipeline/bank/sheet/sheet_part.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST_BYTES = 1 << 30 };

/* Reads the file whole, with one byte of room behind it. */
static vl_code read_all(vl_sheet_reader *r, int fd)
{
    struct stat st;
    if (fstat(fd, &st)) return vl_fail_errno(r->err, VL_ENOIN, errno, "cannot be read");
    if (S_ISDIR(st.st_mode)) return vl_fail(r->err, VL_ENOIN, "is a folder, not a sheet");
    if (!S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode) && !S_ISSOCK(st.st_mode))
        return vl_fail(r->err, VL_ENOIN, "is neither a file nor a pipe");
    if (S_ISREG(st.st_mode) && st.st_size > MOST_BYTES)
        return vl_fail(r->err, VL_EUNSUP, "is larger than 1 GiB, too large for a sheet");
    const size_t first = S_ISREG(st.st_mode) ? (size_t)st.st_size + 2 : 65536;
    if (vl_buf_reserve(&r->text, first, r->err)) return r->err->code;
    for (;;) {
        if (r->text.len + 1 >= r->text.cap && vl_buf_grow(&r->text, 65536, r->err)) return r->err->code;
        const ssize_t n = read(fd, r->text.data + r->text.len, r->text.cap - r->text.len - 1);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return vl_fail_errno(r->err, VL_EIO, errno, "reading failed");
        if (!n) return VL_OK;
        r->text.len += (size_t)n;
        if (r->text.len > MOST_BYTES)
            return vl_fail(r->err, VL_EUNSUP, "is larger than 1 GiB, too large for a sheet");
    }
}

/* Opens the sheet's folder: relative paths start there. */
static vl_code open_folder(vl_sheet_reader *r)
{
    const char *const slash = strrchr(r->path, '/');
    if (!slash) return VL_OK;
    r->folder_len = (size_t)(slash - r->path) + 1;
    char *const folder = vl_sheet_copy(r, r->path, r->folder_len);
    if (!folder) return r->err->code;
    r->folder = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (r->folder < 0) vl_fail_errno(r->err, VL_ENOIN, errno, "the folder of the sheet cannot be opened");
    free(folder);
    return r->err->code;
}

static vl_code read_file(vl_sheet_reader *r)
{
    if (!strcmp(r->path, "-")) return read_all(r, STDIN_FILENO);
    const int fd = open(r->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) return vl_fail_errno(r->err, VL_ENOIN, errno, "cannot be opened");
    if (!read_all(r, fd)) open_folder(r);
    close(fd);
    return r->err->code;
}

static void read_sheet(vl_sheet_reader *r)
{
    vl_err foreign = VL_ERR_INIT;
    if (vl_csv_open(&r->csv, (char *)r->text.data, r->text.len, &foreign)) {
        vl_sheet_wrong(r, 1, 0, "%s", foreign.what);
    } else if (vl_sheet_take_header(r)) {
        vl_sheet_take_rows(r);
    }
    if (r->nwrong <= VL_SHEET_MOST_ERRORS || r->err->code) return;
    char *what = NULL;
    if (asprintf(&what, "and %" PRIu64 " more errors from this line on", r->nwrong - VL_SHEET_MOST_ERRORS) <
        0)
        vl_fail(r->err, VL_ENOMEM, "no memory for an error");
    else vl_sheet_keep(r, UINT32_MAX, 0, what); /* the last, wherever it speaks of */
    if (!r->err->code) r->sheet->error[r->sheet->nerror - 1].line = r->more_line;
}

static void close_reader(vl_sheet_reader *r)
{
    if (r->folder >= 0) close(r->folder);
    for (size_t c = 0; c < r->ncolumn; c++) free(r->column[c].name);
    free(r->column);
    free(r->head);
    free(r->samples.place);
    free(r->facts.place);
    free(r->files.place);
    free(r->runs.place);
    vl_items_free(&r->aside);
    vl_csv_close(&r->csv);
    vl_buf_free(&r->text);
}

static vl_code read_as(vl_sheet *sheet, const char *path, bool clears, vl_err *err)
{
    vl_sheet_reader r = { .sheet = sheet,
                          .err = err,
                          .path = path,
                          .folder = AT_FDCWD,
                          .uid = geteuid(),
                          .dialect = -1,
                          .clears = clears };
    *sheet = (vl_sheet){ 0 };
    if (!read_file(&r)) read_sheet(&r);
    close_reader(&r);
    if (err->code) vl_sheet_free(sheet);
    return vl_err_file(err, path);
}

vl_code vl_sheet_read(vl_sheet *sheet, const char *path, vl_err *err)
{
    return read_as(sheet, path, false, err);
}

vl_code vl_sheet_read_correcting(vl_sheet *sheet, const char *path, vl_err *err)
{
    return read_as(sheet, path, true, err);
}

void vl_sheet_free(vl_sheet *sheet)
{
    for (size_t i = 0; i < sheet->nerror; i++) free(sheet->error[i].what);
    free(sheet->error);
    for (size_t i = 0; i < sheet->ncolumn; i++) free(sheet->column[i].title), free(sheet->column[i].name);
    free(sheet->column);
    vl_items_free(&sheet->items);
    *sheet = (vl_sheet){ 0 };
}
