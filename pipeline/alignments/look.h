/*
 * look: a small picture of how records lie upon a region, as text or SVG, as samtools tview draws it. Columns
 * are places, and behind a place those of letters that some record has inserted there. A letter that is the
 * reference's is a dot, or a comma on the other strand; one that is not stands there, small on the other
 * strand; * is deleted, > and < are skipped. The reference is what tags MD say it is, elsewhere the letter
 * that most records have, small.
 *
 * look.c          what is asked, the records
 * look_lay.c      columns, the reference, records in rows
 * look_draw.c     text and SVG
 */
#ifndef VL_LOOK_H
#define VL_LOOK_H

#include "pipeline/alignments/alignments_summaries.h"
#include "pipeline/alignments/regions.h"

enum { VL_LOOK_PLACES = 500, VL_LOOK_RECORDS = 20000, VL_LOOK_INSERTED = 30 };

/* A record that lies on the region; the parts are in buffers of the look. */
typedef struct vl_look_record {
    int64_t position;
    bool reverse;
    size_t cigar, nop, base, nbase, md, nmd;
} vl_look_record;

typedef struct vl_look {
    vl_region region;
    vl_cell name;
    size_t most;            /* rows at most */
    vl_look_record *record; /* owned; in the order of their positions once laid */
    size_t n, cap;
    uint64_t left; /* records that are not shown */
    vl_buf cigar, base, md;
    /* laid: */
    size_t nplace, width, nrow;
    size_t inserted[VL_LOOK_PLACES]; /* columns behind each place */
    size_t column[VL_LOOK_PLACES];
    char *reference; /* owned; [width] */
    char *cell;      /* owned; [nrow][width]: blank, or as above */
} vl_look;

vl_code vl_look_lay(vl_look *l, vl_err *err);
vl_code vl_look_text(const vl_look *l, vl_buf *text, vl_err *err);
vl_code vl_look_svg(const vl_look *l, vl_buf *text, vl_err *err);

#endif
