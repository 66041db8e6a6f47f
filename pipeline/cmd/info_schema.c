/* vial info --schema: what the columns of a store, or of every kind of store, are; as text or JSON. */
#include "pipeline/cmd/info_schema.h"

#include "formats/format.h"
#include "pipeline/bank/json_text.h"
#include "pipeline/cmd/opt.h"
#include "pipeline/out/columns.h"
#include "pipeline/out/kind.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

static const char *const shapes[] = { "one a row", "ragged", "stream", "pieces" };

static void print_fields(const vl_schema *s)
{
    for (int f = 0; f < s->nfield; f++) {
        const vl_field *const field = &s->field[f];
        printf("  %-32s %-4s %-9s %-12s %-8s %s%s%s%s%s%s%s\n", field->path, vl_type_name(field->type),
               shapes[field->shape], field->shape == VL_STREAM ? "" : s->table[field->table], field->unit,
               field->role ? field->role : "", field->role && *field->doc ? ": " : "", field->doc,
               field->coding ? "; coded as " : "", field->coding ? field->coding : "",
               *field->missing ? "; absent: " : "", field->missing);
    }
}

/* What the columns of every kind are, from the tables that the code works with. */
static void print_schemas(void)
{
    for (int k = 0; vl_kinds[k]; k++) {
        const vl_schema *const s = vl_kinds[k]->schema;
        const char *joint = "made from";
        printf("%s (version %u)", s->kind, s->version);
        for (int i = 0; vl_formats[i]; i++) {
            if (strcmp(vl_formats[i]->schema->kind, s->kind)) continue;
            printf(", %s %s", joint, vl_formats[i]->name);
            joint = "or";
        }
        printf("\n");
        print_fields(s);
        printf("  counters:");
        for (int c = 0; c < s->ncounter; c++) printf(" %s", s->counter[c]);
        printf("\n\n");
    }
}

/* ---- the same as JSON ---- */

static json_t *field_json(const vl_schema *s, const vl_field *f)
{
    return json_pack("{s:o,s:s,s:s,s:s?,s:o,s:o?,s:o?,s:o,s:o}", "path", vl_json_text(f->path), "type",
                     vl_type_name(f->type), "shape", shapes[f->shape], "table",
                     f->shape == VL_STREAM ? NULL : s->table[f->table], "unit", vl_json_text(f->unit), "role",
                     f->role ? vl_json_text(f->role) : NULL, "coding",
                     f->coding ? vl_json_text(f->coding) : NULL, "absent", vl_json_text(f->missing), "text",
                     vl_json_text(f->doc));
}

static json_t *schema_json(const vl_schema *s)
{
    json_t *const fields = json_array(), *const counters = json_array(), *const formats = json_array();
    for (int f = 0; f < s->nfield; f++) json_array_append_new(fields, field_json(s, &s->field[f]));
    for (int c = 0; c < s->ncounter; c++) json_array_append_new(counters, vl_json_text(s->counter[c]));
    for (int i = 0; vl_formats[i]; i++)
        if (!strcmp(vl_formats[i]->schema->kind, s->kind))
            json_array_append_new(formats, json_string(vl_formats[i]->name));
    return json_pack("{s:o,s:I,s:o,s:o,s:o}", "kind", vl_json_text(s->kind), "version",
                     (json_int_t)s->version, "formats", formats, "columns", fields, "counters", counters);
}

static vl_code print_json(json_t *all, vl_err *err)
{
    if (!all) return vl_fail(err, VL_ENOMEM, "no memory for JSON");
    if (json_dumpf(all, stdout, JSON_INDENT(1) | JSON_ENSURE_ASCII) || putchar('\n') == EOF)
        vl_fail(err, VL_EIO, "standard output: cannot write");
    json_decref(all);
    return err->code;
}

int vl_tell_schemas(bool json)
{
    vl_err err = VL_ERR_INIT;
    json_t *const all = json ? json_array() : NULL;
    for (int k = 0; json && vl_kinds[k]; k++) json_array_append_new(all, schema_json(vl_kinds[k]->schema));
    if (json) print_json(all, &err);
    else print_schemas();
    return err.code ? vl_report(&err) : EX_OK;
}

vl_code vl_tell_schema_of(vl_store *st, bool json, vl_err *err)
{
    char version[64];
    const vl_kind *kind = NULL;
    vl_columns columns = { 0 };
    if (vl_kind_of(&kind, st, err) || vl_store_get(st, "/", "vial.schema", version, sizeof version, err))
        return err->code;
    if (!vl_columns_read(&columns, st, kind->schema, kind->old, err)) {
        if (json) print_json(schema_json(columns.stored), err);
        else printf("%s\n", *version ? version : kind->schema->kind), print_fields(columns.stored);
    }
    vl_columns_free(&columns);
    return err->code;
}
