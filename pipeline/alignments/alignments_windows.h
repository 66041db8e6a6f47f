/*
 * Depth along contigs, and by GC, as it is counted of all alignments when they come in. Letters of records
 * that depth takes and that have letters (none of VL_FLAGS_PASSED), upon the contig (M = X), fall into
 * windows of VL_WINDOW letters; which of them are G or C the reads say, as a store has no reference.
 *
 *     along contigs   sums of windows, which grow by doubling until of all contigs together no more than
 *                     VL_WINDOWS come to each contig's first
 *     by GC           how many windows of each percentage of G and C among their letters, and how many
 *                     letters lie upon these; of files in the order of their places, as a window's letters
 *                     are all there when a record begins behind it
 *
 * A window of which reads do not know half of VL_WINDOW letters counts nowhere by GC. The pass is in two:
 * what rows add is found in parallel, and added up batch by batch, in their order.
 */
#ifndef VL_ALIGNMENTS_WINDOWS_H
#define VL_ALIGNMENTS_WINDOWS_H

#include "formats/alignments/alignments.h"
#include "pipeline/store/store.h"

enum { VL_WINDOW = 100, VL_WINDOWS = 1000, VL_GC = 101 };

/* What is summed up of a window. */
typedef enum vl_window_sum {
    VL_WS_LETTERS,
    VL_WS_KNOWN, /* A, C, G, T of them */
    VL_WS_GC,
    VL_WS_N
} vl_window_sum;

/* ---- in ---- */

/* What a row that lies upon the contig adds to its windows: appended to parts, of no more letters than it
 * has, whatever its CIGAR says. */
vl_code vl_windows_row(vl_buf *parts, const int64_t place[VL_PLACE_N], const uint8_t *cigar, size_t nop,
                       const uint8_t *letter, size_t nletter, vl_err *err);

/* Of one contig. */
typedef struct vl_windows_contig {
    uint64_t (*sum)[VL_WS_N]; /* owned; [n] */
    size_t n;
} vl_windows_contig;

/* Starts as zeros. */
typedef struct vl_windows {
    vl_windows_contig *contig; /* owned; [ncontig] */
    size_t ncontig;
    size_t more;    /* windows behind the first of each contig */
    unsigned shift; /* a window is of VL_WINDOW << shift letters */
    /* windows that may get more letters: [open.len - done), of one contig, from window `from` on */
    vl_buf open;
    size_t done;
    uint64_t from, at;
    bool broken;           /* they are too many, or came in another order */
    uint64_t gc[VL_GC][2]; /* of windows that get no more */
} vl_windows;

vl_code vl_windows_join(vl_windows *w, const vl_buf *parts, vl_err *err);
/* Tables of /qc. sorted: records lie in the order of their places. */
vl_code vl_windows_store(const vl_windows *w, bool sorted, vl_store *st, vl_err *err);
void vl_windows_free(vl_windows *w);

/* ---- out ---- */

typedef struct vl_windows_qc {
    uint64_t width; /* letters of a window; 0: the store has none */
    struct vl_window_line {
        uint64_t contig, window, sum[VL_WS_N];
    } * line; /* owned; [n]: windows with letters, by contig and window */
    size_t n;
    bool by_gc;
    uint64_t gc[VL_GC][2]; /* windows, letters */
} vl_windows_qc;

/* To be freed; into zeroes. */
vl_code vl_windows_load(vl_windows_qc *q, vl_store *st, vl_work *work, vl_err *err);
void vl_windows_qc_free(vl_windows_qc *q);
/* Depth of windows of a percentage, as a share of that of all; NaN: there are none. */
double vl_windows_gc(const vl_windows_qc *q, int percent);
/* How far depth is from that of all, of all windows on average, in percent of it; NaN: not known. */
double vl_windows_bias(const vl_windows_qc *q);

#endif
