/*
 * A kind of data: what the pipeline takes from it. One entry of kinds.def each; nothing else outside of a
 * kind's own folders, formats/<kind>/ and pipeline/<kind>/, knows a kind by name. */
#ifndef VL_KIND_H
#define VL_KIND_H

#include "formats/schema.h"
#include "pipeline/index/index.h"
#include "pipeline/store/store.h"

struct vl_sites; /* io/sites.h */

/* Statistics of a whole input, computed on the way: one state a slot, added in parallel, merged at the
 * end. Sums must not depend on the order. What does is shared: one for all slots, which batches join one
 * after the other, in their order, each behind its add. */
enum { VL_TALLY_SAID = 88 };
typedef struct vl_tally {
    size_t size, shared; /* of a state, of what is shared; zeroed before */
    /* Where somebody gives a list of sites (io/sites.h): ordered, before a batch is added, what add must know
     * of it; and what of the list the data has, for people. NULL: the kind counts no sites. */
    vl_code (*look)(void *shared, const struct vl_sites *sites, const vl_batch *batch, vl_err *err);
    void (*said)(const void *shared, char text[VL_TALLY_SAID]);
    vl_code (*add)(const void *shared, void *state, const vl_batch *batch, vl_err *err);
    vl_code (*join)(void *shared, void *state, const vl_batch *batch, vl_err *err);
    vl_code (*merge)(void *into, const void *from, vl_err *err);
    vl_code (*store)(const void *shared, const void *state, vl_store *st, vl_err *err); /* tables under /qc */
    void (*free)(void *state);
    void (*free_shared)(void *shared);
} vl_tally;

struct vl_question; /* out/view.h */
struct vl_measures; /* out/measure.h */
struct vl_qc_form;  /* out/qc.h */
struct vl_summary;  /* out/summary.h */
struct vl_served;   /* out/serve.h */
struct vl_identity; /* out/identity.h */
struct vl_reader;   /* out/reader.h */
struct vl_html;     /* page/html.h */

typedef struct vl_kind {
    const vl_schema *schema;  /* what ingest writes, and what questions ask for by number */
    const vl_schema_1 *old;   /* what its stores of version 1 were made by; NULL: there were none */
    const char *rows, *units; /* words for the rows of table 0, and for what else is counted */
    int unit_field,
        unit_table;        /* units are the elements of a field, or, where it is -1, the rows of a table */
    const vl_tally *tally; /* NULL: none */
    const struct vl_qc_form *const
        *qc; /* forms to print it in; ends with NULL, the first is the usual one; NULL:
                                         * none */
    const struct vl_measures *measures; /* by which its stores are judged and compared; NULL: none */
    bool reprint; /* ingest makes the text again before it publishes; else parse has proven each row */
    const vl_index *const *index; /* kept in its stores; ends with NULL; NULL: none */
    const struct vl_question *question;
    const struct vl_summary *const *summary; /* commands of their own; ends with NULL; NULL: none */
    const struct vl_identity *identity;      /* whose data it is; NULL: it does not say */
    const struct vl_served *served;          /* to programs that ask for it over a socket; NULL: nothing */
    /* tiles: the few numbers that say how good the data is; NULL: none. err is that of html */
    vl_code (*brief)(struct vl_reader *r, struct vl_html *html, vl_err *err);
    /* sections of a store's report: plots, and what the kind's own columns say; NULL: none. err is that of
     * html */
    vl_code (*report)(struct vl_reader *r, struct vl_html *html, vl_err *err);
} vl_kind;

extern const vl_kind *const vl_kinds[];        /* ends with NULL */
const vl_kind *vl_kind_find(const char *name); /* by the name of its schema; NULL if there is none */
/* The kind of a store. VL_EUNSUP names one that this program does not know. */
vl_code vl_kind_of(const vl_kind **out, vl_store *st, vl_err *err);

#endif
