/*
 * The lines of a record of FASTQ: where it ends, and which they are. What cuts a text into blocks and what
 * takes it apart see the same records, as both ask here.
 *
 * Four lines, where the third begins with '+' and the second and the fourth are equally long, are a record
 * whatever their letters are. Else the sequence goes on until a line that begins with '+', and the qualities
 * until they are as many as its letters: of those, a line may begin with '@'. Blank lines behind a record
 * belong to it. A line ends in LF or in CR LF.
 */
#ifndef VL_FASTQ_SCAN_H
#define VL_FASTQ_SCAN_H

#include "formats/batch.h"

/* Blank lines that a record may have before or behind it. A run of more is taken at the end of an input
 * only. */
enum { VL_FASTQ_BLANK = 1 << 16 };

typedef struct vl_line {
    const uint8_t *at;
    size_t n;  /* without its end */
    bool crlf; /* it ends in CR LF */
    bool open; /* it has no line break: the text ends there */
} vl_line;

typedef enum vl_fastq_found {
    VL_SCAN_RECORD,
    VL_SCAN_MORE,  /* the text ends within a record */
    VL_SCAN_BLANK, /* nothing but blank lines, up to `end` */
    VL_SCAN_BAD    /* no record: `why` */
} vl_fastq_found;

typedef enum vl_fastq_why {
    VL_WHY_TITLE,   /* a line that begins with '@' is expected */
    VL_WHY_END,     /* the text ends before the line of this number (`part`) */
    VL_WHY_PLUS,    /* no line begins with '+' before the next record */
    VL_WHY_QUALITY, /* more or fewer qualities than letters */
    VL_WHY_SHORT,   /* fewer, and then the text ends */
    VL_WHY_BLANK    /* text behind more blank lines than are taken */
} vl_fastq_why;

typedef struct vl_fastq_record {
    vl_line title, base, plus, quality; /* of base and quality the first line; n 0 where there is none */
    size_t nbase, nquality;             /* letters */
    size_t base_lines, quality_lines;
    size_t before, after; /* blank lines */
    size_t lines;         /* in all, blank ones too */
    const uint8_t *tail;  /* behind it, where its blank lines begin */
    const uint8_t *end;   /* behind these */
    bool crlf;            /* some line ends in CR LF */
    bool lf;              /* some line ends in LF alone */
    vl_fastq_why why;
    int part; /* of a record: 0 title, 1 sequence, 2 '+', 3 quality */
} vl_fastq_record;

/* The next line from p on. False: there is none, or (not whole) its end is not there yet. */
bool vl_line_next(const uint8_t **p, const uint8_t *end, bool whole, vl_line *out);

/* The record at p. whole: nothing follows end. Fills what was found, also of one that is bad. */
vl_fastq_found vl_fastq_scan(const uint8_t *p, const uint8_t *end, bool whole, vl_fastq_record *out);

#endif
