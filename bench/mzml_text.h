/*
 * Text of mzML documents, for the data generators: numbers as ProteoWizard writes them (12 decimals, e from
 * 1e5), parameters of the ontology, base64. All of it ends the program when there is no memory.
 */
#ifndef VIAL_BENCH_MZML_TEXT_H
#define VIAL_BENCH_MZML_TEXT_H

#include <stddef.h>
#include <stdint.h>

typedef struct text {
    char *at; /* owned */
    size_t len, cap;
} text;

typedef struct unit {
    const char *ref, *accession, *name;
} unit;

extern const unit mz_unit, count_unit, minute_unit, second_unit, ms_unit, ev_unit, mobility_unit, no_unit;

void die(const char *what);
void *grow(void *p, size_t n);

char *room(text *t, size_t n); /* at least n bytes behind the text */
void put(text *t, const char *s);
void put_int(text *t, uint64_t v);
void put_fixed(text *t, double v, int places); /* v >= 0 */
/* Up to 12 decimals, no zeros at the end but one; from 100000 on with an exponent. v >= 0 */
void put_number(text *t, double v);
void put_base64(text *t, const uint8_t *p, size_t n);

/* <cvParam> at a depth of indentation; accession without "MS:", unit may be NULL. Between cv_start and cv_end
 * goes the value; term_start begins one of another ontology. */
void term_start(text *t, int depth, const char *ontology, const char *accession, const char *name);
void cv_start(text *t, int depth, const char *accession, const char *name);
void cv_end(text *t, const unit *u);
void cv(text *t, int depth, const char *accession, const char *name, const char *value, const unit *u);
void cv_number(text *t, int depth, const char *accession, const char *name, double value, const unit *u);

#endif
