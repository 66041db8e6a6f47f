/* vial info --history: how what is known about a sample came to be. */
#ifndef VL_INFO_HISTORY_H
#define VL_INFO_HISTORY_H

#include <stdbool.h>

/* Prints it; the exit code. bank NULL: as in the environment. */
int vl_tell_history(const char *bank, const char *sample, bool json);

#endif
