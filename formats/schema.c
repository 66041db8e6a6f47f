/* Schemas as text and back, and one schema seen in another (schema.h). */
#include "formats/schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_FIELDS = 4096, NHEADING = 13 };

static const char *const shapes[] = { "fixed", "ragged", "stream", "pieces" };
static const char *const uses[] = { "text", "base", "quality", "number", "shared", "place" };
static const char *const refs[] = { "none",         "row",         "element",     "byte",
                                    "piece column", "piece start", "piece length" };
static const char *const headings[NHEADING] = { "path", "type",    "shape",      "table", "use",
                                                "unit", "missing", "reference",  "to",    "offsets",
                                                "role", "coding",  "description" };
enum { PATH, TYPE, SHAPE, TABLE, USE, UNIT, MISSING, REF, TO, OFFSETS, ROLE, CODING, DOC };

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

/* The number of a word in a list, -1 if it is not there. */
static int find(const char *const *list, int n, const char *word)
{
    for (int i = 0; i < n; i++)
        if (!strcmp(list[i], word)) return i;
    return -1;
}

const char *vl_shape_name(vl_shape shape) { return shapes[shape]; }
const char *vl_use_name(vl_use use) { return (int)use < COUNT(uses) ? uses[use] : uses[0]; }

vl_use vl_use_find(const char *name)
{
    const int i = find(uses, COUNT(uses), name);
    return i < 0 ? VL_USE_TEXT : (vl_use)i;
}

static const char *or_empty(const char *s) { return s ? s : ""; }

/* ---- to text ---- */

/* Tabulators and line ends in what data named would tear the table. */
static vl_code put_cell(vl_buf *text, const char *s, char end, vl_err *err)
{
    const size_t n = strlen(s);
    if (vl_buf_grow(text, n + 1, err)) return err->code;
    for (size_t i = 0; i < n; i++) {
        const uint8_t c = (uint8_t)s[i];
        text->data[text->len++] = c < 32 || c == 127 ? '?' : c;
    }
    text->data[text->len++] = (uint8_t)end;
    return VL_OK;
}

static vl_code put_line(vl_buf *text, const char *const cell[NHEADING], vl_err *err)
{
    for (int i = 0; i < NHEADING; i++)
        if (put_cell(text, or_empty(cell[i]), i + 1 < NHEADING ? '\t' : '\n', err)) return err->code;
    return VL_OK;
}

static const char *target(const vl_schema *s, const vl_field *f)
{
    if (f->ref == VL_REF_ROW) return s->table[f->ref_to];
    return f->ref == VL_REF_ELEMENT ? s->field[f->ref_to].path : "";
}

vl_code vl_schema_print(const vl_schema *s, vl_buf *text, vl_err *err)
{
    if (put_line(text, headings, err)) return err->code;
    for (int i = 0; i < s->nfield; i++) {
        const vl_field *const f = &s->field[i];
        const char *const cell[NHEADING] = { f->path,
                                             vl_type_name(f->type),
                                             shapes[f->shape],
                                             f->shape == VL_STREAM ? "" : s->table[f->table],
                                             vl_use_name(f->use),
                                             f->unit,
                                             f->missing,
                                             refs[f->ref],
                                             target(s, f),
                                             f->offset_of ? s->field[f->offset_of - 1].path : "",
                                             f->role,
                                             f->coding,
                                             f->doc };
        if (put_line(text, cell, err)) return err->code;
    }
    return VL_OK;
}

vl_code vl_schema_print_piece(const char *of, const char *path, const vl_piece_column *p, vl_buf *text,
                              vl_err *err)
{
    const char *const cell[NHEADING] = { path,
                                         vl_type_name(p->type),
                                         shapes[VL_PIECES],
                                         of,
                                         vl_use_name(p->use),
                                         p->unit,
                                         "",
                                         refs[VL_REF_NONE],
                                         "",
                                         "",
                                         p->role,
                                         p->coding,
                                         "" };
    return put_line(text, cell, err);
}

int vl_schema_piece_table(const vl_schema *s)
{
    for (int i = 0; i < s->nfield; i++)
        if (s->field[i].ref == VL_REF_PIECE_START) return s->field[i].table;
    return -1;
}

/* ---- from text ---- */

/* What parse and merge own. */
typedef struct owned {
    vl_schema schema; /* first: the pointer that callers have */
    vl_field *field;
    const char **table;
    char *text;
    char **to, **offsets; /* of each field, until they are resolved; parse only */
} owned;

static owned *new_schema(const char *kind, size_t nfield, int ntable, vl_err *err)
{
    owned *const o = calloc(1, sizeof *o);
    if (o) {
        o->field = calloc(nfield + 1, sizeof *o->field);
        o->table = calloc((size_t)ntable, sizeof *o->table);
    }
    if (!o || !o->field || !o->table) {
        vl_fail(err, VL_ENOMEM, "no memory for a schema of %zu columns", nfield);
        vl_schema_free(o ? &o->schema : NULL);
        return NULL;
    }
    o->schema = (vl_schema){ .kind = kind, .field = o->field, .table = o->table };
    return o;
}

void vl_schema_free(vl_schema *schema)
{
    owned *const o = (owned *)(void *)schema;
    if (!o) return;
    free(o->field);
    free(o->table);
    free(o->text);
    free(o->to);
    free(o->offsets);
    free(o);
}

/* The number of a table, which is added if it is new. */
static vl_code find_table(owned *o, const char *name, int *out, vl_err *err)
{
    *out = find(o->table, o->schema.ntable, name);
    if (*out >= 0) return VL_OK;
    if (o->schema.ntable == VL_MAX_TABLE) return vl_fail(err, VL_ESTORE, "more than %d tables", VL_MAX_TABLE);
    *out = o->schema.ntable++;
    o->table[*out] = name;
    return VL_OK;
}

static int find_field(const vl_schema *s, const char *path)
{
    for (int i = 0; i < s->nfield; i++)
        if (!strcmp(s->field[i].path, path)) return i;
    return -1;
}

/* One line: cell [NHEADING], in our order. */
static vl_code take_field(owned *o, char *const cell[NHEADING], vl_err *err)
{
    vl_field f = { .path = cell[PATH], .unit = cell[UNIT], .missing = cell[MISSING], .doc = cell[DOC] };
    const int shape = find(shapes, COUNT(shapes), cell[SHAPE]);
    const int ref = *cell[REF] ? find(refs, COUNT(refs), cell[REF]) : VL_REF_NONE;
    if (!*f.path || strlen(f.path) >= VL_PATH + 16)
        return vl_fail(err, VL_ESTORE, "a path of %zu letters", strlen(f.path));
    if (find_field(&o->schema, f.path) >= 0) return vl_fail(err, VL_ESTORE, "%s stands there twice", f.path);
    if (!vl_type_find(cell[TYPE], &f.type))
        return vl_fail(err, VL_ESTORE, "%s: unknown type '%.20s'", f.path, cell[TYPE]);
    if (shape < 0) return vl_fail(err, VL_ESTORE, "%s: unknown shape '%.20s'", f.path, cell[SHAPE]);
    f.shape = (vl_shape)shape;
    f.ref = ref < 0 ? VL_REF_NONE : (vl_ref)ref; /* one of another year: numbers like any other */
    f.use = vl_use_find(cell[USE]);
    if (*cell[ROLE]) f.role = cell[ROLE];
    if (*cell[CODING]) f.coding = cell[CODING];
    if (f.shape != VL_STREAM && find_table(o, cell[TABLE], &f.table, err)) return err->code;
    o->to[o->schema.nfield] = cell[TO];
    o->offsets[o->schema.nfield] = cell[OFFSETS];
    o->field[o->schema.nfield++] = f;
    return VL_OK;
}

/* What columns say of each other, when all are there. */
static vl_code resolve(owned *o, vl_err *err)
{
    for (int i = 0; i < o->schema.nfield; i++) {
        vl_field *const f = &o->field[i];
        if (f->ref == VL_REF_ROW && (f->ref_to = find(o->table, o->schema.ntable, o->to[i])) < 0)
            return vl_fail(err, VL_ESTORE, "%s points at a table '%.40s' that is not there", f->path,
                           o->to[i]);
        if (f->ref == VL_REF_ELEMENT && (f->ref_to = find_field(&o->schema, o->to[i])) < 0)
            return vl_fail(err, VL_ESTORE, "%s points at a column '%.40s' that is not there", f->path,
                           o->to[i]);
        if (!*o->offsets[i]) continue;
        const int like = find_field(&o->schema, o->offsets[i]);
        if (like < 0 || f->shape != VL_RAGGED || o->field[like].shape != VL_RAGGED ||
            o->field[like].table != f->table || *o->offsets[like])
            return vl_fail(err, VL_ESTORE, "%s cannot have the rows of '%.40s'", f->path, o->offsets[i]);
        f->offset_of = 1 + like;
    }
    return VL_OK;
}

/* Splits a line, which ends in 0, into its cells. */
static int split(char *line, char *cell[], int most)
{
    int n = 0;
    while (line && n < most) cell[n++] = strsep(&line, "\t");
    return n;
}

/* Which of our headings each cell of a line is; -1: one that we do not know. */
static vl_code take_headings(char *line, int which[], int *n, vl_err *err)
{
    char *cell[4 * NHEADING];
    *n = split(line, cell, 4 * NHEADING);
    unsigned seen = 0;
    for (int i = 0; i < *n; i++) {
        which[i] = find(headings, NHEADING, cell[i]);
        if (which[i] >= 0) seen |= 1u << which[i];
    }
    const unsigned must = 1u << PATH | 1u << TYPE | 1u << SHAPE | 1u << TABLE;
    return (seen & must) == must ? VL_OK : vl_fail(err, VL_ESTORE, "headings of the schema are missing");
}

/* text ends in 0 at end, which stands for all cells that are not there. */
static vl_code take_lines(owned *o, char *text, char *end, size_t most, vl_err *err)
{
    int which[4 * NHEADING], n = 0;
    char *line = strsep(&text, "\n");
    if (take_headings(line, which, &n, err)) return err->code;
    for (size_t number = 2; (line = strsep(&text, "\n")) && (*line || text); number++) {
        char *cell[4 * NHEADING], *ours[NHEADING];
        if ((size_t)o->schema.nfield == most) return vl_fail(err, VL_ESTORE, "more than %zu columns", most);
        for (int i = 0; i < NHEADING; i++) ours[i] = end;
        const int found = split(line, cell, n);
        for (int i = 0; i < found; i++)
            if (which[i] >= 0) ours[which[i]] = cell[i];
        if (!take_field(o, ours, err)) continue;
        const vl_err why = *err;
        vl_err_clear(err);
        return vl_fail(err, why.code, "schema, line %zu: %.200s", number, why.what);
    }
    return resolve(o, err);
}

/* Names between blanks. */
static vl_code take_tables(owned *o, char *tables, vl_err *err)
{
    char *name;
    int number;
    while ((name = strsep(&tables, " ")))
        if (*name && find_table(o, name, &number, err)) return err->code;
    return VL_OK;
}

static size_t count_lines(const uint8_t *text, size_t n)
{
    size_t lines = 1;
    for (size_t i = 0; i < n; i++) lines += text[i] == '\n';
    return lines;
}

vl_code vl_schema_parse(vl_schema **out, const char *kind, const char *tables, const uint8_t *text, size_t n,
                        vl_err *err)
{
    const size_t lines = count_lines(text, n), first = strlen(tables) + 1;
    *out = NULL;
    if (memchr(text, 0, n)) return vl_fail(err, VL_ESTORE, "the schema has a zero byte");
    if (lines > MOST_FIELDS) return vl_fail(err, VL_ESTORE, "a schema of %zu lines", lines);
    owned *const o = new_schema(kind, lines, VL_MAX_TABLE, err);
    if (!o) return err->code;
    o->to = calloc(lines, sizeof *o->to);
    o->offsets = calloc(lines, sizeof *o->offsets);
    o->text = malloc(first + n + 1);
    if (!o->to || !o->offsets || !o->text) {
        vl_fail(err, VL_ENOMEM, "no memory for a schema of %zu lines", lines);
        goto out;
    }
    memcpy(o->text, tables, first);
    memcpy(o->text + first, text, n);
    o->text[first + n] = 0;
    if (!take_tables(o, o->text, err)) take_lines(o, o->text + first, o->text + first + n, lines, err);
out:
    if (err->code) vl_schema_free(&o->schema);
    else *out = &o->schema;
    return err->code;
}

/* ---- one in another ---- */

static const char *table_of(const vl_schema *s, const vl_field *f)
{
    return f->shape == VL_STREAM ? "" : s->table[f->table];
}

/* A column that both know must be the same thing. */
static vl_code check_same(const vl_schema *ours, const vl_field *a, const vl_schema *theirs,
                          const vl_field *b, vl_err *err)
{
    if (a->type == b->type && a->shape == b->shape && !strcmp(table_of(ours, a), table_of(theirs, b)))
        return VL_OK;
    return vl_fail(err, VL_ESTORE, "%s is %s %s of '%s' in the store, %s %s of '%s' in this program", a->path,
                   shapes[b->shape], vl_type_name(b->type), table_of(theirs, b), shapes[a->shape],
                   vl_type_name(a->type), table_of(ours, a));
}

/* Field i of the store, which the program does not know, behind those that are there; numbers become those of
 * o. */
static vl_code add_unknown(owned *o, const vl_schema *store, int i, vl_err *err)
{
    vl_field f = store->field[i];
    if (f.shape != VL_STREAM && find_table(o, store->table[f.table], &f.table, err)) return err->code;
    if (f.ref == VL_REF_ROW && find_table(o, store->table[f.ref_to], &f.ref_to, err)) return err->code;
    o->field[o->schema.nfield++] = f;
    return VL_OK;
}

/* Columns that unknown fields point at, by their new numbers. */
static void renumber(owned *o, int first, const vl_schema *store)
{
    for (int i = first; i < o->schema.nfield; i++) {
        vl_field *const f = &o->field[i];
        if (f->ref == VL_REF_ELEMENT) f->ref_to = find_field(&o->schema, store->field[f->ref_to].path);
        if (f->offset_of) f->offset_of = 1 + find_field(&o->schema, store->field[f->offset_of - 1].path);
    }
}

vl_code vl_schema_merge(vl_schema **out, int **stored, const vl_schema *program, const vl_schema *store,
                        vl_err *err)
{
    const int most = program->nfield + store->nfield;
    int *const number = *stored = malloc(((size_t)most + 1) * sizeof *number);
    owned *const o = new_schema(program->kind, (size_t)most, VL_MAX_TABLE, err);
    *out = o ? &o->schema : NULL;
    if (!number) vl_fail(err, VL_ENOMEM, "no memory for a schema of %d columns", most);
    if (err->code) return err->code;
    memcpy(o->table, program->table, (size_t)program->ntable * sizeof *o->table);
    memcpy(o->field, program->field, (size_t)program->nfield * sizeof *o->field);
    o->schema.version = program->version;
    o->schema.ntable = program->ntable;
    o->schema.nfield = program->nfield;
    o->schema.ncounter = program->ncounter;
    o->schema.counter = program->counter;
    o->schema.fold = program->fold;
    for (int i = 0; i < program->nfield; i++) {
        number[i] = find_field(store, program->field[i].path);
        if (number[i] >= 0 && check_same(program, &program->field[i], store, &store->field[number[i]], err))
            return err->code;
    }
    for (int i = 0; i < store->nfield; i++) {
        if (find_field(program, store->field[i].path) >= 0) continue;
        number[o->schema.nfield] = i;
        if (add_unknown(o, store, i, err)) return err->code;
    }
    renumber(o, program->nfield, store);
    return VL_OK;
}
