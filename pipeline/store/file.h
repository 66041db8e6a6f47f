/* Files as a whole: every byte written, and the folder synced so that a name stays. */
#ifndef VL_FILE_H
#define VL_FILE_H

#include "formats/err.h"

/* Writes all n bytes at the descriptor's place. VL_EIO. */
vl_code vl_write_all(int fd, const void *bytes, size_t n, vl_err *err);
/* Syncs the folder that path lies in. */
vl_code vl_sync_folder(const char *path, vl_err *err);

#endif
