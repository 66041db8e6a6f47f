/* The stores of a bank as persons (out/persons.h): donors and sexes as its samples' facts say. */
#ifndef VL_BANK_PERSONS_H
#define VL_BANK_PERSONS_H

#include "pipeline/bank/catalog/catalog.h"
#include "pipeline/out/persons.h"

/* Live stores for which expr holds (NULL: all) whose kind says whose they are. A sample of which no donor is
 * known is its own. Sex is what fact donor_sex says, else sex. Stores are read by workers, `threads` at once:
 * not after HDF5 was entered. What one cannot read is said on standard error, and that store is lost. */
vl_code vl_bank_persons(vl_persons *p, const vl_bank *bank, vl_catalog *c, const char *expr,
                        const vl_sites *sites, int threads, vl_err *err);

#endif
