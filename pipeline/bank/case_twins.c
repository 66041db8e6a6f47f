/* Ids that differ by case only (case_twins.h): sorted without case, they stand beside each other. */
#include "pipeline/bank/case_twins.h"
#include "pipeline/bank/catalog/sql.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int compare(const void *a, const void *b)
{
    const char *const x = *(const char *const *)a, *const y = *(const char *const *)b;
    const int same = strcasecmp(x, y);
    return same ? same : strcmp(x, y);
}

/* The ids of all items, each once, sorted; *n of them. NULL without memory. */
static const char **sorted_ids(const vl_items *items, size_t *n)
{
    const char **const id = calloc(items->n + 1, sizeof *id);
    *n = 0;
    for (size_t i = 0; id && i < items->n; i++) id[i] = items->item[i].sample;
    if (id) qsort(id, items->n, sizeof *id, compare);
    for (size_t i = 0; id && i < items->n; i++)
        if (!*n || strcmp(id[*n - 1], id[i])) id[(*n)++] = id[i];
    return id;
}

/* The first of the ids that is not before this one when case does not count. */
static size_t place_of(const char *const *id, size_t n, const char *name)
{
    size_t low = 0;
    while (low < n) {
        const size_t middle = low + (n - low) / 2;
        if (strcasecmp(id[middle], name) < 0) low = middle + 1;
        else n = middle;
    }
    return low;
}

/* An id that is free again, as its sample was removed or renamed, is nobody's twin. */
static bool is_there(vl_catalog *c, const char *name, vl_err *err)
{
    const vl_sql_value v[] = { vl_sql_text(name) };
    return vl_sql_number(c,
                         "SELECT withdrawn_at IS NOT NULL OR EXISTS (SELECT 1 FROM acquisition JOIN store "
                         "USING (acquisition_id) WHERE sample_id = sample.sample_id AND state = 'live') "
                         "FROM sample WHERE name = ?",
                         v, 1, 0, err) > 0;
}

vl_code vl_case_twins(const vl_items *items, vl_catalog *c,
                      void (*tell)(void *to, const char *id, const char *other, bool in_bank), void *to,
                      vl_err *err)
{
    size_t n;
    const char **const id = sorted_ids(items, &n);
    if (!id) return vl_fail(err, VL_ENOMEM, "no memory for %zu ids", items->n);
    for (size_t i = 1; i < n; i++)
        if (!strcasecmp(id[i - 1], id[i])) tell(to, id[i], id[i - 1], false);
    sqlite3_stmt *const q = c && n ? vl_sql_ask(c, "SELECT name FROM sample", NULL, 0, err) : NULL;
    while (vl_sql_row(c, q, err)) {
        const char *const name = vl_sql_column(q, 0);
        for (size_t i = place_of(id, n, name); i < n && !strcasecmp(id[i], name); i++)
            if (strcmp(id[i], name) && is_there(c, name, err)) tell(to, id[i], name, true);
    }
    free(id);
    return err->code;
}
