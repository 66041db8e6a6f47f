/* Ids that differ by case only, S1 and s1: two samples as far as the bank goes, a slip as a rule. */
#ifndef VL_CASE_TWINS_H
#define VL_CASE_TWINS_H

#include "pipeline/bank/catalog/catalog.h"

/* Tells of each id of the items that another of them has in other letters, or one of the bank: once for each
 * such pair. c: NULL, the items alone. Letters of ASCII only. */
vl_code vl_case_twins(const vl_items *items, vl_catalog *c,
                      void (*tell)(void *to, const char *id, const char *other, bool in_bank), void *to,
                      vl_err *err);

#endif
