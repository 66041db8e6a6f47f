/*
 * Sample sheets (sheet.h): text -> items, and all that is wrong with it.
 *
 * In: one file, read whole. Rows come from csv.c and are taken one by one: is the row as wide as its header,
 * is each cell what its column asks for (table `known`), do its cells fit together, do its files exist, does
 * it fit to the rows before. Every question is asked of every row, so that one reading finds all that must be
 * mended; only a row that is too wide is not looked into, as its cells may stand in wrong columns.
 * Out: items of good rows, errors in order of line and column (cells counted from 1, as a spreadsheet does).
 *
 * Rows are compared by hash tables of 128-bit keys, so the work per row does not grow with the sheet.
 * Vocabularies: MIABIS Core 3 (Sample and Sample donor 1.1); SDRF-Proteomics 1.0.
 */
#include "pipeline/bank/sheet.h"
#include "formats/buf.h"
#include "pipeline/bank/csv.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

enum { MOST_BYTES = 1 << 30, MOST_ERRORS = 10000, MOST_ROWS = 10000000, MOST_TITLE = 128, WORD = 48 };

/* ---- what columns may hold ---- */

/* A list of words, '|' between them. */
typedef struct words {
    const char *of; /* "a MIABIS sample type" */
    const char *list;
    bool loose; /* blanks and degree signs do not count */
} words;

enum { NO_WORD = -1, LAST_YES = 2 };

static const words profiles = { "a profile", "fast|compact|archive|portable", false };
static const words yes_no = { "yes or no", "yes|true|1|no|false|0", false };
static const words sexes = { "a MIABIS sex", "Male|Female|Unknown|Undifferentiated|Not applicable", false };
static const words sources = { "a MIABIS sample source", "Human|Animal|Environment", false };
static const words units = { "a unit of age", "years|months|weeks|days|gestational weeks", false };
static const unsigned unit_most[] = { 150, 1800, 7830, 54800, 50 };
static const words temperatures = { "a MIABIS storage temperature",
                                    "RT|2 to 10 C|-18 to -35 C|-60 to -85 C|below -135 C|"
                                    "liquid nitrogen vapour phase|liquid nitrogen liquid phase|Other",
                                    true };
static const words types = {
    "a MIABIS sample type",
    "Amniotic fluid|Ascites fluid|Bile|Body cavity fluid|Bone|Bone marrow aspirate|Bone marrow plasma|"
    "Bone marrow (whole)|Breast milk|Bronchoalveolar lavage|Buffy coat|Cancer cell lines|Cerebrospinal fluid|"
    "Cord blood|Dental pulp|DNA|Embryo|Entire body organ|Faeces|Fetal tissue|Fibroblasts|Food specimen|"
    "Gas (exhaled)|Gastric fluid|Hair|Immortalized cell lines|Isolated microbes|"
    "Isolated or enriched exosomes|Isolated tumour cell|Liquid biopsy|Menstrual blood|Nail|Nasal washing|"
    "Organoids|Pericardial fluid|PBMC|Placenta|Plasma|Pleural fluid|Post-mortem tissue|Primary cells|Protein|"
    "Red blood cells|RNA|Saliva|Semen|Serum|Sputum|Stem and iPS cells|Swab|Sweat|Synovial fluid|Tears|Teeth|"
    "Tissue (FFPE)|Tissue (frozen)|Tissue (fresh frozen)|Umbilical cord|Urine|Urine sediment|Vitreous fluid|"
    "Whole blood|Whole blood dried|Other",
    false
};

/* What a column is for. The names before NROLE are known; others are kept as details. */
typedef enum duty {
    SAMPLE,
    FILE_1,
    FILE_2,
    ACQUISITION,
    PROFILE,
    INTERLEAVED,
    DONOR, /* from here on: details of the sample */
    DONOR_SEX,
    BIRTH_DATE,
    SPECIMEN_TYPE,
    PARENT,
    TEMPERATURE,
    EVENT,
    COLLECTION_DATE,
    AGE,
    AGE_UNIT,
    SITE,
    DIAGNOSIS,
    USE_CONDITIONS,
    SOURCE,
    CONSENT,
    SPREC,
    COLLECTION,
    NROLE,
    ABOUT_SAMPLE = NROLE,
    ABOUT_ACQUISITION,
    NAMELESS
} duty;

typedef enum sort { TEXT, NAME, CHOICE, DATE, NUMBER } sort;

static const struct {
    const char *name; /* of the column and of the detail; NULL: the dialect says */
    sort sort;
    const words *words;
} known[NROLE] = {
    [SAMPLE] = { NULL, NAME, NULL },
    [FILE_1] = { NULL, TEXT, NULL },
    [FILE_2] = { NULL, TEXT, NULL },
    [ACQUISITION] = { "acquisition", NAME, NULL },
    [PROFILE] = { "profile", CHOICE, &profiles },
    [INTERLEAVED] = { "interleaved", CHOICE, &yes_no },
    [DONOR] = { "donor", NAME, NULL },
    [DONOR_SEX] = { "donor_sex", CHOICE, &sexes },
    [BIRTH_DATE] = { "donor_birth_date", DATE, NULL },
    [SPECIMEN_TYPE] = { "specimen_type", CHOICE, &types },
    [PARENT] = { "specimen_parent", NAME, NULL },
    [TEMPERATURE] = { "storage_temperature", CHOICE, &temperatures },
    [EVENT] = { "collection_event", TEXT, NULL },
    [COLLECTION_DATE] = { "collection_date", DATE, NULL },
    [AGE] = { "age_at_event", NUMBER, NULL },
    [AGE_UNIT] = { "age_unit", CHOICE, &units },
    [SITE] = { "anatomical_site", TEXT, NULL },
    [DIAGNOSIS] = { "content_diagnosis", TEXT, NULL },
    [USE_CONDITIONS] = { "use_conditions", TEXT, NULL },
    [SOURCE] = { "sample_source", CHOICE, &sources },
    [CONSENT] = { "consent", TEXT, NULL },
    [SPREC] = { "sprec", TEXT, NULL },
    [COLLECTION] = { "collection", TEXT, NULL },
};

/* Names of the columns that make a dialect, normalised; the first two must be there. In order of preference.
 */
enum { SDRF, NF_CORE, OWN, NDIALECT };
static const struct {
    const char *name, *column[3], *title[2];
} dialects[NDIALECT] = {
    [SDRF] = { "SDRF",
               { "source_name", "comment[data_file]", NULL },
               { "source name", "comment[data file]" } },
    [NF_CORE] = { "nf-core", { "sample", "fastq_1", "fastq_2" }, { "sample", "fastq_1" } },
    [OWN] = { "vial", { "sample", "file_1", "file_2" }, { "sample", "file_1" } },
};

/* ---- what was seen in rows before ---- */

typedef struct seen {
    XXH128_hash_t key;
    const char *value;
    uint32_t line; /* 0: an empty place */
    uint32_t nth;
} seen;

/* Open addressing, never more than half full. */
typedef struct seen_set {
    seen *place; /* owned */
    size_t n, cap;
} seen_set;

/* The first row of a sample. Only when there is a second one, what it says is put into sets. */
typedef struct head {
    const vl_detail *detail; /* borrowed from its item */
    size_t ndetail;
    const char *acquisition; /* borrowed from its item; NULL: none, or it is in the set */
    uint32_t line;
    bool mzml;
} head;

typedef struct place {
    duty role;
    char *name;        /* owned; normalised; of the detail */
    const char *title; /* borrowed from the sheet; as it is written */
    size_t next;       /* the next column whose cells are joined to this one's; 0: none */
    bool joined;       /* to the cells of a column before */
} place;

typedef struct reader {
    vl_sheet *sheet;
    vl_err *err;
    vl_buf text; /* the sheet; cells lie in it */
    vl_csv csv;
    size_t folder_len; /* of the sheet's path, with '/' */
    const char *path;
    int folder; /* descriptor; AT_FDCWD: the current one */
    uid_t uid;
    int dialect;
    place *column; /* owned */
    size_t ncolumn;
    size_t at[NROLE]; /* column of a role, 1-based; 0: none */
    vl_items refused; /* of rows with errors: their texts are still compared with */
    head *head;       /* owned; the first row of each sample */
    size_t nhead, chead;
    seen_set samples, facts, runs, files;
    vl_cell none;    /* stands for cells that a short row lacks */
    char nothing[1]; /* its text */
    uint32_t header; /* its line */
    char word[WORD]; /* the value checked last, as its list writes it */
    uint64_t nrow, nwrong;
    uint32_t more_line; /* of the first error that was not kept */
} reader;

/* Finds a key, or makes a place for it (line 0, to be filled). NULL without memory. */
static seen *look_up(seen_set *set, XXH128_hash_t key, vl_err *err)
{
    if (2 * set->n >= set->cap) {
        const size_t cap = set->cap ? 4 * set->cap : 1024;
        seen *const grown = calloc(cap, sizeof *grown);
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

static XXH128_hash_t key_of(XXH128_hash_t first, const char *second, uint64_t third)
{
    const struct {
        XXH128_hash_t first, second;
        uint64_t third;
    } parts = { first, XXH3_128bits(second, strlen(second)), third };
    return XXH3_128bits(&parts, sizeof parts);
}

/* ---- errors ---- */

typedef struct shown {
    char text[160];
} shown;

/* Text of a sheet as it may stand in a message: one line, nothing hidden, the middle of long texts left out.
 */
static shown show(const char *text)
{
    enum { HEAD = 44, TAIL = 70 };
    shown s;
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
        const size_t step = vl_utf8(text + at, len - at, &letter);
        if (!step || vl_utf8_hidden(letter)) s.text[n++] = '?';
        else memcpy(s.text + n, text + at, step), n += step;
        at += step ? step : 1;
    }
    s.text[n] = 0;
    return s;
}

/* Keeps an error in its place; a number of them is only counted. */
static void keep(reader *r, uint32_t line, size_t column, char *what)
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
static void wrong(reader *r, uint32_t line, size_t column, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
static void wrong(reader *r, uint32_t line, size_t column, const char *fmt, ...)
{
    if (r->nwrong++ >= MOST_ERRORS) {
        if (!r->more_line) r->more_line = line;
        return;
    }
    const bool named = column && column <= r->ncolumn && r->column[column - 1].name;
    char *text = NULL, *what = NULL;
    va_list args;
    va_start(args, fmt);
    if (vasprintf(&text, fmt, args) < 0) text = NULL;
    va_end(args);
    if (text && named && asprintf(&what, "%s: %s", show(r->column[column - 1].title).text, text) < 0)
        what = NULL;
    if (text && !named) what = text, text = NULL;
    free(text);
    if (what) keep(r, line, column, what);
    else vl_fail(r->err, VL_ENOMEM, "no memory for an error");
}

/* ---- words ---- */

/* Lower case; loose: without blanks and degree signs. What does not fit is cut off. */
static void fold(const char *text, size_t len, bool loose, char folded[WORD])
{
    size_t n = 0;
    for (const char *const end = text + len; text < end && n + 1 < WORD; text++) {
        if (loose && *text == ' ') continue;
        if (loose && end - text > 1 && !memcmp(text, "\xc2\xb0", 2)) {
            text++;
            continue;
        }
        folded[n++] = (char)tolower((unsigned char)*text);
    }
    folded[n] = 0;
}

/* Number of the word that text is, and how the list writes it; NO_WORD if it is none. */
static int word_of(const words *w, const char *text, char word[WORD])
{
    char a[WORD], b[WORD];
    const size_t len = strlen(text);
    if (len >= WORD) return NO_WORD;
    fold(text, len, w->loose, a);
    const char *p = w->list;
    for (int i = 0; *p; i++) {
        const size_t n = (size_t)(strchrnul(p, '|') - p);
        *b = 0;
        if (tolower((unsigned char)*p) == *a) fold(p, n, w->loose, b); /* few words start alike */
        if (*b && !strcmp(a, b)) {
            memcpy(word, p, n);
            word[n] = 0;
            return i;
        }
        p += n + (p[n] == '|');
    }
    return NO_WORD;
}

/* How many letters must be put in, left out or changed to make b of a (Levenshtein 1966). */
static unsigned distance(const char *a, const char *b)
{
    unsigned row[WORD];
    const size_t n = strlen(b);
    for (size_t j = 0; j <= n; j++) row[j] = (unsigned)j;
    for (size_t i = 1; a[i - 1]; i++) {
        unsigned corner = row[0]++;
        for (size_t j = 1; j <= n; j++) {
            const unsigned change = corner + (a[i - 1] != b[j - 1]);
            corner = row[j];
            unsigned least = row[j - 1] < row[j] ? row[j - 1] + 1 : row[j] + 1;
            if (change < least) least = change;
            row[j] = least;
        }
    }
    return row[n];
}

/* "one of: a, b, c" of a short list; "nearest: a, b, c" of a long one. */
static void suggest(const words *w, const char *text, char list[320])
{
    enum { SHORT = 200, NEAREST = 3 };
    char a[WORD], b[WORD];
    unsigned far[NEAREST] = { UINT_MAX, UINT_MAX, UINT_MAX };
    const char *near[NEAREST] = { "", "", "" };
    const bool all = strlen(w->list) < SHORT;
    fold(text, strlen(text), w->loose, a);
    int at = snprintf(list, 320, "%s", all ? "one of: " : "nearest: ");
    for (const char *p = w->list; *p;) {
        const size_t n = (size_t)(strchrnul(p, '|') - p);
        fold(p, n, w->loose, b);
        const unsigned d = distance(a, b);
        size_t k = NEAREST;
        for (; k && d < far[k - 1]; k--)
            if (k < NEAREST) far[k] = far[k - 1], near[k] = near[k - 1];
        if (k < NEAREST) far[k] = d, near[k] = p;
        if (all) at += snprintf(list + at, 320 - (size_t)at, "%.*s%s", (int)n, p, p[n] ? ", " : "");
        p += n + (p[n] == '|');
    }
    for (size_t k = 0; k < NEAREST && !all; k++)
        at += snprintf(list + at, 320 - (size_t)at, "%s%.*s", k ? ", " : "", (int)strcspn(near[k], "|"),
                       near[k]);
}

/* ---- values ---- */

/* Takes n digits; -1 if they are none. */
static int take_digits(const char **p, int n)
{
    int value = 0;
    for (int i = 0; i < n; i++, (*p)++) {
        if (!isdigit((unsigned char)**p)) return -1;
        value = 10 * value + (**p - '0');
    }
    return value;
}

/* "T08:30", "T08:30:15.2Z", "T08:30+01:00" behind a whole date. */
static bool is_time(const char *p)
{
    if (*p != 'T' && *p != ' ') return false;
    p++;
    const int hour = take_digits(&p, 2);
    if (hour < 0 || hour > 23 || *p++ != ':') return false;
    const int minute = take_digits(&p, 2);
    if (minute < 0 || minute > 59) return false;
    if (*p == ':') {
        p++;
        const int second = take_digits(&p, 2);
        if (second < 0 || second > 60) return false;
        if (*p == '.' && isdigit((unsigned char)p[1])) p += 1 + strspn(p + 1, "0123456789");
    }
    if (*p == 'Z') return !p[1];
    if (!*p) return true;
    if (*p != '+' && *p != '-') return false;
    p++;
    const int zone = take_digits(&p, 2);
    if (zone < 0 || zone > 14 || *p++ != ':') return false;
    const int part = take_digits(&p, 2);
    return part >= 0 && part < 60 && !*p;
}

/* What is wrong with a date of ISO 8601: a year, a month, a day, or a point of time. NULL: nothing. */
static const char *bad_date(const char *text)
{
    static const int days[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    static const char form[] = "is no date: write YYYY-MM-DD, YYYY-MM or YYYY";
    const char *p = text;
    if (strlen(text) == 5 && strspn(text, "0123456789") == 5)
        return "is a day number of a spreadsheet, not a date: format the column as text and write YYYY-MM-DD";
    const int year = take_digits(&p, 4);
    if (year < 0) return form;
    if (year < 1800 || year > 2100) return "is no date: the year is impossible";
    if (!*p) return NULL;
    if (*p++ != '-') return form;
    const int month = take_digits(&p, 2);
    if (month < 0) return form;
    if (month < 1 || month > 12) return "is no date: there is no such month";
    if (!*p) return NULL;
    if (*p++ != '-') return form;
    const int day = take_digits(&p, 2);
    if (day < 0) return form;
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (day < 1 || day > days[month - 1] || (month == 2 && day == 29 && !leap))
        return "is no date: there is no such day";
    return !*p || is_time(p) ? NULL
                             : "has no time that can be read behind its date: write T08:30 or T08:30:00Z";
}

/* What is wrong with an age; NULL: nothing. */
static const char *bad_number(const char *text)
{
    const size_t whole = strspn(text, "0123456789");
    if (whole && text[whole] == ',' && strspn(text + whole + 1, "0123456789") == strlen(text + whole + 1))
        return "has a comma: write the decimals behind a point";
    const size_t part = text[whole] == '.' ? strspn(text + whole + 1, "0123456789") : 0;
    if (!whole || whole > 6 || part > 6 || text[whole + (part ? part + 1 : 0)])
        return "is no number from 0 on";
    return NULL;
}

/* True when a spreadsheet has made a rounded number of an id: 1.2E+10, 1,2E+10. */
static bool is_rounded(const char *p)
{
    if (*p == '-') p++;
    if (!isdigit((unsigned char)*p++)) return false;
    if (*p == '.' || *p == ',') p += 1 + strspn(p + 1, "0123456789");
    if ((*p != 'E' && *p != 'e') || p[1] != '+') return false;
    const size_t n = strspn(p + 2, "0123456789");
    return n > 0 && !p[2 + n];
}

/* True when a spreadsheet has made a date of an id: 1-Mar, Mar-01. */
static bool is_day_name(const char *p)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const size_t n = strspn(p, "0123456789");
    const char *month = p, *rest = p + 3;
    if (n > 2 || strlen(p) < 5) return false;
    if (n) month = p + n + 1, rest = p + n + 4;
    if (n && (p[n] != '-' || strlen(month) != 3)) return false;
    if (!n && (*rest != '-' || strlen(rest) != 3 || strspn(rest + 1, "0123456789") != 2)) return false;
    for (size_t i = 0; months[i]; i += 3)
        if (!strncmp(month, months + i, 3)) return true;
    return false;
}

/* True when the cell holds the error of a formula. */
static bool is_formula_error(const char *text)
{
    static const char *const error[] = { "#N/A", "#REF!", "#NAME?", "#VALUE!", "#DIV/0!", "#NUM!", "#NULL!" };
    if (*text != '#') return false;
    for (size_t i = 0; i < sizeof error / sizeof *error; i++)
        if (!strcmp(text, error[i])) return true;
    return strlen(text) > 3 && strspn(text, "#") == strlen(text); /* a column too narrow for its number */
}

/* What is wrong with an id; NULL: nothing. */
static const char *bad_id(const char *text)
{
    if (is_rounded(text))
        return "is a number that a spreadsheet has rounded: format the column as text and enter the id again";
    if (is_day_name(text))
        return "is a date that a spreadsheet has made of an id: format the column as text and enter it again";
    return vl_item_bad_name(text);
}

static const vl_cell *cell_at(const reader *r, size_t column)
{
    return column && column <= r->csv.ncell ? &r->csv.cell[column - 1] : &r->none;
}

static const vl_cell *cell_of(const reader *r, duty role) { return cell_at(r, r->at[role]); }

/* The value of a cell that is not empty as it is kept; NULL when it is wrong, which is said. */
static const char *check_value(reader *r, size_t column, const vl_cell *cell)
{
    const duty role = r->column[column - 1].role;
    const char *bad = NULL;
    if (is_formula_error(cell->text)) bad = "is the error of a formula in a spreadsheet, not a value";
    else if (role < NROLE && known[role].sort == NAME) bad = bad_id(cell->text);
    else if (role < NROLE && known[role].sort == DATE) bad = bad_date(cell->text);
    else if (role < NROLE && known[role].sort == NUMBER) bad = bad_number(cell->text);
    else if (role < NROLE && known[role].sort == CHOICE) {
        const words *const w = known[role].words;
        if (word_of(w, cell->text, r->word) != NO_WORD) return r->word;
        char list[320] = "";
        if (r->nwrong < MOST_ERRORS) suggest(w, cell->text, list);
        wrong(r, cell->line, column, "\"%s\" is not %s; %s", show(cell->text).text, w->of, list);
        return NULL;
    }
    if (bad) wrong(r, cell->line, column, "\"%s\" %s", show(cell->text).text, bad);
    return bad ? NULL : cell->text;
}

/* Room for a text of n bytes, with its end set; NULL without memory. */
static char *text_of(reader *r, size_t n)
{
    char *const to = malloc(n + 1);
    if (to) to[n] = 0;
    else vl_fail(r->err, VL_ENOMEM, "no memory for a text of %zu bytes", n);
    return to;
}

static char *copy(reader *r, const char *text, size_t n)
{
    char *const to = text_of(r, n);
    if (to) memcpy(to, text, n);
    return to;
}

/* ---- the header ---- */

/* Lower case, blanks and '-' as '_', none of them beside brackets or at the ends. */
static char *normalise(reader *r, const vl_cell *title)
{
    const char *p = title->text;
    size_t len = title->len, n = 0;
    while (len && isblank((unsigned char)*p)) p++, len--;
    while (len && isblank((unsigned char)p[len - 1])) len--;
    char *const name = copy(r, p, len);
    if (!name) return NULL;
    for (size_t i = 0; i < len; i++) {
        const char c = strchr("_- \t", p[i]) ? '_' : (char)tolower((unsigned char)p[i]);
        if (c == '_' && n && name[n - 1] == '[') continue;
        while ((c == '[' || c == ']') && n && name[n - 1] == '_') n--;
        name[n++] = c;
    }
    name[n] = 0;
    return name;
}

/* Has the name of a column letters that cannot be seen, or is it too long? */
static bool is_bad_title(const char *title, size_t len)
{
    uint32_t letter;
    if (len > MOST_TITLE) return true;
    for (size_t i = 0, n; i < len; i += n)
        if (!(n = vl_utf8(title + i, len - i, &letter)) || vl_utf8_hidden(letter)) return true;
    return false;
}

/* "characteristics[organism part]" -> role and "organism_part"; other names stay. */
static duty place_sdrf(char *name)
{
    static const struct {
        const char *head;
        duty role;
        bool kept; /* in the name */
    } part[] = { { "characteristics[", ABOUT_SAMPLE, false },
                 { "comment[", ABOUT_ACQUISITION, false },
                 { "factor_value[", ABOUT_ACQUISITION, true } };
    const size_t len = strlen(name);
    for (size_t i = 0; i < sizeof part / sizeof *part; i++) {
        const size_t skip = strlen(part[i].head);
        if (len <= skip + 1 || strncmp(name, part[i].head, skip) || name[len - 1] != ']') continue;
        name[len - 1] = 0;
        if (part[i].kept) name[skip - 1] = '_';
        else memmove(name, name + skip, len - skip);
        return part[i].role;
    }
    return ABOUT_ACQUISITION;
}

static duty role_of(const reader *r, char *name)
{
    if (!*name) return NAMELESS;
    for (int i = 0; i < 3; i++) {
        const char *const required = dialects[r->dialect].column[i];
        if (required && !strcmp(name, required)) return (duty)(SAMPLE + i);
    }
    for (int i = 0; i < NROLE; i++)
        if (known[i].name && !strcmp(name, known[i].name)) return (duty)i;
    return r->dialect == SDRF ? place_sdrf(name) : ABOUT_ACQUISITION;
}

/* Number of the column of that name, 1-based; 0: none. */
static size_t column_named(const reader *r, const char *name)
{
    for (size_t c = 0; c < r->ncolumn; c++)
        if (r->column[c].name && !strcmp(r->column[c].name, name)) return c + 1;
    return 0;
}

static bool is_of_dialect(const char *name)
{
    for (int d = 0; d < NDIALECT; d++)
        for (int i = 0; i < 3; i++)
            if (dialects[d].column[i] && !strcmp(name, dialects[d].column[i])) return true;
    return false;
}

/* A column that has nearly this name, and none that we know; NULL: none. */
static const char *nearly(const reader *r, const char *name)
{
    char a[WORD];
    for (size_t c = 0; c < r->ncolumn; c++) {
        fold(r->column[c].name, strlen(r->column[c].name), false, a);
        if (*a && distance(a, name) <= 2 && !is_of_dialect(a)) return r->column[c].title;
    }
    return NULL;
}

/* No dialect has its columns here: says what each lacks. */
static void miss(reader *r, uint32_t line)
{
    char text[1600]; /* room for all three, with the longest of titles */
    int at = snprintf(text, sizeof text, "the header fits no kind of sheet");
    for (int d = NDIALECT - 1; d >= 0; d--) {
        const char *meant = NULL, *sep = "";
        at += snprintf(text + at, sizeof text - (size_t)at,
                       "; %s needs the columns \"%s\" and \"%s\" (missing: ", dialects[d].name,
                       dialects[d].title[0], dialects[d].title[1]);
        for (int i = 0; i < 2; i++) {
            if (column_named(r, dialects[d].column[i])) continue;
            at += snprintf(text + at, sizeof text - (size_t)at, "%s%s", sep, dialects[d].title[i]);
            if (!meant) meant = nearly(r, dialects[d].column[i]);
            sep = ", ";
        }
        at += snprintf(text + at, sizeof text - (size_t)at, "%s%s%s)", meant ? "; is \"" : "",
                       meant ? show(meant).text : "", meant ? "\" it?" : "");
    }
    wrong(r, line, 0, "%s", text);
}

static bool find_dialect(reader *r)
{
    for (r->dialect = 0; r->dialect < NDIALECT; r->dialect++)
        if (column_named(r, dialects[r->dialect].column[0]) &&
            column_named(r, dialects[r->dialect].column[1]))
            return true;
    r->dialect = -1;
    return false;
}

/* Files named in the way of another dialect would be taken for details, and missed. */
static void check_foreign(reader *r, uint32_t line)
{
    for (int d = NF_CORE; d < NDIALECT; d++)
        for (int i = 1; i < 3 && d != r->dialect; i++) {
            const size_t at = column_named(r, dialects[d].column[i]);
            if (at)
                wrong(r, line, at, "is a column of %s sheets, but this one names its files in \"%s\"",
                      dialects[d].name, dialects[r->dialect].title[1]);
        }
}

/* Gives every column its role; finds names that stand twice, and columns that are joined. */
static void place_columns(reader *r, uint32_t line)
{
    seen_set names = { 0 };
    for (size_t c = 0; c < r->ncolumn && !r->err->code; c++) {
        place *const col = &r->column[c];
        col->role = role_of(r, col->name);
        if (col->role == NAMELESS) continue;
        /* fields of the item, details of the sample and of the acquisition are three worlds */
        const uint64_t world = col->role < DONOR ? 0 : col->role <= ABOUT_SAMPLE ? 1 : 2;
        const XXH128_hash_t none = { 0, 0 };
        seen *const first = look_up(&names, key_of(none, col->name, world), r->err);
        if (!first) break;
        if (!first->line) {
            first->line = (uint32_t)c + 1;
            first->nth = (uint32_t)c;
            if (col->role < NROLE) r->at[col->role] = c + 1;
        } else if (r->dialect == SDRF && col->role >= NROLE && r->column[first->line - 1].role >= NROLE) {
            r->column[first->nth].next = c;
            first->nth = (uint32_t)c; /* the last of them */
            col->joined = true;
        } else {
            wrong(r, line, c + 1, "this name stands twice, in columns %u and %zu", first->line, c + 1);
            col->role = NAMELESS;
            col->joined = true; /* its cells are not looked at */
        }
    }
    free(names.place);
}

/* A cell that the reader of delimited text did not like. */
static void blame_cell(reader *r, const vl_cell *cell, size_t column)
{
    if (cell->wrong_line == cell->line)
        wrong(r, cell->line, column, "%s (byte %" PRIu64 " of the line)", cell->wrong, cell->wrong_at);
    else
        wrong(r, cell->line, column, "%s (line %u, byte %" PRIu64 ")", cell->wrong, cell->wrong_line,
              cell->wrong_at);
}

/* Reads names of columns from the row that was just read. */
static bool take_titles(reader *r)
{
    const vl_csv *const csv = &r->csv;
    const uint64_t before = r->nwrong;
    if (csv->nmore) {
        wrong(r, csv->cell[0].line, 0, "more than %d columns", VL_CSV_CELLS);
        return false;
    }
    r->column = calloc(csv->ncell, sizeof *r->column);
    if (!r->column) {
        vl_fail(r->err, VL_ENOMEM, "no memory for %zu columns", csv->ncell);
        return false;
    }
    for (size_t c = 0; c < csv->ncell; c++) {
        const vl_cell *const cell = &csv->cell[c];
        if (cell->wrong) blame_cell(r, cell, c + 1);
        else if (is_bad_title(cell->text, cell->len))
            wrong(r, cell->line, c + 1,
                  "the name of the column has line breaks or hidden letters in it, or more than 128 bytes");
        r->column[c].title = cell->text;
        r->column[c].name = normalise(r, cell);
        if (!r->column[c].name) return false;
        r->ncolumn++;
    }
    return r->nwrong == before;
}

/* Reads the header; false when rows cannot be understood. */
static bool take_header(reader *r)
{
    bool more = false;
    if (vl_csv_next(&r->csv, &more, r->err)) return false;
    if (!more) {
        wrong(r, 1, 0, "the sheet is empty");
        return false;
    }
    const vl_cell *const first = &r->csv.cell[0];
    if (first->len > 2 && first->text[0] == '[' && first->text[first->len - 1] == ']') {
        wrong(
            r, first->line, 0,
            "this is an Illumina sample sheet for demultiplexing (section %s), not a list of files: name the "
            "FASTQ files that demultiplexing made in a sheet with the columns sample, fastq_1, fastq_2",
            show(first->text).text);
        return false;
    }
    const uint32_t line = r->header = first->line;
    if (!take_titles(r)) return false;
    if (!find_dialect(r)) {
        miss(r, line);
        return false;
    }
    r->sheet->dialect = dialects[r->dialect].name;
    check_foreign(r, line);
    place_columns(r, line);
    return !r->err->code;
}

/* ---- rows ---- */

/* Is every cell whole, and under a name? */
static bool check_shape(reader *r)
{
    const vl_csv *const csv = &r->csv;
    const uint64_t before = r->nwrong;
    size_t last = 0;
    for (size_t c = 0; c < csv->ncell; c++) {
        const vl_cell *const cell = &csv->cell[c];
        if (cell->wrong) blame_cell(r, cell, c + 1);
        if (cell->len) last = c + 1;
    }
    if (r->nwrong > before) return false;
    if (last > r->ncolumn || csv->nmore) {
        size_t c = r->ncolumn;
        while (c + 1 < last && !csv->cell[c].len) c++;
        wrong(r, csv->cell[c < csv->ncell ? c : 0].line, c + 1,
              "the row has %zu cells, the header %zu: put quotes around a cell that has the delimiter in it",
              last + csv->nmore, r->ncolumn);
        return false;
    }
    for (size_t c = 0; c < last; c++)
        if (csv->cell[c].len && r->column[c].role == NAMELESS && !r->column[c].joined)
            wrong(r, csv->cell[c].line, c + 1, "\"%s\" stands in a column without a name",
                  show(csv->cell[c].text).text);
    return r->nwrong == before;
}

/* Adds a detail that is not there yet; value is given away. */
static void add_detail(reader *r, vl_details *details, const char *name, char *value)
{
    char *const own = value ? copy(r, name, strlen(name)) : NULL;
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
static char *join(reader *r, size_t first)
{
    size_t n = 0, c = first;
    do {
        const vl_cell *const cell = cell_at(r, c + 1);
        if (cell->len && !check_value(r, c + 1, cell)) return NULL;
        if (cell->len) n += cell->len + (n ? 2 : 0);
        c = r->column[c].next;
    } while (c);
    char *const text = n ? text_of(r, n) : NULL;
    if (!text) return NULL;
    size_t at = 0;
    c = first;
    do {
        const vl_cell *const cell = cell_at(r, c + 1);
        if (cell->len && at) memcpy(text + at, "; ", 2), at += 2;
        memcpy(text + at, cell->text, cell->len);
        at += cell->len;
        c = r->column[c].next;
    } while (c);
    return text;
}

/* Enters what a row says of its sample, unless a row before has done so; gives the one that counts. */
static const seen *enter_fact(reader *r, XXH128_hash_t sample, const vl_detail *detail, uint32_t line)
{
    seen *const fact = look_up(&r->facts, key_of(sample, detail->name, 0), r->err);
    if (fact && !fact->line) fact->line = line, fact->value = detail->value;
    return fact;
}

/* The same for the name of an acquisition. */
static const seen *enter_run(reader *r, XXH128_hash_t sample, const char *name, bool mzml, uint32_t line)
{
    seen *const run = look_up(&r->runs, key_of(sample, name, mzml), r->err);
    if (run && !run->line) run->line = line;
    return run;
}

/* A cell that becomes a detail; all rows of a sample must agree on what they say of it. column: 0-based. */
static void take_detail(reader *r, vl_item *item, const XXH128_hash_t *sample, size_t column)
{
    const place *const col = &r->column[column];
    const vl_cell *const cell = cell_at(r, column + 1);
    if (col->joined || (!cell->len && !col->next)) return;
    vl_details *const details = col->role <= ABOUT_SAMPLE ? &item->about_sample : &item->about_acquisition;
    const size_t n = details->n;
    char *text = NULL;
    if (col->next) {
        text = join(r, column);
    } else {
        const char *const value = check_value(r, column + 1, cell);
        if (value) text = copy(r, value, strlen(value));
    }
    if (text) add_detail(r, details, col->name, text);
    if (col->role > ABOUT_SAMPLE || details->n == n || !sample) return;
    const vl_detail *const now = &details->detail[n];
    const seen *const before = enter_fact(r, *sample, now, item->line);
    if (before && strcmp(before->value, now->value))
        wrong(r, cell->line, column + 1, "sample \"%s\" has \"%s\" here and \"%s\" in line %u",
              show(item->sample).text, show(now->value).text, show(before->value).text, before->line);
}

/* sample, acquisition, profile, interleaved */
static void take_fields(reader *r, vl_item *item)
{
    static const duty field[] = { SAMPLE, ACQUISITION, PROFILE, INTERLEAVED };
    for (size_t i = 0; i < sizeof field / sizeof *field; i++) {
        const size_t column = r->at[field[i]];
        const vl_cell *const cell = cell_at(r, column);
        if (field[i] == SAMPLE && !cell->len) wrong(r, cell->line, column, "is empty");
        if (!cell->len) continue;
        const char *const value = check_value(r, column, cell);
        if (!value) continue;
        if (field[i] == INTERLEAVED) item->interleaved = word_of(&yes_no, value, r->word) <= LAST_YES;
        else if (field[i] == SAMPLE) item->sample = copy(r, value, strlen(value));
        else if (field[i] == PROFILE) item->profile = copy(r, value, strlen(value));
        else item->acquisition = copy(r, value, strlen(value));
    }
}

/* Date, age and unit of the event; birth before it; no sample from itself. */
static void check_event(reader *r, const vl_item *item)
{
    const vl_cell *const date = cell_of(r, COLLECTION_DATE), *const birth = cell_of(r, BIRTH_DATE);
    const vl_cell *const age = cell_of(r, AGE), *const unit = cell_of(r, AGE_UNIT);
    const vl_cell *const parent = cell_of(r, PARENT);
    if (date->len && age->len)
        wrong(r, age->line, r->at[AGE], "a date and an age of the same event: MIABIS wants one of them");
    if (age->len && !unit->len)
        wrong(r, age->line, r->at[AGE], "an age without a unit: name it in the column age_unit");
    if (unit->len && !age->len) wrong(r, unit->line, r->at[AGE_UNIT], "a unit without an age");
    if (age->len && unit->len && !bad_number(age->text)) {
        const int u = word_of(&units, unit->text, r->word);
        if (u != NO_WORD && strtoul(age->text, NULL, 10) > unit_most[u])
            wrong(r, age->line, r->at[AGE], "%s %s is an impossible age", age->text, r->word);
    }
    if (date->len && birth->len && !bad_date(date->text) && !bad_date(birth->text)) {
        size_t n = date->len < birth->len ? date->len : birth->len;
        if (n > 10) n = 10;
        if (strncmp(date->text, birth->text, n) < 0)
            wrong(r, date->line, r->at[COLLECTION_DATE], "%s is before the donor's birth (%s)", date->text,
                  birth->text);
    }
    if (parent->len && item->sample && !strcmp(parent->text, item->sample))
        wrong(r, parent->line, r->at[PARENT], "the sample is derived from itself");
}

/* ---- files ---- */

static bool is_mzml(const char *path)
{
    static const char *const ending[] = { ".mzml", ".mzml.gz", ".mzml.bgz", ".mzml.zst" };
    const size_t len = strlen(path);
    for (size_t i = 0; i < sizeof ending / sizeof *ending; i++) {
        const size_t n = strlen(ending[i]);
        if (len > n && !strcasecmp(path + len - n, ending[i])) return true;
    }
    return false;
}

/* Looks beside the sheet, then in the current folder; *folder: where it is. 0 or errno. */
static int find_file(const reader *r, const char *path, struct stat *st, int *folder)
{
    *folder = *path == '/' ? AT_FDCWD : r->folder;
    if (!fstatat(*folder, path, st, 0)) return 0;
    if (*folder == AT_FDCWD || (errno != ENOENT && errno != ENOTDIR)) return errno;
    *folder = AT_FDCWD;
    return fstatat(*folder, path, st, 0) ? errno : 0;
}

/* The mode says yes for most files; only where it does not is the kernel asked. */
static bool can_read(const reader *r, const char *path, const struct stat *st, int folder)
{
    const mode_t all = S_IRUSR | S_IRGRP | S_IROTH;
    if ((st->st_mode & all) == all || (st->st_uid == r->uid && st->st_mode & S_IRUSR)) return true;
    return !faccessat(folder, path, R_OK, AT_EACCESS);
}

/* A file that cannot be taken: says why. failed: errno of the search. */
static void blame_file(reader *r, const vl_cell *cell, size_t column, int failed, const struct stat *st)
{
    const shown path = show(cell->text);
    const bool missing = failed == ENOENT || failed == ENOTDIR;
    const char *const what = is_formula_error(cell->text) ? "is the error of a formula in a spreadsheet"
                             : failed && strstr(cell->text, "://")
                                 ? "is a web address: copy the file here first"
                             : missing && *cell->text == '/' ? "not found"
                             : missing ? "not found, neither beside the sheet nor in the current folder"
                             : failed  ? strerror(failed)
                             : S_ISDIR(st->st_mode)  ? "is a folder"
                             : !S_ISREG(st->st_mode) ? "is not a regular file"
                             : !st->st_size          ? "is empty (0 bytes)"
                                                     : "may not be read: permission denied";
    wrong(r, cell->line, column, "\"%s\" %s", path.text, what);
}

/* Is the file there and fit to be read? True with *st and *folder when it is. */
static bool check_file(reader *r, const vl_cell *cell, size_t column, struct stat *st, int *folder)
{
    const int failed = find_file(r, cell->text, st, folder);
    if (!failed && S_ISREG(st->st_mode) && st->st_size && can_read(r, cell->text, st, *folder)) return true;
    blame_file(r, cell, column, failed, st);
    return false;
}

/* Was the file named before, in whatever way? True when it was, which is said. */
static bool is_used(reader *r, const vl_cell *cell, size_t column, uint32_t row, const struct stat *st)
{
    const uint64_t id[] = { st->st_dev, st->st_ino, (uint64_t)st->st_size, (uint64_t)st->st_mtim.tv_sec,
                            (uint64_t)st->st_mtim.tv_nsec };
    seen *const before = look_up(&r->files, XXH3_128bits(id, sizeof id), r->err);
    if (!before) return true;
    if (!before->line) {
        before->line = row;
        return false;
    }
    const shown path = show(cell->text);
    if (before->line == row)
        wrong(r, cell->line, column, "\"%s\" is the same file as in column %s", path.text,
              show(r->column[r->at[FILE_1] - 1].title).text);
    else
        wrong(r, cell->line, column, "\"%s\" is the file of line %u too%s", path.text, before->line,
              r->dialect == SDRF ? " (one file of several samples, as labels give, cannot be taken in)" : "");
    return true;
}

static char *join_path(reader *r, const char *path, int folder)
{
    const size_t n = strlen(path), before = folder == AT_FDCWD ? 0 : r->folder_len;
    char *const text = text_of(r, before + n);
    if (!text) return NULL;
    memcpy(text, r->path, before);
    memcpy(text + before, path, n);
    return text;
}

/* The files of a row. False when they say nothing about the acquisition. */
static bool take_files(reader *r, vl_item *item)
{
    const vl_cell *const cell[2] = { cell_of(r, FILE_1), cell_of(r, FILE_2) };
    const size_t column[2] = { r->at[FILE_1], r->at[FILE_2] };
    bool good = true;
    if (!cell[0]->len && cell[1]->len)
        wrong(r, cell[1]->line, column[1], "second mates without first mates: %s is empty",
              show(r->column[column[0] - 1].title).text);
    else if (!cell[0]->len) wrong(r, cell[0]->line, column[0], "is empty");
    for (int m = 0; m < 2; m++) {
        struct stat st;
        int folder = AT_FDCWD;
        if (!cell[m]->len) continue;
        if (!check_file(r, cell[m], column[m], &st, &folder)) continue;
        if (is_used(r, cell[m], column[m], item->line, &st)) good = false;
        item->path[m] = join_path(r, cell[m]->text, folder);
    }
    if (cell[1]->len && (is_mzml(cell[0]->text) || is_mzml(cell[1]->text)))
        wrong(r, cell[1]->line, column[1],
              "spectra have no second mates: give each mzML file a row of its own");
    if (cell[1]->len && item->interleaved)
        wrong(r, cell_of(r, INTERLEAVED)->line, r->at[INTERLEAVED],
              "two files are pairs already: leave it out");
    return good && cell[0]->len;
}

/* The acquisition's name: given, or the file's; once in its sample among files of its sort. sample: NULL: its
 * first row. */
static void take_acquisition(reader *r, vl_item *item, const XXH128_hash_t *sample)
{
    const bool given = cell_of(r, ACQUISITION)->len > 0;
    const vl_cell *const file = cell_of(r, FILE_1), *const cell = given ? cell_of(r, ACQUISITION) : file;
    const size_t column = given ? r->at[ACQUISITION] : r->at[FILE_1];
    if (!given) {
        char name[256];
        vl_item_acquisition_of(file->text, name);
        const char *const bad = vl_item_bad_name(name);
        if (bad) {
            wrong(r, cell->line, column,
                  "the acquisition's name \"%s\" made of the file's %s: name it in a column \"acquisition\"",
                  show(name).text, bad);
            return;
        }
        item->acquisition = copy(r, name, strlen(name));
    }
    if (!sample || !item->acquisition) return;
    const seen *const before = enter_run(r, *sample, item->acquisition, is_mzml(file->text), item->line);
    if (before && before->line != item->line)
        wrong(r, cell->line, column, "sample \"%s\" has an acquisition \"%s\" in line %u already%s",
              show(item->sample).text, show(item->acquisition).text, before->line,
              given ? "" : ": files of the same name need different names in a column \"acquisition\"");
}

/* Number of the sample's first row; it is a new one when that is nhead. What the first row says is entered
 * when the second one comes. */
static size_t find_head(reader *r, XXH128_hash_t sample, uint32_t line)
{
    seen *const s = look_up(&r->samples, sample, r->err);
    if (!s) return r->nhead;
    if (!s->line) {
        s->line = line;
        s->nth = (uint32_t)r->nhead;
        return r->nhead;
    }
    head *const first = &r->head[s->nth];
    for (size_t i = 0; i < first->ndetail; i++) enter_fact(r, sample, &first->detail[i], first->line);
    if (first->acquisition) enter_run(r, sample, first->acquisition, first->mzml, first->line);
    first->ndetail = 0;
    first->acquisition = NULL;
    return s->nth;
}

/* Keeps the first row of a sample. */
static void keep_head(reader *r, const vl_item *item)
{
    if (r->nhead == r->chead) {
        const size_t cap = r->chead ? 2 * r->chead : 256;
        head *const grown = reallocarray(r->head, cap, sizeof *grown);
        if (!grown) {
            vl_fail(r->err, VL_ENOMEM, "no memory for %zu samples", cap);
            return;
        }
        r->head = grown;
        r->chead = cap;
    }
    r->head[r->nhead++] = (head){ .detail = item->about_sample.detail,
                                  .ndetail = item->about_sample.n,
                                  .acquisition = item->acquisition,
                                  .line = item->line,
                                  .mzml = is_mzml(cell_of(r, FILE_1)->text) };
}

/* Moves the last item to the refused. */
static void refuse(reader *r)
{
    vl_item *const to = vl_items_add(&r->refused, r->err);
    if (to) *to = r->sheet->items.item[--r->sheet->items.n];
}

static void take_row(reader *r)
{
    r->none = (vl_cell){ .text = r->nothing, .line = r->csv.cell[0].line };
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
        if (r->column[c].role >= DONOR && r->column[c].role != NAMELESS)
            take_detail(r, item, known_sample, c);
    check_event(r, item);
    if (take_files(r, item)) take_acquisition(r, item, known_sample);
    if (nth == r->nhead && !r->err->code) keep_head(r, item);
    if (r->nwrong > before) refuse(r);
}

static void take_rows(reader *r)
{
    bool more = false;
    while (!r->err->code && !vl_csv_next(&r->csv, &more, r->err) && more) {
        if (r->nrow == MOST_ROWS) {
            wrong(r, r->csv.cell[0].line, 0, "more than %d rows: split the sheet", MOST_ROWS);
            return;
        }
        take_row(r);
    }
    if (!r->nrow) wrong(r, r->header, 0, "there are no rows below the header");
}

/* ---- the file ---- */

/* Reads the file whole, with one byte of room behind it. */
static vl_code read_all(reader *r, int fd)
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
static vl_code open_folder(reader *r)
{
    const char *const slash = strrchr(r->path, '/');
    if (!slash) return VL_OK;
    r->folder_len = (size_t)(slash - r->path) + 1;
    char *const folder = copy(r, r->path, r->folder_len);
    if (!folder) return r->err->code;
    r->folder = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (r->folder < 0) vl_fail_errno(r->err, VL_ENOIN, errno, "the folder of the sheet cannot be opened");
    free(folder);
    return r->err->code;
}

static vl_code read_file(reader *r)
{
    const int fd = open(r->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) return vl_fail_errno(r->err, VL_ENOIN, errno, "cannot be opened");
    if (!read_all(r, fd)) open_folder(r);
    close(fd);
    return r->err->code;
}

static void read_sheet(reader *r)
{
    vl_err foreign = VL_ERR_INIT;
    if (vl_csv_open(&r->csv, (char *)r->text.data, r->text.len, &foreign)) {
        wrong(r, 1, 0, "%s", foreign.what);
    } else if (take_header(r)) {
        take_rows(r);
    }
    if (r->nwrong <= MOST_ERRORS || r->err->code) return;
    char *what = NULL;
    if (asprintf(&what, "and %" PRIu64 " more errors from this line on", r->nwrong - MOST_ERRORS) < 0)
        vl_fail(r->err, VL_ENOMEM, "no memory for an error");
    else keep(r, UINT32_MAX, 0, what); /* the last, wherever it speaks of */
    if (!r->err->code) r->sheet->error[r->sheet->nerror - 1].line = r->more_line;
}

static void close_reader(reader *r)
{
    if (r->folder >= 0) close(r->folder);
    for (size_t c = 0; c < r->ncolumn; c++) free(r->column[c].name);
    free(r->column);
    free(r->head);
    free(r->samples.place);
    free(r->facts.place);
    free(r->files.place);
    free(r->runs.place);
    vl_items_free(&r->refused);
    vl_csv_close(&r->csv);
    vl_buf_free(&r->text);
}

vl_code vl_sheet_read(vl_sheet *sheet, const char *path, vl_err *err)
{
    reader r = {
        .sheet = sheet, .err = err, .path = path, .folder = AT_FDCWD, .uid = geteuid(), .dialect = -1
    };
    *sheet = (vl_sheet){ 0 };
    if (!read_file(&r)) read_sheet(&r);
    close_reader(&r);
    if (err->code) vl_sheet_free(sheet);
    return vl_err_file(err, path);
}

void vl_sheet_free(vl_sheet *sheet)
{
    for (size_t i = 0; i < sheet->nerror; i++) free(sheet->error[i].what);
    free(sheet->error);
    vl_items_free(&sheet->items);
    *sheet = (vl_sheet){ 0 };
}
