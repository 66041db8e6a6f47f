/* What the cells of a sheet may hold (sheet_value.h). */
#include "pipeline/bank/sheet/sheet_value.h"
#include "pipeline/bank/item.h"
#include "pipeline/out/persons.h"
#include "pipeline/store/store.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

const vl_word_list vl_words_profiles = { "a profile", VL_PROFILE_NAMES("|"), false };
const vl_word_list vl_words_yes_no = { "yes or no", "yes|true|1|no|false|0", false };
const vl_word_list vl_words_sexes = { "a MIABIS sex", "Male|Female|Unknown|Undifferentiated|Not applicable",
                                      false };
const vl_word_list vl_words_sources = { "a MIABIS sample source", "Human|Animal|Environment", false };
const vl_word_list vl_words_units = { "a unit of age", "years|months|weeks|days|gestational weeks", false };
const unsigned vl_words_unit_most[] = { 150, 1800, 7830, 54800, 50 };
const vl_word_list vl_words_temperatures = {
    "a MIABIS storage temperature",
    "RT|2 to 10 C|-18 to -35 C|-60 to -85 C|below -135 C|"
    "liquid nitrogen vapour phase|liquid nitrogen liquid phase|Other",
    true
};
const vl_word_list vl_words_types = {
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

/* Lower case; loose: without blanks and degree signs. What does not fit is cut off. */
void vl_word_fold(const char *text, size_t len, bool loose, char folded[VL_WORD])
{
    size_t n = 0;
    for (const char *const end = text + len; text < end && n + 1 < VL_WORD; text++) {
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
int vl_word_find(const vl_word_list *w, const char *text, char word[VL_WORD])
{
    char a[VL_WORD], b[VL_WORD];
    const size_t len = strlen(text);
    if (len >= VL_WORD) return VL_NO_WORD;
    vl_word_fold(text, len, w->loose, a);
    const char *p = w->list;
    for (int i = 0; *p; i++) {
        const size_t n = (size_t)(strchrnul(p, '|') - p);
        *b = 0;
        if (tolower((unsigned char)*p) == *a) vl_word_fold(p, n, w->loose, b); /* few words start alike */
        if (*b && !strcmp(a, b)) {
            memcpy(word, p, n);
            word[n] = 0;
            return i;
        }
        p += n + (p[n] == '|');
    }
    return VL_NO_WORD;
}

/* "one of: a, b, c" of a short list; "nearest: a, b, c" of a long one. */
void vl_word_suggest(const vl_word_list *w, const char *text, char list[320])
{
    enum { SHORT = 200, NEAREST = 3 };
    char a[VL_WORD], b[VL_WORD];
    unsigned far[NEAREST] = { UINT_MAX, UINT_MAX, UINT_MAX };
    const char *near[NEAREST] = { "", "", "" };
    const bool all = strlen(w->list) < SHORT;
    vl_word_fold(text, strlen(text), w->loose, a);
    int at = snprintf(list, 320, "%s", all ? "one of: " : "nearest: ");
    for (const char *p = w->list; *p;) {
        const size_t n = (size_t)(strchrnul(p, '|') - p);
        vl_word_fold(p, n, w->loose, b);
        const unsigned d = vl_word_distance(a, b);
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

const char *vl_value_sex(const char *text)
{
    switch (vl_sex_read(text)) {
    case VL_SAID_MALE: return "Male";
    case VL_SAID_FEMALE: return "Female";
    default: return strcasecmp(text, "NA") && strcmp(text, "0") ? text : "Unknown";
    }
}

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
const char *vl_value_bad_date(const char *text)
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
const char *vl_value_bad_number(const char *text)
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
bool vl_value_is_formula_error(const char *text)
{
    static const char *const error[] = { "#N/A", "#REF!", "#NAME?", "#VALUE!", "#DIV/0!", "#NUM!", "#NULL!" };
    if (*text != '#') return false;
    for (size_t i = 0; i < sizeof error / sizeof *error; i++)
        if (!strcmp(text, error[i])) return true;
    return strlen(text) > 3 && strspn(text, "#") == strlen(text); /* a column too narrow for its number */
}

/* What is wrong with an id; NULL: nothing. */
const char *vl_value_bad_id(const char *text)
{
    if (is_rounded(text))
        return "is a number that a spreadsheet has rounded: format the column as text and enter the id again";
    if (is_day_name(text))
        return "is a date that a spreadsheet has made of an id: format the column as text and enter it again";
    return vl_item_bad_name(text);
}
