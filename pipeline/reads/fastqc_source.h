/*
 * Where a sequence that occurs often may come from: adapters and primers that it looks like.
 *
 * The list is that of FastQC where it is installed (/etc/fastqc/Configuration/contaminant_list.txt: a name,
 * tabulators, letters), else the beginnings of adapters that ingest looks for.
 */
#ifndef VL_FASTQC_SOURCE_H
#define VL_FASTQC_SOURCE_H

#include "formats/buf.h"

enum { VL_SOURCE_TEXT = 300 };

typedef struct vl_sources {
    struct vl_a_source {
        char *name, *letters, *other; /* owned; other: of the other strand */
    } * one;                          /* owned */
    size_t n, cap;
} vl_sources;

vl_code vl_sources_read(vl_sources *s, vl_err *err);
/* "NAME (100% over 50bp)" or "No Hit", into text. */
const char *vl_sources_name(const vl_sources *s, const char *letters, char text[VL_SOURCE_TEXT]);
void vl_sources_free(vl_sources *s);

#endif
