/*
 * What sources share whose documents have their arrays outside (formats/spectra/outside.h): the document's
 * text comes in pieces, is cut behind each spectrum, and goes into frames with the arrays that it names.
 * Serial.
 *
 *     more text (who reads the files)  ->  stretches of text with places of arrays  ->  frames
 *     bytes of arrays (who reads the files)  -------------------------------------------^
 */
#ifndef VL_OUTSIDE_SOURCE_H
#define VL_OUTSIDE_SOURCE_H

#include "formats/spectra/outside.h"
#include "formats/xxh3.h"
#include "pipeline/io/packet.h"

/* An array as the document has it. */
typedef struct vl_placed {
    vl_mz_array is; /* its type, coding and number of values */
    uint64_t tag;   /* in the document */
    bool external, has_at, has_bytes;
    uint64_t at, bytes; /* imzML: outside, encoded; mzMLb: first element */
    vl_xml_span set;    /* name of a data set; of the text */
    /* what who reads the files makes of it */
    uint64_t number, from, n; /* of the data set; bytes there */
    bool own, plain;
    vl_mz_number type; /* of plain values */
} vl_placed;

typedef struct vl_outside_source {
    /* set by who reads the files */
    void *who;
    /* Appends text of the document; *end: that was the last. */
    vl_code (*text)(void *who, vl_buf *to, bool *end, vl_err *err);
    /* The head is read: what it says of the files may be checked. */
    vl_code (*begun)(void *who, vl_err *err);
    /* Where an array is: number, from, n. */
    vl_code (*find)(void *who, vl_placed *a, vl_err *err);
    /* Appends n bytes from `from` of data set `number`. */
    vl_code (*bytes)(void *who, uint64_t number, uint64_t from, uint64_t n, vl_buf *to, vl_err *err);
    /* Behind the text: facts, by vl_outside_source_fact. */
    vl_code (*ended)(void *who, vl_err *err);
    bool beside;   /* there is a file beside the document that must come back */
    uint64_t size; /* its bytes */

    /* its own */
    vl_mz_head head;
    vl_xml_text *texts;
    vl_buf document;  /* text that was not given yet */
    uint64_t at;      /* of document.data[0] in the document */
    size_t from, pos; /* of the stretch, and how far it was read */
    size_t whole;     /* bytes in which tokens are whole */
    bool text_ended, head_given, over;
    bool in_record, in_array;
    char id[64];       /* of the record */
    vl_placed *placed; /* owned */
    size_t nplaced, cplaced;
    size_t to;      /* end of the stretch that waits for literal bytes before it; 0: none does */
    uint64_t done;  /* bytes of the file beside that were given */
    uint64_t named; /* bytes of all arrays so far */
    vl_buf out;     /* frames; [given, len) are to come */
    size_t given;
    XXH3_state_t *hash; /* of the document */
} vl_outside_source;

vl_code vl_outside_source_open(vl_outside_source *o, vl_err *err);
/* As peek and take of a source (io/source.h). */
vl_code vl_outside_source_peek(vl_outside_source *o, size_t want, const uint8_t **bytes, size_t *n,
                               bool *whole, vl_err *err);
vl_code vl_outside_source_take(vl_outside_source *o, size_t want, vl_packet *packet, vl_err *err);
vl_code vl_outside_source_fact(vl_outside_source *o, const char *name, const char *text, vl_err *err);
/* VL_EFORMAT of this array: which spectrum and array, and the byte of the document. */
vl_code vl_outside_source_bad(const vl_outside_source *o, const vl_placed *a, vl_err *err, const char *fmt,
                              ...) __attribute__((format(printf, 4, 5)));
void vl_outside_source_free(vl_outside_source *o);

#endif
