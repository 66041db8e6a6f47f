/* Names of facts and measures in an expression of --where (where_names.h). */
#include "pipeline/bank/catalog/where_names.h"
#include "pipeline/bank/catalog/sql.h"
#include "pipeline/bank/fact_name.h"
#include "pipeline/bank/sheet/sheet_part.h"
#include "pipeline/out/kind.h"
#include "pipeline/out/measure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_known(const char *name)
{
    for (int i = 0; i < VL_SHEET_NROLE; i++)
        if (vl_sheet_known_name((vl_duty)i) && !strcmp(name, vl_sheet_known_name((vl_duty)i))) return true;
    return false;
}

static bool has_fact(vl_catalog *c, const char *name, vl_err *err)
{
    const vl_sql_value v[] = { vl_sql_text(name) };
    return vl_sql_number(c, "SELECT EXISTS (SELECT 1 FROM fact WHERE name = ?1)", v, 1, 0, err) > 0;
}

/* ---- what was meant ---- */

/* The nearest name so far, and how far it is. */
typedef struct nearest {
    const char *wanted; /* folded */
    unsigned far;
    char name[VL_WORD];
} nearest;

/* Part of a longer name counts as near: "disease" is meant by "disease_state". */
static void try_name(nearest *n, const char *name)
{
    char folded[VL_WORD];
    if (strlen(name) >= VL_WORD) return;
    vl_word_fold(name, strlen(name), false, folded);
    const unsigned far =
        strstr(folded, n->wanted) || strstr(n->wanted, folded) ? 1 : vl_word_distance(n->wanted, folded);
    if (far >= n->far) return;
    n->far = far;
    strcpy(n->name, name);
}

/* Each name of a fact once, by the index on names: facts are many, their names few. */
static const char each_fact[] =
    "WITH RECURSIVE n(name) AS (SELECT MIN(name) FROM fact UNION ALL "
    "SELECT (SELECT MIN(name) FROM fact WHERE name > n.name) FROM n WHERE n.name IS NOT NULL) "
    "SELECT name FROM n WHERE name IS NOT NULL LIMIT 10000";

static void find_nearest(vl_catalog *c, const char *const *columns, nearest *n, vl_err *err)
{
    const size_t len = strlen(n->wanted);
    n->far = (unsigned)(1 + len / 3); /* what is no nearer was not meant */
    if (len < 3) return;
    for (; *columns; columns++) try_name(n, *columns);
    for (int k = 0; vl_kinds[k]; k++)
        for (const vl_measure *m = vl_kinds[k]->measures ? vl_kinds[k]->measures->list : NULL; m && m->name;
             m++)
            if (strlen(m->name) > 2) try_name(n, m->name); /* "n" is part of much */
    sqlite3_stmt *const q = vl_sql_ask(c, each_fact, NULL, 0, err);
    while (vl_sql_row(c, q, err)) try_name(n, vl_sql_column(q, 0));
}

static vl_code blame(vl_catalog *c, const char *const *columns, const char *name, const char *folded,
                     char wrong[VL_WHERE_WRONG], vl_err *err)
{
    nearest n = { .wanted = folded };
    if (strlen(folded) < VL_WORD) find_nearest(c, columns, &n, err);
    if (*n.name)
        snprintf(wrong, VL_WHERE_WRONG, "nothing in the bank has '%.40s'; nearest: %s", name, n.name);
    else
        snprintf(wrong, VL_WHERE_WRONG,
                 "nothing in the bank has '%.40s'; 'vial help ls' lists the columns, 'vial info' facts",
                 name);
    return err->code;
}

/* ---- which fact it is ---- */

vl_code vl_where_fact(vl_catalog *c, const char *const *columns, char **name, char wrong[VL_WHERE_WRONG],
                      vl_err *err)
{
    *wrong = 0;
    if (has_fact(c, *name, err) || err->code) return err->code;
    char *const folded = malloc(strlen(*name) + 1);
    if (!folded) return vl_fail(err, VL_ENOMEM, "no memory for a name");
    vl_fact_fold(*name, strlen(*name), folded);
    vl_fact_unwrap(folded);
    if (is_known(folded) || has_fact(c, folded, err)) {
        free(*name);
        *name = folded;
        return err->code;
    }
    if (!err->code) blame(c, columns, *name, folded, wrong, err);
    free(folded);
    return err->code;
}

/* ---- which measure ---- */

static const char *measure_of(const char *name)
{
    for (int k = 0; vl_kinds[k]; k++)
        for (const vl_measure *m = vl_kinds[k]->measures ? vl_kinds[k]->measures->list : NULL; m && m->name;
             m++)
            if (!strcmp(m->name, name)) return m->name;
    return NULL;
}

vl_code vl_where_measure(vl_catalog *c, const char *name, char sql[VL_WHERE_MEASURE], vl_err *err)
{
    const char *const measure = measure_of(name);
    *sql = 0;
    if (!measure || has_fact(c, name, err)) return err->code;
    if (!vl_catalog_has_measures(c))
        return vl_fail(
            err, VL_ECONFIG,
            "the catalogue is of an earlier version and has no %s; 'vial catalog rebuild' brings it "
            "up to date",
            measure);
    snprintf(sql, VL_WHERE_MEASURE, "json_extract(st.measures, '$.%s')", measure);
    return err->code;
}
