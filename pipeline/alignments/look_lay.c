/* Columns of a look, its reference, records in rows (look.h). */
#include "pipeline/alignments/look.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { MATCH = 0, INSERTION = 1, DELETION = 2, SKIP = 3, EQUAL = 7, DIFFERENT = 8 };

/* ---- a record, operation by operation ---- */

typedef struct step {
    unsigned code;
    int64_t place; /* from the region's first on; may lie outside */
    size_t at, n;  /* letter of the read; letters or places */
} step;

typedef struct walk {
    const vl_look *l;
    const vl_look_record *r;
    size_t op, at;
    int64_t place;
} walk;

static walk begin(const vl_look *l, const vl_look_record *r)
{
    return (walk){ .l = l, .r = r, .place = r->position - l->region.from };
}

static bool next(walk *w, step *s)
{
    if (w->op == w->r->nop) return false;
    const uint32_t op = vl_le32(w->l->cigar.data + w->r->cigar + 4 * w->op++);
    *s = (step){ op & 15, w->place, w->at, op >> 4 };
    if (vl_op_on_contig(op)) w->place += op >> 4;
    if (vl_op_in_read(op)) w->at += op >> 4;
    return true;
}

static bool is_match(const step *s) { return s->code == MATCH || s->code == EQUAL || s->code == DIFFERENT; }

static char letter_of(const vl_look *l, const vl_look_record *r, size_t at)
{
    return at < r->nbase ? (char)toupper(l->base.data[r->base + at]) : 'N';
}

static bool is_within(const vl_look *l, int64_t place) { return place >= 0 && place < (int64_t)l->nplace; }

/* Part of a step that lies on the region: from *i on, to *end. */
static void clip(const vl_look *l, const step *s, int64_t *i, int64_t *end)
{
    *i = s->place < 0 ? -s->place : 0;
    *end = s->place + (int64_t)s->n > (int64_t)l->nplace ? (int64_t)l->nplace - s->place : (int64_t)s->n;
}

/* ---- columns ---- */

static void make_columns(vl_look *l)
{
    for (size_t k = 0; k < l->n; k++) {
        walk w = begin(l, &l->record[k]);
        for (step s; next(&w, &s);) {
            if (s.code != INSERTION || !is_within(l, s.place - 1)) continue;
            const size_t n = s.n < VL_LOOK_INSERTED ? s.n : VL_LOOK_INSERTED;
            size_t *const to = &l->inserted[s.place - 1];
            if (n > *to) *to = n;
        }
    }
    for (size_t i = 0; i < l->nplace; i++) {
        l->column[i] = l->width;
        l->width += 1 + l->inserted[i];
    }
}

/* ---- the reference ---- */

typedef struct md {
    const uint8_t *p, *end;
    uint64_t same;
} md;

/* The next letter of the reference: 0: that of the read; -1: nothing is known any more. */
static int next_letter(md *m)
{
    while (!m->same) {
        if (m->p == m->end) return -1;
        if (isdigit(*m->p)) {
            for (; m->p < m->end && isdigit(*m->p) && m->same < UINT32_MAX; m->p++)
                m->same = 10 * m->same + (uint64_t)(*m->p - '0');
        } else if (*m->p++ != '^') {
            return toupper(m->p[-1]);
        }
    }
    m->same--;
    return 0;
}

/* Of n places from `place` on, those before the region that are the read's own letters. */
static size_t pass_over(md *m, int64_t place, size_t n)
{
    const uint64_t before = place < 0 ? (uint64_t)-place : 0;
    size_t k = m->same < n ? (size_t)m->same : n;
    if (before < k) k = (size_t)before;
    m->same -= k;
    return k;
}

static void take_md(vl_look *l, const vl_look_record *r, char *known)
{
    walk w = begin(l, r);
    md m = { .p = l->md.data + r->md, .end = l->md.data + r->md + r->nmd };
    for (step s; r->nmd && next(&w, &s);) {
        if (!is_match(&s) && s.code != DELETION) continue;
        for (size_t i = 0; (i += pass_over(&m, s.place + (int64_t)i, s.n - i)) < s.n; i++) {
            const int64_t place = s.place + (int64_t)i;
            const int letter = next_letter(&m);
            if (letter < 0 || place >= (int64_t)l->nplace) return;
            if (is_within(l, place)) known[place] = letter ? (char)letter : letter_of(l, r, s.at + i);
        }
    }
}

/* What most records have, small; n: none has any. */
static void take_most(const vl_look *l, char *known)
{
    unsigned count[VL_LOOK_PLACES][4] = { { 0 } };
    static const char letters[] = "ACGT";
    for (size_t k = 0; k < l->n; k++) {
        walk w = begin(l, &l->record[k]);
        for (step s; next(&w, &s);) {
            int64_t i, end;
            if (!is_match(&s)) continue;
            for (clip(l, &s, &i, &end); i < end; i++) {
                const char c = letter_of(l, &l->record[k], s.at + (size_t)i);
                const char *const p = memchr(letters, c, 4);
                if (p) count[s.place + i][p - letters]++;
            }
        }
    }
    for (size_t i = 0; i < l->nplace; i++) {
        int best = 0;
        for (int k = 1; k < 4; k++)
            if (count[i][k] > count[i][best]) best = k;
        if (!known[i]) known[i] = count[i][best] ? (char)tolower(letters[best]) : 'n';
    }
}

static void make_reference(vl_look *l)
{
    char known[VL_LOOK_PLACES] = { 0 };
    for (size_t k = 0; k < l->n; k++) take_md(l, &l->record[k], known);
    take_most(l, known);
    memset(l->reference, '*', l->width);
    for (size_t i = 0; i < l->nplace; i++) l->reference[l->column[i]] = known[i];
}

/* ---- rows ---- */

static void put_letter(const vl_look *l, const vl_look_record *r, char *line, size_t column, char letter)
{
    const bool same = letter == toupper(l->reference[column]) || letter == '=';
    line[column] = same ? (r->reverse ? ',' : '.') : r->reverse ? (char)tolower(letter) : letter;
}

static void put_inserted(const vl_look *l, const vl_look_record *r, const step *s, char *line)
{
    if (!is_within(l, s->place - 1)) return;
    const size_t from = l->column[s->place - 1] + 1, room = l->inserted[s->place - 1];
    for (size_t i = 0; i < s->n && i < room; i++) {
        const char letter = letter_of(l, r, s->at + i);
        line[from + i] = r->reverse ? (char)tolower(letter) : letter;
    }
}

/* One record by itself, in a line; false: nothing of it lies on the region. */
static bool draw_record(const vl_look *l, const vl_look_record *r, char *line, size_t *from, size_t *to)
{
    walk w = begin(l, r);
    int64_t first = INT64_MAX, last = -1;
    memset(line, ' ', l->width);
    for (step s; next(&w, &s);) {
        int64_t i, end;
        if (s.code == INSERTION) put_inserted(l, r, &s, line);
        if (!is_match(&s) && s.code != DELETION && s.code != SKIP) continue;
        for (clip(l, &s, &i, &end); i < end; i++) {
            const int64_t place = s.place + i;
            const size_t column = l->column[place];
            if (is_match(&s)) put_letter(l, r, line, column, letter_of(l, r, s.at + (size_t)i));
            else line[column] = s.code == DELETION ? '*' : r->reverse ? '<' : '>';
            if (place < first) first = place;
            if (place > last) last = place;
        }
    }
    if (last < 0) return false;
    *from = l->column[first];
    *to = l->column[last];
    for (size_t c = *from; c < *to; c++)
        if (line[c] == ' ') line[c] = '*'; /* others have letters inserted there */
    while (*to + 1 < l->width && line[*to + 1] != ' ') ++*to;
    return true;
}

/* The first row that is free there. */
static void put_records(vl_look *l, char *line, size_t *end)
{
    for (size_t k = 0; k < l->n; k++) {
        size_t from, to, row = 0;
        if (!draw_record(l, &l->record[k], line, &from, &to)) continue;
        while (row < l->nrow && end[row] > from) row++;
        if (row == l->most) {
            l->left++;
            continue;
        }
        if (row == l->nrow) memset(l->cell + l->nrow++ * l->width, ' ', l->width);
        memcpy(l->cell + row * l->width + from, line + from, to + 1 - from);
        end[row] = to + 2;
    }
}

static int by_position(const void *a, const void *b)
{
    const vl_look_record *const x = a, *const y = b;
    if (x->position != y->position) return x->position < y->position ? -1 : 1;
    return (x->cigar > y->cigar) - (x->cigar < y->cigar);
}

vl_code vl_look_lay(vl_look *l, vl_err *err)
{
    l->nplace = (size_t)(l->region.to - l->region.from);
    if (l->n) qsort(l->record, l->n, sizeof *l->record, by_position);
    make_columns(l);
    char *const line = malloc(l->width);
    size_t *const end = calloc(l->most, sizeof *end);
    l->reference = malloc(l->width);
    l->cell = malloc(l->most * l->width);
    if (!line || !end || !l->reference || !l->cell) vl_fail(err, VL_ENOMEM, "no memory for a picture");
    if (!err->code) {
        make_reference(l);
        put_records(l, line, end);
    }
    free(line);
    free(end);
    return err->code;
}
