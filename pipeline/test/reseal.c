/*
 * Seals a store that a test has changed: `reseal FILE.h5`. What tells an accident from a store as it was
 * written is right again, and what is wrong inside has to be found otherwise (hostile.py).
 */
#include "pipeline/store/seal.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool has_magic(int fd, off_t at)
{
    char magic[8];
    return at >= 0 && pread(fd, magic, 8, at) == 8 && !memcmp(magic, "VIALSEAL", 8);
}

int main(int argc, char **argv)
{
    vl_err err = VL_ERR_INIT;
    struct stat st;
    const int fd = argc == 2 ? open(argv[1], O_RDWR) : -1;
    if (fd < 0 || fstat(fd, &st)) return 2;
    vl_seal seal = { .place = has_magic(fd, 0) ? VL_SEAL_FRONT : VL_SEAL_BEHIND };
    /* an HDF5 program that wrote to the file has cut off what was behind it */
    if (seal.place == VL_SEAL_BEHIND && has_magic(fd, st.st_size - VL_TRAILER) &&
        ftruncate(fd, st.st_size - VL_TRAILER))
        return 2;
    if (vl_seal_write(fd, 1, &seal, &err)) fprintf(stderr, "reseal: %s\n", err.what);
    close(fd);
    return err.code != 0;
}
