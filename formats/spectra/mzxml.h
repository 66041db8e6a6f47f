/*
 * mzXML 2 and 3: mass spectra as XML, the peaks as base64 of pairs of m/z and intensity in network byte order
 * (Institute for Systems Biology). A store has the columns of one made from mzML (spectra.h): scan num="7"
 * has the id "scan=7", and peaks are two arrays, whose rows stand behind each other and at the same place in
 * the document. This is what the files mzxml*.c say to each other.
 *
 *     mzXML > msRun > scan (scan within scan)        mzXML > index > offset,  indexOffset, sha1
 *
 * What a scan says of itself stands before the scans within it, so its row is made where the first of them
 * begins, and rows are in the order of the document.
 */
#ifndef VL_MZXML_H
#define VL_MZXML_H

#include "formats/spectra/xml_walk.h"

extern const vl_format vl_mzxml;

/* mzxml_head.c: what stands before the first scan. */
typedef struct vl_mx_head {
    vl_xml_encoding encoding;
    uint8_t centroid; /* of scans that do not say: as VL_SP_CENTROID */
    vl_facts facts;
    bool cut_short; /* as of vl_ask */
} vl_mx_head;
int vl_mx_probe(const uint8_t *bytes, size_t n);
vl_code vl_mx_open(void *head, const vl_ask *ask, const uint8_t *const *bytes, const size_t *n,
                   const bool *whole, bool *more, vl_err *err);
/* A value of centroided and the like: 1, 0, or none. */
uint8_t vl_mx_flag(vl_xml_span value, uint8_t none);

/* mzxml_scan.c: one scan. */
typedef struct vl_mx_scan {
    vl_mz_record record; /* the one being read; what is VL_MZ_ANY between scans */
    double energy;       /* collisionEnergy, of all its precursors */
    char id[48];         /* record.id points here */
} vl_mx_scan;
/* Attributes of a start tag <scan>. num: its number, as it stands there. */
vl_code vl_mx_scan_begin(vl_mx_scan *s, const vl_xml *x, const vl_mx_head *head, vl_xml_span num,
                         uint64_t text_at, vl_batch *out, vl_err *err);
/* A <precursorMz>, of which text is the content. */
vl_code vl_mx_scan_precursor(vl_mx_scan *s, const vl_xml *x, vl_xml_span text, vl_batch *out, vl_err *err);
/* Adds an array, as the attributes of <peaks> say. */
vl_code vl_mx_scan_peaks(vl_mx_scan *s, const vl_xml *x, vl_err *err);
/* Seconds of an xs:duration; false: it is none, or counts months. */
bool vl_mx_duration(vl_xml_span text, double *seconds);

/* mzxml_parse.c */
typedef enum vl_mx_element {
    VL_MX_ANY, /* of no interest */
    /* the spine: what may be open between two scans, beside scans */
    VL_MX_MZXML,
    VL_MX_RUN,
    VL_MX_INDEX,
    VL_MX_SPINE_END,
    VL_MX_SCAN,
    VL_MX_PRECURSOR,
    VL_MX_PEAKS,
    VL_MX_OFFSET,
    VL_MX_INDEX_AT,
    VL_MX_CHECKSUM
} vl_mx_element;
extern const vl_xml_walk_dialect vl_mx_dialect;
vl_code vl_mx_parse(const void *head, const vl_block *in, vl_batch *out, vl_err *err);

/* mzxml_join.c */
vl_code vl_mx_join(const void *head, void *tail, const vl_block *in, vl_batch *batch, vl_err *err);
vl_code vl_mx_finish(const void *head, void *tail, vl_facts *facts, vl_err *err);

/* mzxml_print.c */
vl_code vl_mx_print(const void *how, const vl_batch *batch, bool last, vl_buf *out, vl_err *err);

#endif
