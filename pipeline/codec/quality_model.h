/*
 * The model of a column's qualities (codec qctx): which contexts they stand in, and few enough frequencies to
 * be kept. It is learned from a chunk, and from then on only read.
 *
 * Bytes of a model, version 2; numbers of more than a byte are little-endian:
 *     u8  version; u8 symbols n, 1..127; u8 [n] their values, ascending
 *     u8  bits of mean; u8 its decay, 0..15: both are missing, and 0, in version 1
 *     u8  symbols of history; bits of second, top, position, unrest; u8 1: from the best; u8 [2] change
 *     u8 [32] steps_of; u32 position_mul; u8 1: rows are seen, 0: a chunk is one row
 *     u16 what it expects: 1/256 bit a symbol
 *     u8  clusters - 1; then one zstd frame of
 *         u8 [clusters * (n + 1)]  levels of frequencies: 0 none, L + 1: about 2^(L / 16) of 4096; the last
 *                                  one of each cluster is that of symbols without; what lacks to 4096 goes
 *                                  to the greatest
 *         u8 [contexts]            the cluster of each
 * What the words mean is in kernels/context.h.
 */
#ifndef VL_QUALITY_MODEL_H
#define VL_QUALITY_MODEL_H

#include "kernels/context.h"
#include "pipeline/codec/codec.h"
#include "pipeline/codec/log2.h"

enum { VL_QUALITY_VERSION = 2, VL_QUALITY_SYMBOLS = 127, VL_QUALITY_OTHER = 128, VL_CONTEXT_BITS = 17 };

typedef struct vl_quality_model {
    vl_context context;              /* its tables are the bufs below */
    uint8_t value[VL_QUALITY_OTHER]; /* of each symbol */
    uint8_t symbol[256];             /* of each value; with VL_QUALITY_OTHER set: the nearest, it has none */
    bool rows;
    uint32_t expects; /* 1/256 bit a symbol */
    vl_buf cluster, freq, slot;
} vl_quality_model;

/* Appends the bytes of a model of this chunk; nothing if there is nothing to learn. */
vl_code vl_quality_learn(const vl_pack_job *job, vl_buf *bytes, vl_err *err);
/* Reads a model from bytes that may be hostile. VL_ESTORE. Replaces what m holds. */
vl_code vl_quality_parse(vl_quality_model *m, const uint8_t *bytes, size_t n, vl_work *work, vl_err *err);
void vl_quality_free(vl_quality_model *m);

/* The lengths of rows as lanes->n lanes of nstep symbols each go through them: length, one more than there
 * are, none 0; and where lanes begin. row [nrow]: where rows end within n symbols; NULL: all is one. */
vl_code vl_quality_lanes(const uint32_t *row, size_t nrow, size_t n, size_t nstep, vl_buf *length,
                         vl_lanes *lanes, vl_err *err);
/* nstep of n symbols. */
static inline size_t vl_quality_steps(size_t n, size_t nlane) { return (n + nlane - 1) / nlane; }

/* Bytes that n qualities would take each for itself, by how often it is there: what is hardly smaller is
 * better left to another codec. */
size_t vl_quality_alone(const uint8_t *quality, size_t n, const vl_log2 *log);

/* ---- shared by learning and reading ---- */

enum { VL_QUALITY_SHAPE = 50 }; /* bytes between the values and the tables */
unsigned vl_quality_symbol_bits(unsigned nsymbol);
/* Sets all but the tables of m->context, whose nsymbol is set, by these bytes; returns the bits of a context,
 * 0: they make no sense. */
unsigned vl_quality_shape(vl_quality_model *m, const uint8_t bytes[VL_QUALITY_SHAPE]);

#endif
