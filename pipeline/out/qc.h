/*
 * Quality control of a store: what was counted when it came in (kind.h, vl_tally), or what its columns say,
 * in the forms that a kind has for it. Not all rows are read.
 */
#ifndef VL_OUT_QC_H
#define VL_OUT_QC_H

#include "pipeline/out/about.h"
#include "pipeline/out/kind.h"
#include "pipeline/out/measure.h"

enum { VL_QC_NOTE = 240 };

typedef struct vl_qc_ask {
    const char *store;
    const char *form;  /* its name; NULL: the kind's first */
    const char *out;   /* "-": standard output; of a form of many files a folder */
    const char *name;  /* what the data is called in what is written; NULL: the sample, or the store's file */
    const char *rules; /* version of the rules of a form that has several; NULL: its own choice */
    const char *list;  /* of sequences with names, for forms that name some; NULL: what there is */
    bool force;
    const vl_limit *limit; /* of the bank */
    int nlimit;
} vl_qc_ask;

/* note: what is missing, "" mostly. */
vl_code vl_qc_run(const vl_qc_ask *ask, char note[VL_QC_NOTE], vl_err *err);

/* ---- what a kind answers with ---- */

typedef struct vl_qc_job {
    const vl_qc_ask *ask;
    vl_store *store;
    const vl_about *about;
    const char *name;
    char note[VL_QC_NOTE];
    /* Writes a file of that name, which may have one folder before it; "" where the form is one text. */
    vl_code (*put)(struct vl_qc_job *job, const char *file, const vl_buf *text, vl_err *err);
} vl_qc_job;

/* What the bank's limits say of the store: the worst of all. text: a line for each that there is, or NULL. */
vl_code vl_qc_judge(const vl_qc_job *job, vl_light *light, vl_buf *text, vl_err *err);

/* Lines on the bank's limits, and what they say together; nothing where there are none. */
void vl_qc_put_limits(const vl_qc_job *job, vl_buf *text, vl_err *err);

typedef struct vl_qc_form {
    const char *name, *doc;
    bool folder; /* it is files, into a folder */
    vl_code (*print)(vl_qc_job *job, vl_err *err);
} vl_qc_form;

#endif
