/* SHA-256 of files (hash_file.h). */
#include "pipeline/bank/hash_file.h"

#include "formats/letter.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

vl_code vl_hash_file(const char *path, char hex[65], vl_err *err)
{
    enum { PIECE = 1 << 20 };
    unsigned char sha[32];
    ssize_t n = 0;
    uint8_t *const piece = malloc(PIECE);
    EVP_MD_CTX *const hash = EVP_MD_CTX_new();
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (!piece || !hash) vl_fail(err, VL_ENOMEM, "no memory to hash an input");
    else if (fd < 0) vl_fail_errno(err, VL_ENOIN, errno, "cannot open");
    else if (!EVP_DigestInit_ex(hash, EVP_sha256(), NULL)) vl_fail(err, VL_ENOMEM, "SHA-256 failed");
    while (!err->code && ((n = read(fd, piece, PIECE)) > 0 || (n < 0 && errno == EINTR)))
        if (n > 0) EVP_DigestUpdate(hash, piece, (size_t)n);
    if (!err->code && n < 0) vl_fail_errno(err, VL_EIO, errno, "cannot read");
    if (!err->code && !EVP_DigestFinal_ex(hash, sha, NULL)) vl_fail(err, VL_ENOMEM, "SHA-256 failed");
    if (!err->code) vl_hex(sha, sizeof sha, hex);
    if (fd >= 0) close(fd);
    EVP_MD_CTX_free(hash);
    free(piece);
    return vl_err_file(err, path);
}
