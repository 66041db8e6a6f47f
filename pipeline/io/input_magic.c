/*
 * Magic bytes: which compression a file or a member starts with (inflate.h). Names of files are never looked
 * at.
 */
#include "pipeline/io/inflate.h"

#include <string.h>

/* Compressions that we know by sight only. */
static const struct {
    const char *name;
    uint8_t at, len;
    char magic[8];
} refused[] = {
    { "bzip2", 4, 6, "\x31\x41\x59\x26\x53\x59" }, /* behind "BZh" and the level: a block, */
    { "bzip2", 4, 6, "\x17\x72\x45\x38\x50\x90" }, /* or the end of a file without one */
    { "xz", 0, 6, "\xfd\x37zXZ" },
    { "zip", 0, 4, "PK\3\4" },
    { "zip", 0, 4, "PK\5\6" },
    { "compress (.Z)", 0, 2, "\x1f\x9d" },
    { "lz4", 0, 4, "\x04\x22\x4d\x18" },
    { "lz4", 0, 4, "\x02\x21\x4c\x18" },
    { "lzip", 0, 5, "LZIP\1" },
    { "7z", 0, 6, "7z\xbc\xaf\x27\x1c" },
};

vl_code vl_magic_refuse(const uint8_t *bytes, size_t n, vl_err *err)
{
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        const size_t at = refused[i].at, len = refused[i].len;
        if (n < at + len || memcmp(bytes + at, refused[i].magic, len)) continue;
        return vl_fail(err, VL_EUNSUP,
                       "file is %s-compressed; gzip, BGZF and zstd are read, decompress it first",
                       refused[i].name);
    }
    return VL_OK;
}

bool vl_magic_gzip(const uint8_t *bytes, size_t n) { return n && !memcmp(bytes, "\x1f\x8b", n < 2 ? n : 2); }

bool vl_magic_zstd(const uint8_t *bytes, size_t n)
{
    if (n > 4) n = 4;
    if (n && (bytes[0] & 0xf0) == 0x50) return !memcmp(bytes + 1, "\x2a\x4d\x18", n - 1); /* one to skip */
    return n && !memcmp(bytes, "\x28\xb5\x2f\xfd", n);
}

bool vl_magic_behind(const uint8_t *bytes, size_t n)
{
    return n <= VL_BEHIND_MOST && !memmem(bytes, n, "\x1f\x8b", 2);
}
