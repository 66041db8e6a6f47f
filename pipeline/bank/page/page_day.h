/*
 * The page of a day while it is made: what its parts share; inside page*.c only.
 *
 * Runs of a day are those that touch it: one that passes midnight is whole on the pages of both days, with
 * all that it published and refused.
 */
#ifndef VL_PAGE_DAY_H
#define VL_PAGE_DAY_H

#include "pipeline/bank/catalog/sql.h"
#include "pipeline/bank/bank_persons.h"
#include "pipeline/bank/compare_stores.h"
#include "pipeline/page/html.h"

typedef struct vl_day {
    const vl_bank *bank;
    vl_catalog *catalog;
    vl_html *h;
    vl_err *err;           /* that of h */
    double from, to, now;  /* s since 1970; from and to: the day's bounds */
    char up[VL_BANK_PATH]; /* the way from the page's folder to the bank's root: "../", or "" */
    const json_t *open;    /* open items now (open_items.h); NULL: of a day that is no news any more */
    double nrun, nopen;    /* runs, and those that have not ended */
    double items, published, unchanged, healed, refused, failed; /* of all runs */
    double bytes_in, seconds;                                    /* of the runs that have ended */
    double worst;                                                /* exit code */
    double nstore, stored_in, stored; /* what was published: stores, bytes of their inputs, bytes */
    double nrefusal;
    double nbroken;              /* live stores that failed their last check, now */
    double disk_size, disk_free; /* bytes, now; 0 if the file system does not say */
    double growth_days, growth;  /* days behind the mean, and bytes a day; NaN: not enough days to tell */
    double days_left;            /* until the disk is full; INFINITY: not as it grows now; NaN */
    vl_comparison *judged;       /* what came in, by the limits of the bank; empty where there are none */
    size_t nlight[3];            /* of these, by vl_light */
    vl_persons *who;             /* all of the bank, where something came in and there is a list of sites */
    size_t npair, nsex;          /* pairs and sexes that are amiss, of what came in */
} vl_day;

/* Queries take ?1 = from, ?2 = to. The runs of the day as job_id, a, b (when they began and ended): */
#define VL_DAY_RUN                                                                                           \
    "SELECT job_id, CAST(started_at AS INTEGER) AS a, COALESCE(NULLIF(ended_at, 0), started_at) AS b "       \
    "FROM job WHERE started_at < ?2 AND COALESCE(NULLIF(ended_at, 0), started_at) >= ?1"
/* Ahead of a SELECT: the tables run, and came with what the day published. */
#define VL_DAY_CAME                                                                                          \
    "WITH run AS (" VL_DAY_RUN "), came AS ("                                                                \
    "SELECT kind, rows, store.bytes_in AS bytes_in, bytes, published_at, sample_id, acquisition.name AS "    \
    "acquisition, state, file FROM store JOIN acquisition USING (acquisition_id) "                           \
    "WHERE published_at >= MIN(?1, COALESCE((SELECT MIN(a) FROM run), ?1)) "                                 \
    "AND published_at <= MAX(?2, COALESCE((SELECT MAX(b) FROM run), ?2)) "                                   \
    "AND ((published_at >= ?1 AND published_at < ?2) "                                                       \
    "OR EXISTS (SELECT 1 FROM run WHERE published_at BETWEEN a AND b))) "
/* The refusals of the day, as a condition on the table refusal. */
#define VL_DAY_REFUSED "((at >= ?1 AND at < ?2) OR job_id IN (SELECT job_id FROM (" VL_DAY_RUN ")))"

/* A link to something in the bank; path: from its root, or NULL: no link, the text alone. */
void vl_day_link(const vl_day *d, const char *path, const char *text);

/* Fills in the disk and the mean growth. */
void vl_day_sum_disk(vl_day *d);
/* Reads what came in, where the bank has limits. */
vl_code vl_day_judge(vl_day *d);
/* Whose it is, where the bank has a list of sites. */
vl_code vl_day_persons(vl_day *d);
/* The parts of the page, in their order. */
void vl_day_broken(vl_day *d);
void vl_day_open(vl_day *d);
void vl_day_came(vl_day *d);
void vl_day_quality(vl_day *d);
void vl_day_who(vl_day *d);
void vl_day_refused(vl_day *d);
void vl_day_runs(vl_day *d);
void vl_day_verified(vl_day *d);
void vl_day_growth(vl_day *d);

/* A query with the day's bounds. */
static inline sqlite3_stmt *vl_day_ask(const vl_day *d, const char *sql)
{
    const vl_sql_value v[] = { vl_sql_real(d->from), vl_sql_real(d->to) };
    return vl_sql_ask(d->catalog, sql, v, 2, d->err);
}

#endif
