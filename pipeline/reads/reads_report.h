/*
 * Reads in the report of a store (out/report.h), from the tables under /qc alone, each mate beside the other.
 *
 * reads_report.c    the whole: tiles, remarks, what FastQC's limits say of it
 * report_places.c   plots by position in the read
 * report_tiles.c    the map of the tiles of a flow cell
 * report_reads.c    plots of reads as a whole
 * report_long.c     long reads: mean errors by length
 * report_often.c    reads that occur often, and adapters
 * report_pairs.c    fragments, as the overlap of mates tells them, and whole copies
 */
#ifndef VL_READS_REPORT_H
#define VL_READS_REPORT_H

#include "pipeline/page/svg.h"
#include "pipeline/reads/reads_fastqc.h"

typedef struct vl_reads_page {
    vl_html *h;
    const vl_reads_qc *qc; /* [3]: single reads, first mates, second mates */
    int first, end;        /* mates that there are */
    vl_reads_whole whole;
    double *y;   /* room for the values of a plot */
    vl_err *err; /* that of h */
} vl_reads_page;

enum {
    VL_REPORT_ROOM = 8 * VL_QC_POSITIONS,
    VL_REPORT_PLACES = 256
}; /* of y; groups of long reads, at most */

typedef void vl_reads_plot(vl_reads_page *p, const vl_reads_qc *qc);
vl_reads_plot vl_report_quality, vl_report_bases, vl_report_n, vl_report_adapters; /* by position */
vl_reads_plot vl_report_tiles;
vl_reads_plot vl_report_read_quality, vl_report_gc, vl_report_lengths, vl_report_levels; /* of reads */
vl_reads_plot vl_report_errors;                                                          /* of long reads */
vl_reads_plot vl_report_duplication;

void vl_report_error_table(vl_reads_page *p);
void vl_report_pairs(vl_reads_page *p); /* fragments and what lies behind them; whole copies */

/* Tables of all mates. */
void vl_report_adapter_table(vl_reads_page *p);
void vl_report_tail_table(vl_reads_page *p);
void vl_report_sequences(vl_reads_page *p);

/* "Quality by position, mate 2" */
const char *vl_report_caption(const vl_reads_qc *qc, const char *what, char text[96]);

#endif
