/* What is to be ingested: one acquisition of a sample, as a sheet, an inbox or the command line names it. */
#ifndef VL_ITEM_H
#define VL_ITEM_H

#include "pipeline/io/inputs.h"
#include <stdbool.h>

/* Name and value of what is known about a sample or an acquisition: donor, specimen_type, strandedness ... */
typedef struct vl_detail {
    char *name, *value; /* owned; UTF-8 */
} vl_detail;

typedef struct vl_details {
    vl_detail *detail; /* owned */
    size_t n, cap;
} vl_details;

typedef struct vl_item {
    char *sample;                 /* owned; the id as it is written */
    char *acquisition;            /* owned; unique in the sample */
    vl_inputs inputs;             /* owned; at least one */
    char *profile;                /* owned; NULL: the bank's */
    char *options;                /* owned; of formats, "interleaved=yes"; NULL: none */
    vl_details about_sample;      /* columns that speak of the specimen and its donor */
    vl_details about_acquisition; /* all others */
    char *inbox;                  /* owned; NULL: of no inbox */
    uint32_t line;                /* of the sheet; 0: none */
} vl_item;

typedef struct vl_items {
    vl_item *item; /* owned */
    size_t n, cap;
} vl_items;

/* A new empty item at the end; NULL without memory (err is set). */
vl_item *vl_items_add(vl_items *items, vl_err *err);
void vl_items_cut(vl_items *items, size_t n); /* only the first n stay */
void vl_items_free(vl_items *items);

/* Sets a detail; one of that name is replaced. */
vl_code vl_details_set(vl_details *details, const char *name, const char *value, vl_err *err);
const char *vl_details_get(const vl_details *details, const char *name); /* NULL: none */
void vl_details_free(vl_details *details);

/* Ids of samples and names of acquisitions: 1 to 128 bytes of printable UTF-8, no '/', not starting with '.'
 * or '-', no blank but ' ' and that at no end. NULL if good, else what is wrong. */
const char *vl_item_bad_name(const char *name);

#endif
