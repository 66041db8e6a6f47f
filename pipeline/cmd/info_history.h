/* vial info --history: how what is known about a sample came to be. */
#ifndef VL_INFO_HISTORY_H
#define VL_INFO_HISTORY_H

#include <jansson.h>
#include <stdbool.h>

/* Prints it; the exit code. bank NULL: as in the environment. */
int vl_tell_history(const char *bank, const char *sample, bool json);

/* What a correction has done: "S1: renamed", and a line for each of its changes (ledger/history.h). */
void vl_tell_changes(const char *name, const char *did, const json_t *changes);

#endif
