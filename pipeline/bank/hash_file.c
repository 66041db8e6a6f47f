/* SHA-256 of files (hash_file.h). */
#include "pipeline/bank/hash_file.h"

#include "formats/letter.h"
#include "formats/sha.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

vl_code vl_hash_file(const char *path, char hex[65], vl_err *err)
{
    enum { PIECE = 1 << 20 };
    unsigned char sha[32];
    ssize_t n = 0;
    uint8_t *const piece = malloc(PIECE);
    SHA256_CTX hash;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (!piece) vl_fail(err, VL_ENOMEM, "no memory to hash an input");
    else if (fd < 0) vl_fail_errno(err, VL_ENOIN, errno, "cannot open");
    SHA256_Init(&hash);
    while (!err->code && ((n = read(fd, piece, PIECE)) > 0 || (n < 0 && errno == EINTR)))
        if (n > 0) SHA256_Update(&hash, piece, (size_t)n);
    if (!err->code && n < 0) vl_fail_errno(err, VL_EIO, errno, "cannot read");
    SHA256_Final(sha, &hash);
    if (!err->code) vl_hex(sha, sizeof sha, hex);
    if (fd >= 0) close(fd);
    free(piece);
    return vl_err_file(err, path);
}
