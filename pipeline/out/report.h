/*
 * The report of a store: one HTML page that needs no network, made of nothing but the store, so that one
 * store always gives the same page. What it is and how large, the plots of its kind (kind.h, report),
 * where it came from, what its columns take, what is odd. */
#ifndef VL_REPORT_H
#define VL_REPORT_H

#include "formats/err.h"
#include "pipeline/run/progress.h"

#include <stdbool.h>

typedef struct vl_report_ask {
    const char *store;
    const char *out; /* "-": standard output */
    bool force;      /* replace out */
    bool verify;     /* check the whole store first and say what was found */
    int threads;     /* of that check */
    vl_progress_how progress;
} vl_report_ask;

/* A store that does not pass its check still has a page, which says so, where it can be read at all; the
 * error is that of the check. */
vl_code vl_report_run(const vl_report_ask *ask, vl_err *err);

/* Into another page: the tiles that say how good the data of a store is (kind.h, brief). err is that of
 * html. */
struct vl_html;
vl_code vl_report_brief(const char *store, struct vl_html *html, vl_err *err);

#endif
