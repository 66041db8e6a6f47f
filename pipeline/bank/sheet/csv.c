/* Delimited text -> rows of cells, in place (csv.h). */
#include "pipeline/bank/sheet/csv.h"
#include "formats/letter.h"

#include <stdlib.h>
#include <string.h>

static const char open_quote[] = "the quote that opens this cell is never closed";
static const char behind_quote[] = "text behind the closing quote (a quote inside a cell is written twice)";
static const char before_quote[] = "blank before the opening quote";
static const char nul_byte[] = "a NUL byte";
static const char not_utf8[] = "a byte that is not UTF-8: save the sheet as \"CSV UTF-8\"";

static bool is_blank(char c) { return c == ' ' || c == '\t'; }

static void blame(vl_csv_cell *cell, const char *wrong, uint32_t line, const char *start, const char *at)
{
    if (cell->wrong) return;
    cell->wrong = wrong;
    cell->wrong_line = line;
    cell->wrong_at = (uint64_t)(at - start) + 1;
}

/* What the bytes say of themselves when they are no text of ours; NULL when they may be. */
static const char *foreign(const char *text, size_t n)
{
    static const struct {
        const char *magic;
        size_t n;
        const char *what;
    } known[] = {
        { "\xff\xfe", 2, "the sheet is UTF-16 text: save it as \"CSV UTF-8\"" },
        { "\xfe\xff", 2, "the sheet is UTF-16 text: save it as \"CSV UTF-8\"" },
        { "\0\0\xfe\xff", 4, "the sheet is UTF-32 text: save it as \"CSV UTF-8\"" },
        { "PK\3\4", 4, "the sheet is a workbook (.xlsx, .ods): save it as \"CSV UTF-8\"" },
        { "\xd0\xcf\x11\xe0", 4, "the sheet is a workbook (.xls): save it as \"CSV UTF-8\"" },
        { "\x1f\x8b", 2, "the sheet is compressed (gzip): unpack it" },
        { "\x28\xb5\x2f\xfd", 4, "the sheet is compressed (zstd): unpack it" },
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (n >= known[i].n && !memcmp(text, known[i].magic, known[i].n)) return known[i].what;
    /* letters of the first 256 code points in two bytes each, without a mark before them */
    if (n >= 4 &&
        ((!text[0] && text[1] && !text[2] && text[3]) || (text[0] && !text[1] && text[2] && !text[3])))
        return known[0].what;
    return NULL;
}

/* The delimiter of the first line that is not blank, counted outside of quotes. */
static char find_delimiter(const char *p, const char *end)
{
    size_t tab = 0, comma = 0, semicolon = 0;
    bool quoted = false, fresh = true, any = false; /* fresh: a quote here opens, or opens again */
    for (; p < end; p++) {
        const char c = *p;
        if (c == '"' && (quoted || fresh)) {
            quoted = !quoted;
            fresh = any = true;
            continue;
        }
        if (quoted) continue;
        if ((c == '\n' || c == '\r') && any) break;
        if (c == '\n' || c == '\r') tab = comma = semicolon = 0;
        tab += c == '\t';
        comma += c == ',';
        semicolon += c == ';';
        fresh = strchr("\t,;\r\n", c) != NULL;
        any |= !fresh && c != ' ';
    }
    return tab ? '\t' : semicolon > comma ? ';' : ',';
}

/* Steps over the line break at p, if there is one. */
static void take_break(vl_csv *csv)
{
    if (csv->p >= csv->end) return;
    csv->p += csv->end - csv->p > 1 && csv->p[0] == '\r' && csv->p[1] == '\n' ? 2 : 1;
    csv->start = csv->p;
    csv->line++;
}

vl_code vl_csv_open(vl_csv *csv, char *text, size_t n, vl_err *err)
{
    *csv = (vl_csv){ .p = text, .end = text + n, .start = text, .line = 1 };
    const char *const what = foreign(text, n);
    if (what) return vl_fail(err, VL_EUNSUP, "%s", what);
    if (n >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) csv->start = csv->p += 3;
    const size_t left = (size_t)(csv->end - csv->p);
    if (left >= 5 && !memcmp(csv->p, "sep=", 4) && strchr(",;\t", csv->p[4]) && csv->p[4] &&
        (left == 5 || csv->p[5] == '\n' || csv->p[5] == '\r')) {
        csv->delimiter = csv->p[4];
        csv->p += 5;
        take_break(csv);
    } else {
        csv->delimiter = find_delimiter(csv->p, csv->end);
    }
    return VL_OK;
}

void vl_csv_close(vl_csv *csv)
{
    free(csv->cell);
    *csv = (vl_csv){ 0 };
}

/* Looks at the bytes [from, to) of a cell as they stand in the sheet. */
static void check_bytes(vl_csv *csv, vl_csv_cell *cell, const char *from, const char *to)
{
    uint32_t letter, line = cell->line;
    const char *start = csv->start;
    for (const char *p = from; p < to && !cell->wrong;) {
        const size_t len = vl_letter(p, (size_t)(to - p), &letter);
        if (!len) blame(cell, not_utf8, line, start, p);
        else if (!letter) blame(cell, nul_byte, line, start, p);
        p += len;
        if (letter == '\n' || (letter == '\r' && (p >= to || *p != '\n'))) line++, start = p;
    }
}

/* Goes to the delimiter or line break that ends the cell. True when some byte needs a closer look. */
static bool skip_plain(vl_csv *csv)
{
    char *p = csv->p, odd = 0;
    const char delimiter = csv->delimiter;
    for (; *p != delimiter && *p != '\n' && *p != '\r'; p++) odd |= (char)(*p & 0x80) | (char)(!*p);
    csv->p = p;
    return odd;
}

/* A cell that does not start with a quote. */
static void take_plain(vl_csv *csv, vl_csv_cell *cell)
{
    char *const from = csv->p;
    if (skip_plain(csv)) check_bytes(csv, cell, from, csv->p);
    char *a = from, *z = csv->p;
    while (a < z && is_blank(*a)) a++;
    while (a < z && is_blank(z[-1])) z--;
    if (a < z && *a == '"') blame(cell, before_quote, csv->line, csv->start, a);
    cell->text = a;
    cell->len = (size_t)(z - a);
}

/* Moves [p, next quote) to *to and goes behind it, counting lines. False: there is no quote any more. */
static bool take_to_quote(vl_csv *csv, char **to)
{
    char *const from = csv->p, *const quote = memchr(from, '"', (size_t)(csv->end - from));
    char *const stop = quote ? quote : csv->end;
    for (char *p = from; p < stop; p++)
        if (*p == '\n' || (*p == '\r' && (p + 1 == csv->end || p[1] != '\n'))) {
            csv->line++;
            csv->start = p + 1;
        }
    const size_t n = (size_t)(stop - from);
    if (*to != from) memmove(*to, from, n);
    *to += n;
    csv->p = quote ? quote + 1 : csv->end;
    return quote != NULL;
}

/* A cell that starts with a quote. */
static void take_quoted(vl_csv *csv, vl_csv_cell *cell)
{
    char *const from = csv->p;
    const char *const start = csv->start;
    char *to = from + 1;
    cell->text = to;
    csv->p++;
    /* the bytes are checked first, while they stand where the sheet has them */
    const char *p = from + 1;
    while (p < csv->end && (p = memchr(p, '"', (size_t)(csv->end - p))) && p + 1 < csv->end && p[1] == '"')
        p += 2;
    check_bytes(csv, cell, from, p ? p : csv->end);
    for (;;) {
        if (!take_to_quote(csv, &to)) {
            cell->wrong = NULL; /* this explains what else is in there */
            blame(cell, open_quote, cell->line, start, from);
            break;
        }
        if (csv->p >= csv->end || *csv->p != '"') break;
        *to++ = *csv->p++;
    }
    cell->len = (size_t)(to - cell->text);
    const char *const behind = csv->p;
    skip_plain(csv);
    for (const char *q = behind; q < csv->p; q++)
        if (!is_blank(*q)) {
            blame(cell, behind_quote, csv->line, csv->start, q);
            break;
        }
}

/* Place for one more cell; the last one is used again in rows that are too long. */
static vl_csv_cell *new_cell(vl_csv *csv, vl_err *err)
{
    if (csv->ncell == VL_CSV_CELLS) {
        csv->nmore++;
        return &csv->cell[csv->ncell - 1];
    }
    if (csv->ncell == csv->ccell) {
        const size_t cap = csv->ccell ? 2 * csv->ccell : 32;
        vl_csv_cell *const cell = realloc(csv->cell, cap * sizeof *cell);
        if (!cell) {
            vl_fail(err, VL_ENOMEM, "no memory for a row of %zu cells", cap);
            return NULL;
        }
        csv->cell = cell;
        csv->ccell = cap;
    }
    return &csv->cell[csv->ncell++];
}

/* One line, blank or not. The byte behind the text stands for its last line break. */
static vl_code take_line(vl_csv *csv, bool *blank, vl_err *err)
{
    csv->ncell = csv->nmore = 0;
    *blank = true;
    *csv->end = '\n';
    for (;;) {
        const bool kept = csv->ncell < VL_CSV_CELLS;
        vl_csv_cell *const cell = new_cell(csv, err);
        if (!cell) return err->code;
        vl_csv_cell read = { .line = csv->line };
        if (csv->p < csv->end && *csv->p == '"') take_quoted(csv, &read);
        else take_plain(csv, &read);
        if (kept) *cell = read;
        if (read.len || read.wrong) *blank = false;
        const bool last = *csv->p != csv->delimiter;
        if (last) take_break(csv);
        else csv->p++;
        read.text[read.len] = 0; /* over the delimiter, the line break or a quote */
        if (last) return VL_OK;
    }
}

vl_code vl_csv_next(vl_csv *csv, bool *more, vl_err *err)
{
    bool blank = true;
    csv->ncell = csv->nmore = 0;
    while (blank && csv->p < csv->end) {
        if (take_line(csv, &blank, err)) return err->code;
        csv->nblank += blank;
    }
    if (blank) csv->ncell = 0;
    *more = !blank;
    return VL_OK;
}
