/* `vial qc -b BANK` without a sample: the measures of all stores. */
#ifndef VL_QC_BANK_H
#define VL_QC_BANK_H

#include <stdbool.h>

/* json: an object a line. Exit code. */
int vl_qc_bank(const char *bank, bool json);

#endif
