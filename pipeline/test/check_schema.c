/*
 * Schemas as text: what is printed is read as the same, hostile texts end in an error or in a schema that
 * keeps its promises, and the program's schema seen in a store's gives fields that are missing or new their
 * places.
 *
 * Suites: formats store. Also: asan.
 */
#include "pipeline/test/check.h"

#include "pipeline/out/kind.h"
#include "pipeline/out/columns.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static vl_schema *parse(const char *tables, const char *text, vl_err *err)
{
    vl_schema *s = NULL;
    *err = (vl_err)VL_ERR_INIT;
    vl_schema_parse(&s, "made_up", tables, (const uint8_t *)text, strlen(text), err);
    return s;
}

/* All names of tables, between blanks. */
static void join_tables(const vl_schema *s, char *out, size_t n)
{
    out[0] = 0;
    for (int t = 0; t < s->ntable; t++) {
        const size_t used = strlen(out);
        snprintf(out + used, n - used, "%s%s", t ? " " : "", s->table[t]);
    }
}

static bool same_text(const char *a, const char *b) { return !strcmp(a ? a : "", b ? b : ""); }

static bool same_field(const vl_field *a, const vl_field *b)
{
    return !strcmp(a->path, b->path) && a->type == b->type && a->shape == b->shape && a->use == b->use &&
           (a->shape == VL_STREAM || a->table == b->table) && same_text(a->unit, b->unit) &&
           same_text(a->missing, b->missing) && same_text(a->doc, b->doc) && same_text(a->role, b->role) &&
           same_text(a->coding, b->coding) && a->ref == b->ref && a->offset_of == b->offset_of &&
           ((a->ref != VL_REF_ROW && a->ref != VL_REF_ELEMENT) || a->ref_to == b->ref_to);
}

static void check_round_trip(const vl_schema *s)
{
    char tables[1024];
    vl_err err = VL_ERR_INIT;
    vl_buf text = { 0 };
    vl_schema *back = NULL;
    join_tables(s, tables, sizeof tables);
    const vl_piece_column piece = {
        .path = "x/y", .unit = "Th", .role = "m/z array", .coding = "odd", .type = VL_F32
    };
    CHECK(!vl_schema_print(s, &text, &err) && !vl_schema_print_piece(s->table[0], "x/y", &piece, &text, &err),
          "print");
    if (!CHECK(!vl_schema_parse(&back, s->kind, tables, text.data, text.len, &err), "parse: %s", err.what))
        return;
    CHECK(back->ntable == s->ntable && back->nfield == s->nfield + 1, "%d fields of %d", back->nfield,
          s->nfield);
    for (int i = 0; i < s->nfield && i < back->nfield; i++)
        CHECK(same_field(&s->field[i], &back->field[i]), "%s is not the same", s->field[i].path);
    const vl_field *const last = &back->field[back->nfield - 1];
    CHECK(last->shape == VL_PIECES && last->table == 0 && same_text(last->role, "m/z array") &&
              same_text(last->coding, "odd") && same_text(last->unit, "Th") && last->type == VL_F32,
          "piece column");
    vl_schema_free(back);
    vl_buf_free(&text);
}

/* Texts with bytes changed, left out and doubled. */
static void check_hostile(const vl_schema *s)
{
    char tables[1024];
    vl_err err = VL_ERR_INIT;
    vl_buf text = { 0 }, bad = { 0 };
    uint64_t dice = 11;
    join_tables(s, tables, sizeof tables);
    CHECK(!vl_schema_print(s, &text, &err), "print");
    for (int i = 0; i < 4000; i++) {
        bad.len = 0;
        if (vl_buf_append(&bad, text.data, text.len, &err)) abort();
        for (int k = 0; k < 1 + i % 5; k++) {
            const uint64_t r = check_random(&dice);
            bad.data[r % bad.len] = (uint8_t) "\t\n\0"
                                              "3"[r >> 32 & 3];
            if (r >> 40 & 1) bad.len -= (r >> 41) % (bad.len / 2);
        }
        vl_schema *back = NULL;
        vl_err why = VL_ERR_INIT;
        const vl_code code = vl_schema_parse(&back, s->kind, tables, bad.data, bad.len, &why);
        CHECK(code ? code == VL_ESTORE && why.what[0] && !back : back != NULL, "code %d", code);
        for (int f = 0; back && f < back->nfield; f++) {
            const vl_field *const field = &back->field[f];
            CHECK(field->table < back->ntable && field->offset_of <= back->nfield && field->ref_to >= 0, "%s",
                  field->path);
        }
        vl_schema_free(back);
    }
    vl_buf_free(&text);
    vl_buf_free(&bad);
}

static void refuse(const char *text, const char *part)
{
    vl_err err;
    vl_schema *const s = parse("row item", text, &err);
    CHECK(!s && err.code == VL_ESTORE && strstr(err.what, part), "'%s', expected '%s'", err.what, part);
    vl_schema_free(s);
}

#define HEAD "path\ttype\tshape\ttable\toffsets\treference\tto\n"

static void check_refusals(void)
{
    refuse("", "headings");
    refuse("path\ttype\n", "headings");
    refuse(HEAD "a\tu9\tfixed\trow\n", "line 2: a: unknown type 'u9'");
    refuse(HEAD "a\tu8\tround\trow\n", "unknown shape 'round'");
    refuse(HEAD "a\tu8\tfixed\trow\na\tu8\tfixed\trow\n", "line 3: a stands there twice");
    refuse(HEAD "\tu8\tfixed\trow\n", "a path of 0 letters");
    refuse(HEAD "a\tu8\tragged\trow\tb\n", "cannot have the rows of 'b'");
    refuse(HEAD "a\tu8\tragged\trow\nb\tu8\tragged\titem\ta\n", "cannot have the rows of 'a'");
    refuse(HEAD "a\tu64\tfixed\trow\t\trow\tnowhere\n", "a table 'nowhere' that is not there");
    refuse(HEAD "a\tu64\tfixed\trow\t\telement\tb\n", "a column 'b' that is not there");
}

/* A store of another year: a heading that nobody knows, a column more, one less, tables in another order. */
static void check_merge(void)
{
    static const char *const tables[] = { "row", "item" };
    static const vl_field fields[] = {
        { "r/a", VL_U8, VL_FIXED, 0, VL_USE_NUMBER, "", "255", "", VL_REF_NONE, 0, 0, NULL, NULL },
        { "i/new", VL_F64, VL_FIXED, 1, VL_USE_NUMBER, "", "NaN", "", VL_REF_NONE, 0, 0, NULL, NULL },
    };
    static const vl_schema program = { "made_up", 3, 2, tables, 2, fields, 0, NULL, 0 };
    vl_err err;
    vl_schema *merged = NULL, *const store = parse("row other item",
                                                   "colour\tpath\ttype\tshape\ttable\treference\tto\tuse\n"
                                                   "red\tx/at\tu64\tfixed\tother\telement\tx/text\tlater\n"
                                                   "blue\tx/text\tu8\tstream\t\n"
                                                   "green\tr/a\tu8\tfixed\trow\n",
                                                   &err);
    int *stored = NULL;
    if (!CHECK(store && !vl_schema_merge(&merged, &stored, &program, store, &err), "%s", err.what)) return;
    CHECK(merged->nfield == 4 && merged->ntable == 3, "%d fields, %d tables", merged->nfield, merged->ntable);
    CHECK(stored[0] == 2 && stored[1] == -1 && stored[2] == 0 && stored[3] == 1, "numbers in the store");
    CHECK(!strcmp(merged->table[2], "other") && merged->field[2].table == 2 && merged->field[2].ref_to == 3 &&
              merged->field[2].use == VL_USE_TEXT,
          "a column that only the store knows");
    vl_schema_free(merged);
    free(stored);
    vl_schema_free(store);
    vl_schema *const other = parse("row", "path\ttype\tshape\ttable\nr/a\tu16\tfixed\trow\n", &err);
    CHECK(other && vl_schema_merge(&merged, &stored, &program, other, &err) == VL_ESTORE &&
              strstr(err.what, "r/a is fixed u16 of 'row' in the store, fixed u8 of 'row' in this program"),
          "%s", err.what);
    vl_schema_free(merged);
    free(stored);
    vl_schema_free(other);
}

static void check_missing(void)
{
    vl_err err = VL_ERR_INIT;
    vl_buf out = { 0 };
    const vl_field byte = { .path = "a", .type = VL_U8, .missing = "255" },
                   real = { .type = VL_F64, .missing = "NaN" }, single = { .type = VL_F32, .missing = "NaN" },
                   whole = { .type = VL_I32, .missing = "-1" }, none = { .type = VL_U64, .missing = "" };
    double d;
    float s;
    CHECK(!vl_columns_missing(&byte, 3, &out, &err) && out.len == 3 && out.data[2] == 255, "u8");
    CHECK(!vl_columns_missing(&real, 2, &out, &err) && out.len == 16 &&
              (memcpy(&d, out.data + 8, 8), isnan(d)),
          "f64");
    CHECK(!vl_columns_missing(&single, 2, &out, &err) && out.len == 8 &&
              (memcpy(&s, out.data + 4, 4), isnan(s)),
          "f32");
    CHECK(!vl_columns_missing(&whole, 1, &out, &err) && vl_le32(out.data) == UINT32_MAX, "i32");
    CHECK(!vl_columns_missing(&none, 1, &out, &err) && vl_le64(out.data) == 0, "u64");
    CHECK(!vl_columns_missing(&none, 0, &out, &err) && out.len == 0, "no rows");
    vl_buf_free(&out);
}

int main(void)
{
    for (int i = 0; vl_kinds[i]; i++) {
        check_round_trip(vl_kinds[i]->schema);
        check_hostile(vl_kinds[i]->schema);
        CHECK(vl_kind_find(vl_kinds[i]->schema->kind) == vl_kinds[i], "kind %d by name", i);
    }
    check_refusals();
    check_merge();
    check_missing();
    return check_end();
}
