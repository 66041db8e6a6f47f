/*
 * The seal of a store or of a sample.h5 (seal.c): how long the file is and what its bytes hash to. It is
 * written last and checked before HDF5 is asked.
 *
 * In front (what is written): the HDF5 user block, 512 bytes of text before HDF5's own, which HDF5 programs
 * leave as it is. Zeros: not sealed. Behind (stores and sample.h5 of earlier days): 48 bytes behind HDF5's
 * end; an HDF5 program that opens such a file for writing cuts them off.
 */
#ifndef VL_SEAL_H
#define VL_SEAL_H

#include "pipeline/store/store.h"

/* In HDF5's superblock (versions 2 and 3, which vial writes): signature, u8 version, u8 and u8 sizes, u8
 * flags, u64 base address, u64 address of an extension, u64 end of file (Specification of the file format,
 * II.A). */
#define VL_HDF5_MAGIC "\x89HDF\r\n\x1a\n"
enum { VL_HDF5_VERSION_AT = 8, VL_HDF5_FLAGS_AT = 11, VL_HDF5_END_AT = 28 };

typedef enum vl_seal_place { VL_SEAL_FRONT, VL_SEAL_BEHIND } vl_seal_place;

typedef struct vl_seal {
    vl_seal_place place;
    uint64_t bytes; /* of the whole file */
    uint8_t hash[16];
    uint64_t record_at, record_bytes; /* of a sample.h5: where its record lies; 0, 0 in stores */
} vl_seal;

/* Seals a file that is written but for its seal: hashes it, adds what seal->place and record say, syncs.
 * Fills bytes and hash. In front, the block is there already, as zeros. */
vl_code vl_seal_write(int fd, int threads, vl_seal *seal, vl_err *err);
/* Reads the seal of a file of so many bytes and compares it with its length; threads > 0: and with the hash
 * of its bytes. VL_ESTORE says what became of it, as far as can be told. */
vl_code vl_seal_look(int fd, uint64_t size, int threads, vl_seal *seal, vl_err *err);

/* Where HDF5's own bytes end: the seal behind, or the file. */
uint64_t vl_seal_end(const vl_seal *seal);
/* The same of a file whose seal is lost or does not fit: fills place and bytes from what HDF5's superblock
 * says. VL_ESTORE: the file is shorter, or no HDF5. */
vl_code vl_seal_extent(int fd, uint64_t size, vl_seal *seal, vl_err *err);

/* The bytes from..to of a file as seals hash them, to > from: XXH3-128 over the XXH3-128 of each MiB (all in
 * canonical order), so that all threads can work on it. */
vl_code vl_seal_hash(int fd, uint64_t from, uint64_t to, int threads, uint8_t hash[16], vl_err *err);

/* VL_ESTORE: what became of a file that has no seal (seal_lost.c). */
vl_code vl_seal_lost(int fd, uint64_t size, vl_err *err);

#endif
