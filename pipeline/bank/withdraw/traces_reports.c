/*
 * What the log and the pages say of withdrawn samples (traces.h). Lines of the log go, also of logs that were
 * rotated and compressed by gzip; pages of days are written again from the catalogue, other files go.
 */
#include "pipeline/bank/withdraw/traces.h"

#include "formats/text.h"
#include "pipeline/bank/page/page.h"
#include "pipeline/page/html.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

/* ---- how samples and paths are written there; each list as in vl_traces ---- */

static void add_piece(vl_buf *list, const char *before, const char *text, const char *behind, vl_err *err)
{
    vl_text_add(list, before, err);
    vl_text_json_inside(list, text, strlen(text), err);
    vl_text_add(list, behind, err);
    vl_buf_append(list, "", 1, err);
}

/* "sample=S1 acquisition=L1", and the next pair with other words and quotes. */
static void add_both(vl_buf *list, const char *id, const char *acquisition, vl_err *err)
{
    static const char *const form[][3] = { { "sample=", " acquisition=", "" },
                                           { "sample=\"", "\" acquisition=", "" },
                                           { "sample=", " acquisition=\"", "\"" },
                                           { "sample=\"", "\" acquisition=\"", "\"" },
                                           { "\"sample\":\"", "\",\"acquisition\":\"", "\"" } };
    for (size_t i = 0; i < sizeof form / sizeof *form; i++) {
        vl_text_add(list, form[i][0], err);
        vl_text_json_inside(list, id, strlen(id), err);
        add_piece(list, form[i][1], acquisition, form[i][2], err);
    }
}

static vl_code log_names(const vl_traces *t, vl_buf *list, vl_err *err)
{
    size_t at = 0;
    for (const char *id; (id = vl_traces_next(&t->both, &at));)
        add_both(list, id, vl_traces_next(&t->both, &at), err);
    at = 0;
    for (const char *id; (id = vl_traces_next(&t->sample, &at));) {
        add_piece(list, "sample=", id, "", err);
        add_piece(list, "sample=\"", id, "\"", err);
        add_piece(list, "\"sample\":\"", id, "\"", err);
        add_piece(list, "'", id, "'", err);
    }
    at = 0;
    for (const char *path; (path = vl_traces_next(&t->path, &at));) add_piece(list, "", path, "", err);
    return err->code;
}

static void add_html(vl_buf *list, const char *text, vl_err *err)
{
    vl_html h = { .err = err };
    vl_html_text(&h, text);
    vl_buf_append(list, h.text.data, h.text.len, err);
    vl_buf_append(list, "", 1, err);
    vl_buf_free(&h.text);
}

static vl_code page_names(const vl_traces *t, vl_buf *list, vl_err *err)
{
    size_t at = 0;
    for (const char *id; (id = vl_traces_next(&t->sample, &at));) add_html(list, id, err);
    at = 0;
    for (const char *path; (path = vl_traces_next(&t->path, &at));) {
        const char *const slash = strrchr(path, '/');
        add_html(list, slash && slash[1] ? slash + 1 : path, err);
    }
    return err->code;
}

/* ---- files ---- */

/* Plain or gzip. */
static vl_code read_all(const char *path, vl_buf *text, vl_err *err)
{
    char bytes[1 << 14];
    int n = 0;
    const gzFile in = gzopen(path, "rb");
    if (!in) return errno == ENOENT ? VL_OK : vl_fail_errno(err, VL_EIO, errno, "cannot read");
    while (!err->code && (n = gzread(in, bytes, sizeof bytes)) > 0)
        vl_buf_append(text, bytes, (size_t)n, err);
    if (n < 0) vl_fail(err, VL_EIO, "cannot read; is it cut off?");
    gzclose(in);
    return err->code;
}

static vl_code write_all(const char *path, const vl_buf *text, vl_err *err)
{
    const size_t n = strlen(path);
    if (n < 3 || strcmp(path + n - 3, ".gz")) return vl_bank_write_file(path, text->data, text->len, err);
    char part[VL_BANK_PATH];
    snprintf(part, sizeof part, "%.4000s.part", path);
    const gzFile out = gzopen(part, "wb");
    const bool good = out && (!text->len || gzwrite(out, text->data, (unsigned)text->len) > 0);
    if ((out && gzclose(out)) || !good || rename(part, path))
        vl_fail_errno(err, VL_EIO, errno, "cannot write the log");
    if (err->code) unlink(part);
    return err->code;
}

/* ---- the log ---- */

static vl_code keep_lines(const vl_buf *text, const vl_buf *names, vl_buf *kept, vl_err *err)
{
    for (size_t at = 0, n; at < text->len && !err->code; at += n) {
        const char *const line = (const char *)text->data + at, *const end =
                                                                    memchr(line, '\n', text->len - at);
        n = end ? (size_t)(end + 1 - line) : text->len - at;
        if (!vl_traces_hold(names, line, n, "-.%")) vl_buf_append(kept, line, n, err);
    }
    return err->code;
}

/* Whoever writes a line holds the lock of the file, and looks whether it has its name still (log.c). */
static vl_code cut_log(const char *path, const vl_buf *names, vl_err *err)
{
    vl_buf text = { 0 }, kept = { 0 };
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) return errno == ENOENT ? VL_OK : vl_fail_errno(err, VL_EIO, errno, "cannot read");
    if (flock(fd, LOCK_EX)) vl_fail_errno(err, VL_EIO, errno, "cannot lock");
    if (!err->code && !read_all(path, &text, err) && !keep_lines(&text, names, &kept, err) &&
        kept.len < text.len)
        write_all(path, &kept, err);
    close(fd);
    vl_buf_free(&text);
    vl_buf_free(&kept);
    return vl_err_file(err, path);
}

/* ---- pages ---- */

static vl_code renew_page(const vl_bank *bank, vl_catalog *c, const char *path, const char *name,
                          const vl_buf *names, vl_err *err)
{
    char day[16];
    vl_buf text = { 0 };
    vl_err why = VL_ERR_INIT;
    const bool named =
        !read_all(path, &text, err) && vl_traces_hold(names, (const char *)text.data, text.len, "");
    vl_buf_free(&text);
    if (!named) return err->code;
    if (unlink(path) && errno != ENOENT) return vl_fail_errno(err, VL_EIO, errno, "cannot remove a page");
    snprintf(day, sizeof day, "%.10s", name);
    if (strlen(name) == 15 && vl_page_day(bank, c, NULL, day, NULL, &why) && why.code != VL_EARG) *err = why;
    return err->code;
}

static bool ends_with(const char *name, const char *end)
{
    const size_t n = strlen(name), k = strlen(end);
    return n >= k && !strcmp(name + n - k, end);
}

vl_code vl_traces_remove_reports(const vl_traces *t, const vl_bank *bank, vl_catalog *c, vl_err *err)
{
    char folder[VL_BANK_PATH], path[VL_BANK_PATH + 300];
    vl_buf in_log = { 0 }, in_page = { 0 };
    struct dirent **entry = NULL;
    if (vl_bank_path(bank, folder, err, "reports")) return err->code;
    log_names(t, &in_log, err);
    page_names(t, &in_page, err);
    const int n = scandir(folder, &entry, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        const char *const name = entry[i]->d_name;
        snprintf(path, sizeof path, "%s/%s", folder, name);
        if (!err->code && !strncmp(name, "vial.log", 8)) cut_log(path, &in_log, err);
        else if (!err->code && (ends_with(name, ".html") || ends_with(name, ".part")))
            renew_page(bank, c, path, name, &in_page, err);
        free(entry[i]);
    }
    if (n >= 0) free(entry);
    vl_buf_free(&in_log);
    vl_buf_free(&in_page);
    return err->code;
}
