/*
 * Extracted ion chromatograms: what the files xic*.c share.
 *
 *     ask     options and a file -> targets             xic_ask.c, xic_targets.c
 *     choose  columns of all spectra -> rows to read    xic_rows.c
 *     sum     peaks -> a number each row and target     xic_sum.c: fetch (ordered) -> sum (parallel)
 *     print   traces or totals, as they were asked for  xic_print.c, xic_forms.c
 *
 * Many targets go in blocks, so that memory has a bound; each block looks at all rows.
 */
#ifndef VL_XIC_H
#define VL_XIC_H

#include "formats/spectra/spectra.h"
#include "pipeline/out/summary.h"

/* One trace. */
typedef struct vl_xic_target {
    vl_cell name; /* borrowed */
    double mz;    /* Th; NaN: all peaks of a spectrum count */
    double low, high;
    double time[2];   /* s, both included; NaN: any */
    int level;        /* 0: any */
    double isolation; /* Th: only spectra one of whose isolation windows has it; NaN: any */
    bool highest;     /* of the peaks in the window, not their sum */
} vl_xic_target;

/* What may be asked. */
typedef struct vl_xic_asked {
    const char *mz, *targets, *tolerance, *time, *form;
    int level, highest;
    double isolation, mobility[2];
    bool total, tic, bpc;
} vl_xic_asked;

/* Arrays of a spectrum that are read. */
enum { VL_XIC_MZ, VL_XIC_INTENSITY, VL_XIC_MOBILITY, VL_XIC_ARRAYS };

/* A spectrum that some target looks at. */
typedef struct vl_xic_row {
    uint64_t row;
    double time;
    int level;

    size_t precursor, precursor_end;                      /* its rows of the table of precursors */
    uint64_t start[VL_XIC_ARRAYS], length[VL_XIC_ARRAYS]; /* pieces */
    uint16_t column[VL_XIC_ARRAYS];
    bool has[VL_XIC_ARRAYS];
} vl_xic_row;

typedef struct vl_xic {
    vl_summary_job *job;
    const vl_xic_asked *asked;
    vl_buf file;           /* owned: that names are borrowed from */
    vl_xic_target *target; /* owned; as they were asked for */
    size_t ntarget, ctarget;
    vl_xic_row *row; /* owned; in the order of the store */
    size_t nrow;
    vl_buf target_mz, lower, upper; /* owned: doubles of all precursors */
    vl_buf time_text, time_end;     /* owned: times of rows as they are printed; u64 [nrow + 1] */
    size_t from, to;                /* the block of targets */
    size_t *order;                  /* owned; [to - from] targets, ascending by low */
    double widest;                  /* window of the block */
    double *value;                  /* owned; [nrow][to - from]; NaN: not known */
    vl_buf collected;               /* owned; of a form that prints late */
} vl_xic;

vl_code vl_xic_ask(vl_xic *x, vl_err *err);
/* One more target, as `like` but for its window: mz within the tolerance, "10ppm" where it is NULL. */
vl_code vl_xic_add(vl_xic *x, const vl_xic_target *like, const char *tolerance, vl_err *err);
/* Targets of a table. VL_EARG and VL_EFORMAT name its line and column. */
vl_code vl_xic_read_targets(vl_xic *x, const vl_xic_target *like, vl_err *err);
/* "600", "600s", "10m", "10min" in seconds; *end behind it. False: it is no time. */
bool vl_xic_seconds(const char *text, double *out, const char **end);
/* "600-660", "10m-12m", "600-", "-12m": --time. */
vl_code vl_xic_times(const char *text, double time[2], vl_err *err);

/* Whether a target looks at a row. */
bool vl_xic_looks(const vl_xic *x, const vl_xic_target *t, const vl_xic_row *row);
vl_code vl_xic_choose(vl_xic *x, vl_err *err);
/* Fills value of the block. */
vl_code vl_xic_sum(vl_xic *x, vl_err *err);

/* One way to print. */
typedef struct vl_xic_form {
    const char *name;
    bool totals; /* it can print them */
    bool late;   /* what trace makes is no text: it is collected for tail */
    vl_code (*head)(vl_xic *x, vl_buf *text, vl_err *err); /* may be NULL, as tail */
    /* Parallel: one target of which the rows that it looks at have value [n] and are row [n]. */
    vl_code (*trace)(const vl_xic *x, size_t target, const double *value, const size_t *row, size_t n,
                     vl_buf *text, vl_err *err);
    vl_code (*tail)(vl_xic *x, vl_buf *text, vl_err *err);
} vl_xic_form;
extern const vl_xic_form *const vl_xic_forms[]; /* ends with NULL; the first is the usual one */
/* All targets. */
vl_code vl_xic_print(vl_xic *x, const vl_xic_form *form, vl_err *err);

#endif
