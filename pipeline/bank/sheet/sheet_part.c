/* What the parts of the sheet reader share (sheet_part.h). */
#include "pipeline/bank/sheet/sheet_part.h"
#include "formats/letter.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum sort { TEXT, NAME, CHOICE, DATE, NUMBER } sort;

static const struct {
    const char *name; /* of the column and of the detail; NULL: the dialect says */
    sort sort;
    const vl_word_list *words;
} known[VL_SHEET_NROLE] = {
    [VL_SHEET_SAMPLE] = { NULL, NAME, NULL },
    [VL_SHEET_FILE_1] = { NULL, TEXT, NULL },
    [VL_SHEET_FILE_2] = { NULL, TEXT, NULL },
    [VL_SHEET_ACQUISITION] = { "acquisition", NAME, NULL },
    [VL_SHEET_PROFILE] = { "profile", CHOICE, &vl_words_profiles },
    [VL_SHEET_INTERLEAVED] = { "interleaved", CHOICE, &vl_words_yes_no },
    [VL_SHEET_DONOR] = { "donor", NAME, NULL },
    [VL_SHEET_DONOR_SEX] = { "donor_sex", CHOICE, &vl_words_sexes },
    [VL_SHEET_BIRTH_DATE] = { "donor_birth_date", DATE, NULL },
    [VL_SHEET_SPECIMEN_TYPE] = { "specimen_type", CHOICE, &vl_words_types },
    [VL_SHEET_PARENT] = { "specimen_parent", NAME, NULL },
    [VL_SHEET_TEMPERATURE] = { "storage_temperature", CHOICE, &vl_words_temperatures },
    [VL_SHEET_EVENT] = { "collection_event", TEXT, NULL },
    [VL_SHEET_COLLECTION_DATE] = { "collection_date", DATE, NULL },
    [VL_SHEET_AGE] = { "age_at_event", NUMBER, NULL },
    [VL_SHEET_AGE_UNIT] = { "age_unit", CHOICE, &vl_words_units },
    [VL_SHEET_SITE] = { "anatomical_site", TEXT, NULL },
    [VL_SHEET_DIAGNOSIS] = { "content_diagnosis", TEXT, NULL },
    [VL_SHEET_USE_CONDITIONS] = { "use_conditions", TEXT, NULL },
    [VL_SHEET_SOURCE] = { "sample_source", CHOICE, &vl_words_sources },
    [VL_SHEET_CONSENT] = { "consent", TEXT, NULL },
    [VL_SHEET_SPREC] = { "sprec", TEXT, NULL },
    [VL_SHEET_COLLECTION] = { "collection", TEXT, NULL },
};

const char *vl_sheet_known_name(vl_duty role) { return known[role].name; }

/* Finds a key, or makes a place for it (line 0, to be filled). NULL without memory. */
vl_sheet_seen *vl_sheet_look_up(vl_sheet_set *set, XXH128_hash_t key, vl_err *err)
{
    if (2 * set->n >= set->cap) {
        const size_t cap = set->cap ? 4 * set->cap : 1024;
        vl_sheet_seen *const grown = calloc(cap, sizeof *grown);
        if (!grown) {
            vl_fail(err, VL_ENOMEM, "no memory to compare %zu rows", set->n);
            return NULL;
        }
        for (size_t i = 0; i < set->cap; i++) {
            if (!set->place[i].line) continue;
            size_t to = set->place[i].key.low64 & (cap - 1);
            while (grown[to].line) to = (to + 1) & (cap - 1);
            grown[to] = set->place[i];
        }
        free(set->place);
        set->place = grown;
        set->cap = cap;
    }
    size_t i = key.low64 & (set->cap - 1);
    while (set->place[i].line && !XXH128_isEqual(set->place[i].key, key)) i = (i + 1) & (set->cap - 1);
    if (!set->place[i].line) set->n++, set->place[i].key = key;
    return &set->place[i];
}

XXH128_hash_t vl_sheet_key_of(XXH128_hash_t first, const char *second, uint64_t third)
{
    const struct {
        XXH128_hash_t first, second;
        uint64_t third;
    } parts = { first, XXH3_128bits(second, strlen(second)), third };
    return XXH3_128bits(&parts, sizeof parts);
}

/* Text of a sheet as it may stand in a message: one line, nothing hidden, the middle of long texts left out.
 */
vl_sheet_shown vl_sheet_show(const char *text)
{
    enum { HEAD = 44, TAIL = 70 };
    vl_sheet_shown s;
    size_t n = 0, at = 0;
    const size_t len = strlen(text);
    uint32_t letter;
    while (at < len) {
        if (len > HEAD + TAIL && at >= HEAD && at < len - TAIL) {
            at = len - TAIL;
            while (((uint8_t)text[at] & 0xc0) == 0x80 && at + 1 < len) at++;
            memcpy(s.text + n, "...", 3);
            n += 3;
        }
        const size_t step = vl_letter(text + at, len - at, &letter);
        if (!step || vl_letter_hidden(letter)) s.text[n++] = '?';
        else memcpy(s.text + n, text + at, step), n += step;
        at += step ? step : 1;
    }
    s.text[n] = 0;
    return s;
}

/* Keeps an error in its place; a number of them is only counted. */
void vl_sheet_keep(vl_sheet_reader *r, uint32_t line, size_t column, char *what)
{
    vl_sheet *const s = r->sheet;
    if (s->nerror == s->cerror) {
        const size_t cap = s->cerror ? 2 * s->cerror : 64;
        vl_sheet_error *const error = reallocarray(s->error, cap, sizeof *error);
        if (!error) {
            free(what);
            vl_fail(r->err, VL_ENOMEM, "no memory for %zu errors", cap);
            return;
        }
        s->error = error;
        s->cerror = cap;
    }
    size_t i = s->nerror++;
    for (; i &&
           (s->error[i - 1].line > line || (s->error[i - 1].line == line && s->error[i - 1].column > column));
         i--)
        s->error[i] = s->error[i - 1];
    s->error[i] = (vl_sheet_error){ .line = line, .column = (uint32_t)column, .what = what };
}

/* An error at a cell; column (1-based) 0: at the whole line. The column's name is put before it. */
void vl_sheet_wrong(vl_sheet_reader *r, uint32_t line, size_t column, const char *fmt, ...)
{
    if (r->nwrong++ >= VL_SHEET_MOST_ERRORS) {
        if (!r->more_line) r->more_line = line;
        return;
    }
    const bool named = column && column <= r->ncolumn && r->column[column - 1].name;
    char *text = NULL, *what = NULL;
    va_list args;
    va_start(args, fmt);
    if (vasprintf(&text, fmt, args) < 0) text = NULL;
    va_end(args);
    if (text && named && asprintf(&what, "%s: %s", vl_sheet_show(r->column[column - 1].title).text, text) < 0)
        what = NULL;
    if (text && !named) what = text, text = NULL;
    free(text);
    if (what) vl_sheet_keep(r, line, column, what);
    else vl_fail(r->err, VL_ENOMEM, "no memory for an error");
}

/* A cell that the reader of delimited text did not like. */
void vl_sheet_blame_cell(vl_sheet_reader *r, const vl_csv_cell *cell, size_t column)
{
    if (cell->wrong_line == cell->line)
        vl_sheet_wrong(r, cell->line, column, "%s (byte %" PRIu64 " of the line)", cell->wrong,
                       cell->wrong_at);
    else
        vl_sheet_wrong(r, cell->line, column, "%s (line %u, byte %" PRIu64 ")", cell->wrong, cell->wrong_line,
                       cell->wrong_at);
}

const vl_csv_cell *vl_sheet_cell_at(const vl_sheet_reader *r, size_t column)
{
    return column && column <= r->csv.ncell ? &r->csv.cell[column - 1] : &r->none;
}

const vl_csv_cell *vl_sheet_cell_of(const vl_sheet_reader *r, vl_duty role)
{
    return vl_sheet_cell_at(r, r->at[role]);
}

/* The value of a column as it is kept; NULL: `why` says, behind the value, what is wrong. */
static const char *check_value(vl_duty role, const char *text, char word[VL_WORD], char why[400])
{
    const sort is = role < VL_SHEET_NROLE ? known[role].sort : TEXT;
    const vl_word_list *const w = role < VL_SHEET_NROLE ? known[role].words : NULL;
    const char *bad = NULL;
    if (vl_value_is_formula_error(text)) bad = "is the error of a formula in a spreadsheet, not a value";
    else if (is == NAME) bad = vl_value_bad_id(text);
    else if (is == DATE) bad = vl_value_bad_date(text);
    else if (is == NUMBER) bad = vl_value_bad_number(text);
    else if (is == CHOICE) {
        const char *const meant = w == &vl_words_sexes ? vl_value_sex(text) : text;
        if (vl_word_find(w, meant, word) != VL_NO_WORD) return word;
        char list[320] = "";
        vl_word_suggest(w, text, list);
        snprintf(why, 400, "is not %s; %s", w->of, list);
        return NULL;
    }
    if (bad) snprintf(why, 400, "%s", bad);
    return bad ? NULL : text;
}

/* The value of a cell that is not empty as it is kept; NULL when it is wrong, which is said. */
const char *vl_sheet_check_value(vl_sheet_reader *r, size_t column, const vl_csv_cell *cell)
{
    char why[400];
    const char *const value = check_value(r->column[column - 1].role, cell->text, r->word, why);
    if (!value) vl_sheet_wrong(r, cell->line, column, "\"%s\" %s", vl_sheet_show(cell->text).text, why);
    return value;
}

const char *vl_sheet_fact(const char *name, const char *text, char word[VL_WORD], char why[400])
{
    vl_duty role = VL_SHEET_DONOR;
    while (role < VL_SHEET_NROLE && strcmp(known[role].name, name)) role++;
    return check_value(role, text, word, why);
}

const char *vl_sheet_meant(const char *name)
{
    enum { SLIPS = 2 }; /* letters: what is farther was not meant */
    vl_nearest near = vl_nearest_to(name);
    for (int d = 0; d < VL_SHEET_NDIALECT; d++)
        for (int i = 0; i < 3; i++)
            if (vl_dialects[d].column[i]) vl_nearest_try(&near, vl_dialects[d].column[i]);
    for (int i = 0; i < VL_SHEET_NROLE; i++)
        if (known[i].name) vl_nearest_try(&near, known[i].name);
    return near.name && near.far && near.far <= SLIPS ? near.name : NULL;
}

/* Room for a text of n bytes, with its end set; NULL without memory. */
char *vl_sheet_text_of(vl_sheet_reader *r, size_t n)
{
    char *const to = malloc(n + 1);
    if (to) to[n] = 0;
    else vl_fail(r->err, VL_ENOMEM, "no memory for a text of %zu bytes", n);
    return to;
}

char *vl_sheet_copy(vl_sheet_reader *r, const char *text, size_t n)
{
    char *const to = vl_sheet_text_of(r, n);
    if (to) memcpy(to, text, n);
    return to;
}
