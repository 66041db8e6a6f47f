/*
 * Sheets dropped into an inbox -> items (inbox_parts.h).
 *
 * A sheet is taken whole: it waits until it and all files that it names have settled, and with one error in
 * it none of its rows is taken. Two sheets may say the same thing (somebody sends the list of the month every
 * day); if they name other files for the same acquisition, neither row is taken.
 */
#include "pipeline/bank/inbox/inbox_parts.h"
#include "pipeline/bank/sheet/sheet.h"
#include "pipeline/run/say.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MOST_LINES = 100 }; /* of errors that are shown */

/* Which sheet an item comes from. */
typedef struct source {
    size_t item;       /* number in found->items */
    const char *sheet; /* borrowed from sheets.path */
    bool drop;
} source;

typedef struct sheets {
    char **path; /* owned, each too; of the sheets that were taken */
    size_t n;
    source *source; /* owned */
    size_t nsource;
} sheets;

static void free_sheets(sheets *s)
{
    for (size_t i = 0; i < s->n; i++) free(s->path[i]);
    free(s->path);
    free(s->source);
}

static char *copy(const char *text, vl_err *err)
{
    char *const same = strdup(text);
    if (!same) vl_fail(err, VL_ENOMEM, "no memory for the name of a sheet");
    return same;
}

static vl_code say(const vl_scan *scan, const char *path, bool wrong, vl_err *err, const char *why)
{
    return vl_found_wait(scan->found, copy(path, err), wrong, NULL, err, "%s", why);
}

/* ---- errors ---- */

/* "line 3, column 2: ..." for each, owned by the caller; NULL without memory (err is set). */
static char *list_errors(const vl_sheet *sheet, vl_err *err)
{
    char *text = NULL;
    size_t n = 0;
    FILE *const out = open_memstream(&text, &n);
    for (size_t i = 0; out && i < sheet->nerror && i < MOST_LINES; i++) {
        const vl_sheet_error *const e = &sheet->error[i];
        fprintf(out, "line %u", e->line);
        if (e->column) fprintf(out, ", column %u", e->column);
        fprintf(out, ": %s\n", e->what);
    }
    if (out && sheet->nerror > MOST_LINES) fprintf(out, "and %zu more\n", sheet->nerror - MOST_LINES);
    const bool failed = out && ferror(out);
    if (out && !fclose(out) && !failed) return text;
    free(text);
    vl_fail(err, VL_ENOMEM, "no memory for the errors of a sheet");
    return NULL;
}

static vl_code refuse(const vl_scan *scan, const char *path, const vl_sheet *sheet, vl_err *err)
{
    char *const detail = list_errors(sheet, err);
    if (!detail) return err->code;
    return vl_found_wait(scan->found, copy(path, err), true, detail, err, "%s sheet with %zu error%s",
                         sheet->dialect ? sheet->dialect : "a", sheet->nerror, vl_s(sheet->nerror));
}

/* ---- files of a sheet ---- */

/* Why that file keeps its sheet waiting; false: it does not. */
static bool file_waits(const vl_scan *scan, const char *path, char why[120])
{
    struct stat st;
    if (stat(path, &st)) {
        snprintf(why, 120, "cannot be looked at: %.80s", strerror(errno));
        return true;
    }
    const double m = (double)st.st_mtim.tv_sec + (double)st.st_mtim.tv_nsec * 1e-9;
    return vl_inbox_unsettled(scan->inbox, m, scan->now, why);
}

/* Does the sheet wait for one of its files? Then it says so. */
static bool sheet_waits(const vl_scan *scan, const char *path, const vl_sheet *sheet, vl_err *err)
{
    char first[120] = "", why[120];
    const char *of = NULL;
    size_t n = 0;
    uint32_t line = 0;
    for (size_t i = 0; i < sheet->items.n; i++) {
        const vl_item *const item = &sheet->items.item[i];
        for (size_t f = 0; f < item->inputs.n; f++) {
            if (!file_waits(scan, item->inputs.file[f].path, why)) continue;
            if (!n++) {
                memcpy(first, why, sizeof first);
                of = item->inputs.file[f].path;
                line = item->line;
            }
        }
    }
    if (n == 1)
        vl_found_wait(scan->found, copy(path, err), false, NULL, err, "line %u: %s %s", line, of, first);
    else if (n)
        vl_found_wait(scan->found, copy(path, err), false, NULL, err, "line %u: %s %s; and %zu more", line,
                      of, first, n - 1);
    return n;
}

/* ---- items ---- */

/* Moves the items of a sheet to what was found. */
static vl_code take_items(const vl_scan *scan, sheets *all, const char *path, vl_sheet *sheet, vl_err *err)
{
    char **const paths = realloc(all->path, (all->n + 1) * sizeof *paths);
    if (paths) all->path = paths;
    source *const more = realloc(all->source, (all->nsource + sheet->items.n) * sizeof *more);
    if (more) all->source = more;
    if (!paths || !more) return vl_fail(err, VL_ENOMEM, "no memory for the items of a sheet");
    if (!(paths[all->n] = copy(path, err))) return err->code;
    all->n++;
    for (size_t i = 0; i < sheet->items.n; i++) {
        vl_item *const item = vl_items_add(&scan->found->items, err);
        if (!item) return err->code;
        *item = sheet->items.item[i];
        sheet->items.item[i] = (vl_item){ 0 };
        more[all->nsource++] = (source){ .item = scan->found->items.n - 1, .sheet = paths[all->n - 1] };
        if (vl_item_sign(scan->inbox, item, err)) return err->code;
    }
    return VL_OK;
}

static vl_code read_sheet(const vl_scan *scan, sheets *all, const char *path, vl_err *err)
{
    vl_sheet sheet = { 0 };
    vl_err own = VL_ERR_INIT;
    char line[500];
    vl_sheet_read(&sheet, path, &own);
    own.file[0] = 0; /* the entry names it */
    vl_err_print(&own, line, sizeof line);
    if (own.code == VL_ENOMEM) vl_fail(err, own.code, "%s", own.what);
    else if (own.code) say(scan, path, true, err, line);
    else if (sheet.nerror) refuse(scan, path, &sheet, err);
    else if (!sheet.items.n) say(scan, path, true, err, "is a sheet without rows");
    else if (!sheet_waits(scan, path, &sheet, err)) take_items(scan, all, path, &sheet, err);
    vl_sheet_free(&sheet);
    return err->code;
}

/* Reads a file that the glob matches, if it may be taken. */
static vl_code take_sheet(const vl_scan *scan, sheets *all, const vl_lying *file, vl_err *err)
{
    char why[400];
    char *const path = vl_walk_path(&scan->walk, file, err);
    if (!path) return err->code;
    if (vl_inbox_unsettled(scan->inbox, file->changed, scan->now, why) ||
        vl_inbox_unflagged(&scan->walk, file->folder, scan->now, why))
        say(scan, path, false, err, why);
    else if (file->trouble == VL_NO_FILE) say(scan, path, true, err, "is no regular file");
    else if (file->trouble) {
        snprintf(why, sizeof why, "cannot be looked at: %.150s", strerror(file->trouble));
        say(scan, path, true, err, why);
    } else if (!file->bytes) say(scan, path, true, err, "is empty");
    else read_sheet(scan, all, path, err);
    free(path);
    return err->code;
}

/* ---- the same acquisition in two sheets ---- */

/* What the sources are sorted in: for qsort_r. */
static int by_names(const void *a, const void *b, void *items)
{
    const source *const x = a, *const y = b;
    const vl_item *const i = (const vl_item *)items + x->item, *const j = (const vl_item *)items + y->item;
    int order = strcmp(i->sample, j->sample);
    if (!order) order = strcmp(i->acquisition, j->acquisition);
    return order ? order : (x->item > y->item) - (x->item < y->item);
}

/* Are the rows of these sources all the same files? */
static bool all_same(const vl_item *item, const source *s, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (!vl_inputs_equal(&item[s[0].item].inputs, &item[s[i].item].inputs)) return false;
    return true;
}

/* One acquisition that n rows name: the first stays if all mean the same, else none. */
static vl_code settle_twins(const vl_scan *scan, source *s, size_t n, vl_err *err)
{
    const vl_item *const item = scan->found->items.item;
    const bool same = all_same(item, s, n);
    for (size_t i = 0; i < n; i++) {
        const source *const other = &s[i ? 0 : 1];
        s[i].drop = i || !same;
        if (!same && vl_found_wait(scan->found, copy(s[i].sheet, err), true, NULL, err,
                                   "line %u: sample %s, acquisition %s has other files in %s, line %u",
                                   item[s[i].item].line, item[s[i].item].sample, item[s[i].item].acquisition,
                                   other->sheet, item[other->item].line))
            return err->code;
    }
    return VL_OK;
}

static int by_item(const void *a, const void *b)
{
    const source *const x = a, *const y = b;
    return (x->item > y->item) - (x->item < y->item);
}

/* Removes the dropped from what was found. */
static vl_code drop_items(const vl_scan *scan, sheets *all, vl_err *err)
{
    vl_items *const items = &scan->found->items, dropped = { 0 };
    size_t kept = items->n - all->nsource; /* those of other inboxes come first */
    qsort(all->source, all->nsource, sizeof *all->source, by_item);
    for (size_t i = 0; i < all->nsource; i++) {
        const vl_item item = items->item[all->source[i].item];
        vl_item *to = &items->item[kept];
        if (!all->source[i].drop) kept++;
        else if (!(to = vl_items_add(&dropped, err))) break;
        items->item[all->source[i].item] = (vl_item){ 0 };
        *to = item;
    }
    if (!err->code) items->n = kept;
    vl_items_free(&dropped);
    return err->code;
}

static vl_code join_sheets(const vl_scan *scan, sheets *all, vl_err *err)
{
    qsort_r(all->source, all->nsource, sizeof *all->source, by_names, scan->found->items.item);
    const vl_item *const item = scan->found->items.item;
    for (size_t from = 0, to; from < all->nsource; from = to) {
        const vl_item *const a = &item[all->source[from].item];
        for (to = from + 1; to < all->nsource; to++) {
            const vl_item *const b = &item[all->source[to].item];
            if (strcmp(a->sample, b->sample) || strcmp(a->acquisition, b->acquisition)) break;
        }
        if (to - from > 1 && settle_twins(scan, all->source + from, to - from, err)) return err->code;
    }
    return drop_items(scan, all, err);
}

vl_code vl_inbox_scan_sheets(vl_scan *scan, vl_err *err)
{
    sheets all = { 0 };
    for (size_t i = 0; i < scan->walk.files.n; i++)
        if (take_sheet(scan, &all, &scan->walk.files.file[i], err)) goto out;
    if (all.nsource) join_sheets(scan, &all, err);
out:
    free_sheets(&all);
    return err->code;
}
