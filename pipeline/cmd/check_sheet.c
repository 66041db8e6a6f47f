/* A sheet, checked and compared with the bank; nothing is written (check_sheet.h). */
#include "pipeline/cmd/check_sheet.h"

#include "pipeline/bank/catalog/table.h"
#include "pipeline/bank/intake/foresee.h"
#include "pipeline/bank/json_text.h"
#include "pipeline/run/say.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

/* ---- columns ---- */

static const struct {
    const char *word, *means;
} uses[] = { [VL_SHEET_USE_KNOWN] = { "known", "known" },
             [VL_SHEET_USE_FACT] = { "fact", "kept as a fact of the sample" },
             [VL_SHEET_USE_DETAIL] = { "detail", "kept as a detail of the acquisition" },
             [VL_SHEET_USE_NONE] = { "none", "no name" } };

static vl_code put_column(vl_table *t, const vl_sheet_column *c, vl_err *err)
{
    char text[160];
    snprintf(text, sizeof text, "%s%s%s%s", uses[c->use].means, c->meant ? "; did you mean '" : "",
             c->meant ? c->meant : "", c->meant ? "'?" : "");
    return vl_table_put(t, (const char *const[]){ c->title, text }, err);
}

static vl_code print_columns(const vl_sheet *sheet, vl_err *err)
{
    vl_table t;
    if (!vl_table_open(&t, stdout, VL_LIST_TEXT, 2, err)) {
        t.name[0] = "column";
        t.name[1] = "use";
        for (size_t c = 0; c < sheet->ncolumn && !err->code; c++) put_column(&t, &sheet->column[c], err);
        if (!err->code) vl_table_settle(&t, err);
    }
    vl_table_close(&t);
    return err->code;
}

static json_t *json_columns(const vl_sheet *sheet)
{
    json_t *const all = json_array();
    for (size_t c = 0; c < sheet->ncolumn; c++) {
        const vl_sheet_column *const from = &sheet->column[c];
        json_array_append_new(all, json_pack("{s:I,s:o,s:o,s:s,s:s?}", "column", (json_int_t)c + 1, "title",
                                             vl_json_text(from->title), "name", vl_json_text(from->name),
                                             "use", uses[from->use].word, "meant", from->meant));
    }
    return all;
}

static json_t *json_errors(const vl_sheet *sheet)
{
    json_t *const all = json_array();
    for (size_t i = 0; i < sheet->nerror; i++)
        json_array_append_new(all, json_pack("{s:I,s:I,s:o}", "line", (json_int_t)sheet->error[i].line,
                                             "column", (json_int_t)sheet->error[i].column, "message",
                                             vl_json_text(sheet->error[i].what)));
    return all;
}

/* ---- items ---- */

static const char *text_of(const json_t *object, const char *name, const char *none)
{
    const char *const text = json_string_value(json_object_get(object, name));
    return text ? text : none;
}

/* "donor: D1 -> D2; collection: none -> -" */
static vl_code show_changes(vl_buf *text, const json_t *changes, vl_err *err)
{
    size_t i;
    json_t *one;
    json_array_foreach(changes, i, one)
    {
        const char *const part[] = { i ? "; " : "", text_of(one, "name", ""), ": ", text_of(one, "from", "-"),
                                     " -> ",        text_of(one, "to", "-") };
        for (size_t k = 0; k < sizeof part / sizeof *part; k++)
            vl_buf_append(text, part[k], strlen(part[k]), err);
    }
    return vl_buf_append(text, "", 1, err);
}

static vl_code put_item(vl_table *t, const json_t *item, vl_err *err)
{
    char line[24];
    vl_buf changes = { 0 };
    snprintf(line, sizeof line, "%lld", (long long)json_integer_value(json_object_get(item, "line")));
    if (!show_changes(&changes, json_object_get(item, "changes"), err))
        vl_table_put(t,
                     (const char *const[]){ line, text_of(item, "sample", ""),
                                            text_of(item, "acquisition", ""), text_of(item, "state", ""),
                                            text_of(item, "message", (const char *)changes.data) },
                     err);
    vl_buf_free(&changes);
    return err->code;
}

static vl_code print_items(const json_t *items, vl_err *err)
{
    static const char *const title[] = { "line", "sample", "acquisition", "state", "what" };
    vl_table t;
    size_t i;
    json_t *item;
    if (!vl_table_open(&t, stdout, VL_LIST_TEXT, 5, err)) {
        memcpy(t.name, title, sizeof title);
        t.right[0] = true;
        json_array_foreach(items, i, item) if (!err->code) put_item(&t, item, err);
        if (!err->code) vl_table_settle(&t, err);
    }
    vl_table_close(&t);
    return err->code;
}

static vl_code print(const vl_into_bank *ask, const vl_sheet *sheet, json_t *items, vl_err *err)
{
    if (ask->json)
        return vl_table_object(json_pack("{s:o,s:s?,s:o,s:o,s:O*}", "sheet", vl_json_text(ask->sheet),
                                         "dialect", sheet->dialect, "columns", json_columns(sheet), "errors",
                                         json_errors(sheet), "items", items),
                               stdout, err);
    if (print_columns(sheet, err) || !json_array_size(items)) return err->code;
    putchar('\n');
    return print_items(items, err);
}

/* ---- the whole ---- */

static json_t *foresee(const vl_into_bank *ask, const vl_bank *bank, vl_items *items, vl_foreseen *sum,
                       vl_err *err)
{
    char options[VL_OPTIONS];
    vl_intake in = { .bank = bank,
                     .items = items,
                     .profile = ask->profile,
                     .supersede = ask->supersede,
                     .same_data = ask->same_data,
                     .correct = ask->correct,
                     .options = options };
    vl_err why = VL_ERR_INIT;
    vl_given_print(ask->given, options, sizeof options);
    if (vl_catalog_open(&in.catalog, bank, false, &why)) {
        vl_say_error(&why);
        vl_say(stderr, "vial: so checks that failed, and bytes of other samples in the bank, are not known");
    }
    json_t *const said = vl_foresee(&in, sum, err);
    vl_catalog_close(in.catalog);
    return said;
}

static void tell(const vl_into_bank *ask, const vl_sheet *sheet, const vl_foreseen *sum, bool asked)
{
    char of_bank[200] = "";
    if (asked)
        snprintf(of_bank, sizeof of_bank,
                 "; %" PRIu64 " new, %" PRIu64 " unchanged, %" PRIu64 " to correct, %" PRIu64
                 " to heal, %" PRIu64 " to supersede, %" PRIu64 " refused",
                 sum->fresh, sum->unchanged, sum->corrected, sum->healed, sum->superseded, sum->refused);
    vl_say(stderr, "vial: %s: %zu item%s, %s sheet, no errors%s", ask->sheet, sheet->items.n,
           vl_s(sheet->items.n), sheet->dialect, of_bank);
    if (asked)
        vl_say(
            stderr,
            "vial: not looked at: what the files hold, but for their first bytes, and where the bank or the "
            "sheet has one of the same size");
}

int vl_check_sheet(const vl_into_bank *ask, const vl_bank *bank, vl_sheet *sheet)
{
    vl_foreseen sum = { 0 };
    vl_err err = VL_ERR_INIT;
    json_t *const items = bank ? foresee(ask, bank, &sheet->items, &sum, &err) : NULL;
    if (!err.code) print(ask, sheet, items, &err);
    json_decref(items);
    if (err.code) return vl_report(&err);
    if (!sheet->nerror && !ask->quiet) tell(ask, sheet, &sum, bank);
    return sheet->nerror || sum.refused ? EX_DATAERR : EX_OK;
}
