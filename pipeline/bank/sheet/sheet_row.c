/*
 * Rows of a sheet -> items (sheet_part.h): is the row as wide as its header, is each cell what its column
 * asks for, do its cells fit together, do its files exist, does it fit to the rows before.
 *
 * Rows are compared by hash tables of 128-bit keys, so the work per row does not grow with the sheet.
 */
#include "pipeline/bank/sheet/sheet_part.h"
#include "pipeline/io/names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* The same for the name of an acquisition; "" is the one that lanes of a sample make together. */
static vl_sheet_seen *enter_run(vl_sheet_reader *r, XXH128_hash_t sample, const char *name, uint64_t kind,
                                uint32_t line)
{
    vl_sheet_seen *const run = vl_sheet_look_up(&r->runs, vl_sheet_key_of(sample, name, kind), r->err);
    if (run && !run->line) run->line = line;
    return run;
}

/* Are the cells of a column, and of those joined to it, empty? */
static bool is_empty(const vl_sheet_reader *r, size_t column)
{
    do {
        if (vl_sheet_cell_at(r, column + 1)->len) return false;
        column = r->column[column].next;
    } while (column);
    return true;
}

/* A cell that becomes a detail; all rows of a sample must agree on what they say of it. column: 0-based. */
static void take_detail(vl_sheet_reader *r, vl_item *item, const XXH128_hash_t *sample, size_t column)
{
    const vl_sheet_place *const col = &r->column[column];
    const vl_csv_cell *const cell = vl_sheet_cell_at(r, column + 1);
    if (col->joined || (!cell->len && !col->next && !r->clears)) return;
    vl_details *const details =
        col->role <= VL_SHEET_ABOUT_SAMPLE ? &item->about_sample : &item->about_acquisition;
    const size_t n = details->n;
    char *text = NULL;
    if (col->next) {
        text = join(r, column);
    } else if (cell->len) {
        const char *const value = vl_sheet_check_value(r, column + 1, cell);
        if (value) text = vl_sheet_copy(r, value, strlen(value));
    }
    if (!text && r->clears && is_empty(r, column)) {
        add_detail(r, details, col->name, vl_sheet_copy(r, "", 0));
        return;
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
        const bool yes = field[i] == VL_SHEET_INTERLEAVED &&
                         vl_word_find(&vl_words_yes_no, value, r->word) <= VL_SHEET_LAST_YES;
        static const char option[] = "interleaved=yes";
        if (yes) item->options = vl_sheet_copy(r, option, strlen(option));
        else if (field[i] == VL_SHEET_INTERLEAVED) continue;
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

/* ---- the whole row ---- */

/* The lane as the name of an acquisition. */
static bool name_by_lane(vl_sheet_reader *r, vl_item *item, const vl_csv_cell *lane)
{
    const char *const bad = vl_value_bad_id(lane->text);
    if (bad) vl_sheet_wrong(r, lane->line, r->lane, "\"%s\" %s", vl_sheet_show(lane->text).text, bad);
    else item->acquisition = vl_sheet_copy(r, lane->text, lane->len);
    return item->acquisition;
}

/* The acquisition's name: given, that of a lane, or the file's. False when it is no name, which is said. */
static bool name_acquisition(vl_sheet_reader *r, vl_item *item, bool given)
{
    const vl_csv_cell *const file = vl_sheet_cell_of(r, VL_SHEET_FILE_1), *const lane =
                                                                              vl_sheet_cell_at(r, r->lane);
    char name[256];
    if (given) return item->acquisition;
    if (lane->len) return name_by_lane(r, item, lane);
    if (item->inputs.n > 1) vl_inputs_acquisition(&item->inputs, name);
    else vl_name_acquisition(file->text, name);
    const char *const bad = vl_item_bad_name(name);
    if (bad) {
        vl_sheet_wrong(
            r, file->line, r->at[VL_SHEET_FILE_1],
            "the acquisition's name \"%s\" made of the file's %s: name it in a column \"acquisition\"",
            vl_sheet_show(name).text, bad);
        return false;
    }
    item->acquisition = vl_sheet_copy(r, name, strlen(name));
    return item->acquisition;
}

/* Another row has the same acquisition and is no lane of it. */
static void blame_twin(vl_sheet_reader *r, const vl_item *item, bool given, uint32_t line)
{
    const bool by_lane = vl_sheet_cell_at(r, r->lane)->len > 0;
    const size_t column = by_lane ? r->lane : r->at[given ? VL_SHEET_ACQUISITION : VL_SHEET_FILE_1];
    vl_sheet_wrong(r, vl_sheet_cell_at(r, column)->line, column,
                   "sample \"%s\" has an acquisition \"%s\" in line %u already: %s",
                   vl_sheet_show(item->sample).text, vl_sheet_show(item->acquisition).text, line,
                   by_lane ? "lanes of a sample have different names"
                   : given ? "lanes of one have different values in a column \"lane\""
                           : "files of the same name need different names in a column \"acquisition\"");
}

/* Once in its sample among files of its sort, or a lane more of it: *joins. sample: NULL: its first row.
 * Gives the entry of the acquisition; NULL: none, or it is wrong. */
static vl_sheet_seen *take_acquisition(vl_sheet_reader *r, vl_item *item, const XXH128_hash_t *sample,
                                       bool *joins)
{
    const bool given = vl_sheet_cell_of(r, VL_SHEET_ACQUISITION)->len > 0;
    const char *const file = vl_sheet_cell_of(r, VL_SHEET_FILE_1)->text;
    if (!name_acquisition(r, item, given) || !sample) return NULL;
    vl_sheet_seen *const run =
        enter_run(r, *sample, vl_sheet_is_lane(r, file) ? "" : item->acquisition, kind_of(file), item->line);
    if (!run || run->line == item->line) return run;
    *joins = vl_sheet_may_join(r, item, run, given);
    if (*joins) vl_sheet_check_lane(r, item, run);
    else blame_twin(r, item, given, run->line);
    return *joins ? run : NULL;
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
    for (size_t i = 0; i < first->ndetail; i++)
        if (*first->detail[i].value) enter_fact(r, sample, &first->detail[i], first->line);
    vl_sheet_seen *const run =
        first->acquisition ? enter_run(r, sample, first->acquisition, first->kind, first->line) : NULL;
    if (run) run->nth = first->item;
    first->ndetail = 0;
    first->acquisition = NULL;
    return s->nth;
}

/* Keeps the first row of a sample. item: its number in the sheet's items. */
static void keep_head(vl_sheet_reader *r, const vl_item *item, uint32_t number)
{
    const char *const file = vl_sheet_cell_of(r, VL_SHEET_FILE_1)->text;
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
    r->head[r->nhead++] =
        (vl_sheet_head){ .detail = item->about_sample.detail,
                         .ndetail = item->about_sample.n,
                         .acquisition =
                             item->acquisition && vl_sheet_is_lane(r, file) ? "" : item->acquisition,
                         .line = item->line,
                         .item = number,
                         .kind = kind_of(file) };
}

/* Moves the last item aside: it has errors, or was joined to another. */
static void set_aside(vl_sheet_reader *r)
{
    vl_item *const to = vl_items_add(&r->aside, r->err);
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
    bool joins = false;
    vl_sheet_seen *const run =
        vl_sheet_take_files(r, item) ? take_acquisition(r, item, known_sample, &joins) : NULL;
    const bool good = r->nwrong == before;
    const uint32_t number = good ? (uint32_t)r->sheet->items.n - 1 : VL_SHEET_NO_ITEM;
    if (good && joins) vl_sheet_join_lane(r, item, run);
    else if (run && !joins) run->nth = number;
    if (nth == r->nhead && !r->err->code) keep_head(r, item, number);
    if (!good || joins) set_aside(r);
}

/* What another row of the sample says is not cleared. */
static void drop_answered(vl_sheet_reader *r, vl_item *item)
{
    vl_details *const about = &item->about_sample;
    const XXH128_hash_t sample = XXH3_128bits(item->sample, strlen(item->sample));
    size_t n = 0;
    for (size_t i = 0; i < about->n && !r->err->code; i++) {
        const vl_detail d = about->detail[i];
        const vl_sheet_seen *const said =
            *d.value ? NULL : vl_sheet_look_up(&r->facts, vl_sheet_key_of(sample, d.name, 0), r->err);
        if (said && said->line) free(d.name), free(d.value);
        else about->detail[n++] = d;
    }
    if (!r->err->code) about->n = n;
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
    vl_sheet_name_joined(r);
    for (size_t i = 0; r->clears && i < r->sheet->items.n; i++) drop_answered(r, &r->sheet->items.item[i]);
    if (!r->nrow) vl_sheet_wrong(r, r->header, 0, "there are no rows below the header");
}
