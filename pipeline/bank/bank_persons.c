/* Stores of a bank as persons (bank_persons.h): which there are, and workers that read them. */
#include "pipeline/bank/bank_persons.h"

#include "formats/text.h"
#include "pipeline/bank/catalog/listing.h"
#include "pipeline/bank/intake/worker.h"
#include "pipeline/out/kind.h"
#include "pipeline/run/say.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

enum { MANY = 64, ROOM = 400 };

/* ---- which ---- */

typedef struct finding {
    vl_persons *p;
    const vl_bank *bank;
    vl_catalog *c;
} finding;

static vl_code add_one(const vl_listed *store, void *to, vl_err *err)
{
    const finding *const f = to;
    const vl_kind *const kind = vl_kind_find(store->kind);
    char path[VL_BANK_PATH], name[ROOM];
    const vl_sql_value v[] = { vl_sql_text(store->sample), vl_sql_text(store->acquisition),
                               vl_sql_text(store->kind) };
    if (!kind || !kind->identity) return VL_OK;
    if (vl_bank_store_path(f->bank, store->sample, store->file, path, err)) return err->code;
    snprintf(name, sizeof name, "%s/%s", store->sample, store->acquisition);
    sqlite3_stmt *const q = vl_sql_ask(
        f->c,
        "SELECT donor.name, (SELECT value FROM fact WHERE fact.sample_id = sample.sample_id"
        " AND fact.name IN ('donor_sex', 'sex') AND (acquisition_id = 0 OR acquisition_id ="
        " (SELECT acquisition_id FROM acquisition a WHERE a.sample_id = sample.sample_id AND a.name = ?2"
        " AND a.kind = ?3)) ORDER BY fact.name = 'sex', acquisition_id LIMIT 1)"
        " FROM sample LEFT JOIN donor USING (donor_id) WHERE sample.name = ?1",
        v, 3, err);
    if (q && vl_sql_row(f->c, q, err)) {
        const char *const donor = vl_sql_column(q, 0);
        vl_person *const one = vl_persons_add(f->p, name, path, *donor ? donor : store->sample, err);
        if (one) one->said = vl_sex_read(vl_sql_column(q, 1));
        if (one) one->lost = true;
    }
    if (q) sqlite3_reset(q);
    return err->code;
}

/* ---- read ---- */

typedef struct job {
    const vl_person *row;
    size_t n;
    const vl_sites *sites;
} job;

/* A line a store: nine numbers, digest and genotypes as letters from '0' on, or "- -"; an empty one is of a
 * store that cannot be read. */
static void put_line(vl_buf *text, const vl_identified *is, vl_err *err)
{
    const vl_sex_sum *const sum[] = { &is->sums.autosomes, &is->sums.x, &is->sums.y };
    for (int i = 0; i < 3; i++)
        vl_text_put(text, err, "%a %a %llu ", sum[i]->length, sum[i]->weight,
                    (unsigned long long)sum[i]->rows);
    vl_text_put(text, err, "%s ", *is->print.digest ? is->print.digest : "-");
    const size_t at = text->len, n = is->print.genotype.len;
    if (vl_buf_append(text, is->print.genotype.data, n, err)) return;
    for (size_t i = 0; i < n; i++) text->data[at + i] = (uint8_t)(text->data[at + i] + '0');
    vl_buf_append(text, n ? "\n" : "-\n", n ? 2 : 3, err); /* and 0 */
}

static int read_work(void *argument, int fd)
{
    const job *const j = argument;
    for (size_t i = 0; i < j->n; i++) {
        vl_identified is = { .has = false };
        vl_buf text = { 0 };
        vl_err err = VL_ERR_INIT;
        if (!vl_identify(&is, j->row[i].path, j->sites, 1, &err)) put_line(&text, &is, &err);
        if (err.code) vl_say_error(&err);
        const bool said = vl_worker_say(fd, err.code ? "\n" : (const char *)text.data);
        vl_buf_free(&text);
        vl_identified_free(&is);
        if (!said) return EX_IOERR;
    }
    return EX_OK;
}

static vl_code take_line(vl_persons *p, size_t i, char *line, size_t n, vl_err *err)
{
    vl_identified is = { .has = true };
    vl_sex_sum *const sum[] = { &is.sums.autosomes, &is.sums.x, &is.sums.y };
    for (int k = 0; k < 3; k++) {
        char *end = line;
        sum[k]->length = strtod(line, &end);
        sum[k]->weight = strtod(end, &end);
        sum[k]->rows = strtoull(end, &end, 10);
        n -= (size_t)(end + 1 - line);
        line = end + 1;
    }
    char *const genotype = memchr(line, ' ', n);
    if (!genotype) return VL_OK;
    if (genotype - line == 32) {
        memcpy(is.print.digest, line, 32);
        is.print.genotype = (vl_buf){ .data = (uint8_t *)genotype + 1, .len = n - 33 }; /* borrowed */
        for (size_t k = 0; k < is.print.genotype.len; k++) is.print.genotype.data[k] -= '0';
    }
    p->row[i].lost = false;
    if (vl_persons_take(p, i, &is, err) != VL_ESTORE) return err->code;
    vl_say_error(err); /* it contradicts the others, which need not be damaged */
    vl_err_clear(err);
    *p->row[i].digest = 0;
    p->row[i].lost = true;
    return VL_OK;
}

/* How many of them it said a whole line of. */
static size_t take_lines(const vl_worker *w, vl_persons *p, size_t first, size_t n, vl_err *err)
{
    char *at = (char *)w->said.data, *const end = at + w->said.len;
    size_t i = 0;
    for (char *line; i < n && at && (line = memchr(at, '\n', (size_t)(end - at))); i++, at = line + 1)
        if (line > at && take_line(p, first + i, at, (size_t)(line - at), err)) break;
    return i;
}

/* A damaged store may kill the library that reads it: then that one is lost, and another worker begins behind
 * it. */
static vl_code read_rest(vl_persons *p, size_t first, size_t n, const vl_sites *sites, vl_worker *w,
                         vl_err *err)
{
    while (n && !err->code) {
        const job j = { &p->row[first], n, sites };
        if (w->pid <= 0 && vl_worker_start(w, read_work, (void *)&j, 0, err)) break;
        const int code = vl_worker_wait(w);
        const size_t said = take_lines(w, p, first, n, err);
        vl_worker_free(w);
        *w = (vl_worker){ 0 };
        if (said < n && !err->code)
            vl_say(stderr, "vial: %s: cannot be read: a worker ended with %d", p->row[first + said].path,
                   code);
        const size_t done = said < n ? said + 1 : n;
        first += done;
        n -= done;
    }
    return err->code;
}

static vl_code read_all(vl_persons *p, const vl_sites *sites, int threads, vl_err *err)
{
    vl_worker *const w = calloc((size_t)threads, sizeof *w);
    job *const j = calloc((size_t)threads, sizeof *j);
    const size_t each = p->n / (size_t)threads + 1, many = each < MANY ? each : MANY;
    if (!w || !j) vl_fail(err, VL_ENOMEM, "no memory for %d workers", threads);
    for (size_t i = 0; i < p->n && !err->code;) {
        int n = 0;
        for (size_t at = i; n < threads && at < p->n && !err->code; n++, at += j[n - 1].n) {
            j[n] = (job){ &p->row[at], p->n - at < many ? p->n - at : many, sites };
            vl_worker_start(&w[n], read_work, &j[n], 0, err);
        }
        for (int k = 0; k < n && !err->code; k++) {
            read_rest(p, i, j[k].n, sites, &w[k], err);
            i += j[k].n;
        }
    }
    for (int k = 0; w && k < threads; k++) vl_worker_free(&w[k]);
    free(w);
    free(j);
    return err->code;
}

vl_code vl_bank_persons(vl_persons *p, const vl_bank *bank, vl_catalog *c, const char *expr,
                        const vl_sites *sites, int threads, vl_err *err)
{
    finding f = { p, bank, c };
    return vl_list_each(c, expr, add_one, &f, err) ? err->code : read_all(p, sites, threads, err);
}
