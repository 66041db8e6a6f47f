/* Commands that are summaries of kinds (out/summary.h): `vial NAME STORE`. */
#ifndef VL_SUMMARIES_H
#define VL_SUMMARIES_H

#include "pipeline/cmd/opt.h"

/* All there are, each name once; ends with a name NULL. */
const vl_command *vl_summary_commands(void);

#endif
