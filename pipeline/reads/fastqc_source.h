/*
 * Where a sequence that occurs often may come from: adapters and primers that it looks like.
 *
 * A list is a file as FastQC has it (a line each: a name, tabulators, letters). Ours, where there is no file,
 * is of the beginnings of adapters that ingest looks for.
 */
#ifndef VL_FASTQC_SOURCE_H
#define VL_FASTQC_SOURCE_H

#include "formats/buf.h"

#include <stdbool.h>

enum { VL_SOURCE_TEXT = 300 };

typedef struct vl_sources {
    struct vl_a_source {
        char *name, *letters, *other; /* owned; other: of the other strand */
    } * one;                          /* owned */
    size_t n, cap;
} vl_sources;

#define VL_SOURCES_FASTQC "/etc/fastqc/Configuration/contaminant_list.txt"

/* list: NULL, or, unless it was given by somebody, a file that is not there: ours. */
vl_code vl_sources_read(vl_sources *s, const char *list, bool given, vl_err *err);
/* "NAME (100% over 50bp)" or "No Hit", into text. */
const char *vl_sources_name(const vl_sources *s, const char *letters, char text[VL_SOURCE_TEXT]);
void vl_sources_free(vl_sources *s);

#endif
