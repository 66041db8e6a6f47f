/* What `vial ingest --sheet FILE --check` prints (check_sheet.c). */
#ifndef VL_CHECK_SHEET_H
#define VL_CHECK_SHEET_H

#include "pipeline/bank/sheet/sheet.h"
#include "pipeline/cmd/into_bank.h"

/* What becomes of each column and, if there is a bank to ask, of each item: tables, or one JSON document.
 * bank: NULL, none. The exit code. */
int vl_check_sheet(const vl_into_bank *ask, const vl_bank *bank, vl_sheet *sheet);

#endif
