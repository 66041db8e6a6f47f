/* Progress on standard error: a bar on a terminal, a line a minute otherwise, JSON lines on request, or
 * silence. */
#ifndef VL_PROGRESS_H
#define VL_PROGRESS_H

#include <stddef.h>
#include <stdint.h>

typedef enum vl_progress_how { VL_PROGRESS_AUTO, VL_PROGRESS_JSON, VL_PROGRESS_OFF } vl_progress_how;

typedef struct vl_progress {
    vl_progress_how how;
    const char *what;    /* "ingest", "verify", "export" */
    const char *unit;    /* the word for rows */
    int terminal, shown; /* standard error is a terminal; something is on its line */
    double start, last;
    uint64_t done, total, rows; /* as shown last */
} vl_progress;

void vl_progress_start(vl_progress *p, vl_progress_how how, const char *what, const char *unit);
/* done of total bytes (total 0: unknown) and rows so far; prints when it is time. */
void vl_progress_show(vl_progress *p, uint64_t done, uint64_t total, uint64_t rows);
void vl_progress_end(vl_progress *p); /* clears the bar; as JSON, a last line says how far it came */
/* One line in the place of the one before, cut to the terminal's width so that it never wraps. */
void vl_progress_line(const char *line);
size_t vl_progress_width(void); /* cells of the terminal; 80 where that is not known */
/* From now on bytes done by "ingest", and by the "verify" behind it, are also written here, for a supervisor
 * to see; NULL: no more. */
void vl_progress_share(volatile uint64_t *done);
double vl_progress_seconds(const vl_progress *p);

/* "3.1 GB" and the like, decimal units, into text of 16 bytes. */
const char *vl_human_bytes(uint64_t bytes, char text[16]);

#endif
