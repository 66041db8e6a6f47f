/*
 * Measures: the few numbers that say how good the data of a store is, by which stores are judged and
 * compared. A kind says which it has and takes them from what was counted when the data came in (kind.h);
 * limits for them are a bank's (bank.ini, [qc]): beyond the first a store is yellow, beyond the second it is
 * red.
 */
#ifndef VL_MEASURE_H
#define VL_MEASURE_H

#include "formats/buf.h"
#include "pipeline/store/store.h"

enum { VL_MEASURES = 16 }; /* at most, of a kind */

typedef struct vl_measure {
    const char *name;  /* "q30", as settings and tables have it */
    const char *title; /* "Q30 or more" */
    const char *unit;  /* "%", or "" */
    const char *doc;   /* what it is, for help */
    int digits;        /* behind the point, as it is shown */
    bool ratio;        /* of two stores the ratio counts, not the difference: numbers of reads */
} vl_measure;

/* What a kind has of them. */
typedef struct vl_measures {
    const vl_measure *list;                                                /* ends with a name that is NULL */
    vl_code (*read)(vl_store *st, double value[VL_MEASURES], vl_err *err); /* NaN: not known */
} vl_measures;

/* "57.06 %", "40,000", or a dash. */
const char *vl_measure_show(const vl_measure *m, double value, char text[40]);

typedef enum vl_light { VL_GREEN, VL_YELLOW, VL_RED } vl_light;
const char *vl_light_name(vl_light light); /* "green" */

typedef struct vl_limit {
    char name[32];      /* of a measure */
    bool most;          /* NAME_max: beyond is above; else NAME_min */
    double yellow, red; /* red: NaN: no store is red by it */
} vl_limit;

/* NaN is beyond no limit. */
vl_light vl_limit_judge(const vl_limit *limit, double value);
/* The worst that all limits of that measure say. */
vl_light vl_limits_judge(const vl_limit *limit, int nlimit, const vl_measure *m, double value);

/* What a measure is called in settings, as "q30_min": the limit's name and side. False: no kind has it. */
bool vl_limit_find(const char *setting, vl_limit *limit);
/* All of these settings: " reads_min reads_max ...". */
void vl_limit_names(char *text, size_t n);

#endif
