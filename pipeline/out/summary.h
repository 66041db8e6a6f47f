/*
 * Summaries: what is said of a whole store in one text, each a command of its own: `vial NAME STORE`. They
 * belong to a kind, as questions do (view.h); the command line finds them by their names.
 */
#ifndef VL_SUMMARY_H
#define VL_SUMMARY_H

#include "formats/option.h"
#include "pipeline/io/output.h"
#include "pipeline/out/kind.h"
#include "pipeline/out/reader.h"

typedef struct vl_summary_ask {
    const char *store;
    const char *argument;  /* what stands behind the store; NULL: nothing */
    const char *out;       /* "-": standard output */
    const vl_given *given; /* options of the summary */
    bool force;
    int threads;
} vl_summary_ask;

/* Opens the store, lets its kind print the summary of that name. VL_EUNSUP: it has none such. */
vl_code vl_summary_run(const char *name, const vl_summary_ask *ask, vl_err *err);

/* ---- what a kind answers with ---- */

typedef struct vl_summary_job {
    const vl_summary_ask *ask;
    vl_store *store;
    const vl_kind *kind;
    vl_reader *r;      /* NULL: print asks for counts alone, and has not asked for rows */
    const void *asked; /* the struct of options */
    vl_output *out;
    vl_work work;
} vl_summary_job;

typedef struct vl_summary {
    const char *name, *doc;
    const char *more;         /* paragraphs and examples for help */
    const char *argument;     /* what may stand behind the store: "REGION"; NULL: nothing */
    const vl_opt *option;     /* may use letters of the command's own options but o and @ */
    size_t size;              /* of the struct that they fill; zeroed before */
    void (*defaults)(void *); /* may be NULL */
    bool counts;              /* of tables in the store, most likely: r is opened by vl_summary_rows */
    vl_code (*print)(vl_summary_job *job, vl_err *err);
} vl_summary;

/* Opens the reader of a summary of counts that finds none in the store. */
vl_code vl_summary_rows(vl_summary_job *job, vl_err *err);

/* The summary of that name; NULL: the kind has none. */
const vl_summary *vl_summary_find(const vl_kind *kind, const char *name);

#endif
