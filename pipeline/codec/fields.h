/*
 * Text whose numbers come in columns: codec_fields.c has what stands around them in a chunk.
 *
 * Numbers are taken out of the text and leave a zero byte each: what is left is the template. The column of a
 * number is the one of the template's 48 bytes before its zero byte, or of as many as there are: columns are
 * numbered as these first appear. Equal are those with the same XXH3-64.
 *
 *     leb128 bytes of the template; leb128 bytes of a zstd frame, and the frame: the template
 *     of each column its form: u8: 0 text, 1 decimals, 2 floats
 *                                  + 4 differences to another column, + 8 the number of that before, not
 *                                  behind, + 16 there are exceptions, + 32 no digits stand behind the point,
 *                                  + 64 the notation is said
 *         u8 most, u8 least  digits behind the point; unless 0 or with 32. Zeros at the end are left out down
 *                            to the least, and the point if nothing is behind it
 *         with 64: u8 width: digits in front of the point at least, with zeros before them; u8 power: 0, or
 *                  from 10^power on one digit, point, the others, and an exponent; u8 its style: 1 E, not e;
 *                  + 2 plus; + 4 for each digit at least
 *         with 4: leb128 the other column
 *     the columns in turn, those of more digits behind the point first (text: 0), of as many the last first
 *
 * A column: with 16, its exceptions: leb128 how many; numbers: in front of each, others of the column; texts.
 * Then text: texts; others: numbers. Decimals: the number without its point, all digits behind it. Floats:
 * the bits of a float of 4 bytes; what is written is its value, rounded to that many digits, half up. An
 * exception has any number. With 4: zigzag of the number less its guess, which is the number of the other
 * column that stands in the text before or behind, next to it, to as many digits, rounded half up; 0 if there
 * is none. Texts: leb128 bytes, symbols: each with a line feed behind it.
 *
 * Numbers and symbols as of numbers.h and symbols.h.
 */
#ifndef VL_FIELDS_H
#define VL_FIELDS_H

#include "pipeline/codec/numbers.h"

enum {
    VL_FIELD_BEFORE = 48,    /* bytes of the template that tell the column */
    VL_FIELD_COLUMNS = 1024, /* in a chunk */
    VL_FIELD_DIGITS = 18,    /* of a number, and behind its point */
    VL_FIELD_RARE = 4,       /* bytes of text for each number, at least */
    VL_FIELD_LONG = 64       /* more than bytes of a number */
};

enum { VL_FIELD_TEXT, VL_FIELD_DECIMAL, VL_FIELD_FLOAT };
enum {
    VL_FIELD_KIND = 3,
    VL_FIELD_BESIDE = 4,
    VL_FIELD_LAST = 8,
    VL_FIELD_EXCEPTIONS = 16,
    VL_FIELD_WHOLE = 32,
    VL_FIELD_NOTATION = 64
};
enum { VL_FIELD_UPPER = 1, VL_FIELD_PLUS = 2, VL_FIELD_EXPONENT = 4 };

/* How the numbers of a column are written. */
typedef struct vl_field_form {
    uint8_t most, least, width, power, style;
} vl_field_form;

/* What is before the point, and behind it as so many digits as the form has at most. */
typedef struct vl_field_value {
    uint64_t whole, part;
} vl_field_value;

/* ---- texts of numbers (fields_text.c) ---- */

extern const uint64_t vl_tens[VL_FIELD_DIGITS + 2]; /* powers of ten */

/* A number as it stands. */
typedef struct vl_field_digits {
    uint64_t digits;        /* all of them */
    uint8_t before, behind; /* the point */
    uint8_t power, style;   /* exponent; 0: there is none */
    bool zero;              /* stands in front of others */
} vl_field_digits;

/* Bytes of the number that text [n] begins with, whose first byte is a digit. */
size_t vl_field_length(const uint8_t *text, size_t n);
/* False: it has too many digits. */
bool vl_field_read(const uint8_t *text, size_t n, vl_field_digits *out);
/* Digits behind the point when it is written without exponent. */
static inline int vl_field_behind(const vl_field_digits *d) { return d->behind - d->power; }
/* False: it has more digits than the form. */
bool vl_field_value_of(const vl_field_digits *d, unsigned most, vl_field_value *out);
/* To [VL_FIELD_LONG]; returns bytes. part is below 10^most. */
size_t vl_field_print(const vl_field_form *form, vl_field_value v, uint8_t *to);

/* Nearest float. */
uint32_t vl_field_float(const vl_field_digits *d);
/* False: it is negative, or too large. */
bool vl_field_of_float(uint32_t bits, unsigned most, vl_field_value *out);

/* The number without its point, modulo 2^64, and back. */
static inline uint64_t vl_field_joined(vl_field_value v, unsigned most)
{
    return v.whole * vl_tens[most] + v.part;
}
static inline vl_field_value vl_field_parted(uint64_t v, unsigned most)
{
    return most ? (vl_field_value){ v / vl_tens[most], v % vl_tens[most] } : (vl_field_value){ v, 0 };
}
/* From digits behind the point to others. */
static inline uint64_t vl_field_rounded(uint64_t v, unsigned from, unsigned to)
{
    if (from <= to) return v * vl_tens[to - from];
    return v / vl_tens[from - to] + (v % vl_tens[from - to] >= vl_tens[from - to] / 2);
}

/* ---- columns (fields_columns.c) ---- */

/* Which columns the zero bytes of a template are of, as they come. */
typedef struct vl_field_finder {
    vl_buf slot;
    size_t n; /* columns so far */
} vl_field_finder;

vl_code vl_field_finder_reset(vl_field_finder *f, vl_err *err);
/* What tells the column of a zero byte that is to stand at template[at]. */
uint64_t vl_field_hash(const uint8_t *template, size_t at);
/* Its column; VL_FIELD_COLUMNS: there are too many. */
size_t vl_field_find(vl_field_finder *f, uint64_t hash);

/* Numbers in the order of the text, by column. */
typedef struct vl_field_columns {
    vl_field_finder finder;
    vl_buf column;  /* u16 [n]: of each number */
    vl_buf ordinal; /* u32 [n]: of each column's numbers, the columns behind each other, where in the text
                       they stand among all numbers */
    size_t n, ncolumn;
    uint32_t start[VL_FIELD_COLUMNS + 1]; /* of each column in ordinal */
} vl_field_columns;

void vl_field_columns_free(vl_field_columns *c);
vl_code vl_field_columns_reset(vl_field_columns *c, size_t most, vl_err *err);
/* The next number's column is known: it is sorted in by end, which sets start and ordinal. */
static inline void vl_field_columns_add(vl_field_columns *c, size_t column)
{
    ((uint16_t *)(void *)c->column.data)[c->n++] = (uint16_t)column;
}
vl_code vl_field_columns_end(vl_field_columns *c, vl_err *err);

static inline const uint32_t *vl_field_ordinals(const vl_field_columns *c, size_t column)
{
    return (const uint32_t *)(const void *)c->ordinal.data + c->start[column];
}
static inline size_t vl_field_count(const vl_field_columns *c, size_t column)
{
    return c->start[column + 1] - c->start[column];
}

/* Of `of`, the one next to each number of a column: its place among those of its own; UINT32_MAX: there is
 * none. */
void vl_field_next_to(const vl_field_columns *c, size_t column, size_t of, bool last, uint32_t *to);

/* Columns in the order in which they are packed. most [n]: digits behind the point. */
void vl_field_order(const uint8_t *most, size_t n, uint16_t *order);

/* ---- packing and unpacking ---- */

typedef struct vl_field_packer vl_field_packer;
vl_field_packer *vl_field_packer_new(void);
void vl_field_packer_free(vl_field_packer *p);
/* Appends text [n]. *fits false: there is nothing to gain. */
vl_code vl_fields_pack(vl_field_packer *p, const uint8_t *text, size_t n, vl_work *work, vl_buf *out,
                       bool *fits, vl_err *err);

typedef struct vl_field_reader vl_field_reader;
vl_field_reader *vl_field_reader_new(void);
void vl_field_reader_free(vl_field_reader *r);
/* Fills text [n]. VL_ESTORE. */
vl_code vl_fields_unpack(vl_field_reader *r, vl_rest *in, uint8_t *text, size_t n, vl_work *work,
                         vl_err *err);

#endif
