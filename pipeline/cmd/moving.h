/* What 'vial rename' and 'vial move' share: one request to bring stores to another sample
 * (bank/correct.h). */
#ifndef VL_MOVING_H
#define VL_MOVING_H

#include "pipeline/bank/correct.h"
#include "pipeline/cmd/opt.h"

/* ask: its "to" is checked here; given away. said: the line for people when it is done. The exit code. */
int vl_bring(const char *bank, json_t *ask, const char *said);

#endif
