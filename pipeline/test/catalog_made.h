/*
 * What the checks of the catalogue share: an empty catalogue, records, and a look into its tables.
 *
 * Records are made from a short description (spec). The whole of the tables that come from records is written
 * out as text (dump_records), without ids, so that "the same" is a comparison of two texts.
 */
#ifndef CATALOG_MADE_H
#define CATALOG_MADE_H

#include "pipeline/bank/catalog/catalog_db.h"
#include "pipeline/bank/catalog/listing.h"

extern vl_bank catalog_bank; /* its root is the check's own folder */

vl_catalog *open_catalog(bool write); /* that of the bank; ends the check if there is none */
void remove_catalog(void);

typedef struct spec {
    const char *kind, *acquisition, *file, *state, *profile,
        *seed; /* seed: digest, seal and path come from it */
    double published;
    const char *facts; /* members of an object; 'name': 'value', ... */
} spec;

json_t *json_of(const char *fmt, ...); /* with ' for " */
json_t *record_of(const char *sample, int revision, const char *donor, const char *facts, int n,
                  const spec *stores);
void put_record(vl_catalog *c, json_t *record, const char *about);
void put_new(vl_catalog *c, json_t *record, const char *about); /* and frees it */
void make_small(vl_catalog *c);                                 /* samples A (two stores), B and 007 */

/* The first column of the rows, each ended by ';', into text. */
const char *ask_text(vl_catalog *c, const char *sql, char text[16384]);
long long ask_whole(vl_catalog *c, const char *sql);
/* All that records make, without ids. */
const char *dump_records(vl_catalog *c, char text[16384]);
/* What vl_list prints, into text; -1 or the number of lines. */
long list_stores(vl_catalog *c, const char *sample, const char *expr, vl_list_as as, char text[16384],
                 vl_err *err);

#endif
