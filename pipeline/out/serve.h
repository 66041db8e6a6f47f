/*
 * Serve: rows of stores for programs that read htsget (GA4GH htsget 1.3, section "Ticket"), on this machine
 * alone:
 *
 *     GET /ENDPOINT/ID?format=F&referenceName=chr1&start=0&end=1000   a ticket: where the bytes are
 *     GET /data/ENDPOINT/ID?...                                       the bytes: what `vial view` prints
 *
 * Each connection has a process of its own, and what reads a store another in that: a store that a library
 * dies of ends one answer. An answer that did not come to its end lacks its last piece, so that nobody takes
 * it for whole.
 */
#ifndef VL_SERVE_H
#define VL_SERVE_H

#include "formats/err.h"

#include <stdbool.h>

/* What a kind serves. */
typedef struct vl_served {
    const char *endpoint; /* of htsget: "reads", "variants" */
    const char *format;   /* as htsget calls it */
    const char *form;     /* that of vial view (vl_form) */
    const char *header;   /* option of its question: nothing but what stands before the first row */
} vl_served;

enum { VL_SERVE_PATH = 4096 };

typedef struct vl_serve {
    int port;  /* 0: any that is free */
    bool once; /* until one answer with data has come to its end */
    int threads;
    /* The path of the store that has this id. VL_ENOIN: there is none. */
    vl_code (*find)(void *self, const char *id, char path[VL_SERVE_PATH], vl_err *err);
    /* Called once somebody can connect. */
    void (*ready)(void *self, int port);
    void *self;
} vl_serve;

vl_code vl_serve_run(const vl_serve *ask, vl_err *err);

#endif
