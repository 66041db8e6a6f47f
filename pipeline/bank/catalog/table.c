/* Rows of an answer as lines (table.h). */
#include "pipeline/bank/catalog/table.h"

#include "formats/letter.h"
#include "formats/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

vl_code vl_table_open(vl_table *t, FILE *out, vl_list_as as, int ncolumn, vl_err *err)
{
    const size_t n = (size_t)ncolumn;
    *t = (vl_table){ .out = out, .tsv = as == VL_LIST_TSV, .ncolumn = ncolumn };
    t->name = calloc(n, sizeof *t->name);
    t->right = calloc(n, sizeof *t->right);
    t->width = calloc(n, sizeof *t->width);
    t->held = calloc(n * VL_TABLE_AHEAD, sizeof *t->held);
    return t->name && t->right && t->width && t->held
               ? VL_OK
               : vl_fail(err, VL_ENOMEM, "no memory for %d columns", ncolumn);
}

void vl_table_close(vl_table *t)
{
    for (size_t i = 0; t->held && i < t->nheld; i++) free(t->held[i]);
    free(t->held);
    free(t->name);
    free(t->right);
    free(t->width);
    vl_buf_free(&t->line);
}

vl_code vl_table_write(FILE *out, const void *bytes, size_t n, vl_err *err)
{
    return fwrite(bytes, 1, n, out) == n && !ferror(out)
               ? VL_OK
               : vl_fail_errno(err, VL_EIO, errno, "cannot write the list");
}

/* One line of cells. Those of the aligned form are escaped already. */
static vl_code print_line(vl_table *t, const char *const *cell, vl_err *err)
{
    t->line.len = 0;
    for (int i = 0; i < t->ncolumn && !err->code; i++) {
        if (t->tsv) {
            if (i) vl_buf_append(&t->line, "\t", 1, err);
            vl_text_listed(&t->line, cell[i], strlen(cell[i]), err);
            continue;
        }
        const size_t len = vl_letters_cells(cell[i]), pad = len < t->width[i] ? t->width[i] - len : 0;
        if (i) vl_buf_append(&t->line, "  ", 2, err);
        for (size_t n = 0; n < pad && t->right[i]; n++) vl_buf_append(&t->line, " ", 1, err);
        vl_buf_append(&t->line, cell[i], strlen(cell[i]), err);
        for (size_t n = 0; n < pad && !t->right[i] && i + 1 < t->ncolumn; n++)
            vl_buf_append(&t->line, " ", 1, err);
    }
    if (vl_buf_append(&t->line, "\n", 1, err)) return err->code;
    return vl_table_write(t->out, t->line.data, t->line.len, err);
}

/* Prints the header and what was held back. */
vl_code vl_table_settle(vl_table *t, vl_err *err)
{
    if (t->settled) return VL_OK;
    t->settled = true;
    const size_t n = (size_t)t->ncolumn;
    for (size_t i = 0; i < n; i++)
        if (vl_letters_cells(t->name[i]) > t->width[i]) t->width[i] = vl_letters_cells(t->name[i]);
    if (t->tsv || t->nheld) print_line(t, t->name, err);
    for (size_t row = 0; row < t->nheld && !err->code; row += n)
        print_line(t, (const char *const *)t->held + row, err);
    return err->code;
}

static char *escaped(const char *text, vl_err *err)
{
    vl_buf made = { 0 };
    char *copy = NULL;
    if (!vl_text_show(&made, text, strlen(text), err) && !vl_buf_append(&made, "", 1, err)) {
        copy = strdup((const char *)made.data);
        if (!copy) vl_fail(err, VL_ENOMEM, "no memory for a line");
    }
    vl_buf_free(&made);
    return copy;
}

vl_code vl_table_put(vl_table *t, const char *const *cell, vl_err *err)
{
    if (t->tsv) return vl_table_settle(t, err) ? err->code : print_line(t, cell, err);
    const size_t first = t->nheld, n = (size_t)t->ncolumn;
    for (size_t i = 0; i < n; i++) {
        char *const text = escaped(cell[i], err);
        if (!text) return err->code;
        t->held[t->nheld++] = text;
        if (!t->settled && vl_letters_cells(text) > t->width[i]) t->width[i] = vl_letters_cells(text);
    }
    if (!t->settled && t->nheld < n * VL_TABLE_AHEAD) return VL_OK;
    if (!t->settled) vl_table_settle(t, err);
    else print_line(t, (const char *const *)t->held + first, err);
    for (size_t i = 0; i < t->nheld; i++) free(t->held[i]);
    t->nheld = 0;
    return err->code;
}

vl_code vl_table_object(json_t *object, FILE *out, vl_err *err)
{
    char *const line = object ? json_dumps(object, JSON_ENSURE_ASCII) : NULL;
    if (!line) vl_fail(err, VL_ENOMEM, "no memory for JSON");
    else if (!vl_table_write(out, line, strlen(line), err)) vl_table_write(out, "\n", 1, err);
    free(line);
    json_decref(object);
    return err->code;
}
