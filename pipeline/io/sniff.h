/*
 * What a file holds, by its first bytes: plain, or inside gzip, BGZF or zstd; then the formats are asked.
 *
 * This is no reader: nothing is checked or hashed, no thread is started, and a file costs one small read
 * where that suffices. What is wrong further on is for the ingest to find.
 */
#ifndef VL_SNIFF_H
#define VL_SNIFF_H

#include "formats/format.h"

typedef enum vl_content {
    VL_CONTENT_KNOWN, /* of a format that we read */
    VL_CONTENT_OTHER,
    VL_CONTENT_EMPTY,  /* no bytes, or none once decompressed */
    VL_CONTENT_DAMAGED /* its compression breaks off or is damaged before anything can be told */
} vl_content;

typedef struct vl_sniffed {
    vl_content content;
    const vl_format *format; /* NULL unless known */
} vl_sniffed;

typedef struct vl_sniffer vl_sniffer; /* memory, for one file after the other */

vl_code vl_sniffer_open(vl_sniffer **out, vl_err *err);
void vl_sniffer_close(vl_sniffer *s); /* NULL is fine */
/* What is no regular file holds something other. VL_ENOIN, VL_EIO: it cannot be read. */
vl_code vl_sniff(vl_sniffer *s, const char *path, vl_sniffed *seen, vl_err *err);
/* The same for one file: its format, of an empty one that which its name promises, if such a file may be
 * empty; NULL when that cannot be told, be it that the file is missing: the ingest will say why. VL_ENOMEM,
 * VL_EIO. */
vl_code vl_look_format(const char *path, const vl_format **format, vl_err *err);

#endif
