/* Text of mzML documents (mzml_text.h). */
#include "mzml_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void die(const char *what)
{
    fprintf(stderr, "make-data: %s\n", what);
    exit(71);
}

void *grow(void *p, size_t n)
{
    p = realloc(p, n ? n : 1);
    if (!p) die("no memory");
    return p;
}

char *room(text *t, size_t n)
{
    if (t->cap - t->len < n) t->at = grow(t->at, t->cap = t->cap * 2 + n);
    return t->at + t->len;
}

void put(text *t, const char *s)
{
    const size_t n = strlen(s);
    memcpy(room(t, n), s, n);
    t->len += n;
}

void put_int(text *t, uint64_t v)
{
    char s[24];
    snprintf(s, sizeof s, "%" PRIu64, v);
    put(t, s);
}

void put_fixed(text *t, double v, int places) /* v >= 0 */
{
    uint64_t one = 1;
    for (int i = 0; i < places; i++) one *= 10;
    uint64_t whole = (uint64_t)v;
    uint64_t part = (uint64_t)((v - (double)whole) * (double)one + 0.5);
    if (part == one) part = 0, whole++;
    char s[48];
    snprintf(s, sizeof s, "%" PRIu64 ".%0*" PRIu64, whole, places, part);
    put(t, s);
}

/* Up to 12 decimals, no zeros at the end but one; from 100000 on with an exponent. */
void put_number(text *t, double v)
{
    int exponent = 0;
    if (v >= 1e5)
        for (double ten = 1; v / ten >= 10; exponent++) ten *= 10;
    double power = 1;
    for (int i = 0; i < exponent; i++) power *= 10;
    put_fixed(t, v / power, 12);
    while (t->at[t->len - 1] == '0' && t->at[t->len - 2] != '.') t->len--;
    if (exponent) {
        char s[16];
        snprintf(s, sizeof s, "e%02d", exponent);
        put(t, s);
    }
}

const unit mz_unit = { "MS", "MS:1000040", "m/z" };
const unit count_unit = { "MS", "MS:1000131", "number of detector counts" };
const unit minute_unit = { "UO", "UO:0000031", "minute" };
const unit second_unit = { "UO", "UO:0000010", "second" };
const unit mobility_unit = { "MS", "MS:1002814", "volt-second per square centimeter" };
const unit ms_unit = { "UO", "UO:0000028", "millisecond" };
const unit ev_unit = { "UO", "UO:0000266", "electronvolt" };
const unit no_unit = { "UO", "UO:0000186", "dimensionless unit" };

void term_start(text *t, int depth, const char *ontology, const char *accession, const char *name)
{
    memset(room(t, 32), ' ', (size_t)depth * 2);
    t->len += (size_t)depth * 2;
    put(t, "<cvParam cvRef=\"");
    put(t, ontology);
    put(t, "\" accession=\"");
    put(t, ontology);
    put(t, ":");
    put(t, accession);
    put(t, "\" name=\"");
    put(t, name);
    put(t, "\" value=\"");
}

void cv_start(text *t, int depth, const char *accession, const char *name)
{
    term_start(t, depth, "MS", accession, name);
}

void cv_end(text *t, const unit *u)
{
    put(t, "\"");
    if (u) {
        put(t, " unitCvRef=\"");
        put(t, u->ref);
        put(t, "\" unitAccession=\"");
        put(t, u->accession);
        put(t, "\" unitName=\"");
        put(t, u->name);
        put(t, "\"");
    }
    put(t, "/>\n");
}

void cv(text *t, int depth, const char *accession, const char *name, const char *value, const unit *u)
{
    cv_start(t, depth, accession, name);
    put(t, value);
    cv_end(t, u);
}

void cv_number(text *t, int depth, const char *accession, const char *name, double value, const unit *u)
{
    cv_start(t, depth, accession, name);
    put_number(t, value);
    cv_end(t, u);
}

void put_base64(text *t, const uint8_t *p, size_t n)
{
    static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *dst = room(t, (n + 2) / 3 * 4);
    t->len += (n + 2) / 3 * 4;
    for (; n >= 3; n -= 3, p += 3) {
        const uint32_t v = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
        *dst++ = digit[v >> 18];
        *dst++ = digit[v >> 12 & 63];
        *dst++ = digit[v >> 6 & 63];
        *dst++ = digit[v & 63];
    }
    if (n) {
        const uint32_t v = (uint32_t)p[0] << 16 | (n == 2 ? (uint32_t)p[1] << 8 : 0);
        *dst++ = digit[v >> 18];
        *dst++ = digit[v >> 12 & 63];
        *dst++ = n == 2 ? digit[v >> 6 & 63] : '=';
        *dst++ = '=';
    }
}
