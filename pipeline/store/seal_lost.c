/*
 * What became of a file without a seal (seal.h), told from its bytes alone: HDF5 is not asked. The superblock of
 * HDF5 (versions 2 and 3, which vial writes) is: signature, u8 version, u8 and u8 sizes, u8 flags, u64 base
 * address, u64 address of an extension, u64 end of file (Specification of the file format, section II.A).
 */
#include "pipeline/store/seal.h"

#include "formats/letter.h"
#include "pipeline/store/file.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { SUPERBLOCK = 48, END_AT = 28, LOOK = 1 << 20 };

/* Do these bytes hold the name of a note that every store has? */
static bool mentions_vial(const uint8_t *bytes, size_t n)
{
    return memmem(bytes, n, "vial.format", 11) != NULL;
}

/* Does a MiB at either end of the file? Notes lie at the end, or at the start of a file of few. */
static bool looks_like_vial(int fd, uint64_t size)
{
    vl_err err = VL_ERR_INIT;
    const size_t n = size < LOOK ? (size_t)size : LOOK;
    uint8_t *const piece = malloc(n);
    const bool found = piece && ((!vl_read_at(fd, piece, n, size - n, &err) && mentions_vial(piece, n)) ||
                                 (!vl_read_at(fd, piece, n, 0, &err) && mentions_vial(piece, n)));
    free(piece);
    return found;
}

/* HDF5 from byte 0 on: the seal was behind it. */
static vl_code lost_behind(int fd, uint64_t size, const uint8_t *superblock, vl_err *err)
{
    const uint64_t end = vl_le64(superblock + END_AT);
    if (superblock[8] < 2 || superblock[8] > 3)
        return vl_fail(err, VL_ESTORE, "not a vial store: an HDF5 file without a seal");
    if (size < end)
        return vl_fail(err, VL_ESTORE,
                       "is cut short: %" PRIu64 " of %" PRIu64 " bytes are there, and no seal", size, end);
    if (size > end)
        return vl_fail(err, VL_ESTORE,
                       "its seal is damaged or cut short: %" PRIu64 " bytes behind the end of its HDF5 "
                       "are none",
                       size - end);
    if (!looks_like_vial(fd, size))
        return vl_fail(err, VL_ESTORE, "not a vial store: an HDF5 file without a seal");
    return vl_fail(err, VL_ESTORE,
                   "was opened for writing by an HDF5 program: its seal was cut off; "
                   "`vial reseal` proves the content and seals it again");
}

vl_code vl_seal_lost(int fd, uint64_t size, vl_err *err)
{
    static const uint8_t zeros[VL_SEAL_BLOCK];
    uint8_t head[VL_SEAL_BLOCK + SUPERBLOCK] = { 0 };
    if (vl_read_at(fd, head, size < sizeof head ? size : sizeof head, 0, err)) return err->code;
    if (!memcmp(head, VL_HDF5_MAGIC, 8)) return lost_behind(fd, size, head, err);
    if (memcmp(head + VL_SEAL_BLOCK, VL_HDF5_MAGIC, 8))
        return vl_fail(err, VL_ESTORE, "not a vial store: no HDF5 signature");
    if (!memcmp(head, zeros, sizeof zeros))
        return vl_fail(err, VL_ESTORE, "was never sealed: the run that wrote it was stopped");
    return vl_fail(err, VL_ESTORE, "its seal, the first %d bytes, is damaged, or it is no vial store",
                   VL_SEAL_BLOCK);
}
