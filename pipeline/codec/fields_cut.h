/* Which numbers of a text are taken out, for packing it (fields.h). */
#ifndef VL_FIELDS_CUT_H
#define VL_FIELDS_CUT_H

#include "pipeline/codec/fields.h"

/* A number in the text. */
typedef struct vl_field_place {
    uint32_t at;
    uint16_t sort; /* what stands before it is the same, all numbers taken out */
    uint16_t n;
} vl_field_place;

/* Starts as { 0 }. */
typedef struct vl_field_cut {
    vl_buf place;    /* vl_field_place: of numbers that are taken out */
    vl_buf template; /* what is left */
    vl_field_columns columns;
    vl_buf guess; /* of fields_cut.c */
} vl_field_cut;

void vl_field_cut_free(vl_field_cut *c);
/* *fits false: text [n] has a zero byte, or nothing to take out. */
vl_code vl_fields_cut(vl_field_cut *c, const uint8_t *text, size_t n, bool *fits, vl_err *err);

#endif
