/*
 * How the lines of a record of FASTQ are broken, as column reads/lines keeps it.
 *
 * Most records are as their input is: all lines end as its first one does, sequence and qualities stand in
 * lines of one width, or in one line each where the input has none. Of such a row nothing is kept. Of
 * another, numbers (leb.h):
 *
 *     blank lines before it, blank lines behind it
 *     lines of the sequence: 2 * width, 0 for one line; or 2 * number + 1, then the length of each
 *     the same of the qualities
 *     0; or 1, then a bit for each line from the first blank one to the last, the low ones first: it ends
 *     otherwise than the first line of the input
 */
#ifndef VL_FASTQ_LINES_H
#define VL_FASTQ_LINES_H

#include "formats/reads/fastq_scan.h"

/* As the lines of an input mostly are. */
typedef struct vl_usual {
    bool crlf;
    size_t width; /* of sequence and qualities; 0: one line */
} vl_usual;

/* Appends the row of a record that lies in a text which starts at `start` (its blank lines first) and goes on
 * to `end`; after: blank lines behind it that are to be kept. *odd: something was to be said. */
vl_code vl_lines_push(const vl_fastq_record *r, const uint8_t *start, const uint8_t *end, size_t after,
                      vl_usual usual, vl_batch *out, bool *odd, vl_err *err);

/* What stands in the lines of a record. title and plus are whole lines, with '@' and '+'. */
typedef struct vl_lines_text {
    vl_cell title, base, plus, quality; /* qualities: numbers */
} vl_lines_text;

/* Appends the text of a record whose row this is; it may be hostile. */
vl_code vl_lines_print(vl_cell row, vl_usual usual, const vl_lines_text *text, vl_buf *out, vl_err *err);

#endif
