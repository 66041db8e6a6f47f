/* What became of a file without a seal (seal.h), told from its bytes alone: HDF5 is not asked. */
#include "pipeline/store/seal.h"

#include "formats/letter.h"
#include "pipeline/store/file.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { SUPERBLOCK = 48, LOOK = 1 << 20 };

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

/* The head of a file: what stands in the place of a seal in front, and HDF5's superblock at either place. */
typedef struct head {
    uint8_t block[VL_SEAL_BLOCK], superblock[SUPERBLOCK]; /* zeros where the file ends before */
} head;

static vl_code read_head(int fd, uint64_t size, head *h, vl_err *err)
{
    *h = (head){ 0 };
    return vl_read_at(fd, h, size < sizeof *h ? size : sizeof *h, 0, err);
}

static bool is_hdf5(const uint8_t *superblock) { return !memcmp(superblock, VL_HDF5_MAGIC, 8); }

static bool is_ours(const uint8_t *superblock)
{
    return is_hdf5(superblock) && superblock[VL_HDF5_VERSION_AT] >= 2 && superblock[VL_HDF5_VERSION_AT] <= 3;
}

vl_code vl_seal_extent(int fd, uint64_t size, vl_seal *seal, vl_err *err)
{
    head h;
    *seal = (vl_seal){ .place = VL_SEAL_FRONT };
    if (read_head(fd, size, &h, err)) return err->code;
    const bool front = is_ours(h.superblock);
    if (!front && !is_ours(h.block))
        return vl_fail(err, VL_ESTORE, "not a vial store: no HDF5 that vial writes");
    const uint64_t end = vl_le64((front ? h.superblock : h.block) + VL_HDF5_END_AT);
    seal->place = front ? VL_SEAL_FRONT : VL_SEAL_BEHIND;
    if (end > size || end < sizeof h)
        return vl_fail(err, VL_ESTORE, "is cut short: %" PRIu64 " of %" PRIu64 " bytes are there", size, end);
    seal->bytes = front ? end : end + VL_TRAILER;
    return VL_OK;
}

/* HDF5 from byte 0 on: the seal was behind it. */
static vl_code lost_behind(int fd, uint64_t size, vl_err *err)
{
    vl_seal was;
    if (vl_seal_extent(fd, size, &was, err)) return err->code;
    if (size > vl_seal_end(&was))
        return vl_fail(err, VL_ESTORE,
                       "its seal is damaged or cut short: the last %" PRIu64 " bytes are none",
                       size - vl_seal_end(&was));
    if (!looks_like_vial(fd, size))
        return vl_fail(err, VL_ESTORE, "not a vial store: an HDF5 file without a seal");
    return vl_fail(err, VL_ESTORE,
                   "was opened for writing by an HDF5 program: its seal was cut off; "
                   "`vial reseal` proves the content and seals it again");
}

vl_code vl_seal_lost(int fd, uint64_t size, vl_err *err)
{
    static const uint8_t zeros[VL_SEAL_BLOCK];
    head h;
    if (read_head(fd, size, &h, err)) return err->code;
    if (is_hdf5(h.block)) return lost_behind(fd, size, err);
    if (!is_hdf5(h.superblock)) return vl_fail(err, VL_ESTORE, "not a vial store: no HDF5 signature");
    if (!memcmp(h.block, zeros, sizeof zeros))
        return vl_fail(err, VL_ESTORE, "was never sealed: the run that wrote it was stopped");
    return vl_fail(err, VL_ESTORE, "its seal, the first %d bytes, is damaged, or it is no vial store",
                   VL_SEAL_BLOCK);
}
