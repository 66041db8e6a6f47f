/*
 * Names of facts and measures in an expression of --where: which one is meant, and what was meant when there
 * is none.
 */
#ifndef VL_WHERE_NAMES_H
#define VL_WHERE_NAMES_H

#include "pipeline/bank/catalog/catalog.h"

/* The fact that a name means: one that a sample or acquisition of the bank has, as it is written or as sheets
 * name facts (fact_name.h), or one that docs/sheets.md knows though none has it yet; *name, owned, becomes
 * that. When there is none, wrong says so, with the nearest of columns (up to NULL) and facts; "" if there
 * is.
 */
enum { VL_WHERE_WRONG = 128 };
vl_code vl_where_fact(vl_catalog *c, const char *const *columns, char **name, char wrong[VL_WHERE_WRONG],
                      vl_err *err);

/* The value of the measure of that name (out/measure.h), as SQL on the listing's tables; "" if no kind has
 * it, or a fact of the bank has the name. */
enum { VL_WHERE_MEASURE = 96 };
vl_code vl_where_measure(vl_catalog *c, const char *name, char sql[VL_WHERE_MEASURE], vl_err *err);

#endif
