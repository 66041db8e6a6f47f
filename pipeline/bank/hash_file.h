/* SHA-256 of a file as it is: what a record knows an original by. */
#ifndef VL_HASH_FILE_H
#define VL_HASH_FILE_H

#include "formats/err.h"

/* In hex. VL_ENOIN: it cannot be opened; VL_EIO. */
vl_code vl_hash_file(const char *path, char hex[65], vl_err *err);

#endif
