/*
 * Rows of a sheet -> items (sheet_part.h): is the row as wide as its header, is each cell what its column
 * asks for, do its cells fit together, do its files exist, does it fit to the rows before.
 *
 * Rows are compared by hash tables of 128-bit keys, so the work per row does not grow with the sheet.
 */
#include "pipeline/bank/sheet/sheet_part.h"
#include "pipeline/io/names.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Number of the kind that a file's name promises. A name that promises nothing counts as the first. */
static uint64_t kind_of(const char *path)
{
    const vl_format *const format = vl_name_split(vl_name_base(path)).format;
    uint64_t i = 0;
    while (format && strcmp(vl_formats[i]->schema->kind, format->schema->kind)) i++;
    return i;
}

/* Is every cell whole, and under a name? */
static bool check_shape(vl_sheet_reader *r)
{
    const vl_csv *const csv = &r->csv;
    const uint64_t before = r->nwrong;
    size_t last = 0;
    for (size_t c = 0; c < csv->ncell; c++) {
        const vl_csv_cell *const cell = &csv->cell[c];
        if (cell->wrong) vl_sheet_blame_cell(r, cell, c + 1);
        if (cell->len) last = c + 1;
    }
    if (r->nwrong > before) return false;
    if (last > r->ncolumn || csv->nmore) {
        size_t c = r->ncolumn;
        while (c + 1 < last && !csv->cell[c].len) c++;
        vl_sheet_wrong(
            r, csv->cell[c < csv->ncell ? c : 0].line, c + 1,
            "the row has %zu cells, the header %zu: put quotes around a cell that has the delimiter in it",
            last + csv->nmore, r->ncolumn);
        return false;
    }
    for (size_t c = 0; c < last; c++)
        if (csv->cell[c].len && r->column[c].role == VL_SHEET_NAMELESS && !r->column[c].joined)
            vl_sheet_wrong(r, csv->cell[c].line, c + 1, "\"%s\" stands in a column without a name",
                           vl_sheet_show(csv->cell[c].text).text);
    return r->nwrong == before;
}

/* Adds a detail that is not there yet; value is given away. */
static void add_detail(vl_sheet_reader *r, vl_details *details, const char *name, char *value)
{
    char *const own = value ? vl_sheet_copy(r, name, strlen(name)) : NULL;
    if (own && details->n == details->cap) {
        const size_t cap = details->cap ? 2 * details->cap : 4;
        vl_detail *const detail = reallocarray(details->detail, cap, sizeof *detail);
        if (!detail) vl_fail(r->err, VL_ENOMEM, "no memory for %zu details", cap);
        if (detail) details->detail = detail, details->cap = cap;
    }
    if (!own || details->n == details->cap) {
        free(own);
        free(value);
        return;
    }
    details->detail[details->n++] = (vl_detail){ .name = own, .value = value };
}

/* The cells of a column (0-based) and of those joined to it, with "; " between; NULL: all are empty. */
static char *join(vl_sheet_reader *r, size_t first)
{
    size_t n = 0, c = first;
    do {
        const vl_csv_cell *const cell = vl_sheet_cell_at(r, c + 1);
        if (cell->len && !vl_sheet_check_value(r, c + 1, cell)) return NULL;
        if (cell->len) n += cell->len + (n ? 2 : 0);
        c = r->column[c].next;
    } while (c);
    char *const text = n ? vl_sheet_text_of(r, n) : NULL;
    if (!text) return NULL;
    size_t at = 0;
    c = first;
    do {
        const vl_csv_cell *const cell = vl_sheet_cell_at(r, c + 1);
        if (cell->len && at) memcpy(text + at, "; ", 2), at += 2;
        memcpy(text + at, cell->text, cell->len);
        at += cell->len;
        c = r->column[c].next;
    } while (c);
    return text;
}

/* Enters what a row says of its sample, unless a row before has done so; gives the one that counts. */
static const vl_sheet_seen *enter_fact(vl_sheet_reader *r, XXH128_hash_t sample, const vl_detail *detail,
                                       uint32_t line)
{
    vl_sheet_seen *const fact = vl_sheet_look_up(&r->facts, vl_sheet_key_of(sample, detail->name, 0), r->err);
    if (fact && !fact->line) fact->line = line, fact->value = detail->value;
    return fact;
}

/* The same for the name of an acquisition. */
static const vl_sheet_seen *enter_run(vl_sheet_reader *r, XXH128_hash_t sample, const char *name,
                                      uint64_t kind, uint32_t line)
{
    vl_sheet_seen *const run = vl_sheet_look_up(&r->runs, vl_sheet_key_of(sample, name, kind), r->err);
    if (run && !run->line) run->line = line;
    return run;
}

/* A cell that becomes a detail; all rows of a sample must agree on what they say of it. column: 0-based. */
static void take_detail(vl_sheet_reader *r, vl_item *item, const XXH128_hash_t *sample, size_t column)
{
    const vl_sheet_place *const col = &r->column[column];
    const vl_csv_cell *const cell = vl_sheet_cell_at(r, column + 1);
    if (col->joined || (!cell->len && !col->next)) return;
    vl_details *const details =
        col->role <= VL_SHEET_ABOUT_SAMPLE ? &item->about_sample : &item->about_acquisition;
    const size_t n = details->n;
    char *text = NULL;
    if (col->next) {
        text = join(r, column);
    } else {
        const char *const value = vl_sheet_check_value(r, column + 1, cell);
        if (value) text = vl_sheet_copy(r, value, strlen(value));
    }
    if (text) add_detail(r, details, col->name, text);
    if (col->role > VL_SHEET_ABOUT_SAMPLE || details->n == n || !sample) return;
    const vl_detail *const now = &details->detail[n];
    const vl_sheet_seen *const before = enter_fact(r, *sample, now, item->line);
    if (before && strcmp(before->value, now->value))
        vl_sheet_wrong(r, cell->line, column + 1, "sample \"%s\" has \"%s\" here and \"%s\" in line %u",
                       vl_sheet_show(item->sample).text, vl_sheet_show(now->value).text,
                       vl_sheet_show(before->value).text, before->line);
}

/* sample, acquisition, profile, interleaved */
static void take_fields(vl_sheet_reader *r, vl_item *item)
{
    static const vl_duty field[] = { VL_SHEET_SAMPLE, VL_SHEET_ACQUISITION, VL_SHEET_PROFILE,
                                     VL_SHEET_INTERLEAVED };
    for (size_t i = 0; i < sizeof field / sizeof *field; i++) {
        const size_t column = r->at[field[i]];
        const vl_csv_cell *const cell = vl_sheet_cell_at(r, column);
        if (field[i] == VL_SHEET_SAMPLE && !cell->len) vl_sheet_wrong(r, cell->line, column, "is empty");
        if (!cell->len) continue;
        const char *const value = vl_sheet_check_value(r, column, cell);
        if (!value) continue;
        if (field[i] == VL_SHEET_INTERLEAVED)
            item->interleaved = vl_word_find(&vl_words_yes_no, value, r->word) <= VL_SHEET_LAST_YES;
        else if (field[i] == VL_SHEET_SAMPLE) item->sample = vl_sheet_copy(r, value, strlen(value));
        else if (field[i] == VL_SHEET_PROFILE) item->profile = vl_sheet_copy(r, value, strlen(value));
        else item->acquisition = vl_sheet_copy(r, value, strlen(value));
    }
}

/* Date, age and unit of the event; birth before it; no sample from itself. */
static void check_event(vl_sheet_reader *r, const vl_item *item)
{
    const vl_csv_cell *const date = vl_sheet_cell_of(r, VL_SHEET_COLLECTION_DATE),
                             *const birth = vl_sheet_cell_of(r, VL_SHEET_BIRTH_DATE);
    const vl_csv_cell *const age = vl_sheet_cell_of(r, VL_SHEET_AGE), *const unit = vl_sheet_cell_of(
                                                                          r, VL_SHEET_AGE_UNIT);
    const vl_csv_cell *const parent = vl_sheet_cell_of(r, VL_SHEET_PARENT);
    if (date->len && age->len)
        vl_sheet_wrong(r, age->line, r->at[VL_SHEET_AGE],
                       "a date and an age of the same event: MIABIS wants one of them");
    if (age->len && !unit->len)
        vl_sheet_wrong(r, age->line, r->at[VL_SHEET_AGE],
                       "an age without a unit: name it in the column age_unit");
    if (unit->len && !age->len)
        vl_sheet_wrong(r, unit->line, r->at[VL_SHEET_AGE_UNIT], "a unit without an age");
    if (age->len && unit->len && !vl_value_bad_number(age->text)) {
        const int u = vl_word_find(&vl_words_units, unit->text, r->word);
        if (u != VL_NO_WORD && strtoul(age->text, NULL, 10) > vl_words_unit_most[u])
            vl_sheet_wrong(r, age->line, r->at[VL_SHEET_AGE], "%s %s is an impossible age", age->text,
                           r->word);
    }
    if (date->len && birth->len && !vl_value_bad_date(date->text) && !vl_value_bad_date(birth->text)) {
        size_t n = date->len < birth->len ? date->len : birth->len;
        if (n > 10) n = 10;
        if (strncmp(date->text, birth->text, n) < 0)
            vl_sheet_wrong(r, date->line, r->at[VL_SHEET_COLLECTION_DATE],
                           "%s is before the donor's birth (%s)", date->text, birth->text);
    }
    if (parent->len && item->sample && !strcmp(parent->text, item->sample))
        vl_sheet_wrong(r, parent->line, r->at[VL_SHEET_PARENT], "the sample is derived from itself");
}

/* ---- files ---- */

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

/* A file that cannot be taken: says why. failed: errno of the search. */
static void blame_file(vl_sheet_reader *r, const vl_csv_cell *cell, size_t column, int failed,
                       const struct stat *st)
{
    const vl_sheet_shown path = vl_sheet_show(cell->text);
    const bool missing = failed == ENOENT || failed == ENOTDIR;
    const char *const what =
        vl_value_is_formula_error(cell->text) ? "is the error of a formula in a spreadsheet"
        : failed && strstr(cell->text, "://") ? "is a web address: copy the file here first"
        : missing && *cell->text == '/'       ? "not found"
        : missing               ? "not found, neither beside the sheet nor in the current folder"
        : failed                ? strerror(failed)
        : S_ISDIR(st->st_mode)  ? "is a folder"
        : !S_ISREG(st->st_mode) ? "is not a regular file"
        : !st->st_size          ? "is empty (0 bytes)"
                                : "may not be read: permission denied";
    vl_sheet_wrong(r, cell->line, column, "\"%s\" %s", path.text, what);
}

/* Is the file there and fit to be read? True with *st and *folder when it is. */
static bool check_file(vl_sheet_reader *r, const vl_csv_cell *cell, size_t column, struct stat *st,
                       int *folder)
{
    const int failed = find_file(r, cell->text, st, folder);
    if (!failed && S_ISREG(st->st_mode) && st->st_size && can_read(r, cell->text, st, *folder)) return true;
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
    if (before->line == row)
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
    vl_inputs_add(&item->inputs, stream, text, r->err);
    free(text);
}

/* The files of a row. False when they say nothing about the acquisition. */
static bool take_files(vl_sheet_reader *r, vl_item *item)
{
    const vl_csv_cell *const cell[2] = { vl_sheet_cell_of(r, VL_SHEET_FILE_1),
                                         vl_sheet_cell_of(r, VL_SHEET_FILE_2) };
    const size_t column[2] = { r->at[VL_SHEET_FILE_1], r->at[VL_SHEET_FILE_2] };
    bool good = true;
    if (!cell[0]->len && cell[1]->len)
        vl_sheet_wrong(r, cell[1]->line, column[1], "second mates without first mates: %s is empty",
                       vl_sheet_show(r->column[column[0] - 1].title).text);
    else if (!cell[0]->len) vl_sheet_wrong(r, cell[0]->line, column[0], "is empty");
    for (int m = 0; m < 2; m++) {
        struct stat st;
        int folder = AT_FDCWD;
        if (!cell[m]->len) continue;
        if (!check_file(r, cell[m], column[m], &st, &folder)) continue;
        if (is_used(r, cell[m], column[m], item->line, &st)) good = false;
        add_file(r, item, m, cell[m]->text, folder);
    }
    vl_inputs_name_roles(&item->inputs);
    for (int m = 0; m < 2 && cell[1]->len; m++) {
        const vl_format *const format = vl_name_split(vl_name_base(cell[m]->text)).format;
        if (!format || format->mates) continue;
        vl_sheet_wrong(r, cell[1]->line, column[1], "%s has no second mates: give each file a row of its own",
                       format->title);
        break;
    }
    if (cell[1]->len && item->interleaved)
        vl_sheet_wrong(r, vl_sheet_cell_of(r, VL_SHEET_INTERLEAVED)->line, r->at[VL_SHEET_INTERLEAVED],
                       "two files are pairs already: leave it out");
    return good && cell[0]->len;
}

/* ---- the whole row ---- */

/* The acquisition's name: given, or the file's; once in its sample among files of its sort. sample: NULL: its
 * first row. */
static void take_acquisition(vl_sheet_reader *r, vl_item *item, const XXH128_hash_t *sample)
{
    const bool given = vl_sheet_cell_of(r, VL_SHEET_ACQUISITION)->len > 0;
    const vl_csv_cell *const file = vl_sheet_cell_of(r, VL_SHEET_FILE_1),
                             *const cell = given ? vl_sheet_cell_of(r, VL_SHEET_ACQUISITION) : file;
    const size_t column = given ? r->at[VL_SHEET_ACQUISITION] : r->at[VL_SHEET_FILE_1];
    if (!given) {
        char name[256];
        vl_name_acquisition(file->text, name);
        const char *const bad = vl_item_bad_name(name);
        if (bad) {
            vl_sheet_wrong(
                r, cell->line, column,
                "the acquisition's name \"%s\" made of the file's %s: name it in a column \"acquisition\"",
                vl_sheet_show(name).text, bad);
            return;
        }
        item->acquisition = vl_sheet_copy(r, name, strlen(name));
    }
    if (!sample || !item->acquisition) return;
    const vl_sheet_seen *const before =
        enter_run(r, *sample, item->acquisition, kind_of(file->text), item->line);
    if (before && before->line != item->line)
        vl_sheet_wrong(r, cell->line, column, "sample \"%s\" has an acquisition \"%s\" in line %u already%s",
                       vl_sheet_show(item->sample).text, vl_sheet_show(item->acquisition).text, before->line,
                       given ? ""
                             : ": files of the same name need different names in a column \"acquisition\"");
}

/* Number of the sample's first row; it is a new one when that is nhead. What the first row says is entered
 * when the second one comes. */
static size_t find_head(vl_sheet_reader *r, XXH128_hash_t sample, uint32_t line)
{
    vl_sheet_seen *const s = vl_sheet_look_up(&r->samples, sample, r->err);
    if (!s) return r->nhead;
    if (!s->line) {
        s->line = line;
        s->nth = (uint32_t)r->nhead;
        return r->nhead;
    }
    vl_sheet_head *const first = &r->head[s->nth];
    for (size_t i = 0; i < first->ndetail; i++) enter_fact(r, sample, &first->detail[i], first->line);
    if (first->acquisition) enter_run(r, sample, first->acquisition, first->kind, first->line);
    first->ndetail = 0;
    first->acquisition = NULL;
    return s->nth;
}

/* Keeps the first row of a sample. */
static void keep_head(vl_sheet_reader *r, const vl_item *item)
{
    if (r->nhead == r->chead) {
        const size_t cap = r->chead ? 2 * r->chead : 256;
        vl_sheet_head *const grown = reallocarray(r->head, cap, sizeof *grown);
        if (!grown) {
            vl_fail(r->err, VL_ENOMEM, "no memory for %zu samples", cap);
            return;
        }
        r->head = grown;
        r->chead = cap;
    }
    r->head[r->nhead++] = (vl_sheet_head){ .detail = item->about_sample.detail,
                                           .ndetail = item->about_sample.n,
                                           .acquisition = item->acquisition,
                                           .line = item->line,
                                           .kind = kind_of(vl_sheet_cell_of(r, VL_SHEET_FILE_1)->text) };
}

/* Moves the last item to the refused. */
static void refuse(vl_sheet_reader *r)
{
    vl_item *const to = vl_items_add(&r->refused, r->err);
    if (to) *to = r->sheet->items.item[--r->sheet->items.n];
}

static void take_row(vl_sheet_reader *r)
{
    r->none = (vl_csv_cell){ .text = r->nothing, .line = r->csv.cell[0].line };
    r->nrow++;
    if (!check_shape(r)) return;
    const uint64_t before = r->nwrong;
    vl_item *const item = vl_items_add(&r->sheet->items, r->err);
    if (!item) return;
    item->line = r->csv.cell[0].line;
    take_fields(r, item);
    XXH128_hash_t sample = { 0 };
    if (item->sample) sample = XXH3_128bits(item->sample, strlen(item->sample));
    const size_t nth = item->sample ? find_head(r, sample, item->line) : SIZE_MAX;
    const XXH128_hash_t *const known_sample = nth < r->nhead ? &sample : NULL;
    for (size_t c = 0; c < r->ncolumn && !r->err->code; c++)
        if (r->column[c].role >= VL_SHEET_DONOR && r->column[c].role != VL_SHEET_NAMELESS)
            take_detail(r, item, known_sample, c);
    check_event(r, item);
    if (take_files(r, item)) take_acquisition(r, item, known_sample);
    if (nth == r->nhead && !r->err->code) keep_head(r, item);
    if (r->nwrong > before) refuse(r);
}

void vl_sheet_take_rows(vl_sheet_reader *r)
{
    bool more = false;
    while (!r->err->code && !vl_csv_next(&r->csv, &more, r->err) && more) {
        if (r->nrow == VL_SHEET_MOST_ROWS) {
            vl_sheet_wrong(r, r->csv.cell[0].line, 0, "more than %d rows: split the sheet",
                           VL_SHEET_MOST_ROWS);
            return;
        }
        take_row(r);
    }
    if (!r->nrow) vl_sheet_wrong(r, r->header, 0, "there are no rows below the header");
}
