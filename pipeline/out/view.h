/*
 * View: rows of a store that a question selects, printed in the formats other tools read.
 *
 * Reads are selected by row range or name; spectra by index, id, scan number, time, MS level and precursor
 * m/z. First the rows are found from the query columns alone; then only the chunks with these rows are
 * unpacked: find -> plan (ordered) -> print (parallel) -> emit (ordered).
 */
#ifndef VL_VIEW_H
#define VL_VIEW_H

#include "formats/text.h"
#include "pipeline/io/output.h"
#include "pipeline/out/kind.h"
#include "pipeline/out/reader.h"

typedef struct vl_view {
    const char *store;
    const char *out;     /* "-": standard output */
    const char *format;  /* "fastq", "tsv", "json", "mgf", "mzml"; NULL: the kind's own */
    const char *columns; /* "a,b"; NULL: the format's usual ones */
    const char *name, *id;
    uint64_t from, to;           /* rows, inclusive */
    uint64_t scan;               /* VL_NOWHERE: any */
    int ms_level;                /* 0: any */
    bool by_time;                /* spectra without a time are left out */
    double time[2];              /* s */
    double mz[2];                /* peaks to print, Th */
    double precursor, tolerance; /* Th; NaN: any */
    bool tolerance_ppm;
    bool force;
    int threads;
} vl_view;

vl_code vl_view_run(const vl_view *ask, vl_err *err);

/* ---- between the files view*.c ---- */

/* Rows to print, ascending, as runs of neighbours. */
typedef struct vl_rows {
    struct vl_run_of_rows {
        uint64_t first, n;
    } * run; /* owned */
    size_t n, cap;
    size_t at;     /* run that take is in */
    uint64_t done; /* rows of it that were taken */
} vl_rows;
/* Adds n rows behind those that are there. */
vl_code vl_rows_add(vl_rows *rows, uint64_t first, uint64_t n, vl_err *err);
/* The next neighbours, `most` of them at most; 0: none are left. */
size_t vl_rows_take(vl_rows *rows, size_t most, uint64_t *first);

/* What one slot carries. */
typedef struct vl_leaf {
    vl_plan plan;
    vl_work work;
    vl_buf text;
    uint64_t first; /* row of the store */
    size_t n;       /* rows */
    void *own;      /* of the kind; made by plan, freed by drop */
} vl_leaf;

typedef struct vl_viewer {
    const vl_view *ask;
    vl_reader *r;
    vl_rows rows;
    uint64_t found; /* rows */
    vl_work work;
    void *own; /* of the kind */
} vl_viewer;

/* What may be asked of a kind. */
typedef struct vl_question {
    vl_code (*open)(vl_viewer *v, vl_err *err);                /* checks what is asked, finds the rows */
    vl_code (*head)(vl_viewer *v, vl_buf *text, vl_err *err);  /* before the first row */
    vl_code (*plan)(vl_viewer *v, vl_leaf *leaf, vl_err *err); /* ordered */
    vl_code (*print)(const vl_viewer *v, vl_leaf *leaf, vl_err *err); /* parallel */
    vl_code (*tail)(vl_viewer *v, vl_buf *text, vl_err *err);         /* behind the last */
    void (*drop)(vl_leaf *leaf);                                      /* frees leaf->own; may be NULL */
    void (*close)(vl_viewer *v);
} vl_question;

/* The columns asked for, or usual ones: numbers into known, -1 ends the list. VL_EARG names an unknown one.
 */
enum { VL_VIEW_COLUMNS = 32 };
vl_code vl_view_choose(const char *asked, const char *usual, const char *const *known,
                       int chosen[VL_VIEW_COLUMNS + 1], vl_err *err);

#endif
