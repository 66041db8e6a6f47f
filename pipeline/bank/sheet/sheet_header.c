/*
 * The header of a sheet: which dialect it is, and what each column is for (sheet_part.h).
 *
 * Names are compared as facts are named (fact_name.h). In SDRF sheets characteristics[...] speak of the
 * sample, all others of the acquisition.
 */
#include "pipeline/bank/sheet/sheet_part.h"
#include "formats/format.h"
#include "formats/letter.h"
#include "pipeline/bank/fact_name.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MOST_TITLE = 128 };

const vl_dialect vl_dialects[VL_SHEET_NDIALECT] = {
    [VL_SHEET_SDRF] = { "SDRF",
                        { "source_name", "comment[data_file]", NULL },
                        { "source name", "comment[data file]" } },
    [VL_SHEET_NF_CORE] = { "nf-core", { "sample", "fastq_1", "fastq_2" }, { "sample", "fastq_1" } },
    [VL_SHEET_OWN] = { "vial", { "sample", "file_1", "file_2" }, { "sample", "file_1" } },
    [VL_SHEET_NF_FILE] = { "nf-core", { "sample", NULL, NULL }, { "sample", NULL } },
};

static bool is_nf_core(const vl_sheet_reader *r)
{
    return r->dialect == VL_SHEET_NF_CORE || r->dialect == VL_SHEET_NF_FILE;
}

static char *normalise(vl_sheet_reader *r, const vl_csv_cell *title)
{
    char *const name = vl_sheet_copy(r, title->text, title->len);
    if (name) vl_fact_fold(title->text, title->len, name);
    return name;
}

/* Has the name of a column letters that cannot be seen, or is it too long? */
static bool is_bad_title(const char *title, size_t len)
{
    uint32_t letter;
    if (len > MOST_TITLE) return true;
    for (size_t i = 0, n; i < len; i += n)
        if (!(n = vl_letter(title + i, len - i, &letter)) || vl_letter_hidden(letter)) return true;
    return false;
}

/* As sarek calls a donor, and the donor's sex. */
static bool rename_known(vl_sheet_reader *r, char **name)
{
    const vl_duty duty = !strcmp(*name, "patient") ? VL_SHEET_DONOR
                         : !strcmp(*name, "sex")   ? VL_SHEET_DONOR_SEX
                                                   : VL_SHEET_NROLE;
    if (!is_nf_core(r) || duty == VL_SHEET_NROLE) return true;
    const char *const known = vl_sheet_known_name(duty);
    char *const copy = vl_sheet_copy(r, known, strlen(known));
    if (!copy) return false;
    free(*name);
    *name = copy;
    return true;
}

static vl_duty role_of(const vl_sheet_reader *r, char *name)
{
    if (!*name) return VL_SHEET_NAMELESS;
    for (int i = 0; i < 3; i++) {
        const char *const required = i == 1 && r->ending ? r->ending : vl_dialects[r->dialect].column[i];
        if (required && !strcmp(name, required)) return (vl_duty)(VL_SHEET_SAMPLE + i);
    }
    for (int i = 0; i < VL_SHEET_NROLE; i++)
        if (vl_sheet_known_name((vl_duty)i) && !strcmp(name, vl_sheet_known_name((vl_duty)i)))
            return (vl_duty)i;
    if (r->dialect == VL_SHEET_SDRF && vl_fact_unwrap(name) == VL_FACT_OF_SAMPLE)
        return VL_SHEET_ABOUT_SAMPLE;
    return VL_SHEET_ABOUT_ACQUISITION;
}

/* Number of the column of that name, 1-based; 0: none. */
static size_t column_named(const vl_sheet_reader *r, const char *name)
{
    for (size_t c = 0; c < r->ncolumn; c++)
        if (r->column[c].name && !strcmp(r->column[c].name, name)) return c + 1;
    return 0;
}

static bool is_of_dialect(const char *name)
{
    for (int d = 0; d < VL_SHEET_NDIALECT; d++)
        for (int i = 0; i < 3; i++)
            if (vl_dialects[d].column[i] && !strcmp(name, vl_dialects[d].column[i])) return true;
    return false;
}

/* A column that has nearly this name, and none that we know; NULL: none. */
static const char *nearly(const vl_sheet_reader *r, const char *name)
{
    char a[VL_WORD];
    for (size_t c = 0; c < r->ncolumn; c++) {
        vl_word_fold(r->column[c].name, strlen(r->column[c].name), false, a);
        if (*a && vl_word_distance(a, name) <= 2 && !is_of_dialect(a)) return r->column[c].title;
    }
    return NULL;
}

/* No dialect has its columns here: says what each lacks. */
static void miss(vl_sheet_reader *r, uint32_t line)
{
    char text[1600]; /* room for all three, with the longest of titles */
    int at = snprintf(text, sizeof text, "the header fits no kind of sheet");
    for (int d = VL_SHEET_OWN; d >= 0; d--) {
        const char *meant = NULL, *sep = "";
        at += snprintf(text + at, sizeof text - (size_t)at,
                       "; %s needs the columns \"%s\" and \"%s\" (missing: ", vl_dialects[d].name,
                       vl_dialects[d].title[0], vl_dialects[d].title[1]);
        for (int i = 0; i < 2; i++) {
            if (column_named(r, vl_dialects[d].column[i])) continue;
            at += snprintf(text + at, sizeof text - (size_t)at, "%s%s", sep, vl_dialects[d].title[i]);
            if (!meant) meant = nearly(r, vl_dialects[d].column[i]);
            sep = ", ";
        }
        at += snprintf(text + at, sizeof text - (size_t)at, "%s%s%s)", meant ? "; is \"" : "",
                       meant ? vl_sheet_show(meant).text : "", meant ? "\" it?" : "");
    }
    vl_sheet_wrong(r, line, 0, "%s", text);
}

/* A column that is called as the ending of files, of which each is an input of its own. */
static bool find_ending(vl_sheet_reader *r)
{
    for (int f = 0; vl_formats[f]; f++)
        for (const char *const *e = vl_formats[f]->ending; *e && !vl_formats[f]->mates; e++) {
            vl_fact_fold(*e + 1, strlen(*e) - 1, r->folded);
            if (!strcasecmp(r->folded, *e + 1) && column_named(r, r->folded))
                return r->ending = r->folded, true;
        }
    return false;
}

static bool find_dialect(vl_sheet_reader *r)
{
    for (r->dialect = 0; r->dialect <= VL_SHEET_OWN; r->dialect++)
        if (column_named(r, vl_dialects[r->dialect].column[0]) &&
            column_named(r, vl_dialects[r->dialect].column[1]))
            return true;
    r->dialect = VL_SHEET_NF_FILE;
    if (column_named(r, vl_dialects[r->dialect].column[0]) && find_ending(r)) return true;
    r->dialect = -1;
    return false;
}

/* Files named in the way of another dialect would be taken for details, and missed. */
static void check_foreign(vl_sheet_reader *r, uint32_t line)
{
    for (int d = VL_SHEET_NF_CORE; d <= VL_SHEET_OWN; d++)
        for (int i = 1; i < 3 && d != r->dialect; i++) {
            const size_t at = column_named(r, vl_dialects[d].column[i]);
            if (at)
                vl_sheet_wrong(r, line, at,
                               "is a column of %s sheets, but this one names its files in \"%s\"",
                               vl_dialects[d].name, r->ending ? r->ending : vl_dialects[r->dialect].title[1]);
        }
}

/* Gives every column its role; finds names that stand twice, and columns that are joined. */
static void place_columns(vl_sheet_reader *r, uint32_t line)
{
    vl_sheet_set names = { 0 };
    for (size_t c = 0; c < r->ncolumn && !r->err->code; c++) {
        vl_sheet_place *const col = &r->column[c];
        if (!rename_known(r, &col->name)) break;
        col->role = role_of(r, col->name);
        if (col->role == VL_SHEET_NAMELESS) continue;
        /* fields of the item, details of the sample and of the acquisition are three worlds */
        const uint64_t world = col->role < VL_SHEET_DONOR ? 0 : col->role <= VL_SHEET_ABOUT_SAMPLE ? 1 : 2;
        const XXH128_hash_t none = { 0, 0 };
        vl_sheet_seen *const first =
            vl_sheet_look_up(&names, vl_sheet_key_of(none, col->name, world), r->err);
        if (!first) break;
        if (!first->line) {
            first->line = (uint32_t)c + 1;
            first->nth = (uint32_t)c;
            if (col->role < VL_SHEET_NROLE) r->at[col->role] = c + 1;
        } else if (r->dialect == VL_SHEET_SDRF && col->role >= VL_SHEET_NROLE &&
                   r->column[first->line - 1].role >= VL_SHEET_NROLE) {
            r->column[first->nth].next = c;
            first->nth = (uint32_t)c; /* the last of them */
            col->joined = true;
        } else {
            vl_sheet_wrong(r, line, c + 1, "this name stands twice, in columns %u and %zu", first->line,
                           c + 1);
            col->role = VL_SHEET_NAMELESS;
            col->joined = true; /* its cells are not looked at */
        }
    }
    free(names.place);
}

/* Reads names of columns from the row that was just read. */
static bool take_titles(vl_sheet_reader *r)
{
    const vl_csv *const csv = &r->csv;
    const uint64_t before = r->nwrong;
    if (csv->nmore) {
        vl_sheet_wrong(r, csv->cell[0].line, 0, "more than %d columns", VL_CSV_CELLS);
        return false;
    }
    r->column = calloc(csv->ncell, sizeof *r->column);
    if (!r->column) {
        vl_fail(r->err, VL_ENOMEM, "no memory for %zu columns", csv->ncell);
        return false;
    }
    for (size_t c = 0; c < csv->ncell; c++) {
        const vl_csv_cell *const cell = &csv->cell[c];
        if (cell->wrong) vl_sheet_blame_cell(r, cell, c + 1);
        else if (is_bad_title(cell->text, cell->len))
            vl_sheet_wrong(
                r, cell->line, c + 1,
                "the name of the column has line breaks or hidden letters in it, or more than 128 bytes");
        r->column[c].title = cell->text;
        r->column[c].name = normalise(r, cell);
        if (!r->column[c].name) return false;
        r->ncolumn++;
    }
    return r->nwrong == before;
}

/* What became of each column, for who asks after the sheet was read. */
static vl_code keep_columns(vl_sheet_reader *r)
{
    vl_sheet *const s = r->sheet;
    s->column = calloc(r->ncolumn + 1, sizeof *s->column);
    if (!s->column) return vl_fail(r->err, VL_ENOMEM, "no memory for %zu columns", r->ncolumn);
    for (; s->ncolumn < r->ncolumn; s->ncolumn++) {
        const vl_sheet_place *const from = &r->column[s->ncolumn];
        vl_sheet_column *const to = &s->column[s->ncolumn];
        to->title = vl_sheet_copy(r, from->title, strlen(from->title));
        to->name = vl_sheet_copy(r, from->name, strlen(from->name));
        if (!to->title || !to->name) return free(to->title), free(to->name), r->err->code;
        to->use = from->role < VL_SHEET_NROLE                ? VL_SHEET_USE_KNOWN
                  : from->role == VL_SHEET_ABOUT_SAMPLE      ? VL_SHEET_USE_FACT
                  : from->role == VL_SHEET_ABOUT_ACQUISITION ? VL_SHEET_USE_DETAIL
                                                             : VL_SHEET_USE_NONE;
        if (to->use == VL_SHEET_USE_FACT || to->use == VL_SHEET_USE_DETAIL)
            to->meant = vl_sheet_meant(to->name);
    }
    return VL_OK;
}

/* Reads the header; false when rows cannot be understood. */
bool vl_sheet_take_header(vl_sheet_reader *r)
{
    bool more = false;
    if (vl_csv_next(&r->csv, &more, r->err)) return false;
    if (!more) {
        vl_sheet_wrong(r, 1, 0, "the sheet is empty");
        return false;
    }
    const vl_csv_cell *const first = &r->csv.cell[0];
    if (first->len > 2 && first->text[0] == '[' && first->text[first->len - 1] == ']') {
        vl_sheet_wrong(
            r, first->line, 0,
            "this is an Illumina sample sheet for demultiplexing (section %s), not a list of files: name the "
            "the files that demultiplexing made in a sheet with the columns sample, fastq_1, fastq_2",
            vl_sheet_show(first->text).text);
        return false;
    }
    const uint32_t line = r->header = first->line;
    if (!take_titles(r)) return false;
    if (!find_dialect(r)) {
        miss(r, line);
        return false;
    }
    r->sheet->dialect = vl_dialects[r->dialect].name;
    check_foreign(r, line);
    place_columns(r, line);
    if (is_nf_core(r) && !r->at[VL_SHEET_ACQUISITION]) {
        r->lane = column_named(r, "lane");
        r->joins = !r->lane && r->dialect == VL_SHEET_NF_CORE;
    }
    return !r->err->code && !keep_columns(r);
}
