/* Files as a whole: every byte read, written, copied, and the folder synced so that a name stays. */
#ifndef VL_FILE_H
#define VL_FILE_H

#include "formats/err.h"

/* Writes all n bytes at the descriptor's place. VL_EIO. */
vl_code vl_write_all(int fd, const void *bytes, size_t n, vl_err *err);
/* Reads, writes exactly n bytes at `at`. VL_EIO; VL_ESTORE: the file ends before. */
vl_code vl_read_at(int fd, void *bytes, size_t n, uint64_t at, vl_err *err);
vl_code vl_write_at(int fd, const void *bytes, size_t n, uint64_t at, vl_err *err);
/* The next n bytes; the kernel copies, or shares, what it can. VL_EIO; VL_ESTORE: there are fewer. */
vl_code vl_copy_bytes(int from, int to, uint64_t n, vl_err *err);
/* Syncs the folder that path lies in. */
vl_code vl_sync_folder(const char *path, vl_err *err);

#endif
