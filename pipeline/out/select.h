/*
 * Selecting: the rows for which all holds that is asked for. A kind has a table of predicates, each of which
 * sees a few columns. They are tried one after the other, in the order of the table, each on the rows that
 * are left: so a column is unpacked only where it must be. What an index answers stands first, then what
 * needs only the lengths of rows, then names, last what needs the data itself.
 */
#ifndef VL_SELECT_H
#define VL_SELECT_H

#include "pipeline/out/find.h"
#include "pipeline/out/view.h"

enum { VL_SIGHTS = 8 };

typedef struct vl_predicate {
    bool (*asked)(const vl_viewer *v);
    vl_sight sight[VL_SIGHTS]; /* what it sees; the rest is VL_WANT_NOT */
    /* Takes away what an index can rule out, of the table that is walked; NULL: there is none. */
    vl_code (*narrow)(vl_viewer *v, vl_rows *may, vl_err *err);
    /* As look of vl_search (find.h); its self is the viewer. */
    vl_code (*holds)(const void *viewer, const vl_batch *b, size_t n, uint8_t *what, vl_err *err);
} vl_predicate;

typedef struct vl_selection {
    const vl_predicate *predicate; /* ends with asked NULL */
    int table, along; /* which rows are walked, as of vl_search: those of `along` are selected, */
    size_t step;      /* or, where it is -1, those of the table */
} vl_selection;

/* Adds those of rows [from, to] for which all that is asked holds to v->rows. */
vl_code vl_select(vl_viewer *v, const vl_selection *s, uint64_t from, uint64_t to, vl_err *err);

#endif
