/* Notes of a store about its inputs (the attributes of source and source/0, source/1 ...). */
#ifndef VL_NOTE_SOURCES_H
#define VL_NOTE_SOURCES_H

#include "pipeline/in/cut.h"
#include "pipeline/store/store.h"

/* Control characters would break the manifest's lines: they become '?'. */
void vl_note_clean(char *text);
/* After the run, when the cutter knows all of its files. */
vl_code vl_note_sources(vl_store *store, const vl_cutter *cutter, const vl_inputs *inputs, vl_err *err);

#endif
