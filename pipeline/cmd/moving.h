/* What 'vial rename', 'vial move' and 'vial undo' share: one request to bring stores to another sample
 * (bank/correct.h). */
#ifndef VL_MOVING_H
#define VL_MOVING_H

#include "pipeline/bank/correct.h"
#include "pipeline/cmd/opt.h"

/* May stores of sample `from` go to `to`? Not to a bad name, nor to one that differs by case only from
 * another sample of the bank: a slip would make a sample that nobody finds. */
vl_code vl_check_other_id(vl_catalog *c, const char *from, const char *to, vl_err *err);

/* ask: its "to" is checked here; given away. said: the line for people when it is done. The exit code. */
int vl_bring(const char *bank, json_t *ask, const char *said);

#endif
