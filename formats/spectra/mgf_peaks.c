/*
 * Lines of peaks are arrays of numbers, and what makes the text again (VL_RECIPE_DECIMAL):
 *
 *     byte  0      numbers in a line: 1 m/z, 2 and intensity, 3 and charge
 *           1      what stands between them
 *           2      0: lines end in LF, 1: in CR LF
 *           3      what stands behind a charge, 0 nothing
 *           4 ...  of each number, its digits behind the point (0: no point), or SHORTEST: as few as read
 *           back
 *
 * The text is made of it at once, and where that is another one, as lines are not all alike, the text is
 * kept.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "formats/spectra/mgf.h"
#include "formats/text.h"

enum { AT_COUNT, AT_BETWEEN, AT_CRLF, AT_BEHIND, AT_DIGITS, RULE = AT_DIGITS + VL_MGF_COLUMNS };
enum { SHORTEST = 255, DIGITS_MOST = 15, WHOLE_BITS = 51 };

static const double ten[DIGITS_MOST + 1] = { 1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                             1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15 };

void vl_mgf_peaks_free(vl_mgf_peaks *room)
{
    for (int c = 0; c < VL_MGF_COLUMNS; c++) vl_buf_free(&room->number[c]);
    vl_buf_free(&room->text);
}

/* ---- numbers as text ---- */

/* So many digits behind the point, of any number, the slow way. */
static vl_code put_any(vl_buf *out, double v, int digits, vl_err *err)
{
    char text[352]; /* 309 digits, a sign, a point */
    const int n = snprintf(text, sizeof text, "%.*f", digits, v);
    return vl_buf_append(out, text, n > 0 && (size_t)n < sizeof text ? (size_t)n : 0, err);
}

static vl_code put_fixed(vl_buf *out, double v, int digits, vl_err *err)
{
    char text[32];
    size_t at = sizeof text;
    const double scaled = v * ten[digits];
    if (!(scaled >= 0) || scaled >= (double)(UINT64_C(1) << WHOLE_BITS) || signbit(v))
        return put_any(out, v, digits, err);
    uint64_t n = (uint64_t)(scaled + 0.5);
    for (int i = 0; i < digits; i++, n /= 10) text[--at] = (char)('0' + n % 10);
    if (digits) text[--at] = '.';
    do text[--at] = (char)('0' + n % 10);
    while (n /= 10);
    return vl_buf_append(out, text + at, sizeof text - at, err);
}

static vl_code put_number(vl_buf *out, double v, uint8_t digits, vl_err *err)
{
    if (digits == SHORTEST) return vl_text_number(out, v, false, err);
    if (digits > DIGITS_MOST) return vl_fail(err, VL_ESTORE, "%u digits behind a point", digits);
    return put_fixed(out, v, digits, err);
}

static double value_at(const uint8_t *bytes, vl_type type, size_t i)
{
    double v;
    if (type == VL_I32) return (int32_t)vl_le32(bytes + 4 * i);
    memcpy(&v, bytes + 8 * i, 8);
    return v;
}

/* Appends the lines of n peaks. */
static vl_code put_lines(const uint8_t *rule, const uint8_t *const *column, const vl_type *type, size_t n,
                         vl_buf *out, vl_err *err)
{
    for (size_t i = 0; i < n; i++) {
        for (int c = 0; c < rule[AT_COUNT]; c++) {
            if ((c && vl_buf_append(out, &rule[AT_BETWEEN], 1, err)) ||
                put_number(out, value_at(column[c], type[c], i), rule[AT_DIGITS + c], err))
                return err->code;
        }
        if ((rule[AT_BEHIND] && vl_buf_append(out, &rule[AT_BEHIND], 1, err)) ||
            vl_text_add(out, rule[AT_CRLF] ? "\r\n" : "\n", err))
            return err->code;
    }
    return VL_OK;
}

/* ---- text as numbers ---- */

typedef struct look { /* at the lines of a block */
    uint8_t rule[RULE];
    bool begun, alike;          /* lines are of one form, as far as could be seen */
    size_t n;                   /* peaks */
    bool two, third;            /* some line has an intensity; all lines have a charge */
    bool fixed[VL_MGF_COLUMNS]; /* all have as many digits behind the point */
    vl_xml_span word[VL_MGF_COLUMNS];
} look;

static vl_code push_value(vl_buf *to, double v, vl_err *err) { return vl_buf_append(to, &v, sizeof v, err); }

static uint8_t digits_of(vl_xml_span word)
{
    const uint8_t *const point = memchr(word.at, '.', word.n);
    const size_t n = point ? (size_t)(word.at + word.n - point) - 1 : 0;
    return n <= DIGITS_MOST && (!point || n) ? (uint8_t)n : SHORTEST;
}

/* Words of a line, as many as matter; what stands behind the last is left. */
static int split(vl_xml_span t, vl_xml_span word[VL_MGF_COLUMNS], uint8_t *between, bool *alike)
{
    int n = 0;
    size_t i = 0;
    while (i < t.n && n < VL_MGF_COLUMNS) {
        const size_t from = i;
        while (i < t.n && t.at[i] != ' ' && t.at[i] != '\t') i++;
        word[n++] = (vl_xml_span){ t.at + from, i - from };
        if (i == t.n) break;
        if (!*between) *between = t.at[i];
        *alike &= t.at[i] == *between;
        for (i++; i < t.n && (t.at[i] == ' ' || t.at[i] == '\t'); i++) *alike = false;
    }
    *alike &= i == t.n;
    return n;
}

/* "2", "2+": a charge, and what stands behind it. */
static bool read_charge(vl_xml_span word, double *charge, uint8_t *behind)
{
    uint64_t z = 0;
    *behind =
        word.n > 1 && (word.at[word.n - 1] == '+' || word.at[word.n - 1] == '-') ? word.at[word.n - 1] : 0;
    if (!vl_mz_uint((vl_xml_span){ word.at, word.n - (*behind != 0) }, &z) || z > INT8_MAX) return false;
    *charge = *behind == '-' ? -(double)z : (double)z;
    return true;
}

static vl_code take_peak(vl_mgf_peaks *room, look *l, const vl_mgf_line *line, vl_err *err)
{
    double v[VL_MGF_COLUMNS] = { NAN, NAN, NAN };
    uint8_t behind = 0;
    const int n = split(line->text, l->word, &l->rule[AT_BETWEEN], &l->alike);
    for (int c = 0; c < n && c < 2; c++) {
        if (vl_mz_double(l->word[c], &v[c])) continue;
        vl_fail(err, VL_EFORMAT, "'%.*s' is no %s of a peak", (int)(l->word[c].n < 40 ? l->word[c].n : 40),
                (const char *)l->word[c].at, c ? "intensity" : "m/z");
        return vl_err_at(err, NULL, line->from, VL_NOWHERE);
    }
    l->third &= n == 3 && read_charge(l->word[2], &v[2], &behind);
    l->two |= n > 1;
    if (!l->n) l->rule[AT_COUNT] = (uint8_t)n, l->rule[AT_BEHIND] = behind;
    l->alike &= n == l->rule[AT_COUNT] && behind == l->rule[AT_BEHIND] && behind != '-';
    for (int c = 0; c < VL_MGF_COLUMNS; c++) {
        const uint8_t digits = c < n && c < 2 ? digits_of(l->word[c]) : 0;
        if (!l->n) l->rule[AT_DIGITS + c] = digits;
        l->fixed[c] &= digits == l->rule[AT_DIGITS + c];
        if (push_value(&room->number[c], v[c], err)) return err->code;
    }
    l->n++;
    return VL_OK;
}

static vl_code look_at_lines(vl_mgf_peaks *room, vl_xml_span text, look *l, vl_err *err)
{
    *l = (look){ .alike = true, .third = true, .fixed = { true, true, true } };
    for (int c = 0; c < VL_MGF_COLUMNS; c++) room->number[c].len = 0;
    for (size_t at = 0; at < text.n;) {
        const vl_mgf_line line = vl_mgf_next_line(text.at, text.n, at);
        const uint8_t crlf =
            line.at - at >= 2 && text.at[line.at - 2] == '\r' && text.at[line.at - 1] == '\n';
        if (!l->n) l->rule[AT_CRLF] = crlf;
        l->alike &= line.what == VL_MGF_PEAK && crlf == l->rule[AT_CRLF];
        if (line.what == VL_MGF_PEAK && take_peak(room, l, &line, err)) return err->code;
        at = line.at;
    }
    l->third &= l->two;
    for (int c = 0; c < 2; c++)
        if (!l->fixed[c]) l->rule[AT_DIGITS + c] = SHORTEST;
    return VL_OK;
}

/* Does the rule make this text? */
static vl_code prove(vl_mgf_peaks *room, const look *l, vl_xml_span text, bool *same, vl_err *err)
{
    static const vl_type type[VL_MGF_COLUMNS] = { VL_F64, VL_F64, VL_F64 };
    const uint8_t *const column[] = { room->number[0].data, room->number[1].data, room->number[2].data };
    *same = false;
    if (!l->alike || (l->rule[AT_COUNT] == 3 && !l->third)) return VL_OK;
    room->text.len = 0;
    *same = !put_lines(l->rule, column, type, l->n, &room->text, err) && room->text.len == text.n &&
            !memcmp(room->text.data, text.at, text.n);
    return err->code;
}

/* Digits by the block's own rule; where that does not do, the shortest; else none. */
static vl_code find_rule(vl_mgf_peaks *room, look *l, vl_xml_span text, bool *found, vl_err *err)
{
    if (prove(room, l, text, found, err) || *found) return err->code;
    l->rule[AT_DIGITS] = l->rule[AT_DIGITS + 1] = SHORTEST;
    return prove(room, l, text, found, err);
}

/* ---- arrays ---- */

static const uint32_t kinds[VL_MGF_COLUMNS] = { 1000514, 1000515, 1000516 };

static vl_code push_piece(const vl_mgf_peaks *room, int c, size_t n, vl_mz_class class, vl_batch *out,
                          vl_err *err)
{
    const vl_mz_array a = { .kind = kinds[c], .number = c == 2 ? VL_MZ_I4 : VL_MZ_F8 };
    vl_piece_column column;
    uint8_t *to = NULL;
    uint16_t number = 0;
    vl_mz_column(&a, class, &column);
    if (vl_push_piece(out, &column, n, &to, &number, err)) return err->code;
    if (c < 2) memcpy(to, room->number[c].data, n * sizeof(double));
    for (size_t i = 0; c == 2 && i < n; i++)
        vl_put_le32(to + 4 * i, (uint32_t)(int32_t)value_at(room->number[2].data, VL_F64, i));
    return VL_OK;
}

vl_code vl_mgf_peaks_push(vl_mgf_peaks *room, vl_xml_span text, uint64_t text_at, vl_mz_class class,
                          vl_batch *out, uint64_t *npeak, vl_err *err)
{
    look l;
    bool found = false;
    if (look_at_lines(room, text, &l, err) || find_rule(room, &l, text, &found, err)) return err->code;
    const int n = l.third ? 3 : l.two ? 2 : 1;
    const vl_mz_proof first = found ? (vl_mz_proof){ VL_RECIPE_DECIMAL, { l.rule, RULE } }
                                    : (vl_mz_proof){ VL_RECIPE_KEPT_TEXT, text },
                      other = { .recipe = VL_RECIPE_WOVEN };
    *npeak = l.n;
    for (int c = 0; c < n; c++) {
        const vl_xml_span none = { NULL, 0 };
        if (push_piece(room, c, l.n, class, out, err) ||
            vl_mz_push_row(text_at, out->npiece - 1, c ? none : text, c ? &other : &first, out, err))
            return err->code;
    }
    out->counter[VL_SPC_KEPT_TEXT] += !found;
    out->counter[VL_SPC_PROVEN] += found;
    return VL_OK;
}

/* ---- the way back ---- */

static vl_code put_text(const vl_batch *b, size_t row, size_t n, vl_buf *room, vl_buf *out, vl_err *err)
{
    const vl_cell kept = vl_row(&b->col[VL_SP_ARR_KEPT], row);
    const uint8_t *column[VL_MGF_COLUMNS] = { NULL };
    vl_type type[VL_MGF_COLUMNS] = { VL_F64, VL_F64, VL_F64 };
    (void)room;
    if (b->col[VL_SP_ARR_RECIPE].data.data[row] == VL_RECIPE_KEPT_TEXT)
        return vl_buf_append(out, kept.at, kept.n, err);
    if (b->col[VL_SP_ARR_RECIPE].data.data[row] != VL_RECIPE_DECIMAL || kept.n != RULE ||
        kept.at[AT_COUNT] != n || n > VL_MGF_COLUMNS)
        return vl_fail(err, VL_ESTORE, "array %" PRIu64 ": %zu arrays do not fit their rule",
                       b->first[VL_SPT_ARRAY] + row, n);
    for (size_t c = 0; c < n; c++) {
        const vl_piece *const p = &b->piece[row + c];
        type[c] = b->piece_column[p->column].type;
        column[c] = b->values.data + p->at;
        if (p->nelem != b->piece[row].nelem || type[c] != (c == 2 ? VL_I32 : VL_F64))
            return vl_fail(err, VL_ESTORE, "array %" PRIu64 ": it does not go with the one before it",
                           b->first[VL_SPT_ARRAY] + row + c);
    }
    return put_lines(kept.at, column, type, b->piece[row].nelem, out, err);
}

vl_code vl_mgf_print(const void *how, const vl_batch *b, bool last, vl_buf *out, vl_err *err)
{
    (void)how, (void)last;
    return vl_mz_print_woven(b, put_text, out, err);
}
